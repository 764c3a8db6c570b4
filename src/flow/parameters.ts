import { z } from 'zod';
import type { FlowValue } from './contract.js';
import { said } from './finding.js';
import type { Tell } from './issues.js';
import type { ParameterShape } from './program.js';
import { SHAPE_WORDS } from './shape-words.js';
import { MAX_VALUE_TEXT } from './shapes.js';
import { wrongVariableName } from './variables.js';

/** What a flow is called with: `params: { reason: text, due: { type: number, default: 0 } }` at its top. */

const TYPE_ZH = { text: '文字', number: '数字', boolean: '是非值（true 或 false）', any: '该类型' } as const;
const parameterType = z.enum(['text', 'number', 'boolean']);
const fixed = z.union([z.string().max(MAX_VALUE_TEXT), z.number(), z.boolean(), z.null()]);
export const rawParameters = z.record(
  z.string(),
  z.union([parameterType, z.strictObject({ type: parameterType, default: fixed.optional() })], {
    error: SHAPE_WORDS.parameterType.en,
  }),
);
export type RawParameters = z.output<typeof rawParameters>;

const MAX_PARAMETERS = 20;

export function checkParameters(raw: RawParameters | undefined, tell: Tell): ReadonlyMap<string, ParameterShape> {
  const made = new Map<string, ParameterShape>();
  for (const [name, each] of Object.entries(raw ?? {})) {
    const path = ['params', name];
    const wrong = wrongVariableName(name);
    if (wrong !== null) tell('error', 'bad-name', path, wrong, 'key');
    const shape: ParameterShape =
      typeof each === 'string'
        ? { type: each }
        : { type: each.type, ...(each.default !== undefined && { default: each.default }) };
    if (shape.default !== undefined && !fits(shape.default, shape))
      tell(
        'error',
        'type-mismatch',
        [...path, 'default'],
        said(`the default is no ${shape.type}`, `默认值不是${TYPE_ZH[shape.type]}`),
      );
    made.set(name, shape);
  }
  if (made.size > MAX_PARAMETERS)
    tell(
      'error',
      'out-of-range',
      ['params'],
      said(`at most ${MAX_PARAMETERS} parameters are allowed`, `最多 ${MAX_PARAMETERS} 个参数`),
      'key',
    );
  return made;
}

/** True when a parameter may hold the value; nothing (null) always fits. */
export const fits = (value: FlowValue, { type }: ParameterShape): boolean =>
  value === null || type === 'any' || typeof value === (type === 'text' ? 'string' : type);

/** What a flow was called with: each declared parameter, by what was given if it fits, else by its default, else nothing. */
export function parametersFor(
  declared: ReadonlyMap<string, ParameterShape>,
  given: Readonly<Record<string, FlowValue>>,
): Record<string, FlowValue> {
  const made: Record<string, FlowValue> = {};
  for (const [name, shape] of declared) {
    const value = Object.hasOwn(given, name) ? (given[name] as FlowValue) : null;
    made[name] = value !== null && fits(value, shape) ? value : (shape.default ?? null);
  }
  return made;
}

/** Names that `return: { NAME: value }` gives back anywhere in the nodes. The depth of a file is bounded by its reader. */
export function resultsOf(nodes: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  const look = (raw: unknown): void => {
    if (typeof raw !== 'object' || raw === null) return;
    for (const [name, value] of Object.entries(raw)) {
      if (name === 'return' && typeof value === 'object' && value !== null && !Array.isArray(value)) {
        for (const result of Object.keys(value)) found.add(result);
      } else look(value);
    }
  };
  look(nodes);
  return found;
}
