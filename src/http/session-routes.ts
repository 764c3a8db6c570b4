import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Access, cookieOf, refuseForeignPage, SESSION_COOKIE, sessionPrincipal } from './access.js';
import { auditEntry } from './audit-trail.js';
import { addressOf } from './caller-address.js';
import type { HeldSession, HttpDeps, NewSession, SignInRefusal } from './deps.js';
import { ApiError, fromRefusal, notFound } from './errors.js';
import { readRefusals, refusals, rows, type Schema } from './schemas.js';

const open = { access: 'open' } as const;
const text: Schema = { type: 'string' };
const textOrNone: Schema = { type: ['string', 'null'] };

const sessionView: Schema = {
  description: 'who the page is talking for',
  type: 'object',
  properties: {
    site: {
      type: 'object',
      properties: { name: text, timeZone: text, languages: { type: 'array', items: text } },
      required: ['name', 'timeZone', 'languages'],
      additionalProperties: false,
    },
    mayRead: { type: 'boolean' },
    name: { ...textOrNone, description: 'of the account or token; null: nobody' },
    title: { ...textOrNone, description: 'for people' },
    role: { ...textOrNone, description: '`local`: somebody on this machine who is not signed in' },
    teams: { type: ['array', 'null'], items: text, description: 'whom a supervisor may change; null: all' },
    agentId: textOrNone,
    via: { ...textOrNone, description: 'bearer, session or local' },
    expiresMs: { type: ['integer', 'null'], description: 'when the session ends at the latest' },
    hasUsers: { type: 'boolean', description: 'false: nobody can sign in with a password yet' },
  },
  required: ['site', 'mayRead', 'name', 'title', 'role', 'teams', 'agentId', 'via', 'expiresMs', 'hasUsers'],
  additionalProperties: false,
};

const listedView: Schema = {
  type: 'object',
  properties: {
    sessionId: { ...text, description: 'not secret' },
    name: text,
    kind: { type: 'string', enum: ['user', 'token'] },
    role: text,
    createdMs: { type: 'integer' },
    lastSeenMs: { type: 'integer', description: 'to the minute' },
    expiresMs: { type: 'integer' },
    address: text,
    isThis: { type: 'boolean', description: 'the one that asks' },
  },
  required: ['sessionId', 'name', 'kind', 'role', 'createdMs', 'lastSeenMs', 'expiresMs', 'address', 'isThis'],
  additionalProperties: false,
};

const signInBody: Schema = {
  type: 'object',
  properties: {
    user: { type: 'string', minLength: 1, maxLength: 64 },
    password: { type: 'string', minLength: 1, maxLength: 1_024 },
    token: { type: 'string', minLength: 1, maxLength: 256, description: 'instead of user and password: of a wall' },
  },
  oneOf: [
    { required: ['user', 'password'], not: { required: ['token'] } },
    { required: ['token'], maxProperties: 1 },
  ],
  additionalProperties: false,
};
const allQuery: Schema = {
  type: 'object',
  properties: { all: { type: 'string', enum: ['0', '1'], default: '0' } },
  additionalProperties: false,
};

/**
 * Signing in, out, and who is signed in. A page cannot put a token into a WebSocket's headers and must not put it into a URL, so that it carries a
 * session as a cookie that scripts cannot read.
 */
export function sessionRoutes(app: FastifyInstance, deps: HttpDeps, access: Access): void {
  signInRoutes(app, deps, access);
  signOutRoute(app, deps);
  listRoutes(app, deps);
}

function signInRoutes(app: FastifyInstance, deps: HttpDeps, access: Access): void {
  const describe = (who: FastifyRequest['principal']) => ({
    site: deps.site,
    mayRead: who !== null,
    name: who?.name ?? null,
    title: who?.title ?? null,
    role: who?.role ?? null,
    teams: who?.teams ?? null,
    agentId: who?.agentId ?? null,
    via: who?.via ?? null,
    expiresMs: who?.session?.expiresMs ?? null,
    hasUsers: deps.signIns.hasUsers(),
  });
  app.get(
    '/api/v1/session',
    {
      config: open,
      schema: {
        tags: ['session'],
        summary: 'The site, who asks, and whether they may read',
        response: { 200: sessionView, ...refusals([503, 'unavailable-sign-in']) },
      },
    },
    (request) => describe(request.principal),
  );
  app.post(
    '/api/v1/session',
    {
      config: open,
      schema: {
        tags: ['session'],
        summary: 'Sign in by name and password, or a wall by a token; the session comes as a cookie',
        body: signInBody,
        response: {
          200: sessionView,
          ...refusals(
            [400, 'bad-request'],
            [401, 'wrong-sign-in: the name, the password or the token'],
            [403, 'foreign-origin'],
            [413, 'body-too-large'],
            [415, 'unsupported-media-type'],
            [421, 'wrong-host'],
            [429, 'too-many-tries: see Retry-After'],
            [503, 'unavailable-sign-in'],
          ),
        },
      },
    },
    async (request, reply) => {
      const body = request.body as { user: string; password: string } | { token: string };
      const asked = { ...body, address: addressOf(request) };
      const { signIns } = deps;
      if ('token' in asked) await access.knownToken(asked.token, asked.address);
      const done = 'token' in asked ? await signIns.withToken(asked) : await signIns.withPassword(asked);
      if (!done.ok) throw signInError(done.error);
      await endReplaced(deps, request, done.value);
      setCookie(request, reply, done.value.secret, Math.floor((done.value.expiresMs - deps.nowMs()) / 1_000));
      return describe(sessionPrincipal(done.value));
    },
  );
}

