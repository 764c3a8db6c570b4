import { engineBench } from './engine.js';
import { handover } from './handover.js';
import { historyBench } from './history.js';
import { liveBench } from './live.js';
import { liveCostBench } from './live-cost.js';
import { menus } from './menus.js';
import { published } from './published.js';

/**
 * `npm run bench -- NAME [--json]`: timings, side by side with a peer or a floor measured in the same run. People read the lines above; the last line is
 * one JSON object. `failed` true in it: a limit was missed by far, and the exit code is 1.
 */
const BENCHES: Record<string, (say: (line: string) => void) => Promise<object>> = {
  engine: engineBench,
  handover,
  history: historyBench,
  live: liveBench,
  'live-cost': liveCostBench,
  menus,
  published,
};

const [name = '', ...flags] = process.argv.slice(2);
const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
if (!bench) {
  console.error(`usage: npm run bench -- NAME [--json]\nbenches: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
const quiet = flags.includes('--json');
const result = await bench((line) => (quiet ? console.error(line) : console.log(line)));
console.log(JSON.stringify({ bench: name, ...result }));
process.exit('failed' in result && result.failed === true ? 1 : 0);
