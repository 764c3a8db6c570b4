import t from 'tap';
import type { FactOf } from '../../src/base/facts.js';
import {
  ASK,
  ASK_CALLER_FIRST,
  CallbackHouse,
  CUSTOMER_HZ,
  OUTSIDE,
  SAID,
  TRANSFER,
  TRANSFERRED,
  WAIT,
} from '../support/callback-house.js';
import { agentHz, HZ } from '../support/house-site.js';
import { type PhoneCall, until } from '../support/phone/phone.js';

/** Callback in line on a real Asterisk: the trunk leads to a measuring phone that plays the customer who is called back. */

const house = await CallbackHouse.open(t);

/** The next call that the trunk delivers to the customer, counted from now. */
function calledBack(withinMs = 15_000): Promise<PhoneCall> {
  const count = house.customer.calls.length;
  return until('the customer to be called', () => house.customer.calls[count], {
    withinMs,
    describe: () => house.hotline.child.tail(12),
  });
}
const nextOn = (name: string, withinMs = 15_000): Promise<PhoneCall> => {
  const phone = house.agent(name);
  const count = phone.calls.length;
  return until(`a call on ${name}`, () => phone.calls[count], { withinMs, describe: () => house.hotline.child.tail(12) });
};
const talk = (customer: PhoneCall, agent: PhoneCall, name: string): Promise<unknown> =>
  until(
    'customer and agent to hear each other',
    () => customer.heard({ hz: agentHz(name) }).frames > 10 && agent.heard({ hz: CUSTOMER_HZ }).frames > 10,
    { withinMs: 8_000, describe: () => `\n${customer.describe()}\n${agent.describe()}\n${house.hotline.child.tail(10)}` },
  );
const putAway = (): Promise<unknown> =>
  until('an empty switch', async () => (await house.onSwitch()).length === 0, { withinMs: 15_000, everyMs: 100 });

t.test('a flow takes a caller to a person outside: music while it rings, both talk, the flow goes on afterwards', async (t) => {
  const outcome = async (call: PhoneCall): Promise<FactOf<'callTransferred'>> => {
    const { callId } = await house.fact('callArrived', ({ ani }) => ani === call.from);
    return house.fact('callTransferred', (fact) => fact.callId === callId);
  };
  house.customer.behave({ ringAfterMs: 0, answerAfterMs: 1_500 });
  const coming = calledBack();
  const caller = await house.call(TRANSFER, '13700000001');
  await caller.waitForTone(HZ.music, { withinMs: 5_000 });
  const outside = await coming;
  t.same([outside.to, outside.from], [OUTSIDE, '95588']);
  await until(
    'both to hear each other',
    () => caller.heard({ hz: CUSTOMER_HZ }).frames > 10 && outside.heard({ hz: HZ.caller }).frames > 10,
    {
      withinMs: 8_000,
      describe: () => `${caller.describe()}\n${house.hotline.child.tail(10)}`,
    },
  );
  outside.hangUp();
  await caller.waitForTone(TRANSFERRED.after, { withinMs: 5_000 });
  t.match(await outcome(caller), { number: OUTSIDE, result: 'talked' });

  house.customer.behave({ respond: 486 });
  const refused = await house.call(TRANSFER, '13700000002');
  await refused.waitForTone(TRANSFERRED.vain, { withinMs: 8_000 });
  t.match(await outcome(refused), { result: 'busy', talkMs: 0 });

  house.customer.behave({ ringAfterMs: 0, answerAfterMs: null });
  const ringing = calledBack();
  const leaver = await house.call(TRANSFER, '13700000003');
  const phone = await ringing;
  leaver.hangUp();
  await until('the phone outside to stop ringing', () => phone.isOver, { withinMs: 5_000 });
  t.match(await outcome(leaver), { result: 'callerLeft' });
  await putAway();
});

t.afterEach(async () => {
  house.customer.behave({});
  house.customer.hangUp();
  for (const phone of house.agents.values()) phone.hangUp();
  await house.signOut('1001', '1005');
});

t.test(
  'agent first: the agent hears that it is a callback, then the customer is rung; both talk, recorded, counted once',
  async (t) => {
    const before = await house.get<{ queue: { today: Record<string, number> } }>('/api/v1/queues/general');
    const { callbackId, callId } = await house.ask(ASK, '13900001111');
    const { callbacks } = await house.get<{ callbacks: unknown[] }>('/api/v1/callbacks');
    t.match(callbacks, [{ callbackId, callId, number: '***1111', attempts: 0, outcome: null }]);
    house.customer.behave({ ringAfterMs: 0, answerAfterMs: 2_500 });
    const coming = nextOn('1001');
    const customerComing = calledBack();
    await house.ready('1001');
    const agent = await coming;
    t.equal(agent.from, '13900001111');
    t.match(agent.fromName, /callback/i, 'the agent sees what it is');
    await agent.answered(5_000);
    await agent.waitForTone(SAID.next, { withinMs: 5_000 });
    const customer = await customerComing;
    t.equal(customer.to, '13900001111', 'the trunk is given the number');
    t.equal(customer.from, '95588', 'the customer sees ours');
    await talk(customer, agent, '1001');
    t.equal(customer.heard({ hz: SAID.greeting }).frames, 0, 'straight to the agent');
    await until('a second of talk', () => agent.heard({ hz: CUSTOMER_HZ }).seconds > 1, { withinMs: 5_000 });
    customer.hangUp();
    await agent.ended(5_000);
    t.match(await house.fact('callbackEnded', (fact) => fact.callId === callbackId), { outcome: 'reached', agentId: '1001' });
    t.match(await house.fact('recordingEnded', (fact) => fact.callId === callbackId), { complete: true });
    t.match(await house.fact('callEnded', (fact) => fact.callId === callbackId), { outcome: 'answered' });
    t.match(await house.fact('callEnded', (fact) => fact.callId === callId), { outcome: 'calledBack' });
    const { queue } = await house.get<{ queue: { today: Record<string, number> } }>('/api/v1/queues/general');
    const more = (key: string): number => (queue.today[key] ?? 0) - (before.queue.today[key] ?? 0);
    t.same(
      { offered: more('offered'), calledBack: more('calledBack'), answered: more('answered') },
      { offered: 1, calledBack: 1, answered: 0 },
    );
    await putAway();
  },
);

