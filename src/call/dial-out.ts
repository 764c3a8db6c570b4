import type { Ms } from '../base/time.js';
import { HOUR } from '../base/time.js';

/**
 * Which numbers may be dialled at all. Every digit that is dialled costs somebody money, and the number comes from a caller who may have
 * written anything there: nothing is allowed but what the configuration names.
 */

export interface DialOutPolicy {
  /** Prefixes of national numbers (`13`, `021`). An international number is allowed only by a prefix that itself begins with `00`. */
  readonly allow: readonly string[];
  /** Exceptions from `allow`; of two prefixes that fit the longer one counts, of two equal ones this. */
  readonly deny: readonly string[];
  /** Numbers dialled in any hour, and one number in any hour. */
  readonly perHour: number;
  readonly perNumberPerHour: number;
  /** What the person who is called sees. */
  readonly callerId: string;
  /** Of the site, so that `+86 138…` and `138…` are one number. */
  readonly countryCode: string;
}

/** Emergency and service numbers are shorter; nobody's own number is longer (E.164). */
const DIGITS = /^\+?[0-9]{7,15}$/;

/** The number as it may be dialled, or null for anything that is not digits with a plus before them at most. */
export const dialable = (number: string): string | null => (DIGITS.test(number) ? number : null);

/** As seen from within the country: `+8613800000001` and `008613800000001` are `13800000001`, `+1 202…` is `001202…`. */
function national(number: string, countryCode: string): string {
  const digits = number.startsWith('+') ? `00${number.slice(1)}` : number;
  return digits.startsWith(`00${countryCode}`) ? digits.slice(2 + countryCode.length) : digits;
}

/** One key for the ways in which one number is written. */
export const numberKey = (number: string, countryCode: string): string => national(number, countryCode).replace(/^0+/, '');

export function isAllowed(policy: DialOutPolicy, number: string): boolean {
  if (dialable(number) === null) return false;
  const seen = national(number, policy.countryCode);
  const longest = (prefixes: readonly string[]): number =>
    prefixes.reduce((best, prefix) => (seen.startsWith(prefix) ? Math.max(best, prefix.length) : best), -1);
  const allow = seen.startsWith('00') ? policy.allow.filter((prefix) => prefix.startsWith('00')) : policy.allow;
  return longest(allow.filter((prefix) => prefix !== '')) > longest(policy.deny);
}

/** What has been dialled of late. In memory: a restart forgets it, the promises and their attempts are kept. */
export class DialMeter {
  #dialled: { readonly atMs: Ms; readonly key: string }[] = [];

  /** True and counted, or false when a limit is reached. */
  take(policy: DialOutPolicy, number: string, nowMs: Ms): boolean {
    this.#dialled = this.#dialled.filter(({ atMs }) => atMs > nowMs - HOUR);
    const key = numberKey(number, policy.countryCode);
    if (this.#dialled.length >= policy.perHour) return false;
    if (this.#dialled.filter((each) => each.key === key).length >= policy.perNumberPerHour) return false;
    this.#dialled.push({ atMs: nowMs, key });
    return true;
  }
}
