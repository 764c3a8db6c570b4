import type { ExpressionNames, ValueType } from './expression.js';
import { quoted, type Said, said } from './finding.js';
import type { Tell } from './issues.js';
import type { ParameterShape } from './program.js';
import { VARIABLE_NAME } from './shapes.js';
import type { Path } from './source.js';

/** Which variables the nodes of a flow set, and what they hold. */
export class Variables {
  /** All nodes have declared theirs. */
  isComplete = false;
  /** Variable of secure entry -> the nodes that ask for it. */
  readonly secrets = new Map<string, string[]>();
  private readonly plain = new Map<string, ValueType>();
  private readonly params: ReadonlyMap<string, ValueType>;

  constructor(params: ReadonlyMap<string, ParameterShape>) {
    this.params = new Map(Array.from(params, ([name, { type }]) => [name, type]));
  }

  declare(node: string, path: Path, name: string, type: ValueType | 'secure', tell: Tell): void {
    const wrong = wrongVariableName(name);
    if (wrong !== null) {
      tell('error', 'bad-name', path, wrong, path.at(-1) === name ? 'key' : 'value');
      return;
    }
    if (this.isComplete) {
      if (this.secrets.has(name) && this.plain.has(name) && type !== 'secure')
        tell(
          'error',
          'secure-value',
          path,
          said(
            `${quoted(name)} is entered securely elsewhere in this flow; take another name here`,
            `${quoted(name)} 在本流程的别处是保密输入；这里请换一个名称`,
          ),
        );
      return;
    }
    if (type === 'secure') this.secrets.set(name, [...(this.secrets.get(name) ?? []), node]);
    else this.add(name, type);
  }

  /** From a node that cannot be read: what it may have set is not unknown on top of that. */
  guessFrom(raw: unknown): void {
    if (typeof raw !== 'object' || raw === null) return;
    for (const [name, value] of Object.entries(raw)) {
      if (name === 'into' && typeof value === 'string') this.guess(value);
      else if ((name === 'set' || name === 'take') && typeof value === 'object' && value !== null) {
        for (const variable of Object.keys(value)) this.guess(variable);
      } else this.guessFrom(value);
    }
  }

  names(): ExpressionNames {
    return { vars: this.plain, params: this.params, secure: new Set(this.secrets.keys()) };
  }

  private guess(name: string): void {
    if (!this.isComplete && wrongVariableName(name) === null) this.add(name, 'any');
  }

  private add(name: string, type: ValueType): void {
    const before = this.plain.get(name);
    this.plain.set(name, before === undefined || before === type ? type : 'any');
  }
}

/** Why a variable or parameter cannot be called so; null: it can. */
export function wrongVariableName(name: string): Said | null {
  if (!VARIABLE_NAME.test(name))
    return said('a variable is a small letter, then letters, digits or _', '变量名以小写字母开头，后面只用字母、数字或 _');
  // What every object has by itself would seem to be set when it is not.
  return name in {}
    ? said(`${quoted(name)} is a word of the machine; take another name`, `${quoted(name)} 是系统保留的词；请换一个名称`)
    : null;
}
