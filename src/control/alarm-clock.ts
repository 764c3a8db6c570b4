import type { TimerId } from '../base/ids.js';
import { OrderedSet } from '../base/ordered-set.js';
import type { Ms } from '../base/time.js';
import type { Clock } from '../ports/clock.js';

interface Entry {
  readonly atMs: Ms;
  readonly timerId: TimerId;
}

/** All timers of a domain over one alarm of the clock. */
export class AlarmClock {
  readonly #clock: Clock;
  readonly #ring: (timerId: TimerId) => void;
  readonly #entries = new OrderedSet<Entry>(
    (a, b) => a.atMs - b.atMs || (a.timerId < b.timerId ? -1 : a.timerId > b.timerId ? 1 : 0),
  );
  readonly #byId = new Map<TimerId, Entry>();
  #cancel: (() => void) | null = null;
  #armedFor: Ms | null = null;

  constructor(clock: Clock, ring: (timerId: TimerId) => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  start(timerId: TimerId, atMs: Ms): void {
    this.stop(timerId);
    const entry = { atMs, timerId };
    this.#byId.set(timerId, entry);
    this.#entries.add(entry);
    this.#arm();
  }

  stop(timerId: TimerId): void {
    const entry = this.#byId.get(timerId);
    if (!entry) return;
    this.#byId.delete(timerId);
    this.#entries.delete(entry);
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#entries.clear();
    this.#byId.clear();
  }

  /** One alarm for the earliest entry. An alarm for an entry that was stopped rings early and finds nothing to do: cheaper than re-arming. */
  #arm(): void {
    const first = this.#entries.first();
    if (!first || (this.#armedFor !== null && this.#armedFor <= first.atMs)) return;
    this.#cancel?.();
    this.#armedFor = first.atMs;
    this.#cancel = this.#clock.alarm(first.atMs, () => this.#due());
  }

  #due(): void {
    this.#armedFor = null;
    this.#cancel = null;
    const now = this.#clock.nowMs();
    for (let first = this.#entries.first(); first && first.atMs <= now; first = this.#entries.first()) {
      this.stop(first.timerId);
      this.#ring(first.timerId);
    }
    this.#arm();
  }
}
