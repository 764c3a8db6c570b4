import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { Domain } from '../../src/control/domain.js';
import { runSeeds, tellFailure } from '../../src/simulation/trial/seeds.js';
import { FIRST_WITH_SERVICES } from '../../src/simulation/trial/world.js';

const SEEDS = 500;
const SEEDS_WITH_SERVICES = 120;
/** Long enough for the slowest machine that this is run on; the seeds themselves know no real time. */
t.setTimeout(300_000);

const { seeds: failed } = JSON.parse(readFileSync(new URL('./failed-seeds.json', import.meta.url), 'utf8')) as {
  seeds: { seed: number; found: string }[];
};

const commit = ((): string => {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
})();

t.test('every promise holds in all seeds, and each seed goes the same way twice', async (t) => {
  const numbered = [
    ...Array.from({ length: SEEDS }, (_, i) => i + 1),
    ...Array.from({ length: SEEDS_WITH_SERVICES }, (_, i) => FIRST_WITH_SERVICES + i),
  ];
  const result = await runSeeds(new Set([...failed.map(({ seed }) => seed), ...numbered]), { openController: Domain.open });
  for (const failure of result.failures) t.comment(tellFailure(failure, commit));
  t.same(result.failures, []);
  t.comment(`${result.trials} seeds: ${result.calls} calls, ${result.answered} answered; ${JSON.stringify(result.plans)}`);
  t.ok(result.answered > 2 * SEEDS, 'the simulated hotline is one where calls are answered');
  t.ok(Object.keys(result.plans).length > 10, 'faults of all kinds were among them');
});
