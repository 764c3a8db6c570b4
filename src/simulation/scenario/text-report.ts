import { formatDuration, type Ms } from '../../base/time.js';
import type { Estimate } from './estimates.js';
import type { Comparison, LineResult, ScenarioResult } from './result.js';

/** The report as people read it in a terminal, in Chinese or English. */
export type ReportLanguage = 'zh' | 'en';

const WORDS = {
  days: { zh: '天', en: 'day(s)' },
  seed: { zh: '随机种子', en: 'seed' },
  queue: { zh: '队列', en: 'queue' },
  all: { zh: '合计', en: 'all' },
  offered: { zh: '每天进线', en: 'offered a day' },
  answered: { zh: '接起', en: 'answered' },
  abandoned: { zh: '放弃', en: 'abandoned' },
  flowedOut: { zh: '溢出', en: 'flowed out' },
  timedOut: { zh: '超时离开', en: 'timed out' },
  blocked: { zh: '被拒', en: 'blocked' },
  level: { zh: '服务水平', en: 'service level' },
  abandonRate: { zh: '放弃率', en: 'abandon rate' },
  asa: { zh: '平均应答速度', en: 'ASA' },
  mean: { zh: '平均等待', en: 'mean wait' },
  longest: { zh: '最长', en: 'longest' },
  group: { zh: '坐席组', en: 'agent group' },
  onDuty: { zh: '在岗人数', en: 'on duty' },
  occupancy: { zh: '占用率', en: 'occupancy' },
  difference: { zh: '差（后者减前者）', en: 'difference (second - first)' },
  points: { zh: '个百分点', en: 'points' },
  interval: {
    zh: '方括号内为按天计算的95%置信区间；等待时间包括所有进线者（接起与未接起）',
    en: 'in brackets the 95% interval over the days; waits are those of all callers, answered or not',
  },
  paired: {
    zh: '两个方案使用相同的来电（同一随机种子），差值区间按天配对',
    en: 'both had the same callers (one seed); the intervals of differences are paired by day',
  },
  leftOut: { zh: '未参与模拟的来电', en: 'callers left out' },
  unknownQueue: { zh: '队列不在方案中', en: 'queue not in the scenario' },
  outsideTheDay: { zh: '不在模拟时段内', en: 'outside the simulated hours' },
  otherDays: { zh: '其他日期', en: 'other days' },
} as const satisfies Record<string, Record<ReportLanguage, string>>;
type Word = keyof typeof WORDS;

export function textReport(result: ScenarioResult, language: ReportLanguage): string {
  const say = (word: Word): string => WORDS[word][language];
  const lines = [
    `${titleOf(result, language)}  (${result.scenario})  ${result.days} ${say('days')}, ${say('seed')} ${result.seed}`,
    '',
  ];
  const head = (['queue', 'offered', 'answered', 'abandoned', 'level', 'asa', 'mean'] as const).map(say);
  const rows = result.queues.map((queue) => lineRow(queue.queueId, queue));
  if (rows.length > 1) rows.push(lineRow(say('all'), result.all));
  lines.push(...table([[...head, 'p50', 'p95', 'p99', say('longest')], ...rows]), '');
  for (const { queueId, formula, formulaText, withinMs, flowedOut, timedOut, blocked } of result.queues) {
    const others = [
      [say('flowedOut'), flowedOut],
      [say('timedOut'), timedOut],
      [say('blocked'), blocked],
    ] as const;
    const odd = others
      .flatMap(([word, { value }]) => (value !== null && value > 0 ? [`; ${word} ${count(value)}`] : []))
      .join('');
    lines.push(`${queueId}: ${say('level')} = ${formula}, ${formulaText}, ${within(withinMs, language)}${odd}`);
  }
  lines.push('');
  const groups = result.groups.map(({ group, onDuty, occupancy }) => [group, span(onDuty), percent(occupancy)]);
  lines.push(...table([[say('group'), say('onDuty'), say('occupancy')], ...groups]), '');
  for (const [why, number] of Object.entries(result.leftOut ?? {})) {
    if (number > 0) lines.push(`${say('leftOut')}: ${number}, ${say(why as Word)}`);
  }
  lines.push(say('interval'));
  return `${lines.join('\n')}\n`;
}

