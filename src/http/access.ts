import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AgentId } from '../base/ids.js';
import { installAudit } from './audit-trail.js';
import { addressOf, isLoopback } from './caller-address.js';
import type { AccessToken, AuditEntry, HeldSession, HttpDeps, Role } from './deps.js';
import { ApiError } from './errors.js';
import { type Sight, sightOf } from './sight.js';
import { WrongTokens } from './wrong-tokens.js';

/**
 * Who may do what. Each route names its rule in `config.access`; a route without a rule does not start. Three checks stand before every handler:
 * the Host header (a foreign name that resolves to us is DNS rebinding), the Origin (a foreign page in the browser of somebody who may), and who asks:
 * a bearer token, or a session whose cookie scripts cannot read. A session changes things only for a page of ours (see `isOfOurPage`).
 *
 * open: anybody. read: anybody who is known, or nobody when reads are free. oversee: as read, but no agents: what names others or is of the whole
 * house. listen: supervisor or admin, or nobody when reads are free. agentWrite: an agent for oneself, supervisor or admin. supervise: supervisor or
 * admin. administer: admin. Of these three a supervisor of teams changes agents of these teams only. What is seen of that which may be read is cut
 * by `request.sight`.
 */
export type AccessRule = 'open' | 'read' | 'oversee' | 'listen' | 'agentWrite' | 'supervise' | 'administer';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: AccessRule;
  }
  interface FastifyRequest {
    principal: Principal | null;
    /** What of agents, queues and callers may be told to who asks. */
    readonly sight: Sight;
    /** What the audit says besides; set by handlers. Nothing secret, no numbers of callers. */
    auditDetail: AuditEntry['detail'] | null;
  }
  interface FastifyInstance {
    /** Every route with its rule, for the tests of the role x route matrix. */
    routeTable: RouteEntry[];
  }
}

export interface RouteEntry {
  readonly method: string;
  readonly url: string;
  readonly access: AccessRule;
}

/** Who asks. `local` is somebody on this machine without a token, who may read. */
export interface Principal {
  readonly name: string;
  /** For people. */
  readonly title: string;
  readonly role: Role | 'local';
  /** Teams whose agents a supervisor may change; null: all. */
  readonly teams: readonly string[] | null;
  readonly agentId: AgentId | null;
  readonly via: 'bearer' | 'session' | 'local';
  readonly session: HeldSession | null;
}

const MAY: Record<AccessRule, ReadonlyArray<Principal['role']>> = {
  open: ['local', 'viewer', 'agent', 'supervisor', 'admin'],
  read: ['local', 'viewer', 'agent', 'supervisor', 'admin'],
  oversee: ['local', 'viewer', 'supervisor', 'admin'],
  listen: ['local', 'supervisor', 'admin'],
  agentWrite: ['agent', 'supervisor', 'admin'],
  supervise: ['supervisor', 'admin'],
  administer: ['admin'],
};
const CHANGES: ReadonlySet<AccessRule> = new Set(['agentWrite', 'supervise', 'administer']);

export const SESSION_COOKIE = 'hotline_session';
const SESSION_URL = '/api/v1/session';
/** Another site's form or link cannot send it. */
const PAGE_HEADER = 'x-hotline-page';
const SECRET = /^[A-Za-z0-9._~-]{16,256}$/;

export interface Access {
  /** The holder of a token as it stands now, or null. Constant time over all tokens. */
  holderOf(secret: string): AccessToken | null;
  /** As `holderOf`, and counts the wrong ones: rejects with 429 when there were too many. */
  knownToken(secret: string, address: string): Promise<AccessToken | null>;
  /** Whether who opened a feed may still read, as the same one. Asked each second. */
  mayStay(request: FastifyRequest): boolean;
}

