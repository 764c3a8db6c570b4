import { localTime } from '../../base/calendar.js';
import { HOUR, MINUTE, type Ms, SECOND } from '../../base/time.js';
import type { AlarmJob } from '../../ports/jobs.js';
import { type AlarmRule, type AlarmUnit, METRICS, type MetricName } from '../../service-level/alarms/rules.js';

/** What people outside are told of an alarm, in Chinese and English. */
export interface AlarmWords {
  readonly zh: string;
  readonly en: string;
}

export interface AlarmSite {
  readonly name: string;
  readonly timeZone: string;
  readonly rules: readonly AlarmRule[];
  /** Titles of the queues by language. */
  readonly queueTitles: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

const METRIC_WORDS: Readonly<Record<MetricName, AlarmWords>> = {
  serviceLevel: { zh: '今日服务水平', en: 'service level today' },
  serviceLevel15m: { zh: '近 15 分钟服务水平', en: 'service level of 15 minutes' },
  abandonRate: { zh: '放弃率', en: 'abandon rate' },
  answerRate: { zh: '接通率', en: 'answer rate' },
  waiting: { zh: '排队人数', en: 'callers waiting' },
  waitingLate: { zh: '超时等待人数', en: 'callers waiting past the threshold' },
  longestWait: { zh: '最长等待', en: 'longest wait' },
  averageWait: { zh: '平均应答速度', en: 'average speed of answer' },
  estimateError: { zh: '预计等待误差', en: 'error of the estimated wait' },
  agentsReady: { zh: '空闲坐席', en: 'agents ready' },
  agentsPresent: { zh: '在岗坐席', en: 'agents present' },
  agentsShort: { zh: '缺少坐席', en: 'agents short' },
  notReadyShare: { zh: '未就绪占比', en: 'share not ready' },
  rona: { zh: '振铃未接', en: 'offers not answered' },
  blocked: { zh: '被拒来电', en: 'calls blocked' },
  switchesDown: { zh: '未连接的交换机', en: 'switches not connected' },
  callsNow: { zh: '当前通话', en: 'calls in progress' },
  storeDegraded: { zh: '状态库不可用', en: 'store away' },
  historyBehind: { zh: '历史库待写事实', en: 'facts that wait for the history' },
  messagesGivenUp: { zh: '一小时内未送达的消息', en: 'messages given up in an hour' },
  flowsRefused: { zh: '未生效的流程文件', en: 'flow files refused' },
};

/** One line for a subject, one sentence with everything in it. */
export function wordsOf(
  { event, alarm, value }: AlarmJob,
  site: AlarmSite,
): { readonly title: AlarmWords; readonly text: AlarmWords } {
  const rule = site.rules.find((each) => each.rule === alarm.rule);
  const ruleTitle = inBoth(rule?.title, alarm.rule);
  const queue = alarm.queueId === null ? null : inBoth(site.queueTitles.get(alarm.queueId), alarm.queueId);
  const metric = metricOf(alarm.metric);
  const unit = metric === null ? 'count' : METRICS[metric].unit;
  const name = metric === null ? { zh: alarm.metric, en: alarm.metric } : METRIC_WORDS[metric];
  const side = alarm.value < alarm.bound ? { zh: '低于', en: 'below' } : { zh: '高于', en: 'above' };
  const then = amount(unit, alarm.value);
  const bound = amount(unit, alarm.bound);
  const since = clockText(site.timeZone, alarm.raisedAtMs);
  const zhTitle = queue === null ? ruleTitle.zh : `${ruleTitle.zh}（${queue.zh}）`;
  const enTitle = queue === null ? ruleTitle.en : `${ruleTitle.en} (${queue.en})`;
  if (event === 'raised') {
    const severity = alarm.severity === 'critical' ? { zh: '严重告警', en: 'CRITICAL' } : { zh: '告警', en: 'Warning' };
    const title = { zh: `${severity.zh}：${zhTitle}`, en: `${severity.en}: ${enTitle}` };
    return {
      title,
      text: {
        zh: `${title.zh}。${name.zh} ${then.zh}，${side.zh} ${bound.zh}，自 ${since} 起。`,
        en: `${title.en}. ${capital(name.en)} ${then.en}, ${side.en} ${bound.en}, since ${since}.`,
      },
    };
  }
  const title = { zh: `告警解除：${zhTitle}`, en: `Over: ${enTitle}` };
  const lasted = amount('duration', Math.max(0, (alarm.clearedAtMs ?? alarm.raisedAtMs) - alarm.raisedAtMs));
  const now = value === null ? null : amount(unit, value);
  return {
    title,
    text: {
      zh: `${title.zh}。${now === null ? '' : `${name.zh} ${now.zh}；`}${since} 起，持续 ${lasted.zh}。`,
      en: `${title.en}. ${now === null ? 'It' : `${capital(name.en)} ${now.en}; it`} began ${since} and lasted ${lasted.en}.`,
    },
  };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const metricOf = (name: string): MetricName | null => (Object.hasOwn(METRICS, name) ? (name as MetricName) : null);

const inBoth = (titles: Readonly<Record<string, string>> | undefined, otherwise: string): AlarmWords => ({
  zh: titles?.zh ?? titles?.en ?? otherwise,
  en: titles?.en ?? titles?.zh ?? otherwise,
});

/** `72.3 %`, `5`, `3 min 20 s`. A share is cut, not rounded: 77.96 % is not told as 78 % when the bound is 78 %. */
export function amount(unit: AlarmUnit, value: number): AlarmWords {
  if (unit === 'share') {
    // The small amount keeps 0.58 * 1000, which is 579.99..., at 58 %.
    const percent = `${(Math.floor(value * 1_000 + 1e-6) / 10).toFixed(1)} %`;
    return { zh: percent, en: percent };
  }
  if (unit === 'count') return { zh: String(value), en: String(value) };
  const [hours, minutes, seconds] = [Math.floor(value / HOUR), Math.floor((value % HOUR) / MINUTE), (value % MINUTE) / SECOND];
  const parts: [number, string, string][] = [
    [hours, '小时', 'h'],
    [minutes, '分', 'min'],
    [value < MINUTE ? Number(seconds.toFixed(1)) : Math.floor(seconds), '秒', 's'],
  ];
  const told = parts.filter(([n], nth) => n > 0 || (nth === 2 && value < MINUTE));
  return {
    zh: told.map(([n, zh]) => `${n} ${zh}`).join(' '),
    en: told.map(([n, , en]) => `${n} ${en}`).join(' '),
  };
}

const two = (n: number): string => String(n).padStart(2, '0');

/** `2026-11-22 14:05:09 (Asia/Shanghai)` */
export function clockText(timeZone: string, atMs: Ms): string {
  const { day, msOfDay } = localTime(timeZone, atMs);
  const seconds = Math.floor(msOfDay / SECOND);
  return `${day} ${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)} (${timeZone})`;
}
