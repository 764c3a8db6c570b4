import t from 'tap';
import type { EmergencyView, FlowWorld } from '../../src/flow/contract.js';
import { MAX_HOPS } from '../../src/flow/interpreter.js';
import { readFlowShape } from '../../src/flow/parse-flow.js';
import { readSource } from '../../src/flow/source.js';
import { findingsOf, flowOf, flowText, VIP, Walker, worldOf, worldWith } from './walker.js';

const nodes = (lines: string, languages?: string): string => flowText('n', `start: a\nnodes:\n${lines}`, languages);

t.test('set computes', async (t) => {
  const walker = new Walker(
    flowOf(
      nodes(`  a: { set: { due: 1280.1, name: vip, done: false, none: null, dial: "0800" }, next: b }
  b: { set: { double: { value: vars.due * 2 }, is: { value: vars.due > 1000 and not vars.done }, who: { value: caller.number } }, next: c }
  c: { hangup: true }`),
    ),
  );
  t.same(walker.vars, {
    due: 1280.1,
    name: 'vip',
    done: false,
    none: null,
    dial: '0800',
    double: 2560.2,
    is: true,
    who: '13900000000',
  });
  t.match(findingsOf(nodes('  a: { set: { x: { value: vars.y + 1 } }, next: b }\n  b: { hangup: true }')), [
    /^5:27 {2}error {2}unknown-name {2}no node of this flow sets "y"/,
  ]);
  t.match(findingsOf(nodes('  a: { set: { x: { value: 1, more: 2 } }, next: b }\n  b: { hangup: true }')), [/wrong-type/]);
  t.match(findingsOf(nodes('  a: { set: { x: "1", y: { value: vars.x * 2 } }, next: b }\n  b: { hangup: true }')), [
    /type-mismatch {2}"\*" needs a number here/,
  ]);
  t.match(findingsOf(nodes('  a: { set: { toString: 1 }, next: b }\n  b: { hangup: true }')), [/^5:15 {2}error {2}bad-name/]);
});

t.test('a jump that counts', async (t) => {
  const text = nodes(`  a: { play: p, next: again }
  again: { goto: a, atMost: 2, then: b }
  b: { hangup: true }`);
  t.same(findingsOf(text), [], 'no endless loop');
  const walker = new Walker(flowOf(text)).heard();
  t.same(walker.did, ['at again', 'at a', 'play p.zh']);
  t.same(walker.state.counts, { 'n/again': 1 });
  t.same(walker.heard().did, ['at again', 'at a', 'play p.zh']);
  t.same(walker.heard().did, ['at again', 'at b', 'hangUp']);
  t.match(findingsOf(text.replace(', atMost: 2, then: b', '')), [/endless-loop/]);
  t.match(findingsOf(text.replace(', then: b', '')), [/dead-end .* give it then: where does a caller go after 2 times/]);
  t.match(findingsOf(text.replace('atMost: 2, ', '')), [/contradiction/]);
  t.match(findingsOf(text.replace('atMost: 2', 'atMost: 0')), [/out-of-range/]);
  const plain = flowOf(nodes('  a: { goto: b }\n  b: { hangup: true }'));
  t.same(new Walker(plain).did, ['flow n', 'at a', 'at b', 'hangUp']);
});

const outer = (call: string, more = ''): string =>
  flowText(
    'outer',
    `start: a\nnodes:\n  a: { set: { due: 12.5 }, next: call }\n  call: { flow: ${call}, next: done }\n  done: { play: p, hangup: true }\n${more}`,
  );
const inner = flowText(
  'inner',
  `params: { reason: text, due: { type: number, default: 1 }, vip: { type: boolean, default: false }, note: { type: text, default: null } }
start: x
nodes:
  x: { branch: [ { when: params.reason == "holiday" and params.due > 10, next: y }, { next: z } ] }
  y: { play: q, next: back }
  back: { return: { done: true, total: { value: params.due * 2 } } }
  z: { return: true }`,
);

