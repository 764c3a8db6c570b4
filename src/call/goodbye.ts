import type { CallOutcome, EndedBy } from '../base/facts.js';
import { SECOND } from '../base/time.js';
import type { HangUpCause } from './commands.js';
import type { CallRecord } from './entities.js';
import { messageEndedUnheard } from './message.js';
import { endRecordingUnheard } from './recording.js';
import type { CallState } from './state.js';
import { hangUpOutside } from './transfer.js';

/** The ends of a call: asked for by us, found by the switch, and the settling of what is still there. */

/** A switch that does not report the end of a leg within this after our hang-up is not waited for. */
export const HANG_UP_WITHIN_MS = 5 * SECOND;
/** Agents' and other legs and recordings must have ended within this after the caller. */
const SETTLE_WITHIN_MS = 10 * SECOND;

/** Hangs up the caller; the call is over when the switch says that the leg is gone. */
export function leave(state: CallState, call: CallRecord, cause: HangUpCause): void {
  if (call.phase === 'leaving' || call.phase === 'settling') return;
  state.stopTimer(call, 'flow');
  call.outcome = outcomeOf(call, 'system');
  call.phase = 'leaving';
  state.touch(call);
  state.tell(call.switchId, { kind: 'hangUp', callId: call.callId, legId: call.legId, cause });
  state.startTimer(call, 'hangUp', HANG_UP_WITHIN_MS);
}

/** The one place where a call gets its outcome told. */
export function conclude(state: CallState, call: CallRecord, outcome: CallOutcome, endedBy: EndedBy): void {
  for (const purpose of Object.keys(call.timers)) state.stopTimer(call, purpose);
  call.playback = null;
  call.phase = 'settling';
  call.outcome = outcome;
  state.touch(call);
  state.dropUnstored(call);
  state.facts.push({ kind: 'callEnded', callId: call.callId, outcome, durationMs: state.nowMs - call.arrivedAtMs, endedBy });
  state.startTimer(call, 'settle', SETTLE_WITHIN_MS);
  settle(state, call);
}

/** Forgets a call that is over, once nothing of it is left on the switch. */
export function settle(state: CallState, call: CallRecord): void {
  if (call.phase !== 'settling' || call.agentLegs.length > 0 || call.recording || call.message || call.transfer) return;
  state.forget(call);
}

/** What has not ended by now is told to end again, and no longer waited for. */
export function settleTimeOver(state: CallState, call: CallRecord): void {
  for (const offerId of call.agentLegs) {
    state.tell(call.switchId, {
      kind: 'hangUp',
      callId: call.callId,
      legId: offerId as string as CallRecord['legId'],
      cause: 'normal',
    });
    state.decide({ kind: 'agentLegGone', offerId });
  }
  if (call.transfer) hangUpOutside(state, call, call.transfer, 'normal');
  endRecordingUnheard(state, call);
  messageEndedUnheard(state, call, 'the switch did not tell of its end');
  state.forget(call);
}

/** The outcome of a call that ends now and has no better reason. */
export function outcomeOf(call: CallRecord, endedBy: EndedBy): CallOutcome {
  if (call.answered) return 'answered';
  if (call.callback) return 'notReached';
  if (call.exit === 'abandoned') return 'abandonedInQueue';
  if (call.exit !== null) return call.exit;
  if (call.served) return 'contained';
  return endedBy === 'caller' ? 'abandonedInFlow' : 'contained';
}
