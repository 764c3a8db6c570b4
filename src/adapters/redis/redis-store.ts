import type { Redis, RedisOptions } from 'ioredis';
import type { Fact } from '../../base/facts.js';
import type { Ms } from '../../base/time.js';
import type { Log } from '../../ports/log.js';
import type { Commit, CommitResult, EntityChange, Lease, StateStore, StoredState } from '../../ports/state-store.js';
import { redisFrom, retryAfterMs } from './connections.js';
import { ACQUIRE, COMMIT, RELEASE, RENEW } from './scripts.js';

/** A commit that is not answered within this counts as not taken; the writer goes on from memory. */
const ANSWER_WITHIN_MS = 250;
const DEFAULT_FACTS_KEPT = 1_000_000;

export interface RedisStoreOptions {
  /** `redis://...`, `rediss://...` or the path of a unix socket. */
  readonly url: string;
  /** Routing domain; becomes the hash tag of all keys. */
  readonly domain: string;
  readonly log: Log;
  /** Facts that the stream keeps, about. */
  readonly factsKept?: number;
}

const KEY_OF: Record<EntityChange['kind'], number> = { call: 3, agent: 4, queue: 5, job: 7 };

interface Scripts {
  hotlineAcquire(owner: string, fence: string, node: string, ttlMs: number): Promise<number | string>;
  hotlineRenew(owner: string, fence: string, node: string, ours: number, ttlMs: number): Promise<number>;
  hotlineRelease(owner: string, fence: string, node: string, ours: number): Promise<number>;
  hotlineCommit(...keysAndArguments: (string | number)[]): Promise<CommitResult>;
}

/** ioredis: the package asked for; one connection, no offline queue, because a commit that waits for Redis would hold up every caller. */
export class RedisStore implements StateStore {
  readonly #redis: Redis & Scripts;
  readonly #keys: Record<'owner' | 'fence' | 'meta' | 'calls' | 'agents' | 'queues' | 'facts' | 'jobs', string>;
  readonly #log: Log;
  readonly #factsKept: number;

