import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { dayStartMs, isDay, localTime } from '../base/calendar.js';
import { DAY, HOUR, MINUTE, type Ms } from '../base/time.js';
import type { Range } from '../ports/history.js';
import type { SpanMin } from '../service-level/history/rows.js';
import { Spans } from '../service-level/history/spans.js';
import { ApiError } from './errors.js';

/** What a report is asked for. Every value is a text from outside until it was read here. */

const plain = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$/);
const word = z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,47}$/);
const moment = z
  .string()
  .regex(/^(\d{4}-\d{2}-\d{2}|\d{1,15}|\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))$/);
export const BY = ['1m', '15m', '30m', '60m', 'day'] as const;
export type By = (typeof BY)[number];
export const SPAN_OF: Readonly<Record<By, SpanMin>> = { '1m': 1, '15m': 15, '30m': 30, '60m': 60, day: 1440 };

export const queryShape = z.strictObject({
  from: moment.optional(),
  to: moment.optional(),
  queue: plain.optional(),
  agent: plain.optional(),
  lane: word.optional(),
  tier: word.optional(),
  language: word.optional(),
  outcome: word.optional(),
  ani: z
    .string()
    .regex(/^\d{4}$/)
    .optional(),
  by: z.enum(BY).optional(),
  cursor: z
    .string()
    .regex(/^\d{1,15}\.[A-Za-z0-9][A-Za-z0-9._-]{0,95}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  format: z.enum(['json', 'csv']).default('json'),
  bom: z.enum(['0', '1']).default('0'),
});
export type ReportQuery = z.output<typeof queryShape>;
type Field = keyof ReportQuery & string;

const DESCRIBED: Record<Field, object> = {
  from: {
    type: 'string',
    description:
      "a day of the site (2026-11-21), a moment (2026-11-21T08:00:00+08:00) or milliseconds; today's start unless told",
  },
  to: { type: 'string', description: 'the end, itself left out; a day means its start; a day after `from` unless told' },
  queue: { type: 'string' },
  agent: { type: 'string' },
  lane: { type: 'string' },
  tier: { type: 'string' },
  language: { type: 'string' },
  outcome: { type: 'string' },
  ani: { type: 'string', description: 'the last four digits of the number calling' },
  by: { type: 'string', enum: BY },
  cursor: { type: 'string', description: '`next` of the page before' },
  limit: { type: 'integer', minimum: 1, maximum: 1_000, default: 100 },
  format: { type: 'string', enum: ['json', 'csv'], default: 'json' },
  bom: { type: 'string', enum: ['0', '1'], default: '0', description: '1: csv begins with the mark by which Excel knows UTF-8' },
};

/** The route's part of the query: its description, and the reading of it. Fields that the route does not name are refused. */
export function querySchema(...fields: Field[]): object {
  const properties = Object.fromEntries(fields.map((name) => [name, DESCRIBED[name]]));
  return { type: 'object', properties, additionalProperties: false };
}

export const queryCompiler = ({ schema }: { schema: unknown }) => {
  const known = new Set(Object.keys((schema as { properties?: object }).properties ?? {}));
  return (query: unknown) => {
    const given = Object.keys(query as object);
    const foreign = given.find((name) => !known.has(name));
    const read = queryShape.safeParse(query);
    if (foreign === undefined && read.success) return { value: read.data };
    const wrong = foreign ?? String(read.error?.issues[0]?.path[0] ?? 'query').slice(0, 40);
    return { error: new ApiError(400, 'bad-request', `"${wrong.slice(0, 40)}" is not known here or is not written so.`) };
  };
};
export const queryOf = (request: FastifyRequest): ReportQuery => request.query as ReportQuery;

export interface SiteTime {
  readonly spans: Spans;
  /** Start of a day that is named like 2026-11-21; null: there is no such day. */
  dayNamed(day: string): Ms | null;
  nowMs(): Ms;
}

export function siteTime(timeZone: string, nowMs: () => Ms): SiteTime {
  return {
    spans: new Spans((atMs) => dayStartMs(timeZone, atMs)),
    nowMs,
    dayNamed: (day) => {
      if (!isDay(day)) return null;
      const noon = Date.parse(`${day}T12:00:00Z`);
      // Zones are up to 14 hours away from where it is noon.
      const inside = [noon, noon - 12 * HOUR, noon + 11 * HOUR].find((atMs) => localTime(timeZone, atMs).day === day);
      return inside === undefined ? null : dayStartMs(timeZone, inside);
    },
  };
}

const LONGEST: Ms = 3_660 * DAY;

export function rangeOf({ from, to }: Pick<ReportQuery, 'from' | 'to'>, site: SiteTime): Range {
  const { spans } = site;
  const fromMs = from === undefined ? spans.dayOf(site.nowMs()) : momentOf(from, site);
  if (fromMs === null) throw new ApiError(400, 'bad-request', 'from must be a day or a moment.');
  const toMs = to === undefined ? spans.dayOf(spans.dayOf(fromMs) + 36 * HOUR) : momentOf(to, site);
  if (toMs === null) throw new ApiError(400, 'bad-request', 'to must be a day or a moment.');
  if (toMs <= fromMs) throw new ApiError(400, 'bad-request', 'to must be later than from.');
  if (toMs - fromMs > LONGEST) throw new ApiError(400, 'range-too-long', 'At most ten years can be asked for at once.');
  return { fromMs, toMs };
}

function momentOf(text: string, site: SiteTime): Ms | null {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return site.dayNamed(text);
  const atMs = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isSafeInteger(atMs) ? atMs : null;
}

/** The longest intervals that fit: both ends of the range are their borders, and they make up `by`. */
export function spanFor({ fromMs, toMs }: Range, by: By | undefined, spans: Spans, shortest: SpanMin): SpanMin {
  const most = by === undefined ? 1440 : SPAN_OF[by];
  const fits = ([1440, 60, 15, 1] as const).find(
    (span) => span <= most && span >= shortest && spans.startOf(span, fromMs) === fromMs && spans.startOf(span, toMs) === toMs,
  );
  if (fits !== undefined) return fits;
  const unit = shortest === 60 ? 'hours' : 'minutes';
  throw new ApiError(400, 'bad-request', `from and to must be whole ${unit}${by === undefined ? '' : `, and fit ${by}`}.`);
}

const ROWS_AT_MOST = 50_000;

/** Refuses what would be too much for one answer before it is asked for. */
export function refuseTooMany({ fromMs, toMs }: Range, span: SpanMin, things: number): void {
  if (((toMs - fromMs) / (span * MINUTE)) * Math.max(1, things) > ROWS_AT_MOST) {
    throw new ApiError(
      400,
      'range-too-long',
      'That would be too many intervals for one answer: ask for fewer days, or longer intervals.',
    );
  }
}

export const startOfBy = (by: By, spans: Spans, atMs: Ms): Ms => spans.startOf(SPAN_OF[by], atMs);
