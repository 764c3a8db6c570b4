import fc from 'fast-check';
import t from 'tap';
import { parseMessage } from '../../src/adapters/asterisk/ari-events.js';
import { createAsteriskSwitch } from '../../src/adapters/asterisk/asterisk-switch.js';
import { CallChains } from '../../src/adapters/asterisk/call-chains.js';
import {
  callerIdField,
  cleanText,
  isRecordingFile,
  phoneEndpoint,
  soundMedia,
} from '../../src/adapters/asterisk/hostile-text.js';
import { legEndCause } from '../../src/adapters/asterisk/leg-end-cause.js';
import { asId } from '../../src/base/ids.js';
import { asteriskHouse, QUICK } from '../support/asterisk-house.js';
import { FakeAri } from '../support/fake-ari.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

t.test('unsafe or impossible options are refused at construction', async (t) => {
  const good = {
    id: asId<never>('a'),
    url: 'http://127.0.0.1:1',
    username: 'hotline',
    password: 'long-and-own-41',
    resolvePrompt: () => null,
    musicClasses: ['calm'] as const,
    log: silent,
  };
  t.doesNotThrow(() => createAsteriskSwitch(good));
  const bad: ReadonlyArray<readonly [string, object]> = [
    ['empty password', { password: '' }],
    ['password of the manual', { password: 'asterisk' }],
    ['short password', { password: 'x7Gq' }],
    ['password like the user', { username: 'hotline-acd', password: 'hotline-acd' }],
    ['empty user', { username: '' }],
    ['user with a colon', { username: 'a:b' }],
    ['password in the address', { url: 'http://u:p@127.0.0.1:8088' }],
    ['address of another kind', { url: 'ftp://127.0.0.1' }],
    ['application with a comma', { app: 'a,b' }],
    ['no music', { musicClasses: [] }],
    ['music with a slash', { musicClasses: ['../x'] }],
  ];
  for (const [what, part] of bad) t.throws(() => createAsteriskSwitch({ ...good, ...part }), what);
});

t.test('hostile text never becomes a word of Asterisk', async (t) => {
  t.equal(phoneEndpoint('sip:1001'), 'PJSIP/1001');
  for (const address of [
    'sip:1001&PJSIP/1002',
    'sip:',
    'PJSIP/1001',
    'sip:1001@evil',
    'sip:a/b',
    'sip:1001\n',
    'sip:-x',
    'tel:1',
    `sip:${'9'.repeat(65)}`,
  ]) {
    t.equal(phoneEndpoint(address), null, JSON.stringify(address));
  }
  t.equal(callerIdField('138"0<1>\r\n2', 'A"b <900>\\\u0007\u202e王'), '"Ab 900王" <138012>');
  t.equal(cleanText(`a\u0000b\ud800c${'x'.repeat(200)}`).length, 80);
  t.equal(soundMedia('/prompts/zh/welcome'), 'sound:/prompts/zh/welcome');
  for (const path of ['relative', '/a,b', '/a&b', '/a/../b', '/a\nb', '']) t.equal(soundMedia(path), null, JSON.stringify(path));
  t.ok(isRecordingFile('2026/11/21/r-1'));
  for (const file of ['../x', '/abs', 'a//b', 'a/..', 'a b', '', 'x'.repeat(201)]) t.notOk(isRecordingFile(file), file);
});

