import type { RedisStore } from '../../src/adapters/redis/redis-store.js';
import type { Fact } from '../../src/base/facts.js';
import { until } from './phone/phone.js';

const PAGE = 5_000;

/** The facts in Redis, each read once, however many wait for one of them. */
export class HouseFacts {
  readonly all: Fact[] = [];
  #reading: Promise<void> | null = null;

  constructor(private readonly store: RedisStore) {}

  /** Resolves when everything that is in Redis now has been read. */
  async refresh(): Promise<readonly Fact[]> {
    // A reading that is under way may have passed the newest ones.
    await this.#reading;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    await this.#reading;
    return this.all;
  }

  /** What `look` finds in the facts, now or later. */
  find<T>(what: string, look: (facts: readonly Fact[]) => T | null | undefined | false, withinMs = 8_000): Promise<T> {
    return until(what, async () => look(await this.refresh()), { withinMs, everyMs: 20, describe: () => '' });
  }

  async #read(): Promise<void> {
    for (;;) {
      const page = await this.store.facts(this.all.at(-1)?.seq ?? 0, PAGE);
      if (page.length === 0) return;
      this.all.push(...page);
    }
  }
}
