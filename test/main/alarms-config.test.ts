import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t from 'tap';
import { MINUTE, SECOND } from '../../src/base/time.js';
import { readEnvironment, settle } from '../../src/main/config/environment.js';
import { formatConfigFinding, type LoadedConfig, loadConfig } from '../../src/main/config/load.js';
import { METRICS } from '../../src/service-level/alarms/rules.js';

/** `alarms.yaml` and `mail` in hotline.yaml: what they come to, and each mistake at its place. */

const shipped = resolve(import.meta.dirname, '../../config');
const FLOWS = { flows: ['credit-card', 'transport-card', 'after-hours'] };
const TITLE = 'title: { zh: 某, en: some }';
let folder = '';
t.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hotline-alarms-'));
});
t.teardown(() => rm(folder, { recursive: true, force: true }));

/** The shipped configuration with other alarms (null: none), and lines added to hotline.yaml. */
async function load(alarms: string | null | undefined, hotline = '') {
  await rm(folder, { recursive: true, force: true });
  await cp(shipped, folder, { recursive: true });
  if (alarms === null) await rm(join(folder, 'alarms.yaml'));
  else if (alarms !== undefined) await writeFile(join(folder, 'alarms.yaml'), alarms);
  const settings = await readFile(join(shipped, 'hotline.yaml'), 'utf8');
  await writeFile(join(folder, 'hotline.yaml'), `${settings}\n${hotline}\n`);
  return loadConfig(folder, FLOWS);
}

async function good(alarms: string | null | undefined, hotline = ''): Promise<LoadedConfig> {
  const result = await load(alarms, hotline);
  if (!result.ok) throw new Error(result.error.map(formatConfigFinding).join('\n'));
  return result.value;
}

const one = (words: string): string => `alarms:\n  a: { ${words} }\n`;

t.test('as shipped: every rule can be raised, is over on its good side, and needs nobody outside', async (t) => {
  const { alarms, mail } = await good(undefined);
  t.match(
    alarms.find(({ rule }) => rule === 'level-low'),
    {
      ...{ metric: 'serviceLevel15m', side: 'below', bound: 0.78, forMs: 30 * SECOND, until: 0.8, untilForMs: 0 },
      ...{ leastCases: 20, queues: null, severity: 'warning', sound: false, title: { zh: String, en: String } },
    },
  );
  t.ok(alarms.length >= 8);
  for (const { rule, side, bound, until, webhooks, mail: groups } of alarms) {
    t.ok(side === 'below' ? until >= bound : until <= bound, rule);
    t.same([webhooks, groups], [[], []], rule);
  }
  t.equal(mail, null);
  t.same((await good(null)).alarms, [], 'a site without the file has none');
  t.not((await good(null)).version, (await good(undefined)).version);
});

t.test('bounds in the unit of the metric', async (t) => {
  for (const [words, side, bound, until] of [
    ['metric: serviceLevel, below: 78%, until: above 80%', 'below', 0.78, 0.8],
    ['metric: serviceLevel, below: 77.5%', 'below', 0.775, 0.775],
    ['metric: abandonRate, above: 0%', 'above', 0, 0],
    ['metric: waiting, above: 20, until: below 10', 'above', 20, 10],
    ['metric: waiting, above: 20, until: 10', 'above', 20, 10],
    ['metric: agentsReady, below: 1, until: above 2', 'below', 1, 2],
    ['metric: longestWait, above: 1m30s, until: below 20s', 'above', 90_000, 20_000],
    ['metric: averageWait, above: 20s, until: 20s', 'above', 20_000, 20_000],
  ] as const) {
    t.match((await good(one(`${TITLE}, ${words}`))).alarms, [{ rule: 'a', side, bound, until }], words);
  }
  const all = Object.entries(METRICS).map(([metric, { unit }]) => {
    const bound = { share: '50%', count: '5', duration: '5s' }[unit];
    return `  r-${metric.toLowerCase()}: { ${TITLE}, metric: ${metric}, above: ${bound} }`;
  });
  t.equal((await good(`alarms:\n${all.join('\n')}\n`)).alarms.length, all.length, 'every metric can be watched');
});

