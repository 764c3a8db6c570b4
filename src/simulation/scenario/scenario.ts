import type { AcdConfig, ServiceLevelFormula } from '../../acd/config.js';
import type { Lane } from '../../acd/events.js';
import type { AgentId, QueueId } from '../../base/ids.js';
import type { Ms } from '../../base/time.js';
import type { Distribution } from './distribution.js';

/** A scenario as the simulator plays it: resolved values, checked once (parse-scenario.ts), no text to parse any more. */
export interface Scenario {
  readonly name: string;
  readonly title: Readonly<Record<string, string>>;
  /** What the engine is configured with: every queue policy that the house knows, and one agent for each seat of each group. */
  readonly acd: AcdConfig;
  readonly day: ScenarioDay;
  readonly days: number;
  readonly seed: number;
  /** Callers who enter before this moment are played but not counted, and so is the agents' time. */
  readonly warmUpMs: Ms;
  /** Shape of the gamma factor (mean 1) that multiplies all arrival rates of one day; null: every day has the same rates. */
  readonly busynessShape: number | null;
  readonly groups: readonly AgentGroup[];
  /** Callers drawn from distributions. Empty when a recorded day is played. */
  readonly calls: readonly CallType[];
  readonly recorded: RecordedDay | null;
}

export interface ScenarioDay {
  /** Local time of the day at which the clock of the simulation shows 0; only for people. */
  readonly fromMs: Ms;
  /** Ends of the periods after the start of the day, rising; the last one is the end of the day. Callers come until then. */
  readonly periodEndsMs: readonly Ms[];
}

export interface AgentGroup {
  readonly name: string;
  readonly agentIds: readonly AgentId[];
  /** How many of them are on duty, by period. */
  readonly onDuty: readonly number[];
  /** From the first ring until the phone is picked up. */
  readonly picksUpAfter: Distribution;
  /** Share of offers that ring until the engine gives up (rona), and how long the agent then stays away. */
  readonly overhears: number;
  readonly backAfterMs: Ms;
}

export interface CallType {
  readonly name: string;
  readonly queueId: QueueId;
  /** Mean number of callers per millisecond, by period. */
  readonly ratePerMs: readonly number[];
  /** By the period in which the caller comes. */
  readonly service: readonly Distribution[];
  /** By period; null: waits for as long as the queue lets them. */
  readonly patience: readonly (Distribution | null)[];
  /** Work after the call; null: the queue's full wrap-up. Never longer than that. */
  readonly wrapUp: Distribution | null;
  /** Share of callers in the VIP lane. */
  readonly vipShare: number;
  readonly priority: number;
  readonly skills: Readonly<Record<string, number>>;
}

/** Callers of one day as they really came. */
export interface RecordedDay {
  readonly arrivals: readonly RecordedArrival[];
  /** Callers of that day who are not played, and why. */
  readonly leftOut: { readonly unknownQueue: number; readonly outsideTheDay: number; readonly otherDays: number };
}

export interface RecordedArrival {
  readonly atMs: Ms;
  readonly queueId: QueueId;
  readonly lane: Lane;
  readonly priority: number;
  readonly skills: Readonly<Record<string, number>>;
  /** Talk and hold as they were; a distribution for a caller who was never answered. */
  readonly service: Ms | Distribution;
  /** Known to have had at least this much patience ... */
  readonly waitedMs: Ms;
  /** ... and beyond it: null, left at that moment; else what is drawn on top. `Infinity` mean: never leaves. */
  readonly beyond: Distribution | null | 'never';
}

/** One caller as the simulator plays them. */
export interface PlannedCall {
  readonly atMs: Ms;
  readonly queueId: QueueId;
  readonly lane: Lane;
  readonly priority: number;
  readonly skills: Readonly<Record<string, number>>;
  readonly serviceMs: Ms;
  /** Infinity: never leaves. */
  readonly patienceMs: Ms;
  /** Null: the queue's full wrap-up. */
  readonly wrapUpMs: Ms | null;
}

/** What a queue is judged by; from its configuration. */
export interface Judged {
  readonly formula: ServiceLevelFormula;
  readonly withinMs: Ms;
  readonly target: number;
}

export const dayEndMs = (day: ScenarioDay): Ms => day.periodEndsMs.at(-1) as Ms;

/** The period of a moment; the last one goes on after the end of the day. */
export function periodAt(day: ScenarioDay, atMs: Ms): number {
  const ends = day.periodEndsMs;
  let period = 0;
  while (period < ends.length - 1 && atMs >= (ends[period] as Ms)) period++;
  return period;
}
