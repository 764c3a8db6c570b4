import { levelDb, readWav, toneShare } from './tone.js';

/** Keys as tones (ITU-T Q.23): two at once, one of each group. Finds them in recordings and makes them. */

const ROWS = [697, 770, 852, 941] as const;
const COLUMNS = [1209, 1336, 1477, 1633] as const;
const KEYS = ['123A', '456B', '789C', '*0#D'] as const;

/** 40 ms: the shortest key that a receiver has to take. */
const WINDOW_S = 0.04;
const STEP_S = 0.01;
const LEAST_SHARE = 0.15;
/** How much louder than the second of its group a tone has to be. */
const CLEARLY = 3;
const QUIET_DB = -45;

/** The keys in a WAV file, in order, on any channel. */
export function keysIn(wavFile: string): string {
  const { samples, rate } = readWav(wavFile);
  return samples.map((channel) => keysOf(channel, rate)).join(' ');
}

export function keysOf(samples: Int16Array, rate = 8000): string {
  const [size, step] = [Math.round(rate * WINDOW_S), Math.round(rate * STEP_S)];
  let keys = '';
  let before: string | null = null;
  for (let at = 0; at + size <= samples.length; at += step) {
    const key = keyIn(samples.subarray(at, at + size), rate);
    if (key !== null && key !== before) keys += key;
    before = key;
  }
  return keys;
}

function keyIn(window: Int16Array, rate: number): string | null {
  if (levelDb(window) < QUIET_DB) return null;
  const strongest = (group: readonly number[]): number | null => {
    const shares = group.map((hz) => toneShare(window, hz, rate));
    const [first = 0, second = 0] = [...shares].sort((a, b) => b - a);
    return first >= LEAST_SHARE && first >= CLEARLY * second ? shares.indexOf(first) : null;
  };
  const [row, column] = [strongest(ROWS), strongest(COLUMNS)];
  return row === null || column === null ? null : (KEYS[row]?.[column] ?? null);
}

/** Keys as sound: 100 ms each, and 100 ms of silence after each. */
export function keySamples(keys: string, rate = 8000, amplitude = 5000): Int16Array {
  const length = Math.round(rate / 10);
  const samples = new Int16Array(keys.length * length * 2);
  [...keys].forEach((key, n) => {
    const row = KEYS.findIndex((each) => each.includes(key));
    const [low, high] = [ROWS[row], COLUMNS[KEYS[row]?.indexOf(key) ?? -1]];
    if (low === undefined || high === undefined) throw new Error(`${key} is no key`);
    for (let i = 0; i < length; i++) {
      const angle = (2 * Math.PI * i) / rate;
      samples[n * length * 2 + i] = Math.round(amplitude * (Math.sin(low * angle) + Math.sin(high * angle)));
    }
  });
  return samples;
}
