import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { FlowId } from '../../base/ids.js';
import { err, ok, type Result } from '../../base/result.js';
import type { Finding } from '../../flow/finding.js';
import { lintFlows } from '../../flow/lint-flows.js';
import { type KnownNames, parseFlow, readFlowShape } from '../../flow/parse-flow.js';
import type { CheckedFlow, FlowShape } from '../../flow/program.js';
import { readSource } from '../../flow/source.js';

/** Flow files on disk. A version is the content: the same text has the same version on every machine. */

/** Far above what the checker takes; a file beyond it is not even read. */
const MAX_BYTES = 4 * 1024 * 1024;

/** A name that begins with a dot is an editor's half-written file. */
const FLOW_FILE = /^[^.].*\.ya?ml$/;

export const flowVersion = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

/** Reads and checks one file. An unreadable file is a finding like any other. */
export async function readFlowFile(path: string, known: KnownNames): Promise<Result<CheckedFlow, Finding[]>> {
  const text = await readFlowText(path);
  return text.ok ? parseFlow(text.value, { file: path, known, version: flowVersion(text.value) }) : text;
}

/** All flow files of a folder, by name; tests of flows (`*.test.yaml`) are none. */
export async function listFlowFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => FLOW_FILE.test(name) && !/\.test\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** The ids that the files claim, checked or not: what other flows may jump to. */
export async function flowIdsOf(paths: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const path of paths) {
    const text = await readFlowText(path);
    const id = text.ok ? claimOf(text.value, path).id : null;
    if (id !== null) ids.push(id);
  }
  return ids;
}

/** What a text says of itself to other flows. A file that cannot be read as YAML may still have a line that names its flow. */
function claimOf(text: string, path: string): { readonly id: string | null; readonly shape: FlowShape | null } {
  const source = readSource(text, path);
  const read = source.ok ? readFlowShape(source.value.value) : null;
  if (read !== null) return { id: read.flow, shape: read.shape };
  return { id: source.ok ? null : (/^flow:[ \t]+([a-z][a-z0-9-]{0,63})[ \t\r]*$/m.exec(text)?.[1] ?? null), shape: null };
}

/**
 * Checks texts that may lead into each other, by the names of their files; names of `known.flows` are added to what they are. Of two that have
 * the same flow, the later one is refused. `parse`: for who remembers what was parsed before.
 */
export function checkFlowTexts(
  texts: ReadonlyMap<string, string>,
  known: KnownNames,
  parse: typeof parseFlow = parseFlow,
): ReadonlyMap<string, Result<CheckedFlow, readonly Finding[]>> {
  const claims = Array.from(texts, ([file, text]) => claimOf(text, file));
  const flows = [...(known.flows ?? []), ...claims.flatMap(({ id }) => id ?? [])];
  const shapes = claims.flatMap(({ id, shape }): [string, FlowShape][] => (id === null || shape === null ? [] : [[id, shape]]));
  const all: KnownNames = { ...known, flows, flowShapes: new Map([...(known.flowShapes ?? []), ...shapes]) };
  const seen = new Set<string>();
  const checked = new Map(
    Array.from(texts, ([file, text]): [string, Result<CheckedFlow, readonly Finding[]>] => {
      const flow = parse(text, { file, known: all, version: flowVersion(text) });
      if (!flow.ok) return [file, flow];
      if (seen.has(flow.value.flowId)) return [file, err([duplicate(file, flow.value.flowId)])];
      seen.add(flow.value.flowId);
      return [file, flow];
    }),
  );
  return withoutCircles(checked);
}

/** Refuses flows that lead into each other for ever. */
function withoutCircles(
  checked: ReadonlyMap<string, Result<CheckedFlow, readonly Finding[]>>,
): ReadonlyMap<string, Result<CheckedFlow, readonly Finding[]>> {
  const files = new Map<string, string>();
  const flows = new Map<string, CheckedFlow>();
  for (const [file, flow] of checked) {
    if (!flow.ok) continue;
    files.set(flow.value.flowId, file);
    flows.set(flow.value.flowId, flow.value);
  }
  const circles = lintFlows(flows, (flow) => files.get(flow) ?? '');
  if (circles.size === 0) return checked;
  return new Map(
    Array.from(checked, ([file, flow]): [string, Result<CheckedFlow, readonly Finding[]>] => {
      const circle = flow.ok ? circles.get(flow.value.flowId) : undefined;
      return [file, circle === undefined ? flow : err([circle])];
    }),
  );
}

const duplicate = (file: string, flowId: string): Finding => ({
  file,
  line: 1,
  column: 1,
  level: 'error',
  rule: 'duplicate-flow',
  message: `another file has the flow "${flowId}" too`,
  messageZh: `另一个文件里也有流程 "${flowId}"`,
});

export interface FlowFolder {
  readonly flows: ReadonlyMap<FlowId, CheckedFlow>;
  /** Errors and warnings of all files, in the order of the files. */
  readonly findings: readonly Finding[];
}

/** Reads a folder of flows that may lead into each other. `known.flows` is added to what is found there. */
export async function readFlowFolder(folder: string, known: KnownNames): Promise<FlowFolder> {
  const read = await readFlowTexts(folder);
  if (!read.ok) return { flows: new Map(), findings: read.error };
  const { texts, unreadable: findings } = read.value;
  const checked = checkFlowTexts(new Map(Array.from(texts, ([name, text]) => [join(folder, name), text])), known);
  const flows = new Map<FlowId, CheckedFlow>();
  const found = [...findings.values()].flat();
  for (const flow of checked.values()) {
    if (flow.ok) flows.set(flow.value.flowId, flow.value);
    found.push(...(flow.ok ? flow.value.warnings : flow.error));
  }
  return { flows, findings: found };
}

export interface FlowTexts {
  /** Name of the file in the folder -> what stands in it, in the order of the names. */
  readonly texts: ReadonlyMap<string, string>;
  /** Files that are there and cannot be read. */
  readonly unreadable: ReadonlyMap<string, readonly Finding[]>;
}

/** The texts of a folder of flows, unchecked. An error: the folder itself cannot be read. */
export async function readFlowTexts(folder: string): Promise<Result<FlowTexts, readonly Finding[]>> {
  let paths: string[];
  try {
    paths = await listFlowFiles(folder);
  } catch (error) {
    return err([unreadable(folder, error)]);
  }
  const texts = new Map<string, string>();
  const bad = new Map<string, readonly Finding[]>();
  for (const path of paths) {
    const text = await readFlowText(path);
    if (text.ok) texts.set(basename(path), text.value);
    else bad.set(basename(path), text.error);
  }
  return ok({ texts, unreadable: bad });
}

/** Refused with a finding when it is not there, cannot be read or is far too big. */
export async function readFlowText(path: string): Promise<Result<string, Finding[]>> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) {
      const [message, messageZh] = [
        `the file has ${size} bytes; ${MAX_BYTES} are allowed`,
        `文件有 ${size} 字节；最多 ${MAX_BYTES}`,
      ];
      return err([{ file: path, line: 1, column: 1, level: 'error', rule: 'too-big', message, messageZh }]);
    }
    return { ok: true, value: await readFile(path, 'utf8') };
  } catch (error) {
    return err([unreadable(path, error)]);
  }
}

function unreadable(file: string, error: unknown): Finding {
  const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT';
  const message = isGone ? 'there is no such file' : (error as Error).message;
  const messageZh = isGone ? '没有这个文件' : `文件读不了："${message}"`;
  return { file, line: 1, column: 1, level: 'error', rule: 'unreadable', message, messageZh };
}
