import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ok, type Result, refuse } from '../base/result.js';
import { DAY, HOUR, MINUTE, type Ms, SECOND } from '../base/time.js';
import type { AccessToken, AuditEntry, HeldSession, Holder, NewSession, SignInRefusal, SignIns } from '../http/deps.js';
import type { Log } from '../ports/log.js';
import { type CountedTry, endOf, type KeptSession, type SessionStore } from '../ports/sessions.js';
import { USER_NAME, type User, type Users } from './config/users.js';
import { FailedSignIns } from './failed-sign-ins.js';
import { hashPassword, isPassword } from './passwords.js';

export interface SignInDeskParts {
  readonly store: SessionStore;
  readonly users: () => Users;
  readonly tokens: () => readonly AccessToken[];
  readonly nowMs: () => Ms;
  readonly audit: (entry: AuditEntry) => Promise<void>;
  readonly log: Log;
  /** A failure is answered this long after it was asked, whatever was wrong. */
  readonly failureTakesMs?: Ms;
}

/** A person's working day; a wall hangs for weeks. */
const PERSON = { expiresMs: 12 * HOUR, idleMs: 8 * HOUR } as const;
const WALL = { expiresMs: 30 * DAY, idleMs: 30 * DAY } as const;
const SESSIONS_OF_ONE = 20;
const FAILURE_TAKES_MS = 400;

const TRIES = {
  user: { free: 5, longestMs: MINUTE, forgetMs: 15 * MINUTE, clear: true },
  address: { free: 20, longestMs: 5 * MINUTE, forgetMs: 15 * MINUTE, clear: false },
} as const;

/** What was asked of the store so lately is not asked again: an ended session works no longer than this on another node. */
const FRESH_MS: Ms = 2 * SECOND;
/** With the store away a session lives on for so long from when it was last seen there. */
const FROM_MEMORY_MS: Ms = MINUTE;
const SEEN_EVERY_MS: Ms = MINUTE;
const REMEMBERED = 5_000;
/** Passwords checked at once, each of which takes 19 MiB and a core for a moment, and how many may wait for that. */
const CHECKED_AT_ONCE = 2;
const CHECKS_WAITING = 30;

interface Remembered {
  session: KeptSession | null;
  confirmedMs: Ms;
  askedMs: Ms;
  asking: Promise<KeptSession | null | 'unavailable'> | null;
}

const WRONG = refuse('wrong-sign-in', 'The name, the password or the token is not right.');
const AWAY = refuse('unavailable-sign-in', 'Nobody can sign in at the moment: the store of sign-ins is away. Try again soon.');
const BUSY = refuse('unavailable-sign-in', 'Too many are signing in at this moment. Try again in a few seconds.');

/**
 * Signing in by password or token, and which sessions stand. A session stands for what its holder was when it began: a new password, role or team
 * ends it. With the store away nobody is let in anew, because nothing would count the tries.
 */