t.test('the customer is busy, then does not pick up: the agent is free at once, and it is given up', async (t) => {
  house.customer.behave({ respond: 486 });
  const { callbackId } = await house.ask(ASK, '13900002222');
  const coming = nextOn('1001');
  await house.ready('1001');
  const agent = await coming;
  await agent.ended(8_000);
  t.match(await house.fact('callbackAttempted', (fact) => fact.callId === callbackId), { attempt: 1, result: 'busy' });
  const { agent: after } = await house.get<{ agent: object }>('/api/v1/agents/1001');
  t.match(after, { status: 'ready', ronaToday: 0 }, 'without blame');
  house.customer.behave({ ringAfterMs: 0, answerAfterMs: null });
  const again = nextOn('1001');
  const rung = await calledBack();
  await (await again).ended(15_000);
  await until('the customer’s phone to stop ringing', () => rung.isOver, { withinMs: 5_000 });
  t.match(await house.fact('callbackEnded', (fact) => fact.callId === callbackId), { outcome: 'gaveUp', attempts: 2 });
  t.match(await house.fact('callEnded', (fact) => fact.callId === callbackId), { outcome: 'notReached' });
  await putAway();
});

t.test('caller first: rung when the turn is near, hears the greeting and the music, and has the kept place', async (t) => {
  const { callbackId } = await house.ask(ASK_CALLER_FIRST, '13900003333');
  house.agent('1005').behave({ ringAfterMs: 0, answerAfterMs: 2_000 });
  const customerComing = calledBack();
  await house.ready('1005');
  const customer = await customerComing;
  t.equal(house.agent('1005').call, null, 'no agent is taken before the customer is there');
  const agent = await nextOn('1005');
  await customer.waitForTone(SAID.greeting, { withinMs: 5_000 });
  await talk(customer, agent, '1005');
  agent.hangUp();
  await customer.ended(5_000);
  t.match(await house.fact('callbackEnded', (fact) => fact.callId === callbackId), { outcome: 'reached', attempts: 1 });
  house.agent('1005').behave({});
  await putAway();
});

t.test('calling in by himself the customer takes the kept place, and is not called any more', async (t) => {
  const { callbackId } = await house.ask(ASK, '13900004444');
  const twice = await house.call(ASK, '+8613900004444');
  await twice.waitForTone(SAID.confirm, { withinMs: 5_000 });
  await twice.press('1', { by: 'rtp' });
  await twice.waitForTone(SAID.exists, { withinMs: 5_000 });
  twice.hangUp();
  const other = await house.call(WAIT, '13900005555');
  await other.waitForTone(HZ.music, { withinMs: 5_000 });
  const live = await house.call(WAIT, '13900004444', CUSTOMER_HZ);
  t.match(await house.fact('callbackEnded', (fact) => fact.callId === callbackId), { outcome: 'merged' });
  const calls = house.customer.calls.length;
  const coming = nextOn('1001');
  await house.ready('1001');
  await talk(live, await coming, '1001');
  t.equal(other.heard({ hz: agentHz('1001') }).frames, 0, 'who came later waits');
  other.hangUp();
  live.hangUp();
  t.equal(house.customer.calls.length, calls, 'the trunk was not used');
  await putAway();
});

t.test('numbers that the site does not allow, and a promise that is taken back', async (t) => {
  for (const from of ['13999990000', '0012025550100', 'anonymous']) {
    const call = await house.call(ASK, from);
    await call.waitForTone(SAID.confirm, { withinMs: 5_000 });
    await call.press('1', { by: 'rtp' });
    await call.waitForTone(SAID.refused, { withinMs: 5_000 });
    call.hangUp();
  }
  const { callbackId } = await house.ask(ASK, '13900006666');
  await house.post(`/api/v1/callbacks/${callbackId}/cancel`, {});
  t.match(await house.fact('callbackEnded', (fact) => fact.callId === callbackId), { outcome: 'cancelled' });
  await putAway();
});

t.test('hotline dies while the customer’s phone rings; the next one connects him', async (t) => {
  const { callbackId } = await house.ask(ASK, '13900007777');
  house.customer.behave({ ringAfterMs: 0, answerAfterMs: null });
  const coming = nextOn('1001');
  const customerComing = calledBack();
  await house.ready('1001');
  const agent = await coming;
  const customer = await customerComing;
  await customer.ringing(5_000);
  await house.hotline.kill();
  await house.hotline.start();
  void customer.answer();
  await talk(customer, agent, '1001');
  t.match(await house.fact('callbackEnded', (fact) => fact.callId === callbackId), { outcome: 'reached', attempts: 1 });
  customer.hangUp();
  await agent.ended(5_000);
  await putAway();
});
