import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { alawToLinear, linearToAlaw } from './support/phone/g711.js';
import { Hearing } from './support/phone/hearing.js';
import { createPhone, type Phone, type PhoneOptions, until } from './support/phone/phone.js';
import { readSdp } from './support/phone/sdp.js';
import { digestAnswer, displayOf, parseSip, tagOf, uriOf, userOf } from './support/phone/sip-message.js';
import { runSipp, startSipp } from './support/sipp.js';
import { dominantHz, levelDb, readWav, toneIn, toneSamples, toneShare, writeToneWav } from './support/tone.js';

/** The instruments are tested too: a phone that hears what is not there would make every other test worthless. */

const hasSipp = spawnSync('sipp', ['-v']).error === undefined;

t.test('tones', async (t) => {
  t.equal(dominantHz(toneSamples(1500, 0.02)), 1500);
  t.ok(toneShare(toneSamples(1500, 0.02), 1500) > 0.99);
  t.ok(toneShare(toneSamples(1500, 0.02), 1100) < 0.01);
  const mixed = toneSamples(750, 0.02).map((x, i) => x + (toneSamples(1500, 0.02)[i] as number));
  t.ok(toneShare(mixed, 750) > 0.45 && toneShare(mixed, 1500) > 0.45, 'both tones of a mix are found');
  t.equal(dominantHz(new Int16Array(160)), null);
  t.equal(levelDb(new Int16Array(160)), Number.NEGATIVE_INFINITY);
  t.ok(Math.abs(levelDb(toneSamples(1000, 1, 8000, 32767)) + 3.01) < 0.05, 'a full sine is at -3 dBFS');
  for (const sample of [0, 5, -5, 100, -100, 1000, -1000, 8000, -8000, 32767, -32768]) {
    const back = alawToLinear(linearToAlaw(sample));
    t.ok(Math.abs(back - sample) <= Math.max(16, Math.abs(sample) / 16), `A-law keeps ${sample} (${back})`);
  }
});

t.test('WAV files', async (t) => {
  const dir = t.testdir();
  const file = path.join(dir, 'tone.wav');
  writeToneWav(file, 440, 1);
  t.match(toneIn(file, 440), { seconds: 1, firstAt: 0, fileSeconds: 1 });
  t.match(toneIn(file, 1000), { seconds: 0, firstAt: null });

  // Chunks before and between, an odd length, a data length that was never filled in, two channels.
  const chunk = (id: string, body: Buffer, length = body.length): Buffer => {
    const head = Buffer.alloc(8);
    head.write(id, 'latin1');
    head.writeUInt32LE(length, 4);
    return Buffer.concat([head, body, Buffer.alloc(body.length & 1)]);
  };
  const format = Buffer.alloc(16);
  [1, 2].forEach((value, i) => {
    format.writeUInt16LE(value, i * 2);
  });
  format.writeUInt32LE(8000, 4);
  format.writeUInt16LE(16, 14);
  const left = toneSamples(1100, 0.5);
  const right = toneSamples(1500, 0.5);
  const data = Buffer.alloc(left.length * 4);
  left.forEach((sample, i) => {
    data.writeInt16LE(sample, i * 4);
    // The right channel begins later, at the start of a frame.
    data.writeInt16LE(i < 1920 ? 0 : (right[i] as number), i * 4 + 2);
  });
  const riff = Buffer.concat([
    Buffer.from('RIFF\0\0\0\0WAVE', 'latin1'),
    chunk('LIST', Buffer.from('odd')),
    chunk('fmt ', format),
    chunk('fact', Buffer.alloc(4)),
    chunk('data', data, 0xffffffff),
  ]);
  const stereo = path.join(dir, 'stereo.wav');
  writeFileSync(stereo, riff);
  t.equal(readWav(stereo).channels, 2);
  t.match(toneIn(stereo, 1100), { seconds: 0.5, firstAt: 0 });
  t.match(toneIn(stereo, 1500, { channel: 1 }), { seconds: 0.26, firstAt: 0.24 });
  t.match(toneIn(stereo, 1500, { channel: 0 }), { seconds: 0 });
  const none = path.join(dir, 'none.wav');
  writeFileSync(none, '');
  t.throws(() => readWav(none), /not a RIFF/);
});

