import type { CallbackPolicy } from '../acd/config.js';
import { offerOf } from '../acd/entities.js';
import type { Lane } from '../acd/events.js';
import type { CallbackAttemptResult, CallbackOutcome, CallbackRefusal } from '../base/facts.js';
import { asId, type CallId, type LegId, type PlaybackId, type QueueId } from '../base/ids.js';
import type { Refusal } from '../base/result.js';
import { MINUTE, type Ms } from '../base/time.js';
import { connect, dissolve } from './agent-side.js';
import { newCall } from './caller-side.js';
import { dialable, isAllowed, numberKey } from './dial-out.js';
import { type CallRecord, legOfOffer } from './entities.js';
import { wait } from './flow-walk.js';
import { conclude, leave } from './goodbye.js';
import { play } from './playing.js';
import type { CallState } from './state.js';
import type { LegEndCause, LegSnapshot, SwitchEvent } from './switch-events.js';

/**
 * Callback in line: a caller goes, the place stays. The promise is a call of its own (`<callId>-cb`) in phase `promised` that nobody is on; the
 * engine holds its place, and says when an agent is there (agent-first) or the turn is near (caller-first). Then the caller is dialled, and is
 * a caller like any other from the moment of picking up.
 */

/** The numbers of a queue that has lost its policy while promises were open. */
const LAST_RESORT: CallbackPolicy = {
  mode: 'agent-first',
  attempts: 1,
  retryAfterMs: 5 * MINUTE,
  expiresMs: 60 * MINUTE,
  ringMs: 30_000,
  leadMs: 30_000,
  calendar: null,
  open: 0,
};
/** How finely an opening is looked for. */
const OPENING_STEP_MS = MINUTE;
/** Shown to the agent in place of a name, so that a callback is known before it is picked up. */
const CALLBACK_NAME = 'Callback';

export interface CallbackWish {
  /** Null: the queue that the caller has just been in. */
  readonly queueId: QueueId | null;
  readonly lane: Lane | null;
  readonly priority: number | null;
  readonly skills: Readonly<Record<string, number>> | null;
}

/** Promises the caller to call back. Null when promised; the caller's own call then ends with `calledBack`, whenever it ends. */
export function requestCallback(state: CallState, call: CallRecord, wish: CallbackWish): CallbackRefusal | null {
  const refusal = promise(state, call, wish);
  if (refusal) state.facts.push({ kind: 'callbackRefused', callId: call.callId, reason: refusal });
  return refusal;
}

function promise(state: CallState, call: CallRecord, wish: CallbackWish): CallbackRefusal | null {
  const queueId = wish.queueId ?? call.queueId;
  const policy = state.config.acd.queues.find((queue) => queue.id === queueId)?.callback;
  const { dialOut } = state.config;
  const callbackId = asId<CallId>(`${call.callId}-cb`);
  if (!queueId || !policy || !dialOut) return 'notOffered';
  const number = dialable(call.ani);
  if (number === null || !isAllowed(dialOut, number)) return 'numberDenied';
  const open = [...openPromises(state, queueId)];
  if (state.calls.has(callbackId) || open.some((each) => isSameNumber(state, each, number))) return 'alreadyOpen';
  if (open.length >= policy.open) return 'limitReached';
  const expiresAtMs = state.nowMs + policy.expiresMs;
  const notBeforeMs = nextOpening(state, policy, state.nowMs, expiresAtMs);
  if (notBeforeMs === null) return 'outOfHours';

  const asked = call.asked?.queueId === queueId ? call.asked : null;
  const standing = state.engine.call(call.callId);
  // Who was blocked has never been in; who left by a key or an overflow has been counted out, and gets the place of then.
  const left = !standing && asked && call.exit !== null && call.exit !== 'blocked' ? asked.enteredAtMs : null;
  const enteredAtMs = standing?.enteredAtMs ?? left ?? state.nowMs;
  const promised: CallRecord = {
    ...newCall(
      {
        kind: 'legArrived',
        switchId: call.switchId,
        legId: asId<LegId>(`${callbackId}-c0`),
        ani: number,
        aniName: CALLBACK_NAME,
        dnis: call.dnis,
        note: null,
      },
      callbackId,
      state.nowMs,
      call.release,
    ),
    phase: 'promised',
    queueId,
    callback: {
      requestedBy: call.callId,
      language: call.flow?.language ?? state.config.defaultLanguage,
      enteredAtMs,
      expiresAtMs,
      attempts: 0,
      leg: 'none',
      dialledAtMs: null,
      outcome: null,
    },
  };
  state.add(promised);
  const facts = state.facts.length;
  state.facts.push({
    kind: 'callbackRequested',
    callId: call.callId,
    queueId,
    callbackId,
    number,
    mode: policy.mode,
    enteredAtMs,
    expiresAtMs,
  });
  state.startTimer(promised, 'expire', policy.expiresMs);
  state.decide({
    kind: 'promise',
    callId: callbackId,
    from: call.callId,
    queueId,
    lane: wish.lane ?? asked?.lane ?? 'ordinary',
    priority: wish.priority ?? asked?.priority ?? 0,
    skills: wish.skills ?? asked?.skills ?? {},
    language: promised.callback?.language ?? state.config.defaultLanguage,
    enteredAtMs: left,
    notBeforeMs,
  });
  if (!state.engine.call(callbackId) && promised.callback?.outcome === null) {
    state.facts.splice(facts, 1);
    state.forget(promised);
    return 'beingConnected';
  }
  call.exit = 'calledBack';
  state.touch(call);
  return null;
}

