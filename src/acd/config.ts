import type { OrderingQueue } from '../base/caller-order.js';
import type { AgentId, QueueId } from '../base/ids.js';
import type { Requirement, RequirementExpression } from '../base/requirement.js';
import type { Ms } from '../base/time.js';
import type { QueueRules } from './queue-rules.js';

/** What the engine is told about queues and agents: resolved values, no text to parse any more. Built by main/config from `config/*.yaml`. */

export type ServiceLevelFormula =
  | 'answered-of-offered'
  | 'answered-of-answered'
  | 'answered-of-handled'
  | 'abandons-in-time-met'
  | 'late-abandons-only'
  | 'short-abandons-met'
  | 'short-abandons-excluded'
  | 'removed-of-queued';

export interface ServiceTarget {
  /** Share that is aimed at, 0.8 for 80 %. */
  readonly share: number;
  readonly withinMs: Ms;
  readonly formula: ServiceLevelFormula;
  readonly shortAbandonMs: Ms;
}

export type { Requirement, RequirementExpression } from '../base/requirement.js';

/**
 * After `afterMs` of waiting: skills are dropped or their levels lowered, or the requirement is replaced by this one; with groups, agents of
 * these who meet `require` may serve too.
 */
export interface RelaxStep {
  readonly afterMs: Ms;
  readonly require: RequirementExpression;
  readonly groups: readonly string[];
  readonly drop?: readonly string[];
  /** Skill -> level that will do. */
  readonly lower?: Requirement;
}

/** See agent-order.ts. */
export type AgentOrder =
  | 'longest-idle'
  | 'best-skill'
  | 'fewest-calls'
  | 'least-occupied'
  | 'round-robin'
  | 'random'
  | 'ring-all';
export type { CallerOrder } from '../base/caller-order.js';

/**
 * Callers of the queue may keep their place with nobody on the line and are rung when the turn comes. `agent-first`: an agent is taken,
 * then the caller is dialled. `caller-first`: the caller is dialled shortly before the turn and takes the kept place.
 */
export interface CallbackPolicy {
  readonly mode: 'agent-first' | 'caller-first';
  /** How often the caller is dialled at most. */
  readonly attempts: number;
  readonly retryAfterMs: Ms;
  /** From the request on; then the promise ends. */
  readonly expiresMs: Ms;
  /** How long the caller's phone rings. */
  readonly ringMs: Ms;
  /** caller-first: how long before the estimated turn the caller is dialled. */
  readonly leadMs: Ms;
  /** Callers are dialled while this calendar is open; null: at any time. */
  readonly calendar: string | null;
  /** Promises of this queue that may be open at once. */
  readonly open: number;
}

export interface QueueConfig extends QueueRules {
  readonly id: QueueId;
  readonly title: Readonly<Record<string, string>>;
  readonly target: ServiceTarget;
  readonly require: RequirementExpression;
  readonly relax: readonly RelaxStep[];
  readonly agents: {
    readonly choose: AgentOrder;
    readonly ringMs: Ms;
    readonly wrapUpMs: Ms;
    /** Wrap-up with all its extensions; without it wrap-up cannot be extended. */
    readonly wrapUpAtMostMs?: Ms;
    /** `ring-all`: phones that ring for one caller at once. */
    readonly offersAtOnce?: number;
    /** How long a caller waits for the agent whom the flow prefers, while that agent is ready and at work. */
    readonly preferredWaitMs?: Ms;
    /** The agent who talked with this customer last is asked first, and waited for so long. */
    readonly lastAgent?: { readonly rememberMs: Ms; readonly waitMs: Ms };
    /** The phone is told to pick up by itself. */
    readonly autoAnswer?: boolean;
  };
  readonly callers: OrderingQueue['callers'];
  readonly limits: {
    /** Callers waiting at once; one more is blocked with queueFull. */
    readonly waiting: number;
    /** Longest wait; then the caller leaves with timedOut. */
    readonly waitMs: Ms;
  };
  readonly announce: {
    /** 0: never. */
    readonly positionEveryMs: Ms;
    /** First announcement after entry, 0: at once. */
    readonly positionFirstMs: Ms;
    readonly comfort: readonly string[];
  };
  readonly music: string;
  /** Absent: no callbacks. */
  readonly callback?: CallbackPolicy | undefined;
  readonly record: { readonly share: number; readonly keepMs: Ms };
}

/** What a waiting caller is told and when, as a queue has it. */
export type AnnouncePlan = Pick<QueueConfig, 'announce' | 'estimate' | 'comfortEvery'>;

export interface AgentConfig {
  readonly id: AgentId;
  readonly name: string;
  readonly team: string;
  readonly groups: readonly string[];
  /** The phone of an agent who does not say another at sign-in: `sip:1001`. */
  readonly phone: string;
  readonly skills: Readonly<Record<string, number>>;
  /** Queue -> rank, smaller first; queues that are not named have rank 0. */
  readonly queueRank: Readonly<Record<string, number>>;
  /** This agent's phone picks up by itself, whatever the queue says. */
  readonly autoAnswer?: boolean;
}

export interface AcdConfig {
  readonly queues: readonly QueueConfig[];
  readonly agents: readonly AgentConfig[];
  /** Reasons that an agent may give for notReady; the system's own (rona, phoneFailed, signedIn) are always known. */
  readonly notReadyReasons: readonly string[];
  /** Reason -> how long an agent may be notReady for it; then it is told once. */
  readonly notReadyLimitMs?: Readonly<Record<string, Ms>>;
  /** Phone failures in a row (busy, unreachable) after which the agent becomes notReady(phoneFailed). */
  readonly phoneFailuresAllowed: number;
  /** How long an agent whose phone was busy or failed is passed over. */
  readonly backOffMs: { readonly busy: Ms; readonly declined: Ms; readonly unreachable: Ms; readonly noAnswer?: Ms };
  /** What an unanswered offer does to the agent: `notReady` (the default), or a rest of `backOffMs.noAnswer`. */
  readonly rona?: 'notReady' | 'backOff';
  /** Offers under way at once in the whole domain; 0 or absent: no limit. */
  readonly offersAtOnce?: number;
  /** Name -> plan that a flow may ask for in place of the queue's own. */
  readonly announcePlans?: Readonly<Record<string, AnnouncePlan>>;
  /** What `random` is drawn from, with the call's id. */
  readonly seed?: string;
}
