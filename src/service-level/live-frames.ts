import type { Ms } from '../base/time.js';
import type { AgentView, AlarmView, Board, QueueView, SwitchView } from './views.js';

/**
 * What the live feed says, and the two halves of its arithmetic: `diffBoards` on the server, `applyDelta` on the page. For any two
 * boards, applying the difference to the first gives the second.
 */

/** Rows that changed between two boards. A list of ids is there only when rows came, went or changed places: rows not in it are gone. */
export interface BoardDelta {
  readonly seq: number;
  readonly atMs: Ms;
  readonly callsNow: number;
  readonly queues: readonly QueueView[];
  readonly agents: readonly AgentView[];
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
  const queues = changedRows(before.queues, after.queues, (queue) => queue.queueId, sameDeep);
  const agents = changedRows(before.agents, after.agents, (agent) => agent.agentId, sameFlat);
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
    queues: mergeRows(board.queues, delta.queues, delta.queueIds, (queue) => queue.queueId),
    agents: mergeRows(board.agents, delta.agents, delta.agentIds, (agent) => agent.agentId),
    switches: delta.switches ?? board.switches,
    alarms: delta.alarms ?? board.alarms,
  };
}

function changedRows<T>(
  before: readonly T[],
  after: readonly T[],
  idOf: (row: T) => string,
  same: (a: T, b: T) => boolean,
): { rows: T[]; ids: string[] | null } {
  if (before === after) return { rows: [], ids: null };
  const inPlace = before.length === after.length && after.every((row, i) => idOf(row) === idOf(before[i] as T));
  if (inPlace) return { rows: after.filter((row, i) => !same(row, before[i] as T)), ids: null };
  const known = new Map(before.map((row) => [idOf(row), row]));
  const rows = after.filter((row) => {
    const old = known.get(idOf(row));
    return old === undefined || !same(row, old);
  });
  return { rows, ids: after.map(idOf) };
}

function mergeRows<T>(
  rows: readonly T[],
  changed: readonly T[],
  ids: readonly string[] | undefined,
  idOf: (row: T) => string,
): readonly T[] {
  if (changed.length === 0 && ids === undefined) return rows;
  const fresh = new Map(changed.map((row) => [idOf(row), row]));
  if (ids === undefined) return rows.map((row) => fresh.get(idOf(row)) ?? row);
  const known = new Map(rows.map((row) => [idOf(row), row]));
  return ids.map((id) => fresh.get(id) ?? known.get(id)).filter((row): row is T => row !== undefined);
}

/** Agents are many and flat: comparing fields costs a fraction of writing both out. */
function sameFlat(a: AgentView, b: AgentView): boolean {
  if (a === b) return true;
  for (const key of Object.keys(b) as (keyof AgentView)[]) if (a[key] !== b[key]) return false;
  return true;
}

function sameDeep(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
