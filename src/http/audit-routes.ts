import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { HistoryReader, Range } from '../ports/history.js';
import { sendCsv } from './csv.js';
import type { HistoryReading, HttpDeps } from './deps.js';
import { ApiError } from './errors.js';
import { querySchema, queryShape, rangeOf, siteTime } from './report-query.js';
import { fromHistory, siteClock } from './report-routes.js';
import { answer, readRefusals, refusals, rows } from './schemas.js';

const changeView = {
  type: 'object',
  properties: {
    atMs: { type: 'integer' },
    kind: {
      type: 'string',
      description: 'a route in words, like `agents/force-status`, or the kind of the fact that came of it',
    },
    by: { type: 'string' },
    subject: { type: ['string', 'null'] },
    detail: { type: 'object', additionalProperties: true, description: 'of routes: role, via and address too' },
  },
  required: ['atMs', 'kind', 'by', 'subject', 'detail'],
  additionalProperties: false,
};

const auditQuery = queryShape.pick({ from: true, to: true, limit: true, format: true, bom: true }).extend({
  by: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$/)
    .optional(),
  action: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,47}(\/[A-Za-z0-9-]{1,48}){0,5}$/)
    .optional(),
  cursor: z
    .string()
    .regex(/^\d{1,15}\.\d{1,16}$/)
    .optional(),
});
type AuditQuery = z.output<typeof auditQuery>;
const described = querySchema('from', 'to', 'limit', 'cursor', 'format', 'bom') as { properties: object };
const text = (description: string) => ({ type: 'string', description });

const PAGE = 1_000;
/** One file holds no more; ask for fewer days. */
const CSV_ROWS = 200_000;
const COLUMNS = ['at', 'by', 'kind', 'subject', 'address', 'role', 'via', 'detail', 'atMs'] as const;

/** Who changed what, who listened, who signed in and out, and who tried to. */
export function auditRoutes(app: FastifyInstance, deps: HttpDeps, { reader }: HistoryReading): void {
  const site = siteTime(deps.site.timeZone, () => deps.nowMs());
  app.get(
    '/api/v1/audit',
    {
      config: { access: 'administer' },
      validatorCompiler: () => (query: unknown) => {
        const read = auditQuery.safeParse(query);
        const wrong = String(read.error?.issues[0]?.path[0] ?? 'query').slice(0, 40);
        return read.success
          ? { value: read.data }
          : { error: new ApiError(400, 'bad-request', `"${wrong}" is not known here or is not written so.`) };
      },
      schema: {
        tags: ['history'],
        summary:
          'Who was let do what, from where, and what came of it; newest first; `next` asks for the page after. As csv: all of it, up to 200,000 rows',
        security: [{ bearer: [] }, { cookie: [] }],
        querystring: {
          ...described,
          properties: {
            ...described.properties,
            by: text('the name of an account or token'),
            action: text('a kind, or the beginning of one up to a `/`: `session`, `session/sign-in`, `flowPublished`'),
          },
        },
        response: {
          200: answer('changes', {
            changes: rows(changeView),
            next: { type: ['string', 'null'], description: 'cursor of the next page; null: this was the last' },
          }),
          ...refusals([400, 'bad-request, range-too-long'], [503, 'unavailable-history']),
          ...readRefusals,
        },
      },
    },
    async (request, reply) => {
      const query = askedOf(request);
      const range = rangeOf(query, site);
      if (query.format === 'csv') {
        // Asked before the first byte, so that a store that is away is told by the status.
        await fromHistory(deps, () => reader.stand());
        return sendCsv(reply, 'audit', COLUMNS, csvPages(reader, query, range, deps.site.timeZone), query.bom === '1');
      }
      return fromHistory(deps, async () => {
        const changes = await pageOf(reader, query, range, query.limit, afterOf(query.cursor));
        const { position } = await reader.stand();
        const last = changes.at(-1);
        const next = last === undefined || changes.length < query.limit ? null : `${last.atMs}.${last.place}`;
        return { seq: position.seq, atMs: deps.nowMs(), changes: changes.map(shownChange), next };
      });
    },
  );
}

const askedOf = (request: FastifyRequest): AuditQuery => request.query as AuditQuery;

type Kept = Awaited<ReturnType<HistoryReader['audit']>>[number];
type After = Pick<Kept, 'atMs' | 'place'> | null;

function afterOf(cursor: string | undefined): After {
  const [atMs, place] = (cursor ?? '').split('.').map(Number);
  return atMs === undefined || place === undefined ? null : { atMs, place };
}

/** Changes before `after`, newest first. The store knows moments and not places: those of the same moment that were told already are passed over. */
async function pageOf(reader: HistoryReader, query: AuditQuery, range: Range, limit: number, after: After): Promise<Kept[]> {
  const { by, action } = query;
  const of = { ...(by === undefined ? {} : { by }), ...(action === undefined ? {} : { kind: action }) };
  const found: Kept[] = [];
  for (let toMs = after === null ? range.toMs : Math.min(range.toMs, after.atMs + 1); toMs > range.fromMs; ) {
    const read = await reader.audit({ fromMs: range.fromMs, toMs, ...of, limit: PAGE });
    const before = (found.at(-1) ?? after)?.place ?? Number.POSITIVE_INFINITY;
    const fresh = read.filter(({ place }) => place < before);
    found.push(...fresh);
    if (found.length >= limit || read.length < PAGE) break;
    const oldestMs = (read.at(-1) as Kept).atMs;
    toMs = fresh.length === 0 ? oldestMs : oldestMs + 1;
  }
  return found.slice(0, limit);
}

async function* csvPages(reader: HistoryReader, query: AuditQuery, range: Range, timeZone: string): AsyncGenerator<object[]> {
  let after = afterOf(query.cursor);
  for (let sent = 0; sent < CSV_ROWS; ) {
    const changes = await pageOf(reader, query, range, PAGE, after);
    yield changes.map((change) => {
      const { detail, ...shown } = shownChange(change);
      const { address, role, via, ...rest } = detail;
      return { at: siteClock(timeZone, change.atMs), ...shown, address, role, via, detail: JSON.stringify(rest) };
    });
    sent += changes.length;
    after = changes.at(-1) ?? after;
    if (changes.length < PAGE) return;
  }
  yield [{ at: `cut after ${CSV_ROWS} rows, ask for fewer days / 已截断于 ${CSV_ROWS} 行，请缩短日期范围` }];
}

function shownChange({ atMs, kind, by, subject, detail }: Kept) {
  return { atMs, kind, by, subject, detail: JSON.parse(detail) as Readonly<Record<string, unknown>> };
}
