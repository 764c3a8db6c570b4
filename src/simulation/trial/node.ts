import type { LookUpResult } from '../../base/look-up.js';
import type { Ms } from '../../base/time.js';
import type { Clock } from '../../ports/clock.js';
import type { Log } from '../../ports/log.js';
import type { LookUpQuestion } from '../../ports/look-ups.js';
import type { Controller } from './controller.js';
import { FaultyLine } from './faulty-line.js';
import { FaultyStore, StoreAway } from './faulty-store.js';
import { between } from './random-site.js';
import type { World } from './world.js';

export const LEASE_MS = 3_000;
const RETRY_OPEN_MS = 500;
const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/**
 * One process that runs, or would like to run, the controller. Everything that reaches it comes through `run`: a killed node hears nothing
 * any more, a frozen one hears it all at once when it wakes.
 */
export class SimulatedNode {
  readonly line: FaultyLine;
  readonly store: FaultyStore;
  readonly clock: Clock;
  controller: Controller | null = null;
  state: 'alive' | 'frozen' | 'dead' = 'alive';
  readonly #world: World;
  readonly #abort = new AbortController();
  #backlog: (() => void)[] = [];

  /** `skewMs`: how far this machine's wall clock is from true time. As at a real start, time does not begin before what was last committed. */
  constructor(
    world: World,
    readonly name: string,
    skewMs: Ms,
  ) {
    this.#world = world;
    const offsetMs = Math.max(skewMs, world.store.atMs - world.clock.nowMs());
    this.clock = {
      nowMs: () => world.clock.nowMs() + offsetMs,
      alarm: (atMs, ring) => world.clock.alarm(atMs - offsetMs, () => this.run(ring)),
    };
    this.line = new FaultyLine(world, this);
    this.store = new FaultyStore(world, this);
  }

  /** Opens the controller, again and again while the store does not answer, as whoever keeps services running would do. */
  start(): void {
    const { site, openController, tell } = this.#world;
    tell(this.name, 'starts');
    openController(
      {
        node: this.name,
        clock: this.clock,
        store: this.store,
        switches: [this.line],
        jobs: { add: async (job) => void this.#world.jobs.push(job), close: async () => {} },
        lookUps: { ask: (question) => this.#ask(question), close: async () => {} },
        config: site.config,
        log: SILENT,
        leaseMs: LEASE_MS,
        onFacts: (facts) => this.#world.factsTold(this, facts),
        onFatal: (reason, cause) => this.#world.fatal(this, reason, cause),
      },
      this.#abort.signal,
    ).then(
      (controller) => {
        this.controller = controller;
        if (this.state === 'dead') controller.abandon();
      },
      (error: unknown) => {
        if (this.state === 'dead') return;
        tell(this.name, `could not start: ${error}`);
        if (!(error instanceof StoreAway)) return this.#world.fatal(this, 'the controller could not start', error);
        this.clock.alarm(this.clock.nowMs() + RETRY_OPEN_MS, () => this.start());
      },
    );
  }

  /** Answered soon, late, with a fault, against the contract after its time or not at all; by a dead node nobody hears it. */
  #ask({ timeoutMs }: LookUpQuestion): Promise<LookUpResult> {
    const { endpoints: random, healed } = this.#world;
    const turn = healed ? 0 : random.next();
    if (turn > 0.9) return new Promise(() => {});
    const afterMs = turn < 0.5 ? between(random, 0, 200) : between(random, 0, turn < 0.8 ? timeoutMs : 2 * timeoutMs);
    const result: LookUpResult =
      turn < 0.65 ? { ok: true, answer: { due: 12.5 } } : { ok: false, fault: 'status', detail: 'status 500' };
    return new Promise((resolve) => this.clock.alarm(this.clock.nowMs() + afterMs, () => resolve(result)));
  }

  run(act: () => void): void {
    if (this.state === 'alive') act();
    else if (this.state === 'frozen') this.#backlog.push(act);
  }

  freeze(): void {
    if (this.state === 'alive') this.state = 'frozen';
  }

  thaw(): void {
    if (this.state !== 'frozen') return;
    this.state = 'alive';
    const waiting = this.#backlog;
    this.#backlog = [];
    for (const act of waiting) this.run(act);
  }

  kill(): void {
    if (this.state === 'dead') return;
    this.state = 'dead';
    this.#backlog = [];
    this.#abort.abort();
    this.controller?.abandon();
    this.line.drop();
  }
}
