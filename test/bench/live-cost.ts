import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentConfig, QueueConfig } from '../../src/acd/config.js';
import type { Fact } from '../../src/base/facts.js';
import { HOUR, MINUTE, type Ms } from '../../src/base/time.js';
import { readScenario } from '../../src/cli/simulate/read-scenario.js';
import { createLedger } from '../../src/service-level/ledger.js';
import { diffBoards } from '../../src/service-level/live-frames.js';
import type { Board } from '../../src/service-level/views.js';
import { dayFacts } from '../../src/simulation/scenario/day-facts.js';
import { rounded } from './percentiles.js';

/**
 * What the live counters cost: facts at 20 calls a second through `ledger.add`, and the board four times a second. The figure is processor time over the
 * time that the facts stand for: a share of one core. Beside it the same with the difference and its JSON, which is what the live feed adds, once for all
 * pages. Two sites: eight queues with 60 agents and very short calls, and the busiest hour of the 700 agents of the busy day, pressed together.
 */
const CALLS_PER_S = 20;
const FRAMES_PER_S = 4;
const ROUNDS = 2;
const WARM_UP_MS = 2 * MINUTE;

interface Site {
  readonly queues: readonly QueueConfig[];
  readonly agents: readonly AgentConfig[];
  readonly warmUp: readonly Fact[];
  readonly hour: readonly Fact[];
}

export async function liveCostBench(say: (line: string) => void): Promise<object> {
  const small = cost(await siteOf(writeSmallSite()), say);
  const large = cost(await siteOf(join(import.meta.dirname, '../../config/scenarios/busy-day.yaml')), say);
  return { callsPerS: CALLS_PER_S, ...small, large };
}

async function siteOf(file: string): Promise<Site> {
  const scenario = await readScenario(file);
  if (!scenario.ok) throw new Error(`the scenario is refused: ${JSON.stringify(scenario.error)}`);
  const { queues, agents } = scenario.value.acd;
  return { queues, agents, ...busiest(dayFacts(scenario.value, 0, 0)) };
}

/** Eight queues of 9,000 calls an hour each, 60 agents. */
function writeSmallSite(): string {
  const ids = Array.from({ length: 8 }, (_, i) => `line-${i + 1}`);
  const each = (of: (id: string, i: number) => object): object => Object.fromEntries(ids.map((id, i) => [id, of(id, i)]));
  const scenario = {
    ...{ scenario: 'small-site', title: { zh: '小型热线', en: 'A small hotline' }, days: 1, seed: 5 },
    day: { from: '00:00', periods: ['10m'] },
    groups: each((id, i) => ({ agents: i < 4 ? 8 : 7, skills: { [id]: 2 }, picksUp: { lognormal: { mean: '500ms', cv: 0.5 } } })),
    calls: each((id) => ({
      ...{ queue: id, perHour: 9_000, service: { exponential: '1500ms' }, patience: { exponential: '1m' }, vip: '20%' },
    })),
    queues: each((id) => ({ require: { [id]: 1 }, agents: { ring: '15s', wrapUp: '0s' }, callers: { order: 'vip-first' } })),
  };
  const file = join(mkdtempSync(join(tmpdir(), 'live-cost-')), 'small-site.yaml');
  writeFileSync(file, JSON.stringify(scenario));
  return file;
}

function cost({ queues, agents, warmUp, hour }: Site, say: (line: string) => void) {
  const calls = hour.filter(({ kind }) => kind === 'callArrived').length;
  const seconds = calls / CALLS_PER_S;
  const results = Array.from({ length: ROUNDS }, () => ({
    counted: run(warmUp, hour, seconds, false),
    told: run(warmUp, hour, seconds, true),
  }));
  const least = (of: (result: (typeof results)[number]) => number): number => Math.min(...results.map(of));
  const coreShare = rounded(least(({ counted }) => counted.cpuMs) / seconds / 1_000, 4) as number;
  const withDeltas = rounded(least(({ told }) => told.cpuMs) / seconds / 1_000, 4) as number;
  const perFactUs = rounded((least(({ counted }) => counted.addMs) / hour.length) * 1_000, 2);
  const perBoardMs = rounded(least(({ counted }) => counted.boardMs) / (seconds * FRAMES_PER_S), 3);
  say(`${queues.length} queues, ${agents.length} agents, ${calls} calls, ${hour.length} facts, as if in ${seconds.toFixed(0)} s`);
  say(`  facts and boards: ${(coreShare * 100).toFixed(2)} % of a core (${perFactUs} us a fact, ${perBoardMs} ms a board)`);
  say(`  with differences and their JSON: ${(withDeltas * 100).toFixed(2)} % of a core`);
  return { queues: queues.length, agents: agents.length, facts: hour.length, coreShare, withDeltas, perFactUs, perBoardMs };

  function run(before: readonly Fact[], facts: readonly Fact[], forS: number, tell: boolean) {
    const ledger = createLedger({ queues, agents, dayStartMs: () => 0 });
    for (const fact of before) ledger.add(fact);
    const fromMs = (facts[0] as Fact).atMs;
    const perFrame = ((facts.at(-1) as Fact).atMs - fromMs) / (forS * FRAMES_PER_S);
    let nextFrame: Ms = fromMs + perFrame;
    let shown: Board | null = null;
    let bytes = 0;
    let boardMs = 0;
    const cpu = process.cpuUsage();
    const began = performance.now();
    for (const fact of facts) {
      for (; nextFrame <= fact.atMs; nextFrame += perFrame) {
        const from = performance.now();
        const board = ledger.board(Math.floor(nextFrame));
        boardMs += performance.now() - from;
        if (tell && shown) bytes += JSON.stringify(diffBoards(shown, board)).length;
        shown = board;
      }
      ledger.add(fact);
    }
    const wholeMs = performance.now() - began;
    const { user, system } = process.cpuUsage(cpu);
    if (tell && bytes === 0) throw new Error('nothing was told');
    return { cpuMs: (user + system) / 1_000, boardMs, addMs: wholeMs - boardMs };
  }
}

/** The hour with the most callers, and all that came before it: of a day shorter than that some minutes. */
function busiest(facts: readonly Fact[]): { warmUp: readonly Fact[]; hour: readonly Fact[] } {
  const perHour = new Map<number, number>();
  for (const { kind, atMs } of facts) {
    const hour = Math.floor(atMs / HOUR);
    if (kind === 'callArrived') perHour.set(hour, (perHour.get(hour) ?? 0) + 1);
  }
  const [hour] = [...perHour].reduce((most, each) => (each[1] > most[1] ? each : most), [0, 0]);
  const fromMs = Math.max(WARM_UP_MS, hour * HOUR);
  const from = facts.findIndex(({ atMs }) => atMs >= fromMs);
  const lastCall = facts.findLastIndex(({ kind, atMs }) => kind === 'callArrived' && atMs < (hour + 1) * HOUR);
  return { warmUp: facts.slice(0, from), hour: facts.slice(from, lastCall + 1) };
}
