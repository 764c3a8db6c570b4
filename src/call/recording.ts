import type { QueueConfig } from '../acd/config.js';
import { offerOf } from '../acd/entities.js';
import { asId, type RecordingId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
import { isComplete, isRecorded } from '../recording/policy.js';
import type { CallRecord } from './entities.js';
import type { CallState } from './state.js';

/** One recording per talk: begins when caller and agent hear each other, ends with the talk. */

export function startRecording(state: CallState, call: CallRecord): void {
  const queue: QueueConfig | undefined = state.config.acd.queues.find((each) => each.id === call.queueId);
  if (!call.bridge || call.recording || !queue || !isRecorded(call.callId, queue.record.share)) return;
  const recordingId = asId<RecordingId>(`${call.callId}-r${++call.recordingCount}`);
  // A folder per day: ids begin with the date.
  const file = `${call.callId.slice(0, 8)}/${recordingId}`;
  call.recording = { recordingId, file, startedAtMs: null, stoppedAtMs: null };
  state.touch(call);
  const { callId, switchId, legId: callerLegId } = call;
  state.tell(switchId, { kind: 'startRecording', callId, recordingId, bridgeId: call.bridge.bridgeId, callerLegId, file });
}

export function recordingStarted(state: CallState, call: CallRecord): void {
  if (!call.recording || call.recording.startedAtMs !== null) return;
  call.recording.startedAtMs = state.nowMs;
  state.touch(call);
  const agentId = offerOf(state.engine.call(call.callId))?.agentId ?? null;
  const { recordingId } = call.recording;
  state.facts.push({ kind: 'recordingStarted', callId: call.callId, recordingId, agentId, queueId: call.queueId });
}

export function stopRecording(state: CallState, call: CallRecord): void {
  if (!call.recording || call.recording.stoppedAtMs !== null) return;
  call.recording.stoppedAtMs = state.nowMs;
  state.touch(call);
  state.tell(call.switchId, { kind: 'stopRecording', callId: call.callId, recordingId: call.recording.recordingId });
}

export function recordingEnded(state: CallState, call: CallRecord, writtenMs: Ms, failed: boolean, reason: string): void {
  const { recording } = call;
  if (!recording) return;
  const expectedMs = recording.startedAtMs === null ? 0 : (recording.stoppedAtMs ?? state.nowMs) - recording.startedAtMs;
  const complete = recording.startedAtMs !== null && isComplete(writtenMs, expectedMs, failed);
  call.recording = null;
  state.touch(call);
  const { recordingId, file } = recording;
  state.facts.push({ kind: 'recordingEnded', callId: call.callId, recordingId, durationMs: writtenMs, complete, reason });
  state.jobs.push({ kind: 'sealRecording', callId: call.callId, recordingId, file });
}

/** The switch has not told of the end: the file decides later what there is. */
export function endRecordingUnheard(state: CallState, call: CallRecord): void {
  recordingEnded(state, call, 0, true, 'the switch did not tell of its end');
}
