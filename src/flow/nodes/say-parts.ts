import { z } from 'zod';
import { nearest, quoted, type Said, said } from '../finding.js';
import type { IssueParams } from '../issues.js';
import { CURRENCIES, type Currency, DIGIT_STYLES, type DigitStyle, SAY_KINDS, type SayKind } from '../say/grammar.js';
import type { SayForm } from '../say/say.js';
import { SHAPE_WORDS } from '../shape-words.js';
import { namedValue, prompts, type RawNamedValue } from '../shapes.js';
import type { Path } from '../source.js';

/** What stands in the list of a `say`: prompts by name, and values with how each is said. */

export type RawSayPart =
  | { readonly what: 'prompt'; readonly path: Path; readonly prompt: string | { readonly prompt: string; readonly in: string } }
  | {
      readonly what: 'value';
      readonly path: Path;
      readonly form: SayForm;
      readonly value: RawNamedValue;
      readonly language: string | null;
    };

type Refuse = (rule: string, path: Path, message: Said) => null;

const MAX_PARTS = 20;
const CURRENCY_NAMES = Object.keys(CURRENCIES) as Currency[];
/** Fields beside the value and `in`. */
const MORE_FIELDS: Readonly<Record<SayKind, readonly string[]>> = {
  number: [],
  digits: ['style'],
  amount: ['currency'],
  date: [],
  time: [],
  percent: [],
  duration: [],
};

export const sayParts = z.unknown().transform((raw, ctx): readonly RawSayPart[] => {
  const refuse: Refuse = (rule, path, message) => {
    ctx.issues.push({
      code: 'custom',
      input: raw,
      path: [...path],
      message: message.en,
      params: { rule, message } satisfies IssueParams,
    });
    return null;
  };
  if (!Array.isArray(raw)) return [readPart(raw, [], refuse)].filter((part) => part !== null);
  if (raw.length < 1 || raw.length > MAX_PARTS)
    refuse('out-of-range', [], said(`one to ${MAX_PARTS} things can be said in a row`, `一次播报 1 到 ${MAX_PARTS} 项`));
  return raw.map((part, index) => readPart(part, [index], refuse)).filter((part) => part !== null);
});

function readPart(raw: unknown, path: Path, refuse: Refuse): RawSayPart | null {
  if (typeof raw === 'string') return { what: 'prompt', path, prompt: raw };
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return refuse('wrong-type', path, EXPECTED);
  const fields = raw as Readonly<Record<string, unknown>>;
  const kinds = SAY_KINDS.filter((kind) => Object.hasOwn(fields, kind));
  const [kind] = kinds;
  if (kind === undefined) {
    if (prompts.safeParse(raw).success) return { what: 'prompt', path, prompt: raw as { prompt: string; in: string } };
    const name = Object.keys(fields)[0] ?? '';
    const near = nearest(name, SAY_KINDS);
    const told = said(`${quoted(name)} cannot be said${near.en}; ${KINDS.en}`, `${quoted(name)} 不能播报${near.zh}；${KINDS.zh}`);
    return refuse('unknown-field', [...path, name], told);
  }
  if (kinds.length > 1)
    return refuse(
      'contradiction',
      [...path, kinds[1] as string],
      said('say one thing at a time, each in braces of its own', '一次只播报一项，每项各写一对花括号'),
    );
  const known = [kind, 'in', ...MORE_FIELDS[kind]];
  for (const name of Object.keys(fields)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const told = said(`${quoted(name)} means nothing here${near.en}`, `${quoted(name)} 在这里没有意义${near.zh}`);
    return refuse('unknown-field', [...path, name], told);
  }
  if (!namedValue.safeParse(fields[kind]).success) return refuse('wrong-type', [...path, kind], SHAPE_WORDS.namedValue);
  const language = fields.in ?? null;
  if (language !== null && typeof language !== 'string')
    return refuse('wrong-type', [...path, 'in'], said('a language is expected here, like zh', '这里要一种语言，如 zh'));
  const form = readForm(kind, fields, path, refuse);
  return form && { what: 'value', path, form, value: fields[kind] as RawNamedValue, language };
}

function readForm(kind: SayKind, fields: Readonly<Record<string, unknown>>, path: Path, refuse: Refuse): SayForm | null {
  const oneOf = <T extends string>(field: string, choices: readonly T[]): T | null => {
    const raw = fields[field];
    const chosen = choices.find((choice) => choice === raw);
    if (chosen !== undefined) return chosen;
    const near = typeof raw === 'string' ? nearest(raw, choices) : said('', '');
    const told = said(`expected ${choices.join(' or ')}${near.en}`, `这里要写 ${choices.join(' 或 ')}${near.zh}`);
    return refuse('wrong-type', [...path, field], told);
  };
  if (kind === 'amount') {
    if (fields.currency === undefined) return refuse('missing-field', path, CURRENCY_MISSING);
    const currency = oneOf<Currency>('currency', CURRENCY_NAMES);
    return currency && { kind, currency };
  }
  if (kind === 'digits') {
    const style = fields.style === undefined ? 'plain' : oneOf<DigitStyle>('style', DIGIT_STYLES);
    return style && { kind, style };
  }
  return { kind };
}

const CURRENCY_MISSING = said(
  `an amount needs its currency: { amount: due, currency: ${CURRENCY_NAMES[0]} }`,
  `金额要写币种：{ amount: due, currency: ${CURRENCY_NAMES[0]} }`,
);
const KINDS = said(`values are said as ${SAY_KINDS.join(', ')}`, `值可以按 ${SAY_KINDS.join('、')} 播报`);
const EXPECTED = said(
  'the name of a prompt is expected here, or a value in braces: { amount: due, currency: CNY }',
  '这里要提示音的名称，或花括号里的值：{ amount: due, currency: CNY }',
);

/** JSON Schema of one part, for editors. */
const sayPartSchema: Readonly<Record<string, unknown>> = {
  anyOf: [
    { $ref: '#/$defs/prompt' },
    ...SAY_KINDS.map((kind) => ({
      type: 'object',
      properties: {
        [kind]: { $ref: '#/$defs/namedValue' },
        ...(kind === 'amount' && { currency: { enum: CURRENCY_NAMES } }),
        ...(kind === 'digits' && { style: { enum: DIGIT_STYLES, description: 'phone: 1 is said 幺 in Chinese' } }),
        in: { type: 'string', description: 'A language of this flow, whatever the caller chose' },
      },
      required: kind === 'amount' ? [kind, 'currency'] : [kind],
      additionalProperties: false,
    })),
  ],
};

/** JSON Schema of `sayParts`, which the library cannot describe. */
export const sayPartsSchema: Readonly<Record<string, unknown>> = {
  anyOf: [sayPartSchema, { type: 'array', minItems: 1, maxItems: MAX_PARTS, items: sayPartSchema }],
};
