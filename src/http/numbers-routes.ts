import { setImmediate } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { isDay, localTime } from '../base/calendar.js';
import { DAY, HOUR, type Ms } from '../base/time.js';
import { occupancyParts } from '../service-level/agent-day.js';
import { forecastDay, type StaffingInterval, type StaffingRules, staffingTable } from '../service-level/forecast.js';
import { share } from '../service-level/formulas.js';
import { countsIn, type QueueStay, STAY_FIGURES, type StayFigure, staysOf } from '../service-level/queue-stays.js';
import { pastDays, type SiteDays, STAFFING_INTERVAL_MS, weekdayOf } from '../service-level/staffing-day.js';
import type { AgentDayView } from '../service-level/views.js';
import type { AgentLimits, HistoryReading, HttpDeps, NumbersReading } from './deps.js';
import { ApiError, notFound } from './errors.js';
import { idOf } from './read-routes.js';
import { siteTime } from './report-query.js';
import { fromHistory } from './report-routes.js';
import { answer, idParams, readRefusals, refusals, rows } from './schemas.js';
import type { Sight } from './sight.js';

const read = { access: 'read' } as const;
const record = { type: 'object', additionalProperties: true };
/** Ended calls that are looked at for a list, as many as the ledger remembers. */
const CALLS_LOOKED_AT = 5_000;

/** What lies behind the board's figures: a queue's day taken apart, the calls of a figure, agents' days; and what a day to come will take. */
export function numbersRoutes(app: FastifyInstance, deps: HttpDeps, numbers: NumbersReading): void {
  queueDetails(app, deps, numbers);
  queueStays(app, deps, numbers);
  agentDays(app, deps, numbers);
  if (deps.history) staffing(app, deps, numbers, deps.history);
}

const NO_LIMITS: AgentLimits = { notReadyMs: {}, wrapUpMs: null };

/** Asked by every wall, and so served everywhere: where nothing is known there are no limits. */
export function limitsRoute(app: FastifyInstance, deps: HttpDeps): void {
  app.get(
    '/api/v1/limits',
    {
      config: read,
      schema: {
        tags: ['agents'],
        summary: 'How long agents may be not ready, by reason, and in wrap-up',
        response: {
          200: answer('lengths of time', { notReadyMs: record, wrapUpMs: { type: ['integer', 'null'] } }),
          ...readRefusals,
        },
      },
    },
    () => ({ seq: deps.ledger.seq, atMs: deps.nowMs(), ...(deps.numbers?.limits ?? NO_LIMITS) }),
  );
}

function queueDetails(app: FastifyInstance, deps: HttpDeps, numbers: NumbersReading): void {
  app.get(
    '/api/v1/queues/:id/details',
    {
      config: read,
      schema: {
        tags: ['queues'],
        summary: "One queue's day by tier, lane, agent and team, and its waits by the second",
        params: idParams,
        response: { 200: answer('the parts', { details: record }), ...refusals([404, 'no-such-queue']), ...readRefusals },
      },
    },
    (request) => {
      const { sight } = request;
      const details = sight.queue(idOf(request)) ? numbers.details(idOf(request)) : null;
      if (details === null) throw notFound('no-such-queue', `There is no queue "${idOf(request)}".`);
      const parts = details.parts.filter(({ part }) => seesPart(sight, part));
      return { seq: deps.ledger.seq, atMs: deps.nowMs(), details: { ...details, parts } };
    },
  );
}

/** `agent:1001`, `team:north`: of whom one may see; tiers and lanes are of nobody. */
function seesPart(sight: Sight, part: string): boolean {
  const [kind, name] = [part.slice(0, part.indexOf(':')), part.slice(part.indexOf(':') + 1)];
  return kind === 'agent' ? sight.agent(name) : kind === 'team' ? sight.team(name) : true;
}

const STAYS_QUERY = z.strictObject({
  figure: z.enum(STAY_FIGURES as unknown as [StayFigure, ...StayFigure[]]).default('offered'),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
});

