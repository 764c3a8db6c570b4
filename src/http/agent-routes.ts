import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AgentId } from '../base/ids.js';
import type { AgentCommand, HttpDeps } from './deps.js';
import { fromRefusal } from './errors.js';
import { agentAnswer, idOf } from './read-routes.js';
import { agentView, answer, idParams, refusals, type Schema } from './schemas.js';

const phoneBody: Schema = {
  type: 'object',
  properties: {
    phone: {
      type: 'string',
      pattern: '^[A-Za-z0-9][A-Za-z0-9:@._-]{0,63}$',
      description: 'the phone to ring, when it is not the one of the configuration',
    },
  },
  additionalProperties: false,
};
const statusBody = {
  type: 'object',
  properties: {
    status: { type: 'string', enum: ['ready', 'notReady'] },
    reason: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$', description: 'a configured reason, for notReady' },
  },
  required: ['status'],
  additionalProperties: false,
};
const emptyBody: Schema = { type: 'object', properties: {}, additionalProperties: false };

interface Verb {
  readonly path: string;
  readonly summary: string;
  readonly body: Schema;
  /** The agent's own token may, unless told. */
  readonly access?: 'supervise';
  readonly command: (
    agentId: AgentId,
    by: string,
    body: Record<string, string | undefined>,
    request: FastifyRequest,
  ) => AgentCommand;
}

const forcedBody: Schema = {
  type: 'object',
  properties: {
    status: { type: 'string', enum: ['ready', 'notReady', 'loggedOut'] },
    reason: statusBody.properties.reason,
  },
  required: ['status'],
  additionalProperties: false,
};

const extendBody: Schema = {
  type: 'object',
  properties: { forMs: { type: 'integer', minimum: 1_000, maximum: 14_400_000, description: 'how much longer' } },
  required: ['forMs'],
  additionalProperties: false,
};

const VERBS: readonly Verb[] = [
  {
    path: 'force-status',
    summary: 'Set the status of an agent from outside, signing out included; a call that the agent has goes on',
    body: forcedBody,
    access: 'supervise',
    command: (agentId, by, { status, reason }) =>
      status === 'loggedOut'
        ? { kind: 'signOut', agentId, by }
        : { kind: 'setStatus', agentId, status: status === 'ready' ? 'ready' : 'notReady', reason: reason ?? null, by },
  },
  {
    path: 'sign-in',
    summary: 'Sign an agent in at a phone; the agent starts not ready',
    body: phoneBody,
    command: (agentId, by, body) => ({ kind: 'signIn', agentId, phone: body.phone ?? null, by }),
  },
  {
    path: 'sign-out',
    summary: 'Sign an agent out',
    body: emptyBody,
    command: (agentId, by) => ({ kind: 'signOut', agentId, by }),
  },
  {
    path: 'status',
    summary: 'Make an agent ready or not ready; during a call it is kept for after it',
    body: statusBody,
    command: (agentId, by, body) => ({
      kind: 'setStatus',
      agentId,
      status: body.status === 'ready' ? 'ready' : 'notReady',
      reason: body.reason ?? null,
      by,
    }),
  },
  {
    path: 'wrap-up/finish',
    summary: 'End the wrap-up before its time',
    body: emptyBody,
    command: (agentId, by) => ({ kind: 'finishWrapUp', agentId, by }),
  },
  {
    path: 'wrap-up/extend',
    summary: 'Give the wrap-up more time, as far as the queue allows',
    body: extendBody,
    command: (agentId, by, _, request) => {
      const { forMs } = request.body as { forMs: number };
      return { kind: 'extendWrapUp', agentId, forMs, by };
    },
  },
];

/** What an agent may do, or a supervisor for an agent. Each answers with the agent as the board shows it afterwards. */
export function agentRoutes(app: FastifyInstance, deps: HttpDeps): void {
  for (const verb of VERBS) {
    app.post(
      `/api/v1/agents/:id/${verb.path}`,
      {
        config: { access: verb.access ?? 'agentWrite' },
        preValidation: bodyMayBeMissing,
        schema: {
          tags: ['agents'],
          summary: verb.summary,
          security: [{ bearer: [] }],
          params: idParams,
          body: verb.body,
          response: {
            200: answer('the agent afterwards', { agent: agentView }),
            ...refusals(
              [400, 'bad-request'],
              [401, 'unauthorized'],
              [403, 'forbidden, not-your-team, foreign-origin, foreign-page'],
              [404, 'no-such-agent'],
              [409, 'refused in the present state, such as agent-not-signed-in'],
              [413, 'body-too-large'],
              [415, 'unsupported-media-type'],
              [421, 'wrong-host'],
              [503, 'cannot be committed now'],
            ),
          },
        },
      },
      async (request) => {
        const agentId = idOf(request) as AgentId;
        agentAnswer(deps, request, agentId);
        const by = request.principal?.name ?? 'unknown';
        const done = await deps.agentCommand(
          verb.command(agentId, by, request.body as Record<string, string | undefined>, request),
        );
        if (!done.ok) throw fromRefusal(done.error);
        return agentAnswer(deps, request, agentId);
      },
    );
  }
}

async function bodyMayBeMissing(request: FastifyRequest): Promise<void> {
  request.body ??= {};
}