function* openPromises(state: CallState, queueId: QueueId): Iterable<CallRecord> {
  for (const call of state.calls.values()) {
    if (call.callback?.outcome === null && call.queueId === queueId) yield call;
  }
}

const isSameNumber = (state: CallState, promised: CallRecord, number: string): boolean => {
  const countryCode = state.config.dialOut?.countryCode ?? '';
  return numberKey(promised.ani, countryCode) === numberKey(number, countryCode);
};

const policyOf = (state: CallState, call: CallRecord): CallbackPolicy =>
  state.config.acd.queues.find((queue) => queue.id === call.queueId)?.callback ?? LAST_RESORT;

/** The first moment from `fromMs` on at which callers may be dialled, or null when there is none before `untilMs`. */
function nextOpening(state: CallState, { calendar }: CallbackPolicy, fromMs: Ms, untilMs: Ms): Ms | null {
  if (calendar === null) return fromMs < untilMs ? fromMs : null;
  for (let atMs = fromMs; atMs < untilMs; atMs = Math.floor(atMs / OPENING_STEP_MS + 1) * OPENING_STEP_MS) {
    // A calendar that has gone forbids nothing; the promise still has its own end.
    if (state.config.isOpen(calendar, atMs) !== false) return atMs;
  }
  return null;
}

/** The engine has found an agent for a promise, or its turn is near. False when nobody must be rung at this hour: then it rests. */
export function isTimeToCall(state: CallState, call: CallRecord): boolean {
  const life = call.callback;
  if (!life || call.phase !== 'promised' || life.leg !== 'none') return true;
  const atMs = nextOpening(state, policyOf(state, call), state.nowMs, life.expiresAtMs);
  if (atMs === state.nowMs) return true;
  state.decide({ kind: 'promiseRests', callId: call.callId, untilMs: atMs ?? life.expiresAtMs });
  return false;
}

/** Dials the caller of a promise; harmless while the phone rings already. With an agent on the line, who hears what is going on. */
export function dialCaller(state: CallState, call: CallRecord): void {
  const life = call.callback;
  if (!life || life.outcome !== null || call.phase !== 'promised') return;
  tellAgent(state, call);
  if (life.leg !== 'none' || !isTimeToCall(state, call)) return;
  const { dialOut } = state.config;
  life.attempts++;
  life.dialledAtMs = state.nowMs;
  state.touch(call);
  if (!dialOut || !isAllowed(dialOut, call.ani) || !state.dialMeter.take(dialOut, call.ani, state.nowMs)) {
    missed(state, call, 'denied');
    return;
  }
  life.leg = 'dialling';
  state.renameCallerLeg(call, asId<LegId>(`${call.callId}-c${life.attempts}`));
  const { ringMs } = policyOf(state, call);
  const { callId, legId, ani: number } = call;
  state.tell(call.switchId, { kind: 'dialOut', callId, legId, number, ringTimeoutMs: ringMs, callerId: dialOut.callerId });
  state.startTimer(call, 'dial', ringMs);
}

