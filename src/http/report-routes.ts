import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { localTime } from '../base/calendar.js';
import { MINUTE, type Ms, SECOND } from '../base/time.js';
import type { QueueSum, Range, StayFilter, WaitStep } from '../ports/history.js';
import { share } from '../service-level/formulas.js';
import { addUp, agentReport, type QueueReport, queueReport, withOpenTimes } from '../service-level/history/reports.js';
import { flat, sendCsv } from './csv.js';
import type { HistoryReading, HttpDeps } from './deps.js';
import { ApiError } from './errors.js';
import {
  type By,
  queryCompiler,
  queryOf,
  querySchema,
  type ReportQuery,
  rangeOf,
  refuseTooMany,
  type SiteTime,
  siteTime,
  spanFor,
  startOfBy,
} from './report-query.js';
import { answer, readRefusals, refusals, rows as rowsOf, type Schema } from './schemas.js';

type Fields = Parameters<typeof querySchema>;
interface Report {
  readonly url: string;
  readonly summary: string;
  readonly fields: Fields;
  /** The rows are of agents: who sees not all agents sees no row without one. */
  readonly isOfAgents?: true;
  readonly make: (query: ReportQuery, range: Range) => Promise<readonly object[]>;
}

const RANGE = ['from', 'to', 'format', 'bom'] as const;
const reportRow: Schema = { type: 'object', additionalProperties: true };

/** Reports over what is kept: sums of intervals where the range and the question allow it, the calls themselves where not. */
export function reportRoutes(app: FastifyInstance, deps: HttpDeps, history: HistoryReading): void {
  const site = siteTime(deps.site.timeZone, () => deps.nowMs());
  const reports = [...queueReports(history, site), ...agentReports(history, site), ...callerReports(history, site)];
  for (const { url, summary, fields, make, isOfAgents } of reports) {
    app.get(
      `/api/v1/reports/${url}`,
      {
        config: { access: 'read' },
        validatorCompiler: queryCompiler,
        schema: {
          tags: ['reports'],
          summary,
          querystring: querySchema(...fields),
          response: {
            200: answer('`seq` is the last fact that is in the history', {
              fromMs: { type: 'integer' },
              toMs: { type: 'integer' },
              rows: rowsOf(reportRow),
            }),
            ...refusals([400, 'bad-request, range-too-long'], [503, 'unavailable-history']),
            ...readRefusals,
          },
        },
      },
      async (request, reply) => {
        const query = queryOf(request);
        const range = rangeOf(query, site);
        const { rows: all, seq } = await fromHistory(deps, async () => ({
          seq: (await history.reader.stand()).position.seq,
          rows: await make(query, range),
        }));
        const rows = rowsToSee(request, history, all, isOfAgents === true);
        if (query.format === 'csv') return csv(request, reply, url, rows, deps.site.timeZone);
        return { seq, atMs: deps.nowMs(), ...range, rows };
      },
    );
  }
}

/** Agents who are in the configuration no more are of no team. */
function rowsToSee(
  { sight }: FastifyRequest,
  { agents }: HistoryReading,
  all: readonly object[],
  isOfAgents: boolean,
): readonly object[] {
  if (sight.isWhole) return all;
  const teams = new Map(agents.map(({ agentId, team }) => [agentId, team]));
  return all.filter((row) => {
    const { agentId = null, queueId = null } = row as { agentId?: string | null; queueId?: string | null };
    return isOfAgents ? sight.agent(agentId, teams.get(agentId ?? '') ?? '') : sight.queue(queueId);
  });
}

/** A store that is away is told as that; what we refused ourselves stays what it is. */
export async function fromHistory<T>(deps: HttpDeps, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ApiError) throw error;
    deps.onFault?.(error as Error, 'history');
    throw new ApiError(
      503,
      'unavailable-history',
      'The history cannot be read at the moment; the facts wait and nothing is lost.',
    );
  }
}

