import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import t from 'tap';
import { buildApp, type HttpDeps } from '../../src/http/app.js';
import { folded } from '../../src/web/flows/difference-lines.js';
import { fitted, moved, neighbour, pathOf, revealed, zoomed } from '../../src/web/flows/graph-view.js';
import { spanOf, stepAt, walkedUntil } from '../../src/web/flows/replay.js';
import { FLOW_WORDS } from '../../src/web/flows/words.js';
import { aHouse, TOKENS } from '../http/house.js';
import { FlowStage } from './flow-stage.js';
import { buildPages, openBrowser, openPage, type Size, screenshots, weakContrasts } from './stage.js';

/** The pages of flows in a real browser, against the real app with the real desk of flows over a folder. */

let pages: Awaited<ReturnType<typeof buildPages>>;
let browser: Browser;
t.setTimeout(240_000);

t.before(async () => {
  pages = await buildPages();
  browser = await openBrowser();
});
t.teardown(async () => {
  await browser?.close();
  pages?.remove();
});

const DESK: Size = { width: 1280, height: 720 };
const PHONE: Size = { width: 390, height: 844 };

async function house(t: Tap.Test, change?: (folder: string) => void, more: Partial<HttpDeps> = {}, wrap = (desk: Desk) => desk) {
  const flows = await FlowStage.open(change);
  t.teardown(() => flows.close());
  const app = buildApp(
    aHouse({
      webRoot: pages.root,
      site: { name: '示范热线', timeZone: 'Asia/Shanghai', languages: ['zh', 'en'] },
      ...flows.deps(),
      flows: wrap(flows.deps().flows as Desk),
      ...more,
    }),
  );
  t.teardown(() => app.close());
  await app.listen({ host: '127.0.0.1', port: 0 });
  return { flows, url: `http://127.0.0.1:${(app.server.address() as { port: number }).port}` };
}
type Desk = NonNullable<HttpDeps['flows']>;
declare namespace Tap {
  interface Test {
    teardown(fn: () => unknown): void;
    fail(message: string): unknown;
  }
}

// As an eye reads it: lines apart, hidden parts left out.
// biome-ignore lint/performance/useDomNodeTextContent: hidden text does not count
const text = (page: Page, selector: string) => page.locator(selector).first().innerText();
const shot = (page: Page, name: string, fullPage = true) => page.screenshot({ path: join(screenshots, `${name}.png`), fullPage });
const pick = (page: Page, node: string) => page.dispatchEvent(`.graph [data-node="${node}"]`, 'click');
/** Gives the token that a change asks for. */
async function giveToken(page: Page, secret = TOKENS.admin.secret): Promise<void> {
  await page.fill('.token-form input', secret);
  await page.click('.token-form button[type="submit"]');
}
/** What a browser says of the refusals that lead to a question; everything else is a failure. */
const onlyRefusals = (complaints: readonly string[]): boolean => complaints.every((line) => /status of (401|403|409)/.test(line));

/** A morning of calls: some in the flow now, some gone on, some who gave up. */
function aMorning(flows: FlowStage, nowMs: number): void {
  const greeted = ['open-hours', 'welcome', 'language', 'language/2', 'identify', 'vip-or-main', 'main'];
  let n = 0;
  const some = (count: number, nodes: readonly string[], end: string | null) => {
    for (let i = 0; i < count; i++) flows.walk(`call-${n++}`, nowMs - 60_000 + n * 10, nodes, end);
  };
  some(30, [...greeted, 'say-agent', 'agent'], 'answered');
  some(12, [...greeted, 'balance'], 'abandonedInFlow');
  some(4, greeted, 'abandonedInFlow');
  some(3, ['open-hours', 'closed', 'goodbye'], 'contained');
  some(5, greeted, null);
  some(2, [...greeted, 'balance'], null);
}

