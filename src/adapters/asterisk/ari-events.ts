import { type AriChannel, readChannel } from './ari-rest.js';

/** Asterisk's events that mean something to us, parsed. */
export type AriEvent =
  | { type: 'StasisStart'; channel: AriChannel; args: readonly string[] }
  | { type: 'StasisEnd'; channelId: string }
  | { type: 'ChannelDestroyed'; channelId: string; cause: number; techCause: number | null }
  | { type: 'ChannelStateChange'; channelId: string; state: string }
  | { type: 'Dial'; channelId: string; dialStatus: string }
  | { type: 'ChannelDtmfReceived'; channelId: string; digit: string; durationMs: number }
  | { type: 'ChannelHold' | 'ChannelUnhold'; channelId: string }
  /** `alone`: nobody else was inside; the music's own channel does not count. */
  | { type: 'ChannelEnteredBridge'; channelId: string; bridgeId: string; alone: boolean }
  | { type: 'ChannelLeftBridge'; channelId: string; bridgeId: string }
  | { type: 'BridgeDestroyed'; bridgeId: string }
  | { type: 'PlaybackStarted'; playbackId: string }
  | { type: 'PlaybackFinished'; playbackId: string; failed: boolean }
  | { type: 'RecordingStarted'; file: string }
  /** `talkingS` null: it was not listened for. */
  | { type: 'RecordingFinished'; file: string; durationS: number; talkingS: number | null }
  | { type: 'RecordingFailed'; file: string; detail: string }
  | { type: 'ApplicationReplaced' };

/** Known, and of no use here. The first four are the bulk; Asterisk is asked not to send them. */
export const MUTED_EVENTS: readonly string[] = ['ChannelVarset', 'ChannelConnectedLine', 'ChannelDialplan', 'ChannelCallerId'];
const IGNORED: ReadonlySet<string> = new Set([
  ...MUTED_EVENTS,
  'ApplicationMoveFailed',
  'ApplicationRegistered',
  'ApplicationUnregistered',
  'BridgeAttendedTransfer',
  'BridgeBlindTransfer',
  'BridgeCreated',
  'BridgeMerged',
  'BridgeVarset',
  'BridgeVideoSourceChanged',
  'ChannelCreated',
  'ChannelHangupRequest',
  'ChannelTalkingFinished',
  'ChannelTalkingStarted',
  'ChannelToneDetected',
  'ChannelTransfer',
  'ChannelUserevent',
  'ContactStatusChange',
  'DeviceStateChanged',
  'EndpointStateChange',
  'PeerStatusChange',
  'PlaybackContinuing',
  'RESTResponse',
  'TextMessageReceived',
]);

/** An event of ours is below 2 KB. */
export const LARGEST_EVENT = 1024 * 1024;

/** What came of one message: an event, nothing worth reading, or a fault to count. */
export type ParsedMessage = { readonly event: AriEvent } | { readonly ignored: true } | { readonly fault: string };

type Fields = Readonly<Record<string, unknown>>;

/** Never throws. Everything that Asterisk sends is treated as if a stranger had sent it. */
export function parseMessage(message: string): ParsedMessage {
  if (message.length > LARGEST_EVENT) return { fault: 'event.huge' };
  let parsed: unknown;
  try {
    parsed = JSON.parse(message);
  } catch {
    return { fault: 'event.badJson' };
  }
  const fields = object(parsed);
  if (fields === null || typeof fields.type !== 'string') return { fault: 'event.noType' };
  if (IGNORED.has(fields.type)) return { ignored: true };
  const event = readEvent(fields.type, fields);
  if (event === undefined) return { fault: 'event.unknownType' };
  return event === null ? { fault: 'event.badShape' } : { event };
}

/** `undefined` for an unknown type, null when a field that we need is missing. */
function readEvent(type: string, fields: Fields): AriEvent | null | undefined {
  switch (type) {
    case 'StasisStart': {
      const channel = readChannel(fields.channel);
      const args = Array.isArray(fields.args) ? fields.args.filter((arg) => typeof arg === 'string') : null;
      return channel.id === '' || args === null ? null : { type, channel, args };
    }
    case 'StasisEnd':
    case 'ChannelHold':
    case 'ChannelUnhold': {
      const channelId = idOf(fields.channel);
      return channelId === null ? null : { type, channelId };
    }
    case 'ChannelDestroyed': {
      const channelId = idOf(fields.channel);
      const { cause, tech_cause: techCause } = fields;
      if (channelId === null) return null;
      return { type, channelId, cause: whole(cause) ?? 0, techCause: whole(techCause) || null };
    }
    case 'ChannelStateChange': {
      const { id, state } = readChannel(fields.channel);
      return id === '' ? null : { type, channelId: id, state };
    }
    case 'Dial': {
      const channelId = idOf(fields.peer);
      return channelId === null || typeof fields.dialstatus !== 'string'
        ? null
        : { type, channelId, dialStatus: fields.dialstatus };
    }
    case 'ChannelDtmfReceived': {
      const channelId = idOf(fields.channel);
      const digit = fields.digit;
      if (channelId === null || typeof digit !== 'string' || !/^[0-9*#A-D]$/.test(digit)) return null;
      return { type, channelId, digit, durationMs: Math.max(0, whole(fields.duration_ms) ?? 0) };
    }
    case 'ChannelEnteredBridge':
    case 'ChannelLeftBridge': {
      const channelId = idOf(fields.channel);
      const bridgeId = idOf(fields.bridge);
      if (channelId === null || bridgeId === null) return null;
      if (type === 'ChannelLeftBridge') return { type, channelId, bridgeId };
      const inside = object(fields.bridge)?.channels;
      return { type, channelId, bridgeId, alone: !Array.isArray(inside) || inside.every((id) => id === channelId) };
    }
    case 'BridgeDestroyed': {
      const bridgeId = idOf(fields.bridge);
      return bridgeId === null ? null : { type, bridgeId };
    }
    case 'PlaybackStarted': {
      const playbackId = idOf(fields.playback);
      return playbackId === null ? null : { type, playbackId };
    }
    case 'PlaybackFinished': {
      const playbackId = idOf(fields.playback);
      return playbackId === null ? null : { type, playbackId, failed: object(fields.playback)?.state === 'failed' };
    }
    case 'RecordingStarted':
    case 'RecordingFinished':
    case 'RecordingFailed':
      return readRecording(type, fields);
    case 'ApplicationReplaced':
      return { type };
    default:
      return undefined;
  }
}

function readRecording(type: 'RecordingStarted' | 'RecordingFinished' | 'RecordingFailed', fields: Fields): AriEvent | null {
  const recording = object(fields.recording);
  const file = recording?.name;
  if (recording === null || typeof file !== 'string' || file === '') return null;
  if (type === 'RecordingStarted') return { type, file };
  if (type === 'RecordingFinished') {
    const talkingS = whole(recording.talking_duration);
    return {
      type,
      file,
      durationS: Math.max(0, whole(recording.duration) ?? 0),
      talkingS: talkingS === null ? null : Math.max(0, talkingS),
    };
  }
  return { type, file, detail: typeof recording.cause === 'string' ? recording.cause.slice(0, 200) : 'recording failed' };
}

const object = (value: unknown): Fields | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;

const whole = (value: unknown): number | null => (typeof value === 'number' && Number.isInteger(value) ? value : null);

const idOf = (value: unknown): string | null => {
  const id = object(value)?.id;
  return typeof id === 'string' && id !== '' ? id : null;
};
