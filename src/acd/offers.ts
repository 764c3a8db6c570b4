import type { EndedBy, OfferCause, OfferOutcome } from '../base/facts.js';
import type { CallId, OfferId } from '../base/ids.js';
import { SECOND } from '../base/time.js';
import { noteServed } from './callback.js';
import type { Agent, QueuedCall } from './entities.js';
import { endOfStay } from './entry.js';
import { placeAgent, placeCaller } from './matching.js';
import type { AcdState } from './state.js';

/** An offer from the first ring to the end of the talk. Whatever comes for an offer that is no more is stale: counted and ignored. */

/** An answer must become a connection within this; else the offer has failed on our side. */
const CONNECT_WITHIN_MS = 5 * SECOND;
/** A switch that does not report the end of an agent's leg within this is taken at its word's absence: the leg is gone. */
const LEG_GONE_WITHIN_MS = 5 * SECOND;

const OUTCOME_OF: Record<OfferCause, OfferOutcome> = {
  answered: 'accepted',
  busy: 'failed',
  declined: 'declined',
  noAnswer: 'noAnswer',
  unreachable: 'failed',
  switchError: 'failed',
  legLost: 'failed',
  callerLeft: 'withdrawn',
  agentLeft: 'withdrawn',
  calledOff: 'withdrawn',
};

interface LiveOffer {
  readonly call: QueuedCall;
  readonly agent: Agent;
  readonly offer: NonNullable<QueuedCall['offer']>;
}

function liveOffer(state: AcdState, offerId: OfferId): LiveOffer | null {
  const ids = state.offers.get(offerId);
  const call = ids && state.calls.get(ids.callId);
  const agent = ids && state.agents.get(ids.agentId);
  if (!call || !agent || call.offer?.offerId !== offerId) {
    state.stale++;
    return null;
  }
  return { call, agent, offer: call.offer };
}

export function offerPickedUp(state: AcdState, offerId: OfferId): void {
  const live = liveOffer(state, offerId);
  if (!live) return;
  const { call, agent } = live;
  if (call.phase !== 'offered') {
    state.stale++;
    return;
  }
  call.phase = 'connecting';
  agent.phoneFailures = 0;
  state.touchedAgents.add(agent.agentId);
  state.stopCallTimer(call, 'ring');
  state.startCallTimer(call, 'connect', state.nowMs + CONNECT_WITHIN_MS + (call.callback?.dialMs ?? 0));
  state.actions.push({ kind: 'connect', offerId, callId: call.callId, agentId: agent.agentId });
}

export function offerConnected(state: AcdState, offerId: OfferId): void {
  const live = liveOffer(state, offerId);
  if (!live) return;
  const { call, agent, offer } = live;
  // A connection that is made again after a controller's death is said twice.
  if (call.phase !== 'connecting') {
    state.stale++;
    return;
  }
  state.stopCallTimer(call, 'connect');
  state.stopCallTimer(call, 'maxWait');
  state.stopCallTimer(call, 'announce');
  state.stopCallTimer(call, 'relax');
  state.stopCallTimer(call, 'overflow');
  state.placesOf(state.queueOf(call)).delete(call);
  endOfStay(state, state.queueOf(call), call, 'answered');
  call.phase = 'talking';
  agent.answered++;
  state.touchedAgents.add(agent.agentId);
  call.talk = { answeredAtMs: state.nowMs, holdMs: 0, heldSinceMs: null };
  state.touchedCalls.add(call.callId);
  const ids = { callId: call.callId, queueId: call.queueId, offerId, agentId: agent.agentId };
  state.facts.push({
    kind: 'offerEnded',
    ...ids,
    outcome: 'accepted',
    cause: 'answered',
    ringMs: state.nowMs - offer.offeredAtMs,
  });
  if (!call.callback) state.facts.push({ kind: 'callAnswered', ...ids, waitMs: state.nowMs - call.queuedAtMs });
  noteServed(state, call);
  state.setAgentState(agent, 'talking', call.callId);
}

/** The offer ends without a talk; the caller, if still there, keeps the place. `withdrawLeg` false when the leg is known to be gone. */
export function offerFailed(state: AcdState, offerId: OfferId, cause: OfferCause, withdrawLeg: boolean): void {
  const live = liveOffer(state, offerId);
  if (!live || live.call.phase === 'talking') {
    if (live) state.stale++;
    return;
  }
  endOffer(state, live, cause, withdrawLeg);
  if (live.call.phase === 'offered' || live.call.phase === 'connecting') placeCaller(state, live.call);
  placeAgent(state, live.agent);
}

/** Takes the agent out of the offer and judges the failure. Does not look for another match. */
export function endOffer(state: AcdState, live: LiveOffer, cause: OfferCause, withdrawLeg: boolean): void {
  const { call, agent, offer } = live;
  state.stopCallTimer(call, 'ring');
  state.stopCallTimer(call, 'connect');
  state.facts.push({
    kind: 'offerEnded',
    callId: call.callId,
    queueId: call.queueId,
    offerId: offer.offerId,
    agentId: agent.agentId,
    outcome: OUTCOME_OF[cause],
    cause,
    ringMs: state.nowMs - offer.offeredAtMs,
  });
  call.offer = null;
  state.offers.delete(offer.offerId);
  state.touchedCalls.add(call.callId);
  agent.offerId = null;
  agent.callId = null;
  agent.queueId = null;
  state.touchedAgents.add(agent.agentId);
  judgePhone(state, agent, cause);
  state.setAgentState(agent, 'idle', null);
  if (withdrawLeg) withdrawAgentLeg(state, agent, offer.offerId, call.callId);
}

