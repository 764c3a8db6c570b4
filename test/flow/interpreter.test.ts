import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { asId, type CustomerId } from '../../src/base/ids.js';
import type { FlowEffect, FlowInput, FlowOutcome, FlowState, FlowWorld } from '../../src/flow/contract.js';
import { MAX_HOPS, startFlow, stepFlow } from '../../src/flow/interpreter.js';
import { parseFlow } from '../../src/flow/parse-flow.js';
import type { CheckedFlow, FlowNodeOf } from '../../src/flow/program.js';

const VIP = '13800000001';

function flowOf(text: string): CheckedFlow {
  const parsed = parseFlow(text, { file: 'test.yaml', known: {}, version: 'v1' });
  if (!parsed.ok) throw new Error(parsed.error.map((f) => `${f.line}:${f.column} ${f.rule} ${f.message}`).join('\n'));
  return parsed.value;
}
const shipped = (name: string): CheckedFlow => flowOf(readFileSync(`ivr-flows/${name}.yaml`, 'utf8'));
const credit = shipped('credit-card');

function worldOf(fields: Partial<FlowWorld> = {}): FlowWorld {
  return {
    atMs: 1_000_000,
    ani: '13900000000',
    dnis: '95588',
    customerByNumber: (ani) => (ani === VIP ? { id: asId<CustomerId>('c1'), tier: 'vip', language: 'zh', name: 'W' } : null),
    isOpen: () => true,
    flow: () => null,
    ...fields,
  };
}

/** A caller who walks: keeps the state, gives inputs, remembers what came of the last one. */
class Caller {
  outcome: FlowOutcome;
  atMs: number;
  constructor(
    readonly program: CheckedFlow,
    readonly world: FlowWorld = worldOf(),
  ) {
    this.atMs = world.atMs;
    this.outcome = startFlow(program, world);
  }
  get state(): FlowState {
    return this.outcome.state;
  }
  give(input: FlowInput, afterMs = 0): this {
    this.atMs += afterMs;
    // Through JSON each time: what is not plain data would be lost in Redis too.
    const state = JSON.parse(JSON.stringify(this.state)) as FlowState;
    this.outcome = stepFlow(this.program, state, input, { ...this.world, atMs: this.atMs });
    return this;
  }
  heard(afterMs = 0): this {
    return this.give({ kind: 'playEnded', turn: this.state.turn }, afterMs);
  }
  press(...keys: string[]): this {
    for (const key of keys) this.give({ kind: 'key', key });
    return this;
  }
  timer(afterMs = 0): this {
    return this.give({ kind: 'timer', turn: this.state.turn }, afterMs);
  }
  /** The last effects as short words. */
  get did(): string[] {
    return this.outcome.effects.map(word);
  }
}

function word(effect: FlowEffect): string {
  switch (effect.kind) {
    case 'play':
      return `play ${effect.prompts.map((p) => `${p.prompt}.${p.language}`).join(' ')}`;
    case 'startTimer':
      return `timer ${effect.afterMs}`;
    case 'enterQueue':
      return `queue ${effect.queueId} ${effect.lane} ${effect.priority} ${JSON.stringify(effect.skills)}`;
    case 'fact': {
      const { fact } = effect;
      if (fact.kind === 'nodeEntered') return `at ${fact.node}`;
      if (fact.kind === 'menuEnded') return `menu ${fact.node} ${fact.key} ${fact.result}`;
      if (fact.kind === 'languageChosen') return `language ${fact.language}`;
      if (fact.kind === 'callerIdentified') return `tier ${fact.tier}`;
      if (fact.kind === 'flowEntered') return `flow ${fact.flowId} ${fact.version}`;
      return fact.kind;
    }
    default:
      return effect.kind;
  }
}

