import type { CallOutcome, QueueExit } from '../base/facts.js';
import type { Ms } from '../base/time.js';
import type { WaitPercentiles } from '../service-level/history/reports.js';
import type {
  AgentIntervalRow,
  AgentTimeRow,
  AlarmRow,
  AuditRow,
  CallRow,
  HistoryBatch,
  LegRow,
  OfferRow,
  OpenEntity,
  Position,
  SpanMin,
  StayRow,
  VisitRow,
} from '../service-level/history/rows.js';
import type { Tally } from '../service-level/tally.js';

/**
 * What has happened, kept for years, beside the facts that are kept for weeks. Contract:
 * - A batch lands whole or not at all, together with its position. One that does not begin where the store stands changes nothing.
 * - After `begin`, a fold that starts from its answer and is given the facts after its position goes on exactly.
 * - Every promise rejects when the store is away; nothing is kept back here, the facts wait where they are.
 * - Asking does not hold up the event loop.
 * - A short question (sums of intervals, one call, a page of calls) does not wait behind one that looks at each call of a range. Of those a few
 *   wait for their turn; one more is refused with `HistoryBusy` at once.
 */
export interface History extends HistoryReader {
  /** Makes the tables when they are missing. Rejects with a sentence for people when the store cannot be used. */
  begin(): Promise<HistoryStart>;
  /** `elsewhere`: the store does not stand at `batch.from` (any more); begin again. */
  write(batch: HistoryBatch): Promise<'written' | 'elsewhere'>;
  /** Goes on without the facts between, and notes that they are missing. */
  skip(from: Position, to: Position, atMs: Ms): Promise<'written' | 'elsewhere'>;
  /** Removes at most `atMost` rows of each table that are past their time; answers how many. 0: nothing is left to remove. */
  purge(before: KeptFrom, atMost: number): Promise<number>;
  close(): Promise<void>;
}

/** Too many reports are being made already: this one was not begun. */
export class HistoryBusy extends Error {
  constructor() {
    super('too many reports are being made at this moment');
  }
}

export interface HistoryStart {
  readonly position: Position;
  readonly open: readonly { readonly kind: OpenEntity['kind']; readonly id: string; readonly json: string }[];
}

/** The oldest moments that are kept. */
export interface KeptFrom {
  readonly calls: Ms;
  readonly intervals: Ms;
  readonly agentTimes: Ms;
  readonly audit: Ms;
}

/** Intervals that begin within [fromMs, toMs). */
export interface Range {
  readonly fromMs: Ms;
  readonly toMs: Ms;
}

export interface StayFilter {
  readonly lane?: string;
  readonly tier?: string;
  readonly language?: string;
}

export interface QueueSumsQuery extends Range {
  /** Which intervals are summed. Null: the stays themselves, one by one; needed for a filter and for bounds within an interval. */
  readonly spanMin: SpanMin | null;
  /** One row per interval and queue; else one per queue. Only with `spanMin`. */
  readonly perInterval: boolean;
  readonly queueId?: string;
  readonly filter?: StayFilter;
}

/** `blocked` is 0 where stays are asked: who was refused has no stay. */
export interface QueueSum extends Tally {
  readonly queueId: string;
  /** Null: of the whole range. */
  readonly startMs: Ms | null;
  /** Of one interval of 15 minutes and more, as `percentiles` makes them of its steps. Null: not asked so. */
  readonly waits: WaitPercentiles | null;
}

export interface WaitStep {
  readonly queueId: string;
  readonly startMs: Ms | null;
  readonly exit: QueueExit | 'answered';
  /** See `waitStepS`. */
  readonly upToS: number;
  readonly calls: number;
}

export interface AgentSumsQuery extends Range {
  readonly spanMin: 60 | 1440;
  readonly perInterval: boolean;
  readonly agentId?: string;
}
export type AgentSum = Omit<AgentIntervalRow, 'place' | 'spanMin' | 'startMs'> & { readonly startMs: Ms | null };

export interface ReasonSum {
  readonly agentId: string;
  readonly startMs: Ms | null;
  readonly reason: string;
  readonly times: number;
  readonly lengthMs: Ms;
}

