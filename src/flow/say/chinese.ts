import type { Decimal } from './decimal.js';
import { type Currency, cents, durationParts, type Fragments, type Grammar, named } from './grammar.js';
import type { SpokenTime } from './moment.js';

/**
 * Mandarin. 两 stands for two at the head of a number before 百 千 万 亿 and alone before a measure (两元, 两点, 两天); elsewhere it is 二 (三万二千, 二角,
 * 十二元). Ten is 十 at the head and 一十 within (一百一十). After Lü Shuxiang, Eight Hundred Words of Modern Chinese, under 二 and 两.
 */

const ONES = '零一二三四五六七八九';
const ones = (n: number): string => ONES[n] as string;
/** 0 to 99 as at the head of a number. */
function belowHundred(n: number): string {
  if (n < 10) return ones(n);
  const tens = Math.floor(n / 10);
  return `${tens === 1 ? '' : ones(tens)}十${n % 10 === 0 ? '' : ones(n % 10)}`;
}

const LIANG = 'liang';
const MEASURES: Readonly<
  Record<Currency, { readonly unit: string; readonly tenth: string | null; readonly cent: string | null }>
> = {
  CNY: { unit: 'yuan', tenth: 'jiao', cent: 'fen' },
  HKD: { unit: 'yuan', tenth: 'jiao', cent: 'fen' },
  USD: { unit: 'usd', tenth: null, cent: 'us-cent' },
  EUR: { unit: 'eur', tenth: null, cent: 'euro-cent' },
  JPY: { unit: 'jpy', tenth: null, cent: null },
};

const groups = {
  ones: named('n', 0, 9, ones),
  numbers: {
    ...named('n', 10, 99, belowHundred),
    ...named('within', 10, 19, (n) => `一${belowHundred(n)}`),
    ...named('hundred', 1, 9, (n) => `${ones(n)}百`),
    ...named('thousand', 1, 9, (n) => `${ones(n)}千`),
    [LIANG]: '两',
    'hundred-liang': '两百',
    'thousand-liang': '两千',
    wan: '万',
    yi: '亿',
  },
  sign: { minus: '负' },
  point: { point: '点' },
  phone: { yao: '幺', star: '星号', hash: '井号', plus: '加' },
  CNY: { yuan: '元', jiao: '角', fen: '分' },
  HKD: { hkd: '港币' },
  USD: { usd: '美元', 'us-cent': '美分' },
  EUR: { eur: '欧元', 'euro-cent': '欧分' },
  JPY: { jpy: '日元' },
  date: {
    year: '年',
    ...named('month', 1, 12, (n) => `${belowHundred(n)}月`),
    ...named('day', 1, 31, (n) => `${belowHundred(n)}日`),
  },
  time: {
    'before-dawn': '凌晨',
    morning: '上午',
    midday: '中午',
    afternoon: '下午',
    evening: '晚上',
    ...named('hour', 0, 12, (n) => `${n === 2 ? '两' : belowHundred(n)}点`),
    sharp: '整',
    minute: '分',
  },
  percent: { percent: '百分之' },
  duration: { days: '天', hours: '小时', minutes: '分钟', seconds: '秒' },
} as const;

const DECIMAL = ['sign', 'ones', 'numbers', 'point'];