/** Two scenarios side by side, and what the second changes. */
export function comparisonReport(
  first: ScenarioResult,
  second: ScenarioResult,
  comparison: Comparison,
  language: ReportLanguage,
): string {
  const say = (word: Word): string => WORDS[word][language];
  const lines: string[] = [`${first.days} ${say('days')}, ${say('seed')} ${first.seed}`];
  const block = (name: string, a: LineResult, b: LineResult, difference: Comparison['all']): void => {
    const points = (each: Estimate): string => signed(each, 100, 1, ` ${say('points')}`);
    const both = (word: string, show: (line: LineResult) => string, change: string): string[] => [word, show(a), show(b), change];
    const wait = (key: keyof LineResult['waits']) => (line: LineResult) => time(line.waits[key]);
    const change = (key: keyof LineResult['waits']): string => signedSeconds(a.waits[key], b.waits[key]);
    const rows = [
      [name, first.scenario, second.scenario, say('difference')],
      both(say('level'), (line) => percent(line.level), points(difference.level)),
      both(say('abandonRate'), (line) => percent(line.abandonRate), points(difference.abandonRate)),
      both(say('asa'), (line) => seconds(line.asaMs), signed(difference.asaMs, 0.001, 1, 's')),
      both(say('mean'), wait('meanMs'), change('meanMs')),
      both('p50', wait('p50Ms'), change('p50Ms')),
      both('p95', wait('p95Ms'), change('p95Ms')),
      both('p99', wait('p99Ms'), change('p99Ms')),
      both(say('longest'), wait('longestMs'), change('longestMs')),
    ];
    lines.push('', ...table(rows));
  };
  for (const { queueId, differences } of comparison.queues) {
    const a = first.queues.find((queue) => queue.queueId === queueId);
    const b = second.queues.find((queue) => queue.queueId === queueId);
    if (a && b) block(queueId, a, b, differences);
  }
  if (first.queues.length > 1 || second.queues.length > 1) block(say('all'), first.all, second.all, comparison.all);
  const groups = comparison.groups.map(({ group, occupancy }) => [
    group,
    percent(first.groups.find((each) => each.group === group)?.occupancy ?? NONE),
    percent(second.groups.find((each) => each.group === group)?.occupancy ?? NONE),
    signed(occupancy, 100, 1, ` ${say('points')}`),
  ]);
  lines.push('', ...table([[say('occupancy'), first.scenario, second.scenario, say('difference')], ...groups]));
  lines.push('', say('paired'), say('interval'));
  return `${lines.join('\n')}\n`;
}

const within = (ms: Ms, language: ReportLanguage): string =>
  language === 'zh' ? `${formatDuration(ms)}内` : `within ${formatDuration(ms)}`;
const NONE: Estimate = { value: null, low: null, high: null };
const DASH = '-';

function lineRow(name: string, line: LineResult): string[] {
  const { value: lost } = line.abandonRate;
  const abandoned = `${number(line.abandoned)}${lost === null ? '' : ` (${(100 * lost).toFixed(1)}%)`}`;
  const { meanMs, p50Ms, p95Ms, p99Ms, longestMs } = line.waits;
  const waits = [meanMs, p50Ms, p95Ms, p99Ms, longestMs].map(time);
  return [name, number(line.offered), number(line.answered), abandoned, percent(line.level), seconds(line.asaMs), ...waits];
}

export const titleOf = (result: ScenarioResult, language: ReportLanguage): string => result.title[language] ?? result.scenario;

const count = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1));
const number = ({ value }: Estimate): string => (value === null ? DASH : count(value));
const time = (ms: Ms | null): string => (ms === null ? DASH : `${(ms / 1_000).toFixed(1)}s`);

/** `12`, or `12 / 18 / 9`; the least and the most of a long list. */
function span(onDuty: readonly number[]): string {
  if (new Set(onDuty).size <= 1) return `${onDuty[0] ?? 0}`;
  return onDuty.length <= 6 ? onDuty.join(' / ') : `${Math.min(...onDuty)} .. ${Math.max(...onDuty)}`;
}

function scaled({ value, low, high }: Estimate, factor: number, digits: number, unit: string): string {
  if (value === null) return DASH;
  const show = (each: number): string => (each * factor).toFixed(digits);
  return low === null || high === null ? `${show(value)}${unit}` : `${show(value)}${unit} [${show(low)}, ${show(high)}]`;
}

const percent = (each: Estimate): string => scaled(each, 100, 1, '%');
const seconds = (each: Estimate): string => scaled(each, 0.001, 1, 's');
const signed = (each: Estimate, factor: number, digits: number, unit: string): string =>
  `${each.value !== null && each.value > 0 ? '+' : ''}${scaled(each, factor, digits, unit)}`;
const signedSeconds = (a: Ms | null, b: Ms | null): string =>
  a === null || b === null ? DASH : `${b > a ? '+' : ''}${((b - a) / 1_000).toFixed(1)}s`;

/** Columns in line: the first to the left, the others to the right. A Chinese character is two columns wide. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const gap = ' '.repeat((widths[column] ?? 0) - width(cell));
        return column === 0 ? cell + gap : gap + cell;
      })
      .join('  ')
      .trimEnd(),
  );
}

const width = (text: string): number =>
  Array.from(text).reduce((sum, c) => sum + ((c.codePointAt(0) as number) >= 0x2e80 ? 2 : 1), 0);
