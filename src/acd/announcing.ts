import type { AnnouncePlan, QueueConfig } from './config.js';
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

const SILENCE: AnnouncePlan = { announce: { positionEveryMs: 0, positionFirstMs: 0, comfort: [] } };

/** The plan that the flow asked for, else the queue's own. */
function planOf(state: AcdState, queue: QueueConfig, { announce: asked }: QueuedCall): AnnouncePlan {
  if (asked === 'none') return SILENCE;
  const plans = state.config.announcePlans ?? {};
  return asked && Object.hasOwn(plans, asked.plan) ? (plans[asked.plan] as AnnouncePlan) : queue;
}

function rhythmOf(plan: AnnouncePlan, kind: (typeof KINDS)[number]): Rhythm | undefined {
  if (kind === 'estimate') return plan.estimate;
  if (kind === 'comfort') return plan.announce.comfort.length > 0 ? plan.comfortEvery : undefined;
  const { positionEveryMs, positionFirstMs } = plan.announce;
  return positionEveryMs > 0 ? { firstMs: positionFirstMs, everyMs: positionEveryMs } : undefined;
}

export function planAnnouncements(state: AcdState, queue: QueueConfig, call: QueuedCall): void {
  call.due = {};
  const plan = planOf(state, queue, call);
  for (const kind of KINDS) {
    const rhythm = rhythmOf(plan, kind);
    if (rhythm) call.due[kind] = state.nowMs + rhythm.firstMs;
  }
  startTimer(state, call);
}

/** Silent while a phone rings for the caller. */
export function announce(state: AcdState, call: QueuedCall): void {
  const queue = state.queueOf(call);
  const plan = planOf(state, queue, call);
  const told = { position: false, estimate: false, comfort: false };
  for (const kind of KINDS) {
    const dueMs = call.due[kind];
    if (dueMs === undefined || dueMs > state.nowMs + TOGETHER_MS) continue;
    told[kind] = true;
    const rhythm = rhythmOf(plan, kind);
    if (rhythm) call.due[kind] = state.nowMs + rhythm.everyMs;
    else delete call.due[kind];
  }
  startTimer(state, call);
  if (call.phase !== 'waiting') return;
  // Comfort without a rhythm of its own goes with the position.
  const comforts = told.comfort || (told.position && !plan.comfortEvery);
  const { comfort } = plan.announce;
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
