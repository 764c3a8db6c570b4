import type { FlowInput, FlowOutcome, FlowProgram, FlowState, FlowWorld } from './contract.js';
import type { Next } from './nodes/kind.js';
import { kindOf } from './nodes/kinds.js';
import { parametersFor } from './parameters.js';
import { BUILT_IN_NODES, type CheckedFlow, EMERGENCY_NODE, type FlowNode, SORRY_NODE } from './program.js';
import { Walk } from './walk.js';

/** Nodes in a row without a caller's key, after which a flow has run away and the call ends. */
export const MAX_HOPS = 100;

/** The first step of a call through a flow. Pure: same arguments, same outcome. */
export function startFlow(program: FlowProgram, world: FlowWorld): FlowOutcome {
  const checked = program as CheckedFlow;
  const params = parametersFor(checked.shape.params, {});
  const state: FlowState = {
    flowId: checked.flowId,
    version: checked.version,
    node: checked.start,
    language: checked.languages[0] ?? 'zh',
    tries: 0,
    turn: 0,
    waitingFor: 'play',
    digits: '',
    vars: {},
    hops: 0,
    deadlineMs: null,
    stack: [],
    ...(Object.keys(params).length > 0 && { params }),
  };
  const walk = new Walk(checked, state, world, false, false);
  walk.fact({ kind: 'flowEntered', flowId: checked.flowId, version: checked.version });
  run(walk, world.emergency?.(world.dnis) ? EMERGENCY_NODE : checked.start);
  return walk.outcome();
}

/**
 * One step. `program` is the flow in `state.flowId`; after a jump the state names another one, which is asked from `world` when
 * the caller still hands the old one. What is stale or makes no sense here changes nothing and has no effects.
 */
export function stepFlow(program: FlowProgram, state: FlowState, input: FlowInput, world: FlowWorld): FlowOutcome {
  if (state.waitingFor === 'ended') {
    return { state, effects: input.kind === 'resumed' ? [{ kind: 'hangUp' }] : [] };
  }
  if (!isMeant(state, input)) return { state, effects: [] };
  const own = program.flowId === state.flowId ? program : (world.flow(state.flowId) ?? program);
  const walk = new Walk(own as CheckedFlow, state, world, isPlaying(state, input), isTiming(state, input));
  const node = lookUp(walk, state.node);
  const next = node === undefined ? withoutNode(walk, input) : (kindOf(node.kind).input?.(node, walk, input) ?? null);
  run(walk, next);
  return walk.outcome();
}

/** The flow was changed under a call and its node is gone: the caller starts again rather than being dropped. */
function withoutNode(walk: Walk, input: FlowInput): Next {
  if (input.kind === 'queueLeft') return SORRY_NODE;
  if (input.kind === 'talkEnded') return walk.end();
  return input.kind === 'key' ? null : walk.program.start;
}

function isMeant(state: FlowState, input: FlowInput): boolean {
  const { waitingFor } = state;
  switch (input.kind) {
    case 'started':
      return false; // startFlow has done it.
    case 'playEnded':
      return input.turn === state.turn && (waitingFor === 'play' || waitingFor === 'prompt' || state.beside === true);
    case 'timer':
      return input.turn === state.turn && hasTimer(state);
    case 'key':
      return waitingFor !== 'queue' && waitingFor !== 'callback' && /^[0-9*#A-D]$/.test(input.key);
    case 'queueLeft':
    case 'talkEnded':
      return waitingFor === 'queue';
    case 'callbackDecided':
      return waitingFor === 'callback';
    case 'lookupEnded':
      return waitingFor === 'lookup' && input.turn === state.turn;
    case 'messageEnded':
      return waitingFor === 'message' && input.turn === state.turn;
    case 'transferEnded':
      return waitingFor === 'transfer' && input.turn === state.turn;
    case 'resumed':
      return waitingFor !== 'queue';
  }
}

const isPlaying = (state: FlowState, input: FlowInput): boolean =>
  (state.waitingFor === 'play' || state.waitingFor === 'prompt' || state.beside === true) &&
  input.kind !== 'playEnded' &&
  input.kind !== 'resumed';

const isTiming = (state: FlowState, input: FlowInput): boolean =>
  hasTimer(state) && input.kind !== 'timer' && input.kind !== 'resumed';

function hasTimer({ waitingFor, deadlineMs }: FlowState): boolean {
  if (waitingFor === 'prompt') return deadlineMs !== null;
  return waitingFor === 'key' || waitingFor === 'lookup' || waitingFor === 'message' || waitingFor === 'transfer';
}

const lookUp = (walk: Walk, id: string): FlowNode | undefined => walk.program.nodes.get(id) ?? BUILT_IN_NODES.get(id);

/** Enters nodes until one waits or the call ends. */
function run(walk: Walk, first: Next): void {
  let id = first;
  while (id !== null) {
    walk.cut();
    if (walk.state.hops >= MAX_HOPS) {
      walk.end();
      return;
    }
    const node = lookUp(walk, id);
    if (node === undefined) {
      id = SORRY_NODE;
      continue;
    }
    walk.change({ node: id, hops: walk.state.hops + 1, tries: 0, deadlineMs: null });
    walk.fact({ kind: 'nodeEntered', flowId: walk.state.flowId, node: id });
    id = kindOf(node.kind).enter(node, walk);
  }
}
