import { SPANS } from '../../service-level/history/rows.js';
import { emptyTally } from '../../service-level/tally.js';
import type { Statement } from './sql-store.js';
import { column } from './tables.js';

/** Rises when the tables change. An older store is brought up to date at the start; one of a newer layout is refused. */
export const LAYOUT = 2;

const tally = Object.keys(emptyTally()).map(column);
const summed = tally.map((name) => (name === 'longest_wait_ms' ? `MAX(${name})` : `SUM(${name})`)).join(', ');
const HALF_HOUR_MS = 1_800_000;
/** Intervals begin with the site's day; of a day whose own row is past its time, the next one tells. */
const dayOf = (row: string): string => {
  const days = (which: string): string => `SELECT ${which} FROM queue_intervals d WHERE d.span_min = 1440 AND d.start_ms`;
  return `COALESCE((${days('MAX(d.start_ms)')} <= ${row}.start_ms), (${days('MIN(d.start_ms)')} > ${row}.start_ms) - 86400000, ${row}.start_ms)`;
};

/**
 * Percentiles of the waits of the answered of one interval, from its steps; kept beside the sums, because an answer of ten thousand intervals cannot look at
 * each step. The same rule as `percentiles` of service-level. An hour that a change of the clocks cuts short ends where the next begins.
 */
const fillPercentiles = (which: string): string => {
  const q = 'queue_intervals';
  const next = `SELECT MIN(n.start_ms) FROM ${q} n WHERE n.span_min = ${q}.span_min AND n.queue_id = ${q}.queue_id AND n.start_ms > ${q}.start_ms`;
  const end = `${q}.start_ms + ${q}.span_min * 60000`;
  const at = (percent: number): string => `MIN(CASE WHEN seen * 100 >= total * ${percent} THEN up_to_s END)`;
  return `UPDATE ${q} SET (p50_s, p95_s, p99_s) = (SELECT ${at(50)}, ${at(95)}, ${at(99)} FROM (
      SELECT w.up_to_s, SUM(w.calls) OVER (ORDER BY w.up_to_s) AS seen, SUM(w.calls) OVER () AS total FROM waits w
      WHERE w.span_min = CASE WHEN ${q}.span_min = 1440 THEN 1440 ELSE 15 END AND w.queue_id = ${q}.queue_id AND w.exit = 'answered'
        AND w.start_ms >= ${q}.start_ms
        AND w.start_ms < CASE WHEN ${q}.span_min = 1440 THEN ${q}.start_ms + 1 ELSE COALESCE((${next} AND n.start_ms < ${end}), ${end}) END
    ) steps) WHERE ${which}`;
};

/** For one interval: values are its span, start and queue. */
export const FILL_ONE = fillPercentiles('span_min = ? AND start_ms = ? AND queue_id = ?');
/** Minutes have none: there are as many minutes as calls. */
export const SPANS_WITH_PERCENTILES: ReadonlySet<number> = new Set(SPANS.filter((span) => span !== 1));

/** From each layout to the next. Each lands whole, and only on the layout it is for. */
export const UPGRADES: Readonly<Record<number, readonly string[]>> = {
  1: [
    'DROP INDEX IF EXISTS stays_by_queue_id_entered_ms',
    ...['p50_s', 'p95_s', 'p99_s'].map((name) => `ALTER TABLE queue_intervals ADD COLUMN ${name} BIGINT`),
    `INSERT INTO queue_intervals (queue_id, span_min, start_ms, ${tally.join(', ')}, place)
     SELECT queue_id, 30, half_ms, ${summed}, MAX(place) FROM (
       SELECT queue_id, ${tally.join(', ')}, place, day_ms + ((start_ms - day_ms) / ${HALF_HOUR_MS}) * ${HALF_HOUR_MS} AS half_ms FROM (
         SELECT q.*, ${dayOf('q')} AS day_ms FROM queue_intervals q WHERE q.span_min = 15) dated) halves
     GROUP BY queue_id, half_ms`,
    fillPercentiles('span_min <> 1'),
  ],
};

export const raiseLayout = (from: number): Statement => ({
  sql: 'UPDATE position SET layout = ? WHERE id = 1 AND layout = ?',
  values: [from + 1, from],
});
