import { Redis } from 'ioredis';
import t from 'tap';
import { RedisFlowArchive } from '../../src/adapters/redis/redis-flow-archive.js';
import { asId, type FlowId } from '../../src/base/ids.js';
import type { Publication } from '../../src/ports/flow-archive.js';
import { startTestStack } from '../support/stack.js';

/** The archive of flows on a real Redis. */

const stack = await startTestStack(t, { redis: true });
const said: string[] = [];
const note = (_: object, sentence: string): void => {
  said.push(sentence);
};
const log = { debug: () => {}, info: () => {}, warn: note, error: note };
const raw = stack.redis.url.startsWith('/') ? new Redis(stack.redis.url) : new Redis(stack.redis.url.replace('unix://', ''));
const archive = await RedisFlowArchive.connect({ url: stack.redis.url, domain: 'arch', log });
t.teardown(async () => {
  await archive.close();
  raw.disconnect();
});

const card = asId<FlowId>('card');
const publication = (version: string, text: string): Publication => ({
  flowId: card,
  version,
  atMs: 1_000,
  by: 'root',
  source: 'page',
  note: 'why “so”',
  text,
});
const release = (number: number, version: string) => ({
  release: number,
  flows: new Map([[card, { version, file: 'card.yaml' }]]),
});

t.beforeEach(async () => {
  await raw.flushall();
});

t.test('what is recorded is there, once', async (t) => {
  t.same(await archive.load(), { log: [], releases: [], emergency: new Map() });
  const entry = publication('aaaaaaaaaaaa', 'flow: card\n# 信用卡\n');
  t.equal(await archive.record(1, release(1, entry.version), [entry]), 'kept');
  t.equal(await archive.record(1, release(1, entry.version), [entry]), 'kept', 'repeated');
  const { text, ...logged } = entry;
  const loaded = await archive.load();
  t.same(loaded.log, [logged]);
  t.same(loaded.releases, [release(1, entry.version)]);
  t.equal(await archive.text(card, entry.version), text);
  t.equal(await archive.text(card, 'bbbbbbbbbbbb'), null);
  t.equal(await archive.has(1), true);
  t.equal(await archive.has(2), false);
  await archive.record(1, release(2, 'bbbbbbbbbbbb'), [publication('bbbbbbbbbbbb', 'flow: card\n')]);
  t.equal(await archive.forgetReleases(1, [2]), 'kept');
  t.same(
    (await archive.load()).releases.map((each) => each.release),
    [2],
  );
  t.equal(await archive.text(card, 'aaaaaaaaaaaa'), text, 'texts are never forgotten');
  const keys = await raw.keys('*');
  t.ok(
    keys.every((key) => key.startsWith('hotline:{arch}:')),
    'one hash tag for all',
  );
});

t.test('the state of emergencies', async (t) => {
  const state = { on: true, numbers: ['95588'], sinceMs: 5, by: 'sue' };
  t.equal(await archive.switchEmergency(1, 'flood', state), 'kept');
  t.same((await archive.load()).emergency, new Map([['flood', state]]));
});

t.test('a writer of before is fenced off', async (t) => {
  await raw.set('hotline:{arch}:fence', '5');
  t.equal(await archive.record(4, release(1, 'aaaaaaaaaaaa'), [publication('aaaaaaaaaaaa', 'x')]), 'fenced');
  t.equal(await archive.forgetReleases(4, []), 'fenced');
  t.equal(await archive.switchEmergency(4, 'flood', { on: true, numbers: null, sinceMs: 0, by: 'x' }), 'fenced');
  t.same(await archive.load(), { log: [], releases: [], emergency: new Map() });
  t.equal(await archive.record(5, release(1, 'aaaaaaaaaaaa'), []), 'kept');
});

t.test('what cannot be read is left out and told', async (t) => {
  said.length = 0;
  await archive.record(1, release(3, 'aaaaaaaaaaaa'), [publication('aaaaaaaaaaaa', 'x')]);
  await raw.rpush('hotline:{arch}:flow-log', 'not json', '{"flowId":"../etc","version":"x"}', '{"__proto__":1}');
  await raw.hset('hotline:{arch}:flow-releases', 'nine', '{}', '4', '{"card":{"version":"../..","file":"x"}}', '5', '[]');
  await raw.hset('hotline:{arch}:emergency', 'flood', '{"on":"yes"}');
  const loaded = await archive.load();
  t.equal(loaded.log.length, 1);
  t.same(
    loaded.releases.map((each) => each.release),
    [3],
  );
  t.equal(loaded.emergency.size, 0);
  t.ok(said.filter((line) => line.includes('cannot be read')).length >= 5);
});

t.test('away: loading rejects, nothing else does', async (t) => {
  const away = await RedisFlowArchive.connect({ url: '/nonexistent/redis.sock', domain: 'arch', log });
  t.teardown(() => away.close());
  await t.rejects(away.load());
  t.equal(await away.text(card, 'aaaaaaaaaaaa'), null);
  t.equal(await away.has(1), null);
  t.equal(await away.record(1, release(1, 'aaaaaaaaaaaa'), []), 'unavailable');
  t.equal(await away.switchEmergency(1, 'flood', { on: true, numbers: null, sinceMs: 0, by: 'x' }), 'unavailable');
});
