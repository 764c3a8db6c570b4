import type { AgentConfig, QueueConfig, RequirementExpression } from '../acd/config.js';
import type { AgentState, AgentStatus, FactOf } from '../base/facts.js';
import type { AgentId, CallId } from '../base/ids.js';
import { alternativesIn, implies } from '../base/requirement.js';
import type { Ms } from '../base/time.js';
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
  /** Day that the two counts below belong to: the day of the answer, and of the ring. */
  day: Ms;
  answered: number;
  rona: number;
}

/** Agents' status, state and figures of the day. */
export class AgentFold {
  readonly #agents = new Map<AgentId, AgentRecord>();
  /** Agents by the requirement that they meet; queues with the same requirement share one entry. */
  readonly #capable = new Map<string, AgentRecord[]>();

  constructor(agents: readonly AgentConfig[], queues: readonly QueueConfig[]) {
    for (const { id, name, team } of agents) this.#agents.set(id, blank(id, name, team, true));
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
  }

  signedOut(fact: FactOf<'agentSignedOut'>): void {
    const agent = this.#agent(fact.agentId);
    const gone = { status: 'loggedOut', reason: null, state: 'idle', callId: null, phone: null, sinceMs: fact.atMs } as const;
    Object.assign(agent, gone);
  }

  statusChanged(fact: FactOf<'agentStatusChanged'>): void {
    const agent = this.#agent(fact.agentId);
    agent.status = fact.status;
    agent.reason = fact.reason;
    agent.sinceMs = fact.atMs;
    if (fact.status === 'loggedOut') agent.phone = null;
  }

  stateChanged(fact: FactOf<'agentStateChanged'>): void {
    const agent = this.#agent(fact.agentId);
    agent.state = fact.to;
    agent.callId = fact.to === 'idle' ? null : fact.callId;
    agent.sinceMs = fact.atMs;
  }

  answered(agentId: AgentId, day: Ms): void {
    this.#today(agentId, day).answered += 1;
  }

  notAnswered(agentId: AgentId, day: Ms): void {
    this.#today(agentId, day).rona += 1;
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
      const sameDay = agent.day === day;
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
        answeredToday: sameDay ? agent.answered : 0,
        ronaToday: sameDay ? agent.rona : 0,
      });
    }
    return views;
  }

  #agent(agentId: AgentId): AgentRecord {
    let agent = this.#agents.get(agentId);
    if (!agent) {
      agent = blank(agentId, agentId, '', false);
      this.#agents.set(agentId, agent);
    }
    return agent;
  }

  #today(agentId: AgentId, day: Ms): AgentRecord {
    const agent = this.#agent(agentId);
    if (agent.day !== day) Object.assign(agent, { day, answered: 0, rona: 0 });
    return agent;
  }
}

const blank = (agentId: AgentId, name: string, team: string, configured: boolean): AgentRecord => ({
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
  day: Number.NaN,
  answered: 0,
  rona: 0,
});

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
