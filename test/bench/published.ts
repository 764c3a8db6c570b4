import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { HOUR, SECOND } from '../../src/base/time.js';
import type { Estimate } from '../../src/simulation/scenario/estimates.js';
import { type GroupResult, resultOf, type ScenarioResult } from '../../src/simulation/scenario/result.js';
import type { Scenario } from '../../src/simulation/scenario/scenario.js';
import { simulate } from '../../src/simulation/scenario/simulate.js';
import { scenarioNamed, withGuard, withLoad, withSkills } from './published-variants.js';

/**
 * Published tables, replayed by the engine under the simulator. Where the publication prints a 95 % interval (Buist and L'Ecuyer), ours must
 * lie in it, with as many days as theirs. Wallace and Whitt's and the time-left figures come from single runs of unknown length without
 * intervals: they are taken to be as uncertain as ours (10 stretches of 200 hours, 40 days of 10 hours), so that the difference of the two
 * must lie within 1.96 * sqrt(2) standard errors of ours. Where Erlang C has the exact value, within 1.96 standard errors.
 */
export interface PublishedRow {
  readonly id: string;
  readonly published: number;
  readonly low: number;
  readonly high: number;
  readonly ours: number;
  readonly inside: boolean;
}

interface Figure {
  readonly id: string;
  readonly published: number;
  /** As printed; or how the published figure came about. */
  readonly interval: readonly [number, number] | 'like ours' | 'exact';
  readonly of: (result: ScenarioResult) => Estimate;
  readonly digits: number;
}

export interface Table {
  readonly name: string;
  /** Days that are played for the full table. */
  readonly days: number;
  readonly scenario: () => Promise<Scenario>;
  readonly figures: readonly Figure[];
  /** For people: what is paid for the level. */
  readonly remark?: (result: ScenarioResult) => string;
}

const times = (factor: number, each: Estimate): Estimate => ({
  value: each.value === null ? null : each.value * factor,
  low: each.low === null ? null : each.low * factor,
  high: each.high === null ? null : each.high * factor,
});

const ONE_QUEUE: Table = {
  name: 'one-queue',
  days: 1_000,
  scenario: () => scenarioNamed('one-queue'),
  figures: [
    { id: 'one-queue/service-level', published: 0.902, interval: [0.9, 0.904], of: ({ all }) => all.level, digits: 4 },
    {
      id: 'one-queue/asa-minutes',
      published: 0.099,
      interval: [0.097, 0.102],
      of: ({ all }) => times(1 / 60_000, all.asaMs),
      digits: 4,
    },
    {
      id: 'one-queue/occupancy',
      published: 0.695,
      interval: [0.694, 0.697],
      of: ({ groups }) => (groups[0] as GroupResult).occupancy,
      digits: 4,
    },
  ],
};

const TWO_GROUPS: Table = {
  name: 'two-groups',
  days: 1_000,
  scenario: () => scenarioNamed('two-groups'),
  figures: [
    { id: 'two-groups/served', published: 4297.305, interval: [4270.15, 4324.46], of: ({ all }) => all.answered, digits: 3 },
    { id: 'two-groups/abandoned', published: 910.335, interval: [876.133, 944.537], of: ({ all }) => all.abandoned, digits: 3 },
    { id: 'two-groups/service-level', published: 0.501, interval: [0.494, 0.509], of: ({ all }) => all.level, digits: 4 },
    {
      id: 'two-groups/occupancy-zero',
      published: 0.881,
      interval: [0.877, 0.884],
      of: ({ groups }) => (groups[0] as GroupResult).occupancyUntilLast,
      digits: 4,
    },
  ],
};

const skills = (perAgent: number, published: number, exact: number | null): Table => {
  const of = ({ all }: ScenarioResult): Estimate => times(1 / 60_000, all.asaMs);
  const id = `six-types/${perAgent}-skill${perAgent === 1 ? '' : 's'}`;
  const ours: Figure = { id: `${id}/wait-minutes`, published, interval: 'like ours', of, digits: 3 };
  return {
    name: id,
    days: 10,
    scenario: async () => withSkills(await scenarioNamed('six-types'), perAgent),
    figures: exact === null ? [ours] : [ours, { id: `${id}/erlang-c`, published: exact, interval: 'exact', of, digits: 3 }],
  };
};

