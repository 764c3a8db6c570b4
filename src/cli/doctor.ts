import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { readFlowFolder } from '../adapters/files/flow-files.js';
import { collectTexts, type PromptTexts, parsePromptFile } from '../adapters/files/prompt-sources.js';
import type { Result } from '../base/result.js';
import { emergencyTexts } from '../main/config/emergency.js';
import { type Environment, readEnvironment, type Settings, settle } from '../main/config/environment.js';
import { readText } from '../main/config/files.js';
import { type LoadedConfig, loadConfig } from '../main/config/load.js';
import type { ConfigFinding } from '../main/config/shape-findings.js';
import { type Host, processHost } from '../main/host.js';
import { knownNames } from '../main/known-names.js';
import { readSecretFile } from '../main/secret-file.js';
import { checkAlarms } from './doctor/alarm-checks.js';
import { checkEndpoints } from './doctor/endpoint-checks.js';
import { checkHistory } from './doctor/history-check.js';
import { bad, fine, type Line, type Words, words } from './doctor/line.js';
import {
  checkCalendars,
  checkClock,
  checkDisk,
  checkFolders,
  checkNode,
  checkPort,
  checkPrompts,
} from './doctor/machine-checks.js';
import { type Probes, realProbes } from './doctor/probes.js';
import { checkFindings, checkRedis, checkSwitch } from './doctor/service-checks.js';

export type { Line } from './doctor/line.js';
export type { Probes } from './doctor/probes.js';

export interface DoctorDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nodeVersion: string;
  loadConfig(): Promise<Result<LoadedConfig, ConfigFinding[]>>;
  loadFlows(config: LoadedConfig): Promise<FlowsFound>;
  readSecret(path: string): string | null;
  readonly probes: Probes;
}

export interface FlowsFound {
  readonly flows: readonly string[];
  readonly findings: readonly ConfigFinding[];
  /** What is to be spoken, of `prompts.yaml` and of the flows. */
  readonly texts: PromptTexts;
}

/**
 * Looks at everything that can be wrong before callers notice, and never stops at the first: what cannot be looked at because something
 * else is broken is left out. Rejects never; a check that trips over itself is a line too.
 */
export async function runDoctor(deps: DoctorDeps): Promise<Line[]> {
  const lines: Line[] = [...houseLine(deps.env.HOTLINE_UP), checkNode(deps.nodeVersion)];
  const loaded = await deps.loadConfig();
  const environment = readEnvironment(deps.env);
  lines.push(...configurationLines(loaded));
  const flows = loaded.ok ? await deps.loadFlows(loaded.value) : null;
  if (flows) lines.push(...flowLines(flows));
  if (!environment.ok) lines.push(...checkFindings('environment', environment.error, SETTINGS_WELL));
  if (!loaded.ok || !environment.ok) return lines;

  const settled = settle(loaded.value, environment.value, deps.readSecret);
  lines.push(...checkFindings('settings', settled.ok ? [] : settled.error, SETTINGS_WELL));
  const settings = settled.ok ? settled.value : harmless(loaded.value, environment.value);
  if (!settings) return lines;
  const { probes } = deps;
  const checks: Array<[id: string, check: () => Promise<Line | Line[]>]> = [
    ['redis', () => checkRedis(settings, probes)],
    // Without settled credentials the switch was complained about already.
    ['switch', async () => (settled.ok ? checkSwitch(settings, probes) : [])],
    ['prompts', async () => (flows ? checkPrompts(settings, flows.texts, probes) : [])],
    ['folders', () => checkFolders(settings, probes)],
    ['disk', () => checkDisk(settings, probes)],
    ['clock', () => checkClock(settings, probes)],
    ['calendars', async () => checkCalendars(settings, (await probes.clock()).wallMs)],
    ['port', () => checkPort(settings, probes)],
    ['history', () => checkHistory(settings, probes)],
    ['endpoints', () => checkEndpoints(settings, probes)],
    ['alarms', () => checkAlarms(settings, probes)],
  ];
  const found = await Promise.all(checks.map(([id, check]) => check().catch((error: unknown) => [tripped(id, error)])));
  return [...lines, ...found.flat()];
}

export const hasFailed = (lines: readonly Line[]): boolean => lines.some((line) => line.verdict === 'fail');

/** Whose passwords and addresses are meant. */
const houseLine = (upPid: string | undefined): Line[] =>
  upPid === undefined
    ? []
    : [
        fine(
          'house',
          words(
            `检查的是本机由 hotline up 启动的系统（进程 ${upPid}）`,
            `what is looked at is the house that hotline up runs here (process ${upPid})`,
          ),
        ),
      ];

