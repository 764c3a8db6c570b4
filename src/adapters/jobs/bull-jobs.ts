import { type ConnectionOptions, Queue, Worker } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import type { Job } from '../../call/state.js';
import type { Jobs } from '../../ports/jobs.js';
import type { Log } from '../../ports/log.js';

export interface BullJobsOptions {
  /** `redis://...`, or the path of a unix socket. */
  readonly url: string;
  readonly domain: string;
  readonly log: Log;
  /** Does the job; a job that throws is tried again, and may be done more than once. */
  readonly work: (job: Job) => Promise<void>;
}

const DAY_S = 86_400;
/** First retry after 1 s, then doubling: about two hours in all. */
const ATTEMPTS = 13;

/**
 * bullmq: the package asked for; keeps a job in Redis until it is done, over the death of any process. The producer has a connection of its
 * own that fails at once when Redis is away, because nothing that handles calls may wait for a job to be taken.
 */
export class BullJobs implements Jobs {
  readonly #producer: Redis;
  readonly #queue: Queue;
  readonly #worker: Worker;
  readonly #log: Log;
  /** Could not be handed over because Redis was away; handed over when it is back. */
  readonly #unkept = new Map<string, Job>();

  private constructor(producer: Redis, options: BullJobsOptions) {
    const prefix = `{hotline-${options.domain}-jobs}`;
    this.#producer = producer;
    this.#log = options.log;
    this.#queue = new Queue('recordings', {
      prefix,
      connection: producer as ConnectionOptions,
      skipWaitingForReady: true,
      defaultJobOptions: {
        attempts: ATTEMPTS,
        backoff: { type: 'exponential', delay: 1_000 },
        removeOnComplete: { age: DAY_S, count: 10_000 },
        removeOnFail: { age: 7 * DAY_S, count: 10_000 },
      },
    });
    this.#worker = new Worker('recordings', async (job) => options.work(job.data as Job), {
      prefix,
      connection: { ...connectionTo(options.url), maxRetriesPerRequest: null } as ConnectionOptions,
      concurrency: 2,
      // A job whose process died under it is taken again soon, and as often as it takes: BullMQ gives it up after the second death otherwise.
      lockDuration: 10_000,
      stalledInterval: 5_000,
      maxStalledCount: ATTEMPTS,
    });
    const onError = (error: Error): void => options.log.warn({ error: error.message }, 'jobs');
    this.#queue.on('error', onError);
    this.#worker.on('error', onError);
    producer.on('ready', () => void this.#handOver());
    this.#worker.on('failed', (job, error) => {
      options.log.warn({ job: job?.id, attempt: job?.attemptsMade, error: error.message }, 'a job failed and is tried again');
    });
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

  async add(job: Job): Promise<void> {
    try {
      await this.#queue.add(job.kind, job, { jobId: nameOf(job) });
    } catch (error) {
      this.#unkept.set(nameOf(job), job);
      this.#log.warn(
        { job: nameOf(job), error: (error as Error).message },
        'a job could not be kept; kept when Redis is back, else found again at the next start',
      );
    }
  }

  async #handOver(): Promise<void> {
    const jobs = [...this.#unkept.values()];
    this.#unkept.clear();
    // One that fails again is put back by `add`.
    for (const job of jobs) await this.add(job);
  }

  async close(): Promise<void> {
    await this.#worker.close();
    await this.#queue.close();
    this.#producer.disconnect();
  }
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

/** One job for one recording, one for one message: what is asked for twice is done once. */
const nameOf = (job: Job): string => (job.kind === 'sealRecording' ? job.recordingId : job.messageId);
