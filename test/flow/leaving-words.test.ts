import t from 'tap';
import { type AgentId, asId, type QueueId } from '../../src/base/ids.js';
import type { FlowEffect, TransferResult } from '../../src/flow/contract.js';
import { findingsOf, flowOf, flowText, Walker, worldOf } from './walker.js';

const flow = (node: string): string =>
  flowText(
    'l',
    `start: a
nodes:
  a: ${node}
  other: { play: r, hangup: true }
  busy: { play: q, hangup: true }
  bye: { hangup: true }`,
    '[zh]',
  );
const walk = (node: string, world = worldOf()): Walker => new Walker(flowOf(flow(node)), world);
const effectOf = <K extends FlowEffect['kind']>(walker: Walker, kind: K): Extract<FlowEffect, { kind: K }> | undefined =>
  walker.outcome.effects.find((effect): effect is Extract<FlowEffect, { kind: K }> => effect.kind === kind);
const found = (node: string, known = {}): string[] =>
  findingsOf(flow(node), known).filter((each) => !each.includes('unreachable'));

const lastTalk = { agentId: asId<AgentId>('1001'), queueId: asId<QueueId>('general') };
const rated = (fields = ''): Walker => walk(`{ survey: { prompt: q${fields} }, next: bye }`, worldOf({ lastTalk }));
const scoreOf = (walker: Walker) =>
  walker.outcome.effects.flatMap((e) => (e.kind === 'fact' && e.fact.kind === 'surveyAnswered' ? [e.fact] : []));

t.test('survey: a score, tries, nothing', async (t) => {
  const five = rated().press('5');
  t.same(five.did, ['stopPlay', 'surveyAnswered', 'play survey-thanks.zh']);
  t.same(scoreOf(five), [{ kind: 'surveyAnswered', flowId: 'l', node: 'a', ...lastTalk, score: 5, scale: 5 }]);
  t.same(five.press('1').did, [], 'one score is enough');
  t.same(five.heard().did, ['at bye', 'hangUp']);
  const late = rated(', firstDigit: 4s').heard();
  t.same(late.did, ['timer 4000']);
  t.match(late.press('1').did, ['stopTimer', 'surveyAnswered', 'play survey-thanks.zh']);
  const wrong = rated().press('0');
  t.same(wrong.did, ['stopPlay', 'play invalid-key.zh q.zh']);
  t.same(wrong.press('6').did, ['surveyAnswered', 'stopPlay', 'at bye', 'hangUp'], 'two tries');
  t.match(scoreOf(walkedTo(rated(), '0', '6')), [{ score: null }]);
  const silent = rated().heard().timer();
  t.same(silent.did, ['play no-input.zh q.zh']);
  t.same(silent.heard().timer().did, ['surveyAnswered', 'at bye', 'hangUp']);
  t.match(scoreOf(rated(', scale: 9').press('9')), [{ score: 9, scale: 9 }]);
  t.match(
    scoreOf(walk('{ survey: { prompt: q }, next: bye }').press('3')),
    [{ agentId: null, queueId: null, score: 3 }],
    'without a talk',
  );
  t.same(rated(', invalid: r, noInput: p, thanks: r').press('*').did, ['stopPlay', 'play r.zh q.zh']);
});

function walkedTo(walker: Walker, ...keys: string[]): Walker {
  for (const key of keys) walker.press(key);
  return walker;
}

t.test('survey: early keys, a takeover, what is stale', async (t) => {
  const early = new Walker(
    flowOf(
      flowText(
        'e',
        'start: p\nnodes: { p: { play: p, next: a }, a: { survey: { prompt: q }, next: bye }, bye: { hangup: true } }',
        '[zh]',
      ),
    ),
  );
  t.same(early.press('1').heard().did, ['at a', 'play q.zh'], 'a key from before is no score');
  t.same(rated().takeOver().did, ['play q.zh']);
  t.same(rated().heard().takeOver().did, ['play q.zh']);
  const thanked = rated().press('4').takeOver();
  t.same(thanked.did, ['at bye', 'hangUp'], 'not asked a second time');
  const stale = rated();
  const { turn } = stale.state;
  t.same(stale.press('7').give({ kind: 'playEnded', turn }).did, []);
  t.same(stale.give({ kind: 'timer', turn }).did, []);
});

const VOICEMAIL = '{ voicemail: { box: complaints, prompt: p, max: 2m, silence: 4s, notify: mail }, next: bye, failed: other }';
const left = (): Walker => walk(VOICEMAIL).heard();
const ended = (walker: Walker, kept = true): Walker =>
  walker.give({ kind: 'messageEnded', turn: walker.state.turn, durationMs: kept ? 7_000 : 0, kept });

