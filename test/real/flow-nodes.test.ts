import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Fact } from '../../src/base/facts.js';
import { KIND_NAMES } from '../../src/flow/nodes/kinds.js';
import { parseFlow } from '../../src/flow/parse-flow.js';
import { openFlowHouse, SIGNING_KEY, tonesHeard, tonesOf } from '../support/flow-house.js';
import type { Caller } from '../support/house.js';
import { agentHz, HZ, VIP_NUMBER } from '../support/house-site.js';
import { untilTalking } from '../support/house-sound.js';
import { type PhoneCall, until } from '../support/phone/phone.js';
import type { KeysBy, ToldCaller } from '../support/sipp-caller.js';
import { type StubBank, startStubBank } from '../support/stub-bank.js';
import { toneIn } from '../support/tone.js';

/** Every kind of node is walked by a real call on a real Asterisk, and heard, dialled, recorded, sent or told as it should be. The last test counts. */

const TOUR = '95701';
const HELP = '95702';
const AGENTS = '95703';
const BOX = '95705';
const LATER = '95706';
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
const PIN = '135790';

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
const CARD_NUMBER = '6202';
/** The bank is in trouble for who has this one. */
const CARD_REFUSED = '6200';
/** Who has this one waits for the answer, the first time. */
const CARD_WAITS = '6222';
const asked = (card: string): number => bank.asked.filter((each) => each.card === card).length;
const bank: StubBank = await startStubBank(t, ({ card }) => {
  if (card === CARD_WAITS && asked(CARD_WAITS) === 1) return null;
  return { status: card === CARD_REFUSED ? 500 : 200, body: { bills: [{ due: DUE, day: PAY_BY }] } };
});
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
    flows: { [TOUR]: tour, [HELP]: help, [AGENTS]: agents, [BOX]: box, [LATER]: later },
  },
});
const scene = house.scenes(t);

async function factsOf(call: Caller): Promise<Fact[]> {
  const callId = await house.callId(call);
  return (await house.facts()).filter((fact) => 'callId' in fact && fact.callId === callId);
}
const nodesOf = async (call: Caller): Promise<string[]> =>
  (await factsOf(call)).flatMap((fact) => (fact.kind === 'nodeEntered' ? fact.node : []));
