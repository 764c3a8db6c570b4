import t from 'tap';
import { House, HZ, until } from '../support/house.js';
import { agentHz, MENU, STRAIGHT } from '../support/house-site.js';
import { longestSilenceMs, untilTalking } from '../support/house-sound.js';

/** Every way a call can end early, on a real Asterisk: either side, in any phase, and phones that do not want to. */

const house = await House.open(t);
const scene = house.scenes(t);

scene('callers hang up in the menu, waiting, while it rings, and talking', async (t) => {
  const inMenu = await house.call(MENU);
  await inMenu.waitForTone(HZ.menu, { withinMs: 3_000 });
  inMenu.hangUp();
  const waiting = await house.call(STRAIGHT);
  await waiting.waitForTone(HZ.music, { withinMs: 3_000 });
  waiting.hangUp();
  t.match(await house.fact(inMenu, 'callEnded'), { outcome: 'abandonedInFlow', endedBy: 'caller' });
  t.match(await house.fact(waiting, 'callEnded'), { outcome: 'abandonedInQueue', endedBy: 'caller' });
  house.behave({ '1001': { answerAfterMs: null } });
  await house.ready('1001');
  const rings = house.nextCall('1001');
  const whileRinging = await house.call(STRAIGHT);
  const rung = await rings;
  await rung.ringing();
  whileRinging.hangUp();
  await rung.ended(2_000);
  t.equal(rung.status, 487, 'the phone stops ringing');
  t.match(await house.fact(whileRinging, 'offerEnded'), { outcome: 'withdrawn', cause: 'callerLeft' });
  t.match(await house.untilAgent('1001', { state: 'idle' }), { status: 'ready' }, 'the agent is free at once, and not to blame');
  house.behave({ '1001': {} });
  const coming = house.nextCall('1001');
  const talking = await house.call(STRAIGHT);
  const agent = await coming;
  await untilTalking(talking, agent);
  talking.hangUp();
  await agent.ended(2_000);
  t.match(await house.fact(talking, 'callEnded'), { outcome: 'answered', endedBy: 'caller' });
  t.match(await house.agent('1001'), { state: 'wrapUp' });
});

scene('a caller who leaves before the call is picked up, and by SIPp, six at once, while they wait', async (t) => {
  const before = (await house.of('callEnded')).length;
  const hasty = await house.dial(MENU);
  hasty.hangUp();
  await hasty.ended(3_000);
  const numbers = Array.from({ length: 6 }, (_, i) => `1391114000${i}`);
  const sipp = await house.sipp({
    scenario: 'caller-stays',
    service: STRAIGHT,
    callers: numbers,
    ratePerSecond: 20,
    pauses: { stayMs: 1_000 },
  });
  t.match(await sipp.done, { successful: 6, failed: 0, errors: '' });
  await until('six ends', async () => (await house.of('callEnded')).length >= before + 6);
  const left = (await house.of('callLeftQueue')).slice(-6);
  t.match(left, Array(6).fill({ exit: 'abandoned' }));
});

scene('the caller hangs up within 30 ms of the agent’s answer', async (t) => {
  const agents = ['1001', '1002', '1003', '1004'];
  const ANSWER_MS = 150;
  house.behave(Object.fromEntries(agents.map((name) => [name, { answerAfterMs: ANSWER_MS }])));
  await house.ready(...agents);
  const outcomes: string[] = [];
  for (const offsetMs of [-30, -20, -10, -5, 0, 3, 6, 10, 20, 30]) {
    const coming = house.nextCallAnywhere();
    const caller = await house.call(STRAIGHT);
    const agent = await coming;
    const hangUpAt = agent.invitedAt + ANSWER_MS + offsetMs;
    await until('the moment', () => performance.now() >= hangUpAt, { everyMs: 1 });
    caller.hangUp();
    await agent.ended(3_000);
    const { outcome } = await house.fact(caller, 'callEnded');
    outcomes.push(`${offsetMs} ms: ${outcome}`);
    t.ok(outcome === 'answered' || outcome === 'abandonedInQueue', `${offsetMs} ms: ${outcome}, the agent's phone is free again`);
  }
  t.comment(outcomes.join(', '));
  await Promise.all(agents.map((name) => house.untilAgent(name, { state: 'idle', status: 'ready' })));
});

