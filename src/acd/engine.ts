import type { AgentId, CallId, QueueId, TimerId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
import { backOffOver, extendWrapUp, finishWrapUp, notReadyTooLong, setStatus, signIn, signOut } from './agents.js';
import { announce } from './announcing.js';
import { keepPromise, over, promise, reached, rest } from './callback.js';
import type { AcdConfig } from './config.js';
import {
  type Agent,
  type KeptPlace,
  offerOf,
  type QueuedCall,
  type QueueEntity,
  type QueueRecord,
  type Timers,
} from './entities.js';
import { estimateMs } from './estimate.js';
import type { AcdEvent, AcdOutcome } from './events.js';
import { catchUp, graceOver, matchAll, placeAgent, ringTimer } from './matching.js';
import { agentLegGone, endWrapUp, offerConnected, offerFailed, offerPickedUp, talkEnded } from './offers.js';
import { overflowByWait } from './overflow.js';
import { enqueue, relax } from './queueing.js';
import { placeId } from './redial.js';
import { keyPressed, leave, waitedTooLong } from './releasing.js';
import { AcdState } from './state.js';
import { assign, reprioritise } from './supervising.js';
import { roomTimer, watchStirred } from './watch.js';

/**
 * The engine of one routing domain: which caller goes to which agent, and when. A deterministic state machine: the same events at the
 * same times give the same actions and facts. It mutates its own indexed state and does nothing else.
 */
export class AcdEngine {
  readonly #state: AcdState;

  constructor(config: AcdConfig) {
    this.#state = new AcdState(config);
  }

  /** Builds an engine from stored entities. Nobody is rung before `dispatch on`. */
  static restore(
    config: AcdConfig,
    calls: Iterable<QueuedCall>,
    agents: Iterable<Agent>,
    queues: Iterable<QueueEntity> = [],
  ): AcdEngine {
    const engine = new AcdEngine(config);
    const state = engine.#state;
    for (const agent of agents) {
      state.agents.set(agent.agentId, agent);
      state.offerTurn = Math.max(state.offerTurn, agent.offerTurn);
      if (agent.legOf) state.legs.set(agent.legOf, agent.agentId);
      if (agent.phone !== null) state.phones.set(agent.phone, agent.agentId);
    }
    for (const call of calls) {
      state.calls.set(call.callId, call);
      for (const { offerId, agentId } of call.offers) state.offers.set(offerId, { callId: call.callId, agentId });
      if (call.phase === 'offered' || call.phase === 'connecting') state.offersUnderWay += call.offers.length;
    }
    state.dispatching = false;
    state.restoreQueues([...queues]);
    state.configure(config);
    return engine;
  }

  apply(atMs: Ms, event: AcdEvent): AcdOutcome {
    const state = this.#state;
    state.nowMs = Math.max(state.nowMs, atMs);
    state.actions = [];
    state.facts = [];
    state.timers = [];
    state.refusal = null;
    this.#dispatch(event);
    catchUp(state);
    watchStirred(state);
    return { actions: state.actions, facts: state.facts, timers: state.timers, refusal: state.refusal };
  }

  /** Entities that have changed since the last call of this function; null when one is gone. */
  takeChanges(): {
    calls: [CallId, QueuedCall | null][];
    agents: [AgentId, Agent | null][];
    queues: [string, QueueEntity | null][];
  } {
    const { touchedCalls, touchedAgents, touchedQueues, calls, agents } = this.#state;
    const changes = {
      calls: [...touchedCalls].map((id): [CallId, QueuedCall | null] => [id, calls.get(id) ?? null]),
      agents: [...touchedAgents].map((id): [AgentId, Agent | null] => [id, agents.get(id) ?? null]),
      queues: [...touchedQueues].map((id): [string, QueueEntity | null] => [id, this.#state.queueEntity(id)]),
    };
    touchedCalls.clear();
    touchedQueues.clear();
    touchedAgents.clear();
    return changes;
  }

  call(callId: CallId): Readonly<QueuedCall> | undefined {
    return this.#state.calls.get(callId);
  }

  agent(agentId: AgentId): Readonly<Agent> | undefined {
    return this.#state.agents.get(agentId);
  }

  agents(): Iterable<Readonly<Agent>> {
    return this.#state.agents.values();
  }

  calls(): Iterable<Readonly<QueuedCall>> {
    return this.#state.calls.values();
  }

  /** What is kept of queues beside their callers. */
  *queueEntities(): Iterable<[string, QueueRecord | KeptPlace]> {
    for (const { config, record, places } of this.#state.rooms.values()) {
      yield [config.id, record];
      for (const place of places.values()) yield [placeId(place), place];
    }
  }

  /** How long a waiting caller will probably still wait; null when nobody is there to serve, or the call does not wait. */
  estimateMs(callId: CallId): Ms | null {
    const call = this.#state.calls.get(callId);
    return call && call.phase !== 'talking' ? estimateMs(this.#state, call) : null;
  }

  /** Answers and expiries that came too late. */
  get staleIgnored(): number {
    return this.#state.stale;
  }

  /** Timers that must be running, for whoever has just restored the engine. */
  pendingTimers(): { timerId: TimerId; atMs: Ms }[] {
    const pending: { timerId: TimerId; atMs: Ms }[] = [];
    const rooms = [...this.#state.rooms.values()].map((room) => room.record);
    for (const { timers } of [...this.#state.calls.values(), ...this.#state.agents.values(), ...rooms]) {
      for (const { id, atMs } of Object.values(timers)) pending.push({ timerId: id, atMs });
    }
    return pending;
  }

  #dispatch(event: AcdEvent): void {
    const state = this.#state;
    switch (event.kind) {
      case 'enqueue':
        return enqueue(state, event);
      case 'leave':
        leave(state, event.callId, event.exit);
        return;
      case 'promise':
        return promise(state, event);
      case 'promiseRests':
        return rest(state, event.callId, event.untilMs);
      case 'promiseReached':
        return reached(state, event.callId);
      case 'promiseOver':
        return over(state, event.callId);
      case 'keyPressed':
        return keyPressed(state, event.callId, event.key);
      case 'offerPickedUp':
        return offerPickedUp(state, event.offerId);
      case 'offerConnected':
        return offerConnected(state, event.offerId);
      case 'offerFailed':
        return offerFailed(state, event.offerId, event.cause, true);
      case 'agentLegGone':
        return agentLegGone(state, event.offerId);
      case 'talkEnded':
        return talkEnded(state, event.callId, event.endedBy);
      case 'held':
      case 'unheld':
        return this.#hold(event.callId, event.kind === 'held');
      case 'signIn':
        state.refusal = signIn(state, event.agentId, event.phone, event.by);
        return;
      case 'signOut':
        state.refusal = signOut(state, event.agentId, event.by);
        return;
      case 'setStatus':
        state.refusal = setStatus(state, event.agentId, event.status, event.reason, event.by);
        return;
      case 'finishWrapUp':
        state.refusal = finishWrapUp(state, event.agentId);
        return;
      case 'extendWrapUp':
        state.refusal = extendWrapUp(state, event.agentId, event.forMs, event.by);
        return;
      case 'reprioritise':
        state.refusal = reprioritise(state, event);
        return;
      case 'assign':
        state.refusal = assign(state, event);
        return;
      case 'timer':
        return this.#timer(event.timerId);
      case 'dispatch':
        state.dispatching = event.on;
        if (event.on) matchAll(state);
        return;
      case 'configure':
        state.configure(event.config);
        // Agents may have learnt what waiting callers need.
        return matchAll(state);
    }
  }

  #hold(callId: CallId, held: boolean): void {
    const state = this.#state;
    const call = state.calls.get(callId);
    const offer = offerOf(call);
    const agent = offer && state.agents.get(offer.agentId);
    if (!call?.talk || !agent || held === (call.talk.heldSinceMs !== null)) {
      state.stale++;
      return;
    }
    if (held) call.talk.heldSinceMs = state.nowMs;
    else {
      call.talk.holdMs += state.nowMs - (call.talk.heldSinceMs as number);
      call.talk.heldSinceMs = null;
    }
    state.touchedCalls.add(callId);
    state.facts.push({ kind: held ? 'callHeld' : 'callUnheld', callId, agentId: agent.agentId });
    state.setAgentState(agent, held ? 'onHold' : 'talking', callId);
  }

  #timer(timerId: TimerId): void {
    const state = this.#state;
    const [owner, id, purpose] = timerId.split('/') as [string, string, string];
    const call = owner === 'q' ? state.calls.get(id as CallId) : undefined;
    const agent = owner === 'a' ? state.agents.get(id as AgentId) : undefined;
    const room = owner === 'w' ? state.rooms.get(id as QueueId) : undefined;
    const timers: Timers | undefined = call?.timers ?? agent?.timers ?? room?.record.timers;
    if (timers?.[purpose]?.id !== timerId) {
      state.stale++;
      return;
    }
    delete timers[purpose];
    if (call) {
      state.touchedCalls.add(call.callId);
      this.#callTimer(call, purpose);
    } else if (agent) {
      state.touchedAgents.add(agent.agentId);
      this.#agentTimer(agent, purpose);
    } else if (room) {
      state.touchRoom(room);
      roomTimer(state, room, purpose);
    }
  }

  #callTimer(call: QueuedCall, purpose: string): void {
    const state = this.#state;
    const ringing = call.offers.find(({ offerId }) => ringTimer(offerId) === purpose);
    // While the switch is away nobody can pick up or be connected: no agent is judged for it. The resync tells what became of the leg.
    if (!state.dispatching && (ringing || purpose === 'connect')) {
      return state.startCallTimer(call, purpose, state.nowMs + state.queueOf(call).agents.ringMs);
    }
    if (ringing) return offerFailed(state, ringing.offerId, 'noAnswer', true);
    switch (purpose) {
      case 'connect': {
        const offer = offerOf(call);
        if (offer) offerFailed(state, offer.offerId, 'switchError', true);
        return;
      }
      case 'grace':
        return graceOver(state, call);
      case 'promise':
        return keepPromise(state, call);
      case 'maxWait':
        return waitedTooLong(state, call);
      case 'relax':
        return relax(state, call);
      case 'overflow':
        return overflowByWait(state, call);
      case 'announce':
        return announce(state, call);
    }
  }

  #agentTimer(agent: Agent, purpose: string): void {
    const state = this.#state;
    switch (purpose) {
      case 'wrapUp':
        return endWrapUp(state, agent, 'timer');
      case 'backOff':
        return backOffOver(state, agent);
      case 'notReady':
        return notReadyTooLong(state, agent);
      case 'legGone':
        state.setLeg(agent, null);
        return placeAgent(state, agent);
    }
  }
}
