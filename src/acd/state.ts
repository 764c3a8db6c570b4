import type { AgentState, AgentStatus, EligibleAgents, FactBody } from '../base/facts.js';
import { type AgentId, asId, type CallId, type OfferId, type QueueId, type TimerId } from '../base/ids.js';
import { invariant, type Refusal } from '../base/result.js';
import type { Ms } from '../base/time.js';
import { Standing } from './caller-order.js';
import type { AcdConfig, AgentConfig, QueueConfig } from './config.js';
import { Eligibility, type Profile } from './eligibility.js';
import { EligibleCounts, TouchedAgents } from './eligible-counts.js';
import type { Agent, KeptPlace, QueuedCall, QueueEntity, QueueRecord } from './entities.js';
import type { AcdAction, TimerChange } from './events.js';
import { Room } from './room.js';
import { recallCallers } from './wishes.js';

/** What the parts of the engine share: the entities, their indexes, and what the event at hand has brought about so far. */
export class AcdState {
  nowMs: Ms = 0;
  dispatching = true;
  /** Counts the offers of the domain, for round-robin. */
  offerTurn = 0;
  /** Phones that ring or are being connected. */
  offersUnderWay = 0;
  /** Somebody could have been offered to somebody, but for the limit of offers under way. */
  heldBack = false;
  /** Agents who have just gone out of service and whom callers wait for. */
  readonly leftService = new Set<AgentId>();
  /** Who talked with a caller last, by a hash of the number. */
  lastAgents = new Map<string, { agentId: AgentId; atMs: Ms }>();
  remembersCallers = false;
  config: AcdConfig;
  eligibility: Eligibility;
  readonly agents = new Map<AgentId, Agent>();
  /** Who signed in on a phone last; still there when the agent says so too. */
  readonly phones = new Map<string, AgentId>();
  readonly calls = new Map<CallId, QueuedCall>();
  readonly offers = new Map<OfferId, { callId: CallId; agentId: AgentId }>();
  /** Agents' legs that still stand on the switch, by the offer that made them. */
  readonly legs = new Map<OfferId, AgentId>();
  /** When the latest caller of a queue was answered; not kept over a restart. */
  readonly servedAt = new Map<QueueId, Ms>();
  /** Callers of a queue who wait or are being offered, in the order in which they would be served. */
  readonly places = new Map<QueueId, Standing>();

  actions: AcdAction[] = [];
  facts: FactBody[] = [];
  timers: TimerChange[] = [];
  refusal: Refusal | null = null;
  readonly touchedCalls = new Set<CallId>();
  readonly touchedAgents = new TouchedAgents();
  /** Ids of what is kept of queues: see room.ts and redial.ts. */
  readonly touchedQueues = new Set<string>();
  readonly rooms = new Map<QueueId, Room>();
  /** Queues whose callers or agents have come or gone in this event and that have rules about it: looked at when the event is done. */
  readonly stirred = new Set<Room>();
  /** Answers and expiries for an id that is no more: counted, ignored. */
  stale = 0;

  #eligibleCounts: EligibleCounts | null = null;
  #knownPhones: ReadonlySet<string> = new Set();
  #queues = new Map<QueueId, QueueConfig>();
  #agentConfigs = new Map<AgentId, AgentConfig>();

  constructor(config: AcdConfig) {
    this.config = config;
    this.eligibility = new Eligibility([], this);
    this.configure(config);
  }

