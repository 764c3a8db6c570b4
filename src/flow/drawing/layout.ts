import { Graph, layout } from '@dagrejs/dagre';

/** Where boxes and lines go. Nodes are numbers here: the library keeps them as names of properties, and a name of an author might be one that every object has. */
export interface GraphToPlace {
  readonly boxes: readonly Box[];
  /** At most one between the same two boxes. */
  readonly edges: ReadonlyArray<{
    readonly from: number;
    readonly to: number;
    readonly labelWidth: number;
    readonly labelHeight: number;
  }>;
  readonly start: number;
}

interface Box {
  readonly width: number;
  readonly height: number;
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
/** How far a way back to the same box reaches out at its right. */
const LOOP = 22;

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
  // The library draws a way back to the same box across its neighbours, so room is kept beside the box and the loop is drawn here.
  const aside = new Map(edges.filter(({ from, to }) => from === to).map(({ from, labelWidth }) => [from, LOOP + labelWidth]));
  const graph = new Graph({ multigraph: false, compound: false });
  graph.setGraph({ rankdir: 'TB', nodesep: 28, ranksep: 44, edgesep: 14, marginx: MARGIN, marginy: MARGIN });
  boxes.forEach(({ width, height }, at) => {
    graph.setNode(`n${at}`, { width: width + 2 * (aside.get(at) ?? 0), height });
  });
  for (const { from, to, labelWidth, labelHeight } of edges) {
    if (from === to) continue;
    graph.setEdge(`n${from}`, `n${to}`, { width: labelWidth, height: labelHeight, labelpos: 'c' });
  }
  layout(graph);
  const size = graph.graph() as { width: number; height: number };
  const places = boxes.map((_, at) => point(graph.node(`n${at}`) as Point));
  return {
    width: Math.ceil(size.width),
    height: Math.ceil(size.height),
    boxes: places,
    edges: edges.map(({ from, to, labelWidth }) => {
      if (from === to) return loop(places[from] as Point, boxes[from] as Box, labelWidth);
      const edge = graph.edge(`n${from}`, `n${to}`) as { points: Point[]; x?: number; y?: number };
      const points = edge.points.map(point);
      // A box with a loop was given more room than it has.
      points[0] = onBorder(places[from] as Point, boxes[from] as Box, points[1] as Point);
      points[points.length - 1] = onBorder(places[to] as Point, boxes[to] as Box, points.at(-2) as Point);
      return { points, labelAt: edge.x === undefined || edge.y === undefined ? null : onCurve(points, edge as Point) };
    }),
  };
}

/** Where the line from the middle of a box to a point outside leaves the box. */
function onBorder(middle: Point, { width, height }: Box, outside: Point): Point {
  const [dx, dy] = [outside.x - middle.x, outside.y - middle.y];
  const reach = Math.max((2 * Math.abs(dx)) / width, (2 * Math.abs(dy)) / height);
  return reach === 0 ? middle : point({ x: middle.x + dx / reach, y: middle.y + dy / reach });
}

/** Lines are drawn with round corners, so a label at a corner is moved to where the line goes. */
function onCurve(points: readonly Point[], { x, y }: Point): Point {
  const at = points.findIndex((p) => Math.abs(p.x - x) < 1 && Math.abs(p.y - y) < 1);
  const [before, corner, after] = [points[at - 1], points[at], points[at + 1]];
  if (before === undefined || corner === undefined || after === undefined) return point({ x, y });
  return point({
    x: (before.x + 6 * corner.x + after.x) / 8,
    y: (before.y + 6 * corner.y + after.y) / 8,
  });
}

function loop({ x, y }: Point, { width, height }: Box, labelWidth: number): PlacedGraph['edges'][number] {
  const side = x + width / 2;
  const points = [
    { x: side, y: y - height / 4 },
    { x: side + LOOP, y: y - height / 4 },
    { x: side + LOOP, y: y + height / 4 },
    { x: side, y: y + height / 4 },
  ].map(point);
  return { points, labelAt: labelWidth > 0 ? point({ x: side + LOOP + labelWidth / 2, y }) : null };
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
    const box = boxes[at] as Box;
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
    edges: edges.map(({ from, to, labelWidth }) =>
      from === to
        ? loop(places[from] as Point, boxes[from] as Box, labelWidth)
        : straight(places, boxes, from, to, labelWidth > 0),
    ),
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
    point({ x: a.x, y: a.y + (down * (boxes[from] as Box).height) / 2 }),
    point({ x: b.x, y: b.y - (down * (boxes[to] as Box).height) / 2 }),
  ];
  return { points, labelAt: hasLabel ? point({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }) : null };
}

const point = ({ x, y }: Point): Point => ({ x: Math.round(x * 10) / 10, y: Math.round(y * 10) / 10 });
