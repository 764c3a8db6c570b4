import type { Decimal } from './decimal.js';
import { type Currency, cents, durationParts, type Fragments, type Grammar, named } from './grammar.js';

/** English as a bank's line in Asia says it: "and" after hundreds, the day before the month, yuan and fen without a plural. */

const BELOW_TWENTY =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const TENS = '_ _ twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const IRREGULAR: Readonly<Record<string, string>> = {
  one: 'first',
  two: 'second',
  three: 'third',
  five: 'fifth',
  eight: 'eighth',
  nine: 'ninth',
  twelve: 'twelfth',
};

function belowHundred(n: number): string {
  if (n < 20) return BELOW_TWENTY[n] as string;
  const tens = TENS[Math.floor(n / 10)] as string;
  return n % 10 === 0 ? tens : `${tens}-${BELOW_TWENTY[n % 10]}`;
}

function ordinal(n: number): string {
  const words = belowHundred(n).split('-');
  const last = words.pop() as string;
  return [...words, IRREGULAR[last] ?? (last.endsWith('y') ? `${last.slice(0, -1)}ieth` : `${last}th`)].join('-');
}

interface Measure {
  readonly one: string;
  readonly many: string;
}
const plural = (one: string, many = `${one}s`): Measure => ({ one, many });
const MEASURES: Readonly<Record<Currency, { readonly unit: Measure; readonly cent: Measure | null }>> = {
  CNY: { unit: plural('yuan', 'yuan'), cent: plural('fen', 'fen') },
  HKD: { unit: plural('hk-dollar'), cent: plural('cent') },
  USD: { unit: plural('us-dollar'), cent: plural('cent') },
  EUR: { unit: plural('euro'), cent: plural('cent') },
  JPY: { unit: plural('yen', 'yen'), cent: null },
};
const PARTS: Readonly<Record<string, Measure>> = {
  days: plural('day'),
  hours: plural('hour'),
  minutes: plural('minute'),
  seconds: plural('second'),
};

const groups = {
  ones: named('n', 0, 9, belowHundred),
  upTo99: named('n', 10, 99, belowHundred),
  large: {
    ...named('hundred', 1, 9, (n) => `${belowHundred(n)} hundred`),
    thousand: 'thousand',
    million: 'million',
    billion: 'billion',
  },
  and: { and: 'and' },
  sign: { minus: 'minus' },
  point: { point: 'point' },
  keys: { star: 'star', hash: 'hash', plus: 'plus' },
  cents: { cent: 'cent', cents: 'cents' },
  CNY: { yuan: 'yuan', fen: 'fen' },
  HKD: { 'hk-dollar': 'Hong Kong dollar', 'hk-dollars': 'Hong Kong dollars' },
  USD: { 'us-dollar': 'US dollar', 'us-dollars': 'US dollars' },
  EUR: { euro: 'euro', euros: 'euros' },
  JPY: { yen: 'yen' },
  date: {
    ...named('day', 1, 31, (n) => `the ${ordinal(n)} of`),
    ...named('month', 1, 12, (n) => MONTHS[n - 1] as string),
    century: 'hundred',
  },
  oh: { oh: 'oh' },
  time: { am: 'a.m.', pm: 'p.m.', midnight: 'midnight', noon: 'noon' },
  percent: { percent: 'percent' },
  duration: Object.fromEntries(Object.values(PARTS).flatMap(({ one, many }) => [one, many].map((word) => [word, word]))),
};

const WHOLE = ['ones', 'upTo99', 'large', 'and'];
const DECIMAL = [...WHOLE, 'sign', 'point'];

