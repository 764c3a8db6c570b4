import t from 'tap';
import { type AgentId, asId } from '../../src/base/ids.js';
import { DomainWorld } from '../support/domain-world.js';
import { sampleAgent, sampleQueue } from '../support/sample-site.js';

/** Choosing through the whole house in virtual time: what phones and callers notice of it. */

const agents = [sampleAgent('1001'), sampleAgent('1002'), sampleAgent('1003')];

t.test(
  'ring-all: all phones ring; of two that are picked up in one moment one gets the caller, the other is hung up',
  async (t) => {
    const ringAll = sampleQueue('general', { agents: { choose: 'ring-all', ringMs: 15_000, wrapUpMs: 0, offersAtOnce: 3 } });
    const w = new DomainWorld([ringAll], agents);
    await w.start();
    w.switch.phone('sip:1001', { afterMs: 2_000, talkMs: null });
    w.switch.phone('sip:1002', { afterMs: 2_000, talkMs: null });
    w.switch.phone('sip:1003', { afterMs: 0, silent: true, talkMs: null });
    await w.ready('1001', '1002', '1003');
    const caller = w.call();
    await w.pass(1_000);
    t.same(
      ['1001', '1002', '1003'].map((id) => w.agent(id).state),
      ['ringing', 'ringing', 'ringing'],
    );
    await w.pass(1_500);
    t.equal(caller.hears().kind, 'agent');
    const [answered, ...more] = w.of('callAnswered');
    t.same(more, []);
    const states = ['1001', '1002', '1003'].map((id) => w.agent(id).state).sort();
    t.same(states, ['idle', 'idle', 'talking']);
    t.ok(
      ['1001', '1002', '1003'].every((id) => w.agent(id).status === 'ready'),
      'no rona',
    );
    t.same(
      w
        .of('offerEnded')
        .map(({ cause }) => cause)
        .sort(),
      ['answered', 'calledOff', 'calledOff'],
    );
    t.equal([...w.switch.legs.values()].length, 2, 'the caller and one agent');
    await w.pass(5_000);
    t.equal(w.agent(answered?.agentId as string).state, 'talking');
    caller.hangUp();
    await w.pass(20_000);
    t.same(w.leftOvers(), []);
  },
);

t.test('ring-all outlives the controller: the one who picked up while it was gone gets the caller', async (t) => {
  const ringAll = sampleQueue('general', { agents: { choose: 'ring-all', ringMs: 15_000, wrapUpMs: 0, offersAtOnce: 3 } });
  const w = new DomainWorld([ringAll], agents);
  await w.start();
  w.switch.phone('sip:1001', { afterMs: 0, silent: true, talkMs: null });
  w.switch.phone('sip:1002', { afterMs: 3_000, talkMs: null });
  await w.ready('1001', '1002');
  const caller = w.call();
  await w.pass(1_000);
  t.same([w.agent('1001').state, w.agent('1002').state], ['ringing', 'ringing']);
  w.kill();
  await w.pass(3_500);
  await w.start('node-1');
  await w.pass(500);
  t.equal(caller.hears().kind, 'agent');
  t.same([w.agent('1001').state, w.agent('1002').state], ['idle', 'talking']);
  caller.hangUp();
  await w.pass(20_000);
  t.same(w.leftOvers(), []);
});

t.test('a caller who calls again is given to the agent of the first time, and waits for that agent', async (t) => {
  const queue = sampleQueue('general', {
    agents: { choose: 'longest-idle', ringMs: 15_000, wrapUpMs: 0, lastAgent: { rememberMs: 3_600_000, waitMs: 20_000 } },
  });
  const w = new DomainWorld([queue], agents);
  await w.start();
  for (const id of ['1001', '1002']) w.switch.phone(`sip:${id}`, { afterMs: 100, talkMs: null });
  await w.ready('1001', '1002');
  const first = w.call('13911110001');
  await w.pass(300);
  first.hangUp();
  await w.pass(300);
  t.equal(w.of('callAnswered')[0]?.agentId, '1001');
  const other = w.call('13911110002');
  await w.pass(300);
  t.equal(w.of('callAnswered')[1]?.agentId, '1002', 'idle longer');
  const again = w.call('13911110001');
  await w.pass(300);
  t.equal(w.of('callAnswered')[2]?.agentId, '1001');
  t.equal(w.of('callOffered')[2]?.why.rule, 'last-agent');
  const third = w.call('13911110001');
  other.hangUp();
  await w.pass(5_000);
  t.equal(third.hears().kind, 'music', '1002 is idle');
  t.match(w.of('callWaitsForAgent'), [{ agentId: '1001', because: 'lastAgent' }]);
  again.hangUp();
  await w.pass(500);
  t.equal(third.hears().kind, 'agent');
  t.equal(w.of('callAnswered')[3]?.agentId, '1001');
  third.hangUp();
  await w.pass(1_000);
  t.same(w.leftOvers(), []);
});

t.test('a supervisor gives a waiting caller to an agent, over the skills, and changes another', async (t) => {
  const w = new DomainWorld([sampleQueue('general')], [sampleAgent('1001'), sampleAgent('lead', { transport: 1 })]);
  await w.start();
  for (const id of ['1001', 'lead']) w.switch.phone(`sip:${id}`, { afterMs: 100, talkMs: null });
  const caller = w.call();
  const other = w.call('13911110002');
  const third = w.call('13911110003');
  await w.pass(1_000);
  await w.ready('lead');
  t.equal(caller.hears().kind, 'music');
  const agentId = asId<AgentId>('lead');
  t.equal(await w.domain.submit({ kind: 'assign', callId: w.callIdOf(caller), agentId, by: 'lead' }), null);
  t.equal(await w.domain.submit({ kind: 'reprioritise', callId: w.callIdOf(third), lane: 'vip', by: 'lead' }), null);
  t.match(await w.domain.submit({ kind: 'assign', callId: asId('no-call'), agentId, by: 'lead' }), { id: 'no-such-call' });
  await w.pass(500);
  t.equal(caller.hears().kind, 'agent');
  t.equal(w.of('callOffered')[0]?.why.rule, 'assigned');
  await w.ready('1001');
  await w.pass(500);
  t.same([third.hears().kind, other.hears().kind], ['agent', 'music']);
  for (const each of [caller, other, third]) each.hangUp();
  await w.pass(30_000);
  t.same(w.leftOvers(), []);
});
