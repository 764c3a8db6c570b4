import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t from 'tap';
import { accountKey } from '../../src/main/config/customers.js';
import { emergencyTexts } from '../../src/main/config/emergency.js';
import { readEnvironment, settle } from '../../src/main/config/environment.js';
import { formatConfigFinding, type LoadedConfig, loadConfig, readEmergencyTexts } from '../../src/main/config/load.js';
import { knownNames, namesInFiles } from '../../src/main/known-names.js';

const shipped = resolve(import.meta.dirname, '../../config');
const FLOWS = { flows: ['credit-card', 'transport-card', 'after-hours'] };
let folder = '';
t.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hotline-endpoints-'));
});
t.teardown(() => rm(folder, { recursive: true, force: true }));

type Change = Readonly<Record<string, string | null>>;

/** The shipped configuration with some files changed; null takes one away. */
async function load(change: Change = {}) {
  await rm(folder, { recursive: true, force: true });
  await cp(shipped, folder, { recursive: true });
  for (const [name, text] of Object.entries(change)) {
    if (text === null) await rm(join(folder, `${name}.yaml`));
    else await writeFile(join(folder, `${name}.yaml`), text);
  }
  return loadConfig(folder, FLOWS);
}

async function good(change: Change = {}): Promise<LoadedConfig> {
  const result = await load(change);
  if (!result.ok) throw new Error(result.error.map(formatConfigFinding).join('\n'));
  return result.value;
}

/** `line:column rule` of each finding, and all their text. */
async function findings(change: Change): Promise<{ places: string[]; text: string }> {
  const result = await load(change);
  const found = result.ok ? result.value.warnings : result.error;
  return {
    places: found.map(({ line, column, rule }) => `${line}:${column} ${rule}`),
    text: found.map(formatConfigFinding).join('\n'),
  };
}

t.test('endpoints as they are shipped, and with everything said', async (t) => {
  const { endpoints } = await good();
  t.match(endpoints, {
    'core-banking': { kind: 'lookup', method: 'POST', network: 'loopback', timeoutMs: 2_000, maxBytes: 65_536, atOnce: 50 },
    'sms-gateway': { kind: 'message', network: 'loopback', timeoutMs: 5_000, attempts: 8, signFile: null },
  });
  const text = `endpoints:
  core: { kind: lookup, url: "https://core.bank.example/a?b=1", method: GET, timeout: 500ms, maxBytes: 1KB, network: private, secretFile: secrets/core, headers: { x-branch: "021" }, atOnce: 1 }
  sms: { kind: message, url: "http://10.0.0.8/x", network: private, insecure: true, sign: { secretFile: /etc/sms }, attempts: 1 }
`;
  t.match((await good({ endpoints: text })).endpoints, {
    core: {
      method: 'GET',
      timeoutMs: 500,
      maxBytes: 1_024,
      network: 'private',
      atOnce: 1,
      headers: { 'x-branch': '021' },
      secretFile: resolve(folder, '../secrets/core'),
    },
    sms: { attempts: 1, signFile: '/etc/sms', secretFile: null },
  });
});

t.test('a site without endpoints and announcements is a site', async (t) => {
  const config = await good({ endpoints: null, emergency: null });
  t.same([config.endpoints, config.emergency], [{}, {}]);
  t.same((await good({ endpoints: 'endpoints: {}\n' })).endpoints, {});
  t.not((await good()).version, config.version);
});

