import type { Fact } from '../../base/facts.js';
import type { Ms } from '../../base/time.js';
import type { Commit, CommitResult, Lease, StateStore, StoredState } from '../../ports/state-store.js';
import type { SimulatedNode } from './node.js';
import type { World } from './world.js';

/** As the adapter for Redis does: who is not answered within this goes on without. */
const ANSWER_WITHIN_MS = 250;

/** As a client library says it. */
export class StoreAway extends Error {}

/** One node's connection to the store: late, cut or answered wrongly as the plan says. Requests are carried out in the order in which they were sent. */
export class FaultyStore implements StateStore {
  readonly #world: World;
  readonly #node: SimulatedNode;
  #landsAtMs: Ms = 0;

  constructor(world: World, node: SimulatedNode) {
    this.#world = world;
    this.#node = node;
  }

  async acquire(name: string, ttlMs: Ms): Promise<Lease> {
    const answer = await this.#ask('acquire', async () => {
      this.#world.lease.expire();
      const lease = await this.#world.store.acquire(name);
      if (lease.held) this.#world.lease.extend(ttlMs);
      return lease;
    });
    // A lease whose holder never heard of it binds nobody.
    if (answer.held) this.#world.leaseTaken(this.#node, answer.fence);
    return answer;
  }

  renew(name: string, fence: number, ttlMs: Ms): Promise<boolean> {
    return this.#ask('renew', async () => {
      this.#world.lease.expire();
      const held = await this.#world.store.renew(name, fence);
      if (held) this.#world.lease.extend(ttlMs);
      return held;
    });
  }

  release(name: string, fence: number): Promise<void> {
    return this.#ask('release', () => this.#world.store.release(name, fence));
  }

  load(): Promise<StoredState> {
    return this.#ask('load', () => this.#world.store.load());
  }

  async commit(commit: Commit): Promise<CommitResult> {
    const world = this.#world;
    if (world.reached('beforeCommit', this.#node)) return never();
    let inTime = true;
    try {
      const land = async (): Promise<CommitResult> => {
        const result = await world.store.commit(commit);
        world.committed(this.#node, commit, result, inTime);
        return result;
      };
      const result = await this.#ask('commit', land, commit.refill === true);
      if (world.reached('afterCommit', this.#node)) return never();
      return result;
    } catch {
      inTime = false;
      world.tell(this.#node.name, `commit ${commit.position} unavailable`);
      return 'unavailable';
    }
  }

  facts(after: number, limit: number): Promise<Fact[]> {
    return this.#ask('facts', () => this.#world.store.facts(after, limit));
  }

  seqBefore(atMs: Ms): Promise<number> {
    return this.#ask('seqBefore', () => this.#world.store.seqBefore(atMs));
  }

  ping(): Promise<boolean> {
    return this.#ask('ping', () => this.#world.store.ping()).catch(() => false);
  }

  async close(): Promise<void> {}

  /** One request and its answer, each with its share of the delay; rejects like a client library when the store is away or too slow. */
  #ask<T>(what: string, carryOut: () => Promise<T>, patient = false): Promise<T> {
    const { clock } = this.#world;
    const mood = this.#world.storeMood();
    const node = this.#node;
    if (mood.kind === 'unavailable') return Promise.reject(new StoreAway(`${what}: the store is away`));
    if (mood.kind === 'answersLost') void carryOut();
    if (mood.kind === 'answersLost') return Promise.reject(new StoreAway(`${what}: no answer`));
    if (mood.delayMs === 0 && this.#landsAtMs <= clock.nowMs() && node.state === 'alive') return carryOut();
    return new Promise<T>((resolve, reject) => {
      const sentAtMs = clock.nowMs();
      this.#landsAtMs = Math.max(this.#landsAtMs, sentAtMs + Math.floor(mood.delayMs / 2));
      const answerAtMs = this.#landsAtMs + Math.ceil(mood.delayMs / 2);
      const late = !patient && answerAtMs - sentAtMs > ANSWER_WITHIN_MS;
      // What is under way lands though its sender dies meanwhile; a node that could not even send it (frozen) sends it later.
      clock.alarm(this.#landsAtMs, () => {
        const answer = carryOut();
        if (!late) clock.alarm(answerAtMs, () => node.run(() => void answer.then(resolve, reject)));
      });
      if (late)
        clock.alarm(sentAtMs + ANSWER_WITHIN_MS, () => node.run(() => reject(new StoreAway(`${what}: no answer in time`))));
    });
  }
}

/** The sender has died; nobody waits for this. */
const never = <T>(): Promise<T> => new Promise(() => {});
