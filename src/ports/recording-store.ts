import type { Readable } from 'node:stream';
import type { RecordingId } from '../base/ids.js';
import type { Result } from '../base/result.js';
import type { Ms } from '../base/time.js';

/** Where the sound of recordings lies. Files are named by us; nothing from outside ever becomes part of a path. */
export interface RecordingStore {
  /** Measures and sums a recording that has ended. `file` is the name given to `startRecording`. An error says what is wrong with it. */
  seal(file: string): Promise<Result<SealedRecording, string>>;
  /** Opens the sound of a recording by its id; null when there is none. */
  open(recordingId: RecordingId): Promise<OpenRecording | null>;
}

export interface SealedRecording {
  readonly bytes: number;
  readonly durationMs: Ms;
  /** Hex. */
  readonly sha256: string;
}

/** Exactly one of `read` and `close` is called, once; a stream that ends or is destroyed closes the file. */
export interface OpenRecording {
  readonly bytes: number;
  readonly contentType: string;
  /** Bytes `start` to `end`, both included. */
  read(start: number, end: number): Readable;
  close(): Promise<void>;
}
