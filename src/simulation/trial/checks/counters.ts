import type { QueueConfig } from '../../../acd/config.js';
import type { Fact } from '../../../base/facts.js';
import { DAY } from '../../../base/time.js';
import { createLedger } from '../../../service-level/ledger.js';
import type { Checker } from '../checker.js';
import type { World } from '../world.js';

/** I6: the counters of the ledger are those of a plain count by queue and way out, made here; and offered is always the sum of all ways. */
export function countersChecker(world: World): Checker {
  const { queues, agents } = world.site;
  return {
    settled() {
      // Facts that a lost store has taken with it cannot be counted.
      if (world.storeLostSomething || world.degradedDeath) return;
      const facts = world.store.stream;
      const ledger = createLedger({ queues, agents, dayStartMs: (atMs) => atMs - (atMs % DAY) });
      for (const fact of facts) ledger.add(fact);
      const nowMs = Math.max(world.clock.nowMs(), facts.at(-1)?.atMs ?? 0);
      for (const queue of queues) {
        const from = world.startMs - DAY / 2;
        const told = ledger.counts(queue.id, from - (from % 60_000), nowMs + 120_000, nowMs) as unknown as Record<string, number>;
        for (const [name, count] of Object.entries(countAgain(facts, queue))) {
          if (told[name] !== count)
            world.violated('counters', `${queue.id} ${name}: the ledger says ${told[name]}, counted ${count}`);
        }
      }
    },
  };
}

function countAgain(facts: readonly Fact[], queue: QueueConfig): Record<string, number> {
  const counts = {
    offered: 0,
    answered: 0,
    answeredInTime: 0,
    abandoned: 0,
    timedOut: 0,
    blocked: 0,
    waiting: 0,
    sumWaitAnsweredMs: 0,
    sumTalkMs: 0,
  };
  const entered = new Map<string, number>();
  for (const fact of facts) {
    if (!('queueId' in fact) || fact.queueId !== queue.id) {
      if (fact.kind === 'callEnded' && entered.delete(fact.callId)) counts.abandoned++;
      continue;
    }
    if (fact.kind === 'callQueued') {
      counts.offered++;
      entered.set(fact.callId, fact.atMs);
    } else if (fact.kind === 'callBlocked') counts.blocked++;
    else if (fact.kind === 'callAnswered') {
      const waitMs = fact.atMs - (entered.get(fact.callId) ?? Number.NaN);
      entered.delete(fact.callId);
      counts.answered++;
      counts.sumWaitAnsweredMs += waitMs;
      if (waitMs <= queue.target.withinMs) counts.answeredInTime++;
    } else if (fact.kind === 'callLeftQueue') {
      entered.delete(fact.callId);
      if (fact.exit === 'abandoned') counts.abandoned++;
      if (fact.exit === 'timedOut') counts.timedOut++;
    } else if (fact.kind === 'talkEnded') counts.sumTalkMs += fact.talkMs;
  }
  counts.waiting = entered.size;
  return counts;
}
