import type { CallOutcome, EndedBy, OfferCause, OfferOutcome, QueueExit } from '../../base/facts.js';
import type { Ms } from '../../base/time.js';
import type { Tally } from '../tally.js';

/**
 * The rows of history. Each carries `place`, the place of its last fact, so that writing it twice changes nothing. Two kinds: a row that says
 * how something is (a newer one takes its place), and a row of sums (what has come to it since is added).
 */

/** Lengths of intervals in minutes; 1440 is the site's day, whatever its hours. */
export type SpanMin = 1 | 15 | 30 | 60 | 1440;
export const SPANS: readonly SpanMin[] = [1, 15, 30, 60, 1440];

interface Row {
  place: number;
}

/** One call. `arrivedMs` and `endedMs` are moments, the other `...Ms` lengths. */
export interface CallRow extends Row {
  readonly callId: string;
  /** `callback`: the call that keeps a promise to call back. */
  readonly direction: 'inbound' | 'callback';
  readonly arrivedMs: Ms;
  endedMs: Ms | null;
  dnis: string;
  /** As the site keeps numbers: `***0001`, or whole. */
  ani: string;
  /** The last four digits, to look for. */
  aniEnd: string;
  /** Keyed hash of the number: the same caller has the same one. Null: no number. */
  callerKey: string | null;
  language: string | null;
  tier: string;
  customerId: string | null;
  flowId: string | null;
  flowVersion: string | null;
  lastNode: string | null;
  /** The queue that was entered last, and how. */
  queueId: string | null;
  lane: string | null;
  /** Who answered last. */
  agentId: string | null;
  stays: number;
  offers: number;
  transfers: number;
  /** Waits of all stays together; null: never in a queue. */
  waitMs: Ms | null;
  talkMs: Ms;
  holdMs: Ms;
  wrapUpMs: Ms;
  durationMs: Ms | null;
  outcome: CallOutcome | null;
  endedBy: EndedBy | null;
  /** Ids, as a JSON list. */
  recordings: string;
  surveyScore: number | null;
  surveyScale: number | null;
  /** What the agent filed the call under. Nothing gives one yet. */
  disposition: string | null;
}

/** One stay of one call in one queue, from entry to answer or leaving. */
export interface StayRow extends Row {
  readonly callId: string;
  /** 1 for the first stay of the call. */
  readonly n: number;
  readonly queueId: string;
  readonly enteredMs: Ms;
  lane: string;
  priority: number;
  tier: string;
  language: string;
  exit: QueueExit | 'answered' | null;
  waitMs: Ms | null;
  /** 1: the wait was within the queue's threshold; 1: abandoned within its short limit. */
  inTime: number;
  short: number;
  agentId: string | null;
  talkMs: Ms;
  holdMs: Ms;
  wrapUpMs: Ms;
}

export interface OfferRow extends Row {
  readonly offerId: string;
  readonly callId: string;
  readonly queueId: string;
  readonly agentId: string;
  readonly offeredMs: Ms;
  readonly waitedMs: Ms;
  readonly rule: string;
  outcome: OfferOutcome | null;
  cause: OfferCause | null;
  ringMs: Ms | null;
}

/** A channel of the call while it was connected: the caller's, an agent's (`legId` is the offer's), one outside. */
export interface LegRow extends Row {
  readonly callId: string;
  readonly legId: string;
  readonly kind: 'caller' | 'agent' | 'outside';
  readonly agentId: string | null;
  readonly fromMs: Ms;
  untilMs: Ms | null;
}

/** One walk of one call through one flow. */
export interface VisitRow extends Row {
  readonly callId: string;
  readonly n: number;
  readonly flowId: string;
  readonly version: string;
  readonly enteredMs: Ms;
  leftMs: Ms | null;
  /** Nodes in the order of the walk, as a JSON list; the first hundred. */
  nodes: string;
}

/** What an agent does, as it is counted: what is done wins over what was chosen. */
export type Activity = 'notReady' | 'idle' | 'ringing' | 'talking' | 'onHold' | 'wrapUp' | 'outbound';

/** An agent did one thing from one moment to another. None for the time signed out. */
export interface AgentTimeRow extends Row {
  readonly agentId: string;
  readonly fromMs: Ms;
  untilMs: Ms | null;
  activity: Activity;
  /** Of `notReady`. */
  reason: string | null;
  callId: string | null;
}

