import type { AgentCounts, QueueView } from '../service-level/views.js';
import { CallerChips } from './caller-chips.js';
import { DASH, formatClock, formatMean, formatShare, formatTarget } from './format.js';
import { Mark, StateIcon } from './icons.js';
import { nowMs } from './live.js';
import { language } from './settings.js';
import { type Doing, WORDS } from './words.js';

/** One queue: who waits, whether the target is met, and the day so far. Figures carry `data-figure` for the tests that compare them with the API. */
export function QueueCard({ queue }: { queue: QueueView }) {
  const words = WORDS[language.value];
  const level = levelState(queue);
  return (
    <article class="queue" data-queue={queue.queueId} data-level={level}>
      <div class="title">
        <h2>{queue.title[language.value] ?? Object.values(queue.title)[0] ?? queue.queueId}</h2>
        <p class="verdict" role="status">
          <Mark name={level} /> {level === 'none' ? words.noFigure : level === 'met' ? words.onTarget : words.belowTarget}
        </p>
      </div>
      <div class="head">
        <div class="pair">
          <Waiting queue={queue} />
          <Level queue={queue} />
        </div>
      </div>
      <CallerChips queue={queue} />
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

function Waiting({ queue }: { queue: QueueView }) {
  const words = WORDS[language.value];
  const since = queue.longestWaitSinceMs;
  const waitMs = since === null ? null : nowMs.value - since;
  return (
    <div class="waiting" data-late={waitMs !== null && waitMs > queue.serviceLevel.withinMs}>
      <span class="label">{words.waiting}</span>
      <b class="big" data-figure="waiting">
        {queue.waiting}
      </b>
      <span class="label">
        {words.longestWait}{' '}
        <b class="wait" data-figure="longestWait">
          {waitMs === null ? DASH : formatClock(waitMs)}
        </b>
      </span>
    </div>
  );
}

function Level({ queue: { serviceLevel: level } }: { queue: QueueView }) {
  const words = WORDS[language.value];
  const share = level.share ?? 0;
  return (
    <div class="level">
      <p class="label">
        {words.serviceLevel}
        <span data-figure="parts">
          {level.numerator} / {level.denominator}
        </span>
      </p>
      <b class="big" data-figure="serviceLevel">
        {formatShare(level)}
      </b>
      <div class="gauge" aria-hidden="true">
        <i class="fill" style={{ width: `${share * 100}%` }} />
        <i class="goal" style={{ left: `${level.target * 100}%` }} />
      </div>
      <p class="terms">
        <span>
          {words.target} <b data-figure="target">{formatTarget(level.target)}</b> · {words.within(String(level.withinMs / 1_000))}
        </span>
        <span class="formula" data-figure="formula">
          {level.formula}
        </span>
      </p>
    </div>
  );
}

/** The site's day so far. */
function Day({ queue }: { queue: QueueView }) {
  const words = WORDS[language.value];
  const { today } = queue;
  const figures: ReadonlyArray<readonly [name: string, label: string, value: string]> = [
    ['answeredOfOffered', words.answeredOfOffered, `${today.answered} / ${today.offered}`],
    ['asa', words.asa, formatMean(queue.asaMs)],
    ['aht', words.aht, formatMean(queue.ahtMs)],
    ['abandoned', words.abandoned, String(today.abandoned)],
    ['abandonRate', words.abandonRate, formatShare(queue.abandonRate)],
  ];
  return (
    <dl class="day">
      {figures.map(([name, label, value]) => (
        <div key={name}>
          <dt>{label}</dt>
          <dd data-figure={name}>{value}</dd>
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
