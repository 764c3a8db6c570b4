import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { flowIdsOf, listFlowFiles } from '../adapters/files/flow-files.js';
import { parsePromptFile } from '../adapters/files/prompt-sources.js';
import type { KnownNames } from '../flow/parse-flow.js';
import { readSource } from '../flow/source.js';
import { namesInFiles } from '../main/known-names.js';

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
