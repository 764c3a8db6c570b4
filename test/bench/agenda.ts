import type { Ms } from '../../src/base/time.js';

export interface Due<E> {
  readonly atMs: Ms;
  readonly order: number;
  readonly event: E;
}

/** What is going to happen, by time, then in the order in which it was planned. */
export class Agenda<E> {
  readonly #heap: Due<E>[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  push(atMs: Ms, event: E): void {
    const heap = this.#heap;
    const due = { atMs, order: this.#order++, event };
    let i = heap.length;
    heap.push(due);
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (before(heap[up] as Due<E>, due)) break;
      heap[i] = heap[up] as Due<E>;
      i = up;
    }
    heap[i] = due;
  }

  pop(): Due<E> | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let i = 0;
    for (let child = 1; child < heap.length; child = 2 * i + 1) {
      if (child + 1 < heap.length && before(heap[child + 1] as Due<E>, heap[child] as Due<E>)) child++;
      if (before(last, heap[child] as Due<E>)) break;
      heap[i] = heap[child] as Due<E>;
      i = child;
    }
    heap[i] = last;
    return first;
  }
}

const before = <E>(a: Due<E>, b: Due<E>): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
