import { asId, isPlainId, type LegId } from '../../base/ids.js';
import type { AriEvent } from './ari-events.js';
import type { AriChannel } from './ari-rest.js';
import { afterPlayback, type Desk, endLeg, playbackOver } from './desk.js';
import { holdMusic } from './hold-music.js';
import { cleanText, dialledDigits, isEndpointName } from './hostile-text.js';
import type { Leg, Recording } from './leg-book.js';
import { legEndCause } from './leg-end-cause.js';
import { messageBegan, soundBegan } from './sound-watch.js';

/** Whole seconds is all that Asterisk tells of a recording's length; one more for the time that messages take. */
const RECORDING_SLACK_MS = 2_500;

type EventOf<T extends AriEvent['type']> = Extract<AriEvent, { type: T }>;

/**
 * Turns one of Asterisk's events into what it means, by way of the book. What concerns a leg that is not in the book is dropped:
 * it has ended, or is not ours.
 */
export function translate(desk: Desk, event: Exclude<AriEvent, { type: 'ApplicationReplaced' }>): void {
  const { switchId, book, emit } = desk;
  switch (event.type) {
    case 'StasisStart':
      legCame(desk, event.channel, event.args);
      return;
    case 'StasisEnd':
      // The end of a leg that came in: Asterisk tells its owner no more of it. A dialled leg leaves here too, once answered.
      endLeg(desk, asId(event.channelId), 'hungUp');
      return;
    case 'ChannelDestroyed':
      legDestroyed(desk, event);
      return;
    case 'ChannelStateChange':
      if (event.state === 'Ringing') ringing(desk, event.channelId);
      return;
    case 'Dial':
      // Some phones send early sound (183) instead of a 180.
      if (event.dialStatus === 'RINGING' || event.dialStatus === 'PROGRESS') ringing(desk, event.channelId);
      return;
    case 'ChannelDtmfReceived': {
      const leg = book.leg(event.channelId);
      if (leg) emit({ kind: 'keyPressed', switchId, legId: leg.legId, key: event.digit, durationMs: event.durationMs });
      return;
    }
    case 'ChannelHold':
    case 'ChannelUnhold': {
      const leg = book.leg(event.channelId);
      if (leg === null) return;
      holdMusic(desk, desk.rest(), leg, event.type === 'ChannelHold');
      emit({ kind: event.type === 'ChannelHold' ? 'legHeld' : 'legUnheld', switchId, legId: leg.legId });
      return;
    }
    case 'ChannelEnteredBridge':
      enteredBridge(desk, event);
      return;
    case 'ChannelLeftBridge': {
      const leg = book.leg(event.channelId);
      if (leg?.bridgeId !== event.bridgeId) return;
      // An agent who hangs up while holding: the caller goes on without this music.
      holdMusic(desk, desk.rest(), leg, false);
      leg.bridgeId = null;
      return;
    }
    case 'BridgeDestroyed':
      book.bridgeGone(event.bridgeId);
      return;
    case 'PlaybackStarted':
      soundBegan(desk, book.playback(event.playbackId));
      return;
    case 'PlaybackFinished':
      playbackOver(desk, asId(event.playbackId), !event.failed);
      return;
    case 'RecordingStarted':
    case 'RecordingFinished':
    case 'RecordingFailed':
      recordingEvent(desk, event);
      return;
  }
}

function legCame(desk: Desk, channel: AriChannel, args: readonly string[]): void {
  const [role, first, second] = args;
  if (!isPlainId(channel.id)) {
    desk.faults.count('leg.badId');
    return;
  }
  const legId = asId<LegId>(channel.id);
  const known = desk.book.leg(legId);
  const digits = dialledDigits(second ?? '');
  if (role === 'agent' || role === 'outside') dialledLegAnswered(desk, legId, known);
  else if (known !== null) {
    // A leg that the resync has listed says hello a second time.
  } else if (role === 'inbound') callerArrived(desk, legId, channel, first ?? '');
  else if (role === 'phone' && isEndpointName(first ?? '') && digits !== null) {
    desk.book.add(legId, 'phone', { answered: channel.state === 'Up' });
    desk.emit({ kind: 'phoneDialled', switchId: desk.switchId, legId, address: `sip:${first}`, digits });
  } else turnAway(desk, legId, 'leg.unknownArgs');
}

function dialledLegAnswered(desk: Desk, legId: LegId, known: Leg | null): void {
  if (known === null) turnAway(desk, legId, 'leg.orphan');
  else if (!known.answered) {
    known.answered = true;
    desk.emit({ kind: 'legAnswered', switchId: desk.switchId, legId });
  }
}

