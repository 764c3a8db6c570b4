import type { Agent, QueueEntity } from '../acd/entities.js';
import type { Fact, FactBody } from '../base/facts.js';
import type { TimerId } from '../base/ids.js';
import type { LookUpResult } from '../base/look-up.js';
import type { Refusal } from '../base/result.js';
import type { Ms } from '../base/time.js';
import { Hotline, type HotlineEvent, type HotlineOutcome, type StoredCall } from '../call/hotline.js';
import type { Addressed, HotlineConfig, Job, LookUpRequest } from '../call/state.js';
import type { Clock } from '../ports/clock.js';
import type { Jobs } from '../ports/jobs.js';
import type { Log } from '../ports/log.js';
import type { LookUps } from '../ports/look-ups.js';
import type { StateStore, StoredState } from '../ports/state-store.js';
import type { Switch } from '../ports/switch.js';
import { AlarmClock } from './alarm-clock.js';
import { Committer, nameOfJob } from './committer.js';

/** Events that are taken into one commit at most: bounds the time from an event to its act. */
const BATCH = 256;
const REFILL_EVERY_MS = 500;
/** Jobs that were taken are forgotten with the next commit, or after this long without one. */
const FORGET_JOBS_AFTER_MS = 1_000;
/** So long after a start nothing falls due that was due before: a phone that was picked up meanwhile is not to be taken for one that was not. */
const RESYNC_FIRST_MS = 2_000;

export interface DomainOptions {
  readonly node: string;
  readonly clock: Clock;
  readonly store: StateStore;
  readonly switches: readonly Switch[];
  readonly jobs: Jobs;
  /** Absent: no endpoint can be asked. */
  readonly lookUps?: LookUps;
  /** What the calls need to know; asked for once the lease is ours when it depends on what was stored (versions of flows that calls are in). */
  readonly config: HotlineConfig | ((stored: StoredState) => Promise<HotlineConfig>);
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
  /** Snapshots that came in, and those that were taken into account; of each switch the number of its last one. */
  #resyncsHeard = 0;
  #resyncsApplied = 0;
  readonly #snapshots = new Map<string, number>();
  #seq: number;
  /** Until when the lease is ours without asking; when the store was last asked for it. */
  #leaseUntilMs: Ms;
  #askedMs: Ms;
  #running = false;
  #stopped = false;
  #cancelLease: () => void = () => {};
  #cancelRefill: (() => void) | null = null;
  #cancelForgetting: (() => void) | null = null;
  #idle: (() => void)[] = [];

  private constructor(options: DomainOptions, fence: number, stored: StoredState, config: HotlineConfig) {
    this.#options = options;
    this.#fence = fence;
    this.#seq = stored.lastSeq;
    this.#askedMs = options.clock.nowMs();
    this.#leaseUntilMs = this.#askedMs + options.leaseMs / 3;
    this.#switches = new Map(options.switches.map((each) => [each.id, each]));
    this.#hotline = Hotline.restore(
      config,
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
      jobs: parsed<Job>(stored.jobs, options.log),
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
    const config = typeof options.config === 'function' ? await options.config(stored) : options.config;
    const domain = new Domain({ ...options, clock: notBefore(clock, stored.atMs) }, lease.fence, stored, config);
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
    this.#cancelForgetting?.();
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
    this.#cancelForgetting?.();
    this.#alarms.close();
  }

