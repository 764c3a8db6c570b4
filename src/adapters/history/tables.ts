import type { HistoryRows, HistoryTable } from '../../service-level/history/rows.js';
import { emptyTally } from '../../service-level/tally.js';

/** The tables, once for both kinds of SQL. Names in SQL are those of the rows with underscores: `waitMs` is `wait_ms`. */

type ColumnType = 'text' | 'whole' | 'number';

export interface Table {
  readonly name: string;
  readonly key: readonly string[];
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** Columns to which a newer row is added; of the greatest, the greater stays. Absent: a newer row takes the older one's place. */
  readonly sums?: readonly string[];
  readonly greatest?: readonly string[];
  /** Filled here and not by rows. */
  readonly own?: Readonly<Record<string, ColumnType>>;
  readonly indexes?: ReadonlyArray<readonly string[] | NamedIndex>;
}

/** `columns` are those that a question needs, so that it is answered from the index alone. */
interface NamedIndex {
  readonly name: string;
  readonly columns: readonly string[];
  /** Rows that it leaves out cost nothing; a question must say the same words to use it. */
  readonly where?: string;
}

/** What makes a call one that counts for repeat callers, and for dispositions. */
export const REPEAT_CALLS = "direction = 'inbound' AND ended_ms IS NOT NULL AND caller_key IS NOT NULL";
export const FILED_CALLS = 'ended_ms IS NOT NULL AND agent_id IS NOT NULL';

type TableOf<T extends HistoryTable> = Table & { readonly columns: Readonly<Record<keyof HistoryRows[T] & string, ColumnType>> };

const text: ColumnType = 'text';
const whole: ColumnType = 'whole';
const tally = Object.fromEntries(Object.keys(emptyTally()).map((name) => [name, whole])) as Record<
  keyof ReturnType<typeof emptyTally>,
  ColumnType
>;
const place = whole;
const AGENT_SUMS = {
  ...{ signIns: whole, notReadyMs: whole, idleMs: whole, ringingMs: whole, talkingMs: whole, onHoldMs: whole },
  ...{ wrapUpMs: whole, outboundMs: whole, offers: whole, answered: whole, noAnswer: whole, declined: whole, failed: whole },
  ...{ withdrawn: whole, sumTalkMs: whole, sumHoldMs: whole, sumWrapUpMs: whole },
} satisfies Record<string, ColumnType>;

export const TABLES: { readonly [T in HistoryTable]: TableOf<T> } = {
  calls: {
    name: 'calls',
    key: ['callId'],
    columns: {
      ...{ callId: text, direction: text, arrivedMs: whole, endedMs: whole, dnis: text, ani: text, aniEnd: text },
      ...{ callerKey: text, language: text, tier: text, customerId: text, flowId: text, flowVersion: text, lastNode: text },
      ...{ queueId: text, lane: text, agentId: text, stays: whole, offers: whole, transfers: whole, waitMs: whole },
      ...{ talkMs: whole, holdMs: whole, wrapUpMs: whole, durationMs: whole, outcome: text, endedBy: text },
      ...{ recordings: text, surveyScore: whole, surveyScale: whole, disposition: text, place },
    },
    own: { previousMs: whole },
    indexes: [
      ['arrivedMs', 'callId'],
      ['callerKey', 'arrivedMs'],
      ['queueId', 'arrivedMs'],
      ['agentId', 'arrivedMs'],
      ['aniEnd', 'arrivedMs'],
      { name: 'calls_repeated', columns: ['queueId', 'arrivedMs', 'previousMs'], where: REPEAT_CALLS },
      {
        name: 'calls_filed',
        columns: ['queueId', 'arrivedMs', 'disposition', 'talkMs', 'holdMs', 'wrapUpMs'],
        where: FILED_CALLS,
      },
    ],
  },
  stays: {
    name: 'stays',
    key: ['callId', 'n'],
    columns: {
      ...{ callId: text, n: whole, queueId: text, enteredMs: whole, lane: text, priority: 'number', tier: text, language: text },
      ...{ exit: text, waitMs: whole, inTime: whole, short: whole, agentId: text, talkMs: whole, holdMs: whole },
      ...{ wrapUpMs: whole, place },
    },
    indexes: [
      ['enteredMs'],
      {
        name: 'stays_summed',
        columns: [
          ...['queueId', 'exit', 'inTime', 'short', 'enteredMs', 'waitMs', 'talkMs', 'holdMs', 'wrapUpMs'],
          ...['lane', 'tier', 'language'],
        ],
      },
      { name: 'stays_open', columns: ['enteredMs'], where: 'exit IS NULL' },
    ],
  },
  offers: {
    name: 'offers',
    key: ['offerId'],
    columns: {
      ...{ offerId: text, callId: text, queueId: text, agentId: text, offeredMs: whole, waitedMs: whole, rule: text },
      ...{ outcome: text, cause: text, ringMs: whole, place },
    },
    indexes: [['callId'], ['offeredMs']],
  },
  legs: {
    name: 'legs',
    key: ['callId', 'legId'],
    columns: { callId: text, legId: text, kind: text, agentId: text, fromMs: whole, untilMs: whole, place },
    indexes: [['fromMs']],
  },
  visits: {
    name: 'visits',
    key: ['callId', 'n'],
    columns: { callId: text, n: whole, flowId: text, version: text, enteredMs: whole, leftMs: whole, nodes: text, place },
    indexes: [['enteredMs']],
  },
  agentTimes: {
    name: 'agent_times',
    key: ['agentId', 'fromMs'],
    columns: { agentId: text, fromMs: whole, untilMs: whole, activity: text, reason: text, callId: text, place },
    indexes: [['fromMs'], { name: 'agent_times_open', columns: ['agentId'], where: 'until_ms IS NULL' }],
  },
  surveys: {
    name: 'surveys',
    key: ['place'],
    columns: { callId: text, atMs: whole, flowId: text, agentId: text, queueId: text, score: whole, scale: whole, place },
    indexes: [['atMs']],
  },
  audit: {
    name: 'audit',
    key: ['place'],
    columns: { atMs: whole, kind: text, by: text, subject: text, detail: text, place },
    indexes: [['atMs']],
  },
  alarms: {
    name: 'alarms',
    key: ['place'],
    columns: { atMs: whole, kind: text, subject: text, detail: text, place },
    indexes: [['atMs']],
  },
  queueIntervals: {
    name: 'queue_intervals',
    key: ['spanMin', 'startMs', 'queueId'],
    columns: { queueId: text, spanMin: whole, startMs: whole, ...tally, place },
    own: { p50S: whole, p95S: whole, p99S: whole },
    sums: Object.keys(tally).filter((name) => name !== 'longestWaitMs'),
    greatest: ['longestWaitMs'],
  },
  waits: {
    name: 'waits',
    key: ['spanMin', 'startMs', 'queueId', 'exit', 'upToS'],
    columns: { queueId: text, spanMin: whole, startMs: whole, exit: text, upToS: whole, calls: whole, place },
    sums: ['calls'],
  },
  agentIntervals: {
    name: 'agent_intervals',
    key: ['spanMin', 'startMs', 'agentId'],
    columns: { agentId: text, spanMin: whole, startMs: whole, ...AGENT_SUMS, place },
    sums: Object.keys(AGENT_SUMS),
  },
  reasonIntervals: {
    name: 'reason_intervals',
    key: ['spanMin', 'startMs', 'agentId', 'reason'],
    columns: { agentId: text, spanMin: whole, startMs: whole, reason: text, times: whole, lengthMs: whole, place },
    sums: ['times', 'lengthMs'],
  },
  outcomeIntervals: {
    name: 'outcome_intervals',
    key: ['spanMin', 'startMs', 'direction', 'dnis', 'outcome'],
    columns: {
      ...{ spanMin: whole, startMs: whole, direction: text, dnis: text, outcome: text, calls: whole, durationMs: whole, place },
    },
    sums: ['calls', 'durationMs'],
  },
};

