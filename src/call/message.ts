import { asId, type RecordingId } from '../base/ids.js';
import { type Ms, SECOND } from '../base/time.js';
import type { FlowEffect } from '../flow/contract.js';
import { maskNumber } from '../service-level/mask.js';
import type { CallRecord, Message } from './entities.js';
import { walk } from './flow-walk.js';
import { settle } from './goodbye.js';
import { stopPlaying } from './playing.js';
import { sendMessage } from './sending.js';
import type { CallState } from './state.js';
import type { SwitchEvent } from './switch-events.js';

/** What a caller says into a box: begun after a beep, ended by silence, a key, the longest time, or by hanging up. */

/** Less sound than this is nobody's message. */
const LEAST_SOUND_MS: Ms = SECOND;
/** The beep, and the switch's whole seconds; then a message whose end was not told is over. */
const END_WITHIN_MS = 5 * SECOND;

export function recordMessage(state: CallState, call: CallRecord, effect: Extract<FlowEffect, { kind: 'recordMessage' }>): void {
  stopPlaying(state, call);
  call.messageCount = (call.messageCount ?? 0) + 1;
  const recordingId = asId<RecordingId>(`${call.callId}-v${call.messageCount}`);
  const file = `${call.callId.slice(0, 8)}/${recordingId}`;
  const { turn, box, maxMs, silenceMs, notify } = effect;
  call.message = { recordingId, file, startedAtMs: null, stoppedAtMs: null, turn, box, maxMs, notify };
  state.touch(call);
  const { callId, legId, switchId } = call;
  state.tell(switchId, { kind: 'recordMessage', callId, recordingId, legId, file, maxMs, silenceMs });
  state.startTimer(call, 'message', maxMs + END_WITHIN_MS);
}

/** The caller has pressed the key that ends it. */
export function endMessage(state: CallState, call: CallRecord, turn: number): void {
  if (call.message?.turn === turn) stopMessage(state, call);
}

export function stopMessage(state: CallState, call: CallRecord): void {
  const { message } = call;
  if (!message || message.stoppedAtMs !== null) return;
  message.stoppedAtMs = state.nowMs;
  state.touch(call);
  state.tell(call.switchId, { kind: 'stopRecording', callId: call.callId, recordingId: message.recordingId });
}

export function messageStarted(state: CallState, call: CallRecord): void {
  const { message } = call;
  if (!message || message.startedAtMs !== null) return;
  message.startedAtMs = state.nowMs;
  state.touch(call);
  const { recordingId } = message;
  state.facts.push({ kind: 'recordingStarted', callId: call.callId, recordingId, agentId: null, queueId: null });
}

export function messageEnded(state: CallState, call: CallRecord, event: Extract<SwitchEvent, { kind: 'recordingEnded' }>): void {
  const { durationMs, soundMs, failed, detail: reason } = event;
  const { message } = call;
  // The word that it had started may have got lost.
  if (message?.startedAtMs === null && durationMs > 0) {
    messageStarted(state, call);
    message.startedAtMs = state.nowMs - durationMs;
  }
  over(state, call, { durationMs, soundMs: soundMs ?? durationMs, failed, reason });
}

/**
 * The switch has not told of its end: it came while nobody listened, or is overdue. Whoever has spoken for a while may have left a message; the file
 * knows, and the sealing measures it.
 */
export function messageEndedUnheard(state: CallState, call: CallRecord, reason: string): void {
  const startedAtMs = call.message?.startedAtMs ?? null;
  over(state, call, { durationMs: null, soundMs: startedAtMs === null ? 0 : state.nowMs - startedAtMs, failed: false, reason });
}

/** The switch should have ended it by itself. A switch that is away tells when it is back. */
export function messageTimeOver(state: CallState, call: CallRecord): void {
  if (!state.connected.has(call.switchId)) return state.startTimer(call, 'message', END_WITHIN_MS);
  stopMessage(state, call);
  messageEndedUnheard(state, call, 'the switch did not tell of its end');
}

/** After a (re)connect, for a caller who waits for a beep that may never have come: true when the message has to be asked for again. */
export function mustAskAgain(state: CallState, call: CallRecord): boolean {
  const { message, callId } = call;
  if (message?.startedAtMs !== null) return false;
  delete call.message;
  state.stopTimer(call, 'message');
  // Should it begin after all, its end has been told, and whoever seals finds the file.
  const { recordingId, file } = message;
  const ended = { callId, recordingId, durationMs: 0, complete: false, reason: 'it has never begun' };
  state.facts.push({ kind: 'recordingEnded', ...ended });
  state.jobs.push({ kind: 'sealRecording', callId, recordingId, file });
  return true;
}

/** The caller hangs up while speaking: what was said so far counts. */
export const isLeavingMessage = (state: CallState, { message }: CallRecord): boolean =>
  message !== undefined && message.startedAtMs !== null && state.nowMs - message.startedAtMs >= LEAST_SOUND_MS;

interface End {
  /** Null: the switch has not told. */
  readonly durationMs: Ms | null;
  readonly soundMs: Ms;
  readonly failed: boolean;
  readonly reason: string;
}

function over(state: CallState, call: CallRecord, { durationMs, soundMs, failed, reason }: End): void {
  const { message, callId } = call;
  if (!message) return;
  const { recordingId, file, turn } = message;
  delete call.message;
  state.stopTimer(call, 'message');
  state.touch(call);
  const complete = !failed && durationMs !== null && durationMs > 0;
  state.facts.push({ kind: 'recordingEnded', callId, recordingId, durationMs: durationMs ?? 0, complete, reason });
  state.jobs.push({ kind: 'sealRecording', callId, recordingId, file });
  const kept = !failed && message.startedAtMs !== null && soundMs >= LEAST_SOUND_MS;
  if (kept) keep(state, call, message, durationMs);
  if (call.phase === 'flow') walk(state, call, { kind: 'messageEnded', turn, durationMs: durationMs ?? 0, kept });
  settle(state, call);
}

/** A length that is not known is told as 0, and to the endpoint as null. */
function keep(state: CallState, call: CallRecord, { box, recordingId, notify }: Message, durationMs: Ms | null): void {
  call.served = true;
  state.facts.push({ kind: 'voicemailLeft', callId: call.callId, box, recordingId, durationMs: durationMs ?? 0 });
  if (notify === null) return;
  const caller = maskNumber(call.ani);
  sendMessage(state, call, notify, { event: 'voicemailLeft', box, caller, durationMs, recordingId });
}
