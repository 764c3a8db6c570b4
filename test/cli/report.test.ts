import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import t from 'tap';
import { openHistory } from '../../src/adapters/history/open-history.js';
import type { Fact } from '../../src/base/facts.js';
import { DAY } from '../../src/base/time.js';
import { factsOfFile } from '../../src/cli/recount/fact-sources.js';
import { addReportCommand, REPORTS, report } from '../../src/cli/report.js';
import { readScenario } from '../../src/cli/simulate/read-scenario.js';
import { addSimulateCommand } from '../../src/cli/simulate.js';
import { projectFolder } from '../../src/cli/stack/places.js';
import { buildApp } from '../../src/http/app.js';
import { serviceLevel } from '../../src/service-level/formulas.js';
import { recount } from '../../src/service-level/recount.js';
import { aHouse } from '../http/house.js';
import { DAY_START, foldFrom, SMALL_SITE } from '../support/history-world.js';

/** A day that `hotline simulate --facts` has written, brought into a history, and read back by `hotline report`. */
const folder = mkdtempSync(join(tmpdir(), 'report-'));
const scenarioFile = join(folder, 'small.yaml');
const factsFile = join(folder, 'facts.jsonl');
writeFileSync(scenarioFile, SMALL_SITE);

async function simulated(...args: string[]): Promise<{ code: number; said: string }> {
  let said = '';
  let code = 0;
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  addSimulateCommand(program, {
    ...{ env: { LANG: 'en_US.UTF-8' }, nodeVersion: process.versions.node },
    write: (text) => {
      said += text;
    },
    setExitCode: (set) => {
      code = set;
    },
  });
  await program.parseAsync(['node', 'hotline', 'simulate', scenarioFile, '--days', '1', ...args]);
  return { code, said };
}

const written = await simulated('--facts', factsFile, '--day', '2026-11-21', '--time-zone', 'Asia/Shanghai');
const facts: readonly Fact[] = await factsOfFile(factsFile);
const scenario = await readScenario(scenarioFile);
if (!scenario.ok) throw new Error(JSON.stringify(scenario.error));
const { queues } = scenario.value.acd;

/** One more caller, whose names would be formulas to a spreadsheet, and colours to a terminal. */
const at = { atMs: (facts.at(-1)?.atMs ?? 0) + 60_000, callId: 'evil' };
const evil = [
  { kind: 'callArrived', ...at, switchId: 's', legId: 'l', ani: '13800000001', dnis: '=HYPERLINK("x")\u001b[31m', flowId: null },
  { kind: 'callEnded', ...at, outcome: 'contained', durationMs: 65_000, endedBy: 'caller' },
  { kind: 'agentSignedIn', atMs: at.atMs, agentId: '@evil', switchId: 's' },
].map((fact, index) => ({ ...fact, seq: facts.length + index + 1 })) as unknown as Fact[];
const reader = openHistory({ kind: 'sqlite', file: join(folder, 'history.db') });
const batch = foldFrom(queues, await reader.begin()).take([...facts, ...evil]);
if (batch) await reader.write(batch);
const NOW = DAY_START + DAY - 1;
const app = buildApp(
  aHouse({
    nowMs: () => NOW,
    history: {
      reader,
      queues: queues.map(({ id, title, target }) => ({ queueId: id, title, target })),
      agents: [{ agentId: 'desk-1', name: '=1+1', team: 'north' }],
    },
  }),
);
const url = await app.listen({ host: '127.0.0.1', port: 0 });
t.teardown(async () => {
  await app.close();
  await reader.close();
  rmSync(folder, { recursive: true });
});

const env = { HOTLINE_CONFIG: join(projectFolder, 'config'), LANG: 'en_US.UTF-8' };
const day = { from: '2026-11-21', to: '2026-11-22', url };
const printed = async (name: string, flags: object = {}): Promise<string> => {
  const { code, text } = await report(name, { ...day, ...flags }, env);
  if (code !== 0) throw new Error(`${code}: ${text}`);
  return text;
};
interface QueueRow {
  readonly queueId: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly serviceLevel: { readonly numerator: number; readonly denominator: number };
}
const rowsOf = async <T>(name: string, flags: object = {}): Promise<T[]> => JSON.parse(await printed(name, flags)).rows as T[];
const linesOf = (text: string): string[] => text.trimEnd().split(/\r?\n/);

