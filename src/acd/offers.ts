import type { EndedBy, OfferCause, OfferOutcome } from '../base/facts.js';
import type { CallId, OfferId } from '../base/ids.js';
import { type Ms, SECOND } from '../base/time.js';
import type { AcdConfig } from './config.js';
import { type Agent, findOffer, type Offer, offerOf, type QueuedCall } from './entities.js';
import { endOfStay } from './entry.js';
import { placeAgent, placeCaller, ringMore, ringTimer } from './matching.js';
import type { AcdState } from './state.js';
import { forgetWish, rememberCaller } from './wishes.js';

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
  readonly offer: Offer;
}

function liveOffer(state: AcdState, offerId: OfferId): LiveOffer | null {
  const ids = state.offers.get(offerId);
  const call = ids && state.calls.get(ids.callId);
  const agent = ids && state.agents.get(ids.agentId);
  const offer = findOffer(call, offerId);
  if (!call || !agent || !offer) {
    state.stale++;
    return null;
  }
  return { call, agent, offer };
}

export function offerPickedUp(state: AcdState, offerId: OfferId): void {
  const live = liveOffer(state, offerId);
  if (!live) return;
  const { call, agent, offer } = live;
  if (call.phase !== 'offered') {
    state.stale++;
    return;
  }
  state.eligibility.removeCall(state.queueOf(call), call);
  call.phase = 'connecting';
  agent.phoneFailures = 0;
  state.touchedAgents.add(agent.agentId);
  state.stopCallTimer(call, ringTimer(offerId));
  state.startCallTimer(call, 'connect', state.nowMs + CONNECT_WITHIN_MS + (call.callback?.dialMs ?? 0));
  state.actions.push({ kind: 'connect', offerId, callId: call.callId, agentId: agent.agentId });
  // The other phones that rang for the same caller; one that is picked up in this moment is told that nobody waits for it.
  const others = call.offers.filter((each) => each !== offer);
  const called = others.flatMap((each) => {
    const other = state.agents.get(each.agentId);
    if (other) endOffer(state, { call, agent: other, offer: each }, 'calledOff', true);
    return other ?? [];
  });
  for (const other of called) placeAgent(state, other);
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
  forgetWish(state, call);
  state.offersUnderWay--;
  state.stopCallTimer(call, 'maxWait');
  state.stopCallTimer(call, 'announce');
  state.stopCallTimer(call, 'relax');
  state.stopCallTimer(call, 'overflow');
  state.placesOf(state.queueOf(call)).delete(call);
  endOfStay(state, state.queueOf(call), call, 'answered');
  call.phase = 'talking';
  agent.answered++;
  rememberCaller(state, agent, call);
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
  state.servedAt.set(call.queueId, state.nowMs);
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
  if (live.call.offers.length > 0) ringMore(state, live.call);
  else if (live.call.phase === 'offered' || live.call.phase === 'connecting') {
    // A `ring-all` caller stood in line for more phones while the last of them rang.
    state.eligibility.removeCall(state.queueOf(live.call), live.call);
    placeCaller(state, live.call);
  }
  placeAgent(state, live.agent);
}

/** Ends all offers of a call that are under way. Whoever calls this finds new work for the agents who are returned. */
export function endOffers(state: AcdState, call: QueuedCall, cause: OfferCause): Agent[] {
  if (call.offers.length > 0) state.eligibility.removeCall(state.queueOf(call), call);
  return [...call.offers].flatMap((offer) => {
    const agent = state.agents.get(offer.agentId);
    if (agent) endOffer(state, { call, agent, offer }, cause, true);
    return agent ?? [];
  });
}

/** Takes the agent out of the offer and judges the failure. Does not look for another match. */
export function endOffer(state: AcdState, live: LiveOffer, cause: OfferCause, withdrawLeg: boolean): void {
  const { call, agent, offer } = live;
  state.stopCallTimer(call, ringTimer(offer.offerId));
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
  call.offers = call.offers.filter((each) => each !== offer);
  state.offers.delete(offer.offerId);
  state.offersUnderWay--;
  if (call.waitsFor?.agentId === agent.agentId) forgetWish(state, call);
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
  if (cause === 'noAnswer' && state.config.rona !== 'backOff') {
    if (agent.status === 'ready') state.setAgentStatus(agent, 'notReady', 'rona', 'system');
    return;
  }
  const rests = state.config.backOffMs;
  const restMs = restFor(cause, rests);
  if (restMs === 0) return;
  if (isPhoneFault(cause) && ++agent.phoneFailures >= state.config.phoneFailuresAllowed && agent.status === 'ready') {
    agent.phoneFailures = 0;
    state.setAgentStatus(agent, 'notReady', 'phoneFailed', 'system');
    return;
  }
  agent.backOffUntilMs = state.nowMs + restMs;
  state.facts.push({ kind: 'agentBackedOff', agentId: agent.agentId, cause, untilMs: agent.backOffUntilMs });
  state.startAgentTimer(agent, 'backOff', agent.backOffUntilMs);
}

/** The phone's own fault, unlike an agent who declines or does not answer. */
const isPhoneFault = (cause: OfferCause): boolean => cause === 'busy' || cause === 'unreachable' || cause === 'switchError';

function restFor(cause: OfferCause, rests: AcdConfig['backOffMs']): Ms {
  switch (cause) {
    case 'busy':
      return rests.busy;
    case 'declined':
      return rests.declined;
    case 'noAnswer':
      return rests.noAnswer ?? 0;
    case 'unreachable':
    case 'switchError':
      return rests.unreachable;
    default:
      return 0;
  }
}

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
  const offer = offerOf(call);
  if (call?.phase !== 'talking' || !call.talk || !offer) {
    state.stale++;
    return;
  }
  const agent = state.agents.get(offer.agentId);
  const { offerId } = offer;
  const heldMs = call.talk.holdMs + (call.talk.heldSinceMs === null ? 0 : state.nowMs - call.talk.heldSinceMs);
  state.facts.push({
    kind: 'talkEnded',
    callId,
    queueId: call.queueId,
    agentId: offer.agentId,
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
  state.eligibility.removeCall(queue, call);
  for (const { offerId } of call.offers) state.offers.delete(offerId);
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
