import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { RULES, ruleWords } from '../../src/flow/rule-words.js';

/** Each rule that the sources tell is told to people in both languages, and nothing else is. */

const OTHERS = [
  'main/flows/settle-changes.ts',
  'main/flows/check-thread.ts',
  'main/flows/text-checks.ts',
  'adapters/files/flow-files.ts',
];
const sources = [
  ...(readdirSync('src/flow', { recursive: true }) as string[])
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `flow/${name}`),
  ...OTHERS,
].filter((name) => name !== 'flow/rule-words.ts');

const WRITTEN = [
  /'(?:error|warn)',\s*'([a-z-]+)'/g,
  /\b(?:error|warn|errorAtKey|fail)\(\s*'([a-z-]+)'/g,
  /\brefuse\((?:\w+, )?'([a-z-]+)'/g,
  /\brule:\s*'([a-z-]+)'/g,
  /\brule: '[a-z-]+'(?: \| '([a-z-]+)')+/g,
  /\?\s*'([a-z]+(?:-[a-z]+)*)'\s*:\s*error\.code/g,
];

function rulesInSources(): Set<string> {
  const found = new Set<string>();
  for (const name of sources) {
    const text = readFileSync(`src/${name}`, 'utf8');
    for (const pattern of WRITTEN) for (const [, rule] of text.matchAll(pattern)) if (rule !== undefined) found.add(rule);
    for (const [, list] of text.matchAll(/\brule: ((?:'[a-z-]+'(?: \| )?)+);/g))
      for (const [, rule] of (list ?? '').matchAll(/'([a-z-]+)'/g)) found.add(rule as string);
  }
  const kinds = /export type KnownKind =([^;]+);/.exec(readFileSync('src/flow/nodes/kind.ts', 'utf8'))?.[1] ?? '';
  for (const [, kind] of kinds.matchAll(/'([a-z]+)'/g)) found.add(`unknown-${kind}`);
  return found;
}

t.test('every rule has a name and advice in Chinese and English', async (t) => {
  const found = rulesInSources();
  t.ok(found.size > 50, `${found.size} rules are found in the sources`);
  t.same(
    [...found].filter((rule) => !RULES.has(rule)),
    [],
    'none without words',
  );
  for (const rule of RULES) {
    const [zh, en] = [ruleWords(rule, 'zh'), ruleWords(rule, 'en')];
    t.match(zh, { name: /\p{Script=Han}/u, advice: /\p{Script=Han}.*。$/u }, rule);
    t.match(en, { name: /^[A-Za-z ]{3,40}$/, advice: /^[A-Z].*\.$/ }, rule);
  }
  t.equal(ruleWords('constructor', 'zh'), null);
});

t.test('no words for a rule that nobody tells', async (t) => {
  const all = sources.map((name) => readFileSync(`src/${name}`, 'utf8')).join('\n');
  const kinds = rulesInSources();
  t.same(
    [...RULES].filter((rule) => !all.includes(`'${rule}'`) && !kinds.has(rule)),
    [],
  );
});
