import { type CountedTry, endOf, type KeptSession, type SessionStore } from '../../src/ports/sessions.js';

/** Sessions in memory, by the same contract as in Redis; `isAway` makes it a store that does not answer. */
export class MemorySessions implements SessionStore {
  readonly sessions = new Map<string, KeptSession>();
  readonly tries = new Map<string, { n: number; lastMs: number; forgetMs: number }>();
  isAway = false;
  asked = 0;

  async keep(session: KeptSession, atMost: number) {
    if (this.isAway) return 'unavailable' as const;
    const own = [...this.sessions.values()].filter(({ kind, name }) => kind === session.kind && name === session.name);
    own.sort((a, b) => a.createdMs - b.createdMs);
    for (const { id } of own.slice(0, Math.max(0, own.length - atMost + 1))) this.sessions.delete(id);
    this.sessions.set(session.id, session);
    return 'kept' as const;
  }

  async find(id: string) {
    this.asked += 1;
    return this.isAway ? ('unavailable' as const) : (this.sessions.get(id) ?? null);
  }

  async seen(id: string, atMs: number) {
    const session = this.sessions.get(id);
    if (session && !this.isAway) this.sessions.set(id, { ...session, lastSeenMs: Math.max(session.lastSeenMs, atMs) });
  }

  async end(id: string) {
    if (this.isAway) return 'unavailable' as const;
    this.sessions.delete(id);
    return 'ended' as const;
  }

  async all(atMs: number) {
    return this.isAway ? ('unavailable' as const) : [...this.sessions.values()].filter((each) => endOf(each) > atMs);
  }

  async mayTry(tries: readonly CountedTry[], atMs: number) {
    if (this.isAway) return 'unavailable' as const;
    let waitMs = 0;
    for (const { key, free, longestMs } of tries) {
      const known = this.tries.get(key);
      if (!known || known.n < free || atMs - known.lastMs >= known.forgetMs) continue;
      waitMs = Math.max(waitMs, known.lastMs + Math.min(longestMs, 1_000 * 2 ** Math.min(known.n - free, 30)) - atMs);
    }
    if (waitMs > 0) return { waitMs };
    for (const { key, forgetMs } of tries) {
      const known = this.tries.get(key);
      const n = known && atMs - known.lastMs < forgetMs ? known.n : 0;
      this.tries.set(key, { n: n + 1, lastMs: atMs, forgetMs });
    }
    return { waitMs: 0 };
  }

  async wasGood(tries: readonly CountedTry[]) {
    for (const { key, clear } of tries) {
      const known = this.tries.get(key);
      if (clear || (known && known.n <= 1)) this.tries.delete(key);
      else if (known) known.n -= 1;
    }
  }

  async close() {}
}
