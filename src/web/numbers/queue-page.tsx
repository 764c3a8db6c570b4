import type { QueueDetails, QueueView } from '../../service-level/views.js';
import { usePoll } from '../flows/poll.js';
import { formatMean, formatTarget } from '../format.js';
import { formulaText } from '../formula-words.js';
import { figureUrl } from '../router.js';
import { language } from '../settings.js';
import { WORDS } from '../words.js';
import { Chart } from './chart.js';
import { useNames } from './names.js';
import { type Column, ShareCell, Sheet, type Stamp, Table, Trouble, useWords } from './parts.js';

const KINDS = ['tier', 'lane', 'team', 'agent'] as const;
const COUNTS = [
  'offered',
  'answered',
  'answeredInTime',
  'abandoned',
  'flowedOut',
  'timedOut',
  'exitedByKey',
  'calledBack',
  'waiting',
] as const;
type Part = QueueDetails['parts'][number];

/** One queue's day taken apart. */
export function QueuePage({ queueId }: { queueId: string }) {
  const words = useWords();
  const names = useNames();
  const path = `/api/v1/queues/${encodeURIComponent(queueId)}`;
  const whole = usePoll<{ queue: QueueView; seq: number }>(path, 5_000);
  const { value, refusal } = usePoll<Stamp & { details: QueueDetails }>(`${path}/details`, 5_000);
  const queue = whole.value?.queue;
  const title = queue?.title[language.value] ?? Object.values(queue?.title ?? {})[0] ?? queueId;
  const level = queue?.serviceLevel;
  const terms =
    level === undefined
      ? null
      : `${words.goal(formatTarget(level.target), level.withinMs / 1_000)} · ${level.formula} = ${formulaText(language.value, level.formula)}`;
  const nameOf = (kind: string, id: string): string =>
    kind === 'agent' ? names.agent(id) : kind === 'lane' ? (words.lanes[id] ?? id) : id;
  const columnsFor = (kind: string): Column<Part>[] => {
    // Of agents and teams only what they answered is counted: nobody abandons an agent.
    const isOfAgents = kind === 'agent' || kind === 'team';
    const counts = isOfAgents
      ? (['answered', 'answeredInTime'] as const)
      : (['offered', 'answered', 'answeredInTime', 'abandoned'] as const);
    return [
      { name: words.parts[kind] ?? kind, isText: true, cell: ({ part }) => nameOf(kind, part.slice(part.indexOf(':') + 1)) },
      ...counts.map((name) => ({ name: words.figures[name], cell: (row: Part) => row.counts[name] })),
      {
        name: isOfAgents ? words.inTimeShare : words.level,
        formula: isOfAgents ? undefined : level?.formula,
        cell: (row) => <ShareCell share={row.level} />,
      },
    ];
  };
  return (
    <Sheet
      title={title}
      back={{ url: '/wallboard', name: WORDS[language.value].wallboard }}
      note={words.details}
      stamp={value}
      isOld={refusal !== null}
    >
      <Trouble refusal={refusal} />
      {value !== null && (
        <>
          <dl class="figures">
            {COUNTS.map((name) => (
              <div key={name}>
                <dt>{words.figures[name]}</dt>
                <dd data-figure={name}>
                  <a href={figureUrl(queueId, name)}>{value.details.counts[name]}</a>
                </dd>
              </div>
            ))}
            <div>
              <dt>
                {words.level} <code>{level?.formula}</code>
              </dt>
              <dd>
                <ShareCell share={value.details.level} />
              </dd>
            </div>
            {queue !== undefined && (
              <div>
                <dt>{words.waitParts}</dt>
                <dd>{[queue.waits.p50Ms, queue.waits.p95Ms, queue.waits.p99Ms].map(formatMean).join(' / ')}</dd>
              </div>
            )}
          </dl>
          {terms !== null && (
            <p class="label" data-figure="terms">
              {terms}
            </p>
          )}
          <p class="label">
            {words.queueWide}: <a href={`/reports?report=calls&queue=${encodeURIComponent(queueId)}`}>{words.reports.calls}</a>
          </p>
          <Waits details={value.details} />
          {KINDS.map((kind) => {
            const rows = value.details.parts.filter(({ part }) => part.startsWith(`${kind}:`));
            if (rows.length === 0) return null;
            return (
              <section key={kind} data-kind={kind}>
                <h2>{words.parts[kind]}</h2>
                <Table columns={columnsFor(kind)} rows={rows} label={words.parts[kind] ?? kind} />
              </section>
            );
          })}
        </>
      )}
    </Sheet>
  );
}

const SECONDS_SHOWN = 121;

/** How many were answered, and how many gave up, after so many seconds. */
function Waits({ details: { waits } }: { details: QueueDetails }) {
  const words = useWords();
  const seconds = Array.from({ length: SECONDS_SHOWN }, (_, at) => at);
  const by = (counts: readonly number[] | undefined) => seconds.map((at) => counts?.[at] ?? 0);
  const [answered, abandoned] = [by(waits.answered), by(waits.abandoned)];
  if ([...answered, ...abandoned].every((n) => n === 0)) return null;
  return (
    <section>
      <h2>{words.waits}</h2>
      <Chart
        xs={seconds}
        isTime={false}
        label={words.waits}
        lines={[
          { name: words.figures.answered, color: '--good', kind: 'bars', values: answered },
          { name: words.figures.abandoned, color: '--bad', dash: [4, 3], values: abandoned },
        ]}
      />
    </section>
  );
}
