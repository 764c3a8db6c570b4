import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { KeptCall, Range } from '../ports/history.js';
import { maskNumber } from '../service-level/mask.js';
import { seesNumbers } from './access.js';
import { sendCsv } from './csv.js';
import type { HistoryReading, HttpDeps } from './deps.js';
import { notFound } from './errors.js';
import { idOf, shownFacts } from './read-routes.js';
import { queryCompiler, queryOf, querySchema, type ReportQuery, rangeOf, siteTime } from './report-query.js';
import { fromHistory, siteClock } from './report-routes.js';
import { answer, factView, idParams, readRefusals, refusals, rows } from './schemas.js';

const CSV_PAGE = 1_000;
/** One file holds no more; ask for fewer days. */
const CSV_CALLS = 200_000;
const CALL_COLUMNS = [
  ...['arrived', 'callId', 'direction', 'dnis', 'ani', 'language', 'tier', 'customerId', 'flowId', 'flowVersion', 'lastNode'],
  ...['queueId', 'lane', 'agentId', 'outcome', 'endedBy', 'stays', 'offers', 'transfers', 'durationMs', 'waitMs', 'talkMs'],
  ...['holdMs', 'wrapUpMs', 'surveyScore', 'surveyScale', 'disposition', 'recordings', 'arrivedMs', 'endedMs', 'previousMs'],
] as const;
const record = { type: 'object', additionalProperties: true };

/** Calls of the past, one by one. */
export function historyRoutes(app: FastifyInstance, deps: HttpDeps, history: HistoryReading): void {
  const site = siteTime(deps.site.timeZone, () => deps.nowMs());
  const stamp = async () => ({ seq: (await history.reader.stand()).position.seq, atMs: deps.nowMs() });
  app.get(
    '/api/v1/history/calls',
    {
      config: { access: 'read' },
      validatorCompiler: queryCompiler,
      schema: {
        tags: ['history'],
        summary:
          'Calls that arrived within the range, newest first; `next` asks for the page after; who sees only some calls may get a short page and ' +
          'more after it. As csv: all of them, up to 200,000; when ' +
          'there are more, the last line says so in its first cell, with the cursor of the rest, and its other cells are empty',
        querystring: querySchema('from', 'to', 'queue', 'agent', 'outcome', 'ani', 'cursor', 'limit', 'format', 'bom'),
        response: {
          200: answer('one page', {
            calls: rows(record),
            next: { type: ['string', 'null'], description: 'cursor of the next page; null: this was the last' },
          }),
          ...refusals([400, 'bad-request, range-too-long'], [503, 'unavailable-history']),
          ...readRefusals,
        },
      },
    },
    async (request, reply) => {
      const query = queryOf(request);
      const range = rangeOf(query, site);
      if (query.format === 'csv') {
        const pages = shownPages(history, request, range, deps.site.timeZone);
        // Asked before the first byte, so that a store that is away is told by the status.
        await fromHistory(deps, () => history.reader.stand());
        return sendCsv(reply, 'calls', CALL_COLUMNS, pages, query.bom === '1');
      }
      return fromHistory(deps, async () => {
        const { calls, next } = await seenPage(history, request, range);
        return { ...(await stamp()), calls: calls.map((call) => shownCall(call, request)), next };
      });
    },
  );
  app.get(
    '/api/v1/history/calls/:id',
    {
      config: { access: 'oversee' },
      schema: {
        tags: ['history'],
        summary:
          'One call of the past: the record, its stays in queues, offers, legs and walks through flows; its facts while they are kept',
        params: idParams,
        response: {
          200: answer('the call', {
            ...{ call: record, stays: rows(record), offers: rows(record), legs: rows(record), visits: rows(record) },
            facts: { ...rows(factView), description: 'empty when the facts are remembered no more' },
          }),
          ...refusals([404, 'no-such-call'], [503, 'unavailable-history']),
          ...readRefusals,
        },
      },
    },
    (request) =>
      fromHistory(deps, async () => {
        const found = await history.reader.call(idOf(request));
        if (found === null || !request.sight.call(found.call))
          throw notFound('no-such-call', `There is no call "${idOf(request)}" in the history.`);
        const facts = shownFacts(deps.ledger.factsOf(idOf(request)), request);
        const { call, stays, offers, legs, visits } = found;
        const walks = visits.map((visit) => ({ ...visit, nodes: JSON.parse(visit.nodes) as unknown }));
        return { ...(await stamp()), call: shownCall(call, request), stays, offers, legs, visits: walks, facts };
      }),
  );
  alarmRoute(app, deps, history);
}

