import type { SwitchCommandOf } from '../../call/commands.js';
import { AriHttpError } from './ari-http.js';
import type { AriRest } from './ari-rest.js';
import { CALL_BRIDGE } from './channel-notes.js';
import type { Desk } from './desk.js';
import { soundCut } from './sound-watch.js';

/** Without `dtmf_events` Asterisk lets the two phones exchange packets directly and no key is ever reported. */
const CALL_BRIDGE_TYPE = 'mixing,dtmf_events';

type Connect = SwitchCommandOf<'connect'>;
type Missing = 'caller' | 'agent' | null;

/**
 * Puts caller and agent into one bridge, straight out of a waiting room or a menu. Playbacks to either of them are cut in the same
 * breath: Asterisk does not move a channel before its playback has ended, up to 20 s.
 */
export async function connectLegs(desk: Desk, rest: AriRest, command: Connect): Promise<void> {
  const { bridgeId, callerLegId, agentLegId, offerId } = command;
  const { book, emit, switchId } = desk;
  const failed = (missing: Missing, detail: string): void => {
    desk.faults.count('connect.failed');
    emit({ kind: 'connectFailed', switchId, bridgeId, offerId, missing, detail });
  };
  const caller = book.leg(callerLegId);
  const agent = book.leg(agentLegId);
  if (caller === null) return failed('caller', 'the caller has gone');
  if (agent === null) return failed('agent', 'the agent has gone');
  caller.callId = command.callId;
  agent.callId = command.callId;
  caller.afterPlayback.delete('wait');
  // A channel that is added to its own bridge is taken out first, and both would hear it.
  if (caller.bridgeId === bridgeId && agent.bridgeId === bridgeId) {
    return emit({ kind: 'connected', switchId, bridgeId, offerId });
  }
  let made = false;
  try {
    made = await rest.createBridge(bridgeId, CALL_BRIDGE_TYPE, `${desk.app}:${CALL_BRIDGE}`);
    const playbacks = new Set([...command.stopPlaybacks, ...caller.playbacks, ...agent.playbacks]);
    const cuts = [...playbacks].map((playbackId) => rest.stopPlayback(playbackId).catch(() => {}));
    await Promise.all([rest.addChannels(bridgeId, [callerLegId, agentLegId]), ...cuts]);
    for (const playbackId of playbacks) soundCut(desk, playbackId);
  } catch (error) {
    const missing = await whoIsMissing(desk, rest, command, error);
    if (made) await removeIfEmpty(rest, bridgeId);
    return failed(missing, error instanceof Error ? error.message : String(error));
  }
  // Asterisk says yes also when one of them left in this very moment, and then only the other is inside.
  if (book.leg(callerLegId) === null) return failed('caller', 'the caller left while being connected');
  if (book.leg(agentLegId) === null) return failed('agent', 'the agent left while being connected');
  caller.bridgeId = bridgeId;
  agent.bridgeId = bridgeId;
  emit({ kind: 'connected', switchId, bridgeId, offerId });
}

/** Asterisk's refusal (400, 409, 422) does not say which channel it means. */
async function whoIsMissing(desk: Desk, rest: AriRest, { callerLegId, agentLegId }: Connect, error: unknown): Promise<Missing> {
  if (!(error instanceof AriHttpError) || error.status === null) return null;
  if (desk.book.leg(callerLegId) === null) return 'caller';
  if (desk.book.leg(agentLegId) === null) return 'agent';
  try {
    const [caller, agent] = await Promise.all([rest.channel(callerLegId), rest.channel(agentLegId)]);
    if (caller === null) return 'caller';
    if (agent === null) return 'agent';
    if (agent.appName !== 'Stasis') return 'agent';
    return caller.appName !== 'Stasis' ? 'caller' : null;
  } catch {
    return null;
  }
}

async function removeIfEmpty(rest: AriRest, bridgeId: string): Promise<void> {
  try {
    if ((await rest.bridge(bridgeId))?.channels.length === 0) await rest.destroyBridge(bridgeId);
  } catch {
    // Found again and dissolved at the next resync.
  }
}
