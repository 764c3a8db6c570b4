import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** Whether TCP and UDP `port` can both be had on `host` right now. */
export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return (await canListen(port, host)) && (await canBindUdp(port, host));
}

/** `wanted` when it is free, else the next free one above it. */
export async function freePortFrom(wanted: number, host = '127.0.0.1'): Promise<number> {
  for (let port = wanted; port < wanted + 200 && port <= 65_535; port += 1) {
    if (await isPortFree(port, host)) return port;
  }
  throw new Error(`no free port between ${wanted} and ${wanted + 199} on ${host}`);
}

// Below the range from which the kernel hands out ports to clients (32768 on), so that nobody takes one between our look and its use.
const LOW = 12_000;
const HIGH = 31_000;

/**
 * The first of `count` neighbouring ports that are free for TCP and UDP, found from a random start so that parallel runs rarely meet.
 * `avoid` is a range that somebody will use without holding it all the time, as Asterisk does with its ports for sound.
 */
export async function freePorts(
  count: number,
  host = '127.0.0.1',
  avoid?: { readonly from: number; readonly to: number },
): Promise<number> {
  const range = HIGH - LOW - count;
  const start = Math.floor((Math.random() * range) / 2);
  // Once round the range in steps of a block, so that a free block is found whenever one of them is free.
  for (let tried = 0; tried <= range; tried += count) {
    const first = LOW + 2 * ((start + Math.floor(tried / 2)) % Math.ceil(range / 2));
    if (avoid && first <= avoid.to && first + count > avoid.from) continue;
    if (await areFree(first, count, host)) return first;
  }
  throw new Error(`no ${count} neighbouring free ports between ${LOW} and ${HIGH} on ${host}`);
}

async function areFree(first: number, count: number, host: string): Promise<boolean> {
  // Large blocks (RTP) are looked at in samples: each look costs a system call or three, and who uses a block uses its start.
  const step = Math.max(1, Math.floor(count / 20));
  for (let port = first; port < first + count; port += step) {
    if (!(await isPortFree(port, host))) return false;
  }
  return true;
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

export function canBindUdp(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: host, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}
