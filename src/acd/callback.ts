import type { CallId } from '../base/ids.js';
import { type Ms, SECOND } from '../base/time.js';
import type { QueuedCall } from './entities.js';
import { startRelaxTimer } from './entry.js';
import { estimateAt } from './estimate.js';
import type { AcdEvent } from './events.js';
import { placeAgent, placeCaller } from './matching.js';
import { endOffers, forgetCall } from './offers.js';
import { enqueue, leave } from './queueing.js';
import type { AcdState } from './state.js';

/**
 * The kept place of a caller who will be called back: a queued call that nobody is on, with the caller's own time of entry, lane, priority
 * and skills. It has been counted as `calledBack` and is never counted again.
 *
 * agent-first: it stands in line like any caller; the agent who picks up has the caller dialled. caller-first: it rests until its turn is
 * near, then the caller is dialled and, once there, stands in line.
 */

/** How often the turn of a resting promise is looked at: not below, not above. */
const LOOK_AGAIN_MS = { least: SECOND, most: 5 * SECOND };
/** The caller is rung a little longer than we wait, and a connection takes a moment. */
const DIAL_GRACE_MS = 5 * SECOND;

export function promise(state: AcdState, event: Extract<AcdEvent, { kind: 'promise' }>): void {
  const queue = state.queue(event.queueId);
  if (!queue || state.calls.has(event.callId)) {
    state.refusal = { id: 'no-such-queue', message: `there is no queue ${event.queueId}` };
    return;
  }
  const from = state.calls.get(event.from) ?? enter(state, event);
  if (!from || from.queueId !== queue.id || from.phase === 'connecting' || from.phase === 'talking') {
    state.refusal = { id: 'being-connected', message: 'the caller is being connected with an agent' };
    return;
  }
  const policy = queue.callback;
  const kept: QueuedCall = {
    ...from,
    callId: event.callId,
    phase: 'resting',
    callback: { mode: policy?.mode ?? 'agent-first', dialMs: (policy?.ringMs ?? 0) + DIAL_GRACE_MS },
    offerCount: 0,
    announceCount: 0,
    offers: [],
    waitsFor: null,
    talk: null,
    timers: {},
  };
  leaveLine(state, from, event);
  state.calls.set(kept.callId, kept);
  state.placesOf(queue).add(kept);
  startRelaxTimer(state, queue, kept);
  if (event.notBeforeMs > state.nowMs) state.startCallTimer(kept, 'promise', event.notBeforeMs);
  else keepPromise(state, kept);
}

/** Into the line, for a moment, without being offered to anybody: so that the same rules and counts hold as for every caller. */
function enter(state: AcdState, event: Extract<AcdEvent, { kind: 'promise' }>): QueuedCall | undefined {
  const { dispatching } = state;
  const actions = state.actions.length;
  const facts = state.facts.length;
  state.dispatching = false;
  const { queueId, lane, priority, skills, language } = event;
  const enteredAtMs = event.enteredAtMs ?? state.nowMs;
  enqueue(state, { kind: 'enqueue', callId: event.from, queueId, lane, priority, skills, language, enteredAtMs });
  state.dispatching = dispatching;
  // What becomes of a caller who cannot enter is for whoever asked; nobody is released by the queue.
  state.actions.length = actions;
  if (event.enteredAtMs !== null) state.facts.length = facts;
  return state.calls.get(event.from);
}

/** A caller who left this queue before the request has been counted out already. */
function leaveLine(state: AcdState, from: QueuedCall, event: Extract<AcdEvent, { kind: 'promise' }>): void {
  const facts = state.facts.length;
  leave(state, from.callId, 'calledBack');
  if (event.enteredAtMs === null) return;
  state.facts.length = facts;
  state.rooms.get(from.queueId)?.uncount(from.queuedAtMs);
}

/** Its time has come: into the line, or a look at how near the turn is. */
export function keepPromise(state: AcdState, call: QueuedCall): void {
  if (call.phase !== 'resting' || !call.callback) return;
  if (call.callback.mode === 'agent-first') {
    placeCaller(state, call);
    return;
  }
  const remainingMs = untilTurn(state, call) - (state.queueOf(call).callback?.leadMs ?? 0);
  if (state.dispatching && remainingMs <= 0) {
    state.actions.push({ kind: 'callBack', callId: call.callId });
    return;
  }
  const lookMs = Math.min(LOOK_AGAIN_MS.most, Math.max(LOOK_AGAIN_MS.least, Math.floor(remainingMs / 2)));
  state.startCallTimer(call, 'promise', state.nowMs + lookMs);
}

/**
 * The estimated time until an agent is free for this place: the queue answers one caller every `handle / agents`, and the last answer was some
 * time ago. An idle agent makes it 0; without agents it is never.
 */
function untilTurn(state: AcdState, call: QueuedCall): Ms {
  const queue = state.queueOf(call);
  if (state.eligibility.profile(queue, call.skills, call.relaxStep, call.groups).available.first()) return 0;
  const place = Math.max(0, state.placesOf(queue).rank(call)) + 1;
  const estimate = estimateAt(state, queue, place);
  if (estimate === null) return Number.MAX_SAFE_INTEGER;
  return Math.max(0, estimate - (state.nowMs - (state.servedAt.get(queue.id) ?? call.enteredAtMs)));
}

export function rest(state: AcdState, callId: CallId, untilMs: number): void {
  const call = promised(state, callId);
  if (!call) return;
  const agents = endOffers(state, call, 'callerLeft');
  if (call.phase === 'waiting') state.eligibility.removeCall(state.queueOf(call), call);
  call.phase = 'resting';
  if (call.callback) call.callback.dialMs = (state.queueOf(call).callback?.ringMs ?? 0) + DIAL_GRACE_MS;
  state.touchedCalls.add(callId);
  state.startCallTimer(call, 'promise', Math.max(untilMs, state.nowMs + 1));
  for (const agent of agents) placeAgent(state, agent);
}

export function reached(state: AcdState, callId: CallId): void {
  const call = promised(state, callId);
  if (!call) return;
  if (call.callback) call.callback.dialMs = 0;
  state.stopCallTimer(call, 'promise');
  state.touchedCalls.add(callId);
  if (call.phase === 'resting') placeCaller(state, call);
}

export function over(state: AcdState, callId: CallId): void {
  const call = promised(state, callId);
  if (!call) return;
  const agents = endOffers(state, call, 'callerLeft');
  forgetCall(state, call);
  for (const agent of agents) placeAgent(state, agent);
}

function promised(state: AcdState, callId: CallId): QueuedCall | null {
  const call = state.calls.get(callId);
  if (call?.callback && call.phase !== 'talking') return call;
  state.stale++;
  return null;
}
