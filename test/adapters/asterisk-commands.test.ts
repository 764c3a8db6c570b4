import t from 'tap';
import { createAsteriskSwitch } from '../../src/adapters/asterisk/asterisk-switch.js';
import {
  asId,
  type BridgeId,
  type CallId,
  type LegId,
  type OfferId,
  type PlaybackId,
  type RecordingId,
} from '../../src/base/ids.js';
import type { SwitchCommand, SwitchCommandOf } from '../../src/call/commands.js';
import { type AsteriskHouse, asteriskHouse } from '../support/asterisk-house.js';

const CALL = asId<CallId>('call-1');
const CALLER = asId<LegId>('1700.1');
const AGENT = asId<LegId>('leg-of-1');
const OFFER = asId<OfferId>('of-1');
const BRIDGE = asId<BridgeId>('br-1');
const PB = asId<PlaybackId>('pb-1');

const say = (playbackId: PlaybackId, ...prompts: string[]): SwitchCommand => ({
  kind: 'play',
  callId: CALL,
  legId: CALLER,
  playbackId,
  prompts: prompts.map((prompt) => ({ prompt, language: 'zh' })),
});
const ring = (part: Partial<SwitchCommandOf<'ringAgent'>> = {}): SwitchCommandOf<'ringAgent'> => ({
  kind: 'ringAgent',
  callId: CALL,
  offerId: OFFER,
  legId: AGENT,
  address: 'sip:1001',
  ringTimeoutMs: 15_001,
  callerNumber: '13800001111',
  callerName: 'Wang',
  ...part,
});
const connect: SwitchCommandOf<'connect'> = {
  kind: 'connect',
  callId: CALL,
  offerId: OFFER,
  bridgeId: BRIDGE,
  callerLegId: CALLER,
  agentLegId: AGENT,
  stopPlaybacks: [],
};
const record = (recordingId: string, file = `2026/11/21/${recordingId}`): SwitchCommand => ({
  kind: 'startRecording',
  callId: CALL,
  recordingId: asId<RecordingId>(recordingId),
  bridgeId: BRIDGE,
  callerLegId: CALLER,
  file,
});
const waitFor = (music: string): SwitchCommand => ({ kind: 'wait', callId: CALL, legId: CALLER, music });

async function withCaller(t: Parameters<typeof asteriskHouse>[0]): Promise<AsteriskHouse> {
  const house = await asteriskHouse(t);
  house.fake.arrive(CALLER);
  await house.event('legArrived');
  house.fake.requests.length = 0;
  return house;
}

async function withBoth(t: Parameters<typeof asteriskHouse>[0]): Promise<AsteriskHouse> {
  const house = await withCaller(t);
  await house.sw.perform(ring());
  house.fake.pickUp(AGENT);
  await house.event('legAnswered', { legId: AGENT });
  house.fake.requests.length = 0;
  return house;
}

t.test('a prompt: several files are one playback, its end is told once, a stopped one has played', async (t) => {
  const { fake, sw, event, events, settled } = await withCaller(t);
  await sw.perform({ kind: 'answer', callId: CALL, legId: CALLER });
  await sw.perform(say(PB, 'welcome', 'choose'));
  await sw.perform(say(PB, 'welcome', 'choose'));
  t.same(fake.lines, ['POST /channels/1700.1/answer', 'POST /channels/1700.1/play/pb-1'], 'a repeated play is not queued again');
  t.same(fake.request(/play/)?.body, { media: ['sound:/prompts/zh/welcome', 'sound:/prompts/zh/choose'] });
  await sw.perform({ kind: 'stopPlayback', callId: CALL, legId: CALLER, playbackId: PB });
  t.match(await event('playbackEnded'), { legId: CALLER, playbackId: PB, played: true });
  await sw.perform({ kind: 'stopPlayback', callId: CALL, legId: CALLER, playbackId: PB });
  const broken = asId<PlaybackId>('pb-2');
  await sw.perform(say(broken, 'welcome'));
  fake.finishPlayback(broken, 'failed');
  t.equal((await event('playbackEnded', { playbackId: broken })).played, false);
  await settled();
  t.equal(events.filter(({ kind }) => kind === 'playbackEnded').length, 2);
  t.notOk(
    events.some(({ kind }) => kind === 'commandFailed'),
    'stopping what has ended is no error',
  );
});

