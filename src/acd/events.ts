import type { BlockReason, EndedBy, FactBody, OfferCause, QueueExit } from '../base/facts.js';
import type { AgentId, CallId, OfferId, QueueId, TimerId } from '../base/ids.js';
import type { Refusal } from '../base/result.js';
import type { Ms } from '../base/time.js';
import type { AcdConfig, RequirementExpression } from './config.js';

export type Lane = 'ordinary' | 'vip';

/** What the engine is told. */
export type AcdEvent =
  | {
      readonly kind: 'enqueue';
      readonly callId: CallId;
      readonly queueId: QueueId;
      readonly lane: Lane;
      readonly priority: number;
      /** The agent whom the flow would have serve this caller. */
      readonly preferred?: AgentId;
      /** The flow keeps the caller for this agent: so long and as a preferred one; null: until that agent signs out, whatever the agent's skills. */
      readonly keptFor?: { readonly agentId: AgentId; readonly graceMs: Ms | null };
      /** In place of the queue's own announcements; a plan that is not known: the queue's own. */
      readonly announce?: 'none' | { readonly plan: string };
      /** The customer's tier, for queues that credit it. */
      readonly tier?: string;
      /** What this call needs beyond the queue's own requirement: skill -> least level. */
      readonly skills: RequirementExpression;
      readonly language: string;
      /** The number calling, to know a caller who redials by; absent when there is none. */
      readonly caller?: string | null;
      /** Only for a call that is found again after a loss of state: the entry that its order goes by, and the entry into this queue. */
      readonly enteredAtMs?: Ms;
      readonly queuedAtMs?: Ms;
      /** The how manieth stay of this call in a queue it is; 1 unless told. Part of the ids of offers and timers, so that none is ever used twice. */
      readonly stay?: number;
    }
  /** The caller is gone (`abandoned`) or leaves the line another way. */
  | { readonly kind: 'leave'; readonly callId: CallId; readonly exit: QueueExit }
  /**
   * The caller `from` goes and keeps the place as the call `callId`, which nobody is on. A caller who still waits leaves with `calledBack`;
   * one who has not been in this queue is counted in and out. `enteredAtMs`: the place of a caller who left the queue just now.
   */
  | {
      readonly kind: 'promise';
      readonly callId: CallId;
      readonly from: CallId;
      readonly queueId: QueueId;
      readonly lane: Lane;
      readonly priority: number;
      readonly skills: RequirementExpression;
      readonly language: string;
      readonly enteredAtMs: Ms | null;
      /** When the promise may first be kept; the place is kept from now on. */
      readonly notBeforeMs: Ms;
    }
  /** The caller of a promise was dialled in vain, or must not be dialled before then: an agent who was taken for it is let go at once. */
  | { readonly kind: 'promiseRests'; readonly callId: CallId; readonly untilMs: Ms }
  /** The caller of a promise is on the line and waits in the kept place. */
  | { readonly kind: 'promiseReached'; readonly callId: CallId }
  /** The promise is no more. */
  | { readonly kind: 'promiseOver'; readonly callId: CallId }
  /** A waiting caller pressed a key. */
  | { readonly kind: 'keyPressed'; readonly callId: CallId; readonly key: string }
  /** The agent's phone was picked up. */
  | { readonly kind: 'offerPickedUp'; readonly offerId: OfferId }
  /** Caller and agent hear each other. */
  | { readonly kind: 'offerConnected'; readonly offerId: OfferId }
  /** The agent's leg ended before a talk, or could not be connected. */
  | { readonly kind: 'offerFailed'; readonly offerId: OfferId; readonly cause: OfferCause }
  /** The agent's leg of this offer is no more; only now may the phone ring again. */
  | { readonly kind: 'agentLegGone'; readonly offerId: OfferId }
  | { readonly kind: 'talkEnded'; readonly callId: CallId; readonly endedBy: EndedBy }
  | { readonly kind: 'held' | 'unheld'; readonly callId: CallId }
  | { readonly kind: 'signIn'; readonly agentId: AgentId; readonly phone: string | null; readonly by: string }
  | { readonly kind: 'signOut'; readonly agentId: AgentId; readonly by: string }
  | {
      readonly kind: 'setStatus';
      readonly agentId: AgentId;
      readonly status: 'ready' | 'notReady';
      readonly reason: string | null;
      readonly by: string;
    }
  | { readonly kind: 'finishWrapUp'; readonly agentId: AgentId; readonly by: string }
  | { readonly kind: 'extendWrapUp'; readonly agentId: AgentId; readonly forMs: Ms; readonly by: string }
  /** Changes what is told of a waiting call; the rest stays. Another queue: the time of first entry goes along. */
  | {
      readonly kind: 'reprioritise';
      readonly callId: CallId;
      readonly by: string;
      readonly lane?: Lane;
      readonly priority?: number;
      readonly queueId?: QueueId;
      /** What the call needs beyond the queue's own requirement, instead of what it needed before. */
      readonly skills?: RequirementExpression;
    }
  /** A waiting call goes to this agent and nobody else, as soon as the agent can be rung. */
  | { readonly kind: 'assign'; readonly callId: CallId; readonly agentId: AgentId; readonly by: string }
  | { readonly kind: 'timer'; readonly timerId: TimerId }
  /** Off while the switch is away: callers and agents are kept in order, nobody is rung. On: everybody who can be matched is matched. */
  | { readonly kind: 'dispatch'; readonly on: boolean }
  | { readonly kind: 'configure'; readonly config: AcdConfig };

/** What the engine asks for; the call floor puts it into commands for the switch. */
export type AcdAction =
  | {
      readonly kind: 'ring';
      readonly callId: CallId;
      readonly queueId: QueueId;
      readonly agentId: AgentId;
      readonly offerId: OfferId;
      readonly phone: string;
      readonly ringMs: Ms;
      /** The phone is to pick up by itself. */
      readonly autoAnswer: boolean;
    }
  /** Stop ringing or hang up the agent's leg of this offer. */
  | { readonly kind: 'withdraw'; readonly offerId: OfferId; readonly callId: CallId }
  | { readonly kind: 'connect'; readonly offerId: OfferId; readonly callId: CallId; readonly agentId: AgentId }
  /** Tell a waiting caller what is not null: a comfort prompt, the place in the line (1 is next), the estimated wait. */
  | {
      readonly kind: 'announce';
      readonly callId: CallId;
      readonly position: number | null;
      readonly minutes: number | null;
      readonly comfort: string | null;
    }
  /** The call waits in another queue from now on. */
  | { readonly kind: 'moved'; readonly callId: CallId; readonly queueId: QueueId }
  /** The turn of a promise to call the caller first is near: dial the caller. */
  | { readonly kind: 'callBack'; readonly callId: CallId }
  /** The queue lets the caller go; the flow decides what comes next. */
  | {
      readonly kind: 'released';
      readonly callId: CallId;
      readonly exit: 'timedOut' | 'blocked' | 'flowedOut' | 'exitedByKey';
      readonly blocked: BlockReason | null;
      /** The exit of the flow that was asked for by name. */
      readonly branch: string | null;
    };

export type TimerChange =
  | { readonly kind: 'startTimer'; readonly timerId: TimerId; readonly atMs: Ms }
  | { readonly kind: 'stopTimer'; readonly timerId: TimerId };

export interface AcdOutcome {
  readonly actions: readonly AcdAction[];
  readonly facts: readonly FactBody[];
  readonly timers: readonly TimerChange[];
  /** Why the event was not obeyed (an agent's request only); nothing has changed then. */
  readonly refusal: Refusal | null;
}
