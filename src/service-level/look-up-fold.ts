import type { FactOf } from '../base/facts.js';
import type { Ms } from '../base/time.js';

/** Look-ups at one endpoint with one result since the first fact. */
export interface LookUpTotals {
  readonly endpoint: string;
  /** `answered`, or the kind of fault. */
  readonly result: string;
  readonly count: number;
  readonly sumMs: Ms;
}

/** How the systems fare that flows ask. Endpoints are those of the configuration, so there are few. */
export class LookUpFold {
  readonly #totals = new Map<string, { endpoint: string; result: string; count: number; sumMs: Ms }>();

  ended({ endpoint, fault, tookMs }: FactOf<'lookUpEnded'>): void {
    const result = fault ?? 'answered';
    const key = `${endpoint}/${result}`;
    const totals = this.#totals.get(key) ?? { endpoint, result, count: 0, sumMs: 0 };
    totals.count += 1;
    totals.sumMs += tookMs;
    this.#totals.set(key, totals);
  }

  totals(): LookUpTotals[] {
    return [...this.#totals.values()].map((each) => ({ ...each }));
  }
}
