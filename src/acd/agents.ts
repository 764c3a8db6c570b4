import type { AgentId } from '../base/ids.js';
import type { Refusal } from '../base/result.js';
import type { Ms } from '../base/time.js';
import type { Agent } from './entities.js';
import { placeAgent } from './matching.js';
import { endWrapUp, offerFailed } from './offers.js';
import type { AcdState } from './state.js';

/** What agents may ask for, and what is refused. A refusal changes nothing. */

/** Reasons that the system itself gives. */
export const SYSTEM_REASONS = ['signedIn', 'rona', 'phoneFailed'] as const;

const no = (id: string, message: string): Refusal => ({ id, message });

export function signIn(state: AcdState, agentId: AgentId, phone: string | null, by: string): Refusal | null {
  const agent = state.agents.get(agentId);
  const config = state.agentConfig(agentId);
  if (!agent || !config) return no('no-such-agent', `there is no agent ${agentId}`);
  const wanted = phone ?? config.phone;
  if (!state.isKnownPhone(wanted)) return no('unknown-phone', 'this phone is not in the configuration');
  const holder = state.holderOf(wanted);
  if (holder && holder !== agentId) return no('phone-in-use', `agent ${holder} is signed in on this phone`);
  if (agent.status !== 'loggedOut' && agent.phone === wanted) return null;
  if (agent.state !== 'idle' || agent.legOf !== null) return no('agent-busy', 'the phone cannot be changed during a call');
  state.eligibility.remove(agentId);
  agent.phone = wanted;
  state.phones.set(wanted, agentId);
  agent.phoneFailures = 0;
  agent.backOffUntilMs = null;
  state.stopAgentTimer(agent, 'backOff');
  state.touchedAgents.add(agentId);
  if (agent.status === 'loggedOut') {
    // Hours at home are not idle time: the place in the order of longest idle starts with the day's work.
    agent.idleSinceMs = state.nowMs;
    state.facts.push({ kind: 'agentSignedIn', agentId, phone: wanted, by });
    Object.assign(agent, { answered: 0, busyMs: 0, freeMs: 0, accountedAtMs: state.nowMs, idleSinceMs: state.nowMs });
    state.setAgentStatus(agent, 'notReady', 'signedIn', by);
  } else {
    state.facts.push({ kind: 'agentSignedIn', agentId, phone: wanted, by });
    placeAgent(state, agent);
  }
  return null;
}

export function signOut(state: AcdState, agentId: AgentId, by: string): Refusal | null {
  const agent = state.agents.get(agentId);
  if (!agent) return no('no-such-agent', `there is no agent ${agentId}`);
  if (agent.status === 'loggedOut') return null;
  state.facts.push({ kind: 'agentSignedOut', agentId, by });
  leaveService(state, agent, 'loggedOut', null, by);
  if (agent.state === 'wrapUp') endWrapUp(state, agent, 'system');
  // During a talk the phone stays theirs until the talk is over.
  if (agent.state === 'idle') agent.phone = null;
  return null;
}

export function setStatus(
  state: AcdState,
  agentId: AgentId,
  status: 'ready' | 'notReady',
  reason: string | null,
  by: string,
): Refusal | null {
  const agent = state.agents.get(agentId);
  if (!agent) return no('no-such-agent', `there is no agent ${agentId}`);
  if (agent.status === 'loggedOut') return no('agent-not-signed-in', 'sign in first');
  if (status === 'ready') {
    state.setAgentStatus(agent, 'ready', null, by);
    agent.backOffUntilMs = null;
    state.stopAgentTimer(agent, 'backOff');
    state.touchedAgents.add(agentId);
    placeAgent(state, agent);
    return null;
  }
  if (reason !== null && !state.config.notReadyReasons.includes(reason)) {
    return no('unknown-reason', `"${reason}" is not a reason; known are ${state.config.notReadyReasons.join(', ')}`);
  }
  leaveService(state, agent, 'notReady', reason, by);
  return null;
}

/**
 * Takes the agent off the lists and sets the new status. A call that is ringing goes back to its place; a talk or wrap-up goes on and the
 * new status holds after it.
 */
function leaveService(state: AcdState, agent: Agent, status: 'notReady' | 'loggedOut', reason: string | null, by: string): void {
  state.eligibility.remove(agent.agentId);
  // The status comes first, so that the caller who goes back in line is not offered to the same agent again.
  state.setAgentStatus(agent, status, reason, by);
  if (agent.state === 'ringing' && agent.offerId) offerFailed(state, agent.offerId, 'agentLeft', true);
}

export function finishWrapUp(state: AcdState, agentId: AgentId): Refusal | null {
  const agent = state.agents.get(agentId);
  if (!agent) return no('no-such-agent', `there is no agent ${agentId}`);
  if (agent.state !== 'wrapUp') return no('not-in-wrap-up', 'this agent is not in wrap-up');
  endWrapUp(state, agent, 'agent');
  return null;
}

/** More time for the work after a call, up to the bound of the queue that the call was of. */
export function extendWrapUp(state: AcdState, agentId: AgentId, forMs: Ms, by: string): Refusal | null {
  const agent = state.agents.get(agentId);
  if (!agent) return no('no-such-agent', `there is no agent ${agentId}`);
  const { wrapUp, timers } = agent;
  if (!wrapUp || !timers.wrapUp) return no('not-in-wrap-up', 'this agent is not in wrap-up');
  if (!Number.isSafeInteger(forMs) || forMs <= 0) return no('bad-duration', 'wrap-up is extended by a length of time');
  const most = state.queue(wrapUp.queueId)?.agents.wrapUpAtMostMs ?? 0;
  const untilMs = Math.min(timers.wrapUp.atMs + forMs, wrapUp.startedAtMs + most);
  if (untilMs <= timers.wrapUp.atMs) return no('wrap-up-limit', 'wrap-up cannot be extended further in this queue');
  state.startAgentTimer(agent, 'wrapUp', untilMs);
  state.facts.push({ kind: 'wrapUpExtended', agentId, callId: wrapUp.callId, queueId: wrapUp.queueId, untilMs, by });
  return null;
}

/** Told once; what becomes of it is for people. */
export function notReadyTooLong(state: AcdState, agent: Agent): void {
  const { agentId, reason } = agent;
  if (reason === null) return;
  const limitMs = state.config.notReadyLimitMs?.[reason] ?? 0;
  state.facts.push({ kind: 'notReadyLimitExceeded', agentId, reason, limitMs });
}

export function backOffOver(state: AcdState, agent: Agent): void {
  agent.backOffUntilMs = null;
  state.touchedAgents.add(agent.agentId);
  placeAgent(state, agent);
}
