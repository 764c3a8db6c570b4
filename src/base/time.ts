import { err, ok, type Result } from './result.js';

/** A moment or a length of time in whole milliseconds. Names end in the unit: `atMs`, `waitMs`. */
export type Ms = number;

export const SECOND: Ms = 1_000;
export const MINUTE: Ms = 60_000;
export const HOUR: Ms = 3_600_000;
export const DAY: Ms = 86_400_000;

const UNITS: Record<string, Ms> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** Reads `250ms`, `20s`, `1.5m`, `2h`, `90d`, and several in a row (`1m30s`). A bare number has no unit and is refused. */
export function parseDuration(text: string): Result<Ms, string> {
  const trimmed = text.trim();
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(trimmed)) {
    return err(`"${text}" is not a length of time; write it like 20s, 1m30s, 250ms, 2h or 90d`);
  }
  let total = 0;
  for (const [, amount, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * (UNITS[unit as string] as number);
  }
  return Number.isInteger(total) ? ok(total) : err(`"${text}" is not a whole number of milliseconds`);
}

/** `83000` becomes `1m23s`; under a minute with one decimal: `2.5s`. For people, not for parsing. */
export function formatDuration(ms: Ms): string {
  if (ms < SECOND) return `${ms}ms`;
  if (ms < MINUTE) return `${Number((ms / SECOND).toFixed(1))}s`;
  const hours = Math.floor(ms / HOUR);
  const minutes = Math.floor((ms % HOUR) / MINUTE);
  const seconds = Math.floor((ms % MINUTE) / SECOND);
  return `${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}${seconds > 0 ? `${seconds}s` : ''}`;
}

const two = (n: number): string => String(n).padStart(2, '0');

/** `20261121-231507`: a moment in UTC for ids and folder names. Arithmetic only (days to civil date after H. Hinnant), because floors 0 to 2 have no Date. */
export function utcStamp(atMs: Ms): string {
  const days = Math.floor(atMs / DAY) + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const seconds = Math.floor((atMs - Math.floor(atMs / DAY) * DAY) / SECOND);
  return `${year}${two(month)}${two(day)}-${two(Math.floor(seconds / 3600))}${two(Math.floor(seconds / 60) % 60)}${two(seconds % 60)}`;
}