t.test('the view of a drawing, by numbers', async (t) => {
  const node = (id: string, x: number, y: number) => ({
    id,
    kind: 'play',
    label: '',
    line: 1,
    isStart: id === 'a',
    isEnd: false,
    x,
    y,
    width: 100,
    height: 40,
  });
  const [a, b, c] = [node('a', 100, 50), node('b', 60, 150), node('c', 290, 150)];
  const drawing = { flowId: 'f' as never, version: 'v', width: 400, height: 200, nodes: [a, b, c], edges: [] };
  const whole = fitted(drawing, { width: 248, height: 148 });
  t.same(whole, { x: 24, y: 24, scale: 0.5 }, 'the whole in the middle');
  t.same(zoomed({ x: 10, y: 20, scale: 1 }, 2, 10, 20), { x: 10, y: 20, scale: 2 }, 'the point under the pointer stays');
  t.equal(zoomed(whole, 1e9, 0, 0).scale, 3);
  t.equal(zoomed(whole, 0, 0, 0).scale, 0.05);
  t.same(moved(whole, 3, -4), { x: 27, y: 20, scale: 0.5 });
  const size = { width: 500, height: 400 };
  const seen = { x: 0, y: 50, scale: 1 };
  t.equal(revealed(seen, a, size), seen, 'what is seen is left where it is');
  t.same(revealed({ x: -200, y: 50, scale: 1 }, a, size), { x: -26, y: 50, scale: 1 }, 'and moved no more than needed');
  t.equal(neighbour(drawing, a, 'ArrowDown')?.id, 'b', 'straight counts more than near');
  t.equal(neighbour(drawing, b, 'ArrowRight')?.id, 'c');
  t.equal(neighbour(drawing, a, 'ArrowUp'), null);
  t.equal(pathOf([]), '');
  t.equal(
    pathOf([
      { x: 0, y: 0 },
      { x: 1, y: 2 },
    ]),
    'M0 0L1 2',
  );
  t.equal(
    pathOf([
      { x: 0, y: 0 },
      { x: 1, y: 2 },
      { x: 3, y: 4 },
    ]),
    'M0 0Q1 2 3 4',
  );
});

t.test('a walk as a stretch of time; lines folded; all words in both languages', async (t) => {
  const step = (atMs: number, node: string, flowId = 'f') => ({ atMs, node, flowId: flowId as never, version: 'v', how: null });
  const steps = [step(1_000, 'a'), step(1_000, 'b'), step(5_000, 'x', 'sub'), step(9_000, 'c')];
  const walk = { callId: '1', steps, outcome: null, endedAtMs: null };
  t.same(spanOf(walk, 12_000), { fromMs: 1_000, toMs: 12_000 }, 'a call in progress lasts until now');
  t.same(spanOf({ ...walk, endedAtMs: 10_000 }, 99_000), { fromMs: 1_000, toMs: 10_000 });
  t.same(
    [0, 1_000, 4_999, 5_000, 99_000].map((atMs) => stepAt(steps, atMs)),
    [0, 1, 1, 2, 3],
  );
  t.equal(stepAt([], 5), -1);
  t.same([...walkedUntil(steps, 1)], ['a b']);
  t.same([...walkedUntil(steps, 3)], ['a b'], 'ways of the flow that is shown only');
  const line = (sign: ' ' | '+', text: string) => ({ sign, text });
  const lines = Array.from({ length: 20 }, (_, at) => line(at === 10 ? '+' : ' ', String(at)));
  t.same(
    folded(lines).map((part) => (typeof part === 'number' ? part : part.text)),
    [7, '7', '8', '9', '10', '11', '12', '13', 6],
  );
  const shape = (words: object): unknown =>
    Object.entries(words).map(([key, value]) => (value !== null && typeof value === 'object' ? [key, shape(value)] : key));
  t.same(shape(FLOW_WORDS.en), shape(FLOW_WORDS.zh));
});

