import type { AcdConfig, AgentConfig, QueueConfig } from '../../src/acd/config.js';
import { AcdEngine } from '../../src/acd/engine.js';
import type { Agent, QueuedCall } from '../../src/acd/entities.js';
import type { AcdAction, AcdEvent } from '../../src/acd/events.js';
import type { FactBody, FactKind } from '../../src/base/facts.js';
import { type AgentId, asId, type CallId, type OfferId, type QueueId, type TimerId } from '../../src/base/ids.js';
import type { Refusal } from '../../src/base/result.js';
import type { Ms } from '../../src/base/time.js';
import { sampleAcd } from '../support/sample-site.js';

type Bare<K extends FactKind> = Extract<FactBody, { kind: K }>;
type Enqueue = Extract<AcdEvent, { kind: 'enqueue' }>;

/** The engine alone, with its timers kept: events in the order of their time, nothing else. Times are in seconds from the start. */
export class EngineFloor {
  engine: AcdEngine;
  nowMs: Ms = 1_000_000_000;
  readonly facts: { readonly atMs: Ms; readonly fact: FactBody }[] = [];
  readonly actions: AcdAction[] = [];
  readonly #timers = new Map<TimerId, Ms>();
  readonly #config: AcdConfig;

  constructor(queues: QueueConfig[], agents: AgentConfig[], change: Partial<AcdConfig> = {}) {
    this.#config = { ...sampleAcd(queues, agents), ...change };
    this.engine = new AcdEngine(this.#config);
  }

  tell(event: AcdEvent): Refusal | null {
    const outcome = this.engine.apply(this.nowMs, event);
    for (const fact of outcome.facts) this.facts.push({ atMs: this.nowMs, fact });
    this.actions.push(...outcome.actions);
    for (const change of outcome.timers) {
      if (change.kind === 'startTimer') this.#timers.set(change.timerId, change.atMs);
      else this.#timers.delete(change.timerId);
    }
    return outcome.refusal;
  }

  /** Lets time pass; timers go off in their order. */
  pass(seconds: number): void {
    const untilMs = this.nowMs + Math.round(seconds * 1_000);
    for (;;) {
      const [next] = [...this.#timers]
        .filter(([, atMs]) => atMs <= untilMs)
        .sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1));
      if (!next) break;
      this.nowMs = Math.max(this.nowMs, next[1]);
      this.#timers.delete(next[0]);
      this.tell({ kind: 'timer', timerId: next[0] });
    }
    this.nowMs = untilMs;
  }

  ready(...agents: string[]): void {
    for (const id of agents) {
      const agentId = asId<AgentId>(id);
      this.tell({ kind: 'signIn', agentId, phone: null, by: 'test' });
      this.tell({ kind: 'setStatus', agentId, status: 'ready', reason: null, by: 'test' });
    }
  }

  notReady(id: string, reason: string | null = null): Refusal | null {
    return this.tell({ kind: 'setStatus', agentId: asId<AgentId>(id), status: 'notReady', reason, by: 'test' });
  }

  enqueue(id: string, queueId = 'general', change: Partial<Enqueue> = {}): void {
    this.tell({
      kind: 'enqueue',
      callId: asId<CallId>(id),
      queueId: asId<QueueId>(queueId),
      lane: 'ordinary',
      priority: 0,
      skills: {},
      language: 'zh',
      ...change,
    });
  }

  call(id: string): Readonly<QueuedCall> | undefined {
    return this.engine.call(asId<CallId>(id));
  }

  agent(id: string): Readonly<Agent> {
    const agent = this.engine.agent(asId<AgentId>(id));
    if (!agent) throw new Error(`no agent ${id}`);
    return agent;
  }

  /** Who is being rung, or talks, for this call. */
  askedFor(id: string): string[] {
    return (this.call(id)?.offers ?? []).map(({ agentId }) => agentId as string);
  }

  offerOf(agent: string): OfferId {
    const { offerId } = this.agent(agent);
    if (!offerId) throw new Error(`agent ${agent} has no offer`);
    return offerId;
  }

  /** The agent picks up and is connected. */
  answer(agent: string): void {
    const offerId = this.offerOf(agent);
    this.tell({ kind: 'offerPickedUp', offerId });
    this.tell({ kind: 'offerConnected', offerId });
  }

  /** The talk ends from the agent's side, phone on the hook, wrap-up finished: free again. */
  finish(agent: string): void {
    const { callId, legOf } = this.agent(agent);
    if (!callId || !legOf) throw new Error(`agent ${agent} does not talk`);
    this.tell({ kind: 'talkEnded', callId, endedBy: 'agent' });
    this.tell({ kind: 'agentLegGone', offerId: legOf });
    if (this.agent(agent).state === 'wrapUp') this.tell({ kind: 'finishWrapUp', agentId: asId<AgentId>(agent), by: agent });
  }

  /** The phone's end of an offer that came to nothing. */
  fail(agent: string, cause: Extract<AcdEvent, { kind: 'offerFailed' }>['cause']): void {
    const offerId = this.offerOf(agent);
    this.tell({ kind: 'agentLegGone', offerId });
    this.tell({ kind: 'offerFailed', offerId, cause });
  }

  legGone(offerId: OfferId): void {
    this.tell({ kind: 'agentLegGone', offerId });
  }

  of<K extends FactKind>(kind: K): Bare<K>[] {
    return this.facts.flatMap(({ fact }) => (fact.kind === kind ? [fact as Bare<K>] : []));
  }

  /** Calls in the order in which this agent, freed again and again, is given them; each talk takes no time. */
  served(agent: string, most = 20): string[] {
    const order: string[] = [];
    while (order.length < most && this.agent(agent).callId) {
      order.push(this.agent(agent).callId as string);
      this.answer(agent);
      this.finish(agent);
    }
    return order;
  }

  /** As after a crash: a new engine from what is stored. Timers go on. */
  restart(): void {
    const stored = JSON.parse(JSON.stringify([[...this.engine.calls()], [...this.engine.agents()]])) as [QueuedCall[], Agent[]];
    this.engine = AcdEngine.restore(this.#config, stored[0], stored[1]);
    this.tell({ kind: 'dispatch', on: true });
  }
}
