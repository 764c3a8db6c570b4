import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { bankAnswer } from '../../src/cli/stack/demo-bank.js';
import { CALLER_KINDS, DEMO_CARDS, RUSH, rowsOf, scenarioOf } from '../../src/cli/stack/demo-callers.js';
import { projectFolder } from '../../src/cli/stack/places.js';
import { loadConfig } from '../../src/main/config/load.js';

const scripts = join(projectFolder, 'scripts', 'sipp');
const template = readFileSync(join(scripts, 'demo-caller.xml'), 'utf8');

t.test('each kind of caller is a scenario with its keys, and rows with a field for each', async (t) => {
  const house = { numbers: ['95588', '95589'], customerNumbers: ['13800000001', '+x', '13800000002'] };
  for (const kind of CALLER_KINDS) {
    const scenario = scenarioOf(kind, template);
    t.equal(scenario.match(/Signal=/g)?.length, kind.steps.length, `${kind.name}: a message for each key`);
    t.match(scenario, `timeout="${kind.staysMs}" ontimeout="leave"`);
    const sent = [...scenario.matchAll(/CSeq: (\d+) (?:INVITE|INFO|BYE)/g)].map(([, number]) => Number(number));
    t.same(
      sent,
      [...new Set(sent)].sort((a, b) => a - b),
      `${kind.name}: numbered in order`,
    );
    const [order, ...rows] = rowsOf(kind, house).trim().split('\n');
    t.equal(order, 'RANDOM');
    const asked = Math.max(...[...scenario.matchAll(/\[field(\d+)\]/g)].map(([, field]) => Number(field)));
    for (const row of rows) {
      const fields = row.split(';');
      t.equal(fields.length, asked + 1, `${kind.name}: ${row}`);
      t.match(fields[0], /^1[38]\d{9}$/);
      t.ok(house.numbers.includes(fields[1] ?? ''));
      t.match(fields.slice(2).join(''), new RegExp(`^[0-9]{${fields.length - 2}}$`), 'keys, one each');
    }
    t.equal(new Set(rows.map((row) => row.split(';')[0])).size, rows.length, `${kind.name}: each row is somebody else`);
    t.equal(
      rows.some((row) => row.startsWith('13800000001;')),
      kind.hotline === 'either',
      `${kind.name}: known customers ask for agents`,
    );
  }
  const one = rowsOf(CALLER_KINDS[0] as (typeof CALLER_KINDS)[number], { numbers: ['10086'], customerNumbers: [] });
  t.ok(
    one
      .trim()
      .split('\n')
      .slice(1)
      .every((row) => row.split(';')[1] === '10086'),
    'a site with one number',
  );
  t.ok(CALLER_KINDS.some(({ name, share }) => name === RUSH.kind && share === null));
  t.ok(Math.abs(CALLER_KINDS.reduce((sum, { share }) => sum + (share ?? 0), 0) - 1) < 1e-9, 'the shares are the whole');
  t.throws(() => scenarioOf(CALLER_KINDS[0] as (typeof CALLER_KINDS)[number], '<scenario/>'), /no place/);
});

t.test('the cards that they key are known to the bank, and can be paid in instalments', async (t) => {
  for (const card of DEMO_CARDS) {
    t.match(card, /^\d{16}$/);
    const answer = bankAnswer({ card, password: '123456' }, new Date('2026-11-22T12:00:00Z'));
    t.equal(answer?.result, 'ok', card);
    t.ok(Number(answer?.due) >= 600, `${card} owes ${answer?.due}`);
  }
});

t.test('the played trunk is the one that the demonstration dials by', async (t) => {
  const demo = await loadConfig(join(projectFolder, 'config'), { overlay: 'demo' });
  t.ok(demo.ok && demo.value.dialOut?.trunk === 'trunk');
  const agent = readFileSync(join(scripts, 'demo-agent.xml'), 'utf8');
  t.match(agent, 'agent.alaw', 'the sound that demo.ts changes for who is called back');
  t.match(agent, 'max="10000"', 'and how long they speak');
});
