import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { buildPagesInto } from '../../scripts/build-pages.mjs';
import { sureBounds } from '../../src/service-level/outlook.js';
import type { AgentView, AlarmView, Board, QueueView, WaitingCallView } from '../../src/service-level/views.js';
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

/** What a queue says beside its counts, of a day that has gone on for a while. */
export function withOutlook(queue: QueueView, more: Partial<QueueView['outlook']> = {}, trend?: QueueView['trend']): QueueView {
  const { numerator, denominator } = queue.serviceLevel;
  const good = [9, 11, 10, 12, 8, 9, 7, 6, 9, 11, 10, 5];
  return {
    ...queue,
    sure: sureBounds(numerator, denominator),
    trend: trend ?? good.map((n, at): readonly [number, number] => (denominator === 0 || at === 3 ? [0, 0] : [n, 12])),
    recent: {
      ...queue.recent,
      m15: { ...queue.recent.m15, numerator: 26, denominator: 36, share: 26 / 36, offered: 38, answered: 34, abandoned: 2 },
    },
    waits: { p50Ms: 8_000, p95Ms: 41_000, p99Ms: 73_000 },
    estimateError: { calls: 214, meanAbsMs: 9_400, biasMs: -1_200 },
    outlook: { ...queue.outlook, callsPerHour: 152, ahtMs: 192_000, patienceMs: 120_000, ...more },
  };
}

export const anAlarm = (more: Partial<AlarmView> = {}): AlarmView => ({
  alarmId: 'level-low/lost-card/1',
  rule: 'level-low',
  queueId: 'lost-card' as AlarmView['queueId'],
  metric: 'serviceLevel',
  severity: 'warning',
  value: 0.774,
  bound: 0.78,
  raisedAtMs: Date.now() - 95_000,
  clearedAtMs: null,
  acknowledgedBy: null,
  acknowledgedAtMs: null,
  note: '',
  mutedUntilMs: null,
  ...more,
});

const HALL_QUEUES: ReadonlyArray<readonly [id: string, zh: string, en: string]> = [
  ['general', '综合服务', 'General service'],
  ['lost-card', '挂失', 'Lost card'],
  ['credit-card', '信用卡账单与分期', 'Credit card bills and instalments'],
  ['loans', '个人贷款', 'Personal loans'],
  ['mobile', '手机银行', 'Mobile bank'],
  ['complaints', '投诉与建议', 'Complaints'],
  ['transport', '交通卡服务', 'Transport card'],
  ['english', '英语专线', 'English line'],
];

/** A hall at its busiest: eight queues, sixty agents, two alarms. */
export function aHall(nowMs: number): Board {
  const queues = HALL_QUEUES.map(([id, zh, en], at) => {
    const offered = 40 + at * 61;
    const inTime = Math.round(offered * (0.97 - at * 0.055));
    const waits = [44, 31, 19, 15, 11, 7, 3].slice(0, (at * 3) % 8);
    const counts = { offered, answered: offered - 9, answeredInTime: Math.min(inTime, offered - 9), abandoned: 6 };
    const sums = { sumWaitAnsweredMs: offered * 9_300, sumTalkMs: offered * 151_000, sumWrapUpMs: offered * 22_000 };
    const callers = waits.map((seconds, i) => aCaller(at * 10 + i, nowMs - seconds * 1_000, i === 1));
    const late = waits.filter((seconds) => seconds > 20).length;
    const queue = withOutlook(aQueue(id, { zh, en }, { ...counts, ...sums, waitingLate: late }, callers), {
      goodInARow: at * 9,
      expectedRest: 180 - at * 20,
      restShare: 0.7 + at * 0.05,
      agentsPresent: 12,
      agentsNeeded: 9 + at,
    });
    const own = { idle: at % 3, ringing: at % 2, talking: 5 + at, wrapUp: 2, notReady: 1 };
    return { ...queue, agents: { ...own, signedIn: own.idle + own.ringing + own.talking + own.wrapUp + own.notReady } };
  });
  const agents = Array.from({ length: 60 }, (_, i) =>
    anAgent(String(1001 + i), {
      name: `${NAMES[i % NAMES.length]}${i >= NAMES.length ? Math.floor(i / NAMES.length) + 1 : ''}`,
      busyTodayMs: 5_000_000 + i * 90_000,
      idleTodayMs: 1_900_000,
      ...DID(nowMs)[(i * 5) % 9],
    }),
  );
  return {
    ...{ seq: 910_442, atMs: nowMs, queues, agents, callsNow: 87 },
    switches: [{ switchId: 'asterisk-a', up: true, detail: 'Asterisk 22', sinceMs: nowMs - 1e6 }],
    alarms: [
      anAlarm({
        severity: 'critical',
        alarmId: 'b',
        queueId: 'transport' as never,
        metric: 'longestWait',
        value: 44_000,
        bound: 40_000,
      }),
      anAlarm({ acknowledgedBy: 'sue' }),
    ],
  };
}

const DID = (nowMs: number): ReadonlyArray<Partial<AgentView>> => [
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
  const did = DID(nowMs);
  const agents = NAMES.map((name, i) =>
    anAgent(String(1001 + i), {
      ...{ name, answeredToday: 20 + i, busyTodayMs: 6_000_000, idleTodayMs: 1_200_000 + i * 90_000 },
      ...did[i % did.length],
    }),
  );
  return {
    seq: 48_213,
    atMs: nowMs,
    queues: [
      withOutlook(general, { goodInARow: 0, expectedRest: 338, restShare: 0.757, agentsPresent: 13, agentsNeeded: 15 }),
      withOutlook(lost, { goodInARow: 3, expectedRest: 31, restShare: 0.974, agentsPresent: 3, agentsNeeded: 2 }),
      transport,
    ],
    agents: [...agents, anAgent('1099', { name: '真人坐席', status: 'loggedOut', sinceMs: nowMs })],
    switches: [
      { switchId: 'asterisk-a', up: true, detail: 'Asterisk 22', sinceMs: nowMs - 1e6 },
      { switchId: 'freeswitch-b', up: false, detail: 'connection refused', sinceMs: nowMs - 1e4 },
    ],
    callsNow: 21,
    alarms: [],
  };
}
