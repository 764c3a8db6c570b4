import type { QueueConfig } from '../acd/config.js';
import { MINUTE, type Ms } from '../base/time.js';
import { serviceLevel, share } from './formulas.js';
import type { DayMore, QueueFold } from './queue-fold.js';
import type { EstimateError, QueueView, SpanView } from './views.js';

/** The figures of one queue that look back over rolling spans. Each is a sum of whole minutes, so that it can be counted again. */

const TREND_STEP_MS = 5 * MINUTE;
const TREND_STEPS = 12;

export type LookBack = Pick<QueueView, 'recent' | 'interval' | 'trend'>;

export function lookBack(lines: QueueFold, queue: QueueConfig, intervalMs: Ms, nowMs: Ms): LookBack {
  const present = Math.floor(nowMs / MINUTE) * MINUTE;
  const end = present + MINUTE;
  const rolling = (minutes: number): SpanView => spanOf(lines, queue, end - minutes * MINUTE, end, nowMs);
  const day = lines.dayOf(nowMs);
  const intervalFrom = day + Math.floor((nowMs - day) / intervalMs) * intervalMs;
  const trendEnd = Math.floor(nowMs / TREND_STEP_MS) * TREND_STEP_MS + TREND_STEP_MS;
  const trend = Array.from({ length: TREND_STEPS }, (_, step): readonly [number, number] => {
    const from = trendEnd - (TREND_STEPS - step) * TREND_STEP_MS;
    const { numerator, denominator } = serviceLevel(
      queue.target.formula,
      lines.span(queue.id, from, from + TREND_STEP_MS, nowMs),
    );
    return [numerator, denominator];
  });
  return {
    recent: { m5: rolling(5), m15: rolling(15), m30: rolling(30) },
    interval: { ...spanOf(lines, queue, intervalFrom, intervalFrom + intervalMs, nowMs), lengthMs: intervalMs },
    trend,
  };
}

function spanOf(lines: QueueFold, queue: QueueConfig, fromMs: Ms, toMs: Ms, nowMs: Ms): SpanView {
  const counts = lines.span(queue.id, fromMs, toMs, nowMs);
  const { offered, answered, abandoned } = counts;
  return { fromMs, ...serviceLevel(queue.target.formula, counts), offered, answered, abandoned };
}

export function estimateErrorOf({ estimates: { calls, sumAbsMs, sumMs } }: DayMore): EstimateError | null {
  if (calls === 0) return null;
  return { calls, meanAbsMs: Math.round(sumAbsMs / calls), biasMs: Math.round(sumMs / calls) };
}

export function waitsOf({ waits }: DayMore): QueueView['waits'] {
  return { p50Ms: waits.percentileMs(0.5), p95Ms: waits.percentileMs(0.95), p99Ms: waits.percentileMs(0.99) };
}

/** answered / offered, of those who are not waiting any more. */
export const answerRateOf = ({ answered, offered, waiting }: QueueView['today']): QueueView['answerRate'] =>
  share(answered, offered - waiting);
