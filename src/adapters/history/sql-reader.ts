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
import type { SqlRecord, SqlStore, SqlValue } from './sql-store.js';
import { column, rowFrom, TABLES } from './tables.js';

/** Conditions joined by AND, with their values in order. */
class Where {
  readonly #parts: string[] = [];
  readonly values: SqlValue[] = [];

  and(sql: string, ...values: SqlValue[]): this {
    this.#parts.push(sql);
    this.values.push(...values);
    return this;
  }

  /** Left out when there is nothing to ask for. */
  is(name: string, value: string | undefined): this {
    return value === undefined ? this : this.and(`${name} = ?`, value);
  }

  toString(): string {
    return this.#parts.join(' AND ');
  }
}

const between = (name: string, { fromMs, toMs }: Range): Where => new Where().and(`${name} >= ? AND ${name} < ?`, fromMs, toMs);

const TALLY = Object.keys(emptyTally()) as (keyof Tally)[];
const sum = (name: string): string => `SUM(${column(name)}) AS ${column(name)}`;
const tallySums = TALLY.map((name) => (name === 'longestWaitMs' ? 'MAX(longest_wait_ms) AS longest_wait_ms' : sum(name)));
const AGENT_SUMS = (TABLES.agentIntervals.sums ?? []).map(sum).join(', ');

/** Questions to the tables. Each is one statement, the same for both kinds of SQL. */
export class SqlReader implements HistoryReader {
  readonly #store: SqlStore;

  constructor(store: SqlStore) {
    this.#store = store;
  }

  async stand(): Promise<{ readonly position: Position; readonly atMs: number; readonly missing: number }> {
    const [row] = await this.#store.all(
      'SELECT place, at_ms, (SELECT COALESCE(SUM(to_place - from_place), 0) FROM gaps) AS missing FROM position WHERE id = 1',
      [],
    );
    const { place, atMs, missing } = rowFrom<{ place: number; atMs: number; missing: number }>(row ?? {});
    return { position: positionOf(place), atMs, missing };
  }

  async queueSums(query: QueueSumsQuery): Promise<QueueSum[]> {
    if (query.spanMin === null) return this.#staySums(query);
    const where = between('start_ms', query).and('span_min = ?', query.spanMin).is('queue_id', query.queueId);
    const sql = query.perInterval
      ? `SELECT queue_id, start_ms, ${TALLY.map(column).join(', ')} FROM queue_intervals WHERE ${where} ORDER BY start_ms, queue_id`
      : `SELECT queue_id, NULL AS start_ms, ${tallySums.join(', ')} FROM queue_intervals WHERE ${where} GROUP BY queue_id ORDER BY queue_id`;
    return this.#rows(sql, where.values);
  }

  async waitSteps(query: QueueSumsQuery): Promise<WaitStep[]> {
    if (query.spanMin === null) {
      const where = stayFilter(query).and('exit IS NOT NULL');
      // Steps of whole seconds; beyond the exact ones they are finer than those of intervals.
      return this.#rows(
        `SELECT queue_id, NULL AS start_ms, exit, (wait_ms + 999) / 1000 AS up_to_s, COUNT(*) AS calls FROM stays WHERE ${where}
         GROUP BY queue_id, exit, (wait_ms + 999) / 1000`,
        where.values,
      );
    }
    const where = between('start_ms', query).and('span_min = ?', query.spanMin).is('queue_id', query.queueId);
    const sql = query.perInterval
      ? `SELECT queue_id, start_ms, exit, up_to_s, calls FROM waits WHERE ${where}`
      : `SELECT queue_id, NULL AS start_ms, exit, up_to_s, SUM(calls) AS calls FROM waits WHERE ${where} GROUP BY queue_id, exit, up_to_s`;
    return this.#rows(sql, where.values);
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

  repeatSums(query: Range): Promise<RepeatSum[]> {
    const where = between('arrived_ms', query).and("direction = 'inbound' AND ended_ms IS NOT NULL AND caller_key IS NOT NULL");
    const within = (days: number): string => `SUM(CASE WHEN previous_ms >= arrived_ms - ${days * 86_400_000} THEN 1 ELSE 0 END)`;
    return this.#rows(
      `SELECT queue_id, COUNT(*) AS calls, ${within(1)} AS within1_day, ${within(7)} AS within7_days FROM calls WHERE ${where}
       GROUP BY queue_id ORDER BY queue_id`,
      where.values,
    );
  }

  surveySums(query: Range): Promise<SurveySum[]> {
    const where = between('at_ms', query);
    return this.#rows(
      `SELECT queue_id, agent_id, scale, score, COUNT(*) AS calls FROM surveys WHERE ${where}
       GROUP BY queue_id, agent_id, scale, score ORDER BY queue_id, agent_id, scale, score`,
      where.values,
    );
  }

  dispositionSums(query: Range & { queueId?: string }): Promise<DispositionSum[]> {
    const where = between('arrived_ms', query).is('queue_id', query.queueId).and('ended_ms IS NOT NULL AND agent_id IS NOT NULL');
    return this.#rows(
      `SELECT queue_id, disposition, COUNT(*) AS calls, ${['talkMs', 'holdMs', 'wrapUpMs'].map(sum).join(', ')} FROM calls
       WHERE ${where} GROUP BY queue_id, disposition ORDER BY queue_id, disposition`,
      where.values,
    );
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
    return this.#rows(sql, [...where.values, query.limit]);
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

  /** One pass over the stays, queue by queue in the order of their index: SQLite sorts whatever it groups otherwise, and a million rows for long. */
  async #staySums(query: QueueSumsQuery): Promise<QueueSum[]> {
    const queueIds = query.queueId === undefined ? await this.#queuesWithStays() : [query.queueId];
    if (queueIds.length === 0) return [];
    const where = stayFilter(query).and(`queue_id IN (${queueIds.map(() => '?').join(', ')})`, ...queueIds);
    return this.#rows(
      `SELECT queue_id, NULL AS start_ms, ${STAY_SUMS} FROM stays WHERE ${where} GROUP BY queue_id ORDER BY queue_id`,
      where.values,
    );
  }

  /** Leaps from one queue to the next instead of walking over all stays. */
  async #queuesWithStays(): Promise<string[]> {
    const rows = await this.#rows<{ queueId: string }>(
      `WITH RECURSIVE each_queue (queue_id) AS (SELECT MIN(queue_id) FROM stays UNION ALL
         SELECT (SELECT MIN(s.queue_id) FROM stays s WHERE s.queue_id > e.queue_id) FROM each_queue e WHERE e.queue_id IS NOT NULL)
       SELECT queue_id FROM each_queue WHERE queue_id IS NOT NULL ORDER BY queue_id`,
      [],
    );
    return rows.map(({ queueId }) => queueId);
  }

  async #rows<T>(sql: string, values: readonly SqlValue[]): Promise<T[]> {
    return (await this.#store.all(sql, values)).map((record: SqlRecord) => rowFrom<T>(record));
  }
}

