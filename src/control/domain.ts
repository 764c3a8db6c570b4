import type { Agent, QueueEntity } from '../acd/entities.js';
import type { Fact, FactBody } from '../base/facts.js';
import type { TimerId } from '../base/ids.js';
import type { Refusal } from '../base/result.js';
import type { Ms } from '../base/time.js';
import { Hotline, type HotlineEvent, type HotlineOutcome, type StoredCall } from '../call/hotline.js';
import type { HotlineConfig } from '../call/state.js';
import type { Clock } from '../ports/clock.js';
import type { Jobs } from '../ports/jobs.js';
import type { Log } from '../ports/log.js';
import type { StateStore, StoredState } from '../ports/state-store.js';
import type { Switch } from '../ports/switch.js';
import { AlarmClock } from './alarm-clock.js';
import { Committer } from './committer.js';

/** Events that are taken into one commit at most: bounds the time from an event to its act. */
const BATCH = 256;
const REFILL_EVERY_MS = 500;

export interface DomainOptions {
  readonly node: string;
  readonly clock: Clock;
  readonly store: StateStore;
  readonly switches: readonly Switch[];
  readonly jobs: Jobs;
  readonly config: HotlineConfig;
  readonly log: Log;
  readonly leaseMs: Ms;
  /** Facts that are committed (or, degraded, decided), in order. */
  readonly onFacts: (facts: readonly Fact[]) => void;
  /** This node is no longer the writer, or the machine broke an invariant: stop acting at once. */
  readonly onFatal: (reason: string, cause?: unknown) => void;
}

interface Waiting {
  readonly event: HotlineEvent;
  readonly done: ((refusal: Refusal | null) => void) | null;
}

/**
 * The serial loop of one routing domain, and its only writer: events in, one batch at a time through the state machine, commit, then act.
 */
export class Domain {
  readonly #options: DomainOptions;
  readonly #hotline: Hotline;
  readonly #committer: Committer;
  readonly #alarms: AlarmClock;
  readonly #switches: ReadonlyMap<string, Switch>;
  readonly #inbox: Waiting[] = [];
  readonly #fence: number;
  #seq: number;
  #running = false;
  #stopped = false;
  #cancelLease: () => void = () => {};
  #cancelRefill: (() => void) | null = null;
  #idle: (() => void)[] = [];

