import type { FactOf } from '../base/facts.js';
import type { RecordingId } from '../base/ids.js';
import type { RecordingView } from './views.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Recordings, newest last. One that was cut short stays `partial` when it is sealed: its checksum is right, its end is missing. */
export class RecordingFold {
  readonly #recordings = new Map<RecordingId, Mutable<RecordingView>>();
  readonly #remembered: number;

  constructor(remembered: number) {
    this.#remembered = remembered;
  }

  started(fact: FactOf<'recordingStarted'>): void {
    this.#recordings.set(fact.recordingId, {
      recordingId: fact.recordingId,
      callId: fact.callId,
      queueId: fact.queueId,
      agentId: fact.agentId,
      startedAtMs: fact.atMs,
      state: 'recording',
      durationMs: null,
      bytes: null,
      sha256: null,
    });
    if (this.#recordings.size > this.#remembered) this.#recordings.delete(this.#recordings.keys().next().value as RecordingId);
  }

  ended(fact: FactOf<'recordingEnded'>): void {
    const recording = this.#recordings.get(fact.recordingId);
    if (recording) Object.assign(recording, { state: fact.complete ? 'ended' : 'partial', durationMs: fact.durationMs });
  }

  sealed(fact: FactOf<'recordingSealed'>): void {
    const recording = this.#recordings.get(fact.recordingId);
    if (!recording) return;
    const { bytes, sha256, durationMs } = fact;
    Object.assign(recording, { bytes, sha256, durationMs, state: recording.state === 'partial' ? 'partial' : 'sealed' });
  }

  missing(fact: FactOf<'recordingMissing'>): void {
    const recording = this.#recordings.get(fact.recordingId);
    if (recording) recording.state = 'missing';
  }

  views(limit: number): RecordingView[] {
    return [...this.#recordings.values()]
      .reverse()
      .slice(0, Math.max(0, limit))
      .map((recording) => ({ ...recording }));
  }
}
