import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import t from 'tap';
import type { LineSource } from '../../src/cli/flow/terminal-lines.js';
import { tryFlow } from '../../src/cli/flow/try-flow.js';
import { addFlowCommand } from '../../src/cli/flow.js';

/** Runs `hotline flow ...` in this process. */
async function flow(...args: string[]): Promise<{ code: number; said: string }> {
  let said = '';
  let code = -1;
  const write = (text: string): void => {
    said += text;
  };
  const program = new Command().exitOverride().configureOutput({ writeErr: write });
  addFlowCommand(program, {
    env: {},
    write,
    setExitCode: (set) => {
      code = set;
    },
  });
  await program.parseAsync(['node', 'hotline', 'flow', ...args]);
  return { code, said };
}

const sample = `flow: sample
title: { zh: 样例, en: Sample }
languages: [zh, en]
start: ask
prompts:
  ask: { zh: 请按1或输入, en: Press 1 }
  card: { zh: 卡号, en: Card }
nodes:
  ask: { menu: { prompt: ask, tries: 1 }, keys: { "1": card, "0": agent }, failed: bye }
  card: { collect: { into: card, prompt: card, secure: true, min: 4, max: 4, end: none, tries: 1 }, next: look, failed: bye }
  look: { lookup: { endpoint: core-banking, send: { card: card }, take: { due: answer.due } }, next: bye, failed: agent }
  agent: { queue: { to: general }, answered: bye }
  bye: { play: goodbye, hangup: true }
`;
const tests = `- test: to an agent
  do: [ press 0, agent answers, agent leaves ]
  expect: { visits: [ ask, agent, bye ], hears: [ 请按1 ], outcome: answered }
- test: by card
  lookups: { core-banking: { due: 1 } }
  do: [ press 1, "type 1234" ]
  expect: { visits: [ card, look, bye ] }
- test: silence
  do: [ wait 10s ]
  expect: { path: [ ask, bye ] }
`;

t.test('check takes files and folders, and tests of flows are no flows', async (t) => {
  const folder = t.testdir({ 'sample.yaml': sample, 'sample.test.yaml': tests, '.draft.yaml': 'x' });
  t.same(await flow('check', folder), { code: 0, said: '1 file, 0 errors, 0 warnings\n' });
  const [flowFile, testFile] = [join(folder, 'sample.yaml'), join(folder, 'sample.test.yaml')];
  t.same(
    await flow('check', flowFile, testFile),
    { code: 0, said: '2 files, 0 errors, 0 warnings\n' },
    'both, as a shell hands them over for *.yaml',
  );
  const wrongTests = join(folder, 'wrong.test.yaml');
  writeFileSync(wrongTests, '- test: x\n  froom: "138"\n  do: [ hang up ]\n');
  t.match(await flow('check', wrongTests), { code: 1, said: /wrong\.test\.yaml:2:3 {2}error {2}unknown-field {2}"froom"/ });
  writeFileSync(
    join(folder, 'broken.yaml'),
    sample.replace('flow: sample', 'flow: broken').replace('failed: bye }\n  card', 'failed: by }\n  card'),
  );
  const found = await flow('check', folder, join(folder, 'sample.yaml'));
  t.equal(found.code, 1);
  t.match(
    found.said,
    /broken\.yaml:9:84 {2}error {2}unknown-node {2}"by" is not a node of this flow; did you mean "bye"\?\n2 files, 1 error, 0 warnings\n$/,
  );
  const json = await flow('check', '--json', folder);
  t.equal(json.code, 1);
  t.match(JSON.parse(json.said), {
    errors: 1,
    warnings: 0,
    findings: [{ line: 9, column: 84, rule: 'unknown-node', level: 'error' }],
  });
  t.match(await flow('check', '--lang', 'zh', join(folder, 'nothing.yaml')), {
    code: 1,
    said: /unreadable {2}没有这个文件\n {4}文件读不了: .*。\n/,
  });
  t.match(
    (await flow('check', '--config', join(folder, 'none'), join(folder, 'sample.yaml'))).said,
    /note: there is no configuration in ".*none" /,
  );
  t.match(await flow('check', '--lang', 'fr', folder), { code: 1, said: /--lang is zh or en/ });
  t.match(await flow('check', join(folder, 'nothing.yaml')), { code: 1, said: /unreadable {2}there is no such file/ });
  t.match(await flow('check', t.testdir({})), { code: 1, said: /no flow file was found/ });
});

