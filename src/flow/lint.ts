import { said } from './finding.js';
import type { Tell } from './issues.js';
import { kindOf } from './nodes/kinds.js';
import type { FlowNode } from './program.js';
import type { Path } from './source.js';

/** A step that a call can take from one node to another. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  /** Where the target's name is written. */
  readonly path: Path;
}

export interface Graph {
  readonly nodes: ReadonlyMap<string, FlowNode>;
  readonly edges: readonly Edge[];
  readonly start: string;
  /** Name of the flow itself. */
  readonly flow: string;
  /** Where each node is written. */
  readonly paths: ReadonlyMap<string, Path>;
}

/** What is wrong with a flow whose nodes are each right. Expects that every target exists. */
export function lintGraph(graph: Graph, tell: Tell): void {
  const ahead = neighbours(graph.edges, 'from', 'to');
  const reached = reach([graph.start], ahead);
  const ends = Array.from(graph.nodes).filter(([, node]) => kindOf(node.kind).isEnd(node));
  const endless = endlessLoop(graph, withOwnCalls(graph, ahead), reached);
  if (endless !== null) {
    const names = [...endless, endless[0]].join(' -> ');
    tell(
      'error',
      'endless-loop',
      pathOf(graph, endless[0]),
      said(`this goes round without waiting for the caller: ${names}`, `这里绕圈而不等来电者：${names}`),
      'key',
    );
    return;
  }
  lintUnreached(graph, ahead, reached, tell);
  const canEnd = reach(
    ends.map(([id]) => id),
    neighbours(graph.edges, 'to', 'from'),
  );
  for (const id of graph.paths.keys()) {
    if (!reached.has(id) || canEnd.has(id)) continue;
    tell(
      'error',
      'no-exit',
      pathOf(graph, id),
      said(
        `from "${id}" no way leads to an end: not to a queue, another flow or a hang-up`,
        `从 "${id}" 出发没有任何路通向结束：既不到队列，也不到其他流程或挂机`,
      ),
      'key',
    );
    return; // The others are round the same loop.
  }
  lintSilence(graph, reached, new Set(ends.map(([id]) => id)), tell);
}

/** Of nodes that only lead to each other, the first is told: with it the others are reached, or go. */
function lintUnreached(
  graph: Graph,
  ahead: ReadonlyMap<string, readonly string[]>,
  reached: ReadonlySet<string>,
  tell: Tell,
): void {
  const lost = Array.from(graph.paths.keys()).filter((id) => !reached.has(id) && !id.includes('/'));
  const ledTo = new Set(graph.edges.filter(({ from, to }) => from !== to).map(({ to }) => to));
  const explained = new Set<string>();
  for (const id of [...lost.filter((each) => !ledTo.has(each)), ...lost]) {
    if (explained.has(id)) continue;
    tell('warn', 'unreachable', pathOf(graph, id), said(`nothing leads to "${id}"`, `没有任何节点通向 "${id}"`), 'key');
    for (const each of reach([id], ahead)) explained.add(each);
  }
}

/** Kinds that ask, and the way of a caller who presses nothing. All other nodes are left by any of their ways. */
const SILENT_WAYS: ReadonlyMap<FlowNode['kind'], string> = new Map([
  ['menu', 'failed'],
  ['collect', 'failed'],
]);

/** Somebody who has put the phone down beside the cradle must get out somewhere, or the line is taken until the loop guard ends it. */
function lintSilence(graph: Graph, reached: ReadonlySet<string>, ends: ReadonlySet<string>, tell: Tell): void {
  const silent = graph.edges.filter(({ from, path }) => {
    const kind = graph.nodes.get(from)?.kind;
    const way = kind && SILENT_WAYS.get(kind);
    return way === undefined || path.at(-1) === way;
  });
  const getsOut = reach([...ends], neighbours(silent, 'to', 'from'));
  const ahead = neighbours(silent, 'from', 'to');
  for (const id of graph.paths.keys()) {
    const kind = graph.nodes.get(id)?.kind;
    if (!reached.has(id) || getsOut.has(id) || kind === undefined || !SILENT_WAYS.has(kind)) continue;
    const names = [id, ...trailBack(id, ahead)].join(' -> ');
    tell(
      'error',
      'silent-loop',
      pathOf(graph, id),
      said(`who presses nothing goes round here and never gets out: ${names}`, `不按键的人在这里绕圈，永远出不去：${names}`),
      'key',
    );
    return;
  }
}

/** The shortest way from a node into the loop that it is in or leads to. */
function trailBack(id: string, ahead: ReadonlyMap<string, readonly string[]>): string[] {
  const trail: string[] = [];
  const seen = new Set([id]);
  for (let here = ahead.get(id)?.[0]; here !== undefined; here = ahead.get(here)?.[0]) {
    trail.push(here);
    if (seen.has(here)) break;
    seen.add(here);
  }
  return trail;
}

/** A flow that goes on in itself goes on at its start. */
function withOwnCalls(graph: Graph, ahead: ReadonlyMap<string, readonly string[]>): Map<string, readonly string[]> {
  const made = new Map(ahead);
  for (const [id, node] of graph.nodes) {
    if (node.kind === 'flow' && node.flow === graph.flow) made.set(id, [graph.start]);
  }
  return made;
}

const pathOf = (graph: Graph, id: string | undefined): Path => graph.paths.get(id ?? '') ?? ['nodes'];

function neighbours(edges: readonly Edge[], from: 'from' | 'to', to: 'from' | 'to'): Map<string, string[]> {
  const made = new Map<string, string[]>();
  for (const edge of edges) {
    const list = made.get(edge[from]);
    if (list === undefined) made.set(edge[from], [edge[to]]);
    else list.push(edge[to]);
  }
  return made;
}

function reach(starts: readonly string[], ahead: ReadonlyMap<string, readonly string[]>): Set<string> {
  const seen = new Set(starts);
  const open = [...starts];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const next of ahead.get(id) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return seen;
}

/** The first loop of reachable nodes of which none waits, as ids; without recursion, because a flow may be long. */
function endlessLoop(graph: Graph, ahead: ReadonlyMap<string, readonly string[]>, reached: ReadonlySet<string>): string[] | null {
  const runs = (id: string): boolean => {
    const node = graph.nodes.get(id);
    if (node === undefined || !reached.has(id)) return false;
    if (node.kind === 'flow' && node.flow === graph.flow) return true;
    const kind = kindOf(node.kind);
    return !kind.waits && kind.isBounded?.(node) !== true;
  };
  const done = new Set<string>();
  for (const first of graph.paths.keys()) {
    if (done.has(first) || !runs(first)) continue;
    const trail: Array<{ id: string; next: number }> = [{ id: first, next: 0 }];
    const onTrail = new Set([first]);
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const to = ahead.get(top.id)?.[top.next++];
      if (to === undefined) {
        trail.pop();
        onTrail.delete(top.id);
        done.add(top.id);
      } else if (onTrail.has(to)) {
        return trail.slice(trail.findIndex(({ id }) => id === to)).map(({ id }) => id);
      } else if (!done.has(to) && runs(to)) {
        trail.push({ id: to, next: 0 });
        onTrail.add(to);
      }
    }
  }
  return null;
}
