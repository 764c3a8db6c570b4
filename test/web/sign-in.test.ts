import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import t from 'tap';
import { buildApp } from '../../src/http/app.js';
import { hashPassword } from '../../src/main/passwords.js';
import { aHouse, TOKENS } from '../http/house.js';
import { aMorning, buildPages, openBrowser, openPage, screenshots, weakContrasts } from './stage.js';

/** Signing in and out in a real browser. */

let pages: Awaited<ReturnType<typeof buildPages>>;
let browser: Browser;
t.setTimeout(180_000);
t.before(async () => {
  pages = await buildPages();
  browser = await openBrowser();
});
t.teardown(async () => {
  await browser?.close();
  pages?.remove();
});

const PASSWORD = 'correct horse 9';
const EVIL = '<img src=x onerror=alert(1)> 李娜';

async function stage(t: { teardown(fn: () => unknown): void }, withUsers: boolean) {
  const house = aHouse({
    webRoot: pages.root,
    bind: { host: '0.0.0.0', port: 0 },
    board: () => aMorning(Date.now()),
    live: { frameEveryMs: 50, beatEveryMs: 200 },
  });
  if (withUsers) {
    const user = { role: 'supervisor', teams: ['north'], agentId: null, password: await hashPassword(PASSWORD) } as const;
    house.users.set('li.na', { id: 'li.na', name: EVIL, ...user });
  }
  const app = buildApp(house);
  t.teardown(() => app.close());
  await app.listen({ host: '127.0.0.1', port: 0 });
  return { house, url: `http://127.0.0.1:${(app.server.address() as { port: number }).port}` };
}
const onlyRefusals = (complaints: readonly string[]): boolean =>
  complaints.every((line) => /status of (401|403|404|429|503)/.test(line));

t.test('by account and password, back to where one was, and out again', async (t) => {
  const { url, house } = await stage(t, true);
  const complaints: string[] = [];
  const page = await openPage(t, browser, `${url}/flows?lang=en`, { width: 1280, height: 800 }, complaints);
  await page.waitForSelector('.sign-in input[name="password"]');
  t.equal(await page.locator('.sign-in input[name="token"]').count(), 0, 'a token is for walls, and asked for');
  t.same(await page.evaluate(weakContrasts, '.sign-in'), [], 'contrast');
  await page.screenshot({ path: join(screenshots, 'sign-in-password-en-dark.png') });
  await page.fill('input[name="user"]', 'li.na');
  await page.fill('input[name="password"]', 'wrong horse 9');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.sign-in .wrong:has-text("not right")');
  t.equal(await page.inputValue('input[name="password"]'), '', 'and the field is empty again');
  await page.fill('input[name="password"]', PASSWORD);
  await page.click('.sign-in button[type="submit"]');
  await page.waitForSelector('.top-bar .who');
  t.equal(new URL(page.url()).pathname, '/flows');
  t.equal((await page.locator('.who summary').textContent())?.trim(), EVIL, 'a hostile name is text');
  t.equal(await page.locator('.who img').count(), 0);
  await page.click('.who summary');
  t.match(await page.locator('.who').innerText(), /li\.na · Supervisor[\s\S]*Teams: north/);
  t.same(await page.evaluate(weakContrasts, '.who'), []);
  await page.screenshot({ path: join(screenshots, 'who-am-i-en-dark.png') });
  t.notMatch(
    await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]) + document.cookie),
    /horse|hotline_session/,
  );
  await page.click('[data-do="sign-out"]');
  await page.waitForSelector('.sign-in');
  t.equal(house.sessions.sessions.size, 0, 'and the server knows it');
  t.ok(onlyRefusals(complaints), complaints.join('\n'));
});

t.test('a wall by token; it says when sign-ins are away and comes back by itself', async (t) => {
  const { url, house } = await stage(t, true);
  const complaints: string[] = [];
  const page = await openPage(t, browser, `${url}/flows?lang=zh&theme=light`, { width: 390, height: 844 }, complaints);
  await page.click('[data-do="other-way"]');
  await page.screenshot({ path: join(screenshots, 'sign-in-token-zh-light-phone.png') });
  t.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing scrolls sideways');
  house.sessions.isAway = true;
  await page.fill('input[name="token"]', TOKENS.viewer.secret);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.wrong:has-text("目前无法登录")');
  house.sessions.isAway = false;
  await page.fill('input[name="token"]', TOKENS.viewer.secret);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.top-bar .who');
  t.ok(onlyRefusals(complaints), complaints.join('\n'));
});

t.test('without any account the page says how to add one', async (t) => {
  const { url } = await stage(t, false);
  const complaints: string[] = [];
  const page = await openPage(t, browser, `${url}/flows?lang=en`, undefined, complaints);
  await page.waitForSelector('.no-users code:has-text("hotline user add NAME --role admin")');
  t.equal(await page.locator('.sign-in input').count(), 1, 'and asks for a token');
  t.same(await page.evaluate(weakContrasts, '.sign-in'), []);
  t.ok(onlyRefusals(complaints), complaints.join('\n'));
});
