import { err, ok, type Result } from '../base/result.js';
import type { FlowValue } from './contract.js';
import {
  type Arithmetic,
  type Comparison,
  type Expression,
  type ExpressionNames,
  FIXED_NAMES,
  KNOWN_NAMES,
  MAX_NUMBER,
  type ValueType,
} from './expression.js';
import { nearest, quoted, type Said, said } from './finding.js';

/** Reads expressions from their text; the grammar stands in `expression.ts`. */

export interface ExpressionFault {
  /** Index in the text. */
  readonly at: number;
  readonly rule: 'bad-expression' | 'unknown-name' | 'type-mismatch' | 'secure-value';
  readonly message: Said;
}

export const MAX_EXPRESSION = 500;
const MAX_TOKENS = 100;
const MAX_NESTING = 16;
const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='];
const NO_NAMES: ReadonlySet<string> = new Set(['and', 'or', 'not', 'in', 'is', 'empty']);

interface Token {
  readonly kind: 'text' | 'number' | 'word' | 'sign' | 'end';
  readonly text: string;
  readonly at: number;
}

class Fault extends Error {
  constructor(readonly fault: ExpressionFault) {
    super(fault.message.en);
  }
}

const fail = (rule: ExpressionFault['rule'], at: number, message: Said): never => {
  throw new Fault({ at, rule, message });
};
const bad = (at: number, message: Said): never => fail('bad-expression', at, message);

export interface TypedExpression {
  readonly expression: Expression;
  readonly type: ValueType;
}

/** Reads an expression and checks that its names are known and that no text is taken for a number. */
export function parseExpression(text: string, names: ExpressionNames): Result<TypedExpression, ExpressionFault> {
  try {
    if (text.length > MAX_EXPRESSION)
      bad(0, said(`the expression is longer than ${MAX_EXPRESSION} characters`, `表达式超过 ${MAX_EXPRESSION} 个字符`));
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
    if (match === null) {
      const [what, hint] = [quoted(text.slice(at, at + 1)), hintFor(text[at])];
      return bad(at, said(`${what} has no meaning here${hint.en}`, `${what} 在这里没有意义${hint.zh}`));
    }
    const [, double, single, number, word, sign] = match;
    if (double !== undefined || single !== undefined) made.push({ kind: 'text', text: (double ?? single) as string, at });
    else if (number !== undefined) made.push({ kind: 'number', text: numeral(number, at), at });
    else if (word !== undefined) made.push({ kind: 'word', text: word, at });
    else if (sign !== undefined) made.push({ kind: 'sign', text: sign, at });
    if (made.length > MAX_TOKENS)
      bad(at, said(`the expression has more than ${MAX_TOKENS} parts`, `表达式超过 ${MAX_TOKENS} 个部分`));
  }
  made.push({ kind: 'end', text: '', at: text.length });
  return made;
}

function hintFor(character = ''): Said {
  if (character === '=') return said('; compare with ==', '；比较用 ==');
  if (character === '/' || character === '%') return said('; there is no division', '；没有除法');
  if (/[\uff01-\uff5e“”‘’]/.test(character))
    return said('; it is full-width: type it again in half width', '；这是全角字符：请改成半角');
  return said('', '');
}

