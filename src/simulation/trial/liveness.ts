import type { AgentConfig, QueueConfig } from '../../acd/config.js';
import type { Ms } from '../../base/time.js';
import type { Agents } from './people.js';
import type { World } from './world.js';

const BETWEEN_MS: Ms = 300;
const ANSWERED_WITHIN_MS: Ms = 2_000;
const WRAP_UP_AT_MOST_MS: Ms = 4_500;

/** In the end all agents are usable: each one alone on duty gets the next caller, and a queue that nobody asks for does not exist. */
export async function checkLiveness(world: World, agents: Agents): Promise<void> {
  for (const agent of world.site.agents) agents.ask(agent, 'signOut');
  await world.clock.pass(BETWEEN_MS);
  for (const agent of world.site.agents) {
    const queue = world.site.queues.find((each) => serves(agent, each));
    if (!queue) continue;
    agents.ask(agent, 'signIn');
    agents.ask(agent, 'ready');
    await world.clock.pass(BETWEEN_MS);
    const caller = world.switch.placeCall({ ani: '13911110000', dnis: world.site.numberOf(queue) });
    await world.clock.pass(ANSWERED_WITHIN_MS);
    const heard = caller.hears().kind;
    if (heard !== 'agent') world.violated('liveness', `only ${agent.id} is ready, a caller of ${queue.id} hears ${heard}`);
    caller.hangUp();
    await world.clock.pass(WRAP_UP_AT_MOST_MS);
    agents.ask(agent, 'signOut');
    await world.clock.pass(BETWEEN_MS);
  }
}

const serves = (agent: AgentConfig, queue: QueueConfig): boolean =>
  Object.entries(queue.require).every(([skill, level]) => (agent.skills[skill] ?? 0) >= (level as number));
