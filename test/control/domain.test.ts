import t from 'tap';
import { type AgentId, asId } from '../../src/base/ids.js';
import { DomainWorld } from '../support/domain-world.js';
import { sampleAgent, sampleQueue } from '../support/sample-site.js';

const general = sampleQueue('general');
const lostCard = sampleQueue('lost-card', { require: { 'lost-card': 1 } });
const skilled = { service: 3, 'lost-card': 2 };
const world = (agents = [sampleAgent('1001', skilled), sampleAgent('1002')], queues = [general, lostCard]) =>
  new DomainWorld(queues, agents);

t.test('a caller walks the menu, waits, talks, is recorded, and everything is put away', async (t) => {
  const w = world();
  await w.start();
  const caller = w.call('13911112222', '95588');
  await w.pass(10);
  t.same(caller.hears(), { kind: 'prompts', prompts: ['test-menu/main'] });
  caller.press('0');
  await w.pass(20);
  t.same(caller.hears(), { kind: 'music', music: 'hotline' });
  await w.pass(6_000);
  t.same(caller.hears(), { kind: 'prompts', prompts: ['system/position-1'] }, 'the place is told after 5 s');
  await w.ready('1002');
  await w.pass(50);
  t.equal(caller.hears().kind, 'agent');
  t.equal(w.agent('1002').state, 'talking');
  t.equal(w.switch.recordings.size, 1);
  await w.pass(30_000);
  caller.hangUp();
  await w.pass(50);
  t.equal(w.agent('1002').state, 'wrapUp');
  await w.pass(10_000);
  t.equal(w.agent('1002').state, 'idle');
  t.same(w.leftOvers(), []);
  const [answered] = w.of('callAnswered');
  t.ok(answered && answered.waitMs > 5_900 && answered.waitMs < 6_300, `wait ${answered?.waitMs}`);
  t.match(w.of('recordingEnded'), [{ complete: true }]);
  t.match(w.jobs, [{ kind: 'sealRecording' }]);
  t.match(w.of('callEnded'), [{ outcome: 'answered', endedBy: 'caller' }]);
  const { legId } = caller;
  t.match(w.of('callArrived'), [{ legId, dnis: '95588' }]);
  t.equal(w.facts.length, w.store.stream.length, 'each fact is in the store');
  t.ok(w.facts.every((fact, i) => i === 0 || fact.seq === (w.facts[i - 1]?.seq ?? 0) + 1));
});

t.test('who is free longest is rung; VIPs overtake; ordinary callers do not starve', async (t) => {
  const w = world([sampleAgent('1001'), sampleAgent('1002')]);
  await w.start();
  for (const id of ['1001', '1002']) w.switch.phone(`sip:${id}`, { afterMs: 100, talkMs: 60_000 });
  await w.ready('1001');
  await w.pass(1_000);
  await w.ready('1002');
  const first = w.call();
  await w.pass(200);
  t.equal(w.of('callAnswered')[0]?.agentId, '1001');
  const second = w.call();
  await w.pass(200);
  t.equal(w.of('callAnswered')[1]?.agentId, '1002');
  const ordinary = w.call('13900000003');
  await w.pass(5_000);
  const vip = w.call('13800000001', '95588');
  await w.pass(5_000);
  t.equal(ordinary.hears().kind, 'music');
  first.hangUp();
  await w.pass(11_000);
  t.equal(vip.hears().kind, 'agent', 'the VIP goes first');
  t.not(ordinary.hears().kind, 'agent');
  t.equal(w.of('callOffered').at(-1)?.why.rule, 'vip-first');
  await w.pass(75_000);
  const laterVip = w.call('13800000001', '95588');
  await w.pass(300);
  second.hangUp();
  await w.pass(100_000);
  t.equal(w.of('callOffered').find((fact) => fact.callId === w.callIdOf(ordinary))?.why.trigger, 'agentFreed');
  const order = w.of('callAnswered').map((fact) => fact.callId);
  t.ok(order.indexOf(w.callIdOf(ordinary)) > 0, 'the ordinary caller was served');
  for (const caller of [ordinary, vip, laterVip]) caller.hangUp();
  await w.pass(30_000);
  t.same(w.leftOvers(), []);
});

