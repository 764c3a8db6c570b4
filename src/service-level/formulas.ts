import type { ServiceLevelFormula } from '../acd/config.js';
import type { QueueCounts, Share } from './views.js';

/**
 * The service level has no single meaning: the same day reads differently by each of these. The formula is chosen per queue and its name
 * stands beside the number. In all of them T is inclusive (a wait of exactly T is in time), a call belongs to the span in which it
 * entered the queue, and numerator and denominator are summed before they are divided.
 *
 * A answered, B abandoned, S abandoned within the short limit, F flowed out or called back, O offered; X_T those within T.
 */
export interface Formula {
  readonly name: ServiceLevelFormula;
  /** As it is printed: `A_T / (O - S)`. */
  readonly text: string;
  readonly numerator: (counts: QueueCounts) => number;
  readonly denominator: (counts: QueueCounts) => number;
}

/** What the formulas read; the rest of QueueCounts does not matter to them. */
export const FORMULAS: Readonly<Record<ServiceLevelFormula, Formula>> = {
  /**
   * The default. Boundary: short abandons are left out on both sides, every other way out of the queue counts as missed.
   * Moment: a caller who still waits within T is not yet counted; from the moment the wait passes T the call counts as missed.
   */
  'answered-of-offered': {
    name: 'answered-of-offered',
    text: 'A_T / (O - S)',
    numerator: (c) => c.answeredInTime,
    denominator: (c) => c.offered - c.shortAbandoned - (c.waiting - c.waitingLate),
  },
  /** app_queue's ServicelevelPerf. Boundary: who was not answered does not exist. Moment: counted at the answer. */
  'answered-of-answered': {
    name: 'answered-of-answered',
    text: 'A_T / A',
    numerator: (c) => c.answeredInTime,
    denominator: (c) => c.answered,
  },
  /** Boundary: each abandon is a miss, however short. Moment: counted at the answer or the abandon. */
  'answered-of-handled': {
    name: 'answered-of-handled',
    text: 'A_T / (A + B)',
    numerator: (c) => c.answeredInTime,
    denominator: (c) => c.answered + c.abandoned,
  },
  /** app_queue's ServicelevelPerf2. Boundary: an abandon within T is a success. Moment: counted at the answer or the abandon. */
  'abandons-in-time-met': {
    name: 'abandons-in-time-met',
    text: '(A_T + B_T) / (A + B)',
    numerator: (c) => c.answeredInTime + c.abandonedInTime,
    denominator: (c) => c.answered + c.abandoned,
  },
  /** Boundary: abandons within T are left out, later ones are misses. Moment: counted at the answer or the abandon. */
  'late-abandons-only': {
    name: 'late-abandons-only',
    text: 'A_T / (A + B - B_T)',
    numerator: (c) => c.answeredInTime,
    denominator: (c) => c.answered + c.abandoned - c.abandonedInTime,
  },
  /** Boundary: short abandons are successes, longer ones misses. Moment: counted at the answer or the abandon. */
  'short-abandons-met': {
    name: 'short-abandons-met',
    text: '(A_T + S) / (A + B)',
    numerator: (c) => c.answeredInTime + c.shortAbandoned,
    denominator: (c) => c.answered + c.abandoned,
  },
  /** Boundary: short abandons are left out, longer ones are misses. Moment: counted at the answer or the abandon. */
  'short-abandons-excluded': {
    name: 'short-abandons-excluded',
    text: 'A_T / (A + B - S)',
    numerator: (c) => c.answeredInTime,
    denominator: (c) => c.answered + c.abandoned - c.shortAbandoned,
  },
  /**
   * Amazon Connect's. Boundary: whoever left the queue within T by answer, abandon, flow or callback is a success, of all who entered.
   * Moment: the denominator counts at entry, so that a caller who has just come lowers it until the call is answered.
   */
  'removed-of-queued': {
    name: 'removed-of-queued',
    text: '(A_T + B_T + F_T) / O',
    numerator: (c) => c.answeredInTime + c.abandonedInTime + c.flowedOutInTime + c.calledBackInTime,
    denominator: (c) => c.offered,
  },
};

/** A share that knows its parts; an empty denominator gives null, never 0 % or 100 %. */
export const share = (numerator: number, denominator: number): Share => ({
  numerator,
  denominator,
  share: denominator > 0 ? numerator / denominator : null,
});

/** The service level of summed counts by the named formula. */
export const serviceLevel = (formula: ServiceLevelFormula, counts: QueueCounts): Share =>
  share(FORMULAS[formula].numerator(counts), FORMULAS[formula].denominator(counts));

/**
 * The share of the calls still to come that must be good so that the whole reaches `target`: (p(n + R) - g) / R. Above 1 it cannot be
 * reached any more, below 0 it is already safe; null when no call is expected.
 */
export function neededShareOfRest(counted: number, good: number, target: number, expected: number): number | null {
  return expected > 0 ? (target * (counted + expected) - good) / expected : null;
}

/**
 * How many good calls in a row bring the level to `target`: ceil((p n - g) / (1 - p)). 0 when it is reached already; null when it cannot
 * be reached, because the target is 100 % and a call was missed.
 */
export function goodCallsNeeded(counted: number, good: number, target: number): number | null {
  // Rounded to 9 digits first: 0.8 * 400 - 300 must not become 100.00000000000001 calls.
  const missing = Number((target * counted - good).toFixed(9));
  if (missing <= 0) return 0;
  return target < 1 ? Math.ceil(Number((missing / (1 - target)).toFixed(9))) : null;
}
