import { HistoryBusy } from '../../ports/history.js';

/** Questions wait here for their turn, a bounded number of them; one whose asker has gone is never asked. */
export class QuestionLine {
  readonly #atOnce: number;
  readonly #waitAtMost: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(atOnce: number, waitAtMost: number) {
    this.#atOnce = atOnce;
    this.#waitAtMost = waitAtMost;
  }

  /** Rejects with HistoryBusy when too many wait, and with the signal's reason when it is given up before its turn. */
  async ask<T>(question: () => Promise<T>, givenUp?: AbortSignal): Promise<T> {
    givenUp?.throwIfAborted();
    if (this.#running < this.#atOnce) this.#running += 1;
    else await this.#turn(givenUp);
    try {
      return await question();
    } finally {
      const next = this.#waiting.shift();
      // The turn is handed over, so that nobody who comes just now is before those who wait.
      if (next) next();
      else this.#running -= 1;
    }
  }

  #turn(givenUp: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.length >= this.#waitAtMost) throw new HistoryBusy();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        reject(givenUp?.reason);
      };
      const go = (): void => {
        givenUp?.removeEventListener('abort', leave);
        resolve();
      };
      this.#waiting.push(go);
      givenUp?.addEventListener('abort', leave, { once: true });
    });
  }
}
