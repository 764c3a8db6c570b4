import { byEntry, creditOf, isLate, priorityOf } from '../base/caller-order.js';
import { OrderedSet } from '../base/ordered-set.js';
import type { Ms } from '../base/time.js';
import type { QueueConfig } from './config.js';
import type { QueuedCall } from './entities.js';

/** A line of callers, kept in the order of its queue's policy. The policies themselves: base/caller-order.ts, which the wallboard goes by too. */

export { byEntry, type CallerClass, classOf, creditOf, isLate, priorityOf, standsSinceMs } from '../base/caller-order.js';

/** Whoever knows what time it is in the engine. */
export interface EngineTime {
  readonly nowMs: Ms;
}

/** Callers of one queue in the order in which they are served, the guard apart. Ends in the id. */
export class Standing {
  readonly #queue: QueueConfig;
  readonly #time: EngineTime;
  readonly #callers: OrderedSet<QueuedCall>;
  /** `time-left` only: those who have missed the target, longest waiting first. */
  readonly #late = new OrderedSet<QueuedCall>(byEntry);

  constructor(queue: QueueConfig, time: EngineTime) {
    this.#queue = queue;
    this.#time = time;
    const lane = (call: QueuedCall): number => (queue.callers.order === 'vip-first' && call.lane !== 'vip' ? 1 : 0);
    const timeLeft = queue.callers.order === 'time-left';
    const stands = (call: QueuedCall): Ms => (timeLeft ? call.queuedAtMs : call.enteredAtMs - creditOf(queue, call));
    this.#callers = new OrderedSet(
      (a, b) => lane(a) - lane(b) || priorityOf(queue, b) - priorityOf(queue, a) || stands(a) - stands(b) || byEntry(a, b),
    );
  }

  get size(): number {
    return this.#callers.size + this.#late.size;
  }

  /** A caller who has stood among the late ones since before an offer is there already: twice in the line would fill the queue. */
  add(call: QueuedCall): boolean {
    return !this.#late.has(call) && this.#callers.add(call);
  }

  delete(call: QueuedCall): boolean {
    return this.#callers.delete(call) || this.#late.delete(call);
  }

  first(): QueuedCall | undefined {
    this.#sortLate();
    return this.#callers.first() ?? this.#late.first();
  }

  /** How many are served before this one, as things stand. */
  rank(call: QueuedCall): number {
    this.#sortLate();
    return this.#late.has(call) ? this.#callers.size + this.#late.rank(call) : this.#callers.rank(call);
  }

  *[Symbol.iterator](): IterableIterator<QueuedCall> {
    this.#sortLate();
    yield* this.#callers;
    yield* this.#late;
  }

  /** Each caller is moved once, so this costs next to nothing per caller. */
  #sortLate(): void {
    if (this.#queue.callers.order !== 'time-left') return;
    for (let head = this.#callers.first(); head && isLate(this.#queue, head, this.#time.nowMs); head = this.#callers.first()) {
      this.#callers.delete(head);
      this.#late.add(head);
    }
  }
}
