import { z } from 'zod';
import type { CallbackPolicy } from '../../acd/config.js';
import { DAY, HOUR, MINUTE, SECOND } from '../../base/time.js';
import type { DialOutPolicy } from '../../call/dial-out.js';
import { count, duration, name } from './values.js';

/** What a queue says about calling back, and what the site says about whom it may dial at all. */

export const callbackShape = z
  .strictObject({
    mode: z.enum(['agent-first', 'caller-first']).default('agent-first'),
    attempts: count(1, 10).default(3),
    retryAfter: duration(SECOND, DAY).default(5 * MINUTE),
    expires: duration(MINUTE, 7 * DAY)
      .default(4 * HOUR)
      .describe('from the request on'),
    ring: duration(5 * SECOND, 2 * MINUTE)
      .default(30 * SECOND)
      .describe("how long the caller's phone rings"),
    lead: duration(0, HOUR)
      .default(30 * SECOND)
      .describe('caller-first: dialled so long before the estimated turn'),
    calendar: name.optional().describe('callers are dialled while it is open; at any time when it is left out'),
    open: count(1, 10_000).default(100).describe('open callbacks of this queue'),
  })
  .describe('callers may keep their place with nobody on the line; needs dialOut in hotline.yaml');

const prefix = z
  .string({ error: 'a prefix is a text; put it in quotes' })
  .regex(/^[0-9]{1,15}$/, { error: 'a prefix is 1 to 15 digits; an international one begins with 00' });

export const dialOutShape = z
  .strictObject({
    trunk: z
      .string({ error: 'the name of the trunk at the switch' })
      .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/, { error: 'letters, digits, dashes and underscores; at most 40' }),
    callerId: z
      .string({ error: 'a number is a text; put it in quotes' })
      .regex(/^\+?[0-9]{2,20}$/, { error: 'a number is 2 to 20 digits, with a plus before them if need be' })
      .describe('what the person who is called sees'),
    allow: z
      .array(prefix)
      .max(200)
      .default([])
      .describe('prefixes that may be dialled; nothing else is. 00… for a foreign country'),
    deny: z.array(prefix).max(200).default([]).describe('exceptions; of two prefixes that fit the longer one counts'),
    perHour: count(1, 100_000).default(120).describe('numbers dialled in any hour'),
    perNumberPerHour: count(1, 100).default(4),
  })
  .describe('by which trunk and to which numbers people outside are dialled; without it nobody is');

export const buildCallback = (raw: z.output<typeof callbackShape>): CallbackPolicy => ({
  mode: raw.mode,
  attempts: raw.attempts,
  retryAfterMs: raw.retryAfter,
  expiresMs: raw.expires,
  ringMs: raw.ring,
  leadMs: raw.lead,
  calendar: raw.calendar ?? null,
  open: raw.open,
});

/** With the trunk, which only the switch has to know. */
export interface DialOut extends DialOutPolicy {
  readonly trunk: string;
}

export const buildDialOut = (raw: z.output<typeof dialOutShape>, countryCode: string): DialOut => ({ ...raw, countryCode });
