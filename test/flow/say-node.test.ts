import t from 'tap';
import { collectTexts } from '../../src/adapters/files/prompt-sources.js';
import type { FlowValue } from '../../src/flow/contract.js';
import { wordsOf } from '../../src/flow/say/say.js';
import { findingsOf, flowOf, flowText, Walker } from './walker.js';

const telling = (
  say: string,
  more = 'next: bye',
  values = 'set: { due: 1280.5, day: "2026-12-05", none: null }',
  languages = '[zh, en]',
) =>
  flowText(
    's',
    `start: a\nnodes:\n  a: { ${values}, next: b }\n  b: { say: ${say}, ${more} }\n  other: { play: r, hangup: true }\n  bye: { play: p, hangup: true }`,
    languages,
  );

/** What is heard last: prompts by name, and the words of what was said. */
function heard(walker: Walker): string {
  const play = walker.outcome.effects.find((effect) => effect.kind === 'play');
  if (play?.kind !== 'play') return walker.did.join(', ');
  const made: string[] = [];
  for (const { prompt, language } of play.prompts) {
    const said = prompt.startsWith('say/') ? wordsOf([prompt], language) : `[${prompt.replace(/^.*\//, '')}.${language}]`;
    made.push(said);
  }
  return made.join(play.prompts.at(-1)?.language === 'en' ? ' ' : '');
}
const says = (say: string, more?: string, values?: string): string => heard(new Walker(flowOf(telling(say, more, values))));

t.test('values between prompts, in the language of the caller', async (t) => {
  const bill = '[ p, { amount: due, currency: CNY }, q, { date: day } ]';
  t.equal(says(bill), '[p.zh]一千二百八十元五角[q.zh]二零二六年十二月五日');
  t.equal(
    says(bill, undefined, 'set: { language: en, due: 1280.5, day: "2026-12-05" }'),
    '[p.en] one thousand two hundred and eighty yuan and fifty fen [q.en] the fifth of December twenty twenty-six',
  );
  t.equal(says('{ number: due }'), '一千二百八十点五', 'one alone needs no list');
  t.equal(says('[ { prompt: p, in: en }, { digits: { text: "010" }, style: phone, in: en } ]'), '[p.en] zero one zero');
  t.equal(says('{ digits: call.dnis, style: phone }'), '九五五八八');
  t.equal(says('{ amount: { value: "vars.due * 2" }, currency: USD }'), '两千五百六十一美元');
  t.equal(
    says('[ { percent: 3.5 }, { duration: { text: "90" } }, { time: { text: "09:30" } } ]'),
    '百分之三点五一分钟三十秒上午九点三十分',
  );
});

t.test('a value that is none is never said in part', async (t) => {
  const bill = '[ p, { amount: none, currency: CNY } ]';
  t.equal(says(bill), '[cannot-tell.zh]', 'the caller is told so');
  const walker = new Walker(flowOf(telling(bill)));
  t.same(walker.heard().did, ['at bye', 'play p.zh'], 'and goes on');
  t.equal(says(bill, 'next: bye, failed: other'), '[r.zh]');
  for (const value of ['"x"', '"2026-02-30"', '1234567'] as const) {
    const flow = flowOf(telling('{ date: vars.v }', 'next: bye', `set: { v: ${value}, due: 0 }`).replace('vars.v', 'v'));
    t.equal(heard(new Walker(flow)), '[cannot-tell.zh]', value);
  }
});

t.test('keys, a takeover, stale ends', async (t) => {
  const menu = 'next: { menu: { prompt: q }, keys: { "1": other }, failed: bye }';
  const keep = new Walker(flowOf(telling('{ number: due }', menu))).press('1');
  t.same(keep.did, [], 'kept');
  t.match(keep.heard().did, ['at b/next', 'menu 1 chosen', 'at other']);
  const skip = new Walker(flowOf(telling('{ number: due }', `onKey: skip, ${menu}`))).press('1');
  t.match(skip.did, ['stopPlay', 'at b/next', 'menu 1 chosen']);
  const ignore = new Walker(flowOf(telling('{ number: due }', `onKey: ignore, ${menu}`))).press('1').heard();
  t.same(ignore.did, ['at b/next', 'play q.zh']);
  const over = new Walker(flowOf(telling('{ number: due }'))).takeOver();
  t.equal(heard(over), '一千二百八十点五', 'said again from the start');
  t.same(over.give({ kind: 'playEnded', turn: over.state.turn - 1 }).did, []);
  t.same(over.heard().did, ['at bye', 'play p.zh']);
});