  configure(config: AcdConfig): void {
    this.config = config;
    this.#queues = new Map(config.queues.map((queue) => [queue.id, queue]));
    this.#agentConfigs = new Map(config.agents.map((agent) => [agent.id, agent]));
    this.eligibility = new Eligibility(config.agents, this);
    this.#eligibleCounts = null;
    this.#knownPhones = new Set(config.agents.map(({ phone }) => phone));
    for (const agent of config.agents) {
      if (!this.agents.has(agent.id)) this.agents.set(agent.id, newAgent(agent.id, this.nowMs));
    }
    this.#openRooms();
    const callers = [...this.calls.values()].filter((call) => call.phase !== 'talking');
    this.places.clear();
    for (const call of callers) {
      this.placesOf(this.queueOf(call)).add(call);
      if (!call.callback) this.roomOf(this.queueOf(call)).entries.add(call);
    }
    this.remembersCallers = config.queues.some((queue) => queue.agents.lastAgent);
    this.lastAgents = recallCallers(this.agents.values());
    for (const call of callers) {
      const queue = this.queueOf(call);
      if (call.waitsFor && !this.#agentConfigs.has(call.waitsFor.agentId)) call.waitsFor = null;
      const joinable = call.phase === 'offered' && queue.agents.choose === 'ring-all';
      if (call.phase === 'waiting' || joinable) this.eligibility.addCall(queue, call);
    }
    for (const agent of this.agents.values()) if (this.canServe(agent)) this.eligibility.add(agent);
  }

  /** What was kept of queues, as it was stored; before `configure`. */
  restoreQueues(entities: readonly QueueEntity[]): void {
    for (const queue of this.config.queues) {
      const record = entities.find((each): each is QueueRecord => each.kind === 'queue' && each.queueId === queue.id);
      const room = new Room(queue, record, this);
      const places = entities.filter((each): each is KeptPlace => each.kind === 'place' && each.queueId === queue.id);
      places.sort((a, b) => a.leftAtMs - b.leftAtMs || (a.caller < b.caller ? -1 : 1));
      for (const place of places) room.places.set(place.caller, place);
      this.rooms.set(queue.id, room);
    }
  }

  /** By its id in the store; null when there is none (any more). */
  queueEntity(id: string): QueueEntity | null {
    const [first, queueId, caller] = id.split('/') as [string, string | undefined, string | undefined];
    if (caller === undefined) return this.rooms.get(first as QueueId)?.record ?? null;
    return this.rooms.get(queueId as QueueId)?.places.get(caller) ?? null;
  }

  /** What was learnt of a queue is kept when the configuration changes. */
  #openRooms(): void {
    const before = new Map(this.rooms);
    this.rooms.clear();
    this.stirred.clear();
    for (const queue of this.config.queues) {
      const old = before.get(queue.id);
      const room = new Room(queue, old?.record, this);
      for (const [caller, place] of old?.places ?? []) room.places.set(caller, place);
      this.rooms.set(queue.id, room);
      const lent = room.lentAlternatives();
      if (lent.length > 0) this.eligibility.lend(queue.id, lent);
      // Rules that are new may have cause to act on those who wait already.
      this.stir(room);
    }
  }

  isKnownPhone(phone: string): boolean {
    return this.#knownPhones.has(phone);
  }

  /** Who is signed in on this phone. */
  holderOf(phone: string): AgentId | null {
    const agentId = this.phones.get(phone);
    return agentId && this.agents.get(agentId)?.phone === phone ? agentId : null;
  }

  /** Other agents may serve a profile than before. */
  forgetEligible(): void {
    this.#eligibleCounts?.forget();
  }

  /** What the agents who may serve this profile are doing now. */
  eligibleFor(profile: Profile): EligibleAgents {
    const { eligibility } = this;
    this.#eligibleCounts ??= new EligibleCounts(this.agents, (agentId) => eligibility.profilesOf(agentId));
    this.#eligibleCounts.look(this.touchedAgents.takeFresh());
    return this.#eligibleCounts.of(profile);
  }

  queue(id: QueueId): QueueConfig | undefined {
    return this.#queues.get(id);
  }

  queueOf(call: QueuedCall): QueueConfig {
    const queue = this.#queues.get(call.queueId);
    invariant(queue, `call ${call.callId} is in queue ${call.queueId}, which is not configured`);
    return queue;
  }

  roomOf(queue: QueueConfig): Room {
    const room = this.rooms.get(queue.id);
    invariant(room, `queue ${queue.id} is not configured`);
    return room;
  }

  touchRoom(room: Room): void {
    this.touchedQueues.add(room.config.id);
  }

  /** Callers of this queue have come or gone. */
  stir(room: Room): void {
    if (room.isWatched) this.stirred.add(room);
  }

  startRoomTimer(room: Room, purpose: string, atMs: Ms): void {
    this.stopRoomTimer(room, purpose);
    this.timers.push({ kind: 'startTimer', timerId: room.startTimer(purpose, atMs), atMs });
    this.touchRoom(room);
  }

  stopRoomTimer(room: Room, purpose: string): void {
    const timer = room.record.timers[purpose];
    if (!timer) return;
    delete room.record.timers[purpose];
    this.timers.push({ kind: 'stopTimer', timerId: timer.id });
    this.touchRoom(room);
  }

  agentConfig(id: AgentId): AgentConfig | undefined {
    return this.#agentConfigs.get(id);
  }

  placesOf(queue: QueueConfig): Standing {
    const known = this.places.get(queue.id);
    if (known) return known;
    const places = new Standing(queue, this);
    this.places.set(queue.id, places);
    return places;
  }

  /** Ready, idle, with a phone that is on the hook and not being given a rest. */
  canServe(agent: Agent): boolean {
    return (
      agent.status === 'ready' &&
      agent.state === 'idle' &&
      agent.phone !== null &&
      agent.legOf === null &&
      agent.backOffUntilMs === null &&
      this.#agentConfigs.has(agent.agentId)
    );
  }

