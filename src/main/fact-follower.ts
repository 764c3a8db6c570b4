import type { Fact } from '../base/facts.js';
import type { Log } from '../ports/log.js';
import type { StateStore } from '../ports/state-store.js';

const PAGE = 5_000;

/** Brings facts to a fold in order and without a hole: first those of the store, then those of the writer as they come. */
export class FactFollower {
  readonly #store: StateStore;
  readonly #log: Log;
  readonly #add: (fact: Fact) => void;
  readonly #added: () => void;
  #seq = 0;
  #waiting: Fact[] = [];
  #catchingUp = false;

  constructor(options: { store: StateStore; log: Log; add: (fact: Fact) => void; added: () => void }) {
    this.#store = options.store;
    this.#log = options.log;
    this.#add = options.add;
    this.#added = options.added;
  }

  /** Reads all that the store has. */
  async replay(): Promise<number> {
    let count = 0;
    for (let page = await this.#store.facts(this.#seq, PAGE); page.length > 0; page = await this.#store.facts(this.#seq, PAGE)) {
      for (const fact of page) this.#take(fact);
      count += page.length;
    }
    return count;
  }

  accept(facts: readonly Fact[]): void {
    const first = facts[0];
    if (!first) return;
    if (this.#catchingUp || (this.#seq > 0 && first.seq > this.#seq + 1)) {
      this.#waiting.push(...facts);
      if (!this.#catchingUp) void this.#catchUp();
      return;
    }
    for (const fact of facts) this.#take(fact);
    this.#added();
  }

  /** Facts were written that nobody told us of (another node was the writer meanwhile). */
  async #catchUp(): Promise<void> {
    this.#catchingUp = true;
    try {
      await this.replay();
    } catch (error) {
      this.#log.warn({ error: String(error) }, 'facts could not be read again');
    }
    this.#catchingUp = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    const first = waiting[0];
    // What the store has lost is lost; the figures go on from here.
    if (first && first.seq > this.#seq + 1) this.#log.error({ from: this.#seq + 1, to: first.seq - 1 }, 'facts are missing');
    for (const fact of waiting) this.#take(fact);
    this.#added();
  }

  #take(fact: Fact): void {
    if (fact.seq <= this.#seq) return;
    this.#seq = fact.seq;
    this.#add(fact);
  }
}
