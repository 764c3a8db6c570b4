import type { QueueConfig } from '../acd/config.js';
import type { Fact, QueueExit } from '../base/facts.js';
import { MINUTE, type Ms } from '../base/time.js';
import type { QueueCounts } from './views.js';

/**
 * Counts a span of one queue again from all its facts, call by call, sharing nothing with the running ledger but the words: what the two
 * disagree about is a defect. Slow and plain on purpose. The facts must begin before the first call of the span entered.
 */
export function recount(facts: readonly Fact[], queue: QueueConfig, fromMs: Ms, toMs: Ms, nowMs: Ms): QueueCounts {
  const stays = staysIn(facts, queue, fromMs, toMs);
  const { withinMs, shortAbandonMs } = queue.target;
  const sum = (of: (stay: CountedStay) => number): number => stays.reduce((total, stay) => total + of(stay), 0);
  const count = (is: (stay: CountedStay) => boolean): number => stays.filter(is).length;
  const out = (exit: QueueExit) => count((stay) => stay.exit === exit);
  const outInTime = (exit: QueueExit) => count((stay) => stay.exit === exit && (stay.waitMs as number) <= withinMs);
  const isWaiting = (stay: CountedStay): boolean => stay.exit === null;
  return {
    offered: stays.length,
    answered: count((stay) => stay.exit === 'answered'),
    answeredInTime: count((stay) => stay.exit === 'answered' && (stay.waitMs as number) <= withinMs),
    abandoned: out('abandoned'),
    abandonedInTime: outInTime('abandoned'),
    shortAbandoned: count((stay) => stay.exit === 'abandoned' && (stay.waitMs as number) <= shortAbandonMs),
    flowedOut: out('flowedOut'),
    flowedOutInTime: outInTime('flowedOut'),
    timedOut: out('timedOut'),
    exitedByKey: out('exitedByKey'),
    calledBack: out('calledBack'),
    calledBackInTime: outInTime('calledBack'),
    waiting: count(isWaiting),
    waitingLate: count((stay) => isWaiting(stay) && nowMs - stay.enteredAtMs > withinMs),
    blocked: facts.filter((fact) => fact.kind === 'callBlocked' && fact.queueId === queue.id && within(fact.atMs, fromMs, toMs))
      .length,
    sumWaitAnsweredMs: sum((stay) => (stay.exit === 'answered' ? (stay.waitMs as number) : 0)),
    sumTalkMs: sum((stay) => stay.talkMs),
    sumHoldMs: sum((stay) => stay.holdMs),
    sumWrapUpMs: sum((stay) => stay.wrapUpMs),
    longestWaitMs: stays.reduce((longest, stay) => Math.max(longest, stay.waitMs ?? nowMs - stay.enteredAtMs), 0),
  };
}

interface CountedStay {
  readonly queueId: string;
  readonly enteredAtMs: Ms;
  exit: QueueExit | 'answered' | null;
  waitMs: Ms | null;
  agentId: string | null;
  talkMs: Ms;
  holdMs: Ms;
  wrapUpMs: Ms;
}

function staysIn(facts: readonly Fact[], queue: QueueConfig, fromMs: Ms, toMs: Ms): CountedStay[] {
  const byCall = new Map<string, Fact[]>();
  for (const fact of facts) {
    if (!('callId' in fact) || fact.callId === null) continue;
    const own = byCall.get(fact.callId);
    if (own) own.push(fact);
    else byCall.set(fact.callId, [fact]);
  }
  const stays = [...byCall.values()].flatMap(staysOfCall);
  return stays.filter((stay) => stay.queueId === queue.id && within(stay.enteredAtMs, fromMs, toMs));
}

/** All stays of one call, in order. Talk and wrap-up belong to the stay that their agent answered last. */
function staysOfCall(facts: readonly Fact[]): CountedStay[] {
  const stays: CountedStay[] = [];
  const open = (): CountedStay | undefined => stays.findLast((stay) => stay.exit === null);
  const answeredBy = (agentId: string): CountedStay | undefined => stays.findLast((stay) => stay.agentId === agentId);
  for (const fact of facts) {
    if (fact.kind === 'callQueued') {
      stays.push({
        queueId: fact.queueId,
        enteredAtMs: fact.atMs,
        exit: null,
        waitMs: null,
        agentId: null,
        talkMs: 0,
        holdMs: 0,
        wrapUpMs: 0,
      });
    } else if (fact.kind === 'callAnswered') {
      Object.assign(open() ?? {}, { exit: 'answered', waitMs: fact.waitMs, agentId: fact.agentId });
    } else if (fact.kind === 'callLeftQueue') {
      Object.assign(open() ?? {}, { exit: fact.exit, waitMs: fact.waitMs });
    } else if (fact.kind === 'callEnded') {
      const left = open();
      if (left) Object.assign(left, { exit: 'abandoned', waitMs: fact.atMs - left.enteredAtMs });
    } else if (fact.kind === 'talkEnded') {
      const stay = answeredBy(fact.agentId);
      if (stay) Object.assign(stay, { talkMs: stay.talkMs + fact.talkMs, holdMs: stay.holdMs + fact.holdMs });
    } else if (fact.kind === 'wrapUpEnded') {
      const stay = answeredBy(fact.agentId);
      if (stay) stay.wrapUpMs += fact.wrapUpMs;
    }
  }
  return stays;
}

const within = (atMs: Ms, fromMs: Ms, toMs: Ms): boolean => {
  const minute = Math.floor(atMs / MINUTE) * MINUTE;
  return minute >= fromMs && minute < toMs;
};
