import type { Ms } from '../base/time.js';
import { applyChange, changedFields } from './row-changes.js';
import type { AgentView, AlarmView, Board, QueueView, SwitchView } from './views.js';

/**
 * What the live feed says, and the two halves of its arithmetic: `diffBoards` on the server, `applyDelta` on the page. For any two
 * boards, applying the difference to the first gives the second.
 */

/** A row that the page does not have yet is whole; of one that it has there are the id and what changed (`row-changes.ts`). */
export type RowChange<Row, Id extends keyof Row> = Pick<Row, Id> & { readonly [Field in keyof Row]?: unknown };

/** Rows that changed between two boards. A list of ids is there only when rows came, went or changed places: rows not in it are gone. */
export interface BoardDelta {
  readonly seq: number;
  readonly atMs: Ms;
  readonly callsNow: number;
  readonly queues: readonly RowChange<QueueView, 'queueId'>[];
  readonly agents: readonly RowChange<AgentView, 'agentId'>[];
  readonly queueIds?: readonly string[];
  readonly agentIds?: readonly string[];
  readonly switches?: readonly SwitchView[];
  readonly alarms?: readonly AlarmView[];
}

/**
 * Frames from the server. `n` numbers the stream: a delta fits only on the frame numbered one less, anything else is a gap and is answered
 * with {@link ResyncRequest}. A beat comes each second, so that the age of the figures can be shown while nothing happens.
 */
export type LiveFrame =
  | {
      readonly type: 'snapshot';
      readonly n: number;
      readonly version: string;
      readonly seq: number;
      readonly atMs: Ms;
      readonly board: Board;
    }
  | ({ readonly type: 'delta'; readonly n: number } & BoardDelta)
  | { readonly type: 'beat'; readonly n: number; readonly seq: number; readonly atMs: Ms };

/** The only thing that a page may say. */
export interface ResyncRequest {
  readonly type: 'resync';
}

/** The difference, or null when nothing that is shown has changed (time alone is no change). */
export function diffBoards(before: Board, after: Board): BoardDelta | null {
  const queues = changedRows(before.queues, after.queues, 'queueId');
  const agents = changedRows(before.agents, after.agents, 'agentId');
  const sameSwitches = before.switches === after.switches || sameDeep(before.switches, after.switches);
  const sameAlarms = sameDeep(before.alarms, after.alarms);
  const nothing = queues.rows.length === 0 && agents.rows.length === 0 && queues.ids === null && agents.ids === null;
  if (nothing && sameSwitches && sameAlarms && before.seq === after.seq && before.callsNow === after.callsNow) return null;
  return {
    seq: after.seq,
    atMs: after.atMs,
    callsNow: after.callsNow,
    queues: queues.rows,
    agents: agents.rows,
    ...(queues.ids === null ? {} : { queueIds: queues.ids }),
    ...(agents.ids === null ? {} : { agentIds: agents.ids }),
    ...(sameSwitches ? {} : { switches: after.switches }),
    ...(sameAlarms ? {} : { alarms: after.alarms }),
  };
}

/** The board after a difference. Rows that did not change keep their identity, so that a page redraws only what it must. */
export function applyDelta(board: Board, delta: BoardDelta): Board {
  return {
    seq: delta.seq,
    atMs: delta.atMs,
    callsNow: delta.callsNow,
    queues: mergeRows(board.queues, delta.queues, delta.queueIds, 'queueId'),
    agents: mergeRows(board.agents, delta.agents, delta.agentIds, 'agentId'),
    switches: delta.switches ?? board.switches,
    alarms: delta.alarms ?? board.alarms,
  };
}

function changedRows<Row extends object, Id extends keyof Row>(
  before: readonly Row[],
  after: readonly Row[],
  id: Id,
): { rows: RowChange<Row, Id>[]; ids: Row[Id][] | null } {
  if (before === after) return { rows: [], ids: null };
  const inPlace = before.length === after.length && after.every((row, i) => row[id] === before[i]?.[id]);
  const known = inPlace ? null : new Map(before.map((row) => [row[id], row]));
  const rows: RowChange<Row, Id>[] = [];
  for (const [i, row] of after.entries()) {
    const old = known === null ? before[i] : known.get(row[id]);
    if (old === row) continue;
    if (old === undefined) {
      rows.push(row);
      continue;
    }
    const changed = changedFields(old as Fields, row as Fields);
    if (changed) rows.push({ [id]: row[id], ...changed } as RowChange<Row, Id>);
  }
  return { rows, ids: inPlace ? null : after.map((row) => row[id]) };
}

function mergeRows<Row extends object, Id extends keyof Row>(
  rows: readonly Row[],
  changes: readonly RowChange<Row, Id>[],
  ids: readonly string[] | undefined,
  id: Id,
): readonly Row[] {
  if (changes.length === 0 && ids === undefined) return rows;
  const fresh = new Map<unknown, RowChange<Row, Id>>(changes.map((change) => [change[id], change]));
  const merged = (row: Row | undefined, of: unknown): Row | undefined =>
    fresh.has(of) ? (applyChange(row, fresh.get(of)) as Row) : row;
  if (ids === undefined) return rows.map((row) => merged(row, row[id]) as Row);
  const known = new Map<unknown, Row>(rows.map((row) => [row[id], row]));
  return ids.map((each) => merged(known.get(each), each)).filter((row): row is Row => row !== undefined);
}

type Fields = Readonly<Record<string, unknown>>;

const sameDeep = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);
