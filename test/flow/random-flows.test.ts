import fc from 'fast-check';
import t from 'tap';
import { type AgentId, asId } from '../../src/base/ids.js';
import type { EmergencyView, FlowEffect, FlowInput, FlowState, FlowWorld, TransferResult } from '../../src/flow/contract.js';
import { MAX_HOPS } from '../../src/flow/interpreter.js';
import { parseFlow } from '../../src/flow/parse-flow.js';
import type { CheckedFlow } from '../../src/flow/program.js';
import { MAX_DIGITS, MAX_STACK } from '../../src/flow/walk.js';
import { flowText, VIP, Walker, worldOf } from './walker.js';

/** Flows that nobody would write, and callers who press anything: whatever comes, a call waits for something that will come, or has ended. */

const NODES = 9;
/** Keyed at secure entries only, and found nowhere else by chance. */
const SECRET = 'DCBA';
const node = fc.integer({ min: 0, max: NODES }).map((n) => (n === NODES ? 'bye' : `n${n}`));
const small = fc.integer({ min: 1, max: 3 });
const yaml = (value: unknown): string => JSON.stringify(value);
const either = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

const anyNode = fc.oneof(
  fc.tuple(node, either('keep', 'skip', 'ignore')).map(([next, onKey]) => ({ play: 'p', onKey, next })),
  fc.tuple(node, node, node, small, fc.boolean(), fc.boolean()).map(([a, b, failed, tries, bargeIn, overall]) => ({
    menu: { prompt: 'q', tries, bargeIn, ...(overall && { overall: '9s' }) },
    keys: { '1': a, '12': b, '2': b },
    failed,
  })),
  fc
    .tuple(node, node, small, fc.boolean(), either('#', 'none'), fc.boolean())
    .map(([next, failed, tries, bargeIn, end, overall]) => ({
      collect: {
        into: 'plain',
        prompt: 'p',
        min: 2,
        max: 4,
        end,
        cancel: '*',
        tries,
        bargeIn,
        ...(overall && { overall: '9s' }),
      },
      next,
      failed,
    })),
  fc.tuple(node, node, small, fc.boolean(), either('#', 'none')).map(([next, failed, tries, bargeIn, end]) => ({
    collect: { into: 'card', prompt: 'q', secure: true, oneOf: [SECRET], min: 2, end, tries, bargeIn },
    next,
    failed,
  })),
  fc.tuple(node, either('zh', 'caller')).map(([next, language]) => ({ language, next })),
  fc.tuple(node, small).map(([next, tries]) => ({ language: { ask: 'r', keys: { '1': 'zh', '2': 'en' }, tries }, next })),
  fc.tuple(node, either<unknown>(1, { value: 'vars.count + 1' }, { value: 'length(vars.plain)' }, null)).map(([next, count]) => ({
    set: { count },
    next,
  })),
  fc
    .tuple(
      node,
      node,
      either('vars.count > 2', 'vars.plain in ["11", "12"]', 'caller.verified', 'vars.due * 2 >= 5', 'vars.callback is empty'),
    )
    .map(([a, b, when]) => ({ branch: [{ when, next: a }, { next: b }] })),
  fc
    .tuple(node, node, either('card', 'plain'))
    .map(([next, unknown, account]) => ({ identify: { by: 'account', account }, next, unknown })),
  fc.tuple(node, node).map(([open, closed]) => ({ hours: { calendar: 'service' }, open, closed })),
  fc.tuple(node, node, node).map(([answered, timedOut, blocked]) => ({ queue: { to: 'general' }, answered, timedOut, blocked })),
  fc.tuple(node, node, small).map(([to, then, atMost]) => ({ goto: to, atMost, then })),
  fc.tuple(node, node, fc.boolean()).map(([next, failed, prompt]) => ({
    lookup: {
      endpoint: 'bank',
      send: { card: 'card', plain: 'plain' },
      take: { due: 'answer.due' },
      ...(prompt && { prompt: 'p' }),
    },
    next,
    failed,
  })),
  node.map((next) => ({ send: { to: 'sms', message: { text: 'x', due: { value: 'vars.due' } } }, next })),
  fc.tuple(node, small).map(([next, tries]) => ({ survey: { prompt: 'p', tries }, next })),
  fc.tuple(node, node).map(([next, failed]) => ({ voicemail: { box: 'b', prompt: 'q', max: '30s' }, next, failed })),
  fc.tuple(node, node).map(([next, declined]) => ({ callback: { to: 'general' }, next, declined })),
  node.map((next) => ({ say: ['p', { amount: 'due', currency: 'CNY' }], next })),
  fc.tuple(node, fc.boolean(), either('main', 'sub')).map(([next, comesBack, to]) => ({
    flow: { to, with: { reason: 'x' }, ...(comesBack && { take: { taken: 'result.sum' } }) },
    ...(comesBack && { next }),
  })),
  fc.constant({ return: { sum: { value: 'vars.count + 1' } } }),
);

