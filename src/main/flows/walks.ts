import { daysBetween, isDay, localTime } from '../../base/calendar.js';
import type { Fact } from '../../base/facts.js';
import type { FlowId } from '../../base/ids.js';
import type { Ms } from '../../base/time.js';
import type { FlowWalkView } from '../../flow/views.js';
import { emptyFlowDay } from '../../service-level/flow-fold.js';
import type { FlowDayView, Ledger } from '../../service-level/views.js';

/** Days that the fold of flows remembers. */
const DAYS = 8;

/** `day`: a day of the site or `today`. Null: it is not remembered, or has not come yet. */
export function dayOf(
  ledger: Pick<Ledger, 'seq' | 'flowDay'>,
  flowId: FlowId,
  day: string,
  timeZone: string,
  nowMs: Ms,
): FlowDayView | null {
  const today = localTime(timeZone, nowMs).day;
  const name = day === 'today' ? today : day;
  if (!isDay(name)) return null;
  const ago = daysBetween(name, today).length;
  if (ago < 1 || ago > DAYS) return null;
  return ledger.flowDay(flowId, name) ?? emptyFlowDay(flowId, name, ledger.seq);
}

type Step = FlowWalkView['steps'][number];

/** One call's way through its flows, as its facts tell it; null when there is no such call (any more). */
export function walkOf(callId: string, facts: readonly Fact[]): FlowWalkView | null {
  if (facts.length === 0) return null;
  const steps: Step[] = [];
  let version = '';
  let end: Extract<Fact, { kind: 'callEnded' }> | null = null;
  for (const fact of facts) {
    if (fact.kind === 'flowEntered') version = fact.version;
    else if (fact.kind === 'nodeEntered') {
      steps.push({ atMs: fact.atMs, flowId: fact.flowId, version, node: fact.node, how: null });
    } else if (fact.kind === 'callEnded') end = fact;
    const how = howOf(fact);
    const last = steps.at(-1);
    if (how !== null && last) steps[steps.length - 1] = { ...last, how: last.how === null ? how : `${last.how}, ${how}` };
  }
  return { callId, steps, outcome: end?.outcome ?? null, endedAtMs: end?.atMs ?? null };
}

/** What led on from the node where the caller stood. */
function howOf(fact: Fact): string | null {
  switch (fact.kind) {
    case 'menuEnded':
      return fact.key === null ? fact.result : `key ${fact.key}`;
    case 'digitsCollected':
      return fact.result === 'collected' ? 'digits' : fact.result;
    case 'lookUpEnded':
      return fact.fault === null ? 'answer' : `fault ${fact.fault}`;
    case 'languageChosen':
      return `language ${fact.language}`;
    case 'callerIdentified':
      return `tier ${fact.tier}`;
    case 'surveyAnswered':
      return fact.score === null ? 'noInput' : `score ${fact.score}`;
    case 'voicemailLeft':
      return 'message';
    case 'callTransferred':
      return `outside ${fact.result}`;
    case 'callQueued':
      return `queue ${fact.queueId}`;
    case 'callBlocked':
      return `blocked ${fact.reason}`;
    case 'callAnswered':
      return 'answered';
    case 'callLeftQueue':
      return fact.exit;
    case 'callbackRequested':
      return 'callback';
    case 'callbackRefused':
      return `refused ${fact.reason}`;
    default:
      return null;
  }
}
