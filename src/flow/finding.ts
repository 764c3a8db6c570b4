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
  /** The same in Chinese; whatever reads flows gives it. */
  readonly messageZh?: string;
}

/** A sentence for people in both languages. */
export interface Said {
  readonly en: string;
  readonly zh: string;
}

export const said = (en: string, zh: string): Said => ({ en, zh });

/** A sentence and the hint at its end. */
export const withHint = (sentence: Said, hint: Said): Said => said(sentence.en + hint.en, sentence.zh + hint.zh);

/** A hint for texts that were typed in full width, as a Chinese keyboard does; empty for others. */
export function wideHint(text: string): Said {
  const half = Array.from(text, (c) => (c >= '\uff01' && c <= '\uff5e' ? String.fromCharCode(c.charCodeAt(0) - 0xfee0) : c));
  const plain = half.join('').replace(/[“”‘’]/g, '');
  if (plain === text) return said('', '');
  return said(`; it is full-width: write ${quoted(plain)}`, `；这是全角字符：请写 ${quoted(plain)}`);
}

/** Of a name that may stand only once. */
export const twice = (name: string): Said =>
  said(`${quoted(name)} stands here for the second time`, `${quoted(name)} 在这里是第二次出现`);

/** What the checker says to people who read that language. */
export const messageIn = ({ message, messageZh }: Finding, language: keyof Said): string =>
  language === 'zh' ? (messageZh ?? message) : message;

/** `ivr-flows/credit-card.yaml:41:24  error  unknown-node  "say-balanse" is not a node ...` */
export const formatFinding = (finding: Finding): string => formatFindingIn('en', finding);

export const formatFindingIn = (language: keyof Said, finding: Finding): string =>
  `${finding.file}:${finding.line}:${finding.column}  ${finding.level}  ${finding.rule}  ${messageIn(finding, language)}`;

/** The check itself did not come to an end. */
export const notChecked = (file: string, why: string): Finding => ({
  file,
  line: 1,
  column: 1,
  level: 'error',
  rule: 'not-checked',
  message: `the text could not be checked: ${why}`,
  messageZh: `未能检查这份文字："${why}"`,
});

/** In the order of the file. */
export const byPlace = (a: Finding, b: Finding): number =>
  a.line - b.line || a.column - b.column || (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0);

/** A hint to stand at the end of a sentence; empty when no name is near. */
export function nearest(name: string, known: Iterable<string>): Said {
  const en = didYouMean(name, known);
  return said(en, en.replace('; did you mean ', '；是不是 ').replace(/\?$/, '？'));
}

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