function csv(request: FastifyRequest, reply: FastifyReply, url: string, rows: readonly object[], timeZone: string) {
  const timed = rows.map((row) => withStart(row, timeZone));
  // Not every row has every column; those of all of them, in the order in which they appear.
  const columns = [...new Set(timed.flatMap((row) => Object.keys(flat(row))))];
  const { bom } = queryOf(request);
  async function* pages(): AsyncGenerator<readonly object[]> {
    yield timed;
  }
  return sendCsv(reply, url, columns, pages(), bom === '1');
}

/** The start of the interval as people of the site write it, in front. */
function withStart(row: object, timeZone: string): object {
  const { startMs } = row as { startMs?: Ms | null };
  return typeof startMs === 'number' ? { start: siteClock(timeZone, startMs), ...row } : row;
}

/** `2026-11-21 08:15:00` on the site's clock. */
export function siteClock(timeZone: string, atMs: Ms): string {
  const { day, msOfDay } = localTime(timeZone, atMs);
  const two = (n: number): string => String(n).padStart(2, '0');
  const minutes = Math.floor(msOfDay / MINUTE);
  return `${day} ${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(Math.floor(msOfDay / SECOND) % 60)}`;
}

function queueReports(history: HistoryReading, site: SiteTime): Report[] {
  const { reader } = history;
  const filterOf = ({ lane, tier, language }: ReportQuery): StayFilter | null =>
    lane === undefined && tier === undefined && language === undefined
      ? null
      : { ...(lane && { lane }), ...(tier && { tier }), ...(language && { language }) };
  const ofQueue = ({ queue }: ReportQuery): { queueId?: string } => (queue === undefined ? {} : { queueId: queue });
  return [
    {
      url: 'queues',
      summary:
        'One row per queue: counts, service level by its formula, waits. With lane, tier or language: of those calls alone',
      fields: [...RANGE, 'queue', 'lane', 'tier', 'language'],
      make: async (query, range) => {
        const filter = filterOf(query);
        const common = { ...range, ...ofQueue(query), perInterval: false };
        const spanMin = filter ? null : spanFor(range, undefined, site.spans, 1);
        const asked = filter ? { ...common, spanMin: null, filter } : { ...common, spanMin };
        const steps =
          filter || spanMin === 1
            ? { ...common, spanMin: null, ...(filter && { filter }) }
            : { ...common, spanMin: waitSpan(spanMin) };
        const [sums, waits, open] = await Promise.all([
          reader.queueSums(asked),
          reader.waitSteps(steps),
          filter ? [] : reader.openStays(range),
        ]);
        return queueRows(history, site, sums, waits, open, () => null);
      },
    },
    {
      url: 'intervals',
      summary:
        'One row per queue and interval of 1, 15, 30 or 60 minutes or a day; by the interval in which the call entered the queue',
      fields: [...RANGE, 'queue', 'by'],
      make: async (query, range) => {
        const by = query.by ?? '15m';
        const spanMin = spanFor(range, by, site.spans, 1);
        refuseTooMany(range, spanMin, query.queue === undefined ? history.queues.length : 1);
        const asked = { ...range, ...ofQueue(query), perInterval: true };
        const [sums, waits, open] = await Promise.all([
          reader.queueSums({ ...asked, spanMin }),
          spanMin === 1 ? [] : reader.waitSteps({ ...asked, spanMin: waitSpan(spanMin) }),
          reader.openStays(range),
        ]);
        return queueRows(history, site, sums, waits, open, (atMs) => startOfBy(by, site.spans, atMs));
      },
    },
  ];
}

/** Waits are kept by quarter and by day. */
const waitSpan = (span: 1 | 15 | 60 | 1440 | null): 15 | 1440 => (span === 1440 ? 1440 : 15);

