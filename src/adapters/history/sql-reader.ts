import type {
  AgentSum,
  AgentSumsQuery,
  CallsQuery,
  DispositionSum,
  HistoryReader,
  KeptCall,
  KeptCallWhole,
  OutcomeSum,
  QueueSum,
  QueueSumsQuery,
  Range,
  ReasonSum,
  RepeatSum,
  SurveySum,
  WaitStep,
} from '../../ports/history.js';
import {
  type AgentTimeRow,
  type AlarmRow,
  type AuditRow,
  type LegRow,
  type OfferRow,
  type Position,
  positionOf,
  type StayRow,
  type VisitRow,
} from '../../service-level/history/rows.js';
import { emptyTally, type Tally } from '../../service-level/tally.js';
import type { Asked, SqlStore, SqlValue } from './sql-store.js';
import { type StayCount, stayCounts, stayWaits } from './stay-questions.js';
import { column, FILED_CALLS, REPEAT_CALLS, TABLES } from './tables.js';
import { between, Where } from './where.js';

const TALLY = Object.keys(emptyTally()) as (keyof Tally)[];
const sum = (name: string): string => `SUM(${column(name)}) AS ${column(name)}`;
const tallySums = TALLY.map((name) => (name === 'longestWaitMs' ? 'MAX(longest_wait_ms) AS longest_wait_ms' : sum(name)));
const AGENT_SUMS = (TABLES.agentIntervals.sums ?? []).map(sum).join(', ');

/** Looks at each call of its range, or may have to. */
const LONG = true;

/** Questions to the tables: a few statements each, the same for both kinds of SQL. */
export class SqlReader implements HistoryReader {
  readonly #store: SqlStore;
  readonly #givenUp: AbortSignal | undefined;

  constructor(store: SqlStore, givenUp?: AbortSignal) {
    this.#store = store;
    this.#givenUp = givenUp;
  }

  asking(givenUp: AbortSignal): HistoryReader {
    return new SqlReader(this.#store, givenUp);
  }

  async stand(): Promise<{ readonly position: Position; readonly atMs: number; readonly missing: number }> {
    const [row] = await this.#store.all(
      'SELECT place, at_ms, (SELECT COALESCE(SUM(to_place - from_place), 0) FROM gaps) AS missing FROM position WHERE id = 1',
      [],
    );
    const { place, atMs, missing } = row as { place: number; atMs: number; missing: number };
    return { position: positionOf(place), atMs, missing };
  }

  async queueSums(query: QueueSumsQuery): Promise<QueueSum[]> {
    if (query.spanMin === null) return this.#staySums(query);
    const where = between('start_ms', query).and('span_min = ?', query.spanMin).is('queue_id', query.queueId);
    if (!query.perInterval) {
      const sql = `SELECT queue_id, NULL AS start_ms, ${tallySums.join(', ')} FROM queue_intervals WHERE ${where} GROUP BY queue_id ORDER BY queue_id`;
      const sums = await this.#rows<QueueSum>(sql, where.values);
      return sums.map((sum) => ({ ...sum, waits: null }));
    }
    const sql = `SELECT queue_id, start_ms, ${TALLY.map(column).join(', ')}, p50_s, p95_s, p99_s FROM queue_intervals WHERE ${where} ORDER BY start_ms, queue_id`;
    const kept = await this.#rows<KeptInterval>(sql, where.values);
    return kept.map((row) => intervalSum(row, query.spanMin !== 1));
  }

  async waitSteps(query: QueueSumsQuery): Promise<WaitStep[]> {
    if (query.spanMin === null) {
      const queueIds = await this.#queuesWithStays(query);
      if (queueIds.length === 0) return [];
      const steps = await this.#store.countValues(stayWaits(query, queueIds), this.#asked(LONG));
      return steps.map((step) => ({ ...step, startMs: null }) as unknown as WaitStep);
    }
    const where = between('start_ms', query).and('span_min = ?', query.spanMin).is('queue_id', query.queueId);
    const sql = query.perInterval
      ? `SELECT queue_id, start_ms, exit, up_to_s, calls FROM waits WHERE ${where}`
      : `SELECT queue_id, NULL AS start_ms, exit, up_to_s, SUM(calls) AS calls FROM waits WHERE ${where} GROUP BY queue_id, exit, up_to_s`;
    return this.#rows(sql, where.values, query.perInterval);
  }

  openStays(range: Range): Promise<{ readonly queueId: string; readonly enteredMs: number }[]> {
    const where = between('entered_ms', range).and('exit IS NULL');
    return this.#rows(`SELECT queue_id, entered_ms FROM stays WHERE ${where}`, where.values);
  }

