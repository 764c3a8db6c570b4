import type { Ms } from '../base/time.js';
import { agentsNeeded, erlangA, erlangC, type ServiceGoal } from './erlang.js';

/** How many calls will come on a day, interval by interval, judged by days that were like it; and how many agents that takes. Pure. */

/** What one past day was: calls that entered the queue per interval (by the local clock, midnight first), and what they took. */
export interface PastDay {
  /** `2026-11-20` */
  readonly day: string;
  /** 0 Monday to 6 Sunday. */
  readonly weekday: number;
  /** Days of one kind are alike: `ordinary`, `holiday`, `makeUp` (a working day on a weekend) ... */
  readonly kind: string;
  /** Whole days before the day that is forecast. */
  readonly daysAgo: number;
  readonly intervals: ReadonlyArray<{ readonly offered: number; readonly answered: number; readonly handleMs: Ms }>;
}

export interface ForecastInterval {
  readonly calls: number;
  /** Four of five such intervals have lain between these. */
  readonly low: number;
  readonly high: number;
  readonly ahtMs: Ms | null;
}

export interface DayForecast {
  readonly intervals: readonly ForecastInterval[];
  /** The days that it rests on, newest first. */
  readonly basis: readonly string[];
  /** `weekday`: the same weekday · `kind`: other days of the same kind · `any`: whatever there was · `none`: nothing to go by. */
  readonly rule: 'weekday' | 'kind' | 'any' | 'none';
  /** By how much the newest of them ran above the older ones, per week; 1.02 is two in a hundred more each week. */
  readonly trendPerWeek: number;
}

const NEEDED_DAYS = 2;
const MOST_DAYS = 8;
/** A day a week older counts for so much less. */
const FADE_PER_WEEK = 0.85;
const LEAST_TREND = 0.9;
const MOST_TREND = 1.1;
const Z_80 = 1.2816;

export function forecastDay(past: readonly PastDay[], day: { readonly weekday: number; readonly kind: string }): DayForecast {
  const { rule, days } = likeDays(past, day);
  const count = days[0]?.intervals.length ?? 0;
  const trendPerWeek = trendOf(days);
  const intervals = Array.from({ length: count }, (_, index) => forecastInterval(days, index, trendPerWeek));
  return { intervals, basis: days.map((each) => each.day), rule, trendPerWeek };
}

function likeDays(
  past: readonly PastDay[],
  day: { weekday: number; kind: string },
): { rule: DayForecast['rule']; days: PastDay[] } {
  const newest = [...past].filter(({ daysAgo }) => daysAgo > 0).sort((a, b) => a.daysAgo - b.daysAgo);
  const alike = newest.filter(({ kind }) => kind === day.kind);
  // A holiday is a holiday on any weekday; there are never many.
  const sameWeekday = day.kind === 'ordinary' ? alike.filter(({ weekday }) => weekday === day.weekday) : [];
  if (sameWeekday.length >= NEEDED_DAYS) return { rule: 'weekday', days: sameWeekday.slice(0, MOST_DAYS) };
  if (alike.length > 0) return { rule: 'kind', days: alike.slice(0, MOST_DAYS) };
  // Nothing of that kind yet: a make-up working day is most like an ordinary one, a holiday like a Sunday.
  const stand = newest.filter(({ weekday }) => (day.kind === 'holiday' ? weekday === 6 : weekday < 5));
  const days = (stand.length > 0 ? stand : newest).slice(0, MOST_DAYS);
  return { rule: days.length > 0 ? 'any' : 'none', days };
}

const totalOf = (day: PastDay): number => day.intervals.reduce((sum, { offered }) => sum + offered, 0);

/** Growth per week by least squares on the logarithm of the days' totals, bounded: a few odd days must not run away with it. */
function trendOf(days: readonly PastDay[]): number {
  const points = days.map((day) => ({ week: -day.daysAgo / 7, log: Math.log(Math.max(1, totalOf(day))) }));
  if (points.length < 3) return 1;
  const mean = (pick: (point: { week: number; log: number }) => number): number =>
    points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  const week = mean((point) => point.week);
  const log = mean((point) => point.log);
  const spread = points.reduce((sum, point) => sum + (point.week - week) ** 2, 0);
  if (spread === 0) return 1;
  const slope = points.reduce((sum, point) => sum + (point.week - week) * (point.log - log), 0) / spread;
  return Math.min(MOST_TREND, Math.max(LEAST_TREND, Math.exp(slope)));
}

function forecastInterval(days: readonly PastDay[], index: number, trendPerWeek: number): ForecastInterval {
  let weights = 0;
  let calls = 0;
  let squares = 0;
  let handled = 0;
  let handleMs = 0;
  for (const day of days) {
    const interval = day.intervals[index];
    if (!interval) continue;
    const weeks = day.daysAgo / 7;
    const weight = FADE_PER_WEEK ** weeks;
    const lifted = interval.offered * trendPerWeek ** weeks;
    weights += weight;
    calls += weight * lifted;
    squares += weight * lifted * lifted;
    handled += weight * interval.answered;
    handleMs += weight * interval.handleMs;
  }
  if (weights === 0) return { calls: 0, low: 0, high: 0, ahtMs: null };
  const mean = calls / weights;
  // Never surer than arrivals by chance allow: their variance is their mean.
  const spread = Z_80 * Math.sqrt(Math.max(mean, squares / weights - mean * mean));
  return {
    calls: mean,
    low: Math.max(0, mean - spread),
    high: mean + spread,
    ahtMs: handled > 0 ? Math.round(handleMs / handled) : null,
  };
}

export interface StaffingInterval {
  readonly calls: number;
  readonly ahtMs: Ms;
  /** Fewest agents on the phone by Erlang C and by Erlang A; null where no patience is known. */
  readonly agentsC: number;
  readonly agentsA: number | null;
  /** With those who are away added; of Erlang A where there is one. */
  readonly scheduled: number;
  /** What these agents would reach. */
  readonly serviceLevel: number | null;
  readonly occupancy: number | null;
  /** For the upper end of the forecast. */
  readonly agentsIfHigh: number;
}

export interface StaffingRules {
  readonly goal: ServiceGoal;
  readonly intervalMs: Ms;
  /** Where an interval has no handle time of its own. */
  readonly ahtMs: Ms;
  readonly patienceMs: Ms | null;
  /** Share of paid time away from the phone (breaks, training, sickness), 0.3 for 30 %. */
  readonly shrinkage: number;
}

/** Agents for each interval of a forecast day. */
export function staffingTable(forecast: DayForecast, rules: StaffingRules): StaffingInterval[] {
  const { goal, intervalMs, patienceMs } = rules;
  return forecast.intervals.map(({ calls, high, ahtMs: own }) => {
    const ahtMs = own ?? rules.ahtMs;
    const load = { calls, perMs: intervalMs, ahtMs };
    const agentsC = agentsNeeded(load, goal);
    const agentsA = patienceMs === null ? null : agentsNeeded(load, goal, patienceMs);
    const agents = agentsA ?? agentsC;
    const reached =
      calls === 0
        ? null
        : patienceMs === null
          ? erlangC(load, agents, goal.withinMs)
          : erlangA(load, patienceMs, agents, goal.withinMs);
    return {
      calls,
      ahtMs,
      agentsC,
      agentsA,
      scheduled: Math.ceil(agents / (1 - Math.min(0.9, Math.max(0, rules.shrinkage)))),
      serviceLevel: reached?.serviceLevel ?? null,
      occupancy: reached?.occupancy ?? null,
      agentsIfHigh: agentsNeeded({ ...load, calls: high }, goal, patienceMs),
    };
  });
}
