import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t from 'tap';
import { MAX_TEXT } from '../../src/flow/source.js';
import { numberKey } from '../../src/main/config/customers.js';
import { formatConfigFinding, type LoadedConfig, loadConfig } from '../../src/main/config/load.js';
import type { ConfigFinding } from '../../src/main/config/shape-findings.js';
import { configSchemas } from '../../src/main/config/shapes.js';
import { readTokens } from '../../src/main/config/tokens.js';

const shipped = resolve(import.meta.dirname, '../../config');
const FLOWS = ['credit-card', 'transport-card', 'after-hours'];
let folder = '';
t.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hotline-config-'));
});
t.teardown(() => rm(folder, { recursive: true, force: true }));

type Files = Record<string, string>;

async function shippedFiles(): Promise<Files> {
  const names = ['hotline', 'queues', 'agents', 'customers'];
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(shipped, `${name}.yaml`), 'utf8')])),
  );
}

async function load(files: Files) {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, `${name}.yaml`), text);
  return loadConfig(folder, { flows: FLOWS });
}

async function findingsOf(files: Files): Promise<readonly ConfigFinding[]> {
  const result = await load(files);
  return result.ok ? result.value.warnings : result.error;
}

async function good(files: Files): Promise<LoadedConfig> {
  const result = await load(files);
  if (!result.ok) throw new Error(result.error.map(formatConfigFinding).join('\n'));
  return result.value;
}

/** One planted mistake: in `file`, the first `from` becomes `to`; `rule` must be found at the line of `at` (else of `to`), `column` if told. */
interface Planted {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly rule: string;
  readonly at?: string;
  readonly says?: RegExp;
}

