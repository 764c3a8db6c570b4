import { createHash } from 'node:crypto';
import { checkFlowTexts, flowVersion } from '../../adapters/files/flow-files.js';
import type { Result } from '../../base/result.js';
import { drawFlow } from '../../flow/drawing/draw-flow.js';
import type { Finding } from '../../flow/finding.js';
import { type KnownNames, parseFlow } from '../../flow/parse-flow.js';
import type { CheckedFlow } from '../../flow/program.js';
import type { FlowDrawing } from '../../flow/views.js';

/** One text, as it would be checked in the folder. `flow` null: it has errors. */
export function checkOneText(
  text: string,
  file: string,
  known: KnownNames,
): { readonly flow: CheckedFlow | null; readonly findings: readonly Finding[] } {
  const parsed = parseFlow(text, { file, known, version: flowVersion(text) });
  return parsed.ok ? { flow: parsed.value, findings: parsed.value.warnings } : { flow: null, findings: parsed.error };
}

/** What was found of texts, by `key`: the same text among the same names. */
export type CheckedBefore = Map<string, Result<CheckedFlow, readonly Finding[]>>;

export interface CheckedText {
  /** Names a good result; a text that is not good has none. */
  readonly key: string | null;
  readonly result: Result<CheckedFlow, readonly Finding[]>;
}

const KEPT_RESULTS = 200;

/** All texts of a folder as they are checked together. Parses only those that are not in `before`, and puts them there. */
export function checkTextSet(
  texts: ReadonlyMap<string, string>,
  known: KnownNames,
  before: CheckedBefore,
): ReadonlyMap<string, CheckedText> {
  const keys = new Map<string, string>();
  let names: string | null = null;
  const checked = checkFlowTexts(texts, known, (text, options) => {
    // The names are the same for all texts of a set.
    names ??= digestOf(options.known);
    const key = `${options.file}@${flowVersion(text)}@${names}`;
    keys.set(options.file, key);
    const parsed = before.get(key) ?? parseFlow(text, options);
    before.delete(key);
    before.set(key, parsed);
    return parsed as ReturnType<typeof parseFlow>;
  });
  for (const key of before.keys()) if (before.size > KEPT_RESULTS) before.delete(key);
  return new Map(
    Array.from(checked, ([file, result]) => [file, { key: result.ok ? (keys.get(file) ?? null) : null, result }] as const),
  );
}

function digestOf(known: KnownNames): string {
  const plain = (_: string, value: unknown): unknown => (value instanceof Set || value instanceof Map ? [...value] : value);
  return createHash('sha256').update(JSON.stringify(known, plain)).digest('base64url');
}

/** A text that is meant for one flow and says that it is another. */
export function flowOfOther(flow: CheckedFlow, text: string, flowId: string, file: string): readonly Finding[] {
  if (flow.flowId === flowId) return [];
  const line = text.split('\n').findIndex((each) => /^["']?flow["']?\s*:/.test(each)) + 1;
  const message = `this is the flow "${flow.flowId}", not "${flowId}": a flow keeps its name`;
  const messageZh = `这是流程 "${flow.flowId}"，不是 "${flowId}"：流程的名称不能改`;
  return [{ file, line: Math.max(1, line), column: 1, level: 'error', rule: 'other-flow', message, messageZh }];
}

/** A version that was live once, as a program. What it names may be gone since, so no names are checked. Null: the text is not of that version. */
export function pastFlow(text: string, version: string): CheckedFlow | null {
  if (flowVersion(text) !== version) return null;
  const parsed = parseFlow(text, { file: 'flow.yaml', known: {}, version });
  return parsed.ok ? parsed.value : null;
}

export const drawingOf = (flow: CheckedFlow, language: string): FlowDrawing => drawFlow(flow, { language });
