import { Redis, type RedisOptions } from 'ioredis';
import type { Log } from '../../ports/log.js';

/** How long to wait before the next attempt to connect: quickly at first, once a second in the end, for ever. */
export const retryAfterMs = (attempts: number): number => Math.min(50 * 2 ** Math.min(attempts, 5), 1_000);

/** A path is a unix socket, anything else a URL. */
export function redisFrom(url: string, settings: RedisOptions): Redis {
  if (url.startsWith('/')) return new Redis(url, settings as object);
  if (url.startsWith('unix://')) return new Redis(url.slice('unix://'.length), settings as object);
  return new Redis(url, settings as object);
}

/**
 * For what may be away without stopping a call: begins to connect, and keeps doing so for ever; nothing is sent later than it was asked for.
 * `whatFor` stands in the log beside each error.
 */
export async function redisThatMayBeAway(
  url: string,
  { answerWithinMs, whatFor, log }: { answerWithinMs: number; whatFor: string; log: Log },
): Promise<Redis> {
  const redis = redisFrom(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 5_000,
    commandTimeout: answerWithinMs,
    retryStrategy: retryAfterMs,
  });
  redis.on('error', (error: Error) => log.warn({ error: error.message }, `redis, for ${whatFor}`));
  await redis.connect().catch(() => {});
  return redis;
}
