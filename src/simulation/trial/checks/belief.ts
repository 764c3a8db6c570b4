import type { LegId } from '../../../base/ids.js';
import type { Ms } from '../../../base/time.js';
import type { Checker } from '../checker.js';
import type { World } from '../world.js';

const KNOWN_WITHIN_MS = 3_000;

/** What the controller believes is what is there: in calm times nobody talks, rings or waits on the switch without being known, nor the other way round. */
export function beliefChecker(world: World): Checker {
  const since = new Map<string, Ms>();
  return {
    sample() {
      const hotline = world.working?.controller?.hotline;
      if (!world.calm || !hotline) return since.clear();
      const nowMs = world.clock.nowMs();
      const odd = new Map<string, string>();
      const calls = new Map([...hotline.calls()].map((call) => [call.legId as string, call]));
      const ourLegs = new Set<string>(
        [...hotline.calls()].flatMap(({ agentLegs, transfer }) => [...agentLegs, ...(transfer ? [transfer.legId] : [])]),
      );
      for (const leg of world.switch.legs.values()) {
        const { legId } = leg;
        if (leg.direction === 'outbound' && !ourLegs.has(legId)) odd.set(legId, `leg ${legId} is known to nobody`);
        if (leg.direction !== 'inbound' || leg.ani.startsWith('sip:')) continue;
        const call = calls.get(legId);
        if (!call || call.phase === 'settling') odd.set(legId, `caller ${legId} is known to nobody`);
        const talks = leg.place.kind === 'bridge' && (world.switch.bridges.get(leg.place.bridgeId)?.size ?? 0) > 1;
        const believed = call?.phase === 'talking' || call?.transfer?.state === 'talking';
        if (call && talks !== believed && call.phase !== 'leaving')
          odd.set(`${legId} talk`, `caller ${legId} ${talks ? 'talks' : 'does not talk'}, and is believed to be ${call.phase}`);
      }
      for (const [legId, call] of calls) {
        if (call.phase !== 'settling' && !world.switch.legs.has(legId as LegId))
          odd.set(`${legId} gone`, `caller ${legId} is gone, and is believed to be ${call.phase}`);
      }
      for (const key of since.keys()) if (!odd.has(key)) since.delete(key);
      for (const [key, what] of odd) {
        const begun = since.get(key) ?? nowMs;
        since.set(key, begun);
        if (nowMs - begun <= KNOWN_WITHIN_MS) continue;
        world.violated('belief', `${what}, for ${nowMs - begun} ms`);
        since.set(key, Number.POSITIVE_INFINITY);
      }
    },
  };
}
