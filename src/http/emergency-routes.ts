import type { FastifyInstance } from 'fastify';
import type { HttpDeps } from './deps.js';
import { fromRefusal } from './errors.js';
import { emergencyView, shown } from './flow-schemas.js';
import { readRefusals, refusals, rows } from './schemas.js';

/** The switch of emergency announcements. Who turned it stands in the facts. */
export function emergencyRoutes(app: FastifyInstance, { emergency }: HttpDeps): void {
  if (emergency === undefined) return;
  app.get(
    '/api/v1/emergency',
    {
      config: { access: 'read' },
      schema: {
        tags: ['emergency'],
        summary: 'The announcements of the configuration, and which are on',
        response: { 200: shown('the announcements', { announcements: rows(emergencyView) }), ...readRefusals },
      },
    },
    () => ({ announcements: emergency.list() }),
  );
  app.put(
    '/api/v1/emergency/:announcement',
    {
      config: { access: 'supervise' },
      schema: {
        tags: ['emergency'],
        summary: 'Switch an announcement on, for all numbers or some, or off; new calls hear it, calls in progress do not',
        security: [{ bearer: [] }],
        params: {
          type: 'object',
          properties: { announcement: { type: 'string', pattern: '^[a-z][a-z0-9-]{0,47}$' } },
          required: ['announcement'],
        },
        body: {
          type: 'object',
          properties: {
            on: { type: 'boolean' },
            numbers: {
              type: ['array', 'null'],
              items: { type: 'string', maxLength: 64 },
              maxItems: 1_000,
              default: null,
              description: 'dialled numbers; null: all',
            },
          },
          required: ['on'],
          additionalProperties: false,
        },
        response: {
          200: { description: 'the announcement afterwards', ...emergencyView },
          ...refusals(
            [400, 'bad-request, bad-numbers'],
            [401, 'unauthorized'],
            [403, 'forbidden, foreign-origin'],
            [404, 'no-such-announcement'],
            [413, 'body-too-large'],
            [415, 'unsupported-media-type'],
            [421, 'wrong-host'],
            [503, 'standing-by'],
          ),
        },
      },
    },
    async (request) => {
      const { announcement } = request.params as { announcement: string };
      const { on, numbers } = request.body as { on: boolean; numbers: string[] | null };
      const done = await emergency.turn({ announcement, on, numbers, by: request.principal?.name ?? 'unknown' });
      if (!done.ok) throw fromRefusal(done.error);
      return done.value;
    },
  );
}