const PLANTED: readonly Planted[] = [
  // Unknown keys and values, with the near one.
  { file: 'queues', from: 'within: 20s', to: 'withn: 20s', rule: 'unknown-key', at: 'withn', says: /did you mean "within"/ },
  {
    file: 'queues',
    from: 'choose: longest-idle',
    to: 'choose: longest-idel',
    rule: 'unknown-value',
    at: 'longest-idel',
    says: /"longest-idle"/,
  },
  {
    file: 'queues',
    from: 'formula: answered-of-offered',
    to: 'formula: answered',
    rule: 'unknown-value',
    at: 'answered',
    says: /known are|did you mean/,
  },
  { file: 'queues', from: 'order: vip-first', to: 'order: 0', rule: 'unknown-value', at: '0,' },
  { file: 'hotline', from: 'kind: asterisk', to: 'kind: freeswitch', rule: 'unknown-value', at: 'freeswitch' },
  { file: 'hotline', from: 'node: hotline-1', to: 'nodename: hotline-1', rule: 'unknown-key', at: 'nodename' },
  { file: 'agents', from: 'team: north', to: 'teams: north', rule: 'unknown-key', at: 'teams', says: /did you mean "team"/ },
  { file: 'agents', from: 'team: north, ', to: '', rule: 'missing-key', at: '"1001"', says: /"team" is missing/ },
  { file: 'hotline', from: 'site: 银行卡服务热线\n', to: '', rule: 'missing-key' },
  // Unknown names.
  {
    file: 'queues',
    from: 'require: { service: 1 }',
    to: 'require: { servce: 1 }',
    rule: 'unknown-skill',
    at: 'servce',
    says: /"service"/,
  },
  {
    file: 'queues',
    from: 'after: 30s, require: { service: 1 }',
    to: 'after: 30s, require: { nosuch: 1 }',
    rule: 'unknown-skill',
    at: 'nosuch',
  },
  {
    file: 'queues',
    from: 'after: 30s,',
    to: 'after: 30s, from: [ back-offce ],',
    rule: 'unknown-group',
    at: 'back-offce',
    says: /"back-office"/,
  },
  { file: 'agents', from: 'transport: 5, service', to: 'trnsport: 5, service', rule: 'unknown-skill', at: 'trnsport' },
  {
    file: 'agents',
    from: 'queueRank: { general: 1 }',
    to: 'queueRank: { genral: 1 }',
    rule: 'unknown-queue',
    at: 'genral',
    says: /"general"/,
  },
  {
    file: 'hotline',
    from: '"95588": credit-card',
    to: '"95588": credit-crad',
    rule: 'unknown-flow',
    at: 'credit-crad',
    says: /"credit-card"/,
  },
  {
    file: 'hotline',
    from: 'timeZone: Asia/Shanghai',
    to: 'timeZone: Asia/Beijing',
    rule: 'unknown-time-zone',
    at: 'Asia/Beijing',
  },
  { file: 'customers', from: 'tier: vip', to: 'tier: vipp', rule: 'unknown-tier', at: 'vipp', says: /"vip"/ },
  { file: 'customers', from: 'language: en', to: 'language: fr', rule: 'unknown-language', at: 'fr' },
  // The rules of a queue.
  ...(
    [
      ['hours: { calendar: offce }', 'unknown-calendar', 'offce'],
      ['overflow: [ { wait: 1m, to: { queue: genral } } ]', 'unknown-queue', 'genral'],
      ['overflow: [ { wait: 1m, to: { queue: transport } } ]', 'unknown-queue', 'transport }'],
      ['overflow: [ { wait: 1m, to: { groups: [ nobody-there ] } } ]', 'unknown-group', 'nobody-there'],
      ['overflow: [ { wait: 1m, to: { site: tianjin } } ]', 'wrong-type', 'tianjin'],
      ['overflow: [ { wait: 1m, estimate: 2m, to: { exit: busy } } ]', 'contradiction', '{ wait'],
      ['overflow: [ { wait: 1m, to: { queue: general, exit: busy } } ]', 'contradiction', '{ queue'],
      ['overflow: [ { level: 120%, to: { exit: busy } } ]', 'out-of-range', '120%'],
      ['borrow: [ { groups: [ nobody-there ], when: { waiting: 5 }, until: { waiting: 1 } } ]', 'unknown-group', 'nobody-there'],
      ['keys: { "55": exit }', 'bad-name', '"55"'],
      ['empty: { join: redy }', 'unknown-value', 'redy'],
    ] as const
  ).map(([rule, name, at]) => ({
    file: 'queues',
    from: 'require: { transport: 1 }',
    to: `require: { transport: 1 }\n    ${rule}`,
    rule: name,
    at,
  })),
  // Whom a queue asks, and who goes first.
  {
    file: 'queues',
    from: 'order: vip-first, waitsAtMost: 90s',
    to: 'order: time-left',
    rule: 'missing-key',
    at: 'callers:',
    says: /waitsAtMost/,
  },
  { file: 'queues', from: 'order: vip-first, waitsAtMost: 90s', to: 'order: credit', rule: 'missing-key', says: /credit/ },
  { file: 'queues', from: 'order: vip-first, waitsAtMost: 90s', to: 'order: ageing', rule: 'missing-key', says: /ageing/ },
  {
    file: 'queues',
    from: 'order: vip-first, waitsAtMost: 90s',
    to: 'order: credit, credit: { tiers: { vipp: 10s } }',
    rule: 'unknown-tier',
    at: 'vipp',
    says: /"vip"/,
  },
  {
    file: 'queues',
    from: 'require: { service: 1 }',
    to: 'require: { service: 1, any: [ { english: 2 }, { cantonse: 1 } ] }',
    rule: 'unknown-skill',
    at: 'cantonse',
  },
  { file: 'queues', from: 'require: { service: 1 }', to: 'require: { any: [] }', rule: 'out-of-range', at: '[]' },
  {
    file: 'queues',
    from: 'after: 30s, require: { service: 1 }',
    to: 'after: 30s, require: { service: 1 }, drop: [ lost-card ]',
    rule: 'contradiction',
    at: '{ service: 1 }, drop',
  },
  { file: 'queues', from: 'choose: longest-idle', to: 'choose: ring-all, atOnce: 0', rule: 'out-of-range', at: '0' },
  { file: 'hotline', from: 'skills: [', to: 'skills: [ any,', rule: 'reserved-name', at: 'any' },
  {
    file: 'hotline',
    from: 'node: hotline-1',
    to: 'notReadyLimits: { brake: 15m }',
    rule: 'unknown-reason',
    at: 'brake',
    says: /known are break/,
  },
  { file: 'customers', from: 'tier: vip', to: 'agent: "1009", tier: vip', rule: 'unknown-agent', at: '"1009"' },
  // Bad ranges and forms.
  { file: 'queues', from: 'share: 80%', to: 'share: 180%', rule: 'out-of-range', at: '180%' },
  { file: 'queues', from: 'share: 80%', to: 'share: 0.8', rule: 'unquoted-number', at: '0.8', says: /80%/ },
  { file: 'queues', from: 'share: 100% }', to: 'share: most }', rule: 'bad-format', at: 'most' },
  { file: 'queues', from: 'ring: 15s', to: 'ring: 15', rule: 'unquoted-number', at: '15,', says: /needs its unit/ },
  { file: 'queues', from: 'ring: 15s', to: 'ring: 15sec', rule: 'bad-format', at: '15sec' },
  { file: 'queues', from: 'ring: 15s', to: 'ring: 0s', rule: 'out-of-range', at: '0s', says: /between 1s and 2m/ },
  { file: 'queues', from: 'within: 20s', to: 'within: 0.0001s', rule: 'bad-duration', at: '0.0001s' },
  { file: 'queues', from: 'waiting: 200', to: 'waiting: 1.5', rule: 'wrong-type', at: '1.5' },
  { file: 'queues', from: 'waiting: 200', to: 'waiting: -1', rule: 'out-of-range', at: '-1' },
  { file: 'queues', from: 'position: every 45s', to: 'position: 45s', rule: 'bad-format', at: '45s', says: /every 45s/ },
  { file: 'queues', from: 'position: every 45s', to: 'position: every 1s', rule: 'out-of-range', at: 'every 1s' },
  { file: 'queues', from: 'service: 1', to: 'service: high', rule: 'wrong-type', at: 'high' },
  { file: 'queues', from: 'en: General service', to: 'fr: Service', rule: 'missing-language', at: '{ zh: 综合服务', says: /en/ },
  { file: 'queues', from: '  general:', to: '  General Queue:', rule: 'bad-name', at: 'General Queue' },
  {
    file: 'queues',
    from: '- { after: 30s, require: { service: 1 } }',
    to: '- { after: 30s }\n      - { after: 10s }',
    rule: 'bad-order',
    at: '10s',
  },
  { file: 'agents', from: 'service: 5', to: 'service: 11', rule: 'out-of-range', at: '11,' },
  { file: 'agents', from: 'phone: sip:1001', to: 'phone: sip:1001&PJSIP/trunk', rule: 'bad-format', at: 'sip:1001&' },
  { file: 'agents', from: 'phone: sip:1001', to: 'phone: 1001', rule: 'unquoted-number', at: '1001, skills' },
  { file: 'hotline', from: 'port: 8080', to: 'port: 70000', rule: 'out-of-range', at: '70000' },
  { file: 'hotline', from: 'wed: [ 09:00-17:30 ]', to: 'wed: [ 9-17 ]', rule: 'bad-format', at: '9-17' },
  {
    file: 'hotline',
    from: 'wed: [ 09:00-17:30 ]',
    to: 'wed: [ 22:00-06:00 ]',
    rule: 'bad-hours',
    at: '22:00-06:00',
    says: /two spans/,
  },
  { file: 'hotline', from: '2027-01-01', to: '2027-02-30', rule: 'bad-day', at: '2027-02-30' },
  { file: 'hotline', from: '2027-02-05..2027-02-11', to: '2027-02-11..2027-02-05', rule: 'bad-day', at: '2027-02-11' },
  { file: 'hotline', from: '2027-02-14:', to: '2027-02-31:', rule: 'bad-day', at: '2027-02-31' },
  { file: 'hotline', from: '{ always: open }', to: '{ }', rule: 'empty-calendar', at: '{ }' },
  { file: 'hotline', from: '{ always: open }', to: '{ always: open, week: {} }', rule: 'contradiction', at: 'open, week' },
  { file: 'hotline', from: '"{file}", ', to: '', rule: 'missing-placeholder', at: '[ espeak-ng' },
  { file: 'hotline', from: ', en: en-gb', to: '', rule: 'missing-language', at: '{ zh: cmn-latn-pinyin' },
  { file: 'hotline', from: 'redis://127', to: 'http://127', rule: 'bad-url', at: 'http://127' },
  {
    file: 'hotline',
    from: 'redis://127',
    to: 'redis://:hush@127',
    rule: 'secret-in-file',
    at: 'redis://:hush',
    says: /HOTLINE_REDIS_URL/,
  },
  { file: 'hotline', from: 'user: hotline', to: 'password: hush', rule: 'unknown-key', at: 'password' },
  // Twice, and unquoted.
  {
    file: 'agents',
    from: 'phone: sip:1002',
    to: 'phone: sip:1001',
    rule: 'duplicate-phone',
    at: 'sip:1001, skills: { service: 4',
  },
  { file: 'agents', from: '"1002":', to: '"1001":', rule: 'duplicate-key', at: '"1001": { name: 坐席 1002' },
  { file: 'agents', from: '"1002":', to: '1002:', rule: 'unquoted-number', at: '1002: {' },
  { file: 'customers', from: '"13800000002"', to: '"+8613800000001"', rule: 'duplicate-number', at: '"+8613800000001"' },
  { file: 'customers', from: '"13800000002"', to: '013800000002', rule: 'unquoted-number', at: '013800000002' },
  { file: 'hotline', from: '"95589"', to: '95589', rule: 'unquoted-number', at: '95589' },
  { file: 'hotline', from: '"95589"', to: '"95588"', rule: 'duplicate-key', at: '"95588": transport' },
  { file: 'hotline', from: 'transport, english', to: 'transport, service', rule: 'duplicate-name', at: 'service ]' },
  { file: 'queues', from: '  transport:', to: '  general:', rule: 'duplicate-key', at: 'general:\n    title: { zh: 交通卡' },
];

