import type { BlockReason } from '../base/facts.js';
import type { Refusal } from '../base/result.js';
import type { QueuedCall } from './entities.js';
import { eligibleFor, reasonToBlock, requirementOf } from './entry.js';
import type { AcdEvent } from './events.js';
import { placeAgent, placeCaller, ringMore } from './matching.js';
import { endOffers } from './offers.js';
import { moveCall } from './overflow.js';
import type { AcdState } from './state.js';
import { forgetWish } from './wishes.js';

/** What a supervisor may do with a waiting call: change what it is worth or what it needs, take it to another queue, give it to an agent. */

const no = (id: string, message: string): Refusal => ({ id, message });

const BLOCKED: Record<Exclude<BlockReason, 'noSuchQueue'>, Refusal> = {
  queueFull: no('queue-full', 'that queue is full'),
  queueClosed: no('queue-closed', 'that queue is closed'),
  noAgents: no('no-agents', 'no agent can serve this call there'),
};

export function reprioritise(state: AcdState, event: Extract<AcdEvent, { kind: 'reprioritise' }>): Refusal | null {
  const found = waitingCall(state, event.callId);
  if ('refusal' in found) return found.refusal;
  const { call } = found;
  const queue = state.queueOf(call);
  const target = event.queueId === undefined ? queue : state.queue(event.queueId);
  if (!target) return no('no-such-queue', `there is no queue ${event.queueId}`);
  if (event.priority !== undefined && !Number.isSafeInteger(event.priority))
    return no('bad-priority', 'a priority is a whole number');
  const skills = event.skills ?? call.skills;
  const blocked = target === queue ? null : reasonToBlock(state, target, skills);
  if (blocked) return BLOCKED[blocked];
  if (!state.eligibility.isPossible(target, skills)) return BLOCKED.noAgents;
  // Phones that ring for what the call needed before are called off.
  const freed = target !== queue || event.skills !== undefined ? endOffers(state, call, 'calledOff') : [];
  state.eligibility.removeCall(queue, call);
  state.placesOf(queue).delete(call);
  call.lane = event.lane ?? call.lane;
  call.priority = event.priority ?? call.priority;
  call.skills = skills;
  state.touchedCalls.add(call.callId);
  state.facts.push({
    kind: 'callReprioritised',
    callId: call.callId,
    queueId: queue.id,
    lane: call.lane,
    priority: call.priority,
    requirement: requirementOf(state, queue, call),
    by: event.by,
    eligible: eligibleFor(state, queue, call),
  });
  if (target !== queue) moveCall(state, call, target);
  else placeAgain(state, call);
  for (const agent of freed) placeAgent(state, agent);
  return null;
}

function placeAgain(state: AcdState, call: QueuedCall): void {
  if (call.offers.length === 0) return placeCaller(state, call);
  state.placesOf(state.queueOf(call)).add(call);
  ringMore(state, call);
}

/** The call is offered to this agent as soon as the agent can be rung, before all others; skills do not count. A supervisor pulls a call by being that agent. */
export function assign(state: AcdState, event: Extract<AcdEvent, { kind: 'assign' }>): Refusal | null {
  const found = waitingCall(state, event.callId);
  if ('refusal' in found) return found.refusal;
  const { call } = found;
  const agent = state.agents.get(event.agentId);
  if (!agent || !state.agentConfig(event.agentId)) return no('no-such-agent', `there is no agent ${event.agentId}`);
  if (agent.status === 'loggedOut') return no('agent-not-signed-in', `agent ${event.agentId} is not signed in`);
  const [only, ...others] = call.offers;
  if (only?.agentId === event.agentId && others.length === 0) return null;
  const freed = endOffers(state, call, 'calledOff');
  state.eligibility.removeCall(state.queueOf(call), call);
  forgetWish(state, call);
  call.waitsFor = { agentId: event.agentId, because: 'assigned', untilMs: null, by: event.by };
  placeCaller(state, call);
  for (const each of freed) placeAgent(state, each);
  return null;
}

function waitingCall(state: AcdState, callId: QueuedCall['callId']): { call: QueuedCall } | { refusal: Refusal } {
  const call = state.calls.get(callId);
  if (!call) return { refusal: no('no-such-call', 'no such call waits') };
  if (call.phase === 'waiting' || call.phase === 'offered') return { call };
  const message =
    call.phase === 'resting' ? 'nobody is on the line: the caller will be called back' : 'the call is with an agent';
  return { refusal: no('call-not-waiting', message) };
}
