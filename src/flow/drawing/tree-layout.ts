/**
 * Where the boxes of a tree go: below their parent, its children in as many columns as make the whole fit a screen best. All is flush left; lines run
 * down from the parent, along a bus, and into a child from above or from its left. No two lines cross, and no box is wider than its words.
 */
export interface TreeBox {
  /** Room that the box takes with all that stands below it. */
  readonly width: number;
  readonly height: number;
  /** Of the box alone. */
  readonly boxHeight: number;
  /** Index of the parent, before this one; null: a tree begins here. */
  readonly parent: number | null;
  /** Width of the words on the line from the parent; 0: none. */
  readonly labelWidth: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedBox {
  readonly left: number;
  readonly top: number;
  /** From the parent to this box; empty for a root. */
  readonly line: readonly Point[];
  /** Middle of the words of that line. */
  readonly labelAt: Point | null;
}

export interface PlacedTree {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly PlacedBox[];
}

const MARGIN = 24;
/** Width to height of the page that this is for. */
const ASPECT = 1.4;
/** Widths to heights that the blocks within are made for; the one is taken that gives the best whole. */
const INNER_ASPECTS = [0.4, 0.6, 0.8, 1, 1.3, 1.6, 2, 2.6];
/** A tree with more boxes is laid out once only. */
const MAX_TRIED = 500;
/** How far a child in a column of several stands to the right of its line, and columns from each other. */
const INDENT = 30;
const BETWEEN = 28;
/** From a box to the one below it, without and with words between. */
const GAP = 18;
const LABEL_GAP = 26;
const BUS = 10;
/** Where lines leave and enter a box, from its left side. */
const TRUNK = 10;
const CORNER = 7;

interface Block {
  readonly width: number;
  readonly height: number;
  /** By column, from the left; each child with its place in the block. */
  readonly columns: ReadonlyArray<{
    readonly x: number;
    readonly kids: ReadonlyArray<{ readonly at: number; readonly y: number }>;
  }>;
}

/** Boxes are given parents first. */
export function layOutTree(boxes: readonly TreeBox[]): PlacedTree {
  const children = boxes.map((): number[] => []);
  const roots: number[] = [];
  boxes.forEach(({ parent }, at) => {
    (parent === null ? roots : (children[parent] as number[])).push(at);
  });
  for (const kids of children)
    if (kids.length <= FEW) kids.sort((a, b) => Number(hasKids(children, a)) - Number(hasKids(children, b)));
  const tried = boxes.length > MAX_TRIED ? [ASPECT] : INNER_ASPECTS;
  const { blocks, whole } = tried
    .map((aspect) => blocksOf(boxes, children, roots, aspect))
    .reduce((best, other) => (costOf(other.whole, ASPECT) < costOf(best.whole, ASPECT) ? other : best));
  const placed: PlacedBox[] = [];
  const put = ({ columns }: Block, left: number, top: number, parent: number | null): void => {
    for (const { x, kids } of columns) {
      for (const { at, y } of kids) {
        const isHung = kids.length > 1 && parent !== null;
        const place = { left: left + x + (isHung ? INDENT : 0), top: top + y };
        const from =
          parent === null
            ? null
            : { left, bottom: top + (boxes[parent] as TreeBox).boxHeight, bus: top + (boxes[parent] as TreeBox).height + BUS };
        const box = boxes[at] as TreeBox;
        const line = from === null ? [] : lineTo(from, left + x, place, box, isHung);
        const { labelWidth } = box;
        const labelAt =
          labelWidth === 0 || from === null
            ? null
            : { x: place.left + (isHung ? 2 : TRUNK + 6) + labelWidth / 2, y: place.top - 10 };
        placed[at] = { ...place, line, labelAt };
      }
    }
  };
  put(whole, MARGIN, MARGIN, null);
  boxes.forEach((_, at) => {
    const { left, top } = placed[at] as PlacedBox;
    put(blocks[at] as Block, left, top, at);
  });
  return { width: Math.ceil(whole.width + 2 * MARGIN), height: Math.ceil(whole.height + 2 * MARGIN), boxes: placed };
}

const costOf = ({ width, height }: Block, aspect: number): number => Math.max(width / aspect, height);

function blocksOf(
  boxes: readonly TreeBox[],
  children: readonly number[][],
  roots: readonly number[],
  aspect: number,
): { readonly blocks: readonly Block[]; readonly whole: Block } {
  const blocks: Block[] = [];
  for (let at = boxes.length - 1; at >= 0; at--)
    blocks[at] = arranged(boxes, blocks, boxes[at] as TreeBox, children[at] as number[], aspect);
  return { blocks, whole: arranged(boxes, blocks, { width: 0, height: 0 }, roots, aspect) };
}

/** Of few children those that lead no further stand first, lest they are looked for below all the others. */
const FEW = 3;
const hasKids = (children: readonly number[][], at: number): boolean => (children[at] as number[]).length > 0;

type Room = Pick<TreeBox, 'width' | 'height'>;

/** The block of a box with the blocks of its children, in the number of columns that comes nearest to the aspect. */
function arranged(
  boxes: readonly TreeBox[],
  blocks: readonly Block[],
  own: Room,
  kids: readonly number[],
  aspect: number,
): Block {
  let best = inColumns(boxes, blocks, own, kids, 1);
  for (let columns = 2; columns <= Math.min(kids.length, MAX_COLUMNS); columns++) {
    const block = inColumns(boxes, blocks, own, kids, columns);
    if (costOf(block, aspect) < costOf(best, aspect)) best = block;
  }
  return best;
}
const MAX_COLUMNS = 12;

function inColumns(
  boxes: readonly TreeBox[],
  blocks: readonly Block[],
  own: Room,
  kids: readonly number[],
  count: number,
): Block {
  const gap = (at: number): number => ((boxes[at] as TreeBox).labelWidth > 0 ? LABEL_GAP : GAP);
  const heightOf = (at: number): number => gap(at) + (blocks[at] as Block).height;
  const top = own.height + (count > 1 ? BUS : 0);
  let x = 0;
  let height = own.height;
  const columns = partsOf(kids, heightOf, count).map((part) => {
    let y = top;
    let width = 0;
    const placed = part.map((at) => {
      y += gap(at);
      const here = { at, y };
      y += (blocks[at] as Block).height;
      const indent = part.length > 1 ? INDENT : 0;
      width = Math.max(width, indent + (blocks[at] as Block).width, indent + TRUNK + 6 + (boxes[at] as TreeBox).labelWidth);
      return here;
    });
    height = Math.max(height, y);
    const column = { x, kids: placed };
    x += width + BETWEEN;
    return column;
  });
  return { width: Math.max(own.width, x - BETWEEN), height, columns };
}

/** Cuts a row into at most `count` pieces so that the highest is as low as it can be, to within a few units. */
function partsOf(kids: readonly number[], heightOf: (at: number) => number, count: number): number[][] {
  const cut = (limit: number): number[][] => {
    const parts: number[][] = [];
    let room = -1;
    for (const at of kids) {
      const height = heightOf(at);
      if (height > room) {
        parts.push([]);
        room = limit;
      }
      parts.at(-1)?.push(at);
      room -= height;
    }
    return parts;
  };
  const all = kids.map(heightOf);
  let low = Math.max(0, ...all);
  let high = all.reduce((sum, height) => sum + height, 0);
  while (high - low > 4) {
    const middle = (low + high) / 2;
    if (cut(middle).length <= count) high = middle;
    else low = middle;
  }
  return cut(cut(low).length <= count ? low : high);
}

interface From {
  readonly left: number;
  readonly bottom: number;
  readonly bus: number;
}

function lineTo(
  from: From,
  column: number,
  { left, top }: { left: number; top: number },
  box: TreeBox,
  isHung: boolean,
): Point[] {
  const [start, trunk] = [from.left + TRUNK, column + TRUNK];
  const corners: Point[] = [{ x: start, y: from.bottom }];
  if (trunk !== start) corners.push({ x: start, y: from.bus }, { x: trunk, y: from.bus });
  if (isHung) corners.push({ x: trunk, y: top + box.boxHeight / 2 }, { x: left, y: top + box.boxHeight / 2 });
  else corners.push({ x: trunk, y: top });
  return corners.flatMap((corner, at) => {
    const [before, after] = [corners[at - 1], corners[at + 1]];
    if (before === undefined || after === undefined) return [corner];
    // Lines are drawn as curves through the middles between points: points close by keep a corner narrow.
    return [near(corner, before), corner, near(corner, after)];
  });
}

function near(corner: Point, other: Point): Point {
  const [dx, dy] = [other.x - corner.x, other.y - corner.y];
  const share = Math.min(1 / 2, CORNER / Math.max(1, Math.abs(dx) + Math.abs(dy)));
  return { x: corner.x + dx * share, y: corner.y + dy * share };
}
