import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import t from 'tap';
import { MINUTE } from '../../src/base/time.js';
import { buildApp } from '../../src/http/app.js';
import { createLedger } from '../../src/service-level/ledger.js';
import { applyDelta } from '../../src/service-level/live-frames.js';
import type { ReplayFrame } from '../../src/service-level/replay-frames.js';
import type { Board } from '../../src/service-level/views.js';
import { aHouse } from '../http/house.js';
import { DAY_START, siteDay } from '../support/history-world.js';
import { numbersStage } from './numbers-stage.js';
import { buildPages, openBrowser, openPage, screenshots, weakContrasts } from './stage.js';

/** The past as boards: what the API says of an hour that has been. */

// A browser on a busy machine takes its time.
t.setTimeout(180_000);
const stage = await numbersStage();
t.teardown(() => stage.close());
const app = buildApp(aHouse(stage.deps));
await app.ready();
t.teardown(() => app.close());
const get = (query: string, headers = {}) =>
  app.inject({ url: `/api/v1/replay?${query}`, headers: { host: '127.0.0.1', ...headers } });
const framesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ReplayFrame);

t.test('each frame is the board that stood there at that moment', async (t) => {
  const [from, to] = [DAY_START + 30 * MINUTE, DAY_START + 40 * MINUTE];
  const answer = await get(`from=${from}&to=${to}`);
  t.equal(answer.statusCode, 200);
  const frames = framesOf(answer.body);
  t.match(frames[0], { type: 'begin', fromMs: from, toMs: to, stepMs: 1_000 });
  t.match(frames.at(-1), { type: 'end', atMs: to, isCut: false });
  const slow = createLedger({ queues: stage.day.queues, agents: [], dayStartMs: siteDay });
  const facts = [...stage.day.facts];
  const expected = (atMs: number): Board => {
    while (facts[0] !== undefined && facts[0].atMs <= atMs) slow.add(facts.shift() as never);
    return slow.board(atMs);
  };
  let board: Board | null = null;
  let deltas = 0;
  for (const frame of frames) {
    if (frame.type === 'begin') board = frame.board;
    else if (frame.type === 'delta') board = applyDelta(board as Board, frame);
    else break;
    deltas += 1;
    t.same(JSON.parse(JSON.stringify(board)), JSON.parse(JSON.stringify(expected(board?.atMs ?? 0))), `frame ${deltas}`);
  }
  t.ok(deltas > 100, `${deltas} frames`);
});

t.test('an hour is small on the wire', async (t) => {
  const answer = await get(`from=${DAY_START + 30 * MINUTE}&to=${DAY_START + 90 * MINUTE}`, { 'accept-encoding': 'gzip' });
  t.equal(answer.headers['content-encoding'], 'gzip');
  const frames = framesOf(gunzipSync(answer.rawPayload).toString());
  t.match(frames.at(-1), { type: 'end', isCut: false });
  t.ok(answer.rawPayload.length < 1_000_000, `${answer.rawPayload.length} bytes, ${frames.length} frames`);
});

t.test('bounds, and one at a time', async (t) => {
  const refused = async (query: string) => {
    const { statusCode, body } = await get(query);
    return [statusCode, JSON.parse(body).id];
  };
  t.same(await refused(`from=${DAY_START}&to=${DAY_START + 121 * MINUTE}`), [400, 'range-too-long']);
  t.same(await refused(`from=${stage.nowMs + 1}&to=${stage.nowMs + 2}`), [409, 'not-yet']);
  t.same(await refused('from=yesterday'), [400, 'bad-request']);
  t.same(await refused(`from=${DAY_START}&to=${DAY_START}`), [400, 'bad-request']);
  const query = `from=${DAY_START}&to=${DAY_START + MINUTE}`;
  const both = await Promise.all([get(query), get(query)]);
  t.same(both.map(({ statusCode }) => statusCode).sort(), [200, 429]);
  t.equal((await get(query)).statusCode, 200, 'and then the next');
});

