import fc from 'fast-check';
import t from 'tap';
import type { FlowState } from '../../src/flow/contract.js';
import { stepFlow } from '../../src/flow/interpreter.js';
import { type EntryCheck, passes } from '../../src/flow/nodes/entry-checks.js';
import { findingsOf, flowOf, flowText, Walker, worldOf, worldWith } from './walker.js';

const collecting = (fields: string, more = ''): string =>
  flowText(
    'c',
    `start: hello
nodes:
  hello: { play: p, next: ask }
  ask:
    collect: { into: card, prompt: q, noInput: [p], invalid: [r], ${fields} }
    next: menu
    failed: bye
  menu: { menu: { prompt: r }, keys: { "1": bye }, failed: bye }
  bye: { hangup: true }
${more}`,
    '[zh]',
  );
const asked = (fields: string): Walker => new Walker(flowOf(collecting(fields))).heard();

t.test('digits end with the key, with silence, or at the last one', async (t) => {
  const free = 'min: 3, max: 6, firstDigit: 7s, interDigit: 2s';
  t.same(asked(free).did, ['at ask', 'play q.zh']);
  t.same(asked(free).heard().did, ['timer 7000'], 'the first-digit timer starts when the prompt has ended');
  t.same(asked(free).press('0').did, ['stopPlay', 'timer 2000'], 'a key cuts the prompt');
  t.same(asked(free).heard().press('0').did, ['stopTimer', 'timer 2000'], 'each key gets its own time');
  const ended = asked(free).press('0012#');
  t.same(ended.did, ['stopTimer', 'collected 4', 'at menu', 'play r.zh']);
  t.same(ended.vars, { card: '0012' }, 'zeros in front stay');
  t.equal(ended.state.digits, '');
  t.match(asked(free).press('0012').timer().did, ['collected 4', 'at menu'], 'silence ends it too');
  t.same(asked(free).press('001234').did, ['stopTimer', 'timer 2000'], 'with an end key the last digit does not end it');
  t.match(asked(free).press('001234#').did, ['stopTimer', 'collected 6', 'at menu']);
  t.same(asked(free).press('0012345').did, ['stopTimer', 'timer 2000'], 'a digit too many');
  t.same(asked(free).press('0012345#').did, ['stopTimer', 'play r.zh q.zh'], 'is wrong, not dropped');
  t.same(asked(free).press('01#').did, ['stopTimer', 'play r.zh q.zh'], 'too few');
  t.same(asked(free).press('01').timer().did, ['play r.zh q.zh']);
  t.same(asked(free).press('#').did, ['stopPlay', 'play p.zh q.zh'], 'the end key alone is no input');
  t.same(asked(free).press('12*4#').did, ['stopTimer', 'play r.zh q.zh'], 'a star is no digit');
  const short = 'min: 4, max: 4, end: none';
  t.match(asked(short).press('1234').did, ['stopTimer', 'collected 4', 'at menu']);
  t.match(
    asked(`${short}, end: none`.replace(', end: none', '')).press('123#').did,
    ['stopTimer', 'play r.zh q.zh'],
    'without an end key # is a wrong digit',
  );
  t.match(asked('end: "*"').press('12*').did, ['stopTimer', 'collected 2']);
});

t.test('tries, overall time, cancel, prompts', async (t) => {
  t.same(asked('tries: 2').heard().timer().did, ['play p.zh q.zh']);
  const failed = asked('tries: 2').heard().timer().heard().timer();
  t.same(failed.did, ['noInput 0', 'at bye', 'hangUp']);
  t.same(asked('tries: 1, min: 3').press('12#').did, ['stopTimer', 'invalid 2', 'at bye', 'hangUp']);
  const again = asked('tries: 2, min: 2').press('12#').heard().press('1');
  t.equal(again.vars.card, '12');
  const fresh = asked('tries: 1, min: 2, cancel: "*"').press('1*');
  t.same(fresh.did, ['stopTimer', 'play q.zh'], 'starts over');
  t.match(fresh.press('12#').did, ['stopTimer', 'collected 2'], 'and uses up no try');
  const overall = asked('overall: 10s, firstDigit: 8s, tries: 5');
  t.same(overall.did, ['at ask', 'play q.zh', 'timer 10000']);
  t.same(overall.heard(4_000).did, ['timer 6000']);
  t.same(overall.timer(6_000).did, ['noInput 0', 'at bye', 'hangUp'], 'the time is up, whatever tries are left');
  t.match(asked('overall: 10s').press('12').timer(10_000).did, ['collected 2'], 'what is right by then counts');
  const defaults = new Walker(
    flowOf(flowText('d', 'start: a\nnodes: { a: { collect: { into: x, prompt: p }, next: b, failed: b }, b: { hangup: true } }')),
  );
  t.same(defaults.heard().timer().did, ['play no-input.zh p.zh']);
  t.same(defaults.press('*#').did, ['stopTimer', 'play invalid-key.zh p.zh']);
});

