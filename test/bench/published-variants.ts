import type { AgentConfig } from '../../src/acd/config.js';
import { readScenario } from '../../src/cli/simulate/read-scenario.js';
import { formatFinding } from '../../src/flow/finding.js';
import type { Scenario } from '../../src/simulation/scenario/scenario.js';

/** The scenarios of `config/scenarios`, and what is varied in them to replay a published table. */

export async function scenarioNamed(name: string): Promise<Scenario> {
  const file = new URL(`../../config/scenarios/${name}.yaml`, import.meta.url).pathname;
  const scenario = await readScenario(file);
  if (!scenario.ok) throw new Error(scenario.error.map(formatFinding).join('\n'));
  return scenario.value;
}

/** All rates so that the work that comes in is this share of what the first group can do. */
export function withLoad(scenario: Scenario, load: number): Scenario {
  const agents = scenario.groups[0]?.onDuty[0] as number;
  return {
    ...scenario,
    calls: scenario.calls.map((type) => ({
      ...type,
      ratePerMs: type.service.map(({ meanMs }) => (load * agents) / meanMs / scenario.calls.length),
    })),
  };
}

/** The guard of every queue: who has waited this long goes first. */
export function withGuard(scenario: Scenario, waitsAtMostMs: number): Scenario {
  const queues = scenario.acd.queues.map((queue) => ({ ...queue, callers: { ...queue.callers, waitsAtMostMs } }));
  return { ...scenario, acd: { ...scenario.acd, queues } };
}

/**
 * Wallace and Whitt: every agent has a primary skill (the one of the group) and `perAgent - 1` more, spread evenly: agent n of group g has
 * the types g+1.. in an order that begins n places further round. Calls go to agents by the rank of the skill, then longest idle; an agent
 * who becomes free looks at the lines in the order of the own skills.
 */
export function withSkills(scenario: Scenario, perAgent: number): Scenario {
  const types = scenario.groups.map(({ name }) => name);
  const agents = scenario.groups.flatMap(({ agentIds }, group) =>
    agentIds.map((id, seat): AgentConfig => {
      const others = types.length - 1;
      const ranked = [group];
      for (let i = 0; i < perAgent - 1; i++) ranked.push((group + 1 + ((seat + i * step(seat, others)) % others)) % types.length);
      const known = scenario.acd.agents.find((agent) => agent.id === id) as AgentConfig;
      return {
        ...known,
        skills: Object.fromEntries(ranked.map((type, rank) => [types[type] as string, types.length - rank])),
        queueRank: Object.fromEntries(ranked.map((type, rank) => [types[type] as string, rank])),
      };
    }),
  );
  return { ...scenario, acd: { ...scenario.acd, agents } };
}

/** `others` is a prime (5): any step from 1 to 4 visits all of them, and different steps make different pairs. */
const step = (seat: number, others: number): number => 1 + (Math.floor(seat / others) % (others - 1));
