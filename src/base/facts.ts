import type { AgentId, CallId, CustomerId, FlowId, LegId, OfferId, QueueId, RecordingId, SwitchId } from './ids.js';
import type { LookUpFault } from './look-up.js';
import type { Ms } from './time.js';

/**
 * Facts: what has happened, in the past tense, append-only. They are the only history; statistics, wallboard, call
 * records, audit and explanations are folds over them. A fact is never changed; a kind may gain fields, never lose one.
 */

/** How an offer ended. */
export type OfferOutcome = 'accepted' | 'declined' | 'noAnswer' | 'failed' | 'withdrawn';
/** Why an offer ended so. `busy`, `declined`, `noAnswer`, `unreachable` come from the agent's phone. */
export type OfferCause =
  | 'answered'
  | 'busy'
  | 'declined'
  | 'noAnswer'
  | 'unreachable'
  | 'switchError'
  | 'legLost'
  | 'callerLeft'
  | 'agentLeft'
  | 'calledOff';
/** The ways out of a queue without an answer. */
export type QueueExit = 'abandoned' | 'flowedOut' | 'timedOut' | 'exitedByKey' | 'calledBack';
export type BlockReason = 'queueFull' | 'queueClosed' | 'noAgents' | 'noSuchQueue';
/** The one outcome of a call. */
export type CallOutcome =
  | 'answered'
  | 'abandonedInQueue'
  | 'abandonedInFlow'
  | 'contained'
  | 'flowedOut'
  | 'timedOut'
  | 'exitedByKey'
  | 'calledBack'
  | 'blocked'
  | 'switchLost'
  | 'failed'
  /** Of a callback's own call: no agent has talked with the person who was dialled. */
  | 'notReached';
/** How a promise to call back ended. `reached`: an agent was connected with the caller. `merged`: the caller came in again and took the place. */
export type CallbackOutcome = 'reached' | 'gaveUp' | 'expired' | 'merged' | 'cancelled';
/** Why a caller got no promise. */
export type CallbackRefusal = 'alreadyOpen' | 'notOffered' | 'numberDenied' | 'limitReached' | 'outOfHours' | 'beingConnected';
/** What came of dialling the caller once. `denied`: not dialled, the number or the hour's limit forbids it. */
export type CallbackAttemptResult =
  | 'connected'
  | 'busy'
  | 'declined'
  | 'noAnswer'
  | 'unreachable'
  | 'hungUp'
  | 'error'
  | 'lost'
  | 'denied'
  | 'calledOff';
export type TransferOutcome = 'talked' | 'busy' | 'noAnswer' | 'unreachable' | 'denied' | 'failed' | 'callerLeft';
/** Chosen by the agent (or forced). */
export type AgentStatus = 'loggedOut' | 'notReady' | 'ready';
/** Seen by the system. */
export type AgentState = 'idle' | 'ringing' | 'talking' | 'onHold' | 'wrapUp' | 'outbound';
export type EndedBy = 'caller' | 'agent' | 'system';

interface CallFact {
  readonly callId: CallId;
}
interface QueueFact extends CallFact {
  readonly queueId: QueueId;
}
interface OfferFact extends QueueFact {
  readonly offerId: OfferId;
  readonly agentId: AgentId;
}

