import { kindOf } from '../nodes/kinds.js';
import { BUILT_IN_NODES, type CheckedFlow, type FlowNode } from '../program.js';
import type { DrawnEdge, DrawnNode, FlowDrawing } from '../views.js';
import { unwrittenWaysOf } from '../ways.js';
import { layOut, type PlacedGraph } from './layout.js';
import { isWide, nodeLabel, shortened } from './node-label.js';

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
  const edges = joined.map(({ from, to, label }) => ({
    from: index.get(from) as number,
    to: index.get(to) as number,
    labelWidth: label === '' ? 0 : widthOf(label) + 4,
    labelHeight: label === '' ? 0 : LINE,
  }));
  const start = index.get(flow.start) ?? 0;
  const placed = layOut({ boxes: nodes.map(({ width, height }) => ({ width, height })), edges, start });
  return {
    flowId: flow.flowId,
    version: flow.version,
    width: placed.width,
    height: placed.height,
    nodes: nodes.map((node, at): DrawnNode => ({ ...node, ...(placed.boxes[at] as PlacedGraph['boxes'][number]) })),
    edges: joined.map(({ from, to, label }, at): DrawnEdge => {
      const { points, labelAt } = placed.edges[at] as PlacedGraph['edges'][number];
      return { from, to, label, points, labelAt: label === '' ? null : labelAt };
    }),
  };
}

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
