import type { FlowValue } from '../contract.js';

/** Days and times of day as systems write them. Nothing is converted: what is written is what is said. */

export interface SpokenDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

export interface SpokenTime {
  readonly hour: number;
  readonly minute: number;
}

const DAY = /^(\d{4})(?:-(\d{2})-(\d{2})|\/(\d{2})\/(\d{2})|(\d{2})(\d{2}))(?:[T ]\d{2}:\d{2}.*)?$/;
const TIME = /^(?:\d{4}-\d{2}-\d{2}[T ])?(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?$/;
const MAX_TEXT = 40;
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** `2026-12-05`, `2026/12/05`, `20261205`, or the day of `2026-12-05T14:30`, years 1000 to 9999. Null: no such day. */
export function readDay(value: FlowValue): SpokenDay | null {
  const written = typeof value === 'number' ? `${value}` : value;
  if (typeof written !== 'string' || written.length > MAX_TEXT) return null;
  const match = DAY.exec(written.trim());
  if (match === null) return null;
  const year = Number(match[1]);
  const month = Number(match[2] ?? match[4] ?? match[6]);
  const day = Number(match[3] ?? match[5] ?? match[7]);
  const isReal = year >= 1000 && month >= 1 && month <= 12 && day >= 1 && day <= (MONTH_DAYS[month - 1] as number);
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return isReal && (month !== 2 || day < 29 || isLeap) ? { year, month, day } : null;
}

/** `14:30`, `14:30:59` (seconds are not said), or the time of `2026-12-05T14:30+08:00`. Null: no such time. */
export function readTime(value: FlowValue): SpokenTime | null {
  if (typeof value !== 'string' || value.length > MAX_TEXT) return null;
  const match = TIME.exec(value.trim());
  if (match === null) return null;
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  return hour < 24 && minute < 60 && second < 60 ? { hour, minute } : null;
}