t.test('keys that come early or with the last word', async (t) => {
  const early = (fields: string, keys: string): Walker => new Walker(flowOf(collecting(fields))).press(keys).heard();
  t.same(early('min: 3', '123#').did, ['at ask', 'collected 3', 'at menu', 'play r.zh'], 'the question is not asked any more');
  t.match(
    early('min: 3', '123#1').did,
    ['at ask', 'collected 3', 'at menu', 'menu 1 chosen'],
    'and what follows is for the menu',
  );
  t.same(early('min: 3', '12').did, ['at ask', 'timer 4000'], 'a caller who goes on keying is listened to');
  t.match(early('min: 3', '12').press('3#').did, ['stopTimer', 'collected 3']);
  const stray = early('min: 3, tries: 1', '9').timer();
  t.same(stray.did, ['play q.zh'], 'a stray key is no wrong answer to a question that was not heard');
  t.match(stray.press('123#').vars, { card: '123' });
  t.same(early('min: 3', '9#').did, ['at ask', 'play q.zh']);
  const last = asked('min: 3');
  const { turn } = last.state;
  t.same(last.press('1').give({ kind: 'playEnded', turn }).did, [], 'the late end of the cut prompt is stale');
  t.match(last.press('23#').vars, { card: '123' });
  const stay = asked('bargeIn: false, min: 3').press('123#');
  t.same(stay.did, [], 'without barge-in the prompt is heard to its end');
  t.match(stay.heard().did, ['collected 3'], 'and the keys count');
  t.same(asked('bargeIn: false, min: 3').press('12').heard().did, ['timer 4000']);
  t.same(
    new Walker(flowOf(collecting('bargeIn: false'))).press('12#').heard().did,
    ['at ask', 'play q.zh'],
    'earlier ones do not',
  );
  const tooMany = early('end: none, min: 2, max: 2', '121');
  t.match(tooMany.did, ['at ask', 'collected 2', 'at menu', 'menu 1 chosen'], 'without an end key the rest is for what follows');
});

t.test('what digits can be asked to be', async (t) => {
  const cases: Array<[EntryCheck, string, boolean]> = [
    ['luhn', '4111111111111111', true],
    ['luhn', '4111111111111112', false],
    ['luhn', '79927398713', true],
    ['luhn', '0', false],
    ['luhn', '', false],
    ['date', '20240229', true],
    ['date', '20230229', false],
    ['date', '19000229', false],
    ['date', '20000229', true],
    ['date', '20261301', false],
    ['date', '20260431', false],
    ['date', '2026043', false],
    ['date', '00000101', false],
    ['month-day', '0229', true],
    ['month-day', '0230', false],
    ['month-day', '1231', true],
    ['month-day', '0010', false],
    ['expiry', '2612', true],
    ['expiry', '2613', false],
    ['expiry', '2600', false],
    ['digits', '007', true],
    ['digits', '1*', false],
    ['digits', '', false],
  ];
  for (const [check, value, expected] of cases) t.equal(passes(check, value), expected, `${check} ${value}`);
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9]{2,18}$/), (body) => {
      const right = Array.from('0123456789').filter((last) => passes('luhn', body + last));
      return right.length === 1;
    }),
    { seed: 20261122 },
  );
  t.match(asked('check: date').press('20260229#').did, ['stopTimer', 'play r.zh q.zh']);
  t.match(asked('check: date').press('20240229#').did, ['stopTimer', 'collected 8']);
  t.match(asked('oneOf: ["1", "22", "*9"]').press('*9#').did, ['stopTimer', 'collected 2']);
  t.match(asked('oneOf: ["1", "22", "*9"]').press('2#').did, ['stopTimer', 'play r.zh q.zh']);
});

