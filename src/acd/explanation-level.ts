import type { QueueExit } from '../base/facts.js';
import type { Ms } from '../base/time.js';
import type { ServiceTarget } from './config.js';

/** What the end of a stay in a queue did to the queue's service level, by the formula that the queue is measured by. */
export type Verdict =
  | { readonly kind: 'for' | 'out' }
  /** `fromMs`: since which moment after the entry the call counts as missed. */
  | { readonly kind: 'against'; readonly fromMs: Ms };

/** As service-level/formulas.ts counts it, for one call; a test holds the two against each other. */
export function verdictOf(target: ServiceTarget, end: 'answered' | QueueExit, waitMs: Ms): Verdict {
  const inTime = waitMs <= target.withinMs;
  const short = end === 'abandoned' && isShort(target, waitMs);
  const missed = (fromMs: Ms): Verdict => ({ kind: 'against', fromMs });
  const good: Verdict = { kind: 'for' };
  const out: Verdict = { kind: 'out' };
  if (target.formula === 'removed-of-queued') {
    return inTime && end !== 'timedOut' && end !== 'exitedByKey' ? good : missed(0);
  }
  if (target.formula === 'answered-of-offered') {
    if (short) return out;
    if (end === 'answered' && inTime) return good;
    return missed(Math.min(waitMs, target.withinMs));
  }
  if (end === 'answered') return inTime ? good : missed(waitMs);
  if (end !== 'abandoned') return out;
  switch (target.formula) {
    case 'answered-of-answered':
      return out;
    case 'answered-of-handled':
      return missed(waitMs);
    case 'abandons-in-time-met':
      return inTime ? good : missed(waitMs);
    case 'late-abandons-only':
      return inTime ? out : missed(waitMs);
    case 'short-abandons-met':
      return short ? good : missed(waitMs);
    case 'short-abandons-excluded':
      return short ? out : missed(waitMs);
  }
}

export const isShort = (target: ServiceTarget, waitMs: Ms): boolean => waitMs <= target.shortAbandonMs;
