import { z } from 'zod';
import { DAY, HOUR, MINUTE, SECOND } from '../../base/time.js';
import { count, duration, name } from './values.js';

/** The shapes of what a queue says about choosing: whom it needs, which agent is asked, which caller goes first. */

/** Skill -> least level, all of them; `all` and `any` hold lists of further requirements. */
export const requirement = z
  .object({
    get all() {
      return z.array(requirement).min(1).max(10).optional().describe('every one of these');
    },
    get any() {
      return z.array(requirement).min(1).max(10).optional().describe('one of these');
    },
  })
  .catchall(count(1, 10));

const levels = z.record(name, count(0, 10));

export const relaxStep = z.strictObject({
  after: duration(SECOND, HOUR),
  require: requirement.prefault({}).describe('replaces what was required; with "from": what these groups must have'),
  drop: z.array(name).max(20).default([]).describe('skills that are no longer required'),
  lower: levels.default({}).describe('skill -> level that will do from now on'),
  from: z.array(name).max(20).default([]).describe('groups that may help'),
});

export const choosingAgents = z
  .strictObject({
    choose: z
      .enum(['longest-idle', 'best-skill', 'fewest-calls', 'least-occupied', 'round-robin', 'random', 'ring-all'])
      .default('longest-idle'),
    ring: duration(SECOND, 2 * MINUTE).default(15 * SECOND),
    wrapUp: duration(0, HOUR).default(10 * SECOND),
    wrapUpAtMost: duration(0, 4 * HOUR)
      .optional()
      .describe('wrap-up with all extensions; without it there are none'),
    atOnce: count(1, 50).default(5).describe('ring-all: phones that ring for one caller at once'),
    preferredWait: duration(0, HOUR).default(0).describe('how long a caller waits for the agent that the flow prefers'),
    lastAgent: z
      .strictObject({
        remember: duration(MINUTE, 30 * DAY).default(DAY),
        wait: duration(0, HOUR).default(20 * SECOND),
      })
      .optional()
      .describe('ask the agent who talked with this customer last, and wait so long'),
    autoAnswer: z.boolean().default(false).describe('phones pick up by themselves'),
  })
  .prefault({});

export const choosingCallers = z
  .strictObject({
    order: z.enum(['first-come', 'vip-first', 'priority', 'credit', 'ageing', 'time-left']).default('first-come'),
    waitsAtMost: duration(SECOND, DAY)
      .optional()
      .describe('who has waited this long goes first, whatever the order; 90s unless told, and must be told for time-left'),
    credit: z
      .strictObject({
        vip: duration(0, HOUR).default(0),
        perPriority: duration(0, HOUR).default(0),
        tiers: z.record(name, duration(0, HOUR)).default({}),
      })
      .optional()
      .describe('order credit: what lane, a step of priority and tier are worth in waiting time'),
    ageing: duration(SECOND, HOUR).optional().describe('order ageing: priority rises by one step in this time'),
  })
  .superRefine((callers, context) => {
    const need = (key: 'waitsAtMost' | 'credit' | 'ageing', order: string, why: string): void => {
      if (callers.order !== order || callers[key] !== undefined) return;
      const message = `order: ${order} needs "${key}": ${why}`;
      context.addIssue({ code: 'custom', path: [key], message, params: { rule: 'missing-key' } });
    };
    need('waitsAtMost', 'time-left', 'those who are late are served last, and must not wait for ever');
    need('credit', 'credit', 'what lanes, tiers or priorities are worth');
    need('ageing', 'ageing', 'the time in which priority rises by one');
  })
  .prefault({});
