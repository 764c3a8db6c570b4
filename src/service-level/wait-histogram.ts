import { MINUTE, type Ms, SECOND } from '../base/time.js';

/** Waits are told apart by the second up to this; longer ones are counted together. */
export const HISTOGRAM_SECONDS = (10 * MINUTE) / SECOND;

/** How many calls were answered and abandoned in each second of waiting: entry `s` counts waits of s up to before s + 1 seconds, the last one all longer ones. */
export interface WaitCounts {
  readonly answered: readonly number[];
  readonly abandoned: readonly number[];
}

/** Counts of one queue and one day. Arrays grow only as far as callers have waited. */
export class WaitHistogram {
  readonly #answered: number[] = [];
  readonly #abandoned: number[] = [];

  add(end: 'answered' | 'abandoned', waitMs: Ms): void {
    const counts = end === 'answered' ? this.#answered : this.#abandoned;
    const second = Math.min(HISTOGRAM_SECONDS, Math.max(0, Math.floor(waitMs / SECOND)));
    while (counts.length <= second) counts.push(0);
    counts[second] = (counts[second] as number) + 1;
  }

  view(): WaitCounts {
    return { answered: [...this.#answered], abandoned: [...this.#abandoned] };
  }

  /** The wait that this part of the answered callers did not exceed, to the second above; null when none was answered or it lies beyond the bound. */
  percentileMs(part: number): Ms | null {
    return percentileMs(this.#answered, part);
  }
}

export function percentileMs(counts: readonly number[], part: number): Ms | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const wanted = Math.ceil(total * part);
  let seen = 0;
  for (let second = 0; second < Math.min(counts.length, HISTOGRAM_SECONDS); second++) {
    seen += counts[second] as number;
    if (seen >= wanted) return (second + 1) * SECOND;
  }
  return null;
}

/** Bounds in seconds, each inclusive, for outside monitoring: fixed, because a series whose bounds change cannot be added up. */
export const WAIT_STEPS_S = [5, 10, 15, 20, 30, 45, 60, 120, 300] as const;

/** How many answered callers had waited no longer than each bound, and the number of all: each entry has the ones before it in it. */
export class WaitSteps {
  readonly #upTo: number[] = [...WAIT_STEPS_S.map(() => 0), 0];

  add(waitMs: Ms): void {
    for (const [i, bound] of WAIT_STEPS_S.entries()) {
      if (waitMs <= bound * SECOND) this.#upTo[i] = (this.#upTo[i] as number) + 1;
    }
    const last = WAIT_STEPS_S.length;
    this.#upTo[last] = (this.#upTo[last] as number) + 1;
  }

  view(): number[] {
    return [...this.#upTo];
  }
}
