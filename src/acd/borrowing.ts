import { placeAgent } from './matching.js';
import type { BorrowRule, Bounds } from './queue-rules.js';
import type { Room } from './room.js';
import type { AcdState } from './state.js';

/**
 * Borrowed groups. A queue in need borrows the agents of other groups, and gives them back when it fares better than a second, easier
 * bound; both must hold for a while, so that agents are not sent to and fro. Looked at on each entry and once a second while there is cause.
 */

export function judgeBorrowing(state: AcdState, room: Room): void {
  const rules = room.config.borrow;
  if (!rules) return;
  const now = state.nowMs;
  let changed = false;
  for (const [place, rule] of rules.entries()) {
    room.record.borrowed[place] ??= { lent: false, needSinceMs: null, easeSinceMs: null };
    const loan = room.record.borrowed[place] as Room['record']['borrowed'][number];
    const before = JSON.stringify(loan);
    loan.needSinceMs = !loan.lent && isReached(room, rule.when, now) ? (loan.needSinceMs ?? now) : null;
    loan.easeSinceMs = loan.lent && isKept(room, rule.until, now) ? (loan.easeSinceMs ?? now) : null;
    if (loan.needSinceMs !== null && now - loan.needSinceMs >= rule.forMs) turn(state, room, rule, loan, true);
    else if (loan.easeSinceMs !== null && now - loan.easeSinceMs >= rule.untilForMs) turn(state, room, rule, loan, false);
    changed ||= JSON.stringify(loan) !== before;
  }
  if (changed) state.touchRoom(room);
}

function turn(state: AcdState, room: Room, rule: BorrowRule, loan: Room['record']['borrowed'][number], lent: boolean): void {
  loan.lent = lent;
  loan.needSinceMs = null;
  loan.easeSinceMs = null;
  state.facts.push({
    kind: lent ? 'groupBorrowed' : 'groupReturned',
    queueId: room.config.id,
    groups: rule.groups,
    waiting: room.entries.size,
    longestWaitMs: room.longestWaitMs(state.nowMs),
    level: room.level(state.nowMs),
  });
  room.forgetCrew();
  const joined = state.eligibility.lend(room.config.id, room.lentAlternatives());
  state.forgetEligible();
  for (const agentId of joined) {
    const agent = state.agents.get(agentId);
    if (!agent || !state.eligibility.isAvailable(agentId)) continue;
    state.eligibility.remove(agentId);
    placeAgent(state, agent);
  }
}

/** Any of the bounds that are named. */
function isReached(room: Room, bounds: Bounds, nowMs: number): boolean {
  const { waiting, longestWaitMs, level } = bounds;
  if (waiting !== undefined && room.entries.size >= waiting) return true;
  if (longestWaitMs !== undefined && room.entries.size > 0 && room.longestWaitMs(nowMs) >= longestWaitMs) return true;
  return level !== undefined && (room.level(nowMs) ?? 1) < level;
}

/** All of the bounds that are named. */
function isKept(room: Room, bounds: Bounds, nowMs: number): boolean {
  const { waiting, longestWaitMs, level } = bounds;
  if (waiting !== undefined && room.entries.size > waiting) return false;
  if (longestWaitMs !== undefined && room.longestWaitMs(nowMs) > longestWaitMs) return false;
  return level === undefined || (room.level(nowMs) ?? 1) >= level;
}
