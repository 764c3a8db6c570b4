import { FLOW_WORDS } from '../flows/words.js';
import { DASH, formatMean, formatTarget } from '../format.js';
import { formulaText } from '../formula-words.js';
import { language } from '../settings.js';
import { WORDS } from '../words.js';
import type { Names } from './names.js';
import { type Column, dayAfter, ShareCell, siteDay, siteMoment, TimeShareCell, useWords } from './parts.js';
import { type Question, reportUrl } from './report-question.js';
import type { NumberWords } from './words.js';

/** Rows of any report as a table: what each figure is, and the way to the calls behind it. */

export type Row = Readonly<Record<string, unknown>>;

const isShare = (value: unknown): value is { numerator: number; denominator: number; share: number | null; formula?: string } =>
  typeof value === 'object' && value !== null && 'denominator' in value && 'share' in value;

/** Rows as the server has them: shares with their parts and formula, lengths of time as such, inner objects as columns of their own. */
export function columnsOf(rows: readonly Row[], words: NumberWords, context: CellContext): Column<Row>[] {
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
    const formulas = new Set(rows.map((row) => (valueAt(row, name) as { formula?: string } | null)?.formula));
    return {
      name: titleOf(name, words),
      help: isShare(sample) ? sample.formula : name,
      formula: isShare(sample) && formulas.size === 1 ? sample.formula : undefined,
      isText: typeof sample === 'string' || name === 'startMs',
      cell: (row) => <Cell name={name} value={valueAt(row, name)} row={row} context={context} />,
    };
  });
}

/** What the levels of the rows mean: goal and formula, once for all queues that share them. */
export function Terms({ rows, names }: { rows: readonly Row[]; names: Names }) {
  const words = useWords();
  const queuesOf = new Map<string, Set<string>>();
  for (const { serviceLevel, queueId } of rows) {
    if (!isShare(serviceLevel) || serviceLevel.formula === undefined) continue;
    const { formula, target, withinMs } = serviceLevel as { formula: string; target?: number; withinMs?: number };
    const goal = target === undefined || withinMs === undefined ? '' : `${words.goal(formatTarget(target), withinMs / 1_000)} · `;
    const text = `${goal}${formula} = ${formulaText(language.value, formula)}`;
    queuesOf.set(text, (queuesOf.get(text) ?? new Set()).add(names.queue(String(queueId))));
  }
  return (
    <>
      {[...queuesOf].map(([text, queues]) => (
        <p key={text} class="label" data-figure="terms">
          {queuesOf.size > 1 && <b>{[...queues].join(', ')}: </b>}
          {words.level}: {text}
        </p>
      ))}
    </>
  );
}

/** In the words of the page; a name that is not known here as the API has it. */
function titleOf(name: string, { columns, figures }: NumberWords): string {
  const plain = name.replace(/^counts\./, '');
  const known: Readonly<Record<string, string>> = { ...figures, ...columns };
  return Object.hasOwn(known, plain) ? (known[plain] as string) : plain;
}

/** `counts.offered` of a row. */
export function valueAt(row: Row, name: string): unknown {
  return name.split('.').reduce<unknown>((value, part) => (value as Row | undefined)?.[part], row);
}

/** Shares of time: their parts are milliseconds. */
const TIME_SHARES = new Set(['occupancy', 'utilisation', 'notReadyShare']);

interface CellContext {
  readonly asked: Question;
  readonly names: Names;
}

interface CellProps {
  readonly name: string;
  readonly value: unknown;
  readonly row: Row;
  readonly context: CellContext;
}

/** How the calls behind a count have ended; '' is any way. */
const OUTCOME_OF: Readonly<Record<string, string>> = {
  'counts.offered': '',
  'counts.answered': 'answered',
  'counts.abandoned': 'abandonedInQueue',
  'counts.flowedOut': 'flowedOut',
  'counts.timedOut': 'timedOut',
  'counts.exitedByKey': 'exitedByKey',
  'counts.calledBack': 'calledBack',
};
const LENGTH_MS: Readonly<Record<string, number>> = { '15m': 900_000, '30m': 1_800_000, '60m': 3_600_000 };

/** The way from a figure to its calls; null: there is none. */
function callsBehind({ name, value, row, context: { asked } }: CellProps): string | null {
  const { startMs, queueId, agentId, outcome } = row;
  const of = { ...asked, report: 'calls', by: '', queue: '', agent: '', outcome: '' };
  if (typeof startMs === 'number') {
    const length = LENGTH_MS[asked.by];
    const day = siteDay(startMs);
    Object.assign(
      of,
      length === undefined ? { from: day, to: dayAfter(day) } : { from: String(startMs), to: String(startMs + length) },
    );
  }
  if (Object.hasOwn(OUTCOME_OF, name) && typeof queueId === 'string' && value !== 0)
    return reportUrl({ ...of, queue: queueId, outcome: OUTCOME_OF[name] as string });
  if (name === 'agentId' && typeof agentId === 'string') return reportUrl({ ...of, agent: agentId });
  if (name === 'outcome' && typeof outcome === 'string') return reportUrl({ ...of, outcome });
  return null;
}

function Cell(props: CellProps) {
  const { value } = props;
  const words = useWords();
  const url = value === null || value === undefined ? null : callsBehind(props);
  if (url === null) return <Value {...props} />;
  return (
    <a href={url} title={words.callsBehind}>
      <Value {...props} />
    </a>
  );
}

/** Values that have words of their own. */
const SAID: Readonly<Record<string, (words: NumberWords) => Readonly<Record<string, string>>>> = {
  reason: () => WORDS[language.value].reasons,
  outcome: () => FLOW_WORDS[language.value].outcomes,
  direction: ({ directions }) => directions,
};

function Value({ name, value, row, context: { names } }: CellProps) {
  const words = useWords();
  if (value === null || value === undefined) return <>{DASH}</>;
  if (name === 'queueId') return <span title={String(value)}>{names.queue(String(value))}</span>;
  if (name === 'agentId' && row.name === undefined) return <span title={String(value)}>{names.agent(String(value))}</span>;
  if (isShare(value)) return TIME_SHARES.has(name) ? <TimeShareCell share={value} /> : <ShareCell share={value} />;
  const say = SAID[name]?.(words) ?? {};
  if (typeof value === 'string' && Object.hasOwn(say, value)) return <>{say[value]}</>;
  if (name === 'startMs') return <>{siteMoment(value as number)}</>;
  if (typeof value === 'number' && (name.endsWith('Ms') || name.startsWith('times.'))) return <>{formatMean(value)}</>;
  return <>{typeof value === 'object' ? JSON.stringify(value) : String(value)}</>;
}
