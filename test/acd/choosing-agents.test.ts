import t from 'tap';
import type { AgentOrder, QueueConfig, RequirementExpression } from '../../src/acd/config.js';
import { alternativesIn, isTooWide, requirementText } from '../../src/acd/requirement.js';
import { type AgentId, asId } from '../../src/base/ids.js';
import { sampleAgent, sampleQueue } from '../support/sample-site.js';
import { EngineFloor } from './engine-floor.js';

/** Which agent is asked for a caller who comes, for each strategy of a queue, with numbers; and who is waited for. */

type AgentsOf = QueueConfig['agents'];
const queue = (choose: AgentOrder, change: Partial<AgentsOf> = {}, more: Partial<QueueConfig> = {}): QueueConfig =>
  sampleQueue('general', { agents: { choose, ringMs: 15_000, wrapUpMs: 0, ...change }, ...more });
const three = [sampleAgent('1001'), sampleAgent('1002'), sampleAgent('1003')];
const agentId = (id: string) => asId<AgentId>(id);

/** The agent who gets the next call; it is answered, lasts so many seconds, and ends. */
function serve(f: EngineFloor, id: string, seconds = 1): string {
  f.enqueue(id);
  const [agent = 'nobody'] = f.askedFor(id);
  f.answer(agent);
  f.pass(seconds);
  f.finish(agent);
  return agent;
}

t.test('longest-idle: who stopped working first; a declined offer does not cost the place', async (t) => {
  const f = new EngineFloor([queue('longest-idle')], three);
  for (const id of ['1003', '1001', '1002']) {
    f.ready(id);
    f.pass(1);
  }
  t.same(
    ['c-1', 'c-2', 'c-3', 'c-4'].map((id) => serve(f, id)),
    ['1003', '1001', '1002', '1003'],
    'idle since sign-in',
  );
  f.enqueue('c-5');
  t.same(f.askedFor('c-5'), ['1001']);
  f.fail('1001', 'declined');
  t.same(f.askedFor('c-5'), ['1002']);
  f.answer('1002');
  f.pass(6);
  t.equal(serve(f, 'c-6'), '1001', 'back after 5 s, still idle longest');
});

t.test('best-skill: the sum of the levels that are asked for, then idle time', async (t) => {
  const agents = [
    sampleAgent('1001', { service: 3, english: 1, transport: 9 }),
    sampleAgent('1002', { service: 2, english: 3 }),
    sampleAgent('1003', { service: 3, english: 2 }),
  ];
  const f = new EngineFloor([queue('best-skill', {}, { require: { service: 1, english: 1 } })], agents);
  f.ready('1001', '1002', '1003');
  f.enqueue('c-1');
  t.match(f.of('callOffered')[0]?.why, {
    rule: 'best-skill',
    keys: ['proficiency', 'idleMs'],
    candidates: [
      { id: '1002', key: [5, 0] },
      { id: '1003', key: [5, 0] },
      { id: '1001', key: [4, 0] },
    ],
  });
});

t.test('fewest-calls: answered since sign-in', async (t) => {
  const f = new EngineFloor([queue('fewest-calls')], three);
  f.ready('1001', '1002');
  t.same([serve(f, 'c-1'), serve(f, 'c-2'), serve(f, 'c-3')], ['1001', '1002', '1001']);
  f.ready('1003');
  t.same([serve(f, 'c-4'), serve(f, 'c-5')], ['1003', '1002'], '1003 has none, 1002 one like 1003 but idle longer');
  f.enqueue('c-6');
  t.match(f.of('callOffered').at(-1)?.why, {
    keys: ['calls', 'idleMs'],
    candidates: [
      { id: '1003', key: [1, 1_000] },
      { id: '1001', key: [2] },
      { id: '1002', key: [2] },
    ],
  });
  f.answer('1003');
  f.tell({ kind: 'signOut', agentId: agentId('1001'), by: 'test' });
  f.ready('1001');
  t.equal(f.agent('1001').answered, 0, 'counted anew');
});