t.test('the list, and the wall beside it', async (t) => {
  const { url, flows } = await house(t);
  aMorning(flows, Date.now());
  const page = await openPage(t, browser, `${url}/wallboard?lang=en`, DESK);
  const loaded = () => page.evaluate(() => performance.getEntriesByType('resource').map((entry) => new URL(entry.name).pathname));
  await page.waitForSelector('.wall[data-link="up"]');
  t.equal(await page.locator('.top-bar, .wall nav').count(), 0, 'no bar in the way of the wall');
  const wall = (await loaded()).filter((path) => path.endsWith('.js') || path.endsWith('.css'));
  t.notOk(
    wall.some((path) => /flow|editor/.test(path)),
    `the wall does not load the pages of flows: ${wall}`,
  );
  await page.click('[data-do="menu"]');
  await page.keyboard.press('Escape');
  t.equal(await page.locator('.page-menu nav').count(), 0, 'Escape closes the menu');
  await page.click('[data-do="menu"]');
  await page.click('.page-menu a[href="/flows"]');
  await page.waitForSelector('[data-flow="credit-card"] [data-figure="entered"]:text-is("56")');
  t.equal(new URL(page.url()).pathname, '/flows');
  t.equal(await text(page, '[data-flow="credit-card"] h2'), 'Card service hotline');
  t.equal(await text(page, '[data-flow="credit-card"] [data-figure="now"]'), '7');
  t.match(await text(page, '[data-flow="credit-card"] [data-figure="containment"]'), /6\.1%\s*3 \/ 49/);
  t.match(await text(page, '[data-flow="credit-card"] .state'), new RegExp(flows.version('credit-card')));
  t.equal(
    await text(page, '[data-flow="transport-card"] [data-figure="containment"]'),
    '–\n0 / 0',
    'nothing of nothing is a dash',
  );
  t.notOk(
    (await loaded()).some((path) => /editor/.test(path)),
    'nor does the list load the editor',
  );
  await shot(page, 'flows-list-en-dark');
  await page.goBack();
  await page.waitForSelector('.wall[data-link="up"] .queue');
  t.pass('and back to a wall that lives');
});

t.test('a token is asked for where reads are not free; looking does not allow changing', async (t) => {
  const { url } = await house(t, undefined, { bind: { host: '0.0.0.0', port: 0 } });
  const complaints: string[] = [];
  const page = await openPage(t, browser, `${url}/flows/credit-card/versions?lang=en`, DESK, complaints);
  await page.fill('.sign-in input[name="token"]', TOKENS.viewer.secret);
  await page.click('.sign-in button[type="submit"]');
  await page.waitForSelector('.versions tbody tr');
  await page.click('a[href="/flows"] >> nth=0');
  await page.click('[data-announcement="storm"] .switch');
  await page.click('[data-do="turn"]');
  await giveToken(page, TOKENS.viewer.secret);
  await page.waitForSelector('.dialog .wrong:has-text("may not do this")');
  await page.click('[data-do="turn"]');
  await page.waitForSelector('.token-form');
  t.pass('who may not is told so, and may give another token');
  await page.keyboard.press('Escape');
  await page.waitForSelector('.token-form', { state: 'detached' });
  t.equal(await page.locator('.dialog blockquote').count(), 2, 'giving up leaves the question as it was');
  t.ok(onlyRefusals(complaints), complaints.join('\n'));
});

t.test('a refused file is told on list and flow', async (t) => {
  const { url, flows } = await house(t);
  const page = await openPage(t, browser, `${url}/flows?lang=en`, DESK);
  await page.waitForSelector('[data-flow="credit-card"]');
  flows.write('credit-card', flows.text('credit-card').replace('next: language', 'next: langage'));
  writeFileSync(join(flows.folder, 'stray.yaml'), 'flow: [');
  await page.waitForSelector('[data-flow="credit-card"] .refused [data-rule="unknown-node"]');
  t.match(await text(page, '[data-flow="credit-card"] .refused'), /old version is still in use[\s\S]*line \d+:\d+[\s\S]*langage/);
  await page.waitForSelector('[data-file="stray.yaml"]');
  await shot(page, 'flows-refused-en-dark');
  await page.click('[data-flow="credit-card"] h2 a');
  await page.waitForSelector('.heading ~ .refused [data-rule="unknown-node"]');
  await page.waitForSelector('.graph [data-node="language"]');
  t.pass('and the old drawing is shown');
});

