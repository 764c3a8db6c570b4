import { findOffer } from '../acd/entities.js';
import type { AcdAction } from '../acd/events.js';
import type { OfferCause } from '../base/facts.js';
import { asId, type BridgeId, type OfferId } from '../base/ids.js';
import { dialCaller, isTimeToCall, promiseKept } from './callback.js';
import { type CallRecord, legOfOffer, offerOfLeg } from './entities.js';
import { remember, wait, walk } from './flow-walk.js';
import { settle } from './goodbye.js';
import { play } from './playing.js';
import { startRecording, stopRecording } from './recording.js';
import type { CallState } from './state.js';
import type { LegEndCause, SwitchEvent } from './switch-events.js';
import { outsideConnected, outsideConnectFailed } from './transfer.js';

/** The agent's side of a call: rung, connected, gone. */

/** Positions up to this have a prompt of their own; beyond it the caller hears that there are more. */
const SPOKEN_POSITIONS = 20;
/** Likewise for minutes of waiting. */
const SPOKEN_MINUTES = 20;

export function obeyEngine(state: CallState, action: AcdAction): void {
  const call = state.calls.get(action.callId);
  if (!call) {
    state.stale++;
    return;
  }
  switch (action.kind) {
    case 'ring': {
      if (!isTimeToCall(state, call)) return;
      state.addAgentLeg(call, action.offerId);
      const { callId, offerId, phone, ringMs, autoAnswer } = action;
      const legId = legOfOffer(offerId);
      const names = { callerNumber: call.ani, callerName: call.aniName, ...(autoAnswer && { autoAnswer: true as const }) };
      state.tell(call.switchId, { kind: 'ringAgent', callId, offerId, legId, address: phone, ringTimeoutMs: ringMs, ...names });
      return;
    }
    case 'withdraw':
      // Called off while being connected: the bridge may come about yet, and the caller would sit in it alone, in silence.
      if (call.bridge?.offerId === action.offerId && call.phase === 'queued') leaveBridge(state, call);
      state.tell(call.switchId, { kind: 'hangUp', callId: call.callId, legId: legOfOffer(action.offerId), cause: 'normal' });
      return;
    case 'connect':
      return call.phase === 'promised' ? dialCaller(state, call) : connect(state, call, action.offerId);
    case 'callBack':
      return dialCaller(state, call);
    case 'announce':
      return announce(state, call, action);
    case 'moved':
      call.queueId = action.queueId;
      if (call.asked) call.asked = { ...call.asked, queueId: action.queueId };
      state.touch(call);
      wait(state, call);
      return remember(state, call);
    case 'released':
      call.exit = action.exit;
      call.phase = 'flow';
      state.touch(call);
      return walk(state, call, { kind: 'queueLeft', exit: action.exit, branch: action.branch });
  }
}

export function connect(state: CallState, call: CallRecord, offerId: OfferId): void {
  const bridgeId = asId<BridgeId>(`${offerId}-b`);
  const stopPlaybacks = call.playback ? [call.playback.playbackId] : [];
  call.bridge = { bridgeId, offerId };
  call.playback = null;
  state.touch(call);
  const legs = { callerLegId: call.legId, agentLegId: legOfOffer(offerId) };
  state.tell(call.switchId, { kind: 'connect', callId: call.callId, offerId, bridgeId, ...legs, stopPlaybacks });
}

/** Most reassuring first: thanks, the place, the wait. Cut off when an agent picks up (`connect`). */
function announce(state: CallState, call: CallRecord, told: Extract<AcdAction, { kind: 'announce' }>): void {
  if (call.playback) return;
  const { position, minutes, comfort } = told;
  const language = call.flow?.language ?? state.config.defaultLanguage;
  const prompts = [];
  if (comfort) prompts.push({ prompt: comfort.includes('/') ? comfort : `system/${comfort}`, language });
  if (position !== null) {
    prompts.push({ prompt: position <= SPOKEN_POSITIONS ? `system/position-${position}` : 'system/position-more', language });
  }
  if (minutes !== null) {
    prompts.push({ prompt: minutes <= SPOKEN_MINUTES ? `system/wait-minutes-${minutes}` : 'system/wait-more', language });
  }
  if (prompts.length > 0) play(state, call, prompts, null);
}

