import { AcdEngine } from '../acd/engine.js';
import type { Agent, QueuedCall, QueueEntity } from '../acd/entities.js';
import type { AcdEvent, TimerChange } from '../acd/events.js';
import type { FactBody } from '../base/facts.js';
import type { CallId, PlaybackId, RecordingId, TimerId } from '../base/ids.js';
import type { LookUpResult } from '../base/look-up.js';
import type { Refusal } from '../base/result.js';
import type { Ms } from '../base/time.js';
import { agentLegAnswered, agentLegEnded, connected, connectFailed, obeyEngine } from './agent-side.js';
import { calledPersonAnswered, cancelCallback, dialTimeOver, promiseExpired } from './callback.js';
import { callerArrived, callerGone, keyPressed, playbackEnded } from './caller-side.js';
import { phoneDialled } from './desk.js';
import { type CallRecord, offerOfLeg } from './entities.js';
import { remember, walk } from './flow-walk.js';
import { conclude, HANG_UP_WITHIN_MS, outcomeOf, settle, settleTimeOver } from './goodbye.js';
import { messageEnded, messageStarted, messageTimeOver } from './message.js';
import { recordingEnded, recordingStarted } from './recording.js';
import { resync } from './resync.js';
import { type Addressed, CallState, type HotlineConfig, type Job, type LookUpRequest } from './state.js';
import type { SwitchEvent } from './switch-events.js';
import { outsideLegAnswered, outsideLegEnded, transferTimeOver } from './transfer.js';

/** All that can happen to a routing domain. */
export type HotlineEvent =
  | SwitchEvent
  | Extract<AcdEvent, { kind: 'signIn' | 'signOut' | 'setStatus' | 'finishWrapUp' | 'extendWrapUp' | 'reprioritise' | 'assign' }>
  /** A supervisor takes a promise to call back. */
  | { readonly kind: 'cancelCallback'; readonly callbackId: CallId; readonly by: string }
  | { readonly kind: 'timer'; readonly timerId: TimerId }
  | { readonly kind: 'reconfigured'; readonly config: HotlineConfig }
  /** What came of a question to an endpoint that `lookUps` asked for. */
  | { readonly kind: 'lookupEnded'; readonly callId: CallId; readonly turn: number; readonly result: LookUpResult }
  /** Something that happened outside the calls and belongs to the history: a controller's start, a sealed recording. */
  | { readonly kind: 'happened'; readonly fact: FactBody };

export interface HotlineOutcome {
  readonly commands: readonly Addressed[];
  readonly facts: readonly FactBody[];
  readonly timers: readonly TimerChange[];
  readonly jobs: readonly Job[];
  /** Asked once the commit is through; each is answered with `lookupEnded`. Never stored. */
  readonly lookUps: readonly LookUpRequest[];
  readonly refusal: Refusal | null;
}

/** What is kept of one call: its life, and its place in the engine while it has one. */
export interface StoredCall {
  readonly life: CallRecord;
  readonly queued: QueuedCall | null;
}

/**
 * One routing domain as a state machine: calls with their flows and recordings, and the engine that matches them with agents.
 * `apply(atMs, event)` does nothing but change its own state and say what is to be done; whoever drives it commits first, then acts.
 */
export class Hotline {
  readonly #state: CallState;

  private constructor(config: HotlineConfig, engine: AcdEngine) {
    this.#state = new CallState(config, engine);
    this.#state.onAction = (action) => obeyEngine(this.#state, action);
  }

  /** From stored entities (none for a first start). Nobody is rung before the first `switchUp`. */
  static restore(
    config: HotlineConfig,
    calls: Iterable<StoredCall>,
    agents: Iterable<Agent>,
    queues: Iterable<QueueEntity> = [],
  ): Hotline {
    const stored = [...calls];
    const queued = stored.flatMap((each) => (each.queued ? [each.queued] : []));
    const hotline = new Hotline(config, AcdEngine.restore(config.acd, queued, agents, queues));
    for (const { life } of stored) {
      hotline.#state.add(life);
      hotline.#state.inherited.add(life.callId);
    }
    hotline.#state.touched.clear();
    return hotline;
  }

