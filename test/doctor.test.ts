import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import t from 'tap';
import { isAtLeast } from '../src/cli/doctor/line.js';
import { realProbes } from '../src/cli/doctor/probes.js';
import {
  addDoctorCommand,
  type DoctorDeps,
  formatDoctor,
  hasFailed,
  type Line,
  type Probes,
  runDoctor,
} from '../src/cli/doctor.js';
import { loadConfig } from '../src/main/config/load.js';
import { createLog } from '../src/main/log.js';

const config = resolve(import.meta.dirname, '../config');
const FLOWS = { flows: ['credit-card', 'transport-card'] };
const REDIS = { version: '7.0.15', policy: 'noeviction', aof: true, role: 'master', usedBytes: 1, maxBytes: 0, skewMs: 3 };
const ARI = { status: 200, version: '22.10.1', skewMs: 0 };
const CLOCK = { wallMs: Date.UTC(2026, 10, 21, 12), driftMs: 0, synchronised: true };
const GIGABYTE = 1_024 ** 3;

const healthy: Probes = {
  redis: async () => REDIS,
  history: async () => ({ seq: 12, missing: 0 }),
  ari: async () => ARI,
  prompts: async () => ({ wanted: 40, missing: [] }),
  canRun: async () => true,
  folder: async () => 'writable',
  freeBytes: async () => 100 * GIGABYTE,
  clock: async () => CLOCK,
  port: async () => 'free',
  endpoint: async () => null,
  mail: async () => null,
};

const doctor = (faults: Partial<Probes> = {}, deps: Partial<DoctorDeps> = {}): Promise<Line[]> =>
  runDoctor({
    env: { HOTLINE_ARI_PASSWORD: 'a-long-and-own-password' },
    nodeVersion: '20.20.2',
    loadConfig: () => loadConfig(config, FLOWS),
    loadFlows: async () => ({ flows: ['credit-card'], findings: [], texts: new Map() }),
    readSecret: () => null,
    probes: { ...healthy, ...faults },
    ...deps,
  });

/** Ids with their verdict, of what is not right. */
const wrong = (lines: readonly Line[]): string[] =>
  lines.flatMap(({ id, verdict }) => (verdict === 'ok' ? [] : [`${verdict} ${id}`]));

t.test('a healthy house: all is well, in both languages', async (t) => {
  const lines = await doctor();
  t.same(wrong(lines), []);
  t.notOk(hasFailed(lines));
  for (const id of [
    'node',
    'configuration',
    'settings',
    'redis',
    'redis-version',
    'redis-policy',
    'redis-aof',
    'switch',
    'switch-version',
  ]) {
    t.ok(
      lines.some((line) => line.id === id),
      id,
    );
  }
  for (const id of ['prompts', 'voice', 'folder-data', 'folder-recordings', 'folder-prompts', 'disk', 'clock', 'port']) {
    t.ok(
      lines.some((line) => line.id === id),
      id,
    );
  }
  t.match(formatDoctor(lines, 'en'), /Asterisk is version 22\.10\.1[\s\S]+0 to look at, 0 failed/);
  t.match(formatDoctor(lines, 'zh'), /Asterisk 版本 22\.10\.1[\s\S]+0 项失败/);
  t.match(formatDoctor(lines, 'en'), /2026-11-21 20:00 Asia\/Shanghai/);
  t.match(formatDoctor(lines, 'en'), /calendars open now: around-the-clock; closed: service/, 'a Saturday evening');
  t.notMatch(formatDoctor(lines, 'en'), /hotline up runs here/);
  const beside = await doctor({}, { env: { HOTLINE_ARI_PASSWORD: 'a-long-and-own-password', HOTLINE_UP: '4711' } });
  t.match(formatDoctor(beside, 'en'), /^✓ ok {5}what is looked at is the house that hotline up runs here \(process 4711\)/);
  t.match(formatDoctor(beside, 'zh'), /^✓ ok {5}检查的是本机由 hotline up 启动的系统/);
});

const refused = (): never => {
  throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
};

const lost = (why: 'never' | 'old' | 'lost', wanted: number): Partial<Probes> => ({
  prompts: async () => ({ wanted, missing: [{ prompt: 'system/goodbye', language: 'zh', why }] }),
});