function configurationLines(loaded: Result<LoadedConfig, ConfigFinding[]>): Line[] {
  const well = (config: LoadedConfig): Line => {
    const [queues, agents] = [config.acd.queues.length, config.acd.agents.length];
    return fine(
      'configuration',
      words(
        `配置 ${config.version} 正确：${queues} 个队列，${agents} 名坐席`,
        `configuration ${config.version} is right: ${queues} queues, ${agents} agents`,
      ),
    );
  };
  return loaded.ok
    ? checkFindings('configuration', loaded.value.warnings, well(loaded.value))
    : checkFindings('configuration', loaded.error, SETTINGS_WELL);
}

function flowLines({ flows, findings }: FlowsFound): Line[] {
  const names = flows.join(', ');
  return checkFindings('flows', findings, fine('flows', words(`流程正确：${names}`, `the flows are right: ${names}`)));
}

/** The flows and the prompts of the system, checked against the configuration. */
async function readFlows(config: LoadedConfig, folder: string): Promise<FlowsFound> {
  const file = join(folder, 'prompts.yaml');
  const findings: ConfigFinding[] = [];
  const text = await readText(file, findings);
  const system = text === null ? null : parsePromptFile(text, file);
  if (system && !system.ok) findings.push(...system.error);
  const prompts = system?.ok ? system.value : new Map();
  const read = await readFlowFolder(config.folders.flows, knownNames(config, system?.ok ? prompts.keys() : undefined));
  const texts = new Map([...collectTexts(prompts, read.flows.values()), ...emergencyTexts(config.emergency)]);
  return { flows: [...read.flows.keys()], findings: [...findings, ...read.findings], texts };
}

const SETTINGS_WELL = fine('settings', words('密码与监听地址安全', 'passwords and the address to listen at are safe'));

/** The settings without what was refused, so that the rest can be looked at all the same. */
function harmless(config: LoadedConfig, environment: Environment): Settings | null {
  const http = { host: '127.0.0.1', port: (environment.http ?? config.http).port };
  const { endpoints, mail } = config;
  const settled = settle({ ...config, endpoints: {}, mail: null }, { ...environment, switchKind: 'simulated', http }, () => null);
  return settled.ok ? { ...settled.value, endpoints, mail } : null;
}

function tripped(id: string, error: unknown): Line {
  const reason = (error instanceof Error ? error.message : String(error)).slice(0, 200);
  return bad(
    id,
    words(`无法检查：${reason}`, `this could not be looked at: ${reason}`),
    words('请按上述原因处理后重试', 'mend what is said, then try again'),
  );
}

const SIGNS = { ok: '✓', warn: '!', fail: '✗' } as const;

/** For people: one line per thing, and under it how to mend it. The sign and the word say the same, so that colour is not needed. */
export function formatDoctor(lines: readonly Line[], lang: keyof Words): string {
  const rows = lines.map(({ verdict, found, mend }) => {
    const advice = mend === null ? '' : `\n         -> ${mend[lang]}`;
    return `${SIGNS[verdict]} ${verdict.padEnd(5)}  ${found[lang]}${advice}`;
  });
  const count = (verdict: Line['verdict']): number => lines.filter((line) => line.verdict === verdict).length;
  const sum = words(
    `${count('ok')} 项正常，${count('warn')} 项提醒，${count('fail')} 项失败`,
    `${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failed`,
  );
  return `${rows.join('\n')}\n\n${sum[lang]}\n`;
}

interface Flags {
  readonly config?: string;
  readonly lang?: keyof Words;
  readonly json?: true;
}

/** Adds `hotline doctor`. Exit code 1 when something failed; warnings alone are 0. */
export function addDoctorCommand(program: Command, host: Host = processHost()): void {
  program
    .command('doctor')
    .description('look at configuration, Redis, switch, prompts, folders, disk and clock, and say how to mend each')
    .option('--config <folder>', 'configuration', host.env.HOTLINE_CONFIG ?? resolve(import.meta.dirname, '../../config'))
    .addOption(new Option('--lang <language>', 'language of what is said').choices(['zh', 'en']))
    .option('--json', 'one JSON object, for programs')
    .action(async ({ config = '', lang = localeOf(host.env), json }: Flags) => {
      const lines = await runDoctor({
        env: host.env,
        nodeVersion: host.nodeVersion,
        loadConfig: () => loadConfig(config, { overlay: host.env.HOTLINE_OVERLAY || null }),
        loadFlows: (loaded) => readFlows(loaded, config),
        readSecret: readSecretFile,
        probes: realProbes(host.env),
      });
      const failed = hasFailed(lines);
      host.write(json ? `${JSON.stringify({ ok: !failed, checks: lines })}\n` : formatDoctor(lines, lang));
      if (failed) host.setExitCode(1);
    });
}

const localeOf = (env: Host['env']): keyof Words => ((env.LC_ALL || env.LANG || '').startsWith('zh') ? 'zh' : 'en');