t.test('the wait guard puts an ordinary caller before VIPs', async (t) => {
  const w = world([sampleAgent('1001')]);
  await w.start();
  w.switch.phone('sip:1001', { afterMs: 10, talkMs: null });
  await w.ready('1001');
  const talking = w.call();
  await w.pass(100);
  const ordinary = w.call('13900000003');
  await w.pass(91_000);
  const vip = w.call('13800000001', '95588');
  await w.pass(100);
  talking.hangUp();
  await w.pass(11_000);
  t.equal(ordinary.hears().kind, 'agent');
  t.equal(w.of('callOffered').at(-1)?.why.rule, 'wait-guard');
  ordinary.hangUp();
  vip.hangUp();
  await w.pass(30_000);
  t.same(w.leftOvers(), []);
});

t.test('rona: the call keeps its place, the agent becomes not ready; busy, declined and unreachable phones', async (t) => {
  const w = world([sampleAgent('1001'), sampleAgent('1002'), sampleAgent('1003'), sampleAgent('1004'), sampleAgent('1005')]);
  await w.start();
  w.switch.phone('sip:1001', { afterMs: 0, silent: true, talkMs: null });
  w.switch.phone('sip:1002', { afterMs: 50, refuse: 'busy', talkMs: null });
  w.switch.phone('sip:1003', { afterMs: 50, refuse: 'declined', talkMs: null });
  w.switch.phone('sip:1004', { afterMs: 50, refuse: 'unreachable', talkMs: null });
  for (const id of ['1001', '1002', '1003', '1004', '1005']) {
    await w.ready(id);
    await w.pass(100);
  }
  const caller = w.call();
  await w.pass(16_000);
  t.equal(caller.hears().kind, 'agent');
  t.match(w.agent('1001'), { status: 'notReady', reason: 'rona', state: 'idle' });
  t.match(
    w.of('offerEnded').map(({ agentId, outcome, cause }) => ({ agentId, outcome, cause })),
    [
      { agentId: '1001', outcome: 'noAnswer' },
      { agentId: '1002', cause: 'busy' },
      { agentId: '1003', outcome: 'declined' },
      { agentId: '1004', cause: 'unreachable' },
      { agentId: '1005', outcome: 'accepted' },
    ],
  );
  t.equal(w.of('callQueued').length, 1);
  const wait = w.of('callAnswered')[0]?.waitMs ?? 0;
  t.ok(wait > 15_000 && wait < 15_500, `waited ${wait}`);
  caller.hangUp();
  await w.pass(60_000);
  t.same(w.leftOvers(), []);
});

t.test('the caller hangs up in the flow, waiting, while it rings, in the moment of the answer, and talking', async (t) => {
  const w = world([sampleAgent('1001')]);
  await w.start();
  const inFlow = w.call('13911112222', '95588');
  await w.pass(100);
  inFlow.hangUp();
  await w.pass(100);
  const waiting = w.call();
  await w.pass(3_000);
  waiting.hangUp();
  await w.pass(100);
  w.switch.phone('sip:1001', { afterMs: 2_000, talkMs: null });
  await w.ready('1001');
  for (const afterMs of [500, 1_998, 1_999, 2_000, 2_001, 2_002, 2_003, 2_004, 2_005, 2_006, 5_000]) {
    const caller = w.call();
    await w.pass(afterMs);
    caller.hangUp();
    await w.pass(20_000);
    t.same(w.leftOvers(), [], `hung up ${afterMs} ms after the call`);
    t.match(w.agent('1001'), { status: 'ready', state: 'idle', legOf: null });
  }
  const outcomes = w.of('callEnded').map((fact) => fact.outcome);
  t.same(outcomes.slice(0, 3), ['abandonedInFlow', 'abandonedInQueue', 'abandonedInQueue']);
  t.equal(outcomes.at(-1), 'answered');
});