t.test('each planted mistake is found at its line and column', async (t) => {
  const clean = await shippedFiles();
  t.same(await findingsOf(clean), [], 'the shipped files have none');
  for (const { file, from, to, rule, at, says } of PLANTED) {
    const name = `${file}: ${from.trim()} -> ${to.trim() || '(nothing)'}`;
    const text = (clean[file] as string).replace(from, () => to);
    if (text === clean[file]) {
      t.fail(`${name}: not planted`);
      continue;
    }
    const findings = await findingsOf({ ...clean, [file]: text });
    const found = findings.find((finding) => finding.rule === rule && finding.file.endsWith(`${file}.yaml`));
    if (!found) {
      t.fail(`${name}: ${rule} not found, but ${JSON.stringify(findings.map(formatConfigFinding))}`);
      continue;
    }
    if (at !== undefined) {
      const planted = text.indexOf(to);
      // The place is looked for from where the mistake was planted, or from the beginning of its line for what stands before it.
      const start = text.indexOf(at, Math.max(0, text.lastIndexOf('\n', planted)));
      const before = text.slice(0, start);
      const place = { line: before.split('\n').length, column: start - before.lastIndexOf('\n') };
      t.match({ line: found.line, column: found.column }, place, `${name}: place`);
    }
    if (says) t.match(found.message, says, `${name}: message`);
    t.equal(found.level, 'error', `${name}: ${rule}`);
  }
  t.ok(PLANTED.length >= 30, `${PLANTED.length} mistakes`);
});

