import type { Ms } from './time.js';

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

export type CallerOrder = 'first-come' | 'vip-first' | 'priority' | 'credit' | 'ageing' | 'time-left';

/** What a queue says of the order of its callers. */
export interface OrderingQueue {
  readonly target: { readonly withinMs: Ms };
  readonly callers: {
    readonly order: CallerOrder;
    /** A caller who has waited this long goes before all others, in the order of entry: no policy lets anybody starve. */
    readonly waitsAtMostMs: Ms;
    /** `credit`: what lane, tier and each step of priority are worth in waiting time. */
    readonly credit?: { readonly vipMs: Ms; readonly perPriorityMs: Ms; readonly tiersMs: Readonly<Record<string, Ms>> };
    /** `ageing`: priority rises by one step in this time of waiting. */
    readonly ageingMs?: Ms;
  };
}

/** What the order of a caller goes by. */
export interface InOrder {
  readonly callId: string;
  readonly lane: 'ordinary' | 'vip';
  readonly priority: number;
  readonly tier: string | null;
  /** What the order goes by; earlier than the next for a caller who came from another queue or has redialled. */
  readonly enteredAtMs: Ms;
  /** The entry into this queue: the target is counted from here. */
  readonly queuedAtMs: Ms;
}

/** 3: of a `ring-all` queue, with phones ringing already; served when nobody else waits. */
export type CallerClass = 0 | 1 | 2 | 3;

const byId = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const byEntry = (a: InOrder, b: InOrder): number => a.enteredAtMs - b.enteredAtMs || byId(a.callId, b.callId);

/** The target is inclusive: a wait of exactly `withinMs` is in time. */
export const isLate = (queue: OrderingQueue, call: InOrder, nowMs: Ms): boolean =>
  queue.callers.order === 'time-left' && nowMs - call.queuedAtMs > queue.target.withinMs;

export function classOf(queue: OrderingQueue, call: InOrder, nowMs: Ms): CallerClass {
  if (queue.callers.order === 'vip-first') return call.lane === 'vip' ? 0 : 1;
  return isLate(queue, call, nowMs) ? 2 : 1;
}

/** The number that counts under this queue's policy; larger goes first. */
export const priorityOf = (queue: OrderingQueue, call: InOrder): number =>
  queue.callers.order === 'vip-first' || queue.callers.order === 'priority' ? call.priority : 0;

/** What a caller is worth beyond the time waited. */
export function creditOf(queue: OrderingQueue, call: InOrder): Ms {
  const { order, credit, ageingMs } = queue.callers;
  if (order === 'ageing') return call.priority * (ageingMs ?? 0);
  if (order !== 'credit' || !credit) return 0;
  const tier = call.tier !== null && Object.hasOwn(credit.tiersMs, call.tier) ? (credit.tiersMs[call.tier] as Ms) : 0;
  return (call.lane === 'vip' ? credit.vipMs : 0) + call.priority * credit.perPriorityMs + tier;
}

export function standsSinceMs(queue: OrderingQueue, call: InOrder, nowMs: Ms): Ms {
  if (queue.callers.order !== 'time-left') return call.enteredAtMs - creditOf(queue, call);
  return isLate(queue, call, nowMs) ? call.enteredAtMs : call.queuedAtMs + queue.target.withinMs;
}

/** How the callers of a queue stand at this moment, the guard included: for lists of a few that are looked at once. */
export function standingOrder(queue: OrderingQueue, nowMs: Ms): (a: InOrder, b: InOrder) => number {
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
