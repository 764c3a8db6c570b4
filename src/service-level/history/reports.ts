import type { ServiceTarget } from '../../acd/config.js';
import type { Ms } from '../../base/time.js';
import { FORMULAS, serviceLevel, share } from '../formulas.js';
import { addTally, countsAt, emptyTally, type Tally } from '../tally.js';
import type { QueueCounts, ServiceLevelView, Share } from '../views.js';
import { noAgentSums } from './row-sheet.js';
import type { Activity, AgentIntervalRow, AgentTimeRow } from './rows.js';
import type { Spans } from './spans.js';

/** Sums of history as reports show them. Every share has its parts and its formula; means are of sums; nothing is averaged twice. */

/** A share and how it is made, as it is printed. */
export interface NamedShare extends Share {
  readonly formula: string;
}

const named = (formula: string, numerator: number, denominator: number): NamedShare => ({
  formula,
  ...share(numerator, denominator),
});

const mean = (sum: number, count: number): number | null => (count > 0 ? Math.round(sum / count) : null);

/** Waits of the answered, as the wallboard's: the least bound in milliseconds that so many of them waited at most. Null: nobody was answered. */
export interface WaitPercentiles {
  readonly p50Ms: Ms | null;
  readonly p95Ms: Ms | null;
  readonly p99Ms: Ms | null;
}

const NOBODY_ANSWERED: WaitPercentiles = { p50Ms: null, p95Ms: null, p99Ms: null };

export interface QueueReport {
  readonly queueId: string;
  readonly startMs: Ms | null;
  readonly counts: QueueCounts;
  readonly serviceLevel: ServiceLevelView & { readonly text: string };
  readonly answerRate: NamedShare;
  readonly abandonRate: NamedShare;
  readonly asaMs: Ms | null;
  readonly ahtMs: Ms | null;
  readonly waits: WaitPercentiles;
}

interface Step {
  readonly exit: string;
  readonly upToS: number;
  readonly calls: number;
}

/** `waitingMs`: how long each who still waits has waited. `waits`: steps of waiting, or the percentiles where they are known already. */
export function queueReport(
  queueId: string,
  startMs: Ms | null,
  tally: Tally,
  target: ServiceTarget,
  waitingMs: readonly Ms[],
  waits: readonly Step[] | WaitPercentiles,
): QueueReport {
  const late = waitingMs.filter((ms) => ms > target.withinMs).length;
  const counts = countsAt(tally, late, Math.max(0, ...waitingMs));
  const { formula, withinMs, share: aim } = target;
  return {
    queueId,
    startMs,
    counts,
    serviceLevel: { ...serviceLevel(formula, counts), formula, text: FORMULAS[formula].text, withinMs, target: aim },
    answerRate: named('answered / offered', counts.answered, counts.offered),
    abandonRate: named('abandoned / offered', counts.abandoned, counts.offered),
    asaMs: mean(counts.sumWaitAnsweredMs, counts.answered),
    ahtMs: mean(counts.sumTalkMs + counts.sumHoldMs + counts.sumWrapUpMs, counts.answered),
    waits: Array.isArray(waits) ? percentiles(waits as readonly Step[]) : (waits as WaitPercentiles),
  };
}

export function percentiles(steps: readonly Step[]): WaitPercentiles {
  const sorted = steps.filter(({ exit }) => exit === 'answered').sort((a, b) => a.upToS - b.upToS);
  const total = sorted.reduce((sum, { calls }) => sum + calls, 0);
  const at = (percent: number): Ms | null => {
    let seen = 0;
    for (const { upToS, calls } of sorted) {
      seen += calls;
      if (seen * 100 >= percent * total) return upToS * 1_000;
    }
    return null;
  };
  return total === 0 ? NOBODY_ANSWERED : { p50Ms: at(50), p95Ms: at(95), p99Ms: at(99) };
}

/** Adds rows up by a key of their start: hours to days, quarters to halves. */
export function addUp<T extends Tally>(
  rows: readonly T[],
  keyOf: (row: T) => string,
): Map<string, { readonly first: T; readonly tally: Tally }> {
  const groups = new Map<string, { first: T; tally: Tally }>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key) ?? { first: row, tally: emptyTally() };
    groups.set(key, group);
    addTally(group.tally, row);
  }
  return groups;
}

type AgentSums = Omit<AgentIntervalRow, 'place' | 'spanMin' | 'startMs'> & { readonly startMs: Ms | null };

export interface AgentReport {
  readonly agentId: string;
  readonly startMs: Ms | null;
  readonly signIns: number;
  readonly signedInMs: Ms;
  readonly times: Readonly<Record<Activity, Ms>>;
  readonly offers: number;
  readonly answered: number;
  readonly noAnswer: number;
  readonly declined: number;
  readonly failed: number;
  readonly withdrawn: number;
  readonly ahtMs: Ms | null;
  readonly answerRate: NamedShare;
  readonly occupancy: NamedShare;
  readonly utilisation: NamedShare;
  readonly notReadyShare: NamedShare;
}

export function agentReport(sums: AgentSums): AgentReport {
  const { notReadyMs: notReady, idleMs: idle, ringingMs: ringing, talkingMs: talking, onHoldMs: onHold } = sums;
  const { wrapUpMs: wrapUp, outboundMs: outbound } = sums;
  const times = { notReady, idle, ringing, talking, onHold, wrapUp, outbound };
  const signedInMs = Object.values(times).reduce((sum, ms) => sum + ms, 0);
  const work = talking + onHold + wrapUp;
  const { agentId, startMs, signIns, offers, answered, noAnswer, declined, failed, withdrawn } = sums;
  return {
    ...{ agentId, startMs, signIns, signedInMs, times, offers, answered, noAnswer, declined, failed, withdrawn },
    ahtMs: mean(sums.sumTalkMs + sums.sumHoldMs + sums.sumWrapUpMs, answered),
    answerRate: named('answered / offers', answered, offers),
    occupancy: named('(talk + hold + wrap-up) / (talk + hold + wrap-up + idle)', work, work + idle),
    utilisation: named('(talk + hold + wrap-up) / signed in', work, signedInMs),
    notReadyShare: named('not ready / signed in', notReady, signedInMs),
  };
}

/** What agents do now is in no sum yet: adds it, cut to the range, each part to the interval that `startOf` names. */
export function withOpenTimes(
  sums: readonly AgentSums[],
  open: readonly AgentTimeRow[],
  range: { readonly fromMs: Ms; readonly toMs: Ms },
  nowMs: Ms,
  spans: Spans,
  startOf: (atMs: Ms) => Ms | null,
): AgentSums[] {
  const rows = new Map(sums.map((row) => [`${row.agentId}/${row.startMs}`, { ...row }]));
  for (const { agentId, fromMs, activity } of open) {
    const parts = spans.hours(Math.max(fromMs, range.fromMs), Math.min(nowMs, range.toMs));
    for (const { startMs, lengthMs } of parts) {
      const start = startOf(startMs);
      const key = `${agentId}/${start}`;
      const row = rows.get(key) ?? { ...noAgentSums(agentId, 60, 0), startMs: start };
      rows.set(key, row);
      (row as unknown as Record<string, number>)[`${activity}Ms`] = row[`${activity}Ms`] + lengthMs;
    }
  }
  return [...rows.values()];
}
