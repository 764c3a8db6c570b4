import { checkFlowTexts, type FlowTexts } from '../../adapters/files/flow-files.js';
import type { Finding } from '../../flow/finding.js';
import type { KnownNames } from '../../flow/parse-flow.js';
import type { FlowArchive } from '../../ports/flow-archive.js';
import type { Log } from '../../ports/log.js';
import type { FlowFiles } from './flow-desk.js';
import { FlowHistory } from './flow-history.js';
import { type CheckTexts, type FlowTextSet, type Settled, settleChanges } from './settle-changes.js';

export interface StockParts {
  readonly files: Pick<FlowFiles, 'read'>;
  readonly archive: FlowArchive;
  readonly known: KnownNames;
  /** Number dialled -> flow. */
  readonly numbers: Readonly<Record<string, string>>;
  readonly log: Log;
}

/** What the folder holds, and what of it is live. */
export interface Stock {
  readonly found: FlowTexts;
  readonly settled: Settled;
}

/** There is nothing to start with: flows have errors, and no older version of them is known. */
export class WrongFlows extends Error {
  override readonly name = 'WrongFlows';

  constructor(readonly findings: readonly Finding[]) {
    super(`the flows have ${findings.length} mistake(s)`);
  }
}

/**
 * Reads the folder as a node does that serves no call yet. A file with errors is taken as it was when it was last live, if the archive knows that.
 * Throws `WrongFlows` when there is nothing to start with.
 */
export async function takeStock(parts: StockParts): Promise<Stock> {
  const { files, archive, log, known } = parts;
  const read = await files.read();
  if (!read.ok) throw new WrongFlows(read.error);
  const { texts, unreadable } = read.value;
  const checked = checkFlowTexts(texts, known);
  const wrong = [...unreadable.values(), ...Array.from(checked.values(), (flow) => (flow.ok ? [] : flow.error))].flat();
  const base = wrong.length === 0 ? texts : await FlowHistory.lastLive(archive, log);
  // No call is served yet, so nobody waits for this thread.
  const check: CheckTexts = async (each) => checkFlowTexts(each, known);
  const settled = base && (await settle(parts, check, base, withUnreadable(read.value, base)));
  // A file that was never live has nothing to go on with.
  const isWhole = settled && [...settled.refused.keys(), ...unreadable.keys()].every((file) => settled.texts.has(file));
  if (!settled || !isWhole) throw new WrongFlows(wrong);
  return { found: read.value, settled };
}

/** `only`: the flow that a text is to be; it cannot become another one. */
export function settle(
  { numbers }: Pick<StockParts, 'numbers'>,
  check: CheckTexts,
  base: FlowTextSet,
  wanted: FlowTextSet,
  only?: string,
): Promise<Settled | null> {
  const needed = (flowId: string): string | null => {
    if (flowId === only) return `this text is of another flow than "${flowId}"`;
    const number = Object.keys(numbers).find((each) => numbers[each] === flowId);
    return number === undefined ? null : `the number ${number} leads to the flow "${flowId}"`;
  };
  return settleChanges(base, wanted, check, needed);
}

/** A file that is there and cannot be read stays what it was. */
export function withUnreadable({ texts, unreadable }: FlowTexts, base: FlowTextSet): FlowTextSet {
  const kept = [...unreadable.keys()].flatMap((file) => (base.has(file) ? [[file, base.get(file) as string] as const] : []));
  return new Map([...texts, ...kept]);
}

/** What tells two looks at the folder apart. */
export const snapshotOf = ({ texts, unreadable }: FlowTexts): FlowTextSet =>
  new Map([...texts, ...Array.from(unreadable.keys(), (file) => [file, '\u0000unreadable'] as const)]);

export const sameTexts = (a: FlowTextSet, b: FlowTextSet): boolean =>
  a.size === b.size && [...a].every(([file, text]) => b.get(file) === text);