function queueRows(
  { queues }: HistoryReading,
  site: SiteTime,
  sums: readonly QueueSum[],
  waits: readonly WaitStep[],
  open: readonly { readonly queueId: string; readonly enteredMs: Ms }[],
  startOf: (atMs: Ms) => Ms | null,
): QueueReport[] {
  const nowMs = site.nowMs();
  const keyOf = (row: { queueId: string; startMs: Ms | null }): string =>
    `${row.startMs === null ? '' : startOf(row.startMs)}/${row.queueId}`;
  const steps = grouped(waits, keyOf);
  const waiting = grouped(open, ({ queueId, enteredMs }) => `${startOf(enteredMs) ?? ''}/${queueId}`);
  const rows: QueueReport[] = [];
  for (const [key, { first, tally }] of addUp(sums, keyOf)) {
    const target = queues.find(({ queueId }) => queueId === first.queueId)?.target;
    // A queue that the configuration has no more is counted still, by the rules of a queue that says nothing.
    const rule = target ?? { share: 0.8, withinMs: 20_000, formula: 'answered-of-offered' as const, shortAbandonMs: 5_000 };
    const waitedMs = (waiting.get(key) ?? []).map(({ enteredMs }) => Math.max(0, nowMs - enteredMs));
    const startMs = first.startMs === null ? null : startOf(first.startMs);
    rows.push(queueReport(first.queueId, startMs, tally, rule, waitedMs, steps.get(key) ?? []));
  }
  return rows;
}

function grouped<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}

function agentReports(history: HistoryReading, site: SiteTime): Report[] {
  const { reader } = history;
  const names = new Map(history.agents.map((agent) => [agent.agentId, agent]));
  const known = (agentId: string) => ({ name: names.get(agentId)?.name ?? agentId, team: names.get(agentId)?.team ?? '' });
  const asked = ({ by, agent }: ReportQuery, range: Range) => {
    if (by !== undefined && by !== 'day' && by !== '60m') throw new ApiError(400, 'bad-request', 'by must be 60m or day here.');
    const spanMin = spanFor(range, by, site.spans, 60) as 60 | 1440;
    const perInterval = by !== undefined;
    if (perInterval) refuseTooMany(range, spanMin, agent === undefined ? history.agents.length : 1);
    return { ...range, spanMin, perInterval, ...(agent === undefined ? {} : { agentId: agent }) };
  };
  const startOf = (by: By | undefined) => (atMs: Ms) => (by === undefined ? null : startOfBy(by, site.spans, atMs));
  return [
    {
      url: 'agents',
      isOfAgents: true,
      summary: 'One row per agent (and day or hour): time by what was done, offers, answers, occupancy',
      fields: [...RANGE, 'agent', 'by'],
      make: async (query, range) => {
        const [sums, open] = await Promise.all([reader.agentSums(asked(query, range)), reader.openAgentTimes()]);
        const own = open.filter(({ agentId }) => query.agent === undefined || agentId === query.agent);
        // Hours that were asked for by day come as days.
        const whole = mergeAgents(
          sums.map((sum) => ({ ...sum, startMs: sum.startMs === null ? null : startOf(query.by)(sum.startMs) })),
        );
        return withOpenTimes(whole, own, range, site.nowMs(), site.spans, startOf(query.by)).map((sum) => ({
          ...known(sum.agentId),
          ...agentReport(sum),
        }));
      },
    },
    {
      url: 'reasons',
      isOfAgents: true,
      summary: 'One row per agent and reason of being not ready (and day or hour): how often, how long',
      fields: [...RANGE, 'agent', 'by'],
      make: async (query, range) => {
        const sums = await reader.reasonSums(asked(query, range));
        return sums.map((sum) => ({ ...known(sum.agentId), ...sum }));
      },
    },
  ];
}

function mergeAgents<T extends { readonly agentId: string; readonly startMs: Ms | null }>(rows: readonly T[]): T[] {
  const merged = new Map<string, T>();
  for (const row of rows) {
    const key = `${row.agentId}/${row.startMs}`;
    const sum = merged.get(key) as Record<string, unknown> | undefined;
    if (!sum) merged.set(key, { ...row });
    else
      for (const [name, value] of Object.entries(row)) {
        if (typeof value === 'number' && name !== 'startMs') sum[name] = (sum[name] as number) + value;
      }
  }
  return [...merged.values()];
}

