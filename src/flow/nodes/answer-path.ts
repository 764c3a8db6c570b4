import type { Json } from '../../base/look-up.js';
import type { FlowValue } from '../contract.js';

/** `answer.card.bills.0.due`, also written `bills[0]`: where a value lies in the answer of a look-up. */
export type AnswerPath = ReadonlyArray<string | number>;

const MAX_STEPS = 10;
const WHOLE = /^answer((\.[\p{L}_][\p{L}\p{N}_-]{0,63})|(\.\d{1,4})|(\[\d{1,4}\]))*$/u;
const STEP = /\.([\p{L}\p{N}_-]+)|\[(\d+)\]/gu;
/** A longer text is cut: a flow says and compares short ones. */
export const MAX_TAKEN_TEXT = 200;

/** Null: not such a path. */
export function readAnswerPath(text: string): AnswerPath | null {
  if (!WHOLE.test(text)) return null;
  const steps = Array.from(text.matchAll(STEP), ([, name, index]) => name ?? Number(index));
  return steps.length <= MAX_STEPS ? steps : null;
}

/** The value there. Undefined: there is none, or it is a list or a mapping. Control characters are taken out of texts. */
export function valueIn(answer: Json, path: AnswerPath): FlowValue | undefined {
  let here: Json | undefined = answer;
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    if (Array.isArray(here) ? !/^\d+$/.test(`${step}`) : typeof step === 'number') return undefined;
    if (!Object.hasOwn(here, step)) return undefined;
    here = (here as { readonly [key: string]: Json })[step];
  }
  if (typeof here === 'string')
    return Array.from(here.replace(/\p{Cc}/gu, ''))
      .slice(0, MAX_TAKEN_TEXT)
      .join('');
  if (typeof here === 'number') return Number.isFinite(here) ? here : undefined;
  return typeof here === 'boolean' || here === null ? here : undefined;
}