t.test('the drawing follows the callers', async (t) => {
  const { url, flows } = await house(t);
  aMorning(flows, Date.now());
  const page = await openPage(t, browser, `${url}/flows/credit-card?lang=en`, DESK);
  await page.waitForSelector('.node[data-node="main"] [data-badge="now"]');
  const badge = (node: string, kind: string) => page.locator(`.node[data-node="${node}"] [data-badge="${kind}"]`).textContent();
  t.equal(await badge('main', 'now'), '● 5');
  t.equal(await badge('main', 'gave-up'), '✕ 4');
  t.equal(await badge('main', 'entered'), '53');
  t.equal(await page.getAttribute('.node[data-node="main"]', 'data-heat'), '5');
  t.equal(await page.getAttribute('.node[data-node="lost-card"]', 'data-heat'), '0', 'where nobody was there is no colour');
  t.match(await page.locator('[data-edge="main say-agent"]').textContent(), /30$/, 'and how many went that way');
  flows.walk('late', Date.now() - 7_000, ['open-hours', 'welcome', 'language', 'language/1', 'identify', 'vip-or-main', 'main']);
  await page.waitForSelector('.node[data-node="main"] [data-badge="now"]:has-text("6")');
  t.pass('a caller who has just come is there within two seconds or so');
  await pick(page, 'main');
  const panel = async (name: string) => text(page, `[data-panel="main"] [data-figure="${name}"]`);
  t.equal(await panel('entered'), '54');
  t.equal(await panel('now'), '6');
  t.match(await panel('gaveUp'), /^4\s*7\.4%$/);
  t.match(await text(page, '.node-panel .taken'), /say-agent\s*30\s*68\.2%\s*balance\s*14\s*31\.8%/);
  await page.waitForSelector('[data-figure="entered"]:text-is("57")');
  t.equal(await text(page, '.day-figures [data-figure="toQueue"]'), '0', 'only a call that was queued has reached a queue');
  t.match(await text(page, '.paths'), /30\s+open-hours → welcome/);
  await shot(page, 'flow-en-dark');

  await page.focus('.graph [tabindex="0"]');
  await page.keyboard.press('ArrowUp');
  t.not(await page.getAttribute('.node[aria-pressed="true"]', 'data-node'), 'main', 'arrows lead from node to node');
  const view = () => page.getAttribute('.canvas > g', 'transform');
  const before = await view();
  await page.keyboard.press('+');
  t.not(await view(), before, 'plus zooms');
  await page.keyboard.press('0');
  const whole = await page.evaluate(() => {
    const canvas = document.querySelector('.canvas')?.getBoundingClientRect() as DOMRect;
    return [...document.querySelectorAll('.node .box')].every((box) => {
      const own = box.getBoundingClientRect();
      return own.left >= canvas.left && own.right <= canvas.right && own.top >= canvas.top && own.bottom <= canvas.bottom;
    });
  });
  t.ok(whole, 'and 0 shows the whole');
  const fit = await view();
  const box = (await page.locator('.canvas').boundingBox()) as { x: number; y: number };
  await page.mouse.move(box.x + 20, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + 120, box.y + 60, { steps: 4 });
  await page.mouse.up();
  t.not(await view(), fit, 'a hand drags it');
  await page.mouse.wheel(0, -200);
  t.not(await view(), fit);

  await page.selectOption('.day-picker select', { index: 1 });
  await page.waitForSelector('.day-figures [data-figure="entered"]:text-is("0")');
  t.equal(await page.locator('[data-badge="now"]:not(li)').count(), 0, 'yesterday is another day');
  await page.click('.node-panel a.button');
  await page.waitForSelector('.editor-host');
  t.match(page.url(), /\/flows\/credit-card\/edit\?line=\d+$/);
});

