import type { SwitchCommandOf } from '../../call/commands.js';
import { AriHttpError } from './ari-http.js';
import type { AriRest } from './ari-rest.js';
import { RECORDING_VARIABLE } from './channel-notes.js';
import type { Desk } from './desk.js';
import { isRecordingFile } from './hostile-text.js';
import { messageBegan, messageTaken, soundCut } from './sound-watch.js';

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));

/**
 * Records what one leg says. Asterisk records a channel only while it is in no bridge, and holds a change of its variables back until the recording
 * is over: so it is taken out of its room first, then marked, then recorded. What plays to it is cut.
 */
export async function recordMessage(desk: Desk, rest: AriRest, command: SwitchCommandOf<'recordMessage'>): Promise<void> {
  const { book, emit, switchId } = desk;
  const { recordingId, file, legId } = command;
  if (book.recording(recordingId) !== null) return;
  const failed = (detail: string): void =>
    emit({ kind: 'recordingEnded', switchId, recordingId, durationMs: 0, failed: true, detail });
  const leg = book.leg(legId);
  if (leg === null) return failed('the leg is gone');
  if (!isRecordingFile(file)) return failed('the file name is not one of ours');
  leg.callId = command.callId;
  leg.afterPlayback.delete('wait');
  await Promise.all([...leg.playbacks].map((playbackId) => rest.stopPlayback(playbackId).catch(() => {})));
  for (const playbackId of leg.playbacks) soundCut(desk, playbackId);
  try {
    if (leg.bridgeId !== null) await rest.removeChannel(leg.bridgeId, legId);
  } catch (error) {
    // Gone from there, or with it: the recording itself will tell.
    desk.faults.count(error instanceof AriHttpError ? `rest.${error.status ?? error.fault}` : 'rest.defect');
  }
  leg.bridgeId = null;
  await rest
    .setVariable(legId, RECORDING_VARIABLE, `${recordingId} ${file}`)
    .catch(() => desk.faults.count('recording.notNoted'));
  const recording = book.addRecording(recordingId, file, { messageOf: legId });
  try {
    await rest.recordChannel(legId, file, { maxS: seconds(command.maxMs), silenceS: seconds(command.silenceMs) });
    messageTaken(desk, recording);
  } catch (error) {
    const isRunning = error instanceof AriHttpError && error.status === 409 && (await rest.isRecording(file).catch(() => false));
    if (isRunning) {
      recording.startedAtMs = performance.now();
      messageBegan(desk, recording);
      emit({ kind: 'recordingStarted', switchId, recordingId }); // started by us before a crash
      return;
    }
    desk.faults.count(error instanceof AriHttpError ? `rest.${error.status ?? error.fault}` : 'rest.defect');
    if (book.endRecording(recording)) failed(error instanceof Error ? error.message : String(error));
  }
}