/** Checks every request of `app` before its handler. Throws at once when a token is weak. */
export function installAccess(app: FastifyInstance, deps: HttpDeps): Access {
  for (const token of deps.tokens()) refuseWeak(token);
  const access = createAccess(deps);
  const hosts = new Set((deps.allowedHosts ?? []).map((host) => host.toLowerCase()));
  const origins = new Set((deps.allowedOrigins ?? []).map((origin) => origin.toLowerCase()));

  app.decorateRequest('principal', null);
  app.decorateRequest('auditDetail', null);
  app.decorateRequest('sight', {
    getter(this: FastifyRequest) {
      return sightOf(this.principal, deps.roster);
    },
  });
  app.decorate('routeTable', []);
  app.addHook('onRoute', (route) => {
    // The pages of the API's description are routes of a plugin that knows nothing of our rules.
    if (route.config?.access === undefined && /^\/docs(\/|$)/.test(route.url)) route.config = { ...route.config, access: 'read' };
    const rule = route.config?.access;
    if (rule === undefined) throw new Error(`route ${route.url} names no access rule`);
    for (const method of [route.method].flat()) app.routeTable.push({ method, url: route.url, access: rule });
  });
  app.addHook('onRequest', async (request) => {
    if (!isOurHost(request, deps.bind.host, hosts)) {
      throw new ApiError(421, 'wrong-host', 'This server does not answer to that name.');
    }
    const isUpgrade = request.headers.upgrade !== undefined;
    if ((request.method !== 'GET' && request.method !== 'HEAD') || isUpgrade) refuseForeignOrigin(request, origins);
    // Without a rule it is the answer to a path that does not exist.
    const rule = request.routeOptions.config?.access ?? 'open';
    request.principal = await access.identify(request, rule);
    if (rule !== 'open') authorise(request, rule, deps);
  });
  installAudit(app, deps);
  // @fastify/websocket ends the connection of a refused upgrade only if its own hook, which comes after ours, has seen the request; else the
  // socket would stay for ever, and closing the server would wait for it.
  app.addHook('onResponse', async (request) => {
    if (request.headers.upgrade !== undefined && request.ws !== true) request.raw.socket.destroy();
  });
  return access;
}

function createAccess(deps: HttpDeps) {
  const bindIsLoopback = isLoopback(deps.bind.host);
  const digests = new WeakMap<AccessToken, Buffer>();
  const digestOf = (token: AccessToken): Buffer => {
    const known = digests.get(token) ?? digest(token.secret);
    digests.set(token, known);
    return known;
  };
  const holderOf = (secret: string): AccessToken | null => {
    const given = digest(secret);
    let found: AccessToken | null = null;
    for (const token of deps.tokens()) if (timingSafeEqual(given, digestOf(token))) found = token;
    return found;
  };
  const wrongTokens = new WrongTokens(deps.nowMs, (entry) => deps.audit(entry), deps.tokenTries);
  const knownToken = (secret: string, address: string) => wrongTokens.judge(holderOf(secret), address);
  const readsAreFree = (request: FastifyRequest): boolean =>
    bindIsLoopback &&
    isLoopback(hostOf(request)) &&
    request.headers['x-forwarded-for'] === undefined &&
    request.headers.forwarded === undefined;
  /** Null when nobody that we know. A wrong token is nobody even where reads are free. */
  const identify = async (request: FastifyRequest, rule: AccessRule): Promise<Principal | null> => {
    const bearer = bearerOf(request);
    if (bearer !== null) {
      // Who asks whether we are alive is answered, whatever token comes along.
      const isAnswered = rule === 'open' && request.routeOptions.url !== SESSION_URL;
      const address = addressOf(request);
      return bearerPrincipal(isAnswered ? wrongTokens.glance(holderOf(bearer), address) : await knownToken(bearer, address));
    }
    const cookie = cookieOf(request);
    const found = cookie === null ? null : await deps.signIns.find(cookie);
    if (found !== null && found !== 'unavailable') return sessionPrincipal(found);
    if (readsAreFree(request)) return LOCAL;
    // Not 401: the page would ask for a password that cannot be checked now either.
    const isAskedWho = request.method === 'GET' && request.routeOptions.url === SESSION_URL;
    if (found === 'unavailable' && (rule !== 'open' || isAskedWho)) {
      throw new ApiError(503, 'unavailable-sign-in', 'Who is signed in cannot be looked up now; it is tried again by itself.');
    }
    return null;
  };
  const mayStay = (request: FastifyRequest): boolean => {
    const who = request.principal;
    if (who === null) return false;
    if (who.via === 'session') return who.session !== null && deps.signIns.stands(who.session.sessionId);
    if (who.via === 'local') return true;
    const holder = holderOf(bearerOf(request) ?? '');
    return holder !== null && holder.role === who.role && holder.name === who.name && holder.agentId === who.agentId;
  };
  return { holderOf, knownToken, identify, mayStay };
}

const LOCAL: Principal = { name: 'local', title: '', role: 'local', teams: null, agentId: null, via: 'local', session: null };

