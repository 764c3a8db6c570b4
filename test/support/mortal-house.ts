import type { AcdConfig } from '../../src/acd/config.js';
import { openHistory } from '../../src/adapters/history/open-history.js';
import type { Fact } from '../../src/base/facts.js';
import { DAY, SECOND } from '../../src/base/time.js';
import type { HotlineEvent } from '../../src/call/hotline.js';
import { Domain } from '../../src/control/domain.js';
import { FactFollower } from '../../src/main/fact-follower.js';
import { HistoryWriter } from '../../src/main/history-writer.js';
import type { Clock } from '../../src/ports/clock.js';
import type { History } from '../../src/ports/history.js';
import type { StateStore } from '../../src/ports/state-store.js';
import type { Switch } from '../../src/ports/switch.js';
import { AlarmWatch } from '../../src/service-level/alarms/alarm-watch.js';
import { type AlarmRule, readAll } from '../../src/service-level/alarms/rules.js';
import { type CountingLedger, createLedger } from '../../src/service-level/ledger.js';
import { MemoryStore } from '../../src/simulation/memory-store.js';
import { SimulatedSwitch } from '../../src/simulation/simulated-switch.js';
import type { VirtualClock } from '../../src/simulation/virtual-clock.js';
import { SILENT } from './domain-world.js';
import { siteDay } from './history-world.js';
import { sampleConfig } from './sample-site.js';

export type DeathPoint = 'beforeCommit' | 'afterCommit' | 'beforeCommand' | 'afterCommand';

/** What outlives a process: time, the store, the switch with its legs, the file of the history. And what the processes have told. */
export class MortalWorld {
  readonly store = new MemoryStore();
  readonly switch: SimulatedSwitch;
  readonly told: Fact[] = [];
  readonly fatal: string[] = [];
  readonly histories: History[] = [];
  /** The next one to come there dies; called when it has. */
  armed: { readonly point: DeathPoint; readonly died: () => void } | null = null;

  constructor(
    readonly clock: VirtualClock,
    readonly acd: AcdConfig,
    readonly historyFile: string,
    readonly rules: readonly AlarmRule[],
  ) {
    this.switch = new SimulatedSwitch({ clock });
  }

  newLedger(): CountingLedger {
    return createLedger({ queues: this.acd.queues, agents: this.acd.agents, dayStartMs: siteDay });
  }
}

const LEASE_MS = 30 * SECOND;
const LOOK_EVERY_MS = 5 * SECOND;
const never = <T>(): Promise<T> => new Promise(() => {});

/** One process of a house: domain, ledger, history and alarms, put together as `main/serve.ts` does. When it is dead it hears and does nothing any more. */
export class MortalHouse {
  readonly ledger: CountingLedger;
  domain: Domain | null = null;
  isAlive = true;
  readonly #world: MortalWorld;
  readonly #clock: Clock;
  readonly #writer: HistoryWriter;
  readonly #watch = new AlarmWatch();