t.test('the agent hangs up; the agent drops in the moment of the answer', async (t) => {
  const w = world([sampleAgent('1001')]);
  await w.start();
  w.switch.phone('sip:1001', { afterMs: 100, talkMs: 5_000 });
  await w.ready('1001');
  const caller = w.call();
  await w.pass(6_000);
  t.equal(caller.hears().kind, 'gone', 'the flow has nothing more to say and hangs up');
  t.match(w.of('talkEnded'), [{ endedBy: 'agent' }]);
  t.match(w.of('callEnded'), [{ outcome: 'answered', endedBy: 'system' }]);
  await w.pass(15_000);
  w.switch.phone('sip:1001', { afterMs: 100, talkMs: 0 });
  const second = w.call();
  await w.pass(300);
  t.not(second.hears().kind, 'gone', 'the caller is kept');
  w.switch.phone('sip:1001', { afterMs: 100, talkMs: null });
  await w.pass(20_000);
  t.equal(second.hears().kind, 'agent');
  second.hangUp();
  await w.pass(20_000);
  t.same(w.leftOvers(), []);
});

t.test('status: break during a call holds after it; sign-out while ringing sends the caller back; refusals', async (t) => {
  const w = world([sampleAgent('1001'), sampleAgent('1002')]);
  await w.start();
  const agentId = asId<AgentId>('1001');
  t.match(await w.domain.submit({ kind: 'setStatus', agentId, status: 'ready', reason: null, by: 't' }), {
    id: 'agent-not-signed-in',
  });
  t.match(await w.domain.submit({ kind: 'signIn', agentId, phone: 'sip:9', by: 't' }), { id: 'unknown-phone' });
  t.match(await w.domain.submit({ kind: 'signIn', agentId: asId<AgentId>('7'), phone: null, by: 't' }), { id: 'no-such-agent' });
  await w.ready('1001');
  t.match(await w.domain.submit({ kind: 'signIn', agentId: asId<AgentId>('1002'), phone: 'sip:1001', by: 't' }), {
    id: 'phone-in-use',
  });
  const caller = w.call();
  await w.pass(100);
  t.match(await w.domain.submit({ kind: 'setStatus', agentId, status: 'notReady', reason: 'tea', by: 't' }), {
    id: 'unknown-reason',
  });
  t.equal(await w.domain.submit({ kind: 'setStatus', agentId, status: 'notReady', reason: 'break', by: 't' }), null);
  t.match(w.agent('1001'), { status: 'notReady', state: 'talking' });
  caller.hangUp();
  await w.pass(11_000);
  t.match(w.agent('1001'), { status: 'notReady', reason: 'break', state: 'idle' });
  w.switch.phone('sip:1001', { afterMs: 0, silent: true, talkMs: null });
  await w.domain.submit({ kind: 'setStatus', agentId, status: 'ready', reason: null, by: 't' });
  const next = w.call();
  await w.pass(1_000);
  t.equal(w.agent('1001').state, 'ringing');
  await w.domain.submit({ kind: 'signOut', agentId, by: 't' });
  await w.pass(100);
  t.match(w.agent('1001'), { status: 'loggedOut', state: 'idle', phone: null });
  t.match(w.of('offerEnded').at(-1), { outcome: 'withdrawn', cause: 'agentLeft' });
  await w.ready('1002');
  await w.pass(100);
  t.equal(next.hears().kind, 'agent');
  next.hangUp();
  await w.pass(20_000);
  t.same(w.leftOvers(), []);
});

t.test('feature codes from the phone', async (t) => {
  const w = world([sampleAgent('1001')]);
  await w.start();
  for (const code of ['*50', '*51']) {
    w.switch.dialFeature('sip:1001', code);
    await w.pass(3_000);
  }
  t.match(w.agent('1001'), { status: 'ready', phone: 'sip:1001' });
  w.switch.dialFeature('sip:1001', '*52');
  await w.pass(3_000);
  t.equal(w.agent('1001').status, 'notReady');
  w.switch.dialFeature('sip:1001', '*99');
  w.switch.dialFeature('sip:9999', '*50');
  await w.pass(3_000);
  w.switch.dialFeature('sip:1001', '*53');
  await w.pass(3_000);
  t.equal(w.agent('1001').status, 'loggedOut');
  t.same(w.leftOvers(), []);
});

