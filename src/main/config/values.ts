import { z } from 'zod';
import type { OpenSpan } from '../../base/calendar.js';
import { formatDuration, type Ms, parseDuration } from '../../base/time.js';

/** The kinds of values that stand in the files of `config/`. Each says in its refusal how to write it. */

const DURATION = /^(\d+(\.\d+)?(ms|s|m|h|d))+$/;
const written = 'write it like 20s, 1m30s, 250ms, 2h or 90d';

/** A length of time with its unit, between two bounds, both allowed. `0s` is a value. */
export const duration = (least: Ms, most: Ms) =>
  z
    .string({ error: `a length of time needs its unit; ${written}` })
    .regex(DURATION, { error: `not a length of time; ${written}` })
    .transform((text, context): Ms => {
      const parsed = parseDuration(text);
      if (!parsed.ok) return refuse(context, 'bad-duration', parsed.error);
      if (parsed.value >= least && parsed.value <= most) return parsed.value;
      return refuse(context, 'out-of-range', `${text} is not between ${formatDuration(least)} and ${formatDuration(most)}`);
    });

/** `every 45s`, or `never` (0). */
export const every = (least: Ms, most: Ms) =>
  z
    .string({ error: 'write it like "every 45s", or "never"' })
    .regex(/^(never|every +(\d+(\.\d+)?(ms|s|m|h|d))+)$/, { error: 'write it like "every 45s", or "never"' })
    .transform((text, context): Ms => {
      if (text === 'never') return 0;
      const parsed = parseDuration(text.replace(/^every +/, ''));
      if (!parsed.ok) return refuse(context, 'bad-duration', parsed.error);
      if (parsed.value >= least && parsed.value <= most) return parsed.value;
      const bounds = `${formatDuration(least)} and ${formatDuration(most)}`;
      return refuse(context, 'out-of-range', `${text} is not between every ${bounds}`);
    });

/** `80%` is 0.8. */
export const percent = (least: number) =>
  z
    .string({ error: 'a share is written like 80%' })
    .regex(/^\d{1,3}(\.\d{1,3})?%$/, { error: 'a share is written like 80%' })
    .transform((text, context): number => {
      const share = Number((Number(text.slice(0, -1)) / 100).toFixed(6));
      if (share >= least && share <= 1) return share;
      return refuse(context, 'out-of-range', `${text} is not between ${least * 100}% and 100%`);
    });

export const count = (least: number, most: number) =>
  z
    .int({ error: 'a whole number is needed' })
    .min(least, { error: `not between ${least} and ${most}` })
    .max(most, { error: `not between ${least} and ${most}` });

const UNITS = { B: 1, KB: 1024, MB: 1024 * 1024 } as const;

/** An amount of bytes with its unit, between two bounds, both allowed. */
export const bytes = (least: number, most: number) =>
  z
    .string({ error: 'a size needs its unit; write it like 64KB' })
    .regex(/^\d{1,9}(B|KB|MB)$/, { error: 'a size is written like 64KB or 1MB' })
    .transform((text, context): number => {
      const [, digits = '', unit = 'B'] = /^(\d+)(\D+)$/.exec(text) ?? [];
      const size = Number(digits) * UNITS[unit as keyof typeof UNITS];
      if (size >= least && size <= most) return size;
      return refuse(context, 'out-of-range', `${text} is not between ${least} and ${most} bytes`);
    });

/** Names of queues, flows, skills, groups, calendars, reasons. */
export const name = z
  .string({ error: 'a name is needed' })
  .regex(/^[a-z][a-z0-9-]{0,47}$/, { error: 'a name is small letters, digits and dashes, and begins with a letter; at most 48' });

/** Ids of agents and customers. */
export const id = z
  .string({ error: 'an id is a text' })
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/, { error: 'an id is letters, digits, dot, underscore and dash; at most 32' });

export const phoneNumber = z
  .string({ error: 'a number to dial is a text' })
  .regex(/^\+?[0-9]{2,20}$/, { error: 'a number to dial is 2 to 20 digits, with a plus before them if need be' });

/** A card or an account, or the SHA-256 of one. What is refused is never repeated: it may be a card with one digit wrong. */
export const account = z.string({ error: 'an account is a text' }).transform((text, context): string => {
  if (/^sha256:[0-9a-fA-F]{64}$/.test(text) || /^[A-Za-z0-9][A-Za-z0-9 -]{3,39}$/.test(text)) return text;
  const written = 'in quotes; letters, digits, spaces and dashes, 4 to 40, or sha256: and 64 hex digits';
  return refuse(context, 'bad-account', `an account is a text ${written}`);
});

export const phone = z
  .string({ error: 'a phone is a text like sip:1001' })
  .regex(/^sip:[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/, { error: 'a phone is written like sip:1001' });

/** One line for people: no control characters, not empty, not endless. */
export const line = z
  .string({ error: 'a text is needed' })
  .min(1, { error: 'this must not be empty' })
  .max(120, { error: 'at most 120 characters' })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused here
  .regex(/^[^\u0000-\u001f\u007f]*$/, { error: 'no control characters and no line breaks' });

export const language = z
  .string({ error: 'a language is a text like zh' })
  .regex(/^[a-z]{2}(-[A-Z]{2})?$/, { error: 'a language is written like zh, en or en-GB' });

export const titles = z.record(language, line, {
  error: 'a title per language is needed, like { zh: 综合服务, en: General service }',
});

export const path = z
  .string({ error: 'a path is a text' })
  .min(1, { error: 'this must not be empty' })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused here
  .regex(/^[^\u0000-\u001f\u007f]{1,200}$/, { error: 'no control characters, at most 200' });

/** `09:00-17:30`; `24:00` is the end of the day. */
export const openSpan = z
  .string({ error: 'hours are written like 09:00-17:30' })
  .regex(/^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$/, { error: 'hours are written like 09:00-17:30' })
  .transform((text, context): OpenSpan => {
    const [fromMinute = 0, untilMinute = 0] = text.split('-').map((clock) => {
      const [hours = 0, minutes = 0] = clock.split(':').map(Number);
      return hours * 60 + minutes;
    });
    if (fromMinute < untilMinute) return { fromMinute, untilMinute };
    const advice = 'hours over midnight are written as two spans, until 24:00 and from 00:00 of the next day';
    return refuse(context, 'bad-hours', `${text} ends before it begins; ${advice}`);
  });

/** Adds a refusal with its rule to a zod transform. */
function refuse(context: z.core.$RefinementCtx, rule: string, message: string): never {
  context.issues.push({ code: 'custom', input: context.value, message, params: { rule } });
  return z.NEVER;
}