function tellAgent(state: CallState, call: CallRecord): void {
  const queued = state.engine.call(call.callId);
  const offer = offerOf(queued);
  if (queued?.phase !== 'connecting' || !offer) return;
  const legId = legOfOffer(offer.offerId);
  const playbackId = asId<PlaybackId>(`${offer.offerId}-next`);
  const prompts = [{ prompt: 'system/callback-next', language: state.config.defaultLanguage }];
  state.tell(call.switchId, { kind: 'play', callId: call.callId, legId, playbackId, prompts });
}

/** The caller has picked up: to the agent who waits, else to the greeting and the kept place. */
export function calledPersonAnswered(state: CallState, event: Extract<SwitchEvent, { kind: 'legAnswered' }>): void {
  const call = state.calls.get(state.callers.get(event.legId) as CallId);
  const life = call?.callback;
  if (!call || !life || life.leg !== 'dialling' || call.legId !== event.legId || call.phase !== 'promised') {
    state.stale++;
    state.tell(event.switchId, { kind: 'hangUp', callId: call?.callId ?? null, legId: event.legId, cause: 'normal' });
    return;
  }
  life.leg = 'up';
  state.stopTimer(call, 'dial');
  call.phase = 'queued';
  state.touch(call);
  const queued = state.engine.call(call.callId);
  const offer = offerOf(queued);
  if (queued?.phase === 'connecting' && offer) {
    connect(state, call, offer.offerId);
    return;
  }
  wait(state, call);
  play(state, call, [{ prompt: 'system/callback-greeting', language: life.language }], null);
  state.decide({ kind: 'promiseReached', callId: call.callId });
}

/** Our own time is up: nobody picks up. */
export function dialTimeOver(state: CallState, call: CallRecord): void {
  if (call.callback?.leg !== 'dialling') return;
  state.tell(call.switchId, { kind: 'hangUp', callId: call.callId, legId: call.legId, cause: 'noAnswer' });
  missed(state, call, 'noAnswer');
}

/** True when the leg that ended was that of a promise not yet kept; what comes of it is then decided here. */
export function promisedLegEnded(state: CallState, call: CallRecord, cause: LegEndCause): boolean {
  const life = call.callback;
  if (!life || life.outcome !== null || (call.phase !== 'promised' && call.phase !== 'queued')) return false;
  // The end of a leg that we have given up already.
  if (life.leg === 'none') return true;
  missed(state, call, cause);
  return true;
}

/** One attempt was in vain. The agent who was taken for it is let go at once; the place is kept for the next one. */
function missed(state: CallState, call: CallRecord, result: CallbackAttemptResult): void {
  const life = call.callback;
  if (!life) return;
  tellAttempt(state, call, result);
  state.stopTimer(call, 'dial');
  dissolve(state, call);
  life.leg = 'none';
  call.playback = null;
  call.phase = 'promised';
  state.touch(call);
  const policy = policyOf(state, call);
  if (life.attempts >= policy.attempts) {
    endPromise(state, call, 'gaveUp', null);
    return;
  }
  const untilMs = nextOpening(state, policy, state.nowMs + policy.retryAfterMs, life.expiresAtMs);
  state.decide({ kind: 'promiseRests', callId: call.callId, untilMs: untilMs ?? life.expiresAtMs });
}

