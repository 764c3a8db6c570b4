import type { QueueConfig } from '../acd/config.js';
import { MINUTE, type Ms } from '../base/time.js';
import { agentsNeeded } from './erlang.js';
import { FORMULAS, goodCallsNeeded, neededShareOfRest } from './formulas.js';
import type { AgentCounts, OutlookView, QueueCounts } from './views.js';

/** What a queue would need from here on. Plain arithmetic over counts; each figure says in views.ts what it rests on. */

/** Calls are looked at over so many minutes for "the present rate". */
export const RATE_OVER_MS = 15 * MINUTE;
/** Below so many cases a mean of today says nothing, and the usual value stands in. */
const ENOUGH = 5;
const USUAL_HANDLE_MS = 180_000;
const USUAL_PATIENCE_MS = 180_000;

export interface OutlookInputs {
  readonly queue: QueueConfig;
  readonly today: QueueCounts;
  /** Calls that entered within RATE_OVER_MS. */
  readonly recentOffered: number;
  /** Waits of today's abandoned callers, added up. */
  readonly sumWaitAbandonedMs: Ms;
  /** Today's talks that are over. */
  readonly talks: number;
  readonly agents: AgentCounts;
  /** Calls still expected today; null: nothing to go by. */
  readonly expectedRest: number | null;
}

export function outlookOf(inputs: OutlookInputs): OutlookView {
  const { queue, today, agents, expectedRest } = inputs;
  const { formula, share: target, withinMs } = queue.target;
  const good = FORMULAS[formula].numerator(today);
  const counted = FORMULAS[formula].denominator(today);
  const present = agents.signedIn - agents.notReady;
  const ahtMs = handleMs(inputs);
  const patienceMs = patience(inputs);
  const needed = cachedNeed(inputs.recentOffered, ahtMs, patienceMs, target, withinMs);
  return {
    saveable: today.waiting - today.waitingLate,
    goodInARow: goodCallsNeeded(counted, good, target),
    expectedRest,
    restShare: expectedRest === null ? null : neededShareOfRest(counted, good, target, expectedRest),
    callsPerHour: (inputs.recentOffered * 60 * MINUTE) / RATE_OVER_MS,
    ahtMs,
    patienceMs,
    agentsPresent: present,
    agentsNeeded: needed,
  };
}

/** Today's own mean, as soon as there are a few calls. To whole seconds: what is reckoned from it need not change with each call. */
function handleMs({ queue, today, talks }: OutlookInputs): Ms {
  if (talks < ENOUGH) return queue.handleMs ?? USUAL_HANDLE_MS;
  const mean = (today.sumTalkMs + today.sumHoldMs + today.sumWrapUpMs) / talks;
  return Math.max(1_000, Math.round(mean / 1_000) * 1_000);
}

/** All time waited, by whoever waited, over those who gave up: the estimate of an exponential patience when most waits end by an answer. */
function patience({ today, sumWaitAbandonedMs }: OutlookInputs): Ms {
  if (today.abandoned < ENOUGH) return USUAL_PATIENCE_MS;
  const mean = (today.sumWaitAnsweredMs + sumWaitAbandonedMs) / today.abandoned;
  return Math.max(5_000, Math.round(mean / 5_000) * 5_000);
}

const known = new Map<string, number>();
const KNOWN_AT_MOST = 500;

/** Erlang A costs about a millisecond, and a board is drawn several times a second with the same inputs: the answers are kept. */
function cachedNeed(calls: number, ahtMs: Ms, patienceMs: Ms, share: number, withinMs: Ms): number {
  const key = `${calls}/${ahtMs}/${patienceMs}/${share}/${withinMs}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= KNOWN_AT_MOST) known.clear();
  const needed = agentsNeeded({ calls, perMs: RATE_OVER_MS, ahtMs }, { share, withinMs }, patienceMs);
  known.set(key, needed);
  return needed;
}

const Z_95 = 1.96;

/** Between which bounds the true level lies, 19 times in 20 (Wilson's score interval, 1927); null without calls. Wide for few calls, and that is the point. */
export function sureBounds(numerator: number, denominator: number): { readonly low: number; readonly high: number } | null {
  if (denominator <= 0) return null;
  const share = Math.min(1, Math.max(0, numerator / denominator));
  const z2 = Z_95 * Z_95;
  const middle = share + z2 / (2 * denominator);
  const reach = Z_95 * Math.sqrt((share * (1 - share) + z2 / (4 * denominator)) / denominator);
  const scale = 1 + z2 / denominator;
  return { low: Math.max(0, (middle - reach) / scale), high: Math.min(1, (middle + reach) / scale) };
}
