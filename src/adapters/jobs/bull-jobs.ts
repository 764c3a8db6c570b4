import { type Job as BullJob, type ConnectionOptions, Queue, Worker } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import type { HouseJob, Jobs } from '../../ports/jobs.js';
import type { Log } from '../../ports/log.js';

export interface BullJobsOptions {
  /** `redis://...`, or the path of a unix socket. */
  readonly url: string;
  readonly domain: string;
  readonly log: Log;
  /** Does the job; a job that throws is tried again, and may be done more than once. */
  readonly work: (job: HouseJob, attempt: Attempt) => Promise<void>;
  /** How often a job is tried at most. */
  readonly attemptsOf: (job: HouseJob) => number;
}

export interface Attempt {
  /** From 1. One that died with its process counts only when it was told as failed. */
  readonly number: number;
  /** When the job was handed over, by the wall clock. */
  readonly addedAtMs: number;
}

const DAY_S = 86_400;
/** A Redis that is there and takes no job (it is full, it may not be written to) is asked again after this. */
const ASK_AGAIN_MS = 5_000;
/** A job may lose so many processes that do it. */
const MAX_STALLS = 13;

/** Messages wait for systems outside and must hold up neither recordings nor alarms, so each has a line of its own. */
const LINES = {
  sealRecording: { name: 'recordings', concurrency: 2 },
  sendMessage: { name: 'messages', concurrency: 8 },
  tellAlarm: { name: 'alarms', concurrency: 4 },
} as const satisfies Record<HouseJob['kind'], { name: string; concurrency: number }>;

interface Unkept {
  readonly job: HouseJob;
  readonly kept: readonly (() => void)[];
}

interface Line {
  readonly queue: Queue;
  readonly worker: Worker;
}

/**
 * bullmq: the package asked for; keeps a job in Redis until it is done, over the death of any process. The producer has a connection of its
 * own that fails at once when Redis is away, because nothing that handles calls may wait for a job to be taken.
 */
export class BullJobs implements Jobs {
  readonly #producer: Redis;
  readonly #lines: Readonly<Record<HouseJob['kind'], Line>>;
  readonly #options: BullJobsOptions;
  readonly #log: Log;
  /** Could not be handed over because Redis was away; handed over when it is back. */
  readonly #unkept = new Map<string, Unkept>();
  #askAgain: NodeJS.Timeout | undefined;

  private constructor(producer: Redis, options: BullJobsOptions) {
    this.#producer = producer;
    this.#options = options;
    this.#log = options.log;
    this.#lines = {
      sealRecording: openLine(producer, options, LINES.sealRecording),
      sendMessage: openLine(producer, options, LINES.sendMessage),
      tellAlarm: openLine(producer, options, LINES.tellAlarm),
    };
    producer.on('ready', () => this.#handOver());
  }

  /** Rejects when Redis cannot be reached; later it comes and goes as it likes. */
  static async connect(options: BullJobsOptions): Promise<BullJobs> {
    const settings = { ...connectionTo(options.url), lazyConnect: true, enableOfflineQueue: false, maxRetriesPerRequest: 1 };
    const producer = new Redis(settings as object);
    producer.on('error', (error: Error) => options.log.warn({ error: error.message }, 'jobs'));
    // BullMQ asks for the version at once, which a connection without an offline queue refuses before it stands.
    await producer.connect();
    return new BullJobs(producer, options);
  }

  async add(job: HouseJob): Promise<void> {
    try {
      const attempts = this.#options.attemptsOf(job);
      await this.#lines[job.kind].queue.add(job.kind, job, { jobId: nameOf(job), attempts });
    } catch (error) {
      this.#log.warn(
        { job: nameOf(job), error: (error as Error).message },
        'a job could not be kept; it waits until Redis is back',
      );
      await this.#wait(job);
    }
  }

  /** From now on jobs are done here: a node that stands by would only use up their attempts. */
  startWork(): void {
    for (const { worker } of Object.values(this.#lines)) {
      worker.run().catch((error: Error) => this.#log.error({ error: error.message }, 'no more jobs are done here'));
    }
  }

  #wait(job: HouseJob): Promise<void> {
    this.#askAgain ??= setTimeout(() => this.#handOver(), ASK_AGAIN_MS).unref();
    return new Promise((resolve) => {
      const before = this.#unkept.get(nameOf(job))?.kept ?? [];
      this.#unkept.set(nameOf(job), { job, kept: [...before, resolve] });
    });
  }

  #handOver(): void {
    clearTimeout(this.#askAgain);
    this.#askAgain = undefined;
    const waiting = [...this.#unkept.values()];
    this.#unkept.clear();
    for (const { job, kept } of waiting) {
      void this.add(job).then(() => {
        for (const resolve of kept) resolve();
      });
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#askAgain);
    const lines = Object.values(this.#lines);
    await Promise.all(lines.map(({ worker }) => worker.close()));
    await Promise.all(lines.map(({ queue }) => queue.close()));
    this.#producer.disconnect();
  }
}

function openLine(producer: Redis, options: BullJobsOptions, { name, concurrency }: (typeof LINES)[HouseJob['kind']]): Line {
  const { url, domain, log, work } = options;
  const prefix = `{hotline-${domain}-jobs}`;
  const queue = new Queue(name, {
    prefix,
    connection: producer as ConnectionOptions,
    skipWaitingForReady: true,
    defaultJobOptions: {
      backoff: { type: 'exponential', delay: 1_000 },
      removeOnComplete: { age: DAY_S, count: 10_000 },
      removeOnFail: { age: 7 * DAY_S, count: 10_000 },
    },
  });
  const perform = async (job: BullJob): Promise<void> => {
    await work(job.data as HouseJob, { number: job.attemptsMade + 1, addedAtMs: job.timestamp });
  };
  const worker = new Worker(name, perform, {
    prefix,
    connection: { ...connectionTo(url), maxRetriesPerRequest: null } as ConnectionOptions,
    autorun: false,
    concurrency,
    // A job whose process died under it is taken again soon, and as often as it takes: BullMQ gives it up after the second death otherwise.
    lockDuration: 10_000,
    stalledInterval: 5_000,
    maxStalledCount: MAX_STALLS,
  });
  const onError = (error: Error): void => log.warn({ error: error.message }, 'jobs');
  queue.on('error', onError);
  worker.on('error', onError);
  worker.on('failed', (job, error) => {
    log.warn({ job: job?.id, attempt: job?.attemptsMade, error: error.message }, 'a job failed and is tried again');
  });
  return { queue, worker };
}

function connectionTo(url: string): RedisOptions {
  if (url.startsWith('/')) return { path: url };
  if (url.startsWith('unix://')) return { path: url.slice('unix://'.length) };
  const { hostname, port, username, password, pathname, protocol } = new URL(url);
  const db = Number(pathname.slice(1) || 0);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 6379),
    db,
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

/** One job for one recording, one message, one receiver of one alarm: what is asked for twice is done once. */
export function nameOf(job: HouseJob): string {
  if (job.kind === 'sealRecording') return job.recordingId;
  return job.kind === 'sendMessage' ? job.messageId : `${job.alarm.alarmId}/${job.event}/${job.via}/${job.to}`;
}
