import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import t from 'tap';
import { listFlowFiles, readFlowFile, readFlowFolder } from '../src/adapters/files/flow-files.js';
import { type BuildProgress, buildPrompts, missingPrompts } from '../src/adapters/files/prompt-builder.js';
import { loadPromptManifest, PromptCatalogue, readManifest } from '../src/adapters/files/prompt-manifest.js';
import { DEFAULT_SPEECH, measure, type SpeechConfig, wavLengthMs } from '../src/adapters/files/prompt-sound.js';
import { parsePromptFile, SYSTEM_PROMPTS } from '../src/adapters/files/prompt-sources.js';
import { addFlowCommand } from '../src/cli/flow.js';
import { addPromptsCommand } from '../src/cli/prompts.js';
import { formatFinding } from '../src/flow/finding.js';

const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const withoutSox = has('sox') ? false : 'sox is not installed';
const withoutVoice = withoutSox || (has('espeak-ng') ? false : 'espeak-ng is not installed');

const shippedText = readFileSync('config/prompts.yaml', 'utf8');

t.test('the shipped texts are whole, and slips are found at their line', async (t) => {
  const shipped = parsePromptFile(shippedText, 'config/prompts.yaml');
  t.ok(shipped.ok, 'no findings');
  if (!shipped.ok) return;
  t.same(
    SYSTEM_PROMPTS.filter((id) => !shipped.value.has(id)),
    [],
  );
  t.match(shipped.value.get('system/position-17'), { zh: /17/, en: /number 17 / });
  const findings = (text: string): string[] => {
    const parsed = parsePromptFile(text, 'p.yaml');
    return parsed.ok ? [] : parsed.error.map(formatFinding);
  };
  t.match(findings(shippedText.replace('  goodbye:', '  godbye:')), [/missing-prompt {2}"goodbye" is missing/]);
  t.match(findings(shippedText.replace(', en: Signed in. }', ' }')), [
    /:\d+:3 {2}error {2}missing-language {2}prompt "agent-signed-in" has no text for en/,
  ]);
  t.match(findings(shippedText.replace('en: Signed in.', 'en: Signed in, friend.')), [/unquoted-comma {2}"friend\."/]);
  t.match(findings(shippedText.replace('1..20', '1..30')), []);
  t.match(findings(shippedText.replace('"position-{n}"', '"../{n}"')).join('\n'), /bad-name {2}"\.\.\/1" is not a prompt's name/);
  t.match(findings('languages: [zh]\nprompts: { a: &x { zh: b } }'), [/alias/]);
  t.match(findings('languages: [zh]\nprompts: 7'), [/wrong-type/]);
});

/** A voice of our own: notes what it was given and makes a tone. */
function fakeVoice(folder: string): { speech: SpeechConfig; said: () => Array<{ args: string[]; input: string; file: string }> } {
  const script = join(folder, 'voice.mjs');
  const log = join(folder, 'voice.log');
  writeFileSync(
    script,
    `import { appendFileSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
const [text, textFile, language, voice, out] = process.argv.slice(2);
const input = readFileSync(0, 'utf8');
if (input.includes('FAIL')) { console.error('cannot say this'); process.exit(3); }
appendFileSync(${JSON.stringify(log)}, JSON.stringify({ args: [text, language, voice], input, file: readFileSync(textFile, 'utf8') }) + '\\n');
const tone = input.includes('SILENCE') ? ['trim', '0', '1'] : ['synth', '0.6', 'sine', '440', 'vol', '0.9', 'pad', '0.3', '1.2'];
process.exit(spawnSync('sox', ['-n', '-r', '22050', '-c', '1', '-b', '16', out, ...tone], { stdio: 'inherit' }).status);
`,
  );
  return {
    speech: {
      command: [process.execPath, script, '{text}', '{textFile}', '{language}', '{voice}', '{out}'],
      voices: { zh: 'lily' },
    },
    said: () =>
      readFileSync(log, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
  };
}

const texts = (entries: Record<string, Record<string, string>>): Map<string, Record<string, string>> =>
  new Map(Object.entries(entries));

t.test('sounds are made once, by content; one that fails does not stop the others', { skip: withoutSox }, async (t) => {
  const folder = t.testdir();
  const out = join(folder, 'prompts');
  const { speech, said } = fakeVoice(folder);
  const hostile = `$(touch ${folder}/owned); "quoted" \`x\` {out} $& -f`;
  const progress: BuildProgress[] = [];
  const first = texts({ 'a/one': { zh: '一', en: '--help' }, 'a/two': { zh: hostile }, 'system/fallback': { zh: '请稍候' } });
  t.match(await buildPrompts({ texts: first, folder: out, speech, onProgress: (p) => progress.push(p) }), {
    built: 4,
    unchanged: 0,
    failed: [],
  });
  t.equal(progress.length, 4);
  t.match(progress.at(-1), { done: 4, of: 4 });
  t.notOk(existsSync(join(folder, 'owned')), 'no shell has seen the text');
  const given = said();
  t.ok(
    given.some(({ args, input, file }) => args[0] === hostile && input === hostile && file === hostile),
    'the text came through as it is',
  );
  t.ok(
    given.some(({ args }) => args[0] === ' --help' && args[2] === 'en'),
    'a text is no option; a language without a voice is its own',
  );
  t.ok(given.some(({ args }) => args[2] === 'lily'));

  const loaded = await loadPromptManifest(out);
  t.ok(loaded.ok);
  if (!loaded.ok) return;
  const path = loaded.value.resolve({ prompt: 'a/one', language: 'zh' }) as string;
  t.match(path, /^\/.*\/[0-9a-f]{32}$/, 'absolute, without an ending');
  const narrow = readFileSync(`${path}.wav`);
  t.same([narrow.readUInt16LE(22), narrow.readUInt32LE(24), narrow.readUInt16LE(34)], [1, 8_000, 16], 'mono, 8 kHz, 16 bit');
  t.equal(readFileSync(`${path}.wav16`).readUInt32LE(24), 16_000);
  const ms = loaded.value.lengthMs({ prompt: 'a/one', language: 'zh' }) as number;
  t.ok(ms > 600 && ms < 800, `the silence is gone: ${ms} ms of 2100`);
  t.ok(existsSync(join(out, 'fallback-zh.wav')) && existsSync(join(out, 'fallback-zh.wav16')), 'the dialplan finds its own');

  const writtenMs = statSync(`${path}.wav`).mtimeMs;
  t.match(await buildPrompts({ texts: first, folder: out, speech }), { built: 0, unchanged: 4 });
  t.equal(said().length, 4, 'nothing was spoken again');
  t.equal(statSync(`${path}.wav`).mtimeMs, writtenMs);

  const changed = texts({
    'a/one': { zh: '壹', en: 'FAIL' },
    'a/new': { zh: 'SILENCE' },
    'a/bad': { '../zh': 'x' },
    'A/../b': { zh: 'x' },
  });
  const report = await buildPrompts({ texts: changed, folder: out, speech });
  t.match(report, { built: 1, unchanged: 0 });
  t.match(
    report.failed.map((f) => `${f.prompt} ${f.language}: ${f.reason}`),
    [
      /^A\/\.\.\/b zh: its name/,
      /^a\/bad \.\.\/zh: its name/,
      /^a\/new zh: there is no sound in it/,
      /^a\/one en: .*ended with 3: cannot say this/,
    ],
  );
  t.ok(existsSync(`${path}.wav`), 'the old sound stays for who still plays it');
  const manifest = await readManifest(out);
  t.match(
    manifest,
    { ok: true, value: { 'a/one': { zh: { text: '壹' }, en: { text: '--help' } } } },
    'an old sentence is better than silence',
  );
  t.notOk(manifest.ok && 'a/two' in manifest.value, 'what has no text any more is forgotten');
  t.same(
    readdirSync(out).filter((name) => name.startsWith('.') || name.endsWith('.new')),
    [],
    'no litter',
  );
  t.same(await missingPrompts(texts({ 'a/one': { zh: '壹', en: 'Hi' }, 'a/x': { zh: 'x' } }), out), [
    { prompt: 'a/one', language: 'en', why: 'old' },
    { prompt: 'a/x', language: 'zh', why: 'never' },
  ]);
  const gone = await buildPrompts({
    texts: texts({ 'a/one': { zh: 'neu' } }),
    folder: out,
    speech: { command: ['/no/such/voice'], voices: {} },
  });
  t.match(gone.failed[0]?.reason, /no such voice|is not installed/);
});

t.test('a recorded file goes before the voice, whatever its form and loudness', { skip: withoutSox }, async (t) => {
  const folder = t.testdir({ recorded: { a: {} } });
  const { speech } = fakeVoice(folder);
  const recorded = join(folder, 'recorded');
  // Loud with hard clipping, stereo, 44.1 kHz; and one that can hardly be heard.
  spawnSync('sox', [
    '-n',
    '-r',
    '44100',
    '-c',
    '2',
    join(recorded, 'a/loud.zh.wav'),
    'synth',
    '1',
    'square',
    '300',
    'vol',
    '1.0',
  ]);
  spawnSync('sox', ['-n', '-r', '8000', '-c', '1', join(recorded, 'a/quiet.zh.wav'), 'synth', '1', 'pinknoise', 'vol', '0.02']);
  const out = join(folder, 'prompts');
  const all = texts({ 'a/loud': { zh: '响' }, 'a/quiet': { zh: '轻' }, 'a/spoken': { zh: '说' } });
  t.match(await buildPrompts({ texts: all, folder: out, speech, recorded }), { built: 3, recorded: 2, failed: [] });
  const loaded = await loadPromptManifest(out);
  if (!loaded.ok) throw new Error(loaded.error.message);
  for (const name of ['a/loud', 'a/quiet', 'a/spoken']) {
    for (const ending of ['wav', 'wav16']) {
      const { rmsDb, peakDb } = await measure(`${loaded.value.resolve({ prompt: name, language: 'zh' })}.${ending}`);
      t.ok(rmsDb >= -23 && rmsDb <= -18 && peakDb < -0.2, `${name}.${ending}: ${rmsDb} dB, peak ${peakDb} dB`);
    }
  }
  writeFileSync(join(recorded, 'a/quiet.zh.wav'), readFileSync(join(recorded, 'a/loud.zh.wav')));
  t.match(
    await buildPrompts({ texts: all, folder: out, speech, recorded }),
    { unchanged: 3 },
    'the same recording is the same sound',
  );
  writeFileSync(join(recorded, 'a/quiet.zh.wav'), 'no sound file at all');
  t.match((await buildPrompts({ texts: all, folder: out, speech, recorded })).failed, [
    { prompt: 'a/quiet', reason: /sox ended with/ },
  ]);
});

t.test('the voice that comes with Debian speaks both languages', { skip: withoutVoice }, async (t) => {
  const out = t.testdir();
  const report = await buildPrompts({
    texts: texts({ 'a/b': { zh: '您好，欢迎致电。', en: 'Welcome, caller.' } }),
    folder: out,
    speech: DEFAULT_SPEECH,
  });
  t.match(report, { built: 2, failed: [] });
  const loaded = await loadPromptManifest(out);
  if (!loaded.ok) throw new Error(loaded.error.message);
  for (const language of ['zh', 'en']) {
    const path = loaded.value.resolve({ prompt: 'a/b', language });
    const ms = loaded.value.lengthMs({ prompt: 'a/b', language }) as number;
    t.ok(ms > 500 && ms < 6_000, `${language}: ${ms} ms`);
    const { rmsDb } = await measure(`${path}.wav`);
    t.ok(rmsDb >= -23 && rmsDb <= -18, `${language}: ${rmsDb} dB`);
  }
});

t.test('the catalogue falls back by language and gives no path that is not its own', async (t) => {
  const sound = (digit: string) => ({ hash: digit.repeat(32), ms: 100, text: 'x' });
  const catalogue = new PromptCatalogue('/p', { 'a/b': { zh: sound('1'), fr: sound('2') }, 'a/c': { fr: sound('3') } });
  const find = (prompt: string, language: string): string | null => catalogue.resolve({ prompt, language });
  t.equal(find('a/b', 'fr'), `/p/${'2'.repeat(32)}`);
  t.equal(find('a/b', 'zh-TW'), `/p/${'1'.repeat(32)}`, 'zh-TW falls back to zh');
  t.equal(find('a/b', 'en'), `/p/${'1'.repeat(32)}`, 'then to the first language that there is');
  t.equal(find('a/c', 'en'), `/p/${'3'.repeat(32)}`);
  for (const name of ['a/x', '../a/b', 'constructor', '__proto__', 'toString']) t.equal(find(name, 'zh'), null, name);
  t.equal(find('a/b', '__proto__'), `/p/${'1'.repeat(32)}`);

  const folder = t.testdir({
    'manifest.json': '{"format":1,"prompts":{"a/b":{"zh":{"hash":"../../etc/passwd","ms":1,"text":"x"}}}}',
    half: { 'manifest.json': '{"format":1,' },
  });
  t.match(await loadPromptManifest(folder), { ok: false, error: { id: 'bad-prompt-manifest' } });
  t.match(await loadPromptManifest(join(folder, 'half')), { ok: false, error: { id: 'bad-prompt-manifest' } });
  t.match(await loadPromptManifest(join(folder, 'none')), {
    ok: false,
    error: { id: 'no-prompts', message: /hotline prompts build/ },
  });
});

t.test('a WAV is measured by its chunks, not by a guess', async (t) => {
  const chunk = (name: string, body: Buffer): Buffer => {
    const head = Buffer.alloc(8);
    head.write(name, 'latin1');
    head.writeUInt32LE(body.length, 4);
    return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
  };
  const format = Buffer.alloc(16);
  format.writeUInt32LE(16_000, 8);
  const wav = Buffer.concat([
    Buffer.from('RIFF\0\0\0\0WAVE'),
    chunk('LIST', Buffer.from('odd')),
    chunk('fmt ', format),
    chunk('data', Buffer.alloc(8_000)),
  ]);
  t.equal(wavLengthMs(wav), 500);
  t.equal(wavLengthMs(wav.subarray(0, wav.length - 4_000)), 250, 'a file that was cut off has what is there');
  for (const broken of [
    Buffer.alloc(0),
    Buffer.from('RIFF'),
    Buffer.from('RIFF\0\0\0\0WAVE'),
    wav.subarray(0, 30),
    Buffer.from('ID3 something else'),
  ])
    t.equal(wavLengthMs(broken), 0);
});

t.test('flow files', async (t) => {
  const flow = (name: string, next: string): string =>
    `flow: ${name}\nlanguages: [zh]\nstart: a\nprompts: { p: { zh: 一 } }\nnodes:\n  a: { play: p, next: b }\n  b: ${next}\n`;
  const folder = t.testdir({
    'one.yaml': flow('one', '{ flow: two }'),
    'two.yml': flow('two', '{ hangup: true }'),
    'one.test.yaml': '- test: x',
    'zwei.yaml': flow('two', '{ hangup: true }'),
    'three.yaml': flow('three', '{ flow: four }'),
  });
  t.equal((await listFlowFiles(folder)).length, 4, 'tests of flows are no flows');
  const read = await readFlowFolder(folder, {});
  t.same([...read.flows.keys()], ['one', 'two']);
  t.match(
    read.findings.map(({ rule }) => rule),
    ['unknown-flow', 'duplicate-flow'],
  );
  t.match(await readFlowFile(join(folder, 'one.yaml'), {}), { ok: true, value: { version: /^[0-9a-f]{12}$/ } });
  t.match(await readFlowFile(folder, {}), { ok: false, error: [{ rule: 'unreadable' }] });
  t.match((await readFlowFolder(join(folder, 'none'), {})).findings, [{ rule: 'unreadable' }]);
});

/** Runs a command as `hotline` would. */
async function hotline(...args: string[]): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  let code = 0;
  const host = {
    env: {},
    write: (text: string) => void lines.push(...text.trimEnd().split('\n')),
    setExitCode: (given: number) => {
      code = given;
    },
  };
  const program = new Command('hotline');
  addFlowCommand(program, host);
  addPromptsCommand(program, host);
  await program.parseAsync(args, { from: 'user' });
  return { code, lines };
}

t.test('on the command line', { skip: withoutSox }, async (t) => {
  const good = await hotline('flow', 'check', 'ivr-flows/credit-card.yaml', 'ivr-flows/transport-card.yaml');
  t.same(good, { code: 0, lines: ['2 files, 0 errors, 0 warnings'] });
  const folder = t.testdir({
    config: { 'prompts.yaml': shippedText.replaceAll(/zh: .* }/g, 'zh: 好, en: hi }'), 'hotline.yaml': '' },
    'ivr-flows': {
      'x.yaml':
        'flow: x\nlanguages: [zh]\nstart: a\nprompts: { p: { zh: 一 } }\nnodes:\n  a: { play: p, next: b }\n  b: { play: goodbye, hangup: true }\n',
    },
    'bad.yaml': readFileSync('ivr-flows/credit-card.yaml', 'utf8')
      .replace('next: identify', 'next: identfy')
      .replace('to: lost-card', 'to: lst-card'),
  });
  const bad = await hotline('flow', 'check', join(folder, 'bad.yaml'));
  t.equal(bad.code, 1);
  t.match(bad.lines, [
    /bad\.yaml:\d+:11 {2}error {2}unknown-node {2}"identfy" is not a node of this flow; did you mean "identify"\?/,
    /unknown-queue .* did you mean "lost-card"\?/,
    /^1 file, 2 errors, 0 warnings$/,
  ]);

  const { speech } = fakeVoice(folder);
  writeFileSync(
    join(folder, 'config/hotline.yaml'),
    JSON.stringify({ folders: { data: 'data', prompts: 'sounds' }, prompts: speech }),
  );
  const config = ['-c', join(folder, 'config')];
  const before = await hotline('prompts', 'missing', ...config);
  // One line per prompt and language, then their sum.
  const missing = before.lines.length - 1;
  t.equal(before.code, 1);
  t.ok(missing >= SYSTEM_PROMPTS.length, `${missing} missing`);
  t.match(before.lines.at(-1), new RegExp(`^${missing} missing`));
  t.match(await hotline('prompts', 'build', ...config), {
    code: 0,
    lines: [/^prompts: \d+ made, \d+ unchanged, 0 of them recorded, 0 failed, in .*data\/sounds$/],
  });
  t.match(await hotline('prompts', 'missing', ...config), { code: 0, lines: ['no prompt is missing'] });
  t.match((await hotline('prompts', 'list', ...config)).lines.join('\n'), /^system\/position-3 {2}en {2}\d+ms {2}hi$/m);
  mkdirSync(join(folder, 'empty'));
  t.match(await hotline('prompts', 'build', '-c', join(folder, 'empty')), { code: 1, lines: [/prompts\.yaml:1:1 {2}error/] });
});
