import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FlowId } from '../../base/ids.js';
import { err, type Result } from '../../base/result.js';
import type { Finding } from '../../flow/finding.js';
import { type KnownNames, parseFlow } from '../../flow/parse-flow.js';
import type { CheckedFlow } from '../../flow/program.js';
import { readSource } from '../../flow/source.js';

/** Flow files on disk. A version is the content: the same text has the same version on every machine. */

/** Far above what the checker takes; a file beyond it is not even read. */
const MAX_BYTES = 4 * 1024 * 1024;

export const flowVersion = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

/** Reads and checks one file. An unreadable file is a finding like any other. */
export async function readFlowFile(path: string, known: KnownNames): Promise<Result<CheckedFlow, Finding[]>> {
  const text = await readText(path);
  return text.ok ? parseFlow(text.value, { file: path, known, version: flowVersion(text.value) }) : text;
}

/** All flow files of a folder, by name; tests of flows (`*.test.yaml`) are none. */
export async function listFlowFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => /\.ya?ml$/.test(name) && !/\.test\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** The ids that the files claim, checked or not: what other flows may jump to. */
export async function flowIdsOf(paths: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const path of paths) {
    const text = await readText(path);
    const source = text.ok ? readSource(text.value, path) : text;
    const value = source.ok ? source.value.value : null;
    const id = typeof value === 'object' && value !== null && 'flow' in value ? value.flow : null;
    if (typeof id === 'string') ids.push(id);
  }
  return ids;
}

export interface FlowFolder {
  readonly flows: ReadonlyMap<FlowId, CheckedFlow>;
  /** Errors and warnings of all files, in the order of the files. */
  readonly findings: readonly Finding[];
}

/** Reads a folder of flows that may lead into each other. `known.flows` is added to what is found there. */
export async function readFlowFolder(folder: string, known: KnownNames): Promise<FlowFolder> {
  let paths: string[];
  try {
    paths = await listFlowFiles(folder);
  } catch (error) {
    return { flows: new Map(), findings: [unreadable(folder, error)] };
  }
  const all: KnownNames = { ...known, flows: [...(known.flows ?? []), ...(await flowIdsOf(paths))] };
  const flows = new Map<FlowId, CheckedFlow>();
  const findings: Finding[] = [];
  for (const path of paths) {
    const flow = await readFlowFile(path, all);
    if (!flow.ok) findings.push(...flow.error);
    else if (flows.has(flow.value.flowId)) {
      findings.push({
        file: path,
        line: 1,
        column: 1,
        level: 'error',
        rule: 'duplicate-flow',
        message: `another file has the flow "${flow.value.flowId}" too`,
      });
    } else {
      findings.push(...flow.value.warnings);
      flows.set(flow.value.flowId, flow.value);
    }
  }
  return { flows, findings };
}

async function readText(path: string): Promise<Result<string, Finding[]>> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) {
      return err([{ file: path, line: 1, column: 1, level: 'error', rule: 'too-big', message: `the file has ${size} bytes` }]);
    }
    return { ok: true, value: await readFile(path, 'utf8') };
  } catch (error) {
    return err([unreadable(path, error)]);
  }
}

const unreadable = (file: string, error: unknown): Finding => ({
  file,
  line: 1,
  column: 1,
  level: 'error',
  rule: 'unreadable',
  message: (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message,
});