function callerArrived(desk: Desk, legId: LegId, channel: AriChannel, dialled: string): void {
  desk.book.add(legId, 'caller', { answered: channel.state === 'Up' });
  desk.emit({
    kind: 'legArrived',
    switchId: desk.switchId,
    legId,
    ani: cleanText(channel.number, 40),
    aniName: cleanText(channel.name),
    dnis: dialledDigits(dialled) ?? '',
    note: null,
  });
}

const isDialled = (leg: Leg): boolean => leg.kind === 'agent' || leg.kind === 'outside';

/** Hangs up what nobody knows what to do with. */
export function turnAway(desk: Desk, legId: LegId, why: string): void {
  desk.faults.count(why);
  desk.log.warn({ switchId: desk.switchId, legId, why }, 'leg turned away');
  desk
    .rest()
    ?.hangUp(legId, 16)
    .catch(() => desk.faults.count('leg.notTurnedAway'));
}

function legDestroyed(desk: Desk, event: EventOf<'ChannelDestroyed'>): void {
  const leg = desk.book.leg(event.channelId);
  if (leg === null) return;
  const dialled = isDialled(leg) ? leg : { ...leg, answered: true };
  endLeg(desk, leg.legId, legEndCause({ ...dialled, cause: event.cause, techCause: event.techCause }));
}

function enteredBridge(desk: Desk, { channelId, bridgeId, alone }: EventOf<'ChannelEnteredBridge'>): void {
  const leg = desk.book.leg(channelId);
  if (leg !== null) leg.bridgeId = bridgeId;
  const rest = desk.rest();
  if (rest === null || !alone || !desk.rooms.isRoom(bridgeId)) return;
  desk.rooms.enteredAlone(rest, bridgeId).catch(() => desk.faults.count('room.noMusic'));
}

function ringing(desk: Desk, channelId: string): void {
  const leg = desk.book.leg(channelId);
  if (leg === null || !isDialled(leg) || leg.rang || leg.answered) return;
  leg.rang = true;
  desk.emit({ kind: 'legRinging', switchId: desk.switchId, legId: leg.legId });
}

function recordingEvent(desk: Desk, event: EventOf<'RecordingStarted' | 'RecordingFinished' | 'RecordingFailed'>): void {
  const { switchId, book, emit } = desk;
  const recording = book.recordingOfFile(event.file);
  if (recording === null) {
    desk.faults.count('recording.unknown');
    return;
  }
  const { recordingId } = recording;
  if (event.type === 'RecordingStarted') {
    recording.startedAtMs = performance.now();
    messageBegan(desk, recording);
    emit({ kind: 'recordingStarted', switchId, recordingId });
    return;
  }
  book.endRecording(recording);
  const { durationS, talkingS } = event.type === 'RecordingFinished' ? event : { durationS: 0, talkingS: null };
  const durationMs = durationS * 1000;
  const fault = event.type === 'RecordingFinished' ? recordingFault(recording, durationMs) : event.detail;
  const leg = book.leg(recording.legId ?? '');
  if (leg !== null) afterPlayback(desk, leg);
  const sound = recording.legId === null || talkingS === null ? {} : { soundMs: soundOf(recording, durationS, talkingS) };
  emit({ kind: 'recordingEnded', switchId, recordingId, durationMs, ...sound, failed: fault !== null, detail: fault ?? 'done' });
}

/** A message of nothing that a silence has ended is told to be one second of talking, and one of half a second too. */
const soundOf = ({ stopAsked }: Recording, durationS: number, talkingS: number): number =>
  durationS <= 1 && !stopAsked ? 0 : talkingS * 1000;

/**
 * Asterisk reports `done` also for a file that it could not open (length 0, at once) and for a disk that was full (too short). Its
 * word is not enough.
 */
function recordingFault(recording: Recording, durationMs: number): string | null {
  if (durationMs === 0 && !recording.stopAsked) return 'nothing was written';
  if (recording.adopted) return null;
  if (recording.startedAtMs === null) return 'ended without having started';
  // The silence that ended a message is not in the file.
  if (recording.legId !== null) return null;
  const ranMs = performance.now() - recording.startedAtMs;
  if (durationMs + RECORDING_SLACK_MS < ranMs) return `${durationMs} ms were written of ${Math.round(ranMs)} ms`;
  return null;
}