t.test('a prompt that cannot be played is told as not played', async (t) => {
  const { fake, sw, event, warnings } = await withCaller(t);
  await sw.perform(say(PB, 'welcome', 'missing'));
  t.equal((await event('playbackEnded', { playbackId: PB })).played, false);
  t.same(fake.lines, [], 'not the half of it either');
  t.ok(warnings.some((line) => line.includes('prompt missing') && line.includes('missing (zh)')));
  const refused = asId<PlaybackId>('pb-2');
  fake.fail(/play/, { status: 409 });
  await sw.perform(say(refused, 'welcome'));
  t.equal((await event('playbackEnded', { playbackId: refused })).played, false);
  const silent = asId<PlaybackId>('pb-3');
  fake.fail(/play/, 'silence');
  await sw.perform(say(silent, 'welcome'));
  t.equal((await event('playbackEnded', { playbackId: silent })).played, false);
  fake.leave(CALLER);
  await event('legEnded');
  const late = asId<PlaybackId>('pb-4');
  await sw.perform(say(late, 'welcome'));
  t.match(
    await event('commandFailed'),
    { command: 'play', subject: late },
    'after the end of the leg nothing is told about it but this',
  );
  t.match(sw.faults(), { 'prompt.missing': 1, 'rest.409': 1, 'rest.timeout': 1 });
});

t.test('the waiting room: one for each music, made once, not entered twice, and never without music', async (t) => {
  const { fake, sw, event } = await withCaller(t);
  const plays = (room: string, music: string): Promise<void> =>
    fake.until(() => fake.bridges.get(`hotline-wait-${room}`)?.music === music, `music in ${room}`);
  await sw.perform(waitFor('jazz'));
  await plays('jazz', 'jazz');
  await sw.perform(waitFor('jazz'));
  t.same(fake.lines, [
    'POST /bridges/hotline-wait-jazz',
    'POST /bridges/hotline-wait-jazz/addChannel',
    'POST /bridges/hotline-wait-jazz/moh',
  ]);
  t.match(fake.bridges.get('hotline-wait-jazz'), { bridge_type: 'holding', channels: [CALLER] });
  const second = asId<LegId>('1700.2');
  fake.arrive(second);
  await event('legArrived', { legId: second });
  await sw.perform({ kind: 'wait', callId: asId('call-2'), legId: second, music: 'jazz' });
  await sw.perform(waitFor('no-such-music'));
  await plays('calm', 'calm');
  t.same(fake.bridges.get('hotline-wait-calm')?.channels, [CALLER], 'an unknown class gets the first');
  t.equal(fake.lines.filter((line) => line.endsWith('jazz/moh')).length, 1, 'music that plays is left alone');
  fake.leave(second);
  await event('legEnded', { legId: second });
  t.equal(fake.bridges.get('hotline-wait-jazz')?.music, null, 'the last caller took the music along');
  fake.fail(/jazz\/moh/, { status: 500 });
  await sw.perform(waitFor('jazz'));
  await plays('jazz', 'jazz');
  await sw.perform(waitFor('calm'));
  fake.bridges.delete('hotline-wait-jazz');
  await sw.perform(waitFor('jazz'));
  await plays('jazz', 'jazz');
  t.same(fake.bridges.get('hotline-wait-jazz')?.channels, [CALLER], 'a room that was taken away is made again');
  fake.leave(CALLER);
  await event('legEnded', { legId: CALLER });
  await sw.perform(waitFor('jazz'));
  t.equal((await event('commandFailed')).command, 'wait');
});

