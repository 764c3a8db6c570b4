import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AgentId, CallId } from '../base/ids.js';
import { refuseOtherTeams } from './access.js';
import type { CallCommand, HttpDeps } from './deps.js';
import { ApiError, fromRefusal, notFound } from './errors.js';
import { callSeen, idOf } from './read-routes.js';
import { answer, callView, idParams, refusals, type Schema } from './schemas.js';

const agentId: Schema = { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$' };
const name: Schema = { type: 'string', pattern: '^[a-z][a-z0-9-]{0,47}$' };

const worth: Schema = {
  type: 'object',
  properties: {
    lane: { type: 'string', enum: ['ordinary', 'vip'] },
    priority: { type: 'integer', minimum: 0, maximum: 1_000 },
    queueId: { ...name, description: 'the queue to move the call to; the place goes by the first entry' },
    skills: {
      type: 'object',
      propertyNames: name,
      additionalProperties: { type: 'integer', minimum: 1, maximum: 10 },
      maxProperties: 20,
      description: 'skill -> least level, instead of what the call asked for beyond its queue',
    },
  },
  minProperties: 1,
  additionalProperties: false,
};
const toAgent: Schema = { type: 'object', properties: { agentId }, required: ['agentId'], additionalProperties: false };
const toMe: Schema = {
  type: 'object',
  properties: { agentId: { ...agentId, description: 'the agent that you are signed in as, unless your token names one' } },
  additionalProperties: false,
};

type Body = Omit<Extract<CallCommand, { kind: 'reprioritise' }>, 'kind' | 'callId' | 'by'> & { readonly agentId?: AgentId };

interface Verb {
  readonly path: string;
  readonly summary: string;
  readonly body: Schema;
  readonly command: (callId: CallId, by: string, body: Body, request: FastifyRequest) => CallCommand;
}

const VERBS: readonly Verb[] = [
  {
    path: 'reprioritise',
    summary: 'Change lane, priority, queue or skills of a waiting call',
    body: worth,
    command: (callId, by, { agentId: _, ...change }) => ({ kind: 'reprioritise', callId, by, ...change }),
  },
  {
    path: 'assign',
    summary: 'Give a waiting call to one agent, who is rung before all others; skills do not count',
    body: toAgent,
    command: (callId, by, body) => ({ kind: 'assign', callId, agentId: body.agentId as AgentId, by }),
  },
  {
    path: 'pull',
    summary: 'Take a waiting call oneself',
    body: toMe,
    command: (callId, by, body, request) => {
      const own = request.principal?.agentId ?? body.agentId;
      if (!own) throw new ApiError(400, 'bad-request', 'Say as which agent you take the call.');
      return { kind: 'assign', callId, agentId: own, by };
    },
  },
];

/** What a supervisor may do with a waiting call. Who did it stands in the facts of the call. */
export function callRoutes(app: FastifyInstance, deps: HttpDeps): void {
  for (const verb of VERBS) {
    app.post(
      `/api/v1/calls/:id/${verb.path}`,
      {
        config: { access: 'supervise' },
        preValidation: async (request) => {
          request.body ??= {};
        },
        schema: {
          tags: ['calls'],
          summary: verb.summary,
          security: [{ bearer: [] }],
          params: idParams,
          body: verb.body,
          response: {
            200: answer('the call afterwards', { call: callView }),
            ...refusals(
              [400, 'bad-request'],
              [401, 'unauthorized'],
              [403, 'forbidden, not-your-team, foreign-origin, foreign-page'],
              [404, 'no-such-call, no-such-agent, no-such-queue'],
              [409, 'refused in the present state: call-not-waiting, queue-full, queue-closed, no-agents, agent-not-signed-in'],
              [413, 'body-too-large'],
              [415, 'unsupported-media-type'],
              [421, 'wrong-host'],
              [503, 'cannot be committed now'],
            ),
          },
        },
      },
      async (request) => {
        const callId = idOf(request) as CallId;
        const by = request.principal?.name ?? 'unknown';
        const command = verb.command(callId, by, request.body as Body, request);
        if (command.kind === 'assign') {
          refuseOtherTeams(deps, request.principal, command.agentId);
          request.auditDetail = { agentId: command.agentId };
        }
        // Whom one cannot see one does not move; a call that is over or unknown is told by the answer.
        if (!request.sight.isWhole) callSeen(deps, request);
        const done = await deps.callCommand(command);
        if (!done.ok) throw fromRefusal(done.error);
        const call = deps.ledger.call(callId);
        if (call === null) throw notFound('no-such-call', `There is no call "${callId}", or it was long ago.`);
        return { seq: deps.ledger.seq, atMs: deps.nowMs(), call };
      },
    );
  }
}