t.test('flows with parameters and results', async (t) => {
  const call =
    '{ to: inner, with: { reason: holiday, due: { value: vars.due } }, take: { total: result.total, done: result.done } }';
  const [from, to] = [flowOf(outer(call)), flowOf(inner)];
  const walker = new Walker(from, worldWith(from, to));
  t.same(walker.did, ['flow outer', 'at a', 'at call', 'flow inner', 'at x', 'at y', 'play q.zh']);
  t.same(walker.state.params, { reason: 'holiday', due: 12.5, vip: false, note: null });
  t.same(walker.heard().did, ['at back', 'flow outer', 'at done', 'play p.zh']);
  t.same(walker.vars, { due: 12.5, total: 25, done: true });
  t.notOk('params' in walker.state, 'what the caller had is back: nothing');

  const other = flowOf(outer(call.replace('holiday', 'other')));
  t.same(new Walker(other, worldWith(other, to)).vars, { due: 12.5, total: null, done: null }, 'what is not returned is nothing');
  const wrong = flowOf(outer(call.replace('{ value: vars.due }', 'much')));
  t.equal(new Walker(wrong, worldWith(wrong, to)).state.params, undefined, 'a parameter of the wrong type is its default');
  const gone = new Walker(from, worldWith(from));
  t.same(gone.did.slice(-2), ['at done', 'play p.zh'], 'a flow that has gone is passed over');
  t.same(gone.vars, { due: 12.5, total: null, done: null });
  const alone = new Walker(to);
  t.same(alone.did, ['flow inner', 'at x', 'at z', 'hangUp'], 'a flow that a number leads to has its defaults');

  // Three deep: each has its own parameters, and gets them back.
  const middle = flowOf(
    flowText(
      'middle',
      'params: { n: number }\nstart: a\nnodes:\n  a: { flow: { to: inner, with: { reason: holiday, due: { value: params.n * 4 } }, take: { t: result.total } }, next: b }\n  b: { return: { sum: { value: vars.t + params.n } } }',
    ),
  );
  const top = flowOf(
    flowText(
      'top',
      'start: a\nnodes:\n  a: { flow: { to: middle, with: { n: 5 }, take: { s: result.sum } }, next: b }\n  b: { play: p, hangup: true }',
    ),
  );
  const deep = new Walker(top, worldWith(top, middle, to)).heard();
  t.same(deep.vars, { t: 40, s: 45 });
  t.same(deep.state.stack, []);
});

t.test('what the checker knows of calls between flows', async (t) => {
  const source = readSource(inner, 'inner.yaml');
  const shape = readFlowShape(source.ok ? source.value.value : null);
  t.equal(shape?.flow, 'inner');
  const known = {
    flows: ['inner'],
    flowShapes: new Map([[shape?.flow ?? '', shape?.shape ?? { params: new Map(), results: new Set<string>() }]]),
  };
  const found = (call: string): string => findingsOf(outer(call), known).join();
  t.equal(found('{ to: inner, with: { reason: x }, take: { a: result.total } }'), '');
  t.equal(found('{ to: inner, with: { reason: { value: caller.tier }, due: { value: vars.due + 1 } } }'), '');
  t.match(found('inner'), /^6:11 {2}error {2}missing-parameter {2}"inner" needs reason \(text\)/);
  t.match(
    found('{ to: inner, with: { reson: x } }'),
    /missing-parameter.*unknown-parameter {2}"inner" has no parameter "reson"; did you mean "reason"/,
  );
  t.match(found('{ to: inner, with: { reason: 5 } }'), /type-mismatch {2}reason is a text in "inner", and this is a number/);
  t.match(found('{ to: inner, with: { reason: { value: vars.due } } }'), /type-mismatch/);
  t.match(found('{ to: inner, with: { reason: x }, take: { a: result.sum } }'), /unknown-result {2}"inner" returns no "sum"/);
  t.match(found('{ to: inner, with: { reason: x }, take: { a: total } }'), /a result is written result.NAME/);
  t.match(found('{ to: iner }'), /unknown-flow {2}there is no flow "iner"; did you mean "inner"/);
  t.match(found('{ to: inner, with: { reason: vars.due } }'), /text-or-value/);
  t.match(
    findingsOf(outer('{ to: inner, take: { a: result.x } }').replace(', next: done }', ' }')).join(),
    /contradiction {2}nobody comes back/,
  );
  const params = (list: string): string =>
    findingsOf(nodes('  a: { hangup: true }').replace('start:', `params: ${list}\nstart:`)).join();
  t.equal(params('{ a: text, b: { type: number, default: 0 } }'), '');
  t.match(params('{ a: date }'), /a type is expected here/);
  t.match(params('{ constructor: text }'), /bad-name/);
  t.match(params('{ a: { type: number, default: "0" } }'), /type-mismatch {2}the default is no number/);
  t.match(
    findingsOf(nodes('  a: { branch: [ { when: params.x == 1, next: b }, { next: b } ] }\n  b: { hangup: true }')).join(),
    /unknown-name {2}this flow has no parameter "x"/,
  );
  t.equal(readFlowShape(null), null);
  t.equal(readFlowShape({ flow: 5 }), null);
  t.same(readFlowShape({ flow: 'x', params: 'y', nodes: 7 })?.shape, { params: new Map(), results: new Set() });
});

