import type { FastifyInstance } from 'fastify';
import type { BoardMetrics } from './board-metrics.js';
import type { HttpDeps } from './deps.js';
import { checksView } from './schemas.js';

/** For whoever operates the service: alive, ready, figures for Prometheus. Details of checks are for those who may read. */
export function operatingRoutes(app: FastifyInstance, deps: HttpDeps, metrics: BoardMetrics): void {
  const open = { access: 'open' } as const;
  app.get(
    '/healthz',
    {
      config: open,
      exposeHeadRoute: true,
      schema: {
        tags: ['operating'],
        summary: 'Alive: 503 only for what a restart mends',
        response: { 200: { description: 'alive', ...checksView }, 503: { description: 'restart me', ...checksView } },
      },
    },
    (request, reply) => {
      const { ok, detail } = deps.health();
      const checks = [{ name: 'process', ok, ...(request.principal ? { detail } : {}) }];
      return reply.code(ok ? 200 : 503).send({ ok, checks });
    },
  );
  app.get(
    '/readyz',
    {
      config: open,
      exposeHeadRoute: true,
      schema: {
        tags: ['operating'],
        summary: 'Ready to take calls',
        response: { 200: { description: 'ready', ...checksView }, 503: { description: 'not ready', ...checksView } },
      },
    },
    async (request, reply) => {
      const { ok, checks } = await deps.ready();
      const shown = request.principal ? checks : checks.map(({ name, ok: good }) => ({ name, ok: good }));
      return reply.code(ok ? 200 : 503).send({ ok, checks: shown });
    },
  );
  app.get(
    '/metrics',
    {
      config: { access: 'oversee' },
      schema: { tags: ['operating'], summary: 'Figures in the text format of Prometheus', produces: ['text/plain'] },
    },
    async (_request, reply) => {
      const further = (await deps.metricsText?.()) ?? '';
      return reply.type(metrics.contentType).send((await metrics.text()) + further);
    },
  );
}
