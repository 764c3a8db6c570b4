import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from './child.js';
import { cacheFolder } from './places.js';

/**
 * `hotline up` gives its hotline a Redis, passwords and ports of its own. They stand in a file of the data folder while it runs, so that `hotline doctor`,
 * `explain`, `recount` and `report` on the same machine look at that house and not at the one that the configuration alone would be.
 */

type Env = Readonly<Record<string, string | undefined>>;

interface Stored {
  /** Of `hotline up`. */
  readonly pid: number;
  readonly env: Readonly<Record<string, string>>;
}

const FILE = 'running.json';
const NAMES = /^(HOTLINE_[A-Z_]+|DATABASE_URL)$/;

/** Readable by its owner only: there are passwords in it. */
export function writeRunningHouse(data: string, env: Env): void {
  const kept = Object.entries(env).filter((pair): pair is [string, string] => NAMES.test(pair[0]) && pair[1] !== undefined);
  const file = join(data, FILE);
  writeFileSync(file, `${JSON.stringify({ pid: process.pid, env: Object.fromEntries(kept) } satisfies Stored)}\n`, {
    mode: 0o600,
  });
  chmodSync(file, 0o600);
}

export const removeRunningHouse = (data: string): void => rmSync(join(data, FILE), { force: true });

/** What stands in the environment, and for the rest that of the house that runs with the same data folder. HOTLINE_UP is its process. */
export function besideRunningHouse(env: Env): Env {
  const stored = read(join(env.HOTLINE_DATA || join(cacheFolder(env), 'data'), FILE));
  if (stored === null || !isAlive(stored.pid)) return env;
  // Who says where something is means another house.
  const own = ['HOTLINE_REDIS_URL', 'HOTLINE_ARI_URL', 'HOTLINE_HTTP', 'HOTLINE_CONFIG', 'DATABASE_URL'].some(
    (name) => env[name],
  );
  return own ? env : { ...env, ...stored.env, HOTLINE_UP: String(stored.pid) };
}

function read(file: string): Stored | null {
  try {
    const { pid, env } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Stored>;
    if (!Number.isInteger(pid) || typeof env !== 'object' || env === null) return null;
    const texts = Object.entries(env).filter(([name, value]) => NAMES.test(name) && typeof value === 'string');
    return { pid: pid as number, env: Object.fromEntries(texts) };
  } catch {
    return null;
  }
}