t.test('what Asterisk would hold back behind a playback is sent after it, and holds nothing up', async (t) => {
  const { fake, sw, event } = await withCaller(t);
  await sw.perform(say(PB, 'welcome'));
  await sw.perform({ kind: 'answer', callId: CALL, legId: CALLER });
  await sw.perform(waitFor('calm'));
  await sw.perform({ kind: 'remember', callId: CALL, legId: CALLER, note: 'first' });
  await sw.perform({ kind: 'remember', callId: CALL, legId: CALLER, note: 'second' });
  t.same(fake.lines, ['POST /channels/1700.1/play/pb-1']);
  fake.finishPlayback(PB);
  await event('playbackEnded');
  await sw.perform(say(asId('pb-2'), 'position'));
  const withoutMusic = fake.lines.slice(1).filter((line) => !line.endsWith('/moh'));
  t.same(withoutMusic, [
    'POST /channels/1700.1/answer',
    'POST /bridges/hotline-wait-calm',
    'POST /bridges/hotline-wait-calm/addChannel',
    'POST /channels/1700.1/variable',
    'POST /channels/1700.1/play/pb-2',
  ]);
  t.same(fake.channels.get(CALLER)?.variables, { HOTLINE_NOTE: 'second' });
  const bad: SwitchCommand = { kind: 'remember', callId: CALL, legId: CALLER, note: 'a\nb' };
  await sw.perform(bad);
  t.equal((await event('commandFailed')).command, 'remember');
});

t.test('dialling a phone: named first, its events may come before the answer', async (t) => {
  const { fake, sw, event, events } = await withCaller(t);
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  fake.fail(/POST \/ari\/channels\/leg-of-1/, { until: gate });
  const dialled = sw.perform(ring({ callerNumber: '138"<0>', callerName: 'A"b\r\n<1>' }));
  await fake.until(() => fake.request(/leg-of-1/) !== undefined, 'the request');
  t.same(fake.request(/leg-of-1/)?.body, {
    endpoint: 'PJSIP/1001',
    app: 'hotline',
    appArgs: 'agent,of-1',
    callerId: '"Ab1" <1380>',
    timeout: 18,
    variables: { HOTLINE_LEG: 'agent,of-1' },
  });
  fake.send({ type: 'Dial', dialstatus: 'RINGING', peer: { id: AGENT } });
  await event('legRinging', { legId: AGENT });
  fake.send({ type: 'ChannelStateChange', channel: { id: AGENT, state: 'Ringing' } });
  release();
  await dialled;
  fake.pickUp(AGENT);
  await event('legAnswered', { legId: AGENT });
  await sw.perform(ring());
  fake.destroy(AGENT, 16);
  t.equal((await event('legEnded', { legId: AGENT })).cause, 'hungUp');
  t.same(
    events.filter((seen) => 'legId' in seen && seen.legId === AGENT).map(({ kind }) => kind),
    ['legRinging', 'legAnswered', 'legEnded'],
  );
});

t.test('phones that cannot be dialled', async (t) => {
  const { fake, sw, event } = await asteriskHouse(t);
  const fate = async (id: string, part: Partial<SwitchCommandOf<'ringAgent'>> = {}): Promise<string> => {
    await sw.perform(ring({ legId: asId<LegId>(id), ...part }));
    return (await event('legEnded', { legId: id })).cause;
  };
  t.equal(await fate('l-1', { address: 'sip:1001&PJSIP/trunk' }), 'error');
  t.equal((await event('commandFailed', { subject: 'l-1' })).command, 'ringAgent');
  t.same(
    fake.lines.filter((line) => line.includes('l-1')),
    [],
    'it never reached Asterisk',
  );
  fake.fail(/POST.*l-2/, { status: 500, body: '{"error":"Allocation failed"}' });
  t.equal(await fate('l-2'), 'unreachable', 'not registered');
  fake.fail(/POST.*l-3/, { status: 400 });
  t.equal(await fate('l-3'), 'error');
  fake.fail(/POST.*l-4/, 'silence');
  t.equal(await fate('l-4'), 'error');
  await fake.until(() => fake.lines.some((line) => line.startsWith('DELETE /channels/l-4')), 'called off in case it was made');
  fake.addChannel({ id: 'l-5', state: 'Ringing' });
  await sw.perform(ring({ legId: asId<LegId>('l-5') }));
  fake.destroy('l-5', 17, 486);
  t.equal((await event('legEnded', { legId: 'l-5' })).cause, 'busy', 'dialled before a crash: it is the same leg');
  await sw.perform(ring({ legId: asId<LegId>('../evil') }));
  t.equal((await event('commandFailed', { subject: '../evil' })).command, 'ringAgent');
});

