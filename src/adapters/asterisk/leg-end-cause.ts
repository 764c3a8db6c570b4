import type { LegEndCause } from '../../call/switch-events.js';

/** What is known of a leg that we dialled when Asterisk says that it is destroyed. */
export interface DialledLegEnd {
  readonly answered: boolean;
  readonly rang: boolean;
  readonly hungUpByUs: boolean;
  /** Q.850 cause. */
  readonly cause: number;
  /** The phone's SIP status, or null. */
  readonly techCause: number | null;
}

const BUSY_CAUSES = new Set([17]);
const DECLINED_CAUSES = new Set([21]);
/** No user responding, no answer, and subscriber absent. */
const QUIET_CAUSES = new Set([18, 19, 20]);
/** No route, out of order, congestion, unassigned number ... */
const UNREACHABLE_CAUSES = new Set([1, 2, 3, 22, 27, 34, 38, 41, 42, 44]);

/**
 * Reads the SIP status first and the Q.850 cause second. Asterisk's own `dialstatus` is too coarse: it says NOANSWER for a 404.
 * A phone that nobody listens on ends exactly like one that rang to the end (480, cause 19); only the ringing tells them apart.
 */
export function legEndCause(end: DialledLegEnd): LegEndCause {
  if (end.answered || end.hungUpByUs) return 'hungUp';
  const quiet: LegEndCause = end.rang ? 'noAnswer' : 'unreachable';
  switch (end.techCause) {
    case 486:
    case 600:
      return 'busy';
    case 603:
      return 'declined';
    case 408:
    case 480:
    case 487:
      return quiet;
    case 404:
    case 410:
    case 604:
      return 'unreachable';
  }
  const tech = end.techCause;
  if (tech !== null && tech >= 500 && tech < 600) return 'unreachable';
  if (tech !== null && tech >= 400 && tech < 500) return end.cause === 21 && tech !== 403 ? 'declined' : 'error';
  if (BUSY_CAUSES.has(end.cause)) return 'busy';
  if (DECLINED_CAUSES.has(end.cause)) return 'declined';
  if (QUIET_CAUSES.has(end.cause)) return quiet;
  if (UNREACHABLE_CAUSES.has(end.cause)) return 'unreachable';
  // Cause 0 and 16 without an answer: it was there and went; a phone that rang may be tried again later.
  return end.rang ? 'noAnswer' : 'error';
}
