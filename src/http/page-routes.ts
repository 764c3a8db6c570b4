import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import type { HttpDeps } from './deps.js';

const page = { access: 'open' } as const;
const hidden = { hide: true } as const;
/** Addresses of the one document; what stands there is the page's own matter. */
const ADDRESSES = [
  ...['/', '/wallboard', '/wall', '/flows', '/flows/:id', '/flows/:id/edit', '/flows/:id/versions', '/calls/:id'],
  ...['/queues/:id', '/queues/:id/calls', '/agents', '/alarms', '/audit', '/replay', '/reports', '/staffing'],
];

/**
 * The built pages: one document under its names, and its files by a closed pattern; a path never reaches the file system. They carry no
 * figures, so anybody may have them: the page itself asks for a token where one is needed.
 */
export function pageRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const root = deps.webRoot;
  // The folder of the sources has the document too, but not the script that the build makes.
  if (root === null || !['index.html', 'main.js'].every((name) => existsSync(join(root, name)))) {
    app.get('/', { config: page, schema: hidden }, (_request, reply) =>
      reply
        .type('text/plain; charset=utf-8')
        .send('hotline-acd is running; its pages are not built (npm run build). The API is at /docs.\n'),
    );
    return;
  }
  // Revalidated each time, so that a wall that hangs for weeks gets the new page after an upgrade.
  app.register(fastifyStatic, { root, serve: false, cacheControl: false, etag: true, lastModified: false });
  for (const url of ADDRESSES) {
    app.get(url, { config: page, schema: hidden }, (_request, reply) =>
      reply.header('cache-control', 'no-cache').sendFile('index.html'),
    );
  }
  app.get('/:file(^[A-Za-z0-9-]+\\.(?:js|js\\.map|css|svg)$)', { config: page, schema: hidden }, (request, reply) =>
    reply.header('cache-control', 'no-cache').sendFile((request.params as { file: string }).file),
  );
}