t.test('how a dialled leg ended is read from SIP status, cause and whether it rang', async (t) => {
  const base = { answered: false, rang: false, hungUpByUs: false, cause: 0, techCause: null };
  // The rows were seen on Asterisk 22.
  const rows: ReadonlyArray<readonly [string, object, string]> = [
    ['486', { cause: 17, techCause: 486 }, 'busy'],
    ['600', { cause: 17, techCause: 600 }, 'busy'],
    ['404', { cause: 1, techCause: 404 }, 'unreachable'],
    ['408 while ringing', { rang: true, cause: 18, techCause: 408 }, 'noAnswer'],
    ['480 while ringing, or our timeout', { rang: true, cause: 19, techCause: 480 }, 'noAnswer'],
    ['480 at once, or nobody there', { cause: 19, techCause: 480 }, 'unreachable'],
    ['488', { cause: 58, techCause: 488 }, 'error'],
    ['503', { cause: 34, techCause: 503 }, 'unreachable'],
    ['603', { rang: true, cause: 21, techCause: 603 }, 'declined'],
    ['answered and gone', { answered: true, cause: 0 }, 'hungUp'],
    ['called off by us', { rang: true, hungUpByUs: true, cause: 16 }, 'hungUp'],
    ['no SIP status, busy', { cause: 17 }, 'busy'],
    ['no SIP status, rejected', { cause: 21 }, 'declined'],
    ['no SIP status, no route', { cause: 3 }, 'unreachable'],
    ['no SIP status, nobody answers', { rang: true, cause: 19 }, 'noAnswer'],
    ['nothing known', {}, 'error'],
  ];
  for (const [what, part, cause] of rows) t.equal(legEndCause({ ...base, ...part }), cause, what);
});

t.test('no message can make the parser throw, and shapes are checked', async (t) => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => typeof parseMessage(text) === 'object'));
  const types = [
    'StasisStart',
    'StasisEnd',
    'ChannelDestroyed',
    'Dial',
    'ChannelDtmfReceived',
    'ChannelEnteredBridge',
    'PlaybackStarted',
    'PlaybackFinished',
    'RecordingFinished',
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...types),
      fc.dictionary(fc.constantFrom('channel', 'args', 'peer', 'playback', 'recording', 'bridge'), fc.jsonValue()),
      (type, rest) => {
        const parsed = parseMessage(JSON.stringify({ ...rest, type }));
        return 'fault' in parsed || 'event' in parsed;
      },
    ),
  );
  t.same(parseMessage('{"type":"StasisEnd"}'), { fault: 'event.badShape' });
  t.same(parseMessage('{"type":"ChannelDtmfReceived","channel":{"id":"a"},"digit":"12"}'), { fault: 'event.badShape' });
  t.same(parseMessage('[]'), { fault: 'event.noType' });
});

t.test('chains keep order within a key, run keys side by side and leave nothing behind', async (t) => {
  const chains = new CallChains();
  const done: string[] = [];
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const a1 = chains.run('a', () => gate.then(() => void done.push('a1')));
  const a2 = chains.run('a', async () => void done.push('a2'));
  await chains.run('b', async () => void done.push('b1'));
  await chains.overtake('a', async () => void done.push('ring'));
  const a3 = chains.run('a', async () => void done.push('a3'));
  t.same(done, ['b1', 'ring']);
  release();
  await Promise.all([a1, a2, a3]);
  t.same(done, ['b1', 'ring', 'a1', 'a2', 'a3']);
  await chains.run('c', () => Promise.reject(new Error('x')));
  t.equal(chains.size, 0);
});

t.test('comes up with what is there, tells the password to nobody, goes down once and comes back', async (t) => {
  const house = await asteriskHouse(t);
  const { fake, sw, events } = house;
  t.ok(sw.isUp());
  t.same(fake.socketUrls, ['/ari/events?app=hotline'], 'no password and no subscribeAll in the address');
  t.match(await sw.describe(), { up: true, version: '22.0.0-paper' });
  t.match(fake.request(/eventFilter/)?.body, { disallowed: [{ type: 'ChannelVarset' }] });
  fake.cutEvents();
  await house.event('switchDown');
  t.notOk(sw.isUp());
  await house.sw.perform({ kind: 'answer', callId: asId('c'), legId: asId('l') });
  t.match(await house.event('commandFailed'), { command: 'answer', callId: 'c', subject: 'l' }, 'fails at once while down');
  await fake.until(() => fake.socketUrls.length === 2, 'a second connection');
  await new Promise<void>((resolve) => {
    const look = (): void => (sw.isUp() ? resolve() : void setImmediate(look));
    look();
  });
  t.same(
    events.map(({ kind }) => kind),
    ['switchUp', 'switchDown', 'commandFailed', 'switchUp'],
  );
});

