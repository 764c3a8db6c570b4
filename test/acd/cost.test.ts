import t from 'tap';
import { growths, measure } from '../bench/engine.js';

/** The law of cost, in small: `npm run bench -- engine` measures it in full. The margin is for a machine with other work on it. */
t.test('an event at 10,000 agents costs at most three times what it costs at 100', async (t) => {
  const attempt = (): number => {
    const rows = [100, 10_000].map((agents) => measure({ agents, waiting: 100, profiles: 50 }, 10_000, 2));
    return growths(rows)[0] as number;
  };
  let growth = attempt();
  // Twice too dear is a defect, once may be a neighbour.
  if (growth > 3) growth = Math.min(growth, attempt());
  t.ok(growth <= 3, `${growth} times`);
});
