import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Result } from '../base/result.js';
import type { FlowDetail } from '../flow/views.js';
import type { FlowDesk, FlowRefusal, HttpDeps } from './deps.js';
import { type ApiError, fromRefusal, notFound } from './errors.js';
import {
  findingView,
  flowCheckView,
  flowDayView,
  flowDetail,
  flowDiffView,
  flowVersionView,
  flowView,
  flowWalkView,
  refusedFileView,
  seqField,
  shown,
} from './flow-schemas.js';
import { callSeen, idOf } from './read-routes.js';
import { idParams, readRefusals, refusals, rows, type Schema } from './schemas.js';

/** A text of a flow, as JSON. */
const TEXT_LIMIT = 512 * 1024;
const read = { access: 'read' } as const;
const tags = ['flows'];

const flowParams: Schema = {
  type: 'object',
  properties: { id: { type: 'string', pattern: '^[a-z][a-z0-9-]{0,63}$' } },
  required: ['id'],
};
const versionText: Schema = { type: 'string', pattern: '^[0-9a-f]{12}$' };
const language: Schema = { type: 'string', pattern: '^[a-z]{2,3}(-[A-Z]{2})?$', description: 'of the words in the drawing' };
const note: Schema = { type: 'string', maxLength: 500, default: '', description: 'why, for people' };
const flowText: Schema = { type: 'string', minLength: 1, maxLength: TEXT_LIMIT };
const query = (properties: Record<string, Schema>, ...required: string[]): Schema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

const changeRefusals = {
  ...refusals(
    [400, 'bad-request'],
    [401, 'unauthorized'],
    [403, 'forbidden, foreign-origin'],
    [404, 'no-such-flow, no-such-version'],
    [409, 'outdated: another version went live meanwhile; unchanged; read-only, not-written: the folder of flows'],
    [413, 'body-too-large'],
    [415, 'unsupported-media-type'],
    [421, 'wrong-host'],
    [503, 'standing-by'],
  ),
  422: shown('flow-refused: the checker found mistakes; nothing has changed', {
    id: { type: 'string' },
    message: { type: 'string' },
    findings: rows(findingView),
  }),
};

/** Flows, their versions, and what callers did in them. */
export function flowRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const { flows } = deps;
  if (flows === undefined) return;
  listRoutes(app, deps, flows);
  versionRoutes(app, flows);
  figureRoutes(app, deps, flows);
  checkRoute(app, flows);
  changeRoutes(app, flows);
}

function listRoutes(app: FastifyInstance, deps: HttpDeps, flows: FlowDesk): void {
  app.get(
    '/api/v1/flows',
    {
      config: read,
      schema: {
        tags,
        summary: 'All live flows, and files that were refused',
        response: {
          200: shown('the flows', { seq: seqField, flows: rows(flowView), refusedFiles: rows(refusedFileView) }),
          ...readRefusals,
        },
      },
    },
    () => ({ seq: deps.ledger.seq, flows: flows.list(), refusedFiles: flows.refusedFiles() }),
  );
  app.get(
    '/api/v1/flows/:id',
    {
      config: read,
      schema: {
        tags,
        summary: 'One flow with its text and drawing: the live version, or an older one',
        params: flowParams,
        querystring: query({ version: versionText, lang: language }),
        response: {
          200: { description: 'the flow', ...flowDetail },
          ...refusals([400, 'bad-request'], [404, 'no-such-flow']),
          ...readRefusals,
        },
      },
    },
    async (request) => {
      const { version = null, lang = null } = request.query as { version?: string; lang?: string };
      const detail = await flows.detail(idOf(request), version, lang);
      if (detail === null) throw noSuchFlow(request);
      return detail;
    },
  );
}

function versionRoutes(app: FastifyInstance, flows: FlowDesk): void {
  app.get(
    '/api/v1/flows/:id/versions',
    {
      config: read,
      schema: {
        tags,
        summary: 'What has been live, newest first; a version that was live twice stands there twice',
        params: flowParams,
        response: {
          200: shown('the versions', { versions: rows(flowVersionView) }),
          ...refusals([400, 'bad-request'], [404, 'no-such-flow']),
          ...readRefusals,
        },
      },
    },
    (request) => {
      const versions = flows.versions(idOf(request));
      if (versions === null) throw noSuchFlow(request);
      return { versions };
    },
  );
  app.get(
    '/api/v1/flows/:id/diff',
    {
      config: read,
      schema: {
        tags,
        summary: 'What changed from version a to version b',
        params: flowParams,
        querystring: query({ a: versionText, b: versionText }, 'a', 'b'),
        response: {
          200: { description: 'the difference', ...flowDiffView },
          ...refusals([400, 'bad-request'], [404, 'no-such-flow, no-such-version']),
          ...readRefusals,
        },
      },
    },
    async (request) => {
      const { a, b } = request.query as { a: string; b: string };
      const difference = await flows.difference(idOf(request), a, b);
      if (!difference.ok) throw fromRefusal(difference.error);
      return difference.value;
    },
  );
}