t.test('everything said', async (t) => {
  const mail =
    'mail: { host: smtp.bank.example, from: hotline@bank.example, user: hotline, passwordFile: secrets/mail, groups: { ops: [ ops@bank.example, "b+c@bank.example" ] } }';
  const words = `${TITLE}, metric: serviceLevel, queues: [ general ], below: 78%, for: 0s, until: above 80%, untilFor: 1m, severity: critical, to: { sound: true, webhooks: [ sms-gateway ], mail: [ ops ] }, least: 20, calendar: service`;
  const config = await good(one(words), mail);
  t.match(config.alarms, [
    {
      ...{ queues: ['general'], forMs: 0, untilForMs: MINUTE, severity: 'critical', sound: true, leastCases: 20 },
      ...{ webhooks: ['sms-gateway'], mail: ['ops'], calendar: 'service' },
    },
  ]);
  t.match(config.mail, {
    ...{
      host: 'smtp.bank.example',
      port: 587,
      security: 'starttls',
      from: 'hotline@bank.example',
      attempts: 8,
      timeoutMs: 15_000,
    },
    login: { user: 'hotline', passwordFile: resolve(folder, '../secrets/mail') },
    groups: { ops: ['ops@bank.example', 'b+c@bank.example'] },
  });
  const environment = readEnvironment({ HOTLINE_SWITCH: 'simulated' });
  if (!environment.ok) throw new Error('environment');
  t.match(
    settle(config, environment.value, () => null),
    { ok: false, error: [{ file: 'mail.passwordFile', rule: 'no-secret' }] },
  );
  t.match(
    settle(config, environment.value, () => 'hush'),
    { ok: true },
  );
});

/** What stands in the braces of `a`; the rule, at what it is found (`a` itself when null), and what is said. */
const WRONG: ReadonlyArray<[words: string, rule: string, at: string | null, says?: RegExp]> = [
  [`${TITLE}, metric: servicelevel, below: 78%`, 'unknown-value', 'servicelevel', /did you mean "serviceLevel"/],
  [`${TITLE}, metric: serviceLevel, belo: 78%`, 'unknown-key', 'belo', /did you mean "below"/],
  [`${TITLE}, metric: serviceLevel`, 'missing-key', '{ title', /"below" or "above"/],
  [`${TITLE}, below: 78%`, 'missing-key', null, /"metric" is missing/],
  [`${TITLE}, metric: serviceLevel, below: 78%, above: 90%`, 'contradiction', '90%', /side by side/],
  [`${TITLE}, metric: serviceLevel, below: 78`, 'bad-bound', '78', /is a share/],
  [`${TITLE}, metric: serviceLevel, below: 101%`, 'bad-bound', '101%', /at most 100%/],
  [`${TITLE}, metric: serviceLevel, below: 20s`, 'bad-bound', '20s', /is a share/],
  [`${TITLE}, metric: serviceLevel, below: 0%`, 'never-raised', '0%'],
  [`${TITLE}, metric: abandonRate, above: 100%`, 'never-raised', '100%'],
  [`${TITLE}, metric: waiting, above: 5%`, 'bad-bound', '5%', /is a count/],
  [`${TITLE}, metric: waiting, above: -1`, 'bad-bound', '-1'],
  [`${TITLE}, metric: waiting, above: 1.5`, 'bad-bound', '1.5'],
  [`${TITLE}, metric: waiting, above: 2, least: 5`, 'contradiction', '5 }', /is itself a count/],
  [`${TITLE}, metric: longestWait, above: 20`, 'bad-bound', '20 }', /length of time/],
  [`${TITLE}, metric: longestWait, above: 2d`, 'bad-bound', '2d', /at most 1d/],
  [`${TITLE}, metric: serviceLevel, below: 78%, until: above 70%`, 'contradiction', 'above 70%', /still bad/],
  [`${TITLE}, metric: waiting, above: 5, until: below 6`, 'contradiction', 'below 6', /higher than the bound/],
  [`${TITLE}, metric: waiting, above: 5, until: above 3`, 'contradiction', 'above 3', /over below something/],
  [`${TITLE}, metric: waiting, above: 5, until: below 3%`, 'bad-bound', 'below 3%'],
  [`${TITLE}, metric: waiting, above: 5, for: 30`, 'unquoted-number', '30 }', /needs its unit/],
  [`${TITLE}, metric: waiting, above: 5, for: 2h`, 'out-of-range', '2h'],
  [`${TITLE}, metric: waiting, above: 5, severity: bad`, 'unknown-value', 'bad'],
  [`${TITLE}, metric: waiting, above: 5, queues: [ genral ]`, 'unknown-queue', 'genral', /did you mean "general"/],
  [`${TITLE}, metric: switchesDown, above: 0, queues: [ general ]`, 'contradiction', '[', /of the whole site/],
  [`${TITLE}, metric: waiting, above: 5, calendar: servise`, 'unknown-calendar', 'servise', /did you mean "service"/],
  [`${TITLE}, metric: waiting, above: 5, to: { webhooks: [ core-banking ] }`, 'unknown-receiver', 'core-banking', /sms-gateway/],
  [`${TITLE}, metric: waiting, above: 5, to: { mail: [ ops ] }`, 'unknown-group', 'ops', /there is none/],
  [`${TITLE}, metric: waiting, above: 5, to: { webhook: [ a ] }`, 'unknown-key', 'webhook', /did you mean "webhooks"/],
  ['title: { en: some }, metric: waiting, above: 5', 'missing-language', '{ en', /no title for zh/],
];