const press = (call: PhoneCall, keys: string): Promise<void> => call.press(keys, { by: 'rtp' });
async function pressAt(call: PhoneCall, hz: number, keys: string): Promise<void> {
  await call.waitForTone(hz, { withinMs: 6_000 });
  await press(call, keys);
}
/** Messages that were taken for this call, once there are so many. */
async function messagesOf(call: Caller, count: number): Promise<Array<{ body: Record<string, unknown>; signed: boolean }>> {
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

/** The whole tour, as it is heard and as it is told. */
async function walksTheTour(t: Test, language: 'zh' | 'en', key: string): Promise<void> {
  const call = await house.call(TOUR);
  await pressAt(call, HEARD.ask, key);
  await pressAt(call, HEARD.menu, '1');
  await pressAt(call, HEARD.card, `${CARD_NUMBER}#`);
  await pressAt(call, HEARD.pin, PIN);
  await call.waitForTone(HEARD.done, { withinMs: 25_000 });
  await call.ended(5_000);
  const told = [HEARD.due, ...tonesOf(AMOUNT, DUE, language), HEARD.by, ...tonesOf(DAY, PAY_BY, language)];
  const heard = tonesHeard(call);
  t.same(heard.slice(heard.indexOf(HEARD.due)), [...told, ...told, HEARD.sub, HEARD.done], call.hearing.summary());
  await tourIsTold(t, call, language);
}
async function tourIsTold(t: Test, call: Caller, language: 'zh' | 'en'): Promise<void> {
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
  t.notMatch(facts, PIN);
}
async function troubledAndKnown(t: Test): Promise<void> {
  const [refused, silent, vip] = [await house.call(TOUR), await house.call(TOUR), await house.call(TOUR, { from: VIP_NUMBER })];
  await Promise.all([refused, silent, vip].map((call) => pressAt(call, HEARD.ask, '1')));
  await Promise.all([pressAt(refused, HEARD.menu, '1'), pressAt(silent, HEARD.menu, '1'), pressAt(vip, HEARD.vip, '2')]);
  await Promise.all([
    pressAt(refused, HEARD.card, `${CARD_REFUSED}#`),
    silent.waitForTone(HEARD.failed, { withinMs: 9_000 }),
    vip.ended(8_000),
  ]);
  await pressAt(refused, HEARD.pin, PIN);
  await refused.waitForTone(HEARD.failed, { withinMs: 5_000 });
  await Promise.all([refused, silent].map((call) => call.ended(8_000)));
  t.match(await house.fact(refused, 'lookUpEnded'), { fault: 'status' });
  t.match(await house.fact(silent, 'digitsCollected'), { result: 'noInput', length: 0 });
  t.match(await house.fact(vip, 'callerIdentified'), { tier: 'vip', by: 'ani' });
  t.same((await nodesOf(vip)).slice(2), ['identify', 'tier', 'vip', 'menu', 'help', 'sub', 'back', 'after', 'failed']);
}

/** The message is in its file, sealed, and told by a signed notification. */
async function leavesWords(t: Test): Promise<void> {
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
}

/** Callers by SIPp, told what to press when they stand at a node. */
const sippCallers: ToldCaller[] = [];
const bySipp = async (dnis: string, by: KeysBy, toneHz?: number): Promise<ToldCaller> => {
  const caller = await house.toldCaller(dnis, by, toneHz);
  sippCallers.push(caller);
  return caller;
};
async function atNode(caller: Caller, node: string): Promise<void> {
  const callId = await house.callId(caller, 10_000);
  const isThere = (fact: Fact): boolean => fact.kind === 'nodeEntered' && fact.callId === callId && fact.node === node;
  await house.follow.find(`${caller.describe()} at ${node}`, (facts) => facts.some(isThere), 25_000);
}
async function pressAtNode(caller: ToldCaller, node: string, keys: string): Promise<void> {
  await atNode(caller, node);
  await caller.press(keys);
}
async function hungUp(t: Test, caller: ToldCaller): Promise<void> {
  t.match(await caller.done, { successful: 1, failed: 0, errors: '' }, caller.describe());
}
async function sippWalksTheTour(t: Test): Promise<void> {
  const caller = await bySipp(TOUR, 'rfc4733');
  await pressAtNode(caller, 'language', '1');
  await pressAtNode(caller, 'menu', '1');
  await pressAtNode(caller, 'card', `${CARD_NUMBER}#`);
  await pressAtNode(caller, 'pin', PIN);
  await atNode(caller, 'end');
  await hungUp(t, caller);
  await tourIsTold(t, caller, 'zh');
}
async function sippTalksAndIsCalledBack(t: Test): Promise<void> {
  const { outside } = house;
  if (outside === null) throw new Error('this house has a trunk');
  await house.ready('1001', '1002');
  const coming = Promise.all(['1001', '1002'].map((name) => house.nextCall(name, 20_000)));
  const [queued, transferred, later] = await Promise.all([
    bySipp(AGENTS, 'info', 1_300),
    bySipp(AGENTS, 'info', 1_300),
    bySipp(LATER, 'rfc4733'),
  ]);
  await Promise.all([pressAtNode(queued, 'menu', '1'), pressAtNode(transferred, 'menu', '3')]);
  const talks = await coming;
  for (const agent of talks) {
    await agent.waitForTone(1_300, { withinMs: 8_000, forMs: 300 });
    agent.hangUp();
  }
  t.same(new Set(talks.map(({ from }) => from)), new Set([queued.from, transferred.from]));
  for (const caller of [queued, transferred]) {
    await pressAtNode(caller, 'rate', '4');
    await hungUp(t, caller);
    t.match(await house.fact(caller, 'surveyAnswered'), { score: 4, scale: 5, queueId: 'general' });
  }
  outside.behave({ ringAfterMs: 0, answerAfterMs: 300 });
  const [agentRings, person] = [house.nextCallAnywhere(15_000), outside.answered(20_000)];
  await pressAtNode(later, 'later', '1');
  await hungUp(t, later);
  t.match(await house.fact(later, 'callEnded'), { outcome: 'calledBack' });
  const [agent, customer] = await Promise.all([agentRings, person]);
  t.equal(customer.to, later.from);
  await agent.waitForTone(HZ.outside, { withinMs: 8_000 });
  customer.hangUp();
  await agent.ended(5_000);
}
async function sippLeavesWords(t: Test): Promise<void> {
  const caller = await bySipp(BOX, 'rfc4733');
  await house.fact(caller, 'recordingStarted', 10_000);
  await caller.speak();
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await pressAtNode(caller, 'leave', '#');
  await hungUp(t, caller);
  const left = await house.fact(caller, 'voicemailLeft');
  t.match(await house.recording(caller), { recordingId: left.recordingId, state: 'sealed' });
}

scene(
  'many at once: digits, a look-up, amount and day in words (zh, en), a loop, another flow and back; a bank in trouble, digits that never come, ' +
    'a number that is known; a message in a box; and SIPp, which walks all of it, talks, leaves a message and is called back',
  async (t) => {
    await Promise.all([
      walksTheTour(t, 'zh', '1'),
      walksTheTour(t, 'en', '2'),
      troubledAndKnown(t),
      leavesWords(t),
      sippWalksTheTour(t),
      sippTalksAndIsCalledBack(t),
      sippLeavesWords(t),
    ]);
    t.match(bank.asked, Array(4).fill({ card: /^62[02][02]$/, pin: PIN }), 'the bank was asked with card and password each time');
  },
);

scene(
  'hotline is killed (-9) while the bank is asked: the next one asks for the password, which it must not know, and asks the bank',
  async (t) => {
    const call = await house.call(TOUR);
    await pressAt(call, HEARD.ask, '1');
    await pressAt(call, HEARD.menu, '1');
    await pressAt(call, HEARD.card, `${CARD_WAITS}#`);
    await pressAt(call, HEARD.pin, PIN);
    await until('the question', () => asked(CARD_WAITS) === 1, { withinMs: 5_000, everyMs: 2 });
    await house.hotline.kill();
    const killedAt = performance.now();
    await house.hotline.start();
    await call.waitForTone(HEARD.pin, { withinMs: 8_000, sinceMs: killedAt });
    await press(call, PIN);
    await call.waitForTone(HEARD.due, { withinMs: 8_000 });
    t.match(await house.fact(call, 'lookUpEnded'), { fault: null });
    t.equal(asked(CARD_WAITS), 2);
    call.hangUp();
    t.match(await house.fact(call, 'callEnded'), { outcome: 'contained' });
  },
);

scene(
  'callers hang up within 200 ms of each step: in the greeting, at a key, in an entry, while the bank is asked, in what it said',
  async (t) => {
    const steps = [
      ['language', '1'],
      ['menu', '1'],
      ['card', `${CARD_NUMBER}#`],
      ['pin', PIN],
      ['look', ''],
      ['tell', ''],
    ] as const;
    const leaves = async (after: number, delayMs: number): Promise<PhoneCall> => {
      // With sound: Asterisk tells keys that come by INFO at once one by one, as the caller's packets come in.
      const call = await house.call(TOUR);
      for (const [node, keys] of steps.slice(0, after)) {
        await atNode(call, node);
        await call.press(keys, { by: 'info' });
      }
      await atNode(call, steps[after]?.[0] ?? '');
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      call.hangUp();
      return call;
    };
    const left = await Promise.all(steps.flatMap((_, after) => [0, 60, 130, 200].map((delayMs) => leaves(after, delayMs))));
    for (const call of left) await house.fact(call, 'callEnded');
    const numbers = new Set(left.map(({ from }) => from));
    const facts = await house.facts();
    const calls = new Set(facts.flatMap((fact) => (fact.kind === 'callArrived' && numbers.has(fact.ani) ? fact.callId : [])));
    const ends = facts.flatMap((fact) => (fact.kind === 'callEnded' && calls.has(fact.callId) ? fact.outcome : []));
    t.equal(ends.length, left.length, 'one end for each');
    const telling = facts.filter((fact) => fact.kind === 'nodeEntered' && calls.has(fact.callId) && fact.node === 'tell');
    t.ok(telling.length >= 4, `${telling.length} had come to the last step`);
    t.same(
      ends.filter((outcome) => outcome !== 'abandonedInFlow' && outcome !== 'contained'),
      [],
    );
  },
);

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

t.test('every kind of node was walked', async (t) => {
  const folder = join(house.folder, 'flows');
  const kinds = new Map<string, string>();
  for (const name of readdirSync(folder)) {
    const parsed = parseFlow(readFileSync(join(folder, name), 'utf8'), { file: name, known: {}, version: 'v' });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    for (const [node, { kind }] of parsed.value.nodes) kinds.set(`${parsed.value.flowId} ${node}`, kind);
  }
  const facts = await house.facts();
  const numbers = new Set(sippCallers.map(({ from }) => from));
  const callsBySipp = new Set(facts.flatMap((fact) => (fact.kind === 'callArrived' && numbers.has(fact.ani) ? fact.callId : [])));
  for (const [who, calls] of [
    ['by anybody', null],
    ["by SIPp's callers", callsBySipp],
  ] as const) {
    const walked = new Set<string | undefined>();
    for (const fact of facts) {
      if (fact.kind !== 'nodeEntered' || (calls !== null && !calls.has(fact.callId))) continue;
      walked.add(kinds.get(`${fact.flowId} ${fact.node}`));
    }
    t.same(
      KIND_NAMES.filter((kind) => !walked.has(kind)),
      [],
      `${who}: ${[...walked].join(' ')}`,
    );
  }
  t.ok((await house.of('emergencyHeard')).length >= 3, 'and the one that nobody writes');
});
