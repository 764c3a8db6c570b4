import type { QueueConfig } from '../../acd/config.js';
import { FORMULAS } from '../../service-level/formulas.js';
import { addTally, countsAt, emptyTally, type Tally } from '../../service-level/tally.js';
import type { GroupTime } from './day-counts.js';
import type { Scenario } from './scenario.js';
import { simulateDay } from './simulate-day.js';
import { WaitHistogram } from './wait-histogram.js';

/** What all days of a scenario together have shown; one tally per day and queue is kept, for the intervals. */
export interface Simulated {
  readonly scenario: Scenario;
  readonly days: number;
  readonly queues: readonly SimulatedQueue[];
  readonly groups: readonly SimulatedGroup[];
  /** Waits of all callers of all queues, by half hour of entry. */
  readonly waitsByBin: readonly WaitHistogram[];
  readonly waits: WaitHistogram;
  /** Events that the engine was told, and those that it ignored as too late. */
  readonly events: number;
  readonly stale: number;
  readonly offers: number;
  readonly ronas: number;
}

export interface SimulatedQueue {
  readonly config: QueueConfig;
  readonly byDay: readonly Tally[];
  /** Summed over the days. */
  readonly byBin: readonly Tally[];
  readonly waits: WaitHistogram;
}

export interface SimulatedGroup {
  readonly name: string;
  readonly openByDay: readonly GroupTime[];
  readonly wholeByDay: readonly GroupTime[];
}

/** Plays all days. The same scenario gives the same figures, always. `progress` is told after each day. */
export function simulate(scenario: Scenario, progress: (daysDone: number) => void = () => {}): Simulated {
  const queues = scenario.acd.queues.map((config) => ({
    config,
    byDay: [] as Tally[],
    byBin: [] as Tally[],
    waits: new WaitHistogram(),
  }));
  const groups = scenario.groups.map(({ name }) => ({ name, openByDay: [] as GroupTime[], wholeByDay: [] as GroupTime[] }));
  const waitsByBin: WaitHistogram[] = [];
  const waits = new WaitHistogram();
  let events = 0;
  let stale = 0;
  let offers = 0;
  let ronas = 0;
  for (let day = 0; day < scenario.days; day++) {
    const { counts, ...played } = simulateDay(scenario, day);
    for (const [index, queue] of counts.queues.entries()) {
      const into = queues[index] as (typeof queues)[number];
      const total = emptyTally();
      for (const [bin, tally] of queue.bins.entries()) {
        addTally(total, tally);
        const known = into.byBin[bin];
        if (known) addTally(known, tally);
        else into.byBin.push({ ...tally });
      }
      into.byDay.push(total);
      into.waits.addAll(queue.waits);
      waits.addAll(queue.waits);
    }
    for (const [bin, histogram] of counts.waitsByBin.entries()) {
      const known = waitsByBin[bin];
      if (known) known.addAll(histogram);
      else waitsByBin.push(histogram);
    }
    for (const [index, group] of groups.entries()) {
      group.openByDay.push(counts.openTime[index] as GroupTime);
      group.wholeByDay.push(counts.wholeTime[index] as GroupTime);
    }
    events += played.events;
    stale += played.stale;
    offers += counts.offers;
    ronas += counts.ronas;
    progress(day + 1);
  }
  return { scenario, days: scenario.days, queues, groups, waitsByBin, waits, events, stale, offers, ronas };
}

/** Numerator and denominator of the queue's own service level, or of another formula. */
export function levelParts(
  config: QueueConfig,
  tally: Tally,
  formula = config.target.formula,
): { good: number; counted: number } {
  const counts = countsAt(tally, tally.waiting, tally.longestWaitMs);
  return { good: FORMULAS[formula].numerator(counts), counted: FORMULAS[formula].denominator(counts) };
}
