import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Fact } from '../../src/base/facts.js';
import { KIND_NAMES } from '../../src/flow/nodes/kinds.js';
import { parseFlow } from '../../src/flow/parse-flow.js';
import { openFlowHouse, SIGNING_KEY, tonesHeard, tonesOf } from '../support/flow-house.js';
import { agentHz, HZ, VIP_NUMBER } from '../support/house-site.js';
import { untilTalking } from '../support/house-sound.js';
import { type PhoneCall, until } from '../support/phone/phone.js';
import { startStubBank } from '../support/stub-bank.js';
import { toneIn } from '../support/tone.js';

/** Every kind of node is walked by a real call on a real Asterisk, and heard, dialled, recorded, sent or told as it should be. The last test counts. */

const TOUR = '95701';
const HELP = '95702';
const AGENTS = '95703';
const BOX = '95705';
const LATER = '95706';
const BY_SIPP = '95708';
const PERSON_OUTSIDE = '13911112222';
/** What is heard in the flows, each by a tone of its own. */
const HEARD = {
  ask: 500,
  menu: 600,
  card: 750,
  pin: 850,
  due: 950,
  by: 1050,
  done: 1150,
  vip: 1250,
  failed: 1300,
  closed: 1350,
  sub: 1400,
  rate: 1450,
  outage: 400,
  weather: 450,
  evacuation: 550,
} as const;
const AMOUNT = { kind: 'amount', currency: 'CNY' } as const;
const DAY = { kind: 'date' } as const;
const DUE = 1280.5;
const PAY_BY = '2000-12-05';

const tones = (...names: Array<keyof typeof HEARD>): object =>
  Object.fromEntries(names.map((name) => [name, { zh: String(HEARD[name]), en: String(HEARD[name]) }]));
const leave = { kept: { hangup: true }, bye: { play: 'goodbye', hangup: true } };

