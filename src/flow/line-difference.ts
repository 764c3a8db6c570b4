export interface ComparedLine {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/** With more changed lines than this the rest is shown as all taken out and all put in: the search grows with its square. */
const MAX_CHANGES = 1_000;

/** The shortest way from `a` to `b` by taking out and putting in lines. Source: E. Myers, An O(ND) Difference Algorithm and Its Variations, 1986. */
export function compareLines(a: readonly string[], b: readonly string[]): ComparedLine[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const both = (lines: readonly string[]): ComparedLine[] => lines.map((text) => ({ sign: ' ', text }));
  const middle = compareMiddle(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  return [...both(a.slice(0, head)), ...middle, ...both(a.slice(a.length - tail))];
}

function compareMiddle(a: readonly string[], b: readonly string[]): ComparedLine[] {
  const reached: Array<ReadonlyMap<number, number>> = [];
  let furthest = new Map<number, number>([[1, 0]]);
  for (let changes = 0; changes <= Math.min(MAX_CHANGES, a.length + b.length); changes++) {
    reached.push(furthest);
    const now = new Map<number, number>();
    for (let diagonal = -changes; diagonal <= changes; diagonal += 2) {
      let x = start(furthest, diagonal, changes);
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x++;
      now.set(diagonal, x);
      if (x >= a.length && x - diagonal >= b.length) return walkBack(a, b, reached);
    }
    furthest = new Map([...furthest, ...now]);
  }
  return [...a.map((text): ComparedLine => ({ sign: '-', text })), ...b.map((text): ComparedLine => ({ sign: '+', text }))];
}

/** Where a diagonal begins in this round: after putting in a line (from above) or taking one out (from the left). */
function start(furthest: ReadonlyMap<number, number>, diagonal: number, changes: number): number {
  const above = furthest.get(diagonal + 1) ?? -1;
  const left = furthest.get(diagonal - 1) ?? -1;
  return diagonal === -changes || (diagonal !== changes && left < above) ? above : left + 1;
}

function walkBack(
  a: readonly string[],
  b: readonly string[],
  reached: ReadonlyArray<ReadonlyMap<number, number>>,
): ComparedLine[] {
  const made: ComparedLine[] = [];
  let x = a.length;
  let y = b.length;
  for (let changes = reached.length - 1; changes >= 0; changes--) {
    const furthest = reached[changes] as ReadonlyMap<number, number>;
    const diagonal = x - y;
    const from = start(furthest, diagonal, changes);
    while (x > from && x > 0 && y > 0) {
      made.push({ sign: ' ', text: a[--x] as string });
      y--;
    }
    if (changes === 0) break;
    const above = furthest.get(diagonal + 1) ?? -1;
    const left = furthest.get(diagonal - 1) ?? -1;
    if (diagonal === -changes || (diagonal !== changes && left < above)) made.push({ sign: '+', text: b[--y] as string });
    else made.push({ sign: '-', text: a[--x] as string });
  }
  return made.reverse();
}