  private constructor(redis: Redis, options: RedisStoreOptions) {
    redis.defineCommand('hotlineAcquire', { numberOfKeys: 2, lua: ACQUIRE });
    redis.defineCommand('hotlineRenew', { numberOfKeys: 2, lua: RENEW });
    redis.defineCommand('hotlineRelease', { numberOfKeys: 2, lua: RELEASE });
    redis.defineCommand('hotlineCommit', { numberOfKeys: 7, lua: COMMIT });
    this.#redis = redis as Redis & Scripts;
    this.#log = options.log;
    this.#factsKept = options.factsKept ?? DEFAULT_FACTS_KEPT;
    const key = (name: string): string => `hotline:{${options.domain}}:${name}`;
    this.#keys = {
      owner: key('owner'),
      fence: key('fence'),
      meta: key('meta'),
      calls: key('calls'),
      agents: key('agents'),
      queues: key('queues'),
      facts: key('facts'),
      jobs: key('jobs'),
    };
  }

  /** Connects; throws when Redis cannot be reached within five seconds. Later it comes and goes as it likes. */
  static async connect(options: RedisStoreOptions): Promise<RedisStore> {
    const settings: RedisOptions = {
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      enableAutoPipelining: false,
      connectTimeout: 5_000,
      noDelay: true,
      retryStrategy: retryAfterMs,
    };
    const redis = redisFrom(options.url, settings);
    redis.on('error', (error: Error) => options.log.warn({ error: error.message }, 'redis'));
    try {
      await redis.connect();
    } catch (error) {
      redis.disconnect();
      throw new Error(`Redis cannot be reached: ${(error as Error).message}`);
    }
    return new RedisStore(redis, options);
  }

  async acquire(node: string, ttlMs: Ms): Promise<Lease> {
    const answer = await this.#redis.hotlineAcquire(this.#keys.owner, this.#keys.fence, node, ttlMs);
    return typeof answer === 'number' ? { held: true, fence: answer } : { held: false, holder: answer };
  }

  async renew(node: string, fence: number, ttlMs: Ms): Promise<boolean> {
    return (await this.#answered(this.#redis.hotlineRenew(this.#keys.owner, this.#keys.fence, node, fence, ttlMs))) === 1;
  }

  async release(node: string, fence: number): Promise<void> {
    await this.#answered(this.#redis.hotlineRelease(this.#keys.owner, this.#keys.fence, node, fence));
  }

  async load(): Promise<StoredState> {
    const { meta, calls, agents, queues, jobs } = this.#keys;
    const [state, callsById, agentsById, queuesById, jobsByName] = await Promise.all([
      this.#redis.hgetall(meta),
      this.#redis.hgetall(calls),
      this.#redis.hgetall(agents),
      this.#redis.hgetall(queues),
      this.#redis.hgetall(jobs),
    ]);
    return {
      position: Number(state.position ?? 0),
      lastSeq: Number(state.lastSeq ?? 0),
      atMs: Number(state.atMs ?? 0),
      calls: new Map(Object.entries(callsById)),
      agents: new Map(Object.entries(agentsById)),
      queues: new Map(Object.entries(queuesById)),
      jobs: new Map(Object.entries(jobsByName)),
    };
  }

  async commit(commit: Commit): Promise<CommitResult> {
    const { fence, meta, calls, agents, queues, facts, jobs } = this.#keys;
    const keys = [fence, meta, calls, agents, queues, facts, jobs];
    const head = [...keys, commit.fence, commit.position, commit.atMs, commit.refill ? 1 : 0];
    const changes = commit.changes.flatMap(({ kind, id, json }) => [KEY_OF[kind], id, json ?? '']);
    const body = commit.facts.flatMap((fact) => [fact.seq, JSON.stringify(fact)]);
    try {
      const answer = this.#redis.hotlineCommit(...head, this.#factsKept, commit.changes.length, ...changes, ...body);
      // A refill may be large and nobody waits for it.
      return await (commit.refill ? answer : this.#answered(answer));
    } catch (error) {
      this.#log.warn({ error: (error as Error).message }, 'redis did not take a commit');
      return 'unavailable';
    }
  }

  async facts(after: number, limit: number): Promise<Fact[]> {
    const rows = await this.#redis.xrange(this.#keys.facts, `(${after}-0`, '+', 'COUNT', limit);
    return rows.map(([, fields]) => JSON.parse(fields[1] as string) as Fact);
  }

  /** Halves the stream: facts are in order of time as well as of seq. */
  async seqBefore(atMs: Ms): Promise<number> {
    const { facts } = this.#keys;
    const [oldest] = await this.#redis.xrange(facts, '-', '+', 'COUNT', 1);
    const [newest] = await this.#redis.xrevrange(facts, '+', '-', 'COUNT', 1);
    if (!oldest || !newest) return 0;
    let low = seqOf(oldest) - 1;
    let high = seqOf(newest);
    while (low < high) {
      const middle = Math.floor((low + high + 1) / 2);
      const [row] = await this.#redis.xrange(facts, `${middle}-0`, '+', 'COUNT', 1);
      if (row && (JSON.parse(row[1][1] as string) as Fact).atMs < atMs) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  async ping(): Promise<boolean> {
    try {
      return (await this.#answered(this.#redis.ping())) === 'PONG';
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
  }

  /** Bounds the wait for an answer. What arrives later is ignored; commits are idempotent by their position. */
  async #answered<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await Promise.race([
        answer,
        new Promise<never>((_, reject) => {
          timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_WITHIN_MS} ms`)), ANSWER_WITHIN_MS);
        }),
      ]);
    } finally {
      clearTimeout(timer);
      answer.catch(() => {});
    }
  }
}

const seqOf = (row: [id: string, fields: string[]]): number => Number(row[0].split('-')[0]);
