import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import websocket from '@fastify/websocket';
import fastify, { type FastifyInstance, type FastifyReply, LogController } from 'fastify';
import { type Access, installAccess } from './access.js';
import { agentRoutes } from './agent-routes.js';
import { alarmRoutes } from './alarm-routes.js';
import { auditRoutes } from './audit-routes.js';
import { boardMetrics } from './board-metrics.js';
import { callRoutes } from './call-routes.js';
import { callbackRoutes } from './callback-routes.js';
import type { HttpDeps } from './deps.js';
import { emergencyRoutes } from './emergency-routes.js';
import { ApiError, installErrors, sendError } from './errors.js';
import { flowRoutes } from './flow-routes.js';
import { installHeaders } from './headers.js';
import { historyRoutes } from './history-routes.js';
import { LiveFeed } from './live-feed.js';
import { limitsRoute, numbersRoutes } from './numbers-routes.js';
import { operatingRoutes } from './operating-routes.js';
import { pageRoutes } from './page-routes.js';
import { readRoutes } from './read-routes.js';
import { recordingRoutes } from './recording-routes.js';
import { replayRoutes } from './replay-routes.js';
import { reportRoutes } from './report-routes.js';
import { refusals } from './schemas.js';
import { sessionRoutes } from './session-routes.js';

export type {
  AccessToken,
  AgentCommand,
  CallCommand,
  Health,
  HttpDeps,
  LiveLimits,
  Readiness,
  RecordingFile,
  Role,
  Site,
} from './deps.js';

/**
 * The app apart from a server: `await app.ready()`, then `listen` or `inject`. Throws at once when a token is weak. Closing it ends the
 * live feed, its timers and every connection; it leaves what it was given (`deps`) alone.
 */
export function buildApp(deps: HttpDeps): FastifyInstance {
  const app = fastify({
    ...(deps.log === undefined ? {} : { loggerInstance: deps.log }),
    // A log of every look at a wall would bury what matters; refused and failed requests are told by the error handler.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 16_384,
    // The id of an alarm is the longest: rule, queue and moment, its slashes as %2F.
    routerOptions: { maxParamLength: 128 },
    requestTimeout: 10_000,
    keepAliveTimeout: 65_000,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    // A path that cannot even be decoded never reaches a route.
    frameworkErrors: (_error, _request, reply) => {
      sendError(reply as FastifyReply, new ApiError(400, 'bad-request', 'The address could not be understood.'));
    },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: true } },
  });
  installHeaders(app);
  installErrors(app, deps.onFault);
  const access = installAccess(app, deps);
  readBodies(app);
  // A schema describes an answer; it must not cut a field off that it has not learnt of.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));

  const feed = new LiveFeed(deps, deps.live);
  const metrics = boardMetrics(
    () => deps.board(),
    () => deps.totals?.() ?? { queues: [], lookUps: [], messages: [] },
    deps.version,
  );
  // No `preClose` of the plugin's own: the feed says goodbye to its clients and cuts those that do not answer.
  app.register(websocket, { options: { maxPayload: 1_024, perMessageDeflate: false }, preClose: (done) => done() });
  app.addHook('preClose', () => feed.close());
  describeApi(app, deps.version);
  app.register(async (scope) => {
    readRoutes(scope, deps);
    agentRoutes(scope, deps);
    callRoutes(scope, deps);
    callbackRoutes(scope, deps);
    recordingRoutes(scope, deps);
    flowRoutes(scope, deps);
    emergencyRoutes(scope, deps);
    sessionRoutes(scope, deps, access);
    if (deps.history) {
      reportRoutes(scope, deps, deps.history);
      historyRoutes(scope, deps, deps.history);
      auditRoutes(scope, deps, deps.history);
    }
    if (deps.alarms) alarmRoutes(scope, deps, deps.alarms);
    limitsRoute(scope, deps);
    if (deps.numbers) numbersRoutes(scope, deps, deps.numbers);
    if (deps.replay) replayRoutes(scope, deps, deps.replay);
    operatingRoutes(scope, deps, metrics);
    liveRoute(scope, feed, access);
    pageRoutes(scope, deps);
  });
  return app;
}

function liveRoute(app: FastifyInstance, feed: LiveFeed, access: Access): void {
  app.route({
    method: 'GET',
    url: '/api/v1/live',
    config: { access: 'read' },
    schema: {
      tags: ['board'],
      summary: 'WebSocket: a snapshot, then numbered deltas and a beat each second',
      response: refusals([401, 'unauthorized'], [403, 'foreign-origin'], [426, 'upgrade-required']),
    },
    handler: (_request, reply) => {
      reply.headers({ upgrade: 'websocket', connection: 'upgrade' });
      throw new ApiError(426, 'upgrade-required', 'Open this address as a WebSocket.');
    },
    wsHandler: (socket, request) => feed.join(socket, request.sight, () => access.mayStay(request)),
  });
}

/** JSON only; an empty body is no body. */
function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parse(request, body as string, done);
  });
}

function describeApi(app: FastifyInstance, version: string): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'hotline-acd',
        version,
        description:
          'State of a telephone hotline. Times are milliseconds since 1970 (UTC); names end in their unit. Every answer carries `seq`, the number of the ' +
          'last fact in it: two answers with the same `seq` and the same day tell the same story. A refusal is `{id, message}` with a stable id. ' +
          'The live feed is a WebSocket at `/api/v1/live`: a snapshot, then numbered deltas, a beat each second; say `{"type":"resync"}` after a gap.',
      },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          cookie: { type: 'apiKey', in: 'cookie', name: 'hotline_session' },
        },
      },
      tags: [
        'board',
        'queues',
        'agents',
        'calls',
        'callbacks',
        'alarms',
        'recordings',
        'flows',
        'emergency',
        'reports',
        'history',
        'session',
        'operating',
      ].map((name) => ({ name })),
    },
  });
  app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { docExpansion: 'list', deepLinking: true, validatorUrl: null },
    staticCSP: false,
  });
}
