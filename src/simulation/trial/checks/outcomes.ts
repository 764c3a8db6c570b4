import type { Checker } from '../checker.js';
import type { World } from '../world.js';

/** I5: every call has exactly one outcome, and nothing is told of it afterwards but the end of its recording and the agent's work. */
export function outcomesChecker(world: World): Checker {
  const arrived = new Map<string, string>();
  const ended = new Map<string, string>();
  const answered = new Set<string>();
  const late = new Set([
    'recordingStarted',
    'recordingEnded',
    'recordingSealed',
    'recordingMissing',
    'voicemailLeft',
    'messageQueued',
    'wrapUpStarted',
    'wrapUpEnded',
    'agentStateChanged',
  ]);
  const wrong = (what: string): void => world.violated('outcomes', what);
  return {
    facts(facts) {
      for (const fact of facts) {
        if (!('callId' in fact) || fact.callId === null) continue;
        const { callId } = fact;
        if (fact.kind === 'callArrived') {
          if (arrived.has(callId) && !world.storeLostSomething) wrong(`${callId} arrived twice`);
          arrived.set(callId, fact.legId);
        } else if (fact.kind === 'callEnded') {
          if (ended.has(callId) && !world.storeLostSomething && !world.degradedDeath)
            wrong(`${callId} has two outcomes: ${ended.get(callId)} and ${fact.outcome}`);
          ended.set(callId, fact.outcome);
          if (answered.has(callId) && fact.outcome !== 'answered' && fact.outcome !== 'switchLost')
            wrong(`${callId} was answered, and is told to be ${fact.outcome}`);
        } else if (ended.has(callId) && !late.has(fact.kind) && !world.storeLostSomething && !world.degradedDeath)
          wrong(`${fact.kind} of ${callId} after its end`);
        if (fact.kind === 'callAnswered') answered.add(callId);
      }
    },
    forgotten() {
      for (const book of [arrived, ended, answered]) book.clear();
      this.facts?.(world.store.stream);
    },
    settled() {
      if (world.storeLostSomething || world.degradedDeath) return;
      for (const callId of arrived.keys()) if (!ended.has(callId)) wrong(`${callId} has no outcome`);
    },
  };
}
