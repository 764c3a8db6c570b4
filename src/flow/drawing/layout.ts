import { Graph, layout } from '@dagrejs/dagre';

/** Where boxes and lines go. Nodes are numbers here: the library keeps them as names of properties, and a name of an author might be one that every object has. */
export interface GraphToPlace {
  readonly boxes: ReadonlyArray<{ readonly width: number; readonly height: number }>;
  /** At most one between the same two boxes. */
  readonly edges: ReadonlyArray<{
    readonly from: number;
    readonly to: number;
    readonly labelWidth: number;
    readonly labelHeight: number;
  }>;
  readonly start: number;
}

export interface PlacedGraph {
  readonly width: number;
  readonly height: number;
  /** Middle of each box. */
  readonly boxes: ReadonlyArray<{ readonly x: number; readonly y: number }>;
  readonly edges: ReadonlyArray<{ readonly points: readonly Point[]; readonly labelAt: Point | null }>;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Beyond this much line, in rows that lines cross, a careful layout takes seconds: rows by distance from the start instead. */
const MAX_CAREFUL = 2_500;
const MARGIN = 24;

export function layOut(graph: GraphToPlace): PlacedGraph {
  return graph.boxes.length + rowsCrossed(graph) <= MAX_CAREFUL ? careful(graph) : rows(graph);
}

/** How many rows all lines cross together when each box stands below the boxes that lead to it, loops aside. Without recursion: a flow may be long. */
function rowsCrossed({ boxes, edges }: GraphToPlace): number {
  const ahead = boxes.map((): number[] => []);
  for (const { from, to } of edges) if (from !== to) ahead[from]?.push(to);
  const row: number[] = [];
  const below: number[][] = boxes.map(() => []);
  const onTrail = new Set<number>();
  for (const first of boxes.keys()) {
    if (row[first] !== undefined) continue;
    const trail = [{ at: first, next: 0 }];
    onTrail.add(first);
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const to = ahead[top.at]?.[top.next++];
      if (to === undefined) {
        // Rows are counted from the bottom: one more than the highest box below.
        row[top.at] = Math.max(-1, ...(below[top.at] as number[]).map((at) => row[at] as number)) + 1;
        onTrail.delete(top.at);
        trail.pop();
      } else if (!onTrail.has(to)) {
        below[top.at]?.push(to);
        if (row[to] === undefined) {
          trail.push({ at: to, next: 0 });
          onTrail.add(to);
        }
      }
    }
  }
  return edges.reduce((sum, { from, to }) => sum + Math.abs((row[from] as number) - (row[to] as number)), 0);
}

function careful({ boxes, edges }: GraphToPlace): PlacedGraph {
  const graph = new Graph({ multigraph: false, compound: false });
  graph.setGraph({ rankdir: 'TB', nodesep: 28, ranksep: 44, edgesep: 14, marginx: MARGIN, marginy: MARGIN });
  boxes.forEach(({ width, height }, at) => {
    graph.setNode(`n${at}`, { width, height });
  });
  for (const { from, to, labelWidth, labelHeight } of edges) {
    graph.setEdge(`n${from}`, `n${to}`, { width: labelWidth, height: labelHeight, labelpos: 'c' });
  }
  layout(graph);
  const size = graph.graph() as { width: number; height: number };
  return {
    width: Math.ceil(size.width),
    height: Math.ceil(size.height),
    boxes: boxes.map((_, at) => point(graph.node(`n${at}`) as Point)),
    edges: edges.map(({ from, to }) => {
      const edge = graph.edge(`n${from}`, `n${to}`) as { points: Point[]; x?: number; y?: number };
      const { x, y } = edge;
      return { points: edge.points.map(point), labelAt: x === undefined || y === undefined ? null : point({ x, y }) };
    }),
  };
}

/** One row for each distance from the start; long rows are broken. */
function rows({ boxes, edges, start }: GraphToPlace): PlacedGraph {
  const ahead = new Map<number, number[]>();
  for (const { from, to } of edges) ahead.set(from, [...(ahead.get(from) ?? []), to]);
  const order = [start];
  const distance = new Map([[start, 0]]);
  const visit = (at: number, far: number): void => {
    if (distance.has(at)) return;
    distance.set(at, far);
    order.push(at);
  };
  for (let next = 0; next < order.length; next++) {
    const from = order[next] as number;
    for (const to of ahead.get(from) ?? []) visit(to, (distance.get(from) as number) + 1);
  }
  boxes.forEach((_, at) => {
    visit(at, Number.MAX_SAFE_INTEGER);
  });
  const places: Point[] = [];
  let x = MARGIN;
  let y = MARGIN;
  let deepest = 0;
  let widest = 0;
  let row = 0;
  for (const at of order) {
    const box = boxes[at] as { width: number; height: number };
    if ((distance.get(at) !== row || x + box.width > 4_000) && x > MARGIN) {
      y += deepest + 60;
      x = MARGIN;
      deepest = 0;
    }
    row = distance.get(at) as number;
    places[at] = point({ x: x + box.width / 2, y: y + box.height / 2 });
    x += box.width + 28;
    widest = Math.max(widest, x);
    deepest = Math.max(deepest, box.height);
  }
  return {
    width: Math.ceil(widest + MARGIN - 28),
    height: Math.ceil(y + deepest + MARGIN),
    boxes: places,
    edges: edges.map(({ from, to, labelWidth }) => straight(places, boxes, from, to, labelWidth > 0)),
  };
}

function straight(
  places: readonly Point[],
  boxes: GraphToPlace['boxes'],
  from: number,
  to: number,
  hasLabel: boolean,
): PlacedGraph['edges'][number] {
  const [a, b] = [places[from] as Point, places[to] as Point];
  const down = b.y > a.y ? 1 : -1;
  const points = [
    point({ x: a.x, y: a.y + (down * (boxes[from] as { height: number }).height) / 2 }),
    point({ x: b.x, y: b.y - (down * (boxes[to] as { height: number }).height) / 2 }),
  ];
  return { points, labelAt: hasLabel ? point({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }) : null };
}

const point = ({ x, y }: Point): Point => ({ x: Math.round(x * 10) / 10, y: Math.round(y * 10) / 10 });