t.test('facts that cannot be read are told as that, and let the next one in', async (t) => {
  let isAway = true;
  const faults: string[] = [];
  const own = buildApp(
    aHouse({
      ...stage.deps,
      onFault: (error) => faults.push(error.message),
      replay: {
        async *frames(range, stepMs, signal) {
          if (isAway) throw new Error('redis is away');
          yield* (stage.deps.replay as NonNullable<typeof stage.deps.replay>).frames(range, stepMs, signal);
        },
      },
    }),
  );
  await own.ready();
  t.teardown(() => own.close());
  const ask = () =>
    own.inject({ url: `/api/v1/replay?from=${DAY_START}&to=${DAY_START + MINUTE}`, headers: { host: '127.0.0.1' } });
  const answer = await ask();
  t.same([answer.statusCode, answer.json().id], [503, 'unavailable-facts']);
  t.same(faults, ['redis is away']);
  isAway = false;
  t.equal((await ask()).statusCode, 200);
});

t.test('an hour played on the wall, plainly as past', async (t) => {
  const pages = await buildPages();
  const browser = await openBrowser();
  const own = buildApp(aHouse({ ...stage.deps, webRoot: pages.root }));
  t.teardown(async () => {
    await browser.close();
    await own.close();
    pages.remove();
  });
  await own.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(own.server.address() as { port: number }).port}`;
  const page = await openPage(t, browser, `${url}/replay?lang=en`, { width: 1440, height: 900 });
  // The clocks of Shanghai: whatever zone this machine or the browser is in.
  await page.fill('input[name="day"]', '2026-11-21');
  await page.fill('input[name="time"]', '00:30');
  await page.click('[data-do="show"]');
  await page.waitForSelector('.past .queue');
  const from = DAY_START + 30 * MINUTE;
  t.match(page.url(), new RegExp(`at=${from}&minutes=60`));
  t.match(await page.locator('.past-mark').textContent(), /This is the past, not now.*2026-11-21 00:30:00 \(Asia\/Shanghai\)/);
  t.match(
    await page.locator('[data-part="configuration"]').textContent(),
    /by the configuration of now \(queues, names, targets, thresholds, formulas\)/,
    'facts do not carry targets: the page says by which it judges',
  );
  t.equal(await page.locator('.past a').count(), 0, 'figures of the past do not lead to calls of today');
  const slow = createLedger({ queues: stage.day.queues, agents: [], dayStartMs: siteDay });
  const facts = [...stage.day.facts];
  const isAs = async (atMs: number): Promise<void> => {
    while (facts[0] !== undefined && facts[0].atMs <= atMs) slow.add(facts.shift() as never);
    const queue = slow.board(atMs).queues[0];
    await page.waitForFunction(
      ([waiting, parts]) => {
        const shown = (name: string) => document.querySelector(`.past .queue [data-figure="${name}"]`)?.textContent;
        return shown('waiting') === waiting && shown('parts') === parts;
      },
      [String(queue?.waiting), `${queue?.serviceLevel.numerator} / ${queue?.serviceLevel.denominator}`] as const,
    );
    t.pass(`the wall of ${(atMs - from) / MINUTE} minutes after`);
  };
  await isAs(from);
  await page.waitForFunction(() => /\/ 1:00:00/.test(document.querySelector('[data-figure="position"]')?.textContent ?? ''));
  const seek = async (minutes: number) =>
    page.locator('.player input[type="range"]').evaluate((field, value) => {
      (field as HTMLInputElement).value = String(value);
      field.dispatchEvent(new Event('input', { bubbles: true }));
    }, minutes * MINUTE);
  for (const minutes of [20, 40, 60]) {
    await seek(minutes);
    await isAs(from + minutes * MINUTE);
  }
  await seek(10);
  await page.selectOption('[data-do="speed"]', '60');
  const positionOf = async (of: Page) => (await of.getAttribute('.player input[type="range"]', 'aria-valuetext')) ?? '';
  const before = await positionOf(page);
  await page.click('[data-do="play"]');
  await page.waitForFunction((at) => document.querySelector('.player input')?.getAttribute('aria-valuetext') !== at, before);
  await page.click('[data-do="play"]');
  t.ok((await positionOf(page)) > before, 'it plays');
  for (const [lang, theme] of [
    ['zh', 'dark'],
    ['en', 'light'],
  ]) {
    await page.goto(`${url}/replay?at=${from}&minutes=15&lang=${lang}&theme=${theme}`);
    await page.waitForSelector('.past .queue');
    await seek(14);
    t.same(await page.evaluate(weakContrasts, '.inside'), []);
    await page.screenshot({ path: join(screenshots, `replay-${lang}-${theme}.png`), fullPage: true });
  }
});
