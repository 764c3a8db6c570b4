import type { AgentConfig, AgentOrder } from './config.js';
import type { Agent } from './entities.js';
import { type Alternative, skillsNamed } from './requirement.js';

/**
 * In which order the agents who may serve a caller are asked. Every strategy is one number per agent, smaller first, that is fixed when the
 * agent becomes available; then who has been idle longest, then the id. A choice is then the head of a sorted set.
 *
 * | strategy         | number                                                                                         |
 * |------------------|------------------------------------------------------------------------------------------------|
 * | `longest-idle`   | none                                                                                           |
 * | `best-skill`     | less the sum of the agent's levels in the skills that the requirement names                   |
 * | `fewest-calls`   | calls answered since sign-in                                                                   |
 * | `least-occupied` | talk, hold and wrap-up as a share of these and of ready idle time, from sign-in to the moment when the agent became available |
 * | `round-robin`    | turn of the last offer; who was never offered one comes first                                   |
 * | `random`         | none: the seed and the call's id draw from the agents in the order of their ids                |
 * | `ring-all`       | none: several are asked at once                                                                |
 */

/** An agent in the order in which a profile hands agents out. */
export interface Available {
  readonly agentId: Agent['agentId'];
  readonly number: number;
  readonly idleSinceMs: number;
}

type Numbering = (agent: Agent, config: AgentConfig, alternatives: readonly Alternative[]) => number;

const NUMBER: Record<AgentOrder, Numbering> = {
  'longest-idle': () => 0,
  'best-skill': (_, { skills }, alternatives) =>
    0 - skillsNamed(alternatives).reduce((sum, skill) => sum + (skills[skill] ?? 0), 0),
  'fewest-calls': ({ answered }) => answered,
  'least-occupied': ({ busyMs, freeMs }) => (busyMs === 0 ? 0 : busyMs / (busyMs + freeMs)),
  'round-robin': ({ offerTurn }) => offerTurn,
  random: () => 0,
  'ring-all': () => 0,
};

export const availableAs = (
  order: AgentOrder,
  agent: Agent,
  config: AgentConfig,
  alternatives: readonly Alternative[],
): Available => ({
  agentId: agent.agentId,
  number: NUMBER[order](agent, config, alternatives),
  idleSinceMs: order === 'random' ? 0 : agent.idleSinceMs,
});

export const byAgentOrder = (a: Available, b: Available): number =>
  a.number - b.number || a.idleSinceMs - b.idleSinceMs || (a.agentId < b.agentId ? -1 : a.agentId > b.agentId ? 1 : 0);

/** What a decision says of an agent, and what each place of it is called. */
export function agentKeys(order: AgentOrder): { names: readonly string[]; of: (entry: Available, nowMs: number) => number[] } {
  const idle = ({ idleSinceMs }: Available, nowMs: number): number => nowMs - idleSinceMs;
  switch (order) {
    case 'longest-idle':
    case 'ring-all':
      return { names: ['idleMs'], of: (entry, nowMs) => [idle(entry, nowMs)] };
    case 'best-skill':
      return { names: ['proficiency', 'idleMs'], of: (entry, nowMs) => [0 - entry.number, idle(entry, nowMs)] };
    case 'fewest-calls':
      return { names: ['calls', 'idleMs'], of: (entry, nowMs) => [entry.number, idle(entry, nowMs)] };
    case 'least-occupied':
      return { names: ['occupancy', 'idleMs'], of: (entry, nowMs) => [Number(entry.number.toFixed(4)), idle(entry, nowMs)] };
    case 'round-robin':
      return { names: ['turn', 'idleMs'], of: (entry, nowMs) => [entry.number, idle(entry, nowMs)] };
    case 'random':
      return { names: [], of: () => [] };
  }
}
