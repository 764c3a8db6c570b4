import type { QueueConfig } from '../acd/config.js';
import { DAY, HOUR, MINUTE, type Ms, SECOND } from '../base/time.js';
import type { Clock } from '../ports/clock.js';
import type { History, KeptFrom } from '../ports/history.js';
import type { Log } from '../ports/log.js';
import type { StateStore } from '../ports/state-store.js';
import { HistoryFold } from '../service-level/history/history-fold.js';

const PAGE = 2_000;
/** In quiet running facts are gathered for so long, so that a commit is worth its while. */
const GATHER_MS: Ms = 250;
/** Facts that nobody told us of are found by looking. */
const LOOK_EVERY_MS: Ms = 5 * SECOND;
const RETRY_MS: readonly Ms[] = [1 * SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 30 * SECOND];
const PURGED_AT_ONCE = 1_000;
const PURGE_PAUSE_MS: Ms = 200;
/** After midnight of the site, when few call. */
const PURGE_AFTER_MS: Ms = 3 * HOUR + 30 * MINUTE;

export interface HistoryWriterOptions {
  readonly history: History;
  readonly store: Pick<StateStore, 'facts' | 'load'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly queues: readonly QueueConfig[];
  readonly dayStartMs: (atMs: Ms) => Ms;
  readonly callerKey: (number: string) => string | null;
  readonly wholeNumbers: boolean;
  /** How long each kind is kept. */
  readonly keep: KeptFrom;
}

/** How far history is behind the facts. */
export interface HistoryLag {
  /** Null until the store was opened. */
  readonly seq: number | null;
  readonly facts: number;
  /** Since when a fact waits to be written. */
  readonly seconds: number;
  /** What stands in the way, or null. */
  readonly fault: string | null;
  readonly written: number;
  readonly failures: number;
  /** Facts that were gone before they could be written. */
  readonly missing: number;
}

/**
 * Brings the facts of one domain into history, each once. It keeps nothing itself: facts wait where they are, and the store says up to where it
 * has them. When the store is away it asks again, later and later, and then goes on from there.
 */
export class HistoryWriter {
  readonly #options: HistoryWriterOptions;
  #fold: HistoryFold | null = null;
  #known = 0;
  /** Up to where the store has the facts, as far as we know. */
  #seq: number | null = null;
  #behindSinceMs: Ms | null = null;
  #fault: string | null = null;
  #failuresInARow = 0;
  #written = 0;
  #failures = 0;
  #missing = 0;
  #stopped = false;
  #running: Promise<void> | null = null;
  #wake: (() => void) | null = null;
  #purgedDay: Ms | null = null;

