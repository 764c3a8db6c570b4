import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { readFlowFolder } from '../adapters/files/flow-files.js';
import { type BuildProgress, buildPrompts, missingPrompts } from '../adapters/files/prompt-builder.js';
import { loadPromptManifest, readManifest } from '../adapters/files/prompt-manifest.js';
import { DEFAULT_SPEECH, type SpeechConfig } from '../adapters/files/prompt-sound.js';
import { collectTexts, type PromptTexts, parsePromptFile } from '../adapters/files/prompt-sources.js';
import { formatDuration } from '../base/time.js';
import { formatFinding } from '../flow/finding.js';
import { readEmergencyTexts } from '../main/config/load.js';
import { type CommandHost, list, PLAIN_HOST, part, text, valuesOf } from './flow.js';

interface Options {
  readonly config: string;
  readonly data?: string;
  readonly folder?: string;
  readonly flows?: string;
  readonly recorded?: string;
}

type Say = (line: string) => void;

/** `hotline prompts ...`: makes sounds of the texts in config/prompts.yaml and in the flows. */
export function addPromptsCommand(program: Command, host: CommandHost = PLAIN_HOST): void {
  const prompts = program.command('prompts').description('Prompts: from text to sound');
  const add = (name: string, about: string, run: (options: Options, say: Say) => Promise<number>): void => {
    prompts
      .command(name)
      .description(about)
      .option('-c, --config <folder>', 'configuration', host.env.HOTLINE_CONFIG || 'config')
      .option('-d, --data <folder>', 'data folder (else as configured)', host.env.HOTLINE_DATA || undefined)
      .option('-f, --folder <folder>', 'where the sounds are (else as configured)')
      .option('--flows <folder>', 'where the flows are (else as configured)')
      .option('--recorded <folder>', 'recorded prompts, FLOW/NAME.LANGUAGE.wav; they go before spoken ones')
      .action(async (options: Options) => {
        host.setExitCode(await run(options, (line) => host.write(`${line}\n`)));
      });
  };
  add('build', 'Make every prompt that is missing or has changed. Ends with 1 when one fails.', build);
  add('list', 'All prompts with their length', listPrompts);
  add('missing', 'Prompts that have no sound, or one of an older text. Ends with 1 when there are any.', listMissing);
}

async function build(options: Options, say: Say): Promise<number> {
  const site = await readSite(options, say);
  if (site === null) return 1;
  const isTerminal = process.stderr.isTTY === true;
  const report = await buildPrompts({ ...site, ...(isTerminal ? { onProgress: showProgress } : {}) });
  if (isTerminal) process.stderr.write('\r\u001b[K');
  for (const { prompt, language, reason } of report.failed) say(`error  ${prompt} (${language}): ${reason}`);
  say(
    `prompts: ${report.built} made, ${report.unchanged} unchanged, ${report.recorded} of them recorded, ${report.failed.length} failed, in ${site.folder}`,
  );
  return report.failed.length > 0 ? 1 : 0;
}

function showProgress({ done, of, prompt, language }: BuildProgress): void {
  const filled = Math.round((done / of) * 20);
  process.stderr.write(`\r\u001b[Kprompts ${'#'.repeat(filled)}${'.'.repeat(20 - filled)} ${done}/${of} ${prompt} ${language}`);
}

async function listPrompts(options: Options, say: Say): Promise<number> {
  const site = await readSite(options, say);
  if (site === null) return 1;
  const manifest = await readManifest(site.folder);
  const catalogue = await loadPromptManifest(site.folder);
  if (!manifest.ok || !catalogue.ok) say(manifest.ok ? '' : manifest.error.message);
  for (const [prompt, words] of [...site.texts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const [language, sentence] of Object.entries(words)) {
      const sound = manifest.ok ? manifest.value[prompt]?.[language] : undefined;
      say(`${prompt}  ${language}  ${sound === undefined ? '-' : formatDuration(sound.ms)}  ${sentence}`);
    }
  }
  return 0;
}

async function listMissing(options: Options, say: Say): Promise<number> {
  const site = await readSite(options, say);
  if (site === null) return 1;
  const missing = await missingPrompts(site.texts, site.folder);
  const words = { never: 'was never built', old: 'was built from an older text', lost: 'its files are gone' };
  for (const { prompt, language, why } of missing) say(`${prompt}  ${language}  ${words[why]}`);
  say(missing.length === 0 ? 'no prompt is missing' : `${missing.length} missing; run "hotline prompts build"`);
  return missing.length > 0 ? 1 : 0;
}

interface Site {
  readonly texts: PromptTexts;
  readonly folder: string;
  readonly speech: SpeechConfig;
  readonly recorded: string | null;
}

/** What the configuration says about prompts; null after telling what is wrong. */
async function readSite(options: Options, say: Say): Promise<Site | null> {
  const file = join(options.config, 'prompts.yaml');
  const content = await readFile(file, 'utf8').catch(() => null);
  if (content === null) {
    say(`${file}:1:1  error  unreadable  there is no such file`);
    return null;
  }
  const system = parsePromptFile(content, file);
  if (!system.ok) {
    for (const finding of system.error) say(formatFinding(finding));
    return null;
  }
  const site = await valuesOf(join(options.config, 'hotline.yaml'));
  // Relative folders start from the one around the configuration, as they do for `hotline serve`.
  const base = resolve(options.config, '..');
  const flowFolder = options.flows ?? relative('', resolve(base, text(part(site, 'folders', 'flows')) ?? 'ivr-flows'));
  const flows = await readFlowFolder(flowFolder, { prompts: [...system.value.keys()] });
  for (const finding of flows.findings) say(formatFinding(finding));
  if (flows.findings.some(({ level }) => level === 'error')) return null;
  const emergency = await readEmergencyTexts(join(options.config, 'emergency.yaml'));
  if (!emergency.ok) {
    for (const finding of emergency.error) say(formatFinding(finding));
    return null;
  }
  const data = options.data ?? resolve(base, text(part(site, 'folders', 'data')) ?? '.cache/data');
  const recorded = options.recorded ?? join(options.config, 'recorded-prompts');
  return {
    texts: new Map([...collectTexts(system.value, flows.flows.values()), ...emergency.value]),
    folder: options.folder ?? resolve(data, text(part(site, 'folders', 'prompts')) ?? 'prompts'),
    speech: speechOf(part(site, 'prompts')),
    recorded: existsSync(recorded) ? recorded : null,
  };
}

function speechOf(raw: unknown): SpeechConfig {
  const voices = part(raw, 'voices');
  const named =
    typeof voices === 'object' && voices !== null
      ? Object.entries(voices).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
      : [];
  return {
    command: list(part(raw, 'command')) ?? DEFAULT_SPEECH.command,
    voices: { ...DEFAULT_SPEECH.voices, ...Object.fromEntries(named) },
  };
}
