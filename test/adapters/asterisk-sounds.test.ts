import t, { type Test } from 'tap';
import { asId, type CallId, type LegId, type PlaybackId, type RecordingId } from '../../src/base/ids.js';
import type { SwitchCommand } from '../../src/call/commands.js';
import { type AsteriskHouse, asteriskHouse, QUICK } from '../support/asterisk-house.js';

/** Sounds that a paper Asterisk takes and whose end it never tells, at any of the moments at which that can happen. */

const CALL = asId<CallId>('call-1');
const CALLER = asId<LegId>('1700.1');
const PB = asId<PlaybackId>('pb-1');
const REC = asId<RecordingId>('v-1');
const FILE = '20261121/v-1';
const LONG = 600_000;
const WATCH = { soundLookMs: 5, soundBeginsMs: 30, soundMarginMs: 30, soundAgainMs: 30, soundLagMs: 30 };

interface Given {
  readonly promptMs?: number;
  readonly watch?: Partial<typeof WATCH>;
}

async function withCaller(t: Test, { promptMs, watch }: Given = {}): Promise<AsteriskHouse> {
  const house = await asteriskHouse(t, {
    options: { timing: { ...QUICK, ...WATCH, ...watch }, ...(promptMs !== undefined && { promptMs: () => promptMs }) },
  });
  house.fake.arrive(CALLER);
  await house.event('legArrived');
  house.fake.requests.length = 0;
  return house;
}
const play: SwitchCommand = {
  kind: 'play',
  callId: CALL,
  legId: CALLER,
  playbackId: PB,
  prompts: [{ prompt: 'welcome', language: 'zh' }],
};
const wait: SwitchCommand = { kind: 'wait', callId: CALL, legId: CALLER, music: 'calm' };
const record: SwitchCommand = {
  kind: 'recordMessage',
  callId: CALL,
  legId: CALLER,
  recordingId: REC,
  file: FILE,
  maxMs: 60_000,
  silenceMs: 3_000,
};
const asked = ({ fake }: AsteriskHouse): number => fake.lines.filter((line) => line === `GET /playbacks/${PB}`).length;
const began = ({ fake }: AsteriskHouse): void =>
  fake.send({ type: 'PlaybackStarted', playback: { id: PB, state: 'playing', target_uri: `channel:${CALLER}` } });
const entered = (house: AsteriskHouse): Promise<void> =>
  house.fake.until(() => house.fake.lines.some((line) => line.endsWith('/addChannel')), 'the waiting room');

t.test('taken and forgotten: told as not played, and what was held back behind it is done', async (t) => {
  const house = await withCaller(t);
  await house.sw.perform(play);
  house.fake.playbacks.clear();
  await house.sw.perform(wait);
  t.equal((await house.event('playbackEnded', { playbackId: PB })).played, false);
  await entered(house);
  t.ok(asked(house) >= 2, 'Asterisk was asked twice before it was believed');
  t.equal(house.sw.faults()['playback.lost'], 1);
  t.same(
    house.warnings.filter((line) => line.includes('the end of a sound was not told')),
    [
      `the end of a sound was not told ${JSON.stringify({ switchId: 'ast-1', legId: CALLER, playbackId: PB, hasStarted: false })}`,
    ],
    'said once',
  );
  house.fake.send({ type: 'PlaybackFinished', playback: { id: PB, state: 'done' } });
  await house.settled();
  t.equal(house.events.filter(({ kind }) => kind === 'playbackEnded').length, 1, 'an end that comes after all is not told again');
});

t.test('begun, and its end not told: a sound of known length is asked for after it, any other now and then', async (t) => {
  await t.test('known', async (t) => {
    const house = await withCaller(t, { promptMs: 200, watch: { soundBeginsMs: LONG, soundAgainMs: LONG } });
    await house.sw.perform(play);
    house.fake.playbacks.clear();
    const startedAt = performance.now();
    began(house);
    t.equal((await house.event('playbackEnded', { playbackId: PB })).played, true);
    t.ok(performance.now() - startedAt >= 200, 'not before its length');
    t.equal(asked(house), 2);
  });
  await t.test('not known', async (t) => {
    const house = await withCaller(t);
    await house.sw.perform(play);
    began(house);
    await house.settled();
    await house.fake.until(() => asked(house) >= 3, 'three questions');
    t.notOk(
      house.events.some(({ kind }) => kind === 'playbackEnded'),
      'one that Asterisk knows goes on',
    );
    house.fake.playbacks.clear();
    t.equal((await house.event('playbackEnded', { playbackId: PB })).played, true);
  });
});