  constructor(options: HistoryWriterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Facts up to `seq` have been committed. */
  known(seq: number): void {
    if (seq <= this.#known) return;
    this.#known = seq;
    this.#behindSinceMs ??= this.#options.clock.nowMs();
    this.#wake?.();
  }

  /** Resolves when what is under way has ended; what is not written comes at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#running;
  }

  lag(): HistoryLag {
    const seq = this.#seq;
    const since = this.#behindSinceMs;
    return {
      seq,
      facts: seq === null ? this.#known : Math.max(0, this.#known - seq),
      seconds: since === null ? 0 : Math.max(0, Math.round((this.#options.clock.nowMs() - since) / SECOND)),
      fault: this.#fault,
      written: this.#written,
      failures: this.#failures,
      missing: this.#missing,
    };
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        this.#fold ??= await this.#begin();
        const full = await this.#writePage(this.#fold);
        this.#recovered();
        if (full) continue;
        await this.#purge();
        if (this.#behindSinceMs === null) await this.#pause(LOOK_EVERY_MS, true);
        await this.#pause(GATHER_MS, false);
      } catch (error) {
        // The fold may be ahead of the store, and only the store knows whether the last batch has landed.
        this.#fold = null;
        this.#failed(error);
        await this.#pause(RETRY_MS[Math.min(this.#failuresInARow, RETRY_MS.length) - 1] as Ms, false);
      }
    }
  }

  async #begin(): Promise<HistoryFold> {
    const { history, store } = this.#options;
    const start = await history.begin();
    const { lastSeq, atMs } = await store.load();
    let { position } = start;
    if (lastSeq < position.seq) {
      // Redis was emptied, or went back to an older copy: its facts are numbered anew.
      const next = { life: position.life + 1, seq: lastSeq };
      this.#options.log.warn({ had: position.seq, found: lastSeq }, 'the facts begin anew; history goes on with them');
      if ((await history.skip(position, next, atMs)) === 'elsewhere') throw new Error('another node writes this history');
      position = next;
    }
    this.#seq = position.seq;
    this.#known = Math.max(this.#known, lastSeq);
    if (this.#known > position.seq) this.#behindSinceMs ??= this.#options.clock.nowMs();
    return new HistoryFold({ ...this.#options, start: { position, open: start.open } });
  }

  /** True when there may be more at once. */
  async #writePage(fold: HistoryFold): Promise<boolean> {
    const { history, store, clock } = this.#options;
    const facts = await store.facts(fold.position.seq, PAGE);
    const first = facts[0];
    if (!first) {
      // While Redis is away, the writer of the calls keeps its facts; they come later.
      if (this.#known <= fold.position.seq) this.#behindSinceMs = null;
      return false;
    }
    if (first.seq > fold.position.seq + 1) {
      await this.#skip(fold, first.seq - 1, first.atMs);
      return true;
    }
    const batch = fold.take(facts);
    if (batch && (await history.write(batch)) === 'elsewhere') throw new Error('another node writes this history');
    this.#written += facts.length;
    this.#seq = fold.position.seq;
    this.#known = Math.max(this.#known, fold.position.seq);
    // What came meanwhile waits since now, give or take a page.
    this.#behindSinceMs = this.#known > fold.position.seq ? (this.#behindSinceMs ?? clock.nowMs()) : null;
    return facts.length === PAGE;
  }

  /** The facts between are gone (history was away for longer than they are kept). The figures go on, and say that some are missing. */
  async #skip(fold: HistoryFold, toSeq: number, atMs: Ms): Promise<void> {
    const { history, log } = this.#options;
    const { life, seq } = fold.position;
    if ((await history.skip(fold.position, { life, seq: toSeq }, atMs)) === 'elsewhere') {
      throw new Error('another node writes this history');
    }
    this.#missing += toSeq - seq;
    this.#fold = null;
    log.error({ from: seq + 1, to: toSeq }, 'facts are missing in the history');
  }

  #recovered(): void {
    if (this.#fault !== null) this.#options.log.info({ written: this.#written }, 'history is written again');
    this.#fault = null;
    this.#failuresInARow = 0;
  }

  #failed(error: unknown): void {
    const fault = withoutSecrets(error);
    if (this.#failuresInARow === 0) this.#options.log.error({ error: fault }, 'history cannot be written; the facts wait');
    this.#fault = fault;
    this.#failures += 1;
    this.#failuresInARow += 1;
  }

  /** Once a night, in small steps with pauses. */
  async #purge(): Promise<void> {
    const { clock, dayStartMs, keep, history, log } = this.#options;
    const nowMs = clock.nowMs();
    const day = dayStartMs(nowMs);
    if (this.#purgedDay === day || nowMs - day < PURGE_AFTER_MS || nowMs - day > DAY) return;
    const before = { calls: nowMs - keep.calls, intervals: nowMs - keep.intervals, agentTimes: nowMs - keep.agentTimes };
    let removed = 0;
    for (let step = 1; step > 0 && !this.#stopped; removed += step) {
      step = await history.purge({ ...before, audit: nowMs - keep.audit }, PURGED_AT_ONCE);
      await this.#pause(PURGE_PAUSE_MS, false);
      if (this.lag().facts > PAGE) return;
    }
    this.#purgedDay = day;
    if (removed > 0) log.info({ removed }, 'history past its keeping time was removed');
  }

  /** Waits; `known` ends it early when it `mayBeWoken`, stopping always does. */
  #pause(ms: Ms, mayBeWoken: boolean): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const { clock } = this.#options;
      const end = (): void => {
        cancel();
        this.#wake = null;
        resolve();
      };
      const cancel = clock.alarm(clock.nowMs() + ms, end);
      this.#wake = () => {
        if (mayBeWoken || this.#stopped) end();
      };
    });
  }
}

/** The sentence of a failed connection may name the address, never the password in it. */
const withoutSecrets = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/(\w:\/\/)[^\s/@]*@/g, '$1').slice(0, 200);
