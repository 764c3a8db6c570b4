import fc from 'fast-check';
import t from 'tap';
import type { Json, LookUpFault } from '../../src/base/look-up.js';
import type { FlowEffect } from '../../src/flow/contract.js';
import { readAnswerPath, valueIn } from '../../src/flow/nodes/answer-path.js';
import { findingsOf, flowOf, flowText, Walker } from './walker.js';

const asking = (lookup: string, more = '', first = 'set: { card: "0012", n: 3 }'): string =>
  flowText(
    'd',
    `start: a
nodes:
  a: { ${first}, next: ask }
  ask: { lookup: { endpoint: bank, ${lookup} }, next: menu, failed: sorry${more} }
  menu: { menu: { prompt: r }, keys: { "1": bye }, failed: bye }
  sorry: { play: q, hangup: true }
  bye: { hangup: true }`,
    '[zh]',
  );
const asked = (lookup: string, more?: string): Walker => new Walker(flowOf(asking(lookup, more)));
const answer = (walker: Walker, json: Json, afterMs = 0): Walker =>
  walker.give({ kind: 'lookupEnded', turn: walker.state.turn, result: { ok: true, answer: json } }, afterMs);
const fault = (walker: Walker, why: LookUpFault): Walker =>
  walker.give({ kind: 'lookupEnded', turn: walker.state.turn, result: { ok: false, fault: why, detail: 'x' } });
const effectOf = <K extends FlowEffect['kind']>(walker: Walker, kind: K): Extract<FlowEffect, { kind: K }> | undefined =>
  walker.outcome.effects.find((effect): effect is Extract<FlowEffect, { kind: K }> => effect.kind === kind);
const factOf = (walker: Walker) =>
  walker.outcome.effects.flatMap((e) => (e.kind === 'fact' && e.fact.kind === 'lookUpEnded' ? [e.fact] : []))[0];

t.test('a look-up asks, takes, and goes on', async (t) => {
  const walker = asked(
    'send: { card: card, more: { value: "vars.n + 1" }, how: { text: card }, who: caller.number }, take: { due: answer.bills.0.due, day: answer.day }, timeout: 3s',
  );
  t.match(walker.did.slice(-2), ['timer 3500', 'lookup'], 'the guard is longer than the time');
  t.same(effectOf(walker, 'lookup'), {
    kind: 'lookup',
    turn: walker.state.turn,
    endpoint: 'bank',
    send: { card: '0012', more: 4, how: 'card', who: '13900000000' },
    timeoutMs: 3_000,
    hasSecrets: false,
  });
  t.equal(walker.state.waitingFor, 'lookup');
  answer(walker, { bills: [{ due: 1280.5 }], day: '2026-12-05' }, 420);
  t.same(walker.did, ['lookUpEnded', 'stopTimer', 'at menu', 'play r.zh']);
  t.same(factOf(walker), { kind: 'lookUpEnded', flowId: 'd', node: 'ask', endpoint: 'bank', fault: null, tookMs: 420 });
  t.match(walker.vars, { due: 1280.5, day: '2026-12-05' });
});

t.test('every fault leads to failed, and leaves nothing of an earlier answer', async (t) => {
  const faults: LookUpFault[] = ['timeout', 'status', 'tooLarge', 'badAnswer', 'notReached', 'forbidden', 'noEndpoint', 'busy'];
  for (const why of faults) {
    const walker = fault(asked('take: { due: answer.due }'), why);
    t.same(walker.did, ['lookUpEnded', 'stopTimer', 'at sorry', 'play q.zh'], why);
    t.equal(factOf(walker)?.fault, why);
    t.equal(walker.vars.due, null);
  }
  const lost = asked('timeout: 2s').timer(2_500);
  t.same(lost.did, ['lookUpEnded', 'at sorry', 'play q.zh'], 'a lost answer too');
  t.match(factOf(lost), { fault: 'timeout', tookMs: 2_500 });
  for (const json of [{}, { due: null }, { due: {} }, { due: [1] }, [], 'due', null, 5, { bills: { due: 1 } }] as Json[]) {
    const walker = answer(asked('take: { due: answer.due, also: answer.also }, optional: [also]'), json);
    t.equal(factOf(walker)?.fault, 'badAnswer', JSON.stringify(json));
    t.equal(walker.state.node, 'sorry');
  }
  const optional = answer(asked('take: { due: answer.due, also: answer.also }, optional: [also]'), {
    due: false,
    also: { no: 1 },
  });
  t.match(optional.vars, { due: false, also: null });
  t.equal(optional.state.node, 'menu');
  const twice = asked('take: { due: answer.due }').vars;
  t.equal(twice.due, null, 'known from the start');
});

