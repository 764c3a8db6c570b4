import { err, ok, type Result } from '../base/result.js';
import type { FlowValue } from './contract.js';
import { didYouMean, quoted } from './finding.js';

/**
 * Expressions of conditions and values: `caller.tier == "vip" and vars.due * 2 < 1000`. A language of its own and small on purpose: it only
 * computes with what it is given, so there is nothing to escape from, and it ends after at most MAX_TOKENS steps. Texts cannot be joined, so
 * nothing grows.
 *
 *     or      = and { ("or" | "||") and }
 *     and     = not { ("and" | "&&") not }
 *     not     = ("not" | "!") not | compare
 *     compare = sum [ ("==" | "!=" | "<" | "<=" | ">" | ">=") sum | ["not"] "in" list | "is" ["not"] "empty" ]
 *     list    = "[" literal { "," literal } "]"
 *     sum     = product { ("+" | "-") product }
 *     product = sign { "*" sign }
 *     sign    = "-" sign | value
 *     value   = "(" or ")" | literal | name | "length" "(" sum ")" | ("starts" | "ends") "(" sum "," sum ")"
 *     literal = text | number | "-" number | true | false | null
 */
export type Expression =
  | { readonly op: 'value'; readonly value: FlowValue }
  | { readonly op: 'name'; readonly name: string; readonly at: number }
  | { readonly op: 'not' | 'empty' | 'length' | 'minus'; readonly of: Expression }
  | { readonly op: 'and' | 'or' | 'starts' | 'ends' | Arithmetic; readonly left: Expression; readonly right: Expression }
  | { readonly op: 'in'; readonly of: Expression; readonly list: readonly FlowValue[] }
  | { readonly op: Comparison; readonly left: Expression; readonly right: Expression; readonly at: number };

type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';
type Arithmetic = '+' | '-' | '*';

/** What is known of a value before the call; `any`: nothing. */
export type ValueType = 'text' | 'number' | 'boolean' | 'any';

/** What an expression may name beside the fixed names. */
export interface ExpressionNames {
  readonly vars: ReadonlyMap<string, ValueType>;
  readonly params: ReadonlyMap<string, ValueType>;
  /** Variables of secure entry: no expression can read them. */
  readonly secure: ReadonlySet<string>;
}

export interface ExpressionFault {
  /** Index in the text. */
  readonly at: number;
  readonly rule: 'bad-expression' | 'unknown-name' | 'type-mismatch' | 'secure-value';
  readonly message: string;
}

export const MAX_EXPRESSION = 500;
const MAX_TOKENS = 100;
const MAX_NESTING = 16;
/** Sums and products beyond this are no number any more: whole numbers above it cannot be told apart for certain. */
const MAX_NUMBER = 1e15;

/** What can be asked beside `vars.NAME` and `params.NAME`. */
const FIXED_NAMES: Readonly<Record<string, ValueType>> = {
  'caller.tier': 'text',
  'caller.language': 'text',
  'caller.known': 'boolean',
  'caller.verified': 'boolean',
  'caller.number': 'text',
  'call.dnis': 'text',
  'call.ani': 'text',
};
export const KNOWN_NAMES: readonly string[] = Object.keys(FIXED_NAMES);
const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='];
const NO_NAMES: ReadonlySet<string> = new Set(['and', 'or', 'not', 'in', 'is', 'empty']);

interface Token {
  readonly kind: 'text' | 'number' | 'word' | 'sign' | 'end';
  readonly text: string;
  readonly at: number;
}

class Fault extends Error {
  constructor(readonly fault: ExpressionFault) {
    super(fault.message);
  }
}

const fail = (rule: ExpressionFault['rule'], at: number, message: string): never => {
  throw new Fault({ at, rule, message });
};
const bad = (at: number, message: string): never => fail('bad-expression', at, message);

export interface TypedExpression {
  readonly expression: Expression;
  readonly type: ValueType;
}

/** Reads an expression and checks that its names are known and that no text is taken for a number. */
export function parseExpression(text: string, names: ExpressionNames): Result<TypedExpression, ExpressionFault> {
  try {
    if (text.length > MAX_EXPRESSION) bad(0, `the expression is longer than ${MAX_EXPRESSION} characters`);
    return ok(new Reader(tokens(text), names).whole());
  } catch (error) {
    if (error instanceof Fault) return err(error.fault);
    throw error;
  }
}

