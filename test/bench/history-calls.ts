import { seededRandom } from '../../src/base/random.js';
import { DAY, MINUTE, type Ms } from '../../src/base/time.js';
import type { History } from '../../src/ports/history.js';
import { blankCall } from '../../src/service-level/history/blank-call.js';
import { RowSheet } from '../../src/service-level/history/row-sheet.js';
import { type CallRow, type Position, SPANS, type StayRow } from '../../src/service-level/history/rows.js';
import { Spans, waitStepS } from '../../src/service-level/history/spans.js';
import { countAnswer, countEntry, countExit, emptyTally } from '../../src/service-level/tally.js';

/** A site's history as its writer would have left it: thirty days, four queues, as many calls as wanted. */
export const DAYS = 30;
export const FROM: Ms = Date.parse('2026-10-01T16:00:00Z');
export const QUEUES = ['general', 'cards', 'lost', 'loans'] as const;
export const TARGET = { share: 0.8, withinMs: 20_000, formula: 'answered-of-offered', shortAbandonMs: 5_000 } as const;
const ZONE_MS = 8 * 60 * MINUTE;
const BATCH = 10_000;

/** Plausible calls, evenly over the days: nine of ten answered after some seconds, some short abandons, an eighth VIP. */
export async function fillHistory(history: History, calls: number): Promise<{ rows: number; seconds: number }> {
  const random = seededRandom('bench history');
  const spans = new Spans((atMs) => Math.floor((atMs + ZONE_MS) / DAY) * DAY - ZONE_MS);
  const stepMs = (DAYS * DAY) / calls;
  let from: Position = { life: 0, seq: 0 };
  let rows = 0;
  let seconds = 0;
  for (let at = 0; at < calls; at += BATCH) {
    const sheet = new RowSheet();
    const until = Math.min(calls, at + BATCH);
    for (let n = at; n < until; n++) {
      sheet.place = n + 1;
      put(sheet, spans, n, FROM + Math.floor(n * stepMs), calls, random);
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

function put(sheet: RowSheet, spans: Spans, n: number, atMs: Ms, calls: number, random: { next(): number }): void {
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
  const caller = Math.floor(random.next() * calls * 0.4);
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
