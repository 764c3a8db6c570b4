/** What the checker says about one place of a file. */
export interface Finding {
  readonly file: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  readonly level: 'error' | 'warn';
  /** A stable id: `unknown-node`. Tests, editors and people search for it. */
  readonly rule: string;
  readonly message: string;
}

/** `ivr-flows/credit-card.yaml:41:24  error  unknown-node  "say-balanse" is not a node ...` */
export const formatFinding = (finding: Finding): string =>
  `${finding.file}:${finding.line}:${finding.column}  ${finding.level}  ${finding.rule}  ${finding.message}`;

/** In the order of the file. */
export const byPlace = (a: Finding, b: Finding): number =>
  a.line - b.line || a.column - b.column || (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0);

/** `; did you mean "x"?` for the nearest of the known names, or nothing when none is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const limit = Math.max(1, Math.floor(name.length / 3));
  let best: string | null = null;
  let bestDistance = limit + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) > limit) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance || (distance === bestDistance && best !== null && candidate < best)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best === null ? '' : `; did you mean "${best}"?`;
}

/** Text of a stranger, fit to stand in a message: one line, no control characters, not long. */
export function quoted(text: string): string {
  const plain = Array.from(text, (c) => (c < ' ' || c === '\u007f' ? '?' : c)).join('');
  return `"${plain.length > 60 ? `${plain.slice(0, 57)}...` : plain}"`;
}

/** Edit distance in which swapping two neighbours is one edit (the commonest slip). Names are cut at 64 characters. */
function editDistance(left: string, right: string): number {
  const a = left.slice(0, 64);
  const b = right.slice(0, 64);
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (beforeLast[j - 2] as number) + 1 : change;
      row.push(Math.min(change, swap, (last[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] as number;
}
