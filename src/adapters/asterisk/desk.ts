import type { LegId, PlaybackId, SwitchId } from '../../base/ids.js';
import type { LegEndCause, SwitchEvent } from '../../call/switch-events.js';
import type { AriRest } from './ari-rest.js';
import type { CallChains } from './call-chains.js';
import type { FaultCounter } from './fault-counter.js';
import type { Leg, LegBook } from './leg-book.js';
import type { SoundTiming } from './sound-watch.js';
import type { WaitingRooms } from './waiting-rooms.js';

/** The part of a pino logger that is used here. */
export interface SwitchLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What the parts of one Asterisk adapter share. */
export interface Desk {
  readonly switchId: SwitchId;
  readonly app: string;
  readonly log: SwitchLog;
  readonly faults: FaultCounter;
  readonly book: LegBook;
  readonly chains: CallChains;
  readonly rooms: WaitingRooms;
  readonly soundTiming: SoundTiming;
  readonly emit: (event: SwitchEvent) => void;
  /** Null while the switch is down. */
  readonly rest: () => AriRest | null;
}

/** Tells the end of a leg, once. */
export function endLeg(desk: Desk, legId: LegId, cause: LegEndCause): void {
  if (desk.book.end(legId) === null) return;
  desk.emit({ kind: 'legEnded', switchId: desk.switchId, legId, cause });
}

/** Tells the end of a playback, once. */
export function playbackOver(desk: Desk, playbackId: PlaybackId, played: boolean): void {
  const leg = desk.book.endPlayback(playbackId);
  if (leg === null) return;
  afterPlayback(desk, leg);
  desk.emit({ kind: 'playbackEnded', switchId: desk.switchId, legId: leg.legId, playbackId, played });
}

/** In the order in which Asterisk should get them. */
const AFTER_PLAYBACK = ['answer', 'wait', 'remember', 'recordingNote'] as const;

/** Nothing is played to this leg, and it is not saying a message: Asterisk does what it is asked at once. */
export const isQuiet = (leg: Leg): boolean => leg.playbacks.size === 0 && leg.message === null;

/** Sends what had to wait for silence on this leg, ahead of any command that the end of the playback leads to. */
export function afterPlayback(desk: Desk, leg: Leg): void {
  if (!isQuiet(leg) || leg.afterPlayback.size === 0) return;
  const due = AFTER_PLAYBACK.map((kind) => leg.afterPlayback.get(kind)).filter((work) => work !== undefined);
  leg.afterPlayback.clear();
  void desk.chains.run(leg.callId ?? leg.legId, async () => {
    for (const work of due) await work();
  });
}