/** Counts of the calls that entered a queue within the interval. Sums; `longestWaitMs` is the greatest. */
export interface QueueIntervalRow extends Row, Tally {
  readonly queueId: string;
  readonly spanMin: SpanMin;
  readonly startMs: Ms;
}

/** How many left the queue by `exit` after more than the previous bound and at most `upToS` seconds. For the spans 15 and 1440. */
export interface WaitRow extends Row {
  readonly queueId: string;
  readonly spanMin: SpanMin;
  readonly startMs: Ms;
  readonly exit: QueueExit | 'answered';
  readonly upToS: number;
  calls: number;
}

/** Sums of an agent. Time by the clock; what was counted belongs to the interval in which it happened. For the spans 60 and 1440. */
export interface AgentIntervalRow extends Row {
  readonly agentId: string;
  readonly spanMin: SpanMin;
  readonly startMs: Ms;
  signIns: number;
  notReadyMs: Ms;
  idleMs: Ms;
  ringingMs: Ms;
  talkingMs: Ms;
  onHoldMs: Ms;
  wrapUpMs: Ms;
  outboundMs: Ms;
  offers: number;
  answered: number;
  noAnswer: number;
  declined: number;
  failed: number;
  withdrawn: number;
  sumTalkMs: Ms;
  sumHoldMs: Ms;
  sumWrapUpMs: Ms;
}

export interface ReasonIntervalRow extends Row {
  readonly agentId: string;
  readonly spanMin: SpanMin;
  readonly startMs: Ms;
  readonly reason: string;
  times: number;
  lengthMs: Ms;
}

/** Ended calls that arrived within the interval. For the spans 60 and 1440. */
export interface OutcomeIntervalRow extends Row {
  readonly spanMin: SpanMin;
  readonly startMs: Ms;
  readonly direction: CallRow['direction'];
  readonly dnis: string;
  readonly outcome: CallOutcome;
  calls: number;
  durationMs: Ms;
}

export interface SurveyRow extends Row {
  readonly callId: string;
  readonly atMs: Ms;
  readonly flowId: string;
  readonly agentId: string | null;
  readonly queueId: string | null;
  readonly score: number | null;
  readonly scale: number;
}

/** A change that somebody made. `detail` is the rest of the fact as JSON, without numbers of callers. */
export interface AuditRow extends Row {
  readonly atMs: Ms;
  readonly kind: string;
  readonly by: string;
  readonly subject: string | null;
  readonly detail: string;
}

export interface AlarmRow extends Row {
  readonly atMs: Ms;
  readonly kind: string;
  readonly subject: string | null;
  readonly detail: string;
}

export interface HistoryRows {
  readonly calls: CallRow;
  readonly stays: StayRow;
  readonly offers: OfferRow;
  readonly legs: LegRow;
  readonly visits: VisitRow;
  readonly agentTimes: AgentTimeRow;
  readonly surveys: SurveyRow;
  readonly audit: AuditRow;
  readonly alarms: AlarmRow;
  readonly queueIntervals: QueueIntervalRow;
  readonly waits: WaitRow;
  readonly agentIntervals: AgentIntervalRow;
  readonly reasonIntervals: ReasonIntervalRow;
  readonly outcomeIntervals: OutcomeIntervalRow;
}
export type HistoryTable = keyof HistoryRows;

/** Where in the facts history stands. A Redis that was emptied, or went back to an older copy, begins another `life`. */
export interface Position {
  readonly life: number;
  readonly seq: number;
}

const SEQS_OF_A_LIFE = 1_000_000_000_000;
/** One number that rises over all lives: what rows carry. */
export const placeOf = ({ life, seq }: Position): number => life * SEQS_OF_A_LIFE + seq;
export const positionOf = (place: number): Position => ({
  life: Math.floor(place / SEQS_OF_A_LIFE),
  seq: place % SEQS_OF_A_LIFE,
});

/** What the fold has to remember between two batches, kept beside the rows: a call or an agent that is not done with. */
export interface OpenEntity {
  readonly kind: 'call' | 'agent';
  readonly id: string;
  /** Null: done with. */
  readonly json: string | null;
}

/** What one run of facts has changed. It lands whole or not at all, and only on `from`. */
export interface HistoryBatch {
  readonly from: Position;
  readonly to: Position;
  /** Of the last fact. */
  readonly atMs: Ms;
  readonly rows: { readonly [T in HistoryTable]?: readonly HistoryRows[T][] };
  readonly open: readonly OpenEntity[];
}
