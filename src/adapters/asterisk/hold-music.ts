import type { AriRest } from './ari-rest.js';
import type { Desk } from './desk.js';
import type { Leg } from './leg-book.js';

/** Read from an agent's channel: `1` while its phone holds. */
export const HOLDS_VARIABLE = 'CHANNEL(rtp,hold)';

/**
 * Music for the caller while the agent's phone holds. In a bridge of two Asterisk plays it by itself; in one that is recorded (technology
 * softmix) it does not, and the caller would hear nothing. Music on top of music is one music, so it is asked for in any case.
 *
 * It covers everything else that the caller would hear, and must end before the caller is put anywhere else.
 */
export function holdMusic(desk: Desk, rest: AriRest | null, agent: Leg, on: boolean): void {
  if (rest === null || agent.kind !== 'agent' || agent.bridgeId === null || agent.holds === on) return;
  agent.holds = on;
  for (const caller of desk.book.callersIn(agent.bridgeId)) {
    void desk.chains.run(caller.callId ?? caller.legId, () =>
      (on ? rest.startChannelMusic(caller.legId) : rest.stopChannelMusic(caller.legId)).catch(() =>
        desk.faults.count(on ? 'hold.noMusic' : 'hold.musicNotStopped'),
      ),
    );
  }
}