t.test('test runs what stands beside the flows', async (t) => {
  const folder = t.testdir({ 'sample.yaml': sample, 'sample.test.yaml': tests });
  const good = await flow('test', folder);
  t.equal(good.code, 0, good.said);
  t.match(good.said, /ok {6}to an agent\n[\s\S]*3 tests, 3 ok, 0 not ok\n$/);
  t.match(good.said, /sample: nodes 5\/5 \(100 %\), branches 6\/8 \(75 %\)/);
  t.match(good.said, /never taken: card -failed-> bye, look -failed-> agent/);
  t.notMatch(good.said, '1234');
  t.match(await flow('test', join(folder, 'sample.yaml')), { code: 0 }, 'the flow stands for its tests');
  t.match(await flow('test', '--min-coverage', '75', folder), { code: 0 });
  t.match(await flow('test', '--min-coverage', '76', folder), { code: 1, said: /sample: less than 76 % is covered/ });
  await t.rejects(flow('test', '--min-coverage', 'all', folder));
  const json = JSON.parse((await flow('test', '--json', folder)).said) as { coverage: Array<{ branches: { percent: number } }> };
  t.match(json, {
    ok: true,
    files: [{ tests: [{ test: 'to an agent', ok: true, problems: [] }, {}, {}] }],
    coverage: [{ flow: 'sample' }],
  });
  t.equal(json.coverage[0]?.branches.percent, 75);

  writeFileSync(join(folder, 'sample.test.yaml'), tests.replace('[ ask, agent, bye ]', '[ ask, card ]'));
  const bad = await flow('test', folder);
  t.equal(bad.code, 1);
  t.match(
    bad.said,
    /not ok {2}to an agent {2}\(.*sample\.test\.yaml:1\)\n {12}line 3, visits\n {14}expected {2}card after ask\n {14}happened {2}ask → agent → bye\n {12}the walk\n {14}at ask\n/,
  );
  writeFileSync(join(folder, 'sample.test.yaml'), tests.replace('expect: { path', 'expects: { path'));
  t.match(await flow('test', folder), {
    code: 1,
    said: /sample\.test\.yaml:10:3 {2}error {2}unknown-field {2}"expects" means nothing here; did you mean "expect"\?/,
  });
  writeFileSync(join(folder, 'sample.test.yaml'), tests);
  writeFileSync(join(folder, 'sample.yaml'), sample.replace('start: ask', 'start: aks'));
  t.match(await flow('test', folder), { code: 1, said: /unknown-node {2}"aks"/ });
  t.match(await flow('test', t.testdir({})), { code: 1, said: /no tests were found/ });
});

t.test('graph draws an SVG in the language that is asked for', async (t) => {
  const folder = t.testdir({ 'sample.yaml': sample });
  const out = join(folder, 'sample.svg');
  t.match(await flow('graph', join(folder, 'sample.yaml'), '-o', out), { code: 0, said: /sample\.svg: 5 nodes/ });
  t.match(
    readFileSync(out, 'utf8'),
    /^<\?xml[\s\S]*<title>样例 \(sample [0-9a-f]{12}\)<\/title>[\s\S]*请按1或输入[\s\S]*<\/svg>\n$/,
  );
  t.match(await flow('graph', join(folder, 'sample.yaml'), '--language', 'en'), { code: 0, said: /Press 1[\s\S]*<\/svg>\n$/ });
  t.match(await flow('graph', join(folder, 'sample.yaml'), '--language', 'fr'), {
    code: 1,
    said: /has no words in fr; it has zh, en/,
  });
  writeFileSync(join(folder, 'sample.yaml'), sample.replace('start: ask', 'start: aks'));
  t.match(await flow('graph', join(folder, 'sample.yaml'), '-o', join(folder, 'no.svg')), { code: 1, said: /unknown-node/ });
  t.notOk(existsSync(join(folder, 'no.svg')));
});

