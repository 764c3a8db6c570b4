import t from 'tap';
import { HOUR } from '../../src/base/time.js';
import { play, TABLES, type Table } from '../bench/published.js';

/**
 * The published tables with fewer days than `npm run bench -- published` plays; their intervals are widened by our own standard error
 * (see play): what is here finds a wrong engine, the bench finds a slightly wrong one.
 */
t.setTimeout(200_000);

const named = (name: string): Table => {
  const table = TABLES.find((each) => each.name === name);
  if (!table) throw new Error(`there is no table ${name}`);
  return table;
};
/** Stretches of 40 counted hours instead of 200. */
const shorter = (table: Table): Table => ({
  ...table,
  scenario: async () => {
    const scenario = await table.scenario();
    return { ...scenario, day: { ...scenario.day, periodEndsMs: [45 * HOUR] } };
  },
});

type Played = Awaited<ReturnType<typeof play>>;
const results = new Map<string, Played['result']>();

for (const [table, days] of [
  [named('one-queue'), 100],
  [named('two-groups'), 80],
  [shorter(named('six-types/1-skill')), 6],
  [shorter(named('six-types/2-skills')), 6],
  [shorter(named('six-types/6-skills')), 6],
  [named('first-come/load-1.10'), 8],
  [named('time-left/load-1.10'), 8],
  [named('time-left-guard/load-1.10'), 8],
] as const) {
  t.test(`${table.name}, ${days} days`, async (t) => {
    const { rows, result } = await play(table, days);
    results.set(table.name, result);
    for (const { id, published, low, high, ours, inside } of rows)
      t.ok(inside, `${id}: ${published} [${low}, ${high}], ours ${ours}`);
    t.equal(result.engine.stale, 0, 'the engine was told nothing twice and nothing late');
  });
}

const all = (name: string): Played['result']['all'] => (results.get(name) as Played['result']).all;

t.test('two skills each are almost as good as all', async (t) => {
  const [one, two, six] = ['1-skill', '2-skills', '6-skills'].map((each) => all(`six-types/${each}`).asaMs.value as number);
  t.ok((two as number) < (one as number) / 5, `${two} ms with two skills, ${one} with one`);
  t.ok((two as number) < 1.6 * (six as number), `${six} ms with all`);
});

t.test('the gain of time-left and its price, on the same callers', async (t) => {
  const [first, bare, guarded] = [all('first-come/load-1.10'), all('time-left/load-1.10'), all('time-left-guard/load-1.10')];
  t.ok((bare.level.value as number) > (guarded.level.value as number), 'the guard costs level');
  t.ok((guarded.level.value as number) - (first.level.value as number) > 0.15, 'and still more callers are in time');
  t.ok((guarded.waits.p99Ms as number) > (first.waits.p99Ms as number), 'those who are late wait longer');
  t.ok(bare.waits.longestMs > 3 * guarded.waits.longestMs, 'without a guard some wait for ever');
});
