import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { freePorts } from '../../src/cli/stack/ports.js';

/** A private PostgreSQL on a free port of this machine, as Debian's packages ship it. */

export interface RunningPostgres {
  readonly url: string;
  stop(): Promise<void>;
  /** As a loss of the machine: nothing is said goodbye to. */
  crash(): Promise<void>;
  restart(): Promise<void>;
}

const INSTALLED = '/usr/lib/postgresql';

/** The folder of the newest installed server's programs, or null. */
export function findPostgres(): string | null {
  if (!existsSync(INSTALLED)) return null;
  const versions = readdirSync(INSTALLED).filter((version) => existsSync(join(INSTALLED, version, 'bin', 'initdb')));
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? null : join(INSTALLED, newest, 'bin');
}

/** PostgreSQL refuses to run as root; its package brings a user. */
function owner(): { uid: number; gid: number } | Record<string, never> {
  if (userInfo().uid !== 0) return {};
  const said = spawnSync('id', ['-u', 'postgres'], { encoding: 'utf8' }).stdout.trim();
  const group = spawnSync('id', ['-g', 'postgres'], { encoding: 'utf8' }).stdout.trim();
  return { uid: Number(said), gid: Number(group) };
}

export async function startPostgres(bin: string): Promise<RunningPostgres> {
  const user = owner();
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
