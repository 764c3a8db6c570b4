import { afterPlayback, type Desk, playbackOver } from './desk.js';
import type { Look, Playback, Recording } from './leg-book.js';

/**
 * Sounds whose end Asterisk never tells. It takes a playback, and forgets it without a word when the channel is just on its way out of a bridge; whoever
 * waits for that end would wait in silence for ever, and with it all that Asterisk holds back behind a sound. So whatever is overdue is asked for:
 * Asterisk knows what it still has to play or to write. What it does not know twice in a row is over.
 */

export interface SoundTiming {
  /** How often we look whether something is overdue. */
  readonly soundLookMs: number;
  /** A sound has begun within this after Asterisk has taken it, and is over within this after we cut it. */
  readonly soundBeginsMs: number;
  /** A sound of known length is over within this after it. */
  readonly soundMarginMs: number;
  /** Where nobody knows how long: asked so often. */
  readonly soundAgainMs: number;
  /** An event may be so far behind the answer to a request. */
  readonly soundLagMs: number;
}

/** Together below the 3 s of nothing that a caller may hear at most. */
export const SOUND_TIMING: SoundTiming = {
  soundLookMs: 250,
  soundBeginsMs: 1_000,
  soundMarginMs: 1_000,
  soundAgainMs: 2_000,
  soundLagMs: 500,
};
/** Requests under way at once for this purpose; Asterisk's HTTP server serves 100 sessions by default. */
const AT_ONCE = 8;

const inMs = (look: Look, ms: number): void => {
  look.atMs = performance.now() + ms;
};

/** Asterisk has taken it. Its beginning may have been told before. */
export function soundTaken({ soundTiming }: Desk, playback: Playback): void {
  if (!playback.hasStarted) inMs(playback.look, soundTiming.soundBeginsMs);
}

export function soundBegan({ soundTiming }: Desk, playback: Playback | null): void {
  if (playback === null) return;
  playback.hasStarted = true;
  const { lengthMs, look } = playback;
  inMs(look, lengthMs === null ? soundTiming.soundAgainMs : lengthMs + soundTiming.soundMarginMs);
}

/** We have asked for its end. */
export function soundCut({ book, soundTiming }: Desk, playbackId: string): void {
  const playback = book.playback(playbackId);
  if (playback !== null) inMs(playback.look, soundTiming.soundBeginsMs);
}

export function messageTaken({ soundTiming }: Desk, recording: Recording): void {
  if (recording.startedAtMs === null) inMs(recording.look, soundTiming.soundBeginsMs);
}

export function messageBegan({ soundTiming }: Desk, recording: Recording): void {
  if (recording.legId !== null) inMs(recording.look, soundTiming.soundAgainMs);
}

/** Looks after overdue sounds for as long as the switch is up. */
export class SoundWatch {
  readonly #desk: Desk;
  #timer: NodeJS.Timeout | null = null;
  #asking = 0;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  start(): void {
    this.stop();
    this.#timer = setInterval(() => this.#look(), this.#desk.soundTiming.soundLookMs).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    const { book } = this.#desk;
    const nowMs = performance.now();
    for (const playback of book.playbacks()) {
      if (playback.look.atMs > nowMs) continue;
      if (this.#asking >= AT_ONCE) return;
      void this.#ask(playback.look, {
        known: (rest) => rest.knowsPlayback(playback.playbackId),
        isInBook: () => book.playback(playback.playbackId) === playback,
        lost: () => this.#playbackLost(playback),
      });
    }
    for (const recording of book.messages()) {
      if (recording.look.atMs > nowMs) continue;
      if (this.#asking >= AT_ONCE) return;
      void this.#ask(recording.look, {
        known: (rest) => rest.knowsRecording(recording.file),
        isInBook: () => book.recording(recording.recordingId) === recording,
        lost: () => this.#messageLost(recording),
      });
    }
  }

  async #ask(look: Look, sound: Sound): Promise<void> {
    const { rest, soundTiming } = this.#desk;
    const asterisk = rest();
    if (asterisk === null) return;
    look.atMs = Number.POSITIVE_INFINITY;
    this.#asking++;
    const isKnown = await sound.known(asterisk).catch(() => true);
    this.#asking--;
    // Its end, or the end of everything, may have been told meanwhile.
    if (rest() !== asterisk || !sound.isInBook()) return;
    if (!isKnown && look.isMissing) return sound.lost();
    look.isMissing = !isKnown;
    inMs(look, isKnown ? soundTiming.soundAgainMs : soundTiming.soundLagMs);
  }

  #playbackLost({ playbackId, legId, hasStarted }: Playback): void {
    const { faults, log, switchId } = this.#desk;
    faults.count('playback.lost');
    log.warn({ switchId, legId, playbackId, hasStarted }, 'the end of a sound was not told');
    playbackOver(this.#desk, playbackId, hasStarted);
  }

  /** Whoever has spoken for a while may have left a message; the file knows, and is measured where it is sealed. */
  #messageLost(recording: Recording): void {
    const { faults, log, switchId, book, emit } = this.#desk;
    const { recordingId, legId, startedAtMs, adopted, knownSinceMs } = recording;
    faults.count('recording.lost');
    log.warn({ switchId, legId, recordingId }, 'the end of a message was not told');
    const leg = book.leg(legId ?? '');
    if (!book.endRecording(recording)) return;
    if (leg !== null) afterPlayback(this.#desk, leg);
    const failed = startedAtMs === null && !adopted;
    const soundMs = failed ? 0 : Math.round(performance.now() - (startedAtMs ?? knownSinceMs));
    emit({ kind: 'recordingEnded', switchId, recordingId, durationMs: 0, soundMs, failed, detail: 'its end was not told' });
  }
}

interface Sound {
  readonly known: (rest: NonNullable<ReturnType<Desk['rest']>>) => Promise<boolean>;
  readonly isInBook: () => boolean;
  readonly lost: () => void;
}