  /** The phone of this agent is in use by the leg of this offer; null: on the hook. */
  setLeg(agent: Agent, offerId: OfferId | null): void {
    if (agent.legOf) this.legs.delete(agent.legOf);
    if (offerId) this.legs.set(offerId, agent.agentId);
    agent.legOf = offerId;
    this.touchedAgents.add(agent.agentId);
  }

  /** Adds the time since the last change of state or status to what the agent has worked or been free. */
  account(agent: Agent): void {
    const sinceMs = this.nowMs - agent.accountedAtMs;
    if (agent.state === 'talking' || agent.state === 'onHold' || agent.state === 'wrapUp') agent.busyMs += sinceMs;
    else if (agent.status === 'ready') agent.freeMs += sinceMs;
    agent.accountedAtMs = this.nowMs;
  }

  setAgentState(agent: Agent, to: AgentState, callId: CallId | null): void {
    if (agent.state === to) return;
    this.account(agent);
    this.facts.push({ kind: 'agentStateChanged', agentId: agent.agentId, from: agent.state, to, callId });
    agent.state = to;
    agent.stateSinceMs = this.nowMs;
    this.touchedAgents.add(agent.agentId);
    this.#watchNotReady(agent);
  }

  setAgentStatus(agent: Agent, status: AgentStatus, reason: string | null, by: string): void {
    if (agent.status === status && agent.reason === reason) return;
    this.account(agent);
    for (const room of this.rooms.values()) {
      room.statusChanged(agent.agentId, agent.status, status);
      if (room.config.empty) this.stirred.add(room);
    }
    agent.status = status;
    agent.reason = reason;
    agent.statusSinceMs = this.nowMs;
    this.touchedAgents.add(agent.agentId);
    this.stopAgentTimer(agent, 'notReady');
    this.#watchNotReady(agent);
    if (status !== 'ready' && this.eligibility.isWaitedFor(agent.agentId)) this.leftService.add(agent.agentId);
    this.facts.push({ kind: 'agentStatusChanged', agentId: agent.agentId, status, reason, by });
  }

  /** The limit of a reason begins when the agent has nothing else to do: a break that was asked for during a call begins after it. */
  #watchNotReady(agent: Agent): void {
    if (agent.status !== 'notReady' || agent.reason === null || agent.state !== 'idle' || agent.timers.notReady) return;
    const limits = this.config.notReadyLimitMs;
    if (!limits || !Object.hasOwn(limits, agent.reason)) return;
    this.startAgentTimer(agent, 'notReady', this.nowMs + (limits[agent.reason] as Ms));
  }

  startCallTimer(call: QueuedCall, purpose: string, atMs: Ms): void {
    this.stopCallTimer(call, purpose);
    const id = asId<TimerId>(`q/${call.callId}/${purpose}/${call.stay ?? 1}.${++call.timerCount}`);
    call.timers[purpose] = { id, atMs };
    this.timers.push({ kind: 'startTimer', timerId: id, atMs });
    this.touchedCalls.add(call.callId);
  }

  stopCallTimer(call: QueuedCall, purpose: string): void {
    const timer = call.timers[purpose];
    if (!timer) return;
    delete call.timers[purpose];
    this.timers.push({ kind: 'stopTimer', timerId: timer.id });
    this.touchedCalls.add(call.callId);
  }

  startAgentTimer(agent: Agent, purpose: string, atMs: Ms): void {
    this.stopAgentTimer(agent, purpose);
    const id = asId<TimerId>(`a/${agent.agentId}/${purpose}/${++agent.timerCount}`);
    agent.timers[purpose] = { id, atMs };
    this.timers.push({ kind: 'startTimer', timerId: id, atMs });
    this.touchedAgents.add(agent.agentId);
  }

  stopAgentTimer(agent: Agent, purpose: string): void {
    const timer = agent.timers[purpose];
    if (!timer) return;
    delete agent.timers[purpose];
    this.timers.push({ kind: 'stopTimer', timerId: timer.id });
    this.touchedAgents.add(agent.agentId);
  }
}

export function newAgent(agentId: AgentId, nowMs: Ms): Agent {
  return {
    agentId,
    status: 'loggedOut',
    reason: null,
    state: 'idle',
    statusSinceMs: nowMs,
    stateSinceMs: nowMs,
    phone: null,
    idleSinceMs: nowMs,
    offerId: null,
    callId: null,
    queueId: null,
    legOf: null,
    wrapUp: null,
    backOffUntilMs: null,
    answered: 0,
    busyMs: 0,
    freeMs: 0,
    accountedAtMs: nowMs,
    lastCallers: {},
    offerTurn: 0,
    phoneFailures: 0,
    timerCount: 0,
    timers: {},
  };
}
