import { isDay } from '../../base/calendar.js';
import { DAY, MINUTE, type Ms, SECOND } from '../../base/time.js';

const PATTERN = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2}))?(Z|[+-]\d{2}:?\d{2})$/;
/** Days before each month of a year that is no leap year. */
const DAYS_BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/** `2026-11-20T10:00+08:00` as milliseconds since 1970; null: no such moment, or without its distance from UTC. */
export function parseMoment(text: string): Ms | null {
  const match = PATTERN.exec(text.trim());
  if (match === null) return null;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '0', zone = 'Z'] = match;
  if (!isDay(`${year}-${month}-${day}`) || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  if (Number(year) < 1970) return null;
  const offset = offsetOf(zone);
  if (offset === null) return null;
  const days = daysSince1970(Number(year), Number(month), Number(day));
  return days * DAY + (Number(hour) * 60 + Number(minute)) * MINUTE + Number(second) * SECOND - offset;
}

function offsetOf(zone: string): Ms | null {
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 14 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * MINUTE;
}

function daysSince1970(year: number, month: number, day: number): number {
  const leapsBefore = (y: number): number => Math.floor((y - 1) / 4) - Math.floor((y - 1) / 100) + Math.floor((y - 1) / 400);
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const years = (year - 1970) * 365 + leapsBefore(year) - leapsBefore(1970);
  return years + (DAYS_BEFORE[month - 1] as number) + (isLeap && month > 2 ? 1 : 0) + day - 1;
}
