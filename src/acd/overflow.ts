import type { QueueConfig } from './config.js';
import type { QueuedCall } from './entities.js';
import { eligibleFor, enterLine, leaveLine, reasonToBlock, requirementOf, startOverflowTimer, waitRules } from './entry.js';
import { estimateMs } from './estimate.js';
import { placeCaller } from './matching.js';
import type { OverflowRule, OverflowTrigger } from './queue-rules.js';
import { releaseCall } from './releasing.js';
import type { AcdState } from './state.js';

/**
 * Overflow: to another queue (the time of entry goes along, for the order), to further groups of agents, or back to the flow by a named
 * exit. A rule whose target cannot take the caller (full, closed, nobody there, a queue the call has been in) is passed over.
 */

/** While a phone rings for the caller a rule by wait is put off by this much: the answer is near. */
const PUT_OFF_MS = 1_000;

/** What a rule looks at, as a number; null: it cannot be told, which counts as beyond any bound. */
function measure(state: AcdState, queue: QueueConfig, call: QueuedCall, when: OverflowTrigger): number | null {
  const room = state.roomOf(queue);
  switch (when.kind) {
    case 'wait':
      return state.nowMs - call.queuedAtMs;
    case 'estimate':
      return estimateMs(state, call);
    case 'perAgent': {
      const { signedIn } = room.crew.core;
      return signedIn === 0 ? null : room.entries.size / signedIn;
    }
    case 'level':
      return room.level(state.nowMs);
  }
}

function isBeyond(when: OverflowTrigger, value: number | null): boolean {
  switch (when.kind) {
    case 'wait':
      return (value ?? 0) >= when.afterMs;
    case 'estimate':
      return value === null || value > when.aboveMs;
    case 'perAgent':
      return value === null || value > when.above;
    // Without a call to count there is no bad level.
    case 'level':
      return value !== null && value < when.below;
  }
}

/** A caller has entered and found nobody free: the rules that are asked once, in their order, until one has sent the caller elsewhere. */
export function overflowAtEntry(state: AcdState, call: QueuedCall): void {
  const queue = state.queueOf(call);
  for (const rule of queue.overflow ?? []) {
    if (rule.when.kind === 'wait') continue;
    const value = measure(state, queue, call, rule.when);
    if (!isBeyond(rule.when, value)) continue;
    follow(state, queue, call, rule, value);
    if (call.phase !== 'waiting' || call.queueId !== queue.id || !state.calls.has(call.callId)) return;
  }
}

/** The caller has waited as long as the next rule by wait says. */
export function overflowByWait(state: AcdState, call: QueuedCall): void {
  const queue = state.queueOf(call);
  if (call.phase !== 'waiting') {
    if (call.phase !== 'talking') state.startCallTimer(call, 'overflow', state.nowMs + PUT_OFF_MS);
    return;
  }
  const rules = waitRules(queue);
  for (let rule = rules[call.overflowStep]; rule; rule = rules[call.overflowStep]) {
    const waited = state.nowMs - call.queuedAtMs;
    if (waited < rule.when.afterMs) break;
    call.overflowStep++;
    follow(state, queue, call, rule, waited);
    if (call.phase !== 'waiting' || call.queueId !== queue.id || !state.calls.has(call.callId)) return;
  }
  state.touchedCalls.add(call.callId);
  startOverflowTimer(state, queue, call);
}

function follow(state: AcdState, queue: QueueConfig, call: QueuedCall, rule: OverflowRule, value: number | null): void {
  const { to, when } = rule;
  const told = (target: string): void => {
    state.facts.push({
      kind: 'callOverflowed',
      callId: call.callId,
      queueId: queue.id,
      to: target,
      rule: when.kind,
      value,
      bound:
        when.kind === 'wait'
          ? when.afterMs
          : when.kind === 'estimate'
            ? when.aboveMs
            : when.kind === 'level'
              ? when.below
              : when.above,
    });
  };
  switch (to.kind) {
    case 'queue': {
      const target = state.queue(to.queueId);
      if (!target || call.cameFrom.includes(target.id) || target.id === queue.id) return;
      if (reasonToBlock(state, target, call.skills) !== null) return;
      told(`queue ${target.id}`);
      return moveCall(state, call, target);
    }
    case 'groups': {
      const fresh = to.groups.filter((group) => !call.groups.includes(group));
      if (fresh.length === 0) return;
      told(`groups ${to.groups.join(', ')}`);
      return addGroups(state, queue, call, fresh);
    }
    case 'exit':
      told(`exit ${to.name}`);
      releaseCall(state, call.callId, 'flowedOut', to.name);
  }
}

/**
 * Takes a waiting call into another queue: out of the first with `flowedOut`, into the second with a stay of its own. The order there goes
 * by the first entry, the clocks of the second queue begin now.
 */
export function moveCall(state: AcdState, call: QueuedCall, target: QueueConfig): void {
  const from = state.queueOf(call);
  state.eligibility.removeCall(from, call);
  state.placesOf(from).delete(call);
  leaveLine(state, from, call, 'flowedOut');
  for (const purpose of Object.keys(call.timers)) state.stopCallTimer(call, purpose);
  call.cameFrom.push(from.id);
  call.queueId = target.id;
  call.queuedAtMs = state.nowMs;
  call.relaxStep = 0;
  call.overflowStep = 0;
  call.groups = [];
  state.actions.push({ kind: 'moved', callId: call.callId, queueId: target.id });
  enterLine(state, target, call);
  placeCaller(state, call);
  if (call.phase === 'waiting') overflowAtEntry(state, call);
}

function addGroups(state: AcdState, queue: QueueConfig, call: QueuedCall, groups: readonly string[]): void {
  state.eligibility.removeCall(queue, call);
  call.groups = [...call.groups, ...groups];
  state.facts.push({
    kind: 'callReprioritised',
    callId: call.callId,
    queueId: call.queueId,
    lane: call.lane,
    priority: call.priority,
    requirement: requirementOf(state, queue, call),
    eligible: eligibleFor(state, queue, call),
    by: 'overflow',
  });
  placeCaller(state, call);
}
