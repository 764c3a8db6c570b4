import { z } from 'zod';
import { DAY, HOUR, MINUTE, SECOND } from '../../base/time.js';
import { alarmsShape } from './alarms.js';
import { callbackShape, dialOutShape } from './callback.js';
import { choosingAgents, choosingCallers, relaxStep, requirement } from './choosing-shapes.js';
import { emergencyShape } from './emergency.js';
import { endpointsShape } from './endpoints.js';
import { historyShape } from './history.js';
import { mailShape } from './mail.js';
import { announcements, queueRules } from './queue-rule-shapes.js';
import { usersShape } from './users.js';
import {
  account,
  count,
  duration,
  id,
  language,
  line,
  name,
  openSpan,
  path,
  percent,
  phone,
  phoneNumber,
  titles,
} from './values.js';

/** The shapes of the files of `config/`. From them come the checks, the defaults, and the JSON Schemas that editors complete by. */

const day = z
  .string({ error: 'a day is written like 2026-10-01' })
  .regex(/^\d{4}-\d{2}-\d{2}$/, { error: 'a day is written like 2026-10-01' });
const days = z
  .string({ error: 'a holiday is written like 2026-10-01 or 2026-10-01..2026-10-07' })
  .regex(/^\d{4}-\d{2}-\d{2}(\.\.\d{4}-\d{2}-\d{2})?$/, {
    error: 'a holiday is written like 2026-10-01 or 2026-10-01..2026-10-07',
  });
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const hours = z.array(openSpan).max(12);

const calendar = z.strictObject({
  timeZone: line.optional().describe("IANA name like Asia/Shanghai; the site's unless told"),
  always: z.literal('open').optional().describe('open day and night'),
  week: z
    .strictObject(
      Object.fromEntries(WEEKDAYS.map((weekday) => [weekday, hours.optional()])) as Record<Weekday, z.ZodOptional<typeof hours>>,
    )
    .optional()
    .describe('hours per weekday; a day that is not named is closed'),
  holidays: z.array(days).max(400).optional().describe('closed days, or ranges of them'),
  special: z.record(day, hours).optional().describe('days with hours of their own, such as make-up working days'),
});
export type Weekday = (typeof WEEKDAYS)[number];

export const hotlineShape = z.strictObject({
  site: line.describe('shown on the pages'),
  timeZone: line.describe('IANA name; the site’s day begins at midnight there'),
  languages: z.array(language).min(1).max(8).default(['zh', 'en']).describe('the first one is used where none is chosen'),
  countryCode: z
    .string({ error: 'a country code is a text; put it in quotes' })
    .regex(/^[1-9]\d{0,3}$/, { error: 'a country code is written like "86"' })
    .default('86')
    .describe('so that +86 138… and 138… are one caller'),
  node: name.default('hotline-1').describe('name of this process; two processes of a site need two names'),
  redis: z
    .strictObject({ url: line.default('redis://127.0.0.1:6379/0'), domain: name.default('main') })
    .prefault({})
    .describe('where the state lives, and the name of the routing domain in it'),
  http: z
    .strictObject({
      host: line.default('127.0.0.1'),
      port: count(0, 65_535).default(8080),
      tokenFile: path.optional().describe('access tokens; needed to listen beyond this machine'),
      allowedHosts: z.array(line).max(20).default([]),
      allowedOrigins: z.array(line).max(20).default([]),
    })
    .prefault({}),
  switch: z.strictObject({
    kind: z.enum(['asterisk', 'simulated']),
    id: name.default('pbx-1'),
    url: line.default('http://127.0.0.1:8088/ari'),
    app: name.default('hotline'),
    user: line.default('hotline'),
    passwordFile: path.optional().describe('file that holds the password and nothing else; HOTLINE_ARI_PASSWORD goes before it'),
  }),
  folders: z
    .strictObject({
      data: path.default('.cache/data').describe('everything that is written; relative to the project'),
      flows: path.default('ivr-flows'),
      prompts: path.default('prompts').describe('relative to data'),
      recordings: path.default('recording').describe('relative to data'),
    })
    .prefault({}),
  numbers: z.record(phoneNumber, name).describe('number dialled -> flow'),
  calendars: z.record(name, calendar).default({}),
  prompts: z
    .strictObject({
      command: z
        .array(line)
        .min(1)
        .max(40)
        .default(['espeak-ng', '-v', '{voice}', '-w', '{file}', '{text}'])
        .describe('program and arguments that speak {text} with {voice} into the WAV file {file}; no shell'),
      voices: z.record(language, line).default({ zh: 'cmn-latn-pinyin', en: 'en-gb' }),
    })
    .prefault({}),
  skills: z.array(name).min(1).max(200),
  tiers: z.array(name).min(1).max(20).default(['ordinary', 'vip']),
  notReadyReasons: z.array(name).max(50).default(['break', 'training', 'back-office']),
  notReadyLimits: z.record(name, duration(SECOND, DAY)).default({}).describe('reason -> how long; what is longer is told'),
  phones: z
    .strictObject({
      failuresAllowed: count(1, 100).default(3),
      rona: z.enum(['notReady', 'backOff']).default('notReady').describe('what an unanswered offer does to the agent'),
      offersAtOnce: count(0, 10_000).default(0).describe('phones that may ring at once on the whole site; 0: no limit'),
      backOff: z
        .strictObject({
          busy: duration(0, HOUR).default(10 * SECOND),
          declined: duration(0, HOUR).default(5 * SECOND),
          unreachable: duration(0, HOUR).default(30 * SECOND),
          noAnswer: duration(0, HOUR).default(30 * SECOND),
        })
        .prefault({}),
    })
    .prefault({}),
  dialOut: dialOutShape.optional(),
  maintenance: z
    .strictObject({
      every: duration(MINUTE, DAY).default(HOUR),
      keepFacts: duration(2 * DAY, 3_650 * DAY).default(35 * DAY),
    })
    .prefault({})
    .describe('how often what is past its keeping time is removed, and how long facts stay in Redis'),
  history: historyShape,
  mail: mailShape.optional(),
});

