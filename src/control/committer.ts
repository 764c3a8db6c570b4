import type { Fact } from '../base/facts.js';
import type { Ms } from '../base/time.js';
import type { Hotline } from '../call/hotline.js';
import type { Job } from '../call/state.js';
import type { Log } from '../ports/log.js';
import type { Commit, CommitResult, EntityChange, StateStore } from '../ports/state-store.js';

/** Facts that are held in memory while the store is away; beyond this the oldest are given up, loudly. */
const HELD_FACTS = 500_000;

export interface CommitterOptions {
  readonly store: StateStore;
  readonly hotline: Hotline;
  readonly fence: number;
  readonly position: number;
  /** Work that nobody is known to have taken. Absent: none. */
  readonly jobs?: readonly Job[];
  readonly log: Log;
  readonly onMode: (degraded: boolean) => void;
}

/**
 * Writes each batch before it is acted upon. When the store is away the writer goes on from memory (`degraded`) and writes everything back
 * when it returns; a store that came back empty or older is refilled.
 */
export class Committer {
  readonly #options: CommitterOptions;
  #position: number;
  #degraded = false;
  #held: Fact[] = [];
  #dropped = 0;
  readonly #jobs: Map<string, Job>;
  /** Of those that the store still holds. */
  readonly #taken = new Set<string>();

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#position = options.position;
    this.#jobs = new Map((options.jobs ?? []).map((job) => [nameOfJob(job), job]));
  }

  get degraded(): boolean {
    return this.#degraded;
  }

  get position(): number {
    return this.#position;
  }

  get hasTakenJobs(): boolean {
    return this.#taken.size > 0;
  }

  untakenJobs(): readonly Job[] {
    return [...this.#jobs.values()];
  }

  /** The job is kept elsewhere: the next commit forgets it. */
  taken(job: Job): void {
    const name = nameOfJob(job);
    if (this.#jobs.delete(name)) this.#taken.add(name);
  }

  /** True when the batch may be acted upon; false when somebody else is the writer now. */
  async commit(atMs: Ms, facts: readonly Fact[], jobs: readonly Job[] = []): Promise<boolean> {
    const changes = [...this.#changes(), ...this.#jobChanges(jobs)];
    if (changes.length === 0 && facts.length === 0) return true;
    if (this.#degraded) {
      this.#hold(facts);
      return true;
    }
    const result = await this.#options.store.commit(this.#next(atMs, changes, facts));
    if (result === 'committed') return true;
    if (result === 'fenced') return false;
    this.#degrade(result, facts);
    // An emptied store can be refilled at once; one that does not answer is asked again later.
    return result === 'gap' ? await this.refill(atMs) : true;
  }

  /** Writes everything back. False when fenced. Harmless when not degraded. */
  async refill(atMs: Ms): Promise<boolean> {
    if (!this.#degraded) return true;
    const { calls, agents, queues } = this.#options.hotline.everything();
    const changes = [
      ...calls.map(([id, stored]) => change('call', id, stored)),
      ...agents.map(([id, agent]) => change('agent', id, agent)),
      ...queues.map(([id, kept]) => change('queue', id, kept)),
      ...Array.from(this.#jobs, ([name, job]) => change('job', name, job)),
    ];
    this.#taken.clear();
    // What changes while the refill is under way is written by the next commit, as every entity is written whole.
    this.#options.hotline.takeChanges();
    const held = this.#held;
    this.#held = [];
    const result = await this.#options.store.commit({ ...this.#next(atMs, changes, held), refill: true });
    if (result === 'committed') {
      this.#degraded = false;
      this.#options.log.info(
        { facts: held.length, calls: calls.length, dropped: this.#dropped },
        'the store is back and has been refilled',
      );
      this.#options.onMode(false);
      return true;
    }
    this.#held = [...held, ...this.#held];
    return result !== 'fenced';
  }

  #next(atMs: Ms, changes: EntityChange[], facts: readonly Fact[]): Commit {
    return { fence: this.#options.fence, position: ++this.#position, atMs, changes, facts };
  }

  #changes(): EntityChange[] {
    const { calls, agents, queues } = this.#options.hotline.takeChanges();
    return [
      ...calls.map(([id, stored]) => change('call', id, stored)),
      ...agents.map(([id, agent]) => change('agent', id, agent)),
      ...queues.map(([id, kept]) => change('queue', id, kept)),
    ];
  }

  #jobChanges(jobs: readonly Job[]): EntityChange[] {
    const forgotten = Array.from(this.#taken, (name) => change('job', name, null));
    this.#taken.clear();
    for (const job of jobs) this.#jobs.set(nameOfJob(job), job);
    return [...forgotten, ...jobs.map((job) => change('job', nameOfJob(job), job))];
  }

  #degrade(result: CommitResult, facts: readonly Fact[]): void {
    this.#degraded = true;
    this.#hold(facts);
    this.#options.log.warn({ result }, 'the store did not take a commit: going on from memory');
    this.#options.onMode(true);
  }

  #hold(facts: readonly Fact[]): void {
    this.#held.push(...facts);
    const over = this.#held.length - HELD_FACTS;
    if (over <= 0) return;
    this.#held.splice(0, over);
    if (this.#dropped === 0) this.#options.log.error({ over }, 'the store has been away too long: the oldest facts are given up');
    this.#dropped += over;
  }
}

/** One job for one recording and one for one message, however often it is decided. */
export const nameOfJob = (job: Job): string => `${job.kind}/${job.kind === 'sealRecording' ? job.recordingId : job.messageId}`;

function change(kind: EntityChange['kind'], id: string, entity: object | null): EntityChange {
  return { kind, id, json: entity === null ? null : JSON.stringify(entity) };
}