t.test('the credit-card hotline, key by key', async (t) => {
  const caller = new Caller(credit);
  t.same(caller.did, ['flow credit-card v1', 'at open-hours', 'at welcome', 'play credit-card/welcome.zh']);
  t.same(caller.heard().did, ['at language', 'play credit-card/choose.zh credit-card/choose.en']);
  t.same(
    caller.press('2').did,
    [
      'stopPlay',
      'menu language 2 chosen',
      'language en',
      'at identify',
      'tier ordinary',
      'at vip-or-main',
      'at main',
      'play credit-card/main.en',
      'timer 120000',
    ],
    'a key cuts the prompt in the same step',
  );
  t.same(caller.press('1').did, [
    'stopPlay',
    'stopTimer',
    'menu main 1 chosen',
    'at lost-card-chosen',
    'at say-lost-card',
    'play credit-card/lost-card.en',
  ]);
  t.same(caller.heard().did, ['at lost-card', 'queue lost-card ordinary 100 {}']);
  t.equal(caller.state.waitingFor, 'queue');
  t.same(caller.press('1').did, [], 'keys mean nothing to the flow while waiting');
  t.same(caller.give({ kind: 'queueLeft', exit: 'timedOut' }).did, ['at all-busy', 'play credit-card/busy-choose.en']);
  t.match(caller.press('1').did, ['stopPlay', 'menu all-busy 1 chosen', 'at call-me-back', 'requestCallback']);
  t.same(caller.give({ kind: 'callbackDecided', refusal: null }).did, ['play system/callback-accepted.en']);
  t.same(caller.heard().did, ['at goodbye', 'play system/goodbye.en']);
  t.same(caller.heard().did, ['hangUp']);
  t.equal(caller.state.waitingFor, 'ended');
  t.same(caller.give({ kind: 'resumed' }).did, ['hangUp'], 'who is still there after a takeover is hung up');
  t.same(caller.press('1').did, []);
});

t.test('ways into the queues', async (t) => {
  const toMain = (world = worldOf()): Caller => new Caller(credit, world).heard().press('1');
  const vip = (): Caller => toMain(worldOf({ ani: VIP }));
  t.ok(vip().did.includes('play credit-card/welcome-vip.zh'));
  t.same(vip().heard().press('0').heard().did, ['at vip', 'queue general vip 0 {}']);
  t.same(vip().heard().press('2', '0').heard().did, ['at by-tier', 'at vip', 'queue general vip 0 {}']);
  t.same(toMain().press('0').heard().did, ['at by-tier', 'at agent', 'queue general ordinary 0 {}']);
  t.same(toMain().press('6', '0').heard().did, ['at complaint-agent', 'queue general ordinary 20 {}']);
  t.match(toMain().press('9').did, ['stopPlay', 'stopTimer', 'menu main 9 chosen', 'at main', 'play credit-card/main.zh']);
  const inQueue = (): Caller => toMain().press('0').heard();
  t.match(inQueue().give({ kind: 'talkEnded' }).did, ['at rate-us', 'play credit-card/rate.zh']);
  for (const exit of ['blocked', 'timedOut', 'exitedByKey'] as const)
    t.match(inQueue().give({ kind: 'queueLeft', exit }).did, ['at all-busy', 'play credit-card/busy-choose.zh']);
  t.match(inQueue().give({ kind: 'queueLeft', exit: 'flowedOut' }).did, ['at @sorry-busy', 'play system/sorry-busy.zh']);
  const afterHours = shipped('after-hours');
  const closed = new Caller(credit, worldOf({ isOpen: () => false, flow: () => afterHours }));
  t.match(closed.did.slice(0, 5), [
    'flow credit-card v1',
    'at open-hours',
    'at open-hours/closed',
    'flow after-hours v1',
    'at closed',
  ]);
  t.match(
    new Caller(credit, worldOf({ isOpen: () => null })).did.at(-1),
    'play credit-card/welcome.zh',
    'a lost calendar closes nothing',
  );
});

const menuFlow = (menu: string, keys: string, more = ''): CheckedFlow =>
  flowOf(`flow: m
languages: [zh]
start: hello
prompts: { hello: { zh: 好 }, ask: { zh: 问 }, none: { zh: 无 }, wrong: { zh: 错 } }
nodes:
  hello: { play: hello, next: ask }
  ask:
    menu: { prompt: ask, noInput: none, invalid: wrong, ${menu} }
    keys: { ${keys} }
    failed: bye
  q: { queue: { to: a } }
  bye: { hangup: true }
${more}`);

