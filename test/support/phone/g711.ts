/** G.711: one byte a sample. A-law is what our phones speak, mu-law is only read. */

/** A-law byte to a 16-bit sample. */
export function alawToLinear(byte: number): number {
  const a = byte ^ 0x55;
  const segment = (a & 0x70) >> 4;
  let t = (a & 0x0f) << 4;
  t += segment === 0 ? 8 : 0x108;
  if (segment > 1) t <<= segment - 1;
  return a & 0x80 ? t : -t;
}

/** mu-law byte to a 16-bit sample. */
export function ulawToLinear(byte: number): number {
  const u = ~byte & 0xff;
  const t = ((((u & 0x0f) << 3) + 0x84) << ((u & 0x70) >> 4)) - 0x84;
  return u & 0x80 ? -t : t;
}

/** 16-bit sample to an A-law byte. */
export function linearToAlaw(sample: number): number {
  const positive = sample >= 0;
  const magnitude = Math.min(positive ? sample : -sample - 1, 32767) >> 3;
  let segment = 0;
  while (segment < 7 && magnitude >= 0x20 << segment) segment++;
  const step = segment < 2 ? magnitude >> 1 : magnitude >> segment;
  return ((segment << 4) | (step & 0x0f)) ^ (positive ? 0xd5 : 0x55);
}

const DECODED = Int16Array.from({ length: 256 }, (_, byte) => alawToLinear(byte));

/** Decodes a frame of A-law. */
export function decodeAlaw(bytes: Uint8Array): Int16Array {
  const samples = new Int16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) samples[i] = DECODED[bytes[i] as number] as number;
  return samples;
}

/** Encodes a frame to A-law. */
export function encodeAlaw(samples: ArrayLike<number>): Buffer {
  const bytes = Buffer.alloc(samples.length);
  for (let i = 0; i < samples.length; i++) bytes[i] = linearToAlaw(samples[i] as number);
  return bytes;
}

/** The A-law byte of silence. */
export const ALAW_SILENCE = 0xd5;