t.test('faults while connecting are survived, whatever they are', async (t) => {
  const faults = [
    [/api-docs\/channels/, { status: 503 }],
    [/api-docs\/resources/, { status: 401 }],
    [/api-docs\/bridges/, { status: 200, body: 'not json at all' }],
    [/api-docs\/bridges/, { status: 200, body: '{"apis":[{"path":7}]}' }],
    [/api-docs\/playbacks/, { status: 200, body: '{"apis":[]}' }],
    [/api-docs\/resources/, 'reset'],
    [/GET \/ari\/events/, { status: 503 }],
    [/GET \/ari\/events/, 'reset'],
    [/GET \/ari\/events/, 'silence'],
    [/GET \/ari\/channels/, { status: 500 }],
    [/GET \/ari\/bridges/, { status: 200, body: '{"a":' }],
    [/GET \/ari\/applications/, 'silence'],
    [/GET \/ari\/asterisk/, 'reset'],
  ] as const;
  const order = (fake: FakeAri): void => {
    for (const [pattern, fault] of faults) fake.fail(pattern, fault);
  };
  const house = await asteriskHouse(t, { prepare: order });
  t.ok(house.sw.isUp());
  t.equal(house.fake.faultsLeft, 0, 'each was met');
  t.same(
    house.events.map(({ kind }) => kind),
    ['switchUp'],
    'no switchDown for what was never up',
  );
});

t.test('a wrong password keeps it down, without an exception, until it is right', async (t) => {
  const house = await asteriskHouse(t, { up: false, options: { password: 'wrong-but-long' } });
  await house.refused(3);
  t.notOk(house.sw.isUp());
  t.ok(house.warnings.some((line) => /switch not reached.*401/.test(line)));
  t.notOk(
    house.warnings.some((line) => line.includes('wrong-but-long')),
    'the password is in no log line',
  );
});

t.test('two switches in one process keep their own credentials', async (t) => {
  const one = await asteriskHouse(t);
  const wrong = await asteriskHouse(t, {
    fake: one.fake,
    up: false,
    options: { id: asId('ast-2'), app: 'other', password: 'wrong-but-long' },
  });
  one.forget();
  one.fake.arrive('leg-1');
  await one.event('legArrived');
  await one.sw.perform({ kind: 'answer', callId: asId('c'), legId: asId('leg-1') });
  t.equal(one.fake.channels.get('leg-1')?.state, 'Up');
  t.notOk(wrong.sw.isUp());
});

t.test('a line that was cut without a word is noticed', async (t) => {
  const house = await asteriskHouse(t);
  house.fake.answersPings = false;
  t.match((await house.event('switchDown')).detail, /nothing heard/);
});

t.test('another controller that takes the application: down, and a long pause before trying again', async (t) => {
  const house = await asteriskHouse(t);
  house.fake.send({ type: 'ApplicationReplaced' });
  const before = performance.now();
  t.match((await house.event('switchDown')).detail, /another controller/);
  await house.fake.until(() => house.fake.socketUrls.length === 2, 'the next attempt');
  t.ok(performance.now() - before >= QUICK.replacedPauseMs * 0.9);
});

t.test('stop is final, also while the switch is away', async (t) => {
  const fake = await FakeAri.start();
  const house = await asteriskHouse(t, { fake });
  await fake.close();
  await house.event('switchDown');
  await house.sw.stop();
  const again = await FakeAri.start(fake.port);
  t.teardown(() => again.close());
  await new Promise((resolve) => setTimeout(resolve, 3 * QUICK.longestRetryMs));
  t.same(again.socketUrls, []);
  t.equal(again.requests.length, 0);
});

