import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Child } from './child.js';
import { cacheFolder, isExecutable, libraryFolders, onPath } from './places.js';
import { freePorts } from './ports.js';

export interface RedisOptions {
  /** Where its data, log and socket lie. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A Redis of one's own; `REDIS_URL` of the environment otherwise. Nothing is started then. */
  readonly url?: string | undefined;
}

export interface RunningRedis {
  /** For ioredis: `unix:///path`, or `redis://...`. */
  readonly url: string;
  /** Of the run that is on now; null when it is not ours. */
  readonly child: Child | null;
  /** What it is and where it came from, for a line on the screen. */
  readonly origin: string;
  /** Starts it again where it was, after a `kill` or a crash. */
  start(): Promise<void>;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** A socket's path must fit into sockaddr_un (108 bytes with its end). */
const SOCKET_PATH_LIMIT = 100;
const START_LIMIT_MS = 30_000;

/**
 * A private Redis, kept to the rules that hotline needs: nothing is evicted, every second is on disk, no port is open.
 * Order of choice: the one that is named; redis-server or valkey-server on PATH; the one that set-up unpacked.
 */
export async function startRedis(options: RedisOptions): Promise<RunningRedis> {
  const named = options.url ?? options.env.REDIS_URL;
  if (named !== undefined && named !== '') {
    const nothing = async (): Promise<void> => undefined;
    return { url: named, child: null, origin: 'the Redis that you named', start: nothing, stop: nothing, kill: nothing };
  }
  const redis = new PrivateRedis(options, findRedis(options.env), await placeOf(options.folder));
  await redis.start();
  return redis;
}

class PrivateRedis implements RunningRedis {
  readonly url: string;
  readonly origin: string;
  #child: Child | null = null;

  constructor(
    private readonly options: RedisOptions,
    private readonly program: { path: string; libraries: string[] },
    private readonly place: Place,
  ) {
    this.origin = program.path;
    this.url = place.kind === 'socket' ? `unix://${place.path}` : `redis://:${place.password}@127.0.0.1:${place.port}`;
  }

  get child(): Child | null {
    return this.#child;
  }

  async start(): Promise<void> {
    if (this.#child?.isRunning) return;
    const { folder, env } = this.options;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const configFile = join(folder, 'redis.conf');
    writeFileSync(configFile, redisConfig(folder, this.place), { mode: 0o600 });
    if (this.place.kind === 'socket') rmSync(this.place.path, { force: true });
    this.#child = Child.start({
      name: 'Redis',
      command: this.program.path,
      args: [configFile],
      logFile: join(folder, 'redis.log'),
      cwd: folder,
      env: this.program.libraries.length === 0 ? env : { ...env, LD_LIBRARY_PATH: this.program.libraries.join(':') },
    });
    await untilReady(this.#child, this.place);
  }

  async stop(): Promise<void> {
    await this.#child?.stop();
  }

  async kill(): Promise<void> {
    await this.#child?.kill();
  }
}

/** Where a Redis program is; throws with what to do when there is none. */
export function findRedis(env: Readonly<Record<string, string | undefined>>): { path: string; libraries: string[] } {
  const installed = onPath(env, ['redis-server', 'valkey-server']);
  if (installed !== null) return { path: installed, libraries: [] };
  const root = join(cacheFolder(env), 'redis');
  const unpacked = join(root, 'usr', 'bin', 'redis-server');
  // Debian's redis-server is a link to redis-check-rdb's twin; either way it must be runnable.
  if (isExecutable(unpacked)) return { path: unpacked, libraries: libraryFolders(root) };
  throw new Error('no Redis here: run scripts/up or scripts/test once (they fetch it), install redis-server, or set REDIS_URL');
}

type Place =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'tcp'; readonly port: number; readonly password: string };

async function placeOf(folder: string): Promise<Place> {
  const path = join(folder, 'redis.sock');
  if (Buffer.byteLength(path) <= SOCKET_PATH_LIMIT && !/[\s%?#]/.test(path)) return { kind: 'socket', path };
  return { kind: 'tcp', port: await freePorts(1), password: randomBytes(24).toString('hex') };
}

function redisConfig(folder: string, place: Place): string {
  const quoted = (text: string): string => JSON.stringify(text);
  const where =
    place.kind === 'socket'
      ? ['port 0', `unixsocket ${quoted(place.path)}`, 'unixsocketperm 700']
      : [`port ${place.port}`, 'bind 127.0.0.1', `requirepass ${place.password}`];
  const rules = [
    'daemonize no',
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    'logfile ""',
  ];
  return `${[...where, `dir ${quoted(folder)}`, ...rules].join('\n')}\n`;
}

async function untilReady(child: Child, place: Place): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS;
  while (performance.now() < deadline) {
    if (!child.isRunning) throw new Error(`Redis ended at once. Its last words:\n${child.tail()}`);
    if ((await ping(place)) === 'PONG') return;
    await pause(20);
  }
  await child.kill();
  throw new Error(`Redis did not answer within ${START_LIMIT_MS / 1000} s. Its last words:\n${child.tail()}`);
}

/** One PING in Redis's own protocol; null when nobody answers or it is still loading. */
function ping(place: Place): Promise<'PONG' | null> {
  return new Promise((resolve) => {
    const socket = place.kind === 'socket' ? createConnection(place.path) : createConnection(place.port, '127.0.0.1');
    let answer = '';
    const done = (result: 'PONG' | null): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(1_000, () => done(null));
    socket.once('error', () => done(null));
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1');
      if (answer.includes('+PONG')) done('PONG');
      else if (answer.includes('-LOADING')) done(null);
    });
    socket.once('connect', () => socket.write(place.kind === 'tcp' ? `AUTH ${place.password}\r\nPING\r\n` : 'PING\r\n'));
  });
}
