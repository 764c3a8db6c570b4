import type { FactOf } from '../base/facts.js';
import type { CallId, QueueId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
import { maskNumber } from './mask.js';
import type { AbandonedView } from './views.js';

interface Abandoned {
  readonly callId: CallId;
  readonly queueId: QueueId;
  readonly ani: string;
  readonly lane: string;
  readonly tier: string;
  readonly waitMs: Ms;
  readonly leftAtMs: Ms;
  back: { readonly callId: CallId; readonly atMs: Ms; answered: boolean } | null;
}

/**
 * Callers who left a queue before an answer, and whether they have been here since: who has come back need not be called. A caller
 * is known again by the number alone; without a number nobody comes back. Bounded: the oldest is forgotten for a new one.
 */
export class AbandonedFold {
  /** By call, in the order in which they left. */
  readonly #rows = new Map<CallId, Abandoned>();
  /** Numbers of calls in progress. */
  readonly #numbers = new Map<CallId, string>();
  readonly #byNumber = new Map<string, Set<Abandoned>>();
  /** Rows that a later call of the same caller has come back for. */
  readonly #returns = new Map<CallId, readonly Abandoned[]>();
  readonly #remembered: number;

  constructor(remembered: number) {
    this.#remembered = remembered;
  }

  arrived(fact: FactOf<'callArrived'>): void {
    this.#numbers.set(fact.callId, fact.ani);
    const missed = [...(this.#byNumber.get(fact.ani) ?? [])].filter((row) => !row.back?.answered);
    if (fact.ani === '' || missed.length === 0) return;
    for (const row of missed) row.back = { callId: fact.callId, atMs: fact.atMs, answered: false };
    this.#returns.set(fact.callId, missed);
  }

  answered(callId: CallId): void {
    for (const row of this.#returns.get(callId) ?? []) if (row.back?.callId === callId) row.back.answered = true;
  }

  /** `caller` is how the caller was known while waiting. */
  left(callId: CallId, queueId: QueueId, waitMs: Ms, atMs: Ms, caller: { readonly lane: string; readonly tier: string }): void {
    const ani = this.#numbers.get(callId) ?? '';
    const row: Abandoned = { callId, queueId, ani, ...caller, waitMs, leftAtMs: atMs, back: null };
    this.#forget(callId);
    this.#rows.set(callId, row);
    if (ani !== '') {
      const same = this.#byNumber.get(ani) ?? new Set();
      this.#byNumber.set(ani, same.add(row));
    }
    if (this.#rows.size > this.#remembered) this.#forget(this.#rows.keys().next().value as CallId);
  }

  ended(callId: CallId): void {
    this.#numbers.delete(callId);
    this.#returns.delete(callId);
  }

  /** Newest first. */
  views(limit: number): AbandonedView[] {
    const views: AbandonedView[] = [];
    for (const { ani, back, ...row } of [...this.#rows.values()].reverse()) {
      if (views.length >= limit) break;
      views.push({ ...row, ani: maskNumber(ani), back: back && { ...back } });
    }
    return views;
  }

  #forget(callId: CallId): void {
    const row = this.#rows.get(callId);
    if (!row) return;
    this.#rows.delete(callId);
    const same = this.#byNumber.get(row.ani);
    same?.delete(row);
    if (same?.size === 0) this.#byNumber.delete(row.ani);
  }
}
