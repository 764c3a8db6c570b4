import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}

/** The one before a proxy on this machine, else who is connected. */
export function addressOf(request: FastifyRequest): string {
  const peer = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const [forwarded] = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .slice(-1);
  const before = (forwarded ?? '').trim().replace(/^::ffff:/, '');
  return isLoopback(peer) && isIP(before) !== 0 ? before : peer;
}