t.test('people outside: by our own trunk, to numbers that are allowed, and by nothing else', async (t) => {
  const dial = (legId: string, number: string): SwitchCommand => ({
    kind: 'dialOut',
    callId: CALL,
    legId: asId<LegId>(legId),
    number,
    ringTimeoutMs: 20_000,
    callerId: '95588',
  });
  const outside = { trunk: 'carrier', mayDial: (number: string) => number.startsWith('139') };
  const { fake, sw, event } = await asteriskHouse(t, { options: { outside } });
  await sw.perform(dial('o-1', '13911112222'));
  await sw.perform(dial('o-1', '13911112222'));
  const made = fake.requests.filter(({ path }) => path.startsWith('/channels/o-1'));
  t.equal(made.length, 1, 'repeated, it is made once');
  t.match(made[0]?.body, {
    endpoint: 'PJSIP/13911112222@carrier',
    app: 'hotline',
    appArgs: 'outside,call-1',
    callerId: '"" <95588>',
    timeout: 22,
    variables: { HOTLINE_LEG: 'outside,call-1' },
  });
  for (const [legId, number] of [
    ['o-2', '9001234567'],
    ['o-3', '13911112222@evil.example'],
    ['o-4', '13911112222&PJSIP/1001'],
    ['o-5', '13911112222\n'],
  ] as const) {
    await sw.perform(dial(legId, number));
    t.equal((await event('legEnded', { legId })).cause, 'error', JSON.stringify(number));
    t.equal((await event('commandFailed', { subject: legId })).command, 'dialOut');
  }
  t.notOk(
    fake.lines.some((line) => /o-[2-5]/.test(line)),
    'they never reached Asterisk',
  );
  t.throws(
    () =>
      createAsteriskSwitch({
        id: asId('x'),
        url: fake.url,
        username: fake.username,
        password: fake.password,
        resolvePrompt: () => null,
        musicClasses: ['calm'],
        outside: { ...outside, trunk: 'a&PJSIP/b' },
        log: { debug() {}, info() {}, warn() {}, error() {} },
      }),
    /trunk/,
  );

  const without = await asteriskHouse(t);
  await without.sw.perform(dial('o-6', '13911112222'));
  t.equal((await without.event('legEnded', { legId: 'o-6' })).cause, 'error', 'without a trunk nobody is dialled');
});

t.test('dialling does not wait for the slow command before it, and what follows waits for both', async (t) => {
  const { fake, sw } = await withCaller(t);
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  fake.fail(/answer/, { until: gate });
  const answered = sw.perform({ kind: 'answer', callId: CALL, legId: CALLER });
  const played = sw.perform(say(PB, 'welcome'));
  await sw.perform(ring());
  const calledOff = sw.perform({ kind: 'hangUp', callId: CALL, legId: AGENT, cause: 'normal' });
  await sw.perform({ kind: 'dissolve', callId: asId('call-2'), bridgeId: asId('br-9') });
  t.same(fake.lines, ['POST /channels/1700.1/answer', 'POST /channels/leg-of-1', 'DELETE /bridges/br-9']);
  release();
  await Promise.all([answered, played, calledOff]);
  t.same(fake.lines.slice(3), ['POST /channels/1700.1/play/pb-1', 'DELETE /channels/leg-of-1?reason_code=16']);
});