/** The calls that make up one figure of the day. `isWhole` false: the day is longer than what is remembered, and the list begins later. */
function queueStays(app: FastifyInstance, deps: HttpDeps, numbers: NumbersReading): void {
  const site = siteTime(deps.site.timeZone, () => deps.nowMs());
  app.get(
    '/api/v1/queues/:id/stays',
    {
      config: read,
      validatorCompiler: () => (query: unknown) => {
        const parsed = STAYS_QUERY.safeParse(query);
        return parsed.success
          ? { value: parsed.data }
          : { error: new ApiError(400, 'bad-request', 'figure or limit is not known here or is not written so.') };
      },
      schema: {
        tags: ['queues'],
        summary: "The calls behind one of today's figures of a queue, newest first",
        querystring: {
          type: 'object',
          properties: {
            figure: { type: 'string', enum: STAY_FIGURES, default: 'offered' },
            limit: { type: 'integer', minimum: 1, maximum: 1_000, default: 200 },
          },
          additionalProperties: false,
        },
        response: {
          200: answer('the stays; `found` of them in all, `hidden` of them of others, which are not told', {
            ...{ figure: { type: 'string' }, found: { type: 'integer' }, isWhole: { type: 'boolean' } },
            ...{ hidden: { type: 'integer' }, stays: rows(record) },
          }),
          ...refusals([400, 'bad-request'], [404, 'no-such-queue']),
          ...readRefusals,
        },
      },
    },
    (request) => {
      // The id is part of the path and is not validated by the query's reader.
      const queueId = idOf(request);
      const { sight } = request;
      const target = sight.queue(queueId) ? numbers.targets.get(queueId) : undefined;
      if (target === undefined) throw notFound('no-such-queue', `There is no queue "${queueId}".`);
      const { figure, limit } = request.query as z.output<typeof STAYS_QUERY>;
      const nowMs = deps.nowMs();
      const fromMs = site.spans.dayOf(nowMs);
      const calls = deps.ledger.calls(CALLS_LOOKED_AT);
      const found: (QueueStay & { ani: string; tier: string; isOver: boolean })[] = [];
      for (const { callId, ani, tier, endedAtMs } of calls) {
        for (const stay of staysOf(deps.ledger.factsOf(callId))) {
          if (stay.queueId !== queueId || stay.enteredAtMs < fromMs || !countsIn(stay, figure, target, nowMs)) continue;
          found.push({ ...stay, ani, tier, isOver: endedAtMs !== null });
        }
      }
      found.sort((a, b) => b.enteredAtMs - a.enteredAtMs || (a.callId < b.callId ? 1 : -1));
      const isWhole = calls.length < CALLS_LOOKED_AT || (calls.at(-1)?.arrivedAtMs ?? 0) < fromMs;
      const stays = found.filter((stay) => sight.call(stay));
      return {
        ...{ seq: deps.ledger.seq, atMs: nowMs, figure, found: found.length, isWhole },
        ...{ hidden: found.length - stays.length, stays: stays.slice(0, limit) },
      };
    },
  );
}

function agentDays(app: FastifyInstance, deps: HttpDeps, numbers: NumbersReading): void {
  app.get(
    '/api/v1/agents/days',
    {
      config: read,
      schema: {
        tags: ['agents'],
        summary: 'How each agent has spent the day: time by what was done, occupancy, utilisation, not-ready time by reason',
        response: { 200: answer('one row per agent', { days: rows(record) }), ...readRefusals },
      },
    },
    ({ sight }) => {
      const names = new Map(deps.board().agents.map((agent) => [agent.agentId, agent]));
      const days = numbers.agentDays().flatMap((day) => {
        const { name = day.agentId, team = '' } = names.get(day.agentId) ?? {};
        return sight.agent(day.agentId, team) ? [{ name, team, ...agentDayFigures(day) }] : [];
      });
      return { seq: deps.ledger.seq, atMs: deps.nowMs(), days };
    },
  );
}

/** Shares with their parts, and by what formula. */
export function agentDayFigures(day: AgentDayView) {
  const { busyMs, idleMs } = occupancyParts(day);
  const notReady = Object.entries(day.notReadyMs).map(([reason, ms]) => ({ reason, ...share(ms, day.signedInMs) }));
  return {
    ...day,
    occupancy: {
      formula: '(talk + hold + wrap-up + outbound) / (talk + hold + wrap-up + outbound + idle)',
      ...share(busyMs, busyMs + idleMs),
    },
    utilisation: { formula: '(talk + hold + wrap-up + outbound) / signed in', ...share(busyMs, day.signedInMs) },
    notReadyShares: notReady.sort((a, b) => b.numerator - a.numerator || (a.reason < b.reason ? -1 : 1)),
  };
}

const WEEKS_BACK = 8;
const USUAL_AHT_MS = 180_000;
const STAFFING_QUERY = z.strictObject({
  day: z
    .string()
    .refine((text) => isDay(text))
    .optional(),
  queue: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$/),
  shrinkage: z.coerce.number().min(0).max(0.9).default(0.3),
  patienceS: z.coerce.number().int().min(1).max(3_600).default(180),
});

