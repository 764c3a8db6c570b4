import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
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
  };
}
