import type { Graph } from './lint.js';
import { type FlowNode, SORRY_NODE } from './program.js';
import type { Path, Source } from './source.js';

/** One way that a call can take out of a node, as it is written in the file. */
export interface Way {
  readonly from: string;
  readonly to: string;
  /** What leads there: a key, `failed`, a condition, `else`; empty for a plain `next`. */
  readonly label: string;
  /** Where the target stands, counted from 1. */
  readonly line: number;
}

/** All written ways of a flow, in the order of the file. */
export function waysOf(graph: Graph, source: Source): Way[] {
  const places = graph.edges.map((edge) => ({ edge, place: source.at(edge.path) }));
  places.sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
  return places.map(({ edge: { from, to, path }, place }) => {
    const own = path.slice(graph.paths.get(from)?.length ?? 0);
    return { from, to, label: labelOf(own, path, source.value), line: place.line };
  });
}

/** Id of each node -> the line where it is written. */
export const linesOf = (graph: Graph, source: Source): Map<string, number> =>
  new Map(Array.from(graph.paths, ([id, path]) => [id, source.atKey(path).line]));

/** Ways that nobody wrote: where a call goes when the node has no branch of its own for what happened. Field of the node -> built-in node. */
export function unwrittenWaysOf(node: FlowNode): ReadonlyArray<{ readonly to: string; readonly label: string }> {
  const made: Array<{ to: string; label: string }> = [];
  for (const [label, to] of Object.entries(node)) if (to === SORRY_NODE) made.push({ to: SORRY_NODE, label });
  return made;
}

function labelOf(own: Path, full: Path, file: unknown): string {
  const last = own.at(-1);
  if (own[0] === 'branch') {
    const way = own.slice(0, 2);
    const condition = valueAt(file, [...full.slice(0, full.length - own.length), ...way, 'when']);
    return typeof condition === 'string' ? condition : 'else';
  }
  return last === 'next' || last === 'goto' ? '' : `${last ?? ''}`;
}

function valueAt(value: unknown, path: Path): unknown {
  let here = value;
  for (const part of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, part)) return undefined;
    here = (here as Record<string | number, unknown>)[part];
  }
  return here;
}