const https = 'kind: lookup, url: "https://bank.example"';
/** What stands at `a:` in line 2; the rule, and at what it is found (`a` itself when nothing is told). */
const WRONG: ReadonlyArray<[line: string, rule: string, at: string | null, says?: RegExp]> = [
  [`{ ${https}, tiemout: 2s }`, 'unknown-key', 'tiemout', /did you mean "timeout"/],
  [`{ ${https}, attempts: 3 }`, 'unknown-key', 'attempts', /known here: kind, url/],
  ['{ kind: lokup, url: "https://bank.example" }', 'unknown-value', 'lokup', /"lookup"/],
  ['{ url: "https://bank.example" }', 'missing-key', null, /lookup, message/],
  ['{ kind: lookup }', 'missing-key', null, /url/],
  [`{ ${https}, timeout: 2 }`, 'unquoted-number', '2 }', /needs its unit/],
  [`{ ${https}, timeout: 0s }`, 'out-of-range', '0s'],
  [`{ ${https}, timeout: 11s }`, 'out-of-range', '11s'],
  [`{ ${https}, maxBytes: 2MB }`, 'out-of-range', '2MB'],
  [`{ ${https}, maxBytes: 64k }`, 'bad-format', '64k', /64KB/],
  [`{ ${https}, method: PUT }`, 'unknown-value', 'PUT'],
  [`{ ${https}, network: inner }`, 'unknown-value', 'inner'],
  [`{ ${https}, headers: { Host: x } }`, 'bad-name', 'Host', /set by hotline/],
  [`{ ${https}, headers: { authorization: x } }`, 'bad-name', 'authorization', /secretFile/],
  [`{ ${https}, headers: { x-a: "a\\nb" } }`, 'bad-format', '"a'],
  ['{ kind: lookup, url: "bank.example" }', 'bad-url', '"bank'],
  ['{ kind: lookup, url: "ftp://bank.example" }', 'bad-url', '"ftp'],
  ['{ kind: lookup, url: "https://me:hush@bank.example" }', 'secret-in-file', '"https'],
  ['{ kind: lookup, url: "https://bank.example/#x" }', 'bad-url', '"https'],
  ['{ kind: lookup, url: "http://bank.example" }', 'not-encrypted', '"http', /insecure: true/],
  ['{ kind: lookup, url: "http://10.0.0.1", network: private }', 'not-encrypted', '"http'],
  ['{ kind: lookup, url: "https://10.0.0.1" }', 'forbidden-address', '"https', /network: private/],
  ['{ kind: lookup, url: "http://127.0.0.1", insecure: true }', 'forbidden-address', '"http', /network: loopback/],
  ['{ kind: lookup, url: "https://0x7f.1" }', 'forbidden-address', '"https', /network: loopback/],
  ['{ kind: lookup, url: "https://2852039166/", network: private }', 'forbidden-address', '"https', /never/],
  ['{ kind: lookup, url: "https://[::ffff:169.254.169.254]/" }', 'forbidden-address', '"https', /never/],
  ['{ kind: message, url: "https://bank.example", sign: { file: x } }', 'unknown-key', 'file'],
  ['{ kind: message, url: "https://bank.example", attempts: 0 }', 'out-of-range', '0 }'],
];

t.test('each mistake in an endpoint is found at its place, and no password is repeated', async (t) => {
  for (const [line, rule, at, says] of WRONG) {
    const second = `  a: ${line}`;
    const { places, text } = await findings({ endpoints: `endpoints:\n${second}\n` });
    const column = at === null ? 3 : second.lastIndexOf(at) + 1;
    t.ok(places.includes(`2:${column} ${rule}`), `${line}: ${places.join(', ')}`);
    if (says) t.match(text, says, line);
    t.notMatch(text, /hush/);
  }
  t.match((await findings({ endpoints: 'endpoints: { Core: 1, a: 2 }' })).places, ['1:14 bad-name', '1:26 wrong-type']);
});

