import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import t, { type Test } from 'tap';
import { stringify } from 'yaml';
import { House } from '../support/house.js';
import { CARD, HZ } from '../support/house-site.js';
import { keySamples, keysIn, keysOf } from '../support/key-tones.js';
import type { PhoneCall } from '../support/phone/phone.js';
import { hearCommands } from '../support/redis-commands.js';
import { startStubBank } from '../support/stub-bank.js';

/**
 * Card numbers and passwords that callers key into the shipped flow, by RFC 4733 and by SIP INFO, ahead of the question, wrongly, and over the death
 * of the controller. The bank gets them; afterwards they are searched for in everything that is kept.
 */

const CARD_NUMBER = '4716258050958645';
const PASSWORD = '904713';
/** Wrong check digit. */
const WRONG_CARD = `${CARD_NUMBER.slice(0, -1)}4`;
/** What the control plays as tones into a recording. */
const CONTROL = '47162';
/** Long enough not to be a moment or a port by chance. */
const PART = 7;

const bank = await startStubBank(t, () => ({
  status: 200,
  body: { result: 'ok', due: 1280.5, minimum: 128.05, payBy: '2026-12-05', available: 20_000 },
}));
const house = await House.open(t, {
  prepare: (folder) => {
    const endpoints = {
      'core-banking': { kind: 'lookup', url: bank.lookUpUrl, network: 'loopback' },
      'sms-gateway': { kind: 'message', url: bank.messageUrl, network: 'loopback', attempts: 2 },
    };
    writeFileSync(join(folder, 'config', 'endpoints.yaml'), stringify({ endpoints }));
  },
});
const scene = house.scenes(t);
const watcher = new Redis(house.stack.redis.url);
t.teardown(() => watcher.disconnect());
const { commands, stop } = await hearCommands(house.stack.redis.url);
t.teardown(stop);
// As much as Asterisk can be made to say where its configuration lets it.
for (const what of ['debug 9', 'verbose 9']) await house.stack.asterisk.console(`core set ${what}`);
const callIds: string[] = [];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function at(call: PhoneCall, node: string, count = 1): Promise<void> {
  const callId = await house.callId(call);
  await house.follow.find(
    `${call.from} at ${node}`,
    (facts) =>
      facts.filter((fact) => fact.kind === 'nodeEntered' && fact.callId === callId && fact.node === node).length >= count,
    25_000,
  );
}
/** The shipped flow up to its main menu. */
async function toMain(options: { toneHz?: number } = {}): Promise<PhoneCall> {
  const call = await house.call(CARD, options);
  callIds.push(await house.callId(call));
  await at(call, 'language');
  await call.press('1');
  await at(call, 'main');
  return call;
}
const toldBank = (): number => bank.asked.filter(({ card, password }) => card === CARD_NUMBER && password === PASSWORD).length;

/** By RFC 4733, card and password; then a recorded talk with an agent. */
async function byRfc4733(t: Test): Promise<void> {
  await house.ready('1001');
  const call = await toMain();
  await call.press('2');
  await at(call, 'card-number');
  await call.press(`${CARD_NUMBER}#`);
  await at(call, 'password');
  await call.press(PASSWORD);
  await at(call, 'say-bill');
  t.match(await house.fact(call, 'lookUpEnded'), { fault: null }, 'the bank has been asked');
  const coming = house.nextCall('1001', 15_000);
  // A key cuts the bill short.
  await call.press('0');
  const agent = await coming;
  await agent.waitForTone(HZ.caller, { withinMs: 8_000, forMs: 2_000 });
  agent.hangUp();
  await at(call, 'rate-us');
  call.hangUp();
  t.match(await house.recording(call), { state: 'sealed' });
}

/** By SIP INFO and ahead of the question, the first time wrong; then a message. */
async function byInfo(t: Test): Promise<void> {
  const call = await toMain();
  await call.press(`2${WRONG_CARD}#`, { by: 'info', keyMs: 120 });
  await at(call, 'card-number');
  await house.fact(call, 'digitsCollected').catch(() => null);
  await call.press(`${CARD_NUMBER}#`, { by: 'info' });
  await at(call, 'password');
  await call.press(PASSWORD, { by: 'info' });
  await at(call, 'say-bill');
  t.match(await house.fact(call, 'lookUpEnded'), { fault: null });
  await call.press('9');
  await at(call, 'main', 2);
  await call.press('6');
  await at(call, 'complaints');
  await call.press('1');
  await house.fact(call, 'recordingStarted', 20_000);
  await pause(2_500);
  await call.press('#');
  await house.fact(call, 'voicemailLeft', 12_000);
  call.hangUp();
  t.match(await house.recording(call), { state: 'sealed' });
}

