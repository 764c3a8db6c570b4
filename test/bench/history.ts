import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHistory } from '../../src/adapters/history/open-history.js';
import { seededRandom } from '../../src/base/random.js';
import { DAY, MINUTE, type Ms } from '../../src/base/time.js';
import type { History } from '../../src/ports/history.js';
import { blankCall } from '../../src/service-level/history/blank-call.js';
import { RowSheet } from '../../src/service-level/history/row-sheet.js';
import { type CallRow, type Position, SPANS, type StayRow } from '../../src/service-level/history/rows.js';
import { Spans, waitStepS } from '../../src/service-level/history/spans.js';
import { countAnswer, countEntry, countExit, emptyTally } from '../../src/service-level/tally.js';
import { percentile, rounded } from './percentiles.js';

/**
 * History with a million calls in it: how fast rows are written, how long a report takes that must look at each call, and the same from sums. In
 * SQLite in its own thread, as `hotline serve` runs it; `HISTORY_CALLS` sets another number of calls.
 */
const CALLS = Number(process.env.HISTORY_CALLS ?? 1_000_000);
const DAYS = 30;
const QUEUES = ['general', 'cards', 'lost', 'loans'] as const;
const TARGET = { share: 0.8, withinMs: 20_000, formula: 'answered-of-offered', shortAbandonMs: 5_000 } as const;
const FROM: Ms = Date.parse('2026-10-01T16:00:00Z');
const ZONE_MS = 8 * 60 * MINUTE;
const BATCH = 10_000;
const ROUNDS = 5;

export async function historyBench(say: (line: string) => void): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-history-'));
  const history = openHistory({ kind: 'sqlite', file: join(folder, 'history.db') });
  try {
    await history.begin();
    const { rows, seconds } = await fill(history);
    const writeRowsPerS = Math.round(rows / seconds);
    say(`${CALLS} calls, ${rows} rows in ${seconds.toFixed(1)} s of writing: ${writeRowsPerS} rows/s`);
    const range = { fromMs: FROM, toMs: FROM + DAYS * DAY };
    const half = { fromMs: FROM, toMs: FROM + (DAYS * DAY) / 2 };
    const reports: Record<string, () => Promise<unknown>> = {
      staysByQueue: () => history.queueSums({ ...range, spanMin: null, perInterval: false }),
      staysOfVip: () => history.queueSums({ ...range, spanMin: null, perInterval: false, filter: { lane: 'vip' } }),
      staysOfHalfTheTime: () => history.queueSums({ ...half, spanMin: null, perInterval: false }),
      repeatCallers: () => history.repeatSums(range),
      rollupByQueue: () => history.queueSums({ ...range, spanMin: 1440, perInterval: false }),
      rollupWaits: () => history.waitSteps({ ...range, spanMin: 1440, perInterval: false }),
      rollupByHour: () => history.queueSums({ ...range, spanMin: 60, perInterval: true }),
      pageOfCalls: () => history.calls({ ...range, queueId: 'lost', limit: 100 }),
    };
    const ms: Record<string, number> = {};
    for (const [name, ask] of Object.entries(reports)) {
      ms[name] = await median(ask);
      say(`${name.padEnd(20)} ${ms[name]} ms`);
    }
    const rollupMs = Math.max(ms.rollupByQueue as number, ms.rollupWaits as number, ms.rollupByHour as number);
    return { calls: CALLS, reportMs: ms.staysByQueue, rollupMs, writeRowsPerS, reports: ms };
  } finally {
    await history.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function median(ask: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = performance.now();
    await ask();
    took.push(performance.now() - before);
  }
  return rounded(percentile(took, 0.5) ?? 0, 1) as number;
}

