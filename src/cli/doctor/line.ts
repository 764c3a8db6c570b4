/** What the doctor says about one thing, in both languages. */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

export type Verdict = 'ok' | 'warn' | 'fail';

export interface Line {
  /** Stable: `redis-policy`. */
  readonly id: string;
  readonly verdict: Verdict;
  readonly found: Words;
  /** What to do about it; null when all is well. */
  readonly mend: Words | null;
}

export const words = (zh: string, en: string): Words => ({ zh, en });
export const fine = (id: string, found: Words): Line => ({ id, verdict: 'ok', found, mend: null });
export const odd = (id: string, found: Words, mend: Words): Line => ({ id, verdict: 'warn', found, mend });
export const bad = (id: string, found: Words, mend: Words): Line => ({ id, verdict: 'fail', found, mend });

/** True when `version` (`7.0.15`, `22.10.1~dfsg`) is `least` or newer; text after the numbers is passed over. */
export function isAtLeast(version: string, least: string): boolean {
  const parts = (text: string): number[] => (/^[^\d]*(\d+(?:\.\d+)*)/.exec(text)?.[1] ?? '0').split('.').map(Number);
  const [have, need] = [parts(version), parts(least)];
  for (let i = 0; i < need.length; i++) {
    const difference = (have[i] ?? 0) - (need[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