export class SignInDesk implements SignIns {
  readonly #parts: SignInDeskParts;
  readonly #remembered = new Map<string, Remembered>();
  readonly #failed: FailedSignIns;
  /** Checked when there is no such user, so that the answer takes as long. */
  #nobody: Promise<string> | null = null;
  #checking = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(parts: SignInDeskParts) {
    this.#parts = parts;
    this.#failed = new FailedSignIns(({ user, address, why, times }) => {
      void parts.audit({
        ...{ by: user ?? 'unknown', role: 'none', via: 'none', action: 'session/sign-in-failed', subject: user, address },
        detail: { times, why },
      });
    });
  }

  hasUsers(): boolean {
    return this.#parts.users().size > 0;
  }

  async withPassword(asked: { user: string; password: string; address: string }): Promise<Result<NewSession, SignInRefusal>> {
    const name = asked.user.trim().toLowerCase();
    const user = USER_NAME.test(name) ? this.#parts.users().get(name) : undefined;
    this.#nobody ??= hashPassword(randomBytes(24).toString('base64url'));
    const nobody = await this.#nobody;
    const tries = [tryOf('user', name), tryOf('address', asked.address)];
    return this.#guarded(tries, user?.id ?? null, asked.address, async () => {
      const isRight = await this.#check(user?.password ?? nobody, asked.password);
      if (isRight === 'busy') return 'busy';
      // The file may have changed while the password was checked.
      const still = user && this.#parts.users().get(user.id);
      return isRight && still?.password === user?.password && still ? holderOfUser(still) : null;
    });
  }

  async withToken(asked: { token: string; address: string }): Promise<Result<NewSession, SignInRefusal>> {
    const given = Buffer.from(sha256(asked.token));
    let found: AccessToken | null = null;
    for (const token of this.#parts.tokens()) if (timingSafeEqual(given, Buffer.from(sha256(token.secret)))) found = token;
    // What others at the same address have tried does not keep a right token out.
    if (found !== null) return this.#begin(holderOfToken(found), asked.address, []);
    return this.#guarded([tryOf('address', asked.address)], null, asked.address, async () => null);
  }

  async find(secret: string): Promise<HeldSession | null | 'unavailable'> {
    if (!/^[A-Za-z0-9_-]{43}$/.test(secret)) return null;
    const found = await this.#look(sha256(secret));
    if (found === null || found === 'unavailable') return found;
    const held = this.#held(found);
    if (held) this.#noteSeen(found);
    return held;
  }

  stands(sessionId: string): boolean {
    const known = this.#remembered.get(sessionId);
    const nowMs = this.#parts.nowMs();
    if (known === undefined || nowMs - known.askedMs >= FRESH_MS) void this.#look(sessionId);
    if (known === undefined) return true;
    return known.session !== null && nowMs - known.confirmedMs <= FROM_MEMORY_MS && this.#held(known.session) !== null;
  }

  async all(): Promise<readonly HeldSession[] | 'unavailable'> {
    const kept = await this.#parts.store.all(this.#parts.nowMs());
    if (kept === 'unavailable') return kept;
    return kept
      .flatMap((session) => this.#held(session) ?? [])
      .sort((a, b) => b.createdMs - a.createdMs || (a.sessionId < b.sessionId ? -1 : 1));
  }

  async end(sessionId: string): Promise<'ended' | 'unavailable'> {
    const done = await this.#parts.store.end(sessionId);
    if (done === 'ended') this.#remember(sessionId, null);
    return done;
  }

  async close(): Promise<void> {
    this.#failed.close();
    await this.#parts.store.close();
  }

  /** Counts the try before it is made, and answers every failure after the same time. */
  async #guarded(
    tries: readonly CountedTry[],
    user: string | null,
    address: string,
    make: () => Promise<{ holder: Holder; mark: string } | null | 'busy'>,
  ): Promise<Result<NewSession, SignInRefusal>> {
    const { store, failureTakesMs = FAILURE_TAKES_MS } = this.#parts;
    const slow = pause(failureTakesMs);
    const leave = await store.mayTry(tries, this.#parts.nowMs());
    if (leave === 'unavailable') return AWAY;
    if (leave.waitMs > 0) {
      this.#failed.add({ user, address, why: 'refused' });
      const message = `There were too many tries. Try again in ${Math.ceil(leave.waitMs / 1_000)} s.`;
      return { ok: false, error: { id: 'too-many-tries', message, retryAfterMs: leave.waitMs } };
    }
    const made = await make();
    if (made === 'busy') return BUSY;
    if (made === null) {
      this.#failed.add({ user, address, why: 'wrong' });
      await slow;
      return WRONG;
    }
    return this.#begin(made, address, tries);
  }

  async #begin(
    { holder, mark }: { holder: Holder; mark: string },
    address: string,
    tries: readonly CountedTry[],
  ): Promise<Result<NewSession, SignInRefusal>> {
    const { store, nowMs, audit, log } = this.#parts;
    const secret = randomBytes(32).toString('base64url');
    const atMs = nowMs();
    const limits = holder.kind === 'token' && holder.role === 'viewer' ? WALL : PERSON;
    const session: KeptSession = {
      ...{ id: sha256(secret), kind: holder.kind, name: holder.name, role: holder.role, teams: holder.teams, mark, address },
      ...{ createdMs: atMs, lastSeenMs: atMs, expiresMs: atMs + limits.expiresMs, idleMs: limits.idleMs },
    };
    if ((await store.keep(session, SESSIONS_OF_ONE)) === 'unavailable') return AWAY;
    if (tries.length > 0) await store.wasGood(tries);
    this.#remember(session.id, session);
    const { name, role, kind } = holder;
    log.info({ name, role, kind, address }, 'somebody has signed in');
    await audit({ by: name, role, via: 'session', action: 'session/sign-in', subject: name, detail: { kind }, address });
    return ok({ ...heldOf(session, holder), secret });
  }

  /** The session as the store has it, asked at most every two seconds, and of memory for a minute when the store is away. */
  async #look(id: string): Promise<KeptSession | null | 'unavailable'> {
    const nowMs = this.#parts.nowMs();
    const known = this.#remembered.get(id);
    if (known && nowMs - known.askedMs < FRESH_MS) return this.#recalled(known);
    if (known?.asking) return known.asking;
    const asking = this.#ask(id);
    if (known) known.asking = asking;
    return asking;
  }

  async #ask(id: string): Promise<KeptSession | null | 'unavailable'> {
    const found = await this.#parts.store.find(id);
    const known = this.#remembered.get(id);
    if (found !== 'unavailable') {
      this.#remember(id, found);
      return found;
    }
    if (!known) return found;
    known.asking = null;
    known.askedMs = this.#parts.nowMs();
    return this.#recalled(known);
  }

  #recalled({ session, confirmedMs }: Remembered): KeptSession | null | 'unavailable' {
    return this.#parts.nowMs() - confirmedMs <= FROM_MEMORY_MS ? session : 'unavailable';
  }

  #remember(id: string, session: KeptSession | null): void {
    const nowMs = this.#parts.nowMs();
    this.#remembered.delete(id);
    this.#remembered.set(id, { session, confirmedMs: nowMs, askedMs: nowMs, asking: null });
    if (this.#remembered.size <= REMEMBERED) return;
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }

  /** Null: its time is over, or its holder is no more what it was for. */
  #held(session: KeptSession): HeldSession | null {
    if (endOf(session) <= this.#parts.nowMs()) return null;
    const now = this.#holderNow(session);
    return now?.mark === session.mark ? heldOf(session, now.holder) : null;
  }

  #holderNow({ kind, name }: KeptSession): { holder: Holder; mark: string } | null {
    if (kind === 'user') {
      const user = this.#parts.users().get(name);
      return user ? holderOfUser(user) : null;
    }
    const token = this.#parts.tokens().find((each) => each.name === name);
    return token ? holderOfToken(token) : null;
  }

  #noteSeen(session: KeptSession): void {
    const nowMs = this.#parts.nowMs();
    if (nowMs - session.lastSeenMs < SEEN_EVERY_MS) return;
    const known = this.#remembered.get(session.id);
    if (known?.session) known.session = { ...known.session, lastSeenMs: nowMs };
    void this.#parts.store.seen(session.id, nowMs);
  }

  async #check(hashed: string, password: string): Promise<boolean | 'busy'> {
    if (this.#checking >= CHECKED_AT_ONCE) {
      if (this.#waiting.length >= CHECKS_WAITING) return 'busy';
      // Who leaves hands the place on, so that nobody comes in between.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#checking += 1;
    try {
      return await isPassword(hashed, password);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#checking -= 1;
    }
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Names and addresses come from outside: of any length, and personal. */
const tryOf = (what: keyof typeof TRIES, of: string): CountedTry => ({
  key: `${what}/${sha256(of).slice(0, 32)}`,
  ...TRIES[what],
});

function withMark(holder: Holder, secret: string) {
  const { kind, name, role, teams, agentId } = holder;
  return { holder, mark: sha256(JSON.stringify([kind, name, role, teams, agentId, secret])).slice(0, 32) };
}

/** A user as the holder of sessions, with the mark that they carry. */
export const holderOfUser = ({ id, name, role, teams, agentId, password }: User) =>
  withMark({ kind: 'user', name: id, title: name, role, teams, agentId }, password);

const holderOfToken = ({ name, role, agentId, secret }: AccessToken) =>
  withMark({ kind: 'token', name, title: name, role, teams: null, agentId }, secret);

const heldOf = ({ id, createdMs, lastSeenMs, expiresMs, address }: KeptSession, holder: Holder): HeldSession => ({
  ...{ sessionId: id, holder, createdMs, lastSeenMs, expiresMs, address },
});
