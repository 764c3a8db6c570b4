import t from 'tap';
import type { QueueConfig } from '../../src/acd/config.js';
import { asId } from '../../src/base/ids.js';
import { createLedger } from '../../src/service-level/ledger.js';
import { recount } from '../../src/service-level/recount.js';
import { DomainWorld } from '../support/domain-world.js';
import { sampleAgent, sampleQueue } from '../support/sample-site.js';

/** What a caller notices of the rules of a queue, through the whole house in virtual time. `95511` has named exits. */

const quiet = { positionEveryMs: 0, positionFirstMs: 0, comfort: [] };
const general = (change: Partial<QueueConfig>): QueueConfig => sampleQueue('general', { announce: quiet, ...change });

/** Facts that the counts are made from agree with the slow count, queue by queue. */
function booksBalance(t: Pick<Tap, 'same' | 'equal'>, w: DomainWorld, queues: QueueConfig[]): void {
  const now = w.clock.nowMs();
  const ledger = createLedger({ queues, agents: [], dayStartMs: () => 0 });
  for (const fact of w.facts) ledger.add(fact);
  for (const queue of queues) {
    const counts = ledger.counts(queue.id, 0, now + 60_000, now);
    t.same(counts, recount(w.facts, queue, 0, now + 60_000, now), `${queue.id} counted twice`);
    const { offered, answered, abandoned, flowedOut, timedOut, exitedByKey, calledBack, waiting } = counts;
    t.equal(offered, answered + abandoned + flowedOut + timedOut + exitedByKey + calledBack + waiting, `the law in ${queue.id}`);
  }
}
type Tap = typeof t;

t.test('overflow: to another queue with its music, to voicemail by the flow; the exit key', async (t) => {
  const queues = [
    general({
      overflow: [{ when: { kind: 'wait', afterMs: 20_000 }, to: { kind: 'queue', queueId: asId('second') } }],
      keys: { '9': 'exit' },
    }),
    sampleQueue('second', {
      announce: quiet,
      require: { other: 1 },
      music: 'calm',
      overflow: [{ when: { kind: 'wait', afterMs: 30_000 }, to: { kind: 'exit', name: 'voicemail' } }],
    }),
  ];
  const w = new DomainWorld(queues, [sampleAgent('1001'), sampleAgent('2001', { other: 1 })]);
  await w.start();
  const served = w.call('13900000001', '95511');
  const left = w.call('13900000002', '95511');
  await w.pass(2_000);
  t.same(served.hears(), { kind: 'music', music: 'hotline' });
  left.press('5');
  await w.pass(100);
  t.same(left.hears(), { kind: 'music', music: 'hotline' }, 'any other key does nothing');
  left.press('9');
  await w.pass(100);
  t.same(left.hears(), { kind: 'prompts', prompts: ['ways-out/left'] });
  await w.pass(19_000);
  t.same(served.hears(), { kind: 'music', music: 'calm' }, 'the music of the second queue');
  const recorded = w.call('13900000003', '95511');
  await w.ready('2001');
  await w.pass(50);
  t.equal(served.hears().kind, 'agent');
  await w.pass(50_000);
  t.same(recorded.hears(), { kind: 'prompts', prompts: ['ways-out/note'] }, 'after 20 s and 30 s: voicemail');
  await w.pass(60_000);
  served.hangUp();
  await w.pass(20_000);
  t.same(w.leftOvers(), []);
  t.match(
    w
      .of('callEnded')
      .map(({ outcome }) => outcome)
      .sort(),
    ['answered', 'exitedByKey', 'flowedOut'],
  );
  booksBalance(t, w, queues);
});

t.test('a controller that dies leaves an overflowed caller where and in whose order he was', async (t) => {
  const queues = [
    general({ overflow: [{ when: { kind: 'wait', afterMs: 20_000 }, to: { kind: 'queue', queueId: asId('second') } }] }),
    sampleQueue('second', { announce: quiet, require: { other: 1 }, music: 'calm' }),
  ];
  const w = new DomainWorld(queues, [sampleAgent('1001'), sampleAgent('2001', { other: 1 })]);
  await w.start();
  const caller = w.call('13900000001');
  await w.pass(25_000);
  const callId = w.callIdOf(caller);
  const before = w.domain.hotline.engine.call(callId);
  t.match(before, { queueId: 'second' });
  // Everything that was known is gone; what is left is the note on the caller's own leg.
  w.kill();
  w.store.empty();
  await w.pass(100);
  await w.start('node-2');
  await w.pass(100);
  const after = w.domain.hotline.engine.call(callId);
  t.match(after, { queueId: 'second', enteredAtMs: before?.enteredAtMs, queuedAtMs: before?.queuedAtMs });
  t.same(caller.hears(), { kind: 'music', music: 'calm' });
  caller.hangUp();
  await w.pass(20_000);
});

t.test('closed and empty queues send the caller where the flow says', async (t) => {
  const calendar = { timeZone: 'UTC', always: false, week: Array.from({ length: 7 }, () => []), days: {} };
  const shut = new DomainWorld([general({ hours: { calendar, atClosing: 'keep' } })], [sampleAgent('1001')]);
  await shut.start();
  const closed = shut.call('13900000001', '95511');
  await shut.pass(100);
  t.same(closed.hears(), { kind: 'prompts', prompts: ['ways-out/shut'] });
  const w = new DomainWorld([general({ empty: { join: 'signedIn', leave: 'ready', graceMs: 5_000 } })], [sampleAgent('1001')]);
  await w.start();
  const nobody = w.call('13900000001', '95511');
  await w.pass(100);
  t.same(nobody.hears(), { kind: 'prompts', prompts: ['ways-out/later'] }, 'without an exit of that name: as if blocked');
  w.switch.phone('sip:1001', { afterMs: 100, talkMs: null });
  await w.ready('1001');
  const talks = w.call('13900000002', '95511');
  await w.pass(500);
  t.equal(talks.hears().kind, 'agent');
  const waits = w.call('13900000003', '95511');
  await w.pass(500);
  await w.domain.submit({ kind: 'setStatus', agentId: asId('1001'), status: 'notReady', reason: 'break', by: 'test' });
  await w.pass(4_500);
  t.equal(waits.hears().kind, 'music');
  await w.pass(1_000);
  t.same(waits.hears(), { kind: 'prompts', prompts: ['ways-out/later'] });
  talks.hangUp();
  await w.pass(60_000);
  t.same(w.leftOvers(), []);
});

