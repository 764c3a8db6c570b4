import type { AgentConfig, QueueConfig } from '../acd/config.js';
import { type InOrder, standingOrder } from '../base/caller-order.js';
import type { Fact, FactOf } from '../base/facts.js';
import type { AgentId, CallId, QueueId } from '../base/ids.js';
import { invariant } from '../base/result.js';
import { MINUTE, type Ms } from '../base/time.js';
import { AbandonedFold } from './abandoned-fold.js';
import type { AgentDayView } from './agent-day.js';
import { AgentFold } from './agent-fold.js';
import { AlarmFold, type ShownRule } from './alarms/alarm-fold.js';
import { CallFold } from './call-fold.js';
import { CallbackFold } from './callback-fold.js';
import { FlowFold } from './flow-fold.js';
import { serviceLevel, share } from './formulas.js';
import { LookUpFold } from './look-up-fold.js';
import { MessageFold } from './message-fold.js';
import { outlookOf, sureBounds } from './outlook.js';
import { answerRateOf, estimateErrorOf, type LookBack, lookBack, waitsOf } from './queue-figures.js';
import { QueueFold, type Stay } from './queue-fold.js';
import { RecordingFold } from './recording-fold.js';
import type { Board, HouseTotals, Ledger, QueueCounts, QueueDetails, QueueView, SwitchView, WaitingCallView } from './views.js';

export interface LedgerOptions {
  readonly queues: readonly QueueConfig[];
  readonly agents: readonly AgentConfig[];
  /** Start of the site's day that a moment lies in. Pure; days begin at whole minutes. */
  readonly dayStartMs: (atMs: Ms) => Ms;
  /** Name of the site's day that a moment lies in (`2026-11-22`); its start as a number unless told. */
  readonly dayName?: (atMs: Ms) => string;
  /** Ended calls and recordings that are remembered; 5,000 unless told. */
  readonly remembered?: number;
  /** 15 or 30 minutes; 30 unless told. */
  readonly intervalMs?: Ms;
  /** Calls still expected in a queue today, by a forecast; null: nothing to go by. */
  readonly expectedRest?: (queueId: QueueId, nowMs: Ms) => number | null;
  /** Shown with their alarms. */
  readonly alarmRules?: readonly ShownRule[];
}

/** A ledger that also answers for any span of minutes of the last two days. */
export interface CountingLedger extends Ledger {
  /** Counts of the calls that entered `queueId` within [fromMs, toMs), by whole minutes, as they stand at `nowMs`. */
  counts(queueId: string, fromMs: Ms, toMs: Ms, nowMs: Ms): QueueCounts;
  /** The day of `nowMs` of one queue by tier, lane, agent and team (`tier:vip`), and its waits by the second. Null: no such queue. */
  details(queueId: string, nowMs: Ms): QueueDetails | null;
  /** How each agent has spent the day of `nowMs`, up to `nowMs`. */
  agentDays(nowMs: Ms): AgentDayView[];
  /** Counts since the first fact. */
  totals(nowMs: Ms): HouseTotals;
  /** Messages that flows wanted sent and that could not be handed over, within the hour before `nowMs`. */
  messagesGivenUp(nowMs: Ms): number;
  readonly alarms: AlarmFold;
}

const CALLERS_SHOWN = 50;

/**
 * The fold of facts into what people see. Pure: the same facts give the same frames. The first fact may have any seq (a ledger is usually
 * started at the beginning of a day); after it, none may be missing.
 */
export function createLedger(options: LedgerOptions): CountingLedger {
  return new FoldedLedger(options);
}

class FoldedLedger implements CountingLedger {
  readonly #queues: readonly QueueConfig[];
  readonly #teams: ReadonlyMap<AgentId, string>;
  readonly #expectedRest: NonNullable<LedgerOptions['expectedRest']>;
  readonly #intervalMs: Ms;
  readonly #lines: QueueFold;
  readonly #agents: AgentFold;
  readonly #calls: CallFold;
  readonly #abandoned: AbandonedFold;
  readonly #recordings: RecordingFold;
  readonly #callbacks: CallbackFold;
  readonly #flows: FlowFold;
  readonly alarms: AlarmFold;
  readonly #lookUps = new LookUpFold();
  readonly #messages = new MessageFold();
  readonly #switches = new Map<string, SwitchView>();
  readonly #lookedBack = new Map<QueueId, { readonly stamp: string; readonly figures: LookBack }>();
  #seq = 0;
  #firstAtMs: Ms | null = null;

