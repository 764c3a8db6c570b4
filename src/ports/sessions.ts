import type { Ms } from '../base/time.js';

/**
 * Who is signed in, kept outside the process so that a restart signs nobody out. Contract:
 * - The id of a session is the SHA-256 of its secret: who reads the store cannot be anybody.
 * - A session is gone at `expiresMs`, and when it was not seen for `idleMs`; a store may forget it by itself.
 * - Nothing here rejects: a store that is away answers `unavailable`.
 * - Failures are counted in the same act that asks for leave to try, so that many tries at once are still counted one by one.
 */
export interface SessionStore {
  /** Keeps a new session. Of one holder at most `atMost` are kept: the oldest are ended. */
  keep(session: KeptSession, atMost: number): Promise<'kept' | 'unavailable'>;
  find(id: string): Promise<KeptSession | null | 'unavailable'>;
  /** Says that the session was seen. One that has ended meanwhile stays ended. */
  seen(id: string, atMs: Ms): Promise<void>;
  end(id: string): Promise<'ended' | 'unavailable'>;
  /** All that stand at `atMs`, in no order. */
  all(atMs: Ms): Promise<readonly KeptSession[] | 'unavailable'>;
  /** Counts a try under each key, or says how long to wait before the next one; then nothing was counted. */
  mayTry(tries: readonly CountedTry[], atMs: Ms): Promise<{ readonly waitMs: Ms } | 'unavailable'>;
  /** The try was good: it is not counted; under keys that `clear` all earlier ones are forgotten. */
  wasGood(tries: readonly CountedTry[]): Promise<void>;
  close(): Promise<void>;
}

export interface KeptSession {
  /** 64 hex digits. */
  readonly id: string;
  /** A person of users.yaml, or the holder of a token. */
  readonly kind: 'user' | 'token';
  readonly name: string;
  readonly role: string;
  /** Null: all teams. */
  readonly teams: readonly string[] | null;
  /** Stands for password or token, role and teams as they were: a session does not outlive their change. */
  readonly mark: string;
  readonly createdMs: Ms;
  readonly lastSeenMs: Ms;
  readonly expiresMs: Ms;
  readonly idleMs: Ms;
  readonly address: string;
}

export interface CountedTry {
  /** What is guarded: `user/NAME`, `address/ADDRESS`; hashed where it comes from outside. */
  readonly key: string;
  /** So many bad tries are free; after them the pause doubles from a second to `longestMs`. */
  readonly free: number;
  readonly longestMs: Ms;
  /** Tries are forgotten when none came for so long. */
  readonly forgetMs: Ms;
  /** A good try forgets the bad ones. */
  readonly clear: boolean;
}

/** When a session ends if nobody is seen any more. */
export const endOf = ({ expiresMs, lastSeenMs, idleMs }: KeptSession): Ms => Math.min(expiresMs, lastSeenMs + idleMs);