  async #begin(stored: StoredState): Promise<void> {
    this.#keepLease();
    const earliestMs = this.#options.clock.nowMs() + RESYNC_FIRST_MS;
    for (const { timerId, atMs } of this.#hotline.pendingTimers()) this.#alarms.start(timerId, Math.max(atMs, earliestMs));
    const fact: FactBody = {
      kind: 'controllerStarted',
      node: this.#options.node,
      fence: this.#fence,
      restoredCalls: stored.calls.size,
      restoredAgents: stored.agents.size,
    };
    await this.submit({ kind: 'happened', fact });
    for (const job of this.#committer.untakenJobs()) this.#handOver(job);
    for (const each of this.#options.switches) {
      await each.start({
        onEvent: (event) => {
          if (event.kind === 'switchUp') this.#snapshots.set(each.id, ++this.#resyncsHeard);
          this.#put({ event, done: null });
        },
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
    const outcomes: { outcome: HotlineOutcome; done: Waiting['done']; resyncs: number }[] = [];
    const facts: Fact[] = [];
    let atMs = clock.nowMs();
    for (const { event, done } of waiting) {
      atMs = clock.nowMs();
      const outcome = this.#hotline.apply(atMs, event);
      for (const body of outcome.facts) facts.push({ ...body, seq: ++this.#seq, atMs });
      if (event.kind === 'switchUp') this.#resyncsApplied++;
      outcomes.push({ outcome, done, resyncs: this.#resyncsApplied });
    }
    const jobs = outcomes.flatMap(({ outcome }) => outcome.jobs);
    const mayAct = await this.#committer.commit(atMs, facts, jobs);
    if (!mayAct) {
      this.abandon();
      onFatal('another node has become the writer');
      return;
    }
    if (clock.nowMs() > this.#leaseUntilMs && !(await this.#isStillOurs())) {
      this.abandon();
      onFatal('the lease was lost');
      return;
    }
    // A node that was told to stop while the commit was under way does not act: the next one finds what is missing.
    if (this.#stopped) return;
    this.#perform(outcomes.flatMap(({ outcome, resyncs }) => outcome.commands.map((addressed) => ({ ...addressed, resyncs }))));
    for (const { outcome } of outcomes) this.#act(outcome);
    if (facts.length > 0) onFacts(facts);
    for (const { outcome, done } of outcomes) done?.(outcome.refusal);
  }

  /**
   * Phones are dialled first: a caller is waiting for each of them, and nobody waits for the clearing away after a talk. A command that was decided
   * before a snapshot that has come meanwhile is not carried out: the snapshot does not show what it does, and the resync asks again for all that
   * is needed.
   */
  #perform(commands: readonly (Addressed & { readonly resyncs: number })[]): void {
    const dial = ({ command }: Addressed): boolean => command.kind === 'ringAgent';
    for (const { switchId, command, resyncs } of [...commands.filter(dial), ...commands.filter((each) => !dial(each))]) {
      if (resyncs >= (this.#snapshots.get(switchId) ?? 0)) void this.#switches.get(switchId)?.perform(command);
    }
  }

  #act(outcome: HotlineOutcome): void {
    for (const change of outcome.timers) {
      if (change.kind === 'startTimer') this.#alarms.start(change.timerId, change.atMs);
      else this.#alarms.stop(change.timerId);
    }
    for (const job of outcome.jobs) this.#handOver(job);
    for (const lookUp of outcome.lookUps) this.#ask(lookUp);
  }

  /** Kept with the commit until it is known to be taken: a process that dies in between leaves it to the next one, which may hand it over again. */
  #handOver(job: Job): void {
    this.#options.jobs.add(job).then(
      () => {
        this.#committer.taken(job);
        this.#forgetJobsSoon();
      },
      (error: unknown) => this.#options.log.error({ job: nameOfJob(job), error: String(error) }, 'a job was not taken'),
    );
  }

  #forgetJobsSoon(): void {
    if (this.#stopped || this.#cancelForgetting !== null) return;
    const { clock } = this.#options;
    this.#cancelForgetting = clock.alarm(clock.nowMs() + FORGET_JOBS_AFTER_MS, () => {
      this.#cancelForgetting = null;
      if (this.#stopped || this.#committer.degraded || !this.#committer.hasTakenJobs) return;
      if (this.#running) this.#forgetJobsSoon();
      else void this.#betweenBatches(() => this.#committer.commit(clock.nowMs(), []));
    });
  }

  /** Nobody waits for the answer: it comes as an event, and to a node that has stopped not at all. Its successor asks anew. */
  #ask({ callId, turn, ...question }: LookUpRequest): void {
    const tell = (result: LookUpResult): void => this.#put({ event: { kind: 'lookupEnded', callId, turn, result }, done: null });
    const { lookUps, log } = this.#options;
    if (!lookUps) return tell({ ok: false, fault: 'noEndpoint', detail: 'nothing can be asked here' });
    lookUps.ask(question).then(tell, () => {
      // Against its contract; the error may hold what was asked.
      log.error({ endpoint: question.endpoint }, 'a look-up broke');
      tell({ ok: false, fault: 'notReached', detail: 'broken' });
    });
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
          await this.#betweenBatches(() => this.#committer.refill(clock.nowMs()));
        }
        if (!this.#stopped && this.#committer.degraded) this.#planRefill();
      })();
    });
  }

  /** Writes while no batch is under way; `write` says whether this node is still the writer. */
  async #betweenBatches(write: () => Promise<boolean>): Promise<void> {
    this.#running = true;
    const ours = await write();
    this.#running = false;
    if (!ours) {
      this.abandon();
      this.#options.onFatal('another node has become the writer');
    }
    if (this.#inbox.length > 0) void this.#run();
    else for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** A lease that cannot be renewed because the store is away is kept in good faith: without the store nobody else can take it either. */
  #keepLease(): void {
    const { clock, leaseMs, onFatal } = this.#options;
    const renew = (): void => {
      void this.#renew().then((ours) => {
        if (this.#stopped) return;
        if (ours !== false) {
          this.#cancelLease = clock.alarm(clock.nowMs() + leaseMs / 3, renew);
          return;
        }
        this.abandon();
        onFatal('the lease was lost');
      });
    };
    this.#cancelLease = clock.alarm(clock.nowMs() + leaseMs / 3, renew);
  }

  /** False when the store says that somebody else is the writer; null when it says nothing. */
  async #renew(): Promise<boolean | null> {
    const { clock, store, node, leaseMs, log } = this.#options;
    const askedMs = clock.nowMs();
    // One who has slept past the lease and then asks in vain has not been awake: its good faith is over until the store says otherwise.
    const slept = askedMs - this.#askedMs >= leaseMs;
    try {
      if (!(await store.renew(node, this.#fence, leaseMs))) return false;
      this.#leaseUntilMs = askedMs + leaseMs;
      this.#askedMs = askedMs;
      return true;
    } catch (error) {
      log.warn({ error: String(error) }, 'the lease could not be renewed');
      if (!slept) this.#askedMs = askedMs;
      return null;
    }
  }

  /**
   * Who has slept past the end of the lease asks before acting, and does not act without an answer: somebody else may have taken over meanwhile.
   * Who was awake and asked in vain goes on in good faith.
   */
  async #isStillOurs(): Promise<boolean> {
    const { clock, leaseMs } = this.#options;
    return clock.nowMs() - this.#askedMs < leaseMs || (await this.#renew()) === true;
  }

  #drained(): Promise<void> {
    if (!this.#running) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }
}

/** The machine whose clock was ahead may have been the writer before us: time goes on from its last commit, also when ours is behind. */
function notBefore(clock: Clock, atMs: Ms): Clock {
  const behindMs = atMs - clock.nowMs();
  if (behindMs <= 0) return clock;
  return { nowMs: () => clock.nowMs() + behindMs, alarm: (at, ring) => clock.alarm(at - behindMs, ring) };
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
