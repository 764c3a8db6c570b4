import { z } from 'zod';
import type { RequirementExpression } from '../acd/config.js';
import { offerOf } from '../acd/entities.js';
import type { Lane } from '../acd/events.js';
import { asId, type CallId, isPlainId, type LegId } from '../base/ids.js';
import { agentLegAnswered, agentLegEnded, connect } from './agent-side.js';
import { expectsCallerLeg, reassertPromise } from './callback.js';
import { callerArrived, callerGone, newCall } from './caller-side.js';
import { type CallRecord, legOfOffer, offerOfLeg } from './entities.js';
import { beginFlow, callerKey, flowForNumber, nextStay, wait, walk } from './flow-walk.js';
import { settle } from './goodbye.js';
import { messageEndedUnheard, mustAskAgain } from './message.js';
import { recordingEnded, startRecording } from './recording.js';
import type { CallState } from './state.js';
import type { LegSnapshot, SwitchEvent, SwitchSnapshot } from './switch-events.js';
import { outsideLegEnded, reassertTransfer } from './transfer.js';

/**
 * Every (re)connect to a switch: what is there is compared with what we believe; missing events are made up for, and each call asks again
 * for what it needs now. Commands are idempotent, so asking twice is harmless; not asking is what loses callers.
 */

const UNHEARD = 'it ended while no controller was connected';

type SwitchUp = Extract<SwitchEvent, { kind: 'switchUp' }>;

export function resync(state: CallState, event: SwitchUp): void {
  const { snapshot, switchId } = event;
  state.facts.push({ kind: 'switchUp', switchId, detail: event.detail });
  const legs = new Map(snapshot.legs.map((leg) => [leg.legId, leg]));
  const known = [...state.calls.values()].filter((call) => call.switchId === switchId);
  const counts = { legsLost: 0, legsAdopted: 0, legsOrphaned: 0 };
  state.connected.add(switchId);
  forgetDesk(state, switchId);
  for (const call of known) counts.legsLost += mourn(state, call, legs, snapshot.restarted === true);
  for (const call of known) if (state.calls.has(call.callId)) reassert(state, call, legs, snapshot);
  for (const leg of snapshot.legs) {
    if (state.callers.has(leg.legId) || state.agentLegs.has(leg.legId) || state.outsideLegs.has(leg.legId)) continue;
    if (adopt(state, event, leg)) counts.legsAdopted++;
    else {
      counts.legsOrphaned++;
      state.tell(switchId, { kind: 'hangUp', callId: null, legId: leg.legId, cause: 'normal' });
    }
  }
  const wanted = new Set([...state.calls.values()].map((call) => call.bridge?.bridgeId));
  for (const bridge of snapshot.bridges) {
    if (!wanted.has(bridge.bridgeId)) state.tell(switchId, { kind: 'dissolve', callId: null, bridgeId: bridge.bridgeId });
  }
  state.facts.push({ kind: 'resynced', switchId, ...counts });
  state.decide({ kind: 'dispatch', on: true });
}

/** The end of a confirmation may have been missed: nobody would ever hang up that phone. What it asked for is done; the leg is taken down like a stranger's. */
function forgetDesk(state: CallState, switchId: string): void {
  for (const [legId, where] of state.deskLegs) if (where === switchId) state.deskLegs.delete(legId);
}

/** Legs that we believe in and that are not there: their end was not heard. Returns how many. */
function mourn(state: CallState, call: CallRecord, legs: ReadonlyMap<LegId, LegSnapshot>, restarted: boolean): number {
  let lost = 0;
  if (call.phase !== 'settling' && expectsCallerLeg(call) && !legs.has(call.legId)) {
    lost++;
    callerGone(state, call, 'lost', restarted);
  }
  for (const offerId of [...call.agentLegs]) {
    if (legs.has(legOfOffer(offerId))) continue;
    lost++;
    agentLegEnded(state, call, offerId, 'lost');
  }
  if (call.transfer && !legs.has(call.transfer.legId)) {
    lost++;
    outsideLegEnded(state, call, call.transfer.legId, 'lost');
  }
  return lost;
}