t.test('a secret that is named must be there', async (t) => {
  const config = await good({
    endpoints: `endpoints: { sms: { kind: message, url: "https://sms.example", secretFile: a, sign: { secretFile: b } } }`,
  });
  const environment = readEnvironment({ HOTLINE_SWITCH: 'simulated' });
  if (!environment.ok) throw new Error('environment');
  const settled = (secrets: Record<string, string>) =>
    settle(config, environment.value, (path) => secrets[path.replace(/^.*\//, '')] ?? null);
  t.match(settled({ a: 'x', b: 'y' }), { ok: true });
  t.match(settled({ a: 'x', b: '' }), { ok: false, error: [{ file: 'endpoints.sms', rule: 'no-secret' }] });
  t.match(settled({}), { ok: false, error: { length: 2 } });
});

t.test('emergency announcements: all languages of the site, and what comes after', async (t) => {
  const { emergency } = await good();
  t.same(
    Object.entries(emergency).map(([name, announcement]) => [name, announcement.then]),
    [
      ['system-outage', 'continue'],
      ['bad-weather', 'closed'],
      ['evacuation', 'hangUp'],
    ],
  );
  t.same(emergency.evacuation?.title, { zh: '大楼疏散', en: 'Building evacuated' });
  const texts = emergencyTexts(emergency);
  t.same([...texts.keys()], ['emergency/system-outage', 'emergency/bad-weather', 'emergency/evacuation']);
  const alone = await readEmergencyTexts(join(folder, 'emergency.yaml'));
  t.same(alone.ok && [...alone.value], [...texts]);
  t.match(await readEmergencyTexts(join(folder, 'nothing.yaml')), { ok: true });
  const announcement = (words: string): Change => ({ emergency: `announcements:\n  flood: { ${words} }\n` });
  const title = 'title: { zh: 水, en: water }';
  for (const [words, place] of [
    [`${title}, text: { zh: 水 }`, '2:47 missing-language'],
    [`title: { en: water }, text: { zh: 水, en: w }`, '2:19 missing-language'],
    [`${title}, text: { zh: 水, en: "" }`, '2:60 out-of-range'],
    [`${title}, text: { zh: 水, en: w }, then: closd`, '2:71 unknown-value'],
    [`${title}`, '2:3 missing-key'],
  ] as const) {
    t.match((await findings(announcement(words))).places, [place], words);
  }
});

t.test('accounts: plain or as a digest, one customer each, never repeated', async (t) => {
  const { customers } = await good();
  t.equal(customers.byAccount('4111111111111111')?.id, 'C0001');
  t.equal(customers.byAccount('4111 1111-1111 1111')?.id, 'C0001');
  t.equal(customers.byAccount('6225880000000019')?.id, 'C0101', 'found by its digest');
  t.equal(customers.byAccount('4111111111111112'), null);
  t.equal(customers.byAccount(''), null);
  t.notMatch(JSON.stringify(customers), '4111', 'not in memory either');
  const clean = await readFile(join(shipped, 'customers.yaml'), 'utf8');
  const plant = (account: string): Change => ({ customers: clean.replace('"4111111111111111"', account) });
  for (const [account, rule] of [
    ['"41111111x!1111111"', 'bad-account'],
    ['4111111111111111', 'unquoted-number'],
    ['"sha256:12"', 'bad-account'],
    ['"4111111111111111", "4111-1111-1111-1111"', 'duplicate-account'],
    ['"6225880000000019"', 'duplicate-account'],
  ] as const) {
    const { places, text } = await findings(plant(account));
    t.ok(
      places.some((place) => place.endsWith(rule)),
      `${account}: ${text}`,
    );
    t.notMatch(text, /4111|6225/, account);
  }
  t.equal(accountKey('6222 0212-3456'), accountKey(`sha256:${accountKey('622202123456').toUpperCase()}`));
});

t.test('plans of announcements are there for flows that ask for one', async (t) => {
  const queues = await readFile(join(shipped, 'queues.yaml'), 'utf8');
  const plan = 'announcePlans: { quiet: { position: never, comfort: [ thanks-for-waiting ], comfortEvery: every 60s } }';
  const config = await good({ queues: `${queues}\n${plan}\n` });
  t.same(config.acd.announcePlans, {
    quiet: {
      announce: { positionEveryMs: 0, positionFirstMs: 5_000, comfort: ['thanks-for-waiting'] },
      comfortEvery: { firstMs: 30_000, everyMs: 60_000 },
    },
  });
  t.match(knownNames(config, ['system/goodbye']), {
    queues: ['general'],
    agents: ['1001'],
    tiers: ['ordinary', 'vip'],
    endpoints: ['core-banking'],
    receivers: ['sms-gateway'],
    announcements: ['quiet'],
    prompts: ['system/goodbye'],
  });
});

t.test('names of files that are half right', (t) => {
  const endpoints = { endpoints: { bank: { kind: 'lookup' }, sms: { kind: 'message' }, odd: 5 } };
  t.match(namesInFiles({ hotline: { skills: ['a', 5] }, queues: { queues: { q: null } }, agents: null, endpoints }), {
    skills: ['a'],
    queues: ['q'],
    announcements: [],
    agents: undefined,
    calendars: undefined,
    endpoints: ['bank'],
    receivers: ['sms'],
    tiers: ['ordinary', 'vip'],
  });
  t.match(namesInFiles({ hotline: null, queues: null, agents: 'x', endpoints: { endpoints: [] } }), {
    skills: undefined,
    tiers: undefined,
    endpoints: undefined,
  });
  t.end();
});
