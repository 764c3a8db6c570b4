/** A figure over days with its 95 % confidence interval. `low` and `high` are null with fewer than two days. */
export interface Estimate {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

const NOTHING: Estimate = { value: null, low: null, high: null };

/** Mean of one observation per day, interval by Student's t. */
export function meanOf(values: readonly number[]): Estimate {
  const n = values.length;
  if (n === 0) return NOTHING;
  const mean = sum(values) / n;
  return around(
    mean,
    values.map((value) => value - mean),
    n,
  );
}

/**
 * Ratio of sums (percentages are never averaged), interval by the delta method: the spread of numerator - ratio * denominator over the
 * days, divided by the mean denominator.
 */
export function ratioOf(numerators: readonly number[], denominators: readonly number[]): Estimate {
  const n = numerators.length;
  const whole = sum(denominators);
  if (whole === 0) return NOTHING;
  const ratio = sum(numerators) / whole;
  return around(ratio, residuals(numerators, denominators, ratio), n);
}

/** Second minus first, day by day with the same callers: what the days have in common drops out of the interval. */
export function differenceOfMeans(first: readonly number[], second: readonly number[]): Estimate {
  return meanOf(second.map((value, day) => value - (first[day] as number)));
}

/** Second ratio minus first, paired by day. */
export function differenceOfRatios(
  first: { readonly numerators: readonly number[]; readonly denominators: readonly number[] },
  second: { readonly numerators: readonly number[]; readonly denominators: readonly number[] },
): Estimate {
  const a = ratioOf(first.numerators, first.denominators).value;
  const b = ratioOf(second.numerators, second.denominators).value;
  if (a === null || b === null) return NOTHING;
  const before = residuals(first.numerators, first.denominators, a);
  const after = residuals(second.numerators, second.denominators, b);
  return around(
    b - a,
    after.map((value, day) => value - (before[day] as number)),
    after.length,
  );
}

function residuals(numerators: readonly number[], denominators: readonly number[], ratio: number): number[] {
  const meanDenominator = sum(denominators) / denominators.length;
  return numerators.map((value, day) => (value - ratio * (denominators[day] as number)) / meanDenominator);
}

function around(value: number, deviations: readonly number[], n: number): Estimate {
  if (n < 2) return { value, low: null, high: null };
  const variance = deviations.reduce((total, each) => total + each * each, 0) / (n - 1);
  const half = student975(n - 1) * Math.sqrt(variance / n);
  return { value, low: value - half, high: value + half };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const SMALL = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281];

/** The 97.5 % point of Student's t: a table up to 10 degrees of freedom, then the expansion of Abramowitz and Stegun 26.7.5. */
export function student975(degrees: number): number {
  const known = SMALL[degrees - 1];
  if (known !== undefined) return known;
  const z = 1.959964;
  const g1 = (z ** 3 + z) / 4;
  const g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + g1 / degrees + g2 / degrees ** 2 + g3 / degrees ** 3;
}
