import { daysBetween, localTime } from '../base/calendar.js';
import { DAY, MINUTE, type Ms } from '../base/time.js';
import type { DayForecast, PastDay } from './forecast.js';

/** From what was counted to what is expected: past intervals as days for the forecast, and the rest of a day. Pure. */

export const STAFFING_INTERVAL_MS: Ms = 30 * MINUTE;
const INTERVALS = DAY / STAFFING_INTERVAL_MS;

/** What one interval of the past gave, of any length that divides half an hour. */
export interface CountedInterval {
  readonly startMs: Ms;
  readonly offered: number;
  readonly answered: number;
  readonly handleMs: Ms;
}

export interface SiteDays {
  readonly timeZone: string;
  /** Start of the site's day that a moment lies in. */
  readonly dayOf: (atMs: Ms) => Ms;
  /** `ordinary`, `holiday`, `makeUp`. */
  readonly kindOf: (day: string) => string;
}

/** Weekday (0 Monday) of a day that is named. 2000-01-01 was a Saturday. */
export function weekdayOf(day: string): number {
  const count = day >= '2000-01-01' ? daysBetween('2000-01-01', day).length - 1 : 1 - daysBetween(day, '2000-01-01').length;
  return (((count + 5) % 7) + 7) % 7;
}

/** Days before `forDay` of which anything was counted; one on which nobody called was a day without the hotline, and says nothing. */
export function pastDays(rows: readonly CountedInterval[], forDay: string, site: SiteDays): PastDay[] {
  const days = new Map<Ms, { day: string; isWhole: boolean; intervals: { offered: number; answered: number; handleMs: Ms }[] }>();
  for (const { startMs, offered, answered, handleMs } of rows) {
    const start = site.dayOf(startMs);
    let found = days.get(start);
    if (found === undefined) {
      const intervals = Array.from({ length: INTERVALS }, () => ({ offered: 0, answered: 0, handleMs: 0 }));
      const isWhole = site.dayOf(start + DAY + 3 * 60 * MINUTE) === start + DAY;
      found = { day: localTime(site.timeZone, start).day, isWhole, intervals };
      days.set(start, found);
    }
    // On a day of 23 or 25 hours the clock on the wall decides, not what has passed.
    const msOfDay = found.isWhole ? startMs - start : localTime(site.timeZone, startMs).msOfDay;
    const interval = found.intervals[Math.min(INTERVALS - 1, Math.floor(msOfDay / STAFFING_INTERVAL_MS))];
    if (interval === undefined) continue;
    interval.offered += offered;
    interval.answered += answered;
    interval.handleMs += handleMs;
  }
  return [...days.values()]
    .filter(({ day, intervals }) => day < forDay && intervals.some(({ offered }) => offered > 0))
    .map(({ day, intervals }) => ({
      day,
      weekday: weekdayOf(day),
      kind: site.kindOf(day),
      daysAgo: daysBetween(day, forDay).length - 1,
      intervals,
    }));
}

/** Calls still to come after `msOfDay`: whole intervals, and of the present one what is left of it. Null: nothing to go by. */
export function expectedAfter(forecast: DayForecast, msOfDay: Ms): number | null {
  if (forecast.rule === 'none') return null;
  const present = Math.floor(msOfDay / STAFFING_INTERVAL_MS);
  const left = 1 - (msOfDay - present * STAFFING_INTERVAL_MS) / STAFFING_INTERVAL_MS;
  return Math.round(
    forecast.intervals.reduce((sum, { calls }, at) => sum + (at > present ? calls : at === present ? calls * left : 0), 0),
  );
}
