/**
 * A set in a total order with cheap ends and cheap ranks. Kept as a list of short sorted arrays: insertion and removal cost one
 * binary search over the arrays, one within, and a copy of at most {@link BUCKET} references, which in practice beats a balanced tree up to
 * millions of members. The order must end in an id, so that no two members compare as equal.
 */
const BUCKET = 256;

export class OrderedSet<T> {
  readonly #compare: (a: T, b: T) => number;
  #buckets: T[][] = [];
  #size = 0;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  first(): T | undefined {
    return this.#buckets[0]?.[0];
  }

  last(): T | undefined {
    return this.#buckets.at(-1)?.at(-1);
  }

  /** False when an equal member was there already; the set is then unchanged. */
  add(member: T): boolean {
    if (this.#buckets.length === 0) {
      this.#buckets.push([member]);
      this.#size = 1;
      return true;
    }
    // Most members come in order: callers by their entry, agents by the end of their work.
    const end = this.#buckets.length - 1;
    const tail = this.#buckets[end] as T[];
    const appended = this.#compare(tail[tail.length - 1] as T, member) < 0;
    const b = appended ? end : this.#bucketFor(member);
    const bucket = this.#buckets[b] as T[];
    const i = appended ? bucket.length : this.#lowerBound(bucket, member);
    const there = bucket[i];
    if (there !== undefined && this.#compare(there, member) === 0) return false;
    bucket.splice(i, 0, member);
    this.#size++;
    if (bucket.length > 2 * BUCKET) this.#buckets.splice(b, 1, bucket.slice(0, BUCKET), bucket.slice(BUCKET));
    return true;
  }

  /** False when it was not there. */
  delete(member: T): boolean {
    if (this.#size === 0) return false;
    // Most members leave from the front.
    const leads = this.first() === member;
    const b = leads ? 0 : this.#bucketFor(member);
    const bucket = this.#buckets[b] as T[];
    const i = leads ? 0 : this.#lowerBound(bucket, member);
    const there = bucket[i];
    if (there === undefined || this.#compare(there, member) !== 0) return false;
    bucket.splice(i, 1);
    this.#size--;
    if (bucket.length === 0) this.#buckets.splice(b, 1);
    return true;
  }

  has(member: T): boolean {
    if (this.#size === 0) return false;
    const bucket = this.#buckets[this.#bucketFor(member)] as T[];
    const there = bucket[this.#lowerBound(bucket, member)];
    return there !== undefined && this.#compare(there, member) === 0;
  }

  /** The member with so many before it. */
  at(rank: number): T | undefined {
    let before = 0;
    for (const bucket of this.#buckets) {
      if (rank < before + bucket.length) return bucket[rank - before];
      before += bucket.length;
    }
    return undefined;
  }

  /** How many members stand before this one. */
  rank(member: T): number {
    if (this.#size === 0) return 0;
    const b = this.#bucketFor(member);
    let before = 0;
    for (let i = 0; i < b; i++) before += (this.#buckets[i] as T[]).length;
    return before + this.#lowerBound(this.#buckets[b] as T[], member);
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (const bucket of this.#buckets) yield* bucket;
  }

  /** The first `count` members. */
  take(count: number): T[] {
    const taken: T[] = [];
    for (const member of this) {
      if (taken.length >= count) break;
      taken.push(member);
    }
    return taken;
  }

  clear(): void {
    this.#buckets = [];
    this.#size = 0;
  }

  /** The last bucket whose first member is not after the given one. */
  #bucketFor(member: T): number {
    let low = 0;
    let high = this.#buckets.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#compare((this.#buckets[middle] as T[])[0] as T, member) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #lowerBound(bucket: readonly T[], member: T): number {
    let low = 0;
    let high = bucket.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(bucket[middle] as T, member) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
