import t, { type Test } from 'tap';
import { RedisStore } from '../../src/adapters/redis/redis-store.js';
import type { Fact } from '../../src/base/facts.js';
import type { Commit, EntityChange, StateStore } from '../../src/ports/state-store.js';
import { MemoryStore } from '../../src/simulation/memory-store.js';
import { SILENT } from '../support/domain-world.js';
import { startTestStack, type TestStack } from '../support/stack.js';

/** One contract for each store of the durable state: the one in Redis and the one that the simulation believes in. */

let stack: TestStack;
let domains = 0;
t.before(async () => {
  stack = await startTestStack(t, { redis: true });
});

const STORES: Readonly<Record<string, (t: Test) => Promise<StateStore>>> = {
  memory: async () => new MemoryStore(),
  redis: async (t) => {
    const store = await RedisStore.connect({ url: stack.redis.url, domain: `contract-${++domains}`, log: SILENT });
    t.teardown(() => store.close());
    return store;
  },
};

const fact = (seq: number, atMs = 1_000 * seq): Fact => ({ kind: 'controllerStopped', node: 'node-1', seq, atMs });
const set = (kind: EntityChange['kind'], id: string, value: object | null): EntityChange => ({
  kind,
  id,
  json: value && JSON.stringify(value),
});
const batch = (fence: number, position: number, change: Partial<Commit> = {}): Commit => ({
  fence,
  position,
  atMs: 1_000 * position,
  changes: [],
  facts: [],
  ...change,
});

async function begun(store: StateStore): Promise<number> {
  const lease = await store.acquire('node-1', 60_000);
  if (!lease.held) throw new Error('the lease is held by nobody');
  return lease.fence;
}

for (const [name, open] of Object.entries(STORES)) {
  t.test(`${name}: entities of each kind, facts and position land together`, async (t) => {
    const store = await open(t);
    const fence = await begun(store);
    const changes = [
      set('call', 'c-1', { a: 1 }),
      set('agent', '1001', { b: 2 }),
      set('queue', 'general', { c: 3 }),
      set('job', 'sendMessage/c-1-m1', { d: 4 }),
      set('job', 'sealRecording/c-1-r1', { e: 5 }),
    ];
    t.equal(await store.commit(batch(fence, 1, { changes, facts: [fact(1), fact(2)] })), 'committed');
    const stored = await store.load();
    t.match(stored, { position: 1, lastSeq: 2, atMs: 1_000 });
    t.same([...stored.calls], [['c-1', '{"a":1}']]);
    t.same([...stored.agents], [['1001', '{"b":2}']]);
    t.same([...stored.queues], [['general', '{"c":3}']]);
    t.same(Object.fromEntries(stored.jobs), { 'sendMessage/c-1-m1': '{"d":4}', 'sealRecording/c-1-r1': '{"e":5}' });
    t.equal(
      await store.commit(batch(fence, 2, { changes: [set('job', 'sendMessage/c-1-m1', null), set('call', 'c-1', null)] })),
      'committed',
    );
    const after = await store.load();
    t.same([...after.jobs.keys()], ['sealRecording/c-1-r1']);
    t.equal(after.calls.size, 0);
    t.same(await store.facts(0, 10), [fact(1), fact(2)]);
  });

  t.test(`${name}: a repeated position changes nothing, a hole is a gap, an older writer is fenced`, async (t) => {
    const store = await open(t);
    const old = await begun(store);
    await store.commit(batch(old, 1, { changes: [set('job', 'j', { n: 1 })], facts: [fact(1)] }));
    t.equal(await store.commit(batch(old, 1, { changes: [set('job', 'j', { n: 2 })], facts: [fact(2)] })), 'committed');
    t.equal((await store.load()).jobs.get('j'), '{"n":1}');
    t.equal(await store.commit(batch(old, 3, { changes: [set('job', 'j', null)] })), 'gap');
    const fence = await begun(store);
    t.equal(await store.commit(batch(old, 2, { changes: [set('job', 'j', null)] })), 'fenced');
    t.equal((await store.load()).jobs.size, 1);
    t.equal(await store.commit(batch(fence, 2, { changes: [set('job', 'j', null)] })), 'committed');
    t.equal((await store.load()).jobs.size, 0);
  });

  t.test(`${name}: a refill replaces every kind of entity and leaves the facts that are there`, async (t) => {
    const store = await open(t);
    const fence = await begun(store);
    const kinds = ['call', 'agent', 'queue', 'job'] as const;
    await store.commit(batch(fence, 1, { changes: kinds.map((kind) => set(kind, 'old', {})), facts: [fact(1)] }));
    const refill = batch(fence, 7, {
      changes: kinds.map((kind) => set(kind, 'new', {})),
      facts: [fact(1), fact(2)],
      refill: true,
    });
    t.equal(await store.commit(refill), 'committed');
    const { calls, agents, queues, jobs, position } = await store.load();
    for (const place of [calls, agents, queues, jobs]) t.same([...place.keys()], ['new']);
    t.equal(position, 7);
    t.same(await store.facts(0, 10), [fact(1), fact(2)]);
    t.equal(await store.seqBefore(1_500), 1);
  });
}
