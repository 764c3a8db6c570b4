import { serverNowMs } from '../api.js';
import { usePoll } from '../flows/poll.js';
import { FLOW_WORDS } from '../flows/words.js';
import { DASH, formatMean } from '../format.js';
import { navigate, query } from '../router.js';
import { language } from '../settings.js';
import { WORDS } from '../words.js';
import { Chart } from './chart.js';
import { type Column, dayAfter, ShareCell, Sheet, siteDay, siteTime, Table, TimeShareCell, Trouble, useWords } from './parts.js';
import type { NumberWords } from './words.js';

type Row = Readonly<Record<string, unknown>>;
const BY: Readonly<Record<string, readonly string[]>> = {
  intervals: ['15m', '30m', '60m', 'day'],
  agents: ['', '60m', 'day'],
  reasons: ['', '60m', 'day'],
  outcomes: ['', '60m', 'day'],
};

/** Reports over what is kept for years: one address for each question, so that it can be sent to somebody. */
export function ReportsPage() {
  const words = useWords();
  const asked = readQuestion();
  const path = addressOf(asked);
  const { value, refusal } = usePoll<{ rows: readonly Row[]; seq: number }>(path, null);
  const change = (next: Partial<Question>) =>
    void navigate(`/reports?${new URLSearchParams(questionText({ ...asked, ...next }))}`);
  return (
    <Sheet title={words.reports[asked.report] ?? asked.report} {...(value === null ? {} : { note: words.snapshotOf(value.seq) })}>
      <nav class="tabs" aria-label={words.show}>
        {Object.entries(words.reports).map(([name, title]) => (
          <a
            key={name}
            href={`/reports?${new URLSearchParams(questionText({ ...asked, report: name, by: BY[name]?.[0] ?? '' }))}`}
            aria-current={name === asked.report ? 'page' : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
      <Choices asked={asked} change={change} />
      <Trouble refusal={refusal} />
      {value !== null && asked.report === 'intervals' && <IntervalPicture rows={value.rows} />}
      {value !== null && <Table columns={columnsOf(value.rows, words)} rows={value.rows} label={asked.report} />}
    </Sheet>
  );
}

interface Question {
  readonly report: string;
  readonly from: string;
  readonly to: string;
  readonly by: string;
  readonly queue: string;
}

function readQuestion(): Question {
  const words = useWords();
  const text = (name: string, orElse: string, shape: RegExp) => {
    const given = query.value.get(name);
    return given !== null && shape.test(given) ? given : orElse;
  };
  const today = siteDay(serverNowMs());
  const report = text('report', 'queues', /^[a-z-]{1,20}$/);
  const known = Object.hasOwn(words.reports, report) ? report : 'queues';
  const from = text('from', today, /^\d{4}-\d{2}-\d{2}$/);
  return {
    report: known,
    from,
    to: text('to', dayAfter(from), /^\d{4}-\d{2}-\d{2}$/),
    by: text('by', BY[known]?.[0] ?? '', /^(15m|30m|60m|day)?$/),
    queue: text('queue', '', /^[A-Za-z0-9._-]{0,96}$/),
  };
}

const questionText = ({ report, from, to, by, queue }: Question): Record<string, string> => ({
  ...{ report, from, to },
  ...(by === '' ? {} : { by }),
  ...(queue === '' ? {} : { queue }),
});

function addressOf({ report, from, to, by, queue }: Question, format: 'json' | 'csv' = 'json'): string {
  const asked = new URLSearchParams({ from, to });
  if (by !== '' && BY[report] !== undefined) asked.set('by', by);
  if (queue !== '' && (report === 'queues' || report === 'intervals')) asked.set('queue', queue);
  if (format === 'csv') {
    asked.set('format', 'csv');
    asked.set('bom', '1');
  }
  return `/api/v1/reports/${report}?${asked}`;
}

function Choices({ asked, change }: { asked: Question; change: (next: Partial<Question>) => void }) {
  const words = useWords();
  const queues = usePoll<{ queues: ReadonlyArray<{ readonly queueId: string }> }>('/api/v1/queues', null).value?.queues ?? [];
  return (
    <div class="choices">
      <label>
        {words.from}
        <input
          type="date"
          value={asked.from}
          onChange={({ currentTarget: { value } }) => {
            if (value !== '') change({ from: value, to: asked.to > value ? asked.to : dayAfter(value) });
          }}
        />
      </label>
      <label>
        {words.to}
        <input type="date" value={asked.to} onChange={({ currentTarget: { value } }) => value !== '' && change({ to: value })} />
      </label>
      {BY[asked.report] !== undefined && (
        <label>
          {words.by}
          <select data-do="by" value={asked.by} onChange={(event) => change({ by: event.currentTarget.value })}>
            {BY[asked.report]?.map((by) => (
              <option key={by} value={by}>
                {by === '' ? words.whole : words.bys[by]}
              </option>
            ))}
          </select>
        </label>
      )}
      {(asked.report === 'queues' || asked.report === 'intervals') && (
        <label>
          {words.queue}
          <select data-do="queue" value={asked.queue} onChange={(event) => change({ queue: event.currentTarget.value })}>
            <option value="">{words.allQueues}</option>
            {queues.map(({ queueId }) => (
              <option key={queueId} value={queueId}>
                {queueId}
              </option>
            ))}
          </select>
        </label>
      )}
      <a class="button" href={addressOf(asked, 'csv')} download data-do="csv">
        {words.csv}
      </a>
    </div>
  );
}

const isShare = (value: unknown): value is { numerator: number; denominator: number; share: number | null; formula?: string } =>
  typeof value === 'object' && value !== null && 'denominator' in value && 'share' in value;

/** Rows as the server has them: shares with their parts and formula, lengths of time as such, inner objects as columns of their own. */
function columnsOf(rows: readonly Row[], words: NumberWords): Column<Row>[] {
  const names = new Set<string>();
  const visit = (row: Row, before: string): void => {
    for (const [name, value] of Object.entries(row)) {
      const isInner = typeof value === 'object' && value !== null && !Array.isArray(value) && !isShare(value);
      if (isInner) visit(value as Row, `${before}${name}.`);
      else names.add(before + name);
    }
  };
  for (const row of rows.slice(0, 200)) visit(row, '');
  const isZero = (name: string) => name.startsWith('counts.') && rows.every((row) => valueAt(row, name) === 0);
  const shown = [...names].filter((name) => !isZero(name) && !(name === 'startMs' && rows.every((row) => row.startMs === null)));
  return shown.map((name) => {
    const sample = rows.map((row) => valueAt(row, name)).find((value) => value !== null && value !== undefined);
    return {
      name: titleOf(name, words),
      help: isShare(sample) ? sample.formula : name,
      isText: typeof sample === 'string' || name === 'startMs',
      cell: (row) => <Cell name={name} value={valueAt(row, name)} />,
    };
  });
}

/** In the words of the page; a name that is not known here as the API has it. */
function titleOf(name: string, { columns, figures }: NumberWords): string {
  const plain = name.replace(/^counts\./, '');
  const known: Readonly<Record<string, string>> = { ...figures, ...columns };
  return Object.hasOwn(known, plain) ? (known[plain] as string) : plain;
}

function valueAt(row: Row, name: string): unknown {
  return name.split('.').reduce<unknown>((value, part) => (value as Row | undefined)?.[part], row);
}

/** Shares of time: their parts are milliseconds. */
const TIME_SHARES = new Set(['occupancy', 'utilisation', 'notReadyShare']);

function Cell({ name, value }: { name: string; value: unknown }) {
  if (value === null || value === undefined) return <>{DASH}</>;
  if (isShare(value)) return TIME_SHARES.has(name) ? <TimeShareCell share={value} /> : <ShareCell share={value} />;
  const say = name === 'reason' ? WORDS[language.value].reasons : name === 'outcome' ? FLOW_WORDS[language.value].outcomes : {};
  if (typeof value === 'string' && Object.hasOwn(say, value)) return <>{say[value]}</>;
  if (name === 'startMs') return <>{`${siteDay(value as number)} ${siteTime(value as number)}`}</>;
  if (typeof value === 'number' && (name.endsWith('Ms') || name.startsWith('times.'))) return <>{formatMean(value)}</>;
  return <>{typeof value === 'object' ? JSON.stringify(value) : String(value)}</>;
}

/** Offered calls and the level of each interval, all queues of the answer together: sums of parts, as the server gave them. */
function IntervalPicture({ rows }: { rows: readonly Row[] }) {
  const words = useWords();
  const starts = [...new Set(rows.map((row) => row.startMs as number))].sort((a, b) => a - b);
  if (starts.length < 2) return null;
  const queues = [...new Set(rows.map((row) => row.queueId as string))];
  const at = (queueId: string, startMs: number) => rows.find((row) => row.queueId === queueId && row.startMs === startMs);
  const [colors, dashes] = [['--info', '--warn', '--rest', '--good'] as const, [[], [6, 4], [2, 3], [10, 3, 2, 3]]];
  const shown = queues.slice(0, 4);
  return (
    <div class="pictures">
      <section>
        <h2>{words.figures.offered}</h2>
        <Chart
          xs={starts.map((ms) => ms / 1_000)}
          isTime={true}
          label={words.figures.offered}
          lines={shown.map((queueId, n) => ({
            name: queueId,
            color: colors[n % 4] ?? '--info',
            dash: dashes[n % 4] ?? [],
            values: starts.map((ms) => (valueAt(at(queueId, ms) ?? {}, 'counts.offered') as number | undefined) ?? 0),
          }))}
        />
      </section>
      <section>
        <h2>{words.level}</h2>
        <Chart
          xs={starts.map((ms) => ms / 1_000)}
          isTime={true}
          label={words.level}
          say={(value) => `${Math.round(value * 100)}%`}
          lines={shown.map((queueId, n) => ({
            name: queueId,
            color: colors[n % 4] ?? '--info',
            dash: dashes[n % 4] ?? [],
            values: starts.map(
              (ms) => (valueAt(at(queueId, ms) ?? {}, 'serviceLevel.share') as number | null | undefined) ?? null,
            ),
          }))}
        />
      </section>
    </div>
  );
}