t.test('words of SIP', async (t) => {
  const message = parseSip(
    Buffer.from(
      'INVITE sip:95588@127.0.0.1:5060;user=phone SIP/2.0\r\nv: SIP/2.0/UDP a:1;branch=z9hG4bK1, SIP/2.0/UDP b:2\r\n' +
        'f: "Zhang, \\"San\\"" <sip:138@b>;tag=x\r\nTo:\r\n <sip:95588@a>\r\nRecord-Route: <sip:p1;lr>,<sip:p2;lr>\r\n\r\nbody',
    ),
  );
  t.ok(message?.kind === 'request' && message.method === 'INVITE');
  t.same(message?.headers.all('via'), ['SIP/2.0/UDP a:1;branch=z9hG4bK1', 'SIP/2.0/UDP b:2']);
  t.same(message?.headers.all('record-route'), ['<sip:p1;lr>', '<sip:p2;lr>']);
  const from = message?.headers.get('from') ?? '';
  t.same([displayOf(from), userOf(uriOf(from)), tagOf(from)], ['Zhang, "San"', '138', 'x']);
  t.equal(tagOf('<sip:a;tag=inside@b>'), null);
  t.equal(message?.headers.get('to'), '<sip:95588@a>', 'a folded line is one line');
  t.equal(parseSip(Buffer.from('\r\n\r\n')), null, 'keep-alives are no messages');
  // The worked example of RFC 2617, section 3.5, without qop.
  const plain = digestAnswer(
    'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',
    { method: 'GET', uri: '/dir/index.html' },
    { user: 'Mufasa', password: 'Circle Of Life' },
  );
  t.match(plain, /response="670fd8c2df070c60b045671b8b24ff02"/);
  t.match(
    readSdp(
      'v=0\r\nc=IN IP4 127.0.0.9\r\nm=audio 4000 RTP/AVP 8 96\r\na=rtpmap:96 telephone-event/8000\r\na=sendonly\r\nm=video 5 RTP/AVP 31\r\nc=IN IP4 1.1.1.1\r\n',
    ),
    {
      address: { host: '127.0.0.9', port: 4000 },
      eventType: 96,
      hasPcma: true,
      direction: 'sendonly',
    },
  );
});

t.test('silence is measured between sounds', async (t) => {
  const hearing = new Hearing();
  const sound = Uint8Array.from(toneSamples(1000, 0.02), linearToAlaw);
  const silence = new Uint8Array(160).fill(0xd5);
  for (const at of [100, 120, 140]) hearing.add(at, sound);
  for (const at of [160, 180, 200]) hearing.add(at, silence);
  hearing.add(400, sound);
  t.equal(hearing.silenceMs({ untilMs: 400 }), 260);
  t.equal(hearing.silenceMs({ untilMs: 1000 }), 600, 'up to the end of the span');
  t.equal(hearing.silenceMs({ sinceMs: 0, untilMs: 140 }), 100, 'and from its beginning');
  t.same(hearing.heard(1000, { untilMs: 200 }), { frames: 3, seconds: 0.06, firstAtMs: 100, lastAtMs: 140 });
  t.match(hearing.summary(), /^1000Hz 0.06s, silence 0.06s, no packets/);
});

