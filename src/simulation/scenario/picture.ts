import { HOUR } from '../../base/time.js';
import type { BinResult, ScenarioResult } from './result.js';
import { type ReportLanguage, titleOf } from './text-report.js';

/**
 * The day as a drawing: service level above, waits below, by half hour of entry. One scenario, or two in two colours. Plain SVG without
 * script, style sheet or outside reference; every text from a file is escaped.
 */

const WIDTH = 960;
const LEFT = 64;
const RIGHT = 24;
const PANEL = 200;
const GAP = 70;
const TOP = 84;
const COLOURS = ['#1f5fbf', '#c8501e'] as const;

const WORDS = {
  level: { zh: '服务水平', en: 'service level' },
  waits: { zh: '等待时间：实线平均，虚线p95（秒）', en: 'waits: mean (solid) and p95 (dashed), seconds' },
  callers: { zh: '每半小时进线', en: 'callers each half hour' },
} as const;

interface Panel {
  readonly top: number;
  readonly most: number;
}

export function picture(results: readonly ScenarioResult[], language: ReportLanguage): string {
  const [first] = results;
  if (!first) return '';
  const x = hours(results);
  const levels: Panel = { top: TOP, most: 1 };
  const waits: Panel = {
    top: TOP + PANEL + GAP,
    most: most(results, (bin) => Math.max(bin.p95WaitMs ?? 0, bin.meanWaitMs ?? 0)),
  };
  const callers: Panel = { top: TOP + 2 * (PANEL + GAP), most: most(results, (bin) => bin.offered) };
  const height = TOP + 3 * (PANEL + GAP);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, 'Noto Sans CJK SC', sans-serif" font-size="13" fill="#222">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...results.map((result, i) => legend(result, i, language)),
    ...axes(levels, x, WORDS.level[language], (value) => `${Math.round(100 * value)}%`),
    ...axes(waits, x, WORDS.waits[language], (value) => `${round(value / 1_000)}`),
    ...axes(callers, x, WORDS.callers[language], (value) => `${round(value)}`),
    ...targets(first, levels, x),
  ];
  for (const [i, { overDay }] of results.entries()) {
    const colour = COLOURS[i % COLOURS.length] as string;
    parts.push(
      line(overDay, x, levels, (bin) => bin.level, colour, false),
      line(overDay, x, waits, (bin) => bin.meanWaitMs, colour, false),
      line(overDay, x, waits, (bin) => bin.p95WaitMs, colour, true),
      line(overDay, x, callers, (bin) => bin.offered, colour, false),
    );
  }
  return `${[...parts, '</svg>'].filter((part) => part !== '').join('\n')}\n`;
}

interface Hours {
  readonly fromMs: number;
  readonly untilMs: number;
  at(ms: number): number;
}

function hours(results: readonly ScenarioResult[]): Hours {
  const starts = results.flatMap(({ overDay }) => overDay.map(({ fromMs }) => fromMs));
  const fromMs = Math.min(...starts);
  const untilMs = Math.max(...starts) + HOUR / 2;
  return { fromMs, untilMs, at: (ms) => LEFT + ((ms - fromMs) / (untilMs - fromMs)) * (WIDTH - LEFT - RIGHT) };
}

/** A round number at or above the greatest value. */
function most(results: readonly ScenarioResult[], value: (bin: BinResult) => number): number {
  const greatest = Math.max(1, ...results.flatMap(({ overDay }) => overDay.map(value)));
  const power = 10 ** Math.floor(Math.log10(greatest));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= greatest) ?? greatest;
}

const y = (panel: Panel, value: number): number => panel.top + PANEL - (Math.min(value, panel.most) / panel.most) * PANEL;

function axes(panel: Panel, x: Hours, title: string, show: (value: number) => string): string[] {
  const parts = [`<text x="${LEFT}" y="${panel.top - 12}" font-weight="600">${escaped(title)}</text>`];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const at = round(y(panel, share * panel.most));
    parts.push(`<line x1="${LEFT}" y1="${at}" x2="${WIDTH - RIGHT}" y2="${at}" stroke="${share === 0 ? '#666' : '#ddd'}"/>`);
    parts.push(`<text x="${LEFT - 8}" y="${at + 4}" text-anchor="end">${show(share * panel.most)}</text>`);
  }
  const length = x.untilMs - x.fromMs;
  const step = [1, 2, 4, 6, 12, 24, 48, 96, 240].find((each) => length / (each * HOUR) <= 13) ?? 480;
  for (let at = Math.ceil(x.fromMs / HOUR) * HOUR; at <= x.untilMs; at += step * HOUR) {
    const label = length > 36 * HOUR ? `${at / HOUR}h` : `${String((at / HOUR) % 24).padStart(2, '0')}:00`;
    parts.push(`<text x="${round(x.at(at))}" y="${panel.top + PANEL + 18}" text-anchor="middle">${label}</text>`);
  }
  return parts;
}

/** The share that each queue aims at, of the first scenario. */
function targets(result: ScenarioResult, panel: Panel, x: Hours): string[] {
  return [...new Set(result.queues.map(({ target }) => target))].map((target) => {
    const at = round(y(panel, target));
    return `<line x1="${LEFT}" y1="${at}" x2="${round(x.at(x.untilMs))}" y2="${at}" stroke="#2e7d32" stroke-dasharray="2 4"/>`;
  });
}

/** A half hour without callers is a gap in the line. */
function line(
  bins: readonly BinResult[],
  x: Hours,
  panel: Panel,
  value: (bin: BinResult) => number | null,
  colour: string,
  dashed: boolean,
): string {
  let path = '';
  let drawing = false;
  for (const bin of bins) {
    const here = value(bin);
    if (here !== null) path += `${drawing ? 'L' : 'M'}${round(x.at(bin.fromMs + HOUR / 4))} ${round(y(panel, here))}`;
    drawing = here !== null;
  }
  if (path === '') return '';
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"${dashed ? ' stroke-dasharray="6 4"' : ''}/>`;
}

function legend(result: ScenarioResult, index: number, language: ReportLanguage): string {
  const at = 24 + 20 * index;
  const colour = COLOURS[index % COLOURS.length] as string;
  return `<rect x="${LEFT}" y="${at - 10}" width="24" height="4" fill="${colour}"/><text x="${LEFT + 32}" y="${at - 3}">${escaped(titleOf(result, language))} (${escaped(result.scenario)})</text>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text: string): string => text.replace(/[&<>"']/g, (c) => ESCAPES[c] as string);
