import { csvLine } from '../../http/csv.js';
import { type ColumnName, FORMULAS_ZH, HEADINGS, NO_QUEUE, NOTHING, type ReportLanguage, SECONDS, VALUES } from './words.js';

type Row = Readonly<Record<string, unknown>>;

const QUEUE_COLUMNS: readonly ColumnName[] = [
  ...(['start', 'queueId', 'counts.offered', 'counts.answered', 'counts.abandoned', 'counts.shortAbandoned'] as const),
  ...(['counts.flowedOut', 'counts.timedOut', 'counts.exitedByKey', 'counts.calledBack', 'counts.blocked'] as const),
  ...(['counts.waiting', 'serviceLevel', 'answerRate', 'abandonRate', 'asaMs', 'ahtMs'] as const),
  ...(['waits.p50Ms', 'waits.p95Ms', 'waits.p99Ms', 'counts.longestWaitMs'] as const),
];
const COLUMNS: Readonly<Record<string, readonly ColumnName[]>> = {
  queues: QUEUE_COLUMNS,
  intervals: QUEUE_COLUMNS,
  agents: [
    ...(['start', 'agentId', 'name', 'team', 'signedInMs', 'times.talking', 'times.onHold', 'times.wrapUp'] as const),
    ...([
      'times.idle',
      'times.ringing',
      'times.notReady',
      'times.outbound',
      'offers',
      'answered',
      'noAnswer',
      'declined',
    ] as const),
    ...(['answerRate', 'ahtMs', 'occupancy', 'utilisation', 'notReadyShare'] as const),
  ],
  reasons: ['start', 'agentId', 'name', 'team', 'reason', 'times', 'lengthMs'],
  outcomes: ['start', 'direction', 'dnis', 'outcome', 'calls', 'durationMs'],
  'repeat-callers': ['queueId', 'calls', 'within1Day', 'within7Days'],
  dispositions: ['queueId', 'title', 'calls', 'share', 'ahtMs', 'talkMs', 'holdMs', 'wrapUpMs'],
  survey: ['queueId', 'agentId', 'scale', 'asked', 'answered', 'answerRate', 'meanScore', 'satisfied'],
};
/** Shown only where there is something to say. */
const RARE: ReadonlySet<ColumnName> = new Set([
  ...(['start', 'counts.flowedOut', 'counts.timedOut', 'counts.exitedByKey', 'counts.calledBack', 'counts.blocked'] as const),
  ...(['counts.waiting', 'times.onHold', 'times.outbound', 'declined', 'holdMs'] as const),
]);
const DASH = '-';

/** A report as people read it: a table with its formulas below, lengths of time as h:mm:ss. */
export function tableOf(report: string, rows: readonly Row[], timeZone: string | undefined, language: ReportLanguage): string {
  if (rows.length === 0) return `${NOTHING[language]}\n`;
  const columns = columnsOf(report, rows);
  const cells = rows.map((row) => columns.map((name) => cellOf(name, row, timeZone, language, true)));
  const lines = aligned([columns.map((name) => HEADINGS[name][language]), ...cells].map((line) => line.map(oneLine)));
  const formulas = formulasOf(columns, rows, language);
  return `${[...lines, ...(formulas.length > 0 ? ['', ...formulas] : [])].join('\n')}\n`;
}

/** The same for a spreadsheet: shares as percentages alone, and no cell that one would take for a formula. */
export function csvOf(report: string, rows: readonly Row[], timeZone: string | undefined, language: ReportLanguage): string {
  const columns = columnsOf(report, rows);
  const lines = rows.map((row) => csvLine(columns.map((name) => cellOf(name, row, timeZone, language, false))));
  return csvLine(columns.map((name) => HEADINGS[name][language])) + lines.join('');
}

function columnsOf(report: string, rows: readonly Row[]): readonly ColumnName[] {
  const says = (name: ColumnName): boolean => rows.some((row) => ![null, undefined, 0].includes(fieldOf(name, row) as null));
  return (COLUMNS[report] ?? []).filter((name) => !RARE.has(name) || says(name));
}

