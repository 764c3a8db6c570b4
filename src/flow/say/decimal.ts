import type { FlowValue } from '../contract.js';

/**
 * Decimal numbers as they are written, without the dust of binary fractions: 1280.1 and "1280.10" are the same amount. Whole part below
 * 10^12: no hotline says more, and it is exact in a number.
 */
export interface Decimal {
  readonly negative: boolean;
  readonly whole: number;
  /** Digits after the point without zeros at the end; empty for a whole number. */
  readonly fraction: string;
}

export const MAX_WHOLE_DIGITS = 12;
const MAX_TEXT = 40;
const PLAIN = /^([+-]?)(\d+)(?:\.(\d+))?$/;
/** 1,280.50, as some systems write amounts. */
const GROUPED = /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/;

/** Null: not a number, or too large to be said. */
export function readDecimal(value: FlowValue): Decimal | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  const written = `${value}`.trim();
  if (written.length > MAX_TEXT) return null;
  const match = PLAIN.exec(GROUPED.test(written) ? written.replaceAll(',', '') : written);
  if (match === null) return null;
  const [, sign, whole = '', fraction = ''] = match;
  return decimal(sign === '-', whole.replace(/^0+(?=\d)/, ''), fraction);
}

/** Rounded to so many places, half away from zero, as a bank does. Null: it has become too large. */
export function rounded(value: Decimal, places: number): Decimal | null {
  if (value.fraction.length <= places) return value;
  const kept = value.fraction.slice(0, places);
  if ((value.fraction[places] as string) < '5') return decimal(value.negative, `${value.whole}`, kept);
  const up = `${BigInt(`${value.whole}${kept}`) + 1n}`.padStart(places + 1, '0');
  return decimal(value.negative, up.slice(0, up.length - places), places === 0 ? '' : up.slice(-places));
}

function decimal(negative: boolean, whole: string, fraction: string): Decimal | null {
  if (whole.length > MAX_WHOLE_DIGITS) return null;
  const short = fraction.replace(/0+$/, '');
  const isZero = Number(whole) === 0 && short === '';
  return { negative: negative && !isZero, whole: Number(whole), fraction: short };
}
