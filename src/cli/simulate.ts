import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { dayStartMs, isDay, isTimeZone, localTime } from '../base/calendar.js';
import { HOUR, type Ms } from '../base/time.js';
import { type Finding, formatFinding } from '../flow/finding.js';
import type { Host } from '../main/host.js';
import { dayFacts } from '../simulation/scenario/day-facts.js';
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
  /** File for the facts of the first day. */
  readonly facts?: string;
  readonly day?: string;
  readonly timeZone?: string;
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
    .option(
      '--facts <file>',
      'write the first day of the first scenario as facts, one JSON object a line, as `hotline recount --facts` reads them',
    )
    .option('--day <day>', 'with --facts: the day that the facts are of, like 2026-11-21', '2026-01-05')
    .option('--time-zone <zone>', 'with --facts: where that day begins', 'Asia/Shanghai')
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
  if (options.facts !== undefined) {
    const written = await writeFacts(options.facts, { ...first, seed: options.seed ?? first.seed }, options);
    if (typeof written === 'string') {
      write(`${written}\n`);
      return 1;
    }
    const said = { zh: `${written} 条事实已写入`, en: `${written} facts written to` }[options.lang];
    if (!options.json) write(`${said} ${options.facts}\n\n`);
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

/** Answers with how many there were, or with what is wrong with the day that was asked for. */
async function writeFacts(file: string, scenario: Scenario, options: SimulateOptions): Promise<number | string> {
  const { day = '2026-01-05', timeZone = 'Asia/Shanghai' } = options;
  if (!isDay(day)) return `"${day.slice(0, 20)}" is not a day; write it like 2026-11-21`;
  if (!isTimeZone(timeZone)) return `"${timeZone.slice(0, 40)}" is not a time zone`;
  const facts = dayFacts(scenario, 0, startOf(day, timeZone) + scenario.day.fromMs);
  function* lines(): Generator<string> {
    for (const fact of facts) yield `${JSON.stringify(fact)}\n`;
  }
  await pipeline(Readable.from(lines()), createWriteStream(file));
  return facts.length;
}

/** Zones are up to 14 hours away from where it is noon. */
function startOf(day: string, timeZone: string): Ms {
  const noon = Date.parse(`${day}T12:00:00Z`);
  const inside = [noon, noon - 12 * HOUR, noon + 11 * HOUR].find((atMs) => localTime(timeZone, atMs).day === day) ?? noon;
  return dayStartMs(timeZone, inside);
}

const languageOf = (host: Host): ReportLanguage => ((host.env.LANG ?? '').startsWith('zh') ? 'zh' : 'en');

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`a whole number between ${least} and ${most} is needed`);
  };
}
