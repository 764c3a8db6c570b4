import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { buildPagesInto } from '../../scripts/build-pages.mjs';
import type { AgentView, Board, QueueView, WaitingCallView } from '../../src/service-level/views.js';
import { aCaller, anAgent, aQueue } from '../http/house.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
export const screenshots = join(project, '.cache', 'screenshots');

/** The pages as the build makes them, in a folder of their own. */
export async function buildPages(): Promise<{ root: string; remove: () => void }> {
  const root = mkdtempSync(join(tmpdir(), 'hotline-web-'));
  await buildPagesInto(root);
  mkdirSync(screenshots, { recursive: true });
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** A browser that speaks to nobody but us. */
export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-quic',
      '--force-color-profile=srgb',
    ],
  });
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Opens a page in a context of its own; anything that the browser complains about is a failure, unless `complaints` takes it. */
export async function openPage(
  t: { teardown(fn: () => unknown): void; fail(message: string): unknown },
  browser: Browser,
  url: string,
  size: Size = { width: 1920, height: 1080 },
  complaints?: string[],
): Promise<Page> {
  const context = await browser.newContext({ viewport: size, locale: 'en-US', colorScheme: 'dark' });
  t.teardown(() => context.close());
  // The compiler names functions with a helper of its own, which does not travel into the page.
  await context.addInitScript('globalThis.__name = (named) => named');
  const page = await context.newPage();
  page.setDefaultTimeout(8_000);
  const complain = (text: string) => (complaints === undefined ? t.fail(`the browser says: ${text}`) : complaints.push(text));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complain(message.text()));
  page.on('pageerror', (error) => complain(error.message));
  page.on('request', (request) => new URL(request.url()).hostname !== '127.0.0.1' && complain(`asks ${request.url()}`));
  await page.goto(url);
  return page;
}

/** Runs in the page: texts below `selector` whose colour stands out from the ground behind it by less than 4.5:1. Text in a drawing stands on its box. */
export function weakContrasts(selector: string): string[] {
  const parse = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = ([r = 0, g = 0, b = 0]: number[]) => {
    const [x = 0, y = 0, z = 0] = [r, g, b].map((c) =>
      c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element: Element | null): number[] => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || (color[3] ?? 0) > 0.99) return color;
    }
    return [255, 255, 255];
  };
  const weak: string[] = [];
  for (const element of document.querySelectorAll(`${selector} *`)) {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
    // What cannot be pressed now may be faint.
    if (!own || element.closest(':disabled') !== null) continue;
    const style = getComputedStyle(element);
    const box = element.closest('.badge, .node')?.querySelector('rect');
    const isDrawn = element instanceof SVGElement;
    const behind = isDrawn && box != null ? parse(getComputedStyle(box).fill) : ground(element);
    const [a, b] = [luminance(parse(isDrawn ? style.fill : style.color)), luminance(behind)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) weak.push(`${element.getAttribute('class')} "${element.textContent}" ${ratio.toFixed(2)}`);
  }
  return weak;
}

const NAMES = [
  '李晓明',
  '王芳',
  '张伟',
  '刘洋',
  '陈静',
  '杨帆',
  '赵磊',
  '黄丽',
  '周杰',
  '吴敏',
  '徐涛',
  '孙悦',
  '马超',
  '朱琳',
  '胡斌',
  '郭雪',
  '何勇',
  '高翔',
];

/** A busy morning, seen at `nowMs`. */
export function aMorning(nowMs: number): Board {
  const line = (...waits: ReadonlyArray<readonly [seconds: number, vip?: boolean]>): WaitingCallView[] =>
    waits.map(([seconds, vip], i) => aCaller(i + 17, nowMs - seconds * 1_000, vip === true));
  const staff = (idle: number, ringing: number, talking: number, wrapUp: number, notReady: number) => ({
    signedIn: idle + ringing + talking + wrapUp + notReady,
    idle,
    ringing,
    talking,
    wrapUp,
    notReady,
  });
  const general: QueueView = {
    ...aQueue(
      'general',
      { zh: '综合服务', en: 'General service' },
      {
        offered: 412,
        answered: 385,
        answeredInTime: 341,
        abandoned: 22,
        waitingLate: 1,
        sumWaitAnsweredMs: 385 * 11_400,
        sumTalkMs: 385 * 171_000,
        sumWrapUpMs: 385 * 21_000,
      },
      line([4, true], [26], [17], [12], [3]),
    ),
    agents: staff(0, 2, 9, 2, 2),
  };
  const lost: QueueView = {
    ...aQueue(
      'lost-card',
      { zh: '挂失', en: 'Lost card' },
      {
        offered: 57,
        answered: 56,
        answeredInTime: 54,
        abandoned: 1,
        sumWaitAnsweredMs: 56 * 4_200,
        sumTalkMs: 56 * 96_000,
        sumWrapUpMs: 56 * 12_000,
      },
      [],
      0.95,
    ),
    agents: staff(2, 0, 1, 0, 0),
  };
  const transport: QueueView = {
    ...aQueue('transport', { zh: '交通卡服务', en: 'Transport card' }),
    agents: staff(1, 0, 0, 0, 1),
  };
  const did: ReadonlyArray<Partial<AgentView>> = [
    { state: 'talking', sinceMs: nowMs - 92_000 },
    { state: 'idle', sinceMs: nowMs - 14_000 },
    { state: 'ringing', sinceMs: nowMs - 4_000 },
    { state: 'talking', sinceMs: nowMs - 341_000 },
    { state: 'wrapUp', sinceMs: nowMs - 11_000 },
    { status: 'notReady', reason: 'break', sinceMs: nowMs - 512_000 },
    { state: 'talking', sinceMs: nowMs - 18_000 },
    { status: 'notReady', reason: 'rona', sinceMs: nowMs - 47_000, ronaToday: 1 },
    { state: 'onHold', sinceMs: nowMs - 31_000 },
  ];
  const agents = NAMES.map((name, i) => anAgent(String(1001 + i), { name, answeredToday: 20 + i, ...did[i % did.length] }));
  return {
    seq: 48_213,
    atMs: nowMs,
    queues: [general, lost, transport],
    agents: [...agents, anAgent('1099', { name: '真人坐席', status: 'loggedOut', sinceMs: nowMs })],
    switches: [
      { switchId: 'asterisk-a', up: true, detail: 'Asterisk 22', sinceMs: nowMs - 1e6 },
      { switchId: 'freeswitch-b', up: false, detail: 'connection refused', sinceMs: nowMs - 1e4 },
    ],
    callsNow: 21,
    alarms: [],
  };
}