t.test('least-occupied: busy share of ready time since sign-in', async (t) => {
  const f = new EngineFloor([queue('least-occupied')], three.slice(0, 2));
  f.ready('1001', '1002');
  t.equal(serve(f, 'c-1', 30), '1001');
  t.equal(serve(f, 'c-2', 10), '1002');
  // 1001 worked 30 of 30 s when it became idle, 1002 10 of 40.
  f.enqueue('c-3');
  t.match(f.of('callOffered').at(-1)?.why, {
    keys: ['occupancy', 'idleMs'],
    candidates: [
      { id: '1002', key: [0.25, 0] },
      { id: '1001', key: [1, 10_000] },
    ],
  });
  f.answer('1002');
  f.pass(40);
  f.finish('1002');
  f.notReady('1001', 'break');
  f.pass(600);
  f.ready('1001');
  f.enqueue('c-4');
  // 1001: 30 busy, 50 free, the break is neither; 1002: 50 busy of 80.
  t.match(f.of('callOffered').at(-1)?.why.candidates, [
    { id: '1001', key: [0.375, 650_000] },
    { id: '1002', key: [0.625] },
  ]);
});

t.test('round-robin: whose last offer is oldest, answered or not', async (t) => {
  const f = new EngineFloor([queue('round-robin')], three);
  f.ready('1001', '1002', '1003');
  t.same([serve(f, 'c-1'), serve(f, 'c-2')], ['1001', '1002']);
  f.enqueue('c-3');
  t.same(f.askedFor('c-3'), ['1003']);
  f.fail('1003', 'declined');
  t.same(f.askedFor('c-3'), ['1001']);
  f.answer('1001');
  f.pass(10);
  f.finish('1001');
  t.same([serve(f, 'c-4'), serve(f, 'c-5'), serve(f, 'c-6')], ['1002', '1003', '1001']);
  f.restart();
  t.equal(serve(f, 'c-7'), '1002', 'the turn outlives the controller');
});

t.test('random: drawn by the seed of the domain and the id of the call, evenly, the same again', async (t) => {
  const run = (seed: string): string[] => {
    const f = new EngineFloor([queue('random')], three, { seed });
    f.ready('1001', '1002', '1003');
    return Array.from({ length: 300 }, (_, i) => serve(f, `c-${i}`));
  };
  const first = run('main');
  t.same(run('main'), first);
  t.notSame(run('other'), first);
  for (const agent of ['1001', '1002', '1003']) {
    const share = first.filter((each) => each === agent).length;
    t.ok(share > 70 && share < 130, `${agent} ${share} of 300`);
  }
});

t.test('ring-all: all ring, the first who picks up wins, the others are called off without rona', async (t) => {
  const five = [...three, sampleAgent('1004'), sampleAgent('1005')];
  const f = new EngineFloor([queue('ring-all', { offersAtOnce: 3 })], five);
  f.ready('1001', '1002', '1003', '1004');
  f.enqueue('c-1');
  t.same(f.askedFor('c-1'), ['1001', '1002', '1003']);
  t.match(
    f.of('callOffered').map(({ why }) => [why.rule, why.considered]),
    [
      ['ring-all', 4],
      ['ring-all', 3],
      ['ring-all', 2],
    ],
  );
  const loser = f.offerOf('1001');
  f.pass(3);
  f.tell({ kind: 'offerPickedUp', offerId: f.offerOf('1002') });
  t.same(f.askedFor('c-1'), ['1002']);
  t.same(
    f.of('offerEnded').map(({ agentId, outcome, cause, ringMs }) => ({ agentId, outcome, cause, ringMs })),
    ['1001', '1003'].map((id) => ({ agentId: id, outcome: 'withdrawn', cause: 'calledOff', ringMs: 3_000 })),
  );
  t.equal(f.actions.filter((action) => action.kind === 'withdraw').length, 2);
  const stale = f.engine.staleIgnored;
  f.tell({ kind: 'offerPickedUp', offerId: loser });
  t.equal(f.engine.staleIgnored, stale + 1, 'picked up in the same moment: nobody waits for it');
  t.match(f.agent('1001'), { status: 'ready', state: 'idle', legOf: loser });
  f.tell({ kind: 'offerConnected', offerId: f.offerOf('1002') });
  t.equal(f.agent('1002').answered, 1);
  f.legGone(loser);
  f.enqueue('c-2');
  t.same(f.askedFor('c-2'), ['1001', '1004'], 'the phone of 1003 is not on the hook yet');
  f.ready('1005');
  t.same(f.askedFor('c-2'), ['1001', '1004', '1005'], 'joins a ring that is under way');
  f.pass(15);
  t.same(
    f
      .of('offerEnded')
      .slice(3)
      .map(({ agentId, cause }) => `${agentId} ${cause}`),
    ['1001 noAnswer', '1004 noAnswer', '1005 noAnswer'],
  );
  t.match([f.agent('1001'), f.agent('1005')], [{ reason: 'rona' }, { reason: 'rona' }]);
  t.same(f.askedFor('c-2'), ['1003'], 'the leg of 1003 was given up after 5 s, so it rings; nobody else is ready');
});

