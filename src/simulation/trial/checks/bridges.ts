import type { Checker } from '../checker.js';
import type { World } from '../world.js';

/** I2, on the switch's own bridges: never two agents for one caller, never two callers for one agent, never two legs on one phone. */
export function bridgesChecker(world: World): Checker {
  const told = new Set<string>();
  const look = (): void => {
    const { legs, bridges } = world.switch;
    for (const [bridgeId, inside] of bridges) {
      const there = [...inside].flatMap((legId) => legs.get(legId) ?? []);
      const callers = there.filter((leg) => leg.direction === 'inbound');
      if (callers.length > 1) world.violated('bridges', `two callers in ${bridgeId}`);
      if (there.length - callers.length > 1) world.violated('bridges', `two agents in ${bridgeId}`);
      for (const leg of there) {
        if (leg.state === 'up' || told.has(leg.legId)) continue;
        told.add(leg.legId);
        world.violated('bridges', `leg ${leg.legId} is connected, and nobody has picked it up`);
      }
    }
    // A talk that outlived a lost store goes on, and nobody knows any more which agent is in it.
    if (world.storeLostSomething || world.degradedDeath) return;
    const phones = new Map<string, string>();
    for (const leg of legs.values()) {
      if (leg.direction !== 'outbound' || !leg.dnis.startsWith('sip:')) continue;
      const other = phones.get(leg.dnis);
      if (other && !told.has(leg.legId)) world.violated('bridges', `phone ${leg.dnis} has two legs: ${other} and ${leg.legId}`);
      if (other) told.add(leg.legId);
      phones.set(leg.dnis, leg.legId);
    }
  };
  return { obeyed: look, sample: look };
}