t.test('a flow that asks for secure digits on behalf of another', async (t) => {
  const ask = flowOf(
    flowText(
      'ask-card',
      'start: a\nnodes:\n  a: { collect: { into: card, prompt: p, secure: true, min: 4 }, next: b, failed: b }\n  b: { return: true }',
    ),
  );
  const text = flowText(
    'main',
    'start: a\nnodes:\n  a: { flow: { to: ask-card, secure: [ card ] }, next: who }\n  who: { identify: { by: account, account: card }, next: b }\n  b: { play: q, hangup: true }',
  );
  t.same(findingsOf(text), []);
  const main = flowOf(text);
  const world: FlowWorld = { ...worldWith(main, ask), customerByAccount: (account) => (account === '6222' ? VIP : null) };
  const walker = new Walker(main, world).press('6222#');
  t.match(walker.did, ['stopTimer', 'collected 0 secure', 'at b', 'flow main', 'at who', 'vip by account', 'at b', 'play q.zh']);
  t.notMatch(walker.told, /6222/);
  t.match(findingsOf(text.replace('secure: [ card ]', 'with: {}')).join(), /unknown-name {2}no node of this flow sets "card"/);
});

t.test('flows that call each other without end', async (t) => {
  const [one, two] = ['one', 'two'].map((name, i, both) =>
    flowOf(flowText(name, `start: a\nnodes:\n  a: { flow: ${both[1 - i]}, next: b }\n  b: { hangup: true }`)),
  ) as [ReturnType<typeof flowOf>, ReturnType<typeof flowOf>];
  const walker = new Walker(one, worldWith(one, two));
  t.equal(walker.state.waitingFor, 'ended', 'a call that comes back nowhere');
  const [jump, back] = ['jump', 'back'].map((name, i, both) =>
    flowOf(flowText(name, `start: a\nnodes:\n  a: { flow: ${both[1 - i]} }`)),
  ) as [ReturnType<typeof flowOf>, ReturnType<typeof flowOf>];
  const round = new Walker(jump, worldWith(jump, back));
  t.equal(round.state.waitingFor, 'ended');
  t.equal(round.state.hops, MAX_HOPS);
});