const secure = 'secure: true, min: 16, max: 19, check: luhn, tries: 2';
const CARD = '4111111111111111';

t.test('secure digits are in memory only', async (t) => {
  const walker = asked(secure);
  walker.press(CARD.slice(0, 9));
  t.equal(walker.state.digits, '');
  t.equal(walker.secrets['@keys'], CARD.slice(0, 9));
  walker.press(`${CARD.slice(9)}#`);
  t.same(walker.did, ['stopTimer', 'collected 0 secure', 'at menu', 'play r.zh'], 'not even their number is told');
  t.same(walker.secrets, { card: CARD });
  t.same(walker.vars, {});
  t.notMatch(walker.told, /4111|1{5}/);
  walker.press('1');
  t.same(walker.secrets, {}, 'gone with the end of the call');

  const wrong = asked(secure).press('4111111111111112#');
  t.same(wrong.did, ['stopTimer', 'play r.zh q.zh']);
  t.same(wrong.secrets, {});
  t.same(wrong.press('4111111111111112#').did, ['stopTimer', 'invalid 0 secure', 'at bye', 'hangUp']);
  t.notMatch(wrong.told, /4111/);
  t.notMatch(asked(secure).press(CARD).timer().told, /4111/);
});

t.test('what is keyed ahead of a secure entry is kept in memory too', async (t) => {
  const ahead = new Walker(flowOf(collecting(secure))).press(CARD.slice(0, 12));
  t.equal(ahead.state.digits, '');
  ahead.heard().press(`${CARD.slice(12)}#`);
  t.same(ahead.secrets, { card: CARD });
  t.notMatch(ahead.told, /4111|1{5}/);
  // The flow that plays asks for nothing secure itself; the one that it leads to does.
  const inner = flowOf(
    collecting(secure)
      .replace('flow: c', 'flow: inner')
      .replace('start: hello', 'start: ask')
      .replace('  hello: { play: p, next: ask }\n', ''),
  );
  const outer = flowOf(flowText('outer', 'start: a\nnodes: { a: { play: p, next: b }, b: { flow: inner } }', '[zh]'));
  const over = new Walker(outer, worldWith(outer, inner)).press(`${CARD}#`);
  t.equal(over.state.digits, '');
  t.same(over.heard().secrets, { card: CARD });
  t.notMatch(over.told, /4111|1{5}/);
  const plain = new Walker(flowOf(collecting('min: 2'))).press('12');
  t.equal(plain.state.digits, '12', 'where nothing secure can follow, keys survive a takeover');
});

t.test('a takeover', async (t) => {
  const half = asked(secure).press('41111').takeOver();
  t.same(half.did, ['play q.zh'], 'a half-entered secure value is asked for again from the start');
  t.same(half.press(`${CARD}#`).secrets, { card: CARD });
  t.same(asked('min: 3').press('12').takeOver().did, ['timer 4000'], 'a plain one goes on');
  t.same(asked('overall: 20s').press('12').takeOver(60_000).did, ['timer 4000'], 'the time without a controller does not count');
  t.same(asked('min: 3').heard().takeOver().did, ['play q.zh'], 'rather than silence');
  t.same(asked(secure).takeOver().did, ['play q.zh']);
});

t.test('a node that needs secure digits that are gone', async (t) => {
  const text = (more: string): string =>
    flowText(
      's',
      `start: ask
nodes:
  ask: { collect: { into: card, prompt: p, secure: true, min: 4 }, next: wait, failed: bye }
  wait: { menu: { prompt: q }, keys: { "1": who, "2": other }, failed: bye }
  who: { identify: { by: account, account: card }, next: bye, unknown: lost }
  ${more}
  lost: { play: r, hangup: true }
  bye: { hangup: true }`,
      '[zh]',
    );
  const lost = (more: string): Walker => new Walker(flowOf(text(more))).press('1234#').takeOver().press('1');
  t.same(
    lost('other: { hangup: true }').did,
    ['stopPlay', 'menu 1 chosen', 'at who', 'at ask', 'play p.zh'],
    'goes back to the one that asks',
  );
  const two = 'other: { collect: { into: card, prompt: q, secure: true }, next: who, failed: bye }';
  t.match(lost(two).did.slice(-2), ['at lost', 'play r.zh'], 'or, when there are several, where it goes without');
});

