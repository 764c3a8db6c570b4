import { err, ok, type Result } from '../base/result.js';
import type { FlowValue } from './contract.js';
import { didYouMean, quoted } from './finding.js';

/**
 * Conditions of a branch: `caller.tier == "vip" and not vars.seen`. A language of its own and small on purpose: it can only
 * compare what it is given, so there is nothing to escape from, and it ends after at most MAX_TOKENS steps.
 *
 *     or    = and { ("or" | "||") and }
 *     and   = not { ("and" | "&&") not }
 *     not   = ("not" | "!") not | compare
 *     compare = value [ ("==" | "!=" | "<" | "<=" | ">" | ">=") value ]
 *     value = "(" or ")" | text | number | true | false | null | name
 */
export type Expression =
  | { readonly op: 'value'; readonly value: FlowValue }
  | { readonly op: 'name'; readonly name: string; readonly at: number }
  | { readonly op: 'not'; readonly of: Expression }
  | { readonly op: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly op: Comparison; readonly left: Expression; readonly right: Expression; readonly at: number };

type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

export interface ExpressionFault {
  /** Index in the text. */
  readonly at: number;
  readonly rule: 'bad-expression' | 'unknown-name';
  readonly message: string;
}

export const MAX_EXPRESSION = 500;
const MAX_TOKENS = 100;
const MAX_NESTING = 16;
/** What can be asked beside `vars.NAME`. */
export const KNOWN_NAMES: readonly string[] = ['caller.tier', 'caller.language', 'caller.known', 'call.dnis'];

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

const bad = (at: number, message: string): never => {
  throw new Fault({ at, rule: 'bad-expression', message });
};

/** Reads an expression; `vars` are the variables that the flow sets somewhere. */
export function parseExpression(text: string, vars: ReadonlySet<string>): Result<Expression, ExpressionFault> {
  try {
    if (text.length > MAX_EXPRESSION) bad(0, `the condition is longer than ${MAX_EXPRESSION} characters`);
    return ok(new Reader(tokens(text), vars).whole());
  } catch (error) {
    if (error instanceof Fault) return err(error.fault);
    throw error;
  }
}

function tokens(text: string): Token[] {
  const made: Token[] = [];
  const pattern = /\s+|"([^"\\]*)"|'([^'\\]*)'|(\d+(?:\.\d+)?)|([A-Za-z_][A-Za-z0-9_.-]*)|(==|!=|<=|>=|&&|\|\||[<>()!])/y;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null)
      return bad(at, `${quoted(text.slice(at, at + 1))} has no meaning here${text[at] === '=' ? '; compare with ==' : ''}`);
    const [, double, single, number, word, sign] = match;
    if (double !== undefined || single !== undefined) made.push({ kind: 'text', text: (double ?? single) as string, at });
    else if (number !== undefined) made.push({ kind: 'number', text: number, at });
    else if (word !== undefined) made.push({ kind: 'word', text: word, at });
    else if (sign !== undefined) made.push({ kind: 'sign', text: sign, at });
    if (made.length > MAX_TOKENS) bad(at, `the condition has more than ${MAX_TOKENS} parts`);
  }
  made.push({ kind: 'end', text: '', at: text.length });
  return made;
}

class Reader {
  private next = 0;
  private nesting = 0;

  constructor(
    private readonly list: readonly Token[],
    private readonly vars: ReadonlySet<string>,
  ) {}

  whole(): Expression {
    const made = this.or();
    const rest = this.look();
    if (rest.kind !== 'end') bad(rest.at, `${quoted(rest.text)} is too much here`);
    return made;
  }

  private look(): Token {
    return this.list[this.next] as Token;
  }

  private take(...texts: string[]): Token | null {
    const token = this.look();
    if ((token.kind !== 'sign' && token.kind !== 'word') || !texts.includes(token.text)) return null;
    this.next++;
    return token;
  }

  private or(): Expression {
    if (++this.nesting > MAX_NESTING) bad(this.look().at, 'the condition is nested too deeply');
    let left = this.and();
    while (this.take('or', '||') !== null) left = { op: 'or', left, right: this.and() };
    this.nesting--;
    return left;
  }

  private and(): Expression {
    let left = this.not();
    while (this.take('and', '&&') !== null) left = { op: 'and', left, right: this.not() };
    return left;
  }

  private not(): Expression {
    if (this.take('not', '!') === null) return this.compare();
    if (++this.nesting > MAX_NESTING) bad(this.look().at, 'the condition is nested too deeply');
    const of = this.not();
    this.nesting--;
    return { op: 'not', of };
  }

  private compare(): Expression {
    const left = this.value();
    const sign = this.take('==', '!=', '<', '<=', '>', '>=');
    if (sign === null) return left;
    const right = this.value();
    const again = this.take('==', '!=', '<', '<=', '>', '>=');
    if (again !== null) bad(again.at, 'compare two values at a time; join comparisons with and');
    if (left.op === 'value' && right.op === 'value') bad(sign.at, 'this compares two fixed values; one side should be a name');
    return { op: sign.text as Comparison, left, right, at: sign.at };
  }

  private value(): Expression {
    const token = this.look();
    this.next++;
    if (token.kind === 'text') return { op: 'value', value: token.text };
    if (token.kind === 'number') return { op: 'value', value: Number(token.text) };
    if (token.kind === 'sign' && token.text === '(') {
      const inner = this.or();
      if (this.take(')') === null) bad(this.look().at, 'a closing ) is missing');
      return inner;
    }
    if (token.kind === 'end') return bad(token.at, 'something is missing at the end');
    if (token.kind !== 'word' || ['and', 'or', 'not'].includes(token.text))
      return bad(token.at, `a value is expected, not ${quoted(token.text)}`);
    if (token.text === 'true' || token.text === 'false') return { op: 'value', value: token.text === 'true' };
    if (token.text === 'null') return { op: 'value', value: null };
    return this.name(token);
  }

  private name(token: Token): Expression {
    const known = [...KNOWN_NAMES, ...Array.from(this.vars, (name) => `vars.${name}`)];
    if (known.includes(token.text)) return { op: 'name', name: token.text, at: token.at };
    const hint = didYouMean(token.text, known);
    const why = token.text.startsWith('vars.')
      ? `no node of this flow sets ${quoted(token.text.slice(5))}${hint}`
      : `${quoted(token.text)} is not known here${hint === '' ? `; known are ${KNOWN_NAMES.join(', ')} and vars.NAME (a text stands in quotes)` : hint}`;
    throw new Fault({ at: token.at, rule: 'unknown-name', message: why });
  }
}

/** True or false; values of different types are never equal and never in order. */
export function isTrue(expression: Expression, lookup: (name: string) => FlowValue): boolean {
  return truth(evaluate(expression, lookup));
}

const truth = (value: FlowValue): boolean => value !== false && value !== null && value !== 0 && value !== '';

function evaluate(expression: Expression, lookup: (name: string) => FlowValue): FlowValue {
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
    default:
      return compare(expression.op, evaluate(expression.left, lookup), evaluate(expression.right, lookup));
  }
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
