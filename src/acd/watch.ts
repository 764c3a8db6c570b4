import { MINUTE, SECOND } from '../base/time.js';
import { judgeBorrowing } from './borrowing.js';
import type { QueuedCall } from './entities.js';
import { isOpenNow } from './entry.js';
import { watchPlaces } from './redial.js';
import { releaseCall } from './releasing.js';
import type { Room } from './room.js';
import type { AcdState } from './state.js';

/** What a queue must look at while time passes: closing time, whether it is attended, whether it needs help. One timer per purpose, none when idle. */

/** Looks at every queue that was stirred; to look may stir again (a lent agent answers a caller), which the timer sees to. */
export function watchStirred(state: AcdState): void {
  if (state.stirred.size === 0) return;
  const rooms = [...state.stirred];
  state.stirred.clear();
  for (const room of rooms) watchQueue(state, room);
}

function watchQueue(state: AcdState, room: Room): void {
  watchCrew(state, room);
  judgeBorrowing(state, room);
  const { borrow, hours } = room.config;
  const somebody = room.entries.size > 0;
  const loans = room.record.borrowed.some((loan) => loan.lent || loan.needSinceMs !== null);
  const needed = (borrow !== undefined && (somebody || loans)) || (hours?.atClosing === 'letGo' && somebody);
  if (!needed || room.record.timers.watch) return;
  const minute = (Math.floor(state.nowMs / MINUTE) + 1) * MINUTE;
  const second = state.nowMs + SECOND;
  state.startRoomTimer(room, 'watch', borrow ? (hours ? Math.min(second, minute) : second) : minute);
}

/** Callers are not left waiting for agents who have all gone. */
function watchCrew(state: AcdState, room: Room): void {
  const { empty } = room.config;
  if (!empty || empty.leave === 'nobody') return;
  const alone = room.entries.size > 0 && !room.isAttended(empty.leave);
  if (!alone) state.stopRoomTimer(room, 'empty');
  else if (!room.record.timers.empty) state.startRoomTimer(room, 'empty', state.nowMs + empty.graceMs);
}

export function roomTimer(state: AcdState, room: Room, purpose: string): void {
  switch (purpose) {
    case 'watch':
      if (room.config.hours?.atClosing === 'letGo' && !isOpenNow(state, room)) letAllGo(state, room, 'closed');
      return watchQueue(state, room);
    case 'empty':
      if (!room.isAttended(room.config.empty?.leave ?? 'nobody')) letAllGo(state, room, 'no-agents');
      return watchQueue(state, room);
    case 'redial':
      return watchPlaces(state, room);
  }
}

/** In the order of entry. A caller for whom a phone rings is not sent away. */
function letAllGo(state: AcdState, room: Room, branch: string): void {
  const waiting: QueuedCall[] = [...room.entries].filter((call) => call.phase === 'waiting');
  for (const call of waiting) releaseCall(state, call.callId, 'flowedOut', branch);
}
