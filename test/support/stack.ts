import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type AsteriskOptions, type RunningAsterisk, startAsterisk } from '../../src/cli/stack/asterisk.js';
import { cacheFolder } from '../../src/cli/stack/places.js';
import { freePorts } from '../../src/cli/stack/ports.js';
import { type RunningRedis, startRedis } from '../../src/cli/stack/redis.js';

/** What a test gives us: something that runs our clean-up, and says whether to keep the logs. */
export interface TestLike {
  teardown(clean: () => Promise<void>): unknown;
  passing?(): boolean;
}

export interface TestStackOptions {
  /** Absent: no Redis. `true`: a private one. */
  readonly redis?: boolean;
  /** Absent: no Asterisk. `true`: with the phones below. An object overrides single options. */
  readonly asterisk?: boolean | Partial<AsteriskOptions>;
  /** Names of phones at fixed addresses of this machine, for SIPp; see `phonePort`. */
  readonly phones?: readonly string[];
}

export interface TestStack {
  /** Of this stack alone; removed in the end unless the test failed. */
  readonly folder: string;
  readonly redis: RunningRedis;
  readonly asterisk: RunningAsterisk;
  /** The SIP port on 127.0.0.1 where Asterisk expects this phone. */
  phonePort(name: string): number;
}

const PHONES = ['1001', '1002', '1003', '1004', '1005', '1006'];
let counter = 0;

/**
 * A private Redis and Asterisk on free ports in a folder of their own, stopped in teardown. Asking for a part that was not started throws.
 * Share one per test file where the tests allow it: Asterisk takes about half a second.
 */
export async function startTestStack(t: TestLike, options: TestStackOptions): Promise<TestStack> {
  counter += 1;
  const folder = join(cacheFolder(process.env), 'tests', `${process.pid}-${counter}`);
  mkdirSync(folder, { recursive: true });
  const running: { redis?: RunningRedis; asterisk?: RunningAsterisk } = {};
  t.teardown(async () => {
    await Promise.all([running.asterisk?.stop(), running.redis?.stop()]);
    if (t.passing?.() !== false) rmSync(folder, { recursive: true, force: true });
  });
  const names = options.phones ?? PHONES;
  const firstPort = await freePorts(Math.max(1, names.length));
  const phonePort = (name: string): number => {
    const index = names.indexOf(name);
    if (index < 0) throw new Error(`the test stack has no phone ${name}`);
    return firstPort + index;
  };
  const parts: Promise<void>[] = [];
  if (options.redis) {
    // REDIS_URL is left out: a test empties its Redis, and must never do that to one it did not start.
    const env = { ...process.env, REDIS_URL: undefined };
    parts.push(startRedis({ folder: join(folder, 'redis'), env }).then((redis) => void Object.assign(running, { redis })));
  }
  if (options.asterisk) {
    const own = options.asterisk === true ? {} : options.asterisk;
    const phones = names.map((name) => ({ name, password: null, contact: `sip:${name}@127.0.0.1:${phonePort(name)}` }));
    const start = startAsterisk({
      folder: join(folder, 'asterisk'),
      env: process.env,
      phones,
      ownNumbers: ['95588', '95589'],
      ...own,
    });
    parts.push(start.then((asterisk) => void Object.assign(running, { asterisk })));
  }
  await Promise.all(parts);
  return {
    folder,
    phonePort,
    get redis() {
      return need(running.redis, 'redis');
    },
    get asterisk() {
      return need(running.asterisk, 'asterisk');
    },
  };
}

function need<T>(part: T | undefined, name: string): T {
  if (part === undefined) throw new Error(`startTestStack was not asked for ${name}`);
  return part;
}