export type FactBody =
  /** A caller came in. `ani` is the number calling as the trunk gave it (personal data), `dnis` the number dialled. */
  | ({
      kind: 'callArrived';
      switchId: SwitchId;
      legId: LegId;
      ani: string;
      dnis: string;
      flowId: FlowId | null;
    } & CallFact)
  | ({ kind: 'flowEntered'; flowId: FlowId; version: string } & CallFact)
  | ({ kind: 'nodeEntered'; flowId: FlowId; node: string } & CallFact)
  /** A menu was answered. `key` is null when the caller pressed nothing (`noInput`) or the wrong keys only (`invalid`). */
  | ({ kind: 'menuEnded'; flowId: FlowId; node: string; key: string | null; result: 'chosen' | 'noInput' | 'invalid' } & CallFact)
  /** Digits were asked for; how many came, never which. */
  | ({
      kind: 'digitsCollected';
      flowId: FlowId;
      node: string;
      result: 'collected' | 'noInput' | 'invalid';
      length: number;
      secure: boolean;
    } & CallFact)
  /** An endpoint was asked. `fault` null: it answered. */
  | ({ kind: 'lookUpEnded'; flowId: FlowId; node: string; endpoint: string; fault: LookUpFault | null; tookMs: Ms } & CallFact)
  /** A message was handed over to be sent to an endpoint; `messageDelivered` or `messageGivenUp` tell what came of it. */
  | ({ kind: 'messageQueued'; messageId: string; endpoint: string } & CallFact)
  | ({
      kind: 'messageDelivered' | 'messageGivenUp';
      messageId: string;
      endpoint: string;
      attempts: number;
      detail: string;
    } & CallFact)
  /** The caller has left a message. The sound is the recording `recordingId`. */
  | ({ kind: 'voicemailLeft'; box: string; recordingId: RecordingId; durationMs: Ms } & CallFact)
  /** `number` is what was dialled (personal data), or null when it was not allowed. */
  | ({ kind: 'callTransferred'; to: 'outside'; number: string | null; result: TransferOutcome; talkMs: Ms } & CallFact)
  /** After a talk: 1 is the worst, `scale` the best; null: the caller pressed nothing. */
  | ({
      kind: 'surveyAnswered';
      flowId: FlowId;
      node: string;
      agentId: AgentId | null;
      queueId: QueueId | null;
      score: number | null;
      scale: number;
    } & CallFact)
  | ({ kind: 'emergencyHeard'; prompt: string } & CallFact)
  /** A version of a flow went live. `from` is the one before it. `source`: where it came from. */
  | {
      kind: 'flowPublished';
      flowId: FlowId;
      version: string;
      from: string | null;
      source: 'start' | 'file' | 'page' | 'rollback';
      by: string;
      note: string;
    }
  /** A changed flow was refused whole; the old version stays. */
  | {
      kind: 'flowRefused';
      flowId: FlowId | null;
      file: string;
      source: 'file' | 'page';
      by: string;
      errors: number;
      first: string;
    }
  /** `numbers` null: all. `prompt` null: switched off. */
  | {
      kind: 'emergencySwitched';
      announcement: string;
      on: boolean;
      numbers: readonly string[] | null;
      then: 'continue' | 'closed' | 'hangUp';
      by: string;
    }
  /**
   * Somebody was let do something by the API, or signed in or out: who, as what, from where. What came of a change has a fact of its own where there
   * is one. `by` is the name of the person or token; `address` where the request came from.
   */
  | {
      kind: 'audited';
      by: string;
      role: string;
      via: string;
      action: string;
      subject: string | null;
      detail: Readonly<Record<string, string | number | boolean | null>>;
      address: string;
    }
  | ({ kind: 'languageChosen'; language: string } & CallFact)
  | ({ kind: 'callerIdentified'; customerId: CustomerId | null; tier: string; by: 'ani' | 'account' } & CallFact)
  /** The caller entered a queue: the clock of the service level starts at the `atMs` of this fact. */
  | ({
      kind: 'callQueued';
      lane: string;
      priority: number;
      requirement: string;
      language: string;
      /** The entry that the order goes by, when it is an earlier one: the caller overflowed from another queue, or redialled. */
      placeFromMs?: Ms;
      /** The agents who have what the call needs, by what they are doing at this moment. */
      eligible?: EligibleAgents;
      /** How long the wait was expected to be at this moment, from the state alone; null: nobody is there to answer. */
      estimateMs?: Ms | null;
    } & QueueFact)
  | ({ kind: 'callBlocked'; reason: BlockReason } & QueueFact)
  /** Priority, lane or requirement of a waiting caller changed (relaxation step, supervisor). */
  | ({
      kind: 'callReprioritised';
      lane: string;
      priority: number;
      requirement: string;
      by: string;
      eligible?: EligibleAgents;
    } & QueueFact)
  /** A rule of overflow was followed: to a queue, to further groups, or to an exit of the flow. `value` is what was found, null: untold. */
  | ({
      kind: 'callOverflowed';
      to: string;
      rule: 'wait' | 'estimate' | 'perAgent' | 'level';
      value: number | null;
      bound: number;
    } & QueueFact)
  /** The caller dropped as `previousCallId`, called again within the limit, and stands where that call stood. */
  | ({ kind: 'placeRestored'; previousCallId: CallId; enteredAtMs: Ms; awayMs: Ms } & QueueFact)
  /** The agents of these groups may serve the queue now, or no longer; with how the queue fared. */
  | {
      kind: 'groupBorrowed' | 'groupReturned';
      queueId: QueueId;
      groups: readonly string[];
      waiting: number;
      longestWaitMs: Ms;
      level: number | null;
    }
  /** The call is kept for a certain agent; null: until that agent signs out. `by` who assigned it. */
  | ({
      kind: 'callWaitsForAgent';
      agentId: AgentId;
      because: 'preferred' | 'lastAgent' | 'assigned';
      untilMs: Ms | null;
      by: string | null;
    } & QueueFact)
  /** One call was presented to one agent. `waitedMs` since entry; `why` explains the choice (see acd/decision.ts). */
  | ({ kind: 'callOffered'; waitedMs: Ms; why: Decision } & OfferFact)
  | ({ kind: 'offerEnded'; outcome: OfferOutcome; cause: OfferCause; ringMs: Ms } & OfferFact)
  /** The agent's leg was connected with the caller. `waitMs` from queue entry to this moment. */
  | ({ kind: 'callAnswered'; waitMs: Ms } & OfferFact)
  /** The caller left the queue unanswered. */
  | ({ kind: 'callLeftQueue'; exit: QueueExit; waitMs: Ms } & QueueFact)
  /**
   * The caller was promised to be called back and keeps the place of `enteredAtMs`. `callId` is the caller's own call, which has left the
   * queue; the promise lives on as the call `callbackId`. `number` is what will be dialled (personal data).
   */
  | ({
      kind: 'callbackRequested';
      callbackId: CallId;
      number: string;
      mode: 'agent-first' | 'caller-first';
      enteredAtMs: Ms;
      expiresAtMs: Ms;
    } & QueueFact)
  | ({ kind: 'callbackRefused'; reason: CallbackRefusal } & CallFact)
  /** The caller was dialled once. `callId` is the callback's; `ringMs` from dialling to this result. */
  | ({ kind: 'callbackAttempted'; attempt: number; result: CallbackAttemptResult; ringMs: Ms } & QueueFact)
  /** The end of the promise, exactly one. `waitMs` from the entry whose place was kept. `agentId` who talks with the caller, `by` who cancelled. */
  | ({
      kind: 'callbackEnded';
      outcome: CallbackOutcome;
      attempts: number;
      waitMs: Ms;
      agentId: AgentId | null;
      by: string | null;
    } & QueueFact)
  | ({ kind: 'callHeld' | 'callUnheld'; agentId: AgentId } & CallFact)
  | ({ kind: 'talkEnded'; agentId: AgentId; talkMs: Ms; holdMs: Ms; endedBy: EndedBy } & QueueFact)
  /** The last word on a call; exactly one per call. `durationMs` from arrival. */
  | ({ kind: 'callEnded'; outcome: CallOutcome; durationMs: Ms; endedBy: EndedBy } & CallFact)
  | ({ kind: 'recordingStarted'; recordingId: RecordingId; agentId: AgentId | null; queueId: QueueId | null } & CallFact)
  /** `complete` only when the switch said that it wrote what the call was long. */
  | ({ kind: 'recordingEnded'; recordingId: RecordingId; durationMs: Ms; complete: boolean; reason: string } & CallFact)
  /** The job has found the file, measured and summed it. */
  | ({
      kind: 'recordingSealed';
      recordingId: RecordingId;
      file: string;
      bytes: number;
      durationMs: Ms;
      sha256: string;
    } & CallFact)
  | ({ kind: 'recordingMissing'; recordingId: RecordingId; reason: string } & CallFact)
  | { kind: 'agentSignedIn'; agentId: AgentId; phone: string; by: string }
  | { kind: 'agentSignedOut'; agentId: AgentId; by: string }
  | { kind: 'agentStatusChanged'; agentId: AgentId; status: AgentStatus; reason: string | null; by: string }
  | { kind: 'agentStateChanged'; agentId: AgentId; from: AgentState; to: AgentState; callId: CallId | null }
  | { kind: 'wrapUpStarted'; agentId: AgentId; callId: CallId; queueId: QueueId; untilMs: Ms | null }
  | {
      kind: 'wrapUpEnded';
      agentId: AgentId;
      callId: CallId;
      queueId: QueueId;
      wrapUpMs: Ms;
      endedBy: 'timer' | 'agent' | 'system';
    }
  /** More time was given for the work after a call. */
  | { kind: 'wrapUpExtended'; agentId: AgentId; callId: CallId; queueId: QueueId; untilMs: Ms; by: string }
  /** The agent has been notReady for this reason longer than is allowed; told once each time. */
  | { kind: 'notReadyLimitExceeded'; agentId: AgentId; reason: string; limitMs: Ms }
  | { kind: 'agentBackedOff'; agentId: AgentId; cause: OfferCause; untilMs: Ms }
  /** A rule of alarm held long enough. `alarmId` is `rule/queue/moment`; `queueId` null: of the whole site. `value` as the metric tells it, at this moment. */
  | {
      kind: 'alarmRaised';
      alarmId: string;
      rule: string;
      queueId: QueueId | null;
      metric: string;
      value: number;
      bound: number;
      severity: 'warning' | 'critical';
    }
  /** `value` null: the rule itself is gone. */
  | { kind: 'alarmCleared'; alarmId: string; value: number | null }
  | { kind: 'alarmAcknowledged'; alarmId: string; by: string; note: string }
  /** Nothing is sent or sounded for the rule (of one queue, or null: of all) until then; `untilMs` null: heard again. */
  | { kind: 'alarmMuted'; rule: string; queueId: QueueId | null; untilMs: Ms | null; by: string }
  | { kind: 'controllerStarted'; node: string; fence: number; restoredCalls: number; restoredAgents: number }
  | { kind: 'controllerStopped'; node: string }
  | { kind: 'configLoaded'; version: string }
  | { kind: 'switchUp' | 'switchDown'; switchId: SwitchId; detail: string }
  | { kind: 'resynced'; switchId: SwitchId; legsLost: number; legsAdopted: number; legsOrphaned: number };

