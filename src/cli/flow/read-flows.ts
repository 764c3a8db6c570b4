import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { checkFlowTexts, listFlowFiles, readFlowText } from '../../adapters/files/flow-files.js';
import { type PromptTexts, parsePromptFile } from '../../adapters/files/prompt-sources.js';
import { isOpen } from '../../base/calendar.js';
import { err, ok, type Result } from '../../base/result.js';
import type { EmergencyView } from '../../flow/contract.js';
import type { Finding } from '../../flow/finding.js';
import type { KnownNames } from '../../flow/parse-flow.js';
import type { CheckedFlow } from '../../flow/program.js';
import { emergencyPrompt, emergencyTexts } from '../../main/config/emergency.js';
import { type LoadedConfig, loadConfig } from '../../main/config/load.js';
import { namesOf, part, text, valuesOf } from '../known-names.js';

/** Flow files, each of them with the text and what the checker says. */
export interface ReadFlow {
  readonly path: string;
  readonly text: string | null;
  readonly checked: Result<CheckedFlow, readonly Finding[]>;
}

/** Files as they are, folders as the flow files in them. A folder that cannot be read stays, and is told as a file that cannot. */
export async function flowFilesOf(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    files.push(...(isFolder ? await listFlowFiles(path) : [path]));
  }
  return Array.from(new Set(files));
}

/** Reads files that may lead into each other and checks them together, in the order that they are given. */
export async function readFlows(files: readonly string[], known: KnownNames): Promise<ReadFlow[]> {
  const texts = new Map<string, string>();
  const unreadable = new Map<string, readonly Finding[]>();
  for (const path of files) {
    const read = await readFlowText(path);
    if (read.ok) texts.set(path, read.value);
    else unreadable.set(path, read.error);
  }
  const checked = checkFlowTexts(texts, known);
  return files.map((path) => ({
    path,
    text: texts.get(path) ?? null,
    checked: checked.get(path) ?? err(unreadable.get(path) ?? []),
  }));
}

export const findingsOf = ({ checked }: ReadFlow): readonly Finding[] => (checked.ok ? checked.value.warnings : checked.error);

/** One flow with those beside it, which it may lead into. Only its own findings refuse it. */
export async function readFlowWithNeighbours(
  path: string,
  known: KnownNames,
): Promise<
  Result<
    { readonly flow: CheckedFlow; readonly text: string; readonly flows: ReadonlyMap<string, CheckedFlow> },
    readonly Finding[]
  >
> {
  const beside = await listFlowFiles(dirname(path)).catch((): string[] => []);
  const others = beside.filter((other) => resolve(other) !== resolve(path));
  const [own, ...rest] = await readFlows([path, ...others], known);
  if (own === undefined || !own.checked.ok) return err(own === undefined || own.checked.ok ? [] : own.checked.error);
  const flows = [own, ...rest].flatMap(
    ({ checked }): Array<[string, CheckedFlow]> => (checked.ok ? [[checked.value.flowId, checked.value]] : []),
  );
  return ok({ flow: own.checked.value, text: own.text ?? '', flows: new Map(flows) });
}

/** What a rehearsal takes from the configuration. Without a right configuration every calendar is open. */
export interface Surroundings {
  readonly known: KnownNames;
  /** Null: the configuration is not there or has errors. */
  readonly config: LoadedConfig | null;
  isOpen(calendar: string, atMs: number): boolean | null;
  emergency(name: string): EmergencyView | null;
  promptText(prompt: string, language: string): string | null;
}

export async function surroundingsOf(folder: string): Promise<Surroundings> {
  const known = await namesOf(folder);
  const loaded = await loadConfig(folder);
  const config = loaded.ok ? loaded.value : null;
  const file = join(folder, 'prompts.yaml');
  const system = parsePromptFile(await readFile(file, 'utf8').catch(() => ''), file);
  const texts: PromptTexts = new Map([...(system.ok ? system.value : []), ...(config ? emergencyTexts(config.emergency) : [])]);
  return {
    known,
    config,
    isOpen: (name, atMs) => {
      const calendar = config && Object.hasOwn(config.calendars, name) ? config.calendars[name] : undefined;
      return calendar ? isOpen(calendar, atMs) : null;
    },
    emergency: (name) => {
      const found = config && Object.hasOwn(config.emergency, name) ? config.emergency[name] : undefined;
      // biome-ignore lint/suspicious/noThenProperty: what follows the announcement; nobody awaits it
      return found ? { prompt: emergencyPrompt(name), then: found.then } : null;
    },
    promptText: (prompt, language) => texts.get(prompt)?.[language] ?? null,
  };
}

/** The folder of flows that the configuration names. */
export const flowFolderOf = async (config: string): Promise<string> =>
  resolve(config, '..', text(part(await valuesOf(join(config, 'hotline.yaml')), 'folders', 'flows')) ?? 'ivr-flows');

const TESTS = /\.test\.ya?ml$/;
export const holdsTests = (path: string): boolean => TESTS.test(path);

/** Files of tests: those given, those of the flows given, and all in the folders given. */
export async function testFilesOf(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const names = await readdir(path).catch(() => null);
    if (names !== null)
      files.push(
        ...names
          .filter((name) => !name.startsWith('.') && TESTS.test(name))
          .sort()
          .map((name) => join(path, name)),
      );
    else files.push(TESTS.test(path) ? path : path.replace(/\.ya?ml$/, (ending) => `.test${ending}`));
  }
  return Array.from(new Set(files));
}

/** `credit-card.test.yaml` tests `credit-card.yaml` beside it. */
export const flowFileOf = (tests: string): string =>
  join(
    dirname(tests),
    basename(tests).replace(TESTS, (ending) => ending.replace('.test', '')),
  );