  private constructor(options: DomainOptions, fence: number, stored: StoredState) {
    this.#options = options;
    this.#fence = fence;
    this.#seq = stored.lastSeq;
    this.#switches = new Map(options.switches.map((each) => [each.id, each]));
    this.#hotline = Hotline.restore(
      options.config,
      parsed<StoredCall>(stored.calls, options.log),
      parsed<Agent>(stored.agents, options.log),
      parsed<QueueEntity>(stored.queues, options.log),
    );
    this.#alarms = new AlarmClock(options.clock, (timerId: TimerId) =>
      this.#put({ event: { kind: 'timer', timerId }, done: null }),
    );
    this.#committer = new Committer({
      store: options.store,
      hotline: this.#hotline,
      fence,
      position: stored.position,
      log: options.log,
      onMode: (degraded) => this.#onMode(degraded),
    });
  }

  /** Takes the lease, reads the state, and connects the switches. Waits for the lease while another node holds it. */
  static async open(options: DomainOptions, signal?: AbortSignal): Promise<Domain> {
    const { store, node, leaseMs, log, clock } = options;
    let lease = await store.acquire(node, leaseMs);
    while (!lease.held) {
      log.info({ holder: lease.holder }, 'another node is the writer: standing by');
      await new Promise<void>((resolve) => clock.alarm(clock.nowMs() + leaseMs / 3, resolve));
      if (signal?.aborted) throw new Error('stopped while standing by');
      lease = await store.acquire(node, leaseMs);
    }
    const stored = await store.load();
    const domain = new Domain(options, lease.fence, stored);
    await domain.#begin(stored);
    return domain;
  }

  /** Hands in an event; resolves when it is committed, with the refusal if it was refused. */
  submit(event: HotlineEvent): Promise<Refusal | null> {
    if (this.#stopped) return Promise.resolve({ id: 'stopping', message: 'this node is stopping' });
    return new Promise((resolve) => this.#put({ event, done: resolve }));
  }

  get seq(): number {
    return this.#seq;
  }

  get degraded(): boolean {
    return this.#committer.degraded;
  }

  get fence(): number {
    return this.#fence;
  }

  get hotline(): Hotline {
    return this.#hotline;
  }

  /** Calls go on without us; whoever comes next finds them. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    await this.submit({ kind: 'happened', fact: { kind: 'controllerStopped', node: this.#options.node } });
    await this.#drained();
    this.#stopped = true;
    this.#cancelLease();
    this.#cancelRefill?.();
    this.#alarms.close();
    for (const each of this.#options.switches) await each.stop();
    await this.#options.store.release(this.#options.node, this.#fence).catch(() => {});
  }

  /** As if killed: nothing is written or told any more. For tests and for a node that lost its lease. */
  abandon(): void {
    this.#stopped = true;
    this.#inbox.length = 0;
    this.#cancelLease();
    this.#cancelRefill?.();
    this.#alarms.close();
  }

  async #begin(stored: StoredState): Promise<void> {
    this.#keepLease();
    for (const { timerId, atMs } of this.#hotline.pendingTimers()) this.#alarms.start(timerId, atMs);
    const fact: FactBody = {
      kind: 'controllerStarted',
      node: this.#options.node,
      fence: this.#fence,
      restoredCalls: stored.calls.size,
      restoredAgents: stored.agents.size,
    };
    await this.submit({ kind: 'happened', fact });
    for (const each of this.#options.switches) {
      await each.start({
        onEvent: (event) => this.#put({ event, done: null }),
        expected: () => this.#hotline.expected(each.id),
      });
    }
  }

  #put(waiting: Waiting): void {
    if (this.#stopped) return;
    this.#inbox.push(waiting);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      while (this.#inbox.length > 0 && !this.#stopped) await this.#batch(this.#inbox.splice(0, BATCH));
    } catch (error) {
      this.abandon();
      this.#options.onFatal('the state machine broke; the last commit stands', error);
    }
    this.#running = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #batch(waiting: readonly Waiting[]): Promise<void> {
    const { clock, onFacts, onFatal } = this.#options;
    const outcomes: { outcome: HotlineOutcome; done: Waiting['done'] }[] = [];
    const facts: Fact[] = [];
    let atMs = clock.nowMs();
    for (const { event, done } of waiting) {
      atMs = clock.nowMs();
      const outcome = this.#hotline.apply(atMs, event);
      for (const body of outcome.facts) facts.push({ ...body, seq: ++this.#seq, atMs });
      outcomes.push({ outcome, done });
    }
    const mayAct = await this.#committer.commit(atMs, facts);
    if (!mayAct) {
      this.abandon();
      onFatal('another node has become the writer');
      return;
    }
    // A node that was told to stop while the commit was under way does not act: the next one finds what is missing.
    if (this.#stopped) return;
    for (const { outcome } of outcomes) this.#act(outcome);
    if (facts.length > 0) onFacts(facts);
    for (const { outcome, done } of outcomes) done?.(outcome.refusal);
  }

  #act(outcome: HotlineOutcome): void {
    for (const { switchId, command } of outcome.commands) void this.#switches.get(switchId)?.perform(command);
    for (const change of outcome.timers) {
      if (change.kind === 'startTimer') this.#alarms.start(change.timerId, change.atMs);
      else this.#alarms.stop(change.timerId);
    }
    for (const job of outcome.jobs) void this.#options.jobs.add(job);
  }

  #onMode(degraded: boolean): void {
    if (degraded) this.#planRefill();
    else {
      this.#cancelRefill?.();
      this.#cancelRefill = null;
    }
  }

  #planRefill(): void {
    const { clock, store } = this.#options;
    this.#cancelRefill = clock.alarm(clock.nowMs() + REFILL_EVERY_MS, () => {
      void (async () => {
        if (this.#stopped || !this.#committer.degraded) return;
        // Only between batches, so that what is written is a state that the machine really had.
        if (!this.#running && (await store.ping()) && !this.#running) {
          this.#running = true;
          const ours = await this.#committer.refill(clock.nowMs());
          this.#running = false;
          if (!ours) {
            this.abandon();
            this.#options.onFatal('another node has become the writer');
            return;
          }
          if (this.#inbox.length > 0) void this.#run();
        }
        if (this.#committer.degraded) this.#planRefill();
      })();
    });
  }

  /** A lease that cannot be renewed because the store is away is kept in good faith: without the store nobody else can take it either. */
  #keepLease(): void {
    const { clock, store, node, leaseMs, log, onFatal } = this.#options;
    const renew = (): void => {
      void store
        .renew(node, this.#fence, leaseMs)
        .then((held) => {
          if (held || this.#stopped || this.#committer.degraded) return;
          this.abandon();
          onFatal('the lease was lost');
        })
        .catch((error: unknown) => log.warn({ error: String(error) }, 'the lease could not be renewed'))
        .finally(() => {
          if (!this.#stopped) this.#cancelLease = clock.alarm(clock.nowMs() + leaseMs / 3, renew);
        });
    };
    this.#cancelLease = clock.alarm(clock.nowMs() + leaseMs / 3, renew);
  }

  #drained(): Promise<void> {
    if (!this.#running) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }
}

/** Entities as stored. One that cannot be read is told and left out: one broken record must not keep all the others from being served. */
function parsed<T>(stored: ReadonlyMap<string, string>, log: Log): T[] {
  return [...stored].flatMap(([id, json]) => {
    try {
      return [JSON.parse(json) as T];
    } catch {
      log.error({ id }, 'a stored entity cannot be read and is left out');
      return [];
    }
  });
}
