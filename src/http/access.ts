import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AgentId } from '../base/ids.js';
import type { AccessToken, HttpDeps, Role } from './deps.js';
import { ApiError } from './errors.js';

/**
 * Who may do what. Each route names its rule in `config.access`; a route without a rule does not start. Three checks stand before every handler:
 * the Host header (a foreign name that resolves to us is DNS rebinding), the Origin (a foreign page in the browser of somebody who may), the token.
 *
 * open: anybody. read: any token, or nobody's when reads are free. listen: supervisor or admin, or nobody's when reads are free.
 * agentWrite: a bearer token always; an agent's own token, supervisor or admin. supervise: a bearer token always; supervisor or admin.
 * administer: a bearer token always; admin.
 */
export type AccessRule = 'open' | 'read' | 'listen' | 'agentWrite' | 'supervise' | 'administer';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: AccessRule;
  }
  interface FastifyRequest {
    principal: Principal | null;
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
  readonly role: Role | 'local';
  readonly agentId: AgentId | null;
  readonly via: 'bearer' | 'cookie' | 'local';
}

const MAY: Record<AccessRule, ReadonlyArray<Principal['role']>> = {
  open: ['local', 'viewer', 'agent', 'supervisor', 'admin'],
  read: ['local', 'viewer', 'agent', 'supervisor', 'admin'],
  listen: ['local', 'supervisor', 'admin'],
  agentWrite: ['agent', 'supervisor', 'admin'],
  supervise: ['supervisor', 'admin'],
  administer: ['admin'],
};
const CHANGES: ReadonlySet<AccessRule> = new Set(['agentWrite', 'supervise', 'administer']);

export const SESSION_COOKIE = 'hotline_session';
const SECRET = /^[A-Za-z0-9._~-]{16,256}$/;

export interface Access {
  /** The holder of a token as it stands now, or null. Constant time over all tokens. */
  holderOf(secret: string): AccessToken | null;
  /** Who sent this request; null when nobody that we know. A wrong token is nobody even where reads are free. */
  identify(request: FastifyRequest): Principal | null;
  /** Whether the request may read. For feeds that stay open: asked again and again. */
  mayRead(request: FastifyRequest): boolean;
}

/** Checks every request of `app` before its handler. Throws at once when a token is weak. */
export function installAccess(app: FastifyInstance, deps: HttpDeps): Access {
  for (const token of deps.tokens()) refuseWeak(token);
  const access = createAccess(deps);
  const hosts = new Set((deps.allowedHosts ?? []).map((host) => host.toLowerCase()));
  const origins = new Set((deps.allowedOrigins ?? []).map((origin) => origin.toLowerCase()));

  app.decorateRequest('principal', null);
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
    request.principal = access.identify(request);
    // Without a rule it is the answer to a path that does not exist.
    const rule = request.routeOptions.config?.access ?? 'open';
    if (rule !== 'open') authorise(request, rule);
  });
  // @fastify/websocket ends the connection of a refused upgrade only if its own hook, which comes after ours, has seen the request; else the
  // socket would stay for ever, and closing the server would wait for it.
  app.addHook('onResponse', async (request) => {
    if (request.headers.upgrade !== undefined && request.ws !== true) request.raw.socket.destroy();
  });
  return access;
}

function createAccess(deps: HttpDeps): Access {
  const bindIsLoopback = isLoopback(deps.bind.host);
  const holderOf = (secret: string): AccessToken | null => {
    const given = digest(secret);
    let found: AccessToken | null = null;
    for (const token of deps.tokens()) if (timingSafeEqual(given, digest(token.secret))) found = token;
    return found;
  };
  const readsAreFree = (request: FastifyRequest): boolean =>
    bindIsLoopback &&
    isLoopback(hostOf(request)) &&
    request.headers['x-forwarded-for'] === undefined &&
    request.headers.forwarded === undefined;
  const identify = (request: FastifyRequest): Principal | null => {
    const bearer = bearerOf(request);
    if (bearer !== null) return principalOf(holderOf(bearer), 'bearer');
    const cookie = cookieOf(request);
    const holder = cookie === null ? null : principalOf(holderOf(cookie), 'cookie');
    if (holder !== null) return holder;
    return readsAreFree(request) ? { name: 'local', role: 'local', agentId: null, via: 'local' } : null;
  };
  return { holderOf, identify, mayRead: (request) => identify(request) !== null };
}

function authorise(request: FastifyRequest, rule: AccessRule): void {
  const who = request.principal;
  if (who === null) throw new ApiError(401, 'unauthorized', 'Send a token that is known here.');
  // A cookie rides along with any request of the browser; a bearer token must be put there on purpose.
  if (CHANGES.has(rule) && who.via !== 'bearer') {
    throw new ApiError(401, 'unauthorized', 'Changes need a token in the Authorization header.');
  }
  if (!MAY[rule].includes(who.role)) throw new ApiError(403, 'forbidden', `The role ${who.role} may not do this.`);
  if (rule === 'agentWrite' && who.role === 'agent') {
    const { id } = request.params as { id?: string };
    if (who.agentId === null || who.agentId !== id)
      throw new ApiError(403, 'forbidden', 'This token may only change its own agent.');
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

const principalOf = (token: AccessToken | null, via: 'bearer' | 'cookie'): Principal | null =>
  token === null ? null : { name: token.name, role: token.role, agentId: token.agentId, via };

/** Equal length for timingSafeEqual, and nothing to learn from how far a comparison went. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function bearerOf(request: FastifyRequest): string | null {
  const header = request.headers.authorization;
  if (header === undefined) return null;
  return /^Bearer +(\S+) *$/i.exec(header)?.[1] ?? '';
}

function cookieOf(request: FastifyRequest): string | null {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === SESSION_COOKIE) return pair.slice(at + 1).trim();
  }
  return null;
}

export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
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
