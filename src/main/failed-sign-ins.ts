import type { Ms } from '../base/time.js';

export interface FailedTry {
  /** A name that exists, or null: what else was typed may be a password in the wrong field, and is kept nowhere. */
  readonly user: string | null;
  readonly address: string;
  /** `wrong` name, password or token; `refused` unheard because there were too many. */
  readonly why: 'wrong' | 'refused';
}

export interface FailedTries extends FailedTry {
  readonly times: number;
}

const TOLD_EVERY_MS: Ms = 60_000;
/** Of so many addresses and names each minute; the rest is told as one. */
const TOLD_APART = 20;

/** Failed sign-ins on their way to the audit: the first is told at once, those that follow within a minute together, so that nobody floods it. */
export class FailedSignIns {
  #waiting = new Map<string, { tried: FailedTry; times: number }>();
  #told = new Set<string>();
  #others = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly tell: (failed: FailedTries) => void,
    everyMs: Ms = TOLD_EVERY_MS,
  ) {
    this.#timer = setInterval(() => this.flush(), everyMs);
    this.#timer.unref();
  }

  add(tried: FailedTry): void {
    const key = JSON.stringify([tried.user, tried.address, tried.why]);
    const waiting = this.#waiting.get(key);
    if (waiting) waiting.times += 1;
    else if (this.#told.size >= TOLD_APART && !this.#told.has(key)) this.#others += 1;
    else if (this.#told.has(key)) this.#waiting.set(key, { tried, times: 1 });
    else {
      this.#told.add(key);
      this.tell({ ...tried, times: 1 });
    }
  }

  /** Tells what has gathered. */
  flush(): void {
    const waiting = [...this.#waiting.values()];
    const others = this.#others;
    this.#waiting = new Map();
    this.#told = new Set();
    this.#others = 0;
    for (const { tried, times } of waiting) this.tell({ ...tried, times });
    if (others > 0) this.tell({ user: null, address: 'many', why: 'wrong', times: others });
  }

  close(): void {
    clearInterval(this.#timer);
    this.flush();
  }
}
