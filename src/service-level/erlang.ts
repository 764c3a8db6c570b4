import type { Ms } from '../base/time.js';

/**
 * Queueing formulas. Erlang C (nobody hangs up) is the classic of staffing; Erlang A (callers have patience, exponential) is what a hotline really is.
 * Sources: Erlang B by its recursion; Erlang C from it; Erlang A after Mandelbaum and Zeltyn, "Service Engineering in Action: The Palm/Erlang-A Queue"
 * (2004), with the density of the offered wait integrated numerically.
 */

/** How calls come and how long they keep an agent (talk, hold and wrap-up). */
export interface Load {
  /** Calls within `perMs`, on average. */
  readonly calls: number;
  readonly perMs: Ms;
  readonly ahtMs: Ms;
}

export interface QueueForecast {
  /** Erlang C: P(wait <= T). Erlang A: answered within T of all who call. */
  readonly serviceLevel: number;
  /** Share of callers who must wait. */
  readonly waitShare: number;
  /** Mean wait of all callers, whoever waits and who does not. */
  readonly meanWaitMs: Ms;
  /** Callers waiting, on average. */
  readonly waiting: number;
  /** Share of the agents' time that is spent on calls. */
  readonly occupancy: number;
  /** Share of callers who hang up before an answer; 0 by Erlang C. */
  readonly abandonShare: number;
}

/** Work offered, in erlang: agents busy on average if nobody had to wait. */
export const erlangs = ({ calls, perMs, ahtMs }: Load): number => (calls / perMs) * ahtMs;

/** Share of calls that find all `agents` busy when there is no queue: B = 1; B = aB / (i + aB). */
export function erlangB(load: number, agents: number): number {
  let blocked = 1;
  for (let i = 1; i <= agents; i++) blocked = (load * blocked) / (i + load * blocked);
  return blocked;
}

/** Null when there are not more agents than erlangs: the queue would grow for ever. */
export function erlangC(load: Load, agents: number, withinMs: Ms): QueueForecast | null {
  const work = erlangs(load);
  if (work <= 0) return IDLE;
  if (agents <= work) return null;
  const occupancy = work / agents;
  const blocked = erlangB(work, agents);
  const waitShare = blocked / (1 - occupancy * (1 - blocked));
  const meanWaitMs = (waitShare * load.ahtMs) / (agents - work);
  return {
    serviceLevel: 1 - waitShare * Math.exp((-(agents - work) * withinMs) / load.ahtMs),
    waitShare,
    meanWaitMs,
    waiting: (load.calls / load.perMs) * meanWaitMs,
    occupancy,
    abandonShare: 0,
  };
}

/** The wait that only `1 - part` of all callers exceed, by Erlang C; 0 when fewer than that have to wait at all. */
export function erlangCWaitMs(load: Load, agents: number, part: number): Ms | null {
  const found = erlangC(load, agents, 0);
  if (found === null) return null;
  const tail = 1 - part;
  return found.waitShare <= tail ? 0 : (Math.log(found.waitShare / tail) * load.ahtMs) / (agents - erlangs(load));
}

/** Always has an answer, as whoever waits too long hangs up. `patienceMs` is the mean time that a caller would wait. */
export function erlangA(load: Load, patienceMs: Ms, agents: number, withinMs: Ms): QueueForecast {
  const work = erlangs(load);
  if (work <= 0) return IDLE;
  const arrivals = load.calls / load.perMs;
  if (agents <= 0)
    return { ...IDLE, serviceLevel: 0, waitShare: 1, meanWaitMs: patienceMs, waiting: arrivals * patienceMs, abandonShare: 1 };
  const drain = agents / load.ahtMs;
  // The density of the offered wait at x is p * arrivals * exp(exponent(x)), p the chance that all agents but one are busy.
  const exponent = (x: Ms): number => arrivals * patienceMs * (1 - Math.exp(-x / patienceMs)) - drain * x;
  const peakAt = Math.max(0, patienceMs * Math.log(arrivals / drain));
  const peak = exponent(peakAt);
  const density = (x: Ms): number => Math.exp(exponent(x) - peak);
  const patient = (x: Ms): number => Math.exp(-x / patienceMs);
  const end = endOfTail(exponent, peakAt, peak, load.ahtMs / agents);
  const scale = Math.exp(-peak);
  const free = scale / erlangB(work, agents - 1);
  const all = free + arrivals * integral(density, 0, end);
  const served = free + arrivals * integral((x) => density(x) * patient(x), 0, end);
  const inTime = free + arrivals * integral((x) => density(x) * patient(x), 0, Math.min(withinMs, end));
  const abandonShare = Math.max(0, 1 - served / all);
  // Little's law twice: who waits hangs up at the rate 1 / patience.
  const meanWaitMs = abandonShare * patienceMs;
  return {
    serviceLevel: inTime / all,
    waitShare: 1 - free / all,
    meanWaitMs,
    waiting: arrivals * meanWaitMs,
    occupancy: (work * (1 - abandonShare)) / agents,
    abandonShare,
  };
}

export interface ServiceGoal {
  readonly share: number;
  readonly withinMs: Ms;
}

/** Fewest agents that reach the goal by Erlang C, or by Erlang A when a patience is given. 0 for no calls. */
export function agentsNeeded(load: Load, goal: ServiceGoal, patienceMs: Ms | null = null): number {
  const work = erlangs(load);
  if (work <= 0) return 0;
  const reaches = (agents: number): boolean => {
    const found = patienceMs === null ? erlangC(load, agents, goal.withinMs) : erlangA(load, patienceMs, agents, goal.withinMs);
    return found !== null && found.serviceLevel >= goal.share;
  };
  // The level rises with each agent, so halving finds the first that reaches it.
  let low = 0;
  let high = Math.max(1, Math.ceil(work));
  while (!reaches(high)) {
    low = high;
    high = Math.ceil(high * 1.25) + 1;
    // A goal of 100 % is never reached; nobody asks for ten times the work.
    if (high > work * 10 + 100) return high;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (reaches(middle)) high = middle;
    else low = middle;
  }
  return high;
}

const IDLE: QueueForecast = { serviceLevel: 1, waitShare: 0, meanWaitMs: 0, waiting: 0, occupancy: 0, abandonShare: 0 };

/** Where the density has fallen below e^-30 of its peak. */
function endOfTail(exponent: (x: Ms) => number, peakAt: Ms, peak: number, firstStep: Ms): Ms {
  let step = firstStep;
  while (exponent(peakAt + step) > peak - 30) step *= 1.5;
  return peakAt + step;
}

/** Simpson's rule; the densities here are smooth, 2,000 steps give nine digits. */
function integral(f: (x: number) => number, from: number, to: number): number {
  if (to <= from) return 0;
  const steps = 2_000;
  const h = (to - from) / steps;
  let sum = f(from) + f(to);
  for (let i = 1; i < steps; i++) sum += f(from + i * h) * (i % 2 === 1 ? 4 : 2);
  return (sum * h) / 3;
}
