import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { checkFlowTexts, readFlowFile } from '../../src/adapters/files/flow-files.js';
import { parsePromptFile } from '../../src/adapters/files/prompt-sources.js';
import { namesOf } from '../../src/cli/known-names.js';
import { type Finding, formatFinding } from '../../src/flow/finding.js';
import { type KnownNames, parseFlow } from '../../src/flow/parse-flow.js';

const prompts = parsePromptFile(readFileSync('config/prompts.yaml', 'utf8'), 'config/prompts.yaml');
const known: KnownNames = {
  queues: ['general', 'lost-card', 'transport'],
  skills: ['service', 'instalments', 'english'],
  calendars: ['service'],
  flows: ['credit-card', 'after-hours'],
  endpoints: ['core-banking'],
  receivers: ['sms-gateway'],
  agents: ['1001', '1002'],
  tiers: ['ordinary', 'vip'],
  announcements: [],
  prompts: prompts.ok ? [...prompts.value.keys()] : [],
};

const folder = 'test/flow/broken';
const findingsIn = (text: string, file = 'x.yaml'): readonly Finding[] => {
  const parsed = parseFlow(text, { file, known });
  return parsed.ok ? parsed.value.warnings : parsed.error;
};
const WORDS_OF_THE_LANGUAGE = new Set(readFileSync('config/schema/flow.schema.json', 'utf8').match(/[A-Za-z]+/g));
/** Words of a Chinese message that are neither names of the language, nor of the file, nor quoted. */
const foreignWords = (message: string, text: string): string[] =>
  (message.replace(/"[^"]*"|\{[^}]*\}/g, '').match(/[A-Za-z]{2,}/g) ?? []).filter(
    (word) =>
      !WORDS_OF_THE_LANGUAGE.has(word) &&
      !text.includes(word) &&
      !['YAML', 'UTF', 'vars', 'params', 'list', 'NAME'].includes(word),
  );
const place = ({ line, column, rule, level }: Finding): string => `${line}:${column} ${rule}${level === 'warn' ? ' (warn)' : ''}`;

t.test('each planted fault is found at its line and column, and nothing else', async (t) => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  t.ok(files.length >= 48, `${files.length} files`);
  const rules = new Set<string>();
  for (const file of files) {
    const text = readFileSync(join(folder, file), 'utf8');
    const expected = (/^# expect: (.+)$/m.exec(text)?.[1] ?? 'no header').split(', ');
    const found = findingsIn(text, file);
    t.same(found.map(place), expected, `${file}: ${found.map(formatFinding).join(' | ')}`);
    for (const { rule, message, messageZh = '' } of found) {
      rules.add(rule);
      t.match(messageZh, /\p{Script=Han}/u, `${file}: a sentence in Chinese`);
      t.same(foreignWords(messageZh, text), [], `${file}: ${messageZh}`);
      t.match(message, /^\S.{5,}/, `${file}: a sentence`);
      const isOdd = (c: string): boolean => c < ' ' || (c >= '\u202a' && c <= '\u202e') || (c >= '\u2066' && c <= '\u2069');
      t.notOk(Array.from(message).some(isOdd), `${file}: what is wrong with the text is not repeated to the terminal`);
    }
  }
  t.ok(rules.size >= 30, `${rules.size} rules`);
});

t.test('the shipped flows have no findings under the shipped configuration', async (t) => {
  const names = await namesOf('config');
  const texts = readdirSync('ivr-flows').filter((name) => /(?<!\.test)\.yaml$/.test(name));
  t.ok(texts.length >= 2);
  const checked = checkFlowTexts(new Map(texts.map((name) => [name, readFileSync(`ivr-flows/${name}`, 'utf8')])), names);
  for (const [file, flow] of checked) t.same(flow.ok ? flow.value.warnings : flow.error, [], file);
});

const small = `flow: small
languages: [zh]
start: hello
prompts: { hello: { zh: 您好 } }
nodes: { hello: { play: hello, hangup: true } }
`;

