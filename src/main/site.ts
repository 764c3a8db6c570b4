import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readFlowFolder } from '../adapters/files/flow-files.js';
import type { BuildOptions } from '../adapters/files/prompt-builder.js';
import { collectTexts, type PromptTexts, parsePromptFile } from '../adapters/files/prompt-sources.js';
import { isOpen } from '../base/calendar.js';
import type { FlowId } from '../base/ids.js';
import { err, ok, type Result } from '../base/result.js';
import type { HotlineConfig } from '../call/state.js';
import type { Finding } from '../flow/finding.js';
import type { KnownNames } from '../flow/parse-flow.js';
import type { CheckedFlow } from '../flow/program.js';
import { emergencyTexts } from './config/emergency.js';
import { type Environment, readEnvironment, type Settings, settle } from './config/environment.js';
import { loadConfig } from './config/load.js';
import { knownNames } from './known-names.js';
import { readSecretFile } from './secret-file.js';

/** The site as it stands in the files: settings, flows and prompt texts, all checked. */
export interface Site {
  readonly settings: Settings;
  readonly flows: ReadonlyMap<FlowId, CheckedFlow>;
  readonly texts: PromptTexts;
  /** Those of `texts` that are of no flow. */
  readonly standingTexts: PromptTexts;
  readonly warnings: readonly Finding[];
  /** What flows may name. */
  readonly known: KnownNames;
  /** Only where `wrongFlows` are `told`: `flows` then lacks the files that have errors. */
  readonly flowErrors: readonly Finding[];
  /** Recorded prompts stand beside the configuration and go before spoken ones. */
  readonly recordedPrompts: string;
  /** The people who may sign in. It need not be there. */
  readonly usersFile: string;
}

export interface SiteOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Goes before HOTLINE_CONFIG; `config` when neither is given. */
  readonly config?: string | undefined;
  readonly override?: Partial<Environment>;
  /** `told`: errors in flow files do not refuse the site; who reads it may have older versions of those flows. */
  readonly wrongFlows?: 'refused' | 'told';
}

/** Reads and checks everything; all mistakes of all files in one run. */
export async function readSite(options: SiteOptions): Promise<Result<Site, readonly Finding[]>> {
  const environment = readEnvironment(options.env);
  if (!environment.ok) return environment;
  const folder = options.config ?? environment.value.config ?? 'config';
  const loaded = await loadConfig(folder, { overlay: environment.value.overlay });
  if (!loaded.ok) return loaded;
  const settled = settle(loaded.value, { ...environment.value, ...options.override }, readSecretFile);
  if (!settled.ok) return settled;
  const settings = settled.value;
  const promptFile = join(folder, 'prompts.yaml');
  const system = parsePromptFile(await readFile(promptFile, 'utf8').catch(() => ''), promptFile);
  if (!system.ok) return system;
  const known = knownNames(settings, system.value.keys());
  const { flows, findings } = await readFlowFolder(settings.folders.flows, known);
  const flowErrors = findings.filter(({ level }) => level === 'error');
  if (flowErrors.length > 0 && options.wrongFlows !== 'told') return err(findings);
  const standingTexts: PromptTexts = new Map([...system.value, ...emergencyTexts(settings.emergency)]);
  return ok({
    settings,
    flows,
    texts: collectTexts(standingTexts, flows.values()),
    standingTexts,
    warnings: [...settings.warnings, ...findings.filter(({ level }) => level !== 'error')],
    known,
    flowErrors,
    recordedPrompts: join(folder, 'recorded-prompts'),
    usersFile: resolve(environment.value.usersFile ?? join(folder, 'users.yaml')),
  });
}

/** What the calls need to know of the site. */
export function hotlineConfig({ settings, flows }: Site): HotlineConfig {
  return {
    acd: settings.acd,
    numbers: settings.numbers,
    flow: (flowId) => flows.get(flowId) ?? null,
    customerByNumber: (ani) => settings.customers.byNumber(ani),
    customerByAccount: (account) => settings.customers.byAccount(account),
    isOpen: (name, atMs) => {
      const calendar = Object.hasOwn(settings.calendars, name) ? settings.calendars[name] : undefined;
      return calendar ? isOpen(calendar, atMs) : null;
    },
    dialOut: settings.dialOut ?? undefined,
    defaultLanguage: settings.site.languages[0] ?? 'zh',
  };
}

/** Where the site's prompts lie and what speaks them. */
export const howToBuild = ({
  settings,
  recordedPrompts,
}: Pick<Site, 'settings' | 'recordedPrompts'>): Omit<BuildOptions, 'texts'> => ({
  folder: settings.folders.prompts,
  speech: settings.prompts,
  recorded: existsSync(recordedPrompts) ? recordedPrompts : null,
});