function figureRoutes(app: FastifyInstance, deps: HttpDeps, flows: FlowDesk): void {
  app.get(
    '/api/v1/flows/:id/days/:day',
    {
      config: read,
      schema: {
        tags,
        summary: 'What callers did in the flow on one day, and where they are now',
        params: {
          type: 'object',
          properties: {
            ...(flowParams.properties as object),
            day: { type: 'string', pattern: '^(today|[0-9]{4}-[0-9]{2}-[0-9]{2})$' },
          },
          required: ['id', 'day'],
        },
        response: {
          200: { description: 'the figures', ...flowDayView },
          ...refusals([400, 'bad-request'], [404, 'no-such-flow; no-such-day: it is not remembered']),
          ...readRefusals,
        },
      },
    },
    (request) => {
      const { id, day } = request.params as { id: string; day: string };
      const view = flows.day(id, day);
      if (view !== null) return view;
      if (flows.versions(id) === null) throw noSuchFlow(request);
      throw notFound('no-such-day', `The figures of ${day} are not remembered.`);
    },
  );
  app.get(
    '/api/v1/calls/:id/walk',
    {
      config: read,
      schema: {
        tags: ['calls'],
        summary: "One call's way through its flows",
        params: idParams,
        response: { 200: { description: 'the walk', ...flowWalkView }, ...refusals([404, 'no-such-call']), ...readRefusals },
      },
    },
    (request) => {
      if (!request.sight.isWhole) callSeen(deps, request);
      const walk = flows.walk(idOf(request));
      if (walk === null) throw notFound('no-such-call', `There is no call "${idOf(request)}", or it was long ago.`);
      return walk;
    },
  );
}

function checkRoute(app: FastifyInstance, flows: FlowDesk): void {
  app.post(
    '/api/v1/flows/check',
    {
      config: read,
      bodyLimit: TEXT_LIMIT,
      schema: {
        tags,
        summary: 'Check a text as if it were to be published; changes nothing',
        body: {
          type: 'object',
          properties: {
            text: { ...flowText, minLength: 0 },
            flowId: (flowParams.properties as { id: Schema }).id,
            lang: language,
          },
          required: ['text'],
          additionalProperties: false,
        },
        response: {
          200: { description: 'what the checker says', ...flowCheckView },
          ...refusals([400, 'bad-request'], [403, 'foreign-origin'], [413, 'body-too-large'], [415, 'unsupported-media-type']),
          ...readRefusals,
        },
      },
    },
    (request) => {
      const { text, flowId = null, lang = null } = request.body as { text: string; flowId?: string; lang?: string };
      return flows.check(text, flowId, lang);
    },
  );
}

function changeRoutes(app: FastifyInstance, flows: FlowDesk): void {
  app.post(
    '/api/v1/flows/:id/versions',
    {
      config: { access: 'administer' },
      bodyLimit: TEXT_LIMIT,
      schema: {
        tags,
        summary: 'Publish a text as the new version: new calls get it, calls in progress end on theirs',
        security: [{ bearer: [] }],
        params: flowParams,
        body: {
          type: 'object',
          properties: {
            text: flowText,
            note,
            basedOn: { ...versionText, description: 'the version that the text was made from' },
          },
          required: ['text', 'basedOn'],
          additionalProperties: false,
        },
        response: { 200: { description: 'the flow as it is live now', ...flowDetail }, ...changeRefusals },
      },
    },
    async (request, reply) => {
      const body = request.body as { text: string; note: string; basedOn: string };
      return changed(reply, await flows.publish({ flowId: idOf(request), ...body, by: byOf(request) }));
    },
  );
  app.post(
    '/api/v1/flows/:id/rollback',
    {
      config: { access: 'administer' },
      schema: {
        tags,
        summary: 'Make an older version live again; it is checked as any other',
        security: [{ bearer: [] }],
        params: flowParams,
        body: {
          type: 'object',
          properties: { version: versionText, note },
          required: ['version'],
          additionalProperties: false,
        },
        response: { 200: { description: 'the flow as it is live now', ...flowDetail }, ...changeRefusals },
      },
    },
    async (request, reply) => {
      const body = request.body as { version: string; note: string };
      return changed(reply, await flows.rollBack({ flowId: idOf(request), ...body, by: byOf(request) }));
    },
  );
}

/** What the checker found goes with the refusal, so that an editor can show it in its places. */
function changed(reply: FastifyReply, done: Result<FlowDetail, FlowRefusal>): unknown {
  if (done.ok) return done.value;
  const { id, message, findings } = done.error;
  if (findings === undefined) throw fromRefusal({ id, message });
  return reply.code(422).send({ id, message, findings });
}

const byOf = (request: FastifyRequest): string => request.principal?.name ?? 'unknown';
const noSuchFlow = (request: FastifyRequest): ApiError =>
  notFound('no-such-flow', `There is no flow "${idOf(request)}", or it has no such version.`);
