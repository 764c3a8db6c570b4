import t from 'tap';
import { asId, type FlowId } from '../../src/base/ids.js';
import type { FlowEffect, FlowInput, FlowOutcome, FlowProgram, FlowWorld } from '../../src/flow/contract.js';
import { startFlow, stepFlow } from '../../src/flow/interpreter.js';
import { parseFlow } from '../../src/flow/parse-flow.js';

/** The flow's side of a callback: what it asks, and where it goes. */

const parse = (node: string, known = {}): ReturnType<typeof parseFlow> =>
  parseFlow(
    `
flow: back
languages: [zh, en]
start: ask
prompts: { bye: { zh: 再见, en: Bye } }
nodes:
  ask: ${node}
  bye: { play: bye, hangup: true }
  no: { play: bye, hangup: true }
  other: { play: bye, hangup: true }
`,
    { file: 'back.yaml', known, version: 'v1' },
  );

function program(node: string): FlowProgram {
  const parsed = parse(node);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

const world: FlowWorld = {
  atMs: 0,
  ani: '13911112222',
  dnis: '95588',
  customerByNumber: () => null,
  isOpen: () => true,
  flow: () => null,
};
const kinds = ({ effects }: FlowOutcome): string[] => effects.map((effect) => effect.kind);
const played = ({ effects }: FlowOutcome): string[] =>
  effects.flatMap((effect: FlowEffect) => (effect.kind === 'play' ? effect.prompts.map(({ prompt }) => prompt) : []));

t.test('asks, promises, says goodbye', async (t) => {
  const flow = program('{ callback: { to: general, priority: 5, skills: { instalments: 2 } }, next: bye }');
  let at = startFlow(flow, world);
  t.same(played(at), ['system/callback-confirm']);
  const step = (input: FlowInput): FlowOutcome => {
    at = stepFlow(flow, at.state, input, world);
    return at;
  };
  step({ kind: 'key', key: '1' });
  t.match(at.effects.at(-1), {
    kind: 'requestCallback',
    queueId: 'general',
    lane: null,
    priority: 5,
    skills: { instalments: 2 },
  });
  t.equal(at.state.waitingFor, 'callback');
  t.same(step({ kind: 'key', key: '1' }).effects, [], 'a second press asks for nothing more');
  step({ kind: 'callbackDecided', refusal: null });
  t.same(played(at), ['system/callback-accepted']);
  t.equal(at.state.vars.callback, 'accepted');
  t.same(step({ kind: 'key', key: '1' }).effects, []);
  t.same(step({ kind: 'callbackDecided', refusal: null }).effects, [], 'said twice it is stale');
  step({ kind: 'playEnded', turn: at.state.turn });
  t.equal(at.state.node, 'bye');
});

t.test('declined by another key or by silence, refused for a reason', async (t) => {
  const flow = program('{ callback: { firstDigit: 3s, tries: 2 }, next: bye, declined: no, refused: other }');
  const start = startFlow(flow, world);
  t.equal(stepFlow(flow, start.state, { kind: 'key', key: '2' }, world).state.node, 'no');

  const silent = stepFlow(flow, start.state, { kind: 'playEnded', turn: start.state.turn }, world);
  t.match(silent.effects, [{ kind: 'startTimer', afterMs: 3_000 }]);
  const again = stepFlow(flow, silent.state, { kind: 'timer', turn: silent.state.turn }, world);
  t.same(played(again), ['system/callback-confirm'], 'asked once more');
  const quiet = stepFlow(flow, again.state, { kind: 'playEnded', turn: again.state.turn }, world);
  const gone = stepFlow(flow, quiet.state, { kind: 'timer', turn: quiet.state.turn }, world);
  t.equal(gone.state.node, 'no');
  t.notOk(kinds(gone).includes('requestCallback'));

  const asked = stepFlow(flow, start.state, { kind: 'key', key: '1' }, world);
  t.match(asked.effects.at(-1), { kind: 'requestCallback', queueId: null, lane: null, priority: null, skills: null });
  for (const [refusal, prompt] of [
    ['alreadyOpen', 'system/callback-exists'],
    ['numberDenied', 'system/callback-refused'],
  ] as const) {
    const refused = stepFlow(flow, asked.state, { kind: 'callbackDecided', refusal }, world);
    t.same(played(refused), [prompt]);
    t.equal(stepFlow(flow, refused.state, { kind: 'playEnded', turn: refused.state.turn }, world).state.node, 'other');
  }
});

t.test('without a question, and after a restart of the controller', async (t) => {
  const direct = startFlow(program('{ callback: { confirm: false }, next: bye }'), world);
  t.equal(direct.effects.at(-1)?.kind, 'requestCallback');
  const flow = program('{ callback: { confirm: true }, next: bye }');
  const start = startFlow(flow, world);
  const resumed = stepFlow(flow, start.state, { kind: 'resumed' }, world);
  t.same(played(resumed), ['system/callback-confirm']);
});

t.test('what the checker says', async (t) => {
  const rules = (node: string, known = {}): string[] => {
    const parsed = parse(node, known);
    return parsed.ok ? [] : parsed.error.map(({ rule }) => rule);
  };
  t.same(rules('{ callback: {} }'), ['dead-end']);
  t.same(rules('{ callback: { to: genral }, next: bye }', { queues: ['general'] }), ['unknown-queue']);
  t.same(rules('{ callback: { skills: { x: 1 } }, next: bye }', { skills: ['service'] }), ['unknown-skill']);
  t.same(rules('{ callback: { number: "110" }, next: bye }'), ['unknown-field']);
  t.equal(asId<FlowId>('back'), program('{ callback: {}, next: bye }').flowId);
});
