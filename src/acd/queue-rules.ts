import type { Calendar } from '../base/calendar.js';
import type { QueueId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
import type { RequirementExpression } from './config.js';

/** What a queue may be configured to do with its callers besides letting them wait. A rule that is absent does nothing. */

export interface OpeningHours {
  readonly calendar: Calendar;
  /** What becomes of those who wait when the queue closes: served to the last one, or let go to their flow. */
  readonly atClosing: 'keep' | 'letGo';
}

/** Who must be there: nobody in particular, an agent who is signed in, or one whose status is ready (talking or not). */
export type Presence = 'nobody' | 'signedIn' | 'ready';

export interface EmptyRule {
  /** Without them nobody may join. */
  readonly join: Presence;
  /** When they are gone for `graceMs`, those who wait are let go. */
  readonly leave: Presence;
  readonly graceMs: Ms;
}

/**
 * `wait` looks at one caller after that time in this queue. The others are asked once, when a caller enters and nobody is free: the
 * estimated wait, the callers not yet answered (with this one) per signed-in agent, the service level right now.
 */
export type OverflowTrigger =
  | { readonly kind: 'wait'; readonly afterMs: Ms }
  | { readonly kind: 'estimate'; readonly aboveMs: Ms }
  | { readonly kind: 'perAgent'; readonly above: number }
  | { readonly kind: 'level'; readonly below: number };

/** Another queue; agents of these groups beside those who may serve already; back to the flow by the exit of this name. */
export type OverflowTarget =
  | { readonly kind: 'queue'; readonly queueId: QueueId }
  | { readonly kind: 'groups'; readonly groups: readonly string[] }
  | { readonly kind: 'exit'; readonly name: string };

export interface OverflowRule {
  readonly when: OverflowTrigger;
  readonly to: OverflowTarget;
}

/** Bounds on how a queue fares; one that is absent is not looked at. */
export interface Bounds {
  readonly waiting?: number;
  readonly longestWaitMs?: Ms;
  readonly level?: number;
}

/**
 * Lends the agents of `groups` to the queue when any bound of `when` has been reached (waiting and wait at or above, level below) for
 * `forMs` on end, and gives them back when all bounds of `until` are kept (waiting and wait at or below, level at or above) for `untilForMs`.
 */
export interface BorrowRule {
  readonly groups: readonly string[];
  /** What a lent agent must know all the same. */
  readonly require: RequirementExpression;
  readonly when: Bounds;
  readonly forMs: Ms;
  readonly until: Bounds;
  readonly untilForMs: Ms;
}

/** One kind of announcement: the first after entry, then every so often. */
export interface Rhythm {
  readonly firstMs: Ms;
  readonly everyMs: Ms;
}

export interface RedialRule {
  /** Who drops while waiting and is back within this has the old place. */
  readonly withinMs: Ms;
  /** Callers remembered at once; the oldest is forgotten for one more. */
  readonly callers: number;
}

export interface QueueRules {
  readonly hours?: OpeningHours;
  readonly empty?: EmptyRule;
  readonly overflow?: readonly OverflowRule[];
  readonly borrow?: readonly BorrowRule[];
  /** The estimated wait, told in minutes. */
  readonly estimate?: Rhythm;
  /** Comfort prompts in a rhythm of their own; absent: after each position. */
  readonly comfortEvery?: Rhythm;
  /** Key -> name of the exit by which the caller goes back to the flow. */
  readonly keys?: Readonly<Record<string, string>>;
  readonly redial?: RedialRule;
  /** What one call takes an agent, wrap-up included, until the queue has learnt it. */
  readonly handleMs?: Ms;
}

/** The service level that rules look at counts the calls that entered within this; whole minutes. */
export const LEVEL_MINUTES = 30;
/** Taken for one call when the queue is not told and has not learnt. */
export const HANDLE_MS: Ms = 180_000;