/** Asks again for all that the call needs at this moment. */
function reassert(state: CallState, call: CallRecord, legs: ReadonlyMap<LegId, LegSnapshot>, snapshot: SwitchSnapshot): void {
  const { switchId, callId, legId } = call;
  withdrawStrangers(state, call);
  if (call.transfer?.state === 'ending') reassertTransfer(state, call, call.transfer, legs, snapshot);
  if (call.recording && !snapshot.recordings.includes(call.recording.recordingId)) {
    recordingEnded(state, call, 0, true, UNHEARD);
  }
  const inherited = state.inherited.delete(callId);
  const isSaid = call.message && snapshot.recordings.includes(call.message.recordingId);
  if (call.message && !isSaid && (call.phase === 'settling' || !mustAskAgain(state, call))) {
    return messageEndedUnheard(state, call, UNHEARD);
  }
  if (call.phase === 'settling') return settle(state, call);
  const rings = legs.get(legId)?.state === 'ringing' && call.phase !== 'leaving' && call.phase !== 'promised';
  if (rings) state.tell(switchId, { kind: 'answer', callId, legId });
  switch (call.phase) {
    case 'leaving':
      state.tell(switchId, { kind: 'hangUp', callId, legId, cause: 'normal' });
      return;
    case 'flow':
      if (call.transfer && call.transfer.state !== 'ending') reassertTransfer(state, call, call.transfer, legs, snapshot);
      return reassertFlow(state, call, snapshot, inherited);
    case 'promised':
      return reassertPromise(state, call, legs);
    case 'queued':
      return reassertPlace(state, call, legs, snapshot);
    case 'talking': {
      const bridge = snapshot.bridges.find((each) => each.bridgeId === call.bridge?.bridgeId);
      const whole = bridge !== undefined && [legId, ...call.agentLegs].every((each) => bridge.legs.includes(asId<LegId>(each)));
      if (call.bridge && !whole) return connect(state, call, call.bridge.offerId);
      if (!call.recording) startRecording(state, call);
      return;
    }
  }
}

/** Asks the node again for what it waits for, where that will not come by itself: a prompt that has ended, keys or answers that another process had. */
function reassertFlow(state: CallState, call: CallRecord, snapshot: SwitchSnapshot, inherited: boolean): void {
  const { playback, flow } = call;
  const isOver = playback !== null && !snapshot.playbacks.includes(playback.playbackId);
  if (isOver) {
    call.playback = null;
    state.touch(call);
  }
  const comes = {
    play: !isOver,
    prompt: !isOver,
    key: !inherited,
    lookup: flow !== null && state.asking.get(call.callId) === flow.turn,
    message: call.message !== undefined,
    transfer: call.transfer !== undefined && call.transfer.state !== 'ending',
    queue: false,
    callback: false,
    ended: false,
  };
  if (!flow || !comes[flow.waitingFor]) walk(state, call, { kind: 'resumed' });
}

function reassertPlace(
  state: CallState,
  call: CallRecord,
  legs: ReadonlyMap<LegId, LegSnapshot>,
  snapshot: SwitchSnapshot,
): void {
  const queued = state.engine.call(call.callId);
  if (call.playback && !snapshot.playbacks.includes(call.playback.playbackId)) {
    call.playback = null;
    state.touch(call);
  }
  const offerId = offerOf(queued)?.offerId;
  if (queued?.phase === 'connecting' && offerId) return connect(state, call, offerId);
  wait(state, call);
  const pickedUp = queued?.offers.map((offer) => legs.get(legOfOffer(offer.offerId))).find((leg) => leg?.state === 'up');
  if (queued?.phase === 'offered' && pickedUp) {
    agentLegAnswered(state, { kind: 'legAnswered', switchId: call.switchId, legId: pickedUp.legId });
  }
}

/** Agents' legs whose offer is over: the command that should have ended them may not have been carried out. */
function withdrawStrangers(state: CallState, call: CallRecord): void {
  const live = state.engine.call(call.callId)?.offers.map(({ offerId }) => offerId) ?? [];
  if (live.length === 0 && call.bridge) live.push(call.bridge.offerId);
  for (const offerId of call.agentLegs) {
    if (live.includes(offerId)) continue;
    state.tell(call.switchId, { kind: 'hangUp', callId: call.callId, legId: legOfOffer(offerId), cause: 'normal' });
  }
}