function tellAttempt(state: CallState, call: CallRecord, result: CallbackAttemptResult): void {
  const life = call.callback;
  if (!life || life.dialledAtMs === null || !call.queueId) return;
  const ringMs = state.nowMs - life.dialledAtMs;
  life.dialledAtMs = null;
  const { callId, queueId } = call;
  state.facts.push({ kind: 'callbackAttempted', callId, queueId, attempt: life.attempts, result, ringMs });
}

/** Caller and agent hear each other: the promise is kept. */
export function promiseKept(state: CallState, call: CallRecord): void {
  if (call.callback?.outcome !== null) return;
  tellAttempt(state, call, 'connected');
  endPromise(state, call, 'reached', null);
}

export function promiseExpired(state: CallState, call: CallRecord): void {
  // Who is on the line already is served.
  if (call.callback?.outcome === null && call.callback.leg !== 'up') endPromise(state, call, 'expired', null);
}

/** A supervisor takes a promise back. */
export function cancelCallback(state: CallState, callbackId: CallId, by: string): Refusal | null {
  const call = state.calls.get(callbackId);
  if (call?.callback?.outcome !== null) return { id: 'no-such-callback', message: `there is no open callback ${callbackId}` };
  if (call.callback.leg === 'up') return { id: 'callback-under-way', message: 'the caller is on the line already' };
  endPromise(state, call, 'cancelled', by);
  return null;
}

/** A caller with an open promise has come in by himself: the live call takes the place. Its time of entry, or null without a promise. */
export function mergePromise(state: CallState, call: CallRecord, queueId: QueueId): Ms | null {
  const number = call.callback ? null : dialable(call.ani);
  if (number === null) return null;
  for (const promised of openPromises(state, queueId)) {
    if (promised.callback?.leg === 'up' || !isSameNumber(state, promised, number)) continue;
    const enteredAtMs = promised.callback?.enteredAtMs ?? null;
    endPromise(state, promised, 'merged', call.callId);
    return enteredAtMs;
  }
  return null;
}

function endPromise(state: CallState, call: CallRecord, outcome: CallbackOutcome, by: string | null): void {
  const life = call.callback;
  if (!life || life.outcome !== null || !call.queueId) return;
  if (outcome !== 'reached') tellAttempt(state, call, 'calledOff');
  life.outcome = outcome;
  for (const purpose of ['expire', 'dial']) state.stopTimer(call, purpose);
  state.touch(call);
  const { callId, queueId } = call;
  const agentId = outcome === 'reached' ? (offerOf(state.engine.call(callId))?.agentId ?? null) : null;
  const waitMs = state.nowMs - life.enteredAtMs;
  state.facts.push({ kind: 'callbackEnded', callId, queueId, outcome, attempts: life.attempts, waitMs, agentId, by });
  if (outcome === 'reached') return;
  state.decide({ kind: 'promiseOver', callId });
  if (life.leg === 'none') conclude(state, call, 'notReached', 'system');
  else leave(state, call, 'normal');
}

/** A leg of the caller should be on the switch. */
export const expectsCallerLeg = (call: CallRecord): boolean => call.phase !== 'promised' || call.callback?.leg !== 'none';

/** After a (re)connect: what the switch did for a promise while nobody heard. */
export function reassertPromise(state: CallState, call: CallRecord, legs: ReadonlyMap<LegId, LegSnapshot>): void {
  const life = call.callback;
  const leg = legs.get(call.legId);
  if (!life) return;
  if (life.leg === 'none' && leg) {
    state.tell(call.switchId, { kind: 'hangUp', callId: call.callId, legId: call.legId, cause: 'normal' });
  }
  const queued = state.engine.call(call.callId);
  const pickedUp = queued?.offers.find(({ offerId }) => legs.get(legOfOffer(offerId))?.state === 'up');
  if (queued?.phase === 'offered' && pickedUp) {
    state.decide({ kind: 'offerPickedUp', offerId: pickedUp.offerId });
  } else if (queued?.phase === 'connecting' && life.leg === 'none') dialCaller(state, call);
  if (life.leg === 'dialling' && leg?.state === 'up') {
    calledPersonAnswered(state, { kind: 'legAnswered', switchId: call.switchId, legId: call.legId });
  }
}
