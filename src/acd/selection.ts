import type { Decision } from '../base/facts.js';
import type { AgentId } from '../base/ids.js';
import type { OrderedSet } from '../base/ordered-set.js';
import { seededRandom } from '../base/random.js';
import type { Ms } from '../base/time.js';
import { type Available, agentKeys } from './agent-order.js';
import { byEntry, type CallerClass, classOf, creditOf, isLate, priorityOf, standsSinceMs } from './caller-order.js';
import type { AgentConfig, QueueConfig } from './config.js';
import type { Eligibility, Line } from './eligibility.js';
import type { QueuedCall } from './entities.js';

/** How many candidates a decision lists; the rest is only counted. */
const LISTED = 5;

export interface AgentChoice {
  readonly agentId: AgentId;
  readonly why: Decision;
}

export interface CallerChoice {
  readonly call: QueuedCall;
  readonly why: Decision;
}

/** The agent for a caller who came: the first of the profile's order, or one drawn by `random`. `seed` is the domain's. */
export function chooseAgent(
  eligibility: Eligibility,
  queue: QueueConfig,
  call: QueuedCall,
  nowMs: Ms,
  seed: string,
): AgentChoice | null {
  const { available, order } = eligibility.profile(queue, call.skills, call.relaxStep, call.groups);
  if (available.size === 0) return null;
  if (order === 'random') return drawAgent(available, call, seed);
  const keys = agentKeys(order);
  const listed = available.take(LISTED);
  const candidates = listed.map((entry) => ({ id: entry.agentId as string, key: keys.of(entry, nowMs) }));
  const why: Decision = { trigger: 'callerCame', rule: order, candidates, considered: available.size, keys: keys.names };
  return { agentId: (listed[0] as Available).agentId, why };
}

const RULE_OF = { preferred: 'preferred-agent', lastAgent: 'last-agent', assigned: 'assigned' } as const;

/** The call is meant for this agent. What is said of the others: who of them could have been rung instead. */
export function meantFor(eligibility: Eligibility, queue: QueueConfig, call: QueuedCall, nowMs: Ms): Decision {
  const why = becauseMeant(call, 'callerCame', nowMs);
  const { available } = eligibility.profile(queue, call.skills, call.relaxStep, call.groups);
  const others = available.take(LISTED).filter((entry) => entry.agentId !== call.waitsFor?.agentId);
  const passedOver = others.map((entry) => ({ id: entry.agentId as string, why: why.rule as string }));
  return passedOver.length > 0 ? { ...why, passedOver } : why;
}

function becauseMeant(call: QueuedCall, trigger: Decision['trigger'], nowMs: Ms): Decision {
  const { agentId, because, by } = call.waitsFor as NonNullable<QueuedCall['waitsFor']>;
  const waited = `${call.lane} in ${call.queueId}, waited ${nowMs - call.enteredAtMs} ms`;
  const note = by === null ? waited : `${waited}, assigned by ${by}`;
  const id: string = trigger === 'callerCame' ? agentId : call.callId;
  return { trigger, rule: RULE_OF[because], candidates: [{ id, key: [], note }], considered: 1, keys: [] };
}

/** The seed, the call and the number of its offers so far decide: the same call is drawn the same agents wherever it is replayed. */
function drawAgent(available: OrderedSet<Available>, call: QueuedCall, seed: string): AgentChoice {
  const place = seededRandom(`${seed}/${call.callId}/${call.offerCount}`).below(available.size);
  const { agentId } = available.at(place) as Available;
  const candidates = [{ id: agentId as string, key: [place + 1], note: `number ${place + 1} of ${available.size} by id` }];
  return { agentId, why: { trigger: 'callerCame', rule: 'random', candidates, considered: available.size, keys: ['drawn'] } };
}

/**
 * The order in which callers at the heads of lines are compared, whatever the policies of their queues: smaller first at each place. A
 * caller past the guard is compared by entry and id alone.
 */
interface Score {
  /** 0: has waited past the guard of the queue; such callers go before all others. */
  readonly guard: 0 | 1;
  /** The agent's own rank of the queue. */
  readonly rank: number;
  /** 0 VIP lane of a `vip-first` queue, 1 ordinary, 2 past the target of a `time-left` queue, 3 phones ring for the caller already. */
  readonly class: CallerClass;
  /** Less the priority, where it counts. */
  readonly priority: number;
  /** See caller-order.ts. */
  readonly standsSinceMs: Ms;
}

interface Head {
  readonly call: QueuedCall;
  readonly queue: QueueConfig;
  readonly line: Line;
  readonly score: Score;
}

/**
 * The caller for an agent who became free: the heads of all lines that this agent may serve are compared now. A caller who has waited past
 * the queue's guard (`waitsAtMost`) goes first whatever the policy, so that nobody starves.
 */
