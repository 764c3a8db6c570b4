import { z } from 'zod';
import { DAY, HOUR, MINUTE, type Ms, SECOND } from '../../base/time.js';
import { didYouMean, quoted } from '../../flow/finding.js';
import { agentsShape, queuesShape } from '../../main/config/shapes.js';
import { count, duration, line, name, path, percent, titles } from '../../main/config/values.js';

/**
 * What a scenario file may say. Queues and skills are written as in `config/queues.yaml` and `config/agents.yaml`, by the very same shapes:
 * whatever policy the house knows can be tried out here first.
 */

const LONGEST: Ms = 100 * DAY;

/** One value for the whole day, or a list with one for each period. Comes out as a list. */
function oneOrEach<S extends z.ZodType>(inner: S, keys: readonly string[] = []) {
  return z.unknown().transform((value, context): z.output<S>[] => {
    const items = Array.isArray(value) ? value : [value];
    if (items.length === 0) context.issues.push({ code: 'custom', input: value, message: 'the list is empty' });
    return items.flatMap((item, index) => {
      const result = inner.safeParse(item);
      if (result.success) return [result.data];
      const base = Array.isArray(value) ? [index] : [];
      // A kind that is misspelt is told once, not again as a distribution without a kind.
      const misspelt = result.error.issues.some(({ code }) => code === 'unrecognized_keys');
      for (const issue of result.error.issues) {
        if (misspelt && issue.code === 'custom') continue;
        const raw = { ...issue, input: item, path: [...base, ...issue.path] };
        if (issue.code !== 'unrecognized_keys') context.issues.push(raw as never);
        else {
          const known = (key: string): string => didYouMean(key, keys) || `; known here: ${keys.join(', ')}`;
          const message = issue.keys.map((key) => `${quoted(key)} is not known here${known(key)}`).join('; ');
          context.issues.push({ code: 'custom', input: item, path: raw.path, message, params: { rule: 'unknown-key' } });
        }
      }
      return [];
    });
  });
}

const shape = z
  .number({ error: 'a number is needed' })
  .min(0.01, { error: 'at least 0.01' })
  .max(100_000, { error: 'too large' });
const mean = duration(1, LONGEST);
export const DISTRIBUTIONS = ['exponential', 'gamma', 'lognormal', 'constant', 'measured', 'file'] as const;

export const distribution = z
  .strictObject(
    {
      exponential: mean.optional().describe('its mean'),
      gamma: z.strictObject({ mean, shape }).optional(),
      lognormal: z.strictObject({ mean, cv: shape.describe('standard deviation / mean') }).optional(),
      constant: duration(0, LONGEST).optional(),
      measured: z.array(duration(0, LONGEST)).min(1).max(100_000).optional().describe('each as likely as the others'),
      file: path.optional().describe('measured lengths in seconds, one a line'),
    },
    { error: 'a distribution is needed, like { exponential: 4m }' },
  )
  .superRefine((value, context) => {
    const given = DISTRIBUTIONS.filter((kind) => value[kind] !== undefined);
    if (given.length === 1) return;
    const message = `exactly one of ${DISTRIBUTIONS.join(', ')} is needed, here are ${given.length}`;
    context.addIssue({ code: 'custom', path: [], message, params: { rule: 'bad-distribution' } });
  });
const each = () => oneOrEach(distribution, DISTRIBUTIONS);
/** `never`: callers who do not leave by themselves. */
const patience = oneOrEach(
  z.union([z.literal('never'), distribution], { error: 'never, or a distribution like { exponential: 4m }' }),
  DISTRIBUTIONS,
);

const rate = z
  .number({ error: 'a number of callers is needed' })
  .min(0, { error: 'not below 0' })
  .max(1_000_000, { error: 'at most 1000000' });

const clock = z
  .string({ error: 'a time of day is a text like "08:00"' })
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'a time of day is written like "08:00"' })
  .transform((text): Ms => Number(text.slice(0, 2)) * HOUR + Number(text.slice(3)) * MINUTE);

const group = z.strictObject({
  agents: oneOrEach(count(0, 20_000)).describe('on duty; one number, or one for each period'),
  skills: agentsShape.shape.agents.valueType.shape.skills,
  queueRank: agentsShape.shape.agents.valueType.shape.queueRank,
  picksUp: distribution.prefault({ constant: '0s' }).describe('from the first ring until the phone is picked up'),
  overhears: percent(0).default(0).describe('share of offers that ring until the engine gives up'),
  backAfter: duration(SECOND, DAY).default(MINUTE).describe('an agent who overheard a call is ready again after this'),
});

const callType = z.strictObject({
  queue: name,
  perMinute: oneOrEach(rate).optional(),
  perHour: oneOrEach(rate).optional(),
  perPeriod: oneOrEach(rate).optional(),
  service: each().describe('talk and hold; by the period in which the caller comes'),
  patience: patience.optional().describe('never unless told'),
  wrapUp: distribution.optional().describe("at most the queue's wrap-up, which is the default"),
  vip: percent(0).default(0).describe('share of callers in the VIP lane'),
  priority: count(0, 1_000).default(0),
  skills: agentsShape.shape.agents.valueType.shape.skills.describe('needed beyond what the queue requires: skill -> least level'),
});

const queue = z.strictObject({ ...queuesShape.shape.queues.valueType.shape, title: titles.optional() });

export const scenarioShape = z.strictObject({
  scenario: name,
  title: titles.optional(),
  note: z.string().max(2_000).optional().describe('for people'),
  day: z.strictObject({
    from: clock.default(0),
    periods: z.array(duration(MINUTE, LONGEST)).min(1).max(1_440).optional().describe('lengths, in a row'),
    every: duration(MINUTE, DAY).optional().describe('with `count`: periods of one length'),
    count: count(1, 1_440).optional(),
  }),
  days: count(1, 100_000).default(20),
  seed: count(0, 2_147_483_647).default(1),
  warmUp: duration(0, LONGEST).default(0).describe('callers who enter before are played, not counted'),
  busyness: z
    .strictObject({ shape })
    .optional()
    .describe('all rates of a day are multiplied by a gamma factor with mean 1 and this shape'),
  groups: z.record(name, group),
  calls: z.record(name, callType).optional(),
  recorded: z
    .strictObject({
      facts: path.describe('facts of the house, one JSON object a line'),
      timeZone: line,
      day: z
        .string()
        .regex(/^\d{4}-\d{2}-\d{2}$/, { error: 'a day is written like 2026-11-21' })
        .optional()
        .describe('the first one unless told'),
    })
    .optional()
    .describe('the callers of a day that was, instead of `calls`'),
  queues: z.record(name, queue),
});

export type ScenarioFile = z.output<typeof scenarioShape>;
export type DistributionFile = z.output<typeof distribution>;