function signInError({ id, message, retryAfterMs = 1_000 }: SignInRefusal): ApiError {
  if (id === 'wrong-sign-in') return new ApiError(401, id, message);
  return id === 'too-many-tries' ? new ApiError(429, id, message, Math.ceil(retryAfterMs / 1_000)) : fromRefusal({ id, message });
}

/** Who signs in anew in the same browser leaves the old session behind; it must not stand there for hours. */
async function endReplaced({ signIns }: HttpDeps, request: FastifyRequest, fresh: HeldSession): Promise<void> {
  const cookie = cookieOf(request);
  const old = cookie === null ? null : await signIns.find(cookie);
  if (old !== null && old !== 'unavailable' && old.sessionId !== fresh.sessionId) await signIns.end(old.sessionId);
}

function signOutRoute(app: FastifyInstance, deps: HttpDeps): void {
  app.delete(
    '/api/v1/session',
    {
      config: open,
      schema: {
        tags: ['session'],
        summary: 'Sign out here; with all=1 everywhere',
        querystring: allQuery,
        response: {
          204: { description: 'signed out', type: 'null' },
          ...refusals([400, 'bad-request'], [403, 'foreign-origin, foreign-page'], [503, 'unavailable-sign-in']),
        },
      },
    },
    async (request, reply) => {
      refuseForeignPage(request);
      const { all } = request.query as { all: '0' | '1' };
      setCookie(request, reply, '', 0);
      const who = request.principal;
      const ids = all === '1' ? (await ownSessions(deps, request)).map(({ sessionId }) => sessionId) : [];
      const own = who?.session?.sessionId;
      await endAll(deps, new Set(own === undefined ? ids : [...ids, own]));
      if (own !== undefined || ids.length > 0) {
        request.auditDetail = { everywhere: all === '1' };
        await deps.audit(auditEntry(request, 'session/sign-out', who?.name ?? null));
      }
      return reply.code(204).send();
    },
  );
}

function listRoutes(app: FastifyInstance, deps: HttpDeps): void {
  app.get(
    '/api/v1/sessions',
    {
      config: { access: 'read' },
      schema: {
        tags: ['session'],
        summary: "One's own sessions; with all=1, for admin, those of everybody",
        querystring: allQuery,
        response: {
          200: {
            description: 'newest first',
            type: 'object',
            properties: { sessions: rows(listedView) },
            required: ['sessions'],
            additionalProperties: false,
          },
          ...refusals([400, 'bad-request'], [403, 'forbidden'], [503, 'unavailable-sign-in']),
          ...readRefusals,
        },
      },
    },
    async (request) => {
      const { all } = request.query as { all: '0' | '1' };
      const who = request.principal;
      if (all === '1' && who?.role !== 'admin') throw new ApiError(403, 'forbidden', 'Only an admin sees who else is signed in.');
      const sessions = all === '1' ? await everySession(deps) : await ownSessions(deps, request);
      const shown = sessions.map(({ sessionId, holder: { name, kind, role }, createdMs, lastSeenMs, expiresMs, address }) => {
        const isThis = sessionId === who?.session?.sessionId;
        return { sessionId, name, kind, role, createdMs, lastSeenMs, expiresMs, address, isThis };
      });
      return { sessions: shown };
    },
  );
  app.delete(
    '/api/v1/sessions/:id',
    {
      config: open,
      schema: {
        tags: ['session'],
        summary: "End a session of one's own, or as admin anybody's",
        params: {
          type: 'object',
          properties: { id: { type: 'string', pattern: '^[0-9a-f]{64}$' } },
          required: ['id'],
        },
        response: {
          204: { description: 'ended; its live feeds end within five seconds', type: 'null' },
          ...refusals(
            [400, 'bad-request'],
            [401, 'unauthorized'],
            [403, 'foreign-origin, foreign-page'],
            [404, 'no-such-session: there is none, or it is not yours'],
            [503, 'unavailable-sign-in'],
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params as { id: string };
      const who = request.principal;
      if (who === null || who.via === 'local')
        throw new ApiError(401, 'unauthorized', 'Sign in, or send a token that is known here.');
      refuseForeignPage(request);
      const seen = who.role === 'admin' ? await everySession(deps) : await ownSessions(deps, request);
      const found = seen.find(({ sessionId }) => sessionId === id);
      if (found === undefined) throw notFound('no-such-session', 'There is no such session, or it is not yours.');
      await endAll(deps, [id]);
      request.auditDetail = { sessionOf: found.holder.name, kind: found.holder.kind };
      await deps.audit(auditEntry(request, 'session/end', found.holder.name));
      return reply.code(204).send();
    },
  );
}

async function everySession({ signIns }: HttpDeps): Promise<readonly HeldSession[]> {
  const all = await signIns.all();
  if (all === 'unavailable') throw away();
  return all;
}

async function ownSessions(deps: HttpDeps, { principal }: FastifyRequest): Promise<readonly HeldSession[]> {
  if (principal === null || principal.via === 'local') return [];
  const kind = principal.session?.holder.kind ?? 'token';
  return (await everySession(deps)).filter(({ holder }) => holder.kind === kind && holder.name === principal.name);
}

async function endAll({ signIns }: HttpDeps, ids: Iterable<string>): Promise<void> {
  for (const id of ids) if ((await signIns.end(id)) === 'unavailable') throw away();
}

const away = (): ApiError =>
  new ApiError(503, 'unavailable-sign-in', 'Sessions cannot be looked up or ended now; try again soon.');

function setCookie(request: FastifyRequest, reply: FastifyReply, value: NewSession['secret'], maxAgeS: number): void {
  const overTls = request.headers.origin?.startsWith('https:') ? '; Secure' : '';
  reply.header('set-cookie', `${SESSION_COOKIE}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${overTls}`);
}