export function chooseCaller(eligibility: Eligibility, agent: AgentConfig, nowMs: Ms): CallerChoice | null {
  const own = eligibility.firstWaitingFor(agent.id);
  if (own?.waitsFor?.because === 'assigned') return { call: own, why: becauseMeant(own, 'agentFreed', nowMs) };
  let best: Head | null = null;
  let considered = 0;
  const heads: Head[] = [];
  for (const profile of eligibility.profilesOf(agent.id)) {
    for (const line of profile.lines.values()) {
      const head = headOf(line, agent, nowMs);
      if (!head) continue;
      considered++;
      if (heads.length < 2 * LISTED) heads.push(head);
      if (!best || compare(head, best) < 0) best = head;
    }
  }
  // Nobody who is past the guard and came earlier is made to wait longer by a wish.
  if (own && !(best?.score.guard === 0 && byEntry(best.call, own) < 0)) {
    return { call: own, why: becauseMeant(own, 'agentFreed', nowMs) };
  }
  if (!best) return null;
  const chosen = best;
  if (!heads.includes(chosen)) heads.push(chosen);
  const behind = behindInLine(chosen, agent, nowMs);
  const candidates = [...heads, ...behind]
    .sort(compare)
    .slice(0, LISTED)
    .map((head) => ({ id: head.call.callId as string, key: keyOf(head, nowMs), note: noteOf(head, nowMs) }));
  const rule = chosen.score.guard === 0 ? 'wait-guard' : chosen.queue.callers.order;
  const passedOver = own ? [{ id: own.callId as string, why: 'waits for this agent, but the guard of another is reached' }] : [];
  const why: Decision = { trigger: 'agentFreed', rule, candidates, considered: considered + behind.length, keys: CALLER_KEYS };
  return { call: chosen.call, why: passedOver.length > 0 ? { ...why, passedOver } : why };
}

function headOf(line: Line, agent: AgentConfig, nowMs: Ms): Head | null {
  const { queue } = line;
  const oldest = line.byEntry.first();
  if (!oldest) return null;
  if (!line.ringing && nowMs - oldest.enteredAtMs >= queue.callers.waitsAtMostMs) {
    const score: Score = { guard: 0, rank: 0, class: 1, priority: 0, standsSinceMs: oldest.enteredAtMs };
    return { call: oldest, queue, line, score };
  }
  return standing(line, line.inOrder.first() as QueuedCall, agent, nowMs);
}

/** A caller by the policy of the queue alone. */
function standing(line: Line, call: QueuedCall, agent: AgentConfig, nowMs: Ms): Head {
  const { queue } = line;
  const score: Score = {
    guard: 1,
    rank: agent.queueRank[queue.id] ?? 0,
    class: line.ringing ? 3 : classOf(queue, call, nowMs),
    priority: 0 - priorityOf(queue, call),
    standsSinceMs: standsSinceMs(queue, call, nowMs),
  };
  return { call, queue, line, score };
}

/**
 * Whom the chosen caller was taken before in the same line, for the record: the next by the policy, and whoever has waited longest where
 * that is somebody else.
 */
function behindInLine({ call, line }: Head, agent: AgentConfig, nowMs: Ms): Head[] {
  const found: QueuedCall[] = [];
  for (const next of line.inOrder) {
    if (next === call) continue;
    found.push(next);
    break;
  }
  const oldest = line.byEntry.first();
  if (oldest && oldest !== call && !found.includes(oldest)) found.push(oldest);
  return found.map((each) => standing(line, each, agent, nowMs));
}

function compare({ call: a, score: x }: Head, { call: b, score: y }: Head): number {
  return (
    x.guard - y.guard ||
    x.rank - y.rank ||
    x.class - y.class ||
    x.priority - y.priority ||
    x.standsSinceMs - y.standsSinceMs ||
    byEntry(a, b)
  );
}

/** In the order in which they were compared. Of the first four the smaller goes first, of the last two the larger. */
const CALLER_KEYS = ['guard', 'rank', 'class', 'priority', 'standsMs', 'waitedMs'];
const keyOf = ({ call, score }: Head, nowMs: Ms): number[] => [
  score.guard,
  score.rank,
  score.class,
  score.priority,
  nowMs - score.standsSinceMs,
  nowMs - call.enteredAtMs,
];

function noteOf({ call, queue }: Head, nowMs: Ms): string {
  const note = `${call.lane} in ${queue.id}, waited ${nowMs - call.enteredAtMs} ms`;
  if (queue.callers.order === 'time-left') {
    const leftMs = call.queuedAtMs + queue.target.withinMs - nowMs;
    return isLate(queue, call, nowMs) ? `${note}, late by ${-leftMs} ms` : `${note}, ${leftMs} ms left`;
  }
  const credit = creditOf(queue, call);
  return credit === 0 ? note : `${note}, credit ${credit} ms`;
}