t.test('simulate --facts writes a whole day of the zone, the same one each time, and says how much', async (t) => {
  t.equal(written.code, 0);
  t.match(written.said, new RegExp(`^${facts.length} facts written to `));
  t.ok(facts.length > 1_000 && facts.every(({ seq }, index) => seq === index + 1), 'numbered without a gap');
  t.ok(facts.every(({ atMs }) => atMs >= DAY_START && atMs < DAY_START + DAY));
  const again = join(folder, 'again.jsonl');
  const other = join(folder, 'other.jsonl');
  const json = await simulated('--facts', again, '--day', '2026-11-21', '--json');
  t.ok(JSON.parse(json.said).scenarios, 'with --json nothing but that is printed');
  t.equal(readFileSync(again, 'utf8'), readFileSync(factsFile, 'utf8'));
  await simulated('--facts', other, '--day', '2026-11-21', '--seed', '8');
  t.not(readFileSync(other, 'utf8'), readFileSync(factsFile, 'utf8'), 'another seed is another day');
  const london = join(folder, 'london.jsonl');
  await simulated('--facts', london, '--day', '2026-11-21', '--time-zone', 'Europe/London');
  t.ok(
    (await factsOfFile(london)).every(({ atMs }) => atMs >= Date.parse('2026-11-21T00:00:00Z')),
    "the zone's own midnight",
  );
  t.match(await simulated('--facts', again, '--day', '2026-02-30'), { code: 1, said: /"2026-02-30" is not a day/ });
  t.match(await simulated('--facts', again, '--time-zone', 'Mars/Olympus'), { code: 1, said: /not a time zone/ });
});

t.test('report queues and intervals: JSON and CSV are as recounted from the facts', async (t) => {
  const rows = await rowsOf<QueueRow>('queues');
  t.equal(rows.length, queues.length);
  const [heading = '', ...csv] = linesOf(await printed('queues', { csv: true }));
  const names = heading.split(',');
  for (const queue of queues) {
    const counted = recount(facts, queue, DAY_START, DAY_START + DAY, NOW);
    const row = rows.find(({ queueId }) => queueId === queue.id);
    t.same(row?.counts, counted, queue.id);
    t.match(row?.serviceLevel, serviceLevel(queue.target.formula, counted));
    const cells = csv.find((line) => line.startsWith(`${queue.id},`))?.split(',') ?? [];
    for (const name of ['offered', 'answered', 'abandoned', 'sumTalkMs'] as const)
      t.equal(cells[names.indexOf(`counts.${name}`)], String(counted[name]), `${queue.id} ${name} in the CSV`);
  }
  for (const by of ['15m', '30m', '60m', 'day']) {
    const parts = await rowsOf<QueueRow>('intervals', { by, queue: 'general' });
    const offered = parts.reduce((sum, { counts }) => sum + (counts.offered ?? 0), 0);
    t.equal(offered, rows.find(({ queueId }) => queueId === 'general')?.counts.offered, by);
  }
});

