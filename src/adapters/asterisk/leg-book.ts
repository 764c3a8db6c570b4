import type { CallId, LegId, PlaybackId, RecordingId } from '../../base/ids.js';

/** One channel that is ours. `agent` legs and `outside` legs (a caller whom we called back) were dialled by us, the others came in. */
export interface Leg {
  readonly legId: LegId;
  readonly kind: 'caller' | 'agent' | 'phone' | 'outside';
  /** Learned from the first command about it. */
  callId: CallId | null;
  /** For legs that we dialled: picked up and in our hands. */
  answered: boolean;
  rang: boolean;
  hungUpByUs: boolean;
  /** Its phone holds the call; null while not known. */
  holds: boolean | null;
  bridgeId: string | null;
  readonly playbacks: Set<PlaybackId>;
  /**
   * What must wait until nothing is played to this leg, latest of each kind: Asterisk holds `answer`, a change of
   * variable and a move to another bridge back until the playback has ended, and the request with it.
   */
  readonly afterPlayback: Map<'answer' | 'wait' | 'remember' | 'recordingNote', () => Promise<void>>;
  /** What this leg alone is saying into a file; Asterisk holds the same things back for it. */
  message: RecordingId | null;
}

export interface Playback {
  readonly playbackId: PlaybackId;
  readonly legId: LegId;
  /** How long it sounds when nobody cuts it; null when that is not known. */
  readonly lengthMs: number | null;
  hasStarted: boolean;
  readonly look: Look;
}

/** When Asterisk is to be asked (monotonic) whether a sound is still there, if its end has not been told by then. */
export interface Look {
  atMs: number;
  /** It was not there any more the last time. */
  isMissing: boolean;
}

const neverYet = (): Look => ({ atMs: Number.POSITIVE_INFINITY, isMissing: false });

export interface Recording {
  readonly recordingId: RecordingId;
  readonly file: string;
  /** Null for one that was running before we came, and for a message. */
  readonly bridgeId: string | null;
  /** Whose message it is; null for a talk. */
  readonly legId: LegId | null;
  /** We asked for its end, by stopping it or by taking its bridge away. */
  stopAsked: boolean;
  /** Monotonic; null until Asterisk says that it started. */
  startedAtMs: number | null;
  /** Was running before we came, so its start is not known. */
  readonly adopted: boolean;
  /** Monotonic; when it was asked for, or found. */
  readonly knownSinceMs: number;
  readonly look: Look;
}

/** What is on the switch and ours, as far as its events have told. Holds no policy and does no I/O. */
export class LegBook {
  readonly #legs = new Map<string, Leg>();
  readonly #playbacks = new Map<string, Playback>();
  readonly #recordings = new Map<string, Recording>();
  readonly #recordingByFile = new Map<string, Recording>();

  get size(): number {
    return this.#legs.size;
  }

  leg(legId: string): Leg | null {
    return this.#legs.get(legId) ?? null;
  }

  add(
    legId: LegId,
    kind: Leg['kind'],
    about: Partial<Pick<Leg, 'callId' | 'answered' | 'rang' | 'bridgeId' | 'holds'>> = {},
  ): Leg {
    const leg: Leg = {
      legId,
      kind,
      callId: about.callId ?? null,
      answered: about.answered ?? false,
      rang: about.rang ?? false,
      hungUpByUs: false,
      holds: about.holds === undefined ? false : about.holds,
      bridgeId: about.bridgeId ?? null,
      playbacks: new Set(),
      afterPlayback: new Map(),
      message: null,
    };
    this.#legs.set(legId, leg);
    return leg;
  }

  callersIn(bridgeId: string): Leg[] {
    return [...this.#legs.values()].filter((leg) => leg.kind === 'caller' && leg.bridgeId === bridgeId);
  }

  /** Strikes a leg and its playbacks out; null if it was not there, so that its end is told once. */
  end(legId: string): Leg | null {
    const leg = this.#legs.get(legId);
    if (leg === undefined) return null;
    this.#legs.delete(legId);
    for (const playbackId of leg.playbacks) this.#playbacks.delete(playbackId);
    return leg;
  }

  playback(playbackId: string): Playback | null {
    return this.#playbacks.get(playbackId) ?? null;
  }

  addPlayback(leg: Leg, playbackId: PlaybackId, about: Pick<Playback, 'lengthMs' | 'hasStarted'>): Playback {
    const playback: Playback = { playbackId, legId: leg.legId, ...about, look: neverYet() };
    leg.playbacks.add(playbackId);
    this.#playbacks.set(playbackId, playback);
    return playback;
  }

  playbacks(): Iterable<Playback> {
    return this.#playbacks.values();
  }

  /** The leg that was played to; null if this playback was not running as far as we know. */
  endPlayback(playbackId: PlaybackId): Leg | null {
    const leg = this.leg(this.#playbacks.get(playbackId)?.legId ?? '');
    this.#playbacks.delete(playbackId);
    leg?.playbacks.delete(playbackId);
    return leg;
  }

  recording(recordingId: RecordingId): Recording | null {
    return this.#recordings.get(recordingId) ?? null;
  }

  recordingOfFile(file: string): Recording | null {
    return this.#recordingByFile.get(file) ?? null;
  }

  addRecording(
    recordingId: RecordingId,
    file: string,
    about: { bridgeId: string } | { messageOf: LegId; adopted?: boolean } | { adopted: true },
  ): Recording {
    const bridgeId = 'bridgeId' in about ? about.bridgeId : null;
    const legId = 'messageOf' in about ? about.messageOf : null;
    const adopted = 'adopted' in about && about.adopted === true;
    const recording: Recording = {
      recordingId,
      file,
      bridgeId,
      legId,
      stopAsked: false,
      startedAtMs: null,
      adopted,
      knownSinceMs: performance.now(),
      look: neverYet(),
    };
    const leg = this.leg(legId ?? '');
    if (leg) leg.message = recordingId;
    this.#recordings.set(recordingId, recording);
    this.#recordingByFile.set(file, recording);
    return recording;
  }

  /** What single legs are saying into files. */
  messages(): Recording[] {
    return [...this.#recordings.values()].filter(({ legId }) => legId !== null);
  }

  /** The recordings of a bridge that we are about to take away. */
  recordingsOf(bridgeId: string): Recording[] {
    return [...this.#recordings.values()].filter((recording) => recording.bridgeId === bridgeId);
  }

  /** False if it had ended already. */
  endRecording(recording: Recording): boolean {
    if (this.#recordings.get(recording.recordingId) !== recording) return false;
    this.#recordingByFile.delete(recording.file);
    const leg = this.leg(recording.legId ?? '');
    if (leg?.message === recording.recordingId) leg.message = null;
    return this.#recordings.delete(recording.recordingId);
  }

  bridgeGone(bridgeId: string): void {
    for (const leg of this.#legs.values()) if (leg.bridgeId === bridgeId) leg.bridgeId = null;
  }

  /** Files of the recordings that we knew before a resync; then everything is struck out. */
  clear(): ReadonlyMap<string, Recording> {
    const known = new Map(this.#recordings);
    this.#legs.clear();
    this.#playbacks.clear();
    this.#recordings.clear();
    this.#recordingByFile.clear();
    return known;
  }
}