t.test('each mistake is found at its place', async (t) => {
  for (const [words, rule, at, says] of WRONG) {
    const second = `  a: { ${words} }`;
    const result = await load(`alarms:\n${second}\n`);
    const found = result.ok ? [] : result.error;
    const column = at === null ? 3 : second.lastIndexOf(at) + 1;
    const places = found.map((finding) => `${finding.line}:${finding.column} ${finding.rule}`);
    t.ok(
      places.includes(`2:${column} ${rule}`),
      `${words}: expected 2:${column} ${rule}, found ${found.map(formatConfigFinding).join('; ')}`,
    );
    if (says) t.match(found.map(formatConfigFinding).join('\n'), says, words);
  }
});

t.test('mail: no address that is none, no password in the open, no server without encryption by chance', async (t) => {
  const base = 'host: smtp.example, from: a@b.example, groups: { ops: [ c@b.example ] }';
  for (const [words, rule] of [
    [`${base}, security: none`, 'not-encrypted'],
    [`${base}, password: hush`, 'unknown-key'],
    [`${base}, user: me`, 'contradiction'],
    [`${base}, passwordFile: x`, 'contradiction'],
    ['host: smtp.example, from: "a@b.example\\r\\nBcc: x@y.example", groups: {}', 'bad-format'],
    ['host: smtp.example, from: a@b.example, groups: { ops: [ "c@b.example, d@b.example" ] }', 'bad-format'],
    ['host: smtp.example, from: a@b.example, groups: { ops: [] }', 'out-of-range'],
    ['host: "smtp.example/x", from: a@b.example, groups: {}', 'bad-format'],
  ] as const) {
    const result = await load(undefined, `mail: { ${words} }`);
    t.match(result, { ok: false, error: [{ rule }] }, words);
  }
  t.match((await good(undefined, `mail: { ${base}, security: none, insecure: true }`)).mail, { security: 'none', login: null });
  t.match((await good(undefined, `mail: { ${base.replace('smtp.example', '127.0.0.1')}, security: none }`)).mail, { port: 587 });
});