/** Plausible calls, evenly over the days: nine of ten answered after some seconds, some short abandons, an eighth VIP. */
async function fill(history: History): Promise<{ rows: number; seconds: number }> {
  const random = seededRandom('bench history');
  const spans = new Spans((atMs) => Math.floor((atMs + ZONE_MS) / DAY) * DAY - ZONE_MS);
  const stepMs = (DAYS * DAY) / CALLS;
  let from: Position = { life: 0, seq: 0 };
  let rows = 0;
  let seconds = 0;
  for (let at = 0; at < CALLS; at += BATCH) {
    const sheet = new RowSheet();
    const until = Math.min(CALLS, at + BATCH);
    for (let n = at; n < until; n++) {
      sheet.place = n + 1;
      put(sheet, spans, n, FROM + Math.floor(n * stepMs), random);
    }
    const to = { life: 0, seq: until };
    const batch = { from, to, atMs: FROM + Math.floor(until * stepMs), rows: sheet.takeRows(), open: [] };
    for (const each of Object.values(batch.rows)) rows += each.length;
    const before = performance.now();
    if ((await history.write(batch)) !== 'written') throw new Error('not written');
    seconds += (performance.now() - before) / 1_000;
    from = to;
  }
  return { rows, seconds };
}

function put(sheet: RowSheet, spans: Spans, n: number, atMs: Ms, random: { next(): number }): void {
  const callId = `c${n}`;
  const queueId = QUEUES[Math.floor(random.next() ** 2 * QUEUES.length)] as string;
  const lane = random.next() < 0.125 ? 'vip' : 'ordinary';
  const isAnswered = random.next() < 0.92;
  const exit = isAnswered ? 'answered' : 'abandoned';
  const waitMs = Math.round(-Math.log(1 - random.next()) * 12_000);
  const talkMs = isAnswered ? Math.round(-Math.log(1 - random.next()) * 240_000) : 0;
  const wrapUpMs = isAnswered ? 20_000 : 0;
  const agentId = isAnswered ? `a${Math.floor(random.next() * 400)}` : null;
  const inTime = waitMs <= TARGET.withinMs ? 1 : 0;
  const caller = Math.floor(random.next() * CALLS * 0.4);
  const call: CallRow = {
    ...blankCall(callId, 'inbound', atMs),
    ...{ endedMs: atMs + waitMs + talkMs, dnis: '95588', ani: `***${String(caller % 10_000).padStart(4, '0')}` },
    ...{
      aniEnd: String(caller % 10_000).padStart(4, '0'),
      callerKey: `k${caller}`,
      language: 'zh',
      tier: lane,
      queueId,
      lane,
      agentId,
    },
    ...{ stays: 1, offers: 1, waitMs, talkMs, wrapUpMs, durationMs: waitMs + talkMs, endedBy: 'caller' as const },
    outcome: isAnswered ? 'answered' : 'abandonedInQueue',
  };
  const stay: StayRow = {
    ...{ callId, n: 1, queueId, enteredMs: atMs, lane, priority: 0, tier: lane, language: 'zh', exit, waitMs, inTime, agentId },
    ...{ short: !isAnswered && waitMs <= TARGET.shortAbandonMs ? 1 : 0, talkMs, holdMs: 0, wrapUpMs, place: 0 },
  };
  sheet.put('calls', callId, call);
  sheet.put('stays', callId, stay);
  const tally = emptyTally();
  countEntry(tally);
  if (isAnswered) countAnswer(tally, waitMs, TARGET);
  else countExit(tally, 'abandoned', waitMs, TARGET);
  tally.sumTalkMs += talkMs;
  tally.sumWrapUpMs += wrapUpMs;
  for (const span of SPANS) sheet.queue(queueId, span, spans.startOf(span, atMs), tally);
  const upToS = waitStepS(waitMs);
  for (const spanMin of [15, 1440] as const) {
    const startMs = spans.startOf(spanMin, atMs);
    const sums = sheet.sums('waits', `${queueId}/${spanMin}/${startMs}/${exit}/${upToS}`, () => ({
      ...{ queueId, spanMin, startMs, exit, upToS, calls: 0, place: 0 },
    }));
    sums.calls += 1;
  }
}
