import type { ComponentChildren } from 'preact';
import type { StayFigure } from '../service-level/queue-stays.js';
import type { AgentCounts, QueueView } from '../service-level/views.js';
import { CallerChips } from './caller-chips.js';
import { DASH, formatClock, formatMean, formatShare, formatTarget } from './format.js';
import { formulaText } from './formula-words.js';
import { Mark, StateIcon } from './icons.js';
import { Need } from './need.js';
import { figureUrl, queueUrl } from './router.js';
import { useScene } from './scene.js';
import { language } from './settings.js';
import { Trend } from './trend.js';
import { type Doing, WORDS } from './words.js';

/** One queue: who waits, whether the target is met, and the day so far. Figures carry `data-figure` for the tests that compare them with the API. */
export function QueueCard({ queue }: { queue: QueueView }) {
  const words = WORDS[language.value];
  const { isLinked } = useScene();
  const level = levelState(queue);
  const title = queue.title[language.value] ?? Object.values(queue.title)[0] ?? queue.queueId;
  return (
    <article class="queue" data-queue={queue.queueId} data-level={level}>
      <div class="title">
        <h2>{isLinked ? <a href={queueUrl(queue.queueId)}>{title}</a> : title}</h2>
        <p class="verdict" role="status">
          <Mark name={level} /> {level === 'none' ? words.noFigure : level === 'met' ? words.onTarget : words.belowTarget}
        </p>
      </div>
      <div class="head">
        <div class="pair">
          <Waiting queue={queue} />
          <Level queue={queue} />
        </div>
        <Terms queue={queue} />
      </div>
      <CallerChips queue={queue} />
      <Need queue={queue} />
      <Day queue={queue} />
      <AgentBar counts={queue.agents} />
    </article>
  );
}

/** Judged by the share itself, not by its rounded text. */
function levelState({ serviceLevel }: QueueView): 'met' | 'missed' | 'none' {
  if (serviceLevel.share === null) return 'none';
  return serviceLevel.share >= serviceLevel.target ? 'met' : 'missed';
}

/** A figure, and the way to the calls that it counts. */
function Counted({ queue, figure, children }: { queue: QueueView; figure: StayFigure; children: ComponentChildren }) {
  return useScene().isLinked ? <a href={figureUrl(queue.queueId, figure)}>{children}</a> : <span>{children}</span>;
}

function Waiting({ queue }: { queue: QueueView }) {
  const words = WORDS[language.value];
  const { nowMs } = useScene();
  const since = queue.longestWaitSinceMs;
  const waitMs = since === null ? null : nowMs.value - since;
  return (
    <div class="waiting" data-late={waitMs !== null && waitMs > queue.serviceLevel.withinMs}>
      <span class="label">{words.waiting}</span>
      <b class="big" data-figure="waiting">
        <Counted queue={queue} figure="waiting">
          {queue.waiting}
        </Counted>
      </b>
      <span class="label">
        {words.longestWait}{' '}
        <b class="wait" data-figure="longestWait">
          {waitMs === null ? (
            DASH
          ) : (
            <Counted queue={queue} figure="waiting">
              {formatClock(waitMs)}
            </Counted>
          )}
        </b>
      </span>
    </div>
  );
}

function Level({ queue }: { queue: QueueView }) {
  const words = WORDS[language.value];
  const { serviceLevel: level } = queue;
  const share = level.share ?? 0;
  return (
    <div class="level">
      <p class="label">
        {words.serviceLevel} · {words.today}
        <span data-figure="parts">
          <Counted queue={queue} figure="missed">
            {level.numerator} / {level.denominator}
          </Counted>
        </span>
      </p>
      <div class="level-and-trend">
        <b class="big" data-figure="serviceLevel">
          {formatShare(level)}
        </b>
        <Trend queue={queue} />
      </div>
      <div class="gauge" aria-hidden="true">
        <i class="fill" style={{ width: `${share * 100}%` }} />
        <Sure queue={queue} />
        <i class="goal" style={{ left: `${level.target * 100}%` }} />
      </div>
    </div>
  );
}