t.test('cut, and its end not told', async (t) => {
  const house = await withCaller(t, { promptMs: LONG, watch: { soundAgainMs: LONG } });
  await house.sw.perform(play);
  began(house);
  await house.settled();
  house.fake.playbacks.clear();
  await house.sw.perform({ kind: 'stopPlayback', callId: CALL, legId: CALLER, playbackId: PB });
  await house.sw.perform(wait);
  await house.event('playbackEnded', { playbackId: PB });
  await entered(house);
  t.pass('the caller is not left without music');
});

t.test('an end that is only late, an Asterisk that does not answer, and a sound after a resync', async (t) => {
  const slow = await withCaller(t, { watch: { soundLagMs: LONG } });
  await slow.sw.perform(play);
  slow.fake.playbacks.clear();
  await slow.fake.until(() => asked(slow) === 1, 'the first question');
  slow.fake.send({ type: 'PlaybackFinished', playback: { id: PB, state: 'done' } });
  t.equal((await slow.event('playbackEnded', { playbackId: PB })).played, true, 'its own word counts');
  t.equal(slow.sw.faults()['playback.lost'], undefined);

  const house = await withCaller(t);
  house.fake.fail(/GET \/ari\/playbacks/, { status: 500 }, 3);
  await house.sw.perform(play);
  await house.fake.until(() => asked(house) >= 3, 'three questions');
  t.notOk(
    house.events.some(({ kind }) => kind === 'playbackEnded'),
    'who gets no answer does not guess',
  );

  house.expected = { playbacks: [PB], recordings: [] };
  house.forget();
  house.fake.cutEvents();
  t.match(await house.event('switchUp'), { snapshot: { playbacks: [PB] } });
  house.fake.playbacks.clear();
  t.equal((await house.event('playbackEnded', { playbackId: PB })).played, true);
});

t.test('a message whose end is not told: kept when it had begun, failed when it had not', async (t) => {
  for (const hasBegun of [true, false]) {
    const house = await withCaller(t);
    await house.sw.perform(record);
    if (hasBegun) {
      house.fake.send({ type: 'RecordingStarted', recording: { name: FILE, format: 'wav' } });
      await house.event('recordingStarted', { recordingId: REC });
    }
    const isAsked = (): boolean => house.fake.lines.some((line) => line.startsWith('GET /recordings/live'));
    await house.fake.until(isAsked, 'a question');
    t.notOk(
      house.events.some(({ kind }) => kind === 'recordingEnded'),
      'while Asterisk writes it goes on',
    );
    await house.sw.perform(wait);
    house.fake.recordings.clear();
    const end = await house.event('recordingEnded', { recordingId: REC });
    t.match(end, { failed: !hasBegun, durationMs: 0, detail: 'its end was not told' });
    t.equal((end.soundMs ?? 0) > 0, hasBegun, 'the caller may have said something');
    await entered(house);
    t.equal(house.sw.faults()['recording.lost'], 1);
  }
});

t.test('a caller who leaves while Asterisk is asked', async (t) => {
  const house = await withCaller(t);
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  house.fake.fail(/GET \/ari\/playbacks/, { status: 404 });
  house.fake.fail(/GET \/ari\/playbacks/, { until: gate });
  await house.sw.perform(play);
  house.fake.playbacks.clear();
  await house.fake.until(() => asked(house) === 2, 'the second question');
  house.fake.leave(CALLER);
  await house.event('legEnded', { legId: CALLER });
  release();
  await house.settled();
  t.equal(house.sw.faults()['playback.lost'], undefined);
  t.notOk(house.events.some(({ kind }) => kind === 'playbackEnded'));
});
