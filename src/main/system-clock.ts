import type { Ms } from '../base/time.js';
import type { Clock } from '../ports/clock.js';

/** setTimeout takes no more than this; a longer alarm is set again when it is reached. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Anchored to the wall clock once, then driven by the monotonic clock: a step of the wall clock changes no wait and no order. */
export class SystemClock implements Clock {
  readonly #anchorMs: Ms;

  /** `notBeforeMs`: the last moment that was committed, so that time does not go back over a restart either. */
  constructor(notBeforeMs: Ms = 0) {
    this.#anchorMs = Math.max(Date.now(), notBeforeMs) - performance.now();
  }

  nowMs(): Ms {
    return Math.floor(this.#anchorMs + performance.now());
  }

  alarm(atMs: Ms, ring: () => void): () => void {
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const leftMs = atMs - (this.#anchorMs + performance.now());
      if (leftMs <= 0.5) timer = setTimeout(ring, 0);
      else
        timer = setTimeout(
          leftMs > LONGEST_TIMEOUT_MS ? arm : () => (this.nowMs() >= atMs ? ring() : arm()),
          Math.min(Math.ceil(leftMs), LONGEST_TIMEOUT_MS),
        );
    };
    arm();
    return () => clearTimeout(timer);
  }
}
