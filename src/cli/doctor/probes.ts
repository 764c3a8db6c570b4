import { execFile } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { missingPrompts } from '../../adapters/files/prompt-builder.js';
import type { PromptTexts } from '../../adapters/files/prompt-sources.js';
import { type HistoryPlace, openHistory } from '../../adapters/history/open-history.js';
import type { Network } from '../../adapters/look-ups/addresses.js';
import { reachEndpoint } from '../../adapters/look-ups/reach.js';
import { redisFrom } from '../../adapters/redis/connections.js';
import { openMail } from '../../main/alarms/outgoing-alarms.js';
import type { MailSettings } from '../../main/config/mail.js';

/** What the doctor looks at. Tests put faults in their place; `realProbes` looks at this machine. All of them end by themselves. */
export interface Probes {
  redis(url: string): Promise<RedisState>;
  ari(target: AriTarget): Promise<AriAnswer>;
  prompts(texts: PromptTexts, folder: string): Promise<PromptState>;
  /** True when the program can be run from PATH (or is a path that can be run). */
  canRun(program: string): Promise<boolean>;
  folder(path: string): Promise<FolderState>;
  /** Of the file system that the folder is or will be on. */
  freeBytes(path: string): Promise<number>;
  clock(): Promise<ClockState>;
  port(host: string, port: number): Promise<PortState>;
  /** Reads where the history stands; makes nothing. */
  history(place: HistoryPlace): Promise<HistoryState>;
  /** Connects and says nothing. Null when all is well, else a code; `forbidden`: its name leads to another network. */
  endpoint(target: { readonly url: string; readonly network: Network }): Promise<string | null>;
  /** Connects to the mail server, signs in, sends nothing. Null when all is well, else a code. */
  mail(settings: MailSettings): Promise<string | null>;
}

/** `none`: not made yet. */
export type HistoryState = 'none' | { readonly seq: number; readonly missing: number };

export interface RedisState {
  readonly version: string;
  readonly policy: string;
  readonly aof: boolean;
  readonly role: string;
  readonly usedBytes: number;
  /** 0: no limit. */
  readonly maxBytes: number;
  /** Redis's clock minus ours. */
  readonly skewMs: number;
}