t.test('events are told in the words of the domain', async (t) => {
  const house = await asteriskHouse(t);
  const { fake, sw } = house;
  fake.arrive('1700.1', { number: '138\u000000001111', callerName: '王\r\n小明' });
  t.match(await house.event('legArrived'), {
    switchId: 'ast-1',
    legId: '1700.1',
    ani: '13800001111',
    aniName: '王小明',
    dnis: '4008',
    note: null,
  });
  fake.arrive('1700.2', { name: 'PJSIP/1001-02', appData: 'hotline,phone,1001,*45' });
  t.match(await house.event('phoneDialled'), { legId: '1700.2', address: 'sip:1001', digits: '*45' });
  const key = { channel: { id: '1700.1' }, digit: '#', duration_ms: 120 };
  fake.send({ type: 'ChannelDtmfReceived', ...key });
  t.match(await house.event('keyPressed'), { legId: '1700.1', key: '#', durationMs: 120 });
  fake.send({ type: 'ChannelHold', channel: { id: '1700.1' } });
  fake.send({ type: 'ChannelUnhold', channel: { id: '1700.1' } });
  await house.event('legHeld', { legId: '1700.1' });
  await house.event('legUnheld', { legId: '1700.1' });
  fake.leave('1700.1');
  t.equal((await house.event('legEnded')).cause, 'hungUp');
  const count = house.events.length;
  fake.send({ type: 'StasisEnd', channel: { id: '1700.1' } });
  fake.send({ type: 'ChannelDestroyed', channel: { id: '1700.1' }, cause: 16 });
  fake.send({ type: 'ChannelDtmfReceived', ...key });
  await house.settled();
  t.equal(house.events.length, count, 'nothing more after the end');
  for (const [id, appData] of [
    ['x.1', 'hotline,nonsense'],
    ['x.2', 'hotline,phone,10/01,1'],
    ['x.3', 'hotline,phone,1001,1;2'],
    ['x.4', 'hotline,agent,offer-of-nobody'],
  ] as const) {
    fake.arrive(id, { appData });
    await fake.until(() => fake.lines.includes(`DELETE /channels/${id}?reason_code=16`), `${id} turned away`);
  }
  t.match(sw.faults(), { 'leg.unknownArgs': 3, 'leg.orphan': 1 });
});

t.test('what Asterisk should never send is dropped and counted, and the stream goes on', async (t) => {
  const house = await asteriskHouse(t, {
    onEvent: (event) => {
      if (event.kind === 'legArrived' && event.legId === asId('thrower')) throw new Error('a listener with a defect');
    },
  });
  const { fake, sw } = house;
  fake.sendRaw('not json');
  fake.sendRaw('');
  fake.sendRaw('null');
  fake.sendRaw('{"no":"type"}');
  fake.sendRaw('{"type":"BrandNewEvent","channel":null}');
  fake.sendRaw('{"type":"StasisStart","channel":{"id":7}}');
  fake.sendRaw(JSON.stringify({ type: 'StasisEnd', padding: 'x'.repeat(2 * 1024 * 1024) }));
  fake.sendRaw(Buffer.from([1, 2, 3]));
  fake.arrive('with space', {});
  fake.arrive('thrower');
  await house.settled();
  t.match(sw.faults(), {
    'event.badJson': 2,
    'event.noType': 2,
    'event.unknownType': 1,
    'event.badShape': 1,
    'event.huge': 1,
    'leg.badId': 1,
    'event.listenerThrew': 1,
  });
  t.ok(sw.isUp());
});

