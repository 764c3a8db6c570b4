import type { QueuedCall } from './entities.js';
import { eligibleFor, enterLine, reasonToBlock, requirementOf, startRelaxTimer } from './entry.js';
import type { AcdEvent } from './events.js';
import { placeCaller, ringMore } from './matching.js';
import { overflowAtEntry } from './overflow.js';
import { takePlace } from './redial.js';
import type { AcdState } from './state.js';
import { wishFor } from './wishes.js';

/** Into the line, and what waiting itself brings about. The other ways out are in releasing.ts and overflow.ts. */

export { leave } from './releasing.js';

export function enqueue(state: AcdState, event: Extract<AcdEvent, { kind: 'enqueue' }>): void {
  if (state.calls.has(event.callId)) {
    state.stale++;
    return;
  }
  const queue = state.queue(event.queueId);
  // A call that is found again has been let in before.
  const found = event.enteredAtMs !== undefined;
  const blocked = !queue ? 'noSuchQueue' : found ? null : reasonToBlock(state, queue, event.skills);
  if (!queue || blocked) {
    const reason = blocked ?? 'noSuchQueue';
    state.facts.push({ kind: 'callBlocked', callId: event.callId, queueId: event.queueId, reason });
    state.actions.push({ kind: 'released', callId: event.callId, exit: 'blocked', blocked: reason, branch: BRANCH_OF[reason] });
    return;
  }
  const place = found ? null : takePlace(state, queue, event.caller ?? null);
  const enteredAtMs = Math.min(event.enteredAtMs ?? place?.enteredAtMs ?? state.nowMs, state.nowMs);
  const call = newCall(event, enteredAtMs, found ? Math.min(event.queuedAtMs ?? enteredAtMs, state.nowMs) : state.nowMs);
  state.calls.set(call.callId, call);
  enterLine(state, queue, call);
  if (place) {
    const { callId, queueId } = call;
    const awayMs = state.nowMs - place.leftAtMs;
    state.facts.push({ kind: 'placeRestored', callId, queueId, previousCallId: place.callId, enteredAtMs, awayMs });
  }
  wishFor(state, queue, call, event);
  placeCaller(state, call);
  if (!found && call.phase === 'waiting') overflowAtEntry(state, call);
}

/** The exits of the flow by which a caller goes who could not enter. */
const BRANCH_OF = { queueFull: 'full', queueClosed: 'closed', noAgents: 'no-agents', noSuchQueue: null } as const;

function newCall(event: Extract<AcdEvent, { kind: 'enqueue' }>, enteredAtMs: number, queuedAtMs: number): QueuedCall {
  return {
    callId: event.callId,
    queueId: event.queueId,
    lane: event.lane,
    priority: event.priority,
    tier: event.tier ?? null,
    skills: event.skills,
    language: event.language,
    enteredAtMs,
    queuedAtMs,
    caller: event.caller ?? null,
    groups: [],
    overflowStep: 0,
    cameFrom: [],
    due: {},
    relaxStep: 0,
    phase: 'waiting',
    ...(event.stay !== undefined && event.stay > 1 && { stay: event.stay }),
    ...(event.announce !== undefined && { announce: event.announce }),
    offerCount: 0,
    timerCount: 0,
    announceCount: 0,
    offers: [],
    waitsFor: null,
    talk: null,
    timers: {},
  };
}

/** The waiting time has earned the caller a wider choice of agents. An offer that is under way is left alone. */
export function relax(state: AcdState, call: QueuedCall): void {
  const queue = state.queueOf(call);
  const waiting = call.phase === 'waiting';
  if (waiting) state.eligibility.removeCall(queue, call);
  call.relaxStep++;
  state.facts.push({
    kind: 'callReprioritised',
    callId: call.callId,
    queueId: call.queueId,
    lane: call.lane,
    priority: call.priority,
    requirement: requirementOf(state, queue, call),
    eligible: eligibleFor(state, queue, call),
    by: `relax step ${call.relaxStep}`,
  });
  startRelaxTimer(state, queue, call);
  state.touchedCalls.add(call.callId);
  if (waiting) placeCaller(state, call);
  else ringMore(state, call);
}