t.test('mistakes of all files are found in one run, shapes and names together', async (t) => {
  const files = await shippedFiles();
  const plant = (file: string, from: string, to: string): void => {
    files[file] = (files[file] as string).replace(from, to);
  };
  plant('hotline', 'port: 8080', 'port: eighty');
  plant('hotline', 'credit-card', 'credit');
  plant('queues', 'within: 20s', 'within: soon');
  plant('queues', 'require: { service: 1 }', 'require: { servce: 1 }');
  plant('agents', 'phone: sip:1002', 'phone: sip:1001');
  plant('agents', 'team: south', 'team: The South');
  plant('customers', 'tier: vip', 'tier: gold');
  const rules = (await findingsOf(files))
    .filter((finding) => finding.level === 'error')
    .map((f) => `${f.file.split('/').at(-1)} ${f.rule}`);
  t.same(rules, [
    'agents.yaml duplicate-phone',
    'agents.yaml bad-format',
    'customers.yaml unknown-tier',
    'hotline.yaml wrong-type',
    'hotline.yaml unknown-flow',
    'queues.yaml bad-format',
    'queues.yaml unknown-skill',
  ]);
});

t.test('0 is a value, and what is left out has its default', async (t) => {
  const files = await shippedFiles();
  files.queues = (files.queues as string)
    .replace('wrapUp: 10s', 'wrapUp: 0s')
    .replace('shortAbandon: 5s', 'shortAbandon: 0s')
    .replace('waiting: 200', 'waiting: 0')
    .replace('position: every 45s, first: 5s', 'position: never, first: 0s')
    .replace('share: 100%', 'share: 0%');
  const [general] = (await good(files)).acd.queues;
  t.match(general, {
    agents: { wrapUpMs: 0 },
    target: { shortAbandonMs: 0 },
    limits: { waiting: 0 },
    announce: { positionEveryMs: 0, positionFirstMs: 0 },
    record: { share: 0 },
  });
  files.queues = 'queues:\n  general: { title: { zh: 服务, en: Service } }\n';
  files.agents = (files.agents as string).replace(', queueRank: { general: 1 }', '');
  t.match((await good(files)).acd.queues, [
    {
      id: 'general',
      target: { share: 0.8, withinMs: 20_000, formula: 'answered-of-offered', shortAbandonMs: 5_000 },
      require: {},
      agents: { choose: 'longest-idle', ringMs: 15_000, wrapUpMs: 10_000 },
      limits: { waiting: 200, waitMs: 600_000 },
    },
  ]);
});

