import { commitBench } from './engine-commit.js';
import { EngineWorld, type Size } from './engine-world.js';
import { percentile, rounded } from './percentiles.js';

/**
 * What the engine costs: time of each `apply` with its `takeChanges` in a steady state, at sizes from 100 to 10,000 agents; then the same with the call floor
 * around it and each batch committed to a private Redis. The figures of a size are those of the best of a few rounds: other work on the
 * machine only ever adds.
 */
const AGENTS = [100, 1_000, 10_000] as const;
const WAITING = [10, 100, 5_000] as const;
const PROFILES = [5, 50] as const;
const EVENTS = 25_000;
const ROUNDS = 8;

export interface EngineRow extends Size {
  readonly eventsPerSecond: number;
  /** By the processor time of the whole process, the driver included: what is left of `eventsPerSecond` where nobody else takes the core away, at least. */
  readonly eventsPerCpuSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
}

export async function engineBench(say: (line: string) => void): Promise<object> {
  const rows: EngineRow[] = [];
  for (const profiles of PROFILES) {
    for (const waiting of WAITING) {
      const sizes = AGENTS.map((agents) => ({ agents, waiting, profiles }));
      for (const row of measureAll(sizes, EVENTS, ROUNDS)) {
        const { agents } = row;
        rows.push(row);
        say(
          `${String(agents).padStart(6)} agents ${String(waiting).padStart(5)} waiting ${String(profiles).padStart(3)} profiles: ` +
            `${String(row.eventsPerSecond).padStart(7)} events/s, p50 ${row.p50Us} us, p99 ${row.p99Us} us, p99.9 ${row.p999Us} us`,
        );
      }
    }
  }
  const idle = measureAll(
    AGENTS.map((agents) => ({ agents, waiting: 0, profiles: 50 })),
    EVENTS,
    ROUNDS,
  );
  for (const row of idle)
    say(
      `${row.agents} agents, a fifth of them idle, nobody waits, 50 profiles: ${row.eventsPerSecond} events/s, p99 ${row.p99Us} us`,
    );
  const growth = Math.max(...growths(rows));
  say(`cost per event from 100 to 10,000 agents: at most ${growth} times`);
  const commit = await commitBench(say);
  return { rows, idle, growth, commit };
}

/** Each size: its round with the best throughput. The sizes take turns, so that a busy moment of the machine meets all of them. */
export function measureAll(sizes: readonly Size[], events: number, rounds: number): EngineRow[] {
  const worlds = sizes.map((size) => {
    const world = new EngineWorld(size);
    world.warmUp(Math.max(events, 4 * size.agents));
    return world;
  });
  const best = new Map<EngineWorld, EngineRow>();
  for (let round = 0; round < rounds; round++) {
    for (const [i, world] of worlds.entries()) {
      const row = measureOnce(sizes[i] as Size, world, events);
      if (row.eventsPerSecond > (best.get(world)?.eventsPerSecond ?? 0)) best.set(world, row);
    }
  }
  return worlds.map((world) => best.get(world) as EngineRow);
}

function measureOnce(size: Size, world: EngineWorld, events: number): EngineRow {
  world.took.length = 0;
  const before = process.cpuUsage();
  world.run(events);
  const { user, system } = process.cpuUsage(before);
  const eventsPerCpuSecond = Math.round((world.took.length / (user + system)) * 1_000_000);
  const totalMs = world.took.reduce((sum, ms) => sum + ms, 0);
  const us = (p: number): number => rounded((percentile(world.took, p) ?? 0) * 1_000) as number;
  const eventsPerSecond = Math.round((world.took.length / totalMs) * 1_000);
  return { ...size, eventsPerSecond, eventsPerCpuSecond, p50Us: us(0.5), p99Us: us(0.99), p999Us: us(0.999) };
}

/** For each level of waiting and profiles: how many times as dear an event is at 10,000 agents as at 100. */
export function growths(rows: readonly EngineRow[]): number[] {
  return rows.flatMap((row) => {
    if (row.agents !== 10_000) return [];
    const small = rows.find((each) => each.agents === 100 && each.waiting === row.waiting && each.profiles === row.profiles);
    return small ? [rounded(small.eventsPerSecond / row.eventsPerSecond, 2) as number] : [];
  });
}
