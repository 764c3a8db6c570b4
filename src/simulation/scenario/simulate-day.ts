import { AcdEngine } from '../../acd/engine.js';
import type { AcdAction, AcdEvent, AcdOutcome } from '../../acd/events.js';
import type { FactBody } from '../../base/facts.js';
import { type AgentId, asId, type CallId, type OfferId, type TimerId } from '../../base/ids.js';
import { type Random, seededRandom } from '../../base/random.js';
import type { Ms } from '../../base/time.js';
import { type CallerSource, callersOf } from './callers.js';
import { DayCounts } from './day-counts.js';
import { EventHeap, type Planned } from './event-heap.js';
import type { AgentGroup, PlannedCall, Scenario } from './scenario.js';

/**
 * One day: callers, agents' phones and the engine's timers around the real engine. What is decided here is only what people do (come, lose
 * patience, pick up, talk, go off duty); who is offered to whom is the engine's alone.
 */

type Happening =
  | { readonly kind: 'arrival'; readonly source: CallerSource; readonly call: PlannedCall }
  | { readonly kind: 'patience'; readonly caller: Caller }
  | { readonly kind: 'timer'; readonly timerId: TimerId }
  | { readonly kind: 'pickUp'; readonly offerId: OfferId }
  | { readonly kind: 'talkEnd'; readonly caller: Caller }
  | { readonly kind: 'finishWrapUp'; readonly agentId: AgentId; readonly callId: CallId }
  | { readonly kind: 'period'; readonly period: number }
  | { readonly kind: 'back'; readonly agentId: AgentId };

interface Caller {
  readonly callId: CallId;
  readonly plan: PlannedCall;
  patience: Planned<Happening> | null;
}

interface Seat {
  readonly group: AgentGroup;
  readonly random: Random;
  onDuty: boolean;
}

/** The engine collects the ids of what has changed, for whoever stores it. Nobody does here; they are thrown away now and then. */
const FORGET_EVERY = 2_048;

export interface DayOutcome {
  readonly counts: DayCounts;
  readonly events: number;
  /** Answers and expiries that the engine ignored as too late. */
  readonly stale: number;
}

/** `hear` is told every fact of the engine, with the time since the day began. */
export const simulateDay = (
  scenario: Scenario,
  dayIndex: number,
  hear: (atMs: Ms, fact: FactBody) => void = () => {},
): DayOutcome => new Day(scenario, dayIndex, hear).run();

class Day {
  readonly #scenario: Scenario;
  readonly #engine: AcdEngine;
  readonly #hear: (atMs: Ms, fact: FactBody) => void;
  readonly #counts: DayCounts;
  readonly #heap = new EventHeap<Happening>();
  readonly #callers = new Map<CallId, Caller>();
  /** Phones that are going to be picked up. */
  readonly #pickUps = new Map<OfferId, Planned<Happening>>();
  readonly #timers = new Map<TimerId, Planned<Happening>>();
  readonly #seats = new Map<AgentId, Seat>();
  /** Timers that were started within this moment: most are stopped in it again and never get into the heap. */
  readonly #newTimers = new Map<TimerId, Ms>();
  /** What phones and callers do at once because of what the engine has just asked for. */
  readonly #next: AcdEvent[] = [];
  /** Arrivals and changes of staff that are still planned. */
  #toCome = 0;
  #nowMs: Ms = 0;
  #calls = 0;
  #events = 0;

  constructor(scenario: Scenario, dayIndex: number, hear: (atMs: Ms, fact: FactBody) => void) {
    this.#hear = hear;
    this.#scenario = scenario;
    this.#engine = new AcdEngine(scenario.acd);
    this.#counts = new DayCounts(scenario);
    for (const group of scenario.groups) {
      const random = seededRandom(`${scenario.seed}/day-${dayIndex}/group-${group.name}`);
      for (const id of group.agentIds) this.#seats.set(id, { group, random, onDuty: false });
    }
    for (const source of callersOf(scenario, dayIndex)) this.#expect(source);
  }

