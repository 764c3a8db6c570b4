import type { DrawnNode, FlowDrawing } from '../../flow/views.js';

/** Which part of a drawing is seen, as a shift and a scale: a point p of the drawing stands at `p * scale + (x, y)` of the window. Pure. */
export interface GraphView {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface WindowSize {
  readonly width: number;
  readonly height: number;
}

const LEAST = 0.05;
const MOST = 3;
const MARGIN = 24;
/** Height of what lies over the lower edge. */
const BUTTONS = 44;
/** A small flow is not blown up. */
const MOST_FITTED = 1.15;

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** The whole drawing in the middle of the window. */
export function fitted(drawing: Pick<FlowDrawing, 'width' | 'height'>, size: WindowSize): GraphView {
  const room = { width: Math.max(1, size.width - 2 * MARGIN), height: Math.max(1, size.height - 2 * MARGIN) };
  const scale = clamp(
    Math.min(room.width / Math.max(1, drawing.width), room.height / Math.max(1, drawing.height)),
    LEAST,
    MOST_FITTED,
  );
  return { x: (size.width - drawing.width * scale) / 2, y: (size.height - drawing.height * scale) / 2, scale };
}

/** As `fitted`, but never so small that nobody can read: then the start at the top, and the rest by moving. */
export function opened(drawing: FlowDrawing, size: WindowSize, leastScale: number): GraphView {
  const whole = fitted(drawing, size);
  if (whole.scale >= leastScale) return whole;
  const start = drawing.nodes.find((node) => node.isStart) ?? drawing.nodes[0];
  if (start === undefined) return whole;
  // Not more empty ground at a side than needed.
  const left = Math.max(size.width - MARGIN - drawing.width * leastScale, size.width / 2 - start.x * leastScale);
  return { x: Math.min(MARGIN, left), y: MARGIN + (start.height / 2 - start.y) * leastScale, scale: leastScale };
}

/** Larger or smaller by `factor`; the point of the window at (x, y) stays where it is. */
export function zoomed(view: GraphView, factor: number, x: number, y: number): GraphView {
  const scale = clamp(view.scale * factor, LEAST, MOST);
  const by = scale / view.scale;
  return { x: x - (x - view.x) * by, y: y - (y - view.y) * by, scale };
}

export const moved = (view: GraphView, x: number, y: number): GraphView => ({ ...view, x: view.x + x, y: view.y + y });

/** Moved as little as needed for a node to be seen whole; the same view when it is. */
export function revealed(view: GraphView, node: DrawnNode, size: WindowSize): GraphView {
  const shift = (middle: number, length: number, room: number): number => {
    const low = middle - (length / 2) * view.scale - MARGIN;
    const high = middle + (length / 2) * view.scale + MARGIN;
    if (high - low > room) return room / 2 - middle;
    return low < 0 ? -low : high > room ? room - high : 0;
  };
  const x = shift(node.x * view.scale + view.x, node.width, size.width);
  const y = shift(node.y * view.scale + view.y, node.height, size.height - BUTTONS);
  return x === 0 && y === 0 ? view : moved(view, x, y);
}

export type Direction = 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight';
export const DIRECTIONS: readonly Direction[] = ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'];

/** The next node that way: near counts, and straight counts more; of equals the first by id. Null: there is none. */
export function neighbour(drawing: FlowDrawing, from: DrawnNode, direction: Direction): DrawnNode | null {
  const isAcross = direction === 'ArrowLeft' || direction === 'ArrowRight';
  const sign = direction === 'ArrowRight' || direction === 'ArrowDown' ? 1 : -1;
  let best: { node: DrawnNode; cost: number } | null = null;
  for (const node of drawing.nodes) {
    const ahead = (isAcross ? node.x - from.x : node.y - from.y) * sign;
    if (node.id === from.id || ahead < 1) continue;
    const aside = Math.abs(isAcross ? node.y - from.y : node.x - from.x);
    const cost = ahead + 2 * aside;
    if (best === null || cost < best.cost || (cost === best.cost && node.id < best.node.id)) best = { node, cost };
  }
  return best?.node ?? null;
}

/** Names a way between two nodes; ids of nodes hold no blank. */
export const edgeKey = (from: string, to: string): string => `${from} ${to}`;

/** An SVG path through the points, its corners rounded. */
export function pathOf(points: ReadonlyArray<{ readonly x: number; readonly y: number }>): string {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined) return '';
  let path = `M${first.x} ${first.y}`;
  if (points.length === 2) return `${path}L${last.x} ${last.y}`;
  for (let at = 1; at < points.length - 1; at++) {
    const [corner, next] = [points[at], points[at + 1]] as [typeof last, typeof last];
    const end = next === last ? last : { x: (corner.x + next.x) / 2, y: (corner.y + next.y) / 2 };
    path += `Q${corner.x} ${corner.y} ${end.x} ${end.y}`;
  }
  return path;
}
