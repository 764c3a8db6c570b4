import type { ComparedLine } from '../../flow/line-difference.js';

/** Lines around a change that are shown with it. */
const AROUND = 3;

/** Changed lines and a few around them; a number stands for so many lines left out. */
export function folded(lines: readonly ComparedLine[]): Array<ComparedLine | number> {
  const isNear = new Set<number>();
  lines.forEach((line, at) => {
    if (line.sign === ' ') return;
    for (let near = at - AROUND; near <= at + AROUND; near++) isNear.add(near);
  });
  const made: Array<ComparedLine | number> = [];
  lines.forEach((line, at) => {
    const last = made.at(-1);
    if (isNear.has(at)) made.push(line);
    else if (typeof last === 'number') made[made.length - 1] = last + 1;
    else made.push(1);
  });
  return made;
}
