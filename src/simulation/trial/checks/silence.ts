import type { LegId } from '../../../base/ids.js';
import type { Ms } from '../../../base/time.js';
import type { SimulatedLeg } from '../../simulated-leg.js';
import type { Checker } from '../checker.js';
import type { World } from '../world.js';

const LIMIT_MS = 3_000;

/** I1: no caller hears more than three seconds of nothing, or of unanswered ringing, while a controller works and nothing is disturbed. */
export function silenceChecker(world: World): Checker {
  const since = new Map<LegId, Ms>();
  return {
    // What is heard between two looks counts too.
    obeyed(command) {
      if (command.kind === 'play' || command.kind === 'wait') since.delete(command.legId);
      if (command.kind === 'connect') since.delete(command.callerLegId);
    },
    // Who keys digits one after the other knows that the line lives.
    delivered(event) {
      if (event.kind === 'keyPressed') since.delete(event.legId);
    },
    sample() {
      if (!world.calm) return since.clear();
      const nowMs = world.clock.nowMs();
      for (const leg of world.switch.legs.values()) {
        if (leg.direction !== 'inbound' || hearsSomething(world, leg)) {
          since.delete(leg.legId);
          continue;
        }
        const begun = since.get(leg.legId) ?? nowMs;
        since.set(leg.legId, begun);
        if (nowMs - begun <= LIMIT_MS) continue;
        world.violated('silence', `caller ${leg.legId} has heard nothing for ${nowMs - begun} ms`);
        since.set(leg.legId, Number.POSITIVE_INFINITY);
      }
      for (const legId of since.keys()) if (!world.switch.legs.has(legId)) since.delete(legId);
    },
  };
}

function hearsSomething(world: World, leg: SimulatedLeg): boolean {
  if (leg.state !== 'up') return false;
  if (leg.place.kind === 'bridge') return (world.switch.bridges.get(leg.place.bridgeId)?.size ?? 0) > 1;
  return leg.playing !== null || leg.saying !== null || leg.place.kind === 'waiting';
}
