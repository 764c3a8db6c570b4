import t from 'tap';
import { MINUTE } from '../../src/base/time.js';
import { buildApp } from '../../src/http/app.js';
import { ExpectedCalls } from '../../src/main/expected-calls.js';
import { forecastDay } from '../../src/service-level/forecast.js';
import { STAY_FIGURES } from '../../src/service-level/queue-stays.js';
import { expectedAfter, pastDays, weekdayOf } from '../../src/service-level/staffing-day.js';
import type { QueueCounts } from '../../src/service-level/views.js';
import { aHouse } from '../http/house.js';
import { DAY_START } from '../support/history-world.js';
import { days, numbersStage } from './numbers-stage.js';

/** The numbers behind the board: what the API says of a simulated day. */

const stage = await numbersStage(3);
t.teardown(() => stage.close());
const app = buildApp(aHouse(stage.deps));
await app.ready();
t.teardown(() => app.close());
const get = async (url: string, status = 200) => {
  const answer = await app.inject({ url, headers: { host: '127.0.0.1' } });
  if (answer.statusCode !== status) throw new Error(`${url}: ${answer.statusCode} ${answer.body}`);
  return answer.json();
};

t.test('the list behind a figure is as long as the figure', async (t) => {
  for (const { queueId, today, serviceLevel: level } of stage.ledger.board(stage.nowMs).queues) {
    for (const figure of STAY_FIGURES) {
      const { found, stays, isWhole } = await get(`/api/v1/queues/${queueId}/stays?figure=${figure}&limit=1000`);
      const want =
        figure === 'good'
          ? level.numerator
          : figure === 'missed'
            ? level.denominator - level.numerator
            : figure === 'answeredLate'
              ? today.answered - today.answeredInTime
              : today[figure as keyof QueueCounts];
      t.equal(found, want, `${queueId} ${figure} ${want}`);
      t.equal(stays.length, Math.min(1_000, found));
      t.ok(isWhole);
    }
  }
  t.equal((await get('/api/v1/queues/nowhere/stays', 404)).id, 'no-such-queue');
  t.equal((await get('/api/v1/queues/general/stays?figure=wealth', 400)).id, 'bad-request');
  t.equal((await get('/api/v1/queues/general/stays?limit=9999', 400)).id, 'bad-request');
});

t.test('a queue taken apart, and agents’ days, add up', async (t) => {
  const { details, seq } = await get('/api/v1/queues/general/details');
  t.equal(seq, stage.ledger.seq);
  const answered = (kind: string) =>
    details.parts
      .filter(({ part }: { part: string }) => part.startsWith(`${kind}:`))
      .reduce((sum: number, { counts }: { counts: QueueCounts }) => sum + counts.answered, 0);
  t.ok(details.counts.answered > 100);
  t.equal(answered('lane'), details.counts.answered);
  t.equal(answered('agent'), details.counts.answered);
  t.equal((await get('/api/v1/queues/nowhere/details', 404)).id, 'no-such-queue');
  const { days: rows } = await get('/api/v1/agents/days');
  t.ok(rows.length >= 9);
  for (const row of rows) {
    const notReady = Object.values(row.notReadyMs as Record<string, number>).reduce((sum, ms) => sum + ms, 0);
    const spent = row.ringMs + row.talkMs + row.holdMs + row.outboundMs + row.wrapUpMs + row.idleMs + notReady;
    t.equal(spent, row.signedInMs, `${row.agentId}: every moment lies in one kind`);
    t.equal(row.occupancy.numerator, row.utilisation.numerator);
    t.equal(row.occupancy.denominator, row.occupancy.numerator + row.idleMs);
    t.equal(row.utilisation.denominator, row.signedInMs);
    t.ok(row.notReadyShares.every(({ denominator }: { denominator: number }) => denominator === row.signedInMs));
  }
  t.match(await get('/api/v1/limits'), { notReadyMs: { break: 300_000 }, wrapUpMs: 30_000 });
});

