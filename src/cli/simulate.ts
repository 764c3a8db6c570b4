import { writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Finding, formatFinding } from '../flow/finding.js';
import type { Host } from '../main/host.js';
import { picture } from '../simulation/scenario/picture.js';
import { compare, resultOf } from '../simulation/scenario/result.js';
import type { Scenario } from '../simulation/scenario/scenario.js';
import { type Simulated, simulate } from '../simulation/scenario/simulate.js';
import { comparisonReport, type ReportLanguage, textReport } from '../simulation/scenario/text-report.js';
import { readScenario } from './simulate/read-scenario.js';

export interface SimulateOptions {
  readonly json?: boolean;
  readonly days?: number;
  readonly seed?: number;
  readonly picture?: string;
  readonly lang: ReportLanguage;
}

/** `hotline simulate`: what a staffing or a routing policy would do to callers, tried on the real engine. Needs no switch and no Redis. */
export function addSimulateCommand(program: Command, host: Host): void {
  program
    .command('simulate')
    .description('Play days of callers through the routing engine; with two scenarios, compare them on the same callers')
    .argument('<scenario>', 'scenario file, see config/scenarios')
    .argument('[other]', 'second scenario, played with the days and the seed of the first')
    .option('--json', 'print one JSON object')
    .option('--days <number>', 'days to play, instead of what the file says', wholeNumber(1, 100_000))
    .option('--seed <number>', 'seed, instead of what the file says', wholeNumber(0, 2_147_483_647))
    .option('--picture <file.svg>', 'draw service level and waits over the day')
    .addOption(new Option('--lang <language>', 'language of the report').choices(['zh', 'en']).default(languageOf(host)))
    .action(async (scenario: string, other: string | undefined, options: SimulateOptions) => {
      const files = other === undefined ? [scenario] : [scenario, other];
      host.setExitCode(await simulateFiles(files, options, (text) => host.write(text)));
    });
}

/** Exit code: 0, or 1 when a file is refused; the findings are then the whole output. */
export async function simulateFiles(
  files: readonly string[],
  options: SimulateOptions,
  write: (text: string) => void,
): Promise<number> {
  const scenarios: Scenario[] = [];
  const findings: Finding[] = [];
  for (const file of files) {
    const scenario = await readScenario(file);
    if (scenario.ok) scenarios.push(scenario.value);
    else findings.push(...scenario.error);
  }
  const [first] = scenarios;
  if (findings.length > 0 || !first) {
    for (const finding of findings) write(`${formatFinding(finding)}\n`);
    return 1;
  }
  const days = options.days ?? first.days;
  const seed = options.seed ?? first.seed;
  const played = scenarios.map((scenario) => simulate({ ...scenario, days, seed }));
  const results = played.map(resultOf);
  if (options.picture !== undefined) await writeFile(options.picture, picture(results, options.lang));
  const comparison = played.length === 2 ? compare(played[0] as Simulated, played[1] as Simulated) : null;
  if (options.json) {
    write(`${JSON.stringify({ scenarios: results, ...(comparison ? { difference: comparison } : {}) })}\n`);
    return 0;
  }
  for (const result of results) write(`${textReport(result, options.lang)}\n`);
  const [a, b] = results;
  if (comparison && a && b) write(comparisonReport(a, b, comparison, options.lang));
  return 0;
}

const languageOf = (host: Host): ReportLanguage => ((host.env.LANG ?? '').startsWith('zh') ? 'zh' : 'en');

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`a whole number between ${least} and ${most} is needed`);
  };
}
