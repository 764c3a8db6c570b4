import { performance } from 'node:perf_hooks';
import { RedisStore } from '../../src/adapters/redis/redis-store.js';
import type { Fact } from '../../src/base/facts.js';
import { type AgentId, asId, type LegId, type SwitchId } from '../../src/base/ids.js';
import { seededRandom } from '../../src/base/random.js';
import type { Ms } from '../../src/base/time.js';
import type { SwitchCommand } from '../../src/call/commands.js';
import { Hotline, type HotlineEvent, type HotlineOutcome } from '../../src/call/hotline.js';
import { Committer } from '../../src/control/committer.js';
import { SILENT } from '../support/domain-world.js';
import { sampleConfig } from '../support/sample-site.js';
import { startTestStack } from '../support/stack.js';
import { Agenda } from './agenda.js';
import { siteOf } from './engine-world.js';
import { percentile, rounded } from './percentiles.js';

/**
 * Whole calls through the call floor, each batch committed to a private Redis before its commands are carried out, as the loop of `control/domain.ts`
 * does it. A switch that answers at once stands in for the real one: it costs next to nothing, so that what is timed is ours and Redis'.
 */
const SIZE = { agents: 1_000, waiting: 100, profiles: 5 };
const BATCH = 256;
const EVENTS = 60_000;
const TALK_MS = 180_000;
const SWITCH = asId<SwitchId>('bench');
const NUMBER = '95500';

export async function commitBench(say: (line: string) => void): Promise<object> {
  const clean: (() => Promise<void>)[] = [];
  try {
    const stack = await startTestStack({ teardown: (step) => clean.push(step), passing: () => true }, { redis: true });
    const store = await RedisStore.connect({ url: stack.redis.url, domain: 'bench', log: SILENT });
    clean.push(() => store.close());
    const world = new CommittedWorld(store);
    await world.open();
    let best: { eventsPerSecond: number; p99Ms: number | null } | null = null;
    for (let round = 0; round < 3; round++) {
      const figures = await world.run(EVENTS);
      if (!best || figures.eventsPerSecond > best.eventsPerSecond) best = figures;
    }
    say(
      `with the call floor and each batch committed to Redis: ${best?.eventsPerSecond} events/s, p99 of a batch ${best?.p99Ms} ms`,
    );
    return { ...best, batch: BATCH, ...SIZE };
  } finally {
    for (const step of clean.reverse()) await step();
  }
}

class CommittedWorld {
  readonly #store: RedisStore;
  readonly #hotline: Hotline;
  readonly #agenda = new Agenda<HotlineEvent>();
  readonly #chance = seededRandom('committed');
  readonly #agents: readonly AgentId[];
  readonly #stopped = new Set<string>();
  #committer!: Committer;
  #nowMs: Ms = 1_000_000;
  #seq = 0;
  #legs = 0;
  #calls = 0;

  constructor(store: RedisStore) {
    this.#store = store;
    const site = siteOf(SIZE, 1);
    const acd = {
      ...site,
      queues: site.queues.map((queue, i) => (i === 0 ? { ...queue, id: asId<typeof queue.id>('general') } : queue)),
    };
    this.#agents = acd.agents.map(({ id }) => id);
    this.#hotline = Hotline.restore(sampleConfig(acd), [], []);
  }

