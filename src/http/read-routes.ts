import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Fact } from '../base/facts.js';
import type { CallId } from '../base/ids.js';
import { maskNumber } from '../service-level/mask.js';
import type { CallView } from '../service-level/views.js';
import { seesNumbers } from './access.js';
import type { HttpDeps } from './deps.js';
import { ApiError, notFound } from './errors.js';
import {
  abandonedView,
  agentView,
  answer,
  boardView,
  callView,
  explanationView,
  factView,
  idParams,
  queueView,
  readRefusals,
  refusals,
  rows,
} from './schemas.js';

const LIMIT = z.strictObject({ limit: z.coerce.number().int().min(1).max(1_000).default(100) });
const limitSchema = {
  type: 'object',
  properties: { limit: { type: 'integer', minimum: 1, maximum: 1_000, default: 100, description: 'newest first' } },
  additionalProperties: false,
};
/** A query is text, a limit is a number: read here, so that bodies can be held to their types strictly. */
export const limitCompiler = () => (query: unknown) => {
  const read = LIMIT.safeParse(query);
  return read.success
    ? { value: read.data }
    : { error: new ApiError(400, 'bad-request', 'limit must be a whole number from 1 to 1000.') };
};
export const limitOf = (request: FastifyRequest): number => (request.query as { limit: number }).limit;
export const idOf = (request: FastifyRequest): string => (request.params as { id: string }).id;
export { limitSchema };

/** The first rows that who asks may see, as many as were asked for. */
export function seenOf<T>(
  request: FastifyRequest,
  list: (limit: number) => readonly T[],
  sees: (row: T) => boolean,
): readonly T[] {
  const limit = limitOf(request);
  return request.sight.isWhole ? list(limit) : list(Number.MAX_SAFE_INTEGER).filter(sees).slice(0, limit);
}

/** The call that the address names. Throws when there is none that who asks may see. */
export function callSeen({ ledger }: HttpDeps, request: FastifyRequest): CallView {
  const call = ledger.call(idOf(request));
  if (call === null || !request.sight.call(call)) throw noSuchCall(idOf(request));
  return call;
}

const read = { access: 'read' } as const;
const oversee = { access: 'oversee' } as const;

/** Queues, agents, calls: what the board and the ledger say, with the snapshot number that the wallboard shows too. */
export function readRoutes(app: FastifyInstance, deps: HttpDeps): void {
  boardRoutes(app, deps);
  callRoutes(app, deps);
  explanationRoute(app, deps);
}

function boardRoutes(app: FastifyInstance, deps: HttpDeps): void {
  app.get(
    '/api/v1/board',
    {
      config: read,
      schema: {
        tags: ['board'],
        summary: 'Everything that the wallboard shows, of one moment',
        response: { 200: { description: 'the board', ...boardView }, ...readRefusals },
      },
    },
    ({ sight }) => sight.board(deps.board()),
  );
  app.get(
    '/api/v1/queues',
    {
      config: read,
      schema: {
        tags: ['queues'],
        summary: 'All queues with the figures of the day so far',
        response: { 200: answer('all queues', { queues: rows(queueView) }), ...readRefusals },
      },
    },
    ({ sight }) => {
      const { seq, atMs, queues } = sight.board(deps.board());
      return { seq, atMs, queues };
    },
  );
  app.get(
    '/api/v1/queues/:id',
    {
      config: read,
      schema: {
        tags: ['queues'],
        summary: 'One queue',
        params: idParams,
        response: { 200: answer('the queue', { queue: queueView }), ...refusals([404, 'no-such-queue']), ...readRefusals },
      },
    },
    (request) => {
      const { seq, atMs, queues } = request.sight.board(deps.board());
      const queue = queues.find((row) => row.queueId === idOf(request));
      if (queue === undefined) throw notFound('no-such-queue', `There is no queue "${idOf(request)}".`);
      return { seq, atMs, queue };
    },
  );
  app.get(
    '/api/v1/agents',
    {
      config: read,
      schema: {
        tags: ['agents'],
        summary: 'All agents with status and state',
        response: { 200: answer('all agents', { agents: rows(agentView) }), ...readRefusals },
      },
    },
    ({ sight }) => {
      const { seq, atMs, agents } = sight.board(deps.board());
      return { seq, atMs, agents };
    },
  );
  app.get(
    '/api/v1/agents/:id',
    {
      config: read,
      schema: {
        tags: ['agents'],
        summary: 'One agent',
        params: idParams,
        response: { 200: answer('the agent', { agent: agentView }), ...refusals([404, 'no-such-agent']), ...readRefusals },
      },
    },
    (request) => agentAnswer(deps, request, idOf(request)),
  );
}

/** One agent as the board has it now. */
export function agentAnswer(deps: HttpDeps, { sight }: FastifyRequest, agentId: string) {
  const { seq, atMs, agents } = sight.board(deps.board());
  const agent = agents.find((row) => row.agentId === agentId);
  if (agent === undefined) throw notFound('no-such-agent', `There is no agent "${agentId}".`);
  return { seq, atMs, agent };
}

function callRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const stamp = () => ({ seq: deps.ledger.seq, atMs: deps.nowMs() });
  app.get(
    '/api/v1/calls',
    {
      config: read,
      validatorCompiler: limitCompiler,
      schema: {
        tags: ['calls'],
        summary: 'Calls in progress, then the latest ended ones',
        querystring: limitSchema,
        response: {
          200: answer('calls, newest first', { calls: rows(callView) }),
          ...refusals([400, 'bad-request']),
          ...readRefusals,
        },
      },
    },
    (request) => ({ ...stamp(), calls: seenOf(request, (limit) => deps.ledger.calls(limit), request.sight.call) }),
  );
  app.get(
    '/api/v1/abandoned-calls',
    {
      config: read,
      validatorCompiler: limitCompiler,
      schema: {
        tags: ['calls'],
        summary: 'Callers who gave up waiting, and whether they have called again since',
        querystring: limitSchema,
        response: {
          200: answer('abandoned calls, newest first', { calls: rows(abandonedView) }),
          ...refusals([400, 'bad-request']),
          ...readRefusals,
        },
      },
    },
    (request) => ({
      ...stamp(),
      calls: seenOf(
        request,
        (limit) => deps.ledger.abandoned(limit),
        ({ queueId }) => request.sight.line(queueId),
      ),
    }),
  );
  app.get(
    '/api/v1/calls/:id',
    {
      config: read,
      schema: {
        tags: ['calls'],
        summary: 'One call',
        params: idParams,
        response: { 200: answer('the call', { call: callView }), ...refusals([404, 'no-such-call']), ...readRefusals },
      },
    },
    (request) => ({ ...stamp(), call: callSeen(deps, request) }),
  );
  app.get(
    '/api/v1/calls/:id/facts',
    {
      config: read,
      schema: {
        tags: ['calls'],
        summary: 'All that happened to one call, in order',
        params: idParams,
        response: { 200: answer('the facts', { facts: rows(factView) }), ...refusals([404, 'no-such-call']), ...readRefusals },
      },
    },
    (request) => {
      const facts = deps.ledger.factsOf(callSeen(deps, request).callId);
      return { ...stamp(), facts: shownFacts(facts, request) };
    },
  );
}

const LANGUAGES = ['zh', 'en'] as const;
type Language = (typeof LANGUAGES)[number];

function explanationRoute(app: FastifyInstance, deps: HttpDeps): void {
  const languageOf = (request: FastifyRequest): Language => {
    const wanted = (request.query as { lang?: Language }).lang ?? deps.site.languages[0];
    return LANGUAGES.find((language) => language === wanted) ?? 'en';
  };
  app.get(
    '/api/v1/calls/:id/explanation',
    {
      config: oversee,
      schema: {
        tags: ['calls'],
        summary: 'Why one call went as it went, in words',
        params: idParams,
        querystring: {
          type: 'object',
          properties: { lang: { type: 'string', enum: LANGUAGES, description: 'the first language of the site unless told' } },
          additionalProperties: false,
        },
        response: {
          200: answer('one part per stay in a queue; `text` is the same as it is printed', explanationView),
          ...refusals([400, 'bad-request'], [404, 'no-such-call']),
          ...readRefusals,
        },
      },
    },
    (request) => {
      const language = languageOf(request);
      callSeen(deps, request);
      const explanation = deps.explanation(idOf(request) as CallId, language);
      if (explanation === null) throw noSuchCall(idOf(request));
      return { seq: deps.ledger.seq, atMs: deps.nowMs(), callId: idOf(request), language, ...explanation };
    },
  );
}

const noSuchCall = (id: string): ApiError => notFound('no-such-call', `There is no call "${id}", or it was long ago.`);

/** Facts of a call that who asks may see. An agent is told nothing of other agents: neither that it rang there, nor who was weighed against whom. */
export function shownFacts(facts: readonly Fact[], request: FastifyRequest): readonly object[] {
  const { principal, sight } = request;
  const shown = facts.map((fact) => shownFact(fact, request));
  if (principal?.role !== 'agent') return shown;
  return shown.flatMap((fact) => {
    const { agentId = null, why, ...rest } = fact as { agentId?: string | null; why?: object };
    if (agentId !== null && !sight.agent(agentId)) return [];
    return [why === undefined ? fact : { ...rest, agentId, why: { ...why, candidates: [], passedOver: [] } }];
  });
}

/** Whole numbers of callers are for those who must call back or investigate; names of files are for nobody outside. */
function shownFact(fact: Fact, request: FastifyRequest): object {
  if (fact.kind === 'callArrived') return seesNumbers(request.principal) ? fact : { ...fact, ani: maskNumber(fact.ani) };
  if (fact.kind === 'callbackRequested') {
    return seesNumbers(request.principal) ? fact : { ...fact, number: maskNumber(fact.number) };
  }
  if (fact.kind !== 'recordingSealed') return fact;
  const { file, ...shown } = fact;
  return shown;
}
