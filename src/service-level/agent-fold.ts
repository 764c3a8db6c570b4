import type { AgentConfig, QueueConfig, RequirementExpression } from '../acd/config.js';
import type { AgentState, AgentStatus, FactOf } from '../base/facts.js';
import type { AgentId, CallId } from '../base/ids.js';
import { alternativesIn, implies } from '../base/requirement.js';
import type { Ms } from '../base/time.js';
import { AgentDays, type AgentDayView, occupancyParts } from './agent-day.js';
import type { AgentCounts, AgentView } from './views.js';

interface AgentRecord {
  readonly agentId: AgentId;
  readonly name: string;
  readonly team: string;
  /** Known from the configuration; others are shown only while they are signed in. */
  readonly configured: boolean;
  phone: string | null;
  status: AgentStatus;
  reason: string | null;
  state: AgentState;
  sinceMs: Ms | null;
  callId: CallId | null;
  readonly days: AgentDays;
}

/** Agents' status, state and figures of the day. */
export class AgentFold {
  readonly #agents = new Map<AgentId, AgentRecord>();
  /** Agents by the requirement that they meet; queues with the same requirement share one entry. */
  readonly #capable = new Map<string, AgentRecord[]>();

  readonly #dayStartMs: (atMs: Ms) => Ms;

  constructor(agents: readonly AgentConfig[], queues: readonly QueueConfig[], dayStartMs: (atMs: Ms) => Ms) {
    this.#dayStartMs = dayStartMs;
    for (const { id, name, team } of agents) this.#agents.set(id, this.#blank(id, name, team, true));
    for (const { require } of queues) {
      const key = requirementKey(require);
      if (this.#capable.has(key)) continue;
      const alternatives = alternativesIn(require);
      const capable = agents
        .filter((agent) => alternatives.some((least) => implies(agent.skills, least)))
        .map((agent) => this.#agents.get(agent.id) as AgentRecord);
      this.#capable.set(key, capable);
    }
  }

  signedIn(fact: FactOf<'agentSignedIn'>): void {
    const agent = this.#agent(fact.agentId);
    agent.phone = fact.phone;
    agent.sinceMs = fact.atMs;
    // Ready or not is said by a fact of its own, which may stand before or after this one.
    if (agent.status === 'loggedOut')
      Object.assign(agent, { status: 'notReady', reason: 'signedIn', state: 'idle', callId: null });
    agent.days.count('signIns', fact.atMs);
    agent.days.change(fact.atMs, agent);
  }

  signedOut(fact: FactOf<'agentSignedOut'>): void {
    const agent = this.#agent(fact.agentId);
    const gone = { status: 'loggedOut', reason: null, state: 'idle', callId: null, phone: null, sinceMs: fact.atMs } as const;
    agent.days.change(fact.atMs, { status: 'loggedOut', reason: null, state: 'idle' });
    Object.assign(agent, gone);
  }

  statusChanged(fact: FactOf<'agentStatusChanged'>): void {
    const agent = this.#agent(fact.agentId);
    agent.status = fact.status;
    agent.reason = fact.reason;
    agent.sinceMs = fact.atMs;
    if (fact.status === 'loggedOut') agent.phone = null;
    agent.days.change(fact.atMs, agent);
  }

  stateChanged(fact: FactOf<'agentStateChanged'>): void {
    const agent = this.#agent(fact.agentId);
    agent.state = fact.to;
    agent.callId = fact.to === 'idle' ? null : fact.callId;
    agent.sinceMs = fact.atMs;
    agent.days.change(fact.atMs, agent);
  }

  /** An offer ended in the agent's hands, or the agent was connected. */
  count(agentId: AgentId, what: 'answered' | 'declined' | 'rona', atMs: Ms): void {
    this.#agent(agentId).days.count(what, atMs);
  }

  /** Every agent's day that `nowMs` lies in; those who were not there have zeros. */
  days(nowMs: Ms): AgentDayView[] {
    return [...this.#agents.values()].map((agent) => agent.days.view(nowMs));
  }

  /** Agents who meet a queue's requirement, by what they do now; the five kinds add up to `signedIn`. */
  counts(require: RequirementExpression): AgentCounts {
    const counts = { signedIn: 0, idle: 0, ringing: 0, talking: 0, wrapUp: 0, notReady: 0 };
    for (const agent of this.#capable.get(requirementKey(require)) ?? []) {
      if (agent.status === 'loggedOut') continue;
      counts.signedIn += 1;
      counts[activity(agent)] += 1;
    }
    return counts;
  }

  views(day: Ms, startedAtMs: Ms): AgentView[] {
    const views: AgentView[] = [];
    for (const agent of this.#agents.values()) {
      if (!agent.configured && agent.status === 'loggedOut') continue;
      const today = agent.days.booked(day);
      const { busyMs, idleMs } = occupancyParts(today);
      views.push({
        agentId: agent.agentId,
        name: agent.name,
        team: agent.team,
        phone: agent.phone,
        status: agent.status,
        reason: agent.reason,
        state: agent.state,
        sinceMs: agent.sinceMs ?? startedAtMs,
        callId: agent.callId,
        answeredToday: today.answered,
        ronaToday: today.rona,
        signInsToday: today.signIns,
        busyTodayMs: busyMs,
        idleTodayMs: idleMs,
        notReadyTodayMs: Object.values(today.notReadyMs).reduce((sum, ms) => sum + ms, 0),
        signedInTodayMs: today.signedInMs,
      });
    }
    return views;
  }

  #agent(agentId: AgentId): AgentRecord {
    let agent = this.#agents.get(agentId);
    if (!agent) {
      agent = this.#blank(agentId, agentId, '', false);
      this.#agents.set(agentId, agent);
    }
    return agent;
  }

  #blank(agentId: AgentId, name: string, team: string, configured: boolean): AgentRecord {
    return {
      agentId,
      name,
      team,
      configured,
      phone: null,
      status: 'loggedOut',
      reason: null,
      state: 'idle',
      sinceMs: null,
      callId: null,
      days: new AgentDays(agentId, this.#dayStartMs),
    };
  }
}

/** What an agent does wins over what was chosen: somebody who asked for a break while talking is still talking. */
function activity(agent: AgentRecord): 'idle' | 'ringing' | 'talking' | 'wrapUp' | 'notReady' {
  switch (agent.state) {
    case 'ringing':
    case 'wrapUp':
      return agent.state;
    case 'talking':
    case 'onHold':
    case 'outbound':
      return 'talking';
    case 'idle':
      return agent.status === 'ready' ? 'idle' : 'notReady';
  }
}

const requirementKey = (require: RequirementExpression): string => JSON.stringify(require);