t.test('voicemail: prompt, message, thanks', async (t) => {
  const walker = walk(VOICEMAIL);
  t.match(walker.did, ['flow l', 'at a', 'play p.zh']);
  walker.heard();
  t.same(walker.did, ['timer 150000', 'recordMessage']);
  t.same(effectOf(walker, 'recordMessage'), {
    kind: 'recordMessage',
    turn: walker.state.turn,
    box: 'complaints',
    maxMs: 120_000,
    silenceMs: 4_000,
    notify: 'mail',
  });
  t.same(walker.press('1').did, [], 'other keys are part of the message');
  const { turn } = walker.state;
  t.same(walker.press('#').outcome.effects, [{ kind: 'endMessage', turn }]);
  t.same(ended(walker).did, ['stopTimer', 'play message-thanks.zh']);
  t.same(walker.heard().did, ['at bye', 'hangUp']);
  t.same(ended(left(), false).did, ['stopTimer', 'at other', 'play r.zh'], 'nothing was left');
  t.same(ended(walk(VOICEMAIL.replace(', failed: other', '')).heard(), false).did, ['stopTimer', 'at bye', 'hangUp']);
  t.same(walk(VOICEMAIL).press('1').did, []);
  t.same(walk(VOICEMAIL).press('#').did, ['stopPlay', 'timer 150000', 'recordMessage'], 'who knows the prompt skips it');
  const plain = walk('{ voicemail: { box: b, prompt: p, thanks: r }, next: bye }').heard();
  t.match(effectOf(plain, 'recordMessage'), { maxMs: 180_000, silenceMs: 5_000, notify: null });
  t.same(ended(plain).did, ['stopTimer', 'play r.zh']);
});

t.test('voicemail: a lost end, stale ends, a takeover', async (t) => {
  const lost = left();
  const { turn } = lost.state;
  t.same(lost.timer(150_000).did, ['endMessage', 'at other', 'play r.zh']);
  t.same(lost.give({ kind: 'messageEnded', turn, durationMs: 1, kept: true }).did, [], 'its end comes too late');
  t.same(walk(VOICEMAIL).takeOver().did, ['play p.zh']);
  const over = left();
  const before = over.state.turn;
  t.same(over.takeOver().did, ['timer 150000', 'recordMessage'], 'a beep, and the caller goes on');
  t.same(over.give({ kind: 'messageEnded', turn: before, durationMs: 1, kept: true }).did, []);
  t.same(ended(over).did, ['stopTimer', 'play message-thanks.zh']);
  t.same(over.takeOver().did, ['at bye', 'hangUp'], 'the message is there; thanks are not said twice');
});

t.test('transfer to a queue or an agent is a place in a queue', async (t) => {
  const node =
    '{ transfer: { agent: "1001", queue: general, grace: 20s }, answered: other, timedOut: busy, exits: { later: busy } }';
  const walker = walk(node);
  t.equal(walker.state.waitingFor, 'queue');
  t.same(effectOf(walker, 'enterQueue'), {
    kind: 'enterQueue',
    queueId: 'general',
    lane: 'ordinary',
    priority: 0,
    skills: {},
    agent: { agentId: '1001', graceMs: 20_000 },
  });
  t.match(walker.give({ kind: 'talkEnded' }).did, ['at other']);
  t.match(walk(node).give({ kind: 'queueLeft', exit: 'timedOut' }).did, ['at busy']);
  t.match(walk(node).give({ kind: 'queueLeft', exit: 'flowedOut', branch: 'later' }).did, ['at busy']);
  t.match(walk(node).give({ kind: 'queueLeft', exit: 'blocked' }).did, ['at @sorry-busy']);
  t.same(walk(node).takeOver().did, [], 'the queue keeps its callers');
  const plain = walk('{ transfer: { queue: general } }');
  t.equal(effectOf(plain, 'enterQueue')?.agent, undefined);
  t.same(plain.give({ kind: 'talkEnded' }).did, ['hangUp']);
  t.match(effectOf(walk('{ transfer: { queue: general, agent: "7" } }'), 'enterQueue')?.agent, { agentId: '7', graceMs: null });
});