t.test('the queue is full, waits too long, has no agents', async (t) => {
  const short = sampleQueue('general', { limits: { waiting: 1, waitMs: 30_000 } });
  const w = world([sampleAgent('1001')], [short, lostCard]);
  await w.start();
  const first = w.call();
  await w.pass(1_000);
  const second = w.call();
  await w.pass(10_000);
  t.equal(second.hears().kind, 'gone');
  const nobody = w.call('13911112222', '95588');
  await w.pass(100);
  nobody.press('1');
  await w.pass(40_000);
  t.same(
    [first, nobody].map((each) => each.hears().kind),
    ['gone', 'gone'],
  );
  t.same(
    w.of('callBlocked').map((fact) => fact.reason),
    ['queueFull', 'noAgents'],
  );
  t.same(
    w
      .of('callEnded')
      .map((fact) => fact.outcome)
      .sort(),
    ['blocked', 'blocked', 'timedOut'],
  );
  t.same(w.leftOvers(), []);
});

t.test('hotline is killed and restarted under calls: nobody notices', async (t) => {
  const w = world([sampleAgent('1001'), sampleAgent('1002')]);
  await w.start();
  w.switch.phone('sip:1001', { afterMs: 100, talkMs: null });
  w.switch.phone('sip:1002', { afterMs: 8_000, talkMs: null });
  await w.ready('1001');
  await w.pass(10);
  await w.ready('1002');
  const talking = w.call();
  await w.pass(500);
  const ringing = w.call();
  await w.pass(500);
  const waiting = w.call('13900000009');
  await w.pass(500);
  const inMenu = w.call('13900000010', '95588');
  await w.pass(500);
  const entered = w.of('callQueued').map((fact) => [fact.callId, fact.atMs]);
  w.kill();
  await w.pass(5_000);
  t.equal(talking.hears().kind, 'agent', 'the talk goes on without a controller');
  t.equal(waiting.hears().kind, 'music');
  await w.start();
  await w.pass(500);
  t.same(inMenu.hears(), { kind: 'prompts', prompts: ['test-menu/main'] }, 'the menu is asked again');
  await w.pass(2_500);
  t.equal(talking.hears().kind, 'agent');
  t.equal(ringing.hears().kind, 'agent', 'the phone that rang over the gap is connected');
  inMenu.press('2');
  talking.hangUp();
  await w.pass(15_000);
  t.equal(waiting.hears().kind, 'agent');
  for (const caller of [ringing, waiting]) caller.hangUp();
  await w.pass(30_000);
  t.same(w.leftOvers(), []);
  t.same(
    w.of('callQueued').map((fact) => [fact.callId, fact.atMs]),
    entered,
    'no place was lost',
  );
  t.equal(w.of('callAnswered').length, 3);
});

t.test('what fell due while nobody was there waits until the switch has told what happened meanwhile', async (t) => {
  const w = world([sampleAgent('1001')]);
  await w.start();
  w.switch.phone('sip:1001', { afterMs: 14_800, talkMs: null });
  await w.ready('1001');
  const caller = w.call();
  await w.pass(14_500);
  w.kill();
  await w.pass(1_500);
  // A real switch takes a moment to be listed.
  const start = w.switch.start.bind(w.switch);
  w.switch.start = async (options) => void w.clock.alarm(w.clock.nowMs() + 300, () => void start(options));
  await w.start();
  await w.pass(3_000);
  t.equal(caller.hears().kind, 'agent', 'the agent picked up in time, so it is no rona');
  t.match(w.agent('1001'), { status: 'ready', state: 'talking' });
  caller.hangUp();
  await w.pass(20_000);
  t.same(w.leftOvers(), []);
});

