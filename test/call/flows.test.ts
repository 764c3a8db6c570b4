import t from 'tap';
import { asId, type FlowId } from '../../src/base/ids.js';
import type { LookUpResult } from '../../src/base/look-up.js';
import type { HotlineConfig } from '../../src/call/state.js';
import type { FlowProgram } from '../../src/flow/contract.js';
import { parseFlow } from '../../src/flow/parse-flow.js';
import type { LookUpQuestion } from '../../src/ports/look-ups.js';
import { DomainWorld } from '../support/domain-world.js';
import { sampleAgent, sampleQueue } from '../support/sample-site.js';

/** What flows ask of the calls besides menus and queues: look-ups, secure digits, messages, transfers, versions. In virtual time. */

const CARD = '4111111111111111';
const OUTSIDE = '13911112222';

const program = (text: string, version = 'v1'): FlowProgram => {
  const parsed = parseFlow(text, { file: 'test.yaml', known: {}, version });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
};

const SAY = `
prompts:
  ask: { zh: 请输入卡号 }
  due: { zh: 应还 }
  sorry: { zh: 查不到 }
  leave: { zh: 请留言 }
  none: { zh: 没有留言 }
  bye: { zh: 再见 }
  rate: { zh: 请评价 }
`;

const ACCOUNT = `
flow: account
languages: [zh]
start: card
${SAY}
nodes:
  card:
    collect: { into: card, prompt: ask, secure: true, min: 16, max: 16, end: none, check: luhn }
    next: balance
    failed: sorry
  balance:
    lookup: { endpoint: bank, send: { card: card }, take: { due: answer.due }, timeout: 2s }
    next: due
    failed: sorry
  due: { play: due, next: card-again }
  card-again: { branch: [{ when: vars.due == 0, next: sorry }, { next: bye }] }
  sorry: { play: sorry, hangup: true }
  bye: { play: bye, hangup: true }
`;

const BOX = `
flow: box
languages: [zh]
start: leave
${SAY}
nodes:
  leave:
    voicemail: { box: complaints, prompt: leave, max: 60s, silence: 3s, notify: ticket-system }
    next: bye
    failed: none
  none: { play: none, hangup: true }
  bye: { play: bye, hangup: true }
`;

const outside = (number = OUTSIDE): string => `
flow: outside
languages: [zh]
start: out
${SAY}
nodes:
  out:
    transfer: { outside: "${number}", ring: 20s }
    answered: bye
    busy: none
    noAnswer: leave
    failed: sorry
  none: { play: none, hangup: true }
  leave: { play: leave, hangup: true }
  sorry: { play: sorry, hangup: true }
  bye: { play: bye, hangup: true }
`;

interface Asked extends LookUpQuestion {
  readonly answer: (result: LookUpResult) => void;
}

