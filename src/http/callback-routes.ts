import type { FastifyInstance } from 'fastify';
import type { CallId } from '../base/ids.js';
import type { HttpDeps } from './deps.js';
import { type ApiError, fromRefusal, notFound } from './errors.js';
import { idOf, limitCompiler, limitSchema, seenOf } from './read-routes.js';
import { answer, callbackView, idParams, readRefusals, refusals, rows } from './schemas.js';

/** Promises to call back: what there are, and taking one back. */
export function callbackRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const stamp = () => ({ seq: deps.ledger.seq, atMs: deps.nowMs() });
  app.get(
    '/api/v1/callbacks',
    {
      config: { access: 'read' },
      validatorCompiler: limitCompiler,
      schema: {
        tags: ['callbacks'],
        summary: 'Open callbacks in the order of their places, then the latest ended ones',
        querystring: limitSchema,
        response: {
          200: answer('callbacks', { callbacks: rows(callbackView) }),
          ...refusals([400, 'bad-request']),
          ...readRefusals,
        },
      },
    },
    (request) => ({
      ...stamp(),
      callbacks: seenOf(request, (limit) => deps.ledger.callbacks(limit), request.sight.call),
    }),
  );
  app.post(
    '/api/v1/callbacks/:id/cancel',
    {
      config: { access: 'supervise' },
      schema: {
        tags: ['callbacks'],
        summary: 'Take a promise back; nobody is called any more',
        security: [{ bearer: [] }],
        params: idParams,
        response: {
          200: answer('the callback afterwards', { callback: callbackView }),
          ...refusals(
            [401, 'unauthorized'],
            [403, 'forbidden, foreign-origin'],
            [404, 'no-such-callback: there is none, or it is over'],
            [409, 'callback-under-way: the caller is on the line already'],
            [421, 'wrong-host'],
            [503, 'cannot be committed now'],
          ),
        },
      },
    },
    async (request) => {
      const callbackId = idOf(request) as CallId;
      const by = request.principal?.name ?? 'unknown';
      const find = () =>
        deps.ledger.callbacks(Number.MAX_SAFE_INTEGER).find((each) => each.callbackId === callbackId && request.sight.call(each));
      if (!request.sight.isWhole && find() === undefined) throw noSuchCallback(callbackId);
      const done = await deps.callbackCommand({ kind: 'cancelCallback', callbackId, by });
      if (!done.ok) throw fromRefusal(done.error);
      const callback = find();
      if (callback === undefined) throw noSuchCallback(callbackId);
      return { ...stamp(), callback };
    },
  );
}

const noSuchCallback = (id: string): ApiError => notFound('no-such-callback', `There is no callback "${id}".`);