t.test('announcements: place, wait and comfort, cut the moment an agent answers', async (t) => {
  const queues = [
    general({
      announce: { positionEveryMs: 45_000, positionFirstMs: 5_000, comfort: ['thanks-for-waiting'] },
      estimate: { firstMs: 5_000, everyMs: 60_000 },
      comfortEvery: { firstMs: 30_000, everyMs: 60_000 },
      handleMs: 25 * 60_000,
    }),
  ];
  const w = new DomainWorld(queues, [sampleAgent('1001'), sampleAgent('1002')]);
  await w.start();
  w.switch.phone('sip:1001', { afterMs: 100, talkMs: null });
  w.switch.phone('sip:1002', { afterMs: 100, talkMs: null });
  await w.ready('1001', '1002');
  const talking = [w.call('13900000001'), w.call('13900000002')];
  await w.pass(500);
  const caller = w.call('13900000003');
  await w.pass(5_010);
  t.same(caller.hears(), { kind: 'prompts', prompts: ['system/position-1', 'system/wait-minutes-13'] });
  await w.pass(25_000);
  t.same(caller.hears(), { kind: 'prompts', prompts: ['system/thanks-for-waiting'] });
  const second = w.call('13900000004');
  await w.pass(5_010);
  t.same(second.hears(), { kind: 'prompts', prompts: ['system/position-2', 'system/wait-more'] }, 'more than 20 minutes');
  talking[0]?.hangUp();
  await w.pass(14_700);
  talking[1]?.hangUp();
  for (const one of [caller, second]) one.hangUp();
  await w.pass(30_000);
  const cut = w.call('13900000005');
  const other = w.call('13900000006');
  await w.pass(5_000);
  t.equal(cut.hears().kind, 'agent');
  const third = w.call('13900000007');
  await w.pass(5_010);
  t.equal(third.hears().kind, 'prompts');
  other.hangUp();
  await w.pass(20);
  await w.domain.submit({
    kind: 'finishWrapUp',
    agentId: asId(w.agent('1001').state === 'wrapUp' ? '1001' : '1002'),
    by: 'test',
  });
  await w.pass(200);
  t.equal(third.hears().kind, 'agent', 'the announcement is cut off');
  for (const one of [cut, third]) one.hangUp();
  await w.pass(30_000);
  t.same(w.leftOvers(), []);
});

t.test('who drops and redials has the old place, over a restart too; the numbers count two calls', async (t) => {
  const queues = [general({ redial: { withinMs: 120_000, callers: 100 } })];
  const w = new DomainWorld(queues, [sampleAgent('1001')]);
  await w.start();
  w.switch.phone('sip:1001', { afterMs: 100, talkMs: null });
  const drops = w.call('13900000001');
  await w.pass(10_000);
  const stays = w.call('13900000002');
  await w.pass(10_000);
  drops.hangUp();
  await w.pass(100);
  w.kill();
  await w.pass(100);
  await w.start();
  await w.pass(20_000);
  const back = w.call('13900000001');
  await w.pass(1_000);
  await w.ready('1001');
  await w.pass(500);
  t.equal(back.hears().kind, 'agent', 'before the one who stayed');
  t.equal(stays.hears().kind, 'music');
  t.match(w.of('placeRestored'), [{ callId: w.callIdOf(back), previousCallId: w.callIdOf(drops) }]);
  const [answered] = w.of('callAnswered');
  t.ok(answered && answered.waitMs < 1_500, `its own wait: ${answered?.waitMs}`);
  for (const one of [back, stays]) one.hangUp();
  await w.pass(30_000);
  t.same(w.leftOvers(), []);
  booksBalance(t, w, queues);
  t.match(w.store.queues.get('general'), /"talks":1/, 'what the queue has learnt is in the store');
  t.match([...w.store.queues.keys()].sort(), ['general', 'place/general/13900000002']);
});

t.test('borrowed agents are rung for the queue in need', async (t) => {
  const queues = [
    general({
      borrow: [
        { groups: ['office'], require: {}, when: { longestWaitMs: 30_000 }, forMs: 0, until: { waiting: 0 }, untilForMs: 10_000 },
      ],
    }),
  ];
  const w = new DomainWorld(queues, [sampleAgent('1001'), sampleAgent('8001', { other: 1 }, { groups: ['office'] })]);
  await w.start();
  w.switch.phone('sip:8001', { afterMs: 100, talkMs: null });
  await w.ready('8001');
  const caller = w.call();
  await w.pass(29_000);
  t.equal(caller.hears().kind, 'music');
  await w.pass(3_000);
  t.equal(caller.hears().kind, 'agent', 'lent after 30 s');
  await w.pass(15_000);
  t.equal(w.of('groupReturned').length, 1);
  caller.hangUp();
  await w.pass(20_000);
  const later = w.call();
  await w.pass(10_000);
  t.equal(later.hears().kind, 'music', 'given back');
  later.hangUp();
  await w.pass(20_000);
  t.same(w.leftOvers(), []);
});