/** A figure of few calls is unsure: told where the bounds lie far apart. */
const isUnsure = (sure: QueueView['sure']): sure is NonNullable<QueueView['sure']> =>
  sure !== null && sure.high - sure.low > 0.12;

function Sure({ queue: { sure } }: { queue: QueueView }) {
  if (!isUnsure(sure)) return null;
  return <i class="sure" style={{ left: `${sure.low * 100}%`, width: `${(sure.high - sure.low) * 100}%` }} />;
}

/** What the level means, and how it has been lately. */
function Terms({ queue: { sure, serviceLevel: level, recent } }: { queue: QueueView }) {
  const words = WORDS[language.value];
  const whole = (share: number) => `${Math.round(share * 100)}%`;
  return (
    <p class="terms">
      <span>
        {words.target} <b data-figure="target">{formatTarget(level.target)}</b> · {words.within(String(level.withinMs / 1_000))}
      </span>
      <span class="formula" data-figure="formula" title={formulaText(language.value, level.formula)}>
        {level.formula}
      </span>
      <span class="lately">
        {words.last15} <b data-figure="last15">{formatShare(recent.m15)}</b>{' '}
        <span data-figure="last15Parts">
          {recent.m15.numerator} / {recent.m15.denominator}
        </span>
      </span>
      {isUnsure(sure) && (
        <span class="bounds" data-figure="sure">
          {words.sure(level.denominator, whole(sure.low), whole(sure.high))}
        </span>
      )}
    </p>
  );
}

/** The site's day so far. */
function Day({ queue }: { queue: QueueView }) {
  const words = WORDS[language.value];
  const { today } = queue;
  const figures: ReadonlyArray<readonly [name: string, label: string, value: string, behind: StayFigure]> = [
    ['answeredOfOffered', words.answeredOfOffered, `${today.answered} / ${today.offered}`, 'offered'],
    ['answerRate', words.answerRate, formatShare(queue.answerRate), 'answered'],
    ['asa', words.asa, formatMean(queue.asaMs), 'answered'],
    ['p95', words.p95, queue.waits.p95Ms === null ? DASH : formatClock(queue.waits.p95Ms), 'answered'],
    ['aht', words.aht, formatMean(queue.ahtMs), 'answered'],
    ['abandoned', words.abandoned, String(today.abandoned), 'abandoned'],
    ['abandonRate', words.abandonRate, formatShare(queue.abandonRate), 'abandoned'],
  ];
  return (
    <dl class="day">
      {figures.map(([name, label, value, behind]) => (
        <div
          key={name}
          title={Object.hasOwn(words.formulas, name) ? words.formulas[name as keyof typeof words.formulas] : undefined}
        >
          <dt>{label}</dt>
          <dd data-figure={name}>
            <Counted queue={queue} figure={behind}>
              {value}
            </Counted>
          </dd>
        </div>
      ))}
    </dl>
  );
}

const SHOWN: ReadonlyArray<Doing & keyof AgentCounts> = ['idle', 'ringing', 'talking', 'wrapUp', 'notReady'];

/** Agents who can serve the queue, by what they do: a bar for the eye from far away, numbers beside it. */
function AgentBar({ counts }: { counts: AgentCounts }) {
  const words = WORDS[language.value];
  return (
    <div class="staff">
      <div class="bar" aria-hidden="true">
        {SHOWN.filter((doing) => counts[doing] > 0).map((doing) => (
          <i key={doing} data-doing={doing} style={{ flexGrow: counts[doing] }} />
        ))}
      </div>
      <ul>
        {SHOWN.map((doing) => (
          <li key={doing} data-doing={doing} data-none={counts[doing] === 0}>
            <StateIcon doing={doing} />
            <span class="label">{words.doing[doing]}</span>
            <b data-figure={`agents.${doing}`}>{counts[doing]}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}
