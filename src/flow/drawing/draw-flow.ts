import { kindOf } from '../nodes/kinds.js';
import { BUILT_IN_NODES, type CheckedFlow, type FlowNode } from '../program.js';
import type { DrawnEdge, DrawnNode, FlowDrawing } from '../views.js';
import { unwrittenWaysOf } from '../ways.js';
import { layOut, type PlacedGraph } from './layout.js';
import { isWide, nodeLabel, shortened } from './node-label.js';
import { shortWays } from './stubs.js';

export interface DrawingOptions {
  /** Whose words stand in the boxes; a flow without it shows its first language. */
  readonly language: string;
}

/** Height of a line of text, in units of the drawing; the SVG uses the same. */
export const LINE = 16;
const NARROW = 7.2;
const WIDE = 13;

/** The picture of a flow: every node, every way that is written, and where callers go for whom nothing is written. Pure; the same flow gives the same picture. */
export function drawFlow(flow: CheckedFlow, options: DrawingOptions): FlowDrawing {
  const joined = joinedWays(flow);
  const nodes = Array.from(nodesOf(flow, joined), ([id, node]) => sized(flow, id, node, options.language));
  const index = new Map(nodes.map(({ id }, at) => [id, at]));
  const stubs = shortWays(joined, nodes.length, flow.start);
  const below = nodes.map(({ id }) => [...stubs].filter(({ from }) => from === id));
  const boxes = nodes.map((node, at) => withStubs(node, below[at] as JoinedWay[]));
  const long = joined.filter((way) => !stubs.has(way));
  const edges = long.map(({ from, to, label }) => ({
    from: index.get(from) as number,
    to: index.get(to) as number,
    labelWidth: label === '' ? 0 : widthOf(label) + 4,
    labelHeight: label === '' ? 0 : LINE,
  }));
  const placed = layOut({ boxes, edges, start: index.get(flow.start) ?? 0 });
  const drawn = nodes.map((node, at): DrawnNode => {
    const { x, y } = placed.boxes[at] as Point;
    return { ...node, x, y: y - ((boxes[at] as Size).height - node.height) / 2 };
  });
  return {
    flowId: flow.flowId,
    version: flow.version,
    width: placed.width,
    height: placed.height,
    nodes: drawn,
    edges: joined.map((way): DrawnEdge => {
      const { from, to, label } = way;
      const [source, target] = [index.get(from) as number, index.get(to) as number];
      const row = (below[source] as JoinedWay[]).indexOf(way);
      if (row !== -1) return stub(way, drawn[source] as DrawnNode, row);
      const { points: placedPoints, labelAt } = placed.edges[long.indexOf(way)] as PlacedGraph['edges'][number];
      const points = [...touching(drawn[source] as DrawnNode, placedPoints[0]), ...placedPoints];
      points.push(...touching(drawn[target] as DrawnNode, placedPoints.at(-1)));
      return { from, to, label, points, labelAt: label === '' ? null : labelAt, isStub: false };
    }),
  };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** How far the words of a stub stand from the left side of the box above them, and the first from its lower side. */
const STUB_LEFT = 24;
const STUB_TOP = 6;

/** The room that a box takes with the words below it. */
function withStubs({ width, height }: Size, stubs: readonly JoinedWay[]): Size {
  if (stubs.length === 0) return { width, height };
  const widest = Math.max(...stubs.map((way) => widthOf(stubText(way)))) + STUB_LEFT;
  return { width: Math.max(width, 2 * widest - width), height: height + STUB_TOP + stubs.length * LINE };
}

function stub(way: JoinedWay, { x, y, width, height }: DrawnNode, row: number): DrawnEdge {
  const left = x - width / 2 + 10;
  const middle = y + height / 2 + STUB_TOP + (row + 0.5) * LINE;
  const words = x - width / 2 + STUB_LEFT;
  const points = [
    { x: left, y: y + height / 2 },
    { x: left, y: middle },
    { x: words - 3, y: middle },
  ];
  const { from, to, label } = way;
  return { from, to, label, points, labelAt: { x: words + widthOf(stubText(way)) / 2, y: middle }, isStub: true };
}

/** Where a line that ends at the room of a box meets the box itself. */
function touching({ x, y, width, height }: DrawnNode, end: Point | undefined): Point[] {
  if (end === undefined) return [];
  const near = {
    x: Math.min(Math.max(end.x, x - width / 2), x + width / 2),
    y: Math.min(Math.max(end.y, y - height / 2), y + height / 2),
  };
  return Math.abs(near.x - end.x) + Math.abs(near.y - end.y) < 1 ? [] : [near];
}

/** What stands at the end of a line that is not drawn to its end. */
export const stubText = ({ label, to }: { readonly label: string; readonly to: string }): string =>
  `${label}${label === '' ? '' : ' '}→ ${shortened(to)}`;

interface JoinedWay {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

/** Several ways between the same two nodes are one line in the picture. */
function joinedWays(flow: CheckedFlow): JoinedWay[] {
  const unwritten = Array.from(flow.nodes).flatMap(([from, node]) => unwrittenWaysOf(node).map((way) => ({ from, ...way })));
  const labels = new Map<string, { from: string; to: string; labels: string[] }>();
  for (const { from, to, label } of [...flow.ways, ...unwritten]) {
    const key = `${from}\u0000${to}`;
    const joined = labels.get(key) ?? { from, to, labels: [] };
    labels.set(key, joined);
    if (label !== '' && !joined.labels.includes(label)) joined.labels.push(label);
  }
  return Array.from(labels.values(), ({ from, to, labels: texts }) => ({ from, to, label: shortened(texts.join(', ')) }));
}

function nodesOf(flow: CheckedFlow, ways: readonly JoinedWay[]): Map<string, FlowNode> {
  const nodes = new Map(flow.nodes);
  for (const { to } of ways) {
    const builtIn = BUILT_IN_NODES.get(to);
    if (builtIn !== undefined) nodes.set(to, builtIn);
  }
  return nodes;
}

function sized(flow: CheckedFlow, id: string, node: FlowNode, language: string): Omit<DrawnNode, 'x' | 'y'> {
  const label = nodeLabel(flow, node, language);
  const texts = [id, `${node.kind}${label === '' ? '' : ' '}`, label];
  return {
    id,
    kind: node.kind,
    label,
    line: flow.lines.get(id) ?? null,
    isStart: id === flow.start,
    isEnd: kindOf(node.kind).isEnd(node),
    width: Math.ceil(Math.max(72, ...texts.map(widthOf)) + 32),
    height: LINE * (label === '' ? 2 : 3) + 12,
  };
}

/** About how wide a text is; a font of the reader's own may be a little wider, and the boxes leave room for it. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += isWide(character) ? WIDE : NARROW;
  return Math.ceil(width);
}
