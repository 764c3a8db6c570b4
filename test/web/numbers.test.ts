import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import t from 'tap';
import { MINUTE } from '../../src/base/time.js';
import { buildApp } from '../../src/http/app.js';
import { ExpectedCalls } from '../../src/main/expected-calls.js';
import { forecastDay } from '../../src/service-level/forecast.js';
import { FORMULAS } from '../../src/service-level/formulas.js';
import { createLedger } from '../../src/service-level/ledger.js';
import { STAY_FIGURES } from '../../src/service-level/queue-stays.js';
import { recount } from '../../src/service-level/recount.js';
import { expectedAfter, pastDays, weekdayOf } from '../../src/service-level/staffing-day.js';
import type { QueueCounts } from '../../src/service-level/views.js';
import { formatMean } from '../../src/web/format.js';
import { aHouse } from '../http/house.js';
import { DAY_START, siteDay } from '../support/history-world.js';
import { days, numbersStage } from './numbers-stage.js';
import { anAlarm, buildPages, openBrowser, openPage, type Size, screenshots, weakContrasts } from './stage.js';

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

/* The pages, in a real browser. */

let browser: Browser;
let pages: Awaited<ReturnType<typeof buildPages>>;
t.setTimeout(240_000);
t.teardown(async () => {
  await browser?.close();
  pages?.remove();
});
const PHONE: Size = { width: 390, height: 844 };
// biome-ignore lint/performance/useDomNodeTextContent: as an eye reads it
const text = (page: Page, selector: string) => page.locator(selector).first().innerText();