/** A number that would lose its zeros or its end is meant as a text. */
function numeral(written: string, at: number): string {
  if (/^0\d/.test(written) || Number(written) >= MAX_NUMBER)
    bad(
      at,
      said(
        `put ${written} in quotes: a number has no leading zeros and at most 15 digits`,
        `请给 ${written} 加引号：数字不能以零开头，最多 15 位`,
      ),
    );
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
    if (rest.kind !== 'end') bad(rest.at, said(`${quoted(rest.text)} is too much here`, `${quoted(rest.text)} 在这里是多余的`));
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

  private expect(sign: string, message: Said): void {
    if (this.take(sign) === null) bad(this.look().at, message);
  }

  /** Guards the recursion; the fault leaves the count as it is, because nothing is read after it. */
  private deeper<T>(read: () => T): T {
    if (++this.nesting > MAX_NESTING) bad(this.look().at, said('the expression is nested too deeply', '表达式嵌套过深'));
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
      this.expect(
        'in',
        said('in is expected after not: vars.city not in ["010", "021"]', 'not 后面要写 in：vars.city not in ["010", "021"]'),
      );
      return { expression: { op: 'not', of: this.within(left) }, type: 'boolean' };
    }
    if (this.take('is') === null) return left;
    const isNot = this.take('not') !== null;
    this.expect('empty', said('empty is expected: vars.due is empty', '这里要写 empty：vars.due is empty'));
    const empty: Expression = { op: 'empty', of: left.expression };
    return { expression: isNot ? { op: 'not', of: empty } : empty, type: 'boolean' };
  }

  private comparison(left: TypedExpression, sign: Token): TypedExpression {
    const right = this.sum();
    const again = this.take(...COMPARISONS);
    if (again !== null)
      bad(again.at, said('compare two values at a time; join comparisons with and', '一次只比较两个值；多个比较用 and 连接'));
    if (isFixed(left.expression) && isFixed(right.expression))
      bad(sign.at, said('this compares two fixed values; one side should be a name', '这里比较的是两个固定值；其中一边应是名称'));
    this.alike(left, right, sign.at);
    const op = sign.text as Comparison;
    const unordered = [left.type, right.type].includes('boolean') || [left, right].some(({ expression }) => isNull(expression));
    if (op !== '==' && op !== '!=' && unordered)
      fail(
        'type-mismatch',
        sign.at,
        said(`${op} compares numbers or texts, not true, false or null`, `${op} 只比较数字或文字，不比较 true、false 或 null`),
      );
    return { expression: { op, left: left.expression, right: right.expression, at: sign.at }, type: 'boolean' };
  }

  private alike(left: TypedExpression, right: TypedExpression, at: number): void {
    if (left.type === right.type || left.type === 'any' || right.type === 'any') return;
    const [a, b] = [WORDS[left.type], WORDS[right.type]];
    const hint = isNumberLike(left, right) ? said('; put the number in quotes', '；请给数字加引号') : said('', '');
    fail('type-mismatch', at, said(`${a.en} is never ${b.en}${hint.en}`, `${a.zh}永远不等于${b.zh}${hint.zh}`));
  }

  private within(of: TypedExpression): Expression {
    this.expect('[', said('a list is expected after in: ["1", "2"]', 'in 后面要写列表：["1", "2"]'));
    const list: FlowValue[] = [];
    do {
      const token = this.look();
      const element = this.sign();
      if (element.expression.op !== 'value')
        return bad(
          token.at,
          said('a list holds fixed texts, numbers, true, false or null', '列表里只能是固定的文字、数字、true、false 或 null'),
        );
      this.alike(of, element, token.at);
      list.push(element.expression.value);
    } while (this.take(',') !== null);
    this.expect(']', said('a closing ] is missing', '缺少右括号 ]'));
    if (isFixed(of.expression))
      bad(
        this.look().at,
        said('this looks for a fixed value; a name should stand before in', '这里找的是固定值；in 前面应是名称'),
      );
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
      fail(
        'type-mismatch',
        at,
        said(`${quoted(what)} needs ${WORDS[type].en} here`, `${quoted(what)} 在这里需要${WORDS[type].zh}`),
      );
  }

  private value(): TypedExpression {
    const token = this.look();
    this.next++;
    if (token.kind === 'text') return { expression: { op: 'value', value: token.text }, type: 'text' };
    if (token.kind === 'number') return { expression: { op: 'value', value: Number(token.text) }, type: 'number' };
    if (token.kind === 'sign' && token.text === '(') {
      const inner = this.or();
      this.expect(')', said('a closing ) is missing', '缺少右括号 )'));
      return inner;
    }
    if (token.kind === 'end') return bad(token.at, said('something is missing at the end', '末尾缺少内容'));
    if (token.kind !== 'word' || NO_NAMES.has(token.text)) {
      const found = quoted(token.text);
      return bad(token.at, said(`a value is expected, not ${found}`, `这里要一个值，不是 ${found}`));
    }
    if (token.text === 'true' || token.text === 'false')
      return { expression: { op: 'value', value: token.text === 'true' }, type: 'boolean' };
    if (token.text === 'null') return { expression: { op: 'value', value: null }, type: 'any' };
    const follows = this.look();
    return follows.kind === 'sign' && follows.text === '(' ? this.call(token) : this.name(token);
  }

  private call(token: Token): TypedExpression {
    const { text: name } = token;
    if (name !== 'length' && name !== 'starts' && name !== 'ends') {
      const told = said(
        `${quoted(name)} is no function; there are length(a), starts(a, b) and ends(a, b)`,
        `没有函数 ${quoted(name)}；只有 length(a)、starts(a, b) 和 ends(a, b)`,
      );
      return fail('unknown-name', token.at, told);
    }
    return this.deeper(() => {
      this.next++;
      const first = this.textPart(name);
      if (name !== 'length')
        this.expect(
          ',',
          said(`${name} needs two texts: ${name}(vars.card, "62")`, `${name} 需要两段文字：${name}(vars.card, "62")`),
        );
      const second = name === 'length' ? null : this.textPart(name);
      this.expect(')', said('a closing ) is missing', '缺少右括号 )'));
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
      return fail(
        'secure-value',
        at,
        said(
          `${quoted(own)} is entered securely: it can be sent by a look-up, and nothing else`,
          `${quoted(own)} 是保密输入：只能由查询发送，不能作他用`,
        ),
      );
    const type = group === 'vars' ? vars.get(own) : group === 'params' ? params.get(own) : undefined;
    if (type !== undefined) return named(type);
    if (Object.hasOwn(FIXED_NAMES, text)) return named(FIXED_NAMES[text] as ValueType);
    const known = [
      ...KNOWN_NAMES,
      ...Array.from(vars.keys(), (name) => `vars.${name}`),
      ...Array.from(params.keys(), (name) => `params.${name}`),
    ];
    const near = nearest(text, known);
    if (group === 'vars' && rest.length > 0)
      return fail(
        'unknown-name',
        at,
        said(`no node of this flow sets ${quoted(own)}${near.en}`, `本流程没有节点设置 ${quoted(own)}${near.zh}`),
      );
    if (group === 'params' && rest.length > 0)
      return fail(
        'unknown-name',
        at,
        said(`this flow has no parameter ${quoted(own)}${near.en}`, `本流程没有参数 ${quoted(own)}${near.zh}`),
      );
    const hint = near.en === '' ? ALL_NAMES : near;
    return fail('unknown-name', at, said(`${quoted(text)} is not known here${hint.en}`, `这里没有 ${quoted(text)}${hint.zh}`));
  }
}

const ALL_NAMES = said(
  `; known are ${KNOWN_NAMES.join(', ')}, vars.NAME and params.NAME (a text stands in quotes)`,
  `；可用的有 ${KNOWN_NAMES.join('、')}、vars.NAME 和 params.NAME（文字要加引号）`,
);
const WORDS: Readonly<Record<ValueType, Said>> = {
  text: said('a text', '文字'),
  number: said('a number', '数字'),
  boolean: said('true or false', '是非值'),
  any: said('a value', '值'),
};
const isFixed = (expression: Expression): boolean => expression.op === 'value';
const isNull = (expression: Expression): boolean => expression.op === 'value' && expression.value === null;
const isNumberLike = (left: TypedExpression, right: TypedExpression): boolean =>
  (left.type === 'number' && isFixed(left.expression) && right.type === 'text') ||
  (right.type === 'number' && isFixed(right.expression) && left.type === 'text');
