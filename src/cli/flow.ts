import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { flowIdsOf, listFlowFiles, readFlowFile } from '../adapters/files/flow-files.js';
import { parsePromptFile } from '../adapters/files/prompt-sources.js';
import { type Finding, formatFinding } from '../flow/finding.js';
import { flowSchema } from '../flow/flow-schema.js';
import type { KnownNames } from '../flow/parse-flow.js';
import { readSource } from '../flow/source.js';
import { namesInFiles } from '../main/known-names.js';

/** The process as a command sees it. */
export interface CommandHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  write(text: string): void;
  setExitCode(code: number): void;
}

/** Without an environment. */
export const PLAIN_HOST: CommandHost = {
  env: {},
  write: (text) => void process.stdout.write(text),
  setExitCode: (code) => {
    process.exitCode = code;
  },
};

/** `hotline flow ...`: what an admin asks of flow files. Needs no switch, no Redis and no running hotline. */
export function addFlowCommand(program: Command, host: CommandHost = PLAIN_HOST): void {
  const flow = program.command('flow').description('Check IVR flows');
  flow
    .command('check')
    .description('Check flow files; each finding is file:line:column level rule message. Ends with 1 when there is an error.')
    .argument('<file...>', 'flow files')
    .option(
      '-c, --config <folder>',
      'configuration that names queues, skills, calendars and system prompts',
      host.env.HOTLINE_CONFIG || 'config',
    )
    .action(async (files: string[], options: { config: string }) => {
      host.setExitCode(await checkFlows(files, options.config, (line) => host.write(`${line}\n`)));
    });
  flow
    .command('schema')
    .description('Print the JSON Schema of flow files, or write it to a file')
    .option('-o, --out <file>', 'write it there')
    .action(async (options: { out?: string }) => {
      const text = `${JSON.stringify(flowSchema(), null, 2)}\n`;
      if (options.out === undefined) host.write(text);
      else await writeFile(options.out, text);
    });
}

/** Checks files against a configuration and says what was found. Returns the exit code. */
export async function checkFlows(files: readonly string[], config: string, say: (line: string) => void): Promise<number> {
  const known = await namesOf(config);
  const flows = [...(known.flows ?? []), ...(await flowIdsOf(files))];
  const findings: Finding[] = [];
  for (const file of files) {
    const flow = await readFlowFile(file, { ...known, flows });
    findings.push(...(flow.ok ? flow.value.warnings : flow.error));
  }
  for (const finding of findings) say(formatFinding(finding));
  const errors = findings.filter(({ level }) => level === 'error').length;
  const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
  say(`${count(files.length, 'file')}, ${count(errors, 'error')}, ${count(findings.length - errors, 'warning')}`);
  return errors > 0 ? 1 : 0;
}

/** Names that flows may use. A configuration file that is not there or cannot be read leaves its names unchecked: that file has a checker of its own. */
export async function namesOf(config: string): Promise<KnownNames> {
  const site = await valuesOf(join(config, 'hotline.yaml'));
  const [queues, agents, endpoints] = await Promise.all(
    ['queues', 'agents', 'endpoints'].map((name) => valuesOf(join(config, `${name}.yaml`))),
  );
  const prompts = await readFile(join(config, 'prompts.yaml'), 'utf8').then(
    (text) => parsePromptFile(text, 'prompts.yaml'),
    () => null,
  );
  const flows = await listFlowFiles(resolve(config, '..', text(part(site, 'folders', 'flows')) ?? 'ivr-flows')).then(
    flowIdsOf,
    () => [],
  );
  return {
    ...namesInFiles({ hotline: site, queues, agents, endpoints }),
    flows,
    prompts: prompts?.ok ? [...prompts.value.keys()] : undefined,
  };
}

/** A YAML file as plain values, or null. */
export async function valuesOf(path: string): Promise<unknown> {
  try {
    const source = readSource(await readFile(path, 'utf8'), path);
    return source.ok ? source.value.value : null;
  } catch {
    return null;
  }
}

/** Goes down into a value by names. */
export function part(value: unknown, ...names: string[]): unknown {
  let here = value;
  for (const name of names) {
    here =
      typeof here === 'object' && here !== null && Object.hasOwn(here, name)
        ? (here as Record<string, unknown>)[name]
        : undefined;
  }
  return here;
}

export const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
export const list = (value: unknown): string[] | undefined =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : undefined;
const keys = (value: unknown): string[] | undefined =>
  typeof value === 'object' && value !== null ? Object.keys(value) : undefined;