/** Hangs up the agent's leg, or stops its ringing; the phone is free when the switch says that the leg is gone. */
function withdrawAgentLeg(state: AcdState, agent: Agent, offerId: OfferId, callId: CallId): void {
  if (agent.legOf !== offerId) return;
  state.actions.push({ kind: 'withdraw', offerId, callId });
  state.startAgentTimer(agent, 'legGone', state.nowMs + LEG_GONE_WITHIN_MS);
}

/** Rona takes the agent out of service; a phone that is busy or cannot be reached gets a rest, and after several in a row is taken out too. */
function judgePhone(state: AcdState, agent: Agent, cause: OfferCause): void {
  if (cause === 'noAnswer') {
    if (agent.status === 'ready') state.setAgentStatus(agent, 'notReady', 'rona', 'system');
    return;
  }
  const rests = state.config.backOffMs;
  const restMs =
    cause === 'busy' ? rests.busy : cause === 'declined' ? rests.declined : isPhoneFault(cause) ? rests.unreachable : 0;
  if (restMs === 0) return;
  if (cause !== 'declined' && ++agent.phoneFailures >= state.config.phoneFailuresAllowed && agent.status === 'ready') {
    agent.phoneFailures = 0;
    state.setAgentStatus(agent, 'notReady', 'phoneFailed', 'system');
    return;
  }
  agent.backOffUntilMs = state.nowMs + restMs;
  state.facts.push({ kind: 'agentBackedOff', agentId: agent.agentId, cause, untilMs: agent.backOffUntilMs });
  state.startAgentTimer(agent, 'backOff', agent.backOffUntilMs);
}

const isPhoneFault = (cause: OfferCause): boolean => cause === 'unreachable' || cause === 'switchError';

/** The agent's leg is no more: the phone may ring again. */
export function agentLegGone(state: AcdState, offerId: OfferId): void {
  const agentId = state.legs.get(offerId);
  const agent = agentId && state.agents.get(agentId);
  if (!agent) {
    state.stale++;
    return;
  }
  state.setLeg(agent, null);
  state.stopAgentTimer(agent, 'legGone');
  placeAgent(state, agent);
}

export function talkEnded(state: AcdState, callId: CallId, endedBy: EndedBy): void {
  const call = state.calls.get(callId);
  if (!call || call.phase !== 'talking' || !call.talk || !call.offer) {
    state.stale++;
    return;
  }
  const agent = state.agents.get(call.offer.agentId);
  const { offerId } = call.offer;
  const heldMs = call.talk.holdMs + (call.talk.heldSinceMs === null ? 0 : state.nowMs - call.talk.heldSinceMs);
  state.facts.push({
    kind: 'talkEnded',
    callId,
    queueId: call.queueId,
    agentId: call.offer.agentId,
    talkMs: state.nowMs - call.talk.answeredAtMs - heldMs,
    holdMs: heldMs,
    endedBy,
  });
  const room = state.roomOf(state.queueOf(call));
  room.learnTalk(state.nowMs - call.talk.answeredAtMs);
  state.touchRoom(room);
  forgetCall(state, call);
  if (!agent) return;
  agent.offerId = null;
  agent.callId = null;
  state.touchedAgents.add(agent.agentId);
  if (endedBy !== 'agent') withdrawAgentLeg(state, agent, offerId, callId);
  startWrapUp(state, agent, call);
}

/** Removes every trace of the call from the engine. */
export function forgetCall(state: AcdState, call: QueuedCall): void {
  for (const purpose of Object.keys(call.timers)) state.stopCallTimer(call, purpose);
  const queue = state.queueOf(call);
  state.placesOf(queue).delete(call);
  state.roomOf(queue).entries.delete(call);
  if (call.phase === 'waiting') state.eligibility.removeCall(queue, call);
  if (call.offer) state.offers.delete(call.offer.offerId);
  state.calls.delete(call.callId);
  state.touchedCalls.add(call.callId);
}

function startWrapUp(state: AcdState, agent: Agent, call: QueuedCall): void {
  const { wrapUpMs } = state.queueOf(call).agents;
  if (wrapUpMs === 0) {
    becomeIdle(state, agent);
    return;
  }
  agent.wrapUp = { callId: call.callId, queueId: call.queueId, startedAtMs: state.nowMs };
  state.setAgentState(agent, 'wrapUp', call.callId);
  state.startAgentTimer(agent, 'wrapUp', state.nowMs + wrapUpMs);
  state.facts.push({
    kind: 'wrapUpStarted',
    agentId: agent.agentId,
    callId: call.callId,
    queueId: call.queueId,
    untilMs: state.nowMs + wrapUpMs,
  });
}

export function endWrapUp(state: AcdState, agent: Agent, endedBy: 'timer' | 'agent' | 'system'): void {
  if (!agent.wrapUp) return;
  state.stopAgentTimer(agent, 'wrapUp');
  const { callId, queueId, startedAtMs } = agent.wrapUp;
  agent.wrapUp = null;
  state.facts.push({
    kind: 'wrapUpEnded',
    agentId: agent.agentId,
    callId,
    queueId,
    wrapUpMs: state.nowMs - startedAtMs,
    endedBy,
  });
  const room = state.rooms.get(queueId);
  if (room) {
    room.learnWrapUp(state.nowMs - startedAtMs);
    state.touchRoom(room);
  }
  becomeIdle(state, agent);
}

/** Work is over: the place in the order of longest idle starts here. */
function becomeIdle(state: AcdState, agent: Agent): void {
  agent.idleSinceMs = state.nowMs;
  agent.queueId = null;
  if (agent.status === 'loggedOut') agent.phone = null;
  state.setAgentState(agent, 'idle', null);
  state.touchedAgents.add(agent.agentId);
  placeAgent(state, agent);
}