t.test('choosing: all that a queue may say of agents and callers', async (t) => {
  const files = await shippedFiles();
  files.queues = `queues:
  general:
    title: { zh: 服务, en: Service }
    require: { service: 1, any: [ { english: 2 }, { all: [ { transport: 1 }, { instalments: 1 } ] } ] }
    relax:
      - { after: 20s, lower: { english: 1 } }
      - { after: 40s, drop: [ english ], from: [ back-office ] }
    agents:
      { choose: ring-all, atOnce: 3, wrapUpAtMost: 1m, preferredWait: 15s, lastAgent: { remember: 2h, wait: 0s }, autoAnswer: true }
    callers: { order: time-left, waitsAtMost: 75s }
  other:
    title: { zh: 其他, en: Other }
    agents: { choose: least-occupied }
    callers: { order: credit, credit: { vip: 1m, tiers: { vip: 30s } } }
  third:
    title: { zh: 第三, en: Third }
    callers: { order: ageing, ageing: 30s }
`;
  files.agents = (files.agents as string)
    .replace(', queueRank: { general: 1 }', '')
    .replace('team: desk', 'team: desk, autoAnswer: true');
  files.hotline = (files.hotline as string).replace(
    'phones: { failuresAllowed: 3, backOff: {',
    'notReadyLimits: { break: 15m, rona: 2m }\nphones: { failuresAllowed: 3, rona: backOff, offersAtOnce: 40, backOff: { noAnswer: 0s,',
  );
  files.customers = (files.customers as string).replace('tier: vip', 'agent: "1003", tier: vip');
  const { acd, customers } = await good(files);
  const [general, other, third] = acd.queues;
  t.same(general?.require, { service: 1, any: [{ english: 2 }, { all: [{ transport: 1 }, { instalments: 1 }] }] });
  t.same(general?.relax, [
    { afterMs: 20_000, require: {}, groups: [], drop: [], lower: { english: 1 } },
    { afterMs: 40_000, require: {}, groups: ['back-office'], drop: ['english'], lower: {} },
  ]);
  t.same(general?.agents, {
    choose: 'ring-all',
    ringMs: 15_000,
    wrapUpMs: 10_000,
    wrapUpAtMostMs: 60_000,
    offersAtOnce: 3,
    preferredWaitMs: 15_000,
    lastAgent: { rememberMs: 7_200_000, waitMs: 0 },
    autoAnswer: true,
  });
  t.same(general?.callers, { order: 'time-left', waitsAtMostMs: 75_000 });
  t.same(other?.callers, {
    order: 'credit',
    waitsAtMostMs: 90_000,
    credit: { vipMs: 60_000, perPriorityMs: 0, tiersMs: { vip: 30_000 } },
  });
  t.same(third?.callers, { order: 'ageing', waitsAtMostMs: 90_000, ageingMs: 30_000 });
  t.match(acd, {
    rona: 'backOff',
    offersAtOnce: 40,
    seed: 'main',
    backOffMs: { noAnswer: 0 },
    notReadyLimitMs: { break: 900_000 },
  });
  t.match(
    acd.agents.map(({ autoAnswer }) => autoAnswer),
    [false, false, false, false, false, false, true],
  );
  t.equal(customers.byNumber('13800000001')?.agent, '1003');
});

