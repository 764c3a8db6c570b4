import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { isPlainId, type RecordingId } from '../../base/ids.js';
import { err, ok, type Result } from '../../base/result.js';
import type { OpenRecording, RecordingStore, SealedRecording } from '../../ports/recording-store.js';

/** Recordings as the switch wrote them: `<folder>/<day>/<recordingId>.wav`. */
export class RecordingFiles implements RecordingStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = resolve(folder);
  }

  async seal(file: string): Promise<Result<SealedRecording, string>> {
    const parts = file.split('/');
    if (!parts.every(isPlainId)) return err('the name is not one of ours');
    let handle: FileHandle;
    try {
      handle = await open(`${join(this.#folder, ...parts)}.wav`, 'r');
    } catch (error) {
      return err(`there is no such file (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
    }
    try {
      const { size } = await handle.stat();
      const durationMs = await wavDurationMs(handle, size);
      if (durationMs === null) return err('the file is not a WAV file');
      const hash = createHash('sha256');
      for await (const chunk of handle.createReadStream({ start: 0, autoClose: false })) hash.update(chunk as Buffer);
      return ok({ bytes: size, durationMs, sha256: hash.digest('hex') });
    } finally {
      await handle.close();
    }
  }

  async open(recordingId: RecordingId): Promise<OpenRecording | null> {
    if (!isPlainId(recordingId)) return null;
    let handle: FileHandle;
    try {
      handle = await open(`${join(this.#folder, recordingId.slice(0, 8), recordingId)}.wav`, 'r');
    } catch {
      return null;
    }
    const { size } = await handle.stat();
    return {
      bytes: size,
      contentType: 'audio/wav',
      read: (start, end): Readable => handle.createReadStream({ start, end, autoClose: true }),
      close: () => handle.close(),
    };
  }
}

/**
 * Length of the sound by its chunks, which may stand in any order; a `data` chunk that says more than the file holds (the writer died) counts
 * as far as the file goes. Null: no WAV.
 */
async function wavDurationMs(handle: FileHandle, size: number): Promise<number | null> {
  const head = Buffer.alloc(12);
  await handle.read(head, 0, 12, 0);
  if (head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE') return null;
  let bytesPerSecond = 0;
  for (let at = 12; at + 8 <= size; ) {
    const chunk = Buffer.alloc(24);
    await handle.read(chunk, 0, 24, at);
    const name = chunk.toString('latin1', 0, 4);
    const length = chunk.readUInt32LE(4);
    if (name === 'fmt ') bytesPerSecond = chunk.readUInt32LE(16);
    if (name === 'data') {
      const present = Math.min(length === 0 ? size : length, size - at - 8);
      return bytesPerSecond > 0 ? Math.round((present * 1_000) / bytesPerSecond) : null;
    }
    at += 8 + length + (length % 2);
  }
  return null;
}
