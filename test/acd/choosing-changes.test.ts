import t from 'tap';
import type { QueueConfig } from '../../src/acd/config.js';
import type { AcdEvent } from '../../src/acd/events.js';
import { type AgentId, asId, type CallId, type QueueId } from '../../src/base/ids.js';
import { sampleAcd, sampleAgent, sampleQueue } from '../support/sample-site.js';
import { EngineFloor } from './engine-floor.js';

/** What supervisors change about waiting calls and agents about themselves, and what is refused. */

const queue = (id = 'general', change: Partial<QueueConfig> = {}): QueueConfig =>
  sampleQueue(id, { agents: { choose: 'longest-idle', ringMs: 15_000, wrapUpMs: 0 }, ...change });
const agentId = (id: string) => asId<AgentId>(id);
const change = (f: EngineFloor, id: string, what: Partial<Extract<AcdEvent, { kind: 'reprioritise' }>>) =>
  f.tell({ kind: 'reprioritise', callId: asId<CallId>(id), by: 'lead', ...what });
const assign = (f: EngineFloor, id: string, agent: string) =>
  f.tell({ kind: 'assign', callId: asId<CallId>(id), agentId: agentId(agent), by: 'lead' });

t.test('lane and priority of a waiting call change its place; the time of entry stays', async (t) => {
  const f = new EngineFloor([queue()], [sampleAgent('1001')]);
  for (const id of ['c-1', 'c-2', 'c-3', 'c-4']) {
    f.enqueue(id);
    f.pass(1);
  }
  t.equal(change(f, 'c-4', { lane: 'vip' }), null);
  t.equal(change(f, 'c-3', { priority: 5 }), null);
  t.match(f.of('callReprioritised'), [
    { callId: 'c-4', lane: 'vip', priority: 0, by: 'lead' },
    { callId: 'c-3', lane: 'ordinary', priority: 5, by: 'lead' },
  ]);
  f.ready('1001');
  t.same(f.served('1001'), ['c-4', 'c-3', 'c-1', 'c-2']);
  t.match(f.of('callAnswered')[0], { callId: 'c-4', waitMs: 1_000 });
});

t.test('skills of a waiting call change who may serve it; phones that ring for the old ones are called off', async (t) => {
  const f = new EngineFloor([queue()], [sampleAgent('1001'), sampleAgent('1002', { service: 3, english: 2 })]);
  f.ready('1001', '1002');
  f.enqueue('c-1');
  t.same(f.askedFor('c-1'), ['1001']);
  t.equal(change(f, 'c-1', { skills: { any: [{ english: 2 }, { cantonese: 1 }] } }), null);
  t.same(f.askedFor('c-1'), ['1002']);
  t.match(f.of('offerEnded'), [{ agentId: '1001', outcome: 'withdrawn', cause: 'calledOff' }]);
  t.match(f.agent('1001'), { status: 'ready', state: 'idle' });
  t.match(change(f, 'c-1', { skills: { klingon: 1 } }), { id: 'no-agents' });
  t.same(f.askedFor('c-1'), ['1002'], 'a refusal changes nothing');
});

t.test('a waiting call is taken to another queue', async (t) => {
  const card = queue('lost-card', { require: { 'lost-card': 1 } });
  const closed = queue('small', { limits: { waiting: 0, waitMs: 600_000 } });
  const f = new EngineFloor([queue(), card, closed], [sampleAgent('1001'), sampleAgent('1002', { 'lost-card': 2 })]);
  f.enqueue('c-1');
  f.pass(10);
  t.match(change(f, 'c-1', { queueId: asId<QueueId>('nowhere') }), { id: 'no-such-queue' });
  t.match(change(f, 'c-1', { queueId: asId<QueueId>('small') }), { id: 'queue-full' });
  t.equal(f.call('c-1')?.queueId, 'general');
  t.equal(change(f, 'c-1', { queueId: asId<QueueId>('lost-card'), priority: 2 }), null);
  t.match(f.of('callLeftQueue'), [{ queueId: 'general', exit: 'flowedOut', waitMs: 10_000 }]);
  t.match(f.of('callQueued').at(-1), { queueId: 'lost-card', priority: 2 });
  f.pass(5);
  f.ready('1001', '1002');
  t.same(f.askedFor('c-1'), ['1002']);
  f.answer('1002');
  t.match(f.call('c-1'), { queueId: 'lost-card', enteredAtMs: f.nowMs - 15_000 });
  t.match(change(f, 'c-1', { priority: 3 }), { id: 'call-not-waiting' });
  t.match(change(f, 'c-9', { priority: 3 }), { id: 'no-such-call' });
});