  constructor(world: MortalWorld) {
    this.#world = world;
    this.#clock = {
      nowMs: () => world.clock.nowMs(),
      alarm: (atMs, ring) => world.clock.alarm(atMs, () => this.isAlive && ring()),
    };
    this.ledger = world.newLedger();
    const history = openHistory({ kind: 'sqlite', file: world.historyFile });
    world.histories.push(history);
    this.#writer = new HistoryWriter({
      history: this.#mortal(history),
      store: this.#mortal<StateStore>(world.store),
      clock: this.#clock,
      log: SILENT,
      queues: world.acd.queues,
      dayStartMs: siteDay,
      callerKey: (number) => `key-${number}`,
      wholeNumbers: false,
      keep: { calls: 400 * DAY, intervals: 400 * DAY, agentTimes: 400 * DAY, audit: 400 * DAY },
    });
  }

  async start(): Promise<void> {
    const world = this.#world;
    const store = this.#mortal<StateStore>(world.store, (fn) => this.#dyingAt('Commit', fn));
    const follower = new FactFollower({ store, log: SILENT, add: (fact) => this.ledger.add(fact), added: () => {} });
    await follower.replay();
    this.domain = await Domain.open({
      node: 'house',
      clock: this.#clock,
      store,
      switches: [this.#line()],
      jobs: { add: async () => {}, close: async () => {} },
      config: sampleConfig(world.acd),
      log: SILENT,
      leaseMs: LEASE_MS,
      onFacts: (facts) => {
        world.told.push(...facts);
        follower.accept(facts);
        this.#writer.known(facts.at(-1)?.seq ?? 0);
      },
      onFatal: (reason, cause) => void world.fatal.push(`${reason}: ${cause instanceof Error ? cause.stack : ''}`),
    });
    this.#writer.start();
    this.#lookAgain();
  }

  submit(event: HotlineEvent): void {
    if (this.isAlive) void this.domain?.submit(event);
  }

  die(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.domain?.abandon();
    void this.#world.switch.stop();
    // A process that is gone has no files open; what was under way lands or does not.
    void this.#world.histories.at(-1)?.close();
  }

  get historySeq(): number {
    return this.#writer.lag().seq ?? 0;
  }

  /** The end of the day: everything is written, nothing is left running. */
  async stop(): Promise<void> {
    await this.domain?.stop();
    const stopping = this.#writer.stop();
    await stopping;
    await this.#world.histories.at(-1)?.close();
    this.isAlive = false;
  }

  #lookAgain(): void {
    const { rules } = this.#world;
    this.#clock.alarm(this.#clock.nowMs() + LOOK_EVERY_MS, () => {
      const atMs = this.#clock.nowMs();
      const readings = readAll(rules, this.ledger.board(atMs), {
        ...{ storeDegraded: false, historyBehind: 0, messagesGivenUp: 0, flowsRefused: 0 },
      });
      for (const fact of this.#watch.look(atMs, readings, this.ledger.alarms)) this.submit({ kind: 'happened', fact });
      this.#lookAgain();
    });
  }

  /** The simulated switch as this process reaches it. */
  #line(): Switch {
    const inner = this.#world.switch;
    return {
      id: inner.id,
      kind: inner.kind,
      start: ({ onEvent, expected }) => inner.start({ onEvent: (event) => this.isAlive && onEvent(event), expected }),
      stop: () => inner.stop(),
      isUp: () => inner.isUp(),
      describe: () => inner.describe(),
      perform: (command) => this.#dyingAt('Command', () => inner.perform(command)),
    };
  }

  async #dyingAt<T>(what: 'Commit' | 'Command', act: () => Promise<T>): Promise<T> {
    if (!this.isAlive) return never();
    const { armed } = this.#world;
    if (armed?.point === `before${what}`) return this.#dieHere(armed.died);
    const done = act();
    // A command is told and not waited for; a commit has landed when it is answered.
    if (what === 'Command' && armed?.point === 'afterCommand') return this.#dieHere(armed.died);
    const answer = await done;
    if (this.isAlive && armed?.point === `after${what}` && this.#world.armed === armed) return this.#dieHere(armed.died);
    return answer;
  }

  #dieHere<T>(died: () => void): Promise<T> {
    this.#world.armed = null;
    this.die();
    died();
    return never();
  }

  /** The same object for this process alone: after its death nothing is asked and no answer comes. */
  #mortal<T extends object>(whole: T, commit: (fn: () => Promise<unknown>) => Promise<unknown> = (fn) => fn()): T {
    return new Proxy(whole, {
      get: (target, name) => {
        const member = Reflect.get(target, name, target) as unknown;
        if (typeof member !== 'function') return member;
        return async (...given: unknown[]) => {
          if (!this.isAlive) return never();
          const ask = async () => (member as (...given: unknown[]) => Promise<unknown>).apply(target, given);
          const settle = <R>(answer: R): R | Promise<R> => (this.isAlive ? answer : never<R>());
          return (name === 'commit' ? commit(ask) : ask()).then(settle, async (error: unknown) => {
            if (!this.isAlive) return never();
            throw error;
          });
        };
      },
    });
  }
}
