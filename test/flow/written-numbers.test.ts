import t from 'tap';
import { readSource } from '../../src/flow/source.js';
import { findingsOf, flowText } from './walker.js';

const setting = (value: string): string =>
  flowText('n', `start: a\nnodes:\n  a: { set: { x: ${value} }, next: b }\n  b: { hangup: true }`);

t.test('numbers that YAML would change are refused with what to write', async (t) => {
  const cases: Array<[written: string, read: string]> = [
    ['0123', '123'],
    ['010', '10'],
    ['00', '0'],
    ['-007', '-7'],
    ['0x10', '16'],
    ['0o17', '15'],
    ['1e3', '1000'],
    ['1E3', '1000'],
    ['1.5e300', '1.5e+300'],
    ['+8613800000001', '8613800000001'],
    ['01.5', '1.5'],
    ['.inf', 'Infinity'],
    ['-.inf', '-Infinity'],
    ['.nan', 'NaN'],
  ];
  for (const [written, read] of cases) {
    t.same(
      findingsOf(setting(written)),
      [`5:18  error  unquoted-number  put ${written} in quotes: "${written}" (YAML reads it as the number ${read})`],
      written,
    );
    t.same(findingsOf(setting(`"${written}"`)), [], `"${written}"`);
  }
  t.same(findingsOf(setting('12345678901234567890')), [
    '5:18  error  unquoted-number  put 12345678901234567890 in quotes: "12345678901234567890" (a number has at most 15 digits)',
  ]);
  for (const right of [
    '0',
    '7',
    '-7',
    '1280.50',
    '0.5',
    '.5',
    '95588',
    '123456789012345',
    'true',
    'null',
    '2026-12-01',
    '08:30',
    '1_000',
  ])
    t.same(findingsOf(setting(right)), [], right);
  const source = readSource('a: 2026-12-01\nb: 1.50\nc: [x, "y"]', 'f');
  t.match(source.ok && source.value.value, { a: '2026-12-01', b: 1.5 }, 'a day stays a text');
  t.same(source.ok && source.value.written(['b']), { text: '1.50', inQuotes: false });
  t.same(source.ok && source.value.written(['c', 1]), { text: 'y', inQuotes: true });
  t.equal(source.ok && source.value.written(['c']), null);
});

t.test('where a text belongs, a number is told how to become one', async (t) => {
  const cases: Array<[nodes: string, expected: string]> = [
    ['a: { queue: { to: 95588 } }', '5:21  error  unquoted-number  a text is expected here; put 95588 in quotes: "95588"'],
    ['a: { queue: { to: 1.50 } }', '5:21  error  unquoted-number  a text is expected here; put 1.50 in quotes: "1.50"'],
    ['a: { queue: { to: 0800 } }', '5:21  error  unquoted-number  put 0800 in quotes: "0800" (YAML reads it as the number 800)'],
    ['a: { queue: { to: true } }', '5:21  error  wrong-type  a text is expected here, not true; put it in quotes: "true"'],
    [
      'a: { menu: { prompt: p, bargeIn: on }, keys: { "1": a }, failed: a }',
      '5:36  error  wrong-type  true or false is expected here, not the text "on"; write true',
    ],
    [
      'a: { menu: { prompt: p }, keys: { 1: a, 01: a }, failed: a }',
      '5:37  error  unquoted-number  put 1 in quotes: "1" (YAML reads it as the number 1)',
    ],
    [
      'a: { menu: { prompt: p }, keys: { 01: a }, failed: a }',
      '5:37  error  unquoted-number  put 01 in quotes: "01" (YAML reads it as the number 1)',
    ],
  ];
  for (const [node, expected] of cases) {
    const found = findingsOf(flowText('n', `start: a\nnodes:\n  ${node}`));
    t.equal(found[0], expected, node);
    t.ok(
      found.every((each, index) => found.indexOf(each) === index),
      'and nothing twice',
      { found },
    );
  }
});

t.test('words that look like something else', async (t) => {
  for (const word of ['yes', 'No', 'ON', 'off', 'y', 'none'])
    t.same(
      findingsOf(setting(word)),
      [`5:18  error  unquoted-word  write true, false or null, or put the text in quotes: "${word}"`],
      word,
    );
  t.same(findingsOf(setting('"yes"')), []);
  t.same(findingsOf(setting('vars.due')), [
    '5:18  error  text-or-value  this is the text "vars.due"; write { value: vars.due } for the value, or put the text in quotes',
  ]);
  t.same(findingsOf(setting('"vars.due"')), []);
  t.same(findingsOf(setting('vip')), []);
  t.same(findingsOf(setting(`"${'x'.repeat(201)}"`)), ['5:18  error  out-of-range  the text is longer than 200 characters']);
});