/** What the call needs; see acd/requirement.ts. */
const Expression: z.ZodType<RequirementExpression> = z.lazy(() =>
  z.record(z.string(), z.union([z.int(), z.array(Expression).max(10)])),
);

/** What `remember` wrote on the caller's leg. It comes back from outside, so it is parsed like anything else from there. */
const Note = z.object({
  v: z.literal(1),
  c: z.string().refine(isPlainId),
  a: z.int().nonnegative(),
  f: z.string().nullable(),
  g: z.string().nullable(),
  q: z.string().optional(),
  e: z.int().nonnegative().optional(),
  w: z.int().nonnegative().optional(),
  l: z.enum(['ordinary', 'vip']).optional(),
  p: z.int().optional(),
  s: Expression.optional(),
  n: z.int().nonnegative().optional(),
});

/** A caller's leg that nobody knows: a new call that arrived while no controller was there, or one whose state was lost. */
function adopt(state: CallState, event: SwitchUp, leg: LegSnapshot): boolean {
  const { switchId } = event;
  const arrival = { kind: 'legArrived', switchId, ...leg } as const;
  const note = parseNote(leg.note);
  // An agent's phone that dialled a feature code, or a leg that we dialled for a call that is no more. Only somebody whom we called back and
  // who has been connected carries a note.
  if (leg.dnis.startsWith('*') || (leg.direction === 'outbound' && (!note || state.calls.has(asId<CallId>(note.c)))))
    return false;
  if (!note || state.calls.has(asId<CallId>(note.c))) {
    callerArrived(state, {
      kind: 'legArrived',
      switchId,
      legId: leg.legId,
      ani: leg.ani,
      aniName: leg.aniName,
      dnis: leg.dnis,
      note: null,
    });
    return state.callers.has(leg.legId);
  }
  const call = newCall(arrival, asId<CallId>(note.c), Math.min(note.a, state.nowMs), state.config.release);
  const program = flowForNumber(state, leg.dnis);
  state.add(call);
  state.facts.push({
    kind: 'callArrived',
    callId: call.callId,
    switchId,
    legId: leg.legId,
    ani: leg.ani,
    dnis: leg.dnis,
    flowId: program?.flowId ?? null,
  });
  const bridge = event.snapshot.bridges.find((each) => each.legs.includes(leg.legId));
  const agentLeg = bridge?.legs.find((each) => each !== leg.legId);
  if (bridge && agentLeg) {
    // A talk goes on undisturbed; who the agent is was lost with the state.
    call.phase = 'talking';
    call.answered = true;
    call.bridge = { bridgeId: bridge.bridgeId, offerId: offerOfLeg(agentLeg) };
    state.addAgentLeg(call, offerOfLeg(agentLeg));
    return true;
  }
  if (note.q !== undefined) requeue(state, call, { ...note, q: note.q });
  else if (program) beginFlow(state, call, program);
  return true;
}

function requeue(state: CallState, call: CallRecord, note: z.infer<typeof Note> & { q: string }): void {
  call.phase = 'queued';
  call.queueId = asId(note.q);
  // Legs of the stay that was forgotten may still be there.
  call.stays = note.n ?? 1;
  wait(state, call);
  state.decide({
    kind: 'enqueue',
    callId: call.callId,
    queueId: asId(note.q),
    lane: (note.l ?? 'ordinary') as Lane,
    priority: note.p ?? 0,
    skills: note.s ?? {},
    language: note.g ?? state.config.defaultLanguage,
    caller: callerKey(call.ani),
    enteredAtMs: note.e ?? state.nowMs,
    queuedAtMs: note.w ?? note.e ?? state.nowMs,
    stay: nextStay(call),
  });
}

function parseNote(text: string | null): z.infer<typeof Note> | null {
  if (!text) return null;
  try {
    const parsed = Note.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