  run(): DayOutcome {
    this.#tell({ kind: 'dispatch', on: true });
    for (const id of this.#seats.keys()) this.#tell({ kind: 'signIn', agentId: id, phone: null, by: 'system' });
    this.#startPeriod(0);
    for (const [index, endMs] of this.#scenario.day.periodEndsMs.slice(0, -1).entries()) {
      this.#heap.plan(endMs, { kind: 'period', period: index + 1 });
      this.#toCome++;
    }
    for (let event = this.#heap.next(); event; event = this.#heap.next()) {
      this.#nowMs = event.atMs;
      this.#happen(event.what);
      // The last caller has gone. The engine's own timers may go on for ever.
      if (this.#toCome === 0 && this.#callers.size === 0) break;
    }
    this.#counts.close(this.#nowMs);
    return { counts: this.#counts, events: this.#events, stale: this.#engine.staleIgnored };
  }

  #expect(source: CallerSource): void {
    const call = source.next();
    if (!call) return;
    this.#heap.plan(call.atMs, { kind: 'arrival', source, call });
    this.#toCome++;
  }

  #happen(what: Happening): void {
    switch (what.kind) {
      case 'arrival':
        this.#toCome--;
        this.#expect(what.source);
        return this.#arrive(what.call);
      case 'patience':
        return this.#tell({ kind: 'leave', callId: what.caller.callId, exit: 'abandoned' });
      case 'timer':
        this.#timers.delete(what.timerId);
        return this.#tell({ kind: 'timer', timerId: what.timerId });
      case 'pickUp':
        this.#pickUps.delete(what.offerId);
        return this.#tell({ kind: 'offerPickedUp', offerId: what.offerId });
      case 'talkEnd':
        return this.#endTalk(what.caller);
      case 'finishWrapUp':
        if (this.#engine.agent(what.agentId)?.wrapUp?.callId !== what.callId) return;
        return this.#tell({ kind: 'finishWrapUp', agentId: what.agentId, by: what.agentId });
      case 'period':
        this.#toCome--;
        return this.#startPeriod(what.period);
      case 'back':
        if (this.#seats.get(what.agentId)?.onDuty) this.#setReady(what.agentId, true);
    }
  }

  #arrive(plan: PlannedCall): void {
    const callId = asId<CallId>(`c${10_000_000 + this.#calls++}`);
    const caller: Caller = { callId, plan, patience: null };
    this.#callers.set(callId, caller);
    if (plan.patienceMs !== Number.POSITIVE_INFINITY) {
      caller.patience = this.#heap.plan(this.#nowMs + plan.patienceMs, { kind: 'patience', caller });
    }
    this.#tell({
      kind: 'enqueue',
      callId,
      queueId: plan.queueId,
      lane: plan.lane,
      priority: plan.priority,
      skills: plan.skills,
      language: '',
    });
  }