const FAULTS: ReadonlyArray<[name: string, fault: Partial<Probes>, expected: string[], says: RegExp]> = [
  ['Redis away', { redis: async () => refused() }, ['fail redis'], /ECONNREFUSED[\s\S]+HOTLINE_REDIS_URL/],
  [
    'Redis wants a password',
    { redis: () => Promise.reject(new Error('NOAUTH Authentication required.')) },
    ['fail redis'],
    /right password/,
  ],
  [
    'an endpoint that is away',
    { endpoint: async ({ url }) => (url.endsWith('/messages') ? 'ECONNREFUSED' : null) },
    ['warn endpoint-sms-gateway'],
    /sms-gateway \(127\.0\.0\.1:8085\) cannot be reached: ECONNREFUSED/,
  ],
  [
    'an endpoint whose name leads elsewhere',
    { endpoint: async () => 'forbidden' },
    ['warn endpoint-core-banking', 'warn endpoint-sms-gateway'],
    /lies in another network than loopback/,
  ],
  ['History away', { history: async () => refused() }, ['warn history'], /ECONNREFUSED[\s\S]+DATABASE_URL/],
  ['History with a hole', { history: async () => ({ seq: 12, missing: 3 }) }, ['warn history'], /3 facts are missing/],
  ['Redis too old', { redis: async () => ({ ...REDIS, version: '6.0.16' }) }, ['fail redis-version'], /6\.2 or newer/],
  [
    'Redis evicts',
    { redis: async () => ({ ...REDIS, policy: 'allkeys-lru' }) },
    ['fail redis-policy'],
    /CONFIG SET maxmemory-policy noeviction/,
  ],
  ['Redis without AOF', { redis: async () => ({ ...REDIS, aof: false }) }, ['warn redis-aof'], /appendonly yes/],
  ['Redis is a replica', { redis: async () => ({ ...REDIS, role: 'slave' }) }, ['fail redis-role'], /master/],
  ['Redis is full', { redis: async () => ({ ...REDIS, usedBytes: 95, maxBytes: 100 }) }, ['warn redis-memory'], /95 %/],
  ['Redis has another time', { redis: async () => ({ ...REDIS, skewMs: -5_000 }) }, ['warn redis-clock'], /-5\.0 s/],
  [
    'switch away',
    {
      ari: () => Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ECONNRESET' }) })),
    },
    ['fail switch'],
    /ECONNRESET/,
  ],
  [
    'switch refuses us',
    { ari: async () => ({ ...ARI, status: 401, version: null }) },
    ['fail switch'],
    /ari\.conf with HOTLINE_ARI_PASSWORD/,
  ],
  ['no ARI', { ari: async () => ({ ...ARI, status: 404, version: null }) }, ['fail switch'], /enabled=yes/],
  ['switch is starting', { ari: async () => ({ ...ARI, status: 503, version: null }) }, ['fail switch'], /HTTP 503/],
  ['switch too old', { ari: async () => ({ ...ARI, version: '16.28.0~dfsg' }) }, ['fail switch-version'], /20 or newer/],
  ['no Asterisk at all', { ari: async () => ({ ...ARI, version: null }) }, ['warn switch-version'], /see whether/],
  ['switch has another time', { ari: async () => ({ ...ARI, skewMs: 7_000 }) }, ['warn switch-clock'], /7\.0 s/],
  ['prompts not built', lost('never', 1), ['warn prompts'], /not built/],
  ['one prompt is older than its text', lost('old', 40), ['warn prompts'], /system\/goodbye \(zh\)/],
  ['a prompt is gone', lost('lost', 40), ['fail prompts'], /hotline prompts build/],
  ['no voice, prompts there', { canRun: async () => false }, ['warn voice'], /espeak-ng/],
  [
    'no voice, no prompts',
    { canRun: async () => false, ...lost('never', 1) },
    ['warn prompts', 'fail voice'],
    /install espeak-ng/,
  ],
  [
    'folders read-only',
    { folder: async () => 'readOnly' },
    ['fail folder-data', 'fail folder-recordings', 'fail folder-prompts'],
    /right to write/,
  ],
  [
    'a file in the way',
    { folder: async (path) => (path.endsWith('recording') ? 'noFolder' : 'writable') },
    ['fail folder-recordings'],
    /not a folder/,
  ],
  ['disk low', { freeBytes: async () => 2 * GIGABYTE }, ['warn disk'], /2\.0 GB free/],
  ['disk full', { freeBytes: async () => 10_000_000 }, ['fail disk'], /make room/],
  ['clock jumps', { clock: async () => ({ ...CLOCK, driftMs: -900 }) }, ['warn clock'], /-900 ms/],
  ['clock at its beginning', { clock: async () => ({ ...CLOCK, wallMs: 0 }) }, ['fail clock'], /clearly wrong/],
  ['clock not synchronised', { clock: async () => ({ ...CLOCK, synchronised: false }) }, ['warn clock-ntp'], /NTP/],
  ['port taken', { port: async () => 'taken' }, ['fail port'], /127\.0\.0\.1:8080/],
  ['port of root', { port: async () => 'notAllowed' }, ['fail port'], /above 1024/],
  ['address of another machine', { port: async () => 'notHere' }, ['fail port'], /not an address of this machine/],
  [
    'a probe that trips',
    { freeBytes: () => Promise.reject(new Error('no such system call')) },
    ['fail disk'],
    /no such system call/,
  ],
];