/** How stays make each count; for those in time `in_time` is asked too. Who was refused has no stay. */
const countIf = (condition: string): string => `COUNT(CASE WHEN ${condition} THEN 1 END)`;
const left = (exit: StayRow['exit']): string => countIf(`exit = '${exit}'`);
const leftInTime = (exit: StayRow['exit']): string => countIf(`in_time = 1 AND exit = '${exit}'`);
const STAY_COUNTS: { readonly [K in keyof Tally]: string } = {
  offered: 'COUNT(*)',
  answered: left('answered'),
  answeredInTime: leftInTime('answered'),
  abandoned: left('abandoned'),
  abandonedInTime: leftInTime('abandoned'),
  shortAbandoned: 'SUM(short)',
  flowedOut: left('flowedOut'),
  flowedOutInTime: leftInTime('flowedOut'),
  timedOut: left('timedOut'),
  exitedByKey: left('exitedByKey'),
  calledBack: left('calledBack'),
  calledBackInTime: leftInTime('calledBack'),
  waiting: countIf('exit IS NULL'),
  blocked: '0',
  sumWaitAnsweredMs: `SUM(CASE WHEN exit = 'answered' THEN wait_ms ELSE 0 END)`,
  sumTalkMs: 'SUM(talk_ms)',
  sumHoldMs: 'SUM(hold_ms)',
  sumWrapUpMs: 'SUM(wrap_up_ms)',
  longestWaitMs: 'COALESCE(MAX(wait_ms), 0)',
};
const STAY_SUMS = TALLY.map((name) => `${STAY_COUNTS[name]} AS ${column(name)}`).join(', ');

const stayFilter = (query: QueueSumsQuery): Where =>
  between('entered_ms', query)
    .is('queue_id', query.queueId)
    .is('lane', query.filter?.lane)
    .is('tier', query.filter?.tier)
    .is('language', query.filter?.language);

const perInterval = ({ perInterval: each }: { readonly perInterval: boolean }): readonly [start: string, group: string] =>
  each ? ['start_ms', 'start_ms, '] : ['NULL AS start_ms', ''];