t.test('the shipped configuration, and its flows', async (t) => {
  const config = await good(await shippedFiles());
  t.same(
    config.acd.queues.map((queue) => queue.id),
    ['general', 'lost-card', 'transport'],
  );
  t.match(config.acd.queues[0], {
    target: { share: 0.8, withinMs: 20_000 },
    require: { service: 1 },
    agents: { ringMs: 15_000, wrapUpMs: 10_000 },
    callers: { order: 'vip-first', waitsAtMostMs: 90_000 },
  });
  t.same(config.acd.agents.map((agent) => agent.id).sort(), ['1001', '1002', '1003', '1004', '1005', '1006', '1099']);
  t.equal(config.numbers['95588'], 'credit-card');
  t.match(config.customers.byNumber('+86 138 0000 0001'), { id: 'C0001', tier: 'vip', language: 'zh' });
  t.equal(config.customers.byNumber('13800000009'), null);
  t.equal(config.customers.byNumber(''), null);
  t.notOk(config.calendars.service?.always, 'closed at night, as the after-hours flow tells');
  t.throws(() => Object.assign(config.acd.queues[0]?.target ?? {}, { share: 1 }), TypeError, 'frozen to the bottom');
  t.match(config.version, /^[0-9a-f]{12}$/);
  const flows = (await readdir(resolve(shipped, '../ivr-flows'))).map((file) => file.replace(/\.yaml$/, ''));
  for (const flow of Object.values(config.numbers)) t.ok(flows.includes(flow), `${flow} is shipped`);
});

t.test('a queue that nobody can serve is a warning, not a refusal', async (t) => {
  const files = await shippedFiles();
  files.queues = (files.queues as string).replace('require: { service: 1 }', 'require: { service: 9 }');
  t.match((await good(files)).warnings, [{ rule: 'nobody-can-serve', level: 'warn', line: 4 }]);
});

