import type { AgentId } from '../base/ids.js';
import { hashText } from '../base/random.js';
import type { Ms } from '../base/time.js';
import type { QueueConfig } from './config.js';
import type { Agent, QueuedCall } from './entities.js';
import { satisfies } from './requirement.js';
import type { AcdState } from './state.js';

/**
 * A call that is meant for a certain agent: the flow prefers one, the customer has talked with one before, or a supervisor has assigned it.
 * While it waits for that agent nobody else is offered it. A wish ends when its grace is over, when the agent leaves service, or when an
 * offer to the agent fails; an assignment has no grace and ends only when the agent signs out or the offer fails.
 */

/** Callers that are remembered per agent. The oldest are forgotten first. */
const REMEMBERED = 64;

/** Whom a call that enters this queue is meant for, if anybody. */
export function wishFor(
  state: AcdState,
  queue: QueueConfig,
  call: QueuedCall,
  asked: { readonly preferred?: AgentId; readonly keptFor?: { readonly agentId: AgentId; readonly graceMs: Ms | null } },
): void {
  const { preferred = null, keptFor } = asked;
  const { preferredWaitMs = 0, lastAgent } = queue.agents;
  if (keptFor && state.agentConfig(keptFor.agentId)) {
    const { agentId, graceMs } = keptFor;
    call.waitsFor =
      graceMs === null
        ? { agentId, because: 'assigned', untilMs: null, by: 'flow' }
        : { agentId, because: 'preferred', untilMs: state.nowMs + graceMs, by: 'flow' };
    return;
  }
  if (preferred !== null && state.agentConfig(preferred)) {
    call.waitsFor = { agentId: preferred, because: 'preferred', untilMs: state.nowMs + preferredWaitMs, by: null };
    return;
  }
  const last = lastAgent && call.caller !== null ? state.lastAgents.get(keyOf(call.caller)) : undefined;
  if (!lastAgent || !last || state.nowMs - last.atMs > lastAgent.rememberMs) return;
  call.waitsFor = { agentId: last.agentId, because: 'lastAgent', untilMs: state.nowMs + lastAgent.waitMs, by: null };
}

/** The agent whom the call is meant for, if that agent can be rung now. */
export function wishedAgent(state: AcdState, queue: QueueConfig, call: QueuedCall): Agent | null {
  const { waitsFor } = call;
  const agent = waitsFor && state.agents.get(waitsFor.agentId);
  if (!agent || !state.eligibility.isAvailable(agent.agentId)) return null;
  return waitsFor.because === 'assigned' || mayServe(state, queue, call, agent) ? agent : null;
}

/** Whether the call goes on waiting for its agent. Begins the grace when it does, forgets the wish when not. */
export function keepsWaitingFor(state: AcdState, queue: QueueConfig, call: QueuedCall): boolean {
  const { waitsFor } = call;
  if (!waitsFor) return false;
  const agent = state.agents.get(waitsFor.agentId);
  const assigned = waitsFor.because === 'assigned';
  const hopeful = assigned
    ? agent !== undefined && agent.status !== 'loggedOut'
    : agent?.status === 'ready' && (waitsFor.untilMs ?? 0) > state.nowMs && mayServe(state, queue, call, agent);
  if (!hopeful) {
    forgetWish(state, call);
    return false;
  }
  if (waitsFor.untilMs !== null && !call.timers.grace) state.startCallTimer(call, 'grace', waitsFor.untilMs);
  if (!waitsFor.told) {
    call.waitsFor = { ...waitsFor, told: true };
    const { agentId, because, untilMs, by } = waitsFor;
    state.facts.push({ kind: 'callWaitsForAgent', callId: call.callId, queueId: queue.id, agentId, because, untilMs, by });
  }
  return true;
}

export function forgetWish(state: AcdState, call: QueuedCall): void {
  if (!call.waitsFor) return;
  call.waitsFor = null;
  state.stopCallTimer(call, 'grace');
  state.touchedCalls.add(call.callId);
}

function mayServe(state: AcdState, queue: QueueConfig, call: QueuedCall, { agentId }: Agent): boolean {
  const config = state.agentConfig(agentId);
  const { alternatives } = state.eligibility.profile(queue, call.skills, call.relaxStep, call.groups);
  return config !== undefined && satisfies(config, alternatives);
}

/** Who talked with this caller last. The number is kept as a hash: agents' records are read by many. */
export function rememberCaller(state: AcdState, agent: Agent, call: QueuedCall): void {
  if (call.caller === null || !state.remembersCallers) return;
  const key = keyOf(call.caller);
  const before = state.lastAgents.get(key);
  if (before && before.agentId !== agent.agentId) {
    const other = state.agents.get(before.agentId);
    if (other) delete other.lastCallers[key];
    state.touchedAgents.add(before.agentId);
  }
  delete agent.lastCallers[key];
  agent.lastCallers[key] = state.nowMs;
  state.lastAgents.set(key, { agentId: agent.agentId, atMs: state.nowMs });
  state.touchedAgents.add(agent.agentId);
  const [oldest, ...others] = Object.keys(agent.lastCallers);
  if (oldest === undefined || others.length < REMEMBERED) return;
  delete agent.lastCallers[oldest];
  state.lastAgents.delete(oldest);
}

/** Rebuilds the index from the agents. */
export function recallCallers(agents: Iterable<Agent>): Map<string, { agentId: AgentId; atMs: Ms }> {
  const index = new Map<string, { agentId: AgentId; atMs: Ms }>();
  for (const { agentId, lastCallers } of agents) {
    for (const [key, atMs] of Object.entries(lastCallers)) {
      if (atMs >= (index.get(key)?.atMs ?? 0)) index.set(key, { agentId, atMs });
    }
  }
  return index;
}

/** 64 bits in letters; never a whole number, whose keys an object would not keep in the order of insertion. */
const keyOf = (caller: string): string => `c${hashText(caller).toString(36)}${hashText(`${caller}/2`).toString(36)}`;
