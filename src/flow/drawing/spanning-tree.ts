/** Which lines of a large drawing are drawn to their end: to each node the one by which it is first reached. The others end in words, because where many lines cross half the picture nobody can follow one. */

interface Way {
  readonly from: string;
  readonly to: string;
}

export interface SpanningTree<W extends Way> {
  /** Parents before their children; those of one parent in the order of its ways. */
  readonly order: readonly string[];
  /** Node -> the way that leads there; nothing for those that nothing leads to. */
  readonly wayTo: ReadonlyMap<string, W>;
}

/** By distance from the start; what cannot be reached from there stands behind, in trees of its own. */
export function spanningTree<W extends Way>(nodes: readonly string[], ways: readonly W[], start: string): SpanningTree<W> {
  const ahead = new Map<string, W[]>();
  for (const way of ways) ahead.set(way.from, [...(ahead.get(way.from) ?? []), way]);
  const ledTo = new Set(ways.filter(({ from, to }) => from !== to).map(({ to }) => to));
  const wayTo = new Map<string, W>();
  const seen = new Set<string>();
  const order: string[] = [];
  for (const root of [start, ...nodes.filter((id) => !ledTo.has(id)), ...nodes]) {
    if (seen.has(root)) continue;
    seen.add(root);
    order.push(root);
    for (let at = order.length - 1; at < order.length; at++) {
      for (const way of ahead.get(order[at] as string) ?? []) {
        if (seen.has(way.to)) continue;
        seen.add(way.to);
        wayTo.set(way.to, way);
        order.push(way.to);
      }
    }
  }
  return { order, wayTo };
}
