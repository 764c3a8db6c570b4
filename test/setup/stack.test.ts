import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CommanderError } from 'commander';
import { Redis } from 'ioredis';
import t from 'tap';
import { Child, isAlive, tailOf } from '../../src/cli/stack/child.js';
import { findAsterisk } from '../../src/cli/stack/find-asterisk.js';
import { isReachableByAll, onPath, projectFolder } from '../../src/cli/stack/places.js';
import { freePortFrom, freePorts, isPortFree } from '../../src/cli/stack/ports.js';
import { findRedis, startRedis } from '../../src/cli/stack/redis.js';
import { besideRunningHouse, removeRunningHouse, writeRunningHouse } from '../../src/cli/stack/running-house.js';
import { openSecrets } from '../../src/cli/stack/secrets.js';
import { type UpOptions, upCommand } from '../../src/cli/stack/up-options.js';
import { startTestStack } from '../support/stack.js';

async function eventually(what: string, holds: () => boolean, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await pause(20);
  }
}

t.test('a child: output to its log, ended in peace, ended by force', async (t) => {
  const folder = t.testdir();
  const logFile = join(folder, 'log', 'child.log');
  const node = (script: string): Child =>
    Child.start({ name: 'child', command: process.execPath, args: ['-e', script], logFile, env: { ...process.env } });
  const first = node('console.log("one"); console.error("two"); process.exit(7)');
  t.same(await first.exited, { code: 7, signal: null, asked: false });
  t.equal(first.tail(), 'one\ntwo');

  const polite = node('process.on("SIGTERM", () => process.exit(0)); console.log("ready"); setInterval(() => {}, 1000)');
  await eventually('it is ready', () => polite.tail() === 'ready');
  await polite.stop();
  t.same(await polite.exited, { code: 0, signal: null, asked: true }, 'its tail began after what the first one wrote');

  const stubborn = node('process.on("SIGTERM", () => {}); console.log("no"); setInterval(() => {}, 1000)');
  await eventually('it is ready', () => stubborn.tail() === 'no');
  await stubborn.stop(100);
  t.same(await stubborn.exited, { code: null, signal: 'SIGKILL', asked: true });
  t.equal(tailOf(logFile, 1), 'no');
  t.equal(tailOf(join(folder, 'nothing.log')), '');

  const missing = Child.start({ name: 'missing', command: '/no/such/program', args: [], logFile });
  t.not((await missing.exited).code, 0, 'a program that is not there ends at once');
});

t.test('a child ends with its parent, even when that is killed', async (t) => {
  const folder = t.testdir();
  const script = `
    import { Child } from ${JSON.stringify(join(projectFolder, 'src/cli/stack/child.ts'))};
    const child = Child.start({ name: 'c', command: 'sleep', args: ['600'], logFile: ${JSON.stringify(join(folder, 'c.log'))} });
    console.log(child.pid);
    setInterval(() => {}, 1000);`;
  writeFileSync(join(folder, 'parent.mts'), script);
  const parent = spawn(process.execPath, ['--import', 'tsx', join(folder, 'parent.mts')], { cwd: projectFolder });
  t.teardown(() => parent.kill('SIGKILL'));
  const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (bytes) => resolve(Number(bytes))));
  t.ok(isAlive(pid));
  parent.kill('SIGKILL');
  await eventually('the child is gone', () => !isAlive(pid));
});

t.test('ports', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  t.notOk(await isPortFree(port));
  t.ok((await freePortFrom(port)) > port);
  const first = await freePorts(10);
  t.ok(await isPortFree(first + 9));
  for (let round = 0; round < 20; round += 1) {
    const taken = await freePorts(50, '127.0.0.1', { from: 13_000, to: 30_000 });
    t.ok(taken + 49 < 13_000 || taken > 30_000, 'stays away from a range');
  }
});

t.test('a private Redis keeps what it was given over a kill, and evicts nothing', async (t) => {
  const { redis } = await startTestStack(t, { redis: true });
  t.match(redis.url, /^unix:/);
  const client = new Redis(redis.url);
  t.teardown(() => client.disconnect());
  client.on('error', () => undefined);
  t.equal((await client.config('GET', 'maxmemory-policy')).at(1), 'noeviction');
  t.equal((await client.config('GET', 'port')).at(1), '0', 'no port is open');
  await client.set('k', 'v');
  // "everysec": what is older than a second is on disk; fsync at once stands for that second.
  await client.call('WAITAOF', 1, 0, 2_000).catch(() => pause(1_100));
  await redis.kill();
  t.notOk(redis.child?.isRunning);
  await redis.start();
  t.equal(await client.get('k'), 'v');
});

