import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Command, InvalidArgumentError } from 'commander';
import { Domain } from '../control/domain.js';
import { runSeeds, tellFailure } from '../simulation/trial/seeds.js';
import { type CommandHost, PLAIN_HOST } from './flow.js';

interface SimOptions {
  readonly seed: number;
  readonly count: number;
  readonly trace?: boolean;
  readonly json?: boolean;
}

/** `hotline sim`: the whole routing domain in virtual time, by seed, with everything going wrong. For whoever changes the engine. */
export function addSimCommand(program: Command, host: CommandHost = PLAIN_HOST): void {
  program
    .command('sim')
    .description(
      'Simulate the routing domain by seed: callers, agents, faults, and checks of every promise. Ends with 1 when one is broken.',
    )
    .option('-s, --seed <n>', 'first seed', wholeNumber, 1)
    .option('-n, --count <n>', 'how many seeds, one after the other', wholeNumber, 1)
    .option('--trace', 'tell the story: faults, events, commands and facts in order')
    .option('--json', 'print one object instead of text')
    .action(async (options: SimOptions) => host.setExitCode(await simulate(options, (line) => host.write(`${line}\n`))));
}

async function simulate(options: SimOptions, say: (line: string) => void): Promise<number> {
  const { seed, count, trace = false, json = false } = options;
  const commit = await commitId();
  const seeds = Array.from({ length: count }, (_, i) => seed + i);
  const trial = { openController: Domain.open, keepStory: trace };
  const result = await runSeeds(seeds, trial, ({ seed, hash, story, plan }, violations) => {
    if (trace) for (const line of story) say(line);
    if (count === 1 && !json) say(`seed ${seed} (${plan}): trace ${hash}`);
    if (violations.length > 0 && !json) say(tellFailure({ seed, violations }, commit));
  });
  if (json) say(JSON.stringify({ commit, firstSeed: seed, ...result }));
  else
    say(
      `${result.trials} seeds, each twice: ${result.calls} calls, ${result.answered} answered, ${result.facts} facts; ${result.failures.length} failed`,
    );
  return result.failures.length > 0 ? 1 : 0;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number is needed');
  return Number(text);
}

/** Of the code that runs; outside a repository there is none. */
async function commitId(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD']);
    return stdout.trim();
  } catch {
    return 'unknown';
  }
}
