import type { FlowValue } from './contract.js';

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

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type Arithmetic = '+' | '-' | '*';

/** What is known of a value before the call; `any`: nothing. */
export type ValueType = 'text' | 'number' | 'boolean' | 'any';

/** What an expression may name beside the fixed names. */
export interface ExpressionNames {
  readonly vars: ReadonlyMap<string, ValueType>;
  readonly params: ReadonlyMap<string, ValueType>;
  /** Variables of secure entry: no expression can read them. */
  readonly secure: ReadonlySet<string>;
}

/** Sums and products beyond this are no number any more: whole numbers above it cannot be told apart for certain. */
export const MAX_NUMBER = 1e15;

/** What can be asked beside `vars.NAME` and `params.NAME`. */
export const FIXED_NAMES: Readonly<Record<string, ValueType>> = {
  'caller.tier': 'text',
  'caller.language': 'text',
  'caller.known': 'boolean',
  'caller.verified': 'boolean',
  'caller.number': 'text',
  'call.dnis': 'text',
  'call.ani': 'text',
};
export const KNOWN_NAMES: readonly string[] = Object.keys(FIXED_NAMES);

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
