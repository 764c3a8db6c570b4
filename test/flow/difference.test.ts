import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { differenceOf, type FlowText, isSameFlow } from '../../src/flow/difference.js';
import { compareLines } from '../../src/flow/line-difference.js';
import { parseFlow } from '../../src/flow/parse-flow.js';

const read = (text: string, version = 'v1'): FlowText => {
  const parsed = parseFlow(text, { file: 'x.yaml', known: {}, version });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return { text, flow: parsed.value };
};

const before = `flow: sample
languages: [zh, en]
start: hello
prompts:
  hello: { zh: 您好, en: Hello }
  ask: { zh: 请按键, en: Press a key }
nodes:
  hello: { play: hello, next: ask }
  ask:
    menu: { prompt: ask, tries: 3 }
    keys: { "1": agent, "2": old }
    failed: agent
  old: { hangup: true }
  agent: { queue: { to: general } }
`;

t.test('what an admin changed is told by node, words and the rest', async (t) => {
  const after = before
    .replace('tries: 3', 'tries: 2')
    .replace('"2": old', '"5": fresh')
    .replace('  old: { hangup: true }\n', '  fresh: { hangup: true }\n')
    .replace('en: Hello', 'en: Good day')
    .replace('start: hello', 'start: ask\ntitle: { zh: 样 }');
  const change = differenceOf(read(before), read(after.replace('play: hello, next: ask', 'play: hello, next: agent'), 'v2'));
  t.match(change, { a: 'v1', b: 'v2' });
  t.same(change.nodes, [
    { node: 'hello', change: 'changed', what: ['next: ask → agent'] },
    { node: 'ask', change: 'changed', what: ['menu.tries: 3 → 2', '+ keys.5: fresh', '− keys.2: old'] },
    { node: 'fresh', change: 'added', what: ['{ hangup: true }'] },
    { node: 'old', change: 'removed', what: ['{ hangup: true }'] },
  ]);
  t.same(change.prompts, [{ prompt: 'hello', language: 'en', before: 'Hello', after: 'Good day' }]);
  t.same(change.other, ['+ title: { zh: "样" }', 'start: hello → ask']);
  t.same(
    change.lines.filter(({ sign }) => sign !== ' ').map(({ sign, text }) => `${sign}${text}`),
    [
      '-start: hello',
      '+start: ask',
      '+title: { zh: 样 }',
      '-  hello: { zh: 您好, en: Hello }',
      '+  hello: { zh: 您好, en: Good day }',
      '-  hello: { play: hello, next: ask }',
      '+  hello: { play: hello, next: agent }',
      '-    menu: { prompt: ask, tries: 3 }',
      '-    keys: { "1": agent, "2": old }',
      '+    menu: { prompt: ask, tries: 2 }',
      '+    keys: { "1": agent, "5": fresh }',
      '-  old: { hangup: true }',
      '+  fresh: { hangup: true }',
    ],
  );
});

t.test('writing the same otherwise is no change to callers, but to lines', async (t) => {
  const other = before.replace('menu: { prompt: ask, tries: 3 }', 'menu: { tries: 3, prompt: ask } # as before');
  const change = differenceOf(read(before), read(other));
  t.ok(isSameFlow(change));
  t.equal(change.lines.filter(({ sign }) => sign !== ' ').length, 2);
  t.ok(differenceOf(read(before), read(before)).lines.every(({ sign }) => sign === ' '));
  t.ok(isSameFlow(differenceOf(read(before), read(`\uFEFF${before.replaceAll('\n', '\r\n')}`))));
});

t.test('names that every object has are names like others', async (t) => {
  const after = before.replace('  old: { hangup: true }\n', '  old: { hangup: true }\n  constructor: { hangup: true }\n');
  t.same(differenceOf(read(before), read(after)).nodes, [{ node: 'constructor', change: 'added', what: ['{ hangup: true }'] }]);
  t.same(differenceOf(read(after), read(before)).nodes, [{ node: 'constructor', change: 'removed', what: ['{ hangup: true }'] }]);
});

t.test('lines lead from the one text to the other by the fewest changes', async (t) => {
  const shortest = (a: readonly string[], b: readonly string[]): number => {
    // Longest common subsequence by the table that everybody knows.
    const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
    for (let i = 1; i <= a.length; i++) {
      for (let j = 1; j <= b.length; j++) {
        (table[i] as number[])[j] =
          a[i - 1] === b[j - 1]
            ? (table[i - 1]?.[j - 1] as number) + 1
            : Math.max(table[i - 1]?.[j] as number, table[i]?.[j - 1] as number);
      }
    }
    return a.length + b.length - 2 * (table[a.length]?.[b.length] as number);
  };
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 });
  fc.assert(
    fc.property(lines, lines, (a, b) => {
      const compared = compareLines(a, b);
      const side = (sign: string): string[] =>
        compared.filter((line) => line.sign === ' ' || line.sign === sign).map(({ text }) => text);
      t.same(side('-'), a);
      t.same(side('+'), b);
      return compared.filter(({ sign }) => sign !== ' ').length === shortest(a, b);
    }),
    { numRuns: 300 },
  );
});

t.test('two long texts that have nothing in common do not hold up the house', async (t) => {
  const a = Array.from({ length: 10_000 }, (_, i) => `a${i}`);
  const b = Array.from({ length: 10_000 }, (_, i) => `b${i}`);
  const began = performance.now();
  t.equal(compareLines(a, b).length, 20_000);
  t.ok(performance.now() - began < 5_000);
});

t.test('the shipped flows are the same as themselves', async (t) => {
  for (const name of ['credit-card', 'transport-card']) {
    const flow = read(readFileSync(`ivr-flows/${name}.yaml`, 'utf8'));
    t.ok(isSameFlow(differenceOf(flow, flow)), name);
  }
});
