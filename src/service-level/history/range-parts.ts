import { DAY, HOUR, MINUTE, type Ms } from '../../base/time.js';
import type { SpanMin } from './rows.js';
import type { Spans } from './spans.js';

/** A stretch of time that whole intervals of `spanMin` make up. */
export interface RangePart {
  readonly fromMs: Ms;
  readonly toMs: Ms;
  readonly spanMin: SpanMin;
}

const CUTS: readonly SpanMin[] = [1440, 60, 15, 1];

/**
 * Cuts a range of whole minutes into the longest intervals that fit: whole days in its middle, hours, quarters and minutes towards its ends, so that
 * any range is summed from a few rows. None is longer than `longest`. In order of time.
 */
export function rangeParts(fromMs: Ms, toMs: Ms, spans: Spans, longest: SpanMin = 1440): RangePart[] {
  if (fromMs >= toMs) return [];
  const [spanMin, ...shorter] = [longest, ...CUTS.filter((span) => span < longest)];
  if (spanMin === undefined) return [];
  const first = startAtOrAfter(fromMs, spanMin, spans);
  const last = spans.startOf(spanMin, toMs);
  const next = shorter[0];
  if (next === undefined) return [{ fromMs, toMs, spanMin }];
  if (first >= last) return rangeParts(fromMs, toMs, spans, next);
  return [
    ...rangeParts(fromMs, first, spans, next),
    { fromMs: first, toMs: last, spanMin },
    ...rangeParts(last, toMs, spans, next),
  ];
}

function startAtOrAfter(atMs: Ms, spanMin: SpanMin, spans: Spans): Ms {
  const startMs = spans.startOf(spanMin, atMs);
  if (startMs === atMs) return atMs;
  // A day has 23 to 25 hours; an hour before a change of the clocks may be cut short by the next day.
  return spans.startOf(spanMin, startMs + (spanMin === 1440 ? DAY + 12 * HOUR : spanMin * MINUTE));
}