t.test('a day to come: forecast and agents by half hours', async (t) => {
  const table = await get('/api/v1/staffing?queue=general&day=2026-11-28&shrinkage=0.25&patienceS=120');
  t.equal(table.intervals.length, 48);
  t.same(table.basis, ['2026-11-21', '2026-11-14', '2026-11-07', '2026-10-31']);
  t.equal(table.rule, 'weekday');
  const offered = stage.ledger.board(stage.nowMs).queues[0]?.today.offered ?? 0;
  const total = table.intervals.reduce((sum: number, { calls }: { calls: number }) => sum + calls, 0);
  // The same day four times over: nothing else can be expected.
  t.ok(Math.abs(total - offered) < 1, `${total} of ${offered}`);
  const busy = table.intervals[2];
  t.ok(busy.agentsC >= busy.agentsA && busy.agentsA > 3, `C ${busy.agentsC}, A ${busy.agentsA}`);
  t.equal(busy.scheduled, Math.ceil(busy.agentsA / 0.75));
  t.ok(busy.serviceLevel >= table.goal.share);
  t.ok(busy.low <= busy.calls && busy.calls <= busy.high);
  t.equal(busy.came, null, 'that day has not been');
  t.equal(table.intervals[40].agentsC, 0, 'nobody calls at night');
  const today = await get('/api/v1/staffing?queue=general&day=2026-11-21');
  const came = today.intervals.reduce((sum: number, one: { came: number | null }) => sum + (one.came ?? 0), 0);
  t.equal(came, offered, 'what came stands beside what was expected');
  for (const wrong of [
    'queue=general&day=2026-02-30',
    'queue=general&shrinkage=1',
    'queue=general&patienceS=0',
    'day=2026-11-28',
    'queue=..',
  ])
    t.equal((await get(`/api/v1/staffing?${wrong}`, 400)).id, 'bad-request', wrong);
  t.equal((await get('/api/v1/staffing?queue=nowhere', 404)).id, 'no-such-queue');
});

t.test('what is left of a day', async (t) => {
  t.same(['2026-11-22', '2026-11-23', '1999-12-31', '2000-01-01'].map(weekdayOf), [6, 0, 4, 5]);
  const at = (minute: number, offered: number) => ({ startMs: DAY_START + minute * MINUTE, offered, answered: 0, handleMs: 0 });
  const past = pastDays([at(0, 10), at(15, 2), at(60, 20), at(23 * 60 + 45, 6)], '2026-11-22', days);
  t.equal(past.length, 1);
  t.match(past[0], { day: '2026-11-21', weekday: 5, daysAgo: 1 });
  t.same(
    [0, 1, 2, 47].map((index) => past[0]?.intervals[index]?.offered),
    [12, 0, 20, 6],
  );
  const forecast = forecastDay(past, { weekday: 6, kind: 'ordinary' });
  t.equal(expectedAfter(forecast, 0), 38);
  t.equal(expectedAfter(forecast, 15 * MINUTE), 32, 'half of the present interval is left');
  t.equal(expectedAfter(forecast, 23 * 60 * MINUTE + 59 * MINUTE), 0);
  t.equal(expectedAfter(forecastDay([], { weekday: 0, kind: 'ordinary' }), 0), null, 'nothing to go by');
  t.same(pastDays([at(0, 0)], '2026-11-22', days), [], 'a day without the hotline says nothing');
});

t.test('the forecast feeds the board', async (t) => {
  const expected = new ExpectedCalls();
  const { reader } = stage.deps.history ?? {};
  const warnings: string[] = [];
  const log = { warn: (_: object, text: string) => warnings.push(text) } as never;
  const general = stage.day.queues[0]?.id as never;
  t.equal(expected.rest(general, DAY_START), null, 'nobody has asked yet');
  let isAway = false;
  const queueSums: typeof reader extends infer R ? NonNullable<R>['queueSums' & keyof NonNullable<R>] : never = (async (
    query: never,
  ) => {
    if (isAway) throw new Error('away');
    return reader?.queueSums(query);
  }) as never;
  expected.start({
    reader: { queueSums } as never,
    queues: stage.day.queues.map(({ id }) => id),
    days,
    nowMs: () => DAY_START + MINUTE,
    log,
  });
  t.teardown(() => expected.stop());
  await expected.look();
  const whole = expected.rest(general, DAY_START) ?? 0;
  t.ok(Math.abs(whole - (stage.ledger.board(stage.nowMs).queues[0]?.today.offered ?? 0)) <= 1, `${whole} calls are expected`);
  const half = expected.rest(general, DAY_START + 60 * MINUTE) ?? 0;
  t.ok(half < whole && half > 0);
  t.equal(expected.rest(general, DAY_START + 60 * MINUTE + 59_000), half, 'changes at whole minutes');
  t.equal(expected.rest(general, DAY_START + 25 * 60 * MINUTE), null, 'another day');
  isAway = true;
  await expected.look();
  t.equal(expected.rest(general, DAY_START), whole, 'the last forecast stands while the history is away');
  t.equal(warnings.length, 1);
});