/** Caller and agent hear each other: the call is answered. */
export function connected(state: CallState, event: Extract<SwitchEvent, { kind: 'connected' }>): void {
  if (outsideConnected(state, event)) return;
  const call = callOfOffer(state, event.offerId);
  const queued = call && state.engine.call(call.callId);
  if (!call || call.bridge?.bridgeId !== event.bridgeId || !queued || !findOffer(queued, event.offerId)) {
    state.stale++;
    state.tell(event.switchId, { kind: 'dissolve', callId: null, bridgeId: event.bridgeId });
    return;
  }
  // Said again after a controller's death: the talk goes on, the recording may have to.
  if (queued.phase === 'connecting') {
    state.decide({ kind: 'offerConnected', offerId: event.offerId });
    call.phase = 'talking';
    call.answered = true;
    state.touch(call);
    promiseKept(state, call);
    remember(state, call);
  }
  startRecording(state, call);
}

export function connectFailed(state: CallState, event: Extract<SwitchEvent, { kind: 'connectFailed' }>): void {
  if (outsideConnectFailed(state, event)) return;
  const call = callOfOffer(state, event.offerId);
  const queued = call && state.engine.call(call.callId);
  if (!call || !findOffer(queued, event.offerId) || queued?.phase !== 'connecting') {
    state.stale++;
    return;
  }
  // A caller who is gone ends by the `legEnded` of that leg; until it comes, the offer is over and the place is kept.
  leaveBridge(state, call);
  state.decide({ kind: 'offerFailed', offerId: event.offerId, cause: event.missing === 'agent' ? 'declined' : 'switchError' });
}

export function agentLegAnswered(state: CallState, event: Extract<SwitchEvent, { kind: 'legAnswered' }>): void {
  const callId = state.agentLegs.get(event.legId);
  const queued = callId ? state.engine.call(callId) : undefined;
  const offerId = offerOfLeg(event.legId);
  if (!findOffer(queued, offerId)) {
    // Nobody waits for this phone any more: the caller left in the same moment, or the offer was withdrawn.
    state.stale++;
    state.tell(event.switchId, { kind: 'hangUp', callId: callId ?? null, legId: event.legId, cause: 'normal' });
    return;
  }
  state.decide({ kind: 'offerPickedUp', offerId });
}

const CAUSE_OF: Record<LegEndCause, OfferCause> = {
  busy: 'busy',
  declined: 'declined',
  noAnswer: 'noAnswer',
  unreachable: 'unreachable',
  error: 'switchError',
  lost: 'legLost',
  // Picked up and dropped before a word was said.
  hungUp: 'declined',
};

export function agentLegEnded(state: CallState, call: CallRecord, offerId: OfferId, cause: LegEndCause): void {
  state.removeAgentLeg(call, offerId);
  const queued = state.engine.call(call.callId);
  const offer = findOffer(queued, offerId);
  const live = offer !== undefined;
  if (live && queued?.phase === 'talking') {
    const lastTalk = { agentId: offer.agentId, queueId: queued.queueId };
    call.lastTalk = lastTalk;
    stopRecording(state, call);
    dissolve(state, call);
    state.decide({ kind: 'talkEnded', callId: call.callId, endedBy: cause === 'lost' ? 'system' : 'agent' });
    state.decide({ kind: 'agentLegGone', offerId });
    call.phase = 'flow';
    walk(state, call, { kind: 'talkEnded', ...lastTalk });
    return;
  }
  state.decide({ kind: 'agentLegGone', offerId });
  if (live) {
    leaveBridge(state, call);
    state.decide({ kind: 'offerFailed', offerId, cause: CAUSE_OF[cause] });
  } else if (call.bridge?.offerId === offerId && call.phase === 'talking') {
    // A talk that was found after a loss of state, unknown to the engine.
    stopRecording(state, call);
    dissolve(state, call);
    walk(state, call, { kind: 'talkEnded' });
  }
  settle(state, call);
}

/** Back from a connection that did not come about, to the music. */
function leaveBridge(state: CallState, call: CallRecord): void {
  if (!call.bridge) return;
  dissolve(state, call);
  wait(state, call);
}

export function dissolve(state: CallState, call: CallRecord): void {
  if (!call.bridge) return;
  state.tell(call.switchId, { kind: 'dissolve', callId: call.callId, bridgeId: call.bridge.bridgeId });
  call.bridge = null;
  state.touch(call);
}

function callOfOffer(state: CallState, offerId: OfferId): CallRecord | undefined {
  const callId = state.agentLegs.get(legOfOffer(offerId));
  return callId && state.calls.get(callId);
}
