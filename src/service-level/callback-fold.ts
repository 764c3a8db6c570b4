import type { CallbackAttemptResult, CallbackOutcome, FactOf } from '../base/facts.js';
import type { AgentId, CallId, QueueId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
import { maskNumber } from './mask.js';

/** One promise to call back, as people see it. */
export interface CallbackView {
  readonly callbackId: CallId;
  /** The call in which it was asked for. */
  readonly callId: CallId;
  readonly queueId: QueueId;
  /** Masked: the last four digits. */
  readonly number: string;
  readonly mode: 'agent-first' | 'caller-first';
  readonly requestedAtMs: Ms;
  /** The kept place. */
  readonly enteredAtMs: Ms;
  readonly expiresAtMs: Ms;
  readonly attempts: number;
  readonly lastResult: CallbackAttemptResult | null;
  /** Null while it is open. */
  readonly outcome: CallbackOutcome | null;
  readonly endedAtMs: Ms | null;
  /** Kept place to the end. */
  readonly waitMs: Ms | null;
  readonly agentId: AgentId | null;
  readonly by: string | null;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Open promises, and the latest that have ended. */
export class CallbackFold {
  readonly #open = new Map<CallId, Mutable<CallbackView>>();
  readonly #ended = new Map<CallId, CallbackView>();
  readonly #remembered: number;

  constructor(remembered: number) {
    this.#remembered = remembered;
  }

  requested(fact: FactOf<'callbackRequested'>): void {
    const { callbackId, callId, queueId, mode, enteredAtMs, expiresAtMs, atMs } = fact;
    this.#open.set(callbackId, {
      callbackId,
      callId,
      queueId,
      number: maskNumber(fact.number),
      mode,
      requestedAtMs: atMs,
      enteredAtMs,
      expiresAtMs,
      attempts: 0,
      lastResult: null,
      outcome: null,
      endedAtMs: null,
      waitMs: null,
      agentId: null,
      by: null,
    });
  }

  attempted(fact: FactOf<'callbackAttempted'>): void {
    const callback = this.#open.get(fact.callId);
    if (!callback) return;
    callback.attempts = fact.attempt;
    callback.lastResult = fact.result;
  }

  ended(fact: FactOf<'callbackEnded'>): void {
    const callback = this.#open.get(fact.callId);
    if (!callback) return;
    const { outcome, attempts, waitMs, agentId, by, atMs } = fact;
    Object.assign(callback, { outcome, attempts, waitMs, agentId, by, endedAtMs: atMs });
    this.#open.delete(fact.callId);
    this.#ended.set(fact.callId, callback);
    if (this.#ended.size > this.#remembered) this.#ended.delete(this.#ended.keys().next().value as CallId);
  }

  /** Open ones, the oldest place first, then the latest ended ones, newest first. */
  views(limit: number): CallbackView[] {
    const open = [...this.#open.values()].sort((a, b) => a.enteredAtMs - b.enteredAtMs || (a.callbackId < b.callbackId ? -1 : 1));
    return [...open, ...[...this.#ended.values()].reverse()].slice(0, limit).map((view) => ({ ...view }));
  }

  view(callbackId: string): CallbackView | null {
    const found = this.#open.get(callbackId as CallId) ?? this.#ended.get(callbackId as CallId);
    return found ? { ...found } : null;
  }
}
