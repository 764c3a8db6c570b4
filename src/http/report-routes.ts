import { setMaxListeners } from 'node:events';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { localTime } from '../base/calendar.js';
import { MINUTE, type Ms, SECOND } from '../base/time.js';
import { HistoryBusy, type HistoryReader, type Range } from '../ports/history.js';
import { share } from '../service-level/formulas.js';
import { agentReport, withOpenTimes } from '../service-level/history/reports.js';
import { flat, sendCsv } from './csv.js';
import type { HistoryReading, HttpDeps } from './deps.js';
import { ApiError } from './errors.js';
import { grouped, queueReports } from './queue-reports.js';
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
export interface Report {
  readonly url: string;
  readonly summary: string;
  readonly fields: Fields;
  /** The rows are of agents: who sees not all agents sees no row without one. */
  readonly isOfAgents?: true;
  readonly make: (query: ReportQuery, range: Range, reader: HistoryReader) => Promise<readonly object[]>;
}

export const RANGE = ['from', 'to', 'format', 'bom'] as const;
const reportRow: Schema = { type: 'object', additionalProperties: true };

/** Reports over what is kept: sums of intervals where the range and the question allow it, the calls themselves where not. */
export function reportRoutes(app: FastifyInstance, deps: HttpDeps, history: HistoryReading): void {
  const site = siteTime(deps.site.timeZone, () => deps.nowMs());
  const reports = [...queueReports(history, site), ...agentReports(history, site), ...callerReports(site)];
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
              timeZone: { type: 'string', description: "of the site's clock, by which days and hours begin" },
              rows: rowsOf(reportRow),
            }),
            ...refusals([400, 'bad-request, range-too-long'], [503, 'unavailable-history, busy-history']),
            ...readRefusals,
          },
        },
      },
      async (request, reply) => {
        const query = queryOf(request);
        const range = rangeOf(query, site);
        const reader = history.reader.asking(whenGone(reply));
        const { rows: all, seq } = await fromHistory(deps, async () => ({
          seq: (await reader.stand()).position.seq,
          rows: await make(query, range, reader),
        }));
        const rows = rowsToSee(request, history, all, isOfAgents === true);
        if (query.format === 'csv') return csv(request, reply, url, rows, deps.site.timeZone);
        const about = { seq, atMs: deps.nowMs(), ...range, timeZone: deps.site.timeZone };
        return rows.length > ROWS_AT_ONCE ? sendRows(reply, about, rows) : { ...about, rows };
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

/** Aborted when the asker has gone away, or has the whole answer. */
function whenGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  // A report may ask some questions for each part of its range.
  setMaxListeners(0, gone.signal);
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}

/** A store that is away is told as that, one that has too much to do too; what we refused ourselves stays what it is. */
export async function fromHistory<T>(deps: HttpDeps, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ApiError) throw error;
    if (error instanceof HistoryBusy) {
      throw new ApiError(503, 'busy-history', 'Too many reports are being made at this moment: ask again in a few seconds.');
    }
    // Nobody is there to be told.
    if ((error as Error).name === 'AbortError') throw new ApiError(503, 'unavailable-history', 'The question was given up.');
    deps.onFault?.(error as Error, 'history');
    throw new ApiError(
      503,
      'unavailable-history',
      'The history cannot be read at the moment; the facts wait and nothing is lost.',
    );
  }
}

const ROWS_AT_ONCE = 500;

/** Some rows, and then others have their turn: calls are served by the same thread. */
async function* someAtOnce(rows: readonly object[]): AsyncGenerator<readonly object[]> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    yield rows.slice(at, at + ROWS_AT_ONCE);
    await setImmediate();
  }
}

/** The same answer as one object would be, written some rows at once. */
function sendRows(reply: FastifyReply, about: object, rows: readonly object[]): FastifyReply {
  async function* text(): AsyncGenerator<string> {
    let before = `${JSON.stringify(about).slice(0, -1)},"rows":[`;
    for await (const some of someAtOnce(rows)) {
      yield before + some.map((row) => JSON.stringify(row)).join(',');
      before = ',';
    }
    yield ']}';
  }
  return reply.type('application/json; charset=utf-8').send(Readable.from(text(), { objectMode: false, encoding: 'utf8' }));
}

async function csv(request: FastifyRequest, reply: FastifyReply, url: string, rows: readonly object[], timeZone: string) {
  const cells: object[] = [];
  // Not every row has every column; those of all of them, in the order in which they appear.
  const columns = new Set<string>();
  for await (const some of someAtOnce(rows)) {
    for (const row of some) {
      const each = flat(withStart(row, timeZone));
      for (const name in each) columns.add(name);
      cells.push(each);
    }
  }
  return sendCsv(reply, url, [...columns], someAtOnce(cells), queryOf(request).bom === '1');
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

function agentReports(history: HistoryReading, site: SiteTime): Report[] {
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
      make: async (query, range, reader) => {
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
      make: async (query, range, reader) => {
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

function callerReports(site: SiteTime): Report[] {
  return [
    {
      url: 'outcomes',
      summary: 'Ended calls by number dialled and outcome (and day or hour of arrival)',
      fields: [...RANGE, 'by'],
      make: async (query, range, reader) => {
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
      make: async (_query, range, reader) => {
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
      make: (query, range, reader) => dispositionRows(reader, range, query.queue),
    },
    {
      url: 'survey',
      isOfAgents: true,
      summary: 'Surveys by queue, agent and scale',
      fields: [...RANGE],
      make: (_query, range, reader) => surveyRows(reader, range),
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
