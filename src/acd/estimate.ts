import type { Ms } from '../base/time.js';
import type { QueueConfig } from './config.js';
import type { QueuedCall } from './entities.js';
import type { AcdState } from './state.js';

/**
 * How long a caller will still wait, from the state alone: with all agents at work, one of `agents` becomes free every `handle / agents`,
 * and the caller at place p is served by the p-th of them. `handle` is the queue's own running mean of talk, hold and wrap-up.
 *
 * Agents are those whose status is ready and who have what the queue requires, or are lent to it. An agent who serves several queues counts
 * whole in each, so the estimate is short where other queues take them. Null: nobody is there, so there is nothing to tell.
 */
export function estimateMs(state: AcdState, call: QueuedCall): Ms | null {
  const queue = state.queueOf(call);
  const places = state.placesOf(queue);
  return estimateAt(state, queue, Math.max(1, places.rank(call) + 1 - beingAnswered(places, call)));
}

/** `place` counts those who wait, not those for whom a phone rings. */
export function estimateAt(state: AcdState, queue: QueueConfig, place: number): Ms | null {
  const room = state.roomOf(queue);
  const agents = room.crew.core.ready;
  return agents === 0 ? null : Math.round((place * room.handleMs) / agents);
}

/** Those at the head for whom a phone rings have their agent already. */
function beingAnswered(places: Iterable<QueuedCall>, call: QueuedCall): number {
  let ringing = 0;
  for (const ahead of places) {
    if (ahead === call || (ahead.phase !== 'offered' && ahead.phase !== 'connecting')) break;
    ringing++;
  }
  return ringing;
}