t.test('a state of before', async (t) => {
  const program = flowOf(collecting(secure));
  const old: FlowState = {
    flowId: program.flowId,
    version: 'v0',
    node: 'menu',
    language: 'zh',
    tries: 0,
    turn: 7,
    waitingFor: 'key',
    digits: '',
    vars: {},
    hops: 3,
    deadlineMs: null,
    stack: [],
  };
  t.equal(stepFlow(program, old, { kind: 'key', key: '1' }, worldOf()).state.waitingFor, 'ended');
  t.equal(stepFlow(program, { ...old, digits: '1' }, { kind: 'timer', turn: 7 }, worldOf()).state.waitingFor, 'ended');
});

t.test('what the checker says of a collect', async (t) => {
  const cases: Array<[fields: string, at: string, expected: string]> = [
    ['min: 8, max: 4', '8', 'contradiction  min 8 is more than max 4'],
    ['max: 32', '32', 'out-of-range  at most 31 is allowed'],
    ['min: 0', '0', 'out-of-range  at least 1 is needed'],
    ['check: date, max: 6', 'date', 'contradiction  date has 8 digits; min and max forbid that'],
    ['check: visa', 'visa', 'wrong-type  expected digits, luhn, date, month-day, expiry, or a list of them'],
    ['end: "12"', '"12"', 'wrong-type  a single key is expected here: 0 to 9, *, # or A to D'],
    ['end: 1', '1', 'wrong-type  a single key is expected here, like "#", or none'],
    ['end: "1"', '"1"', 'contradiction  1 is a digit that may be part of the entry'],
    ['cancel: "#"', '"#"', 'contradiction  "#" ends the entry already'],
    ['oneOf: ["12", "1#"]', '"1#"', 'contradiction  "#" is the key of end, so this cannot be entered'],
    ['oneOf: ["13", "12", "13"]', '"13"]', 'duplicate-key  "13" stands here for the second time'],
    ['oneOf: ["12", "123"], max: 2', '"123"', 'contradiction  "123" can never be entered: 2 to 2 keys are asked for'],
    ['oneOf: [0123]', '0123', 'unquoted-number  put 0123 in quotes: "0123" (YAML reads it as the number 123)'],
    ['secure: yes', 'yes', 'wrong-type  true or false is expected here, not the text "yes"; write true'],
    ['firstDigit: 0s', '0s', 'zero-timeout  a timeout of zero leaves the caller no time to press a key'],
    ['pattern: "[0-9]"', 'pattern', 'unknown-field  "pattern" means nothing here'],
  ];
  for (const [fields, at, expected] of cases) {
    const text = collecting(fields);
    const column = (text.split('\n')[6] as string).indexOf(fields) + fields.indexOf(at) + 1;
    t.same(findingsOf(text), [`7:${column}  error  ${expected}`], fields);
  }
  for (const fields of ['min: 4, max: 8', 'check: luhn, secure: false', 'check: [date], end: none']) {
    t.same(findingsOf(collecting(fields)), [], fields);
  }
  t.match(
    findingsOf(collecting('check: luhn')).join(),
    /warn {2}not-secure {2}this looks like the number of a card: add secure: true/,
  );
  const spoil = (from: string, to: string): string[] => findingsOf(collecting('min: 4').replace(from, to));
  t.match(spoil('into: card', 'into: constructor').join(), /bad-name/);
  t.match(spoil('into: card', 'into: Card').join(), /bad-name/);
  t.match(spoil('    failed: bye\n', '').join(), /dead-end/);
  const both = collecting('secure: true').replace('hello: { play: p, next: ask }', 'hello: { set: { card: "1" }, next: ask }');
  t.match(findingsOf(both).join(), /5:\d+ {2}error {2}secure-value {2}"card" is entered securely elsewhere/);
  const read = collecting('secure: true').replace(
    'hello: { play: p, next: ask }',
    'hello: { branch: [ { when: vars.card == "1", next: ask }, { next: ask } ] }',
  );
  t.match(findingsOf(read).join(), /secure-value {2}"card" is entered securely: it can be sent by a look-up/);
});