const queue = z.strictObject({
  title: titles,
  target: z
    .strictObject({
      share: percent(0.01).default(0.8),
      within: duration(SECOND, HOUR).default(20 * SECOND),
      formula: z
        .enum([
          'answered-of-offered',
          'answered-of-answered',
          'answered-of-handled',
          'abandons-in-time-met',
          'late-abandons-only',
          'short-abandons-met',
          'short-abandons-excluded',
          'removed-of-queued',
        ])
        .default('answered-of-offered'),
      shortAbandon: duration(0, MINUTE).default(5 * SECOND),
    })
    .prefault({}),
  require: requirement.prefault({}).describe('skill -> least level; any: [..] and all: [..] hold further requirements'),
  relax: z.array(relaxStep).max(10).default([]),
  agents: choosingAgents,
  callers: choosingCallers,
  limits: z
    .strictObject({ waiting: count(0, 100_000).default(200), wait: duration(SECOND, DAY).default(10 * MINUTE) })
    .prefault({}),
  announce: announcements,
  ...queueRules,
  callback: callbackShape.optional(),
  music: name.default('default'),
  record: z.strictObject({ keep: duration(DAY, 3_650 * DAY).default(90 * DAY), share: percent(0).default(1) }).prefault({}),
});

export const queuesShape = z.strictObject({
  queues: z.record(name, queue),
  announcePlans: z
    .record(name, announcements)
    .default({})
    .describe('further plans of announcements, for queue nodes of flows that ask for one by name'),
});

export const agentsShape = z.strictObject({
  agents: z.record(
    id,
    z.strictObject({
      name: line,
      team: name,
      groups: z.array(name).max(50).default([]),
      phone,
      skills: z.record(name, count(1, 10)).default({}),
      queueRank: z.record(name, count(0, 100)).default({}).describe('queue -> rank, smaller first'),
      autoAnswer: z.boolean().default(false).describe('the phone picks up by itself'),
    }),
  ),
});

export const customersShape = z.strictObject({
  customers: z.record(
    id,
    z.strictObject({
      name: line,
      tier: name,
      language: language.optional(),
      agent: id
        .optional()
        .describe('the agent who looks after this customer, asked first where the queue waits for a preferred agent'),
      numbers: z.array(phoneNumber).min(1).max(20),
      accounts: z
        .array(account)
        .max(50)
        .default([])
        .describe('cards and accounts: their characters, or sha256: and the 64 hex digits of their SHA-256'),
    }),
  ),
});

export type HotlineFile = z.output<typeof hotlineShape>;
export type QueuesFile = z.output<typeof queuesShape>;
export type AgentsFile = z.output<typeof agentsShape>;
export type CustomersFile = z.output<typeof customersShape>;

/** File name without ending -> its shape. */
export const SHAPES = {
  hotline: hotlineShape,
  queues: queuesShape,
  agents: agentsShape,
  customers: customersShape,
  endpoints: endpointsShape,
  emergency: emergencyShape,
  alarms: alarmsShape,
  users: usersShape,
} as const;

/** JSON Schemas of what an author writes, by file name. */
export function configSchemas(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(SHAPES).map(([file, shape]) => [
      file,
      { title: `${file}.yaml of hotline-acd`, ...z.toJSONSchema(shape, { io: 'input' }) },
    ]),
  );
}