/** Hours, language, identification, digits, a look-up, values, a message, variables, another flow, and goodbye. */
const tour = {
  start: 'open',
  prompts: tones('ask', 'menu', 'card', 'pin', 'due', 'by', 'done', 'vip', 'failed', 'closed'),
  nodes: {
    open: { hours: { calendar: 'service' }, open: 'language', closed: 'closed' },
    closed: { play: 'closed', hangup: true },
    language: {
      language: { ask: 'ask', keys: { '1': 'zh', '2': 'en' }, firstDigit: '2s', otherwise: 'zh' },
      next: 'identify',
    },
    identify: { identify: { by: 'ani' }, next: 'tier', unknown: 'menu' },
    tier: { branch: [{ when: 'caller.tier == "vip"', next: 'vip' }, { next: 'menu' }] },
    vip: { play: 'vip', next: 'menu' },
    menu: { menu: { prompt: 'menu', firstDigit: '4s', tries: 1 }, keys: { '1': 'card', '2': 'help' }, failed: 'failed' },
    card: {
      collect: { into: 'card', prompt: 'card', min: 4, max: 4, end: '#', tries: 1, firstDigit: '3s' },
      next: 'pin',
      failed: 'failed',
    },
    pin: {
      collect: { into: 'pin', prompt: 'pin', min: 6, max: 6, end: 'none', secure: true, tries: 1, firstDigit: '3s' },
      next: 'look',
      failed: 'failed',
    },
    look: {
      lookup: {
        endpoint: 'bank',
        send: { card: 'card', pin: 'pin' },
        take: { due: 'answer.bills.0.due', day: 'answer.bills.0.day' },
        timeout: '1s',
      },
      next: 'tell',
      failed: 'failed',
    },
    tell: { say: ['due', { amount: 'due', currency: 'CNY' }, 'by', { date: 'day' }], next: 'note', failed: 'failed' },
    note: { send: { to: 'gateway', message: { text: '已播报', due: { value: 'vars.due' } } }, next: 'count' },
    count: { set: { told: { value: 'vars.due + 1' } }, next: 'again' },
    // biome-ignore lint/suspicious/noThenProperty: a word of the file; nobody awaits it
    again: { goto: 'tell', atMost: 1, then: 'help' },
    help: {
      flow: { to: `flow-${HELP}`, with: { due: { value: 'vars.due' } }, take: { helped: 'result.helped' } },
      next: 'after',
    },
    after: { branch: [{ when: 'vars.helped', next: 'last' }, { next: 'failed' }] },
    last: { next: 'done' },
    done: { play: 'done', next: 'end' },
    end: { hangup: true },
    failed: { play: 'failed', hangup: true },
  },
};
const help = {
  params: { due: { type: 'number', default: 0 } },
  start: 'sub',
  prompts: tones('sub'),
  nodes: { sub: { play: 'sub', next: 'back' }, back: { return: { helped: { value: 'params.due > 1000' } } } },
};
/** Agents: 1 by queue, 2 by transfer to one of them, 3 by transfer to a queue, 4 outside; whoever talks first is marked. */
const agents = {
  start: 'menu',
  prompts: tones('menu', 'rate', 'done', 'failed'),
  nodes: {
    menu: {
      menu: { prompt: 'menu', firstDigit: '5s', tries: 1 },
      keys: { '1': 'queue', '2': 'named', '3': 'line', '4': 'outside' },
      failed: 'failed',
    },
    queue: { queue: { to: 'general', priority: 7 }, answered: 'rate', timedOut: 'failed', blocked: 'failed', exit: 'failed' },
    named: { transfer: { agent: '1002', queue: 'general', grace: '20s' }, answered: 'rate' },
    line: { transfer: { queue: 'general' }, answered: 'rate' },
    outside: { transfer: { outside: PERSON_OUTSIDE, ring: '5s' }, answered: 'done', busy: 'failed', noAnswer: 'failed' },
    rate: { survey: { prompt: 'rate', scale: 5, tries: 1 }, next: 'done' },
    done: { play: 'done', hangup: true },
    failed: { play: 'failed', hangup: true },
  },
};
const box = {
  start: 'leave',
  prompts: tones('menu', 'done', 'failed'),
  nodes: {
    leave: {
      voicemail: { box: 'service', prompt: 'menu', max: '20s', silence: '3s', notify: 'gateway', thanks: 'done' },
      next: 'bye',
      failed: 'failed',
    },
    failed: { play: 'failed', hangup: true },
    bye: leave.bye,
  },
};
const later = {
  start: 'later',
  prompts: tones('done', 'failed'),
  nodes: {
    later: { callback: { confirm: true, to: 'general', tries: 1 }, next: 'done', declined: 'failed', refused: 'failed' },
    done: { play: 'done', hangup: true },
    failed: { play: 'failed', hangup: true },
  },
};
/** Two keys, then an agent: what SIPp's caller presses. */
const bySipp = {
  start: 'menu',
  prompts: tones('menu', 'card', 'failed'),
  nodes: {
    menu: { menu: { prompt: 'menu', firstDigit: '5s', tries: 1 }, keys: { '1': 'digit' }, failed: 'failed' },
    digit: { collect: { into: 'digit', prompt: 'card', min: 1, max: 1, end: 'none', tries: 1 }, next: 'which', failed: 'failed' },
    which: { branch: [{ when: 'vars.digit == "0"', next: 'agent' }, { next: 'failed' }] },
    agent: { queue: { to: 'general' }, answered: 'bye' },
    failed: { play: 'failed', hangup: true },
    bye: leave.bye,
  },
};

let answer = { status: 200, body: { bills: [{ due: DUE, day: PAY_BY }] } as unknown };
const bank = await startStubBank(t, () => answer);
const house = await openFlowHouse(t, {
  bank,
  values: [
    [AMOUNT, DUE],
    [DAY, PAY_BY],
  ],
  emergencies: {
    outage: { hz: HEARD.outage, after: 'continue' },
    weather: { hz: HEARD.weather, after: 'closed' },
    evacuation: { hz: HEARD.evacuation, after: 'hangUp' },
  },
  rules: {
    queues: {
      general: {
        callback: { mode: 'agent-first', attempts: 1, retryAfter: '2s', expires: '5m', ring: '5s' },
      },
    },
    agents: { '1001': { skills: { general: 1 } }, '1002': { skills: { general: 1 } } },
    lines: {},
    flows: { [TOUR]: tour, [HELP]: help, [AGENTS]: agents, [BOX]: box, [LATER]: later, [BY_SIPP]: bySipp },
  },
});
const scene = house.scenes(t);

async function factsOf(call: PhoneCall): Promise<Fact[]> {
  const callId = await house.callId(call);
  return (await house.facts()).filter((fact) => 'callId' in fact && fact.callId === callId);
}
const nodesOf = async (call: PhoneCall): Promise<string[]> =>
  (await factsOf(call)).flatMap((fact) => (fact.kind === 'nodeEntered' ? fact.node : []));