t.test('a resync tells what is there first and what came meanwhile after', async (t) => {
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const house = await asteriskHouse(t, {
    up: false,
    expected: { playbacks: [asId('pb-live'), asId('pb-over')], recordings: [asId('rec-1'), asId('rec-2'), asId('rec-gone')] },
    prepare: (fake) => {
      fake.addChannel({
        id: 'c.1',
        state: 'Up',
        callerName: 'Wang',
        variables: { HOTLINE_NOTE: '{"call":1}', HOTLINE_RECORDING: 'rec-1 2026/11/rec-1' },
      });
      fake.addChannel({ id: 'c.2', state: 'Up' });
      fake.addChannel({ id: 'agent-up', state: 'Up', appData: 'hotline,agent,of-1' });
      const ringing = { state: 'Ringing', appName: 'AppDial2', appData: '(Outgoing Line)' };
      fake.addChannel({ id: 'agent-rings', ...ringing, variables: { HOTLINE_LEG: 'agent,of-2' } });
      fake.addChannel({ id: 'deaf', subscribed: false });
      fake.addChannel({ id: 'not-ours', appData: 'other,inbound,1', subscribed: false });
      fake.addChannel({ id: 'stranger', appData: 'hotline,what' });
      fake.addChannel({ id: 'old-phone', appData: 'hotline,phone,1001,*45' });
      fake.bridges.set('br-1', {
        id: 'br-1',
        bridge_type: 'mixing',
        name: 'hotline:call',
        channels: ['c.1', 'agent-up', 'Recorder.1'],
        music: null,
      });
      fake.bridges.set('br-empty', { id: 'br-empty', bridge_type: 'mixing', name: 'hotline:call', channels: [], music: null });
      fake.bridges.set('theirs', { id: 'theirs', bridge_type: 'mixing', name: 'theirs', channels: ['not-ours'], music: null });
      fake.bridges.set('hotline-wait-calm', {
        id: 'hotline-wait-calm',
        bridge_type: 'holding',
        name: 'hotline:wait',
        channels: ['c.2'],
        music: 'calm',
      });
      fake.playbacks.set('pb-live', 'c.2');
      fake.recordings.add('2026/11/rec-1').add('rec-2');
      fake.fail(/GET \/ari\/recordings/, { until: gate });
    },
  });
  const { fake } = house;
  await fake.until(() => fake.lines.some((line) => line.startsWith('GET /recordings')), 'the listing');
  fake.leave('c.2');
  fake.arrive('c.3');
  fake.send({ type: 'StasisStart', args: ['inbound', '4008'], channel: { id: 'c.1', state: 'Up' } });
  fake.pickUp('agent-rings');
  release();
  const { snapshot } = await house.event('switchUp');
  await house.event('legAnswered', { legId: 'agent-rings' });
  const legs = new Map(snapshot.legs.map((leg) => [leg.legId as string, leg]));
  t.same([...legs.keys()].sort(), ['agent-rings', 'agent-up', 'c.1', 'c.2', 'deaf']);
  t.match(legs.get('c.1'), {
    direction: 'inbound',
    state: 'up',
    ani: '13800001111',
    aniName: 'Wang',
    dnis: '4008',
    note: '{"call":1}',
  });
  t.match(legs.get('c.2'), { note: null });
  t.match(legs.get('agent-rings'), { direction: 'outbound', state: 'ringing' });
  t.match(legs.get('agent-up'), { direction: 'outbound', state: 'up', ani: '' });
  t.same(snapshot.bridges, [
    { bridgeId: 'br-1', legs: ['c.1', 'agent-up'] },
    { bridgeId: 'br-empty', legs: [] },
  ]);
  t.same(snapshot.playbacks, ['pb-live']);
  t.same([...snapshot.recordings].sort(), ['rec-1', 'rec-2'], 'by the note on the leg, and by its own name');
  t.same(
    house.events.map((event) => `${event.kind}${'legId' in event ? ` ${event.legId}` : ''}`),
    ['switchUp', 'legEnded c.2', 'legArrived c.3', 'legAnswered agent-rings'],
    'c.1 does not arrive twice, c.2 is not answered for its playback',
  );
  t.match(fake.request(/applications\/hotline\/subscription/)?.body, { eventSource: ['channel:deaf'] });
  await fake.until(() => !fake.channels.has('stranger') && !fake.channels.has('old-phone'), 'strangers hung up');
  t.ok(fake.channels.has('not-ours'));
  house.forget();
  fake.send({ type: 'RecordingFinished', recording: { name: '2026/11/rec-1', state: 'done', duration: 61 } });
  t.match(await house.event('recordingEnded'), { recordingId: 'rec-1', durationMs: 61_000, failed: false });
});

t.test('a restarted Asterisk is recognised', async (t) => {
  const house = await asteriskHouse(t);
  t.equal((await house.event('switchUp')).snapshot.restarted, false);
  house.fake.startedAt = '2026-11-21T11:00:00.000+0000';
  house.forget();
  house.fake.cutEvents();
  t.equal((await house.event('switchUp')).snapshot.restarted, true);
});