t.test('hostile files are refused whole, quickly, and never throw', async (t) => {
  const clean = await shippedFiles();
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'.replace(/./g, (c) => `${c}: &${c} [*${String.fromCharCode(c.charCodeAt(0) - 1)},*a,*a]\n`)}`;
  const hostile: Record<string, [text: string, rule: string]> = {
    'ten megabytes': [`queues: ${'x'.repeat(10_000_000)}`, 'too-big'],
    'just over the bound': [`# ${'x'.repeat(MAX_TEXT)}\n`, 'too-big'],
    'alias bomb': [bomb, 'alias'],
    'deep nesting': [`queues: ${'['.repeat(50_000)}`, 'too-deep'],
    'two documents': [`${clean.queues}\n---\nqueues: {}\n`, 'several-documents'],
    'a tag': ['queues: !!js/function "x"\n', 'tag'],
    prototype: ['queues:\n  __proto__: { title: { zh: x, en: x } }\n', 'bad-name'],
    'a control character': ['queues: "\u0000"\n', 'bad-character'],
    'no YAML': ['queues: [ { ]', 'yaml-syntax'],
    'a list': ['- queues\n', 'wrong-type'],
    nothing: ['', 'wrong-type'],
    'a number': ['7', 'wrong-type'],
  };
  for (const [name, [text, rule]] of Object.entries(hostile)) {
    const began = performance.now();
    const findings = await findingsOf({ ...clean, queues: text });
    t.ok(
      findings.some((finding) => finding.rule === rule && finding.file.endsWith('queues.yaml')),
      `${name}: ${rule}, ${findings[0]?.rule}`,
    );
    t.ok(performance.now() - began < 2_000, `${name}: quickly`);
  }
  t.equal(({} as Record<string, unknown>).title, undefined);
  await rm(join(folder, 'agents.yaml'));
  await writeFile(join(folder, 'queues.yaml'), clean.queues as string);
  const gone = await loadConfig(folder, { flows: FLOWS });
  t.match(gone.ok || gone.error, [{ rule: 'no-file', line: 1 }]);
});

t.test('the JSON Schemas for editors are those of the shapes, and each file names its own', async (t) => {
  for (const [name, schema] of Object.entries(configSchemas())) {
    const written = JSON.parse(await readFile(join(shipped, 'schema', `${name}.schema.json`), 'utf8'));
    t.same(written, JSON.parse(JSON.stringify(schema)), `${name}: run src/main/config/write-schemas.ts`);
    // Nobody is shipped who may sign in: `hotline user add` makes the file.
    if (name === 'users') continue;
    const [first] = (await readFile(join(shipped, `${name}.yaml`), 'utf8')).split('\n');
    t.equal(first, `# yaml-language-server: $schema=schema/${name}.schema.json`);
  }
});

t.test('relative folders start at the project, flows are those of their folder', async (t) => {
  const project = join(folder, 'project');
  await cp(shipped, join(project, 'config'), { recursive: true });
  await cp(resolve(shipped, '../ivr-flows'), join(project, 'ivr-flows'), { recursive: true });
  const result = await loadConfig(join(project, 'config'));
  if (!result.ok) throw new Error(result.error.map(formatConfigFinding).join('\n'));
  t.same(result.value.folders, {
    data: join(project, '.cache/data'),
    flows: join(project, 'ivr-flows'),
    prompts: join(project, '.cache/data/prompts'),
    recordings: join(project, '.cache/data/recording'),
  });
  await rm(join(project, 'ivr-flows'), { recursive: true });
  const without = await loadConfig(join(project, 'config'));
  t.match(without.ok || without.error.map((finding) => finding.rule), ['unknown-flow', 'unknown-flow']);
});

t.test('the ways in which a trunk writes a number lead to one caller', async (t) => {
  for (const number of ['13800000001', '+8613800000001', '008613800000001', '013800000001', ' +86 138-0000-0001 ']) {
    t.equal(numberKey(number, '86'), '13800000001', number);
  }
  t.equal(numberKey('+86 010 8888 0000', '86'), numberKey('010-88880000', '86'));
  t.equal(numberKey('8613800000001', '86'), '8613800000001', 'without plus or 00 it may be a number of our own');
  t.equal(numberKey('sip:anonymous@x', '86'), '');
});