t.test('break a flow, see it at its line, mend it, publish, roll back', async (t) => {
  const { url, flows } = await house(t);
  const complaints: string[] = [];
  const page = await openPage(t, browser, `${url}/flows/credit-card?lang=en`, DESK, complaints);
  const first = flows.version('credit-card');
  const lines = flows.text('credit-card').split('\n');
  const at = lines.findIndex((line) => line.trim() === 'next: language') + 1;
  await page.waitForSelector('.graph [data-node="welcome"]');
  await pick(page, 'welcome');
  await page.click('.node-panel a.button');
  await page.waitForSelector('.editor-host >> .cm-activeLine:has-text("welcome:")');
  t.ok(await page.isDisabled('[data-do="save"]'), 'nothing to save yet');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.waitForSelector('.editor-host >> .cm-activeLine:has-text("next: language")');
  t.equal(await page.getAttribute('.drawn .node[aria-pressed="true"]', 'data-node'), 'welcome', 'the node of the line is marked');

  await page.keyboard.press('End');
  await page.keyboard.type('x');
  await page.waitForSelector(`.check [data-rule="unknown-node"][data-line="${at}"]`);
  t.match(await text(page, '.check h2'), /1 error[\s\S]*Mend the errors first/);
  t.equal(await page.locator('.editor-host >> .cm-lintRange-error').textContent(), 'languagex', 'underlined where it stands');
  t.equal(await page.locator('.editor-host >> .cm-lint-marker-error').count(), 1, 'and in the margin');
  t.ok(await page.isDisabled('[data-do="save"]'));
  t.match(await text(page, '.drawn'), /last drawing without/);
  await shot(page, 'editor-broken-en-dark');
  await page.keyboard.press('Control+Home');
  await page.click('.check .finding');
  await page.waitForSelector('.editor-host >> .cm-activeLine:has-text("languagex")');
  t.pass('a press on the finding leads to its line');

  await page.keyboard.press('Control+z');
  await page.waitForSelector('.check[data-errors="0"][data-checking="false"]');
  t.ok(await page.isDisabled('[data-do="save"]'), 'undone: the text is as it was');
  await page.keyboard.press('Control+Shift+Z');
  await page.waitForSelector('.check[data-errors="1"]');
  await page.keyboard.press('End');
  await page.keyboard.press('Backspace');
  await page.click('.editor-host >> .cm-line:has-text("welcome: { zh: 您好")');
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await page.keyboard.type('news: { zh: 新服务, en: "<img src=x onerror=alert(1)>" }');
  await page.waitForSelector('.check[data-errors="0"][data-checking="false"]');
  t.match(await text(page, '.check'), /warning|Nothing found/);

  await page.click('.tabs a[href$="/versions"]');
  await page.waitForSelector('.dialog:has-text("not saved")');
  await page.click('.dialog button:has-text("Stay")');
  t.match(page.url(), /\/edit/, 'leaving is asked for');
  await page.goBack();
  await page.waitForSelector('.dialog:has-text("not saved")');
  await page.click('.dialog button:has-text("Stay")');
  t.match(page.url(), /\/edit/, 'a step back too');
  page.once('dialog', (dialog) => void dialog.accept());
  await page.reload();
  await page.waitForSelector('.done:has-text("unsaved text")');
  await page.waitForSelector('.editor-host >> .cm-line:has-text("新服务")');
  t.pass('the text has outlived a reload');

  await page.click('[data-do="save"]');
  await page.waitForSelector('.dialog .compared');
  t.match(await text(page, '.compared [data-sign="+"]'), /^\+ {3}news: \{ zh: 新服务/, 'the difference is seen first');
  t.equal(await page.locator('.compared [data-sign="-"]').count(), 0);
  await shot(page, 'editor-publish-en-dark', false);
  await page.click('[data-do="publish"]');
  t.equal(await page.locator('.token-form').count(), 0, 'without a note nothing is sent');
  await page.fill('.dialog input[name="note"]', 'tell of the news <b>');
  await page.click('[data-do="publish"]');
  await page.waitForSelector('.token-form');
  await giveToken(page, 'wrong-token-0123456789');
  await page.waitForSelector('.token-form .wrong:has-text("not known")');
  await giveToken(page);
  await page.waitForSelector('.done:has-text("is live")');
  const second = flows.version('credit-card');
  t.not(second, first);
  t.match(flows.text('credit-card'), /news: \{ zh: 新服务/, 'the file is the new text');
  t.equal(await text(page, '.heading [data-figure="version"]'), second);
  t.ok(await page.isDisabled('[data-do="save"]'));
  t.notMatch(await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]) + document.cookie), TOKENS.admin.secret);

  await page.click('.tabs a[href$="/versions"]');
  await page.waitForSelector(`tr[data-version="${second}"][data-live="true"]`);
  t.match(await text(page, `tr[data-version="${second}"]`), /root\s*page[\s\S]*tell of the news <b>/);
  await page.waitForSelector('.changed-prompts');
  t.match(await text(page, '.changed-prompts tbody'), /news\s*zh\s*–\s*新服务[\s\S]*<img src=x/, 'hostile words are words');
  t.equal(await page.locator('.sheet img').count(), 0);
  await shot(page, 'versions-en-dark');
  await page.click(`tr[data-version="${first}"] [data-do="roll-back"]`);
  await page.waitForSelector('.dialog .compared');
  await page.fill('.dialog input[name="note"]', 'too early');
  await page.click('.dialog button[type="submit"]');
  await page.waitForSelector('.done:has-text("Rolled back")');
  t.equal(flows.version('credit-card'), first, 'asked for a token once only');
  await page.waitForSelector(`tr[data-version="${first}"][data-live="true"]:has-text("too early")`);
  t.equal(flows.text('credit-card'), lines.join('\n'));
  t.ok(onlyRefusals(complaints), complaints.join('\n'));
});