t.test('timers, tries and wrong keys', async (t) => {
  const flow = menuFlow('firstDigit: 5s, interDigit: 2s, tries: 2', '"1": q, "12": bye, "345": q');
  const atMenu = (): Caller => new Caller(flow).heard();
  t.same(atMenu().did, ['at ask', 'play m/ask.zh']);
  t.same(atMenu().heard().did, ['timer 5000'], 'the first-digit timer starts when the prompt has ended');
  t.same(atMenu().heard().timer().did, ['play m/none.zh m/ask.zh']);
  t.same(atMenu().heard().timer().heard().timer().did, ['menu ask null noInput', 'at bye', 'hangUp']);
  t.same(atMenu().press('7').did, ['stopPlay', 'play m/wrong.zh m/ask.zh']);
  t.same(atMenu().press('7', '8').did, ['stopPlay', 'menu ask null invalid', 'at bye', 'hangUp']);
  t.same(atMenu().heard().press('7').did, ['stopTimer', 'play m/wrong.zh m/ask.zh']);
  t.same(atMenu().press('1').did, ['stopPlay', 'timer 2000'], '1 could become 12');
  t.match(atMenu().press('1').timer().did, ['menu ask 1 chosen', 'at q'], 'and is 1 when nothing follows');
  t.match(atMenu().press('1', '#').did, ['stopTimer', 'menu ask 1 chosen'], 'or at once with #');
  t.match(atMenu().press('1', '2').did, ['stopTimer', 'menu ask 12 chosen', 'at bye']);
  t.same(atMenu().press('3', '4').did, ['stopTimer', 'timer 2000'], 'each key gets its own time');
  t.same(atMenu().press('3', '4').timer().did, ['play m/wrong.zh m/ask.zh'], 'half a choice is a wrong one');
  t.same(atMenu().press('x', '', '11').did, [], 'what is no key changes nothing');
  t.same(atMenu().heard().press('1').state.digits, '1');
});

t.test('overall time of a menu', async (t) => {
  const caller = new Caller(menuFlow('firstDigit: 5s, overall: 8s, tries: 9', '"1": q')).heard();
  t.same(caller.did, ['at ask', 'play m/ask.zh', 'timer 8000']);
  t.same(caller.heard(3_000).did, ['timer 5000']);
  t.same(caller.timer(4_000).did, ['play m/none.zh m/ask.zh', 'timer 1000']);
  t.same(caller.timer(1_000).did, ['stopPlay', 'menu ask null noInput', 'at bye', 'hangUp'], 'cuts even a prompt');
  const back = new Caller(caller.program).heard().give({ kind: 'resumed' }, 60_000);
  t.same(back.did, ['play m/ask.zh', 'timer 8000'], 'the time without a controller does not count');
});

t.test('keys that come early or late are not lost', async (t) => {
  const flow = menuFlow(
    'firstDigit: 5s',
    '"1": q, "2": deep',
    '  deep: { menu: { prompt: ask }, keys: { "3": q, "4": bye }, failed: bye }',
  );
  const ahead = new Caller(flow).press('2');
  t.same(ahead.did, [], 'the welcome goes on');
  t.match(ahead.heard().did, ['at ask', 'menu ask 2 chosen', 'at deep', 'play m/ask.zh'], 'and the menu is not asked any more');
  t.match(new Caller(flow).press('2', '4').heard().did, [
    'at ask',
    'menu ask 2 chosen',
    'at deep',
    'menu deep 4 chosen',
    'at bye',
    'hangUp',
  ]);
  const noise = new Caller(flow).press('9').heard();
  t.same(noise.did, ['at ask', 'play m/ask.zh'], 'an early key that fits nothing is no wrong answer');
  t.equal(noise.state.tries, 0);
  // The last word: the key comes before playEnded, after it, or after the switch has ended the playback but before we know.
  const last = new Caller(flow).heard();
  const turn = last.state.turn;
  t.match(last.press('1').did, ['stopPlay', 'menu ask 1 chosen', 'at q']);
  t.same(last.give({ kind: 'playEnded', turn }).did, [], 'the late end of the cut prompt is stale');
  t.match(new Caller(flow).heard().heard().press('1').did, ['stopTimer', 'menu ask 1 chosen']);
  const stay = new Caller(menuFlow('bargeIn: false', '"1": q')).heard().press('1');
  t.same(stay.did, [], 'without barge-in the prompt is heard to its end');
  t.match(stay.heard().did, ['menu ask 1 chosen', 'at q']);
  const skip = flowOf(
    'flow: s\nlanguages: [zh]\nstart: a\nprompts: { p: { zh: 一 } }\nnodes:\n  a: { play: p, onKey: skip, next: m }\n  m: { menu: { prompt: p }, keys: { "1": { hangup: true } }, failed: { hangup: true } }\n',
  );
  t.match(new Caller(skip).press('1').did, ['stopPlay', 'at m', 'menu m 1 chosen', 'at m/1', 'hangUp']);
  const ignore = new Caller(
    flowOf(
      'flow: s\nlanguages: [zh]\nstart: a\nprompts: { p: { zh: 一 } }\nnodes:\n  a: { play: p, onKey: ignore, next: m }\n  m: { menu: { prompt: p }, keys: { "1": { hangup: true } }, failed: { hangup: true } }\n',
    ),
  );
  t.same(ignore.press('1').heard().did, ['at m', 'play s/p.zh']);
});

