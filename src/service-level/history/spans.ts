import { HOUR, MINUTE, type Ms, SECOND } from '../../base/time.js';
import type { SpanMin } from './rows.js';

const QUARTER: Ms = 15 * MINUTE;
const REMEMBERED = 1_000;

/** Intervals begin with the site's day, so that an hour is an hour of the wall also where the zone is half an hour off. */
export class Spans {
  readonly #dayStartMs: (atMs: Ms) => Ms;
  readonly #days = new Map<Ms, Ms>();

  constructor(dayStartMs: (atMs: Ms) => Ms) {
    this.#dayStartMs = dayStartMs;
  }

  /** Start of the site's day, remembered because a time zone is dear to ask. Days begin at whole quarters of an hour, in every zone. */
  dayOf(atMs: Ms): Ms {
    const quarter = Math.floor(atMs / QUARTER) * QUARTER;
    let day = this.#days.get(quarter);
    if (day === undefined) {
      day = this.#dayStartMs(quarter);
      if (this.#days.size >= REMEMBERED) this.#days.clear();
      this.#days.set(quarter, day);
    }
    return day;
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
