import { isOpen } from '../base/calendar.js';
import type { BlockReason, EligibleAgents, QueueExit } from '../base/facts.js';
import { MINUTE, type Ms } from '../base/time.js';
import { planAnnouncements } from './announcing.js';
import type { QueueConfig, RequirementExpression } from './config.js';
import type { QueuedCall } from './entities.js';
import { estimateMs } from './estimate.js';
import type { OverflowRule } from './queue-rules.js';
import { requirementText } from './requirement.js';
import type { Room } from './room.js';
import type { AcdState } from './state.js';

/** Who may enter a line, and the clocks and counts that begin with an entry and end with it. A call enters a line when it comes and when it overflows. */

/** Null: the caller may enter. */
export function reasonToBlock(
  state: AcdState,
  queue: QueueConfig,
  skills: RequirementExpression,
): Exclude<BlockReason, 'noSuchQueue'> | null {
  const room = state.roomOf(queue);
  if (!isOpenNow(state, room)) return 'queueClosed';
  if (state.placesOf(queue).size >= queue.limits.waiting) return 'queueFull';
  if (!room.isAttended(queue.empty?.join ?? 'nobody')) return 'noAgents';
  return state.eligibility.isPossible(queue, skills) ? null : 'noAgents';
}

/** Opening hours change at whole minutes, so that a calendar is asked once a minute at most. */
export function isOpenNow(state: AcdState, room: Room): boolean {
  const { hours } = room.config;
  if (!hours) return true;
  const minute = Math.floor(state.nowMs / MINUTE);
  if (room.openAt?.minute !== minute) room.openAt = { minute, open: isOpen(hours.calendar, state.nowMs) };
  return room.openAt.open;
}

/** Counts the call in and starts the clocks of this queue. The caller of this function then places the call. */
export function enterLine(state: AcdState, queue: QueueConfig, call: QueuedCall): void {
  const room = state.roomOf(queue);
  room.entries.add(call);
  room.countEntry(call.queuedAtMs);
  state.stir(room);
  if (room.looksAtLevel) state.touchRoom(room);
  const eligible = eligibleFor(state, queue, call);
  state.facts.push({
    kind: 'callQueued',
    callId: call.callId,
    queueId: call.queueId,
    lane: call.lane,
    priority: call.priority,
    requirement: requirementOf(state, queue, call),
    language: call.language,
    eligible,
    estimateMs: eligible.idle > 0 ? 0 : estimateMs(state, call),
    ...(call.enteredAtMs === call.queuedAtMs ? {} : { placeFromMs: call.enteredAtMs }),
  });
  state.startCallTimer(call, 'maxWait', call.queuedAtMs + queue.limits.waitMs);
  startRelaxTimer(state, queue, call);
  startOverflowTimer(state, queue, call);
  planAnnouncements(state, queue, call);
}

/** Counts the call out; whoever calls this takes it out of the lines too. */
export function leaveLine(state: AcdState, queue: QueueConfig, call: QueuedCall, exit: QueueExit): void {
  // A promised callback has left the queue, for all counts, when it was promised.
  if (call.callback) return;
  const waitMs = state.nowMs - call.queuedAtMs;
  state.facts.push({ kind: 'callLeftQueue', callId: call.callId, queueId: call.queueId, exit, waitMs });
  endOfStay(state, queue, call, exit);
}

/** The stay in this queue is over, by an answer or another way. */
export function endOfStay(state: AcdState, queue: QueueConfig, call: QueuedCall, end: QueueExit | 'answered'): void {
  const room = state.roomOf(queue);
  // A promised callback was counted when it was promised.
  if (!room.entries.delete(call)) return;
  state.stir(room);
  if (!room.looksAtLevel) return;
  room.countEnd(call.queuedAtMs, state.nowMs - call.queuedAtMs, end);
  state.touchRoom(room);
}

export const requirementOf = (state: AcdState, queue: QueueConfig, call: QueuedCall): string =>
  requirementText(state.eligibility.profile(queue, call.skills, call.relaxStep, call.groups).alternatives);

/** What the agents who may serve the call as it stands are doing, for the record. */
export const eligibleFor = (state: AcdState, queue: QueueConfig, call: QueuedCall): EligibleAgents =>
  state.eligibleFor(state.eligibility.profile(queue, call.skills, call.relaxStep, call.groups));

export function startRelaxTimer(state: AcdState, queue: QueueConfig, call: QueuedCall): void {
  const next = queue.relax[call.relaxStep];
  if (next) state.startCallTimer(call, 'relax', call.queuedAtMs + next.afterMs);
}

export interface WaitRule extends OverflowRule {
  readonly when: { readonly kind: 'wait'; readonly afterMs: Ms };
}

/** Rules of overflow by wait, in the order in which a caller meets them. */
export const waitRules = (queue: QueueConfig): WaitRule[] =>
  (queue.overflow ?? [])
    .filter((rule): rule is WaitRule => rule.when.kind === 'wait')
    .sort((a, b) => a.when.afterMs - b.when.afterMs);

export function startOverflowTimer(state: AcdState, queue: QueueConfig, call: QueuedCall): void {
  const next = waitRules(queue)[call.overflowStep];
  if (next) state.startCallTimer(call, 'overflow', call.queuedAtMs + next.when.afterMs);
}
