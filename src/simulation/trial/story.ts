import { createHash, type Hash } from 'node:crypto';
import type { Ms } from '../../base/time.js';

/** What happened in one trial, as a hash that must be the same for the same seed; the lines themselves are kept only when asked for. */
export class Story {
  readonly #hash: Hash = createHash('sha256');
  readonly lines: string[] = [];
  readonly #startMs: Ms;
  readonly #keep: boolean;
  #count = 0;

  constructor(startMs: Ms, keep: boolean) {
    this.#startMs = startMs;
    this.#keep = keep;
  }

  get count(): number {
    return this.#count;
  }

  tell(atMs: Ms, who: string, what: string): void {
    const line = `${((atMs - this.#startMs) / 1_000).toFixed(3).padStart(9)}  ${who.padEnd(8)} ${what}`;
    this.#count++;
    this.#hash.update(line).update('\n');
    if (this.#keep) this.lines.push(line);
  }

  /** Hex; to be asked for once, at the end. */
  hash(): string {
    return this.#hash.digest('hex').slice(0, 32);
  }
}
