import { flowVersion } from '../../adapters/files/flow-files.js';
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

/** A text that is meant for one flow and says that it is another. */
export function flowOfOther(flow: CheckedFlow, text: string, flowId: string, file: string): readonly Finding[] {
  if (flow.flowId === flowId) return [];
  const line = text.split('\n').findIndex((each) => /^["']?flow["']?\s*:/.test(each)) + 1;
  const message = `this is the flow "${flow.flowId}", not "${flowId}": a flow keeps its name`;
  return [{ file, line: Math.max(1, line), column: 1, level: 'error', rule: 'other-flow', message }];
}

/** A version that was live once, as a program. What it names may be gone since, so no names are checked. Null: the text is not of that version. */
export function pastFlow(text: string, version: string): CheckedFlow | null {
  if (flowVersion(text) !== version) return null;
  const parsed = parseFlow(text, { file: 'flow.yaml', known: {}, version });
  return parsed.ok ? parsed.value : null;
}

export const drawingOf = (flow: CheckedFlow, language: string): FlowDrawing => drawFlow(flow, { language });
