import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Access, SESSION_COOKIE } from './access.js';
import type { HttpDeps } from './deps.js';
import { ApiError } from './errors.js';
import { refusals, type Schema } from './schemas.js';

const THIRTY_DAYS_S = 30 * 86_400;

const sessionView: Schema = {
  description: 'who the page is talking for',
  type: 'object',
  properties: {
    site: {
      type: 'object',
      properties: {
        name: { type: 'string' },
        timeZone: { type: 'string' },
        languages: { type: 'array', items: { type: 'string' } },
      },
      required: ['name', 'timeZone', 'languages'],
      additionalProperties: false,
    },
    mayRead: { type: 'boolean' },
    name: { type: ['string', 'null'] },
    role: { type: ['string', 'null'] },
  },
  required: ['site', 'mayRead', 'name', 'role'],
  additionalProperties: false,
};

/**
 * A page cannot put a token into a WebSocket's headers, and must not put it into a URL: it hands the token over once and gets it back as
 * a cookie that scripts cannot read. The cookie is good for reading only.
 */
export function sessionRoutes(app: FastifyInstance, deps: HttpDeps, access: Access): void {
  const describe = (who: FastifyRequest['principal']) => ({
    site: deps.site,
    mayRead: who !== null,
    name: who?.name ?? null,
    role: who?.role ?? null,
  });
  app.get(
    '/api/v1/session',
    {
      config: { access: 'open' },
      schema: { tags: ['session'], summary: 'The site, and whether this page may read', response: { 200: sessionView } },
    },
    (request) => describe(request.principal),
  );
  app.post(
    '/api/v1/session',
    {
      config: { access: 'open' },
      schema: {
        tags: ['session'],
        summary: 'Keep a token as a cookie for reading',
        body: {
          type: 'object',
          properties: { token: { type: 'string', minLength: 1, maxLength: 256 } },
          required: ['token'],
          additionalProperties: false,
        },
        response: { 200: sessionView, ...refusals([400, 'bad-request'], [401, 'unauthorized'], [403, 'foreign-origin']) },
      },
    },
    (request, reply) => {
      const { token } = request.body as { token: string };
      const holder = access.holderOf(token);
      if (holder === null) throw new ApiError(401, 'unauthorized', 'This token is not known here.');
      setCookie(request, reply, holder.secret, THIRTY_DAYS_S);
      return describe({ name: holder.name, role: holder.role, agentId: holder.agentId, via: 'cookie' });
    },
  );
  app.delete(
    '/api/v1/session',
    {
      config: { access: 'open' },
      schema: { tags: ['session'], summary: 'Forget the cookie', response: { 204: { description: 'forgotten', type: 'null' } } },
    },
    (request, reply) => {
      setCookie(request, reply, '', 0);
      return reply.code(204).send();
    },
  );
}

function setCookie(request: FastifyRequest, reply: FastifyReply, value: string, maxAgeS: number): void {
  const overTls = request.headers.origin?.startsWith('https:') ? '; Secure' : '';
  reply.header('set-cookie', `${SESSION_COOKIE}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${overTls}`);
}
