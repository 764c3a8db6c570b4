import type { ServiceTarget } from '../acd/config.js';
import type { QueueExit } from '../base/facts.js';
import type { Ms } from '../base/time.js';
import type { QueueCounts } from './views.js';

/**
 * Running counts of the calls that entered one queue within one minute or one day. Everything is a plain sum, so tallies can be added
 * up to any span. What depends on the moment of looking (who waits past the threshold) is not in here.
 */
export interface Tally {
  offered: number;
  answered: number;
  answeredInTime: number;
  abandoned: number;
  abandonedInTime: number;
  shortAbandoned: number;
  flowedOut: number;
  flowedOutInTime: number;
  timedOut: number;
  exitedByKey: number;
  calledBack: number;
  calledBackInTime: number;
  waiting: number;
  blocked: number;
  sumWaitAnsweredMs: Ms;
  sumTalkMs: Ms;
  sumHoldMs: Ms;
  sumWrapUpMs: Ms;
  /** Of the calls that have left the queue. */
  longestWaitMs: Ms;
}

export const emptyTally = (): Tally => ({
  offered: 0,
  answered: 0,
  answeredInTime: 0,
  abandoned: 0,
  abandonedInTime: 0,
  shortAbandoned: 0,
  flowedOut: 0,
  flowedOutInTime: 0,
  timedOut: 0,
  exitedByKey: 0,
  calledBack: 0,
  calledBackInTime: 0,
  waiting: 0,
  blocked: 0,
  sumWaitAnsweredMs: 0,
  sumTalkMs: 0,
  sumHoldMs: 0,
  sumWrapUpMs: 0,
  longestWaitMs: 0,
});

export function countEntry(tally: Tally): void {
  tally.offered += 1;
  tally.waiting += 1;
}

export function countAnswer(tally: Tally, waitMs: Ms, target: ServiceTarget): void {
  tally.waiting -= 1;
  tally.answered += 1;
  if (waitMs <= target.withinMs) tally.answeredInTime += 1;
  tally.sumWaitAnsweredMs += waitMs;
  tally.longestWaitMs = Math.max(tally.longestWaitMs, waitMs);
}

export function countExit(tally: Tally, exit: QueueExit, waitMs: Ms, target: ServiceTarget): void {
  const inTime = waitMs <= target.withinMs ? 1 : 0;
  tally.waiting -= 1;
  tally[exit] += 1;
  if (exit === 'abandoned') {
    tally.abandonedInTime += inTime;
    if (waitMs <= target.shortAbandonMs) tally.shortAbandoned += 1;
  } else if (exit === 'flowedOut') tally.flowedOutInTime += inTime;
  else if (exit === 'calledBack') tally.calledBackInTime += inTime;
  tally.longestWaitMs = Math.max(tally.longestWaitMs, waitMs);
}

const SUMS = (Object.keys(emptyTally()) as (keyof Tally)[]).filter((key) => key !== 'longestWaitMs');

export function addTally(into: Tally, other: Tally): void {
  for (const key of SUMS) into[key] += other[key];
  if (other.longestWaitMs > into.longestWaitMs) into.longestWaitMs = other.longestWaitMs;
}

/** The counts as they are at one moment: adds who waits late, and the wait of the one who waits longest. */
export const countsAt = (tally: Tally, waitingLate: number, longestWaitingMs: Ms): QueueCounts => ({
  ...tally,
  waitingLate,
  longestWaitMs: Math.max(tally.longestWaitMs, longestWaitingMs),
});
