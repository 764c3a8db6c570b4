import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Ms } from '../../base/time.js';
import type { Log } from '../../ports/log.js';
import { type CountedTry, endOf, type KeptSession, type SessionStore } from '../../ports/sessions.js';
import { redisThatMayBeAway } from './connections.js';
import { KEEP_SESSION, MAY_TRY, SESSION_SEEN, TRY_WAS_GOOD } from './session-scripts.js';

export interface RedisSessionsOptions {
  /** `redis://...`, `rediss://...` or the path of a unix socket. */
  readonly url: string;
  /** Routing domain; becomes the hash tag of all keys. */
  readonly domain: string;
  readonly log: Log;
}

const ANSWER_WITHIN_MS = 500;

const kept = z.object({
  id: z.string().regex(/^[0-9a-f]{64}$/),
  kind: z.enum(['user', 'token']),
  name: z.string().max(200),
  role: z.string().max(32),
  // An empty list comes back from a script as an empty table.
  teams: z.union([z.array(z.string().max(64)), z.strictObject({}).transform((): string[] => [])]).nullable(),
  mark: z.string().max(128),
  createdMs: z.int().min(0),
  lastSeenMs: z.int().min(0),
  expiresMs: z.int().min(0),
  idleMs: z.int().min(0),
  address: z.string().max(64),
});

interface Scripts {
  hotlineKeepSession(...keysAndArguments: (string | number)[]): Promise<number>;
  hotlineSessionSeen(...keysAndArguments: (string | number)[]): Promise<number>;
  hotlineMayTry(...keysAndArguments: (string | number)[]): Promise<number>;
  hotlineTryWasGood(...keysAndArguments: (string | number)[]): Promise<number>;
}

/** Sessions in Redis, by a connection of their own: a page that reads must not wait behind a commit, nor a commit behind a page. */
export class RedisSessions implements SessionStore {
  readonly #redis: Redis & Scripts;
  readonly #sessions: string;
  readonly #ends: string;
  readonly #prefix: string;
  readonly #log: Log;

  private constructor(redis: Redis, { domain, log }: RedisSessionsOptions) {
    redis.defineCommand('hotlineKeepSession', { numberOfKeys: 2, lua: KEEP_SESSION });
    redis.defineCommand('hotlineSessionSeen', { numberOfKeys: 2, lua: SESSION_SEEN });
    redis.defineCommand('hotlineMayTry', { lua: MAY_TRY });
    redis.defineCommand('hotlineTryWasGood', { lua: TRY_WAS_GOOD });
    this.#redis = redis as Redis & Scripts;
    this.#log = log;
    this.#prefix = `hotline:{${domain}}:`;
    this.#sessions = `${this.#prefix}sessions`;
    this.#ends = `${this.#prefix}session-ends`;
  }

  /** Begins to connect, and keeps doing so for ever. */
  static async connect(options: RedisSessionsOptions): Promise<RedisSessions> {
    const redis = await redisThatMayBeAway(options.url, {
      answerWithinMs: ANSWER_WITHIN_MS,
      whatFor: 'sign-ins',
      log: options.log,
    });
    return new RedisSessions(redis, options);
  }

  keep(session: KeptSession, atMost: number): Promise<'kept' | 'unavailable'> {
    const { id, lastSeenMs } = session;
    const arguments_ = [id, JSON.stringify(session), endOf(session), lastSeenMs, atMost];
    return this.#ask(async () => {
      await this.#redis.hotlineKeepSession(this.#sessions, this.#ends, ...arguments_);
      return 'kept' as const;
    });
  }

  find(id: string): Promise<KeptSession | null | 'unavailable'> {
    return this.#ask(async () => {
      const text = await this.#redis.hget(this.#sessions, id);
      return text === null ? null : this.#read(text);
    });
  }

  async seen(id: string, atMs: Ms): Promise<void> {
    await this.#ask(() => this.#redis.hotlineSessionSeen(this.#sessions, this.#ends, id, atMs));
  }

  end(id: string): Promise<'ended' | 'unavailable'> {
    return this.#ask(async () => {
      await this.#redis.multi().hdel(this.#sessions, id).zrem(this.#ends, id).exec();
      return 'ended' as const;
    });
  }

  all(atMs: Ms): Promise<readonly KeptSession[] | 'unavailable'> {
    return this.#ask(async () => {
      const texts = await this.#redis.hvals(this.#sessions);
      return texts.flatMap((text) => this.#read(text) ?? []).filter((session) => endOf(session) > atMs);
    });
  }

  mayTry(tries: readonly CountedTry[], atMs: Ms): Promise<{ readonly waitMs: Ms } | 'unavailable'> {
    const limits = tries.flatMap(({ free, longestMs, forgetMs }) => [free, longestMs, forgetMs]);
    return this.#ask(async () => ({
      waitMs: Number(await this.#redis.hotlineMayTry(tries.length, ...this.#keysOf(tries), atMs, ...limits)),
    }));
  }

  async wasGood(tries: readonly CountedTry[]): Promise<void> {
    const clear = tries.map((each) => (each.clear ? '1' : '0'));
    await this.#ask(() => this.#redis.hotlineTryWasGood(tries.length, ...this.#keysOf(tries), ...clear));
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
  }

  #keysOf(tries: readonly CountedTry[]): string[] {
    return tries.map(({ key }) => `${this.#prefix}tries:${key}`);
  }

  async #ask<T>(act: () => Promise<T>): Promise<T | 'unavailable'> {
    try {
      return await act();
    } catch (error) {
      this.#log.warn({ error: (error as Error).message }, 'sign-ins could not be read or kept');
      return 'unavailable';
    }
  }

  #read(text: string): KeptSession | null {
    try {
      return kept.parse(JSON.parse(text));
    } catch {
      this.#log.error({}, 'a session in Redis cannot be read and is left out');
      return null;
    }
  }
}
