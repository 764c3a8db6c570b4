import { OrderedSet } from '../base/ordered-set.js';
import type { Ms } from '../base/time.js';
import type { Clock } from '../ports/clock.js';

interface Alarm {
  readonly atMs: Ms;
  readonly n: number;
  readonly ring: () => void;
}

/** Time that passes only when told to. Alarms ring in order of time, then in the order in which they were set. */
export class VirtualClock implements Clock {
  #nowMs: Ms;
  #n = 0;
  readonly #alarms = new OrderedSet<Alarm>((a, b) => a.atMs - b.atMs || a.n - b.n);

  constructor(startMs: Ms = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  nowMs(): Ms {
    return this.#nowMs;
  }

  alarm(atMs: Ms, ring: () => void): () => void {
    const alarm = { atMs: Math.max(Math.ceil(atMs), this.#nowMs), n: ++this.#n, ring };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  /** Rings everything that is due within the next `ms`. Promises that are under way are let run between any two alarms. */
  async pass(ms: Ms): Promise<void> {
    const until = this.#nowMs + ms;
    await settle();
    for (let next = this.#alarms.first(); next && next.atMs <= until; next = this.#alarms.first()) {
      this.#alarms.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.ring();
      await settle();
    }
    this.#nowMs = until;
  }
}

/** Lets every promise that can go on go on: the memory store and the simulated switch never wait for anything else. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