t.test('what is far too big, or grows when it is read, is refused at once', async (t) => {
  const began = performance.now();
  const folder = t.testdir();
  const write = async (name: string, content: string | Buffer): Promise<readonly string[]> => {
    writeFileSync(join(folder, name), content);
    const read = await readFlowFile(join(folder, name), known);
    return (read.ok ? read.value.warnings : read.error).map(place);
  };
  t.same(await write('ten-megabytes.yaml', small + '# x\n'.repeat(2_621_440)), ['1:1 too-big']);
  t.same(await write('one-megabyte.yaml', small + '# x\n'.repeat(262_144)), ['1:1 too-big']);
  t.same(await write('long-line.yaml', `flow: ${'a'.repeat(400_000)}\n`), [
    '1:1 missing-field',
    '1:1 missing-field',
    '1:1 missing-field',
    '1:7 wrong-type',
  ]);
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 9; i++) {
    const before = String.fromCharCode(96 + i);
    const name = String.fromCharCode(97 + i);
    bomb.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(', ')}]`);
  }
  const exploded = await write('alias-bomb.yaml', bomb.join('\n'));
  t.ok(exploded.length > 0 && exploded.every((found) => found.endsWith(' alias')), exploded.join(' '));
  for (const deep of ['['.repeat(100_000), '- '.repeat(100_000), '{a: '.repeat(50_000), `${'? '.repeat(50_000)}x`]) {
    t.match(await write('deep.yaml', deep), [/too-deep$/], deep.slice(0, 4));
  }
  t.ok(performance.now() - began < 10_000);
});

t.test('bytes that are no UTF-8 are told; the mark of byte order and carriage returns are an editor’s business', async (t) => {
  const folder = t.testdir();
  const path = join(folder, 'x.yaml');
  const findings = async (content: Buffer): Promise<string[]> => {
    writeFileSync(path, content);
    const read = await readFlowFile(path, known);
    return (read.ok ? read.value.warnings : read.error).map(place);
  };
  const gbk = Buffer.from(small.replace('您好', '??'));
  gbk.set([0xc4, 0xfa], gbk.indexOf('??'));
  t.same(await findings(gbk), ['4:25 bad-character']);
  t.same(await findings(Buffer.from([0xff, 0xfe, ...Buffer.from(small, 'utf16le')])), ['1:1 bad-character']);
  t.same(await findings(Buffer.from(`\ufeff${small}`)), []);
  t.same(await findings(Buffer.from(small.replaceAll('\n', '\r\n'))), []);
  t.same(findingsIn(small.replace('您好', '您\ufeff好')).map(place), ['4:26 bad-character'], 'in the middle it hides something');
  t.same(findingsIn(small.replace('您好', '您好𠮷😀')).map(place), [], 'characters beyond the first plane are characters');
});

t.test('flows that lead into each other without asking anybody are refused', async (t) => {
  const flow = (name: string, to: string): string =>
    `flow: ${name}\nlanguages: [zh]\nstart: on\nnodes:\n  on: { set: { seen: true }, next: over }\n  over: { flow: ${to} }\n`;
  const places = (texts: Record<string, string>): string[] =>
    Array.from(checkFlowTexts(new Map(Object.entries(texts)), { ...known, prompts: undefined }).values()).flatMap((flow) =>
      (flow.ok ? flow.value.warnings : flow.error).map(({ file, ...found }) => `${file} ${place({ file, ...found })}`),
    );
  t.same(places({ 'a.yaml': flow('a', 'b'), 'b.yaml': flow('b', 'c'), 'c.yaml': flow('c', 'a') }), ['a.yaml 6:1 endless-loop']);
  const asking = flow('c', 'a').replace('next: over', 'next: ask').concat('  ask: { survey: { prompt: x }, next: over }\n');
  t.same(places({ 'a.yaml': flow('a', 'b'), 'b.yaml': flow('b', 'c'), 'c.yaml': asking }), []);
  t.same(places({ 'a.yaml': flow('a', 'b'), 'b.yaml': small.replace('flow: small', 'flow: b') }), []);
});

t.test('several findings of one run stand in the order of the file', async (t) => {
  const found = findingsIn(readFileSync(join(folder, 'several-findings.yaml'), 'utf8'));
  const lines = found.map(({ line }) => line);
  t.ok(lines.length >= 3);
  t.same(
    lines,
    [...lines].sort((a, b) => a - b),
  );
});

t.test('a flow of 500 nodes is checked in under a second, and twice the nodes take about twice as long', async (t) => {
  const big = (count: number): string => {
    const node = (i: number): string => {
      const next = i + 1 < count ? `n${i + 1}` : 'end';
      if (i % 5 === 0)
        return `  n${i}: { menu: { prompt: hello, interDigit: 2s }, keys: { "1": ${next}, "2": n${Math.max(0, i - 7)}, "12": end }, failed: ${next} }`;
      if (i % 5 === 1)
        return `  n${i}: { branch: [ { when: vars.v${i - 1 < 5 ? 3 : i - 3} == true and call.dnis != "1", next: ${next} }, { next: end } ] }`;
      if (i % 5 === 2) return `  n${i}: { collect: { into: c${i}, prompt: hello }, next: ${next}, failed: end }`;
      if (i % 5 === 3) return `  n${i}: { set: { v${i}: true }, next: ${next} }`;
      return `  n${i}: { queue: { to: general, skills: { service: 2 } }, answered: ${next} }`;
    };
    return `flow: big\nlanguages: [zh]\nstart: n0\nprompts: { hello: { zh: 您好 } }\nnodes:\n${Array.from({ length: count }, (_, i) => node(i)).join('\n')}\n  end: { hangup: true }\n`;
  };
  const took = (text: string): number => {
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 3; run++) {
      const began = performance.now();
      t.same(findingsIn(text), []);
      best = Math.min(best, performance.now() - began);
    }
    return best;
  };
  const of250 = took(big(250));
  const of500 = took(big(500));
  t.ok(of500 < 1_000, `${Math.round(of500)} ms`);
  t.ok(of500 < of250 * 6, `${Math.round(of250)} ms for 250 nodes, ${Math.round(of500)} ms for 500`);
});
