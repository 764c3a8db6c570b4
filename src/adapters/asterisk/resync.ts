import { asId, type BridgeId, isPlainId, type LegId, type PlaybackId, type RecordingId } from '../../base/ids.js';
import type { LegSnapshot, SwitchSnapshot } from '../../call/switch-events.js';
import type { SwitchStart } from '../../ports/switch.js';
import { MUTED_EVENTS } from './ari-events.js';
import type { AriBridge, AriChannel, AriRest } from './ari-rest.js';
import { CALL_BRIDGE, LEG_VARIABLE, NOTE_VARIABLE, RECORDING_VARIABLE } from './channel-notes.js';
import type { Desk } from './desk.js';
import { HOLDS_VARIABLE, holdMusic } from './hold-music.js';
import { cleanText, dialledDigits, isRecordingFile } from './hostile-text.js';
import type { Leg, Recording } from './leg-book.js';
import { messageBegan, soundBegan } from './sound-watch.js';

/** Requests under way at once while listing; Asterisk's HTTP server serves 100 sessions by default. */
const AT_ONCE = 16;

interface Found {
  readonly channel: AriChannel;
  readonly role: Leg['kind'];
  readonly dnis: string;
  readonly note: string | null;
  readonly recording: { readonly id: string; readonly file: string } | null;
}

export interface Resynced {
  readonly snapshot: SwitchSnapshot;
  readonly version: string;
  readonly startedAt: string;
  /** Legs in our application that nobody can place. */
  readonly strangers: readonly LegId[];
}

/**
 * Looks at everything that is there and ours, fills the book anew and returns it as a snapshot. Called with the event stream open and
 * its events held back, so that nothing falls between.
 */
export async function resync(desk: Desk, rest: AriRest, expected: SwitchStart['expected']): Promise<Resynced> {
  await rest.muteEvents(desk.app, MUTED_EVENTS).catch(() => desk.faults.count('resync.notMuted'));
  const [{ version, startedAt }, subscribed, channels, bridges] = await Promise.all([
    rest.about(),
    rest.subscribedChannels(desk.app),
    rest.channels(),
    rest.bridges(),
  ]);
  const hears = new Set(subscribed);
  const ours = channels.filter(
    ({ id, appName, appData }) => hears.has(id) || (appName === 'Stasis' && appData.startsWith(`${desk.app},`)),
  );
  const knownPhones = new Set(ours.map(({ id }) => id).filter((id) => desk.book.leg(id)?.kind === 'phone'));
  const inBridge = new Map(bridges.flatMap((bridge) => bridge.channels.map((id) => [id, bridge] as const)));
  const found: Found[] = [];
  const strangers: LegId[] = [];
  await each(ours, async (channel) => {
    if (!isPlainId(channel.id)) return desk.faults.count('leg.badId');
    // An application that was destroyed and made again does not hear the legs of its former life.
    if (!hears.has(channel.id)) await rest.subscribe(desk.app, channel.id);
    // In a call, or alone with a box; never in a waiting room.
    const leg = await look(desk, rest, channel, inBridge.get(channel.id)?.type !== 'holding');
    // A phone that dialled a code while nobody listened has heard nothing; it dials again.
    if (leg === null || (leg.role === 'phone' && !knownPhones.has(channel.id))) strangers.push(asId(channel.id));
    else found.push(leg);
  });

  desk.rooms.keepOnly(new Set(bridges.map(({ id }) => id)));
  // Somebody may have entered while nobody heard of it. Music that plays already begins anew, which is the smaller evil.
  const occupied = bridges.filter(({ id, channels: inside }) => desk.rooms.isRoom(id) && inside.length > 0);
  await each(occupied, ({ id }) => desk.rooms.startMusic(rest, id));
  const before = desk.book.clear();
  for (const { channel, role } of found) {
    const answered = channel.state === 'Up';
    const bridgeId = inBridge.get(channel.id)?.id ?? null;
    desk.book.add(asId(channel.id), role, { answered, rang: channel.state === 'Ringing', bridgeId, holds: null });
  }
  // A phone may have held, or taken the call back, while nobody heard of it.
  const talking = found.filter(({ channel, role }) => role === 'agent' && inBridge.get(channel.id)?.type === 'mixing');
  await each(talking, async ({ channel }) => {
    const holds = (await rest.variable(channel.id, HOLDS_VARIABLE).catch(() => null)) === '1';
    const leg = desk.book.leg(channel.id);
    if (leg) holdMusic(desk, rest, leg, holds);
  });
  const { playbacks, recordings } = expected();
  const snapshot: SwitchSnapshot = {
    legs: found.filter(({ role }) => role !== 'phone').map(legSnapshot),
    bridges: callBridges(desk, bridges),
    playbacks: await runningPlaybacks(desk, rest, playbacks),
    recordings: await runningRecordings(desk, rest, recordings, before, found),
  };
  return { snapshot, version, startedAt, strangers };
}

