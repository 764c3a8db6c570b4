import { z } from 'zod';
import { asId, type QueueId } from '../../base/ids.js';
import { invariant } from '../../base/result.js';
import { DAY, HOUR, type Ms, parseDuration, SECOND } from '../../base/time.js';
import { type AlarmRule, type AlarmUnit, METRICS, type MetricName } from '../../service-level/alarms/rules.js';
import { count, duration, name, titles } from './values.js';

/** `alarms.yaml`: when somebody should look, and who is told. A site without the file has no alarms. */

const METRIC_NAMES = Object.keys(METRICS) as [MetricName, ...MetricName[]];

/** How a bound is written depends on the metric, so its text is judged together with it. */
const SHARE = '^\\d{1,3}(\\.\\d{1,3})?%$';
const DURATION = '^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$';
const bound = z.unknown().meta({
  anyOf: [
    { type: 'integer', minimum: 0 },
    { type: 'string', pattern: `${SHARE}|${DURATION}` },
  ],
});
const until = z.unknown().meta({
  anyOf: [
    { type: 'integer', minimum: 0 },
    { type: 'string', pattern: `^(above +|below +)?(\\d+|${SHARE.slice(1, -1)}|${DURATION.slice(1, -1)})$` },
  ],
});

const rule = z.strictObject({
  title: titles.describe('for the people who are called, in each language of the site'),
  metric: z.enum(METRIC_NAMES),
  queues: z.array(name).min(1).max(200).optional().describe('each queue unless told; an alarm is of one rule and one queue'),
  below: bound.optional().describe('bad below this: 78%, 3 or 20s, as the metric is counted'),
  above: bound.optional().describe('bad above this; one of below and above'),
  for: duration(0, HOUR)
    .default(30 * SECOND)
    .describe('raised when it has been bad so long without a break'),
  until: until.optional().describe('over when it is back here, like "above 80%"; the bound itself unless told'),
  untilFor: duration(0, HOUR).default(0).describe('over when it has been good so long without a break'),
  severity: z.enum(['warning', 'critical']).default('warning'),
  to: z
    .strictObject({
      sound: z.boolean().default(false).describe('the pages sound once'),
      webhooks: z.array(name).max(20).default([]).describe('endpoints of kind message'),
      mail: z.array(name).max(20).default([]).describe('groups of mail.groups in hotline.yaml'),
    })
    .prefault({})
    .describe('besides the pages, which always show it'),
  least: count(0, 1_000_000).default(0).describe('a figure that rests on fewer calls (or agents) raises nothing'),
  calendar: name.optional().describe('watched while it is open; always when it is left out'),
});
type WrittenRule = z.output<typeof rule>;

export const alarmsShape = z.strictObject({
  alarms: z
    .record(
      name,
      rule.superRefine((written, context) => {
        const read = readBounds(written);
        if ('value' in read) return;
        const { at, id, message } = read;
        context.addIssue({ code: 'custom', path: at === null ? [] : [at], message, params: { rule: id } });
      }),
    )
    .describe('name of the rule -> when it calls whom'),
});
export type AlarmsFile = z.output<typeof alarmsShape>;

interface Bounds {
  readonly side: AlarmRule['side'];
  readonly bound: number;
  readonly until: number;
}
interface BoundRefusal {
  readonly at: 'below' | 'above' | 'until' | 'queues' | 'least' | null;
  readonly id: string;
  readonly message: string;
}

const refusal = (at: BoundRefusal['at'], id: string, message: string): BoundRefusal => ({ at, id, message });

function readBounds(written: WrittenRule): { readonly value: Bounds } | BoundRefusal {
  const { metric, below, above, queues, least } = written;
  const { unit, of } = METRICS[metric];
  if (below !== undefined && above !== undefined)
    return refusal('above', 'contradiction', '"below" and "above" stand side by side');
  if (below === undefined && above === undefined) return refusal(null, 'missing-key', '"below" or "above" is missing');
  if (of === 'site' && queues !== undefined)
    return refusal('queues', 'contradiction', `${metric} is of the whole site, not of a queue`);
  if (unit === 'count' && least > 0)
    return refusal('least', 'contradiction', `${metric} is itself a count and rests on no other`);
  const side = below === undefined ? 'above' : 'below';
  const read = readAmount(unit, below ?? above);
  if ('id' in read) return refusal(side, read.id, read.message);
  if (side === 'below' ? read.amount === 0 : unit === 'share' && read.amount === 1) {
    return refusal(side, 'never-raised', `${metric} is never ${side} this`);
  }
  const back = readUntil(unit, side, written.until, read.amount);
  if ('id' in back) return refusal('until', back.id, back.message);
  const onGoodSide = side === 'below' ? back.amount >= read.amount : back.amount <= read.amount;
  if (!onGoodSide) {
    const word = side === 'below' ? 'lower' : 'higher';
    return refusal('until', 'contradiction', `this is ${word} than the bound: the alarm would be over while it is still bad`);
  }
  return { value: { side, bound: read.amount, until: back.amount } };
}

type Amount = { readonly amount: number } | { readonly id: string; readonly message: string };

function readUntil(unit: AlarmUnit, side: AlarmRule['side'], raw: unknown, otherwise: number): Amount {
  if (raw === undefined) return { amount: otherwise };
  const [, word, text] = typeof raw === 'string' ? (/^(above|below) +(.+)$/.exec(raw) ?? []) : [];
  if (word === side) {
    const other = side === 'below' ? 'above' : 'below';
    return { id: 'contradiction', message: `bad is ${side} the bound, so it is over ${other} something` };
  }
  if (text === undefined) return readAmount(unit, raw);
  return readAmount(unit, unit === 'count' && /^\d{1,9}$/.test(text) ? Number(text) : text);
}

function readAmount(unit: AlarmUnit, raw: unknown): Amount {
  if (unit === 'count') {
    if (typeof raw === 'number' && Number.isInteger(raw) && raw >= 0 && raw <= 1_000_000) return { amount: raw };
    return { id: 'bad-bound', message: 'this metric is a count: a whole number like 5, at most 1,000,000' };
  }
  if (unit === 'share') {
    const share =
      typeof raw === 'string' && new RegExp(SHARE).test(raw) ? Number((Number(raw.slice(0, -1)) / 100).toFixed(6)) : 2;
    return share <= 1
      ? { amount: share }
      : { id: 'bad-bound', message: 'this metric is a share: written like 78%, at most 100%' };
  }
  const length = typeof raw === 'string' && new RegExp(DURATION).test(raw) ? parseDuration(raw) : null;
  if (length?.ok && length.value <= DAY) return { amount: length.value };
  return { id: 'bad-bound', message: 'this metric is a length of time: written like 20s or 1m30s, at most 1d' };
}

export const buildAlarms = (file: AlarmsFile | null): readonly AlarmRule[] =>
  Object.entries(file?.alarms ?? {}).map(([id, written]): AlarmRule => {
    const read = readBounds(written);
    invariant('value' in read, `alarm ${id} was not checked`);
    const { title, metric, severity, to, least, calendar } = written;
    return {
      ...{ rule: id, title, metric, severity, ...read.value },
      queues: written.queues?.map((queue) => asId<QueueId>(queue)) ?? null,
      forMs: written.for as Ms,
      untilForMs: written.untilFor as Ms,
      leastCases: least,
      sound: to.sound,
      webhooks: [...new Set(to.webhooks)],
      mail: [...new Set(to.mail)],
      calendar: calendar ?? null,
    };
  });
