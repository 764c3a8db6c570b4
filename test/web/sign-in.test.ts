import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import t from 'tap';
import type { FactKind } from '../../src/base/facts.js';
import { buildApp, type HttpDeps } from '../../src/http/app.js';
import { actionOf } from '../../src/http/audit-trail.js';
import { hashPassword } from '../../src/main/passwords.js';
import { AUDIT_WORDS, AUDITED_FACTS } from '../../src/web/audit/audit-words.js';
import { FACT_WORDS } from '../../src/web/numbers/fact-words.js';
import { aHouse, TOKENS } from '../http/house.js';
import { twoTeams } from '../http/two-teams.js';
import { flowDeskWorld } from '../support/flow-desk-world.js';
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

async function stage(t: { teardown(fn: () => unknown): void }, withUsers: boolean, more: Partial<HttpDeps> = {}) {
  const house = aHouse({
    ...more,
    webRoot: pages.root,
    bind: { host: '0.0.0.0', port: 0 },
    board: () => aMorning(Date.now()),
    live: { frameEveryMs: 50, beatEveryMs: 200 },
  });
  if (withUsers) {
    const user = { role: 'supervisor', teams: ['north'], agentId: null, password: await hashPassword(PASSWORD) } as const;
    house.users.set('li.na', { id: 'li.na', name: EVIL, ...user });
    house.users.set('root', { ...user, id: 'root', name: 'Root', role: 'admin', teams: null });
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
  t.match((await page.locator('.who').textContent()) ?? '', /li\.na · Supervisor[\s\S]*Teams: north/);
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

/** 250 changes of today, newest first; the one before the last with everything that a hostile one may write. */
function aHistory(): NonNullable<HttpDeps['history']> {
  const now = Date.now();
  const rows = Array.from({ length: 250 }, (_, at) => ({
    ...{
      atMs: now - at,
      place: 1_000 - at,
      kind: 'agents/force-status',
      by: at % 2 === 0 ? 'li.na' : 'root',
      subject: `10${at}`,
    },
    detail: JSON.stringify({ role: 'supervisor', via: 'session', address: '10.0.0.7' }),
  }));
  Object.assign(rows[1] as object, { kind: 'session/sign-in-failed', by: EVIL, subject: EVIL });
  Object.assign(rows[1] as object, { detail: JSON.stringify({ times: 7, why: EVIL, address: EVIL, role: 'constructor' }) });
  const audit = async ({ by, kind, toMs }: { by?: string; kind?: string; toMs: number }) =>
    rows.filter(
      (row) =>
        row.atMs < toMs &&
        (by ?? row.by) === row.by &&
        (kind === undefined || row.kind === kind || row.kind.startsWith(`${kind}/`)),
    );
  const reader = { audit, stand: async () => ({ position: { life: 1, seq: 1_000 }, atMs: now, missing: 0 }) };
  return { reader: reader as never, queues: [], agents: [] };
}

const told = (text: string | null): string => (text ?? '').replaceAll(/\s+/g, ' ');

t.test('the audit, for who may see it', async (t) => {
  const { url } = await stage(t, true, { history: aHistory() });
  const complaints: string[] = [];
  const page = await openPage(t, browser, `${url}/audit?lang=en`, { width: 1280, height: 800 }, complaints);
  const signIn = async (user: string) => {
    await page.fill('input[name="user"]', user);
    await page.fill('input[name="password"]', PASSWORD);
    await page.keyboard.press('Enter');
  };
  await page.waitForSelector('.sign-in input[name="password"]');
  await signIn('li.na');
  await page.waitForSelector('.trouble:has-text("Only an administrator")');
  t.equal(await page.locator('.top-bar nav a[href="/audit"]').count(), 0, 'no way there for a supervisor');
  await page.click('[data-do="sign-in-as-admin"]');
  await page.waitForSelector('dialog input[name="password"]');
  await signIn('root');
  await page.waitForSelector('.numbers tbody tr');
  await page.waitForSelector('.top-bar nav a[href="/audit"][aria-current="page"]');
  const rows = page.locator('.numbers tbody tr');
  t.equal(await rows.count(), 200);
  t.match(
    told(await rows.nth(0).textContent()),
    /li\.na Supervisor ?Set an agent's status agents\/force-status ?100 ?10\.0\.0\.7 ?–/,
  );
  const hostile = told(await rows.nth(1).textContent());
  t.match(hostile, `${EVIL} Sign-in failed session/sign-in-failed${EVIL}${EVIL}times: 7 · why: ${EVIL}`);
  t.equal(await page.locator('.numbers img').count(), 0, 'hostile words are text');
  t.same(await page.evaluate(weakContrasts, '.inside'), [], 'contrast');
  await page.screenshot({ path: join(screenshots, 'audit-en-dark.png') });
  await page.click('[data-do="older"]');
  await page.waitForFunction(() => document.querySelectorAll('.numbers tbody tr').length === 50);
  await page.click('[data-do="newest"]');
  await page.waitForFunction(() => document.querySelectorAll('.numbers tbody tr').length === 200);
  await page.selectOption('select[name="kind"]', 'session');
  await page.waitForFunction(() => document.querySelectorAll('.numbers tbody tr').length === 1);
  await page.selectOption('select[name="kind"]', '');
  await page.fill('input[name="by"]', 'root');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('.numbers tbody tr').length === 124);
  t.match(page.url(), /by=root/, 'an address that can be sent to somebody');
  await page.fill('input[name="by"]', '<b>');
  await page.waitForSelector('input[name="by"][aria-invalid="true"]');
  const file = await page.evaluate(async () => {
    const link = document.querySelector<HTMLAnchorElement>('[data-do="csv"]');
    return (await fetch(link?.href ?? '', { headers: { 'x-hotline-page': '1' } })).text();
  });
  t.equal(file.trim().split('\r\n').length, 125, 'all of the question, and the heading');
  await page.goto(`${url}/audit?lang=zh&theme=light`);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForSelector('.numbers tbody tr:has-text("登录失败")');
  t.same(await page.evaluate(weakContrasts, '.inside'), []);
  t.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing scrolls sideways');
  await page.screenshot({ path: join(screenshots, 'audit-zh-light-phone.png') });
  t.ok(onlyRefusals(complaints), complaints.join('\n'));
});

t.test('every change that the audit is told of has its words', async (t) => {
  const { flows, emergency } = await flowDeskWorld(t);
  const app = buildApp(twoTeams({ flows, emergency }));
  t.teardown(() => app.close());
  await app.ready();
  const audited = app.routeTable.filter(
    ({ method, access }) => access === 'listen' || (method !== 'GET' && /^(agentWrite|supervise|administer)$/.test(access)),
  );
  t.ok(audited.length >= 15, `${audited.length} routes`);
  const own = ['session/sign-in', 'session/sign-in-failed', 'session/sign-out', 'session/end', 'session/token-refused'];
  const actions = [...own, ...audited.map(({ method, url }) => actionOf({ method, routeOptions: { url } } as never))];
  for (const language of ['zh', 'en'] as const) {
    const { kinds } = AUDIT_WORDS[language];
    t.same(
      actions.filter((action) => !Object.hasOwn(kinds, action)),
      [],
      language,
    );
    for (const kind of AUDITED_FACTS) t.ok(FACT_WORDS[language][kind as FactKind], `${language} ${kind}`);
  }
  t.same(Object.keys(AUDIT_WORDS.zh.kinds), Object.keys(AUDIT_WORDS.en.kinds));
});
