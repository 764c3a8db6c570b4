import t from 'tap';
import { growths, measureAll } from '../bench/engine.js';

/** The law of cost, in small: `npm run bench -- engine` measures it in full. The margin is for a machine with other work on it. */
t.test('an event at 10,000 agents costs at most three times what it costs at 100', async (t) => {
  const attempt = (): number => {
    const sizes = [100, 10_000].map((agents) => ({ agents, waiting: 100, profiles: 50 }));
    return growths(measureAll(sizes, 10_000, 3))[0] as number;
  };
  let growth = attempt();
  // Too dear every time is a defect, once or twice may be a neighbour.
  for (let again = 0; again < 3 && growth > 3; again++) growth = Math.min(growth, attempt());
  t.ok(growth <= 3, `${growth} times`);
});
