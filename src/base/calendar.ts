import { DAY, MINUTE, type Ms } from './time.js';

/**
 * Opening hours by the wall clock of a time zone. Pure: the moment is an argument, the rules of the zone come from the runtime's own
 * time-zone tables.
 */

/** Minutes of the local day: from 09:00 (540) until before 17:30 (1050). `untilMinute` 1440 is the end of the day. */
export interface OpenSpan {
  readonly fromMinute: number;
  readonly untilMinute: number;
}

export interface Calendar {
  readonly timeZone: string;
  /** Open day and night; nothing else is looked at. */
  readonly always: boolean;
  /** Monday first, seven entries. */
  readonly week: ReadonlyArray<readonly OpenSpan[]>;
  /** `2026-10-01` -> hours of that day, whatever its weekday; none on a holiday. */
  readonly days: Readonly<Record<string, readonly OpenSpan[]>>;
}

/** Local time: the day as `2026-10-01`, its weekday (0 Monday), and milliseconds since its midnight by the clock on the wall. */
export interface LocalTime {
  readonly day: string;
  readonly weekday: number;
  readonly msOfDay: Ms;
}

export function isOpen(calendar: Calendar, atMs: Ms): boolean {
  if (calendar.always) return true;
  const { day, weekday, msOfDay } = localTime(calendar.timeZone, atMs);
  const spans = (Object.hasOwn(calendar.days, day) ? calendar.days[day] : calendar.week[weekday]) ?? [];
  const minute = Math.floor(msOfDay / MINUTE);
  return spans.some((span) => minute >= span.fromMinute && minute < span.untilMinute);
}

export function localTime(timeZone: string, atMs: Ms): LocalTime {
  const shifted = atMs + offsetMs(timeZone, atMs);
  const days = Math.floor(shifted / DAY);
  // The first of January 1970 was a Thursday.
  return { day: dayName(days), weekday: (((days + 3) % 7) + 7) % 7, msOfDay: shifted - days * DAY };
}

/** The first moment of the local day that `atMs` lies in. Right on days of 23 and 25 hours, and where a clock change skips midnight. */
export function dayStartMs(timeZone: string, atMs: Ms): Ms {
  const { day, msOfDay } = localTime(timeZone, atMs);
  const midnight = atMs + offsetMs(timeZone, atMs) - msOfDay;
  // A zone changes its offset at most once within a day, so the offsets just before and just after are all that can apply.
  const candidates = [offsetMs(timeZone, atMs - DAY), offsetMs(timeZone, atMs), offsetMs(timeZone, atMs + DAY)]
    .map((offset) => midnight - offset)
    .filter((start) => start <= atMs && localTime(timeZone, start).day === day);
  return Math.min(atMs, ...candidates);
}

export function isTimeZone(name: string): boolean {
  try {
    formatter(name);
    return true;
  } catch {
    return false;
  }
}

/** True for a day that exists: `2027-02-29` does not. */
export function isDay(name: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(name);
  return match !== null && dayName(dayNumber(Number(match[1]), Number(match[2]), Number(match[3]))) === name;
}

/** All days from `first` to `last`, both included. */
export function daysBetween(first: string, last: string): string[] {
  const number = (name: string): number => {
    const [year = 0, month = 0, day = 0] = name.split('-').map(Number);
    return dayNumber(year, month, day);
  };
  const from = number(first);
  return Array.from({ length: Math.max(0, number(last) - from + 1) }, (_, n) => dayName(from + n));
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making one costs a hundred times what using one costs. Names come from the configuration, so there are few. */
function formatter(timeZone: string): Intl.DateTimeFormat {
  let found = formatters.get(timeZone);
  if (!found) {
    found = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(timeZone, found);
  }
  return found;
}

/** Local clock minus UTC. */
function offsetMs(timeZone: string, atMs: Ms): Ms {
  const part: Record<string, number> = {};
  for (const { type, value } of formatter(timeZone).formatToParts(atMs)) part[type] = Number(value);
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = part;
  const local = dayNumber(year, month, day) * DAY + ((hour * 60 + minute) * 60 + second) * 1_000;
  return local - Math.floor(atMs / 1_000) * 1_000;
}

/** Days since 1970-01-01 of a Gregorian date (Hinnant, "chrono-compatible low-level date algorithms"). */
function dayNumber(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
}

function dayName(days: number): string {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}