function tokens(text: string): Token[] {
  const made: Token[] = [];
  const pattern =
    /\s+|"([^"\\]*)"|'([^'\\]*)'|(\d+(?:\.\d+)?)|([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)|(==|!=|<=|>=|&&|\|\||[<>()![\],+*-])/y;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) return bad(at, `${quoted(text.slice(at, at + 1))} has no meaning here${hintFor(text[at])}`);
    const [, double, single, number, word, sign] = match;
    if (double !== undefined || single !== undefined) made.push({ kind: 'text', text: (double ?? single) as string, at });
    else if (number !== undefined) made.push({ kind: 'number', text: numeral(number, at), at });
    else if (word !== undefined) made.push({ kind: 'word', text: word, at });
    else if (sign !== undefined) made.push({ kind: 'sign', text: sign, at });
    if (made.length > MAX_TOKENS) bad(at, `the expression has more than ${MAX_TOKENS} parts`);
  }
  made.push({ kind: 'end', text: '', at: text.length });
  return made;
}

function hintFor(character: string | undefined): string {
  if (character === '=') return '; compare with ==';
  if (character === '/' || character === '%') return '; there is no division';
  return '';
}

/** A number that would lose its zeros or its end is meant as a text. */
function numeral(written: string, at: number): string {
  if (/^0\d/.test(written) || Number(written) >= MAX_NUMBER)
    bad(at, `put ${written} in quotes: a number has no leading zeros and at most 15 digits`);
  return written;
}

class Reader {
  private next = 0;
  private nesting = 0;

  constructor(
    private readonly list: readonly Token[],
    private readonly names: ExpressionNames,
  ) {}

  whole(): TypedExpression {
    const made = this.or();
    const rest = this.look();
    if (rest.kind !== 'end') bad(rest.at, `${quoted(rest.text)} is too much here`);
    return made;
  }

  private look(): Token {
    return this.list[this.next] as Token;
  }

  private take(...texts: readonly string[]): Token | null {
    const token = this.look();
    if ((token.kind !== 'sign' && token.kind !== 'word') || !texts.includes(token.text)) return null;
    this.next++;
    return token;
  }

  private expect(sign: string, message: string): void {
    if (this.take(sign) === null) bad(this.look().at, message);
  }

  /** Guards the recursion; the fault leaves the count as it is, because nothing is read after it. */
  private deeper<T>(read: () => T): T {
    if (++this.nesting > MAX_NESTING) bad(this.look().at, 'the expression is nested too deeply');
    const made = read();
    this.nesting--;
    return made;
  }

  private or(): TypedExpression {
    return this.deeper(() => this.joined('or', ['or', '||'], () => this.joined('and', ['and', '&&'], () => this.not())));
  }

  private joined(op: 'and' | 'or', words: readonly string[], part: () => TypedExpression): TypedExpression {
    let left = part();
    while (this.take(...words) !== null) {
      left = { expression: { op, left: left.expression, right: part().expression }, type: 'boolean' };
    }
    return left;
  }

  private not(): TypedExpression {
    if (this.take('not', '!') === null) return this.compare();
    const of = this.deeper(() => this.not());
    return { expression: { op: 'not', of: of.expression }, type: 'boolean' };
  }

  private compare(): TypedExpression {
    const left = this.sum();
    const sign = this.take(...COMPARISONS);
    if (sign !== null) return this.comparison(left, sign);
    if (this.take('in') !== null) return { expression: this.within(left), type: 'boolean' };
    const word = this.look();
    if (word.text === 'not' && word.kind === 'word') {
      this.next++;
      this.expect('in', 'in is expected after not: vars.city not in ["010", "021"]');
      return { expression: { op: 'not', of: this.within(left) }, type: 'boolean' };
    }
    if (this.take('is') === null) return left;
    const isNot = this.take('not') !== null;
    this.expect('empty', 'empty is expected: vars.due is empty');
    const empty: Expression = { op: 'empty', of: left.expression };
    return { expression: isNot ? { op: 'not', of: empty } : empty, type: 'boolean' };
  }

  private comparison(left: TypedExpression, sign: Token): TypedExpression {
    const right = this.sum();
    const again = this.take(...COMPARISONS);
    if (again !== null) bad(again.at, 'compare two values at a time; join comparisons with and');
    if (isFixed(left.expression) && isFixed(right.expression))
      bad(sign.at, 'this compares two fixed values; one side should be a name');
    this.alike(left, right, sign.at);
    const op = sign.text as Comparison;
    const unordered = [left.type, right.type].includes('boolean') || [left, right].some(({ expression }) => isNull(expression));
    if (op !== '==' && op !== '!=' && unordered)
      fail('type-mismatch', sign.at, `${op} compares numbers or texts, not true, false or null`);
    return { expression: { op, left: left.expression, right: right.expression, at: sign.at }, type: 'boolean' };
  }