t.test('a controller that takes over asks again', async (t) => {
  const flow = menuFlow('firstDigit: 5s, interDigit: 2s', '"1": q, "12": q');
  t.same(new Caller(flow).give({ kind: 'resumed' }).did, ['play m/hello.zh']);
  t.same(new Caller(flow).heard().give({ kind: 'resumed' }).did, ['play m/ask.zh']);
  t.same(new Caller(flow).heard().heard().give({ kind: 'resumed' }).did, ['play m/ask.zh'], 'rather than waiting in silence');
  t.same(new Caller(flow).heard().press('1').give({ kind: 'resumed' }).did, ['timer 2000'], 'half a choice goes on');
  t.same(new Caller(flow).heard().press('1', '#').give({ kind: 'resumed' }).did, [], 'the queue knows its callers itself');
  const before = new Caller(flow).heard();
  const old = before.state.turn;
  t.same(before.give({ kind: 'resumed' }).give({ kind: 'playEnded', turn: old }).did, [], 'the old playback is stale');
});

t.test('a flow that was changed under a call', async (t) => {
  const flow = menuFlow('tries: 1', '"1": q');
  const lost = { ...new Caller(flow).heard().state, node: 'gone' };
  const did = (input: FlowInput, state: FlowState = lost): string[] => stepFlow(flow, state, input, worldOf()).effects.map(word);
  t.match(did({ kind: 'resumed' }), ['at hello', 'play m/hello.zh'], 'starts again rather than dropping the caller');
  t.match(did({ kind: 'playEnded', turn: lost.turn }), ['at hello']);
  t.same(did({ kind: 'key', key: '1' }), []);
  t.match(did({ kind: 'queueLeft', exit: 'blocked' }, { ...lost, waitingFor: 'queue' }), [
    'at @sorry-busy',
    'play system/sorry-busy.zh',
  ]);
  t.same(did({ kind: 'talkEnded' }, { ...lost, waitingFor: 'queue' }), ['hangUp']);
});

t.test('flows that lead into flows', async (t) => {
  const outer = flowOf(
    'flow: outer\nlanguages: [zh]\nstart: a\nprompts: { p: { zh: 一 } }\nnodes:\n  a: { flow: inner, next: b }\n  b: { play: p, next: c }\n  c: { flow: far }\n',
  );
  const inner = flowOf(
    'flow: inner\nlanguages: [zh]\nstart: x\nprompts: { p: { zh: 一 } }\nnodes:\n  x: { play: p, next: y }\n  y: { return: true }\n',
  );
  // Each is right by itself, and a checker that sees both refuses them: what is left is a file that came in between.
  const loop = (name: string, to: string): CheckedFlow =>
    flowOf(`flow: ${name}\nlanguages: [zh]\nstart: z\nnodes:\n  z: { flow: ${to}, next: z2 }\n  z2: { hangup: true }\n`);
  const all = new Map(
    [outer, inner, loop('far', 'farther'), loop('farther', 'far')].map((flow) => [flow.flowId as string, flow]),
  );
  const world = worldOf({ flow: (id) => all.get(id) ?? null });
  const caller = new Caller(outer, world);
  t.same(caller.did, ['flow outer v1', 'at a', 'flow inner v1', 'at x', 'play inner/p.zh']);
  t.equal(caller.state.stack.length, 1);
  t.same(
    caller.heard().did,
    ['at y', 'flow outer v1', 'at b', 'play outer/p.zh'],
    'the caller handed the outer program; the state knows better',
  );
  t.equal(caller.heard().state.waitingFor, 'ended', 'flows that call each other for ever end');
  t.match(
    new Caller(outer).did,
    ['flow outer v1', 'at a', 'at b', 'play outer/p.zh'],
    'an inner flow that has gone is passed over',
  );
  t.match(new Caller(outer).heard().did, ['at c', 'at @sorry-busy'], 'and a jump to nowhere says sorry');
  t.match(new Caller(inner).heard().did, ['at y', 'hangUp'], 'return in a flow that nobody called');
});

t.test('a flow that runs in circles without its caller ends', async (t) => {
  const right = flowOf(
    'flow: r\nlanguages: [zh]\nstart: m\nprompts: { p: { zh: 一 } }\nnodes:\n  m: { menu: { prompt: p, tries: 1 }, keys: { "1": m, "2": end }, failed: end }\n  end: { hangup: true }\n',
  );
  // The checker refuses what leads a silent caller back here, so it is planted behind it.
  const menu = { ...(right.nodes.get('m') as FlowNodeOf<'menu'>), failed: 'm' };
  const caller = new Caller({ ...right, nodes: new Map([...right.nodes, ['m', menu]]) });
  let rounds = 0;
  while (caller.state.waitingFor !== 'ended' && rounds < 500) {
    caller.heard().timer();
    rounds++;
  }
  t.equal(rounds, MAX_HOPS);
  t.same(caller.did.at(-1), 'hangUp');
  const busy = new Caller(caller.program);
  for (let i = 0; i < 300; i++) busy.press('1');
  t.equal(busy.state.waitingFor, 'prompt', 'a caller who keeps choosing is not thrown out');
});