t.test('what the checker says of a say', async (t) => {
  const cases: Array<[say: string, at: string, expected: string]> = [
    ['{ amount: due }', '{ amount', 'missing-field  an amount needs its currency: { amount: due, currency: CNY }'],
    ['{ amount: due, currency: RMB }', 'RMB', 'wrong-type  expected CNY or USD or EUR or HKD or JPY'],
    ['{ amount: deu, currency: CNY }', 'deu', 'unknown-name  no node of this flow sets "deu"; did you mean "vars.due"?'],
    [
      '{ ammount: due }',
      'due',
      'unknown-field  "ammount" cannot be said; did you mean "amount"?; values are said as number, digits, amount, date, time, percent, duration',
    ],
    ['{ number: due, date: day }', 'day', 'contradiction  say one thing at a time, each in braces of its own'],
    ['{ number: due, currency: CNY }', 'CNY', 'unknown-field  "currency" means nothing here'],
    ['{ digits: day, style: slow }', 'slow', 'wrong-type  expected plain or phone'],
    ['{ number: due, in: fr }', 'fr', 'unknown-language  "fr" is not a language of this flow'],
    ['{ date: { text: "2026-02-30" } }', '{ text', 'wrong-type  "2026-02-30" cannot be said as date'],
    ['{ number: caller.known }', 'caller.known', 'type-mismatch  true or false cannot be said as number'],
    ['{ time: due }', 'due', 'type-mismatch  a number cannot be said as time'],
    ['{ number: [1] }', '[1]', 'wrong-type  the name of a variable is expected here, { value: EXPRESSION } or { text: "..." }'],
    ['[]', '[]', 'out-of-range  one to 20 things can be said in a row'],
    ['nowhere', 'nowhere', 'unknown-prompt  there is no prompt "nowhere"'],
    ['7', '7', 'wrong-type  the name of a prompt is expected here, or a value in braces: { amount: due, currency: CNY }'],
  ];
  for (const [say, at, expected] of cases) {
    const text = telling(say);
    const line = text.split('\n').findIndex((each) => each.startsWith('  b:'));
    const column = (text.split('\n')[line] as string).indexOf(at, '  b: { say: '.length) + 1;
    t.same(findingsOf(text, { prompts: ['system/cannot-tell'] }), [`${line + 1}:${column}  error  ${expected}`], say);
  }
  t.match(
    findingsOf(telling('{ number: due }'), { prompts: [] })[0],
    /unknown-prompt {2}there is no prompt "system\/cannot-tell"/,
  );
  const french = telling('{ number: due }', 'next: bye', 'set: { due: 1 }', '[zh, en, fr]')
    .replaceAll(' }, q', ', fr: un }, q')
    .replaceAll(' }, r', ', fr: deux }, r')
    .replace('three }', 'three, fr: trois }');
  t.match(findingsOf(french), [/^6:13 {2}error {2}no-grammar {2}values can be said in zh, en only, not in fr/]);
  t.same(
    findingsOf(french.replace('{ number: due }', '{ number: due, in: zh }')).filter((each) => !each.includes('unreachable')),
    [],
    'said in one language whatever the caller speaks',
  );
  const secret = flowText(
    's',
    'start: a\nnodes:\n  a: { collect: { into: card, prompt: p, secure: true }, next: b, failed: bye }\n  b: { say: { digits: card }, next: bye }\n  bye: { hangup: true }',
  );
  t.match(findingsOf(secret), [/^6:23 {2}error {2}secure-value/]);
  t.match(findingsOf(secret.replace('digits: card', 'digits: { value: vars.card }')), [/error {2}secure-value/]);
  t.match(findingsOf(telling('p').replace('flow: s', 'flow: say')), [/bad-name {2}"say" is the name of the prompts/]);
});

const pinnedTo = (language: string) =>
  flowOf(
    `flow: ${language}-only\nlanguages: [${language}]\nstart: a\nnodes: { a: { say: { number: 30 }, next: b }, b: { hangup: true } }`,
  );

t.test('only what a flow may say is built, in its languages', async (t) => {
  const flow = flowOf(telling('{ time: { text: "09:30" } }'));
  const texts = collectTexts(new Map(), [flow]);
  t.same(texts.get('say/afternoon'), { zh: '下午' });
  t.same(texts.get('say/n-30'), { zh: '三十', en: 'thirty' });
  t.equal(texts.has('say/yuan'), false);
  t.equal(Array.from(collectTexts(new Map(), [flowOf(telling('p'))]).keys()).filter((id) => id.startsWith('say/')).length, 0);
  const pinned = collectTexts(new Map(), [flowOf(telling('{ number: due, in: zh }'))]);
  t.ok(pinned.has('say/wan'));
  const both = collectTexts(new Map(), [pinnedTo('zh'), pinnedTo('en')]);
  t.same(both.get('say/n-30'), { zh: '三十', en: 'thirty' }, 'flows of different languages share one fragment');
  t.equal(pinned.has('say/million'), false, 'not in a language in which it is never said');
  // Every prompt that any value plays has a text.
  const values: FlowValue[] = [0, 2, 10.05, 22222, 1e9, -7.5];
  for (const value of values) {
    const walker = new Walker(flowOf(telling('{ amount: v, currency: CNY }', 'next: bye', `set: { v: ${value} }`)));
    const play = walker.outcome.effects.find((effect) => effect.kind === 'play');
    const all = collectTexts(new Map(), [walker.program]);
    t.ok(
      play?.kind === 'play' && play.prompts.every(({ prompt, language }) => all.get(prompt)?.[language] !== undefined),
      `${value}`,
    );
  }
});