  constructor(options: LedgerOptions) {
    const { queues, agents, dayStartMs, dayName = (atMs) => `${dayStartMs(atMs)}`, remembered = 5_000 } = options;
    this.#queues = queues;
    this.#expectedRest = options.expectedRest ?? (() => null);
    this.#intervalMs = options.intervalMs ?? 30 * MINUTE;
    this.#lines = new QueueFold(queues, dayStartMs);
    this.#agents = new AgentFold(agents, queues, (atMs) => this.#lines.dayOf(atMs));
    this.#teams = new Map(agents.map(({ id, team }) => [id, team]));
    this.#calls = new CallFold(remembered);
    this.#abandoned = new AbandonedFold(remembered);
    this.#recordings = new RecordingFold(remembered);
    this.#callbacks = new CallbackFold(remembered);
    this.alarms = new AlarmFold(options.alarmRules);
    this.#flows = new FlowFold({ dayName });
  }

  get seq(): number {
    return this.#seq;
  }

  add(fact: Fact): void {
    if (this.#firstAtMs !== null) {
      if (fact.seq <= this.#seq) return;
      invariant(fact.seq === this.#seq + 1, `facts ${this.#seq + 1} to ${fact.seq - 1} are missing`);
    }
    this.#firstAtMs ??= fact.atMs;
    this.#seq = fact.seq;
    if ('callId' in fact && fact.kind !== 'agentStateChanged') this.#calls.add(fact);
    this.#flows.add(fact);
    this.#fold(fact);
  }

  #fold(fact: Fact): void {
    switch (fact.kind) {
      case 'callQueued':
        this.#lines.queued(fact, this.#calls.caller(fact.callId).tier);
        return;
      case 'callBlocked':
        this.#lines.blocked(fact);
        return;
      case 'callReprioritised':
        this.#lines.reprioritised(fact);
        return;
      case 'offerEnded':
        this.#offerEnded(fact);
        return;
      case 'callAnswered':
        this.#agents.count(fact.agentId, 'answered', fact.atMs);
        this.#lines.answered(fact, this.#teams.get(fact.agentId) ?? '');
        this.#abandoned.answered(fact.callId);
        return;
      case 'callLeftQueue':
        if (fact.exit === 'abandoned') this.#noteAbandoned(fact.callId, fact.queueId, fact.waitMs, fact.atMs);
        this.#lines.left(fact);
        return;
      case 'talkEnded':
        this.#lines.talkEnded(fact);
        return;
      case 'callEnded':
        this.#endWaiting(fact);
        this.#abandoned.ended(fact.callId);
        return;
      case 'wrapUpEnded':
        this.#lines.wrapUpEnded(fact);
        return;
      case 'recordingStarted':
        this.#recordings.started(fact);
        return;
      case 'recordingEnded':
        this.#recordings.ended(fact);
        return;
      case 'recordingSealed':
        this.#recordings.sealed(fact);
        return;
      case 'recordingMissing':
        this.#recordings.missing(fact);
        return;
      case 'agentSignedIn':
        this.#agents.signedIn(fact);
        return;
      case 'agentSignedOut':
        this.#agents.signedOut(fact);
        return;
      case 'agentStatusChanged':
        this.#agents.statusChanged(fact);
        return;
      case 'agentStateChanged':
        this.#agents.stateChanged(fact);
        return;
      case 'switchUp':
      case 'switchDown':
        this.#switches.set(fact.switchId, {
          switchId: fact.switchId,
          up: fact.kind === 'switchUp',
          detail: fact.detail,
          sinceMs: fact.atMs,
        });
        return;
      case 'controllerStarted':
        // What the last controller believed of the switches says nothing until this one has heard of them.
        for (const [id, view] of this.#switches) this.#switches.set(id, { ...view, up: false, sinceMs: fact.atMs });
        return;
      case 'alarmRaised':
        this.alarms.raised(fact);
        return;
      case 'alarmCleared':
        this.alarms.cleared(fact);
        return;
      case 'alarmAcknowledged':
        this.alarms.acknowledged(fact);
        return;
      case 'alarmMuted':
        this.alarms.muted(fact);
        return;
      case 'lookUpEnded':
        this.#lookUps.ended(fact);
        return;
      case 'messageDelivered':
      case 'messageGivenUp':
        this.#messages.ended(fact);
        return;
      case 'callArrived':
        this.#abandoned.arrived(fact);
        return;
      case 'callbackRequested':
        this.#callbacks.requested(fact);
        return;
      case 'callbackAttempted':
        this.#callbacks.attempted(fact);
        return;
      case 'callbackEnded':
        if (fact.agentId !== null) this.#agents.count(fact.agentId, 'answered', fact.atMs);
        this.#callbacks.ended(fact);
        return;
      case 'flowEntered':
      case 'nodeEntered':
      case 'menuEnded':
      case 'languageChosen':
      case 'callerIdentified':
      case 'callOffered':
      case 'callbackRefused':
      case 'callHeld':
      case 'callUnheld':
      case 'wrapUpStarted':
      case 'agentBackedOff':
      case 'controllerStopped':
      case 'configLoaded':
      case 'resynced':
        return;
    }
  }

