import { z } from 'zod';
import { parseDuration } from '../base/time.js';
import type { FlowValue } from './contract.js';
import { quoted, type Said, said, wideHint, withHint } from './finding.js';
import type { IssueParams } from './issues.js';
import { SHAPE_WORDS } from './shape-words.js';

/** Pieces that the shapes of several node kinds are made of. Issues of their own carry `IssueParams`. */

/** A node's name, or a small node written in place. */
export type RawTarget = string | Readonly<Record<string, unknown>>;
/** A prompt's name, `{ prompt, in: language }`, or several of them in a row. */
export type RawPrompts =
  | string
  | { readonly prompt: string; readonly in: string }
  | ReadonlyArray<string | { prompt: string; in: string }>;

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const target = z.custom<RawTarget>((value) => typeof value === 'string' || isMapping(value), {
  error: SHAPE_WORDS.target.en,
});

const isPrompt = (value: unknown): boolean =>
  typeof value === 'string' ||
  (isMapping(value) && typeof value.prompt === 'string' && typeof value.in === 'string' && Object.keys(value).length === 2);

export const prompts = z.custom<RawPrompts>(
  (value) => isPrompt(value) || (Array.isArray(value) && value.length > 0 && value.length <= 20 && value.every(isPrompt)),
  {
    error: SHAPE_WORDS.prompts.en,
  },
);

/** A value as it stands, or one that is computed. */
export type RawValue = FlowValue | { readonly value: string };
/** As RawValue, but a text is the name of a value, and `{ text }` a text. */
export type RawNamedValue = RawValue | { readonly text: string };

export const MAX_VALUE_TEXT = 200;
const isPlain = (value: unknown): value is FlowValue =>
  value === null || (typeof value === 'number' && Number.isFinite(value)) || ['string', 'boolean'].includes(typeof value);
const isOnly = (value: unknown, name: string): boolean =>
  isMapping(value) && typeof value[name] === 'string' && Object.keys(value).length === 1;

/** For fields that hold a value of their own: `set`, `with`, the message of `send`. */
export const value = z.custom<RawValue>((raw) => isPlain(raw) || isOnly(raw, 'value'), {
  error: SHAPE_WORDS.value.en,
});

/** For fields that ask for a value by its name: what `lookup` sends, what `say` says. */
export const namedValue = z.custom<RawNamedValue>((raw) => isPlain(raw) || isOnly(raw, 'value') || isOnly(raw, 'text'), {
  error: SHAPE_WORDS.namedValue.en,
});

export const MAX_TIMEOUT_MS = 600_000;

/** `5s`, at most ten minutes; comes out in milliseconds. */
export const duration = z
  .unknown()
  .meta({ type: 'string', pattern: '^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$', description: 'A length of time: 5s, 250ms, 1m30s' })
  .transform((value, ctx): number => {
    const refuse = (rule: string, message: Said): number => {
      const params: IssueParams = { rule, message };
      ctx.issues.push({ code: 'custom', input: value, message: message.en, params });
      return 1;
    };
    if (value === undefined) return refuse('missing-field', said('a length of time is missing', '缺少时间长度'));
    if (typeof value === 'number')
      return value === 0
        ? refuse('zero-timeout', ZERO)
        : refuse('wrong-type', said(`${value} has no unit; write ${value}s`, `${value} 没有单位；请写 ${value}s`));
    if (typeof value !== 'string')
      return refuse('wrong-type', said('a length of time is expected here, like 5s', '这里要时间长度，如 5s'));
    const parsed = parseDuration(value);
    if (!parsed.ok)
      return refuse(
        'wrong-type',
        withHint(said(parsed.error, `${quoted(value)} 不是时间长度；请写成 20s、1m30s、250ms 这样`), wideHint(value)),
      );
    if (parsed.value === 0) return refuse('zero-timeout', ZERO);
    if (parsed.value > MAX_TIMEOUT_MS) return refuse('out-of-range', said(`${value} is longer than 10m`, `${value} 超过 10m`));
    return parsed.value;
  });
const ZERO = said('a timeout of zero leaves the caller no time to press a key', '超时为零，来电者来不及按键');

export const NODE_NAME = /^[a-z][a-z0-9-]{0,63}$/;
export const VARIABLE_NAME = /^[a-z][A-Za-z0-9_]{0,31}$/;
export const LANGUAGE_NAME = /^[a-z]{2,3}(-[A-Z]{2})?$/;
/** A field of what is sent to an endpoint. */
export const FIELD_NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
/** A DTMF key, or several for a menu with long choices. */
export const KEYS = /^[0-9*#A-D]{1,8}$/;