t.test(
  'ring-all: others who wait go before a second phone for a caller who is being rung for; busy phones make room',
  async (t) => {
    const f = new EngineFloor([queue('ring-all', { offersAtOnce: 2 })], three);
    f.ready('1001');
    f.enqueue('c-1');
    f.enqueue('c-2');
    f.ready('1002');
    t.same([f.askedFor('c-1'), f.askedFor('c-2')], [['1001'], ['1002']]);
    f.ready('1003');
    t.same(f.askedFor('c-1'), ['1001', '1003'], 'nobody waits without a phone ringing: the earlier one');
    f.fail('1001', 'busy');
    t.same(f.askedFor('c-1'), ['1003']);
    f.pass(10.001);
    t.same([f.askedFor('c-1'), f.askedFor('c-2')], [['1003', '1001'], ['1002']]);
    f.tell({ kind: 'leave', callId: asId('c-1'), exit: 'abandoned' });
    t.same(f.call('c-1'), undefined);
    t.match([f.agent('1001').state, f.agent('1003').state], ['idle', 'idle']);
    f.restart();
    f.pass(5);
    t.same(f.askedFor('c-2').length, 2, 'after a restart too, once a phone is on the hook');
  },
);

t.test('a limit of offers under way in the domain holds calls back, and lets them go in their order', async (t) => {
  const f = new EngineFloor([queue('longest-idle')], three, { offersAtOnce: 2 });
  f.ready('1001', '1002', '1003');
  for (const id of ['c-1', 'c-2', 'c-3', 'c-4']) {
    f.enqueue(id);
    f.pass(1);
  }
  t.same(
    ['c-1', 'c-2', 'c-3', 'c-4'].map((id) => f.askedFor(id)),
    [['1001'], ['1002'], [], []],
  );
  f.answer('1002');
  t.same(f.askedFor('c-3'), ['1003']);
  f.fail('1001', 'declined');
  t.same([f.askedFor('c-1'), f.askedFor('c-4')], [[], []], 'nobody is left');
  f.pass(5);
  t.same([f.askedFor('c-1'), f.askedFor('c-4')], [['1001'], []]);
});

t.test('a preferred agent is asked first, and waited for while the grace lasts', async (t) => {
  const f = new EngineFloor([queue('longest-idle', { preferredWaitMs: 10_000 })], three);
  f.ready('1001', '1002');
  f.enqueue('c-1', 'general', { preferred: agentId('1002') });
  t.match(f.of('callOffered')[0], {
    agentId: '1002',
    why: { rule: 'preferred-agent', candidates: [{ id: '1002' }], passedOver: [{ id: '1001', why: 'preferred-agent' }] },
  });
  f.answer('1002');
  f.enqueue('c-2', 'general', { preferred: agentId('1002') });
  t.same(f.askedFor('c-2'), [], '1001 is idle and is not asked');
  t.match(f.of('callWaitsForAgent'), [{ callId: 'c-2', agentId: '1002', because: 'preferred', untilMs: f.nowMs + 10_000 }]);
  f.pass(9);
  f.enqueue('c-3', 'general', { preferred: agentId('1002') });
  f.enqueue('c-4');
  t.same(f.askedFor('c-4'), ['1001'], 'others are not held up');
  f.finish('1002');
  t.same(f.askedFor('c-2'), ['1002']);
  t.match(f.of('callOffered').at(-1)?.why, { trigger: 'agentFreed', rule: 'preferred-agent', candidates: [{ id: 'c-2' }] });
  f.answer('1002');
  f.ready('1003');
  f.pass(9.999);
  t.same(f.askedFor('c-3'), []);
  f.pass(0.001);
  t.same(f.askedFor('c-3'), ['1003'], 'the grace is over: anybody');
  f.enqueue('c-5', 'general', { preferred: agentId('1002') });
  f.notReady('1002', 'break');
  t.equal(f.call('c-5')?.waitsFor, null, 'the agent goes on a break: nobody waits for that');
  f.enqueue('c-6', 'general', { preferred: agentId('nobody') });
  t.equal(f.call('c-6')?.waitsFor, null);
});