t.test('a supervisor assigns a waiting call: that agent, before all others, whatever the skills', async (t) => {
  const f = new EngineFloor([queue()], [sampleAgent('1001'), sampleAgent('1002'), sampleAgent('lead', { transport: 1 })]);
  f.ready('1001');
  f.enqueue('c-0');
  f.answer('1001');
  f.enqueue('c-1');
  f.pass(100);
  f.enqueue('c-2');
  t.match(assign(f, 'c-2', 'nobody'), { id: 'no-such-agent' });
  t.match(assign(f, 'c-2', '1002'), { id: 'agent-not-signed-in' });
  t.match(assign(f, 'c-9', '1001'), { id: 'no-such-call' });
  t.match(assign(f, 'c-0', '1001'), { id: 'call-not-waiting' });
  t.equal(assign(f, 'c-2', '1001'), null);
  t.match(f.of('callWaitsForAgent'), [{ callId: 'c-2', agentId: '1001', because: 'assigned', untilMs: null, by: 'lead' }]);
  f.finish('1001');
  t.equal(f.agent('1001').callId, 'c-2', 'though c-1 is past the guard');
  t.match(f.of('callOffered').at(-1)?.why, { rule: 'assigned', candidates: [{ id: 'c-2', note: /assigned by lead/ }] });
  f.tell({ kind: 'signIn', agentId: agentId('lead'), phone: null, by: 'lead' });
  t.equal(assign(f, 'c-1', 'lead'), null, 'a pull');
  f.ready('1002');
  t.same(f.askedFor('c-1'), [], 'nobody else');
  f.ready('lead');
  t.same(f.askedFor('c-1'), ['lead']);
  f.fail('lead', 'declined');
  t.same(f.askedFor('c-1'), ['1002'], 'declined: back to everybody');
});

t.test('an assigned call is free again when the agent signs out; one that rings elsewhere is called off', async (t) => {
  const f = new EngineFloor([queue()], [sampleAgent('1001'), sampleAgent('1002')]);
  f.ready('1001', '1002');
  f.enqueue('c-1');
  t.same(f.askedFor('c-1'), ['1001']);
  t.equal(assign(f, 'c-1', '1002'), null);
  t.same(f.askedFor('c-1'), ['1002']);
  t.equal(assign(f, 'c-1', '1002'), null, 'said twice');
  t.equal(f.of('callOffered').length, 2);
  f.answer('1002');
  f.enqueue('c-2', 'general');
  t.same(f.askedFor('c-2'), [], 'the phone of 1001 is not on the hook');
  t.equal(assign(f, 'c-2', '1002'), null);
  f.pass(6);
  t.same(f.askedFor('c-2'), []);
  f.restart();
  t.same(f.askedFor('c-2'), [], 'kept over a restart');
  f.notReady('1002', 'break');
  t.same(f.askedFor('c-2'), [], 'a break does not end it');
  f.tell({ kind: 'signOut', agentId: agentId('1002'), by: 'lead' });
  t.same(f.askedFor('c-2'), ['1001']);
});

t.test('a new configuration: who may serve now is rung at once; nobody waits for an agent who is no more', async (t) => {
  const english = queue('general', { require: { english: 1 } });
  const f = new EngineFloor([english], [sampleAgent('1001'), sampleAgent('1002', { english: 1 })]);
  f.ready('1001', '1002');
  f.enqueue('c-1');
  f.answer('1002');
  f.enqueue('c-2');
  f.enqueue('c-3');
  t.equal(assign(f, 'c-3', '1002'), null);
  f.finish('1002');
  f.answer('1002');
  f.enqueue('c-4');
  t.equal(assign(f, 'c-4', '1002'), null);
  t.same([f.askedFor('c-2'), f.askedFor('c-4')], [[], []]);
  const agents = [sampleAgent('1001', { english: 2 }), sampleAgent('1003', { english: 1 })];
  f.tell({ kind: 'configure', config: sampleAcd([english], agents) });
  t.same([f.askedFor('c-2'), f.call('c-4')?.waitsFor], [['1001'], null]);
  f.ready('1003');
  t.same(f.askedFor('c-4'), ['1003']);
});

t.test('wrap-up: extended within the bound of its queue, ended early', async (t) => {
  const wrap = queue('general', { agents: { choose: 'longest-idle', ringMs: 15_000, wrapUpMs: 10_000, wrapUpAtMostMs: 30_000 } });
  const f = new EngineFloor([wrap], [sampleAgent('1001')]);
  const extend = (forMs: number) => f.tell({ kind: 'extendWrapUp', agentId: agentId('1001'), forMs, by: '1001' });
  f.ready('1001');
  t.match(extend(5_000), { id: 'not-in-wrap-up' });
  f.enqueue('c-1');
  f.answer('1001');
  const { legOf } = f.agent('1001');
  f.tell({ kind: 'talkEnded', callId: asId('c-1'), endedBy: 'agent' });
  if (legOf) f.legGone(legOf);
  f.pass(9);
  t.equal(extend(15_000), null);
  t.match(f.of('wrapUpExtended'), [{ untilMs: f.nowMs + 16_000, by: '1001' }]);
  f.pass(15);
  t.equal(f.agent('1001').state, 'wrapUp');
  t.equal(extend(60_000), null, 'as far as the bound');
  t.match(extend(1_000), { id: 'wrap-up-limit' });
  t.match(extend(-5), { id: 'bad-duration' });
  f.pass(6);
  t.match(f.of('wrapUpEnded'), [{ wrapUpMs: 30_000, endedBy: 'timer' }]);
  const g = new EngineFloor(
    [queue('general', { agents: { choose: 'longest-idle', ringMs: 15_000, wrapUpMs: 10_000 } })],
    [sampleAgent('1001')],
  );
  g.ready('1001');
  g.enqueue('c-1');
  g.answer('1001');
  g.tell({ kind: 'talkEnded', callId: asId('c-1'), endedBy: 'caller' });
  t.match(g.tell({ kind: 'extendWrapUp', agentId: agentId('1001'), forMs: 1_000, by: 'x' }), { id: 'wrap-up-limit' });
  t.equal(g.tell({ kind: 'finishWrapUp', agentId: agentId('1001'), by: 'x' }), null);
  t.match(g.of('wrapUpEnded'), [{ wrapUpMs: 0, endedBy: 'agent' }]);
});

