import type { CheckedFlow } from '../program.js';
import type { RehearsalEvent } from './scene.js';

/** How much of a flow the tests have walked. */
export interface FlowCoverage {
  readonly flow: string;
  readonly nodes: Covered;
  readonly ways: Covered;
}

export interface Covered {
  readonly taken: number;
  readonly total: number;
  /** What no test has seen: `agent`, or `main -1-> agent` for a way. */
  readonly never: readonly string[];
}

/** Nodes and written ways that these walks have taken. What no node leads to counts as well: it should not be there. */
export function coverageOf(flow: CheckedFlow, walks: Iterable<readonly RehearsalEvent[]>): FlowCoverage {
  const nodes = new Set<string>();
  const ways = new Set<string>();
  for (const events of walks) {
    for (const event of events) {
      if (event.kind === 'entered' && event.flowId === flow.flowId) nodes.add(event.node);
      else if (event.kind === 'wayTaken' && event.flowId === flow.flowId) ways.add(wayName(event));
    }
  }
  const allWays = Array.from(new Set(flow.ways.map(wayName)));
  return { flow: flow.flowId, nodes: covered(inFileOrder(flow), nodes), ways: covered(allWays, ways) };
}

const inFileOrder = ({ nodes, lines }: CheckedFlow): string[] =>
  [...nodes.keys()].sort((a, b) => (lines.get(a) ?? 0) - (lines.get(b) ?? 0));

/** In hundredths, rounded down: 100 only when nothing is missing. */
export const percentOf = ({ taken, total }: Covered): number => (total === 0 ? 100 : Math.floor((taken * 100) / total));

const wayName = ({ from, to, label }: { from: string; to: string; label: string }): string =>
  label === '' ? `${from} -> ${to}` : `${from} -${label}-> ${to}`;

function covered(all: readonly string[], taken: ReadonlySet<string>): Covered {
  const never = all.filter((name) => !taken.has(name));
  return { taken: all.length - never.length, total: all.length, never };
}