/** Everything that the nodes may ask for is set somewhere, so that conditions have names. */
const preamble = {
  start: { set: { count: 0, plain: '', due: 1.5, taken: 0 }, next: 'ask' },
  ask: { collect: { into: 'card', prompt: 'p', secure: true, oneOf: [SECRET], min: 2 }, next: 'n0', failed: 'call' },
  call: { callback: { to: 'general' }, next: 'bye' },
  bye: { play: 'r', hangup: true },
  back: { return: { sum: 1 } },
};

const program = (name: string): fc.Arbitrary<CheckedFlow | null> =>
  fc.array(anyNode, { minLength: NODES, maxLength: NODES }).map((made) => {
    const nodes = { ...preamble, ...Object.fromEntries(made.map((each, index) => [`n${index}`, each])) };
    const text = flowText(name, `params: { reason: { type: text, default: "" } }\nstart: start\nnodes: ${yaml(nodes)}`);
    const parsed = parseFlow(text, { file: 'f', known: {}, version: name });
    const strange = parsed.ok
      ? []
      : parsed.error.filter(({ level, rule }) => level === 'error' && !['endless-loop', 'silent-loop', 'no-exit'].includes(rule));
    if (strange.length > 0) throw new Error(`${JSON.stringify(strange)}\n${text}`);
    return parsed.ok ? parsed.value : null;
  });

const announced = (then: EmergencyView['then']): EmergencyView => ({ prompt: 'e/x', then });

type Step = (walker: Walker) => void;
const give =
  (make: (state: FlowState) => FlowInput): Step =>
  (walker) =>
    void walker.give(make(walker.state), 700);
const turns = fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: -9, max: 9 }) });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: either(...'0123*#A').map((key) => give(() => ({ kind: 'key', key }))) },
  { weight: 3, arbitrary: fc.constant<Step>((walker) => void walker.press(`${SECRET}#`)) },
  {
    weight: 2,
    arbitrary: either(...SECRET).map(
      (key): Step =>
        (walker) =>
          void walker.press(key),
    ),
  },
  { weight: 9, arbitrary: turns.map((off) => give(({ turn }) => ({ kind: 'playEnded', turn: turn + off }))) },
  { weight: 5, arbitrary: turns.map((off) => give(({ turn }) => ({ kind: 'timer', turn: turn + off }))) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(turns, either<unknown>({ due: 3 }, { due: 'x'.repeat(500) }, { due: {} }, {}, [], null, 'timeout'))
      .map(([off, answer]) =>
        give(({ turn }) => ({
          kind: 'lookupEnded',
          turn: turn + off,
          result: answer === 'timeout' ? { ok: false, fault: 'timeout', detail: '' } : { ok: true, answer: answer as null },
        })),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(turns, fc.boolean())
      .map(([off, kept]) => give(({ turn }) => ({ kind: 'messageEnded', turn: turn + off, durationMs: 5_000, kept }))),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(turns, either<TransferResult>('talked', 'busy', 'denied'))
      .map(([off, result]) => give(({ turn }) => ({ kind: 'transferEnded', turn: turn + off, result }))),
  },
  {
    weight: 3,
    arbitrary: either('timedOut', 'blocked', 'exitedByKey', 'flowedOut').map((exit) =>
      give(() => ({ kind: 'queueLeft', exit }) as FlowInput),
    ),
  },
  { weight: 2, arbitrary: fc.constant(give(() => ({ kind: 'talkEnded' }))) },
  {
    weight: 2,
    arbitrary: either(null, 'alreadyOpen' as const).map((refusal) =>
      give(() => ({ kind: 'callbackDecided', refusal }) as FlowInput),
    ),
  },
  { weight: 2, arbitrary: fc.constant<Step>((walker) => void walker.takeOver(3_000)) },
  {
    weight: 1,
    arbitrary: fc.boolean().map(
      (isOn): Step =>
        (walker) => {
          walker.world = { ...walker.world, emergency: () => (isOn ? announced('closed') : null) };
        },
    ),
  },
);

const walkerKeys = ({ state, secrets }: Walker): number => state.digits.length + (secrets['@keys'] ?? '').length;

