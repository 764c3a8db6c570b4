import type { QueueConfig } from './config.js';
import type { KeptPlace, QueuedCall } from './entities.js';
import type { Room } from './room.js';
import type { AcdState } from './state.js';

/**
 * A caller who drops while waiting and calls again within the limit gets the place back. For the figures these are two calls: the first is
 * abandoned, the second is offered and waits from its own entry; only its order goes by the entry of the first.
 */

export const placeId = (place: KeptPlace): string => `place/${place.queueId}/${place.caller}`;

/** Remembers the place of a caller who has dropped. */
export function keepPlace(state: AcdState, call: QueuedCall): void {
  const queue = state.queueOf(call);
  if (!queue.redial || call.caller === null || call.callback) return;
  const room = state.roomOf(queue);
  forgetExpired(state, room);
  const known = room.places.get(call.caller);
  if (known) forget(state, room, known);
  while (room.places.size >= queue.redial.callers) forget(state, room, first(room) as KeptPlace);
  const place: KeptPlace = {
    kind: 'place',
    queueId: queue.id,
    caller: call.caller,
    callId: call.callId,
    // Whoever drops again keeps the first place of all.
    enteredAtMs: call.enteredAtMs,
    leftAtMs: state.nowMs,
  };
  room.places.set(place.caller, place);
  state.touchedQueues.add(placeId(place));
  watchPlaces(state, room);
}

/** The place that this caller comes back to, once; null when there is none. */
export function takePlace(state: AcdState, queue: QueueConfig, caller: string | null): KeptPlace | null {
  if (!queue.redial || caller === null) return null;
  const room = state.roomOf(queue);
  forgetExpired(state, room);
  const place = room.places.get(caller);
  if (!place) return null;
  forget(state, room, place);
  watchPlaces(state, room);
  return place;
}

/** A number is kept no longer than the limit says, whether or not anything happens. */
export function watchPlaces(state: AcdState, room: Room): void {
  forgetExpired(state, room);
  const oldest = first(room);
  if (!oldest) state.stopRoomTimer(room, 'redial');
  else if (!room.record.timers.redial) state.startRoomTimer(room, 'redial', untilMs(room, oldest) + 1);
}

function forgetExpired(state: AcdState, room: Room): void {
  for (let oldest = first(room); oldest && untilMs(room, oldest) < state.nowMs; oldest = first(room)) forget(state, room, oldest);
}

function forget(state: AcdState, room: Room, place: KeptPlace): void {
  room.places.delete(place.caller);
  state.touchedQueues.add(placeId(place));
}

const first = (room: Room): KeptPlace | undefined => room.places.values().next().value;
const untilMs = (room: Room, place: KeptPlace): number => place.leftAtMs + (room.config.redial?.withinMs ?? 0);