/** `waits.p50Ms` is within `waits`. */
function fieldOf(name: ColumnName, row: Row): unknown {
  if (name === 'start') return row.startMs;
  return name.split('.').reduce<unknown>((value, part) => (value as Row | null | undefined)?.[part], row);
}

function cellOf(name: ColumnName, row: Row, timeZone: string | undefined, language: ReportLanguage, withParts: boolean): string {
  const value = fieldOf(name, row);
  if (name === 'start') return typeof value === 'number' ? clockOf(value, timeZone) : DASH;
  if (name === 'queueId' && value === null) return NO_QUEUE[language];
  if (name === 'title') return (value as Record<ReportLanguage, string> | undefined)?.[language] ?? DASH;
  if (value === null || value === undefined) return DASH;
  if (isShare(value)) return shareCell(value, withParts && !TIME_SHARES.has(name));
  if (typeof value === 'number' && (name.endsWith('Ms') || name.startsWith('times.'))) return lengthOf(value);
  return VALUES[name]?.[String(value)]?.[language] ?? String(value);
}

interface Share {
  readonly numerator: number;
  readonly denominator: number;
  readonly share: number | null;
  readonly formula?: string;
  readonly text?: string;
  readonly withinMs?: number;
}
/** Their parts are milliseconds. */
const TIME_SHARES: ReadonlySet<string> = new Set(['occupancy', 'utilisation', 'notReadyShare']);

const isShare = (value: unknown): value is Share => typeof value === 'object' && value !== null && 'denominator' in value;

function shareCell({ numerator, denominator, share }: Share, withParts: boolean): string {
  if (share === null) return DASH;
  const percent = `${(share * 100).toFixed(1)}%`;
  return withParts ? `${percent} ${numerator}/${denominator}` : percent;
}

/** The service level queue by queue, for each has its own; then the other shares. */
function formulasOf(columns: readonly ColumnName[], rows: readonly Row[], language: ReportLanguage): string[] {
  const levels = new Set<string>();
  const shares = new Set<string>();
  for (const row of rows) {
    for (const name of columns) {
      const value = fieldOf(name, row);
      if (!isShare(value) || value.formula === undefined) continue;
      const heading = HEADINGS[name][language];
      if (value.text === undefined) {
        shares.add(`${heading} = ${(language === 'zh' ? FORMULAS_ZH[value.formula] : undefined) ?? value.formula}`);
        continue;
      }
      const within = value.withinMs === undefined ? '' : `, T = ${value.withinMs / 1_000} ${SECONDS[language]}`;
      levels.add(`${oneLine(String(row.queueId))}: ${heading} = ${value.formula}, ${value.text}${within}`);
    }
  }
  return [...levels, ...shares];
}

/** `0:03:05`; a spreadsheet takes 3:05 for hours. */
function lengthOf(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** By the clock of the site, as the server says where that is; else in UTC, and says so. */
function clockOf(atMs: number, timeZone: string | undefined): string {
  const format = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short', timeZone: timeZone ?? 'UTC' });
  return format.format(atMs) + (timeZone === undefined ? ' UTC' : '');
}

/** Names come from outside: nothing in them moves the cursor of a terminal or breaks a line. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?').slice(0, 80);

function aligned(rows: readonly (readonly string[])[]): string[] {
  const isText = (rows[0] ?? []).map((_, at) => rows.slice(1).some((row) => /^[^\d-]/.test(row[at] ?? '')));
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => width(row[at] ?? ''))));
  const pad = (cell: string, at: number): string => {
    const gap = ' '.repeat((widths[at] ?? 0) - width(cell));
    return isText[at] ? cell + gap : gap + cell;
  };
  return rows.map((row) => row.map(pad).join('  ').trimEnd());
}

/** Chinese takes two columns a character. */
const width = (text: string): number =>
  Array.from(text).reduce((sum, c) => sum + ((c.codePointAt(0) as number) >= 0x2e80 ? 2 : 1), 0);
