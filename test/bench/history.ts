import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHistory } from '../../src/adapters/history/open-history.js';
import { DAY, HOUR, MINUTE } from '../../src/base/time.js';
import type { History } from '../../src/ports/history.js';
import { DAYS, FROM, fillHistory } from './history-calls.js';
import { percentile, rounded } from './percentiles.js';

/**
 * History with a million calls in it: how fast rows are written, how long a report takes that must look at each call, and the same from sums; a short
 * question while a long report runs. In SQLite in its own threads, as `hotline serve` runs it; `HISTORY_CALLS` sets another number of calls.
 */
const CALLS = Number(process.env.HISTORY_CALLS ?? 1_000_000);
const ROUNDS = 5;
/** A report that looks at each call of a million, and one from sums. */
const EACH_CALL_MS = 1_000;
const SUMS_MS = 50;
/** Missed by so much is a fault of ours, not of a busy machine. */
const BY_FAR = 4;

interface Figure {
  readonly name: string;
  readonly limitMs: number;
  readonly firstMs: number;
  readonly ms: number;
}

export async function historyBench(say: (line: string) => void): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-history-'));
  const history = openHistory({ kind: 'sqlite', file: join(folder, 'history.db') });
  try {
    await history.begin();
    const { rows, seconds } = await fillHistory(history, CALLS);
    const writeRowsPerS = Math.round(rows / seconds);
    say(`${CALLS} calls, ${rows} rows in ${seconds.toFixed(1)} s of writing: ${writeRowsPerS} rows/s`);
    const figures: Figure[] = [];
    for (const [name, limitMs, ask] of questions(history)) figures.push(await measured(name, limitMs, ask));
    figures.push(await besideLong(history));
    for (const figure of figures) say(line(figure));
    const load = loadavg().map((each) => rounded(each, 1));
    say(`load average ${load.join(' ')} on ${cpus().length} cores`);
    const missed = figures.filter(({ ms, limitMs }) => ms > limitMs * BY_FAR).map(({ name }) => name);
    if (missed.length > 0) say(`missed by far: ${missed.join(', ')}`);
    const worst = (limit: number): number => Math.max(...figures.filter(({ limitMs }) => limitMs === limit).map(({ ms }) => ms));
    return {
      ...{ calls: CALLS, reportMs: worst(EACH_CALL_MS), rollupMs: worst(SUMS_MS), writeRowsPerS, load },
      figures,
      failed: missed.length > 0,
    };
  } finally {
    await history.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Question = readonly [name: string, limitMs: number, ask: () => Promise<unknown>];

function questions(history: History): Question[] {
  const range = { fromMs: FROM, toMs: FROM + DAYS * DAY };
  const ragged = { fromMs: FROM + 37 * MINUTE, toMs: FROM + DAYS * DAY - 23 * MINUTE };
  const stays = { ...range, spanMin: null, perInterval: false } as const;
  const vip = { ...stays, filter: { lane: 'vip' } } as const;
  const each = { ...range, perInterval: true } as const;
  return [
    ['sums of all stays', EACH_CALL_MS, () => history.queueSums(stays)],
    ['sums of all stays, to the minute', EACH_CALL_MS, () => history.queueSums({ ...stays, ...ragged })],
    ['sums of the VIP lane', EACH_CALL_MS, () => history.queueSums(vip)],
    ['waits of all stays', EACH_CALL_MS, () => history.waitSteps(stays)],
    ['waits of the VIP lane', EACH_CALL_MS, () => history.waitSteps(vip)],
    ['repeat callers', EACH_CALL_MS, () => history.repeatSums(range)],
    ['dispositions', EACH_CALL_MS, () => history.dispositionSums(range)],
    ['calls of a rare outcome', EACH_CALL_MS, () => history.calls({ ...range, outcome: 'contained', limit: 100 })],
    ['sums of days', SUMS_MS, () => history.queueSums({ ...range, spanMin: 1440, perInterval: false })],
    ['waits of days', SUMS_MS, () => history.waitSteps({ ...range, spanMin: 1440, perInterval: false })],
    ['each day', SUMS_MS, () => history.queueSums({ ...each, spanMin: 1440 })],
    ['each hour', SUMS_MS, () => history.queueSums({ ...each, spanMin: 60 })],
    ['each half hour', SUMS_MS, () => history.queueSums({ ...each, spanMin: 30 })],
    ['each quarter of an hour', SUMS_MS, () => history.queueSums({ ...each, spanMin: 15 })],
    ['each minute of a day', SUMS_MS, () => history.queueSums({ fromMs: FROM, toMs: FROM + DAY, spanMin: 1, perInterval: true })],
    ['who still waits', SUMS_MS, () => history.openStays(range)],
    ['outcomes', SUMS_MS, () => history.outcomeSums({ ...range, spanMin: 1440, perInterval: false })],
    ['a page of calls', SUMS_MS, () => history.calls({ ...range, queueId: 'lost', limit: 100 })],
    ['one call', SUMS_MS, () => history.call(`c${Math.floor(CALLS / 2)}`)],
  ];
}

async function measured(name: string, limitMs: number, ask: () => Promise<unknown>): Promise<Figure> {
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = performance.now();
    await ask();
    took.push(performance.now() - before);
  }
  return { name, limitMs, firstMs: rounded(took[0] as number) as number, ms: rounded(percentile(took, 0.5)) as number };
}

/** The same short question again and again while reports over all calls wait for each other. */
async function besideLong(history: History): Promise<Figure> {
  const range = { fromMs: FROM, toMs: FROM + DAYS * DAY };
  let running = true;
  const long = Promise.all(Array.from({ length: 4 }, () => history.repeatSums(range))).then(() => {
    running = false;
  });
  const took: number[] = [];
  while (running) {
    const before = performance.now();
    await history.queueSums({ fromMs: FROM, toMs: FROM + HOUR, spanMin: 60, perInterval: true });
    took.push(performance.now() - before);
  }
  await long;
  const ms = rounded(percentile(took, 0.99)) as number;
  return {
    name: 'a short question beside long reports (p99)',
    limitMs: SUMS_MS,
    firstMs: rounded(took[0] as number) as number,
    ms,
  };
}

const line = ({ name, limitMs, firstMs, ms }: Figure): string =>
  `${name.padEnd(44)} ${String(ms).padStart(8)} ms (first ${firstMs}), limit ${limitMs}${ms > limitMs ? '  MISSED' : ''}`;
