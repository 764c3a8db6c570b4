import type { Fact } from '../base/facts.js';
import type { Ms } from '../base/time.js';
import type { Commit, CommitResult, Lease, StateStore, StoredState } from '../ports/state-store.js';

/** A state store in memory, with the same answers as the one in Redis, and faults on demand. */
export class MemoryStore implements StateStore {
  owner: string | null = null;
  fence: number | null = null;
  position = 0;
  lastSeq = 0;
  atMs: Ms = 0;
  readonly calls = new Map<string, string>();
  readonly agents = new Map<string, string>();
  readonly queues = new Map<string, string>();
  readonly jobs = new Map<string, string>();
  stream: Fact[] = [];
  /** While set, every commit is answered so and nothing is written. */
  answers: CommitResult | null = null;

  async acquire(node: string): Promise<Lease> {
    if (this.owner !== null && this.owner !== node) return { held: false, holder: this.owner };
    this.owner = node;
    this.fence = (this.fence ?? 0) + 1;
    return { held: true, fence: this.fence };
  }

  async renew(node: string, fence: number): Promise<boolean> {
    if ((this.fence !== null && this.fence > fence) || (this.owner !== null && this.owner !== node)) return false;
    this.owner = node;
    return true;
  }

  async release(node: string, fence: number): Promise<void> {
    if (this.owner === node && this.fence === fence) this.owner = null;
  }

  async load(): Promise<StoredState> {
    const { position, lastSeq, atMs } = this;
    return {
      position,
      lastSeq,
      atMs,
      calls: new Map(this.calls),
      agents: new Map(this.agents),
      queues: new Map(this.queues),
      jobs: new Map(this.jobs),
    };
  }

  async commit(commit: Commit): Promise<CommitResult> {
    if (this.answers) return this.answers;
    if (this.fence !== null && this.fence > commit.fence) return 'fenced';
    if (!commit.refill && this.fence !== null && this.position === commit.position) return 'committed';
    if (!commit.refill && (this.fence === null || this.position !== commit.position - 1)) return 'gap';
    const places = { call: this.calls, agent: this.agents, queue: this.queues, job: this.jobs };
    if (commit.refill) {
      this.fence = commit.fence;
      for (const place of Object.values(places)) place.clear();
    }
    for (const { kind, id, json } of commit.changes) {
      if (json === null) places[kind].delete(id);
      else places[kind].set(id, json);
    }
    for (const fact of commit.facts) {
      if (fact.seq <= this.lastSeq) continue;
      this.stream.push(JSON.parse(JSON.stringify(fact)) as Fact);
      this.lastSeq = fact.seq;
    }
    this.position = commit.position;
    this.atMs = commit.atMs;
    return 'committed';
  }

  async facts(after: number, limit: number): Promise<Fact[]> {
    return this.stream.filter((fact) => fact.seq > after).slice(0, limit);
  }

  async seqBefore(atMs: Ms): Promise<number> {
    const first = this.stream.find((fact) => fact.atMs >= atMs);
    return first ? first.seq - 1 : this.lastSeq;
  }

  async ping(): Promise<boolean> {
    return this.answers !== 'unavailable';
  }

  async close(): Promise<void> {}

  /** As `FLUSHALL`. */
  empty(): void {
    this.owner = null;
    this.fence = null;
    this.position = 0;
    this.lastSeq = 0;
    this.calls.clear();
    this.agents.clear();
    this.queues.clear();
    this.jobs.clear();
    this.stream = [];
  }
}
