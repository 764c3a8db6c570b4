import { Redis } from 'ioredis';
import t from 'tap';
import { RedisSessions } from '../../src/adapters/redis/redis-sessions.js';
import type { CountedTry, KeptSession, SessionStore } from '../../src/ports/sessions.js';
import { MemorySessions } from '../support/memory-sessions.js';
import { startTestStack } from '../support/stack.js';

/** The contract of sessions, on a real Redis and in the memory that tests use. */

const stack = await startTestStack(t, { redis: true });
const said: string[] = [];
const note = (_: object, sentence: string): void => void said.push(sentence);
const log = { debug: note, info: note, warn: note, error: note };
const raw = new Redis(stack.redis.url.replace('unix://', ''));
const redis = await RedisSessions.connect({ url: stack.redis.url, domain: 'desk', log });
t.teardown(async () => {
  await redis.close();
  raw.disconnect();
});
t.beforeEach(async () => {
  await raw.flushall();
});

const NOW = 1_795_318_123_456;
const session = (n: number, more: Partial<KeptSession> = {}): KeptSession => ({
  ...{ id: String(n).padStart(64, 'a'), kind: 'user', name: 'li.na', role: 'supervisor', teams: ['north'], mark: 'm' },
  ...{ createdMs: NOW + n, lastSeenMs: NOW + n, expiresMs: NOW + 43_200_000, idleMs: 28_800_000, address: '10.0.0.1' },
  ...more,
});
const user: CountedTry = { key: 'user/x', free: 3, longestMs: 4_000, forgetMs: 900_000, clear: true };
const address: CountedTry = { key: 'address/y', free: 5, longestMs: 8_000, forgetMs: 900_000, clear: false };

function holds(name: string, fresh: () => SessionStore): void {
  t.test(`${name}: sessions are kept, seen and ended`, async (t) => {
    const store = fresh();
    t.equal(await store.find(session(1).id), null);
    t.equal(await store.keep(session(1), 3), 'kept');
    t.same(await store.find(session(1).id), session(1));
    await store.seen(session(1).id, NOW + 60_000);
    t.match(await store.find(session(1).id), { lastSeenMs: NOW + 60_000, createdMs: NOW + 1, teams: ['north'] });
    await store.seen(session(1).id, NOW + 10);
    t.match(await store.find(session(1).id), { lastSeenMs: NOW + 60_000 }, 'time does not go back');
    for (const teams of [null, []]) {
      const other = session(7, { teams, name: 'other', kind: 'token' });
      await store.keep(other, 3);
      await store.seen(other.id, NOW + 60_000);
      t.same(
        (await store.find(other.id)) as KeptSession,
        { ...other, lastSeenMs: NOW + 60_000 },
        `teams ${JSON.stringify(teams)}`,
      );
    }
    t.equal(await store.end(session(1).id), 'ended');
    t.equal(await store.find(session(1).id), null);
    await store.seen(session(1).id, NOW + 120_000);
    t.equal(await store.find(session(1).id), null, 'seen does not bring it back');
    t.equal(await store.end(session(1).id), 'ended', 'again');
  });

  t.test(`${name}: the oldest of one holder make room; those that are over are not listed`, async (t) => {
    const store = fresh();
    await store.keep(session(50, { name: 'other' }), 3);
    await store.keep(session(51, { kind: 'token' }), 3);
    for (let n = 1; n <= 5; n++) await store.keep(session(n), 3);
    const ids = async (atMs: number) => {
      const all = await store.all(atMs);
      return all === 'unavailable' ? all : all.map(({ id }) => Number(id.replace(/^a+/, ''))).sort((a, b) => a - b);
    };
    t.same(await ids(NOW + 100), [3, 4, 5, 50, 51]);
    await store.seen(session(4).id, NOW + 1_000_000);
    t.same(await ids(NOW + 28_800_100), [4], 'the others were not seen for 8 h');
    t.same(await ids(NOW + 43_200_000), []);
  });

  t.test(`${name}: tries are counted one by one, also when they come at once`, async (t) => {
    const store = fresh();
    const both = [user, address];
    const at = async (atMs: number) => store.mayTry(both, atMs) as Promise<{ waitMs: number }>;
    const first = await Promise.all(Array.from({ length: 6 }, () => at(NOW)));
    t.same(
      first.map(({ waitMs }) => waitMs).sort((a, b) => a - b),
      [0, 0, 0, 1_000, 1_000, 1_000],
    );
    t.same(await at(NOW + 999), { waitMs: 1 });
    t.same(await at(NOW + 1_000), { waitMs: 0 });
    t.same(await at(NOW + 1_001), { waitMs: 1_999 }, 'the pause doubles');
    t.same(await store.mayTry([address], NOW + 1_001), { waitMs: 0 }, 'what was refused is not counted');
    await store.wasGood([address]);
    t.same(await at(NOW + 3_000), { waitMs: 0 });
    t.same(await at(NOW + 3_001), { waitMs: 3_999 }, 'up to the longest');
    await store.wasGood(both);
    t.same(await at(NOW + 3_001), { waitMs: 0 }, 'a good one forgets the bad ones of the name');
    t.match(await at(NOW + 3_001), { waitMs: 1_000 }, 'and not those of the address');
  });
}
holds('redis', () => redis);
holds('memory', () => new MemorySessions());

t.test('redis forgets what is over, and reads what others wrote with care', async (t) => {
  await redis.keep(session(1), 20);
  await redis.mayTry([user], NOW);
  t.ok((await raw.pttl('hotline:{desk}:tries:user/x')) > 0);
  await redis.keep(
    session(2, { name: 'other', lastSeenMs: NOW + 43_300_000, createdMs: NOW + 43_300_000, expiresMs: NOW + 90_000_000 }),
    20,
  );
  t.same(await raw.hkeys('hotline:{desk}:sessions'), [session(2).id], 'the next sign-in clears what is over');
  await raw.hset('hotline:{desk}:sessions', session(3).id, '{"role":"admin"}', session(4).id, 'not JSON', session(5).id, '[]');
  t.equal(await redis.find(session(3).id), null);
  t.equal(await redis.find(session(4).id), null);
  t.equal(await redis.keep(session(6), 1), 'kept', 'what cannot be read stops nobody');
  t.ok(said.some((each) => /cannot be read/.test(each)));
});

t.test('a redis that is away answers so', async (t) => {
  const away = await RedisSessions.connect({ url: '/tmp/no-such-redis.sock', domain: 'desk', log });
  t.teardown(() => away.close());
  t.equal(await away.find(session(1).id), 'unavailable');
  t.equal(await away.keep(session(1), 20), 'unavailable');
  t.equal(await away.end(session(1).id), 'unavailable');
  t.equal(await away.all(NOW), 'unavailable');
  t.equal(await away.mayTry([user], NOW), 'unavailable');
  await away.seen(session(1).id, NOW);
  await away.wasGood([user]);
});