t.test('a preferred agent who lacks the skill, is not ready or does not answer is not waited for', async (t) => {
  const agents = [sampleAgent('1001'), sampleAgent('1002', { transport: 5 })];
  const f = new EngineFloor([queue('longest-idle', { preferredWaitMs: 60_000 })], agents);
  f.ready('1002');
  f.enqueue('c-1', 'general', { preferred: agentId('1002') });
  f.enqueue('c-2', 'general', { preferred: agentId('1001') });
  t.same([f.call('c-1')?.waitsFor, f.call('c-2')?.waitsFor], [null, null]);
  const g = new EngineFloor([queue('longest-idle', { preferredWaitMs: 60_000 })], three);
  g.ready('1001', '1002');
  g.enqueue('c-3', 'general', { preferred: agentId('1001') });
  g.fail('1001', 'declined');
  t.same(g.askedFor('c-3'), ['1002'], 'an offer that fails ends the wish');
});

t.test('the last agent of a caller: asked first, waited for, remembered over a restart, for as long as told', async (t) => {
  const f = new EngineFloor([queue('longest-idle', { lastAgent: { rememberMs: 3_600_000, waitMs: 20_000 } })], three);
  f.ready('1001');
  f.enqueue('c-1', 'general', { caller: '13800000001' });
  f.answer('1001');
  f.ready('1002');
  f.pass(1);
  f.finish('1001');
  f.restart();
  f.pass(60);
  f.enqueue('other', 'general', { caller: '13800000002' });
  t.same(f.askedFor('other'), ['1002'], 'idle longest');
  f.answer('1002');
  f.enqueue('c-2', 'general', { caller: '13800000001' });
  t.match(f.of('callOffered').at(-1), { agentId: '1001', why: { rule: 'last-agent' } });
  f.answer('1001');
  f.enqueue('c-3', 'general', { caller: '13800000001' });
  f.finish('1002');
  t.same(f.askedFor('c-3'), [], 'waits for 1001 though 1002 is idle');
  f.restart();
  t.same(f.askedFor('c-3'), []);
  f.pass(20);
  t.same(f.askedFor('c-3'), ['1002']);
  f.answer('1002');
  f.finish('1002');
  f.finish('1001');
  f.enqueue('c-4', 'general', { caller: '13800000001' });
  t.same(f.askedFor('c-4'), ['1002'], 'the latest one counts');
  f.answer('1002');
  f.finish('1002');
  f.pass(3_600.001);
  f.enqueue('c-5', 'general', { caller: '13800000001' });
  t.not(f.of('callOffered').at(-1)?.why.rule, 'last-agent', 'forgotten');
  t.notMatch(JSON.stringify([...f.engine.agents()]), '13800000001', 'numbers are not kept');
});

t.test('a caller past the guard goes before one who waits for this agent', async (t) => {
  const f = new EngineFloor(
    [queue('longest-idle', { preferredWaitMs: 60_000 }, { callers: { order: 'first-come', waitsAtMostMs: 30_000 } })],
    three.slice(0, 1),
  );
  f.ready('1001');
  f.enqueue('c-0');
  f.answer('1001');
  f.enqueue('c-1');
  f.pass(25);
  f.enqueue('c-2', 'general', { preferred: agentId('1001') });
  f.pass(10);
  f.finish('1001');
  t.match(f.of('callOffered').at(-1), { callId: 'c-1', why: { rule: 'wait-guard', passedOver: [{ id: 'c-2' }] } });
});