/** The caller gives up in the middle of the password. */
async function givesUp(): Promise<void> {
  const call = await toMain();
  await call.press('2');
  await at(call, 'card-number');
  await call.press(`${CARD_NUMBER}#`);
  await at(call, 'password');
  await call.press(PASSWORD.slice(0, 5));
  call.hangUp();
  await house.fact(call, 'callEnded');
}

/** A control: keys as tones in a recording are found. */
async function control(t: Test): Promise<void> {
  t.equal(keysOf(keySamples('0123456789*#ABCD')), '0123456789*#ABCD', 'each key is read');
  const call = await toMain();
  await call.press('6');
  await at(call, 'complaints');
  await call.press('1');
  await house.fact(call, 'recordingStarted', 20_000);
  call.setSound(keySamples(CONTROL));
  await pause(4_000);
  call.hangUp();
  const { recordingId } = await house.recording(call);
  const file = join(house.folder, 'control.wav');
  writeFileSync(file, await house.audio(recordingId));
  t.match(keysIn(file), new RegExp(`${CONTROL}${CONTROL}`), 'in the recording of a real call');
}

scene(
  'side by side: by RFC 4733, then an agent; by SIP INFO, ahead of the question and wrong, then a message; given up; and keys as tones, for a control',
  async (t) => {
    await Promise.all([byRfc4733(t), byInfo(t), givesUp(), control(t)]);
    t.equal(toldBank(), 2, 'the bank has been asked with card and password');
  },
);

scene('the controller dies (-9) in the middle of the number, and the next one asks for it', async (t) => {
  const call = await toMain();
  await call.press('2');
  await at(call, 'card-number');
  await call.press(CARD_NUMBER.slice(0, 12));
  await house.hotline.kill();
  const startedAt = performance.now();
  await house.hotline.start();
  await call.waitForTone(HZ.spoken, { withinMs: 8_000, sinceMs: startedAt });
  await call.press(`*${CARD_NUMBER}#`);
  await at(call, 'password');
  await call.press(PASSWORD);
  await at(call, 'say-bill');
  t.equal(toldBank(), 3, 'nothing of the first part was taken for a number');
  call.hangUp();
});