t.test('hanging up says why, and a leg that is gone is no error', async (t) => {
  const { fake, sw, events } = await asteriskHouse(t);
  const codes = { normal: 16, busy: 17, declined: 21, congestion: 34, noAnswer: 19, unallocated: 1 } as const;
  for (const [cause, code] of Object.entries(codes)) {
    await sw.perform({ kind: 'hangUp', callId: null, legId: asId(`l-${code}`), cause: cause as keyof typeof codes });
    t.ok(fake.lines.includes(`DELETE /channels/l-${code}?reason_code=${code}`), cause);
  }
  t.same(
    events.map(({ kind }) => kind),
    ['switchUp'],
  );
});

t.test('connecting cuts every playback in the same breath, also one that nobody named', async (t) => {
  const { fake, sw, event, events } = await withBoth(t);
  await sw.perform(waitFor('calm'));
  await sw.perform(say(PB, 'position'));
  await sw.perform(waitFor('jazz'));
  // The real one answers the move only when the playback is over.
  fake.fail(/br-1\/addChannel/, { until: fake.until(() => !fake.playbacks.has(PB), 'the cut') });
  await sw.perform(connect);
  t.match(await event('connected'), { bridgeId: BRIDGE, offerId: OFFER });
  t.match(fake.bridges.get(BRIDGE), { bridge_type: 'mixing', name: 'hotline:call', channels: [CALLER, AGENT] });
  t.equal(fake.request(/POST \/bridges\/br-1$/)?.body.type, 'mixing,dtmf_events');
  await event('playbackEnded', { playbackId: PB });
  fake.requests.length = 0;
  await sw.perform(connect);
  t.same(fake.lines, [], 'a repeated connect does not take them out and in; the wait that was put off is forgotten');
  t.equal(events.filter(({ kind }) => kind === 'connected').length, 2);
  await sw.perform({ kind: 'dissolve', callId: CALL, bridgeId: BRIDGE });
  await sw.perform({ kind: 'dissolve', callId: CALL, bridgeId: BRIDGE });
  t.notOk(events.some(({ kind }) => kind === 'commandFailed'));
});

t.test('a connect that fails says who is missing and leaves no empty bridge', async (t) => {
  const gone = async (
    t: Parameters<typeof asteriskHouse>[0],
    lose: (house: AsteriskHouse) => void | Promise<void>,
  ): Promise<[string | null, boolean]> => {
    const house = await withBoth(t);
    await lose(house);
    await house.sw.perform(connect);
    return [(await house.event('connectFailed')).missing, house.fake.bridges.has(BRIDGE)];
  };
  await t.test('the caller, and Asterisk has said so', async (t) => {
    const lose = async ({ fake, event }: AsteriskHouse): Promise<void> => {
      fake.leave(CALLER);
      await event('legEnded', { legId: CALLER });
    };
    t.same(await gone(t, lose), ['caller', false]);
  });
  await t.test('the caller, and Asterisk has not said so yet', async (t) => {
    t.same(await gone(t, ({ fake }) => void fake.channels.delete(CALLER)), ['caller', false]);
  });
  await t.test('the agent', async (t) => {
    t.same(await gone(t, ({ fake }) => void fake.channels.delete(AGENT)), ['agent', false]);
  });
  await t.test('neither', async (t) => {
    t.same(await gone(t, ({ fake }) => fake.fail(/addChannel/, { status: 422 })), [null, false]);
    t.same(await gone(t, ({ fake }) => fake.fail(/addChannel/, 'reset', 2)), [null, false]);
  });
  await t.test('the caller, in the moment in which Asterisk says yes', async (t) => {
    const lose = ({ fake, event }: AsteriskHouse): void => {
      const left = fake
        .until(() => fake.lines.includes('POST /bridges/br-1/addChannel'), 'the move')
        .then(() => fake.leave(CALLER));
      // The agent is in and the caller has left: the answer is a plain yes.
      const back = left.then(() => event('legEnded', { legId: CALLER })).then(() => fake.addChannel({ id: CALLER }));
      fake.fail(/addChannel/, { until: back });
    };
    t.equal((await gone(t, lose))[0], 'caller');
  });
});

