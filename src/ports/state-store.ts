import type { Fact } from '../base/facts.js';
import type { Ms } from '../base/time.js';

/**
 * The durable state of one routing domain. Contract:
 * - `commit` is atomic: entities, facts and position land together or not at all, and only if `fence` is still the newest number handed out.
 * - A commit that is repeated with the same position is answered `committed` and changes nothing.
 * - Reading needs no fence. The layout in Redis is documented in adapters/redis/README.md and open to anybody.
 */
export interface StateStore {
  /** Takes the writer's lease for `node` and returns the new fencing number, or who holds it. The same node takes its own lease again at once. */
  acquire(node: string, ttlMs: Ms): Promise<Lease>;
  /** False when the lease is lost. */
  renew(node: string, fence: number, ttlMs: Ms): Promise<boolean>;
  release(node: string, fence: number): Promise<void>;
  load(): Promise<StoredState>;
  commit(commit: Commit): Promise<CommitResult>;
  /** Facts with seq > `after`, in order, at most `limit`. */
  facts(after: number, limit: number): Promise<Fact[]>;
  /** Smallest seq whose `atMs` is >= the given moment, minus one (so that it can be handed to `facts`). */
  seqBefore(atMs: Ms): Promise<number>;
  ping(): Promise<boolean>;
  close(): Promise<void>;
}

export type Lease = { readonly held: true; readonly fence: number } | { readonly held: false; readonly holder: string };

/** One change of one entity; `json` null removes it. `kind` names the hash it lives in. */
export interface EntityChange {
  readonly kind: 'call' | 'agent' | 'queue' | 'job';
  readonly id: string;
  readonly json: string | null;
}

export interface Commit {
  readonly fence: number;
  /** Counts commits of the domain; this one makes it `position`. */
  readonly position: number;
  readonly atMs: Ms;
  readonly changes: readonly EntityChange[];
  readonly facts: readonly Fact[];
  /** The changes are all there is: what the store had is replaced. Facts that it has already are left as they are. */
  readonly refill?: boolean;
}

/** `fenced`: somebody else is the writer now; stop acting. `gap`: the store is not where we left it (emptied, older copy): refill it. `unavailable`: no answer. */
export type CommitResult = 'committed' | 'fenced' | 'gap' | 'unavailable';

export interface StoredState {
  readonly position: number;
  readonly lastSeq: number;
  readonly atMs: Ms;
  readonly calls: ReadonlyMap<string, string>;
  readonly agents: ReadonlyMap<string, string>;
  readonly queues: ReadonlyMap<string, string>;
  /** Work that was decided and that nobody is known to have taken (`ports/jobs.ts`). */
  readonly jobs: ReadonlyMap<string, string>;
}
