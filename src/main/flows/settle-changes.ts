import type { Result } from '../../base/result.js';
import { type Finding, notChecked } from '../../flow/finding.js';
import type { CheckedFlow } from '../../flow/program.js';

/** Name of a flow file -> its text. */
export type FlowTextSet = ReadonlyMap<string, string>;
export type CheckedTexts = ReadonlyMap<string, Result<CheckedFlow, readonly Finding[]>>;
/** Rejects when the texts could not be checked. */
export type CheckTexts = (texts: FlowTextSet) => Promise<CheckedTexts>;

export interface Settled {
  /** What may be live: all of it is free of errors. */
  readonly texts: FlowTextSet;
  readonly flows: ReadonlyMap<string, CheckedFlow>;
  /** Changed, new or deleted files that were left as they are in the base, and why. */
  readonly refused: ReadonlyMap<string, readonly Finding[]>;
}

/** What was found of a set that was settled on: the next change begins there, and checking takes time that callers wait. */
const SETTLED = new WeakMap<FlowTextSet, CheckedTexts>();

/**
 * Goes from `base` as far towards `wanted` as can be without an error: a changed file with an error keeps its old text, and so does everything that
 * would then no longer fit. `needed` tells why a flow must stay; null: it may go. Null: even the base has errors now. What cannot be checked changes nothing.
 */
export async function settleChanges(
  base: FlowTextSet,
  wanted: FlowTextSet,
  check: CheckTexts,
  needed: (flowId: string) => string | null,
): Promise<Settled | null> {
  const texts = new Map(wanted);
  const refused = new Map<string, readonly Finding[]>();
  const before = SETTLED.get(base) ?? (await check(base));
  const homes = homesOf(before);
  const takeBack = (file: string, findings: readonly Finding[]): void => {
    if (!refused.has(file)) refused.set(file, findings);
    const old = base.get(file);
    if (old === undefined) texts.delete(file);
    else texts.set(file, old);
  };
  for (;;) {
    const checked = await check(texts).catch((error: unknown) => String(error));
    if (typeof checked === 'string') return unchecked(base, before, wanted, checked);
    const wrong = Array.from(checked).flatMap(([file, flow]) => (flow.ok ? [] : [{ file, findings: flow.error }]));
    const changed = (file: string): boolean => base.get(file) !== texts.get(file);
    const changedAndWrong = wrong.filter(({ file }) => changed(file));
    if (changedAndWrong.length > 0) {
      for (const { file, findings } of changedAndWrong) takeBack(file, findings);
      continue;
    }
    const gone = missingFlows(homes, checked, needed).filter(({ file }) => changed(file));
    if (gone.length > 0) {
      for (const { file, finding } of gone) takeBack(file, [finding]);
      continue;
    }
    if (wrong.length === 0) {
      SETTLED.set(texts, checked);
      return { texts, flows: flowsOf(checked), refused };
    }
    // Files that nobody touched are wrong because of what was changed elsewhere: first because something went away.
    const because = wrong.flatMap(({ findings }) => findings);
    const deleted = [...base.keys()].filter((file) => !texts.has(file));
    const back = deleted.length > 0 ? deleted : [...texts.keys()].filter(changed);
    if (back.length === 0) return null;
    for (const file of back) takeBack(file, because);
  }
}

function unchecked(base: FlowTextSet, before: CheckedTexts, wanted: FlowTextSet, why: string): Settled {
  const changed = [...new Set([...base.keys(), ...wanted.keys()])].filter((file) => base.get(file) !== wanted.get(file));
  return { texts: base, flows: flowsOf(before), refused: new Map(changed.map((file) => [file, [notChecked(file, why)]])) };
}

/** Flow -> file that it is in. */
function homesOf(checked: CheckedTexts): ReadonlyMap<string, string> {
  return new Map(Array.from(flowsOf(checked), ([file, { flowId }]) => [flowId, file]));
}

function missingFlows(
  homes: ReadonlyMap<string, string>,
  checked: CheckedTexts,
  needed: (flowId: string) => string | null,
): { readonly file: string; readonly finding: Finding }[] {
  const there = homesOf(checked);
  return Array.from(homes).flatMap(([flowId, file]) => {
    const why = there.has(flowId) ? null : needed(flowId);
    if (why === null) return [];
    return [{ file, finding: { file, line: 1, column: 1, level: 'error' as const, rule: 'flow-in-use', message: why } }];
  });
}

function flowsOf(checked: CheckedTexts): ReadonlyMap<string, CheckedFlow> {
  return new Map(Array.from(checked).flatMap(([file, flow]) => (flow.ok ? [[file, flow.value] as const] : [])));
}
