import type { Decision } from '../base/facts.js';
import { asId, type OfferId } from '../base/ids.js';
import { invariant } from '../base/result.js';
import { byEntry } from './caller-order.js';
import type { QueueConfig } from './config.js';
import type { Agent, QueuedCall } from './entities.js';
import { chooseAgent, chooseCaller, meantFor } from './selection.js';
import type { AcdState } from './state.js';
import { forgetWish, keepsWaitingFor, wishedAgent } from './wishes.js';

/** Brings callers and agents together. Every path that makes a caller wait or an agent free ends in one of these functions. */

/** Phones that ring for one caller of a `ring-all` queue that does not say how many. */
const RING_ALL_AT_ONCE = 5;

/** A caller waits (newly, again after an unanswered offer, or with a relaxed requirement): offer to an agent now, or stand in line. */
export function placeCaller(state: AcdState, call: QueuedCall): void {
  const queue = state.queueOf(call);
  invariant(call.offers.length === 0, `call ${call.callId} waits and is offered`);
  call.phase = 'waiting';
  state.touchedCalls.add(call.callId);
  state.placesOf(queue).add(call);
  if (call.waitsFor) {
    const agent = mayOffer(state) ? wishedAgent(state, queue, call) : null;
    if (agent) return offer(state, call, agent, meantFor(state.eligibility, queue, call, state.nowMs));
    if (keepsWaitingFor(state, queue, call)) return state.eligibility.addCall(queue, call);
  }
  askAgents(state, queue, call);
}

/** Some phones still ring for a `ring-all` caller, or more agents may serve than before: ring as many more as there is room for. */
export function ringMore(state: AcdState, call: QueuedCall): void {
  const queue = state.queueOf(call);
  if (call.phase !== 'offered' || queue.agents.choose !== 'ring-all') return;
  state.eligibility.removeCall(queue, call);
  askAgents(state, queue, call);
}

/** Rings the first agent of the queue's order; for `ring-all` as many as there is room for. Whoever wants more than there are stands in line. */
function askAgents(state: AcdState, queue: QueueConfig, call: QueuedCall): void {
  const atOnce = queue.agents.choose === 'ring-all' ? (queue.agents.offersAtOnce ?? RING_ALL_AT_ONCE) : 1;
  while (call.offers.length < atOnce && mayOffer(state)) {
    const choice = chooseAgent(state.eligibility, queue, call, state.nowMs, state.config.seed ?? '');
    if (!choice) break;
    offer(state, call, state.agents.get(choice.agentId) as Agent, choice.why);
  }
  if (call.offers.length < atOnce) state.eligibility.addCall(queue, call);
}

/** An agent may have become able to serve: give them the best caller, or list them as available. Harmless when they cannot serve. */
export function placeAgent(state: AcdState, agent: Agent): void {
  if (!state.canServe(agent) || state.eligibility.isAvailable(agent.agentId)) return;
  const config = state.agentConfig(agent.agentId);
  const choice = config && mayOffer(state) ? chooseCaller(state.eligibility, config, state.nowMs) : null;
  if (!choice) {
    state.eligibility.add(agent);
    return;
  }
  const { call } = choice;
  const queue = state.queueOf(call);
  state.eligibility.removeCall(queue, call);
  forgetGrace(state, call);
  offer(state, call, agent, choice.why);
  if (queue.agents.choose === 'ring-all') askAgents(state, queue, call);
}

/** Dispatching begins again: everybody who can be matched is matched, in the order of entry. */
export function matchAll(state: AcdState): void {
  const waiting = [...state.calls.values()].filter((call) => call.phase === 'waiting').sort(byEntry);
  const agents = [...state.agents.values()].filter((agent) => state.eligibility.isAvailable(agent.agentId));
  if (waiting.length === 0 || agents.length === 0) return;
  agents.sort((a, b) => a.idleSinceMs - b.idleSinceMs || (a.agentId < b.agentId ? -1 : 1));
  for (const agent of agents) matchAgent(state, agent);
}

/** An available agent is looked at again: somebody may wait whom this agent can serve now. */
export function matchAgent(state: AcdState, agent: Agent): void {
  state.eligibility.remove(agent.agentId);
  placeAgent(state, agent);
}

/** What an event has left to be done once it is over: callers whose agent went away are freed, and offers that had to wait for the limit are made. */
export function catchUp(state: AcdState): void {
  for (const agentId of state.leftService) {
    state.leftService.delete(agentId);
    for (const call of state.eligibility.waitingFor(agentId)) {
      state.eligibility.removeCall(state.queueOf(call), call);
      placeCaller(state, call);
    }
  }
  while (state.heldBack && mayOffer(state)) {
    const agentId = state.eligibility.somebodyWithWork();
    if (!agentId) {
      state.heldBack = false;
      return;
    }
    matchAgent(state, state.agents.get(agentId) as Agent);
  }
}

/** Nobody waits for a certain agent any more: anybody may serve the caller. */
export function graceOver(state: AcdState, call: QueuedCall): void {
  const waiting = call.phase === 'waiting';
  if (waiting) state.eligibility.removeCall(state.queueOf(call), call);
  forgetWish(state, call);
  if (waiting) placeCaller(state, call);
}

function forgetGrace(state: AcdState, call: QueuedCall): void {
  if (call.waitsFor) state.stopCallTimer(call, 'grace');
}

/** False while the switch is away, or while as many offers are under way as the domain allows. */
function mayOffer(state: AcdState): boolean {
  const limit = state.config.offersAtOnce ?? 0;
  if (limit > 0 && state.offersUnderWay >= limit) {
    state.heldBack = true;
    return false;
  }
  return state.dispatching;
}

/** Reserves the agent and rings the phone. The reservation is in the state before anything rings. */
function offer(state: AcdState, call: QueuedCall, agent: Agent, why: Decision): void {
  invariant(state.canServe(agent), `agent ${agent.agentId} was chosen but cannot serve`);
  const queue = state.queueOf(call);
  const offerId = asId<OfferId>(`${call.callId}-${call.stay ? `q${call.stay}` : ''}a${++call.offerCount}`);
  state.eligibility.remove(agent.agentId);
  call.phase = 'offered';
  call.offers.push({ offerId, agentId: agent.agentId, offeredAtMs: state.nowMs });
  state.offers.set(offerId, { callId: call.callId, agentId: agent.agentId });
  state.offersUnderWay++;
  agent.offerId = offerId;
  agent.offerTurn = ++state.offerTurn;
  state.setLeg(agent, offerId);
  agent.callId = call.callId;
  agent.queueId = queue.id;
  state.touchedCalls.add(call.callId);
  state.facts.push({
    kind: 'callOffered',
    callId: call.callId,
    queueId: queue.id,
    offerId,
    agentId: agent.agentId,
    waitedMs: state.nowMs - call.queuedAtMs,
    why,
  });
  state.setAgentState(agent, 'ringing', call.callId);
  state.startCallTimer(call, ringTimer(offerId), state.nowMs + queue.agents.ringMs);
  state.actions.push({
    kind: 'ring',
    callId: call.callId,
    queueId: queue.id,
    agentId: agent.agentId,
    offerId,
    phone: agent.phone as string,
    ringMs: queue.agents.ringMs,
    autoAnswer: queue.agents.autoAnswer === true || state.agentConfig(agent.agentId)?.autoAnswer === true,
  });
}

/** Each offer has a ring timer of its own: `ring-a2`. */
export const ringTimer = (offerId: OfferId): string => `ring${offerId.slice(offerId.lastIndexOf('-'))}`;