async function served(t: { teardown(fn: () => unknown): void }, more: Parameters<typeof aHouse>[0] = {}): Promise<string> {
  pages ??= await buildPages();
  browser ??= await openBrowser();
  const own = buildApp(aHouse({ ...stage.deps, webRoot: pages.root, live: { frameEveryMs: 50, beatEveryMs: 200 }, ...more }));
  t.teardown(() => own.close());
  await own.listen({ host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${(own.server.address() as { port: number }).port}`;
}

/** Shown as it is, and as a picture, in both languages and themes and on a phone. */
async function looked(t: Tap.Test, page: Page, name: string): Promise<void> {
  const address = page.url();
  for (const [lang, theme] of [
    ['zh', 'dark'],
    ['en', 'light'],
  ]) {
    const now = new URL(address);
    now.searchParams.set('lang', lang as string);
    now.searchParams.set('theme', theme as string);
    await page.goto(now.href);
    await page.waitForSelector('.numbers table, .past .queue');
    t.same(await page.evaluate(weakContrasts, '.inside'), [], `${name}: 4.5:1 in ${theme}`);
    await page.screenshot({ path: join(screenshots, `${name}-${lang}-${theme}.png`) });
  }
  await page.setViewportSize(PHONE);
  t.ok(
    await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
    `${name}: nothing to scroll sideways on a phone`,
  );
  await page.screenshot({ path: join(screenshots, `${name}-phone.png`) });
  await page.setViewportSize({ width: 1440, height: 900 });
}
declare namespace Tap {
  interface Test {
    same(found: unknown, wanted: unknown, message: string): unknown;
    ok(found: unknown, message: string): unknown;
  }
}
const DESK: Size = { width: 1440, height: 900 };

t.test('from a figure to its calls to one call and back', async (t) => {
  const explanation = () => ({
    parts: [{ heading: 'general', lines: [{ at: '00:01', text: 'gave up', details: ['why'] }] }],
    text: '',
  });
  const url = await served(t, { explanation: explanation as never });
  const complaints: string[] = [];
  const page = await openPage(t, browser, `${url}/wallboard?lang=en`, DESK, complaints);
  await page.waitForSelector('.wall[data-link="up"] .queue');
  const shown = await text(page, '[data-queue="general"] [data-figure="abandoned"]');
  await page.click('[data-queue="general"] [data-figure="abandoned"] a');
  await page.waitForSelector('.table-frame tbody tr');
  t.match(page.url(), /\/queues\/general\/calls\?figure=abandoned$/);
  t.match(
    await text(page, '.heading .label'),
    new RegExp(`^${shown} calls · snapshot \\d+ · as of 2026-11-21 \\d\\d:\\d\\d:\\d\\d \\(Asia/Shanghai\\)$`),
  );
  t.equal(await page.locator('.table-frame tbody tr').count(), Number(shown));
  await looked(t, page, 'queue-calls');
  t.match(await page.title(), /^Calls · general · Abandoned · /);
  await page.goto(`${url}/wallboard?lang=en`);
  await page.waitForSelector('.wall[data-link="up"] .queue');
  const [good, counted] = (await text(page, '[data-queue="general"] [data-figure="parts"]')).split(' / ').map(Number);
  await page.click('[data-queue="general"] [data-figure="parts"] a');
  await page.waitForSelector('.table-frame tbody tr');
  t.equal(
    await page.locator('.table-frame tbody tr').count(),
    (counted as number) - (good as number),
    'who was missed, one by one',
  );
  await page.click('.table-frame tbody tr a');
  await page.waitForSelector('[data-part="facts"] [data-fact="callQueued"]');
  t.match(await text(page, '[data-part="facts"]'), /callArrived[\s\S]*callQueued[\s\S]*callEnded/);
  t.match(
    await text(page, '[data-part="facts"]'),
    /caller: \*\*\*\d{4}[\s\S]*queue: general[\s\S]*wait: [\d.:]+s?/,
    'in words, not as data',
  );
  t.notMatch(await text(page, '[data-part="facts"]'), /[{}]|\d{13}|Ms: /);
  t.match(await text(page, '[data-part="where"]'), /2026-11-21 \(Asia\/Shanghai\) · Queue general/);
  t.notMatch(await text(page, '[data-part="facts"]'), /caller: \d{11}/, 'numbers stay masked');
  t.match(await text(page, '[data-part="explanation"]'), /general[\s\S]*gave up[\s\S]*why/);
  await page.screenshot({ path: join(screenshots, 'call-facts.png'), fullPage: true });
  await page.goBack();
  await page.waitForSelector('.table-frame tbody tr');
  t.match(page.url(), /figure=missed/);
  // Each other figure of the day has its calls too.
  for (const name of ['waiting', 'answeredOfOffered', 'answerRate', 'asa', 'p95', 'aht', 'abandonRate']) {
    await page.goto(`${url}/wallboard?lang=en`);
    await page.click(`[data-queue="general"] [data-figure="${name}"] a`);
    await page.waitForSelector('.heading .label, .numbers .empty');
    t.match(page.url(), /\/queues\/general\/calls\?figure=(waiting|offered|answered|abandoned)$/, name);
  }
  await page.goto(`${url}/queues/general?lang=en`);
  await page.waitForSelector('[data-kind="agent"] tbody tr');
  t.equal(await text(page, '[data-figure="abandoned"]'), shown, 'the same on the page of the queue');
  await page.waitForSelector('.chart canvas');
  await looked(t, page, 'queue');
  // This house has no flows, and so no walk of the call.
  t.ok(complaints.every((line) => /status of 404/.test(line)) && complaints.length <= 2, complaints.join('\n'));
});

t.test('rule 3: the wall equals the report equals the recount, under one snapshot number', async (t) => {
  const url = await served(t);
  const page = await openPage(t, browser, `${url}/wall?lang=en`, DESK);
  await page.waitForSelector('.wall[data-link="up"] .queue');
  const seq = await text(page, '[data-figure="seq"]');
  const wall = await page.locator('.queue').evaluateAll((cards) =>
    cards.map((card) => {
      const figures = [...card.querySelectorAll<HTMLElement>('[data-figure]')].map((one) => [
        one.dataset.figure,
        one.textContent,
      ]);
      return { id: (card as HTMLElement).dataset.queue ?? '', ...Object.fromEntries(figures) } as Record<string, string>;
    }),
  );
  t.equal(wall.length, 2);
  await page.goto(`${url}/reports?report=queues&from=2026-11-21&lang=en`);
  await page.waitForSelector('.table-frame tbody tr');
  t.match(
    await text(page, '.heading .label'),
    new RegExp(`^snapshot ${seq} · as of 2026-11-21 `),
    'the report says the same snapshot',
  );
  const names = await page.locator('thead th').evaluateAll((cells) => cells.map((cell) => cell.firstChild?.textContent ?? ''));
  const rows = await page
    .locator('.table-frame tbody tr')
    .evaluateAll((all) => all.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent?.trim() ?? '')));
  for (const shown of wall) {
    const queue = stage.day.queues.find(({ id }) => id === shown.id) as (typeof stage.day.queues)[number];
    const row = rows.find(([id]) => id === shown.id) as string[];
    const told = (name: string) => row[names.indexOf(name)];
    const { serviceLevel: level, parts } = shown;
    t.equal(told('Service level'), `${level} ${parts?.replaceAll(' ', '')}`, `${shown.id} level`);
    t.equal(`${told('Answered')} / ${told('Offered')}`, shown.answeredOfOffered);
    t.equal(told('Abandoned'), shown.abandoned);
    t.equal(told('Abandon rate')?.split(' ')[0], shown.abandonRate);
    t.equal(told('Answer rate')?.split(' ')[0], shown.answerRate);
    t.equal(told('ASA'), shown.asa);
    t.equal(told('AHT'), shown.aht);
    const counts = recount(stage.day.facts, queue, DAY_START, DAY_START + 24 * 60 * MINUTE, stage.nowMs);
    const { numerator, denominator } = FORMULAS[queue.target.formula];
    t.equal(parts, `${numerator(counts)} / ${denominator(counts)}`, `${shown.id} counted again from the facts`);
    t.equal(shown.answeredOfOffered, `${counts.answered} / ${counts.offered}`);
    t.equal(shown.abandoned, String(counts.abandoned));
    t.equal(shown.asa, formatMean(counts.sumWaitAnsweredMs / counts.answered));
    t.equal(shown.aht, formatMean((counts.sumTalkMs + counts.sumHoldMs + counts.sumWrapUpMs) / counts.answered));
  }
});

t.test('from a report to its calls to one call, also of one whose facts are gone', async (t) => {
  // A house that remembers no call any more: what it knows is in the history.
  const forgetful = createLedger({ queues: stage.day.queues, agents: [], dayStartMs: siteDay });
  const url = await served(t, { ledger: forgetful });
  const complaints: string[] = [];
  const page = await openPage(t, browser, `${url}/reports?report=queues&from=2026-11-21&lang=en`, DESK, complaints);
  await page.waitForSelector('.table-frame tbody tr');
  t.match(await text(page, '[data-figure="terms"]'), /Goal: 80% within 20 s · answered-of-offered = answered in time ÷/);
  const row = page.locator('.table-frame tbody tr', { hasText: 'cards' });
  const abandoned = row.locator('a[href*="outcome=abandonedInQueue"]');
  const figure = await abandoned.textContent();
  await abandoned.click();
  await page.waitForSelector('[data-figure="shown"]');
  t.equal(await text(page, '[data-figure="shown"]'), `${figure} listed`, 'as many as the figure says');
  t.match(
    await page.locator('[data-do="csv"]').getAttribute('href'),
    /\/api\/v1\/history\/calls\?.*outcome=abandonedInQueue.*format=csv/,
  );
  t.equal(await page.inputValue('[data-do="queue"]'), 'cards');
  await page.click('.table-frame tbody tr a');
  await page.waitForSelector('[data-part="kept"] tbody tr');
  t.match(await text(page, '[data-part="kept"]'), /from the history · Arrived 2026-11-21 [\s\S]*Abandoned/);
  await page.goBack();
  await page.waitForSelector('[data-figure="shown"]');
  // An interval leads to the calls between its ends, and a long list goes on page by page.
  await page.goto(`${url}/reports?report=intervals&by=60m&from=2026-11-21&queue=general&lang=en`);
  await page.waitForSelector('.table-frame tbody tr');
  await page.click('.table-frame tbody tr a');
  await page.waitForSelector('[data-figure="between"]');
  t.equal(await text(page, '[data-figure="between"]'), '2026-11-21 00:00 – 2026-11-21 01:00');
  await page.goto(`${url}/reports?report=calls&from=2026-11-21&lang=en`);
  await page.waitForSelector('[data-do="more"]');
  t.equal(await text(page, '[data-figure="shown"]'), '200 listed');
  await page.click('[data-do="more"]');
  await page.waitForFunction(() => document.querySelector('[data-figure="shown"]')?.textContent === '400 listed');
  await page.goto(`${url}/reports?report=agents&from=2026-11-21&lang=en`);
  await page.click('.table-frame tbody tr a');
  await page.waitForSelector('[data-do="all-agents"]');
  t.match(page.url(), /report=calls&.*agent=/);
  await looked(t, page, 'report-calls');
  await page.goto(`${url}/calls/nothing?lang=en`);
  await page.waitForSelector('main .empty');
  t.match(await text(page, 'main .empty'), /no such call/i);
  t.ok(
    complaints.every((line) => /status of 404/.test(line)),
    complaints.join('\n'),
  );
});

t.test('pages of reports, staffing and agents', async (t) => {
  const url = await served(t);
  const page = await openPage(t, browser, `${url}/reports?report=queues&from=2026-11-21&lang=en`, DESK);
  await page.waitForSelector('.table-frame tbody tr');
  const offered = stage.ledger.board(stage.nowMs).queues.find(({ queueId }) => queueId === 'general')?.today.offered;
  t.match(await text(page, '.table-frame tbody'), new RegExp(`general[\\s\\S]*\\b${offered}\\b`));
  const csv = await page.getAttribute('[data-do="csv"]', 'href');
  t.match(await (await fetch(url + csv)).text(), /general/);
  for (const report of ['agents', 'reasons', 'outcomes', 'repeat-callers', 'survey', 'intervals']) {
    await page.goto(`${url}/reports?report=${report}&from=2026-11-21&lang=en`);
    await page.waitForSelector('.table-frame tbody tr, .numbers .empty');
    t.equal(await page.locator('.trouble').count(), 0, report);
  }
  await page.waitForSelector('.pictures canvas');
  await looked(t, page, 'reports');
  await page.goto(`${url}/staffing?queue=general&day=2026-11-28&lang=en`);
  await page.waitForSelector('.pictures canvas');
  const table = await get('/api/v1/staffing?queue=general&day=2026-11-28');
  const busy = table.intervals[2];
  t.match(
    (await page.locator('.table-frame tbody tr').nth(2).locator('td').allTextContents()).join(' '),
    new RegExp(`01:00\\s+${busy.calls.toFixed(1)}[\\s\\S]*\\s${busy.agentsC}\\s+${busy.agentsA}\\s+${busy.scheduled}\\s`),
  );
  await looked(t, page, 'staffing');
  await page.goto(`${url}/agents?lang=en`);
  await page.waitForSelector('.table-frame tbody tr');
  t.match(await text(page, 'thead'), /Occupancy[\s\S]*Utilisation[\s\S]*Not ready/);
  await looked(t, page, 'agents');
});

t.test('alarms: up, over, rules; hostile words are text', async (t) => {
  const url = await served(t);
  const evil = '<img src=x onerror="window.hit=1">';
  const page = await openPage(t, browser, 'about:blank', DESK);
  const said: string[] = [];
  await page.route('**/api/v1/alarms**', (route) => {
    const { pathname } = new URL(route.request().url());
    if (route.request().method() !== 'GET') said.push(`${route.request().method()} ${pathname}`);
    if (pathname.endsWith('/acknowledge')) said.push(route.request().postData() ?? '');
    const rule = { rule: 'level-low', title: { en: evil, zh: evil }, metric: 'serviceLevel', queues: null, side: 'below' };
    const mutes = [{ queueId: null, untilMs: Date.now() + 3_600_000 }];
    return route.fulfill({
      json: pathname.endsWith('/rules')
        ? { rules: [{ ...rule, bound: 0.78, forMs: 30_000, until: 0.8, severity: 'warning', mutes }] }
        : {
            alarms: [
              anAlarm({ note: evil }),
              anAlarm({ alarmId: 'x', clearedAtMs: Date.now(), acknowledgedBy: evil, note: evil }),
            ],
          },
    });
  });
  await page.route('**/api/v1/alarms/**', (route) => route.fallback());
  await page.goto(`${url}/alarms?lang=en`);
  await page.waitForSelector('[data-part="rules"] tbody tr');
  t.match(await text(page, '[data-part="up"] tbody'), /Warning · Service level[\s\S]*77\.4% \(bound 78\.0%\)/);
  t.match(await text(page, '[data-part="over"] tbody'), /<img src=x/);
  t.match(
    await text(page, '[data-part="rules"] tbody'),
    /below 78\.0% for 0:30; until 80\.0%[\s\S]*muted until \d{4}-\d\d-\d\d \d\d:\d\d/,
  );
  t.equal(await page.locator('img').count(), 0);
  await page.fill('[data-part="up"] input[name="note"]', ' 已联系二线 <b>');
  await page.click('[data-do="acknowledge"]');
  await page.click('[data-part="rules"] [data-do="unmute"]');
  for (let n = 0; said.length < 3 && n < 50; n++) await page.waitForTimeout(20);
  const note = JSON.stringify({ note: '已联系二线 <b>' });
  t.same(said, ['POST /api/v1/alarms/level-low%2Flost-card%2F1/acknowledge', note, 'PUT /api/v1/alarms/rules/level-low/mute']);
  await looked(t, page, 'alarms');
});

t.test('a wall does not load what it does not show', async (t) => {
  const url = await served(t);
  const page = await openPage(t, browser, 'about:blank', DESK);
  const loaded: string[] = [];
  page.on('response', async (response) => loaded.push(new URL(response.url()).pathname));
  await page.goto(`${url}/wall?lang=en`);
  await page.waitForSelector('.queue');
  const scripts = loaded.filter((path) => path.endsWith('.js'));
  t.notOk(
    scripts.some((path) => /uPlot|number-pages|flow-pages|text-editor/i.test(path)),
    scripts.join(' '),
  );
  const sizes = await Promise.all(scripts.map(async (path) => (await (await fetch(url + path)).arrayBuffer()).byteLength));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  t.ok(bytes < 90_000, `${bytes} bytes of script`);
});