t.test('each fault gives its line, a way to mend it, and no other', async (t) => {
  for (const [name, fault, expected, says] of FAULTS) {
    const lines = await doctor(fault);
    t.same(wrong(lines), expected, name);
    t.match(formatDoctor(lines, 'en'), says, `${name}: what it says`);
    t.equal(
      hasFailed(lines),
      expected.some((line) => line.startsWith('fail')),
      `${name}: verdict`,
    );
    for (const line of lines) {
      t.ok(line.verdict === 'ok' ? line.mend === null : line.mend?.zh && line.mend.en, `${name}: ${line.id} says how to mend it`);
    }
  }
});

t.test('configuration, environment and credentials', async (t) => {
  t.same(wrong(await doctor({}, { nodeVersion: '18.20.4' })), ['fail node']);
  t.same(wrong(await doctor({}, { loadConfig: () => loadConfig(config, { flows: [] }) })), [
    'fail configuration',
    'fail configuration',
  ]);
  const file = 'ivr-flows/credit-card.yaml';
  const finding = { file, line: 41, column: 24, level: 'error', rule: 'unknown-node', message: 'no such node' } as const;
  const broken = await doctor({}, { loadFlows: async () => ({ flows: [], findings: [finding], texts: new Map() }) });
  t.same(wrong(broken), ['fail flows']);
  t.match(formatDoctor(broken, 'en'), /credit-card\.yaml:41:24 {2}error {2}unknown-node/);
  const bare = await doctor({ ari: () => Promise.reject(new Error('must not be asked')) }, { env: {} });
  t.same(wrong(bare), ['fail settings'], 'no password: the switch is not asked, the rest is looked at');
  t.ok(bare.some((line) => line.id === 'redis-policy'));
  t.same(wrong(await doctor({}, { env: { HOTLINE_SWITCH: 'sip' } })), ['fail environment']);
  t.same(wrong(await doctor({ ari: async () => refused() }, { env: { HOTLINE_SWITCH: 'simulated' } })), []);
  const away = await doctor(
    { redis: async () => refused() },
    { env: { HOTLINE_SWITCH: 'simulated', HOTLINE_REDIS_URL: 'redis://:hush@10.0.0.9:1' } },
  );
  t.match(formatDoctor(away, 'en'), /redis:\/\/10\.0\.0\.9:1/);
  t.notMatch(JSON.stringify(away), /hush/, 'no password in what is said');
});