  private alike(left: TypedExpression, right: TypedExpression, at: number): void {
    if (left.type === right.type || left.type === 'any' || right.type === 'any') return;
    fail(
      'type-mismatch',
      at,
      `${WORDS[left.type]} is never ${WORDS[right.type]}${isNumberLike(left, right) ? '; put the number in quotes' : ''}`,
    );
  }

  private within(of: TypedExpression): Expression {
    this.expect('[', 'a list is expected after in: ["1", "2"]');
    const list: FlowValue[] = [];
    do {
      const token = this.look();
      const element = this.sign();
      if (element.expression.op !== 'value') return bad(token.at, 'a list holds fixed texts, numbers, true, false or null');
      this.alike(of, element, token.at);
      list.push(element.expression.value);
    } while (this.take(',') !== null);
    this.expect(']', 'a closing ] is missing');
    if (isFixed(of.expression)) bad(this.look().at, 'this looks for a fixed value; a name should stand before in');
    return { op: 'in', of: of.expression, list };
  }

  private sum(): TypedExpression {
    return this.arithmetic(['+', '-'], () => this.arithmetic(['*'], () => this.sign()));
  }

  private arithmetic(signs: readonly string[], part: () => TypedExpression): TypedExpression {
    let at = this.look().at;
    let left = part();
    for (let sign = this.take(...signs); sign !== null; sign = this.take(...signs)) {
      this.mustBe('number', left, at, sign.text);
      at = this.look().at;
      const right = part();
      this.mustBe('number', right, at, sign.text);
      left = { expression: { op: sign.text as Arithmetic, left: left.expression, right: right.expression }, type: 'number' };
    }
    return left;
  }

  private sign(): TypedExpression {
    const minus = this.take('-');
    if (minus === null) return this.value();
    const { at } = this.look();
    const of = this.deeper(() => this.sign());
    this.mustBe('number', of, at, '-');
    if (of.expression.op === 'value')
      return { expression: { op: 'value', value: -(of.expression.value as number) }, type: 'number' };
    return { expression: { op: 'minus', of: of.expression }, type: 'number' };
  }

  private mustBe(type: 'number' | 'text', found: TypedExpression, at: number, what: string): void {
    if (found.type !== type && (found.type !== 'any' || isNull(found.expression)))
      fail('type-mismatch', at, `${quoted(what)} needs ${WORDS[type]} here`);
  }

  private value(): TypedExpression {
    const token = this.look();
    this.next++;
    if (token.kind === 'text') return { expression: { op: 'value', value: token.text }, type: 'text' };
    if (token.kind === 'number') return { expression: { op: 'value', value: Number(token.text) }, type: 'number' };
    if (token.kind === 'sign' && token.text === '(') {
      const inner = this.or();
      this.expect(')', 'a closing ) is missing');
      return inner;
    }
    if (token.kind === 'end') return bad(token.at, 'something is missing at the end');
    if (token.kind !== 'word' || NO_NAMES.has(token.text)) return bad(token.at, `a value is expected, not ${quoted(token.text)}`);
    if (token.text === 'true' || token.text === 'false')
      return { expression: { op: 'value', value: token.text === 'true' }, type: 'boolean' };
    if (token.text === 'null') return { expression: { op: 'value', value: null }, type: 'any' };
    const follows = this.look();
    return follows.kind === 'sign' && follows.text === '(' ? this.call(token) : this.name(token);
  }

  private call(token: Token): TypedExpression {
    const { text: name } = token;
    if (name !== 'length' && name !== 'starts' && name !== 'ends') {
      return fail('unknown-name', token.at, `${quoted(name)} is no function; there are length(a), starts(a, b) and ends(a, b)`);
    }
    return this.deeper(() => {
      this.next++;
      const first = this.textPart(name);
      if (name !== 'length') this.expect(',', `${name} needs two texts: ${name}(vars.card, "62")`);
      const second = name === 'length' ? null : this.textPart(name);
      this.expect(')', 'a closing ) is missing');
      if (second === null) return { expression: { op: 'length', of: first }, type: 'number' };
      return { expression: { op: name as 'starts' | 'ends', left: first, right: second }, type: 'boolean' };
    });
  }

  private textPart(what: string): Expression {
    const { at } = this.look();
    const part = this.sum();
    this.mustBe('text', part, at, what);
    return part.expression;
  }

