import type { Decision } from '../base/facts.js';
import { asId, type OfferId } from '../base/ids.js';
import { invariant } from '../base/result.js';
import { byEntry } from './caller-order.js';
import type { Agent, QueuedCall } from './entities.js';
import { chooseAgent, chooseCaller } from './selection.js';
import type { AcdState } from './state.js';

/** Brings callers and agents together. Every path that makes a caller wait or an agent free ends in one of these two functions. */

/** A caller waits (newly, again after an unanswered offer, or with a relaxed requirement): offer to an agent now, or stand in line. */
export function placeCaller(state: AcdState, call: QueuedCall): void {
  const queue = state.queueOf(call);
  call.phase = 'waiting';
  call.offer = null;
  state.touchedCalls.add(call.callId);
  state.placesOf(queue).add(call);
  const choice = state.dispatching ? chooseAgent(state.eligibility, queue, call, state.nowMs, state.config.seed ?? '') : null;
  if (choice) offer(state, call, state.agents.get(choice.agentId) as Agent, choice.why);
  else state.eligibility.addCall(queue, call);
}

/** An agent may have become able to serve: give them the best caller, or list them as available. Harmless when they cannot serve. */
export function placeAgent(state: AcdState, agent: Agent): void {
  if (!state.canServe(agent) || state.eligibility.isAvailable(agent.agentId)) return;
  const config = state.agentConfig(agent.agentId);
  const choice = state.dispatching && config ? chooseCaller(state.eligibility, config, state.nowMs) : null;
  if (!choice) {
    state.eligibility.add(agent);
    return;
  }
  state.eligibility.removeCall(state.queueOf(choice.call), choice.call);
  offer(state, choice.call, agent, choice.why);
}

/** Dispatching begins again: everybody who can be matched is matched, in the order of entry. */
export function matchAll(state: AcdState): void {
  const waiting = [...state.calls.values()].filter((call) => call.phase === 'waiting').sort(byEntry);
  const agents = [...state.agents.values()].filter((agent) => state.eligibility.isAvailable(agent.agentId));
  if (waiting.length === 0 || agents.length === 0) return;
  agents.sort((a, b) => a.idleSinceMs - b.idleSinceMs || (a.agentId < b.agentId ? -1 : 1));
  for (const agent of agents) {
    state.eligibility.remove(agent.agentId);
    placeAgent(state, agent);
  }
}

/** Reserves the agent and rings the phone. The reservation is in the state before anything rings. */
function offer(state: AcdState, call: QueuedCall, agent: Agent, why: Decision): void {
  invariant(state.canServe(agent), `agent ${agent.agentId} was chosen but cannot serve`);
  invariant(call.offer === null, `call ${call.callId} is offered twice`);
  const queue = state.queueOf(call);
  const offerId = asId<OfferId>(`${call.callId}-a${++call.offerCount}`);
  state.eligibility.remove(agent.agentId);
  call.phase = 'offered';
  call.offer = { offerId, agentId: agent.agentId, offeredAtMs: state.nowMs };
  state.offers.set(offerId, { callId: call.callId, agentId: agent.agentId });
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
    waitedMs: state.nowMs - call.enteredAtMs,
    why,
  });
  state.setAgentState(agent, 'ringing', call.callId);
  state.startCallTimer(call, 'ring', state.nowMs + queue.agents.ringMs);
  state.actions.push({
    kind: 'ring',
    callId: call.callId,
    queueId: queue.id,
    agentId: agent.agentId,
    offerId,
    phone: agent.phone as string,
    ringMs: queue.agents.ringMs,
  });
}
