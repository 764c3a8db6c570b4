import type { Redis } from 'ioredis';
import { z } from 'zod';
import { asId, type FlowId } from '../../base/ids.js';
import type {
  ArchiveAnswer,
  ArchivedFlows,
  EmergencyState,
  FlowArchive,
  LoggedVersion,
  Publication,
  ReleaseRecord,
} from '../../ports/flow-archive.js';
import type { Log } from '../../ports/log.js';
import { redisThatMayBeAway } from './connections.js';
import { FORGET_RELEASES, RECORD_RELEASE, SWITCH_EMERGENCY } from './scripts.js';

export interface RedisFlowArchiveOptions {
  /** `redis://...`, `rediss://...` or the path of a unix socket. */
  readonly url: string;
  /** Routing domain; becomes the hash tag of all keys. */
  readonly domain: string;
  readonly log: Log;
}

/** Entries of the log that are kept: years of daily changes. */
const LOG_KEPT = 10_000;
const ANSWER_WITHIN_MS = 2_000;

const flowName = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/);
const version = z.string().regex(/^[0-9a-f]{12}$/);
const logged = z.object({
  flowId: flowName,
  version,
  atMs: z.int().min(0),
  by: z.string().max(200),
  source: z.enum(['start', 'file', 'page', 'rollback']),
  note: z.string().max(2_000),
});
const released = z.record(flowName, z.object({ version, file: z.string().min(1).max(255) }));
const emergency = z.object({
  on: z.boolean(),
  numbers: z.array(z.string().max(64)).max(10_000).nullable(),
  sinceMs: z.int().min(0),
  by: z.string().max(200),
});

interface Scripts {
  hotlineRecordRelease(...keysAndArguments: (string | number)[]): Promise<ArchiveAnswer>;
  hotlineForgetReleases(...keysAndArguments: (string | number)[]): Promise<ArchiveAnswer>;
  hotlineSwitchEmergency(...keysAndArguments: (string | number)[]): Promise<ArchiveAnswer>;
}

/** A connection of its own: a large text on its way must not hold up a commit. */
export class RedisFlowArchive implements FlowArchive {
  readonly #redis: Redis & Scripts;
  readonly #keys: Record<'fence' | 'texts' | 'log' | 'releases' | 'emergency', string>;
  readonly #log: Log;

  private constructor(redis: Redis, { domain, log }: RedisFlowArchiveOptions) {
    redis.defineCommand('hotlineRecordRelease', { numberOfKeys: 4, lua: RECORD_RELEASE });
    redis.defineCommand('hotlineForgetReleases', { numberOfKeys: 2, lua: FORGET_RELEASES });
    redis.defineCommand('hotlineSwitchEmergency', { numberOfKeys: 2, lua: SWITCH_EMERGENCY });
    this.#redis = redis as Redis & Scripts;
    this.#log = log;
    const key = (name: string): string => `hotline:{${domain}}:${name}`;
    this.#keys = {
      fence: key('fence'),
      texts: key('flow-texts'),
      log: key('flow-log'),
      releases: key('flow-releases'),
      emergency: key('emergency'),
    };
  }

  /** Begins to connect, and keeps doing so for ever; an archive that is away is one that has no answer. */
  static async connect(options: RedisFlowArchiveOptions): Promise<RedisFlowArchive> {
    const redis = await redisThatMayBeAway(options.url, {
      answerWithinMs: ANSWER_WITHIN_MS,
      whatFor: 'the archive of flows',
      log: options.log,
    });
    return new RedisFlowArchive(redis, options);
  }

  async load(): Promise<ArchivedFlows> {
    const { log, releases, emergency: switches } = this.#keys;
    const [lines, sets, states] = await Promise.all([
      this.#redis.lrange(log, 0, -1),
      this.#redis.hgetall(releases),
      this.#redis.hgetall(switches),
    ]);
    return {
      log: lines.flatMap((line) => this.#read(logged, line, 'log') ?? []) as LoggedVersion[],
      releases: Object.entries(sets).flatMap(([number, line]): ReleaseRecord[] => {
        const flows = this.#read(released, line, 'releases');
        if (!flows || !/^[1-9][0-9]{0,14}$/.test(number)) return [];
        return [{ release: Number(number), flows: new Map(Object.entries(flows).map(([id, flow]) => [asId<FlowId>(id), flow])) }];
      }),
      emergency: new Map(
        Object.entries(states).flatMap(([name, line]): [string, EmergencyState][] => {
          const state = this.#read(emergency, line, 'emergency');
          return state ? [[name, state]] : [];
        }),
      ),
    };
  }

  async text(flowId: FlowId, wanted: string): Promise<string | null> {
    try {
      return await this.#redis.hget(this.#keys.texts, `${flowId}@${wanted}`);
    } catch (error) {
      this.#log.warn({ error: (error as Error).message, flowId, version: wanted }, 'the text of a flow could not be read');
      return null;
    }
  }

  async has(release: number): Promise<boolean | null> {
    return this.#redis.hexists(this.#keys.releases, `${release}`).then(
      (there) => there === 1,
      () => null,
    );
  }

  record(fence: number, { release, flows }: ReleaseRecord, publications: readonly Publication[]): Promise<ArchiveAnswer> {
    const keys = [this.#keys.fence, this.#keys.texts, this.#keys.log, this.#keys.releases];
    const body = publications.flatMap(({ text, ...entry }) => [`${entry.flowId}@${entry.version}`, text, JSON.stringify(entry)]);
    const set = JSON.stringify(Object.fromEntries(flows));
    return this.#write(() => this.#redis.hotlineRecordRelease(...keys, fence, release, set, LOG_KEPT, ...body));
  }

  forgetReleases(fence: number, kept: readonly number[]): Promise<ArchiveAnswer> {
    return this.#write(() => this.#redis.hotlineForgetReleases(this.#keys.fence, this.#keys.releases, fence, ...kept));
  }

  switchEmergency(fence: number, announcement: string, state: EmergencyState): Promise<ArchiveAnswer> {
    const { fence: key, emergency: states } = this.#keys;
    return this.#write(() => this.#redis.hotlineSwitchEmergency(key, states, fence, announcement, JSON.stringify(state)));
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
  }

  async #write(script: () => Promise<ArchiveAnswer>): Promise<ArchiveAnswer> {
    try {
      return await script();
    } catch (error) {
      this.#log.warn({ error: (error as Error).message }, 'the archive of flows did not take a change');
      return 'unavailable';
    }
  }

  #read<T>(shape: z.ZodType<T>, line: string, where: string): T | null {
    try {
      return shape.parse(JSON.parse(line));
    } catch {
      this.#log.error({ where }, 'an entry in the archive of flows cannot be read and is left out');
      return null;
    }
  }
}
