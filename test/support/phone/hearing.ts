import { dominantHz, levelDb, toneShare } from '../tone.js';
import { decodeAlaw } from './g711.js';

/** One frame as it came: 20 ms of A-law. It is only decoded when somebody asks about it. */
interface Frame {
  readonly atMs: number;
  readonly alaw: Uint8Array;
}
export interface HeardKey {
  readonly key: string;
  readonly atMs: number;
  readonly durationMs: number;
}
/** One frame of the timeline. `hz` is a multiple of 50, null in silence. */
export type TimelineEntry = readonly [atMs: number, hz: number | null, levelDb: number];
export interface Span {
  readonly sinceMs?: number;
  readonly untilMs?: number;
}
export interface ToneHeard {
  readonly frames: number;
  readonly seconds: number;
  /** `performance.now()` of the first and last frame with the tone. */
  readonly firstAtMs: number | null;
  readonly lastAtMs: number | null;
}

const QUIET_DB = -50;
/** Ten minutes: older frames are forgotten. */
const MOST_FRAMES = 30_000;

/**
 * What a phone hears, frame by frame. Times are `performance.now()` of the arrival. A tone counts as heard in a frame when it is
 * louder than -50 dBFS and holds at least `minShare` of the energy (0.2, so that a mix of three tones still shows each).
 */
export class Hearing {
  readonly keys: HeardKey[] = [];
  #frames: Frame[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(readonly minShare = 0.2) {}

  add(atMs: number, alaw: Uint8Array): void {
    this.#frames.push({ atMs, alaw });
    if (this.#frames.length > MOST_FRAMES) this.#frames = this.#frames.slice(MOST_FRAMES / 10);
    for (const listener of this.#listeners) listener();
  }
  addKey(key: HeardKey): void {
    this.keys.push(key);
    for (const listener of this.#listeners) listener();
  }
  /** Number of frames that came, with sound or without. */
  get frames(): number {
    return this.#frames.length;
  }
  heard(hz: number, span: Span = {}): ToneHeard {
    let frames = 0;
    let firstAtMs: number | null = null;
    let lastAtMs: number | null = null;
    for (const frame of this.#within(span)) {
      if (!this.#has(frame, hz)) continue;
      frames += 1;
      firstAtMs ??= frame.atMs;
      lastAtMs = frame.atMs;
    }
    return { frames, seconds: frames / 50, firstAtMs, lastAtMs };
  }
  timeline(span: Span = {}): TimelineEntry[] {
    return this.#within(span).map(({ atMs, alaw }) => {
      const samples = decodeAlaw(alaw);
      return [atMs, dominantHz(samples, 8000, QUIET_DB), levelDb(samples)];
    });
  }
  /** The longest time without any sound in the span, in milliseconds: no packet, or packets of silence. The span ends now unless told. */
  silenceMs(span: Span = {}): number {
    const until = span.untilMs ?? performance.now();
    let last = span.sinceMs ?? this.#frames[0]?.atMs ?? until;
    let longest = 0;
    for (const { atMs, alaw } of this.#within({ ...span, untilMs: until })) {
      if (levelDb(decodeAlaw(alaw)) < QUIET_DB) continue;
      longest = Math.max(longest, atMs - last);
      last = atMs;
    }
    return Math.max(longest, until - last);
  }
  /** The timeline in words, for messages: `600Hz 1.20s, silence 0.04s, 1500Hz 2.00s`. */
  summary(span: Span = {}): string {
    const parts: Array<{ name: string; frames: number }> = [];
    let before: number | null = null;
    const put = (name: string, frames: number): void => {
      const last = parts.at(-1);
      if (last?.name === name) last.frames += frames;
      else parts.push({ name, frames });
    };
    for (const [atMs, hz] of this.timeline(span)) {
      if (before !== null && atMs - before > 60) put('no packets', Math.round((atMs - before) / 20));
      put(hz === null ? 'silence' : `${hz}Hz`, 1);
      before = atMs;
    }
    const shown = parts.slice(-40);
    const text = shown.map(({ name, frames }) => `${name} ${(frames / 50).toFixed(2)}s`).join(', ');
    return parts.length === 0 ? 'nothing heard' : `${parts.length > shown.length ? '... ' : ''}${text}`;
  }
  /** Resolves with the arrival of the first frame of `forMs` (default 60) of the tone. Frames from `sinceMs` (default: the first ever) on count. */
  waitForTone(hz: number, options: { withinMs: number; sinceMs?: number; forMs?: number }): Promise<number> {
    const need = Math.max(1, Math.round((options.forMs ?? 60) / 20));
    let next = 0;
    let run = 0;
    let first = 0;
    return this.#until(`${hz} Hz`, options.withinMs, () => {
      // Frames dropped from the front shift the index; starting anew is then good enough.
      if (next > this.#frames.length) next = 0;
      for (; next < this.#frames.length; next++) {
        const frame = this.#frames[next] as Frame;
        if (frame.atMs < (options.sinceMs ?? 0)) continue;
        if (!this.#has(frame, hz)) run = 0;
        else if (run++ === 0) first = frame.atMs;
        if (run >= need) return first;
      }
      return null;
    });
  }
  /** Resolves when the tone has been away for `forMs` (default 100). */
  waitUntilGone(hz: number, options: { withinMs: number; forMs?: number }): Promise<void> {
    const forMs = options.forMs ?? 100;
    const startedAt = performance.now();
    return this.#until(`the end of ${hz} Hz`, options.withinMs, () => {
      const now = performance.now();
      return now - startedAt >= forMs && this.heard(hz, { sinceMs: now - forMs }).frames === 0 ? true : null;
    }).then(() => undefined);
  }
  waitForKey(key: string, options: { withinMs: number }): Promise<HeardKey> {
    return this.#until(`key ${key}`, options.withinMs, () => this.keys.find((heard) => heard.key === key) ?? null);
  }

  #until<T>(what: string, withinMs: number, look: () => T | null): Promise<T> {
    return new Promise((resolve, reject) => {
      const startedAt = performance.now();
      const done = (): void => {
        clearTimeout(limit);
        clearInterval(poll);
        this.#listeners.delete(check);
      };
      const check = (): void => {
        const found = look();
        if (found === null) return;
        done();
        resolve(found);
      };
      // Silence brings no packet that could wake us.
      const poll = setInterval(check, 20);
      const limit = setTimeout(() => {
        done();
        reject(new Error(`${what} was not heard within ${withinMs} ms; heard: ${this.summary({ sinceMs: startedAt - 2000 })}`));
      }, withinMs);
      this.#listeners.add(check);
      check();
    });
  }
  #within({ sinceMs = 0, untilMs = Number.POSITIVE_INFINITY }: Span): Frame[] {
    return this.#frames.filter(({ atMs }) => atMs >= sinceMs && atMs <= untilMs);
  }
  #has({ alaw }: Frame, hz: number): boolean {
    const samples = decodeAlaw(alaw);
    return levelDb(samples) >= QUIET_DB && toneShare(samples, hz) >= this.minShare;
  }
}