t.test('searched everywhere, found nowhere', async (t) => {
  await pause(500);
  const found: string[] = [];
  const parts = Array.from({ length: CARD_NUMBER.length - PART + 1 }, (_, i) => CARD_NUMBER.slice(i, i + PART));
  const whole = new RegExp(`(?<![0-9])${PASSWORD}(?![0-9])`);
  const search = (name: string, hay: string): void => {
    for (const part of parts) if (hay.includes(part)) found.push(`${part} in ${name}`);
    if (whole.test(hay)) found.push(`the password in ${name}`);
  };

  await t.test('the search finds what is there', async (t) => {
    search('nothing', `x${CARD_NUMBER}y"${PASSWORD}"`);
    t.equal(found.splice(0).length, parts.length + 1);
    t.equal(toldBank(), 3, 'the numbers were really keyed');
  });

  t.ok(commands.length > 200, `${commands.length} commands to Redis`);
  search('the commands to Redis', commands.join('\n'));
  const values = await redisValues(watcher);
  t.ok(values.length > 20, `${values.length} keys in Redis`);
  for (const [key, value] of values) search(`the key ${key}`, `${key} ${value}`);

  const facts = await house.facts();
  search('the facts', JSON.stringify(facts));
  // One by one they would show as a row of keys.
  const keys = facts.flatMap((fact) => ('key' in fact && typeof fact.key === 'string' ? fact.key : '')).join('');
  search('the keys of facts', keys);
  const collected = facts.filter((fact) => fact.kind === 'digitsCollected');
  t.ok(collected.length >= 6, `${collected.length} entries`);
  for (const fact of collected) t.match(fact, { secure: true, length: 0 }, 'not even their length is told');

  const paths = await readablePaths();
  t.ok(paths.length > 10, paths.join(' '));
  for (const path of paths) search(path, JSON.stringify(await house.get(path)));

  // Asterisk and the history write behind what they do.
  await house.hotline.stop();
  const files = [house.folder, house.stack.folder].flatMap(filesIn);
  const named = (pattern: RegExp): string[] => files.filter((file) => pattern.test(file));
  for (const file of files) search(file, readFileSync(file, 'latin1'));
  t.ok(named(/hotline\.log$/).length === 1, 'the log of hotline');
  const switchLogs = named(/asterisk\/log\//);
  t.ok(
    switchLogs.some((file) => statSync(file).size > 0),
    `and those of Asterisk: ${switchLogs.join(' ')}`,
  );
  t.ok(named(/\.(db|sqlite3?)$/).length > 0, `the history: ${named(/data/).slice(0, 20).join(' ')}`);
  for (const file of named(/\.log$/)) search(`the keys of ${file}`, keysTold(readFileSync(file, 'utf8')));

  const sounds = named(/\.(wav|raw)$/).filter((file) => /recording|monitor/.test(file));
  t.ok(sounds.length >= 3, `${sounds.length} recordings`);
  const tones = sounds
    .map((file) => keysIn(file))
    .join(' ')
    .replaceAll(new RegExp(CONTROL.repeat(2), 'g'), '');
  search('the tones of recordings', tones);
  const spoken = sounds.filter((file) => keysIn(file).replaceAll(' ', '') !== '');
  t.equal(spoken.length, 1, `only the control has keys as tones: ${spoken.join(' ')}`);
  t.same(found, []);
});

/** Every key with its value as text. */
async function redisValues(redis: Redis): Promise<Array<readonly [key: string, value: string]>> {
  const client = redis.duplicate();
  try {
    const read = async (key: string): Promise<string> => {
      const type = await client.type(key);
      if (type === 'string') return (await client.get(key)) ?? '';
      if (type === 'hash') return JSON.stringify(await client.hgetall(key));
      if (type === 'list') return JSON.stringify(await client.lrange(key, 0, -1));
      if (type === 'set') return JSON.stringify(await client.smembers(key));
      if (type === 'zset') return JSON.stringify(await client.zrange(key, '0', '-1', 'WITHSCORES'));
      if (type === 'stream') return JSON.stringify(await client.xrange(key, '-', '+'));
      throw new Error(`${key} is a ${type}, which is not read here`);
    };
    const keys = await client.keys('*');
    return await Promise.all(keys.map(async (key) => [key, await read(key)] as const));
  } finally {
    client.disconnect();
  }
}

/** What can be read by the API without naming anything, and the calls of this test. */
async function readablePaths(): Promise<string[]> {
  const { paths } = await house.get<{ paths: Record<string, Record<string, unknown>> }>('/docs/json');
  const plain = Object.entries(paths).flatMap(([path, methods]) => ('get' in methods && path.startsWith('/api/v1') ? path : []));
  const open: string[] = [];
  for (const path of plain) {
    if (path.includes('{')) continue;
    // Streams never end, and some ask for a period.
    if (
      await house.get(path).then(
        () => true,
        () => false,
      )
    )
      open.push(path);
  }
  for (const callId of callIds) open.push(`/api/v1/calls/${callId}/facts`);
  return open;
}

const MAX_FILE = 200 * 1024 * 1024;

/** Files below a folder, but not the program and its libraries. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink() || entry.name === 'dist') return [];
    if (entry.isDirectory()) return filesIn(path);
    return entry.isFile() && statSync(path).size < MAX_FILE ? [path] : [];
  });
}

/** Single keys in the lines of a log, in order: `"key":"4"`, `DTMF begin '4'`, `Signal=4`. */
const keysTold = (log: string): string =>
  [...log.matchAll(/(?:"(?:key|digit)":\s*"|DTMF\D{0,40}'|Signal\s*=\s*|digit\s+['"]?)([0-9*#])/gi)]
    .map(([, key]) => key)
    .join('');
