import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { cacheFolder } from '../../src/cli/stack/places.js';
import { freePorts } from '../../src/cli/stack/ports.js';

/** A private PostgreSQL on a free port of this machine, as Debian's packages ship it. */

export interface RunningPostgres {
  readonly url: string;
  stop(): Promise<void>;
  /** As a loss of the machine: nothing is said goodbye to. */
  crash(): Promise<void>;
  restart(): Promise<void>;
}

/** Debian's own place, else where scripts/test has unpacked it. */
const PLACES = ['/usr/lib/postgresql', join(cacheFolder(process.env), 'postgres/usr/lib/postgresql')];

/** The folder of the newest server's programs, or null. */
export function findPostgres(places: readonly string[] = PLACES): string | null {
  for (const place of places.filter((each) => existsSync(each))) {
    const versions = readdirSync(place).filter((version) => existsSync(join(place, version, 'bin', 'initdb')));
    const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
    if (newest !== undefined) return join(place, newest, 'bin');
  }
  return null;
}

/** An unpacked server finds its libraries beside itself. */
function libraries(bin: string): { env?: NodeJS.ProcessEnv } {
  const lib = join(bin, '../../..');
  if (lib === '/usr/lib') return {};
  const folders = readdirSync(lib).filter((name) => name.endsWith('-linux-gnu'));
  return { env: { ...process.env, LD_LIBRARY_PATH: folders.map((name) => join(lib, name)).join(':') } };
}

/** PostgreSQL refuses to run as root; its package brings a user, an unpacked one does not. */
function owner(): { uid: number; gid: number } | Record<string, never> {
  if (userInfo().uid !== 0) return {};
  const idOf = (what: string, name: string): string => spawnSync('id', [what, name], { encoding: 'utf8' }).stdout.trim();
  const name = idOf('-u', 'postgres') === '' ? 'nobody' : 'postgres';
  return { uid: Number(idOf('-u', name)), gid: Number(idOf('-g', name)) };
}

export async function startPostgres(bin: string): Promise<RunningPostgres> {
  const user = { ...owner(), ...libraries(bin) };
  const folder = mkdtempSync('/tmp/hotline-pg-');
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  if ('uid' in user) for (const path of [folder, data]) chownSync(path, user.uid as number, user.gid as number);
  const args = ['-D', data, '-U', 'hotline', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C'];
  const made = spawnSync(join(bin, 'initdb'), args, { ...user, cwd: '/', encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const port = await freePorts(1);
  const url = `postgres://hotline@127.0.0.1:${port}/postgres`;
  const start = async () => {
    const settings = ['-p', String(port), '-h', '127.0.0.1', '-k', folder, '-c', 'fsync=off'];
    const child = spawn(join(bin, 'postgres'), ['-D', data, ...settings], { ...user, cwd: '/', stdio: 'ignore' });
    watch(child.pid as number, folder);
    await ready(url);
    return child;
  };
  let child = await start();
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  };
  return {
    url,
    stop: async () => {
      await end('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
    crash: () => end('SIGQUIT'),
    restart: async () => {
      child = await start();
    },
  };
}

/**
 * A test that is killed can tidy nothing up: a shell that outlives it does. The pipe to its input ends with the test, whichever way; when the
 * server is still there under the same folder, it is stopped and its folder removed.
 */
function watch(pid: number, folder: string): void {
  const script = `cat > /dev/null
    if tr '\\0' ' ' < "/proc/$1/cmdline" 2> /dev/null | grep -qF -- "-D $2/data"; then
      kill -INT "$1"
      for _ in 1 2 3 4 5 6 7 8 9 10; do [ -e "/proc/$1" ] || break; sleep 0.5; done
      rm -rf "$2"
    fi`;
  const shell = spawn('/bin/sh', ['-c', script, 'watch', String(pid), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();
}

async function ready(url: string): Promise<void> {
  const limit = performance.now() + 20_000;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (performance.now() > limit) throw error;
      await pause(50);
    }
  }
}