t.test('the command: language, JSON, exit code', async (t) => {
  const run = async (...flags: string[]): Promise<{ text: string; code: number }> => {
    let [text, code] = ['', 0];
    const env = {
      HOTLINE_SWITCH: 'simulated',
      HOTLINE_REDIS_URL: 'unix:///nowhere/redis.sock',
      HOTLINE_DATA: folder,
      HOTLINE_HTTP: ':0',
      LANG: 'zh_CN.UTF-8',
    };
    const program = new Command('hotline').exitOverride();
    addDoctorCommand(program, {
      env,
      nodeVersion: '20.20.2',
      write: (more) => (text += more),
      setExitCode: (given) => (code = given),
    });
    await program.parseAsync(['doctor', '--config', config, ...flags], { from: 'user' });
    return { text, code };
  };
  const folder = await mkdtemp(join(tmpdir(), 'hotline-doctor-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const chinese = await run();
  t.equal(chinese.code, 1, 'no Redis there');
  t.match(chinese.text, /无法连接 Redis/);
  t.match(
    (await run('--lang', 'en')).text,
    /the flows are right: .*credit-card[\s\S]+does not answer: ENOENT[\s\S]+not built yet/,
  );
  const { text } = await run('--json');
  const parsed = JSON.parse(text) as { ok: boolean; checks: Line[] };
  t.equal(parsed.ok, false);
  t.match(
    parsed.checks.find((line) => line.id === 'redis'),
    { verdict: 'fail', mend: { zh: String, en: String } },
  );
});

t.test('the probes on real folders, ports and a web server', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hotline-probes-'));
  const server = createServer((request, response) => {
    const right = request.headers.authorization === `Basic ${Buffer.from('me:pass').toString('base64')}`;
    if (request.url === '/healthz') response.end('{}');
    else if (request.url === '/moved/asterisk/info?only=system')
      response.writeHead(302, { location: '/ari/asterisk/info' }).end();
    else if (request.url === '/odd/asterisk/info?only=system') response.end('<html>');
    else if (right) response.end(JSON.stringify({ system: { version: '22.1.0' } }));
    else response.writeHead(401).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.teardown(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });
  const { port } = server.address() as AddressInfo;
  const probes = realProbes({ PATH: folder });
  const url = `http://127.0.0.1:${port}`;
  t.match(await probes.ari({ url: `${url}/ari/`, user: 'me', password: 'pass' }), { status: 200, version: '22.1.0' });
  t.match(await probes.ari({ url: `${url}/ari`, user: 'me', password: 'wrong' }), { status: 401, version: null });
  t.match(await probes.ari({ url: `${url}/odd`, user: 'me', password: 'pass' }), { status: 200, version: null });
  await t.rejects(
    probes.ari({ url: `${url}/moved`, user: 'me', password: 'pass' }),
    'a redirect is not followed: the password would go along',
  );
  t.equal(await probes.port('127.0.0.1', port), 'hotline');
  t.equal(await probes.port('127.0.0.1', 0), 'free');
  t.equal(await probes.port('192.0.2.1', 0), 'notHere');
  t.equal(await probes.folder(folder), 'writable');
  t.equal(await probes.folder(join(folder, 'a/b')), 'creatable');
  await writeFile(join(folder, 'program'), '#!/bin/sh\n', { mode: 0o755 });
  await writeFile(join(folder, 'text'), '');
  t.equal(await probes.folder(join(folder, 'text')), 'noFolder');
  t.ok(await probes.canRun('program'));
  t.notOk(await probes.canRun('text'));
  t.ok((await probes.freeBytes(join(folder, 'not/yet'))) > 0);
  const texts = new Map([['system/goodbye', { zh: '再见', en: 'Goodbye' }]]);
  t.match(await probes.prompts(texts, folder), {
    wanted: 2,
    missing: [
      { language: 'zh', why: 'never' },
      { language: 'en', why: 'never' },
    ],
  });
  t.ok(Math.abs((await probes.clock()).driftMs) < 1_000);
  t.ok(
    isAtLeast('22.10.1~dfsg', '20') &&
      isAtLeast('GIT-22-abc', '20') &&
      !isAtLeast('certified/18.9', '20') &&
      !isAtLeast('6.0.16', '6.2'),
  );
});

t.test('the log masks callers, and hides digits, cards, passwords and tokens, wherever they hide', async (t) => {
  const written: string[] = [];
  const log = createLog({ level: 'debug', node: 'n1', destination: { write: (text: string) => void written.push(text) } });
  const card = '4111111111111111';
  const loop: Record<string, unknown> = { name: 'loop' };
  loop.self = loop;
  log.info(
    {
      ani: '13800000001',
      callId: 'c1',
      legId: '1763765000.12',
      deep: { fact: { callerNumber: '+8613800000001', numbers: ['13800000001'] } },
    },
    'call arrived',
  );
  log.warn(
    {
      digits: '1234',
      pin: 1234,
      card,
      ariPassword: 'hush-hush',
      'api-token': 'hush-hush',
      headers: { Authorization: 'hush-hush' },
    },
    'hidden',
  );
  log.error(
    { err: new Error(`redis://:hush-hush@redis:6379 refused ${card}`), url: 'http://ari:hush-hush@pbx/ari' },
    `paid with ${card} today`,
  );
  log.info(
    { note: 'card 4111 1111 1111 1111.', list: [{ password: 'hush-hush' }], map: new Map([['token', 'hush-hush']]), loop },
    'text',
  );
  log.child({ node2: 'x' }).child({ ani: '13800000001', secret: 'hush-hush' }).debug('bound');
  log.error(new Error('bare: http://a:hush-hush@b'));
  log.error({ err: new Error('bare: http://a:hush-hush@b') });
  log.info(`only a sentence with ${card}`);
  const all = written.join('');
  t.notMatch(all, /hush-hush/);
  t.notMatch(all.replaceAll(' ', ''), new RegExp(card));
  t.notMatch(all, /13800000001|"1234"|:1234[,}]/);
  t.match(JSON.parse(written[0] as string), {
    level: 'info',
    node: 'n1',
    ani: '***0001',
    callId: 'c1',
    legId: '1763765000.12',
    deep: { fact: { callerNumber: '***0001', numbers: ['***0001'] } },
    msg: 'call arrived',
    time: /^2\d{3}-\d\d-\d\dT/,
  });
  t.match(JSON.parse(written[2] as string), {
    level: 'error',
    err: { type: 'Error', message: /redis:\/\/\[hidden\]@redis:6379 refused \[hidden\]/ },
  });
  t.match(JSON.parse(written[4] as string), { ani: '***0001', secret: '[hidden]', msg: 'bound' });
  t.match(JSON.parse(written[5] as string), { err: { type: 'Error', message: 'bare: http://[hidden]@b', stack: String } });
  t.equal(written.length, 8);
  for (const text of written) t.doesNotThrow(() => JSON.parse(text));
  const long = createLog({ level: 'info', destination: { write: (text: string) => void written.push(text) } });
  long.info(
    { callId: '4111111111111111', waitMs: 4111, at: '2026-11-21T12:00:00.000Z', sha: '9'.repeat(40) },
    'ids and times stay',
  );
  t.match(JSON.parse(written.at(-1) as string), {
    callId: '4111111111111111',
    waitMs: 4111,
    at: '2026-11-21T12:00:00.000Z',
    sha: '9'.repeat(40),
  });
});

t.test('alarms: none, and a mail server that does not take us', async (t) => {
  const loaded = await loadConfig(config, FLOWS);
  if (!loaded.ok) throw new Error('the shipped configuration is refused');
  const withMail = (mail: Probes['mail'], alarms = loaded.value.alarms) => {
    const groups = { ops: ['ops@bank.example'] };
    const server = { host: 'smtp.bank.example', port: 587, security: 'starttls', login: null, from: 'a@bank.example' } as const;
    const value = { ...loaded.value, alarms, mail: { ...server, groups, timeoutMs: 1_000, attempts: 1 } };
    return doctor({ mail }, { loadConfig: async () => ({ ok: true, value }) });
  };
  t.same(wrong(await withMail(async () => null)), []);
  const refusing = await withMail(async () => 'EAUTH 535');
  t.same(wrong(refusing), ['warn mail']);
  t.match(formatDoctor(refusing, 'en'), /smtp\.bank\.example:587 cannot be used: EAUTH 535\n +-> look at mail\.user/);
  t.match(formatDoctor(await withMail(async () => 'ESOCKET'), 'zh'), /无法使用：ESOCKET\n +-> 请核对 hotline\.yaml/);
  t.same(wrong(await withMail(async () => null, [])), ['warn alarms']);
});
