import { asId, type CallId } from '../base/ids.js';
import { hashText } from '../base/random.js';
import { type Ms, utcStamp } from '../base/time.js';
import { dissolve } from './agent-side.js';
import { promisedLegEnded } from './callback.js';
import type { CallRecord } from './entities.js';
import { beginFlow, flowForNumber, remember, walk } from './flow-walk.js';
import { conclude, leave, outcomeOf } from './goodbye.js';
import { isLeavingMessage } from './message.js';
import { stopRecording } from './recording.js';
import type { CallState } from './state.js';
import type { LegEndCause, SwitchEvent } from './switch-events.js';
import { callerLeftTransfer } from './transfer.js';

/** The caller's side: arrives, presses keys, goes. */

type Arrival = Extract<SwitchEvent, { kind: 'legArrived' }>;

export function callerArrived(state: CallState, event: Arrival): void {
  if (state.callers.has(event.legId) || state.agentLegs.has(event.legId)) {
    state.stale++;
    return;
  }
  const program = flowForNumber(state, event.dnis);
  const call = newCall(event, callIdFor(state, event), state.nowMs, state.config.release);
  state.add(call);
  state.facts.push({
    kind: 'callArrived',
    callId: call.callId,
    switchId: call.switchId,
    legId: call.legId,
    ani: call.ani,
    dnis: call.dnis,
    flowId: program?.flowId ?? null,
  });
  if (!program) {
    call.exit = 'blocked';
    leave(state, call, 'unallocated');
    return;
  }
  state.tell(call.switchId, { kind: 'answer', callId: call.callId, legId: call.legId });
  beginFlow(state, call, program);
  if (call.phase === 'flow') remember(state, call);
}

/** `release`: the set of live flows that it begins with. */
export function newCall(event: Arrival, callId: CallId, arrivedAtMs: Ms, release: number | undefined): CallRecord {
  return {
    ...(release !== undefined && { release }),
    callId,
    switchId: event.switchId,
    legId: event.legId,
    ani: event.ani,
    aniName: event.aniName,
    dnis: event.dnis,
    arrivedAtMs,
    phase: 'flow',
    flow: null,
    playback: null,
    playCount: 0,
    queueId: null,
    agentLegs: [],
    bridge: null,
    recording: null,
    recordingCount: 0,
    answered: false,
    exit: null,
    outcome: null,
    flowTimerTurn: null,
    timerCount: 0,
    timers: {},
  };
}

/** `20261121-231507-1k3f9x`: moment of arrival in UTC, then a hash of the leg: sorts by time, is made without chance. */
function callIdFor(state: CallState, event: Arrival): CallId {
  for (let attempt = 0; ; attempt++) {
    const hash = hashText(`${event.switchId}/${event.legId}/${attempt}`).toString(36).padStart(7, '0');
    const callId = asId<CallId>(`${utcStamp(state.nowMs)}-${hash}`);
    if (!state.calls.has(callId)) return callId;
  }
}

export function playbackEnded(state: CallState, event: Extract<SwitchEvent, { kind: 'playbackEnded' }>): void {
  const callId = state.callers.get(event.legId);
  const call = callId && state.calls.get(callId);
  // What was said to an agent is waited for by nobody.
  if (!call && state.agentLegs.has(event.legId)) return;
  if (!call || call.playback?.playbackId !== event.playbackId) {
    if (!call && state.deskLegs.delete(event.legId)) {
      state.tell(event.switchId, { kind: 'hangUp', callId: null, legId: event.legId, cause: 'normal' });
      return;
    }
    state.stale++;
    return;
  }
  const { turn } = call.playback;
  call.playback = null;
  state.touch(call);
  if (turn !== null && call.phase === 'flow') walk(state, call, { kind: 'playEnded', turn });
}

export function keyPressed(state: CallState, event: Extract<SwitchEvent, { kind: 'keyPressed' }>): void {
  const callId = state.callers.get(event.legId);
  const call = callId && state.calls.get(callId);
  if (!call || !/^[0-9*#A-D]$/.test(event.key)) return;
  if (call.phase === 'flow') walk(state, call, { kind: 'key', key: event.key });
  else if (call.phase === 'queued') state.decide({ kind: 'keyPressed', callId: call.callId, key: event.key });
}

/** The caller is gone, in whatever phase. `lost`: the leg was missing at a resync; `restarted`: because the switch itself had gone. */
export function callerGone(state: CallState, call: CallRecord, cause: LegEndCause, restarted = false): void {
  if (call.phase === 'settling' || promisedLegEnded(state, call, cause)) return;
  const queued = state.engine.call(call.callId);
  const byUs = call.phase === 'leaving';
  const endedBy = byUs || restarted ? 'system' : 'caller';
  if (queued?.phase === 'talking') {
    stopRecording(state, call);
    state.decide({ kind: 'talkEnded', callId: call.callId, endedBy: restarted ? 'system' : 'caller' });
  } else if (queued) {
    call.exit = 'abandoned';
    state.decide({ kind: 'leave', callId: call.callId, exit: 'abandoned' });
  } else if (call.bridge) {
    stopRecording(state, call);
    for (const offerId of call.agentLegs) {
      state.tell(call.switchId, { kind: 'hangUp', callId: call.callId, legId: asId(offerId), cause: 'normal' });
    }
  }
  callerLeftTransfer(state, call);
  dissolve(state, call);
  if (isLeavingMessage(state, call)) call.served = true;
  const lost = restarted && cause === 'lost' && !byUs;
  conclude(state, call, lost ? 'switchLost' : (call.outcome ?? outcomeOf(call, endedBy)), endedBy);
}