t.test('somebody else was faster', async (t) => {
  const { url, flows } = await house(t);
  const complaints: string[] = [];
  const page = await openPage(t, browser, `${url}/flows/transport-card/edit?lang=en`, DESK, complaints);
  await page.waitForSelector('.editor-host >> .cm-content');
  const first = flows.version('transport-card');
  await page.click('.editor-host >> .cm-line:has-text("The city transport card")');
  await page.keyboard.press('End');
  await page.keyboard.type(' Mine.');
  await page.waitForSelector('[data-do="save"]:not(:disabled)');
  await page.click('[data-do="save"]');
  await page.waitForSelector('.dialog .compared');
  flows.write('transport-card', flows.text('transport-card').replace('tries: 3', 'tries: 2'));
  while (flows.version('transport-card') === first) await page.waitForTimeout(50);
  await page.fill('.dialog input[name="note"]', 'mine');
  await page.click('[data-do="publish"]');
  await giveToken(page);
  await page.waitForSelector('.dialog:has-text("Another version went live") .changed-nodes');
  t.match(await text(page, '.dialog [data-changed-node="main"]'), /tries: 3 → 2/, 'what they changed is told');
  await shot(page, 'editor-outdated-en-dark', false);
  await page.click('[data-do="rebase"]');
  await page.waitForSelector('.dialog', { state: 'detached' });
  await page.click('[data-do="save"]');
  await page.waitForSelector('.dialog .compared [data-sign="-"]');
  t.match(await text(page, '.dialog .compared'), /- .*tries: 2[\s\S]*\+ .*tries: 3/, 'and what would be undone is seen');
  await page.click('.dialog button:has-text("Cancel")');
  await page.click('[data-do="discard"]');
  await page.click('.dialog [data-do="yes"]');
  await page.waitForSelector('.editor-host >> .cm-line:has-text("tries: 2")');
  t.equal(await page.evaluate(() => sessionStorage.length), 0, 'a discarded text is gone');
  t.ok(onlyRefusals(complaints), complaints.join('\n'));
});

