import type { AgentId, QueueId } from '../base/ids.js';
import type { Ms } from '../base/time.js';

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

/** Skill name -> least level. Empty: anybody. */
export type Requirement = Readonly<Record<string, number>>;

/** After `afterMs` of waiting the requirement becomes this one, and agents of these groups may serve too. */
export interface RelaxStep {
  readonly afterMs: Ms;
  readonly require: Requirement;
  readonly groups: readonly string[];
}

export type AgentOrder = 'longest-idle' | 'best-skill';
export type CallerOrder = 'first-come' | 'vip-first';

export interface QueueConfig {
  readonly id: QueueId;
  readonly title: Readonly<Record<string, string>>;
  readonly target: ServiceTarget;
  readonly require: Requirement;
  readonly relax: readonly RelaxStep[];
  readonly agents: {
    readonly choose: AgentOrder;
    readonly ringMs: Ms;
    readonly wrapUpMs: Ms;
  };
  readonly callers: {
    readonly order: CallerOrder;
    /** The head of an ordinary line that has waited this long goes before VIPs. */
    readonly waitsAtMostMs: Ms;
  };
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
  readonly record: { readonly share: number; readonly keepMs: Ms };
}

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
}

export interface AcdConfig {
  readonly queues: readonly QueueConfig[];
  readonly agents: readonly AgentConfig[];
  /** Reasons that an agent may give for notReady; the system's own (rona, phoneFailed, signedIn) are always known. */
  readonly notReadyReasons: readonly string[];
  /** Phone failures in a row (busy, unreachable) after which the agent becomes notReady(phoneFailed). */
  readonly phoneFailuresAllowed: number;
  /** How long an agent whose phone was busy or failed is passed over. */
  readonly backOffMs: { readonly busy: Ms; readonly declined: Ms; readonly unreachable: Ms };
}
