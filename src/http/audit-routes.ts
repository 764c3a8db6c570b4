import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { HistoryReading, HttpDeps } from './deps.js';
import { ApiError } from './errors.js';
import { querySchema, queryShape, rangeOf, siteTime } from './report-query.js';
import { fromHistory } from './report-routes.js';
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

const auditQuery = queryShape.pick({ from: true, to: true, limit: true }).extend({
  by: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$/)
    .optional(),
  action: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,47}(\/[A-Za-z0-9-]{1,48}){0,5}$/)
    .optional(),
});
const described = querySchema('from', 'to', 'limit') as { properties: object };
const text = (description: string) => ({ type: 'string', description });

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
        summary: 'Who was let do what, from where, and what came of it; newest first',
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
          200: answer('changes', { changes: rows(changeView) }),
          ...refusals([400, 'bad-request, range-too-long'], [503, 'unavailable-history']),
          ...readRefusals,
        },
      },
    },
    (request) =>
      fromHistory(deps, async () => {
        const { by, action, limit, from, to } = request.query as z.output<typeof auditQuery>;
        const of = { ...(by === undefined ? {} : { by }), ...(action === undefined ? {} : { kind: action }) };
        const changes = await reader.audit({ ...rangeOf({ from, to }, site), ...of, limit });
        const { position } = await reader.stand();
        const shown = changes.map(({ atMs, kind, by, subject, detail }) => ({
          ...{ atMs, kind, by, subject },
          detail: JSON.parse(detail) as unknown,
        }));
        return { seq: position.seq, atMs: deps.nowMs(), changes: shown };
      }),
  );
}
