import type { QueueDetails, QueueView } from '../../service-level/views.js';
import { usePoll } from '../flows/poll.js';
import { formatMean } from '../format.js';
import { figureUrl } from '../router.js';
import { language } from '../settings.js';
import { Chart } from './chart.js';
import { type Column, ShareCell, Sheet, Table, Trouble, useWords } from './parts.js';

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
  const path = `/api/v1/queues/${encodeURIComponent(queueId)}`;
  const whole = usePoll<{ queue: QueueView; seq: number }>(path, 5_000);
  const { value, refusal } = usePoll<{ details: QueueDetails; seq: number }>(`${path}/details`, 5_000);
  const queue = whole.value?.queue;
  const title = queue?.title[language.value] ?? Object.values(queue?.title ?? {})[0] ?? queueId;
  const columnsFor = (kind: string): Column<Part>[] => [
    { name: words.parts[kind] ?? kind, isText: true, cell: ({ part }) => part.slice(part.indexOf(':') + 1) },
    ...(['offered', 'answered', 'answeredInTime', 'abandoned'] as const).map((name) => ({
      name: words.figures[name],
      cell: ({ counts }: Part) => counts[name],
    })),
    { name: words.level, help: queue?.serviceLevel.formula, cell: ({ level }) => <ShareCell share={level} /> },
  ];
  return (
    <Sheet
      title={title}
      back={{ url: '/wallboard', name: words.queue }}
      note={value === null ? words.details : `${words.details} · ${words.snapshotOf(value.seq)}`}
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
                {words.level} <code>{queue?.serviceLevel.formula}</code>
              </dt>
              <dd>
                <ShareCell share={value.details.level} />
              </dd>
            </div>
            {queue !== undefined && (
              <div>
                <dt>p50 / p95 / p99</dt>
                <dd>{[queue.waits.p50Ms, queue.waits.p95Ms, queue.waits.p99Ms].map(formatMean).join(' / ')}</dd>
              </div>
            )}
          </dl>
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
