import { DAY, HOUR, MINUTE, type Ms, SECOND } from '../../base/time.js';
import type { SpanMin } from './rows.js';

/** Days that are remembered: more than ten years. */
const REMEMBERED = 4_000;

interface SiteDay {
  readonly startMs: Ms;
  readonly endMs: Ms;
}

/** Intervals begin with the site's day, so that an hour is an hour of the wall also where the zone is half an hour off. */
export class Spans {
  readonly #dayStartMs: (atMs: Ms) => Ms;
  /** By the number of the day in UTC: each has parts of two of the site's days. */
  readonly #days = new Map<number, SiteDay[]>();

  constructor(dayStartMs: (atMs: Ms) => Ms) {
    this.#dayStartMs = dayStartMs;
  }

  /** Start of the site's day, remembered because a time zone is dear to ask. */
  dayOf(atMs: Ms): Ms {
    const number = Math.floor(atMs / DAY);
    const near = this.#days.get(number);
    const known = near?.find(({ startMs, endMs }) => startMs <= atMs && atMs < endMs);
    if (known) return known.startMs;
    const startMs = this.#dayStartMs(atMs);
    // A day has 23 to 25 hours: this lies in the next one.
    const day = { startMs, endMs: this.#dayStartMs(startMs + DAY + 12 * HOUR) };
    if (this.#days.size >= REMEMBERED) this.#days.clear();
    this.#days.set(number, [...(near ?? []), day]);
    return startMs;
  }

  startOf(span: SpanMin, atMs: Ms): Ms {
    const day = this.dayOf(atMs);
    if (span === 1440) return day;
    const length = span * MINUTE;
    return day + Math.floor((atMs - day) / length) * length;
  }

  /** Cuts a stretch of time at the hours of the site. */
  *hours(fromMs: Ms, untilMs: Ms): Generator<{ readonly startMs: Ms; readonly lengthMs: Ms }> {
    for (let at = fromMs; at < untilMs; ) {
      const startMs = this.startOf(60, at);
      // The hour before a change of the clocks may be cut short by the next day.
      const next = startMs + HOUR;
      const end = Math.min(untilMs, this.dayOf(next) === this.dayOf(at) ? next : Math.min(next, this.dayOf(next)));
      yield { startMs, lengthMs: end - at };
      at = end;
    }
  }
}

const EXACT_S = 600;
const MOST_S = 7_200;

/**
 * Upper bound in seconds of the step that a wait falls into: whole seconds to ten minutes, so that a threshold in whole seconds cuts exactly
 * (T is inclusive); whole minutes to two hours; then all the rest as 7201.
 */
export function waitStepS(waitMs: Ms): number {
  const seconds = Math.ceil(waitMs / SECOND);
  if (seconds <= EXACT_S) return seconds;
  return seconds <= MOST_S ? Math.ceil(seconds / 60) * 60 : MOST_S + 1;
}