function authorise(request: FastifyRequest, rule: AccessRule, deps: HttpDeps): void {
  const who = request.principal;
  if (who === null || (CHANGES.has(rule) && who.via === 'local')) {
    throw new ApiError(401, 'unauthorized', 'Sign in, or send a token that is known here.');
  }
  if (CHANGES.has(rule)) refuseForeignPage(request);
  if (!MAY[rule].includes(who.role)) throw new ApiError(403, 'forbidden', `The role ${who.role} may not do this.`);
  if (!CHANGES.has(rule) || !request.routeOptions.url?.startsWith('/api/v1/agents/:id')) return;
  const { id } = request.params as { id?: string };
  if (who.role === 'agent' && (who.agentId === null || who.agentId !== id)) {
    throw new ApiError(403, 'forbidden', 'You may only change the agent that you are.');
  }
  if (id !== undefined) refuseOtherTeams(deps, who, id);
}

/**
 * A cookie rides along with any request of the browser. A page of ours says so in a header, which no form of another site can send, and the browser
 * says where the page is from.
 */
export function refuseForeignPage(request: FastifyRequest): void {
  if (request.principal?.via !== 'session' || request.method === 'GET') return;
  if (request.headers[PAGE_HEADER] === '1' && request.headers.origin !== undefined) return;
  throw new ApiError(
    403,
    'foreign-page',
    'A session changes things only from the pages of this server; elsewhere, send a token.',
  );
}

/** A supervisor of teams changes no agents of other teams. An agent that does not exist is let through: the handler says so. */
export function refuseOtherTeams(deps: Pick<HttpDeps, 'board'>, who: Principal | null, agentId: string): void {
  if (who === null || who.teams === null) return;
  const agent = deps.board().agents.find((each) => each.agentId === agentId);
  if (agent !== undefined && !who.teams.includes(agent.team)) {
    throw new ApiError(403, 'not-your-team', `The agent "${agentId}" is of the team "${agent.team}", which is not one of yours.`);
  }
}

/** May this one see whole numbers of callers? */
export const seesNumbers = (who: Principal | null): boolean =>
  who !== null && (who.role === 'supervisor' || who.role === 'admin');

function refuseWeak(token: AccessToken): void {
  if (!SECRET.test(token.secret)) {
    throw new Error(`the token "${token.name}" is refused: a token needs 16 to 256 characters of A-Z a-z 0-9 . _ ~ -`);
  }
  if (token.role === 'agent' && token.agentId === null)
    throw new Error(`the token "${token.name}" has role agent but names no agent`);
}

const bearerPrincipal = (token: AccessToken | null): Principal | null =>
  token && {
    name: token.name,
    title: token.name,
    role: token.role,
    teams: null,
    agentId: token.agentId,
    via: 'bearer',
    session: null,
  };

export function sessionPrincipal(session: HeldSession): Principal {
  const { name, title, role, teams, agentId } = session.holder;
  return { name, title, role, teams, agentId, via: 'session', session };
}

/** Equal length for timingSafeEqual, and nothing to learn from how far a comparison went. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function bearerOf(request: FastifyRequest): string | null {
  const header = request.headers.authorization;
  if (header === undefined) return null;
  return /^Bearer +(\S+) *$/i.exec(header)?.[1] ?? '';
}

export function cookieOf(request: FastifyRequest): string | null {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === SESSION_COOKIE) return pair.slice(at + 1).trim();
  }
  return null;
}

/** The name in the Host header, without port and brackets; empty when there is none or it is no host. */
function hostOf(request: FastifyRequest): string {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?$/.exec(request.headers.host ?? '');
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase();
}

function isOurHost(request: FastifyRequest, bindHost: string, configured: ReadonlySet<string>): boolean {
  const host = hostOf(request);
  if (host === '') return false;
  if (isLoopback(host) || host === bindHost.toLowerCase() || configured.has(host)) return true;
  // Bound to every address: the address that the connection really came in on is ours too; no foreign name can look like it.
  const local = (request.socket.localAddress ?? '').replace(/^::ffff:/, '');
  return isIP(host) !== 0 && host === local;
}

function refuseForeignOrigin(request: FastifyRequest, allowed: ReadonlySet<string>): void {
  const { origin } = request.headers;
  if (origin === undefined) return;
  const own = (request.headers.host ?? '').toLowerCase();
  const given = origin.toLowerCase();
  if (given === `http://${own}` || given === `https://${own}` || allowed.has(given)) return;
  throw new ApiError(403, 'foreign-origin', 'Pages of that origin may not do this.');
}
