import type { ServiceLevelFormula } from '../acd/config.js';
import type { AgentState, AgentStatus, CallOutcome, Fact } from '../base/facts.js';
import type { AgentId, CallId, FlowId, OfferId, QueueId, RecordingId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
import type { AlarmView } from './alarms/alarm-fold.js';
import type { CallbackView } from './callback-fold.js';
import type { LookUpTotals } from './look-up-fold.js';
import type { MessageTotals } from './message-fold.js';
import type { WaitCounts } from './wait-histogram.js';

export type { AgentDayView } from './agent-day.js';
export type { AlarmView } from './alarms/alarm-fold.js';
export type { CallbackView } from './callback-fold.js';

/**
 * What people are shown: read models folded from facts. Times are moments (`...SinceMs`, `...AtMs`), so that a page counts seconds
 * itself. All figures of one board carry one snapshot number, the `seq` of the last fact in it.
 */

/** A share with its parts: never a percentage without them. `share` is null when the denominator is 0 and is shown as a dash. */
export interface Share {
  readonly numerator: number;
  readonly denominator: number;
  readonly share: number | null;
}

export interface ServiceLevelView extends Share {
  readonly formula: ServiceLevelFormula;
  readonly withinMs: Ms;
  /** The share aimed at, 0.8 for 80 %. */
  readonly target: number;
}

/** Counts of the calls that entered the queue within a span. offered = answered + abandoned + flowedOut + timedOut + exitedByKey + calledBack + waiting, always. */
export interface QueueCounts {
  readonly offered: number;
  readonly answered: number;
  readonly answeredInTime: number;
  readonly abandoned: number;
  readonly abandonedInTime: number;
  readonly shortAbandoned: number;
  readonly flowedOut: number;
  readonly flowedOutInTime: number;
  readonly timedOut: number;
  readonly exitedByKey: number;
  readonly calledBack: number;
  readonly calledBackInTime: number;
  readonly waiting: number;
  /** Waiting longer than the threshold at this moment: already missed. */
  readonly waitingLate: number;
  readonly blocked: number;
  readonly sumWaitAnsweredMs: Ms;
  readonly sumTalkMs: Ms;
  readonly sumHoldMs: Ms;
  readonly sumWrapUpMs: Ms;
  readonly longestWaitMs: Ms;
}

export interface WaitingCallView {
  readonly callId: CallId;
  readonly lane: string;
  readonly priority: number;
  readonly enteredAtMs: Ms;
  /** Masked: the last four digits. */
  readonly ani: string;
  readonly tier: string;
}

/** What a span of time gave: calls that entered within it, by whole minutes, as they stand now. */
export interface SpanView extends Share {
  readonly fromMs: Ms;
  readonly offered: number;
  readonly answered: number;
  readonly abandoned: number;
}

/** What is needed to reach the target. */
export interface OutlookView {
  /** Callers waiting who are not yet past the threshold. */
  readonly saveable: number;
  /** Good calls in a row that bring today's level to the target; 0: it is there; null: it cannot be reached any more. */
  readonly goodInARow: number | null;
  /** Calls still expected today, by the forecast; null: there is none. */
  readonly expectedRest: number | null;
  /** Share of those that must be good; above 1 the target is out of reach, below 0 it is safe. */
  readonly restShare: number | null;
  /** What `agentsNeeded` rests on: the last 15 minutes' rate, today's handle time and patience (the usual ones while there are few calls). */
  readonly callsPerHour: number;
  readonly ahtMs: Ms;
  readonly patienceMs: Ms;
  /** Signed in and not notReady. */
  readonly agentsPresent: number;
  /** By Erlang A, to hold the target at that rate. */
  readonly agentsNeeded: number;
}

/** How far the wait that was foretold at entry lay from the wait that came, of today's answered calls. */
export interface EstimateError {
  readonly calls: number;
  readonly meanAbsMs: Ms;
  /** Above 0: callers waited less than foretold. */
  readonly biasMs: Ms;
}

export interface QueueView {
  readonly queueId: QueueId;
  readonly title: Readonly<Record<string, string>>;
  /** The site's day so far. */
  readonly today: QueueCounts;
  readonly serviceLevel: ServiceLevelView;
  readonly waiting: number;
  /** Moment of entry of the caller who waits longest; null when nobody waits. */
  readonly longestWaitSinceMs: Ms | null;
  /** Callers at the head of the line, at most 50. */
  readonly callers: readonly WaitingCallView[];
  readonly asaMs: Ms | null;
  readonly ahtMs: Ms | null;
  readonly abandonRate: Share;
  /** answered / offered, of those who are not waiting any more. */
  readonly answerRate: Share;
  /** Bounds of the true level, 19 times in 20: wide where there are few calls. Null without calls. */
  readonly sure: { readonly low: number; readonly high: number } | null;
  /** Rolling: the last 5, 15 and 30 minutes, the present one included. */
  readonly recent: { readonly m5: SpanView; readonly m15: SpanView; readonly m30: SpanView };
  /** The half hour (or quarter) that it is now. */
  readonly interval: SpanView & { readonly lengthMs: Ms };
  /** The last hour in steps of five minutes, oldest first: numerator and denominator. */
  readonly trend: ReadonlyArray<readonly [number, number]>;
  /** Waits of today's answered callers, to the second above; null: nobody, or longer than ten minutes. */
  readonly waits: { readonly p50Ms: Ms | null; readonly p95Ms: Ms | null; readonly p99Ms: Ms | null };
  readonly outlook: OutlookView;
  /** Null: no call has been answered for which a wait was foretold. */
  readonly estimateError: EstimateError | null;
  readonly ronaToday: number;
  readonly agents: AgentCounts;
}

/** One queue's day, taken apart. Parts: `tier:vip`, `lane:ordinary`, `agent:1001`, `team:north`; of agents and teams only what they answered. */
export interface QueueDetails {
  readonly queueId: QueueId;
  readonly counts: QueueCounts;
  readonly level: Share;
  readonly parts: ReadonlyArray<{ readonly part: string; readonly counts: QueueCounts; readonly level: Share }>;
  readonly waits: WaitCounts;
}

/** Everything since the ledger's first fact, over all days: what outside monitoring takes the difference of. */
export interface HouseTotals {
  readonly queues: readonly QueueTotals[];
  readonly lookUps: readonly LookUpTotals[];
  readonly messages: readonly MessageTotals[];
}

export interface QueueTotals {
  readonly queueId: QueueId;
  readonly formula: ServiceLevelFormula;
  readonly counts: QueueCounts;
  /** By the queue's formula. */
  readonly level: Share;
  /** Answered callers who had waited no longer than each of `WAIT_STEPS_S`, and all of them. */
  readonly waits: readonly number[];
}

/** Agents who have the queue's basic requirement, by what they do now. */
export interface AgentCounts {
  readonly signedIn: number;
  readonly idle: number;
  readonly ringing: number;
  readonly talking: number;
  readonly wrapUp: number;
  readonly notReady: number;
}

export interface AgentView {
  readonly agentId: AgentId;
  readonly name: string;
  readonly team: string;
  readonly phone: string | null;
  readonly status: AgentStatus;
  readonly reason: string | null;
  readonly state: AgentState;
  /** Since when status and state are as they are. */
  readonly sinceMs: Ms;
  readonly callId: CallId | null;
  readonly answeredToday: number;
  readonly ronaToday: number;
  readonly signInsToday: number;
  /** Today's time on calls (talk, hold, wrap-up), ready without a call, and not ready, up to `sinceMs`: the page adds what has passed since. */
  readonly busyTodayMs: Ms;
  readonly idleTodayMs: Ms;
  readonly notReadyTodayMs: Ms;
  readonly signedInTodayMs: Ms;
}

export interface CallView {
  readonly callId: CallId;
  readonly ani: string;
  readonly dnis: string;
  readonly tier: string;
  readonly language: string | null;
  readonly arrivedAtMs: Ms;
  readonly phase: 'flow' | 'waiting' | 'ringing' | 'talking' | 'ended';
  readonly node: string | null;
  readonly queueId: QueueId | null;
  readonly agentId: AgentId | null;
  readonly offerId: OfferId | null;
  readonly waitMs: Ms | null;
  readonly talkMs: Ms | null;
  readonly outcome: CallOutcome | null;
  readonly endedAtMs: Ms | null;
  readonly recordings: readonly RecordingId[];
}

/** A caller who left a queue before an answer. */
export interface AbandonedView {
  readonly callId: CallId;
  readonly queueId: QueueId;
  /** Masked. */
  readonly ani: string;
  readonly tier: string;
  readonly lane: string;
  readonly waitMs: Ms;
  readonly leftAtMs: Ms;
  /** The latest call of the same number since, and whether an agent has talked with the caller; null: not here since. */
  readonly back: { readonly callId: CallId; readonly atMs: Ms; readonly answered: boolean } | null;
}

export interface RecordingView {
  readonly recordingId: RecordingId;
  readonly callId: CallId;
  readonly queueId: QueueId | null;
  readonly agentId: AgentId | null;
  readonly startedAtMs: Ms;
  readonly state: 'recording' | 'ended' | 'sealed' | 'partial' | 'missing';
  readonly durationMs: Ms | null;
  readonly bytes: number | null;
  readonly sha256: string | null;
}

/** How callers fared in one flow on one day of the site, over all its versions. Counted from facts. */
export interface FlowDayView {
  readonly flowId: FlowId;
  readonly day: string;
  readonly seq: number;
  /** Calls that entered the flow. entered = contained + gaveUp + toQueue + other + still in it. */
  readonly entered: number;
  readonly contained: number;
  /** The caller hung up in the flow before a queue. */
  readonly gaveUp: number;
  readonly toQueue: number;
  /** Transferred to the outside, lost, or went on in another flow. */
  readonly other: number;
  readonly now: number;
  /** contained of those that are over or reached a queue. */
  readonly containment: Share;
  readonly nodes: ReadonlyArray<{
    readonly node: string;
    readonly entered: number;
    readonly now: number;
    readonly gaveUp: number;
    readonly sumStayMs: Ms;
  }>;
  readonly edges: ReadonlyArray<{ readonly from: string; readonly to: string; readonly count: number }>;
  /** The most walked paths, up to 20: nodes in order, with how many calls took exactly that. */
  readonly paths: ReadonlyArray<{ readonly nodes: readonly string[]; readonly count: number; readonly outcome: string }>;
  /** Calls that took a path that is not among them. */
  readonly otherPaths: number;
}

export interface SwitchView {
  readonly switchId: string;
  readonly up: boolean;
  readonly detail: string;
  readonly sinceMs: Ms;
}

/** One frame. `seq` is the snapshot number that every figure in it shares. */
export interface Board {
  readonly seq: number;
  readonly atMs: Ms;
  readonly queues: readonly QueueView[];
  readonly agents: readonly AgentView[];
  readonly switches: readonly SwitchView[];
  readonly callsNow: number;
  /** Those that are up: critical ones first, then the oldest. */
  readonly alarms: readonly AlarmView[];
}

/** The fold: feed it facts in order, ask it for frames. */
export interface Ledger {
  /** Facts must come with seq rising by one; one that was seen before is ignored, a hole throws. */
  add(fact: Fact): void;
  readonly seq: number;
  board(nowMs: Ms): Board;
  /** Calls in progress, then the latest ended ones, newest first. */
  calls(limit: number): readonly CallView[];
  call(callId: string): CallView | null;
  /** Facts of one call, while it is remembered (the latest some thousand calls). */
  factsOf(callId: string): readonly Fact[];
  /** The facts of one call, and among them the choices in which it stood at a head too and another caller was taken. */
  storyOf(callId: string): readonly Fact[];
  /** Callers who gave up waiting, newest first. */
  abandoned(limit: number): readonly AbandonedView[];
  /** Open callbacks in the order of their places, then the latest ended ones, newest first. */
  callbacks(limit: number): readonly CallbackView[];
  recordings(limit: number): readonly RecordingView[];
  /** What callers did in a flow on a day of the site (`2026-11-22`); null: nobody has entered it, or the day is forgotten. */
  flowDay(flowId: string, day: string): FlowDayView | null;
}