t.test('what an answer may hold', async (t) => {
  const walker = answer(asked('take: { name: answer.name }'), { name: `a\u0000\u001b[31mb\n${'长'.repeat(300)}` });
  t.equal(walker.vars.name, `a[31mb${'长'.repeat(194)}`, 'no control characters, cut at 200');
  t.equal(valueIn({ constructor: 1 }, ['constructor']), 1);
  t.equal(valueIn({}, ['constructor']), undefined, 'nothing that the answer does not say');
  t.equal(valueIn([[7]], [0, 0]), 7);
  t.equal(valueIn({ 0: 7 }, [0]), undefined, 'a mapping is no list');
  t.equal(valueIn([7], ['length']), undefined);
  t.same(readAnswerPath('answer.a-b[0][12].名'), ['a-b', 0, 12, '名']);
  t.same(readAnswerPath('answer.list.3'), ['list', '3'], 'in braces a [ would have to be quoted');
  t.equal(valueIn({ list: [5, 6] }, ['list', '1']), 6);
  t.equal(valueIn({ list: { 1: 6 } }, ['list', '1']), 6);
  t.same(readAnswerPath('answer'), []);
  for (const bad of [
    '',
    'due',
    'answer.',
    'answer..a',
    'answer[x]',
    'answer["a"]',
    'answer.a b',
    `answer${'.a'.repeat(11)}`,
    'answer[99999]',
  ]) {
    t.equal(readAnswerPath(bad), null, bad);
  }
  fc.assert(
    fc.property(fc.jsonValue(), (json) => {
      const { state } = answer(asked('take: { due: answer.due, n: "answer.list[1]" }, optional: [n]'), json as Json);
      return (
        (state.node === 'menu' || state.node === 'sorry') &&
        ['string', 'number', 'boolean'].includes(typeof state.vars.due) === (state.node === 'menu')
      );
    }),
  );
});

t.test('a prompt plays when the answer lets wait; keys are kept', async (t) => {
  const slow = asked('prompt: p, timeout: 3s');
  t.match(slow.did.slice(-2), ['timer 500', 'lookup']);
  const { turn } = slow.state;
  t.same(slow.timer(500).did, ['play p.zh', 'timer 3000']);
  t.equal(slow.state.turn, turn, 'the answer is still meant');
  t.same(slow.press('1').did, []);
  t.match(answer(slow, {}, 100).did, ['lookUpEnded', 'stopPlay', 'stopTimer', 'at menu', 'menu 1 chosen'], 'the answer cuts it');
  const heard = asked('prompt: p').timer(500).heard();
  t.same(heard.did, []);
  t.same(answer(heard, {}).did, ['lookUpEnded', 'stopTimer', 'at menu', 'play r.zh']);
  t.same(
    asked('prompt: p').timer(500).timer(2_000).did,
    ['lookUpEnded', 'stopPlay', 'at sorry', 'play q.zh'],
    'no answer at all',
  );
  t.same(answer(asked('prompt: p'), {}).did, ['lookUpEnded', 'stopTimer', 'at menu', 'play r.zh'], 'a quick answer: no prompt');
});

t.test('stale answers and a takeover', async (t) => {
  const walker = asked('take: { due: answer.due }');
  const { turn } = walker.state;
  const stale = (): Walker => walker.give({ kind: 'lookupEnded', turn, result: { ok: true, answer: { due: 1 } } });
  walker.takeOver(60_000);
  t.same(walker.did, ['timer 2500', 'lookup'], 'asked again');
  t.not(walker.state.turn, turn);
  t.same(stale().did, [], 'the answer to the other controller is stale');
  answer(walker, { due: 2 }, 5);
  t.match(factOf(walker), { fault: null, tookMs: 5 });
  t.equal(walker.vars.due, 2);
  t.same(stale().did, []);
  t.equal(walker.vars.due, 2);
  t.same(fault(walker, 'timeout').did, [], 'nobody waits for one any more');
});

