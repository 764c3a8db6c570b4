import type { QueueExit } from '../base/facts.js';
import type { CallId } from '../base/ids.js';
import type { QueuedCall } from './entities.js';
import { leaveLine } from './entry.js';
import { placeAgent } from './matching.js';
import { endOffers, forgetCall } from './offers.js';
import { keepPlace } from './redial.js';
import type { AcdState } from './state.js';

/** The ways out of a line without an answer. */

/** The caller leaves the line: hung up, waited too long, or went another way. An offer under way is withdrawn. */
export function leave(state: AcdState, callId: CallId, exit: QueueExit): boolean {
  const call = state.calls.get(callId);
  if (!call || call.phase === 'talking') {
    state.stale++;
    return false;
  }
  const agents = endOffers(state, call, 'callerLeft');
  leaveLine(state, state.queueOf(call), call, exit);
  if (exit === 'abandoned') keepPlace(state, call);
  forgetCall(state, call);
  for (const agent of agents) placeAgent(state, agent);
  return true;
}

/** The queue lets the caller go back to the flow, which goes on at the exit of this name. */
export function releaseCall(
  state: AcdState,
  callId: CallId,
  exit: 'timedOut' | 'flowedOut' | 'exitedByKey',
  branch: string | null,
): void {
  if (leave(state, callId, exit)) state.actions.push({ kind: 'released', callId, exit, blocked: null, branch });
}

export function waitedTooLong(state: AcdState, call: QueuedCall): void {
  // A caller whose phone is being picked up at this moment is not thrown out.
  if (call.phase === 'connecting') return;
  releaseCall(state, call.callId, 'timedOut', null);
}

/** A waiting caller pressed a key: out of the line when the queue has an exit for it. */
export function keyPressed(state: AcdState, callId: CallId, key: string): void {
  const call = state.calls.get(callId);
  if (!call || (call.phase !== 'waiting' && call.phase !== 'offered')) return;
  const { keys = {} } = state.queueOf(call);
  if (Object.hasOwn(keys, key)) releaseCall(state, callId, 'exitedByKey', keys[key] as string);
}