t.test('requirements: alternatives, what they leave out, and their text', async (t) => {
  const text = (expression: RequirementExpression): string =>
    requirementText(alternativesIn(expression).map((require) => ({ require, groups: [] })));
  t.equal(text({}), 'anyone');
  t.equal(text({ service: 1, english: 2 }), 'english>=2 service>=1');
  t.equal(
    text({ all: [{ service: 1 }, { any: [{ english: 2 }, { cantonese: 1 }] }] }),
    'cantonese>=1 service>=1 | english>=2 service>=1',
  );
  t.equal(text({ any: [{ cantonese: 1 }, { english: 2 }], service: 1 }), 'cantonese>=1 service>=1 | english>=2 service>=1');
  t.equal(
    text({ any: [{ english: 2 }, { english: 4, service: 1 }, { english: 2 }] }),
    'english>=2',
    'what is stricter is left out',
  );
  t.equal(text({ any: [{ english: 2 }, {}] }), 'anyone');
  t.equal(text({ any: [] }), 'nobody');
  t.equal(text({ service: 1, all: [{ service: 3 }] }), 'service>=3', 'the higher level of the two');
  const wide = { all: Array.from({ length: 6 }, (_, i) => ({ any: [{ [`a${i}`]: 1 }, { [`b${i}`]: 1 }] })) };
  t.equal(isTooWide(wide), true);
  t.equal(alternativesIn(wide).length, 32, 'never without bound');
});

t.test('a call is served by whoever meets one of its alternatives', async (t) => {
  const agents = [
    sampleAgent('1001', { service: 3, english: 1 }),
    sampleAgent('1002', { service: 3, cantonese: 1 }),
    sampleAgent('1003', { service: 3, english: 2 }),
  ];
  const f = new EngineFloor([queue('longest-idle')], agents);
  const skills = { any: [{ english: 2 }, { cantonese: 1 }] };
  f.ready('1001');
  f.enqueue('c-1', 'general', { skills });
  f.enqueue('c-2', 'general', { skills });
  t.same([f.askedFor('c-1'), f.askedFor('c-2')], [[], []]);
  t.equal(f.of('callQueued')[0]?.requirement, 'cantonese>=1 service>=1 | english>=2 service>=1');
  f.ready('1002');
  f.ready('1003');
  t.same([f.askedFor('c-1'), f.askedFor('c-2')], [['1002'], ['1003']]);
});

t.test('relaxation: lower a level, drop a skill, let a group in, each at its time', async (t) => {
  const agents = [
    sampleAgent('1001', { service: 3, english: 3 }),
    sampleAgent('1002', { service: 3, english: 1 }),
    sampleAgent('1003', { service: 3 }),
    sampleAgent('1004', {}, { groups: ['back-office'] }),
  ];
  const relax = [
    { afterMs: 10_000, require: {}, groups: [], lower: { english: 1 } },
    { afterMs: 20_000, require: {}, groups: [], drop: ['english'] },
    { afterMs: 30_000, require: {}, groups: ['back-office'], drop: [] },
  ];
  const f = new EngineFloor([queue('best-skill', {}, { relax })], agents);
  f.ready('1002', '1003', '1004');
  const skills = { english: 2 };
  f.enqueue('c-1', 'general', { skills });
  f.enqueue('c-2', 'general', { skills });
  f.enqueue('c-3', 'general', { skills });
  f.pass(9.999);
  t.same(f.of('callOffered'), []);
  f.pass(0.001);
  t.same(f.askedFor('c-1'), ['1002']);
  f.answer('1002');
  f.pass(10);
  t.same([f.askedFor('c-2'), f.askedFor('c-3')], [['1003'], []]);
  f.answer('1003');
  f.pass(10);
  t.same(f.askedFor('c-3'), ['1004']);
  t.same(
    f
      .of('callReprioritised')
      .filter(({ callId }) => callId === 'c-3')
      .map(({ requirement }) => requirement),
    ['english>=1 service>=1', 'service>=1', 'service>=1 | in back-office'],
  );
});