  agentSums(query: AgentSumsQuery): Promise<AgentSum[]> {
    const where = between('start_ms', query).and('span_min = ?', query.spanMin).is('agent_id', query.agentId);
    const [start, group] = perInterval(query);
    return this.#rows(
      `SELECT agent_id, ${start}, ${AGENT_SUMS} FROM agent_intervals WHERE ${where} GROUP BY ${group}agent_id ORDER BY ${group}agent_id`,
      where.values,
    );
  }

  reasonSums(query: AgentSumsQuery): Promise<ReasonSum[]> {
    const where = between('start_ms', query).and('span_min = ?', query.spanMin).is('agent_id', query.agentId);
    const [start, group] = perInterval(query);
    return this.#rows(
      `SELECT agent_id, ${start}, reason, SUM(times) AS times, SUM(length_ms) AS length_ms FROM reason_intervals
       WHERE ${where} GROUP BY ${group}agent_id, reason ORDER BY ${group}agent_id, reason`,
      where.values,
    );
  }

  openAgentTimes(): Promise<AgentTimeRow[]> {
    return this.#rows('SELECT * FROM agent_times WHERE until_ms IS NULL ORDER BY agent_id', []);
  }

  agentTimes({ fromMs, toMs, agentId, limit }: Range & { agentId: string; limit: number }): Promise<AgentTimeRow[]> {
    const where = new Where().is('agent_id', agentId).and('from_ms < ?', toMs).and('(until_ms IS NULL OR until_ms > ?)', fromMs);
    return this.#rows(`SELECT * FROM agent_times WHERE ${where} ORDER BY from_ms LIMIT ?`, [...where.values, limit]);
  }

  outcomeSums(query: Range & { spanMin: 60 | 1440; perInterval: boolean }): Promise<OutcomeSum[]> {
    const where = between('start_ms', query).and('span_min = ?', query.spanMin);
    const [start, group] = perInterval(query);
    return this.#rows(
      `SELECT ${start}, direction, dnis, outcome, SUM(calls) AS calls, SUM(duration_ms) AS duration_ms FROM outcome_intervals
       WHERE ${where} GROUP BY ${group}direction, dnis, outcome ORDER BY ${group}direction, dnis, outcome`,
      where.values,
    );
  }

  async repeatSums(query: Range): Promise<RepeatSum[]> {
    const within = (days: number): string => `SUM(CASE WHEN previous_ms >= arrived_ms - ${days * 86_400_000} THEN 1 ELSE 0 END)`;
    const columns = `COUNT(*) AS calls, ${within(1)} AS within1_day, ${within(7)} AS within7_days`;
    return this.#callSums(`queue_id, ${columns}`, between('arrived_ms', query).and(REPEAT_CALLS), 'queue_id');
  }

  surveySums(query: Range): Promise<SurveySum[]> {
    const where = between('at_ms', query);
    return this.#rows(
      `SELECT queue_id, agent_id, scale, score, COUNT(*) AS calls FROM surveys WHERE ${where}
       GROUP BY queue_id, agent_id, scale, score ORDER BY queue_id, agent_id, scale, score`,
      where.values,
    );
  }

  async dispositionSums(query: Range & { queueId?: string }): Promise<DispositionSum[]> {
    const where = between('arrived_ms', query).is('queue_id', query.queueId).and(FILED_CALLS);
    const columns = `queue_id, disposition, COUNT(*) AS calls, ${['talkMs', 'holdMs', 'wrapUpMs'].map(sum).join(', ')}`;
    return this.#callSums(columns, where, 'queue_id, disposition', query.queueId);
  }

  calls(query: CallsQuery): Promise<KeptCall[]> {
    const where = between('arrived_ms', query)
      .is('queue_id', query.queueId)
      .is('agent_id', query.agentId)
      .is('outcome', query.outcome)
      .is('ani_end', query.aniEnd);
    const { after } = query;
    if (after) {
      where.and('(arrived_ms < ? OR (arrived_ms = ? AND call_id < ?))', after.arrivedMs, after.arrivedMs, after.callId);
    }
    const sql = `SELECT * FROM calls WHERE ${where} ORDER BY arrived_ms DESC, call_id DESC LIMIT ?`;
    // Calls of an outcome may be few and far between.
    return this.#rows(sql, [...where.values, query.limit], query.outcome !== undefined);
  }

  async call(callId: string): Promise<KeptCallWhole | null> {
    const of = <T>(table: string, order: string): Promise<T[]> =>
      this.#rows<T>(`SELECT * FROM ${table} WHERE call_id = ? ORDER BY ${order} LIMIT 1000`, [callId]);
    const [call] = await of<KeptCall>('calls', 'call_id');
    if (!call) return null;
    const [stays, offers, legs, visits] = await Promise.all([
      of<StayRow>('stays', 'n'),
      of<OfferRow>('offers', 'offered_ms, offer_id'),
      of<LegRow>('legs', 'from_ms, leg_id'),
      of<VisitRow>('visits', 'n'),
    ]);
    return { call, stays, offers, legs, visits };
  }

  audit(query: Range & { limit: number; by?: string; kind?: string }): Promise<AuditRow[]> {
    const where = between('at_ms', query).is(column('by'), query.by);
    if (query.kind !== undefined) where.and('(kind = ? OR kind LIKE ?)', query.kind, `${query.kind}/%`);
    return this.#rows(`SELECT * FROM audit WHERE ${where} ORDER BY place DESC LIMIT ?`, [...where.values, query.limit]);
  }

  alarms(query: Range & { limit: number }): Promise<AlarmRow[]> {
    const where = between('at_ms', query);
    return this.#rows(`SELECT * FROM alarms WHERE ${where} ORDER BY place DESC LIMIT ?`, [...where.values, query.limit]);
  }

  async #staySums(query: QueueSumsQuery): Promise<QueueSum[]> {
    const queueIds = await this.#queuesWithStays(query);
    if (queueIds.length === 0) return [];
    const { left, open, sumsOf } = stayCounts(query, queueIds);
    const [some, others] = await Promise.all([left, open].map(({ sql, values }) => this.#rows<StayCount>(sql, values, LONG)));
    return sumsOf([...(some as StayCount[]), ...(others as StayCount[])]);
  }

  async #queuesWithStays({ queueId }: QueueSumsQuery): Promise<readonly string[]> {
    return queueId === undefined ? this.#queuesOf('stays') : [queueId];
  }

  /** Leaps from one queue to the next instead of walking over all rows. */
  async #queuesOf(table: 'stays' | 'calls'): Promise<readonly string[]> {
    const rows = await this.#rows<{ queueId: string }>(
      `WITH RECURSIVE each_queue (queue_id) AS (SELECT MIN(queue_id) FROM ${table} UNION ALL
         SELECT (SELECT MIN(s.queue_id) FROM ${table} s WHERE s.queue_id > e.queue_id) FROM each_queue e WHERE e.queue_id IS NOT NULL)
       SELECT queue_id FROM each_queue WHERE queue_id IS NOT NULL ORDER BY queue_id`,
      [],
    );
    return rows.map(({ queueId }) => queueId);
  }

  /** Queue by queue, each along the index that begins with it, and calls that were in none: SQLite would walk over all calls, and sort them. */
  async #callSums<T>(columns: string, where: Where, group: string, queueId?: string): Promise<T[]> {
    const of = (whose: string): string => `SELECT ${columns} FROM calls WHERE ${where} AND ${whose} GROUP BY ${group}`;
    if (queueId !== undefined) return this.#rows(`${of('1 = 1')} ORDER BY ${group}`, where.values, LONG);
    const queueIds = await this.#queuesOf('calls');
    const parts = [this.#rows<T>(of('queue_id IS NULL'), where.values, LONG)];
    if (queueIds.length > 0) {
      const listed = new Where().isOneOf('queue_id', queueIds);
      parts.push(this.#rows<T>(`${of(`${listed}`)} ORDER BY ${group}`, [...where.values, ...listed.values], LONG));
    }
    return (await Promise.all(parts)).flat();
  }

  #asked(long: boolean): Asked {
    return { long, ...(this.#givenUp && { givenUp: this.#givenUp }) };
  }

  async #rows<T>(sql: string, values: readonly SqlValue[], long = false): Promise<T[]> {
    return (await this.#store.all(sql, values, this.#asked(long))) as unknown as T[];
  }
}

type KeptInterval = Omit<QueueSum, 'waits'> & Readonly<Record<'p50S' | 'p95S' | 'p99S', number | null>>;
const inMs = (seconds: number | null): number | null => (seconds === null ? null : seconds * 1_000);
const BLANK_SUM: QueueSum = { queueId: '', startMs: null, waits: null, ...emptyTally() };

/** A copy of a blank one, field by field: an answer may have ten thousand, and taking fields out of a record is slow. */
function intervalSum(kept: KeptInterval, hasWaits: boolean): QueueSum {
  const sum: { -readonly [K in keyof QueueSum]: QueueSum[K] } = { ...BLANK_SUM };
  sum.queueId = kept.queueId;
  sum.startMs = kept.startMs;
  if (hasWaits) sum.waits = { p50Ms: inMs(kept.p50S), p95Ms: inMs(kept.p95S), p99Ms: inMs(kept.p99S) };
  for (const name of TALLY) sum[name] = kept[name];
  return sum;
}

const perInterval = ({ perInterval: each }: { readonly perInterval: boolean }): readonly [start: string, group: string] =>
  each ? ['start_ms', 'start_ms, '] : ['NULL AS start_ms', ''];
