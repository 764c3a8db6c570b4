import type { Board, QueueView } from '../service-level/views.js';
import type { Principal } from './access.js';
import type { RosterEntry } from './deps.js';

/** Of a call, a callback or a recording, what says whose it is. */
export interface Belonging {
  readonly queueId: string | null;
  readonly agentId: string | null;
  /** While it rings somewhere a call is nobody's yet. */
  readonly phase?: string;
}

/**
 * What one who may read gets to see of agents, queues and callers. Three kinds:
 * - the whole: admin, viewers and walls, a supervisor of all teams, somebody on this machine.
 * - of teams, a supervisor: the agents of these teams; the figures of every queue; who waits in the queues that these agents serve; calls that these
 *   agents answered, that wait in those queues, or that are in no queue.
 * - of one agent: that agent, the figures of the queues that the agent serves and not who waits there, the agent's own calls.
 * What is not seen does not exist for who asks.
 */
export interface Sight {
  /** Equal for all who see the same. */
  readonly key: string;
  readonly isWhole: boolean;
  /** `team` is the one of the configuration unless told. */
  agent(agentId: string | null, team?: string): boolean;
  team(team: string): boolean;
  /** The figures of a queue; null stands for the whole house. */
  queue(queueId: string | null): boolean;
  /** Who waits in a queue. */
  line(queueId: string): boolean;
  call(call: Belonging): boolean;
  board(board: Board): Board;
}

const yes = (): boolean => true;
const no = (): boolean => false;

const WHOLE: Sight = {
  ...{ key: 'whole', isWhole: true, agent: yes, team: yes, queue: yes, line: yes, call: yes },
  board: (board) => board,
};
const NOTHING: Sight = {
  ...{ key: 'nothing', isWhole: false, agent: no, team: no, queue: no, line: no, call: no },
  board: (board) => cut(board, NOTHING),
};

export function sightOf(who: Principal | null, roster: readonly RosterEntry[]): Sight {
  if (who === null) return NOTHING;
  if (who.role === 'agent') return sightOfAgent(who.agentId, roster);
  if (who.role !== 'supervisor' || who.teams === null) return WHOLE;
  return sightOfTeams(who.teams, roster);
}

function sightOfAgent(own: string | null, roster: readonly RosterEntry[]): Sight {
  if (own === null) return NOTHING;
  const queues = new Set(roster.find(({ agentId }) => agentId === own)?.queueIds);
  const sight: Sight = {
    key: `agent:${own}`,
    isWhole: false,
    agent: (agentId) => agentId === own,
    team: no,
    queue: (queueId) => queueId === null || queues.has(queueId),
    line: no,
    call: ({ agentId }) => agentId === own,
    board: (board) => cut(board, sight),
  };
  return sight;
}

function sightOfTeams(names: readonly string[], roster: readonly RosterEntry[]): Sight {
  const teams = new Set(names);
  const teamOf = new Map(roster.map(({ agentId, team }) => [agentId, team]));
  const lines = new Set(roster.flatMap(({ team, queueIds }) => (teams.has(team) ? queueIds : [])));
  const sight: Sight = {
    key: `teams:${JSON.stringify([...teams].sort())}`,
    isWhole: false,
    agent: (agentId, team = teamOf.get(agentId ?? '')) => team !== undefined && teams.has(team),
    team: (team) => teams.has(team),
    queue: yes,
    line: (queueId) => lines.has(queueId),
    call: ({ queueId, agentId, phase }) =>
      sight.agent(agentId) || ((agentId === null || phase === 'ringing') && (queueId === null || lines.has(queueId))),
    board: (board) => cut(board, sight),
  };
  return sight;
}

function cut(board: Board, sight: Sight): Board {
  return {
    ...board,
    queues: board.queues.flatMap((row) =>
      sight.queue(row.queueId) ? [sight.line(row.queueId) ? row : withoutCallers(row)] : [],
    ),
    agents: board.agents.filter(({ agentId, team }) => sight.agent(agentId, team)),
    alarms: board.alarms.filter(({ queueId }) => sight.queue(queueId)),
  };
}

/** One row for all who see it so: two boards with the same row have the same row still. */
const NAMELESS = new WeakMap<QueueView, QueueView>();

function withoutCallers(row: QueueView): QueueView {
  if (row.callers.length === 0) return row;
  const known = NAMELESS.get(row);
  if (known !== undefined) return known;
  const made = { ...row, callers: [] };
  NAMELESS.set(row, made);
  return made;
}
