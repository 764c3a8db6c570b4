import type { Ms } from '../../base/time.js';

/** Something that will happen, unless it is called off first. */
export interface Planned<T> {
  readonly atMs: Ms;
  /** Order among events of one moment: first planned, first come. */
  readonly seq: number;
  readonly what: T;
  state: 'waiting' | 'done' | 'calledOff';
}

/**
 * What happens next: a binary heap by time, then by the order in which things were planned. Calling off only marks; the marked are
 * swept out when they are the greater part, so that the long timers of short calls do not pile up.
 */
export class EventHeap<T> {
  #heap: Planned<T>[] = [];
  #seq = 0;
  #calledOff = 0;

  get size(): number {
    return this.#heap.length - this.#calledOff;
  }

  plan(atMs: Ms, what: T): Planned<T> {
    const event: Planned<T> = { atMs, seq: this.#seq++, what, state: 'waiting' };
    this.#heap.push(event);
    this.#up(this.#heap.length - 1);
    return event;
  }

  callOff(event: Planned<T>): void {
    if (event.state !== 'waiting') return;
    event.state = 'calledOff';
    this.#calledOff++;
    if (this.#calledOff > 512 && this.#calledOff * 2 > this.#heap.length) this.#sweep();
  }

  /** The next event, taken out; null when there is none. */
  next(): Planned<T> | null {
    for (;;) {
      const first = this.#takeFirst();
      if (!first) return null;
      if (first.state === 'calledOff') {
        this.#calledOff--;
        continue;
      }
      first.state = 'done';
      return first;
    }
  }

  #takeFirst(): Planned<T> | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    this.#down(0);
    return first;
  }

  #sweep(): void {
    this.#heap = this.#heap.filter((event) => event.state === 'waiting');
    this.#calledOff = 0;
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#down(i);
  }

  #up(start: number): void {
    const heap = this.#heap;
    const event = heap[start] as Planned<T>;
    let i = start;
    while (i > 0) {
      const above = (i - 1) >> 1;
      const parent = heap[above] as Planned<T>;
      if (!before(event, parent)) break;
      heap[i] = parent;
      i = above;
    }
    heap[i] = event;
  }

  #down(start: number): void {
    const heap = this.#heap;
    const event = heap[start] as Planned<T>;
    let i = start;
    for (;;) {
      let below = 2 * i + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && before(heap[below + 1] as Planned<T>, heap[below] as Planned<T>)) below++;
      const child = heap[below] as Planned<T>;
      if (!before(child, event)) break;
      heap[i] = child;
      i = below;
    }
    heap[i] = event;
  }
}

const before = (a: Planned<unknown>, b: Planned<unknown>): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.seq < b.seq);
