import { connect as connectPlain, isIP } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import type { Ms } from '../../base/time.js';
import { networkOf } from './addresses.js';
import { type GuardedTarget, type Resolve, resolveBySystem } from './guarded-client.js';

/**
 * Looks whether an endpoint could be asked, and says nothing to it: its name, an address of the right network, a connection, for https a certificate that is
 * trusted. Null when all is well, else the code of what is wrong; `forbidden` when the name leads to another network. Never rejects.
 */
export async function reachEndpoint(
  { url, network }: Pick<GuardedTarget, 'url' | 'network'>,
  limitMs: Ms,
  resolve: Resolve = resolveBySystem,
): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<string>((done) => {
    timer = setTimeout(() => done('timeout'), limitMs);
  });
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const isSecure = protocol === 'https:';
  const reach = async (): Promise<string | null> => {
    const addresses = isIP(host) === 0 ? await resolve(host) : [host];
    const address = addresses.find((each) => networkOf(each) === network);
    if (address === undefined) return addresses.length > 0 ? 'forbidden' : 'ENOTFOUND';
    return connectTo(address, Number(port || (isSecure ? 443 : 80)), isSecure ? host : null, limitMs);
  };
  const found = await Promise.race([reach().catch((error: NodeJS.ErrnoException) => error.code ?? 'unknown'), limit]);
  clearTimeout(timer);
  return found;
}

function connectTo(host: string, port: number, name: string | null, limitMs: Ms): Promise<string | null> {
  return new Promise((resolve) => {
    const socket =
      name === null
        ? connectPlain({ host, port })
        : connectSecure({ host, port, ...(isIP(name) === 0 ? { servername: name } : {}) });
    const done = (found: string | null): void => {
      socket.destroy();
      resolve(found);
    };
    socket.setTimeout(limitMs, () => done('timeout'));
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? 'unknown'));
    socket.once(name === null ? 'connect' : 'secureConnect', () => done(null));
  });
}
