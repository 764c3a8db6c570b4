import type { Checker } from '../checker.js';
import type { World } from '../world.js';

/** I8: thirty quiet seconds after everything nothing is left: no leg, bridge or recording on the switch, no call in the state, no agent in the middle of anything. */
export function leftoversChecker(world: World): Checker {
  const wrong = (what: string): void => world.violated('leftovers', what);
  return {
    settled() {
      const { legs, bridges, recordings } = world.switch;
      for (const legId of legs.keys()) wrong(`leg ${legId} is still there`);
      for (const [bridgeId, inside] of bridges) wrong(`bridge ${bridgeId} is still there with ${inside.size} legs`);
      for (const recordingId of recordings.ids()) wrong(`recording ${recordingId} still runs`);
      const hotline = world.working?.controller?.hotline;
      if (!hotline) return wrong('no controller works');
      for (const call of hotline.calls()) wrong(`call ${call.callId} is still ${call.phase}`);
      for (const call of hotline.engine.calls()) wrong(`call ${call.callId} is still in ${call.queueId}, ${call.phase}`);
      for (const agent of hotline.engine.agents()) {
        if (agent.state !== 'idle') wrong(`agent ${agent.agentId} is still ${agent.state}`);
        if (agent.legOf) wrong(`agent ${agent.agentId} is still thought to have leg ${agent.legOf}`);
        if (agent.offerId || agent.callId) wrong(`agent ${agent.agentId} still has offer ${agent.offerId} of ${agent.callId}`);
      }
      if (hotline.pendingTimers().length > 0) wrong(`timers still run: ${hotline.pendingTimers().map((each) => each.timerId)}`);
      if (world.working?.controller?.degraded) wrong('the controller is still degraded');
    },
  };
}
