import type { QueueExit } from '../../base/facts.js';
import type { QueueSum, QueueSumsQuery } from '../../ports/history.js';
import { addTally, emptyTally, type Tally } from '../../service-level/tally.js';
import type { Statement, ValueCount } from './sql-store.js';
import { between, Where } from './where.js';

/**
 * Questions to the stays one by one. SQLite sorts whatever it groups otherwise than an index lies: so each names every value of the index's first
 * columns, and is then one walk along it, without a look at the rows.
 */
type Exit = QueueExit | 'answered';
const EXITS: readonly Exit[] = Object.keys({
  answered: 0,
  abandoned: 0,
  flowedOut: 0,
  timedOut: 0,
  exitedByKey: 0,
  calledBack: 0,
} satisfies Record<Exit, 0>) as Exit[];
const GROUPS = 'queue_id, exit, in_time, short';

/** Stays of one queue that ended in the same way. */
export interface StayCount {
  readonly queueId: string;
  readonly exit: Exit | null;
  readonly inTime: number;
  readonly short: number;
  readonly calls: number;
  readonly waitMs: number | null;
  readonly longestMs: number | null;
  readonly talkMs: number;
  readonly holdMs: number;
  readonly wrapUpMs: number;
}

export interface StayCounts {
  readonly left: Statement;
  /** Those that are not over. */
  readonly open: Statement;
  readonly sumsOf: (counts: readonly StayCount[]) => QueueSum[];
}

export function stayCounts(query: QueueSumsQuery, queueIds: readonly string[]): StayCounts {
  const columns =
    'COUNT(*) AS calls, SUM(wait_ms) AS wait_ms, MAX(wait_ms) AS longest_ms, ' +
    'SUM(talk_ms) AS talk_ms, SUM(hold_ms) AS hold_ms, SUM(wrap_up_ms) AS wrap_up_ms';
  const ask = (where: Where): Statement => ({
    sql: `SELECT ${GROUPS}, ${columns} FROM stays WHERE ${where} GROUP BY ${GROUPS}`,
    values: where.values,
  });
  return {
    left: ask(walk(query, queueIds)),
    open: ask(filtered(new Where().isOneOf('queue_id', queueIds).and('exit IS NULL'), query)),
    sumsOf,
  };
}

/** How many left each queue by each exit after so many seconds. Whole seconds; beyond the exact ones they are finer than those of intervals. */
export const stayWaits = (query: QueueSumsQuery, queueIds: readonly string[]): ValueCount => {
  const where = walk(query, queueIds);
  return {
    groups: ['queue_id', 'exit'],
    value: ['(wait_ms + 999) / 1000', 'up_to_s'],
    from: `stays WHERE ${where}`,
    values: where.values,
  };
};

function walk(query: QueueSumsQuery, queueIds: readonly string[]): Where {
  const where = new Where().isOneOf('queue_id', queueIds).isOneOf('exit', EXITS);
  return filtered(where.and('in_time IN (0, 1) AND short IN (0, 1)'), query);
}

function filtered(where: Where, query: QueueSumsQuery): Where {
  const range = between('entered_ms', query);
  const { lane, tier, language } = query.filter ?? {};
  return where
    .and(`${range}`, ...range.values)
    .is('lane', lane)
    .is('tier', tier)
    .is('language', language);
}

/** Who was refused has no stay: `blocked` is 0. */
function sumsOf(counts: readonly StayCount[]): QueueSum[] {
  const sums = new Map<string, Tally>();
  for (const count of counts) {
    const tally = sums.get(count.queueId) ?? emptyTally();
    sums.set(count.queueId, tally);
    addTally(tally, tallyOf(count));
  }
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([queueId, tally]) => ({ queueId, startMs: null, waits: null, ...tally }));
}

function tallyOf({ exit, inTime, short, calls, waitMs, longestMs, talkMs, holdMs, wrapUpMs }: StayCount): Tally {
  const tally = emptyTally();
  Object.assign(tally, { offered: calls, sumTalkMs: talkMs, sumHoldMs: holdMs, sumWrapUpMs: wrapUpMs });
  tally[exit ?? 'waiting'] = calls;
  tally.longestWaitMs = longestMs ?? 0;
  tally.shortAbandoned = short === 1 ? calls : 0;
  if (exit === 'answered') tally.sumWaitAnsweredMs = waitMs ?? 0;
  if (inTime === 0) return tally;
  if (exit === 'answered') tally.answeredInTime = calls;
  else if (exit === 'abandoned') tally.abandonedInTime = calls;
  else if (exit === 'flowedOut') tally.flowedOutInTime = calls;
  else if (exit === 'calledBack') tally.calledBackInTime = calls;
  return tally;
}