  private name(token: Token): TypedExpression {
    const { text, at } = token;
    const { vars, params, secure } = this.names;
    const [group, ...rest] = text.split('.');
    const own = rest.join('.');
    const named = (type: ValueType): TypedExpression => ({ expression: { op: 'name', name: text, at }, type });
    if (group === 'vars' && secure.has(own))
      return fail('secure-value', at, `${quoted(own)} is entered securely: it can be sent by a look-up, and nothing else`);
    const type = group === 'vars' ? vars.get(own) : group === 'params' ? params.get(own) : undefined;
    if (type !== undefined) return named(type);
    if (Object.hasOwn(FIXED_NAMES, text)) return named(FIXED_NAMES[text] as ValueType);
    const known = [
      ...KNOWN_NAMES,
      ...Array.from(vars.keys(), (name) => `vars.${name}`),
      ...Array.from(params.keys(), (name) => `params.${name}`),
    ];
    const hint = didYouMean(text, known);
    if (group === 'vars' && rest.length > 0) return fail('unknown-name', at, `no node of this flow sets ${quoted(own)}${hint}`);
    if (group === 'params' && rest.length > 0)
      return fail('unknown-name', at, `this flow has no parameter ${quoted(own)}${hint}`);
    const all = `; known are ${KNOWN_NAMES.join(', ')}, vars.NAME and params.NAME (a text stands in quotes)`;
    return fail('unknown-name', at, `${quoted(text)} is not known here${hint === '' ? all : hint}`);
  }
}

const WORDS: Readonly<Record<ValueType, string>> = {
  text: 'a text',
  number: 'a number',
  boolean: 'true or false',
  any: 'a value',
};
const isFixed = (expression: Expression): boolean => expression.op === 'value';
const isNull = (expression: Expression): boolean => expression.op === 'value' && expression.value === null;
const isNumberLike = (left: TypedExpression, right: TypedExpression): boolean =>
  (left.type === 'number' && isFixed(left.expression) && right.type === 'text') ||
  (right.type === 'number' && isFixed(right.expression) && left.type === 'text');

export type NameLookup = (name: string) => FlowValue;

/** True or false; values of different types are never equal and never in order. */
export const isTrue = (expression: Expression, lookup: NameLookup): boolean => truth(evaluate(expression, lookup));

const truth = (value: FlowValue): boolean => value !== false && value !== null && value !== 0 && value !== '';

/** The value of an expression. What cannot be computed (a sum with a text, a number beyond all bounds) is null. Never throws. */
export function evaluate(expression: Expression, lookup: NameLookup): FlowValue {
  switch (expression.op) {
    case 'value':
      return expression.value;
    case 'name':
      return lookup(expression.name);
    case 'not':
      return !isTrue(expression.of, lookup);
    case 'and':
      return isTrue(expression.left, lookup) && isTrue(expression.right, lookup);
    case 'or':
      return isTrue(expression.left, lookup) || isTrue(expression.right, lookup);
    case 'empty': {
      const value = evaluate(expression.of, lookup);
      return value === null || value === '';
    }
    case 'length': {
      const value = evaluate(expression.of, lookup);
      return typeof value === 'string' ? Array.from(value).length : null;
    }
    case 'minus':
      return compute('-', 0, evaluate(expression.of, lookup));
    case 'in': {
      const value = evaluate(expression.of, lookup);
      return expression.list.some((element) => element === value);
    }
    case 'starts':
    case 'ends':
      return borders(expression.op, evaluate(expression.left, lookup), evaluate(expression.right, lookup));
    case '+':
    case '-':
    case '*':
      return compute(expression.op, evaluate(expression.left, lookup), evaluate(expression.right, lookup));
    default:
      return compare(expression.op, evaluate(expression.left, lookup), evaluate(expression.right, lookup));
  }
}

function borders(op: 'starts' | 'ends', whole: FlowValue, part: FlowValue): boolean {
  if (typeof whole !== 'string' || typeof part !== 'string') return false;
  return op === 'starts' ? whole.startsWith(part) : whole.endsWith(part);
}

/** Rounded to 15 digits, so that 0.1 + 0.2 is 0.3 as anybody expects of an amount. */
function compute(op: Arithmetic, left: FlowValue, right: FlowValue): number | null {
  if (typeof left !== 'number' || typeof right !== 'number') return null;
  const made = op === '+' ? left + right : op === '-' ? left - right : left * right;
  if (!(Math.abs(made) < MAX_NUMBER)) return null;
  return Number(made.toPrecision(15)) + 0; // + 0: no negative zero
}

function compare(op: Comparison, left: FlowValue, right: FlowValue): boolean {
  if (op === '==') return left === right;
  if (op === '!=') return left !== right;
  const ordered =
    (typeof left === 'number' && typeof right === 'number') || (typeof left === 'string' && typeof right === 'string');
  if (!ordered) return false;
  const a = left as number;
  const b = right as number;
  if (op === '<') return a < b;
  if (op === '<=') return a <= b;
  return op === '>' ? a > b : a >= b;
}