t.test('a recording is believed only when it says what a good one says', async (t) => {
  const { fake, sw, event } = await withBoth(t);
  await sw.perform(connect);
  await sw.perform(record('rec-1'));
  t.same(fake.request(/record$/)?.body, { name: '2026/11/21/rec-1', format: 'wav', ifExists: 'fail' });
  t.equal(fake.channels.get(CALLER)?.variables.HOTLINE_RECORDING, 'rec-1 2026/11/21/rec-1', 'so that a later process finds it');
  const heard = (type: string, id: string, more: object = {}): void =>
    fake.send({ type, recording: { name: `2026/11/21/${id}`, format: 'wav', ...more } });
  heard('RecordingStarted', 'rec-1');
  await event('recordingStarted', { recordingId: 'rec-1' });
  await sw.perform({ kind: 'stopRecording', callId: CALL, recordingId: asId('rec-1') });
  t.ok(fake.lines.includes('POST /recordings/live/2026%2F11%2F21%2Frec-1/stop'));
  heard('RecordingFinished', 'rec-1', { duration: 1, state: 'done' });
  t.match(await event('recordingEnded', { recordingId: 'rec-1' }), { failed: false, durationMs: 1000 });
  await sw.perform(record('rec-2'));
  heard('RecordingFinished', 'rec-2', { duration: 0, state: 'done' });
  t.match(await event('recordingEnded', { recordingId: 'rec-2' }), { failed: true, detail: 'nothing was written' });
  await sw.perform(record('rec-2b'));
  heard('RecordingStarted', 'rec-2b');
  heard('RecordingFinished', 'rec-2b', { duration: 0, state: 'done' });
  t.match(await event('recordingEnded', { recordingId: 'rec-2b' }), { failed: true }, 'also when it had begun');
  await sw.perform(record('rec-2c'));
  heard('RecordingFinished', 'rec-2c', { duration: 5, state: 'done' });
  t.match(await event('recordingEnded', { recordingId: 'rec-2c' }), { failed: true, detail: 'ended without having started' });
  await sw.perform(record('rec-2d'));
  heard('RecordingStarted', 'rec-2d');
  await event('recordingStarted', { recordingId: 'rec-2d' });
  await sw.perform({ kind: 'dissolve', callId: CALL, bridgeId: BRIDGE });
  heard('RecordingFinished', 'rec-2d', { duration: 0, state: 'done' });
  t.match(await event('recordingEnded', { recordingId: 'rec-2d' }), { failed: false }, 'short, because we ended it');
  fake.bridges.set(BRIDGE, { id: BRIDGE, bridge_type: 'mixing', name: 'hotline:call', channels: [CALLER, AGENT], music: null });
  await sw.perform(record('rec-3'));
  heard('RecordingFailed', 'rec-3', { cause: 'no space' });
  t.match(await event('recordingEnded', { recordingId: 'rec-3' }), { failed: true, detail: 'no space' });
  await sw.perform(record('rec-4', '../../etc/rec-4'));
  t.equal((await event('recordingEnded', { recordingId: 'rec-4' })).failed, true);
  fake.fail(/record$/, { status: 500 });
  await sw.perform(record('rec-5'));
  t.match((await event('recordingEnded', { recordingId: 'rec-5' })).detail, /500/);
  fake.recordings.add('2026/11/21/rec-6');
  await sw.perform(record('rec-6'));
  await event('recordingStarted', { recordingId: 'rec-6' });
  fake.recordings.clear();
  await sw.perform({ kind: 'stopRecording', callId: CALL, recordingId: asId('rec-6') });
  t.match(await event('recordingEnded', { recordingId: 'rec-6' }), { failed: true, detail: 'ended unseen' });
  heard('RecordingFinished', 'of-somebody-else', { duration: 3 });
  await sw.perform({ kind: 'stopRecording', callId: CALL, recordingId: asId('rec-unknown') });
});

t.test('a command whose connection goes down under it ends as failed, and chains are not left behind', async (t) => {
  const { fake, sw, event } = await withCaller(t);
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  fake.fail(/answer/, { until: gate });
  const first = sw.perform({ kind: 'answer', callId: CALL, legId: CALLER });
  const second = sw.perform({ kind: 'hangUp', callId: CALL, legId: CALLER, cause: 'normal' });
  fake.fail(/GET \/ari\/events/, { status: 503 }, 1_000);
  fake.cutEvents();
  await event('switchDown');
  release();
  await Promise.all([first, second]);
  t.match(await event('commandFailed', { command: 'hangUp' }), { detail: 'the switch went down' });
});

