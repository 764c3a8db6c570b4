import type { Ms } from '../../base/time.js';
import type { History, HistoryStart, KeptFrom } from '../../ports/history.js';
import {
  type CallRow,
  type HistoryBatch,
  type HistoryTable,
  type OpenEntity,
  type Position,
  placeOf,
  positionOf,
} from '../../service-level/history/rows.js';
import { FILL_ONE, LAYOUT, raiseLayout, SPANS_WITH_PERCENTILES, UPGRADES } from './layouts.js';
import { SqlReader } from './sql-reader.js';
import type { SqlStore, Statement, Write } from './sql-store.js';
import { column, createStatements, OWN_TABLES, TABLES, type Table, upsertStatement, valuesOf } from './tables.js';

/** History in SQL, of either kind: the position is moved first, in the same transaction, so that of two writers one finds itself elsewhere. */
export class SqlHistory extends SqlReader implements History {
  readonly #store: SqlStore;

  constructor(store: SqlStore) {
    super(store);
    this.#store = store;
  }

  async begin(): Promise<HistoryStart> {
    await this.#store.prepare(OWN_TABLES);
    await this.#upgrade();
    const first = `INSERT INTO position (id, place, at_ms, layout) VALUES (1, 0, 0, ${LAYOUT}) ON CONFLICT (id) DO NOTHING`;
    await this.#store.prepare([...Object.values(TABLES).flatMap(createStatements), first]);
    const stand = await this.#stand();
    const open = await this.#store.all('SELECT kind, id, json FROM open_entities', []);
    return { position: positionOf(stand?.place as number), open: open as unknown as HistoryStart['open'] };
  }

  /** Step by step; another node that does the same finds the layout changed already. */
  async #upgrade(): Promise<void> {
    for (let stand = await this.#stand(); stand !== undefined && stand.layout !== LAYOUT; stand = await this.#stand()) {
      const { layout } = stand;
      const statements = UPGRADES[layout];
      if (!statements) throw new Error(`the history was written by another version (layout ${layout}, ours is ${LAYOUT})`);
      await this.#store.upgrade(raiseLayout(layout), statements);
    }
  }

  async #stand(): Promise<{ readonly place: number; readonly layout: number } | undefined> {
    const [stand] = await this.#store.all('SELECT place, layout FROM position WHERE id = 1', []);
    return stand as { place: number; layout: number } | undefined;
  }

  async write(batch: HistoryBatch): Promise<'written' | 'elsewhere'> {
    const writes: Write[] = [];
    for (const [name, rows] of Object.entries(batch.rows)) {
      const table: Table = TABLES[name as HistoryTable];
      if (rows.length === 0) continue;
      writes.push({
        sql: upsertStatement(table, 1),
        many: (count) => upsertStatement(table, count),
        rows: rows.map((row) => valuesOf(table, row)) as Write['rows'],
      });
    }
    writes.push(...previousCalls(batch.rows.calls ?? []), ...percentilesOf(batch.rows), ...openWrites(batch.open));
    const moved = await this.#store.write(moveStatement(batch.from, batch.to, batch.atMs), writes);
    return moved ? 'written' : 'elsewhere';
  }

  async skip(from: Position, to: Position, atMs: Ms): Promise<'written' | 'elsewhere'> {
    const gap = {
      sql: 'INSERT INTO gaps (from_place, to_place, at_ms) VALUES (?, ?, ?) ON CONFLICT (from_place) DO NOTHING',
      rows: [[placeOf(from), placeOf(to), atMs]],
    };
    // Another life misses nothing that could be counted.
    const moved = await this.#store.write(moveStatement(from, to, atMs), from.life === to.life ? [gap] : []);
    return moved ? 'written' : 'elsewhere';
  }

  async purge(before: KeptFrom, atMost: number): Promise<number> {
    let removed = 0;
    for (const { table, time, kept, only } of PURGED) {
      const { name, key } = TABLES[table];
      const columns = key.map(column).join(', ');
      const which = `${column(time)} < ?${only ? ` AND ${only}` : ''}`;
      const keys = key.length === 1 ? columns : `(${columns})`;
      removed += await this.#store.run({
        sql: `DELETE FROM ${name} WHERE ${keys} IN (SELECT ${columns} FROM ${name} WHERE ${which} LIMIT ?)`,
        values: [before[kept], atMost],
      });
    }
    return removed;
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