t.test('two phones', async (t) => {
  const phones: Phone[] = [];
  t.teardown(() => Promise.all(phones.map((phone) => phone.close())));
  const open = async (options: PhoneOptions): Promise<Phone> => {
    const phone = await createPhone(options);
    phones.push(phone);
    return phone;
  };
  const caller = await open({ name: 'caller', toneHz: 1100 });
  const agent = await open({ name: '1001', toneHz: 1500 });

  await t.test('hear each other, and keys beside the tone', async (t) => {
    agent.behave({ ringAfterMs: 5, answerAfterMs: 30 });
    const call = await caller.dial(agent.uri, { from: '13800000001', fromName: 'Zhang "San"' });
    const there = await agent.invited();
    t.same([there.from, there.fromName, there.to], ['13800000001', 'Zhang "San"', '1001']);
    await call.waitForTone(1500, { withinMs: 2000 });
    await there.waitForTone(1100, { withinMs: 2000 });
    t.equal(there.heard({ hz: 1500 }).frames, 0, 'nobody hears himself');
    t.ok((call.answeredAt ?? 0) - call.invitedAt >= 30 - 1, 'it rang as long as it was told');
    await call.press('1#0');
    t.same(
      there.hearing.keys.map(({ key, durationMs }) => [key, durationMs]),
      [
        ['1', 120],
        ['#', 120],
        ['0', 120],
      ],
    );
    await call.press('5', { by: 'info' });
    t.same(there.infoKeys, ['5']);
    await there.waitForTone(1100, { withinMs: 1000, sinceMs: performance.now() });

    await call.hold();
    t.equal(there.heldByThem, true);
    await there.hearing.waitUntilGone(1500, { withinMs: 1000 });
    await call.unhold();
    t.equal(there.heldByThem, false);
    await call.waitForTone(1500, { withinMs: 1000, sinceMs: performance.now() });
    there.hangUp();
    await call.ended();
    t.same([call.status, call.endedBy, there.endedBy], [200, 'them', 'us']);
    t.ok(call.byeAt !== null);
    await t.rejects(call.waitForTone(600, { withinMs: 30 }), /600 Hz was not heard within 30 ms; heard: .*1500Hz/);
  });

  await t.test('refuse, ring for ever, give early sound, hang up, are not there', async (t) => {
    for (const respond of [486, 603, 480, 404, 503]) {
      agent.behave({ answerAfterMs: 5, respond });
      const call = await caller.dial(agent.uri);
      await call.ended();
      t.equal(call.status, respond);
    }
    await t.rejects((await caller.dial(agent.uri)).answered(), /ended with status 503/);

    agent.behave({ answerAfterMs: null });
    const ringing = await caller.dial(agent.uri);
    await ringing.ringing();
    ringing.hangUp();
    await ringing.ended();
    t.equal(ringing.status, 487);
    t.equal(agent.calls.at(-1)?.endedBy, 'them');

    agent.behave({ earlyMedia: true, answerAfterMs: null });
    const early = await caller.dial(agent.uri);
    await early.waitForTone(1500, { withinMs: 1000 });
    t.equal(early.state, 'ringing');
    await agent.call?.answer();
    await early.answered();
    early.hangUp();
    await early.ended();

    agent.behave({ hangUpAfterMs: 30 });
    const short = await caller.dial(agent.uri);
    await short.ended();
    t.equal(short.endedBy, 'them');

    agent.behave({ silent: true });
    const calls = agent.calls.length;
    const nobody = await caller.dial(agent.uri);
    await t.rejects(nobody.ringing(60), /did not come within 60 ms.*>INVITE@/);
    t.equal(agent.calls.length, calls);
    nobody.drop();
    agent.behave({});
  });

  await t.test('get through although each message is lost once', async (t) => {
    const lost = new Set<string>();
    const lossy = (_way: string, what: string): boolean => {
      const isNew = !lost.has(what);
      lost.add(what);
      return isNew;
    };
    const a = await open({ name: 'a', lossy: (way, what) => way === 'in' && lossy(way, what), media: 'off' });
    const b = await open({ name: 'b', lossy: (way, what) => way === 'in' && lossy(way, what), media: 'off' });
    const call = await a.dial(b.uri);
    await call.confirmed(8000);
    await b.calls[0]?.confirmed(8000);
    call.hangUp();
    await call.ended(8000);
    await b.calls[0]?.ended();
    t.same([...lost].sort(), ['180 INVITE', '200 BYE', '200 INVITE', 'ACK', 'BYE', 'INVITE']);
    t.equal(b.calls.length, 1, 'an INVITE that came again is no second call');
  });

  await t.test('many calls in one process are cheap', async (t) => {
    const load = await open({ name: 'load', media: 'off' });
    const desk = await open({ name: 'desk', media: 'off' });
    const calls = await Promise.all(Array.from({ length: 220 }, (_, i) => load.dial(desk.uri, { from: `138${i}` })));
    await Promise.all(calls.map((call) => call.answered()));
    t.equal(desk.openCalls.length, 220);
    t.equal(new Set(desk.calls.map(({ from }) => from)).size, 220);
    load.hangUp();
    await Promise.all(calls.map((call) => call.ended()));
    t.equal(desk.openCalls.length, 0);
  });
});