t.test('access tokens: who, what for, and never a secret in a finding', async (t) => {
  const secret = 'abcdefghijklmnop1234';
  const tokens = (text: string) => readTokens(text, 'tokens.yaml');
  t.same(
    tokens(
      `tokens:\n  - { name: wall, role: viewer, secret: ${secret} }\n  - { name: a1, role: agent, agent: "1001", secret: ${secret}2 }\n`,
    ),
    {
      ok: true,
      value: [
        { name: 'wall', role: 'viewer', agentId: null, secret },
        { name: 'a1', role: 'agent', agentId: '1001', secret: `${secret}2` },
      ],
    },
  );
  t.same(
    tokens(`${secret}\n`),
    { ok: true, value: [{ name: 'admin', role: 'admin', agentId: null, secret }] },
    'one secret alone',
  );
  const wrong: Record<string, [text: string, rule: string, line: number]> = {
    short: ['tokens:\n  - { name: a, role: admin, secret: hush-hush }\n', 'bad-format', 2],
    number: ['tokens:\n  - { name: a, role: admin, secret: 12345678901234567 }\n', 'unquoted-number', 2],
    role: [`tokens:\n  - { name: a, role: root, secret: ${secret} }\n`, 'unknown-value', 2],
    'no agent': [`tokens:\n  - { name: a, role: agent, secret: ${secret} }\n`, 'bad-agent', 2],
    'agent of an admin': [`tokens:\n  - { name: a, role: admin, agent: "1", secret: ${secret} }\n`, 'bad-agent', 2],
    twice: [
      `tokens:\n  - { name: a, role: admin, secret: ${secret} }\n  - { name: b, role: admin, secret: ${secret} }\n`,
      'duplicate-secret',
      3,
    ],
    syntax: [`tokens: [ { ${secret}: : } ${secret}`, 'yaml-syntax', 1],
  };
  for (const [name, [text, rule, line]] of Object.entries(wrong)) {
    const result = tokens(text);
    t.match(result.ok || result.error, [{ rule, line }], name);
    t.notMatch(JSON.stringify(result), /hush|12345678|abcdefgh/, `${name}: no secret`);
  }
});

t.test('callbacks: a queue says how, the site says whom and by which trunk', async (t) => {
  const files = await shippedFiles();
  const trunk = 'dialOut: { trunk: carrier, callerId: "95588", allow: [ "13", "021" ], deny: [ "1399" ] }';
  const policy = 'callback: { mode: caller-first, retryAfter: 2m, calendar: service }';
  const hotline = `${files.hotline}\n${trunk}\n`;
  const queues = (files.queues ?? '').replace('  general:\n', `  general:\n    ${policy}\n`);
  const config = await good({ ...files, hotline, queues });
  t.match(config.acd.queues.find(({ id }) => id === 'general')?.callback, {
    mode: 'caller-first',
    attempts: 3,
    retryAfterMs: 120_000,
    expiresMs: 4 * 3_600_000,
    calendar: 'service',
  });
  t.match(config.dialOut, { trunk: 'carrier', allow: ['13', '021'], deny: ['1399'], perHour: 120, countryCode: '86' });
  const shippedAsIs = await good(files);
  t.equal(shippedAsIs.dialOut, null, 'nobody is dialled unless told');
  for (const [what, change, rule] of [
    ['no trunk', { queues }, 'no-trunk'],
    ['no such calendar', { hotline, queues: queues.replace('calendar: service', 'calendar: offce') }, 'unknown-calendar'],
    ['letters in a prefix', { hotline: hotline.replace('"021"', '"02x"'), queues }, 'bad-format'],
    [
      'a second endpoint in the trunk',
      { hotline: hotline.replace('trunk: carrier', 'trunk: "a&PJSIP/b"'), queues },
      'bad-format',
    ],
  ] as const) {
    const rules = (await findingsOf({ ...files, ...change })).map((finding) => finding.rule);
    t.ok(rules.includes(rule), `${what}: ${rules.join(' ')}`);
  }
});