scene('phones that are busy, decline, are not to be had, or do not react: the caller goes on to the next', async (t) => {
  house.behave({
    '1001': { respond: 486 },
    '1002': { respond: 603 },
    '1003': { respond: 503 },
    '1004': { silent: true },
  });
  await house.ready('1001', '1002', '1003', '1004');
  const caller = await house.call(STRAIGHT);
  const callId = await house.callId(caller);
  const offers = async () => (await house.of('offerEnded')).filter((fact) => fact.callId === callId);
  const tried = async () =>
    new Map((await offers()).map(({ agentId, outcome, cause }) => [agentId as string, { outcome, cause }]));
  await until('each phone to be tried', async () => (await tried()).size === 4, { withinMs: 15_000, everyMs: 30 });
  t.same(Object.fromEntries(await tried()), {
    '1001': { outcome: 'failed', cause: 'busy' },
    '1002': { outcome: 'declined', cause: 'declined' },
    '1003': { outcome: 'failed', cause: 'unreachable' },
    '1004': { outcome: 'noAnswer', cause: 'noAnswer' },
  });
  house.behave({ '1001': {}, '1002': {}, '1003': {}, '1004': {} });
  const agent = await until(
    'an agent who answers',
    () => [...house.phones.values()].map((phone) => phone.call).find((call) => call?.state === 'up'),
    { withinMs: 12_000 },
  );
  await untilTalking(caller, agent);
  t.equal((await house.of('callQueued')).filter((fact) => fact.callId === callId).length, 1, 'the place was kept');
  t.ok(longestSilenceMs(caller) < 3_000, `never 3 s of nothing, longest ${longestSilenceMs(caller)} ms`);
});

scene('a phone that is busy again and again takes its agent out; the caller waits on', async (t) => {
  await house.ready('1001');
  const phone = house.phone('1001');
  house.behave({ '1001': { respond: 486 } });
  const caller = await house.call(STRAIGHT);
  await house.untilAgent('1001', { status: 'notReady', reason: 'phoneFailed' }, 12_000);
  const failures = (await house.of('offerEnded')).slice(-3);
  t.match(failures, Array(3).fill({ agentId: '1001', cause: 'busy' }));
  t.ok(phone.calls.length >= 3);
  t.equal(caller.heard({ hz: HZ.music }).frames > 0, true, 'the caller waits on');
  caller.hangUp();
});

scene('the agent drops the call in the moment of the answer, and in the middle of the talk', async (t) => {
  house.behave({ '1001': { answerAfterMs: 100, hangUpAfterMs: 0 } });
  await house.ready('1001');
  const coming = house.nextCall('1001');
  const caller = await house.call(STRAIGHT);
  await (await coming).ended(5_000);
  house.behave({ '1001': {} });
  const { outcome } = await house.fact(caller, 'offerEnded');
  t.comment(`the offer that was dropped at once ended as ${outcome}`);
  // Whichever was quicker: a talk of no length, after which the flow goes on, or no talk, and the caller is offered again.
  const next = outcome === 'accepted' ? HZ.goodbye : agentHz('1001');
  await caller.waitForTone(next, { withinMs: 8_000 });
  caller.hangUp();
  await house.untilAgent('1001', { state: 'idle', status: 'ready' });
  const comingAgain = house.nextCall('1001');
  const second = await house.call(STRAIGHT);
  const agent = await comingAgain;
  await untilTalking(second, agent);
  agent.hangUp();
  await second.waitForTone(HZ.goodbye, { withinMs: 3_000 });
  await second.ended(5_000);
  t.equal(second.endedBy, 'them');
  t.match(await house.fact(second, 'callEnded'), { outcome: 'answered', endedBy: 'system' });
});

scene('both hang up in the same moment', async (t) => {
  await house.ready('1001');
  for (let i = 0; i < 3; i++) {
    await house.untilAgent('1001', { state: 'idle', status: 'ready' });
    const coming = house.nextCall('1001');
    const caller = await house.call(STRAIGHT);
    const agent = await coming;
    await untilTalking(caller, agent);
    caller.hangUp();
    agent.hangUp();
    await Promise.all([caller.ended(3_000), agent.ended(3_000)]);
    t.match(await house.fact(caller, 'callEnded'), { outcome: 'answered' });
  }
});

scene('an agent signs out while the phone rings, and while talking', async (t) => {
  house.behave({ '1001': { answerAfterMs: null } });
  await house.ready('1001');
  const rings = house.nextCall('1001');
  const caller = await house.call(STRAIGHT);
  const rung = await rings;
  await rung.ringing();
  await house.post('/api/v1/agents/1001/sign-out', {});
  await rung.ended(2_000);
  const coming = house.nextCall('1002');
  await house.ready('1002');
  const agent = await coming;
  await untilTalking(caller, agent);
  await house.post('/api/v1/agents/1002/status', { status: 'notReady', reason: 'break' });
  t.match(await house.agent('1002'), { status: 'notReady', state: 'talking' }, 'a break begins after the call');
  caller.hangUp();
  await house.untilAgent('1002', { status: 'notReady', reason: 'break', state: 'idle' });
});
