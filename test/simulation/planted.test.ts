import t from 'tap';
import { runTrial } from '../../src/simulation/trial/trial.js';
import { FIRST_WITH_SERVICES } from '../../src/simulation/trial/world.js';
import { PLANTED, plant } from './planted.js';

/** A defect that survives so many lives would survive in the house. */
const WITHIN_SEEDS = 150;
t.setTimeout(300_000);

t.test('each planted defect is found', async (t) => {
  for (const planted of PLANTED) {
    const remove = plant(planted);
    let found: string | undefined;
    const first = planted.services ? FIRST_WITH_SERVICES : 0;
    let seed = first;
    try {
      while (!found && seed < first + WITHIN_SEEDS)
        [found] = (await runTrial(++seed, { openController: planted.open })).violations;
    } finally {
      remove();
    }
    t.ok(found, planted.name);
    t.comment(`  seed ${seed}: ${found}`);
  }
});

t.test('without a saboteur the same seeds are in order', async (t) => {
  const { open } = PLANTED[0] as (typeof PLANTED)[0];
  for (let seed = 1; seed <= 20; seed++) t.same((await runTrial(seed, { openController: open })).violations, [], `seed ${seed}`);
});
