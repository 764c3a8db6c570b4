import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { QueueConfig } from '../../src/acd/config.js';
import { dayStartMs } from '../../src/base/calendar.js';
import type { Fact } from '../../src/base/facts.js';
import type { Ms } from '../../src/base/time.js';
import { readScenario } from '../../src/cli/simulate/read-scenario.js';
import type { HistoryStart } from '../../src/ports/history.js';
import { HistoryFold } from '../../src/service-level/history/history-fold.js';
import { dayFacts } from '../../src/simulation/scenario/day-facts.js';

/** A small day of a simulated hotline, as facts. */

export const ZONE = 'Asia/Shanghai';
/** 2026-11-21, midnight in Shanghai. */
export const DAY_START: Ms = Date.parse('2026-11-20T16:00:00Z');
export const siteDay = (atMs: Ms): Ms => dayStartMs(ZONE, atMs);

export const SMALL_SITE = `
scenario: small
title: { zh: 小型热线, en: A small hotline }
day: { from: "00:00", periods: [1h, 1h] }
days: 1
seed: 7
groups:
  desk: { agents: [7, 9], skills: { service: 2, cards: 1 }, picksUp: { lognormal: { mean: 3s, cv: 0.5 } }, overhears: 4%, backAfter: 30s }
  cards: { agents: 2, skills: { cards: 3 } }
calls:
  questions: { queue: general, perHour: [150, 200], service: { exponential: 3m }, patience: { exponential: 1m }, vip: 20% }
  lost: { queue: cards, perHour: [30, 30], service: { exponential: 2m }, patience: { exponential: 2m } }
queues:
  general: { require: { service: 1 }, agents: { ring: 15s, wrapUp: 30s }, callers: { order: vip-first, waitsAtMost: 90s } }
  cards: { require: { cards: 1 }, agents: { ring: 15s, wrapUp: 30s } }
`;

export interface SmallDay {
  readonly queues: readonly QueueConfig[];
  readonly facts: readonly Fact[];
  readonly endMs: Ms;
}

export async function smallDay(startMs: Ms = DAY_START): Promise<SmallDay> {
  const folder = mkdtempSync(join(tmpdir(), 'small-day-'));
  const file = join(folder, 'small.yaml');
  writeFileSync(file, SMALL_SITE);
  const scenario = await readScenario(file);
  rmSync(folder, { recursive: true });
  if (!scenario.ok) throw new Error(JSON.stringify(scenario.error));
  const facts = dayFacts(scenario.value, 0, startMs);
  return { queues: scenario.value.acd.queues, facts, endMs: (facts.at(-1) as Fact).atMs };
}

export const NOTHING: HistoryStart = { position: { life: 0, seq: 0 }, open: [] };

export const foldFrom = (queues: readonly QueueConfig[], start: HistoryStart = NOTHING, wholeNumbers = false): HistoryFold =>
  new HistoryFold({
    queues,
    dayStartMs: siteDay,
    callerKey: (number) => (number === '' ? null : `key-${number}`),
    wholeNumbers,
    start,
  });