t.test('a text that may not be saved here; parts that do not come', async (t) => {
  const { url } = await house(t, undefined, {}, (desk) => ({
    ...desk,
    detail: async (...of) => {
      const detail = await desk.detail(...of);
      return detail && { ...detail, readOnly: 'the folder of flows cannot be written (EROFS)' };
    },
  }));
  const page = await openPage(t, browser, `${url}/flows/credit-card/edit?lang=en`, DESK);
  await page.waitForSelector('.trouble:has-text("Read only: the folder of flows cannot be written (EROFS)")');
  await page.click('.editor-host >> .cm-line:has-text("flow: credit-card")');
  await page.keyboard.type('xyz');
  await page.keyboard.press('Enter');
  t.equal(await page.locator('.dirty').count(), 0, 'nothing can be typed into it');
  const complaints: string[] = [];
  const other = await openPage(t, browser, `${url}/flows?lang=en`, DESK, complaints);
  await other.waitForSelector('.flow-card');
  await other.route(/text-editor/, (route) => route.abort());
  await other.click('[data-flow="credit-card"] a[href$="/edit"]');
  await other.waitForSelector('[role="alert"]:has-text("Load again")');
  await other.unroute(/text-editor/);
  await other.click('button:has-text("Load again")');
  await other.waitForSelector('.editor-host >> .cm-content');
  t.match(complaints, [/ERR_FAILED/]);
});

t.test('a walk is played over the drawing', async (t) => {
  const { url, flows } = await house(t);
  const began = Date.now() - 60_000;
  const nodes = ['open-hours', 'welcome', 'language', 'language/2', 'identify', 'vip-or-main', 'main', 'say-agent', 'agent'];
  flows.walk('call-1', began, nodes, 'answered');
  const page = await openPage(t, browser, `${url}/flows/credit-card?lang=en`, DESK);
  await page.click('.latest a[href="/calls/call-1"]');
  await page.waitForSelector('.steps [data-step="0"][aria-current="step"]');
  const here = () => page.getAttribute('.node[aria-pressed="true"]', 'data-node');
  await page.waitForSelector('.node[data-node="open-hours"][aria-pressed="true"]');
  t.equal(await page.locator('.steps li').count(), nodes.length);
  t.match(await text(page, '[data-step="2"]'), /language\s*key 2, language en/);
  await page.click('[data-do="on"]');
  t.equal(await here(), 'welcome');
  t.equal(await page.locator('.edge[data-walked="true"]').count(), 1);
  await page.click('[data-step="6"] button');
  t.equal(await here(), 'main');
  t.equal(await page.locator('.edge[data-walked="true"]').count(), 6, 'the way so far');
  await shot(page, 'walk-en-dark');
  await page.click('[data-do="back"]');
  t.equal(await here(), 'vip-or-main');
  await page.selectOption('.speed select', '60');
  await page.click('[data-do="play"]');
  await page.waitForSelector('.node[data-node="agent"][aria-pressed="true"]');
  await page.waitForSelector('.player[data-playing="false"]');
  t.pass('played to its end, and stopped there');
  t.match(await text(page, '.heading'), /call-1[\s\S]*answered/);
});

