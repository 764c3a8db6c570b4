import { setImmediate } from 'node:timers/promises';
import type { Ms } from '../base/time.js';
import type { HistoryReader, QueueSum, Range, StayFilter, WaitStep } from '../ports/history.js';
import { type RangePart, rangeParts } from '../service-level/history/range-parts.js';
import { addUp, type QueueReport, queueReport } from '../service-level/history/reports.js';
import type { HistoryReading } from './deps.js';
import { type By, type ReportQuery, refuseTooMany, type SiteTime, SPAN_OF, spanFor, startOfBy } from './report-query.js';
import type { Report } from './report-routes.js';

const ROWS_AT_ONCE = 500;
const FIELDS = ['from', 'to', 'format', 'bom', 'queue'] as const;

/** Reports by queue. A range is cut into whole days, hours, quarters and minutes, each summed from the rows kept for it. */
export function queueReports(history: HistoryReading, site: SiteTime): Report[] {
  return [
    {
      url: 'queues',
      summary:
        'One row per queue: counts, service level by its formula, waits. With lane, tier or language: of those calls alone',
      fields: [...FIELDS, 'lane', 'tier', 'language'],
      make: async (query, range, reader) => {
        refuseSplitMinutes(range, site);
        const filter = filterOf(query);
        if (filter !== null) {
          const asked = { ...range, ...ofQueue(query), spanMin: null, perInterval: false, filter };
          const [sums, waits] = await Promise.all([reader.queueSums(asked), reader.waitSteps(asked)]);
          return queueRows(history, site, sums, waits, [], () => null);
        }
        const parts = rangeParts(range.fromMs, range.toMs, site.spans);
        const common = { ...ofQueue(query), perInterval: false };
        const [sums, waits, open] = await Promise.all([
          Promise.all(parts.map((part) => reader.queueSums({ ...part, ...common }))),
          Promise.all(parts.map((part) => reader.waitSteps({ ...part, ...common, spanMin: waitSpan(part) }))),
          reader.openStays(range),
        ]);
        const inOrder = sums.flat().sort((a, b) => (a.queueId < b.queueId ? -1 : a.queueId > b.queueId ? 1 : 0));
        return queueRows(history, site, inOrder, waits.flat(), open, () => null);
      },
    },
    {
      url: 'intervals',
      summary:
        'One row per queue and interval of 1, 15, 30 or 60 minutes or a day; by the interval in which the call entered the queue',
      fields: [...FIELDS, 'by'],
      make: async (query, range, reader) => {
        const by = query.by ?? '15m';
        refuseSplitMinutes(range, site);
        refuseTooMany(range, SPAN_OF[by], query.queue === undefined ? history.queues.length : 1);
        const parts = rangeParts(range.fromMs, range.toMs, site.spans, SPAN_OF[by]);
        const [pieces, open] = await Promise.all([
          Promise.all(parts.map((part) => intervalsOf(reader, part, by, ofQueue(query)))),
          reader.openStays(range),
        ]);
        const sums = pieces.flatMap((piece) => piece.sums);
        const waits = pieces.flatMap((piece) => piece.waits);
        return queueRows(history, site, sums, waits, open, (atMs) => startOfBy(by, site.spans, atMs));
      },
    },
  ];
}

const refuseSplitMinutes = (range: Range, site: SiteTime): void => void spanFor(range, undefined, site.spans, 1);

type OfQueue = { readonly queueId?: string };
const ofQueue = ({ queue }: ReportQuery): OfQueue => (queue === undefined ? {} : { queueId: queue });

const filterOf = ({ lane, tier, language }: ReportQuery): StayFilter | null =>
  lane === undefined && tier === undefined && language === undefined
    ? null
    : { ...(lane && { lane }), ...(tier && { tier }), ...(language && { language }) };

/** Waits are kept by quarter and by day; the few stays within a quarter tell their own. */
const waitSpan = ({ spanMin }: RangePart): 15 | 1440 | null => (spanMin === 1440 ? 1440 : spanMin === 1 ? null : 15);

/** Whole intervals bring their percentiles along; those that the ends of the range cut are made up of shorter ones, and of their steps of waiting. */
async function intervalsOf(
  reader: HistoryReader,
  part: RangePart,
  by: By,
  queue: OfQueue,
): Promise<{ readonly sums: readonly QueueSum[]; readonly waits: readonly WaitStep[] }> {
  const asked = { ...part, ...queue, perInterval: true };
  if (part.spanMin === SPAN_OF[by]) return { sums: await reader.queueSums(asked), waits: [] };
  const [sums, waits] = await Promise.all([
    reader.queueSums(asked),
    part.spanMin === 1
      ? reader.waitSteps({ ...asked, spanMin: null, perInterval: false })
      : reader.waitSteps({ ...asked, spanMin: waitSpan(part) }),
  ]);
  return {
    sums: sums.map((sum) => ({ ...sum, waits: null })),
    // Minutes are less than a quarter of an hour here, and so of one interval.
    waits: waits.map((step) => ({ ...step, startMs: step.startMs ?? part.fromMs })),
  };
}

/** Rows are made some at once: calls are served by the same thread. */
async function queueRows(
  { queues }: HistoryReading,
  site: SiteTime,
  sums: readonly QueueSum[],
  waits: readonly WaitStep[],
  open: readonly { readonly queueId: string; readonly enteredMs: Ms }[],
  startOf: (atMs: Ms) => Ms | null,
): Promise<QueueReport[]> {
  const nowMs = site.nowMs();
  const keyOf = (row: { queueId: string; startMs: Ms | null }): string =>
    `${row.startMs === null ? '' : startOf(row.startMs)}/${row.queueId}`;
  const steps = grouped(waits, keyOf);
  const waiting = grouped(open, ({ queueId, enteredMs }) => `${startOf(enteredMs) ?? ''}/${queueId}`);
  const rows: QueueReport[] = [];
  for (const [key, { first, tally }] of addUp(sums, keyOf)) {
    if (rows.length % ROWS_AT_ONCE === ROWS_AT_ONCE - 1) await setImmediate();
    const target = queues.find(({ queueId }) => queueId === first.queueId)?.target;
    // A queue that the configuration has no more is counted still, by the rules of a queue that says nothing.
    const rule = target ?? { share: 0.8, withinMs: 20_000, formula: 'answered-of-offered' as const, shortAbandonMs: 5_000 };
    const waitedMs = (waiting.get(key) ?? []).map(({ enteredMs }) => Math.max(0, nowMs - enteredMs));
    const startMs = first.startMs === null ? null : startOf(first.startMs);
    rows.push(queueReport(first.queueId, startMs, tally, rule, waitedMs, first.waits ?? steps.get(key) ?? []));
  }
  return rows;
}

export function grouped<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}