function callerReports({ reader }: HistoryReading, site: SiteTime): Report[] {
  return [
    {
      url: 'outcomes',
      summary: 'Ended calls by number dialled and outcome (and day or hour of arrival)',
      fields: [...RANGE, 'by'],
      make: async (query, range) => {
        if (query.by !== undefined && query.by !== 'day' && query.by !== '60m')
          throw new ApiError(400, 'bad-request', 'by must be 60m or day here.');
        const spanMin = spanFor(range, query.by, site.spans, 60) as 60 | 1440;
        if (query.by !== undefined) refuseTooMany(range, spanMin, 1);
        return reader.outcomeSums({ ...range, spanMin, perInterval: query.by !== undefined });
      },
    },
    {
      url: 'repeat-callers',
      summary: 'How many calls came from a number that had called within 1 day and 7 days before; by the queue entered last',
      fields: [...RANGE],
      make: async (_query, range) => {
        const sums = await reader.repeatSums(range);
        const repeat = (formula: string, numerator: number, denominator: number) => ({
          formula,
          ...share(numerator, denominator),
        });
        return sums.map(({ queueId, calls, within1Day, within7Days }) => ({
          queueId,
          calls,
          within1Day: repeat('called within 1 day before / ended calls with a number', within1Day, calls),
          within7Days: repeat('called within 7 days before / ended calls with a number', within7Days, calls),
        }));
      },
    },
    {
      url: 'dispositions',
      summary: 'Answered calls by queue and what the agent filed them under; `disposition` null: under nothing',
      fields: [...RANGE, 'queue'],
      make: (query, range) => dispositionRows(reader, range, query.queue),
    },
    {
      url: 'survey',
      isOfAgents: true,
      summary: 'Surveys by queue, agent and scale',
      fields: [...RANGE],
      make: (_query, range) => surveyRows(reader, range),
    },
  ];
}

const NO_DISPOSITION = { zh: '无处理结果', en: 'no disposition' };

async function dispositionRows(reader: HistoryReading['reader'], range: Range, queueId: string | undefined) {
  const sums = await reader.dispositionSums({ ...range, ...(queueId !== undefined && { queueId }) });
  const ofQueue = grouped(sums, (sum) => JSON.stringify(sum.queueId));
  return sums.map(({ queueId, disposition, ...sum }) => {
    const answered = (ofQueue.get(JSON.stringify(queueId)) ?? []).reduce((all, { calls }) => all + calls, 0);
    return {
      ...{ queueId, disposition, title: disposition === null ? NO_DISPOSITION : { zh: disposition, en: disposition } },
      ...sum,
      ahtMs: Math.round((sum.talkMs + sum.holdMs + sum.wrapUpMs) / sum.calls),
      share: { formula: 'calls of this disposition / answered calls of the queue', ...share(sum.calls, answered) },
    };
  });
}

async function surveyRows(reader: HistoryReading['reader'], range: Range): Promise<readonly object[]> {
  const sums = await reader.surveySums(range);
  const groups = grouped(sums, ({ queueId, agentId, scale }) => JSON.stringify([queueId, agentId, scale]));
  return [...groups.values()].map((group) => {
    const [{ queueId, agentId, scale }] = group as [(typeof group)[number]];
    const asked = group.reduce((sum, { calls }) => sum + calls, 0);
    const scored = group.filter(({ score }) => score !== null);
    const answered = scored.reduce((sum, { calls }) => sum + calls, 0);
    const points = scored.reduce((sum, { calls, score }) => sum + calls * (score as number), 0);
    const best = scored.filter(({ score }) => (score as number) >= scale - 1).reduce((sum, { calls }) => sum + calls, 0);
    return {
      ...{ queueId, agentId, scale, asked, answered, sumOfScores: points },
      answerRate: { formula: 'answered / asked', ...share(answered, asked) },
      meanScore: answered === 0 ? null : Number((points / answered).toFixed(3)),
      satisfied: { formula: 'the two best scores / answered', ...share(best, answered) },
      scores: Object.fromEntries(scored.map(({ score, calls }) => [String(score), calls])),
    };
  });
}