export const english: Grammar = {
  groups,
  glue: ' ',
  groupsOf(kind, currency) {
    switch (kind) {
      case 'number':
        return DECIMAL;
      case 'percent':
        return [...DECIMAL, 'percent'];
      case 'digits':
        return ['ones', 'keys'];
      case 'amount':
        return [...WHOLE, 'sign', currency ?? 'CNY', ...(currency === 'CNY' || currency === 'JPY' ? [] : ['cents'])];
      case 'date':
        return [...WHOLE, 'date', 'oh'];
      case 'time':
        return ['ones', 'upTo99', 'oh', 'time'];
      case 'duration':
        return [...WHOLE, 'duration'];
    }
  },

  number: (value) => [...sign(value), ...spoken(value)],
  percent: (value) => [...sign(value), ...spoken(value), 'percent'],
  digits: (text) => Array.from(text, (key) => KEYS[key] ?? `n-${key}`),

  amount(value, currency) {
    const { unit, cent } = MEASURES[currency];
    const small = cent === null ? 0 : cents(value);
    const made = value.whole > 0 || small === 0 ? counted(value.whole, unit) : [];
    if (cent === null || small === 0) return [...sign(value), ...made];
    return [...sign(value), ...made, ...(made.length > 0 ? ['and'] : []), ...counted(small, cent)];
  },

  date: ({ year, month, day }) => [`day-${day}`, `month-${month}`, ...yearWords(year)],

  time({ hour, minute }) {
    if (minute === 0 && hour % 12 === 0) return [hour === 0 ? 'midnight' : 'noon'];
    const clock = `n-${hour % 12 === 0 ? 12 : hour % 12}`;
    const half = hour < 12 ? 'am' : 'pm';
    if (minute === 0) return [clock, half];
    return [clock, ...(minute < 10 ? ['oh'] : []), `n-${minute}`, half];
  },

  duration(seconds) {
    const parts = Object.entries(durationParts(seconds)).filter(([, count]) => count > 0);
    if (parts.length === 0) return ['n-0', 'seconds'];
    return parts.flatMap(([part, count], index) => [
      ...(index > 0 && index === parts.length - 1 ? ['and'] : []),
      ...counted(count, PARTS[part] as Measure),
    ]);
  },
};

const KEYS: Readonly<Record<string, string>> = { '*': 'star', '#': 'hash', '+': 'plus' };

const sign = (value: Decimal): Fragments => (value.negative ? ['minus'] : []);

const counted = (n: number, { one, many }: Measure): Fragments => [...wholeNumber(n), n === 1 ? one : many];

function spoken({ whole, fraction }: Decimal): Fragments {
  const after = Array.from(fraction, (digit) => `n-${digit}`);
  return [...wholeNumber(whole), ...(after.length > 0 ? ['point', ...after] : [])];
}

/** 0 to below 10^12. */
function wholeNumber(n: number): Fragments {
  if (n < 100) return [`n-${n}`];
  const made: string[] = [];
  for (const [value, unit] of [
    [Math.floor(n / 1e9), 'billion'],
    [Math.floor(n / 1e6) % 1000, 'million'],
    [Math.floor(n / 1000) % 1000, 'thousand'],
    [n % 1000, null],
  ] as const) {
    if (value === 0) continue;
    if (unit === null && value < 100 && made.length > 0) made.push('and');
    made.push(...belowThousand(value), ...(unit === null ? [] : [unit]));
  }
  return made;
}

function belowThousand(n: number): Fragments {
  const rest = n % 100;
  if (n < 100) return [`n-${n}`];
  return [`hundred-${Math.floor(n / 100)}`, ...(rest === 0 ? [] : ['and', `n-${rest}`])];
}

/** 2026 twenty twenty-six, 1905 nineteen oh five, 1900 nineteen hundred, 2000 two thousand, 2005 two thousand and five. */
function yearWords(year: number): Fragments {
  const century = Math.floor(year / 100);
  const rest = year % 100;
  if (century % 10 === 0 && rest < 10) return wholeNumber(year);
  if (rest === 0) return [`n-${century}`, 'century'];
  return [`n-${century}`, ...(rest < 10 ? ['oh'] : []), `n-${rest}`];
}