t.test('for people: a table with its formulas, headings in Chinese and English, the same figures', async (t) => {
  const [queue] = queues;
  if (!queue) throw new Error('there is a queue');
  const counted = recount(facts, queue, DAY_START, DAY_START + DAY, NOW);
  const { numerator, denominator, share } = serviceLevel(queue.target.formula, counted);
  const level = `${((share ?? 0) * 100).toFixed(1)}%`;
  const english = await printed('queues', { table: true, lang: 'en' });
  t.match(english, /queue +offered +answered +abandoned/);
  t.ok(english.includes(`${level} ${numerator}/${denominator}`), english);
  t.match(english, /general: service level = answered-of-offered, A_T \/ \(O - S\), T = 20 s/);
  const chinese = await printed('queues', { table: true, lang: 'zh' });
  t.match(chinese, /队列 +进线 +接起 +放弃/);
  t.match(chinese, /general: 服务水平 = answered-of-offered, A_T \/ \(O - S\), T = 20 秒\n/);
  t.match(chinese, /接通率 = 接起 \/ 进线\n/);
  const [heading = '', ...rows] = linesOf(await printed('queues', { csv: true, lang: 'zh' }));
  t.match(heading, /^队列,进线,接起,放弃,/);
  const cells = rows.find((row) => row.startsWith(`${queue.id},`))?.split(',') ?? [];
  t.equal(cells[heading.split(',').indexOf('进线')], String(counted.offered));
  t.equal(cells[heading.split(',').indexOf('服务水平')], level, 'a percentage alone');
  t.match(cells[heading.split(',').indexOf('平均处理时长')], /^\d+:\d\d:\d\d$/);
  const intervals = await printed('intervals', { table: true, by: '60m', queue: 'general' });
  t.match(intervals, /2026-11-21 00:00 +general/, "on the site's clock");
  t.equal(await printed('queues', { table: true, from: '2020-01-01', to: '2020-01-02', lang: 'zh' }), '该时段没有数据\n');
});

t.test(
  'every report can be read by people in both languages, and no name of a stranger is a formula or moves a cursor',
  async (t) => {
    for (const name of REPORTS) {
      for (const lang of ['zh', 'en'] as const) {
        const table = await printed(name, { table: true, lang });
        if (lang === 'zh')
          t.notMatch(table, / = (answered|abandoned|called|calls|not ready|the two|\(talk) /, `${name}: formulas in Chinese too`);
        t.notMatch(table, /undefined|NaN|\[object|null/, `${name} ${lang}`);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
        t.notMatch(table, /[\u0000-\u0009\u000b-\u001f]/, name);
        const csv = linesOf(await printed(name, { csv: true, lang }));
        t.ok(new Set(csv.map((line) => line.replace(/"[^"]*"/g, '').split(',').length)).size === 1, 'as many cells in each line');
        for (const line of csv) t.notMatch(line, /(^|,)"?[=+@]/, `${name}: ${line}`);
      }
      for (const line of linesOf(await printed(name, { csv: true }))) t.notMatch(line, /(^|,)"?[=+@]/, `${name}: ${line}`);
    }
    t.match(await printed('outcomes', { table: true, lang: 'zh' }), /自助完成 +1 +0:01:05/);
    t.match(await printed('reasons', { table: true, lang: 'zh' }), /振铃未应答/);
    t.match(await printed('dispositions', { table: true, lang: 'zh' }), /无处理结果/);
    t.match(await printed('repeat-callers', { table: true, lang: 'en' }), /\(no queue\)/);
  },
);

t.test('the command: what is printed, and what stood in the way', async (t) => {
  const asked = async (...args: string[]): Promise<{ code: number; said: string; complained: string }> => {
    let said = '';
    let code = -1;
    const complaints = t.capture(console, 'error');
    const program = new Command().exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
    addReportCommand(program, {
      ...{ env, nodeVersion: process.versions.node },
      write: (text) => {
        said += text;
      },
      setExitCode: (set) => {
        code = set;
      },
    });
    await program.parseAsync(['node', 'hotline', 'report', ...args]).catch(() => {});
    const complained = complaints().map(({ args: [text] }) => String(text));
    complaints.restore();
    return { code, said, complained: complained.join('\n') };
  };
  const good = await asked('queues', '--url', url, '--from', '2026-11-21', '--table');
  t.match(good, { code: 0, said: /service level/, complained: '' });
  t.match(await asked('queues', '--url', url, '--from', 'yesterday'), { code: 1, said: '', complained: /"from" is not known/ });
  t.match(await asked('nonsense', '--url', url), { code: 64, complained: /there is no report "nonsense": queues/ });
  t.match(await asked('queues', '--url', 'http://127.0.0.1:1'), { code: 69, complained: /no hotline answers/ });
});
