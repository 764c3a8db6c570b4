import type { FastifyInstance } from 'fastify';

/** Our pages: everything from here, nothing inline, never in a frame. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; manifest-src 'self'; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/** The page of @fastify/swagger-ui sets styles inline; its scripts are files all the same. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Headers of every answer, refusals included. */
export function installHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const isDocs = request.url === '/docs' || request.url.startsWith('/docs/');
    reply.headers({
      'content-security-policy': isDocs ? DOCS_POLICY : PAGE_POLICY,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
      'cache-control': 'no-store',
    });
  });
}
