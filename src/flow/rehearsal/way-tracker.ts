import type { FlowId } from '../../base/ids.js';
import type { FlowFact, FlowInput, FlowState, FlowWorld } from '../contract.js';
import { isTrue } from '../expression.js';
import type { CheckedFlow } from '../program.js';
import { Walk } from '../walk.js';
import type { Way } from '../ways.js';

/** Tells by which of its written ways a call left a node, where several lead to the same next one. */
export class WayTracker {
  /** Where the call was last, in each flow that it has been in. */
  private readonly last = new Map<FlowId, string>();
  private current: FlowId | null = null;
  private hints = new Set<string>();

  constructor(
    private readonly flow: (flowId: string) => CheckedFlow | null,
    private readonly isOpen: (calendar: string, atMs: number) => boolean | null,
  ) {}

  /** A fact between two nodes, that may tell the way. */
  told(fact: FlowFact): void {
    if (fact.kind === 'menuEnded') this.hints.add(fact.result === 'chosen' && fact.key !== null ? fact.key : 'failed');
    else if (fact.kind === 'digitsCollected') this.hints.add(fact.result === 'collected' ? '' : 'failed');
    else if (fact.kind === 'lookUpEnded') this.hints.add(fact.fault === null ? '' : 'failed');
    else if (fact.kind === 'callerIdentified') this.hints.add(fact.customerId === null ? 'unknown' : '');
    else if (fact.kind === 'flowEntered') this.hints.add('');
  }

  /** The call is at `node` now: the way that led there, or null for the start, for a jump into a flow, or when nobody wrote that way. */
  entered(flowId: FlowId, node: string, state: FlowState, input: FlowInput | null, world: FlowWorld): Omit<Way, 'line'> | null {
    const from = this.last.get(flowId);
    const jumpedIn = this.current !== flowId && !this.hasReturned(flowId, node);
    this.current = flowId;
    this.last.set(flowId, node);
    const flow = this.flow(flowId);
    const hints = this.hints;
    this.hints = new Set();
    if (from === undefined || flow === null || jumpedIn) return null;
    const ways = flow.ways.filter((way) => way.from === from && way.to === node);
    for (const hint of hintsOf(input)) hints.add(hint);
    const way = ways.length > 1 ? (hinted(ways, hints) ?? this.decided(flow, from, ways, state, world) ?? ways[0]) : ways[0];
    return way === undefined ? null : { from: way.from, to: way.to, label: way.label };
  }

  private hasReturned(flowId: FlowId, node: string): boolean {
    const from = this.last.get(flowId);
    const caller = from === undefined ? undefined : this.flow(flowId)?.nodes.get(from);
    return caller?.kind === 'flow' && caller.next === node;
  }

  /** Where the node itself decides, it is asked again. */
  private decided(flow: CheckedFlow, from: string, ways: readonly Way[], state: FlowState, world: FlowWorld): Way | undefined {
    const node = flow.nodes.get(from);
    if (node?.kind === 'branch') {
      const walk = new Walk(flow, state, world, false, false);
      const taken = node.ways.findIndex(({ when }) => when === null || isTrue(when, walk.lookup));
      // The ways of a branch stand in the file in the order of the branch.
      return flow.ways.filter((way) => way.from === from)[taken];
    }
    if (node?.kind === 'hours') {
      const label = this.isOpen(node.calendar, world.atMs) === false ? 'closed' : 'open';
      return ways.find((way) => way.label === label);
    }
    return undefined;
  }
}

/** The way that the first hint names: a caller who finds it busy does not take the way for whatever failed. */
function hinted(ways: readonly Way[], hints: Iterable<string>): Way | undefined {
  for (const hint of hints) {
    const way = ways.find(({ label }) => label === hint);
    if (way !== undefined) return way;
  }
  return undefined;
}

function hintsOf(input: FlowInput | null): string[] {
  if (input === null) return [];
  switch (input.kind) {
    case 'queueLeft': {
      const named = input.branch ? [input.branch] : [];
      const own = input.exit === 'exitedByKey' ? 'exit' : input.exit;
      return [...named, own, ...(own === 'blocked' ? ['noAgents'] : [])];
    }
    case 'talkEnded':
      return ['answered'];
    case 'callbackDecided':
      return [input.refusal === null ? '' : 'refused'];
    case 'transferEnded':
      return input.result === 'talked' ? ['answered', ''] : [input.result, 'failed'];
    case 'messageEnded':
      return [input.kept ? '' : 'failed'];
    case 'lookupEnded':
      return [input.result.ok ? '' : 'failed'];
    default:
      return [];
  }
}