t.test('who the caller is', async (t) => {
  const text = nodes(`  a: { identify: { by: ani }, next: b, unknown: ask }
  b: { language: caller, next: c }
  c: { branch: [ { when: caller.verified, next: d }, { when: caller.known, next: e }, { next: f } ] }
  d: { queue: { to: general } }
  e: { queue: { to: other } }
  f: { hangup: true }
  ask: { collect: { into: account, prompt: p, max: 6 }, next: who, failed: f }
  who: { identify: { by: account, account: account }, next: b, unknown: f }`);
  const world = worldOf({
    customerByNumber: (ani) => (ani === '1' ? VIP : null),
    customerByAccount: (account) => (account === '000123' ? { ...VIP, tier: 'gold' } : null),
  });
  const known = new Walker(flowOf(text), { ...world, ani: '1' });
  t.same(known.did, ['flow n', 'at a', 'vip by ani', 'at b', 'language en', 'at c', 'at e', 'queue other']);
  t.match(known.outcome.effects.at(-1), { kind: 'enterQueue', queueId: 'other' });
  t.notOk('tier' in (known.outcome.effects.at(-1) as object), 'the queue knows the tier of a number itself');
  const entered = new Walker(flowOf(text), world).press('000123#');
  t.match(entered.did, [
    'stopTimer',
    'collected 6',
    'at who',
    'gold by account',
    'at b',
    'language en',
    'at c',
    'at d',
    'queue general',
  ]);
  t.match(entered.outcome.effects.at(-1), { kind: 'enterQueue', tier: 'gold' });
  t.match(entered.vars, { 'caller.verified': true, 'caller.tier': 'gold', 'caller.known': true });
  const nobody = new Walker(flowOf(text), world).press('999#');
  t.match(nobody.did, ['stopTimer', 'collected 3', 'at who', 'ordinary by account', 'at f', 'hangUp']);
  t.match(nobody.vars, { 'caller.verified': false });
  const without = new Walker(flowOf(text), worldOf()).press('000123#');
  t.match(without.did.slice(-2), ['at f', 'hangUp'], 'a site without accounts knows nobody by one');
  t.match(
    findingsOf(text.replace('by: account, account: account', 'by: account')).join(),
    /missing-field {2}by account needs account/,
  );
  t.match(findingsOf(text.replace('by: ani', 'by: ani, account: account')).join(), /contradiction/);
  t.match(
    findingsOf(text.replace('account: account }', 'account: acount }')).join(),
    /unknown-name {2}no node of this flow sets "acount"; did you mean "vars.account"/,
  );
});

const emergency = (then: EmergencyView['then']): Partial<FlowWorld> => ({
  emergency: (dnis) => (dnis === '95588' ? { prompt: 'emergency/flood', then } : null),
});

t.test('an emergency announcement goes before everything', async (t) => {
  const flow = flowOf(
    nodes(
      '  a: { hours: { calendar: service }, open: b, closed: c }\n  b: { menu: { prompt: p }, keys: { "1": c }, failed: c }\n  c: { play: q, hangup: true }',
    ),
  );
  const going = new Walker(flow, worldOf(emergency('continue')));
  t.same(going.did, ['flow n', 'at @emergency', 'play flood.zh flood.en', 'emergencyHeard'], 'in each language of the flow');
  t.same(going.press('1').did, [], 'nobody talks over it');
  t.match(going.heard().did, ['at a', 'at b', 'menu 1 chosen', 'at c'], 'but a key is not lost');
  t.match(
    new Walker(flow, worldOf(emergency('closed'))).heard().did,
    ['at a', 'at c', 'play q.zh'],
    'every hours node says closed',
  );
  const bye = new Walker(flow, worldOf(emergency('hangUp'))).heard();
  t.same(bye.did, ['at @goodbye', 'play goodbye.zh']);
  t.same(bye.heard().did, ['hangUp']);
  t.match(
    new Walker(flow, worldOf({ ...emergency('hangUp'), dnis: '1' })).did,
    ['flow n', 'at a', 'at b'],
    'other numbers are not concerned',
  );
  const off = new Walker(flow, worldOf(emergency('hangUp')));
  off.world = worldOf();
  t.match(off.heard().did, ['at a', 'at b'], 'switched off while it plays');
  const again = new Walker(flow, worldOf(emergency('continue'))).takeOver();
  t.same(again.did, ['play flood.zh flood.en'], 'after a takeover it is said again, and counted once');
  const offAndOver = new Walker(flow, worldOf(emergency('continue')));
  offAndOver.world = worldOf();
  t.match(offAndOver.takeOver().did, ['at a', 'at b']);
  t.match(findingsOf(nodes('  a: { emergency: true }')).join(), /unknown-kind/, 'nobody writes this node');
});

