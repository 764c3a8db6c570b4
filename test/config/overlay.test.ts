import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t from 'tap';
import { isOpen } from '../../src/base/calendar.js';
import { formatConfigFinding, type LoadedConfig, loadConfig } from '../../src/main/config/load.js';
import { readSite } from '../../src/main/site.js';

const shipped = resolve(import.meta.dirname, '../../config');
const NIGHT = Date.parse('2026-11-23T02:00:00+08:00');
const MORNING = Date.parse('2026-11-23T10:00:00+08:00');
let project = '';
t.before(async () => {
  project = await mkdtemp(join(tmpdir(), 'hotline-overlay-'));
  await cp(shipped, join(project, 'config'), { recursive: true });
  await cp(resolve(shipped, '../ivr-flows'), join(project, 'ivr-flows'), { recursive: true });
});
t.teardown(() => rm(project, { recursive: true, force: true }));

const isServed = ({ calendars }: LoadedConfig, atMs: number): boolean =>
  calendars.service !== undefined && isOpen(calendars.service, atMs);

async function laid(text: string): Promise<string[]> {
  await writeFile(join(project, 'config/trial.yaml'), text);
  const loaded = await loadConfig(join(project, 'config'), { overlay: 'trial' });
  return (loaded.ok ? loaded.value.warnings : loaded.error).map((finding) => formatConfigFinding(finding).replace(project, ''));
}

t.test('the shipped hotline keeps office hours and calls nobody back; its demonstration is open at night and does', async (t) => {
  const real = await loadConfig(shipped);
  const demo = await loadConfig(shipped, { overlay: 'demo' });
  if (!real.ok || !demo.ok) throw new Error(JSON.stringify([real, demo]));
  t.same([isServed(real.value, NIGHT), isServed(real.value, MORNING)], [false, true]);
  t.same([isServed(demo.value, NIGHT), isServed(demo.value, MORNING)], [true, true]);
  t.same([real.value.dialOut, real.value.warnings, demo.value.warnings], [null, [], []]);
  t.match(demo.value.dialOut, { trunk: 'trunk', allow: ['13'] });
  const general = (config: LoadedConfig) => config.acd.queues.find(({ id }) => id === 'general');
  t.equal(general(real.value)?.callback, undefined);
  t.match(general(demo.value), { callback: { mode: 'agent-first' }, keys: { '*': 'callback' } });
  t.not(real.value.version, demo.value.version, 'another configuration has another version');
  t.same(general(demo.value)?.target, general(real.value)?.target, 'the rest is as it was');
});

t.test('the environment asks for it', async (t) => {
  const env = { HOTLINE_SWITCH: 'simulated', HOTLINE_DATA: join(project, 'data') };
  const site = await readSite({ env: { ...env, HOTLINE_OVERLAY: 'demo' }, config: shipped });
  t.ok(site.ok && isServed(site.value.settings, NIGHT));
  const plain = await readSite({ env, config: shipped });
  t.ok(plain.ok && !isServed(plain.value.settings, NIGHT));
});

t.test('a mistake is told where it stands', async (t) => {
  const told: Array<[text: string, ...said: RegExp[]]> = [
    ['hotline:\n  calendars.service: { always: opn }\n', /^\/config\/trial.yaml:2:32 .*unknown-value/],
    ['hotlin:\n  calendars.service: { always: open }\n', /^\/config\/trial.yaml:1:1 .*unknown-key.*did you mean "hotline"/],
    ['hotline: open\n', /^\/config\/trial.yaml:1:\d+ .*wrong-type/],
    ['hotline:\n  calender.service: { always: open }\n', /^\/config\/trial.yaml:2:3 .*unknown-key.*calendars/],
    [
      'queues:\n  queues.general.keys: { "*": callback }\n  queues.general.callback: { calendar: servce }\n',
      /trial.yaml:3:\d+ .*no-trunk/,
      /trial.yaml:3:40 .*unknown-calendar/,
    ],
    ['hotline:\n  calendars.service: *x\n', /trial.yaml:2:\d+ /],
    ['- 1\n', /trial.yaml:1:1 .*wrong-type/],
    ['hotline:\n  __proto__.polluted: { yes: 1 }\n', /trial.yaml:2:3 /],
  ];
  for (const [text, ...said] of told) {
    const findings = await laid(text);
    for (const pattern of said)
      t.ok(
        findings.some((line) => pattern.test(line)),
        `${text}: ${findings.join('\n')}`,
      );
  }
  t.equal(({} as Record<string, unknown>).polluted, undefined);
  // What is wrong in the file itself is still told there.
  await cp(join(shipped, 'hotline.yaml'), join(project, 'config/hotline.yaml'));
  for (const name of ['nowhere', '../demo', 'queues', 'Demo'])
    t.notOk((await loadConfig(join(project, 'config'), { overlay: name })).ok, name);
});
