import type { ServiceTarget } from '../acd/config.js';
import type { Fact, QueueExit } from '../base/facts.js';
import type { AgentId, CallId, QueueId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
import { FORMULAS } from './formulas.js';
import { countAnswer, countEntry, countExit, countsAt, emptyTally } from './tally.js';

/** The single stays behind a queue's figures, read from the facts of the calls: a list that is as long as the figure that it explains. */

export interface QueueStay {
  readonly callId: CallId;
  readonly queueId: QueueId;
  readonly enteredAtMs: Ms;
  readonly lane: string;
  /** Null: still waiting. */
  readonly exit: QueueExit | 'answered' | null;
  /** Null while waiting. */
  readonly waitMs: Ms | null;
  readonly agentId: AgentId | null;
}

/** What a list may be asked for: a count of the board, or `missed`, what the formula counts and does not count as good. */
export const STAY_FIGURES = [
  ...['offered', 'answered', 'answeredInTime', 'answeredLate', 'abandoned', 'shortAbandoned', 'flowedOut', 'timedOut'],
  ...['exitedByKey', 'calledBack', 'waiting', 'waitingLate', 'good', 'missed'],
] as const;
export type StayFigure = (typeof STAY_FIGURES)[number];

/** All stays of one call, in order. By the same rules as the counts: see queue-fold.ts. */
export function staysOf(facts: readonly Fact[]): QueueStay[] {
  const stays: QueueStay[] = [];
  let open: QueueStay | null = null;
  const leave = (exit: NonNullable<QueueStay['exit']>, waitMs: Ms, agentId: AgentId | null): void => {
    if (open !== null) stays.push({ ...open, exit, waitMs, agentId });
    open = null;
  };
  const enter = (stay: Omit<QueueStay, 'exit' | 'waitMs' | 'agentId'>): void => {
    if (open !== null && open.queueId !== stay.queueId) leave('flowedOut', stay.enteredAtMs - open.enteredAtMs, null);
    open = { ...stay, exit: null, waitMs: null, agentId: null };
  };
  for (const fact of facts) {
    if (fact.kind === 'callQueued') {
      const { callId, queueId, lane, atMs } = fact;
      const since: QueueStay | null = open;
      // Nobody enters a queue twice without leaving it.
      const enteredAtMs = since !== null && (since as QueueStay).queueId === queueId ? (since as QueueStay).enteredAtMs : atMs;
      enter({ callId, queueId, lane, enteredAtMs });
    } else if (fact.kind === 'callAnswered' || fact.kind === 'callLeftQueue') {
      const { callId, queueId, atMs, waitMs } = fact;
      if (open === null || (open as QueueStay).queueId !== queueId)
        enter({ callId, queueId, lane: 'ordinary', enteredAtMs: atMs - waitMs });
      if (fact.kind === 'callAnswered') leave('answered', waitMs, fact.agentId);
      else leave(fact.exit, waitMs, null);
    } else if (fact.kind === 'callEnded' && open !== null) {
      leave('abandoned', fact.atMs - (open as QueueStay).enteredAtMs, null);
    }
  }
  if (open !== null) stays.push(open);
  return stays;
}

/** Whether the stay is one of those that the figure counts at this moment. */
export function countsIn(stay: QueueStay, figure: StayFigure, target: ServiceTarget, nowMs: Ms): boolean {
  const counts = oneStay(stay, target, nowMs);
  const { numerator, denominator } = FORMULAS[target.formula];
  if (figure === 'good') return numerator(counts) > 0;
  if (figure === 'missed') return denominator(counts) > 0 && numerator(counts) === 0;
  if (figure === 'answeredLate') return counts.answered > counts.answeredInTime;
  return counts[figure] > 0;
}

function oneStay({ exit, waitMs, enteredAtMs }: QueueStay, target: ServiceTarget, nowMs: Ms) {
  const tally = emptyTally();
  countEntry(tally);
  if (exit === 'answered') countAnswer(tally, waitMs ?? 0, target);
  else if (exit !== null) countExit(tally, exit, waitMs ?? 0, target);
  const waitedMs = exit === null ? nowMs - enteredAtMs : 0;
  return countsAt(tally, waitedMs > target.withinMs ? 1 : 0, waitedMs);
}