t.test('close leaves no handle open', async (t) => {
  // A process of its own: it must end by itself with a call up, one ringing and one in the air.
  const script = path.join(t.testdir(), 'close.mts');
  const from = path.join(import.meta.dirname, 'support/phone/phone.ts');
  appendFileSync(
    script,
    `import { createPhone } from ${JSON.stringify(from)};
     const a = await createPhone({ name: 'a' }); const b = await createPhone({ name: 'b' });
     const call = await a.dial(b.uri); await call.waitForTone(1000, { withinMs: 2000 });
     b.behave({ answerAfterMs: null }); await (await a.dial(b.uri)).ringing();
     b.behave({ silent: true }); await a.dial(b.uri);
     await Promise.all([a.close(), b.close()]);
     process.stdout.write('closed');`,
  );
  const out = execFileSync(process.execPath, ['--import', 'tsx', script], { timeout: 15_000, encoding: 'utf8' });
  t.equal(out, 'closed');
});

t.test('SIPp', { skip: hasSipp ? false : 'sipp is not installed (Debian: sip-tester)' }, async (t) => {
  const folder = t.testdir();
  const phone = await createPhone({ name: '1002', toneHz: 1500 });
  t.teardown(() => phone.close());
  const remote = { host: '127.0.0.1', port: phone.port };

  await t.test('a caller with a tone and keys', async (t) => {
    const run = runSipp({
      scenario: 'caller-keys-tone-info',
      folder: path.join(folder, 'caller'),
      remote,
      service: '95588',
      callers: ['13800000007'],
      toneHz: 700,
      keys: { key1: '1', key2: '0' },
      pauses: { beforeKeyMs: 100, beforeSecondKeyMs: 100, stayMs: 5000 },
      withinMs: 20_000,
    });
    const call = await phone.invited();
    await call.waitForTone(700, { withinMs: 3000 });
    await until('two keys', () => call.infoKeys.length === 2);
    t.same([call.from, call.to, call.infoKeys.join('')], ['13800000007', '95588', '10']);
    call.hangUp();
    t.match(await run, { exitCode: 0, late: false, created: 1, successful: 1, failed: 0, errors: '' });
  });

  await t.test('callers who leave by themselves, and one who is refused', async (t) => {
    const three = await runSipp({
      scenario: 'caller-stays',
      folder: path.join(folder, 'three'),
      remote,
      service: '95588',
      callers: ['1', '2', '3'],
      pauses: { stayMs: 100 },
      withinMs: 20_000,
    });
    t.match(three, { exitCode: 0, created: 3, successful: 3, failed: 0 });
    phone.behave({ respond: 503 });
    const refused = await runSipp({
      scenario: 'caller-stays',
      folder: path.join(folder, 'refused'),
      remote,
      service: '9',
      withinMs: 20_000,
    });
    t.match(refused, { exitCode: 1, successful: 0, failed: 1, errors: /503/ });
    phone.behave({});
  });

  await t.test('agents', async (t) => {
    const expected = { 'agent-busy': 486, 'agent-declines': 603, 'agent-unavailable': 480, 'agent-answers': 200 };
    for (const [scenario, status] of Object.entries(expected)) {
      const pauses = scenario === 'agent-answers' ? { ringMs: 20, talkMs: 100 } : { ringMs: 20 };
      const agent = await startSipp({ scenario, folder: path.join(folder, scenario), pauses, calls: 1, withinMs: 20_000 });
      const call = await phone.dial(`sip:1001@127.0.0.1:${agent.port}`);
      await call.ended(8000);
      t.equal(call.status, status, scenario);
      t.match(await agent.done, { exitCode: 0, successful: 1 });
    }
    const never = await startSipp({ scenario: 'agent-never-answers', folder: path.join(folder, 'never'), withinMs: 20_000 });
    const call = await phone.dial(`sip:1001@127.0.0.1:${never.port}`);
    await call.ringing();
    call.hangUp();
    await call.ended();
    t.equal(call.status, 487);
    t.match(await never.stop(), { created: 1, successful: 1, failed: 0 });
    t.throws(() => process.kill(never.pid, 0), 'it is gone');
  });

  await t.test('a step that is not there is an error', async (t) => {
    await t.rejects(startSipp({ scenario: 'agent-busy', folder, pauses: { stayMs: 1 } }), /no step named stayMs/);
    t.match(readFileSync(path.join(folder, 'caller', 'tone.alaw')).length, 16_000);
  });
});
