import type { CallOutcome, Fact, FactBody, QueueExit } from '../../base/facts.js';
import { asId, type CallId, type LegId, type SwitchId } from '../../base/ids.js';
import type { Ms } from '../../base/time.js';
import type { Scenario } from './scenario.js';
import { simulateDay } from './simulate-day.js';

/** Moments in the bodies of facts; everything else that ends in `Ms` is a length. */
const MOMENTS = ['placeFromMs', 'enteredAtMs', 'untilMs', 'expiresAtMs'] as const;
const OUTCOMES: Record<QueueExit | 'answered', CallOutcome> = {
  answered: 'answered',
  abandoned: 'abandonedInQueue',
  flowedOut: 'flowedOut',
  timedOut: 'timedOut',
  exitedByKey: 'exitedByKey',
  calledBack: 'calledBack',
};
/** Callers of a day have so many numbers, so that some call twice. */
const NUMBERS = 40_000;

/**
 * One day of a scenario as the facts that a hotline would have written: those of the engine, and around them the arrival and the goodbye of each
 * call. `startMs` is the moment at which the day begins.
 */
export function dayFacts(scenario: Scenario, dayIndex: number, startMs: Ms): Fact[] {
  const facts: Fact[] = [];
  const open = new Map<CallId, { readonly arrivedAtMs: Ms; exit: QueueExit | 'answered' }>();
  let lastMs = startMs;
  const say = (atMs: Ms, body: FactBody): void => {
    lastMs = atMs;
    facts.push({ ...shifted(body, startMs), seq: facts.length + 1, atMs });
  };
  const end = (callId: CallId, atMs: Ms): void => {
    const call = open.get(callId);
    if (!call || !open.delete(callId)) return;
    const { exit, arrivedAtMs } = call;
    const endedBy = exit === 'answered' ? 'agent' : exit === 'abandoned' ? 'caller' : 'system';
    const durationMs = atMs - arrivedAtMs;
    facts.push({ kind: 'callEnded', callId, outcome: OUTCOMES[exit], durationMs, endedBy, seq: facts.length + 1, atMs });
  };
  simulateDay(scenario, dayIndex, (sinceMs, fact) => {
    const atMs = startMs + sinceMs;
    if (fact.kind === 'callQueued' && !open.has(fact.callId)) {
      say(atMs, arrival(fact.callId, open.size + facts.length));
      open.set(fact.callId, { arrivedAtMs: atMs, exit: 'flowedOut' });
    }
    say(atMs, fact);
    if (fact.kind === 'callAnswered') {
      const call = open.get(fact.callId);
      if (call) call.exit = 'answered';
    } else if (fact.kind === 'callLeftQueue') {
      const call = open.get(fact.callId);
      if (call) call.exit = fact.exit;
      // Who overflowed stands in another queue a moment later.
      if (fact.exit !== 'flowedOut') end(fact.callId, atMs);
    } else if (fact.kind === 'talkEnded') end(fact.callId, atMs);
  });
  for (const callId of [...open.keys()]) end(callId, lastMs);
  return facts;
}

function arrival(callId: CallId, n: number): FactBody {
  const ani = `138${String((n * 7_919) % NUMBERS).padStart(8, '0')}`;
  return {
    kind: 'callArrived',
    callId,
    switchId: asId<SwitchId>('simulated'),
    legId: asId<LegId>(`leg-${callId}`),
    ani,
    dnis: '95588',
    flowId: null,
  };
}

function shifted(body: FactBody, byMs: Ms): FactBody {
  const fields = body as unknown as Record<string, unknown>;
  const moved = MOMENTS.filter((name) => typeof fields[name] === 'number');
  if (moved.length === 0) return body;
  return { ...body, ...Object.fromEntries(moved.map((name) => [name, (fields[name] as number) + byMs])) };
}
