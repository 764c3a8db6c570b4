import { readFileSync, writeFileSync } from 'node:fs';
import { alawToLinear, ulawToLinear } from './phone/g711.js';

/**
 * Finds tones in samples and in WAV files. A tone is the proof of a connection: who hears 1500 Hz hears the phone that sends it.
 */

/** Share (0 to 1) of a frame's energy that lies at `hz`: 1 for a pure tone, about 0.5 for one of two equal tones. Goertzel's filter. */
export function toneShare(samples: ArrayLike<number>, hz: number, rate = 8000): number {
  const n = samples.length;
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / rate);
  let s1 = 0;
  let s2 = 0;
  let energy = 0;
  for (let i = 0; i < n; i++) {
    const x = samples[i] as number;
    energy += x * x;
    const s0 = x + coefficient * s1 - s2;
    s2 = s1;
    s1 = s0;
  }
  if (energy === 0) return 0;
  return (2 * (s1 * s1 + s2 * s2 - coefficient * s1 * s2)) / (n * energy);
}

/** Level in dBFS: 0 is the loudest square wave of 16 bits, a full sine is -3, digital silence is -Infinity. */
export function levelDb(samples: ArrayLike<number>): number {
  let energy = 0;
  for (let i = 0; i < samples.length; i++) energy += (samples[i] as number) ** 2;
  return samples.length === 0 ? Number.NEGATIVE_INFINITY : 10 * Math.log10(energy / samples.length / 32768 ** 2);
}

/** The multiple of 50 Hz (what a frame of 20 ms can tell apart) that holds most of the energy; null when the frame is quiet. */
export function dominantHz(samples: ArrayLike<number>, rate = 8000, quietBelowDb = -50): number | null {
  if (levelDb(samples) < quietBelowDb) return null;
  let best = 0;
  let bestShare = -1;
  for (let hz = 50; hz < rate / 2; hz += 50) {
    const share = toneShare(samples, hz, rate);
    if (share > bestShare) {
      bestShare = share;
      best = hz;
    }
  }
  return best;
}

export interface Wav {
  readonly rate: number;
  readonly channels: number;
  /** 1 PCM of 16 bits, 6 A-law, 7 mu-law. */
  readonly format: number;
  readonly seconds: number;
  /** One array of 16-bit samples per channel. */
  readonly samples: readonly Int16Array[];
}

/** Reads a RIFF/WAVE file, wherever its `fmt ` and `data` chunks lie; a data length of 0 or "unknown" means: to the end of the file. */
export function readWav(file: string): Wav {
  const bytes = readFileSync(file);
  if (bytes.length < 12 || bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') {
    throw new Error(`${file} is not a RIFF/WAVE file (${bytes.length} bytes)`);
  }
  let format = 0;
  let channels = 0;
  let rate = 0;
  let bits = 0;
  let data: Buffer | null = null;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = bytes.toString('latin1', at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    const start = at + 8;
    if (id === 'fmt ' && start + 16 <= bytes.length) {
      format = bytes.readUInt16LE(start);
      channels = bytes.readUInt16LE(start + 2);
      rate = bytes.readUInt32LE(start + 4);
      bits = bytes.readUInt16LE(start + 14);
      // WAVE_FORMAT_EXTENSIBLE keeps the real format in the first two bytes of its sub-format.
      if (format === 0xfffe && length >= 26) format = bytes.readUInt16LE(start + 24);
    } else if (id === 'data') {
      // A writer that is still at work, or died, leaves 0 or 0xffffffff here.
      const toEnd = length === 0 || start + length > bytes.length;
      data = bytes.subarray(start, toEnd ? bytes.length : start + length);
      if (toEnd) break;
    }
    at = start + length + (length & 1);
  }
  if (channels === 0 || rate === 0) throw new Error(`${file} has no fmt chunk`);
  if (data === null) throw new Error(`${file} has no data chunk`);
  const decode = decoderOf(file, format, bits);
  const width = format === 1 ? 2 : 1;
  const frames = Math.floor(data.length / (width * channels));
  const samples = Array.from({ length: channels }, () => new Int16Array(frames));
  for (let i = 0; i < frames; i++) {
    for (let c = 0; c < channels; c++) (samples[c] as Int16Array)[i] = decode(data, (i * channels + c) * width);
  }
  return { rate, channels, format, seconds: frames / rate, samples };
}

function decoderOf(file: string, format: number, bits: number): (data: Buffer, at: number) => number {
  if (format === 1 && bits === 16) return (data, at) => data.readInt16LE(at);
  if (format === 6 && bits === 8) return (data, at) => alawToLinear(data[at] as number);
  if (format === 7 && bits === 8) return (data, at) => ulawToLinear(data[at] as number);
  throw new Error(`${file}: WAV format ${format} with ${bits} bits is not read here`);
}

export interface ToneFinding {
  /** How long the tone is there, summed over frames of 20 ms. */
  readonly seconds: number;
  /** Seconds from the start of the file to the first frame with the tone; null when it never comes. */
  readonly firstAt: number | null;
  /** Length of the file. */
  readonly fileSeconds: number;
}

/** How long a tone of `hz` is in a WAV file, in the given channel or in any. */
export function toneIn(
  wavFile: string,
  hz: number,
  options: { channel?: number; minShare?: number; quietBelowDb?: number } = {},
): ToneFinding {
  const { channel, minShare = 0.3, quietBelowDb = -50 } = options;
  const wav = readWav(wavFile);
  const frame = Math.round(wav.rate / 50);
  const chosen = channel === undefined ? wav.samples : wav.samples.slice(channel, channel + 1);
  let frames = 0;
  let firstAt: number | null = null;
  for (let at = 0; at + frame <= (wav.samples[0]?.length ?? 0); at += frame) {
    const heard = chosen.some((samples) => {
      const part = samples.subarray(at, at + frame);
      return levelDb(part) >= quietBelowDb && toneShare(part, hz, wav.rate) >= minShare;
    });
    if (!heard) continue;
    frames += 1;
    firstAt ??= at / wav.rate;
  }
  return { seconds: frames / 50, firstAt, fileSeconds: wav.seconds };
}

/** Samples of a sine, loud enough to be found and far from clipping. A whole number of hertz closes its circle every second. */
export function toneSamples(hz: number, seconds: number, rate = 8000, amplitude = 8000): Int16Array {
  const samples = new Int16Array(Math.round(seconds * rate));
  for (let i = 0; i < samples.length; i++) samples[i] = Math.round(amplitude * Math.sin((2 * Math.PI * hz * i) / rate));
  return samples;
}

/** Writes a mono WAV of 16 bits with one tone (0 Hz: silence): a prompt or music that a phone can recognise. */
export function writeToneWav(file: string, hz: number, seconds: number, rate = 8000): void {
  const samples = hz === 0 ? new Int16Array(Math.round(seconds * rate)) : toneSamples(hz, seconds, rate);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + samples.length * 2, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(samples.length * 2, 40);
  writeFileSync(file, Buffer.concat([head, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)]));
}
