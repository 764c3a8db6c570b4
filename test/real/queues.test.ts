import t from 'tap';
import { House, HZ, until } from '../support/house.js';
import { agentHz, DESK } from '../support/house-site.js';
import type { PhoneCall } from '../support/phone/phone.js';

/** What a caller notices of a queue's rules, on a real Asterisk: the exit key, what is told, overflow, a kept place, a supervisor. */

const house = await House.open(t);
const scene = house.scenes(t);

const talking = (caller: PhoneCall, agent: PhoneCall): Promise<unknown> =>
  until(
    `${caller.from} and ${agent.home.name} to hear each other`,
    () => caller.heard({ hz: agentHz(agent.home.name) }).frames > 10 && agent.heard({ hz: HZ.caller }).frames > 10,
    { withinMs: 8_000, describe: () => `\n${caller.describe()}\n${agent.describe()}` },
  );

scene('place and estimated wait are told; the exit key leads where the flow says, by RFC 4733 and by INFO', async (t) => {
  await house.ready('1005');
  const ringing = house.nextCall('1005');
  const first = await house.call(DESK);
  await talking(first, await ringing);
  const [second, third] = [await house.call(DESK), await house.call(DESK)];
  await second.waitForTone(HZ.music, { withinMs: 3_000 });
  await second.waitForTone(HZ.position, { withinMs: 6_000 });
  await second.waitForTone(HZ.minutes, { withinMs: 6_000 });
  await second.press('5', { by: 'rtp' });
  await second.press('*', { by: 'rtp' });
  await third.press('*', { by: 'info' });
  for (const call of [second, third]) await call.waitForTone(HZ.left, { withinMs: 4_000 });
  for (const call of [second, third]) {
    t.match(await house.fact(call, 'callLeftQueue'), { queueId: 'desk', exit: 'exitedByKey' });
    t.match(await house.fact(call, 'callEnded'), { outcome: 'exitedByKey', endedBy: 'system' });
  }
  first.hangUp();
});

scene('nobody at the desk: after 12 s an agent of another queue takes the caller; a supervisor assigns another', async (t) => {
  const [caller, assigned] = [await house.call(DESK), await house.call(DESK)];
  await house.ready('1002', '1001');
  const own = house.nextCall('1001');
  const callId = await house.callId(assigned);
  await house.post(`/api/v1/calls/${callId}/assign`, { agentId: '1001' });
  await talking(assigned, await own);
  t.match(await house.fact(assigned, 'callAnswered'), { agentId: '1001', queueId: 'desk' });
  const other = await house.nextCall('1002', 20_000);
  await talking(caller, other);
  t.match(await house.fact(caller, 'callOverflowed'), { queueId: 'desk', to: 'queue general', rule: 'wait' });
  const answered = await house.fact(caller, 'callAnswered');
  t.equal(answered.queueId, 'general');
  t.ok(answered.waitMs < 3_000, `the wait in this queue alone: ${answered.waitMs} ms`);
  const { text } = await house.get<{ text: string }>(`/api/v1/calls/${answered.callId}/explanation?lang=en`);
  t.match(text, /overflow.*general|general.*overflow/is, 'and it is explained');
});

scene('who drops and redials has the place back; the list of abandoned calls shows the return', async (t) => {
  const number = house.number();
  const dropped = await house.call(DESK, { from: number });
  const callId = await house.callId(dropped);
  await house.fact(dropped, 'callQueued');
  const stays = await house.call(DESK);
  await house.fact(stays, 'callQueued');
  dropped.hangUp();
  await until('the end of the dropped call', async () => (await house.of('callEnded')).some((fact) => fact.callId === callId));
  const back = await house.call(DESK, { from: number });
  await until('the kept place', async () => (await house.of('placeRestored')).some((fact) => fact.previousCallId === callId));
  const ringing = house.nextCall('1005');
  await house.ready('1005');
  await talking(back, await ringing);
  t.equal(stays.heard({ hz: agentHz('1005') }).frames, 0, 'who stayed on the line still waits');
  const { calls } = await house.get<{ calls: { callId: string; ani: string; back: { answered: boolean } | null }[] }>(
    '/api/v1/abandoned-calls',
  );
  const row = calls.find((each) => each.callId === callId);
  t.match(row, { back: { answered: true } });
  t.match(row?.ani, /^\*\*\*\d{4}$/);
});