t.test('transfer outside', async (t) => {
  const node = '{ transfer: { outside: "4008001234", ring: 25s }, answered: bye, busy: busy, failed: other }';
  const after = (result: TransferResult, text = node): string[] => {
    const walker = walk(text);
    return walker.give({ kind: 'transferEnded', turn: walker.state.turn, result }).did;
  };
  const walker = walk(node);
  t.same(effectOf(walker, 'transferOutside'), {
    kind: 'transferOutside',
    turn: walker.state.turn,
    number: '4008001234',
    ringMs: 25_000,
  });
  t.same(walker.press('1').did, [], 'keys belong to the talk');
  t.same(after('talked'), ['stopTimer', 'at bye', 'hangUp']);
  t.same(after('busy'), ['stopTimer', 'at busy', 'play q.zh']);
  for (const result of ['noAnswer', 'unreachable', 'denied', 'failed'] as const) {
    t.same(after(result), ['stopTimer', 'at other', 'play r.zh'], result);
  }
  const bare = '{ transfer: { outside: "+8613800000000" } }';
  t.same(after('talked', bare), ['stopTimer', 'hangUp']);
  t.same(after('denied', bare), ['stopTimer', 'at @sorry-busy', 'play sorry-busy.zh']);
  t.same(walk(node).takeOver().did, ['at other', 'play r.zh'], 'nobody is dialled a second time');
  const stale = walk(node);
  t.same(stale.give({ kind: 'transferEnded', turn: stale.state.turn - 1, result: 'talked' }).did, []);
});

t.test('what the checker says', async (t) => {
  const known = { queues: ['general'], agents: ['1001'], receivers: ['mail'], boxes: ['complaints'] };
  const cases: Array<[node: string, expected: RegExp]> = [
    ['{ survey: { prompt: q, scale: 10 }, next: bye }', /^5:36 {2}error {2}out-of-range {2}at most 9 is allowed/],
    ['{ survey: { prompt: q, scale: 1 }, next: bye }', /out-of-range/],
    ['{ survey: { scale: 5 }, next: bye }', /missing-field {2}"prompt" is missing/],
    ['{ survey: { prompt: q } }', /dead-end {2}"a" leads nowhere: give it next/],
    [
      '{ voicemail: { box: Complaints, prompt: p }, next: bye }',
      /^5:26 {2}error {2}bad-name {2}a box is named with small letters/,
    ],
    [
      '{ voicemail: { box: complaint, prompt: p }, next: bye }',
      /unknown-box {2}there is no box "complaint"; did you mean "complaints"/,
    ],
    ['{ voicemail: { box: complaints, prompt: p, notify: fax }, next: bye }', /unknown-receiver/],
    [
      '{ voicemail: { box: complaints, prompt: p, max: 5s }, next: bye }',
      /^5:54 {2}error {2}out-of-range {2}the silence that ends a message must be shorter/,
    ],
    ['{ voicemail: { box: complaints, prompt: p, max: 11m }, next: bye }', /out-of-range/],
    ['{ voicemail: { prompt: p }, next: bye }', /missing-field {2}"box" is missing/],
    ['{ transfer: { agent: 1001, queue: general } }', /^5:27 {2}error {2}unquoted-number {2}.*"1001"/],
    ['{ transfer: { agent: "1002", queue: general } }', /unknown-agent {2}there is no agent "1002"; did you mean "1001"/],
    ['{ transfer: { agent: "1001" } }', /^5:8 {2}error {2}missing-field {2}give it queue: where the call waits/],
    ['{ transfer: {} }', /missing-field {2}to whom\? give it queue or outside/],
    ['{ transfer: { queue: generl } }', /unknown-queue/],
    ['{ transfer: { queue: general, grace: 5s } }', /contradiction {2}grace is how long the call is kept for an agent/],
    ['{ transfer: { queue: general }, busy: bye }', /^5:38 {2}error {2}contradiction {2}busy is for a transfer outside/],
    ['{ transfer: { queue: general, ring: 5s } }', /contradiction {2}ring is for a transfer outside/],
    ['{ transfer: { outside: "4008001234", queue: general } }', /contradiction {2}queue is for a transfer to a queue/],
    ['{ transfer: { outside: "4008001234" }, timedOut: bye }', /contradiction {2}timedOut is for a transfer to a queue/],
    ['{ transfer: { outside: 4008001234 } }', /^5:29 {2}error {2}unquoted-number/],
    ['{ transfer: { outside: "400-800" } }', /^5:29 {2}error {2}bad-number {2}a number is 3 to 20 digits/],
    ['{ transfer: { outside: "sip:a@b" } }', /bad-number/],
    ['{ transfer: { outside: "4008001234", ring: 3m } }', /^5:49 {2}error {2}out-of-range {2}a phone rings 2m at most/],
  ];
  for (const [node, expected] of cases) {
    const findings = found(node, known);
    t.equal(findings.length, 1, node);
    t.match(findings[0], expected, node);
  }
  for (const node of [
    VOICEMAIL,
    '{ survey: { prompt: q }, next: bye }',
    '{ transfer: { outside: "4008001234" } }',
    '{ transfer: { agent: "1001", queue: general } }',
  ]) {
    t.same(found(node, known), [], node);
  }
});