const press = (call: PhoneCall, keys: string): Promise<void> => call.press(keys, { by: 'rtp' });
async function pressAt(call: PhoneCall, hz: number, keys: string): Promise<void> {
  await call.waitForTone(hz, { withinMs: 6_000 });
  await press(call, keys);
}
/** Messages that were taken for this call, once there are so many. */
async function messagesOf(call: PhoneCall, count: number): Promise<Array<{ body: Record<string, unknown>; signed: boolean }>> {
  const callId = await house.callId(call);
  const own = () =>
    bank.messages.flatMap(({ headers, body }) => {
      const parsed = JSON.parse(body) as Record<string, unknown>;
      if (parsed.callId !== callId) return [];
      const [, seconds = '', signature = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-hotline-signature'])) ?? [];
      const expected = createHmac('sha256', SIGNING_KEY).update(`${seconds}.${body}`).digest('hex');
      return [{ body: parsed, signed: signature === expected && headers['idempotency-key'] === parsed.messageId }];
    });
  return until(`${count} messages of ${callId}`, () => own().length >= count && own(), {
    withinMs: 8_000,
    describe: () => house.hotline.child.tail(8),
  });
}

for (const [language, key] of [
  ['zh', '1'],
  ['en', '2'],
] as const) {
  scene(`digits, a look-up, amount and day in words (${language}), a message, a loop, another flow and back`, async (t) => {
    answer = { status: 200, body: { bills: [{ due: DUE, day: PAY_BY }] } };
    const call = await house.call(TOUR);
    await pressAt(call, HEARD.ask, key);
    await pressAt(call, HEARD.menu, '1');
    await pressAt(call, HEARD.card, '6222#');
    await pressAt(call, HEARD.pin, '135790');
    await call.waitForTone(HEARD.done, { withinMs: 25_000 });
    await call.ended(5_000);
    t.same(bank.asked.at(-1), { card: '6222', pin: '135790' });
    const told = [HEARD.due, ...tonesOf(AMOUNT, DUE, language), HEARD.by, ...tonesOf(DAY, PAY_BY, language)];
    const heard = tonesHeard(call);
    t.same(heard.slice(heard.indexOf(HEARD.due)), [...told, ...told, HEARD.sub, HEARD.done], call.hearing.summary());
    t.same(await nodesOf(call), [
      ...['open', 'language', 'identify', 'menu', 'card', 'pin', 'look'],
      ...['tell', 'note', 'count', 'again', 'tell', 'note', 'count', 'again'],
      ...['help', 'sub', 'back', 'after', 'last', 'done', 'end'],
    ]);
    const messages = await messagesOf(call, 2);
    t.match(messages, [
      { signed: true, body: { text: '已播报', due: DUE } },
      { signed: true, body: { due: DUE } },
    ]);
    t.match(await house.fact(call, 'lookUpEnded'), { endpoint: 'bank', fault: null });
    t.match(await house.fact(call, 'languageChosen'), { language });
    t.match(await house.fact(call, 'callEnded'), { outcome: 'contained' });
    const facts = JSON.stringify(await factsOf(call));
    t.notMatch(facts, '135790');
  });
}

scene('a bank in trouble, digits that never come, and a number that is known', async (t) => {
  answer = { status: 500, body: { bills: [{ due: DUE, day: PAY_BY }] } };
  const [refused, silent, vip] = [await house.call(TOUR), await house.call(TOUR), await house.call(TOUR, { from: VIP_NUMBER })];
  await Promise.all([refused, silent, vip].map((call) => pressAt(call, HEARD.ask, '1')));
  await Promise.all([pressAt(refused, HEARD.menu, '1'), pressAt(silent, HEARD.menu, '1'), pressAt(vip, HEARD.vip, '2')]);
  await Promise.all([pressAt(refused, HEARD.card, '6222#'), silent.waitForTone(HEARD.failed, { withinMs: 9_000 })]);
  await pressAt(refused, HEARD.pin, '135790');
  await refused.waitForTone(HEARD.failed, { withinMs: 5_000 });
  await Promise.all([refused, silent, vip].map((call) => call.ended(8_000)));
  t.match(await house.fact(refused, 'lookUpEnded'), { fault: 'status' });
  t.match(await house.fact(silent, 'digitsCollected'), { result: 'noInput', length: 0 });
  t.match(await house.fact(vip, 'callerIdentified'), { tier: 'vip', by: 'ani' });
  t.same((await nodesOf(vip)).slice(2), ['identify', 'tier', 'vip', 'menu', 'help', 'sub', 'back', 'after', 'failed']);
});

scene('announcements in an emergency: the flow goes on, is closed, or ends; and off again', async (t) => {
  const callWhile = async (name: string, numbers: string[] | null): Promise<PhoneCall> => {
    await house.put(`/api/v1/emergency/${name}`, { on: true, numbers });
    const call = await house.call(TOUR);
    await house.fact(call, 'nodeEntered');
    return call;
  };
  const outage = await callWhile('outage', null);
  await outage.waitForTone(HEARD.ask, { withinMs: 6_000, forMs: 300 });
  outage.hangUp();
  await house.put('/api/v1/emergency/outage', { on: false });
  t.same(
    tonesHeard(outage).slice(0, 3),
    [HEARD.outage, HEARD.outage, HEARD.ask],
    `in both languages; ${outage.hearing.summary()}`,
  );
  t.match(await house.fact(outage, 'emergencyHeard'), { prompt: 'emergency/outage' });

  const weather = await callWhile('weather', [TOUR]);
  await weather.waitForTone(HEARD.closed, { withinMs: 6_000 });
  await weather.ended(5_000);
  const elsewhere = await house.call(BOX);
  await elsewhere.waitForTone(HEARD.menu, { withinMs: 4_000 });
  elsewhere.hangUp();
  await house.put('/api/v1/emergency/weather', { on: false });
  t.same(tonesHeard(weather), [HEARD.weather, HEARD.weather, HEARD.closed], weather.hearing.summary());
  t.equal(elsewhere.heard({ hz: HEARD.weather }).frames, 0, 'another number hears nothing of it');

  const evacuation = await callWhile('evacuation', null);
  await evacuation.ended(8_000);
  await house.put('/api/v1/emergency/evacuation', { on: false });
  t.same(tonesHeard(evacuation), [HEARD.evacuation, HEARD.evacuation, HZ.goodbye], evacuation.hearing.summary());

  const after = await house.call(TOUR);
  await after.waitForTone(HEARD.ask, { withinMs: 4_000, forMs: 300 });
  t.equal(tonesHeard(after)[0], HEARD.ask);
  after.hangUp();
  const switched = (await house.of('emergencySwitched')).map(({ announcement, on }) => `${announcement} ${on}`);
  t.same(switched, ['outage true', 'outage false', 'weather true', 'weather false', 'evacuation true', 'evacuation false']);
});

scene('agents by queue and by transfer, and a mark for the one who talked', async (t) => {
  for (const [key, name, node] of [
    ['1', '1001', 'queue'],
    ['2', '1002', 'named'],
    ['3', '1001', 'line'],
  ] as const) {
    await house.ready('1001', '1002');
    const coming = house.nextCall(name);
    const call = await house.call(AGENTS);
    await pressAt(call, HEARD.menu, key);
    const agent = await coming;
    await untilTalking(call, agent);
    agent.hangUp();
    await pressAt(call, HEARD.rate, '4');
    await call.waitForTone(HEARD.done, { withinMs: 5_000 });
    t.match(await house.fact(call, 'surveyAnswered'), { score: 4, scale: 5, agentId: name, queueId: 'general' }, node);
    t.ok((await nodesOf(call)).includes(node));
    for (const agentId of ['1001', '1002']) await house.post(`/api/v1/agents/${agentId}/sign-out`, {});
  }
});

scene('a person outside: both talk and the flow goes on; busy', async (t) => {
  const { outside } = house;
  if (outside === null) throw new Error('this house has a trunk');
  outside.behave({ ringAfterMs: 0, answerAfterMs: 500 });
  const call = await house.call(AGENTS);
  await pressAt(call, HEARD.menu, '4');
  const person = await outside.answered(8_000);
  t.equal(person.to, PERSON_OUTSIDE, 'the trunk is given the number');
  await until(
    'both to hear each other',
    () => call.heard({ hz: HZ.outside }).frames > 10 && person.heard({ hz: HZ.caller }).frames > 10,
    { withinMs: 8_000, describe: () => `${call.describe()}\n${person.describe()}` },
  );
  person.hangUp();
  await call.waitForTone(HEARD.done, { withinMs: 5_000 });
  t.match(await house.fact(call, 'callTransferred'), { result: 'talked' });
  outside.behave({ respond: 486 });
  const refused = await house.call(AGENTS);
  await pressAt(refused, HEARD.menu, '4');
  await refused.waitForTone(HEARD.failed, { withinMs: 8_000 });
  t.match(await house.fact(refused, 'callTransferred'), { result: 'busy', talkMs: 0 });
});

scene('a message is in its file, sealed, and told by a signed notification', async (t) => {
  const call = await house.call(BOX);
  await call.waitForTone(HEARD.menu, { withinMs: 4_000 });
  await house.fact(call, 'recordingStarted');
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await press(call, '#');
  await call.waitForTone(HEARD.done, { withinMs: 6_000 });
  await call.ended(8_000);
  const left = await house.fact(call, 'voicemailLeft');
  const recording = await house.recording(call);
  t.match(recording, { recordingId: left.recordingId, state: 'sealed', agentId: null });
  const file = join(house.folder, 'message.wav');
  writeFileSync(file, await house.audio(recording.recordingId));
  const { seconds } = toneIn(file, HZ.caller);
  t.ok(seconds > 2 && seconds < 4.5, `the caller is in it for ${seconds} s`);
  const [notice] = await messagesOf(call, 1);
  t.match(notice, { signed: true, body: { event: 'voicemailLeft', box: 'service', recordingId: left.recordingId } });
  t.match(await house.fact(call, 'messageDelivered'), { endpoint: 'gateway', attempts: 1 });
});

scene('a callback is promised, and the caller is called back', async (t) => {
  const { outside } = house;
  if (outside === null) throw new Error('this house has a trunk');
  outside.behave({ ringAfterMs: 0, answerAfterMs: 300 });
  const call = await house.call(LATER);
  await pressAt(call, HZ.spoken, '1');
  await call.waitForTone(HEARD.done, { withinMs: 6_000 });
  await call.ended(5_000);
  const { callbackId } = await house.fact(call, 'callbackRequested');
  t.match(await house.fact(call, 'callEnded'), { outcome: 'calledBack' });
  const coming = house.nextCall('1001');
  const person = outside.answered(15_000);
  await house.ready('1001');
  const [agent, customer] = await Promise.all([coming, person]);
  await until(
    'agent and customer to hear each other',
    () => customer.heard({ hz: agentHz('1001') }).frames > 10 && agent.heard({ hz: HZ.outside }).frames > 10,
    { withinMs: 10_000, describe: () => `${customer.describe()}\n${agent.describe()}` },
  );
  customer.hangUp();
  await agent.ended(5_000);
  await house.follow.find('the end of the callback', (facts) =>
    facts.find((fact) => fact.kind === 'callbackEnded' && fact.callId === callbackId && fact.outcome === 'reached'),
  );
});

scene('SIPp presses its way through a menu and a question to an agent', async (t) => {
  await house.ready('1001');
  const coming = house.nextCall('1001', 15_000);
  const sipp = await house.sipp({
    scenario: 'caller-keys-tone-info',
    service: BY_SIPP,
    callers: ['13911110001'],
    keys: { key1: '1', key2: '0' },
    pauses: { beforeKeyMs: 1_200, beforeSecondKeyMs: 1_200, stayMs: 20_000 },
    toneHz: 1300,
  });
  const agent = await coming;
  await agent.waitForTone(1300, { withinMs: 5_000, forMs: 300 });
  t.equal(agent.from, '13911110001');
  agent.hangUp();
  t.match(await sipp.done, { successful: 1, failed: 0, errors: '' });
});

t.test('every kind of node was walked', async (t) => {
  const folder = join(house.folder, 'flows');
  const kinds = new Map<string, string>();
  for (const name of readdirSync(folder)) {
    const parsed = parseFlow(readFileSync(join(folder, name), 'utf8'), { file: name, known: {}, version: 'v' });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    for (const [node, { kind }] of parsed.value.nodes) kinds.set(`${parsed.value.flowId} ${node}`, kind);
  }
  const walked = new Set<string | undefined>();
  for (const { flowId, node } of await house.of('nodeEntered')) walked.add(kinds.get(`${flowId} ${node}`));
  t.same(
    KIND_NAMES.filter((kind) => !walked.has(kind)),
    [],
    `walked: ${[...walked].join(' ')}`,
  );
  t.ok((await house.of('emergencyHeard')).length >= 3, 'and the one that nobody writes');
});