  #endTalk(caller: Caller): void {
    const { callId, plan } = caller;
    const call = this.#engine.call(callId);
    const offer = call?.offers[0];
    this.#callers.delete(callId);
    if (!call || !offer) return;
    // The agent's phone goes on the hook in the same moment.
    this.#tell({ kind: 'talkEnded', callId, endedBy: 'agent' }, { kind: 'agentLegGone', offerId: offer.offerId });
    if (plan.wrapUpMs !== null) {
      this.#heap.plan(this.#nowMs + plan.wrapUpMs, { kind: 'finishWrapUp', agentId: offer.agentId, callId });
    }
  }

  /** The staff of this period: who is idle goes first, then who is in wrap-up, then who talks (and goes after the talk). */
  #startPeriod(period: number): void {
    for (const group of this.#scenario.groups) {
      const wanted = group.onDuty[period] as number;
      const on = group.agentIds.filter((id) => this.#seats.get(id)?.onDuty);
      if (on.length > wanted) {
        const order = new Map(on.map((id) => [id, this.#busy(id)]));
        const leaving = [...on].reverse().sort((a, b) => (order.get(a) as number) - (order.get(b) as number));
        for (const id of leaving.slice(0, on.length - wanted)) this.#setDuty(id, false);
      } else {
        const off = group.agentIds.filter((id) => !this.#seats.get(id)?.onDuty);
        for (const id of off.slice(0, wanted - on.length)) this.#setDuty(id, true);
      }
    }
  }

  #busy(id: AgentId): number {
    const state = this.#engine.agent(id)?.state;
    return state === 'idle' ? 0 : state === 'wrapUp' ? 1 : state === 'ringing' ? 3 : 2;
  }

  #setDuty(id: AgentId, on: boolean): void {
    const seat = this.#seats.get(id);
    if (seat) seat.onDuty = on;
    this.#setReady(id, on);
  }

  #setReady(agentId: AgentId, ready: boolean): void {
    this.#tell({ kind: 'setStatus', agentId, status: ready ? 'ready' : 'notReady', reason: null, by: 'system' });
  }

  /** Tells the engine, does what it asks for, and goes on until this moment brings nothing new. */
  #tell(...events: AcdEvent[]): void {
    const next = this.#next;
    next.push(...events);
    for (let i = 0; i < next.length; i++) {
      const outcome = this.#engine.apply(this.#nowMs, next[i] as AcdEvent);
      if (++this.#events % FORGET_EVERY === 0) this.#engine.takeChanges();
      this.#timersOf(outcome);
      for (const fact of outcome.facts) {
        this.#hear(this.#nowMs, fact);
        this.#counts.take(this.#nowMs, fact);
        if (fact.kind === 'callLeftQueue' && fact.exit === 'abandoned') this.#callers.delete(fact.callId);
        else if (fact.kind === 'callAnswered') this.#answered(fact.callId);
        else if (fact.kind === 'agentStatusChanged' && fact.reason === 'rona') this.#overheard(fact.agentId);
      }
      for (const action of outcome.actions) this.#do(action);
    }
    next.length = 0;
    for (const [timerId, atMs] of this.#newTimers) this.#timers.set(timerId, this.#heap.plan(atMs, { kind: 'timer', timerId }));
    this.#newTimers.clear();
  }

  #timersOf({ timers }: AcdOutcome): void {
    for (const change of timers) {
      if (change.kind === 'startTimer') this.#newTimers.set(change.timerId, change.atMs);
      else if (!this.#newTimers.delete(change.timerId)) {
        const planned = this.#timers.get(change.timerId);
        if (!planned) continue;
        this.#timers.delete(change.timerId);
        this.#heap.callOff(planned);
      }
    }
  }

  #do(action: AcdAction): void {
    switch (action.kind) {
      case 'ring':
        return this.#ring(action.agentId, action.offerId, action.autoAnswer);
      case 'connect':
        this.#next.push({ kind: 'offerConnected', offerId: action.offerId });
        return;
      case 'withdraw': {
        const pickUp = this.#pickUps.get(action.offerId);
        if (pickUp) this.#heap.callOff(pickUp);
        this.#pickUps.delete(action.offerId);
        this.#next.push({ kind: 'agentLegGone', offerId: action.offerId });
        return;
      }
      case 'released': {
        const patience = this.#callers.get(action.callId)?.patience;
        if (patience) this.#heap.callOff(patience);
        this.#callers.delete(action.callId);
      }
    }
  }

  #ring(agentId: AgentId, offerId: OfferId, autoAnswer: boolean): void {
    const { group, random } = this.#seats.get(agentId) as Seat;
    // Drawn whatever comes of it, so that a policy does not shift the chances of later offers.
    const overheard = group.overhears > 0 && random.next() < group.overhears;
    const afterMs = Math.round(group.picksUpAfter.draw(random));
    if (overheard && !autoAnswer) return;
    if (afterMs === 0 || autoAnswer) this.#next.push({ kind: 'offerPickedUp', offerId });
    else this.#pickUps.set(offerId, this.#heap.plan(this.#nowMs + afterMs, { kind: 'pickUp', offerId }));
  }

  #answered(callId: CallId): void {
    const caller = this.#callers.get(callId);
    if (!caller) return;
    if (caller.patience) this.#heap.callOff(caller.patience);
    caller.patience = null;
    this.#heap.plan(this.#nowMs + caller.plan.serviceMs, { kind: 'talkEnd', caller });
  }

  #overheard(agentId: AgentId): void {
    const seat = this.#seats.get(agentId);
    if (seat) this.#heap.plan(this.#nowMs + seat.group.backAfterMs, { kind: 'back', agentId });
  }
}
