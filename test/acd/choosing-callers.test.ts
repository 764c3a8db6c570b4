import t from 'tap';
import type { QueueConfig } from '../../src/acd/config.js';
import { sampleAgent, sampleQueue } from '../support/sample-site.js';
import { EngineFloor } from './engine-floor.js';

/** Which caller is given to an agent who becomes free, for each policy of a queue, with numbers. */

const queue = (callers: QueueConfig['callers'], id = 'general', change: Partial<QueueConfig> = {}): QueueConfig =>
  sampleQueue(id, { callers, agents: { choose: 'longest-idle', ringMs: 15_000, wrapUpMs: 0 }, ...change });
const floor = (queues: QueueConfig[], agents = [sampleAgent('1001')]): EngineFloor => new EngineFloor(queues, agents);
const GUARD = 90_000;

t.test('first-come: by entry alone, ties by id; priority and lane do not count', async (t) => {
  const f = floor([queue({ order: 'first-come', waitsAtMostMs: GUARD })]);
  f.enqueue('c-2');
  f.enqueue('c-1', 'general', { priority: 9 });
  f.pass(1);
  f.enqueue('c-0', 'general', { lane: 'vip', priority: 100 });
  f.pass(2);
  f.ready('1001');
  t.same(f.of('callOffered')[0]?.why, {
    trigger: 'agentFreed',
    rule: 'first-come',
    candidates: [
      { id: 'c-1', key: [1, 0, 1, 0, 3_000, 3_000], note: 'ordinary in general, waited 3000 ms' },
      { id: 'c-2', key: [1, 0, 1, 0, 3_000, 3_000], note: 'ordinary in general, waited 3000 ms' },
    ],
    considered: 2,
    keys: ['guard', 'rank', 'class', 'priority', 'standsMs', 'waitedMs'],
  });
  t.same(f.served('1001'), ['c-1', 'c-2', 'c-0']);
});

t.test('priority: the higher number first, whatever the lane; entry among equals', async (t) => {
  const f = floor([queue({ order: 'priority', waitsAtMostMs: GUARD })]);
  f.enqueue('low', 'general', { lane: 'vip' });
  f.pass(1);
  f.enqueue('late-high', 'general', { priority: 5 });
  f.pass(1);
  f.enqueue('later-high', 'general', { priority: 5 });
  f.enqueue('middle', 'general', { priority: 1 });
  f.ready('1001');
  t.same(f.served('1001'), ['late-high', 'later-high', 'middle', 'low']);
});

t.test('vip-first: the lane, then priority, then entry; the guard lets an ordinary caller through', async (t) => {
  const f = floor([queue({ order: 'vip-first', waitsAtMostMs: 30_000 })]);
  f.enqueue('o-1');
  f.pass(29);
  f.enqueue('o-2', 'general', { priority: 3 });
  f.enqueue('v-1', 'general', { lane: 'vip' });
  f.enqueue('v-2', 'general', { lane: 'vip', priority: 1 });
  f.ready('1001');
  t.equal(f.agent('1001').callId, 'v-2');
  f.pass(1);
  f.answer('1001');
  f.finish('1001');
  t.equal(f.agent('1001').callId, 'o-1', 'exactly 30 s have passed');
  t.match(f.of('callOffered').at(-1)?.why, { rule: 'wait-guard', considered: 3 });
  t.same(f.served('1001'), ['o-1', 'v-1', 'o-2']);
});

t.test('credit: lane, tier and priority are worth seconds of waiting', async (t) => {
  const credit = { vipMs: 20_000, perPriorityMs: 5_000, tiersMs: { gold: 8_000 } };
  const f = floor([queue({ order: 'credit', waitsAtMostMs: GUARD, credit })]);
  f.enqueue('plain');
  f.pass(8);
  f.enqueue('gold', 'general', { tier: 'gold' });
  f.pass(4);
  f.enqueue('second', 'general', { priority: 2 });
  f.pass(7);
  f.enqueue('vip', 'general', { lane: 'vip' });
  f.enqueue('vip-gold', 'general', { lane: 'vip', tier: 'gold' });
  f.enqueue('nobody', 'general', { tier: 'lead' });
  f.ready('1001');
  // Worth: plain 19, gold 11 + 8, second 7 + 10, vip 20, vip-gold 28, nobody 0; plain and gold tie and go by entry.
  t.match(f.of('callOffered')[0]?.why.candidates[0], { id: 'vip-gold', key: [1, 0, 1, 0, 28_000, 0], note: /credit 28000 ms/ });
  t.same(f.served('1001'), ['vip-gold', 'vip', 'plain', 'gold', 'second', 'nobody']);
});

t.test('ageing: priority rises by one step in the time told', async (t) => {
  const f = floor([queue({ order: 'ageing', waitsAtMostMs: GUARD, ageingMs: 10_000 })]);
  f.enqueue('old');
  f.pass(25);
  f.enqueue('two', 'general', { priority: 2 });
  f.enqueue('three', 'general', { priority: 3 });
  f.ready('1001');
  // Priority with age: old 2.5, two 2, three 3.
  t.same(f.served('1001'), ['three', 'old', 'two']);
});

