import type { QueueConfig, ServiceLevelFormula } from '../../acd/config.js';
import type { Ms } from '../../base/time.js';
import { FORMULAS } from '../../service-level/formulas.js';
import { addTally, emptyTally, type Tally } from '../../service-level/tally.js';
import { BIN_MS } from './day-counts.js';
import { differenceOfRatios, type Estimate, ratioOf } from './estimates.js';
import { levelParts, type Simulated, type SimulatedQueue } from './simulate.js';
import type { WaitHistogram } from './wait-histogram.js';

/** What people and programs are shown of a simulated scenario. Counts are means per day; intervals are 95 % over the days. */
export interface ScenarioResult {
  readonly scenario: string;
  readonly title: Readonly<Record<string, string>>;
  readonly days: number;
  readonly seed: number;
  readonly queues: readonly QueueResult[];
  /** All queues together, each judged by its own formula. */
  readonly all: LineResult;
  readonly groups: readonly GroupResult[];
  readonly overDay: readonly BinResult[];
  /** Callers of a recorded day who were not played. */
  readonly leftOut: Readonly<Record<string, number>> | null;
  readonly engine: { readonly events: number; readonly offers: number; readonly ronas: number; readonly stale: number };
}

export interface LineResult {
  readonly offered: Estimate;
  readonly answered: Estimate;
  readonly abandoned: Estimate;
  readonly timedOut: Estimate;
  readonly flowedOut: Estimate;
  readonly blocked: Estimate;
  readonly level: Estimate;
  readonly abandonRate: Estimate;
  /** Of those who were answered. */
  readonly asaMs: Estimate;
  /** Of all who entered, answered or not; right to 1 %, the longest exact. */
  readonly waits: {
    readonly meanMs: Ms | null;
    readonly p50Ms: Ms | null;
    readonly p95Ms: Ms | null;
    readonly p99Ms: Ms | null;
    readonly longestMs: Ms;
  };
}

export interface QueueResult extends LineResult {
  readonly queueId: string;
  readonly title: Readonly<Record<string, string>>;
  readonly formula: ServiceLevelFormula;
  readonly formulaText: string;
  readonly withinMs: Ms;
  readonly target: number;
}

export interface GroupResult {
  readonly group: string;
  readonly onDuty: readonly number[];
  /** work / (work + idle and ready), within the day, and until the last caller has gone. */
  readonly occupancy: Estimate;
  readonly occupancyUntilLast: Estimate;
}

/** Half an hour of the day, over all days. */
export interface BinResult {
  /** Time of day. */
  readonly fromMs: Ms;
  readonly offered: number;
  readonly level: number | null;
  readonly meanWaitMs: number | null;
  readonly p95WaitMs: Ms | null;
}

/** Numerator and denominator per day; a mean has the denominator 1. */
interface Series {
  readonly numerators: readonly number[];
  readonly denominators: readonly number[];
}

const LINE_KEYS = [
  'offered',
  'answered',
  'abandoned',
  'timedOut',
  'flowedOut',
  'blocked',
  'level',
  'abandonRate',
  'asaMs',
] as const;
type LineKey = (typeof LINE_KEYS)[number];

export function resultOf(simulated: Simulated): ScenarioResult {
  const { scenario, queues, groups } = simulated;
  return {
    scenario: scenario.name,
    title: scenario.title,
    days: simulated.days,
    seed: scenario.seed,
    queues: queues.map((queue) => ({ ...headOf(queue.config), ...lineResult([queue], queue.waits) })),
    all: lineResult(queues, simulated.waits),
    groups: groups.map((group, index) => ({
      group: group.name,
      onDuty: scenario.groups[index]?.onDuty ?? [],
      occupancy: estimate(occupancySeries(group.openByDay)),
      occupancyUntilLast: estimate(occupancySeries(group.wholeByDay)),
    })),
    overDay: simulated.waitsByBin
      .map((waits, bin) => binResult(simulated, waits, bin))
      .filter((_, bin) => (bin + 1) * BIN_MS > scenario.warmUpMs),
    leftOut: scenario.recorded ? { ...scenario.recorded.leftOut } : null,
    engine: { events: simulated.events, offers: simulated.offers, ronas: simulated.ronas, stale: simulated.stale },
  };
}