  /** Takes the lease, connects the switch, signs everybody in, and lets the first callers come. */
  async open(): Promise<void> {
    const lease = await this.#store.acquire('bench', 600_000);
    if (!lease.held) throw new Error('the lease is taken');
    const { fence } = lease;
    this.#committer = new Committer({
      store: this.#store,
      hotline: this.#hotline,
      fence,
      position: 0,
      log: SILENT,
      onMode: () => {},
    });
    this.#plan(0, {
      kind: 'switchUp',
      switchId: SWITCH,
      detail: 'bench',
      snapshot: { legs: [], bridges: [], recordings: [], playbacks: [] },
    });
    for (const agentId of this.#agents) {
      this.#plan(1, { kind: 'signIn', agentId, phone: null, by: 'bench' });
      this.#plan(1, { kind: 'setStatus', agentId, status: 'ready', reason: null, by: 'bench' });
    }
    for (let i = 0; i < SIZE.agents + SIZE.waiting; i++) this.#caller(2 + this.#chance.below(30_000));
    await this.run(30_000);
  }

  async run(events: number): Promise<{ eventsPerSecond: number; p99Ms: number | null }> {
    const took: number[] = [];
    const from = performance.now();
    for (let done = 0; done < events; ) {
      const batch = this.#next();
      done += batch.length;
      const began = performance.now();
      await this.#batch(batch);
      took.push(performance.now() - began);
    }
    const eventsPerSecond = Math.round((events / (performance.now() - from)) * 1_000);
    return { eventsPerSecond, p99Ms: rounded(percentile(took, 0.99)) };
  }

  #next(): { atMs: Ms; event: HotlineEvent }[] {
    const batch: { atMs: Ms; event: HotlineEvent }[] = [];
    while (batch.length < BATCH) {
      const due = this.#agenda.pop();
      if (!due) break;
      if (due.event.kind === 'timer' && this.#stopped.delete(due.event.timerId)) continue;
      batch.push(due);
    }
    if (batch.length === 0) throw new Error('nothing happens any more');
    return batch;
  }

  async #batch(batch: readonly { atMs: Ms; event: HotlineEvent }[]): Promise<void> {
    const outcomes: HotlineOutcome[] = [];
    const facts: Fact[] = [];
    for (const { atMs, event } of batch) {
      this.#nowMs = Math.max(this.#nowMs, atMs);
      const outcome = this.#hotline.apply(this.#nowMs, event);
      for (const body of outcome.facts) facts.push({ ...body, seq: ++this.#seq, atMs: this.#nowMs });
      outcomes.push(outcome);
    }
    const mayAct = await this.#committer.commit(this.#nowMs, facts);
    if (!mayAct || this.#committer.degraded) throw new Error('Redis did not take a commit');
    for (const outcome of outcomes) this.#act(outcome);
  }

  #act({ commands, timers }: HotlineOutcome): void {
    for (const change of timers) {
      if (change.kind === 'stopTimer') this.#stopped.add(change.timerId);
      else this.#plan(change.atMs - this.#nowMs, { kind: 'timer', timerId: change.timerId });
    }
    for (const { command } of commands) this.#obey(command);
  }

  /** What the switch says to a command. */
  #obey(command: SwitchCommand): void {
    const switchId = SWITCH;
    switch (command.kind) {
      case 'ringAgent':
        return this.#plan(1_000 + this.#chance.below(4_000), { kind: 'legAnswered', switchId, legId: command.legId });
      case 'connect': {
        const { bridgeId, offerId, callerLegId } = command;
        this.#plan(5, { kind: 'connected', switchId, bridgeId, offerId });
        const talkMs = Math.ceil(-Math.log(1 - this.#chance.next()) * TALK_MS);
        this.#plan(10 + talkMs, { kind: 'legEnded', switchId, legId: callerLegId, cause: 'hungUp' });
        // The next caller comes when this one goes: the line stays as long as it is.
        return this.#caller(10 + talkMs);
      }
      case 'hangUp':
        return this.#plan(20, { kind: 'legEnded', switchId, legId: command.legId, cause: 'hungUp' });
      case 'startRecording':
        return this.#plan(5, { kind: 'recordingStarted', switchId, recordingId: command.recordingId });
      case 'stopRecording': {
        const { recordingId } = command;
        return this.#plan(5, { kind: 'recordingEnded', switchId, recordingId, durationMs: TALK_MS, failed: false, detail: '' });
      }
      case 'play':
        return this.#plan(3_000, {
          kind: 'playbackEnded',
          switchId,
          legId: command.legId,
          playbackId: command.playbackId,
          played: true,
        });
      default:
    }
  }

  #caller(afterMs: Ms): void {
    const legId = asId<LegId>(`leg-${this.#legs++}`);
    const ani = `139${String(this.#calls++).padStart(8, '0')}`;
    this.#plan(afterMs, { kind: 'legArrived', switchId: SWITCH, legId, ani, aniName: '', dnis: NUMBER, note: null });
  }

  #plan(afterMs: Ms, event: HotlineEvent): void {
    this.#agenda.push(this.#nowMs + afterMs, event);
  }
}