/** Alarms and what else was alarming: switches that came and went, agents not ready for too long. */
function alarmRoute(app: FastifyInstance, deps: HttpDeps, { reader }: HistoryReading): void {
  const site = siteTime(deps.site.timeZone, () => deps.nowMs());
  app.get(
    '/api/v1/history/alarms',
    {
      config: { access: 'oversee' },
      validatorCompiler: queryCompiler,
      schema: {
        tags: ['history'],
        summary:
          'What was alarming within the range, newest first: alarms with their acknowledgements, switches, agents not ready too long',
        querystring: querySchema('from', 'to', 'limit'),
        response: {
          200: answer('`kind` is that of the fact, `detail` the rest of it', { alarms: rows(record) }),
          ...refusals([400, 'bad-request, range-too-long'], [503, 'unavailable-history']),
          ...readRefusals,
        },
      },
    },
    (request) =>
      fromHistory(deps, async () => {
        const query = queryOf(request);
        const alarms = await reader.alarms({ ...rangeOf(query, site), limit: query.limit });
        const { position } = await reader.stand();
        const shown = alarms.map(({ atMs, kind, subject, detail }) => ({
          ...{ atMs, kind, subject },
          detail: JSON.parse(detail) as { readonly agentId?: string },
        }));
        const seen = shown.filter(({ detail: { agentId } }) => agentId === undefined || request.sight.agent(agentId));
        return { seq: position.seq, atMs: deps.nowMs(), alarms: seen };
      }),
  );
}

type After = { readonly arrivedMs: number; readonly callId: string } | undefined;

function afterOf(cursor: string | undefined): After {
  if (cursor === undefined) return undefined;
  const at = cursor.indexOf('.');
  return { arrivedMs: Number(cursor.slice(0, at)), callId: cursor.slice(at + 1) };
}

const cursorOf = ({ arrivedMs, callId }: NonNullable<After>): string => `${arrivedMs}.${callId}`;

/** Calls of others are passed over; somebody who sees few of them does not make the store read all its years for one page. */
const PAGES_PASSED_OVER = 10;

async function seenPage(
  history: HistoryReading,
  request: FastifyRequest,
  range: Range,
): Promise<{ readonly calls: readonly KeptCall[]; readonly next: string | null }> {
  const query = queryOf(request);
  const { sight } = request;
  const seen: KeptCall[] = [];
  let after = afterOf(query.cursor);
  for (let pages = 0; pages < PAGES_PASSED_OVER; pages++) {
    const read = await pageOf(history, query, range, query.limit, after);
    for (const call of read) {
      after = call;
      if (sight.call(call)) seen.push(call);
      if (seen.length === query.limit) return { calls: seen, next: cursorOf(call) };
    }
    if (read.length < query.limit) return { calls: seen, next: null };
  }
  return { calls: seen, next: after === undefined ? null : cursorOf(after) };
}

function pageOf({ reader }: HistoryReading, query: ReportQuery, range: Range, limit: number, after: After): Promise<KeptCall[]> {
  const { queue, agent, outcome, ani } = query;
  return reader.calls({
    ...range,
    limit,
    ...(queue === undefined ? {} : { queueId: queue }),
    ...(agent === undefined ? {} : { agentId: agent }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(ani === undefined ? {} : { aniEnd: ani }),
    ...(after === undefined ? {} : { after }),
  });
}

async function* shownPages(
  history: HistoryReading,
  request: FastifyRequest,
  range: Range,
  timeZone: string,
): AsyncGenerator<readonly object[]> {
  const query = queryOf(request);
  const { sight } = request;
  let after = afterOf(query.cursor);
  const most = history.csvCalls ?? CSV_CALLS;
  for (let sent = 0; sent < most; ) {
    const size = Math.min(CSV_PAGE, most - sent);
    const calls = await pageOf(history, query, range, size, after);
    const seen = calls.filter((call) => sight.call(call));
    yield seen.map((call) => ({ arrived: siteClock(timeZone, call.arrivedMs), ...shownCall(call, request) }));
    sent += calls.length;
    const last = calls.at(-1);
    if (!last || calls.length < size) return;
    after = { arrivedMs: last.arrivedMs, callId: last.callId };
  }
  if (after === undefined || (await pageOf(history, query, range, 1, after)).length === 0) return;
  const cursor = cursorOf(after);
  yield [{ arrived: `cut after ${most} calls, the rest with cursor=${cursor} / 已截断于 ${most} 通，余下请用 cursor=${cursor}` }];
}

/** The hash of a number is for comparing inside; whole numbers, where they are kept, are for those who must call back or investigate. */
function shownCall(call: KeptCall, request: FastifyRequest): object {
  const { callerKey: _, aniEnd: __, place: ___, recordings, ...shown } = call;
  const ani = seesNumbers(request.principal) ? call.ani : maskNumber(call.ani);
  return { ...shown, ani, recordings: JSON.parse(recordings) as unknown };
}
