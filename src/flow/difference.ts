import { compareLines } from './line-difference.js';
import type { CheckedFlow } from './program.js';
import { readSource } from './source.js';
import type { FlowDiffView } from './views.js';

export interface FlowText {
  readonly text: string;
  readonly flow: CheckedFlow;
}

type Change = FlowDiffView['nodes'][number];
const MAX_VALUE = 120;

/**
 * What changed from `a` to `b`, as an admin thinks of it: nodes, words, the rest, and the lines of the file. What changed inside a node is told by
 * field, free of any language: `menu.tries: 3 → 2`, `+ keys.5: agent`, `− failed: agent`. The order of fields and all comments are only in `lines`.
 */
export function differenceOf(a: FlowText, b: FlowText): FlowDiffView {
  const before = valuesIn(a.text);
  const after = valuesIn(b.text);
  return {
    a: a.flow.version,
    b: b.flow.version,
    nodes: nodeChanges(mapping(before.nodes), mapping(after.nodes)),
    prompts: promptChanges(a.flow, b.flow),
    other: ['flow', 'title', 'languages', 'start', ...restOf(before, after)].flatMap((name) =>
      changes(before[name], after[name], name),
    ),
    lines: compareLines(linesOf(a.text), linesOf(b.text)),
  };
}

/** True when both say the same to callers, however they are written. */
export const isSameFlow = (difference: FlowDiffView): boolean =>
  difference.nodes.length === 0 && difference.prompts.length === 0 && difference.other.length === 0;

function nodeChanges(before: Mapping, after: Mapping): Change[] {
  const made: Change[] = [];
  for (const node of new Set([...Object.keys(after), ...Object.keys(before)])) {
    if (!Object.hasOwn(before, node)) made.push({ node, change: 'added', what: [written(after[node])] });
    else if (!Object.hasOwn(after, node)) made.push({ node, change: 'removed', what: [written(before[node])] });
    else {
      const what = changes(before[node], after[node], '');
      if (what.length > 0) made.push({ node, change: 'changed', what });
    }
  }
  return made;
}

function promptChanges(a: CheckedFlow, b: CheckedFlow): FlowDiffView['prompts'] {
  const ownName = (flow: CheckedFlow, id: string): string => id.slice(flow.flowId.length + 1);
  const textsOf = (flow: CheckedFlow): Map<string, Readonly<Record<string, string>>> =>
    new Map(Array.from(flow.prompts, ([id, texts]) => [ownName(flow, id), texts]));
  const before = textsOf(a);
  const after = textsOf(b);
  const made: Array<FlowDiffView['prompts'][number]> = [];
  for (const prompt of new Set([...after.keys(), ...before.keys()])) {
    const [old, now] = [before.get(prompt) ?? {}, after.get(prompt) ?? {}];
    for (const language of new Set([...Object.keys(now), ...Object.keys(old)])) {
      const [was, is] = [old[language] ?? null, now[language] ?? null];
      if (was !== is) made.push({ prompt, language, before: was, after: is });
    }
  }
  return made;
}

/** Field by field; lists as a whole when their length differs. */
function changes(before: unknown, after: unknown, name: string): string[] {
  if (written(before) === written(after)) return [];
  const label = name === '' ? '' : `${name}: `;
  if (before === undefined) return [`+ ${label}${short(after)}`];
  if (after === undefined) return [`− ${label}${short(before)}`];
  const within = (key: string): string => (name === '' ? key : `${name}.${key}`);
  if (isMapping(before) && isMapping(after)) {
    const keys = new Set([...Object.keys(after), ...Object.keys(before)]);
    return Array.from(keys).flatMap((key) => changes(own(before, key), own(after, key), within(key)));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((item, at) => changes(item, after[at], within(`${at + 1}`)));
  }
  return [`${label}${short(before)} → ${short(after)}`];
}

/** Fields at the top that this version of the language may have beside the usual ones. */
function restOf(before: Mapping, after: Mapping): string[] {
  const told = new Set(['flow', 'title', 'languages', 'start', 'prompts', 'nodes']);
  return Array.from(new Set([...Object.keys(after), ...Object.keys(before)])).filter((name) => !told.has(name));
}

type Mapping = Readonly<Record<string, unknown>>;

const isMapping = (value: unknown): value is Mapping => typeof value === 'object' && value !== null && !Array.isArray(value);
const mapping = (value: unknown): Mapping => (isMapping(value) ? value : {});
const own = (value: Mapping, key: string): unknown => (Object.hasOwn(value, key) ? value[key] : undefined);

function valuesIn(text: string): Mapping {
  const source = readSource(text, '');
  return source.ok ? mapping(source.value.value) : {};
}

/** A value in one line, the same for equal values in whatever order their fields are written. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (!isMapping(value)) return value === undefined ? '' : JSON.stringify(value);
  const fields = Object.keys(value).sort();
  return `{ ${fields.map((key) => `${key}: ${written(value[key])}`).join(', ')} }`;
}

function short(value: unknown): string {
  const text = typeof value === 'string' && /^[\w-]+$/.test(value) ? value : written(value);
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE - 1)}…` : text;
}

const linesOf = (text: string): string[] =>
  text
    .replace(/^\uFEFF/, '')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/);