t.test('diff ends as diff does', async (t) => {
  const folder = t.testdir({
    'a.yaml': sample,
    'b.yaml': sample.replace('tries: 1 }, keys', 'tries: 2 }, keys'),
    'c.yaml': `# moved\n${sample}`,
    'd.yaml': 'x',
  });
  const at = (name: string): string => join(folder, name);
  t.match(await flow('diff', at('a.yaml'), at('a.yaml')), { code: 0, said: /^no difference/ });
  t.match(await flow('diff', at('a.yaml'), at('c.yaml')), {
    code: 0,
    said: /nothing that a caller would notice[\s\S]*\+ # moved/,
  });
  t.match(await flow('diff', at('a.yaml'), at('b.yaml')), {
    code: 1,
    said: /~ node ask\n {4}menu\.tries: 1 → 2\n[\s\S]*\n- {3}ask: .*\n\+ {3}ask: /,
  });
  t.match(JSON.parse((await flow('diff', '--json', at('a.yaml'), at('b.yaml'))).said), {
    nodes: [{ node: 'ask', change: 'changed' }],
  });
  t.match(await flow('diff', at('a.yaml'), at('d.yaml')), { code: 2, said: /d\.yaml:1:1 {2}error/ });
});

const typed = (...lines: string[]): LineSource => {
  const iterate = async function* (): AsyncGenerator<string> {
    yield* lines;
  };
  return () => Object.assign(iterate(), { close: () => {} });
};

t.test('try walks a flow line by line', async (t) => {
  const folder = t.testdir({ 'sample.yaml': sample });
  const attempt = async (lines: string[], options: object = {}): Promise<{ code: number; said: string[] }> => {
    const said: string[] = [];
    const given = { config: 'config', number: '13900000000', at: '2026-11-20T10:00+08:00', ...options };
    const code = await tryFlow(join(folder, 'sample.yaml'), given, typed(...lines), (line) => said.push(line));
    return { code, said };
  };
  const whole = await attempt(['press 1', 'type 1234', 'lookup fails timeout', 'agent answers', 'agent leaves']);
  t.equal(whole.code, 0);
  t.match(whole.said[0], /^样例 \(sample [0-9a-f]{12}\), 2026-11-20 10:00 Asia\/Shanghai$/);
  t.same(whole.said.slice(2), [
    'at ask',
    '  hears (zh) [ask] 请按1或输入',
    '? ask: press 0, 1, or wait',
    '  > 1',
    'at card',
    '  hears (zh) [card] 卡号',
    '? card: type 4 digits (secure), or wait',
    '  > ••••',
    'at look',
    '  asks core-banking {"card":"•••"}',
    '? core-banking: lookup { ... }, lookup fails timeout',
    '  core-banking has no answer: timeout',
    'at agent',
    '  waits in queue general',
    '? agent answers, queue timedOut, wait, hang up',
    '  > agent answers',
    '? agent leaves, hang up',
    '  > agent leaves',
    'at bye',
    '  hears (zh) [goodbye] 感谢您的来电，再见。',
    'the call is ended (answered)',
    '? the call is over: again, quit',
  ]);
  const english = await attempt(['help', 'nonsense', 'again', 'quit', 'hang up'], { language: 'en' });
  t.equal(english.code, 1, 'a line could not be done');
  t.ok(english.said.includes('  hears (en) [ask] Press 1'));
  t.ok(english.said.some((line) => line.startsWith('  cannot: "nonsense" cannot be done')));
  t.ok(english.said.some((line) => /^ {2}wait 5s +/.test(line)));
  t.notOk(english.said.includes('the caller hangs up (abandonedInFlow)'), 'nothing after quit');
  t.match(await attempt([], { language: 'fr' }), { code: 1, said: ['--language is one of zh, en'] });
  t.match(await attempt([], { at: 'noon' }), { code: 1, said: [/--at is a moment/] });
});

t.test('try takes lines from a pipe', async (t) => {
  const folder = t.testdir({});
  mkdirSync(join(folder, 'flows'));
  copyFileSync('ivr-flows/transport-card.yaml', join(folder, 'flows/transport-card.yaml'));
  const run = spawnSync(
    process.execPath,
    [
      '--import',
      'tsx',
      'src/cli/hotline.ts',
      'flow',
      'try',
      join(folder, 'flows/transport-card.yaml'),
      '--at',
      '2026-11-20T10:00+08:00',
    ],
    { encoding: 'utf8', input: '1\n# a remark\npress 0\nhang up\n' },
  );
  t.equal(run.status, 0, run.stderr);
  t.match(run.stdout, /at language\n[\s\S]* {2}> 1\n[\s\S]*the caller hangs up \(abandonedIn/);
});