t.test('time-left: the least time left first, the late ones last, and the guard', async (t) => {
  const f = floor([queue({ order: 'time-left', waitsAtMostMs: 60_000 })]);
  f.enqueue('c-0');
  f.pass(10);
  f.enqueue('c-10');
  f.pass(15);
  f.enqueue('c-25');
  f.pass(5);
  // At 30 s: c-0 is late by 10, c-10 has 0 left (a wait of exactly 20 s is in time), c-25 has 15.
  f.ready('1001');
  t.match(f.of('callOffered')[0]?.why, {
    rule: 'time-left',
    candidates: [{ id: 'c-10', key: [1, 0, 1, 0, 0, 20_000], note: /, 0 ms left/ }],
  });
  t.same(f.served('1001', 2), ['c-10', 'c-25']);
  t.equal(f.agent('1001').callId, 'c-0');
  t.match(f.of('callOffered').at(-1)?.why.candidates[0], { key: [1, 0, 2, 0, 30_000, 30_000], note: /late by 10000 ms/ });
  f.answer('1001');
  f.enqueue('early');
  f.pass(45);
  f.enqueue('fresh');
  f.enqueue('fresh-2');
  f.finish('1001');
  t.equal(f.agent('1001').callId, 'fresh', 'early is late by 25 s and waits');
  f.answer('1001');
  f.pass(15);
  f.finish('1001');
  t.equal(f.agent('1001').callId, 'early', 'waited 60 s: the guard');
  t.equal(f.of('callOffered').at(-1)?.why.rule, 'wait-guard');
  t.same(f.served('1001'), ['early', 'fresh-2']);
});

t.test('time-left: places are told as callers would be served now', async (t) => {
  const f = floor([
    queue({ order: 'time-left', waitsAtMostMs: 600_000 }, 'general', {
      announce: { positionEveryMs: 25_000, positionFirstMs: 25_000, comfort: [] },
    }),
  ]);
  f.enqueue('first');
  f.pass(24);
  f.enqueue('second');
  f.pass(1);
  const told = f.actions.filter((action) => action.kind === 'announce');
  t.match(told, [{ callId: 'first', position: 2 }], 'late by 5 s, after the one who is in time');
});

t.test('queues of different policies: guard, rank of the agent, class, priority, what they stand for, entry', async (t) => {
  const queues = [
    queue({ order: 'first-come', waitsAtMostMs: GUARD }, 'plain'),
    queue({ order: 'vip-first', waitsAtMostMs: GUARD }, 'vips'),
    queue({ order: 'priority', waitsAtMostMs: GUARD }, 'ranked'),
    queue({ order: 'credit', waitsAtMostMs: GUARD, credit: { vipMs: 15_000, perPriorityMs: 0, tiersMs: {} } }, 'credited'),
    queue({ order: 'time-left', waitsAtMostMs: 40_000 }, 'timed'),
    queue({ order: 'first-come', waitsAtMostMs: GUARD }, 'home'),
  ];
  const agent = sampleAgent(
    '1001',
    { service: 3 },
    { queueRank: { home: 0, plain: 1, vips: 1, ranked: 1, credited: 1, timed: 1 } },
  );
  const f = floor(queues, [agent]);
  f.enqueue('guarded', 'timed');
  f.pass(15);
  f.enqueue('late', 'timed');
  f.pass(5);
  f.enqueue('plain', 'plain');
  f.pass(10);
  f.enqueue('vip', 'vips', { lane: 'vip' });
  f.enqueue('ordinary', 'vips', { priority: 1 });
  f.enqueue('ranked', 'ranked', { priority: 7 });
  f.enqueue('credited', 'credited', { lane: 'vip' });
  f.enqueue('in-time', 'timed');
  f.pass(10);
  f.enqueue('home', 'home');
  f.ready('1001');
  t.same(f.served('1001'), ['guarded', 'home', 'vip', 'ranked', 'ordinary', 'credited', 'plain', 'in-time', 'late']);
});

t.test('a long line costs no more than its head: 20,000 callers of a time-left queue become late one by one', async (t) => {
  const f = floor([
    queue({ order: 'time-left', waitsAtMostMs: 86_400_000 }, 'general', { limits: { waiting: 100_000, waitMs: 86_400_000 } }),
  ]);
  for (let i = 0; i < 20_000; i++) {
    f.nowMs += 10;
    f.enqueue(`c-${i}`);
  }
  const started = process.hrtime.bigint();
  f.ready('1001');
  const tookMs = Number(process.hrtime.bigint() - started) / 1e6;
  // 2,000 are in time (20 s at 100 a second), and the one of exactly 20 s.
  t.equal(f.agent('1001').callId, 'c-17999');
  t.ok(tookMs < 2_000, `${tookMs} ms`);
  t.same(f.served('1001', 3), ['c-17999', 'c-18000', 'c-18001']);
});
