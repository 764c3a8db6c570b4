import type { AlarmView, Board } from '../service-level/views.js';
import { formatClock, formatShare } from './format.js';
import { type Language, WORDS } from './words.js';

/** One alarm in words. Titles come from the rule where the server tells them. */

export type ShownAlarm = AlarmView & { readonly title?: Readonly<Record<string, string>>; readonly sound?: boolean };

const SHARES = new Set(['serviceLevel', 'serviceLevel15m', 'abandonRate', 'answerRate', 'notReadyShare']);
const DURATIONS = new Set(['longestWait', 'averageWait', 'estimate', 'estimateError']);

/** A share, a length of time or a count, by the metric. */
export function formatMetric(metric: string, value: number): string {
  if (SHARES.has(metric)) return formatShare({ share: value });
  return DURATIONS.has(metric) ? formatClock(value) : String(Number(value.toFixed(1)));
}

export function alarmTitle(alarm: ShownAlarm, language: Language): string {
  const own = alarm.title?.[language] ?? Object.values(alarm.title ?? {})[0];
  if (own !== undefined) return own;
  const { metrics } = WORDS[language];
  return Object.hasOwn(metrics, alarm.metric) ? (metrics[alarm.metric] as string) : alarm.metric;
}

export function queueTitle(board: Board | null, queueId: string | null, language: Language): string | null {
  if (queueId === null) return null;
  const queue = board?.queues.find((one) => one.queueId === queueId);
  return queue?.title[language] ?? Object.values(queue?.title ?? {})[0] ?? queueId;
}

/** For a screen reader, and in one line: severity, what, where, how it stands. */
export function alarmSentence(alarm: ShownAlarm, board: Board | null, language: Language): string {
  const words = WORDS[language];
  const where = queueTitle(board, alarm.queueId, language);
  const value = formatMetric(alarm.metric, alarm.value);
  const bound = formatMetric(alarm.metric, alarm.bound);
  return `${words.severity[alarm.severity]}: ${alarmTitle(alarm, language)}${where === null ? '' : `, ${where}`}, ${words.valueAndBound(value, bound)}`;
}