  #offerEnded({ outcome, agentId, queueId, atMs }: FactOf<'offerEnded'>): void {
    if (outcome === 'declined') this.#agents.count(agentId, 'declined', atMs);
    if (outcome !== 'noAnswer') return;
    this.#agents.count(agentId, 'rona', atMs);
    this.#lines.notAnswered(queueId, atMs);
  }

  /** A call that ends while it waits, as its switch is lost, is abandoned: for the caller it makes no difference. */
  #endWaiting(fact: FactOf<'callEnded'>): void {
    const stay = this.#lines.stayOf(fact.callId);
    if (stay) this.#noteAbandoned(fact.callId, stay.queueId, fact.atMs - stay.enteredAtMs, fact.atMs);
    this.#lines.ended(fact);
  }

  #noteAbandoned(callId: CallId, queueId: QueueId, waitMs: Ms, atMs: Ms): void {
    const lane = this.#lines.stayOf(callId)?.lane ?? 'ordinary';
    const tier = this.#calls.view(callId)?.tier ?? '';
    this.#abandoned.left(callId, queueId, waitMs, atMs, { lane, tier });
  }

  board(nowMs: Ms): Board {
    return {
      seq: this.#seq,
      atMs: nowMs,
      queues: this.#queues.map((queue) => this.#queueView(queue, nowMs)),
      agents: this.#agents.views(this.#lines.dayOf(nowMs), this.#firstAtMs ?? nowMs),
      switches: [...this.#switches.values()],
      callsNow: this.#calls.liveCount,
      alarms: this.alarms.up(nowMs),
    };
  }

  calls(limit: number) {
    return this.#calls.views(limit);
  }

  call(callId: string) {
    return this.#calls.view(callId);
  }

  factsOf(callId: string) {
    return this.#calls.facts(callId);
  }

  storyOf(callId: string) {
    return this.#calls.story(callId);
  }

  abandoned(limit: number) {
    return this.#abandoned.views(limit);
  }

  callbacks(limit: number) {
    return this.#callbacks.views(limit);
  }

  recordings(limit: number) {
    return this.#recordings.views(limit);
  }

  counts(queueId: string, fromMs: Ms, toMs: Ms, nowMs: Ms): QueueCounts {
    return this.#lines.span(queueId as QueueId, fromMs, toMs, nowMs);
  }

  details(queueId: string, nowMs: Ms): QueueDetails | null {
    const queue = this.#queues.find((each) => each.id === queueId);
    if (!queue) return null;
    const level = (counts: QueueCounts) => ({ counts, level: serviceLevel(queue.target.formula, counts) });
    const parts = [...this.#lines.parts(queue.id, nowMs)].map(([part, counts]) => ({ part, ...level(counts) }));
    return {
      ...level(this.#lines.today(queue.id, nowMs)),
      queueId: queue.id,
      parts: parts.sort((a, b) => (a.part < b.part ? -1 : 1)),
      waits: this.#lines.waits(queue.id, nowMs),
    };
  }

  messagesGivenUp(nowMs: Ms): number {
    return this.#messages.givenUpInHour(nowMs);
  }

  totals(nowMs: Ms): HouseTotals {
    const queues = this.#queues.map(({ id, target: { formula } }) => {
      const { counts, waits } = this.#lines.totals(id, nowMs);
      return { queueId: id, formula, counts, waits, level: serviceLevel(formula, counts) };
    });
    return { queues, lookUps: this.#lookUps.totals(), messages: this.#messages.totals() };
  }

  agentDays(nowMs: Ms): AgentDayView[] {
    return this.#agents.days(nowMs);
  }

  flowDay(flowId: string, day: string) {
    return this.#flows.view(flowId, day, this.#seq);
  }

  #queueView(queue: QueueConfig, nowMs: Ms): QueueView {
    const today = this.#lines.today(queue.id, nowMs);
    const waiting = this.#lines.waiting(queue.id);
    const stays = [...waiting];
    const { formula, withinMs, share: target } = queue.target;
    const level = serviceLevel(formula, today);
    const more = this.#lines.more(queue.id, nowMs);
    const agents = this.#agents.counts(queue.require);
    const back = this.#lookBack(queue, nowMs);
    const outlook = outlookOf({
      queue,
      today,
      recentOffered: back.recent.m15.offered,
      sumWaitAbandonedMs: more.sumWaitAbandonedMs,
      talks: more.talks,
      agents,
      expectedRest: this.#expectedRest(queue.id, nowMs),
    });
    return {
      queueId: queue.id,
      title: queue.title,
      today,
      serviceLevel: { ...level, formula, withinMs, target },
      waiting: stays.length,
      longestWaitSinceMs: stays.length === 0 ? null : stays.reduce((least, stay) => Math.min(least, stay.enteredAtMs), nowMs),
      callers: this.#headOfLine(queue, stays, nowMs),
      asaMs: mean(today.sumWaitAnsweredMs, today.answered),
      ahtMs: mean(today.sumTalkMs + today.sumHoldMs + today.sumWrapUpMs, today.answered),
      abandonRate: share(today.abandoned, today.offered),
      answerRate: answerRateOf(today),
      sure: sureBounds(level.numerator, level.denominator),
      ...back,
      waits: waitsOf(more),
      outlook,
      estimateError: estimateErrorOf(more),
      ronaToday: more.rona,
      agents,
    };
  }

  /** Summed up anew only when something of it has changed: most queues of a big site are quiet at any moment. */
  #lookBack(queue: QueueConfig, nowMs: Ms): LookBack {
    const stamp = this.#lines.stamp(queue.id, nowMs);
    const known = this.#lookedBack.get(queue.id);
    if (known?.stamp === stamp) return known.figures;
    const figures = lookBack(this.#lines, queue, this.#intervalMs, nowMs);
    this.#lookedBack.set(queue.id, { stamp, figures });
    return figures;
  }

  #headOfLine(queue: QueueConfig, stays: Stay[], nowMs: Ms): WaitingCallView[] {
    const compare = standingOrder(queue, nowMs);
    const line = stays.map((stay) => {
      const { callId, lane, priority, placeFromMs, enteredAtMs } = stay;
      const { tier } = this.#calls.caller(callId);
      const standing: InOrder = {
        callId,
        lane: lane === 'vip' ? 'vip' : 'ordinary',
        priority,
        tier,
        enteredAtMs: placeFromMs,
        queuedAtMs: enteredAtMs,
      };
      return { stay, standing };
    });
    line.sort((a, b) => compare(a.standing, b.standing));
    return line.slice(0, CALLERS_SHOWN).map(({ stay: { callId, lane, priority, enteredAtMs } }) => {
      const { ani, tier } = this.#calls.caller(callId);
      return { callId, lane, priority, enteredAtMs, ani, tier };
    });
  }
}

const mean = (sum: number, count: number): number | null => (count > 0 ? Math.round(sum / count) : null);
