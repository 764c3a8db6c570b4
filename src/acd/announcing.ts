import type { QueueConfig } from './config.js';
import type { QueuedCall } from './entities.js';
import { estimateMs } from './estimate.js';
import type { Rhythm } from './queue-rules.js';
import type { AcdState } from './state.js';

/**
 * What a waiting caller is told and when: the place in the line, the estimated wait, comfort prompts, each in its own rhythm over one
 * timer. What falls due together is told together, so that one announcement never cuts another off.
 */

/** Due within this after the one that rings now: told with it. */
const TOGETHER_MS = 3_000;

const KINDS = ['position', 'estimate', 'comfort'] as const;

function rhythmOf(queue: QueueConfig, kind: (typeof KINDS)[number]): Rhythm | undefined {
  if (kind === 'estimate') return queue.estimate;
  if (kind === 'comfort') return queue.announce.comfort.length > 0 ? queue.comfortEvery : undefined;
  const { positionEveryMs, positionFirstMs } = queue.announce;
  return positionEveryMs > 0 ? { firstMs: positionFirstMs, everyMs: positionEveryMs } : undefined;
}

export function planAnnouncements(state: AcdState, queue: QueueConfig, call: QueuedCall): void {
  call.due = {};
  for (const kind of KINDS) {
    const rhythm = rhythmOf(queue, kind);
    if (rhythm) call.due[kind] = state.nowMs + rhythm.firstMs;
  }
  startTimer(state, call);
}

/** Silent while a phone rings for the caller. */
export function announce(state: AcdState, call: QueuedCall): void {
  const queue = state.queueOf(call);
  const told = { position: false, estimate: false, comfort: false };
  for (const kind of KINDS) {
    const dueMs = call.due[kind];
    if (dueMs === undefined || dueMs > state.nowMs + TOGETHER_MS) continue;
    told[kind] = true;
    const rhythm = rhythmOf(queue, kind);
    if (rhythm) call.due[kind] = state.nowMs + rhythm.everyMs;
    else delete call.due[kind];
  }
  startTimer(state, call);
  if (call.phase !== 'waiting') return;
  // Comfort without a rhythm of its own goes with the position.
  const comforts = told.comfort || (told.position && !queue.comfortEvery);
  const { comfort } = queue.announce;
  const estimate = told.estimate ? estimateMs(state, call) : null;
  state.actions.push({
    kind: 'announce',
    callId: call.callId,
    position: told.position ? state.placesOf(queue).rank(call) + 1 : null,
    minutes: estimate === null ? null : Math.max(1, Math.round(estimate / 60_000)),
    comfort: comforts && comfort.length > 0 ? (comfort[call.announceCount++ % comfort.length] as string) : null,
  });
  state.touchedCalls.add(call.callId);
}

function startTimer(state: AcdState, call: QueuedCall): void {
  const moments = Object.values(call.due);
  if (moments.length > 0) state.startCallTimer(call, 'announce', Math.max(state.nowMs, Math.min(...moments)));
  else state.stopCallTimer(call, 'announce');
}