const CARD = '4111111111111111';
const securely = (more: string): string =>
  flowText(
    's',
    `start: card\nnodes:\n  card: { collect: { into: card, prompt: p, secure: true, min: 4 }, next: ask, failed: bye }\n  ask: ${more}\n  bye: { hangup: true }`,
    '[zh]',
  );

t.test('secure digits go into a look-up alone', async (t) => {
  const flow = flowOf(securely('{ lookup: { endpoint: bank, send: { card: card } }, next: bye, failed: bye }'));
  const walker = new Walker(flow).press(`${CARD}#`);
  t.match(effectOf(walker, 'lookup'), { send: { card: CARD }, hasSecrets: true });
  t.notMatch(JSON.stringify(walker.state), CARD);
  t.same(walker.takeOver().did, ['at card', 'play p.zh'], 'gone with the controller: asked for again');
  for (const node of [
    '{ send: { to: bank, message: { card: { value: vars.card } } }, next: bye }',
    '{ set: { x: { value: vars.card } }, next: bye }',
  ]) {
    t.match(findingsOf(securely(node)), [/error {2}secure-value/], node);
  }
});

t.test('send hands over a message and goes on at once', async (t) => {
  const flow = flowOf(
    flowText(
      'm',
      'start: a\nnodes:\n  a: { set: { due: 5 }, next: b }\n  b: { send: { to: sms, message: { text: due, due: { value: vars.due }, number: { value: caller.number }, sure: true } }, next: bye }\n  bye: { play: p, hangup: true }',
      '[zh]',
    ),
  );
  const walker = new Walker(flow);
  t.match(walker.did, ['flow m', 'at a', 'at b', 'send', 'at bye', 'play p.zh']);
  t.same(effectOf(walker, 'send'), {
    kind: 'send',
    endpoint: 'sms',
    message: { text: 'due', due: 5, number: '13900000000', sure: true },
  });
});

t.test('what the checker says', async (t) => {
  const known = { endpoints: ['bank'], receivers: ['sms'] };
  const cases: Array<[lookup: string, expected: RegExp]> = [
    ['send: { card: crad }', /^6:50 {2}error {2}unknown-name {2}no node of this flow sets "crad"; did you mean "vars.card"/],
    ['send: { "a b": card }', /^6:44 {2}error {2}bad-name/],
    ['take: { due: due }', /^6:49 {2}error {2}bad-path {2}a place in the answer is written answer.a.b or answer.list.0.c/],
    ['take: { Due: answer.due }', /error {2}bad-name {2}a variable is/],
    ['take: { due: answer.due }, optional: [day]', /error {2}unknown-name {2}"day" is not among what is taken/],
    ['timeout: 11s', /^6:45 {2}error {2}out-of-range {2}a caller waits 10s at most for an answer/],
    ['timeout: 0s', /error {2}zero-timeout/],
    ['timeout: 2', /error {2}wrong-type {2}2 has no unit; write 2s/],
    ['sned: {}', /error {2}unknown-field {2}"sned" means nothing here; did you mean "send"/],
  ];
  for (const [lookup, expected] of cases) t.match(findingsOf(asking(lookup), known), [expected], lookup);
  t.same(findingsOf(asking('take: { due: answer.due }'), known), []);
  t.match(findingsOf(asking('').replace('bank, ', 'bnak'), known), [
    /^6:30 {2}error {2}unknown-endpoint {2}there is no endpoint "bnak"; did you mean "bank"/,
  ]);
  t.match(
    findingsOf(asking('').replace(', failed: sorry }', ' }')),
    [/error {2}dead-end {2}"ask" leads nowhere: give it failed/, /warn {2}unreachable/].slice(0, 1),
  );
  t.match(
    findingsOf(asking('').replace('failed: sorry', 'failed: ask')).join(),
    /endless-loop/,
    'asking again and again without the caller',
  );
  const sending = (send: string): string =>
    flowText('m', `start: b\nnodes:\n  b: { send: ${send}, next: bye }\n  bye: { hangup: true }`);
  t.match(findingsOf(sending('{ to: smss, message: { a: 1 } }'), known), [
    /unknown-receiver {2}there is no receiver "smss"; did you mean "sms"/,
  ]);
  t.match(findingsOf(sending('{ to: sms, message: {} }')), [/missing-field/]);
  t.match(findingsOf(sending('{ to: sms }')), [/missing-field {2}"message" is missing/]);
  t.match(findingsOf(sending('{ to: sms, message: { a: [1] } }')), [/wrong-type/]);
});
