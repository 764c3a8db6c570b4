import { OrderedSet } from '../base/ordered-set.js';
import type { Ms } from '../base/time.js';
import type { QueueConfig } from './config.js';
import type { QueuedCall } from './entities.js';

/**
 * In which order the callers of a queue are served. Every policy gives a caller three keys that do not change with time, so that a line is
 * kept sorted and its head costs nothing to find: a class, a priority, and a moment since which the caller *stands*.
 *
 * | policy       | class, smaller first          | priority | stands since                                          |
 * |--------------|-------------------------------|----------|-------------------------------------------------------|
 * | `first-come` | 1                             | none     | entry                                                 |
 * | `vip-first`  | VIP lane 0, ordinary 1        | the call's | entry                                               |
 * | `priority`   | 1                             | the call's | entry                                               |
 * | `credit`     | 1                             | none     | entry, less what lane, tier and priority are worth    |
 * | `ageing`     | 1                             | none     | entry, less `ageing` per step of priority             |
 * | `time-left`  | in time 1, past the target 2  | none     | in time: the moment when the target is missed; late: entry |
 *
 * `ageing` is the same as: priority rises by one step per `ageing` of waiting, and the highest goes first. Only `time-left` has a class that
 * time changes; those who have become late are the first of their line, and are moved to the late ones when the line is next looked at.
 */

/** 3: of a `ring-all` queue, with phones ringing already; served when nobody else waits. */
export type CallerClass = 0 | 1 | 2 | 3;

/** What the order of a caller goes by. */
export type InOrder = Pick<QueuedCall, 'callId' | 'lane' | 'priority' | 'tier' | 'enteredAtMs' | 'queuedAtMs'>;

/** Whoever knows what time it is in the engine. */
export interface EngineTime {
  readonly nowMs: Ms;
}

const byId = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const byEntry = (a: InOrder, b: InOrder): number => a.enteredAtMs - b.enteredAtMs || byId(a.callId, b.callId);

/** The target is inclusive: a wait of exactly `withinMs` is in time. */
export const isLate = (queue: QueueConfig, call: InOrder, nowMs: Ms): boolean =>
  queue.callers.order === 'time-left' && nowMs - call.queuedAtMs > queue.target.withinMs;

export function classOf(queue: QueueConfig, call: InOrder, nowMs: Ms): CallerClass {
  if (queue.callers.order === 'vip-first') return call.lane === 'vip' ? 0 : 1;
  return isLate(queue, call, nowMs) ? 2 : 1;
}

/** The number that counts under this queue's policy; larger goes first. */
export const priorityOf = (queue: QueueConfig, call: InOrder): number =>
  queue.callers.order === 'vip-first' || queue.callers.order === 'priority' ? call.priority : 0;

/** What a caller is worth beyond the time waited. */
export function creditOf(queue: QueueConfig, call: InOrder): Ms {
  const { order, credit, ageingMs } = queue.callers;
  if (order === 'ageing') return call.priority * (ageingMs ?? 0);
  if (order !== 'credit' || !credit) return 0;
  const tier = call.tier !== null && Object.hasOwn(credit.tiersMs, call.tier) ? (credit.tiersMs[call.tier] as Ms) : 0;
  return (call.lane === 'vip' ? credit.vipMs : 0) + call.priority * credit.perPriorityMs + tier;
}

export function standsSinceMs(queue: QueueConfig, call: InOrder, nowMs: Ms): Ms {
  if (queue.callers.order !== 'time-left') return call.enteredAtMs - creditOf(queue, call);
  return isLate(queue, call, nowMs) ? call.enteredAtMs : call.queuedAtMs + queue.target.withinMs;
}

/** How the callers of a queue stand at this moment, the guard included: for lists of a few that are looked at once. */
export function standingOrder(queue: QueueConfig, nowMs: Ms): (a: InOrder, b: InOrder) => number {
  const guard = (call: InOrder): number => (nowMs - call.enteredAtMs >= queue.callers.waitsAtMostMs ? 0 : 1);
  return (a, b) => {
    if (guard(a) !== guard(b)) return guard(a) - guard(b);
    if (guard(a) === 0) return byEntry(a, b);
    return (
      classOf(queue, a, nowMs) - classOf(queue, b, nowMs) ||
      priorityOf(queue, b) - priorityOf(queue, a) ||
      standsSinceMs(queue, a, nowMs) - standsSinceMs(queue, b, nowMs) ||
      byEntry(a, b)
    );
  };
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

  add(call: QueuedCall): boolean {
    return this.#callers.add(call);
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