const input: fc.Arbitrary<(state: FlowState) => FlowInput> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...'0123456789*#A', 'x').map((key) => () => ({ kind: 'key', key }) as const) },
  { weight: 4, arbitrary: fc.constant((state: FlowState) => ({ kind: 'playEnded', turn: state.turn }) as const) },
  { weight: 3, arbitrary: fc.constant((state: FlowState) => ({ kind: 'timer', turn: state.turn }) as const) },
  { weight: 1, arbitrary: fc.integer({ min: -2, max: 40 }).map((turn) => () => ({ kind: 'playEnded', turn }) as const) },
  { weight: 1, arbitrary: fc.integer({ min: -2, max: 40 }).map((turn) => () => ({ kind: 'timer', turn }) as const) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('timedOut', 'blocked', 'exitedByKey', 'flowedOut')
      .map((exit) => () => ({ kind: 'queueLeft', exit }) as FlowInput),
  },
  { weight: 1, arbitrary: fc.constantFrom('talkEnded', 'resumed', 'started').map((kind) => () => ({ kind }) as FlowInput) },
);
const programs = [
  credit,
  shipped('transport-card'),
  menuFlow('overall: 20s, interDigit: 1s', '"1": q, "12": hello, "#": bye'),
  menuFlow('bargeIn: false', '"1": q, "2": hello'),
];

t.test('whatever comes, a flow waits or ends, and its state is plain data', async (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: programs.length - 1 }),
      fc.boolean(),
      fc.array(fc.tuple(input, fc.nat(9_000)), { maxLength: 60 }),
      (which, isVip, steps) => {
        const program = programs[which] as CheckedFlow;
        const world = worldOf({ ani: isVip ? VIP : '1' });
        let { atMs } = world;
        let outcome = startFlow(program, world);
        let twin = outcome.state;
        for (const [make, laterMs] of steps) {
          atMs += laterMs;
          const before = outcome.state;
          const frozen = JSON.stringify(before);
          const given = make(before);
          outcome = stepFlow(program, before, given, { ...world, atMs });
          // The same again from the state as Redis would have kept it.
          const again = stepFlow(program, JSON.parse(JSON.stringify(twin)) as FlowState, given, { ...world, atMs });
          t.ok(JSON.stringify(again) === JSON.stringify(outcome), 'goes on identically from JSON');
          t.ok(JSON.stringify(before) === frozen, 'the old state is untouched');
          twin = again.state;
          check((what, details) => t.fail(what, details), before, given, outcome);
        }
      },
    ),
    { numRuns: 150, seed: 20261121 },
  );
});

function check(
  say: (what: string, details: object) => void,
  before: FlowState,
  given: FlowInput,
  { state, effects }: FlowOutcome,
): void {
  const fail = (what: string): void => say(what, { before, given, state, effects });
  const last = <K extends FlowEffect['kind']>(...kinds: K[]) =>
    effects.filter((e) => (kinds as string[]).includes(e.kind)).at(-1);
  if (state.turn < before.turn) fail('turns never fall');
  if ((given.kind === 'playEnded' || given.kind === 'timer') && given.turn !== before.turn && effects.length > 0)
    fail('stale turn had effects');
  if (before.waitingFor !== 'ended' && state.waitingFor === 'ended' && effects.at(-1)?.kind !== 'hangUp')
    fail('ended without hanging up');
  if (state.waitingFor !== before.waitingFor || state.node !== before.node) {
    const play = last('play', 'stopPlay');
    const timer = last('startTimer', 'stopTimer');
    if ((state.waitingFor === 'play' || state.waitingFor === 'prompt') && (play?.kind !== 'play' || play.turn !== state.turn))
      fail('waits for a playback that was not asked for');
    if (state.waitingFor === 'key' && (timer?.kind !== 'startTimer' || timer.turn !== state.turn))
      fail('waits for a key without a timer');
    if (state.waitingFor === 'queue' && last('enterQueue') === undefined) fail('waits in no queue');
  }
  if (state.hops > MAX_HOPS || state.digits.length > 32) fail('out of bounds');
}