export interface OutcomeSum {
  readonly startMs: Ms | null;
  readonly direction: CallRow['direction'];
  readonly dnis: string;
  readonly outcome: CallOutcome;
  readonly calls: number;
  readonly durationMs: Ms;
}

/** Of the ended calls from outside that arrived within the range and had a number. */
export interface RepeatSum {
  /** The queue entered last; null: none. */
  readonly queueId: string | null;
  readonly calls: number;
  /** The same number had called before, at most 1 day and 7 days earlier. */
  readonly within1Day: number;
  readonly within7Days: number;
}

/** Of the ended calls that arrived within the range and that an agent had answered. */
export interface DispositionSum {
  /** The queue entered last; null: none. */
  readonly queueId: string | null;
  /** Null: the agent filed the call under nothing. */
  readonly disposition: string | null;
  readonly calls: number;
  readonly talkMs: Ms;
  readonly holdMs: Ms;
  readonly wrapUpMs: Ms;
}

export interface SurveySum {
  readonly queueId: string | null;
  readonly agentId: string | null;
  readonly scale: number;
  /** Null: asked, and nothing pressed. */
  readonly score: number | null;
  readonly calls: number;
}

export interface CallsQuery extends Range {
  readonly queueId?: string;
  readonly agentId?: string;
  readonly outcome?: string;
  /** The last four digits of the number calling. */
  readonly aniEnd?: string;
  /** The last call of the page before. */
  readonly after?: { readonly arrivedMs: Ms; readonly callId: string };
  readonly limit: number;
}

/** `previousMs`: when the same number had called before; known when the call has ended. */
export type KeptCall = CallRow & { readonly previousMs: Ms | null };

export interface KeptCallWhole {
  readonly call: KeptCall;
  readonly stays: readonly StayRow[];
  readonly offers: readonly OfferRow[];
  readonly legs: readonly LegRow[];
  readonly visits: readonly VisitRow[];
}

export interface HistoryReader {
  /** The same, for one who may go away: a long question that has not begun when `givenUp` is aborted rejects with its reason. */
  asking(givenUp: AbortSignal): HistoryReader;
  /** Where it stands, the moment of the last fact in it, and how many facts were missing when it was written. */
  stand(): Promise<{ readonly position: Position; readonly atMs: Ms; readonly missing: number }>;
  queueSums(query: QueueSumsQuery): Promise<QueueSum[]>;
  /** Intervals of 15 or 1440 minutes, or the stays themselves. */
  waitSteps(query: QueueSumsQuery): Promise<WaitStep[]>;
  /** Entries of the stays that are not over, to count who waits past the threshold. */
  openStays(range: Range): Promise<{ readonly queueId: string; readonly enteredMs: Ms }[]>;
  agentSums(query: AgentSumsQuery): Promise<AgentSum[]>;
  reasonSums(query: AgentSumsQuery): Promise<ReasonSum[]>;
  /** What agents do now: not in any sum yet. */
  openAgentTimes(): Promise<AgentTimeRow[]>;
  /** One agent's times that touch the range, the earliest first, at most `limit`. */
  agentTimes(range: Range & { readonly agentId: string; readonly limit: number }): Promise<AgentTimeRow[]>;
  outcomeSums(query: Range & { readonly spanMin: 60 | 1440; readonly perInterval: boolean }): Promise<OutcomeSum[]>;
  repeatSums(query: Range): Promise<RepeatSum[]>;
  surveySums(query: Range): Promise<SurveySum[]>;
  dispositionSums(query: Range & { readonly queueId?: string }): Promise<DispositionSum[]>;
  /** Newest first. */
  calls(query: CallsQuery): Promise<KeptCall[]>;
  call(callId: string): Promise<KeptCallWhole | null>;
  /** Newest first. `by`: of this name alone; `kind`: of this kind of change alone, or of all that begin with it and a `/`. */
  audit(query: Range & { readonly limit: number; readonly by?: string; readonly kind?: string }): Promise<AuditRow[]>;
  /** What was alarming, newest first. */
  alarms(query: Range & { readonly limit: number }): Promise<AlarmRow[]>;
}
