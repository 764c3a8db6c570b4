import type { Decision } from '../base/facts.js';
import type { AgentId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
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

/** The agent for a caller who came: the first of the profile's order. */
export function chooseAgent(eligibility: Eligibility, queue: QueueConfig, call: QueuedCall, nowMs: Ms): AgentChoice | null {
  const { available, order } = eligibility.profile(queue, call.skills, call.relaxStep);
  const best = available.first();
  if (!best) return null;
  const candidates = available.take(LISTED).map((entry) => ({
    id: entry.agentId as string,
    key: order === 'best-skill' ? [entry.proficiency, nowMs - entry.idleSinceMs] : [nowMs - entry.idleSinceMs],
  }));
  return { agentId: best.agentId, why: { trigger: 'callerCame', rule: order, candidates, considered: available.size } };
}

/** The order in which callers at the heads of lines are compared: smaller first at each place, then entry, then id. */
interface Score {
  /** 0: has waited past the guard; such callers go by entry alone, before all others. */
  readonly guard: 0 | 1;
  /** The agent's own rank of the queue. */
  readonly rank: number;
  /** 0 for the VIP lane of a queue that serves VIPs first. */
  readonly lane: 0 | 1;
  readonly priority: number;
}

/**
 * The caller for an agent who became free: the heads of all lines that this agent may serve are compared now. A caller who has waited past
 * the queue's guard (`waitsAtMost`) goes first whatever the lane, so that VIPs never starve the ordinary lane.
 */
export function chooseCaller(eligibility: Eligibility, agent: AgentConfig, nowMs: Ms): CallerChoice | null {
  let best: { call: QueuedCall; score: Score; line: Line } | null = null;
  let considered = 0;
  const heads: { call: QueuedCall; score: Score }[] = [];
  for (const profile of eligibility.profilesOf(agent.id)) {
    for (const line of profile.lines.values()) {
      const head = headOf(line, agent, nowMs);
      if (!head) continue;
      considered++;
      if (heads.length < 2 * LISTED) heads.push(head);
      if (!best || compare(head, best) < 0) best = { ...head, line };
    }
  }
  if (!best) return null;
  const chosen = best;
  if (!heads.some((head) => head.call === chosen.call)) heads.push(chosen);
  const candidates = heads
    .sort(compare)
    .slice(0, LISTED)
    .map(({ call, score }) => ({
      id: call.callId as string,
      key: [score.guard, score.rank, score.lane, score.priority, nowMs - call.enteredAtMs],
      note: `${call.lane} in ${call.queueId}, waited ${nowMs - call.enteredAtMs} ms`,
    }));
  const rule = chosen.score.guard === 0 ? 'wait-guard' : chosen.line.queue.callers.order;
  return { call: chosen.call, why: { trigger: 'agentFreed', rule, candidates, considered } };
}

function headOf(line: Line, agent: AgentConfig, nowMs: Ms): { call: QueuedCall; score: Score } | null {
  const rank = agent.queueRank[line.queue.id] ?? 0;
  const oldest = line.byEntry.first();
  if (!oldest) return null;
  const score = (call: QueuedCall, guard: 0 | 1): Score => ({
    guard,
    rank: guard === 0 ? 0 : rank,
    lane: guard === 1 && line.queue.callers.order === 'vip-first' && call.lane === 'vip' ? 0 : 1,
    priority: guard === 0 ? 0 : -call.priority,
  });
  if (nowMs - oldest.enteredAtMs >= line.queue.callers.waitsAtMostMs) return { call: oldest, score: score(oldest, 0) };
  const head = line.inOrder.first() as QueuedCall;
  return { call: head, score: score(head, 1) };
}

function compare(a: { call: QueuedCall; score: Score }, b: { call: QueuedCall; score: Score }): number {
  return (
    a.score.guard - b.score.guard ||
    a.score.rank - b.score.rank ||
    a.score.lane - b.score.lane ||
    a.score.priority - b.score.priority ||
    a.call.enteredAtMs - b.call.enteredAtMs ||
    (a.call.callId < b.call.callId ? -1 : a.call.callId > b.call.callId ? 1 : 0)
  );
}