const moveStatement = (from: Position, to: Position, atMs: Ms): Statement => ({
  sql: 'UPDATE position SET place = ?, at_ms = CASE WHEN at_ms > ? THEN at_ms ELSE ? END WHERE id = 1 AND place = ?',
  values: [placeOf(to), atMs, atMs, placeOf(from)],
});

/** Asked once, when the call has ended: all earlier calls of the number are in by then. */
function previousCalls(calls: readonly CallRow[]): Write[] {
  const ended = calls.filter(
    ({ endedMs, callerKey, direction }) => endedMs !== null && callerKey !== null && direction === 'inbound',
  );
  if (ended.length === 0) return [];
  const earlier =
    'SELECT MAX(p.arrived_ms) FROM calls p WHERE p.caller_key = ? AND p.arrived_ms < ? AND p.direction = ? AND p.call_id <> ?';
  return [
    {
      sql: `UPDATE calls SET previous_ms = (${earlier}) WHERE call_id = ?`,
      rows: ended.map(({ callerKey, arrivedMs, callId }) => [callerKey, arrivedMs, 'inbound', callId, callId]),
    },
  ];
}

/** Of the intervals whose waits this batch has changed. */
function percentilesOf({ waits = [], queueIntervals = [] }: HistoryBatch['rows']): Write[] {
  const queues = new Set(waits.map(({ queueId }) => queueId));
  const changed = queueIntervals.filter(({ spanMin, queueId }) => SPANS_WITH_PERCENTILES.has(spanMin) && queues.has(queueId));
  if (changed.length === 0) return [];
  return [{ sql: FILL_ONE, rows: changed.map(({ spanMin, startMs, queueId }) => [spanMin, startMs, queueId]) }];
}

function openWrites(open: readonly OpenEntity[]): Write[] {
  const gone = open.filter(({ json }) => json === null);
  const changed = open.filter(({ json }) => json !== null);
  const values = (rows: number): string => Array.from({ length: rows }, () => '(?, ?, ?)').join(', ');
  const upsert = (rows: number): string =>
    `INSERT INTO open_entities (kind, id, json) VALUES ${values(rows)} ON CONFLICT (kind, id) DO UPDATE SET json = excluded.json`;
  return [
    { sql: 'DELETE FROM open_entities WHERE kind = ? AND id = ?', rows: gone.map(({ kind, id }) => [kind, id]) },
    { sql: upsert(1), many: upsert, rows: changed.map(({ kind, id, json }) => [kind, id, json]) },
  ].filter(({ rows }) => rows.length > 0);
}

interface Purged {
  readonly table: HistoryTable;
  readonly time: string;
  readonly kept: keyof KeptFrom;
  readonly only?: string;
}

/** Minutes are as many as calls and are kept as long; the sums above them for the long run. */
const PURGED: readonly Purged[] = [
  { table: 'calls', time: 'arrivedMs', kept: 'calls' },
  { table: 'stays', time: 'enteredMs', kept: 'calls' },
  { table: 'offers', time: 'offeredMs', kept: 'calls' },
  { table: 'legs', time: 'fromMs', kept: 'calls' },
  { table: 'visits', time: 'enteredMs', kept: 'calls' },
  { table: 'surveys', time: 'atMs', kept: 'calls' },
  { table: 'queueIntervals', time: 'startMs', kept: 'calls', only: 'span_min = 1' },
  { table: 'queueIntervals', time: 'startMs', kept: 'intervals' },
  { table: 'waits', time: 'startMs', kept: 'intervals' },
  { table: 'outcomeIntervals', time: 'startMs', kept: 'intervals' },
  { table: 'agentTimes', time: 'fromMs', kept: 'agentTimes', only: 'until_ms IS NOT NULL' },
  { table: 'agentIntervals', time: 'startMs', kept: 'agentTimes' },
  { table: 'reasonIntervals', time: 'startMs', kept: 'agentTimes' },
  { table: 'audit', time: 'atMs', kept: 'audit' },
  { table: 'alarms', time: 'atMs', kept: 'audit' },
];