export interface AriTarget {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

export interface AriAnswer {
  readonly status: number;
  readonly version: string | null;
  /** The switch's clock minus ours, to the second; null when it does not say. */
  readonly skewMs: number | null;
}

export interface PromptState {
  /** All prompts in all their languages. */
  readonly wanted: number;
  readonly missing: ReadonlyArray<{ readonly prompt: string; readonly language: string; readonly why: 'never' | 'old' | 'lost' }>;
}

export type FolderState = 'writable' | 'readOnly' | 'creatable' | 'missing' | 'noFolder';
export type PortState = 'free' | 'hotline' | 'taken' | 'notHere' | 'notAllowed';

export interface ClockState {
  readonly wallMs: number;
  /** How far the wall clock and the monotonic clock went apart while we looked. */
  readonly driftMs: number;
  /** Null when this machine does not tell. */
  readonly synchronised: boolean | null;
}

const LIMIT_MS = 3_000;

export function realProbes(env: Readonly<Record<string, string | undefined>>): Probes {
  return {
    redis,
    ari,
    history,
    prompts,
    canRun: (program) => canRun(program, env),
    folder,
    freeBytes,
    clock,
    port,
    endpoint: (target) => reachEndpoint(target, LIMIT_MS),
    mail: (settings) => openMail({ ...settings, timeoutMs: LIMIT_MS }).verify(),
  };
}

async function redis(url: string): Promise<RedisState> {
  const client = redisFrom(url, {
    lazyConnect: true,
    connectTimeout: LIMIT_MS,
    commandTimeout: LIMIT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    enableOfflineQueue: false,
  });
  // The reason of a refused connection is told by its event, `connect` itself only says that it is closed.
  let reason: Error | null = null;
  client.on('error', (error: Error) => {
    reason = error;
  });
  try {
    await client.connect().catch((error: Error) => Promise.reject(reason ?? error));
    const info = parseInfo(await client.info());
    const before = Date.now();
    const [seconds, micros] = await client.time();
    const ourMs = (before + Date.now()) / 2;
    return {
      version: info.redis_version ?? '0',
      policy: info.maxmemory_policy ?? 'unknown',
      aof: info.aof_enabled === '1',
      role: info.role ?? 'unknown',
      usedBytes: Number(info.used_memory ?? 0),
      maxBytes: Number(info.maxmemory ?? 0),
      skewMs: Math.round(Number(seconds) * 1_000 + Number(micros) / 1_000 - ourMs),
    };
  } finally {
    client.disconnect();
  }
}

function parseInfo(text: string): Record<string, string> {
  return Object.fromEntries(text.split('\r\n').flatMap((row) => (row.includes(':') ? [row.split(/:(.*)/s).slice(0, 2)] : [])));
}

async function ari({ url, user, password }: AriTarget): Promise<AriAnswer> {
  const answer = await fetch(`${url.replace(/\/+$/, '')}/asterisk/info?only=system`, {
    headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
    redirect: 'error',
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  const date = Date.parse(answer.headers.get('date') ?? '');
  const skewMs = Number.isNaN(date) ? null : date - Math.floor(Date.now() / 1_000) * 1_000;
  const text = (await answer.text()).slice(0, 65_536);
  return { status: answer.status, version: answer.ok ? versionIn(text) : null, skewMs };
}

function versionIn(text: string): string | null {
  try {
    const version: unknown = (JSON.parse(text) as { system?: { version?: unknown } } | null)?.system?.version;
    return typeof version === 'string' ? version : null;
  } catch {
    return null;
  }
}

async function prompts(texts: PromptTexts, folderPath: string): Promise<PromptState> {
  const wanted = [...texts.values()].reduce((sum, words) => sum + Object.keys(words).length, 0);
  return { wanted, missing: await missingPrompts(texts, folderPath) };
}

async function canRun(program: string, env: Readonly<Record<string, string | undefined>>): Promise<boolean> {
  const folders = program.includes('/') ? [''] : (env.PATH ?? '').split(delimiter).filter((path) => path !== '');
  for (const path of folders) {
    const file = path === '' ? resolve(program) : join(path, program);
    if (await allowed(file, constants.X_OK)) return true;
  }
  return false;
}

async function folder(path: string): Promise<FolderState> {
  const found = await stat(path).catch(() => null);
  if (found !== null) {
    if (!found.isDirectory()) return 'noFolder';
    return (await allowed(path, constants.W_OK | constants.X_OK)) ? 'writable' : 'readOnly';
  }
  const parent = await nearest(path);
  return (await allowed(parent, constants.W_OK | constants.X_OK)) ? 'creatable' : 'missing';
}

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(await nearest(path));
  return bavail * bsize;
}

/** The folder itself, or the nearest one above it that exists. */
async function nearest(path: string): Promise<string> {
  let at = resolve(path);
  while ((await stat(at).catch(() => null)) === null && dirname(at) !== at) at = dirname(at);
  return at;
}

const allowed = (path: string, mode: number): Promise<boolean> =>
  access(path, mode).then(
    () => true,
    () => false,
  );

async function clock(): Promise<ClockState> {
  const apart = (): number => Date.now() - performance.now();
  const before = apart();
  await pause(300);
  const driftMs = Math.round(apart() - before);
  const synchronised = await promisify(execFile)('timedatectl', ['show', '-p', 'NTPSynchronized', '--value'], {
    timeout: LIMIT_MS,
  }).then(
    ({ stdout }) => (stdout.trim() === 'yes' ? true : stdout.trim() === 'no' ? false : null),
    () => null,
  );
  return { wallMs: Date.now(), driftMs, synchronised };
}

async function port(host: string, number: number): Promise<PortState> {
  const code = await new Promise<string | null>((done) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? 'unknown'));
    server.listen({ host, port: number, exclusive: true }, () => server.close(() => done(null)));
  });
  if (code === null) return 'free';
  if (code === 'EADDRINUSE') return (await isHotline(host, number)) ? 'hotline' : 'taken';
  return code === 'EACCES' ? 'notAllowed' : 'notHere';
}

async function isHotline(host: string, number: number): Promise<boolean> {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  try {
    const answer = await fetch(`http://${name}:${number}/healthz`, { redirect: 'error', signal: AbortSignal.timeout(LIMIT_MS) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

async function history(place: HistoryPlace): Promise<HistoryState> {
  if (place.kind === 'sqlite' && !existsSync(place.file)) return 'none';
  const store = openHistory(place);
  const late = AbortSignal.timeout(LIMIT_MS);
  try {
    const { position, missing } = await Promise.race([
      store.stand(),
      new Promise<never>((_, reject) =>
        late.addEventListener('abort', () => reject(new Error(`no answer within ${LIMIT_MS} ms`))),
      ),
    ]);
    return { seq: position.seq, missing };
  } catch (error) {
    // PostgreSQL is there, and no hotline has made its tables.
    if ((error as { code?: string }).code === '42P01') return 'none';
    throw error;
  } finally {
    void store.close().catch(() => {});
  }
}