export const chinese: Grammar = {
  groups,
  glue: '',
  groupsOf(kind, currency) {
    switch (kind) {
      case 'number':
        return DECIMAL;
      case 'percent':
        return [...DECIMAL, 'percent'];
      case 'digits':
        return ['ones', 'phone'];
      case 'amount':
        return ['sign', 'ones', 'numbers', ...(currency === 'HKD' ? ['CNY', 'HKD'] : [currency ?? 'CNY'])];
      case 'date':
        return ['ones', 'date'];
      case 'time':
        return ['ones', 'numbers', 'time'];
      case 'duration':
        return ['ones', 'numbers', 'duration'];
    }
  },

  number: (value) => [...sign(value), ...spoken(value)],
  percent: (value) => [...sign(value), 'percent', ...spoken(value)],
  digits: (text, style) => Array.from(text, (key) => (style === 'phone' && key === '1' ? 'yao' : (KEYS[key] ?? `n-${key}`))),

  amount(value, currency) {
    const { unit, tenth, cent } = MEASURES[currency];
    const prefix = [...(currency === 'HKD' ? ['hkd'] : []), ...sign(value)];
    const small = cents(value);
    const made: string[] = [];
    if (value.whole > 0 || small === 0) made.push(...counted(value.whole), unit);
    if (small === 0 || cent === null) return [...prefix, ...made];
    const isHead = made.length === 0;
    if (!isHead && small < 10) made.push('n-0');
    const count = (n: number, measure: string, first: boolean): string[] => [...(first ? counted(n) : [`n-${n}`]), measure];
    if (tenth === null) return [...prefix, ...made, ...count(small, cent, isHead)];
    if (small >= 10) made.push(...count(Math.floor(small / 10), tenth, isHead));
    if (small % 10 > 0) made.push(...count(small % 10, cent, isHead && small < 10));
    return [...prefix, ...made];
  },

  date: ({ year, month, day }) => [...Array.from(`${year}`, (digit) => `n-${digit}`), 'year', `month-${month}`, `day-${day}`],

  time(time) {
    const { hour, minute } = time;
    const clock = [partOfDay(time), `hour-${hour > 12 ? hour - 12 : hour}`];
    if (minute === 0) return [...clock, 'sharp'];
    return [...clock, ...(minute < 10 ? ['n-0'] : []), `n-${minute}`, 'minute'];
  },

  duration(seconds) {
    const parts = Object.entries(durationParts(seconds)).filter(([, count]) => count > 0);
    return parts.length === 0 ? ['n-0', 'seconds'] : parts.flatMap(([measure, count]) => [...counted(count), measure]);
  },
};

const KEYS: Readonly<Record<string, string>> = { '*': 'star', '#': 'hash', '+': 'plus' };

const sign = (value: Decimal): Fragments => (value.negative ? ['minus'] : []);

function spoken({ whole, fraction }: Decimal): Fragments {
  const after = Array.from(fraction, (digit) => `n-${digit}`);
  return [...wholeNumber(whole), ...(after.length > 0 ? ['point', ...after] : [])];
}

/** A number before a measure: 两元. */
const counted = (n: number): Fragments => (n === 2 ? [LIANG] : wholeNumber(n));

function partOfDay({ hour }: SpokenTime): string {
  if (hour < 6) return 'before-dawn';
  if (hour < 12) return 'morning';
  if (hour === 12) return 'midday';
  return hour < 18 ? 'afternoon' : 'evening';
}

/** 0 to below 10^12, in sections of four digits. One 零 stands for all zeros between two digits, and none at the end of a section. */
function wholeNumber(n: number): Fragments {
  if (n < 10) return [`n-${n}`];
  const made: string[] = [];
  let gap = false;
  for (const [value, unit] of [
    [Math.floor(n / 1e8), 'yi'],
    [Math.floor(n / 1e4) % 1e4, 'wan'],
    [n % 1e4, null],
  ] as const) {
    const isHead = made.length === 0;
    if (value === 0) {
      gap = !isHead;
      continue;
    }
    if (!isHead && (gap || value < 1000)) made.push('n-0');
    made.push(...(isHead && value === 2 ? [LIANG] : section(value, isHead)));
    if (unit !== null) made.push(unit);
    gap = false;
  }
  return made;
}

/** 1 to 9999. */
function section(value: number, isHead: boolean): Fragments {
  const made: string[] = [];
  const thousands = Math.floor(value / 1000);
  const hundreds = Math.floor(value / 100) % 10;
  const rest = value % 100;
  const head = (digit: number, unit: string): string => `${unit}-${digit === 2 && isHead && made.length === 0 ? LIANG : digit}`;
  if (thousands > 0) made.push(head(thousands, 'thousand'));
  if (hundreds > 0) made.push(head(hundreds, 'hundred'));
  if (rest === 0) return made;
  if (made.length > 0 && (hundreds === 0 || rest < 10)) made.push('n-0');
  const isWithin = (!isHead || made.length > 0) && rest >= 10 && rest < 20;
  made.push(`${isWithin ? 'within' : 'n'}-${rest}`);
  return made;
}
