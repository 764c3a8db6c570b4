/** Which lines of a drawing are not drawn to their end: where many lines cross half the picture nobody can follow one, and placing them takes longest. */

interface Way {
  readonly from: string;
  readonly to: string;
}

/** A smaller drawing is easily followed; a larger one is placed without care anyway. */
const FROM_NODES = 20;
const UP_TO_NODES = 200;
/** A node that so many lead to is met once; from elsewhere a few words point at it. */
const MANY = 4;
/** A line that leads back or ahead over more rows than this is cut short. */
const FAR = 3;

/** Every node keeps the line by which it is first reached, so that it stands near what leads to it. */
export function shortWays<W extends Way>(ways: readonly W[], nodes: number, start: string): ReadonlySet<W> {
  if (nodes < FROM_NODES || nodes > UP_TO_NODES) return new Set();
  const ahead = new Map<string, W[]>();
  const leadingTo = new Map<string, number>();
  for (const way of ways) {
    ahead.set(way.from, [...(ahead.get(way.from) ?? []), way]);
    leadingTo.set(way.to, (leadingTo.get(way.to) ?? 0) + 1);
  }
  const row = new Map([[start, 0]]);
  const firstTo = new Set<W>();
  for (const [from, at] of row) {
    for (const way of ahead.get(from) ?? []) {
      if (row.has(way.to)) continue;
      row.set(way.to, at + 1);
      firstTo.add(way);
    }
  }
  return new Set(
    ways.filter((way) => {
      const { from, to } = way;
      if (firstTo.has(way) || from === to || !row.has(to)) return false;
      const rows = (row.get(to) as number) - (row.get(from) ?? 0);
      return (leadingTo.get(to) as number) >= MANY || rows < 0 || rows > FAR;
    }),
  );
}
