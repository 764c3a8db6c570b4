import type { QueueConfig } from '../acd/config.js';
import type { Fact } from '../base/facts.js';
import type { Ms } from '../base/time.js';
import { FORMULAS } from './formulas.js';
import { recount } from './recount.js';
import { emptyTally } from './tally.js';
import type { QueueCounts } from './views.js';

/** Figures that somebody shows, to be held against the facts. */
export interface ShownCounts {
  /** `live`, `history by 15 minutes` ... */
  readonly source: string;
  readonly queueId: string;
  /** The last fact that is in them, and their moment. */
  readonly seq: number;
  readonly atMs: Ms;
  /** What is not there is not compared. */
  readonly counts: Readonly<Partial<Record<keyof QueueCounts, number>>>;
}

export interface Difference {
  readonly source: string;
  readonly queueId: string;
  /** A count (`answered`), or a part of a formula (`answered-of-offered, denominator`). */
  readonly what: string;
  readonly shown: number;
  readonly recounted: number;
}

export interface Comparison {
  readonly compared: number;
  readonly differences: readonly Difference[];
}

const NAMES = [...Object.keys(emptyTally()), 'waitingLate'] as (keyof QueueCounts)[];

/**
 * Counts each queue of a day again from all its facts, call by call (recount.ts), up to the very fact that each shown figure speaks of, and compares
 * every count and the parts of every formula. `facts` are in order and begin before the first call of the day entered a queue.
 */
export function compareDay(
  facts: readonly Fact[],
  queues: readonly QueueConfig[],
  range: { readonly fromMs: Ms; readonly toMs: Ms },
  shown: readonly ShownCounts[],
): Comparison {
  const recounted = new Map<string, QueueCounts>();
  const countAgain = (queue: QueueConfig, seq: number, atMs: Ms): QueueCounts => {
    const key = `${queue.id}/${seq}/${atMs}`;
    const known = recounted.get(key);
    if (known) return known;
    const upTo = facts.findIndex((fact) => fact.seq > seq);
    const counts = recount(upTo < 0 ? facts : facts.slice(0, upTo), queue, range.fromMs, range.toMs, atMs);
    recounted.set(key, counts);
    return counts;
  };
  const differences: Difference[] = [];
  let compared = 0;
  for (const { source, queueId, seq, atMs, counts } of shown) {
    const queue = queues.find(({ id }) => id === queueId);
    if (!queue) continue;
    const again = countAgain(queue, seq, atMs);
    const compare = (what: string, figure: number, right: number): void => {
      compared += 1;
      if (figure !== right) differences.push({ source, queueId, what, shown: figure, recounted: right });
    };
    for (const name of NAMES) if (counts[name] !== undefined) compare(name, counts[name], again[name]);
    // Who waits late is a matter of the moment, not of the sums: where it is not shown, the formula takes it from the facts.
    const whole = { ...again, ...counts };
    for (const { name, numerator, denominator } of Object.values(FORMULAS)) {
      compare(`${name}, numerator`, numerator(whole), numerator(again));
      compare(`${name}, denominator`, denominator(whole), denominator(again));
    }
  }
  return { compared, differences };
}
