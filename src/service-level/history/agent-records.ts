import type { AgentState, AgentStatus, Fact } from '../../base/facts.js';
import type { Ms } from '../../base/time.js';
import type { AnsweredStay } from './call-records.js';
import type { RowSheet } from './row-sheet.js';
import type { Activity, AgentIntervalRow, AgentTimeRow, OpenEntity } from './rows.js';
import type { Spans } from './spans.js';

interface OpenAgent {
  readonly agentId: string;
  status: AgentStatus;
  reason: string | null;
  state: AgentState;
  callId: string | null;
  /** What the agent does now; null while signed out. */
  time: AgentTimeRow | null;
  answered: AnsweredStay | null;
}

type Counted = 'signIns' | 'offers' | 'answered' | 'noAnswer' | 'declined' | 'failed' | 'withdrawn' | `sum${string}Ms`;

/** Agents' times as rows and as sums by hour and day. */
export class AgentRecords {
  readonly #agents = new Map<string, OpenAgent>();
  readonly #dirty = new Set<string>();
  readonly #sheet: RowSheet;
  readonly #spans: Spans;

  constructor(sheet: RowSheet, spans: Spans, open: Iterable<string>) {
    this.#sheet = sheet;
    this.#spans = spans;
    for (const json of open) {
      const agent = JSON.parse(json) as OpenAgent;
      this.#agents.set(agent.agentId, agent);
    }
  }

  answeredBy(agentId: string): AnsweredStay | null {
    return this.#agents.get(agentId)?.answered ?? null;
  }

  setAnswered(agentId: string, stay: AnsweredStay | null): void {
    this.#agent(agentId).answered = stay;
  }

  add(fact: Fact): void {
    switch (fact.kind) {
      case 'agentSignedIn': {
        const agent = this.#agent(fact.agentId);
        this.#sum(fact.agentId, fact.atMs, { signIns: 1 });
        // Ready or not is said by a fact of its own, which may stand before or after this one.
        if (agent.status === 'loggedOut') Object.assign(agent, { status: 'notReady', reason: 'signedIn', state: 'idle' });
        return this.#turn(agent, fact.atMs);
      }
      case 'agentSignedOut': {
        const agent = this.#agent(fact.agentId);
        Object.assign(agent, { status: 'loggedOut', reason: null, state: 'idle', callId: null });
        return this.#turn(agent, fact.atMs);
      }
      case 'agentStatusChanged': {
        const agent = this.#agent(fact.agentId);
        Object.assign(agent, { status: fact.status, reason: fact.reason });
        return this.#turn(agent, fact.atMs);
      }
      case 'agentStateChanged': {
        const agent = this.#agent(fact.agentId);
        Object.assign(agent, { state: fact.to, callId: fact.to === 'idle' ? null : fact.callId });
        return this.#turn(agent, fact.atMs);
      }
      case 'callOffered':
        return this.#sum(fact.agentId, fact.atMs, { offers: 1 });
      case 'offerEnded':
        if (fact.outcome !== 'accepted') this.#sum(fact.agentId, fact.atMs, { [fact.outcome]: 1 });
        return;
      case 'callAnswered':
        return this.#sum(fact.agentId, fact.atMs, { answered: 1 });
      case 'callbackEnded':
        if (fact.agentId !== null) this.#sum(fact.agentId, fact.atMs, { answered: 1 });
        return;
      case 'talkEnded':
        return this.#sum(fact.agentId, fact.atMs, { sumTalkMs: fact.talkMs, sumHoldMs: fact.holdMs });
      case 'wrapUpEnded':
        return this.#sum(fact.agentId, fact.atMs, { sumWrapUpMs: fact.wrapUpMs });
    }
  }

  settle(): OpenEntity[] {
    const changed = [...this.#dirty].map((id): OpenEntity => {
      const agent = this.#agents.get(id) as OpenAgent;
      const isDone = agent.time === null && agent.answered === null;
      if (isDone) this.#agents.delete(id);
      return { kind: 'agent', id, json: isDone ? null : JSON.stringify(agent) };
    });
    this.#dirty.clear();
    return changed;
  }

  #agent(agentId: string): OpenAgent {
    let agent = this.#agents.get(agentId);
    if (!agent) {
      agent = { agentId, status: 'loggedOut', reason: null, state: 'idle', callId: null, time: null, answered: null };
      this.#agents.set(agentId, agent);
    }
    this.#dirty.add(agentId);
    return agent;
  }

  /** Ends what the agent did and begins what is done now, when that is something else. */
  #turn(agent: OpenAgent, atMs: Ms): void {
    const { time, agentId, callId } = agent;
    const activity = activityOf(agent);
    const reason = activity === 'notReady' ? agent.reason : null;
    if (time && activity === time.activity && reason === time.reason && callId === time.callId) return;
    if (time) this.#end(time, atMs);
    agent.time = activity && { agentId, fromMs: atMs, untilMs: null, activity, reason, callId, place: 0 };
    if (agent.time) {
      this.#put(agent.time);
      if (reason !== null) this.#sumReason(agentId, atMs, reason, 1, 0);
    }
  }

  #end(time: AgentTimeRow, atMs: Ms): void {
    time.untilMs = atMs;
    this.#put(time);
    const { agentId, fromMs, activity, reason } = time;
    for (const { startMs, lengthMs } of this.#spans.hours(fromMs, atMs)) {
      this.#sum(agentId, startMs, { [`${activity}Ms`]: lengthMs });
      if (reason !== null) this.#sumReason(agentId, startMs, reason, 0, lengthMs);
    }
  }

  /** Two changes in one millisecond are one row: the last one stands. */
  #put(time: AgentTimeRow): void {
    this.#sheet.put('agentTimes', `${time.agentId}/${time.fromMs}`, time);
  }

  #sum(agentId: string, atMs: Ms, change: Partial<Record<Counted | keyof AgentIntervalRow, number>>): void {
    for (const spanMin of [60, 1440] as const) {
      const row = this.#sheet.agent(agentId, spanMin, this.#spans.startOf(spanMin, atMs)) as unknown as Record<string, number>;
      for (const [name, by] of Object.entries(change)) row[name] = (row[name] as number) + (by as number);
    }
  }

  #sumReason(agentId: string, atMs: Ms, reason: string, times: number, lengthMs: Ms): void {
    for (const spanMin of [60, 1440] as const) {
      const row = this.#sheet.reason(agentId, spanMin, this.#spans.startOf(spanMin, atMs), reason);
      row.times += times;
      row.lengthMs += lengthMs;
    }
  }
}

/** What an agent does wins over what was chosen: somebody who asked for a break while talking is still talking. */
function activityOf({ status, state }: OpenAgent): Activity | null {
  if (state !== 'idle') return state;
  return status === 'loggedOut' ? null : status === 'ready' ? 'idle' : 'notReady';
}