  apply(atMs: Ms, event: HotlineEvent): HotlineOutcome {
    const state = this.#state;
    state.nowMs = Math.max(state.nowMs, atMs);
    state.commands = [];
    state.facts = [];
    state.timers = [];
    state.jobs = [];
    state.lookUps = [];
    state.refusal = null;
    this.#dispatch(event);
    const { commands, facts, timers, jobs, lookUps, refusal } = state;
    return { commands, facts, timers, jobs, lookUps, refusal };
  }

  /** Entities changed since the last call, as they are stored; null when gone. */
  takeChanges(): {
    calls: [CallId, StoredCall | null][];
    agents: [string, Agent | null][];
    queues: [string, QueueEntity | null][];
  } {
    const { engine, touched, calls } = this.#state;
    const changes = engine.takeChanges();
    for (const [callId] of changes.calls) touched.add(callId);
    const stored = [...touched].map((callId): [CallId, StoredCall | null] => [callId, this.#stored(calls.get(callId))]);
    touched.clear();
    return { calls: stored, agents: changes.agents, queues: changes.queues };
  }

  /** Everything, for refilling an empty store. */
  everything(): { calls: [CallId, StoredCall][]; agents: [string, Agent][]; queues: [string, QueueEntity][] } {
    const calls = [...this.#state.calls.values()].map((call): [CallId, StoredCall] => [
      call.callId,
      this.#stored(call) as StoredCall,
    ]);
    const agents = [...this.#state.engine.agents()].map((agent): [string, Agent] => [agent.agentId, agent as Agent]);
    return { calls, agents, queues: [...this.#state.engine.queueEntities()] };
  }

  /** Timers that must be running after a restore. */
  pendingTimers(): { timerId: TimerId; atMs: Ms }[] {
    const own = [...this.#state.calls.values()].flatMap((call) => Object.values(call.timers));
    return [...own.map(({ id, atMs }) => ({ timerId: id, atMs })), ...this.#state.engine.pendingTimers()];
  }

  /** What should be running on a switch, for its resync. */
  expected(switchId: string): { playbacks: PlaybackId[]; recordings: RecordingId[] } {
    const calls = [...this.#state.calls.values()].filter((call) => call.switchId === switchId);
    return {
      playbacks: calls.flatMap((call) => (call.playback ? [call.playback.playbackId] : [])),
      recordings: calls.flatMap(({ recording, message }) =>
        [recording, message].flatMap((each) => (each ? [each.recordingId] : [])),
      ),
    };
  }

  calls(): Iterable<Readonly<CallRecord>> {
    return this.#state.calls.values();
  }

  get engine(): AcdEngine {
    return this.#state.engine;
  }

  get staleIgnored(): number {
    return this.#state.stale + this.#state.engine.staleIgnored;
  }

  #stored(call: CallRecord | undefined): StoredCall | null {
    return call ? { life: call, queued: (this.#state.engine.call(call.callId) as QueuedCall | undefined) ?? null } : null;
  }

  #dispatch(event: HotlineEvent): void {
    const state = this.#state;
    switch (event.kind) {
      case 'legArrived':
        return callerArrived(state, event);
      case 'phoneDialled':
        return phoneDialled(state, event);
      case 'legAnswered':
        if (state.outsideLegs.has(event.legId)) return outsideLegAnswered(state, event);
        return state.callers.has(event.legId) ? calledPersonAnswered(state, event) : agentLegAnswered(state, event);
      case 'legEnded':
        return this.#legEnded(event);
      case 'legHeld':
      case 'legUnheld': {
        const callId = state.agentLegs.get(event.legId);
        if (callId) state.decide({ kind: event.kind === 'legHeld' ? 'held' : 'unheld', callId });
        return;
      }
      case 'keyPressed':
        return keyPressed(state, event);
      case 'playbackEnded':
        return playbackEnded(state, event);
      case 'connected':
        return connected(state, event);
      case 'connectFailed':
        return connectFailed(state, event);
      case 'recordingStarted':
      case 'recordingEnded':
        return this.#recording(event);
      case 'switchUp':
        return resync(state, event);
      case 'switchDown':
        state.facts.push({ kind: 'switchDown', switchId: event.switchId, detail: event.detail });
        state.connected.delete(event.switchId);
        return state.decide({ kind: 'dispatch', on: false });
      case 'legRinging':
      case 'commandFailed':
        return;
      case 'signIn':
      case 'signOut':
      case 'setStatus':
      case 'finishWrapUp':
      case 'extendWrapUp':
      case 'assign':
        return state.decide(event);
      case 'reprioritise':
        return this.#reprioritise(event);
      case 'cancelCallback':
        state.refusal = cancelCallback(state, event.callbackId, event.by);
        return;
      case 'timer':
        return this.#timer(event.timerId);
      case 'reconfigured': {
        const { acd } = state.config;
        state.config = event.config;
        // New flows alone leave queues and agents as they are; sorting all lines anew would hold up every caller.
        if (event.config.acd !== acd) state.decide({ kind: 'configure', config: event.config.acd });
        return;
      }
      case 'lookupEnded': {
        const call = state.calls.get(event.callId);
        if (state.asking.get(event.callId) === event.turn) state.asking.delete(event.callId);
        if (call?.phase === 'flow') walk(state, call, { kind: 'lookupEnded', turn: event.turn, result: event.result });
        else state.stale++;
        return;
      }
      case 'happened':
        state.facts.push(event.fact);
        return;
    }
  }

  /** What the call is worth and needs is noted on its leg too, for a controller that finds nothing else. */
  #reprioritise(event: Extract<AcdEvent, { kind: 'reprioritise' }>): void {
    const state = this.#state;
    state.decide(event);
    const call = state.calls.get(event.callId);
    if (call && !state.refusal) remember(state, call);
  }

  #legEnded(event: Extract<SwitchEvent, { kind: 'legEnded' }>): void {
    const state = this.#state;
    const callerOf = state.callers.get(event.legId);
    const outsideOf = state.calls.get(state.outsideLegs.get(event.legId) as CallId);
    if (outsideOf) return outsideLegEnded(state, outsideOf, event.legId, event.cause);
    const agentOf = state.agentLegs.get(event.legId);
    const call = state.calls.get((callerOf ?? agentOf) as CallId);
    if (!call) {
      if (!state.deskLegs.delete(event.legId)) state.stale++;
    } else if (callerOf) callerGone(state, call, event.cause);
    else agentLegEnded(state, call, offerOfLeg(event.legId), event.cause);
  }

  #recording(event: Extract<SwitchEvent, { kind: 'recordingStarted' | 'recordingEnded' }>): void {
    const state = this.#state;
    // Recording ids begin with the id of their call.
    const call = state.calls.get(event.recordingId.replace(/-[rv]\d+$/, '') as CallId);
    if (call?.message?.recordingId === event.recordingId) {
      return event.kind === 'recordingStarted' ? messageStarted(state, call) : messageEnded(state, call, event);
    }
    if (!call || call.recording?.recordingId !== event.recordingId) {
      state.stale++;
      // A message that was asked for twice, over a takeover: the later one is waited for, and the switch records one after the other.
      const { switchId, recordingId } = event;
      if (call?.message && event.kind === 'recordingStarted')
        state.tell(switchId, { kind: 'stopRecording', callId: call.callId, recordingId });
      return;
    }
    if (event.kind === 'recordingStarted') return recordingStarted(state, call);
    recordingEnded(state, call, event.durationMs, event.failed, event.detail);
    settle(state, call);
  }

  #timer(timerId: TimerId): void {
    const state = this.#state;
    const [owner, id, purpose] = timerId.split('/') as [string, string, string];
    if (owner !== 'c') return state.decide({ kind: 'timer', timerId });
    const call = state.calls.get(id as CallId);
    if (call?.timers[purpose]?.id !== timerId) {
      state.stale++;
      return;
    }
    delete call.timers[purpose];
    state.touch(call);
    switch (purpose) {
      case 'flow':
        if (call.phase === 'flow' && call.flowTimerTurn !== null) walk(state, call, { kind: 'timer', turn: call.flowTimerTurn });
        return;
      case 'hangUp':
        // A switch that is away cannot have told; the call must not be forgotten while its leg may still stand there.
        if (!state.connected.has(call.switchId)) return state.startTimer(call, 'hangUp', HANG_UP_WITHIN_MS);
        return conclude(state, call, call.outcome ?? outcomeOf(call, 'system'), 'system');
      case 'dial':
        return dialTimeOver(state, call);
      case 'expire':
        return promiseExpired(state, call);
      case 'message':
        return messageTimeOver(state, call);
      case 'transfer':
        return transferTimeOver(state, call);
      case 'settle':
        return settleTimeOver(state, call);
    }
  }
}
