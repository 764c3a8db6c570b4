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

const MARGIN = 24;
/** How far a way back to the same box reaches out at its right. */
const LOOP = 22;

/** Every line whole. For small graphs: a large one takes seconds. */
export function layOut({ boxes, edges }: GraphToPlace): PlacedGraph {
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

const point = ({ x, y }: Point): Point => ({ x: Math.round(x * 10) / 10, y: Math.round(y * 10) / 10 });
