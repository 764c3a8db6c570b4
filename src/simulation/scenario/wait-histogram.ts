import type { Ms } from '../../base/time.js';

/** Buckets per doubling: a percentile is right to within 1/128 of itself, and exact below 128 ms. */
const PER_DOUBLING = 128;
const BITS = 7;

/** Waits of any number of callers in little room: log-linear buckets, with the longest kept exactly. */
export class WaitHistogram {
  #counts: number[] = [];
  count = 0;
  longestMs: Ms = 0;
  sumMs = 0;

  add(waitMs: Ms): void {
    const bucket = bucketOf(waitMs);
    while (this.#counts.length <= bucket) this.#counts.push(0);
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.count++;
    this.sumMs += waitMs;
    if (waitMs > this.longestMs) this.longestMs = waitMs;
  }

  addAll(other: WaitHistogram): void {
    while (this.#counts.length < other.#counts.length) this.#counts.push(0);
    other.#counts.forEach((count, bucket) => {
      this.#counts[bucket] = (this.#counts[bucket] as number) + count;
    });
    this.count += other.count;
    this.sumMs += other.sumMs;
    this.longestMs = Math.max(this.longestMs, other.longestMs);
  }

  /** Nearest rank: the least wait that this share of the callers did not exceed; null when nobody waited. */
  percentile(share: number): Ms | null {
    if (this.count === 0) return null;
    const rank = Math.max(1, Math.ceil(share * this.count));
    let seen = 0;
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      seen += this.#counts[bucket] as number;
      if (seen >= rank) return Math.min(upperEdge(bucket), this.longestMs);
    }
    return this.longestMs;
  }
}

function bucketOf(waitMs: Ms): number {
  if (waitMs < PER_DOUBLING) return Math.max(0, Math.floor(waitMs));
  const doublings = 31 - Math.clz32(waitMs) - BITS;
  return PER_DOUBLING * (doublings + 1) + ((waitMs >>> doublings) - PER_DOUBLING);
}

/** The greatest wait that falls into the bucket. */
function upperEdge(bucket: number): Ms {
  if (bucket < PER_DOUBLING) return bucket;
  const doublings = Math.floor(bucket / PER_DOUBLING) - 1;
  return (((bucket % PER_DOUBLING) + PER_DOUBLING + 1) << doublings) - 1;
}