t.test('a message: out of the room, marked, recorded; what Asterisk would hold back meanwhile is sent after it', async (t) => {
  const { fake, sw, event, events, settled } = await withCaller(t);
  const message = (id: string): SwitchCommandOf<'recordMessage'> => ({
    kind: 'recordMessage',
    callId: CALL,
    legId: CALLER,
    recordingId: asId<RecordingId>(id),
    file: `20261121/${id}`,
    maxMs: 60_500,
    silenceMs: 3_000,
  });
  const heard = (type: string, id: string, more: object = {}): void =>
    fake.send({ type, recording: { name: `20261121/${id}`, format: 'wav', ...more } });
  await sw.perform(waitFor('calm'));
  fake.requests.length = 0;
  await sw.perform(message('v-1'));
  t.same(
    fake.lines.filter((line) => !line.endsWith('/moh')),
    ['POST /bridges/ast-wait/removeChannel', `POST /channels/${CALLER}/variable`, `POST /channels/${CALLER}/record`].map((line) =>
      line.replace('ast-wait', 'hotline-wait-calm'),
    ),
  );
  t.match(fake.request(/record$/)?.body, {
    name: '20261121/v-1',
    format: 'wav',
    ifExists: 'fail',
    beep: true,
    terminateOn: 'none',
    maxDurationSeconds: 61,
    maxSilenceSeconds: 3,
  });
  t.equal(fake.channels.get(CALLER)?.variables.HOTLINE_RECORDING, 'v-1 20261121/v-1');
  await sw.perform(message('v-1'));
  t.equal(fake.lines.filter((line) => line.endsWith('/record')).length, 1, 'repeated, it is recorded once');
  heard('RecordingStarted', 'v-1');
  await event('recordingStarted', { recordingId: 'v-1' });
  fake.requests.length = 0;
  await sw.perform(waitFor('calm'));
  t.same(fake.lines, [], 'not while it is said');
  heard('RecordingFinished', 'v-1', { duration: 4, talking_duration: 3, state: 'done' });
  t.match(await event('recordingEnded', { recordingId: 'v-1' }), { failed: false, durationMs: 4_000, soundMs: 3_000 });
  await settled();
  t.ok(
    fake.lines.some((line) => line.endsWith('/addChannel')),
    'but then',
  );

  await sw.perform(message('v-2'));
  heard('RecordingStarted', 'v-2');
  heard('RecordingFinished', 'v-2', { duration: 1, talking_duration: 1, state: 'done' });
  t.match(await event('recordingEnded', { recordingId: 'v-2' }), { soundMs: 0 }, 'as Asterisk tells of nothing');
  fake.fail(/removeChannel/, { status: 409 });
  await sw.perform(waitFor('calm'));
  await sw.perform(message('v-3'));
  t.ok(fake.recordings.has('20261121/v-3'), 'who is not in the room any more is recorded all the same');
  heard('RecordingFailed', 'v-3', { cause: 'Cannot record channel while in bridge' });
  t.match(await event('recordingEnded', { recordingId: 'v-3' }), { failed: true });
  fake.fail(/record$/, { status: 500 });
  await sw.perform(message('v-4'));
  t.match((await event('recordingEnded', { recordingId: 'v-4' })).detail, /500/);
  fake.recordings.add('20261121/v-5');
  await sw.perform(message('v-5'));
  await event('recordingStarted', { recordingId: 'v-5' });
  heard('RecordingFinished', 'v-5', { duration: 2, talking_duration: 2 });
  t.match(await event('recordingEnded', { recordingId: 'v-5' }), { failed: false }, 'begun by us before a crash');
  t.equal(events.filter(({ kind }) => kind === 'commandFailed').length, 0);
});
