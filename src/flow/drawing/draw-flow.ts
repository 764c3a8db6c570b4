import { kindOf } from '../nodes/kinds.js';
import { BUILT_IN_NODES, type CheckedFlow, type FlowNode } from '../program.js';
import type { DrawnEdge, DrawnNode, FlowDrawing } from '../views.js';
import { unwrittenWaysOf } from '../ways.js';
import { layOut, type PlacedGraph } from './layout.js';
import { isWide, nodeLabel, shortened } from './node-label.js';
import { spanningTree } from './spanning-tree.js';
import { layOutTree, type PlacedBox, type Point } from './tree-layout.js';

export interface DrawingOptions {
  /** Whose words stand in the boxes; a flow without it shows its first language. */
  readonly language: string;
}

/** Height of a line of text, in units of the drawing; the SVG uses the same. */
export const LINE = 16;
const NARROW = 7.2;
const WIDE = 13;

/** A drawing up to this size is easily followed with every line drawn; in a larger one most ways end in words. */
const SMALL = { nodes: 20, ways: 60 };

/** The picture of a flow: every node, every way that is written, and where callers go for whom nothing is written. Pure; the same flow gives the same picture. */
export function drawFlow(flow: CheckedFlow, options: DrawingOptions): FlowDrawing {
  const ways = joinedWays(flow);
  const nodes = Array.from(nodesOf(flow, ways), ([id, node]) => sized(flow, id, node, options.language));
  const isSmall = nodes.length < SMALL.nodes && ways.length <= SMALL.ways;
  const { flowId, version, start } = flow;
  return { flowId, version, ...(isSmall ? drawnWhole(nodes, ways) : drawnAsTree(nodes, ways, start)) };
}

type SizedNode = Omit<DrawnNode, 'x' | 'y'>;
type Picture = Pick<FlowDrawing, 'width' | 'height' | 'nodes' | 'edges'>;

function drawnWhole(nodes: readonly SizedNode[], ways: readonly JoinedWay[]): Picture {
  const index = new Map(nodes.map(({ id }, at) => [id, at]));
  const edges = ways.map(({ from, to, label }) => ({
    from: index.get(from) as number,
    to: index.get(to) as number,
    labelWidth: labelWidth(label),
    labelHeight: label === '' ? 0 : LINE,
  }));
  const placed = layOut({ boxes: nodes, edges });
  return {
    width: placed.width,
    height: placed.height,
    nodes: nodes.map((node, at) => ({ ...node, ...(placed.boxes[at] as Point) })),
    edges: ways.map(({ from, to, label }, at): DrawnEdge => {
      const { points, labelAt } = placed.edges[at] as PlacedGraph['edges'][number];
      return { from, to, label, points, labelAt: label === '' ? null : labelAt, isStub: false };
    }),
  };
}

function drawnAsTree(nodes: readonly SizedNode[], ways: readonly JoinedWay[], start: string): Picture {
  const tree = spanningTree(
    nodes.map(({ id }) => id),
    ways,
    start,
  );
  const index = new Map(tree.order.map((id, at) => [id, at]));
  const sizedById = new Map(nodes.map((node) => [node.id, node]));
  const stubs = new Map<string, JoinedWay[]>();
  for (const way of ways) if (tree.wayTo.get(way.to) !== way) stubs.set(way.from, [...(stubs.get(way.from) ?? []), way]);
  const placed = layOutTree(
    tree.order.map((id) => {
      const node = sizedById.get(id) as SizedNode;
      const way = tree.wayTo.get(id);
      return {
        ...withStubs(node, stubs.get(id) ?? []),
        boxHeight: node.height,
        parent: way === undefined ? null : (index.get(way.from) as number),
        labelWidth: labelWidth(way?.label ?? ''),
      };
    }),
  );
  const boxOf = (id: string): PlacedBox => placed.boxes[index.get(id) as number] as PlacedBox;
  const drawn = nodes.map((node): DrawnNode => {
    const { left, top } = boxOf(node.id);
    return { ...node, x: left + node.width / 2, y: top + node.height / 2 };
  });
  const drawnById = new Map(drawn.map((node) => [node.id, node]));
  return {
    width: placed.width,
    height: placed.height,
    nodes: drawn,
    edges: ways.map((way): DrawnEdge => {
      const { from, to, label } = way;
      const row = stubs.get(from)?.indexOf(way) ?? -1;
      if (row !== -1) return stub(way, drawnById.get(from) as DrawnNode, row);
      const { line, labelAt } = boxOf(to);
      return { from, to, label, points: line, labelAt, isStub: false };
    }),
  };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** How far the words of a stub stand from the left side of the box above them, and the first from its lower side. */
const STUB_LEFT = 24;
const STUB_TOP = 6;
/** Between the tip of a stub's line and its words. */
export const STUB_GAP = 4;

const labelWidth = (label: string): number => (label === '' ? 0 : widthOf(label) + 4);

/** The room that a box takes with the words below it. */
function withStubs({ width, height }: Size, stubs: readonly JoinedWay[]): Size {
  if (stubs.length === 0) return { width, height };
  const widest = Math.max(...stubs.map((way) => widthOf(stubText(way)))) + STUB_LEFT;
  return { width: Math.max(width, widest), height: height + STUB_TOP + stubs.length * LINE };
}

function stub(way: JoinedWay, { x, y, width, height }: DrawnNode, row: number): DrawnEdge {
  const left = x - width / 2 + 10;
  const middle = y + height / 2 + STUB_TOP + (row + 0.5) * LINE;
  const words = x - width / 2 + STUB_LEFT;
  const points = [
    { x: left, y: y + height / 2 },
    { x: left, y: middle },
    { x: words - STUB_GAP, y: middle },
  ];
  const { from, to, label } = way;
  return { from, to, label, points, labelAt: { x: words + widthOf(stubText(way)) / 2, y: middle }, isStub: true };
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

function sized(flow: CheckedFlow, id: string, node: FlowNode, language: string): SizedNode {
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