/** `isRecorded`: it is where legs are recorded. */
async function look(desk: Desk, rest: AriRest, channel: AriChannel, isRecorded: boolean): Promise<Found | null> {
  const [app, role, argument] = channel.appName === 'Stasis' ? channel.appData.split(',') : [];
  const inApp = app === desk.app;
  if (inApp && role === 'inbound') {
    const note = await rest.variable(channel.id, NOTE_VARIABLE);
    const recording = isRecorded ? readRecordingNote(await rest.variable(channel.id, RECORDING_VARIABLE)) : null;
    return { channel, role: 'caller', dnis: dialledDigits(argument ?? '') ?? '', note, recording };
  }
  if (inApp && role === 'outside') {
    const note = await rest.variable(channel.id, NOTE_VARIABLE);
    const recording = isRecorded ? readRecordingNote(await rest.variable(channel.id, RECORDING_VARIABLE)) : null;
    return { channel, role: 'outside', dnis: '', note, recording };
  }
  const base = { channel, dnis: '', note: null, recording: null };
  if (inApp && role === 'phone') return { ...base, role: 'phone' };
  // Not in Stasis yet (ringing), or just coming: the mark that we gave it when we dialled.
  const mark = inApp && role === 'agent' ? 'agent' : await rest.variable(channel.id, LEG_VARIABLE);
  if (mark?.startsWith('outside')) return { ...base, role: 'outside' };
  return mark?.startsWith('agent') ? { ...base, role: 'agent' } : null;
}

const legSnapshot = ({ channel, role, dnis, note }: Found): LegSnapshot => ({
  legId: asId<LegId>(channel.id),
  direction: role === 'caller' ? 'inbound' : 'outbound',
  state: channel.state === 'Up' ? 'up' : 'ringing',
  ani: role === 'agent' ? '' : cleanText(channel.number, 40),
  aniName: role === 'agent' ? '' : cleanText(channel.name),
  dnis,
  note: note === '' ? null : note,
});

/** Bridges of calls: named so by us, or a mixing bridge that one of our legs is in. Waiting rooms are not calls. */
function callBridges(desk: Desk, bridges: readonly AriBridge[]): SwitchSnapshot['bridges'] {
  return bridges
    .filter(({ id }) => isPlainId(id) && !desk.rooms.isRoom(id))
    .filter(({ name, type, channels }) => {
      if (name === `${desk.app}:${CALL_BRIDGE}`) return true;
      return type === 'mixing' && channels.some((id) => desk.book.leg(id) !== null);
    })
    .map(({ id, channels }) => ({
      bridgeId: asId<BridgeId>(id),
      // A recording has a channel of its own in the bridge, which is nobody's leg.
      legs: channels.filter((channel) => desk.book.leg(channel) !== null).map((channel) => asId<LegId>(channel)),
    }));
}

async function runningPlaybacks(desk: Desk, rest: AriRest, expected: readonly PlaybackId[]): Promise<PlaybackId[]> {
  const running: PlaybackId[] = [];
  await each(expected.filter(isPlainId), async (playbackId) => {
    const leg = desk.book.leg((await rest.playbackTarget(playbackId)) ?? '');
    if (leg === null) return;
    soundBegan(desk, desk.book.addPlayback(leg, playbackId, { lengthMs: null, hasStarted: true }));
    running.push(playbackId);
  });
  return running;
}

/**
 * Asterisk knows a recording by its file alone, and the state by its id alone. The file is what we remember from before, else what
 * the caller's leg carries, else the id itself.
 */
async function runningRecordings(
  desk: Desk,
  rest: AriRest,
  expected: readonly RecordingId[],
  before: ReadonlyMap<string, Recording>,
  found: readonly Found[],
): Promise<RecordingId[]> {
  const noted = new Map(
    found.flatMap(({ channel, recording }) =>
      recording === null ? [] : [[recording.id, { file: recording.file, legId: asId<LegId>(channel.id) }] as const],
    ),
  );
  const running: RecordingId[] = [];
  await each(expected.filter(isPlainId), async (recordingId) => {
    const known = before.get(recordingId);
    const there = noted.get(recordingId);
    const file = known?.file ?? there?.file ?? recordingId;
    if (!(await rest.isRecording(file))) return;
    const wasSeen = known !== undefined && known.startedAtMs !== null;
    const messageOf = known?.legId ?? (isMessage(desk, there?.legId) ? there?.legId : undefined);
    const about = messageOf
      ? { messageOf, adopted: !wasSeen }
      : wasSeen && known.bridgeId !== null
        ? { bridgeId: known.bridgeId }
        : ({ adopted: true } as const);
    const recording = desk.book.addRecording(recordingId, file, about);
    recording.startedAtMs = known?.startedAtMs ?? null;
    recording.stopAsked = known?.stopAsked ?? false;
    messageBegan(desk, recording);
    running.push(recordingId);
  });
  return running;
}

/** A leg that is recorded alone is in no bridge. */
const isMessage = (desk: Desk, legId: LegId | undefined): boolean => desk.book.leg(legId ?? '')?.bridgeId === null;

function readRecordingNote(note: string | null): Found['recording'] {
  const [id, file] = (note ?? '').split(' ');
  return id !== undefined && file !== undefined && isPlainId(id) && isRecordingFile(file) ? { id, file } : null;
}

/** Runs `work` for each item, a few at a time. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}
