import type { FactOf } from '../base/facts.js';
import { HOUR, type Ms } from '../base/time.js';

/** Messages to one endpoint since the first fact, by what came of them. */
export interface MessageTotals {
  readonly endpoint: string;
  readonly result: 'delivered' | 'givenUp';
  readonly count: number;
}

/** Who loses more than this in an hour need not know the exact number. */
const MOMENTS_KEPT = 10_000;

/** How the messages of flows fare. Endpoints are those of the configuration, so there are few. */
export class MessageFold {
  readonly #totals = new Map<string, { endpoint: string; result: MessageTotals['result']; count: number }>();
  /** When messages were given up, within an hour of the last one. */
  #givenUp: Ms[] = [];

  ended({ kind, endpoint, atMs }: FactOf<'messageDelivered' | 'messageGivenUp'>): void {
    const result = kind === 'messageDelivered' ? 'delivered' : 'givenUp';
    const key = `${endpoint}/${result}`;
    const totals = this.#totals.get(key) ?? { endpoint, result, count: 0 };
    totals.count += 1;
    this.#totals.set(key, totals);
    if (result === 'givenUp') this.#givenUp = [...this.#givenUp.filter((at) => at > atMs - HOUR), atMs].slice(-MOMENTS_KEPT);
  }

  /** Messages given up within the hour before `nowMs`. */
  givenUpInHour(nowMs: Ms): number {
    return this.#givenUp.filter((at) => at > nowMs - HOUR).length;
  }

  totals(): MessageTotals[] {
    return [...this.#totals.values()].map((each) => ({ ...each }));
  }
}