t.test('whatever flow and whatever caller: waits or has ended, never loops, and secure digits are in memory only', async (t) => {
  const seen = new Set<string>();
  let walked = 0;
  let entered = 0;
  fc.assert(
    fc.property(
      program('main'),
      program('sub'),
      fc.array(step, { maxLength: 60 }),
      fc.boolean(),
      (main, sub, steps, isEmergency) => {
        if (main === null || sub === null) return;
        walked++;
        const world: FlowWorld = worldOf({
          customerByAccount: (account) => (account === SECRET || account === '11' ? VIP : null),
          flow: (id) => (id === 'main' ? main : id === 'sub' ? sub : null),
          isOpen: (_calendar, atMs) => atMs % 2 === 0,
          lastTalk: { agentId: asId<AgentId>('1001'), queueId: null },
          ...(isEmergency && { emergency: () => announced('continue') }),
        });
        const walker = new Walker(main, world);
        checkStep(null, walker);
        walker.onStep = (before) => {
          seen.add(walker.state.waitingFor);
          if (Object.values(walker.secrets).includes(SECRET)) entered++;
          checkStep(before, walker);
        };
        if (steps.length % 4 > 0) walker.press(`${SECRET}#`).heard();
        for (const take of steps) {
          const before = walker.state;
          const frozen = JSON.stringify(before);
          take(walker);
          if (JSON.stringify(before) !== frozen) throw new Error('the old state was changed');
        }
      },
    ),
    { numRuns: 1_000, seed: 20261122 },
  );
  t.ok(walked > 100, `${walked} pairs of flows were right`);
  t.ok(entered > 300, `secure digits were known after ${entered} steps`);
  for (const kind of ['play', 'prompt', 'key', 'queue', 'callback', 'lookup', 'message', 'ended'])
    t.ok(seen.has(kind), `some waited: ${kind}`);
});

function checkStep(before: FlowState | null, walker: Walker): void {
  const { state, effects } = walker.outcome;
  const fail = (what: string): never => {
    throw new Error(`WRONG ${what}: ${JSON.stringify({ before, state, effects })}`);
  };
  if (JSON.stringify(JSON.parse(JSON.stringify(state))) !== JSON.stringify(state)) fail('a state that is no plain data');
  if (before !== null && state.turn < before.turn) fail('turns never fall');
  if (state.hops > MAX_HOPS || walkerKeys(walker) > MAX_DIGITS || state.stack.length > MAX_STACK) fail('out of bounds');
  if (effects.length > MAX_HOPS * 8) fail('too much in one step');
  if (state.digits !== '') fail('keys in the state, though a secure entry may follow');
  const open = [state, ...effects.filter(({ kind }) => kind !== 'lookup')];
  if (/DCB|CBA|"D"|"C"|"B"/.test(JSON.stringify(open))) fail('secure digits outside the memory');
  if (state.waitingFor === 'ended') {
    if (before?.waitingFor !== 'ended' && effects.at(-1)?.kind !== 'hangUp') fail('ended without hanging up');
    if (Object.keys(walker.secrets).length > 0 && before?.waitingFor !== 'ended') fail('secrets outlive the call');
  } else if (effects.length > 0) checkWait(effects, state, fail);
}

/** What a call waits for was asked for, under the turn that it waits with. Only of a step that did something. */
function checkWait(
  effects: readonly FlowEffect[],
  { waitingFor, turn, deadlineMs }: FlowState,
  fail: (what: string) => never,
): void {
  const last = (...kinds: Array<FlowEffect['kind']>): FlowEffect | undefined =>
    effects.filter(({ kind }) => kinds.includes(kind)).at(-1);
  const [play, timer] = [last('play', 'stopPlay'), last('startTimer', 'stopTimer')];
  const isNew = effects.some(
    ({ kind }) => kind === 'play' || kind === 'startTimer' || kind === 'lookup' || kind === 'enterQueue',
  );
  if (!isNew) return;
  switch (waitingFor) {
    case 'play':
    case 'prompt':
      if (play?.kind !== 'play' || play.turn !== turn) fail('waits for a playback that was not asked for');
      if (waitingFor === 'prompt' && deadlineMs !== null && (timer?.kind !== 'startTimer' || timer.turn !== turn))
        fail('a prompt without its timer');
      if (waitingFor === 'play' && timer?.kind === 'startTimer') fail('a timer beside a play');
      return;
    case 'key':
    case 'lookup':
    case 'message':
    case 'transfer':
      if (timer?.kind !== 'startTimer' || timer.turn !== turn) fail(`waits for ${waitingFor} without a timer`);
      return;
    case 'queue':
      if (last('enterQueue') === undefined) fail('waits in no queue');
      return;
    case 'callback':
      if (last('requestCallback') === undefined) fail('waits for nothing');
      return;
    case 'ended':
      return;
  }
}