/** How many agents who may serve a call are doing what. `resting`: given a rest, or the last leg still stands. Who is signed out is not counted. */
export interface EligibleAgents {
  readonly idle: number;
  readonly ringing: number;
  readonly talking: number;
  readonly wrapUp: number;
  readonly notReady: number;
  readonly resting: number;
}

/** Why this agent, why this caller: enough to be read back in words by `hotline explain`. */
export interface Decision {
  /** What set the choice off: a caller came, or an agent became free. */
  readonly trigger: 'callerCame' | 'agentFreed';
  /** The rule that decided: `longest-idle`, `vip-first`, `ordinary-guard` ... */
  readonly rule: string;
  /** Idle and eligible agents at this moment, or the heads of lines that were compared. Cut at a bound; `considered` has the full count. */
  readonly candidates: ReadonlyArray<{
    readonly id: string;
    readonly key: ReadonlyArray<number | string>;
    readonly note?: string;
  }>;
  readonly considered: number;
  /**
   * What each place of a candidate's key says, in order: `idleMs`, `proficiency`, `calls`, `occupancy`, `turn`, `guard` (0: waited past it), `rank`,
   * `lane` (0: goes first), `priority`, `waitedMs`, `creditMs`, `timeLeftMs` ... Read back in words by acd/explanation.ts; an unknown name is told as it is.
   */
  readonly keys?: readonly string[];
  /** Who would have been first and was not taken, and why: the id of an agent or call, and a word (`resting`, `busy`, `loggedOut` ...). */
  readonly passedOver?: ReadonlyArray<{ readonly id: string; readonly why: string }>;
}

/**
 * A fact with its place. `seq` rises by one per routing domain and never has a hole; `atMs` is the domain's time
 * (milliseconds since the epoch by a clock that never goes back).
 */
export type Fact = FactBody & { readonly seq: number; readonly atMs: Ms };
export type FactKind = FactBody['kind'];
export type FactOf<K extends FactKind> = Extract<FactBody, { kind: K }> & { readonly seq: number; readonly atMs: Ms };
