/**
 * Keeps the commands of one call in order while calls go on side by side. A chain is dropped as soon as it is idle.
 * What runs here must settle by itself: every request has a time limit.
 */
export class CallChains {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `work` after everything given for `key` before. */
  run(key: string, work: () => Promise<void>): Promise<void> {
    const before = this.#tails.get(key);
    return this.#append(key, before === undefined ? work() : before.then(work));
  }

  /** Runs `work` at once; what is given for `key` after it waits for it. */
  overtake(key: string, work: () => Promise<void>): Promise<void> {
    const before = this.#tails.get(key);
    const running = work();
    this.#append(key, before === undefined ? running : Promise.all([before, running]).then(() => undefined));
    return running;
  }

  get size(): number {
    return this.#tails.size;
  }

  /** Resolves when everything that was given so far is done. */
  async idle(): Promise<void> {
    await Promise.all(this.#tails.values());
  }

  #append(key: string, work: Promise<void>): Promise<void> {
    const tail = work.then(
      () => {
        if (this.#tails.get(key) === tail) this.#tails.delete(key);
      },
      () => {
        if (this.#tails.get(key) === tail) this.#tails.delete(key);
      },
    );
    this.#tails.set(key, tail);
    return tail;
  }
}