/** Second minus first. Only meaningful with the same seed and days: then both had the same callers. */
export interface Comparison {
  readonly queues: readonly { readonly queueId: string; readonly differences: Readonly<Record<LineKey, Estimate>> }[];
  readonly all: Readonly<Record<LineKey, Estimate>>;
  readonly groups: readonly { readonly group: string; readonly occupancy: Estimate }[];
}

export function compare(first: Simulated, second: Simulated): Comparison {
  const pairs = first.queues.flatMap((a) => {
    const b = second.queues.find(({ config }) => config.id === a.config.id);
    return b ? [{ queueId: a.config.id as string, differences: lineDifferences([a], [b]) }] : [];
  });
  const groups = first.groups.flatMap((a) => {
    const b = second.groups.find(({ name }) => name === a.name);
    if (!b) return [];
    return [{ group: a.name, occupancy: differenceOfRatios(occupancySeries(a.openByDay), occupancySeries(b.openByDay)) }];
  });
  return { queues: pairs, all: lineDifferences(first.queues, second.queues), groups };
}

function lineDifferences(a: readonly SimulatedQueue[], b: readonly SimulatedQueue[]): Record<LineKey, Estimate> {
  const entries = LINE_KEYS.map((key) => [key, differenceOfRatios(lineSeries(a, key), lineSeries(b, key))] as const);
  return Object.fromEntries(entries) as Record<LineKey, Estimate>;
}

function lineResult(queues: readonly SimulatedQueue[], waits: WaitHistogram): LineResult {
  const estimates = Object.fromEntries(LINE_KEYS.map((key) => [key, estimate(lineSeries(queues, key))])) as Record<
    LineKey,
    Estimate
  >;
  return {
    ...estimates,
    waits: {
      meanMs: waits.count > 0 ? waits.sumMs / waits.count : null,
      p50Ms: waits.percentile(0.5),
      p95Ms: waits.percentile(0.95),
      p99Ms: waits.percentile(0.99),
      longestMs: waits.longestMs,
    },
  };
}

function lineSeries(queues: readonly SimulatedQueue[], key: LineKey): Series {
  const days = queues[0]?.byDay.length ?? 0;
  const numerators = Array<number>(days).fill(0);
  const denominators = Array<number>(days).fill(0);
  for (const { config, byDay } of queues) {
    for (const [day, tally] of byDay.entries()) {
      const [numerator, denominator] = partsOf(key, config, tally);
      numerators[day] = (numerators[day] as number) + numerator;
      denominators[day] = (denominators[day] as number) + denominator;
    }
  }
  const isCount = key !== 'level' && key !== 'abandonRate' && key !== 'asaMs';
  return { numerators, denominators: isCount ? denominators.fill(1) : denominators };
}

function partsOf(key: LineKey, config: QueueConfig, tally: Tally): readonly [number, number] {
  switch (key) {
    case 'level': {
      const { good, counted } = levelParts(config, tally);
      return [good, counted];
    }
    case 'abandonRate':
      return [tally.abandoned, tally.offered];
    case 'asaMs':
      return [tally.sumWaitAnsweredMs, tally.answered];
    default:
      return [tally[key], 1];
  }
}

const occupancySeries = (byDay: readonly { readonly workMs: number; readonly idleMs: number }[]): Series => ({
  numerators: byDay.map(({ workMs }) => workMs),
  denominators: byDay.map(({ workMs, idleMs }) => workMs + idleMs),
});

const estimate = ({ numerators, denominators }: Series): Estimate => ratioOf(numerators, denominators);

const headOf = ({ id, title, target }: QueueConfig) => ({
  queueId: id as string,
  title,
  formula: target.formula,
  formulaText: FORMULAS[target.formula].text,
  withinMs: target.withinMs,
  target: target.share,
});

function binResult({ scenario, queues, days }: Simulated, waits: WaitHistogram, bin: number): BinResult {
  let good = 0;
  let counted = 0;
  const sum = emptyTally();
  for (const { config, byBin } of queues) {
    const tally = byBin[bin] as Tally;
    const parts = levelParts(config, tally);
    good += parts.good;
    counted += parts.counted;
    addTally(sum, tally);
  }
  return {
    fromMs: scenario.day.fromMs + bin * BIN_MS,
    offered: sum.offered / days,
    level: counted > 0 ? good / counted : null,
    meanWaitMs: waits.count > 0 ? waits.sumMs / waits.count : null,
    p95WaitMs: waits.percentile(0.95),
  };
}