const DAY_LONG = 24 * HOUR;
const dispatch = (order: string, guardMs: number, load: number, published: number): Table => ({
  name: `${order}${guardMs < DAY_LONG ? '-guard' : ''}/load-${load.toFixed(2)}`,
  days: 40,
  scenario: async () => withGuard(withLoad(await scenarioNamed(order), load), guardMs),
  figures: [
    {
      id: `${order}${guardMs < DAY_LONG ? '-guard-90s' : ''}/load-${load.toFixed(2)}/level-percent`,
      published,
      interval: 'like ours',
      of: ({ all }) => times(100, all.level),
      digits: 2,
    },
  ],
  remark: ({ all: { waits } }) => `p99 ${seconds(waits.p99Ms)}, longest ${seconds(waits.longestMs)}`,
});

const seconds = (ms: number | null): string => `${((ms ?? 0) / 1_000).toFixed(1)} s`;

export const TABLES: readonly Table[] = [
  ONE_QUEUE,
  TWO_GROUPS,
  skills(1, 5.03, 5.29),
  skills(2, 0.51, null),
  skills(3, 0.46, null),
  skills(6, 0.47, 0.422),
  ...(
    [
      ['first-come', DAY_LONG, [87.3, 73.9, 52.1]],
      ['time-left', DAY_LONG, [95.6, 91.7, 86.9]],
      ['time-left', 90 * SECOND, [94.6, 89.4, 80.3]],
    ] as const
  ).flatMap(([order, guardMs, levels]) =>
    [0.97, 1.03, 1.1].map((load, i) => dispatch(order, guardMs, load, levels[i] as number)),
  ),
];

/**
 * Plays a table. With fewer days than the full table has, a printed interval is widened by our own standard error: its half width and 1.96 of
 * ours are added as independent errors are.
 */
export async function play(table: Table, days = table.days): Promise<{ rows: PublishedRow[]; result: ScenarioResult }> {
  const result = resultOf(simulate({ ...(await table.scenario()), days }));
  return { rows: table.figures.map((figure) => rowOf(figure, result, days < table.days)), result };
}

function rowOf({ id, published, interval, of, digits }: Figure, result: ScenarioResult, fewer: boolean): PublishedRow {
  const estimate = of(result);
  const ours = estimate.value ?? Number.NaN;
  const half = ((estimate.high ?? Number.NaN) - (estimate.low ?? Number.NaN)) / 2;
  const [low, high] =
    interval === 'exact'
      ? [published - half, published + half]
      : interval === 'like ours'
        ? [published - Math.SQRT2 * half, published + Math.SQRT2 * half]
        : fewer
          ? [published - Math.hypot(published - interval[0], half), published + Math.hypot(interval[1] - published, half)]
          : interval;
  const round = (value: number): number => Number(value.toFixed(digits));
  return { id, published, low: round(low), high: round(high), ours: round(ours), inside: ours >= low && ours <= high };
}

export const remarkOf = (table: Table, result: ScenarioResult): string =>
  `${result.days} days${table.remark ? `; ${table.remark(result)}` : ''}`;

interface Played {
  readonly rows: PublishedRow[];
  readonly remark: string;
}

/** `npm run bench -- published --json`: each table in a process of its own, as many at once as there are cores. */
export async function published(say: (line: string) => void): Promise<{ rows: PublishedRow[] }> {
  const played = new Map<Table, Played>();
  // The longest first, so that no core idles at the end.
  const waiting = [...TABLES].sort((a, b) => b.days - a.days);
  const work = async (): Promise<void> => {
    for (let table = waiting.shift(); table; table = waiting.shift()) {
      const before = performance.now();
      const made = await inOwnProcess(table);
      played.set(table, made);
      for (const row of made.rows) {
        const verdict = row.inside ? 'inside' : 'OUTSIDE';
        say(`${row.id}: published ${row.published} [${row.low}, ${row.high}], ours ${row.ours}, ${verdict}`);
      }
      say(`  ${made.remark}; ${((performance.now() - before) / 1_000).toFixed(0)} s`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work));
  return { rows: TABLES.flatMap((table) => played.get(table)?.rows ?? []) };
}

function inOwnProcess(table: Table): Promise<Played> {
  return new Promise((resolve, reject) => {
    const script = fileURLToPath(new URL('./published-table.ts', import.meta.url));
    const child = fork(script, [table.name], { execArgv: ['--import', 'tsx'] });
    let made: Played | null = null;
    child.on('message', (message) => {
      made = message as Played;
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (made) resolve(made);
      else reject(new Error(`${table.name} ended with ${code} and no rows`));
    });
  });
}
