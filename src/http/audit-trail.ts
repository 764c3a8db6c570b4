import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Ms } from '../base/time.js';
import { addressOf } from './caller-address.js';
import type { AuditEntry, HttpDeps } from './deps.js';

/** A player asks for a recording piece by piece: that is one listening. */
const ONE_LISTENING_MS: Ms = 600_000;
const LISTENINGS_REMEMBERED = 1_000;

/**
 * After each request that was let change something, or listen to a recording, the audit is told. What agents do for themselves is left to the facts
 * that it makes, which carry their name: it is most of what happens, and nobody was allowed anything special.
 */
export function installAudit(app: FastifyInstance, deps: HttpDeps): void {
  const heard = new Map<string, Ms>();
  app.addHook('onSend', async (request, reply) => {
    if (reply.statusCode >= 300 || !isAudited(request)) return;
    const entry = auditEntry(request, actionOf(request), subjectOf(request));
    if (request.method === 'GET' && wasHeard(heard, entry, deps.nowMs())) return;
    await deps.audit(entry);
  });
}

function isAudited(request: FastifyRequest): boolean {
  const rule = request.routeOptions.config?.access;
  const who = request.principal;
  if (who === null) return false;
  if (request.method === 'GET') return rule === 'listen';
  return rule === 'supervise' || rule === 'administer' || (rule === 'agentWrite' && who.role !== 'agent');
}

function wasHeard(heard: Map<string, Ms>, { by, address, action, subject }: AuditEntry, nowMs: Ms): boolean {
  const key = JSON.stringify([by, address, action, subject]);
  const beforeMs = heard.get(key);
  if (beforeMs !== undefined && nowMs - beforeMs < ONE_LISTENING_MS) return true;
  heard.delete(key);
  heard.set(key, nowMs);
  for (const oldest of heard.keys()) {
    if (heard.size <= LISTENINGS_REMEMBERED) break;
    heard.delete(oldest);
  }
  return false;
}

export function auditEntry(request: FastifyRequest, action: string, subject: string | null): AuditEntry {
  const { principal, auditDetail } = request;
  return {
    by: principal?.name ?? 'unknown',
    role: principal?.role ?? 'none',
    via: principal?.via ?? 'none',
    action,
    subject,
    detail: auditDetail ?? {},
    address: addressOf(request),
  };
}

/** `POST /api/v1/agents/:id/force-status` is `agents/force-status`, `PUT /api/v1/emergency/:announcement` is `emergency/set`. */
export function actionOf({ method, routeOptions }: Pick<FastifyRequest, 'method' | 'routeOptions'>): string {
  const words = (routeOptions.url ?? '')
    .replace(/^\/api\/v1\//, '')
    .split('/')
    .filter((part) => part !== '' && !part.startsWith(':'));
  const verb = { PUT: 'set', PATCH: 'set', DELETE: 'delete' }[method];
  return [...words, ...(verb === undefined ? [] : [verb])].join('/');
}

/** The first thing that the address names. */
function subjectOf(request: FastifyRequest): string | null {
  const [first] = Object.values((request.params ?? {}) as Record<string, string>);
  return typeof first === 'string' ? first.slice(0, 200) : null;
}
