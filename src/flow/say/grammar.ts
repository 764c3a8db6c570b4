import type { Decimal } from './decimal.js';
import type { SpokenDay, SpokenTime } from './moment.js';

/** Currencies that can be said, with how many decimals they have. */
export const CURRENCIES = { CNY: 2, USD: 2, EUR: 2, HKD: 2, JPY: 0 } as const;
export type Currency = keyof typeof CURRENCIES;

/** What can be said of a value. */
export const SAY_KINDS = ['number', 'digits', 'amount', 'date', 'time', 'percent', 'duration'] as const;
export type SayKind = (typeof SAY_KINDS)[number];

/** Names of fragments, without their folder: `n-26`, `month-12`. */
export type Fragments = readonly string[];

/** How one language says values, as rows of fragments that are spoken once and played one after the other. */
export interface Grammar {
  /** What is spoken, by group and name. Each name stands in one group; below 400 in all, because each is a sound to be made. */
  readonly groups: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The groups that a kind of value may take fragments from. */
  groupsOf(kind: SayKind, currency: Currency | null): readonly string[];
  /** Between two fragments where they are written: nothing in Chinese. */
  readonly glue: string;
  number(value: Decimal): Fragments;
  /** 0 to 9, `*`, `#` and `+`, one by one. `phone` as telephone numbers are told. */
  digits(text: string, style: DigitStyle): Fragments;
  /** At most as many decimals as the currency has. */
  amount(value: Decimal, currency: Currency): Fragments;
  date(day: SpokenDay): Fragments;
  time(time: SpokenTime): Fragments;
  percent(value: Decimal): Fragments;
  /** Whole seconds. */
  duration(seconds: number): Fragments;
}

export const DIGIT_STYLES = ['plain', 'phone'] as const;
export type DigitStyle = (typeof DIGIT_STYLES)[number];

/** Hundredths of the currency, 0 to 99. */
export const cents = (value: Decimal): number => Number(value.fraction.padEnd(2, '0'));

/** `named('n', 0, 9, words)`: fragments n-0 to n-9. */
export const named = (prefix: string, from: number, to: number, text: (n: number) => string): Record<string, string> =>
  Object.fromEntries(Array.from({ length: to - from + 1 }, (_, i) => [`${prefix}-${from + i}`, text(from + i)]));

export interface DurationParts {
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
}

export const durationParts = (seconds: number): DurationParts => ({
  days: Math.floor(seconds / 86_400),
  hours: Math.floor(seconds / 3_600) % 24,
  minutes: Math.floor(seconds / 60) % 60,
  seconds: seconds % 60,
});
