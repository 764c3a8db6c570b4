import { type BridgeId, isPlainId, type RecordingId, type SwitchId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
import type { SwitchCommandOf } from '../call/commands.js';
import type { SwitchEvent } from '../call/switch-events.js';
import type { Clock } from '../ports/clock.js';
import type { SimulatedLeg } from './simulated-leg.js';

interface SimulatedRecording {
  readonly recordingId: RecordingId;
  /** Null for a message. */
  readonly bridgeId: BridgeId | null;
  readonly startedAtMs: Ms;
  readonly message?: { readonly leg: SimulatedLeg; readonly silenceMs: Ms; cancel: () => void };
}

/** What is being recorded on a simulated switch: talks in bridges, and messages that callers leave. */
export class SimulatedRecordings {
  readonly #running = new Map<RecordingId, SimulatedRecording>();
  readonly #switchId: SwitchId;
  readonly #clock: Clock;
  readonly #report: (event: SwitchEvent) => void;

  constructor(switchId: SwitchId, clock: Clock, report: (event: SwitchEvent) => void) {
    this.#switchId = switchId;
    this.#clock = clock;
    this.#report = report;
  }

  has(recordingId: RecordingId): boolean {
    return this.#running.has(recordingId);
  }

  get size(): number {
    return this.#running.size;
  }

  ids(): RecordingId[] {
    return [...this.#running.keys()];
  }

  /** `bridgeExists` is asked of the switch; a recording of none fails. */
  start({ recordingId, bridgeId }: SwitchCommandOf<'startRecording'>, bridgeExists: boolean): void {
    if (this.has(recordingId)) return;
    if (!bridgeExists) return this.#failed(recordingId, 'no such bridge');
    this.#running.set(recordingId, { recordingId, bridgeId, startedAtMs: this.#clock.nowMs() });
    this.#report({ kind: 'recordingStarted', switchId: this.#switchId, recordingId });
  }

  /** Whether a message may begin; one that may not is told as failed. */
  mayBegin({ recordingId, file }: SwitchCommandOf<'recordMessage'>, leg: SimulatedLeg | undefined): leg is SimulatedLeg {
    if (this.has(recordingId)) return false;
    if (leg && file.split('/').every(isPlainId)) return true;
    this.#failed(recordingId, leg ? 'the file name is not one of ours' : 'no such leg');
    return false;
  }

  /** Ends by a silence of the speaker's, or with the longest time; no key ends it. */
  message({ recordingId, maxMs, silenceMs }: SwitchCommandOf<'recordMessage'>, leg: SimulatedLeg): void {
    const startedAtMs = this.#clock.nowMs();
    const lastsMs = leg.speaksMs === null ? maxMs : Math.min(maxMs, leg.speaksMs + silenceMs);
    const cancel = this.#clock.alarm(startedAtMs + lastsMs, () => this.end(recordingId));
    leg.saying = recordingId;
    this.#running.set(recordingId, { recordingId, bridgeId: null, startedAtMs, message: { leg, silenceMs, cancel } });
    this.#report({ kind: 'recordingStarted', switchId: this.#switchId, recordingId });
  }

  /** Who leaves a message says no more from now on. */
  fallSilent(leg: SimulatedLeg): void {
    const recording = leg.saying && this.#running.get(leg.saying);
    leg.speaksMs = recording ? this.#clock.nowMs() - recording.startedAtMs : 0;
    if (!recording?.message) return;
    const { message, recordingId } = recording;
    message.cancel();
    message.cancel = this.#clock.alarm(this.#clock.nowMs() + message.silenceMs, () => this.end(recordingId));
  }

  end(recordingId: RecordingId): void {
    const recording = this.#running.get(recordingId);
    if (!recording) return;
    this.#running.delete(recordingId);
    const durationMs = this.#clock.nowMs() - recording.startedAtMs;
    const told = {
      kind: 'recordingEnded',
      switchId: this.#switchId,
      recordingId,
      durationMs,
      failed: false,
      detail: '',
    } as const;
    if (!recording.message) return this.#report(told);
    const { leg, cancel } = recording.message;
    cancel();
    leg.saying = null;
    this.#report({ ...told, soundMs: Math.min(durationMs, leg.speaksMs ?? durationMs) });
  }

  endOfBridge(bridgeId: BridgeId): void {
    for (const recording of [...this.#running.values()]) {
      if (recording.bridgeId === bridgeId) this.end(recording.recordingId);
    }
  }

  /** As a crash does: all is gone, and nobody tells. */
  forgetAll(): void {
    for (const { message } of this.#running.values()) message?.cancel();
    this.#running.clear();
  }

  #failed(recordingId: RecordingId, detail: string): void {
    this.#report({ kind: 'recordingEnded', switchId: this.#switchId, recordingId, durationMs: 0, failed: true, detail });
  }
}