t.test('the language of the call', async (t) => {
  const ask = `  a: { language: { ask: p, keys: { "1": zh, "2": en }, firstDigit: 4s, otherwise: zh }, next: b }
  b: { play: q, next: c }
  c: { menu: { prompt: r }, keys: { "1": d }, failed: d }
  d: { hangup: true }`;
  t.same(findingsOf(nodes(ask)), []);
  const flow = flowOf(nodes(ask));
  t.same(new Walker(flow).did, ['flow n', 'at a', 'play p.zh p.en'], 'asked in each language');
  t.same(new Walker(flow).press('2').did, ['stopPlay', 'menu 2 chosen', 'language en', 'at b', 'play q.en']);
  t.same(new Walker(flow).heard().did, ['timer 4000']);
  t.same(new Walker(flow).heard().timer().did, ['menu null noInput', 'language zh', 'at b', 'play q.zh']);
  t.match(new Walker(flow).press('9').did, ['stopPlay', 'menu null invalid', 'language zh']);
  t.same(new Walker(flow).heard().takeOver().did, ['play p.zh p.en']);
  const twice = flowOf(nodes(ask.replace('firstDigit: 4s', 'firstDigit: 4s, tries: 2')));
  t.same(new Walker(twice).press('9').did, ['stopPlay', 'play p.zh p.en']);
  t.match(new Walker(twice).press('9').press('2').did, ['stopPlay', 'menu 2 chosen', 'language en']);
  const early = flowOf(
    nodes(`${ask.replace('  a:', '  ask:').replace('b: { play: q', 'b: { play: q')}\n  a: { play: p, next: ask }`),
  );
  t.match(
    new Walker(early).press('21').heard().did,
    ['at ask', 'menu 2 chosen', 'language en', 'at b', 'play q.en'],
    'keyed ahead',
  );
  t.match(new Walker(early).press('21').heard().heard().did, ['at c', 'menu 1 chosen'], 'and the next key is for the menu');
  const fixed = flowOf(nodes('  a: { language: en, next: b }\n  b: { play: q, hangup: true }'));
  t.same(new Walker(fixed).did, ['flow n', 'at a', 'language en', 'at b', 'play q.en']);
  const own = flowOf(
    nodes('  a: { identify: { by: ani }, next: b }\n  b: { language: caller, next: c }\n  c: { play: q, hangup: true }'),
  );
  t.same(new Walker(own, worldOf({ customerByNumber: () => VIP })).did.slice(-3), ['language en', 'at c', 'play q.en']);
  for (const language of [null, 'fr'])
    t.same(
      new Walker(own, worldOf({ customerByNumber: () => ({ ...VIP, language }) })).did.slice(-2),
      ['at c', 'play q.zh'],
      `${language}`,
    );
  const found = (from: string, to: string): string => findingsOf(nodes(ask.replace(from, to))).join();
  t.match(found('"2": en', '"2": fr'), /unknown-language {2}"fr" is not a language of this flow/);
  t.match(found('otherwise: zh', 'otherwise: xx'), /unknown-language/);
  t.match(found('"2": en', '"22": en'), /bad-key/);
  t.match(found('keys: { "1": zh, "2": en }', 'keys: {}'), /dead-end/);
  t.match(findingsOf(nodes('  a: { language: fr, next: b }\n  b: { hangup: true }')).join(), /unknown-language/);
  t.match(findingsOf(nodes('  a: { language: zh, next: a }')).join(), /endless-loop/);
});

t.test('what a queue is asked for', async (t) => {
  const entered = (fields: string): object =>
    new Walker(flowOf(nodes(`  a: { queue: { to: general${fields} } }`))).outcome.effects.at(-1) ?? {};
  const plain = { kind: 'enterQueue', queueId: 'general', lane: 'ordinary', priority: 0, skills: {} };
  t.same(entered(''), plain);
  t.same(entered(', tier: gold, agent: "1001", grace: 30s, announce: none'), {
    ...plain,
    tier: 'gold',
    agent: { agentId: '1001', graceMs: 30_000 },
    announce: 'none',
  });
  t.same(entered(', agent: "1001", announce: night'), {
    ...plain,
    agent: { agentId: '1001', graceMs: 20_000 },
    announce: { plan: 'night' },
  });
  const known = { queues: ['general'], agents: ['1001'], announcements: ['night'], tiers: ['gold'] };
  const found = (fields: string): string => findingsOf(nodes(`  a: { queue: { to: general, ${fields} } }`), known).join();
  t.equal(found('agent: "1001", announce: night, tier: gold'), '');
  t.match(found('agent: "1002"'), /unknown-agent {2}there is no agent "1002"; did you mean "1001"/);
  t.match(found('agent: 1001'), /unquoted-number/);
  t.match(found('announce: nigth'), /unknown-announcement .* did you mean "night"/);
  t.match(found('tier: silver'), /unknown-tier/);
  t.match(found('grace: 5s'), /contradiction/);
});
