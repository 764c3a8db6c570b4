import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHistory } from '../../src/adapters/history/open-history.js';
import type { Fact } from '../../src/base/facts.js';
import { DAY, type Ms } from '../../src/base/time.js';
import type { HttpDeps } from '../../src/http/app.js';
import { siteDays } from '../../src/main/numbers.js';
import { replaying } from '../../src/main/replay.js';
import { type CountingLedger, createLedger } from '../../src/service-level/ledger.js';
import { DAY_START, foldFrom, type SmallDay, siteDay, smallDay, ZONE } from '../support/history-world.js';

/** The real ledger, history and replay over simulated days: the same figures as a house that has answered these calls. */

export interface NumbersStage {
  readonly day: SmallDay;
  readonly ledger: CountingLedger;
  /** Half a minute after the last call of the day. */
  readonly nowMs: Ms;
  readonly deps: Partial<HttpDeps>;
  close(): Promise<void>;
}

export const days = siteDays({ site: { timeZone: ZONE } as never, calendars: {} });

export async function numbersStage(weeks = 0): Promise<NumbersStage> {
  const folder = mkdtempSync(join(tmpdir(), 'hotline-numbers-'));
  const reader = openHistory({ kind: 'sqlite', file: join(folder, 'history.db') });
  const day = await smallDay();
  const past = [];
  for (let back = weeks; back > 0; back--) past.push(await smallDay(DAY_START - back * 7 * DAY));
  let seq = 0;
  const renumbered = [...past, day].flatMap(({ facts }) => facts.map((fact) => ({ ...fact, seq: ++seq }) as Fact));
  const fold = foldFrom(day.queues, await reader.begin());
  for (let at = 0; at < renumbered.length; at += 2_000) {
    const batch = fold.take(renumbered.slice(at, at + 2_000));
    if (batch) await reader.write(batch);
  }
  const own = renumbered.slice(-day.facts.length);
  const newLedger = () => createLedger({ queues: day.queues, agents: [], dayStartMs: siteDay, remembered: 5_000 });
  const ledger = newLedger();
  for (const fact of own) ledger.add(fact);
  const nowMs = day.endMs + 30_000;
  const store = {
    facts: async (after: number, limit: number) => own.filter((fact) => fact.seq > after).slice(0, limit),
    seqBefore: async (atMs: Ms) => (own.find((fact) => fact.atMs >= atMs) ?? (own.at(-1) as Fact)).seq - 1,
  };
  const targets = new Map(day.queues.map(({ id, target }) => [id as string, target]));
  return {
    day,
    ledger,
    nowMs,
    deps: {
      site: { name: '示范热线', timeZone: ZONE, languages: ['zh', 'en'] },
      nowMs: () => nowMs,
      board: () => ledger.board(nowMs),
      ledger,
      numbers: {
        details: (queueId) => ledger.details(queueId, nowMs),
        agentDays: () => ledger.agentDays(nowMs),
        targets,
        limits: { notReadyMs: { break: 300_000 }, wrapUpMs: 30_000 },
        kindOfDay: days.kindOf,
      },
      history: { reader, queues: day.queues.map(({ id, title, target }) => ({ queueId: id, title, target })), agents: [] },
      replay: replaying({ store, newLedger, dayStartMs: siteDay }),
    },
    close: async () => {
      await reader.close();
      rmSync(folder, { recursive: true });
    },
  };
}
