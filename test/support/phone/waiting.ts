type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Error };

/** Something that happens once (or fails), and those who wait for it, each with a limit. */
export class OneShot<T> {
  #outcome: Outcome<T> | null = null;
  readonly #waiting = new Set<() => void>();

  constructor(readonly what: string) {}

  get happened(): boolean {
    return this.#outcome?.ok === true;
  }
  fire(value: T): void {
    this.#settle({ ok: true, value });
  }
  fail(error: Error): void {
    this.#settle({ ok: false, error });
  }
  wait(withinMs: number, describe: () => string): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = (): boolean => {
        if (this.#outcome === null) return false;
        if (this.#outcome.ok) resolve(this.#outcome.value);
        else reject(this.#outcome.error);
        return true;
      };
      if (look()) return;
      const limit = setTimeout(() => {
        this.#waiting.delete(wake);
        reject(new Error(`${this.what} did not come within ${withinMs} ms: ${describe()}`));
      }, withinMs);
      const wake = (): void => {
        clearTimeout(limit);
        look();
      };
      this.#waiting.add(wake);
    });
  }
  #settle(outcome: Outcome<T>): void {
    if (this.#outcome !== null) return;
    this.#outcome = outcome;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

/** Things that come one after the other; each `next` takes one, so nobody waits for what has already come, or gets it twice. */
export class Line<T> {
  readonly #items: T[] = [];
  readonly #waiting: Array<(item: T) => void> = [];

  constructor(readonly what: string) {}

  put(item: T): void {
    const taker = this.#waiting.shift();
    if (taker === undefined) this.#items.push(item);
    else taker(item);
  }
  next(withinMs: number, describe: () => string): Promise<T> {
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve, reject) => {
      const take = (came: T): void => {
        clearTimeout(limit);
        resolve(came);
      };
      const limit = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        reject(new Error(`${this.what} did not come within ${withinMs} ms: ${describe()}`));
      }, withinMs);
      this.#waiting.push(take);
    });
  }
}

/** Looks again and again until `look` gives something other than null, undefined or false. For conditions that send no event. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  { withinMs = 5000, everyMs = 10, describe = (): string => '' } = {},
): Promise<NonNullable<Exclude<T, false>>> {
  const limit = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found as NonNullable<Exclude<T, false>>;
    if (performance.now() > limit) throw new Error(`${what} did not come within ${withinMs} ms ${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
