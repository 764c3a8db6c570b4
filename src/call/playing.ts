import { asId, type PlaybackId } from '../base/ids.js';
import type { PromptRef } from './commands.js';
import type { CallRecord } from './entities.js';
import type { CallState } from './state.js';

/** Starts a playback to the caller; one that is running is replaced. `turn` is what the flow waits for, null for announcements. */
export function play(state: CallState, call: CallRecord, prompts: readonly PromptRef[], turn: number | null): void {
  stopPlaying(state, call);
  const playbackId = asId<PlaybackId>(`${call.callId}-p${++call.playCount}`);
  call.playback = { playbackId, turn };
  state.touch(call);
  state.tell(call.switchId, { kind: 'play', callId: call.callId, legId: call.legId, playbackId, prompts });
}

export function stopPlaying(state: CallState, call: CallRecord): void {
  if (!call.playback) return;
  const { playbackId } = call.playback;
  call.playback = null;
  state.touch(call);
  state.tell(call.switchId, { kind: 'stopPlayback', callId: call.callId, legId: call.legId, playbackId });
}