async function worldOf(text: string, more: (config: HotlineConfig) => Partial<HotlineConfig> = () => ({})) {
  const world = new DomainWorld([sampleQueue('general')], [sampleAgent('101'), sampleAgent('102')]);
  const flow = program(text);
  const asked: Asked[] = [];
  world.change = (config) => ({
    ...config,
    numbers: { '1000': flow.flowId },
    flow: (flowId) => (flowId === flow.flowId ? flow : null),
    ...more(config),
  });
  world.lookUps = {
    ask: (question) => new Promise((answer) => asked.push({ ...question, answer })),
    close: async () => {},
  };
  await world.start();
  const heard = (caller: ReturnType<typeof world.call>): string => {
    const hears = caller.hears();
    return hears.kind === 'prompts' ? hears.prompts.map((prompt) => prompt.replace(/^.*\//, '')).join(' ') : hears.kind;
  };
  const type = async (caller: ReturnType<typeof world.call>, keys: string): Promise<void> => {
    for (const key of keys) {
      caller.press(key);
      await world.pass(60);
    }
  };
  const stored = (): string => JSON.stringify([...world.store.calls.values(), world.facts, world.jobs, world.store.stream]);
  return { world, asked, heard, type, stored };
}

t.test('a look-up: asked once the commit is through, answered, and the answer is used', async (t) => {
  const { world, asked, heard, type } = await worldOf(ACCOUNT);
  const caller = world.call('13911112222', '1000');
  await world.pass(50);
  t.equal(heard(caller), 'ask');
  await type(caller, CARD);
  t.match(asked[0], { endpoint: 'bank', send: { card: CARD }, timeoutMs: 2_000 });
  asked[0]?.answer({ ok: true, answer: { due: 1280.5 } });
  await world.pass(20);
  t.equal(heard(caller), 'due');
  t.equal(asked.length, 1);
  t.match(world.of('lookUpEnded'), [{ endpoint: 'bank', fault: null }]);
  await world.pass(5_000);
  t.same(world.leftOvers(), []);
});

t.test('a fault, an answer that comes too late, and one that never comes take the branch', async (t) => {
  const { world, asked, heard, type } = await worldOf(ACCOUNT);
  const [faulty, late, never] = [1, 2, 3].map((n) => world.call(`1391111000${n}`, '1000'));
  if (!faulty || !late || !never) throw new Error('three callers');
  await world.pass(50);
  for (const caller of [faulty, late, never]) await type(caller, CARD);
  asked[0]?.answer({ ok: false, fault: 'status', detail: '500' });
  await world.pass(20);
  t.equal(heard(faulty), 'sorry');
  await world.pass(2_600);
  t.same(
    [late, never].map(heard),
    ['gone', 'gone'].map(() => 'sorry'),
  );
  const facts = world.facts.length;
  const stale = world.domain.hotline.staleIgnored;
  asked[1]?.answer({ ok: true, answer: { due: 1 } });
  await world.pass(20);
  t.equal(heard(late), 'sorry', 'it changes nothing any more');
  t.equal(world.facts.length, facts);
  t.ok(world.domain.hotline.staleIgnored >= stale);
  t.same(
    world.of('lookUpEnded').map(({ fault }) => fault),
    ['status', 'timeout', 'timeout'],
  );
  await world.pass(5_000);
  t.same(world.leftOvers(), []);
});

t.test('secure digits are in memory alone, gone with the call, and asked for again after a takeover', async (t) => {
  const { world, asked, heard, type, stored } = await worldOf(ACCOUNT);
  const caller = world.call('13911112222', '1000');
  await world.pass(50);
  await type(caller, CARD.slice(0, 9));
  t.notMatch(stored(), /4111/, 'not while they are keyed');
  world.kill();
  await world.start();
  await world.pass(50);
  t.equal(heard(caller), 'ask', 'what was keyed is lost, and asked for again');
  await type(caller, CARD);
  t.equal(asked.length, 1);
  t.same(asked[0]?.send, { card: CARD }, 'nothing of the first half is in it');
  t.notMatch(stored(), /4111/);
  world.kill();
  await world.start();
  await world.pass(50);
  t.equal(heard(caller), 'ask', 'a look-up that needs them cannot be asked again without');
  asked[0]?.answer({ ok: true, answer: { due: 1 } });
  await world.pass(20);
  t.equal(heard(caller), 'ask', 'and the answer to the dead one is nobody’s');
  await type(caller, CARD);
  asked[1]?.answer({ ok: true, answer: { due: 5 } });
  await world.pass(20);
  t.equal(heard(caller), 'due');
  await world.pass(5_000);
  t.notMatch(stored(), /4111/);
  t.notMatch(JSON.stringify(world.domain.hotline.everything()), /4111/);
  t.same(world.leftOvers(), []);
});

const PLAIN = ACCOUNT.replace('secure: true, ', '').replace('flow: account', 'flow: plain');

t.test('a look-up without secrets is asked again by the successor; a reconnect alone asks nothing', async (t) => {
  const { world, asked, heard, type } = await worldOf(PLAIN);
  const caller = world.call('13911112222', '1000');
  await world.pass(50);
  await type(caller, CARD);
  t.equal(asked.length, 1);
  world.switch.cutConnection();
  await world.pass(50);
  world.switch.reconnect();
  await world.pass(50);
  t.equal(asked.length, 1, 'the same process still waits for its answer');
  world.kill();
  await world.start();
  await world.pass(50);
  t.equal(asked.length, 2);
  t.same(asked[1]?.send, { card: CARD });
  asked[1]?.answer({ ok: true, answer: { due: 7 } });
  await world.pass(20);
  t.equal(heard(caller), 'due');
});

t.test('a message: ended by key, by silence, by hanging up; what is told of it', async (t) => {
  const { world, heard, type } = await worldOf(BOX);
  const [byKey, bySilence, byGoing, mute] = [1, 2, 3, 4].map((n) => world.call(`1391111000${n}`, '1000'));
  if (!byKey || !bySilence || !byGoing || !mute) throw new Error('four callers');
  bySilence.speaks(4_000);
  mute.speaks(0);
  await world.pass(1_600);
  t.equal(world.of('recordingStarted').length, 4);
  t.same(world.of('recordingStarted')[0]?.agentId, null);
  await world.pass(3_000);
  await type(byKey, '#');
  t.equal(heard(byKey), 'message-thanks');
  byGoing.hangUp();
  await world.pass(4_500);
  t.match(
    world.of('voicemailLeft').map(({ callId, durationMs }) => [callId, Math.round(durationMs / 1_000)]),
    [byKey, byGoing, bySilence].map((caller) => [world.callIdOf(caller), caller === bySilence ? 7 : 3]),
  );
  await world.pass(5_000);
  const left = world.of('voicemailLeft').find(({ callId }) => callId === world.callIdOf(byGoing));
  t.match(left, { box: 'complaints', recordingId: `${left?.callId}-v1` });
  const seals = world.jobs.filter(({ kind }) => kind === 'sealRecording');
  t.equal(seals.length, 4);
  const messages = world.jobs.filter((job) => job.kind === 'sendMessage');
  t.equal(messages.length, 3, 'nobody is told of nothing');
  t.match(
    messages.find(({ callId }) => callId === left?.callId),
    {
      messageId: `${left?.callId}-m1`,
      endpoint: 'ticket-system',
      message: { box: 'complaints', caller: '***0003', recordingId: left?.recordingId },
    },
  );
  t.equal(world.of('messageQueued').length, 3);
  const outcomes = new Map(world.of('callEnded').map(({ callId, outcome }) => [callId, outcome]));
  t.equal(outcomes.get(world.callIdOf(byGoing)), 'contained', 'who has left a message gives nothing up by hanging up');
  t.same(world.leftOvers(), []);
});

t.test('a message over the death of a controller: goes on; ended in the gap; hung up in the gap; never begun', async (t) => {
  for (const gap of ['goes on', 'ends', 'hangs up'] as const) {
    const { world, heard, type } = await worldOf(BOX);
    const caller = world.call('13911110001', '1000');
    await world.pass(1_600);
    await world.pass(2_000);
    if (gap === 'ends') caller.speaks(2_500);
    world.kill();
    if (gap === 'hangs up') caller.hangUp();
    if (gap === 'ends') world.switch.fallSilent(caller.legId);
    await world.pass(4_000);
    await world.start();
    await world.pass(50);
    if (gap === 'goes on') {
      t.equal(world.of('voicemailLeft').length, 0);
      await type(caller, '#');
    }
    t.equal(world.of('voicemailLeft').length, 1, gap);
    t.equal(world.of('recordingEnded').length, 1);
    t.equal(world.of('recordingEnded')[0]?.complete, gap === 'goes on');
    if (gap !== 'hangs up') t.equal(heard(caller), 'message-thanks');
    await world.pass(6_000);
    t.same(world.leftOvers(), [], gap);
  }
  const { world } = await worldOf(BOX);
  const perform = world.switch.perform.bind(world.switch);
  let lost = 0;
  world.switch.perform = async (command) => {
    if (command.kind === 'recordMessage' && lost === 0) lost++;
    else await perform(command);
  };
  const caller = world.call('13911110001', '1000');
  await world.pass(2_000);
  t.equal(lost, 1);
  world.kill();
  await world.start();
  await world.pass(3_000);
  t.equal(world.switch.recordings.size, 1, 'the beep comes after all');
  caller.hangUp();
  await world.pass(3_000);
  t.equal(world.of('voicemailLeft').length, 1);
  t.same(world.leftOvers(), []);
});

t.test('to a person outside: they talk, the other one goes, the flow goes on; or the caller goes', async (t) => {
  for (const first of ['outside', 'caller'] as const) {
    const { world, heard } = await worldOf(outside());
    world.switch.outside(OUTSIDE, { afterMs: 3_000, talkMs: null });
    const caller = world.call('13700000001', '1000');
    await world.pass(1_000);
    t.equal(heard(caller), 'music', 'while it rings');
    await world.pass(2_100);
    t.equal(heard(caller), 'agent');
    const callId = world.callIdOf(caller);
    t.same(caller.hears(), { kind: 'agent', legs: [`${callId}-x1`] });
    await world.pass(4_000);
    if (first === 'outside') world.switch.outsideParty(asId(`${callId}-x1`))?.hangUp();
    else caller.hangUp();
    await world.pass(50);
    if (first === 'outside') t.equal(heard(caller), 'bye');
    t.match(world.of('callTransferred'), [{ callId, to: 'outside', number: OUTSIDE, result: 'talked' }]);
    const talkMs = world.of('callTransferred')[0]?.talkMs ?? 0;
    t.ok(talkMs > 3_900 && talkMs < 4_300, `${talkMs} ms`);
    await world.pass(3_000);
    t.match(world.of('callEnded'), [{ outcome: 'contained' }]);
    t.equal(world.of('recordingStarted').length, 0, 'not recorded');
    t.same(world.leftOvers(), []);
  }
});

t.test('to a person outside who is busy, does not answer, is not reached; a number that is not allowed', async (t) => {
  const ends = [
    [{ refuse: 'busy', afterMs: 500, talkMs: null }, 'none', 'busy'],
    [{ refuse: 'unreachable', afterMs: 500, talkMs: null }, 'sorry', 'unreachable'],
    [{ silent: true, afterMs: 0, talkMs: null }, 'leave', 'noAnswer'],
  ] as const;
  for (const [behaviour, prompt, result] of ends) {
    const { world, heard } = await worldOf(outside());
    world.switch.outside(OUTSIDE, behaviour);
    const caller = world.call('13700000001', '1000');
    await world.pass(result === 'noAnswer' ? 20_100 : 600);
    t.equal(heard(caller), prompt, result);
    t.match(world.of('callTransferred'), [{ result, talkMs: 0 }]);
    await world.pass(5_000);
    t.same(world.leftOvers(), []);
  }
  for (const number of ['19001112222', '009991234567', '110']) {
    const { world, heard } = await worldOf(outside(number));
    const caller = world.call('13700000001', '1000');
    await world.pass(50);
    t.equal(heard(caller), 'sorry', number);
    t.match(world.of('callTransferred'), [{ number: null, result: 'denied' }]);
    t.equal([...world.switch.legs.values()].filter(({ direction }) => direction === 'outbound').length, 0, 'nobody is dialled');
    t.notMatch(JSON.stringify(world.facts), number);
  }
});

t.test('the caller goes while the person outside rings; a controller dies in each state of a transfer', async (t) => {
  const { world } = await worldOf(outside());
  world.switch.outside(OUTSIDE, { afterMs: 10_000, talkMs: null });
  const leaver = world.call('13700000001', '1000');
  await world.pass(2_000);
  leaver.hangUp();
  await world.pass(100);
  t.equal(world.switch.legs.size, 0, 'the phone outside stops ringing');
  t.match(world.of('callTransferred'), [{ result: 'callerLeft' }]);
  t.same(world.leftOvers(), []);

  for (const [dies, answers, back] of [
    [1_000, 5_000, 2_000],
    [1_000, 2_000, 4_000],
    [4_000, 2_000, 6_000],
  ] as const) {
    const { world, heard } = await worldOf(outside());
    world.switch.outside(OUTSIDE, { afterMs: answers, talkMs: null });
    const caller = world.call('13700000001', '1000');
    await world.pass(dies);
    world.kill();
    await world.pass(back - dies);
    await world.start();
    await world.pass(5_000);
    t.equal(heard(caller), 'agent', `dies at ${dies}, answered at ${answers}`);
    world.switch.outsideParty(asId(`${world.callIdOf(caller)}-x1`))?.hangUp();
    await world.pass(50);
    t.equal(heard(caller), 'bye');
    await world.pass(5_000);
    t.match(world.of('callTransferred'), [{ result: 'talked' }]);
    t.same(world.leftOvers(), []);
  }
});

t.test('the other end of a transfer goes in the gap, and so does the caller', async (t) => {
  for (const who of ['outside', 'caller', 'both'] as const) {
    const { world, heard } = await worldOf(outside());
    world.switch.outside(OUTSIDE, { afterMs: 500, talkMs: null });
    const caller = world.call('13700000001', '1000');
    await world.pass(2_000);
    world.kill();
    if (who !== 'caller') world.switch.outsideParty(asId(`${world.callIdOf(caller)}-x1`))?.hangUp();
    if (who !== 'outside') caller.hangUp();
    await world.pass(500);
    await world.start();
    await world.pass(50);
    t.match(world.of('callTransferred'), [{ result: 'talked' }], who);
    if (who === 'outside') t.equal(heard(caller), 'bye');
    await world.pass(8_000);
    t.same(world.leftOvers(), [], who);
  }
});

const QUEUE = (fields: string): string => `
flow: queueing
languages: [zh]
start: agent
${SAY}
nodes:
  agent: { ${fields}, answered: rate }
  rate: { survey: { prompt: rate, scale: 5 }, next: bye }
  bye: { play: bye, hangup: true }
`;

t.test('the survey after a talk is about the agent of that talk', async (t) => {
  const { world, heard, type } = await worldOf(QUEUE('queue: { to: general }'));
  await world.ready('101');
  const caller = world.call('13911112222', '1000');
  await world.pass(500);
  t.equal(heard(caller), 'agent');
  const leg = [...world.switch.legs.values()].find(({ direction }) => direction === 'outbound');
  world.switch.endLeg(leg?.legId as never, 'hungUp');
  await world.pass(50);
  t.equal(heard(caller), 'rate');
  world.kill();
  await world.start();
  await world.pass(50);
  await type(caller, '4');
  t.match(world.of('surveyAnswered'), [{ agentId: '101', queueId: 'general', score: 4, scale: 5 }]);
});

t.test('kept for one agent with and without an end; announcements as the flow asks', async (t) => {
  for (const [grace, waits] of [
    [', grace: 20s', true],
    ['', false],
  ] as const) {
    const { world, heard } = await worldOf(QUEUE(`transfer: { queue: general, agent: "101"${grace} }`));
    await world.ready('101', '102');
    const first = world.call('13911110001', '1000');
    await world.pass(100);
    t.match(world.of('callAnswered'), [{ agentId: '101' }]);
    const second = world.call('13911110002', '1000');
    await world.pass(10_000);
    t.equal(heard(second) === 'agent', false, 'the other one is free, and not asked');
    await world.pass(15_000);
    t.equal(heard(second) === 'agent', waits, waits ? 'after the grace' : 'as long as it takes');
    t.match(world.of('callWaitsForAgent')[0], { agentId: '101', because: waits ? 'preferred' : 'assigned' });
    first.hangUp();
    await world.pass(11_000);
    t.equal(heard(second), 'agent');
  }
  const plans = { quick: { announce: { positionEveryMs: 3_000, positionFirstMs: 1_000, comfort: [] } } };
  const acd = (config: HotlineConfig): Partial<HotlineConfig> => ({ acd: { ...config.acd, announcePlans: plans } });
  const said = async (announce: string): Promise<number> => {
    const { world } = await worldOf(QUEUE(`queue: { to: general${announce} }`), acd);
    world.call('13911110001', '1000');
    const played = new Set<string>();
    for (let i = 0; i < 120; i++) {
      await world.pass(100);
      for (const leg of world.switch.legs.values()) if (leg.playing) played.add(leg.playing.playbackId);
    }
    return played.size;
  };
  t.equal(await said(''), 1, 'as the queue has it: after 5 s, then each 45 s');
  t.equal(await said(', announce: none'), 0);
  t.equal(await said(', announce: quick'), 4, 'after 1, 4, 7 and 10 s');
});

const VERSION = (n: number, other: string): string => `
flow: versioned
languages: [zh]
start: main
prompts: { main: { zh: 第${n}版 }, old: { zh: 旧 }, new: { zh: 新 } }
nodes:
  main: { menu: { prompt: main, firstDigit: 30s }, keys: { "1": ${n === 1 ? 'old' : 'new'}, "2": sub }, failed: old }
  sub: { flow: ${other}, next: old }
  old: { play: old, hangup: true }
  new: { play: new, hangup: true }
`;
const SUB = (n: number): string => `
flow: sub
languages: [zh]
start: say
prompts: { one: { zh: 一 }, two: { zh: 二 } }
nodes:
  say: { play: ${n === 1 ? 'one' : 'two'}, next: back }
  back: { return: true }
`;

t.test('a new release while calls are in the old one: each ends on its own, over a restart too', async (t) => {
  const versions = [1, 2].map((n) => ({ main: program(VERSION(n, 'sub'), `v${n}`), sub: program(SUB(n), `v${n}`) }));
  const known = versions.flatMap((each) => Object.values(each));
  const at = (release: number, forget = false): Partial<HotlineConfig> => {
    const live = (flowId: FlowId, n: number): FlowProgram | null =>
      Object.values(versions[n - 1] ?? {}).find((each) => each.flowId === flowId) ?? null;
    return {
      numbers: { '1000': asId<FlowId>('versioned') },
      release,
      flow: (flowId, version) => {
        if (version === null) return live(flowId, release);
        const found = known.find((each) => each.flowId === flowId && each.version === version) ?? null;
        return forget && found?.version === 'v1' ? null : found;
      },
      flowInRelease: (flowId, n) => live(flowId, forget ? release : n),
    };
  };
  let now = at(1);
  const { world, heard, type } = await worldOf(VERSION(1, 'sub'), () => now);
  const [stays, jumps, forgotten] = [1, 2, 3].map((n) => world.call(`1391111000${n}`, '1000'));
  if (!stays || !jumps || !forgotten) throw new Error('three callers');
  await world.pass(50);
  now = at(2);
  await world.domain.submit({ kind: 'reconfigured', config: world.config() });
  const late = world.call('13911110009', '1000');
  await world.pass(50);
  world.kill();
  await world.start();
  await world.pass(50);
  await type(stays, '1');
  await type(jumps, '2');
  await type(late, '2');
  t.equal(heard(stays), 'old');
  t.equal(heard(jumps), 'one', 'a jump stays in the release');
  t.equal(heard(late), 'two');
  const entered = world.of('flowEntered').map(({ callId, flowId, version }) => [callId, flowId, version]);
  t.same(entered.at(-2), [world.callIdOf(jumps), 'sub', 'v1']);
  t.same(entered.at(-1), [world.callIdOf(late), 'sub', 'v2']);
  now = at(2, true);
  await world.domain.submit({ kind: 'reconfigured', config: world.config() });
  await type(forgotten, '1');
  t.equal(heard(forgotten), 'new', 'a version that is gone goes on as the live one');
  await world.pass(3_000);
  now = { ...now, flow: () => null, flowInRelease: () => null };
  const lost = world.call('13911110010', '1000');
  await world.pass(50);
  await world.domain.submit({ kind: 'reconfigured', config: world.config() });
  await type(lost, '1');
  await world.pass(50);
  t.equal(heard(lost), 'gone', 'a flow that is gone at all ends the call politely');
  await world.pass(10_000);
  t.same(world.leftOvers(), []);
});