t.test('the switch of emergency announcements', async (t) => {
  const { url, flows } = await house(t);
  const complaints: string[] = [];
  const page = await openPage(t, browser, `${url}/flows?lang=en`, DESK, complaints);
  await page.click('[data-announcement="storm"] .switch');
  await page.waitForSelector('.dialog blockquote');
  t.match(
    await text(page, '.dialog'),
    /因台风暂停服务[\s\S]*Closed because of the typhoon[\s\S]*the call is ended/,
    'what callers will hear',
  );
  await shot(page, 'emergency-en-dark', false);
  await page.check('.dialog input[value="some"]');
  await page.click('[data-do="turn"]');
  await page.waitForSelector('.dialog .wrong:has-text("at least one number")');
  await page.check('.dialog input[value="95589"]');
  await page.click('[data-do="turn"]');
  await giveToken(page, TOKENS.supervisor.secret);
  await page.waitForSelector('[data-announcement="storm"][data-on="true"]');
  const storm = () => flows.emergency.list().find((one) => one.announcement === 'storm');
  t.match(storm(), { on: true, numbers: ['95589'], by: 'sue' });
  t.match(await text(page, '[data-announcement="storm"]'), /On\s*95589[\s\S]*by sue/);
  await page.click('[data-announcement="storm"] .switch');
  await page.click('[data-do="turn"]');
  await page.waitForSelector('[data-announcement="storm"][data-on="false"]');
  t.match(storm(), { on: false });
  t.ok(onlyRefusals(complaints), complaints.join('\n'));
});

t.test('hostile words, Chinese, light, a phone, contrast', async (t) => {
  const evil = '<img src=x onerror="window.hit=1">';
  const { url, flows } = await house(t, (folder) => {
    const file = join(folder, 'transport-card.yaml');
    const text =
      'flow: transport-card\ntitle: { zh: EVIL, en: EVIL }\nlanguages: [zh]\nstart: a\nprompts: { p: { zh: EVIL } }\nnodes:\n  a: { play: p, hangup: true }\n';
    writeFileSync(file, text.replaceAll('EVIL', JSON.stringify(evil)));
  });
  aMorning(flows, Date.now());
  const page = await openPage(t, browser, `${url}/flows?lang=zh&theme=light`, DESK);
  await page.waitForSelector('[data-flow="transport-card"]');
  t.equal(await page.locator('[data-flow="transport-card"] h2').textContent(), evil);
  await page.click('[data-flow="transport-card"] h2 a');
  await page.waitForSelector('.graph [data-node="a"]');
  t.match(await page.locator('.graph [data-node="a"] .label').textContent(), /^<img/);
  t.equal(await page.locator('.sheet img').count(), 0);
  t.equal(await page.evaluate(() => (window as unknown as { hit?: number }).hit), undefined);

  const views: ReadonlyArray<readonly [path: string, ready: string, name: string]> = [
    ['/flows', '[data-flow="credit-card"] [data-figure="entered"]:text-is("56")', 'list'],
    ['/flows/credit-card', '.node [data-badge="now"]', 'flow'],
    ['/flows/credit-card/edit', '.editor-host >> .cm-content', 'edit'],
    ['/flows/credit-card/versions', '.versions tbody tr', 'versions'],
    ['/calls/call-1', '.steps [aria-current]', 'walk'],
  ];
  for (const theme of ['light', 'dark']) {
    for (const [path, ready, name] of views) {
      await page.setViewportSize(DESK);
      await page.goto(`${url}${path}?lang=zh&theme=${theme}`);
      await page.waitForSelector(ready);
      t.same(await page.evaluate(weakContrasts, '.inside'), [], `${name} ${theme}: every text stands out by 4.5:1`);
      t.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name}: nothing to scroll sideways`);
      await shot(page, `${name}-zh-${theme}`);
      await page.setViewportSize(PHONE);
      await page.waitForSelector(ready);
      t.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name}: nor on a phone`);
      const small = await page
        .locator('.inside button:visible, .inside a.button:visible')
        .evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().height < 30).map((one) => one.textContent));
      t.same(small, [], `${name}: a thumb can hit them`);
      if (theme === 'light') await shot(page, `${name}-phone-zh-light`);
    }
  }
});
