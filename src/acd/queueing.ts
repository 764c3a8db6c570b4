import type { BlockReason, QueueExit } from '../base/facts.js';
import type { CallId } from '../base/ids.js';
import type { QueueConfig } from './config.js';
import { requirementText, satisfies } from './eligibility.js';
import type { QueuedCall } from './entities.js';
import type { AcdEvent } from './events.js';
import { placeAgent, placeCaller } from './matching.js';
import { endOffer, forgetCall } from './offers.js';
import type { AcdState } from './state.js';

/** The ways into a line, what happens while a caller stands in it, and the ways out without an answer. */

export function enqueue(state: AcdState, event: Extract<AcdEvent, { kind: 'enqueue' }>): void {
  if (state.calls.has(event.callId)) {
    state.stale++;
    return;
  }
  const queue = state.queue(event.queueId);
  const blocked = queue ? reasonToBlock(state, queue, event) : 'noSuchQueue';
  if (!queue || blocked) {
    const reason = blocked ?? 'noSuchQueue';
    state.facts.push({ kind: 'callBlocked', callId: event.callId, queueId: event.queueId, reason });
    state.actions.push({ kind: 'released', callId: event.callId, exit: 'blocked', blocked: reason });
    return;
  }
  const call: QueuedCall = {
    callId: event.callId,
    queueId: event.queueId,
    lane: event.lane,
    priority: event.priority,
    tier: event.tier ?? null,
    skills: event.skills,
    language: event.language,
    enteredAtMs: Math.min(event.enteredAtMs ?? state.nowMs, state.nowMs),
    relaxStep: 0,
    phase: 'waiting',
    offerCount: 0,
    timerCount: 0,
    announceCount: 0,
    offer: null,
    talk: null,
    timers: {},
  };
  state.calls.set(call.callId, call);
  state.facts.push({
    kind: 'callQueued',
    callId: call.callId,
    queueId: call.queueId,
    lane: call.lane,
    priority: call.priority,
    requirement: requirementOf(state, queue, call),
    language: call.language,
  });
  state.startCallTimer(call, 'maxWait', call.enteredAtMs + queue.limits.waitMs);
  startRelaxTimer(state, queue, call);
  if (queue.announce.positionEveryMs > 0) state.startCallTimer(call, 'announce', state.nowMs + queue.announce.positionFirstMs);
  placeCaller(state, call);
}

function reasonToBlock(
  state: AcdState,
  queue: QueueConfig,
  event: Extract<AcdEvent, { kind: 'enqueue' }>,
): Exclude<BlockReason, 'noSuchQueue'> | null {
  if (event.enteredAtMs !== undefined) return null;
  if (state.placesOf(queue).size >= queue.limits.waiting) return 'queueFull';
  const last = state.eligibility.profile(queue, event.skills, queue.relax.length).alternatives;
  const first = state.eligibility.profile(queue, event.skills, 0).alternatives;
  const anybody = state.config.agents.some((agent) => satisfies(agent, first) || satisfies(agent, last));
  return anybody ? null : 'noAgents';
}

const requirementOf = (state: AcdState, queue: QueueConfig, call: QueuedCall): string =>
  requirementText(state.eligibility.profile(queue, call.skills, call.relaxStep).alternatives);

function startRelaxTimer(state: AcdState, queue: QueueConfig, call: QueuedCall): void {
  const next = queue.relax[call.relaxStep];
  if (next) state.startCallTimer(call, 'relax', call.enteredAtMs + next.afterMs);
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
    by: `relax step ${call.relaxStep}`,
  });
  startRelaxTimer(state, queue, call);
  state.touchedCalls.add(call.callId);
  if (waiting) placeCaller(state, call);
}

/** Tells the place in the line, every other time followed by a comfort prompt when the queue has some. Silent while a phone rings for the caller. */
export function announce(state: AcdState, call: QueuedCall): void {
  const queue = state.queueOf(call);
  state.startCallTimer(call, 'announce', state.nowMs + queue.announce.positionEveryMs);
  if (call.phase !== 'waiting') return;
  const { comfort } = queue.announce;
  const turn = call.announceCount++;
  state.actions.push({
    kind: 'announce',
    callId: call.callId,
    position: state.placesOf(queue).rank(call) + 1,
    comfort: comfort.length > 0 ? (comfort[turn % comfort.length] as string) : null,
  });
}

/** The caller leaves the line: hung up, waited too long, or went another way. An offer under way is withdrawn. */
export function leave(state: AcdState, callId: CallId, exit: QueueExit): boolean {
  const call = state.calls.get(callId);
  if (!call || call.phase === 'talking') {
    state.stale++;
    return false;
  }
  const agent = call.offer && state.agents.get(call.offer.agentId);
  if (call.offer && agent) endOffer(state, { call, agent, offer: call.offer }, 'callerLeft', true);
  if (!call.callback) state.facts.push({ kind: 'callLeftQueue', callId, queueId: call.queueId, exit, waitMs: state.nowMs - call.enteredAtMs });
  forgetCall(state, call);
  if (agent) placeAgent(state, agent);
  return true;
}

export function waitedTooLong(state: AcdState, call: QueuedCall): void {
  // A caller whose phone is being picked up at this moment is not thrown out.
  if (call.phase === 'connecting') return;
  if (leave(state, call.callId, 'timedOut')) {
    state.actions.push({ kind: 'released', callId: call.callId, exit: 'timedOut', blocked: null });
  }
}
