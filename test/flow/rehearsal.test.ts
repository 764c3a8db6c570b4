import t from 'tap';
import { parseFlow } from '../../src/flow/parse-flow.js';
import type { CheckedFlow } from '../../src/flow/program.js';
import { parseAction } from '../../src/flow/rehearsal/actions.js';
import { coverageOf, percentOf } from '../../src/flow/rehearsal/coverage.js';
import { readFlowTests } from '../../src/flow/rehearsal/flow-tests.js';
import { parseMoment } from '../../src/flow/rehearsal/moment.js';
import { runFlowTest, type TestResult, type TestStage } from '../../src/flow/rehearsal/run-test.js';
import { transcriptOf } from '../../src/flow/rehearsal/transcript.js';

const read = (text: string): CheckedFlow => {
  const parsed = parseFlow(text, { file: 'x.yaml', known: {}, version: 'v1' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
};

const bank = read(`flow: bank
languages: [zh, en]
start: open
prompts:
  welcome: { zh: 您好, en: Hello }
  main: { zh: 账单请按1，人工请按0。, en: "Bill 1, agent 0." }
  card: { zh: 请输入卡号, en: Enter your card }
  due: { zh: 您本期应还, en: You owe }
  rate: { zh: 请评价, en: Please rate }
nodes:
  open: { hours: { calendar: service }, open: who, closed: bye }
  who: { identify: { by: ani }, next: tier }
  tier: { branch: [ { when: caller.tier == "vip", next: agent }, { next: welcome } ] }
  welcome: { play: welcome, next: main }
  main:
    menu: { prompt: main, firstDigit: 5s, tries: 2 }
    keys: { "1": card, "2": agent, "0": agent, "7": leave, "8": call, "9": out }
    failed: agent
  card:
    collect: { into: card, prompt: card, secure: true, min: 16, max: 19, check: luhn, tries: 1 }
    next: bill
    failed: agent
  bill:
    lookup: { endpoint: core, send: { card: card }, take: { due: answer.due } }
    next: say
    failed: agent
  say: { say: [ due, { amount: due, currency: CNY } ], next: tell }
  tell: { send: { to: sms, message: { text: told, due: { value: vars.due } } }, next: main }
  agent: { queue: { to: general, priority: 5, skills: { service: 1 } }, answered: rate, timedOut: leave, exits: { full: call } }
  leave: { voicemail: { box: complaints, prompt: rate, max: 30s }, next: bye, failed: bye }
  call: { callback: { confirm: false, to: general }, next: bye, refused: leave }
  out: { transfer: { outside: "4008001234" }, answered: rate, busy: agent, noAnswer: agent, failed: agent }
  rate: { survey: { prompt: rate, scale: 5 }, next: bye }
  bye: { play: goodbye, hangup: true }
`);

const stage: TestStage = {
  flow: bank,
  flows: new Map([['bank', bank]]),
  isOpen: () => null,
  emergency: (name) =>
    name === 'storm' ? Object.freeze({ prompt: 'emergency/storm', ['then' as const]: 'hangUp' as const }) : null,
  promptText: (prompt) => (prompt === 'system/goodbye' ? '再见' : null),
};

const run = (yaml: string): TestResult[] => {
  const tests = readFlowTests(yaml, 'bank.test.yaml');
  if (!tests.ok) throw new Error(JSON.stringify(tests.error));
  return tests.value.map((test) => runFlowTest(test, stage));
};
const walk = (result: TestResult | undefined): string[] => transcriptOf(result?.events ?? [], 'bank');

const CARD = '4111111111111111';
const right = `
- test: the bill by card
  lookups: { core: { due: 1280.5 } }
  do: [ press 1, "type ${CARD}#", press 0, agent answers, agent leaves, press 5 ]
  expect:
    visits: [ main, card, bill, say, tell, main, agent, rate, bye ]
    hears: [ welcome, main, card, due, 一千二百八十元五角, main, rate, goodbye ]
    never-hears: [ no-input, "4111", { prompt: welcome, in: en } ]
    vars: { due: 1280.5 }
    asks: [ core ]
    sends: [ { to: sms, message: { due: 1280.5 } } ]
    queue: { to: general, priority: 5, lane: ordinary, skills: { service: 1 } }
    score: 5
    outcome: answered
    language: zh
- test: silence leads to an agent who is not there
  do: [ wait 5s, wait 5s, queue timedOut, speak 12s ]
  expect: { path: [ open, who, tier, welcome, main, agent, leave, bye ], outcome: timedOut }
- test: a vip goes at once
  from: "13800000001"
  customers: { C1: { tier: vip, numbers: [ "13800000001" ] } }
  do: [ hang up ]
  expect: { path: [ open, who, tier, agent ], hears: [], outcome: abandonedInQueue }
- test: closed
  calendars: { service: closed }
  expect: { path: [ open, bye ], hears: [ 再见 ], queue: none, outcome: contained }
- test: the system has no answer
  lookups: { core: { fails: timeout } }
  do: [ press 1, "type ${CARD}#" ]
  expect: { visits: [ bill, agent ], outcome: inProgress, vars: { due: null } }
- test: it answers the second time
  lookups: { core: { inTurn: [ { fails: status }, { due: 3 } ] } }
  do: [ press 1, "type ${CARD}#", hang up ]
  expect: { asks: [ core ], outcome: abandonedInQueue }
- test: a wrong card
  do: [ press 1, type 4111111111111112 hash ]
  expect: { visits: [ card, agent ], asks: [] }
- test: outside, busy, then a callback that is refused
  callback: alreadyOpen
  do: [ press 9, transfer busy, queue blocked full, speak nothing ]
  expect: { visits: [ out, agent, call, leave, bye ], outcome: blocked }
- test: a callback
  do: [ press 8 ]
  expect: { visits: [ call, bye ], outcome: calledBack }
- test: talked outside
  do: [ press 9, transfer talked, hang up ]
  expect: { visits: [ out, rate ], outcome: contained }
- test: a storm
  emergency: storm
  expect: { never-hears: welcome, outcome: contained }
- test: keys before the question count
  do: [ press 0 now ]
  expect: { visits: [ welcome, main, agent ] }
- test: a message that the hash ends
  do: [ press 7, listen, press hash ]
  expect: { visits: [ leave, bye ], outcome: contained }
- test: after another controller took over, the card is asked for again
  lookups: { core: { due: 5 } }
  do: [ press 1, "type 4111", take over, "type ${CARD}#" ]
  expect: { visits: [ card, bill, say ], hears: [ card, card, 五元 ] }
- test: the other language
  language: en
  do: [ press 1 ]
  expect: { hears: [ Hello, { prompt: card, in: en } ], language: en }
`;

t.test('tests that say what the flow does are ok', async (t) => {
  const results = run(right);
  for (const result of results) t.ok(result.ok, `${result.test}: ${JSON.stringify(result.problems)} ${walk(result).join(' | ')}`);
  t.equal(results.length, 15);
});

t.test('secure digits are shown by nobody', async (t) => {
  const [bill] = run(right);
  t.notMatch(JSON.stringify(bill?.events), CARD);
  t.notMatch(JSON.stringify(bill?.events), /4111/);
  t.ok(walk(bill).includes(`  > ${'•'.repeat(17)}`));
  t.ok(walk(bill).some((line) => line.startsWith('  asks core {"card":"•••"}')));
});

t.test('coverage counts nodes and ways, and says what nobody has walked', async (t) => {
  const [bill] = run(right);
  const one = coverageOf(bank, [bill?.events ?? []]);
  t.match(one.ways.never, ['open -closed-> bye', 'tier -caller.tier == "vip"-> agent']);
  t.ok(one.ways.never.includes('main -2-> agent'), 'the key that leads to the same node as another one');
  t.notOk(one.ways.never.includes('main -0-> agent'));
  t.ok(one.ways.never.includes('main -failed-> agent'));
  t.same(one.nodes.never, ['leave', 'call', 'out']);
  const all = coverageOf(
    bank,
    run(right).map(({ events }) => events),
  );
  t.same(all.nodes.never, []);
  t.equal(percentOf(all.nodes), 100);
  t.same(all.ways.never, ['main -2-> agent', 'out -noAnswer-> agent', 'out -failed-> agent']);
  t.ok(percentOf(all.ways) < 100);
});

t.test('what is not as expected is told: where, what was expected, what happened', async (t) => {
  const problems = (expect: string, does = '[ press 0 ]'): unknown =>
    run(`- test: x\n  do: ${does}\n  expect: ${expect}\n`)[0]?.problems.map(({ line, what, expected, happened }) => [
      line,
      what,
      expected,
      happened,
    ]);
  t.match(problems('{ visits: [ main, card ] }'), [
    [3, 'visits', 'card after main', 'open → who → tier → welcome → main → agent'],
  ]);
  t.match(problems('{ visits: [ mian ] }'), [[3, 'visits', 'mian (no such node; did you mean "main"?)', /open/]]);
  t.match(problems('{ path: [ open ] }'), [[3, 'path', 'open', /open, who/]]);
  t.match(problems('{ hears: [ card ] }'), [[3, 'hears', '"card"', /\[welcome\] 您好/]]);
  t.match(problems('{ never-hears: 您 }'), [[3, 'never-hears', 'never "您"', '[welcome] 您好']]);
  t.match(problems('{ vars: { due: 3 } }'), [[3, 'vars', 'due: 3', 'due: null']]);
  t.match(problems('{ vars: { card: "1" } }'), [[3, 'vars', 'card: "1"', 'card: secure, seen by nobody']]);
  t.match(problems('{ queue: none }'), [[3, 'queue', 'no queue', 'queue general']]);
  t.match(problems('{ queue: { to: general, priority: 6, skills: { service: 2 } } }'), [
    [3, 'queue', 'priority: 6, skills: {service:2}', 'priority: 5, skills: {service:1}'],
  ]);
  t.match(problems('{ queue: { to: general } }', '[ hang up ]'), [[3, 'queue', 'queue general', 'no queue']]);
  t.match(problems('{ outcome: contained, language: en, score: 3, asks: [ core ], sends: [ { to: sms } ] }'), [
    [3, 'asks', 'core', 'nothing'],
    [3, 'sends', 'sms {}', 'nothing'],
    [3, 'score', '3', 'no survey'],
    [3, 'outcome', 'contained', 'inProgress'],
    [3, 'language', 'en', 'zh'],
  ]);
  t.match(problems('{}', '[ agent answers ]'), [
    [2, 'do', 'agent answers', 'no agent can answer or leave: the caller is at "main", being asked'],
  ]);
  t.match(problems('{}', '[ hang up, press 1 ]'), [[2, 'do', 'press 1', 'the call is over']]);
  t.match(problems('{}', '[ press 1, "type 4111111111111111#" ]'), [
    [1, 'lookups', 'an answer of core', /give it under lookups/],
  ]);
  t.match(problems('{}', '[ press 0, press 5 ]'), [[2, 'do', 'press 5', /queue exitedByKey/]]);
});

t.test('a file of tests is read strictly, and what is wrong is told with its place', async (t) => {
  const wrong = (text: string): string[] => {
    const tests = readFlowTests(text, 'x.test.yaml');
    return tests.ok ? [] : tests.error.map(({ line, column, rule, message }) => `${line}:${column} ${rule} ${message}`);
  };
  const cases: Array<[text: string, expected: RegExp]> = [
    ['test: x\n', /^1:1 wrong-type a list is expected/],
    ['- tset: x\n  expect: {}\n', /unknown-field "tset" means nothing here; did you mean "test"\?/],
    ['- test: x\n', /"expect" is missing/],
    ['- test: x\n  expect: { visit: [ a ] }\n', /^2:13 unknown-field "visit" means nothing here; did you mean "visits"\?/],
    ['- test: x\n  do: [ pres 1 ]\n  expect: {}\n', /^2:9 bad-action "pres 1" cannot be done; did you mean "press"\?/],
    ['- test: x\n  do: [ press x ]\n  expect: {}\n', /^2:9 bad-action "x" are no keys/],
    ['- test: x\n  at: tomorrow\n  expect: {}\n', /^2:7 bad-moment/],
    ['- test: x\n  from: 13800000001\n  expect: {}\n', /^2:9 unquoted-number/],
    ['- test: x\n  lookups: { core: { fails: slowly } }\n  expect: {}\n', /^2:20 bad-answer fails is followed by timeout/],
    ['- test: x\n  expect: { outcome: answerd }\n', /^2:22 wrong-type .*did you mean "answered"\?/],
    ['- test: x\n  expect: {}\n- test: x\n  expect: {}\n', /^3:9 duplicate-test/],
    ['- test: x\n  expect: {}\n  expect: {}\n', /^3:3 duplicate-key/],
  ];
  for (const [text, expected] of cases) {
    const found = wrong(text);
    t.ok(
      found.some((line) => expected.test(line)),
      `${text}: ${found.join(' | ')}`,
    );
  }
  t.ok(wrong(`- &a\n- *a\n`)[0]?.includes('alias'));
});

t.test('every action can be said, and nonsense is refused in words', async (t) => {
  for (const text of [
    'press 1',
    'press star now',
    'press hash',
    'type 12#',
    'wait 1m30s',
    'listen',
    'agent 1001 answers',
    'agent leaves',
    'queue exitedByKey later',
    'lookup {"a":[1]}',
    'lookup fails busy',
    'speak nothing',
    'speak 3s',
    'transfer denied',
    'time 2026-11-20T10:00+08:00',
    'take over',
    'hang up',
  ]) {
    t.ok(parseAction(text).ok, text);
  }
  for (const text of [
    '',
    'press',
    'press 1 2 x',
    'wait',
    'wait -1s',
    'queue',
    'queue later',
    'lookup',
    'lookup {',
    'lookup fails',
    'speak',
    'transfer',
    'time 10:00',
    'hang',
    'take',
    'listen now',
    'agent sleeps',
    `type ${'1'.repeat(201)}`,
    'constructor',
  ]) {
    const read = parseAction(text);
    t.ok(!read.ok && read.error.en.length > 5 && /\p{Script=Han}/u.test(read.error.zh), text);
  }
});

t.test('moments', async (t) => {
  for (const text of [
    '2026-11-20T10:00+08:00',
    '2026-11-20T10:00:59Z',
    '2000-02-29T00:00-0530',
    '1970-01-01T00:00Z',
    '2028-12-31T23:59+14:00',
    '2100-03-01 12:00Z',
  ]) {
    const iso = text.replace(' ', 'T').replace(/([+-]\d{2})(\d{2})$/, '$1:$2');
    t.equal(parseMoment(text), Date.parse(iso), text);
  }
  for (const text of [
    '2026-11-20',
    '2026-02-29T10:00Z',
    '2026-11-20T10:00',
    '2026-11-20T24:00Z',
    '2026-11-20T10:60Z',
    '2026-11-20T10:00+15:00',
    '1969-12-31T00:00Z',
    'now',
  ])
    t.equal(parseMoment(text), null, text);
});
