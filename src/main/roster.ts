import type { AcdConfig } from '../acd/config.js';
import { alternativesIn, implies } from '../base/requirement.js';
import type { RosterEntry } from '../http/deps.js';

/** For the API: the teams of the agents, and the queues whose basic requirement they meet, as the board counts them. */
export function rosterOf({ agents, queues }: Pick<AcdConfig, 'agents' | 'queues'>): RosterEntry[] {
  const wanted = queues.map(({ id, require }) => ({ id, alternatives: alternativesIn(require) }));
  return agents.map(({ id, team, skills }) => ({
    agentId: id,
    team,
    queueIds: wanted.filter(({ alternatives }) => alternatives.some((least) => implies(skills, least))).map((queue) => queue.id),
  }));
}