/** How many calls a day will bring by the days that were like it, and how many agents that takes, by Erlang C and A. */
function staffing(app: FastifyInstance, deps: HttpDeps, numbers: NumbersReading, history: HistoryReading): void {
  const site = siteTime(deps.site.timeZone, () => deps.nowMs());
  const { timeZone } = deps.site;
  const days: SiteDays = { timeZone, dayOf: (atMs) => site.spans.dayOf(atMs), kindOf: numbers.kindOfDay };
  app.get(
    '/api/v1/staffing',
    {
      config: read,
      validatorCompiler: () => (query: unknown) => {
        const parsed = STAFFING_QUERY.safeParse(query);
        const wrong = String(parsed.error?.issues[0]?.path[0] ?? 'query').slice(0, 40);
        return parsed.success
          ? { value: parsed.data }
          : { error: new ApiError(400, 'bad-request', `"${wrong}" is not known here or is not written so.`) };
      },
      schema: {
        tags: ['reports'],
        summary: 'Calls expected on a day of a queue, and agents needed, by half hours',
        querystring: {
          type: 'object',
          properties: {
            day: { type: 'string', description: 'a day of the site, like 2026-11-21; today unless told' },
            queue: { type: 'string' },
            shrinkage: {
              type: 'number',
              minimum: 0,
              maximum: 0.9,
              default: 0.3,
              description: 'share of paid time away from the phone',
            },
            patienceS: { type: 'integer', minimum: 1, maximum: 3_600, default: 180, description: 'mean patience, for Erlang A' },
          },
          required: ['queue'],
          additionalProperties: false,
        },
        response: {
          200: answer('the table', { queueId: { type: 'string' }, day: { type: 'string' }, intervals: rows(record) }),
          ...refusals([400, 'bad-request'], [404, 'no-such-queue'], [503, 'unavailable-history']),
          ...readRefusals,
        },
      },
    },
    async (request) => {
      const { day: named, queue: queueId, shrinkage, patienceS } = request.query as z.output<typeof STAFFING_QUERY>;
      const target = request.sight.queue(queueId) ? numbers.targets.get(queueId) : undefined;
      if (target === undefined) throw notFound('no-such-queue', `There is no queue "${queueId}".`);
      const nowMs = deps.nowMs();
      const day = named ?? localTime(timeZone, nowMs).day;
      const startMs = site.dayNamed(day);
      if (startMs === null) throw new ApiError(400, 'bad-request', 'There is no such day.');
      const endMs = site.spans.dayOf(startMs + 36 * HOUR);
      const fromMs = site.spans.dayOf(startMs - WEEKS_BACK * 7 * DAY + 12 * HOUR);
      const [counted, stand] = await fromHistory(deps, async () => [
        await history.reader.queueSums({ fromMs, toMs: endMs, spanMin: 15, perInterval: true, queueId }),
        await history.reader.stand(),
      ]);
      const past = pastDays(
        counted.map((row) => ({ ...row, startMs: row.startMs ?? 0, handleMs: row.sumTalkMs + row.sumHoldMs + row.sumWrapUpMs })),
        day,
        days,
      );
      const answered = past.reduce((sum, { intervals }) => sum + intervals.reduce((all, one) => all + one.answered, 0), 0);
      const handled = past.reduce((sum, { intervals }) => sum + intervals.reduce((all, one) => all + one.handleMs, 0), 0);
      const rules: StaffingRules = {
        goal: { share: target.share, withinMs: target.withinMs },
        intervalMs: STAFFING_INTERVAL_MS,
        ahtMs: answered > 0 ? Math.round(handled / answered) : USUAL_AHT_MS,
        patienceMs: patienceS * 1_000,
        shrinkage,
      };
      const kind = numbers.kindOfDay(day);
      const forecast = forecastDay(past, { weekday: weekdayOf(day), kind });
      const intervals = [];
      for (const [at, expected] of forecast.intervals.entries()) {
        // An interval costs some milliseconds of arithmetic: calls go on between them.
        await setImmediate();
        const [row] = staffingTable({ ...forecast, intervals: [expected] }, rules);
        const begin = startMs + at * STAFFING_INTERVAL_MS;
        intervals.push({ startMs: begin, ...expected, ...(row as StaffingInterval), came: cameIn(counted, begin, nowMs) });
      }
      const { rule, basis, trendPerWeek } = forecast;
      return {
        ...{ seq: stand.position.seq, atMs: nowMs, queueId, day, kind, rule, basis, trendPerWeek },
        ...{ goal: rules.goal, ahtMs: rules.ahtMs, patienceMs: rules.patienceMs, shrinkage, intervalMs: STAFFING_INTERVAL_MS },
        intervals,
      };
    },
  );
}

/** Calls that did come in the interval; null: it is still to come. */
function cameIn(
  counted: readonly { readonly startMs: Ms | null; readonly offered: number }[],
  beginMs: Ms,
  nowMs: Ms,
): number | null {
  if (beginMs > nowMs) return null;
  return counted.reduce(
    (sum, { startMs, offered }) =>
      startMs !== null && startMs >= beginMs && startMs < beginMs + STAFFING_INTERVAL_MS ? sum + offered : sum,
    0,
  );
}
