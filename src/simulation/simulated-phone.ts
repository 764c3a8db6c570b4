import type { Ms } from '../base/time.js';
import type { LegEndCause } from '../call/switch-events.js';

/** What an agent's phone does when it rings. */
export interface PhoneBehaviour {
  /** Time until it answers or refuses. */
  readonly afterMs: Ms;
  /** Refuses with this instead of ringing on. */
  readonly refuse?: Extract<LegEndCause, 'busy' | 'declined' | 'unreachable' | 'noAnswer'>;
  /** Rings and rings. */
  readonly silent?: boolean;
  /** Hangs up this long after the answer; null: leaves it to the caller. */
  readonly talkMs: Ms | null;
}

export const PICKS_UP: PhoneBehaviour = { afterMs: 20, talkMs: null };
