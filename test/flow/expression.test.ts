import fc from 'fast-check';
import t from 'tap';
import type { FlowValue } from '../../src/flow/contract.js';
import { type ExpressionNames, evaluate, isTrue } from '../../src/flow/expression.js';
import { parseExpression } from '../../src/flow/expression-reader.js';

const names: ExpressionNames = {
  vars: new Map([
    ['any', 'any'],
    ['due', 'number'],
    ['city', 'text'],
    ['seen', 'boolean'],
    ['gone', 'any'],
  ]),
  params: new Map([['reason', 'text']]),
  secure: new Set(['card']),
};
const values: Readonly<Record<string, FlowValue>> = {
  'vars.any': 3,
  'vars.due': 1280.5,
  'vars.city': '021',
  'vars.seen': false,
  'params.reason': '',
  'caller.tier': 'vip',
  'caller.verified': true,
  'call.ani': '13800000001',
};
const lookup = (name: string): FlowValue => values[name] ?? null;

function computed(text: string): FlowValue {
  const parsed = parseExpression(text, names);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error.message.en}`);
  return evaluate(parsed.value.expression, lookup);
}

t.test('what expressions come to', async (t) => {
  const cases: Array<[text: string, expected: FlowValue]> = [
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['10 - 2 - 3', 5],
    ['-2 * -3', 6],
    ['- vars.any', -3],
    ['--vars.any', 3],
    ['vars.any-1', 2],
    ['vars.any -1', 2],
    ['0.1 + 0.2', 0.3],
    ['0.1 + 0.2 == vars.any - 2.7', true],
    ['vars.due * 2', 2561],
    ['vars.due * 0', 0],
    ['vars.any * 999999999999999', null],
    ['vars.gone + 1', null],
    ['vars.gone + 1 > 0', false],
    ['vars.gone + 1 is empty', true],
    ['length(vars.city)', 3],
    ['length("您好")', 2],
    ['length(vars.any)', null],
    ['length(vars.city) + 1 == 4', true],
    ['starts(vars.city, "02") and ends(vars.city, "1")', true],
    ['starts(vars.any, "3")', false],
    ['vars.city in ["010", "021"]', true],
    ['vars.city not in ["010", "021"]', false],
    ['vars.any in [1, 2, 3]', true],
    ['vars.any in ["3"]', false],
    ['vars.any in [-3, null, true]', false],
    ['not vars.city in ["010"]', true],
    ['params.reason is empty', true],
    ['vars.gone is empty and vars.gone == null', true],
    ['vars.city is not empty', true],
    ['vars.due is empty', false],
    ['caller.verified and caller.tier == "vip"', true],
    ['call.ani == caller.number', false],
    ['vars.any == "3"', false],
    ['vars.any != "3"', true],
    ['vars.any < "4"', false],
    ['vars.city < "022"', true],
    ['1 < vars.any and vars.any <= 3', true],
    ['vars.seen or vars.any == 3 and not vars.seen', true],
    ['call.dnis', null],
  ];
  for (const [text, expected] of cases) t.same(computed(text), expected, text);
  t.ok(Object.is(computed('0 * -1'), 0), 'no negative zero');
});

t.test('texts and numbers are not mixed, and names are known', async (t) => {
  const cases: Array<[text: string, at: number, rule: string, message: RegExp]> = [
    ['vars.due == "1280"', 9, 'type-mismatch', /a number is never a text/],
    ['vars.city == 21', 10, 'type-mismatch', /put the number in quotes/],
    ['caller.tier > 3', 12, 'type-mismatch', /a text is never a number/],
    ['vars.seen == "yes"', 10, 'type-mismatch', /true or false is never a text/],
    ['vars.seen < vars.any', 10, 'type-mismatch', /compares numbers or texts/],
    ['vars.any > null', 9, 'type-mismatch', /compares numbers or texts/],
    ['vars.city + 1', 0, 'type-mismatch', /"\+" needs a number/],
    ['1 + vars.city', 4, 'type-mismatch', /"\+" needs a number/],
    ['1 + null', 4, 'type-mismatch', /needs a number/],
    ['-vars.city', 1, 'type-mismatch', /"-" needs a number/],
    ['(vars.any > 1) * 2', 0, 'type-mismatch', /needs a number/],
    ['length(vars.due)', 7, 'type-mismatch', /"length" needs a text/],
    ['starts(vars.city, 2)', 18, 'type-mismatch', /"starts" needs a text/],
    ['vars.city in ["010", 21]', 21, 'type-mismatch', /put the number in quotes/],
    ['vars.city == 021', 13, 'bad-expression', /put 021 in quotes/],
    ['vars.any == 9999999999999999', 12, 'bad-expression', /at most 15 digits/],
    ['vars.due / 2', 9, 'bad-expression', /there is no division/],
    ['vars.city in "021"', 13, 'bad-expression', /a list is expected after in/],
    ['vars.city in [vars.any]', 14, 'bad-expression', /a list holds fixed/],
    ['vars.city in []', 14, 'bad-expression', /a value is expected/],
    ['vars.city in ["1" "2"]', 18, 'bad-expression', /closing \]/],
    ['"a" in ["a"]', 12, 'bad-expression', /fixed value/],
    ['vars.city is "x"', 13, 'bad-expression', /empty is expected/],
    ['vars.city not "x"', 14, 'bad-expression', /in is expected after not/],
    ['length vars.city', 0, 'unknown-name', /"length" is not known/],
    ['length()', 7, 'bad-expression', /a value is expected/],
    ['starts(vars.city)', 16, 'bad-expression', /needs two texts/],
    ['eval("1")', 0, 'unknown-name', /no function/],
    ['vars.constructor', 0, 'unknown-name', /no node of this flow sets "constructor"/],
    ['vars.__proto__', 0, 'unknown-name', /no node/],
    ['params.constructor', 0, 'unknown-name', /no parameter "constructor"/],
    ['constructor', 0, 'unknown-name', /not known here/],
    ['caller.constructor', 0, 'unknown-name', /not known here/],
    ['vars.city.length', 0, 'unknown-name', /no node/],
    ['vars.cty == "1"', 0, 'unknown-name', /did you mean "vars.city"/],
    ['params.reson == "1"', 0, 'unknown-name', /did you mean "params.reason"/],
    ['vars.card == "1"', 0, 'secure-value', /entered securely/],
    ['length(vars.card) == 16', 7, 'secure-value', /entered securely/],
    ['vars.card is empty', 0, 'secure-value', /entered securely/],
    ['vars.any[0]', 8, 'bad-expression', /too much here/],
    ['vars.any; 1', 8, 'bad-expression', /no meaning here/],
    ['1e3', 1, 'bad-expression', /too much here/],
  ];
  for (const [text, at, rule, message] of cases) {
    const parsed = parseExpression(text, names);
    t.match(parsed.ok ? parsed : parsed.error, { at, rule, message: { en: message, zh: /\p{Script=Han}/u } }, text);
  }
  for (const text of [
    '-'.repeat(40),
    '('.repeat(40),
    'length('.repeat(40),
    'not '.repeat(40),
    '1+'.repeat(60),
    'x'.repeat(501),
  ]) {
    t.notOk(parseExpression(text, names).ok, `bounded: ${text.slice(0, 12)}`);
  }
});

t.test('whatever is written, reading it ends, and what can be read can be computed', async (t) => {
  const part = fc.constantFrom(
    ...[
      'vars.any',
      'vars.due',
      'vars.city',
      'params.reason',
      'caller.tier',
      '1',
      '2.5',
      '"a"',
      "'b'",
      'true',
      'null',
      '(',
      ')',
      '[',
      ']',
      ',',
    ],
    ...[
      '+',
      '-',
      '*',
      '==',
      '!=',
      '<',
      '>=',
      'and',
      'or',
      'not',
      '!',
      '&&',
      '||',
      'in',
      'is',
      'empty',
      'length(',
      'starts(',
      'ends(',
      '\\',
      '"',
    ],
  );
  const value = fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null));
  let read = 0;
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), fc.array(value, { minLength: 5, maxLength: 5 }), (parts, given) => {
      const parsed = parseExpression(parts.join(' '), names);
      if (!parsed.ok) return parsed.error.at >= 0 && parsed.error.at <= parts.join(' ').length;
      read++;
      const found = evaluate(parsed.value.expression, (name) => given[name.length % 5] as FlowValue);
      const type = found === null ? 'any' : typeof found === 'string' ? 'text' : typeof found;
      isTrue(parsed.value.expression, lookup);
      return found === null || parsed.value.type === 'any' || parsed.value.type === type || parsed.value.expression.op === 'name';
    }),
    { numRuns: 20_000, seed: 20261122 },
  );
  t.ok(read > 300, `${read} could be read`);
});