/** What stands beside the rows: where history stands, what the fold has open, which facts were missing. */
export const OWN_TABLES: readonly string[] = [
  'CREATE TABLE IF NOT EXISTS position (id INTEGER PRIMARY KEY, place BIGINT NOT NULL, at_ms BIGINT NOT NULL, layout INTEGER NOT NULL)',
  'CREATE TABLE IF NOT EXISTS open_entities (kind TEXT NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (kind, id))',
  'CREATE TABLE IF NOT EXISTS gaps (from_place BIGINT PRIMARY KEY, to_place BIGINT NOT NULL, at_ms BIGINT NOT NULL)',
];
const SQL_TYPES: Record<ColumnType, string> = { text: 'TEXT', whole: 'BIGINT', number: 'DOUBLE PRECISION' };

export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const fieldNames = new Map<string, string>();

/** A column as the house names it. */
export function fieldName(name: string): string {
  let field = fieldNames.get(name);
  if (field === undefined) {
    field = name === 'by_whom' ? 'by' : name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    fieldNames.set(name, field);
  }
  return field;
}

/** `by` is a word of SQL. */
export const column = (name: string): string => (name === 'by' ? 'by_whom' : snake(name));

export function createStatements({ name, key, columns, own = {}, indexes = [] }: Table): string[] {
  const all = Object.entries({ ...columns, ...own }).map(
    ([each, type]) => `${column(each)} ${SQL_TYPES[type]}${key.includes(each) ? ' NOT NULL' : ''}`,
  );
  return [
    `CREATE TABLE IF NOT EXISTS ${name} (${all.join(', ')}, PRIMARY KEY (${key.map(column).join(', ')}))`,
    ...indexes.map((index) => {
      const named = 'name' in index ? index : { name: `${name}_by_${index.map(column).join('_')}`, columns: index };
      const only = named.where === undefined ? '' : ` WHERE ${named.where}`;
      return `CREATE INDEX IF NOT EXISTS ${named.name} ON ${name} (${named.columns.map(column).join(', ')})${only}`;
    }),
  ];
}

/** Writes `rows` rows at once. A row that is there with the same or a newer place stays as it is. */
export function upsertStatement({ name, key, columns, sums = [], greatest = [] }: Table, rows: number): string {
  const names = Object.keys(columns);
  const values = Array.from({ length: rows }, () => `(${names.map(() => '?').join(', ')})`).join(', ');
  const changes = names
    .filter((each) => !key.includes(each))
    .map(column)
    .map((each, index) => {
      const field = names.filter((one) => !key.includes(one))[index] as string;
      if (sums.includes(field)) return `${each} = ${name}.${each} + excluded.${each}`;
      if (greatest.includes(field))
        return `${each} = CASE WHEN excluded.${each} > ${name}.${each} THEN excluded.${each} ELSE ${name}.${each} END`;
      return `${each} = excluded.${each}`;
    });
  const isKey = key.includes('place');
  const conflict = isKey ? 'DO NOTHING' : `DO UPDATE SET ${changes.join(', ')} WHERE ${name}.place < excluded.place`;
  return `INSERT INTO ${name} (${names.map(column).join(', ')}) VALUES ${values} ON CONFLICT (${key.map(column).join(', ')}) ${conflict}`;
}

export const valuesOf = (table: Table, row: object): unknown[] =>
  Object.keys(table.columns).map((name) => (row as Record<string, unknown>)[name] ?? null);
