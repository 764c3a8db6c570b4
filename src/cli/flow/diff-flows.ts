import { differenceOf, type FlowText, isSameFlow } from '../../flow/difference.js';
import { formatFinding } from '../../flow/finding.js';
import type { FlowDiffView } from '../../flow/views.js';
import { namesOf } from '../known-names.js';
import { readFlowWithNeighbours } from './read-flows.js';

export interface DiffOptions {
  readonly config: string;
  readonly json?: boolean | undefined;
}

const TROUBLE = 2;
const CONTEXT = 3;

/** Says what changed from one flow file to the other. Returns the exit code, as `diff` does: 0 the same to callers, 1 different, 2 one cannot be read. */
export async function diffFlows(a: string, b: string, options: DiffOptions, say: (line: string) => void): Promise<number> {
  const known = await namesOf(options.config);
  const texts: FlowText[] = [];
  for (const file of [a, b]) {
    const read = await readFlowWithNeighbours(file, known);
    if (read.ok) texts.push({ text: read.value.text, flow: read.value.flow });
    else for (const finding of read.error) say(formatFinding(finding));
  }
  const [before, after] = texts;
  if (before === undefined || after === undefined) return TROUBLE;
  const difference = differenceOf(before, after);
  if (options.json === true) say(JSON.stringify(difference, null, 2));
  else for (const line of differenceText(difference)) say(line);
  return isSameFlow(difference) ? 0 : 1;
}

const MARKS = { added: '+', removed: '-', changed: '~' } as const;

/** For people: nodes, words, the rest, then the lines of the file with a few around them. */
export function differenceText(difference: FlowDiffView): string[] {
  const { nodes, prompts, other, lines } = difference;
  const isSame = lines.every(({ sign }) => sign === ' ');
  if (isSame) return [`no difference (${difference.a})`];
  const said = [
    `${difference.a} -> ${difference.b}`,
    ...nodes.flatMap(({ node, change, what }) => [`${MARKS[change]} node ${node}`, ...what.map((text) => `    ${text}`)]),
    ...prompts.flatMap(({ prompt, language, before, after }) => [
      `${before === null ? '+' : after === null ? '-' : '~'} prompt ${prompt} (${language})`,
      ...(before === null ? [] : [`    - ${before}`]),
      ...(after === null ? [] : [`    + ${after}`]),
    ]),
    ...other.map((text) => `~ ${text}`),
    ...(isSameFlow(difference) ? ['nothing that a caller would notice'] : []),
    '',
  ];
  return [...said, ...changedLines(lines)];
}

function changedLines(lines: FlowDiffView['lines']): string[] {
  const near = new Set<number>();
  lines.forEach(({ sign }, at) => {
    if (sign !== ' ') for (let n = at - CONTEXT; n <= at + CONTEXT; n++) near.add(n);
  });
  const last = Array.from(near).at(-1) ?? 0;
  const shown: string[] = [];
  lines.forEach(({ sign, text }, at) => {
    if (near.has(at)) shown.push(`${sign} ${text}`.trimEnd());
    else if (near.has(at - 1) && at < last) shown.push('  ...');
  });
  return shown;
}
