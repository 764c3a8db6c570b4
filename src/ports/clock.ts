import type { Ms } from '../base/time.js';

/**
 * The domain's time: milliseconds since the epoch that never go back and never jump. Anchored to the wall clock once, at start,
 * then driven by the monotonic clock.
 */
export interface Clock {
  nowMs(): Ms;
  /** Calls back at or after `atMs`. Returns a function that takes the alarm back. */
  alarm(atMs: Ms, ring: () => void): () => void;
}