t.test('killed while a caller leaves and an agent answers in the gap; switch gone in the gap', async (t) => {
  const w = world([sampleAgent('1001'), sampleAgent('1002')]);
  await w.start();
  w.switch.phone('sip:1001', { afterMs: 100, talkMs: null });
  await w.ready('1001');
  const talking = w.call();
  await w.pass(500);
  const waiting = w.call();
  await w.pass(500);
  w.kill();
  talking.hangUp();
  waiting.hangUp();
  await w.pass(1_000);
  await w.start();
  await w.pass(20_000);
  t.same(w.leftOvers(), []);
  t.same(
    w
      .of('callEnded')
      .map((fact) => fact.outcome)
      .sort(),
    ['abandonedInQueue', 'answered'],
  );
  const lost = w.call();
  await w.pass(500);
  t.equal(lost.hears().kind, 'agent');
  w.switch.crash();
  await w.pass(1_000);
  w.switch.reconnect();
  await w.pass(20_000);
  t.equal(w.of('callEnded').at(-1)?.outcome, 'switchLost');
  t.same(w.leftOvers(), []);
});

t.test('the switch is away for longer than a phone rings: no agent is judged for it', async (t) => {
  const w = world([sampleAgent('1001')]);
  await w.start();
  w.switch.phone('sip:1001', { afterMs: 0, silent: true, talkMs: null });
  await w.ready('1001');
  const caller = w.call();
  await w.pass(1_000);
  t.equal(w.agent('1001').state, 'ringing');
  w.switch.cutConnection();
  await w.pass(60_000);
  t.match(w.agent('1001'), { status: 'ready', state: 'ringing' });
  w.switch.phone('sip:1001', { afterMs: 100, talkMs: null });
  w.switch.reconnect();
  await w.pass(5_000);
  t.match(w.agent('1001'), { status: 'ready', state: 'talking' });
  t.match(w.of('offerEnded'), [{ cause: 'legLost' }, { outcome: 'accepted' }]);
  caller.hangUp();
  await w.pass(20_000);
  t.same(w.leftOvers(), []);
});

t.test('somebody who has just signed in is not the one who is idle longest', async (t) => {
  const w = world([sampleAgent('1001'), sampleAgent('1002')]);
  await w.start();
  await w.ready('1002');
  await w.pass(60_000);
  await w.ready('1001');
  const caller = w.call();
  await w.pass(1_000);
  t.equal(w.of('callAnswered')[0]?.agentId, '1002');
  caller.hangUp();
  await w.pass(20_000);
  t.same(w.leftOvers(), []);
});

t.test('the store goes away, comes back, comes back empty; a second writer fences the first', async (t) => {
  const w = world([sampleAgent('1001')]);
  await w.start();
  await w.ready('1001');
  w.store.answers = 'unavailable';
  const caller = w.call();
  await w.pass(1_000);
  t.equal(caller.hears().kind, 'agent', 'calls go on from memory');
  t.equal(w.domain.degraded, true);
  w.store.answers = null;
  await w.pass(2_000);
  t.equal(w.domain.degraded, false);
  t.equal(w.store.stream.length, w.facts.length, 'the facts of the gap are written');
  t.equal(w.store.calls.size, 1);
  w.store.empty();
  caller.hangUp();
  await w.pass(1_000);
  t.equal(w.domain.degraded, false);
  t.ok(w.store.agents.has('1001'), 'refilled');
  t.equal(w.fatal.length, 0);
  w.store.fence = 99;
  w.call();
  await w.pass(100);
  t.match(w.fatal, [/another node has become the writer/]);
});

t.test('state lost altogether: the caller is found again by the note on the leg, with the original time of entry', async (t) => {
  const w = world([sampleAgent('1001')]);
  await w.start();
  const waiting = w.call('13800000001', '95588');
  await w.pass(10_000);
  const entry = w.of('callQueued')[0];
  w.kill();
  w.store.empty();
  await w.start();
  await w.ready('1001');
  await w.pass(100);
  t.equal(waiting.hears().kind, 'agent');
  t.equal(w.of('callAnswered')[0]?.callId, entry?.callId);
  t.ok((w.of('callAnswered')[0]?.waitMs ?? 0) > 10_000);
  t.equal(w.of('callOffered')[0]?.why.candidates.length, 1);
  waiting.hangUp();
  await w.pass(20_000);
});