t.test('a folder too deep for a socket gets a Redis with a port and a password', async (t) => {
  const folder = join(t.testdir(), 'x'.repeat(90), 'redis');
  const redis = await startRedis({ folder, env: { ...process.env, REDIS_URL: undefined } });
  t.teardown(() => redis.stop());
  const url = new URL(redis.url);
  t.equal(url.hostname, '127.0.0.1');
  const client = new Redis(redis.url);
  t.teardown(() => client.disconnect());
  t.equal(await client.ping(), 'PONG');
  const stranger = new Redis({ port: Number(url.port), lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  stranger.on('error', () => undefined);
  t.teardown(() => stranger.disconnect());
  await t.rejects(stranger.set('k', 'v'), /NOAUTH/);
});

t.test('what is chosen, and what is said when there is nothing to choose', async (t) => {
  const empty = { PATH: '', HOTLINE_CACHE: t.testdir() };
  const named = await startRedis({ folder: '/nowhere', env: { ...empty, REDIS_URL: 'redis://127.0.0.1:1' } });
  t.equal(named.url, 'redis://127.0.0.1:1');
  t.equal(named.child, null);
  if (onPath(empty, ['redis-server', 'valkey-server']) === null) t.throws(() => findRedis(empty), /scripts\/up|REDIS_URL/);
  t.throws(() => findAsterisk({ ...empty, HOTLINE_ASTERISK: '/no/such/place' }), /the Asterisk that you named cannot be used/);
  const old = join(t.testdir({ asterisk: '#!/bin/sh\necho Asterisk 16.28.0\n' }), 'asterisk');
  chmodSync(old, 0o755);
  t.throws(() => findAsterisk(empty, old), /16\.28\.0, older than 20/);
});

t.test('secrets are made once, and only their owner reads them', async (t) => {
  const folder = t.testdir();
  const first = openSecrets(folder);
  const phone = first.phonePassword('1099');
  const again = openSecrets(folder);
  t.equal(again.ariPassword, first.ariPassword);
  t.equal(again.apiToken, first.apiToken);
  t.equal(again.phonePassword('1099'), phone);
  t.not(again.phonePassword('1001'), phone);
  for (const file of ['secrets.json', 'api-token']) t.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
  t.match(first.apiToken, /^[A-Za-z0-9_-]{32}$/);
  writeFileSync(join(folder, 'secrets.json'), 'not json');
  t.throws(() => openSecrets(folder), /take it away/);
});

t.test('a closed folder on the way is seen', async (t) => {
  const folder = t.testdir();
  mkdirSync(join(folder, 'closed', 'inner'), { recursive: true });
  chmodSync(join(folder, 'closed'), 0o700);
  t.notOk(isReachableByAll(join(folder, 'closed', 'inner')));
  t.ok(isReachableByAll('/usr/bin'));
});

t.test('the flags of hotline up', async (t) => {
  const parse = async (...flags: string[]): Promise<UpOptions> => {
    let seen: UpOptions | null = null;
    const command = upCommand({ HOTLINE_CACHE: '/srv/cache' }, async (options) => {
      seen = options;
    });
    command.exitOverride().configureOutput({ writeErr: () => undefined });
    await command.parseAsync(flags, { from: 'user' });
    if (seen === null) throw new Error('the command did not run');
    return seen;
  };
  const usual = await parse();
  t.match(usual, {
    data: '/srv/cache/data',
    httpPort: 8080,
    sipPort: 5060,
    sipHost: '127.0.0.1',
    demo: false,
    rtp: { from: 20_000, to: 20_999 },
    overlay: null,
  });
  t.same(usual.fixed, { http: false, sip: false, rtp: false });
  const own = await parse('--demo', '--http-port', '9000', '--rtp-from', '40000', '--data', '/srv/d');
  t.match(own, {
    demo: true,
    httpPort: 9000,
    rtp: { from: 40_000, to: 40_999 },
    data: '/srv/d',
    fixed: { http: true, sip: false, rtp: true },
    overlay: 'demo',
  });
  t.equal((await parse('--simulated')).overlay, 'demo');
  t.equal((await parse('--demo', '--config', '/srv/nowhere')).overlay, null, 'a configuration that has none');
  for (const wrong of [
    ['--http-port', 'abc'],
    ['--sip-port', '0'],
    ['--sip-port', '70000'],
    ['--rtp-from', '30000', '--rtp-to', '30001'],
    ['--nonsense'],
  ]) {
    await t.rejects(parse(...wrong), CommanderError, wrong.join(' '));
  }
});

t.test('commands beside a running house look at that one, and at no other', async (t) => {
  const data = join(t.testdir(), 'data');
  mkdirSync(data);
  const env = { HOTLINE_DATA: data, PATH: '/bin' };
  const file = join(data, 'running.json');
  t.same(besideRunningHouse(env), env, 'nothing runs');
  const house = {
    ...env,
    HOTLINE_REDIS_URL: 'unix:/r.sock',
    HOTLINE_ARI_PASSWORD: 'secret',
    HOTLINE_OVERLAY: undefined,
    NODE_OPTIONS: 'x',
  };
  writeRunningHouse(data, house);
  t.equal(statSync(file).mode & 0o777, 0o600, 'its passwords are for its owner');
  const beside = besideRunningHouse(env);
  t.same(beside, { ...env, HOTLINE_REDIS_URL: 'unix:/r.sock', HOTLINE_ARI_PASSWORD: 'secret', HOTLINE_UP: String(process.pid) });
  const other = { ...env, HOTLINE_REDIS_URL: 'redis://elsewhere' };
  t.same(besideRunningHouse(other), other, 'who names another Redis means another house');
  writeFileSync(file, JSON.stringify({ pid: process.pid, env: { PATH: '/evil', HOTLINE_HTTP: 7, HOTLINE_ARI_USER: 'a' } }));
  t.same(
    besideRunningHouse(env),
    { ...env, HOTLINE_ARI_USER: 'a', HOTLINE_UP: String(process.pid) },
    'only what is ours, only texts',
  );
  const gone = Child.start({ name: 'gone', command: '/bin/true', args: [], logFile: join(data, 'log') });
  await gone.exited;
  for (const text of [JSON.stringify({ pid: gone.pid, env: { HOTLINE_ARI_USER: 'a' } }), '{', '{"pid":"1"}', 'null']) {
    writeFileSync(file, text);
    t.same(besideRunningHouse(env), env, `left behind: ${text}`);
  }
  removeRunningHouse(data);
  t.notOk(existsSync(file));
});
