import { isIPv6 } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { MINUTE, type Ms, SECOND } from '../base/time.js';
import type { AccessToken, AuditEntry, TokenTryLimits } from './deps.js';
import { ApiError } from './errors.js';

export const TOKEN_TRIES: TokenTryLimits = {
  free: 20,
  forgetMs: 15 * MINUTE,
  freePerMinute: 600,
  heldMs: SECOND,
  heldOfOne: 20,
  heldInAll: 200,
};

/** What is remembered of one address. */
interface Tries {
  wrong: number;
  lastMs: Ms;
  held: number;
  /** Since it was last told. */
  untold: number;
  toldMs: Ms;
}

const ADDRESSES_REMEMBERED = 5_000;
const TOLD_EVERY_MS: Ms = MINUTE;
/** Addresses told in one minute; who guesses from thousands of them must not flood the audit. */
const TOLD_APART = 20;
const LONGEST_WAIT_S = 60;

/**
 * Guessing of tokens, slowed down. The first wrong ones of an address are answered at once. After them, and when there are too many in all, each
 * is held for a second and answered with 429; who then has many on the way at once is refused unheard. A right token is never held: one that was right
 * here before is let in whatever else its address does, and any other one is refused only with such a crowd on the way.
 */
export class WrongTokens {
  readonly #tries = new Map<string, Tries>();
  /** Tokens that were right since the start. */
  readonly #proven = new WeakSet<AccessToken>();
  readonly #limits: TokenTryLimits;
  #held = 0;
  #minute = { fromMs: Number.NEGATIVE_INFINITY, wrong: 0, told: 0 };

  constructor(
    private readonly nowMs: () => Ms,
    private readonly tell: (entry: AuditEntry) => Promise<void>,
    limits: Partial<TokenTryLimits> = {},
  ) {
    this.#limits = { ...TOKEN_TRIES, ...limits };
  }

  /** Resolves with what it was given. Rejects with 429 when it is null once too often, or when there is a crowd. */
  async judge(found: AccessToken | null, address: string): Promise<AccessToken | null> {
    if (found !== null && this.#proven.has(found)) return found;
    const of = network(address);
    const known = this.#tries.get(of);
    if (known !== undefined && this.#isCrowded(known)) {
      this.#count(of);
      throw tooMany(1);
    }
    if (found !== null) {
      this.#proven.add(found);
      return found;
    }
    const tries = this.#count(of);
    const over = tries.wrong - this.#limits.free;
    if (over <= 0 && this.#minute.wrong <= this.#limits.freePerMinute) return null;
    await this.#hold(tries);
    throw tooMany(Math.min(LONGEST_WAIT_S, 2 ** Math.min(10, Math.max(0, over - 1))));
  }

  /** As `judge` where nobody is refused or held: after too many wrong ones of an address a token that is not known here is nobody's. */
  glance(found: AccessToken | null, address: string): AccessToken | null {
    if (found !== null && this.#proven.has(found)) return found;
    const of = network(address);
    const isTired = (this.#tries.get(of)?.wrong ?? 0) > this.#limits.free;
    if (found === null || isTired) this.#count(of);
    else this.#proven.add(found);
    return isTired ? null : found;
  }

  #isCrowded({ held }: Tries): boolean {
    return held >= this.#limits.heldOfOne || this.#held >= this.#limits.heldInAll;
  }

  async #hold(tries: Tries): Promise<void> {
    tries.held += 1;
    this.#held += 1;
    // Also for one who has hung up: else hanging up would be the way to guess faster.
    await pause(this.#limits.heldMs, undefined, { ref: false });
    tries.held -= 1;
    this.#held -= 1;
  }

  #count(of: string): Tries {
    const nowMs = this.nowMs();
    if (nowMs - this.#minute.fromMs >= MINUTE) this.#minute = { fromMs: nowMs, wrong: 0, told: 0 };
    this.#minute.wrong += 1;
    const known = this.#tries.get(of);
    const isOld = known === undefined || (nowMs - known.lastMs >= this.#limits.forgetMs && known.held === 0);
    const tries = isOld ? { wrong: 0, lastMs: nowMs, held: 0, untold: 0, toldMs: Number.NEGATIVE_INFINITY } : known;
    tries.wrong += 1;
    tries.lastMs = nowMs;
    tries.untold += 1;
    this.#tries.delete(of);
    this.#tries.set(of, tries);
    for (const oldest of this.#tries.keys()) {
      if (this.#tries.size <= ADDRESSES_REMEMBERED) break;
      this.#tries.delete(oldest);
    }
    if (tries.wrong > this.#limits.free) this.#tellOf(of, tries, nowMs);
    return tries;
  }

  #tellOf(address: string, tries: Tries, nowMs: Ms): void {
    if (nowMs - tries.toldMs < TOLD_EVERY_MS || this.#minute.told >= TOLD_APART) return;
    this.#minute.told += 1;
    const times = tries.untold;
    tries.untold = 0;
    tries.toldMs = nowMs;
    const who = { by: 'unknown', role: 'none', via: 'bearer', address };
    void this.tell({ ...who, action: 'session/token-refused', subject: null, detail: { times } });
  }
}

/** One who has an IPv6 network has all its addresses. */
function network(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = address.toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  const missing = address.includes('::') ? 8 - groups.length - (tail === '' ? 0 : tail.split(':').length) : 0;
  const all = [...groups, ...Array.from({ length: missing }, () => '0'), ...(tail === '' ? [] : tail.split(':'))];
  return `${all.slice(0, 4).join(':')}::/64`;
}

const tooMany = (seconds: number): ApiError =>
  new ApiError(429, 'too-many-tries', `There were too many wrong tokens. Try again in ${seconds} s.`, seconds);