t.test('a reason has a limit: told once, counted from the end of the call, not for others', async (t) => {
  const f = new EngineFloor([queue()], [sampleAgent('1001'), sampleAgent('1002')], {
    notReadyLimitMs: { break: 60_000, rona: 30_000 },
  });
  f.ready('1001', '1002');
  f.notReady('1002', 'training');
  f.enqueue('c-1');
  f.answer('1001');
  f.notReady('1001', 'break');
  f.pass(300);
  t.same(f.of('notReadyLimitExceeded'), []);
  f.finish('1001');
  f.pass(59.999);
  t.same(f.of('notReadyLimitExceeded'), []);
  f.restart();
  f.pass(0.001);
  t.same(f.of('notReadyLimitExceeded'), [{ kind: 'notReadyLimitExceeded', agentId: '1001', reason: 'break', limitMs: 60_000 }]);
  f.pass(600);
  t.equal(f.of('notReadyLimitExceeded').length, 1, 'once');
  f.ready('1001');
  f.notReady('1001', 'break');
  f.pass(30);
  f.ready('1001');
  f.pass(60);
  t.equal(f.of('notReadyLimitExceeded').length, 1, 'back in time');
  f.enqueue('c-2');
  f.pass(15 + 30);
  t.match(f.of('notReadyLimitExceeded')[1], { reason: 'rona', limitMs: 30_000 });
});

t.test('an agent who does not answer: not ready, or given a rest, as configured; each cause has its own rest', async (t) => {
  const backOffMs = { busy: 10_000, declined: 5_000, unreachable: 30_000, noAnswer: 20_000 };
  const f = new EngineFloor([queue()], [sampleAgent('1001')], { rona: 'backOff', backOffMs });
  f.ready('1001');
  f.enqueue('c-1');
  f.pass(15);
  t.match(f.agent('1001'), { status: 'ready', backOffUntilMs: f.nowMs + 20_000 });
  t.match(f.of('offerEnded'), [{ cause: 'noAnswer', outcome: 'noAnswer' }]);
  f.pass(19.999);
  t.same(f.askedFor('c-1'), []);
  f.pass(0.001);
  t.same(f.askedFor('c-1'), ['1001']);
  for (const [cause, seconds] of [
    ['declined', 5],
    ['busy', 10],
    ['unreachable', 30],
  ] as const) {
    f.fail('1001', cause);
    f.pass(seconds - 0.001);
    t.same(f.askedFor('c-1'), [], cause);
    f.pass(0.001);
    t.same(f.askedFor('c-1'), ['1001'], cause);
  }
  f.fail('1001', 'busy');
  t.match(f.agent('1001'), { status: 'notReady', reason: 'phoneFailed' }, 'the third fault of the phone in a row');
});

t.test('a phone that picks up by itself is told so, by agent or by queue; forced status names who forced it', async (t) => {
  const auto = queue('general', { agents: { choose: 'longest-idle', ringMs: 15_000, wrapUpMs: 0, autoAnswer: true } });
  const rings = (f: EngineFloor) => f.actions.flatMap((action) => (action.kind === 'ring' ? [action.autoAnswer] : []));
  const f = new EngineFloor(
    [auto, queue('other')],
    [sampleAgent('1001'), sampleAgent('1002', { service: 3 }, { autoAnswer: true })],
  );
  f.ready('1001');
  f.enqueue('c-1');
  f.answer('1001');
  f.finish('1001');
  f.enqueue('c-2', 'other');
  f.ready('1002');
  f.enqueue('c-3', 'other');
  t.same(rings(f), [true, false, true]);
  f.answer('1001');
  f.tell({ kind: 'setStatus', agentId: agentId('1001'), status: 'notReady', reason: 'training', by: 'supervisor lead' });
  t.match(f.agent('1001'), { status: 'notReady', state: 'talking' }, 'the talk goes on');
  t.match(f.of('agentStatusChanged').at(-1), { reason: 'training', by: 'supervisor lead' });
  f.finish('1001');
  f.enqueue('c-4');
  t.same(f.askedFor('c-4'), []);
});
