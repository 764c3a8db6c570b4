import { z } from 'zod';
import { DAY, HOUR, MINUTE, SECOND } from '../../base/time.js';
import { requirement } from './choosing-shapes.js';
import { count, duration, every, line, name, percent } from './values.js';

/** The shapes of what a queue does with its callers besides letting them wait. */

const presence = z.enum(['nobody', 'signed-in', 'ready']);

const bounds = z
  .strictObject({
    waiting: count(0, 100_000).optional(),
    longestWait: duration(0, HOUR).optional(),
    level: percent(0).optional(),
  })
  .refine((each) => Object.keys(each).length > 0, { error: 'name at least one of waiting, longestWait and level' });

/** Exactly one of the keys; what it is judged by is told in the words of `what`. */
const one = (what: string) => (value: object) => Object.keys(value).length === 1 || what;
const exactlyOne = <T extends z.ZodType<object>>(shape: T, what: string): T =>
  shape.superRefine((value, context) => {
    if (one(what)(value) !== true) context.addIssue({ code: 'custom', message: what, params: { rule: 'contradiction' } });
  }) as T;

const target = exactlyOne(
  z.strictObject({
    queue: name.optional(),
    groups: z.array(name).min(1).max(20).optional().describe('their agents may serve the caller too'),
    exit: name.optional().describe('named exit of the queue node of the flow: voicemail, callback, goodbye'),
    site: z.never({ error: 'there are no other sites yet; give queue, groups or exit' }).optional().describe('kept for later'),
  }),
  'give exactly one of queue, groups and exit',
);

const overflowRule = z
  .strictObject({
    wait: duration(SECOND, DAY).optional().describe('after this time in the queue'),
    estimate: duration(SECOND, DAY).optional().describe('at entry, when the estimated wait is longer'),
    perAgent: z
      .number({ error: 'a number is needed, like 2.5' })
      .min(0.1)
      .max(1_000)
      .optional()
      .describe('at entry, when more callers wait for each agent who is signed in'),
    level: percent(0.01).optional().describe('at entry, when the service level of the last 30 minutes is lower'),
    to: target,
  })
  .superRefine((rule, context) => {
    const triggers = [rule.wait, rule.estimate, rule.perAgent, rule.level].filter((each) => each !== undefined);
    if (triggers.length === 1) return;
    const message = 'give exactly one of wait, estimate, perAgent and level';
    context.addIssue({ code: 'custom', message, params: { rule: 'contradiction' } });
  });

const borrowRule = z.strictObject({
  groups: z.array(name).min(1).max(20),
  require: requirement.prefault({}).describe('what a lent agent must know all the same'),
  when: bounds.describe('any of: waiting and longestWait at or above, level below'),
  for: duration(0, HOUR)
    .default(10 * SECOND)
    .describe('on end, before the groups are borrowed'),
  until: bounds.describe('all of: waiting and longestWait at or below, level at or above'),
  untilFor: duration(0, HOUR).default(MINUTE).describe('on end, before they are given back'),
});

const dialKey = z
  .string({ error: 'a key is a text; put it in quotes' })
  .regex(/^[0-9*#]$/, { error: 'a key is one of 0 to 9, * and #' });

export const queueRules = {
  hours: z
    .strictObject({
      calendar: name,
      atClosing: z.enum(['keep', 'let-go']).default('keep').describe('what becomes of those who wait at closing time'),
    })
    .optional(),
  empty: z
    .strictObject({
      join: presence.default('nobody').describe('who must be there for a caller to get in'),
      leave: presence.default('nobody').describe('without whom those who wait are let go'),
      grace: duration(0, HOUR).default(10 * SECOND),
    })
    .optional(),
  overflow: z.array(overflowRule).max(20).default([]),
  borrow: z.array(borrowRule).max(10).default([]),
  keys: z
    .record(dialKey, name)
    .default({})
    .describe('key that a waiting caller may press -> named exit of the queue node; "exit" is the node\'s own'),
  redial: z
    .strictObject({ within: duration(SECOND, DAY), callers: count(1, 100_000).default(1_000) })
    .optional()
    .describe('who drops while waiting and calls again within this has the place back'),
  handle: duration(SECOND, DAY)
    .default(3 * MINUTE)
    .describe('what a call takes an agent, until the queue has learnt it'),
};

export const announcements = z
  .strictObject({
    position: every(10 * SECOND, HOUR).default(45 * SECOND),
    first: duration(0, HOUR).default(5 * SECOND),
    estimate: every(10 * SECOND, HOUR)
      .default(0)
      .describe('the estimated wait in minutes'),
    estimateFirst: duration(0, HOUR).default(5 * SECOND),
    comfort: z.array(line).max(20).default([]),
    comfortEvery: every(10 * SECOND, HOUR)
      .default(0)
      .describe('never: comfort prompts come with the position'),
    comfortFirst: duration(0, HOUR).default(30 * SECOND),
  })
  .prefault({});
