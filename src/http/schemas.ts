import type { ExplanationLine, ExplanationPart } from '../acd/explanation.js';
import type {
  AbandonedView,
  AgentCounts,
  AgentView,
  AlarmView,
  Board,
  CallbackView,
  CallView,
  OutlookView,
  QueueCounts,
  QueueView,
  RecordingView,
  ServiceLevelView,
  Share,
  SpanView,
  SwitchView,
  WaitingCallView,
} from '../service-level/views.js';

import type { AlarmRuleView } from './alarm-desk.js';

/**
 * The shapes of the API for OpenAPI and for the tests, which hold every answer against them. Answers themselves are written out whole: a
 * schema that has not learnt of a new field must not make it vanish.
 */
export type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const count: Schema = { type: 'integer', minimum: 0 };
const flag: Schema = { type: 'boolean' };
const moment: Schema = { type: 'integer', description: 'milliseconds since 1970, UTC' };
const lengthMs: Schema = { type: 'integer', minimum: 0, description: 'milliseconds' };
const share: Schema = { type: 'number', minimum: 0, maximum: 1 };

const orNull = (schema: Schema): Schema => ({ ...schema, type: [schema.type, 'null'] });
const oneOf = (...values: string[]): Schema => ({ type: 'string', enum: values });
const oneOfOrNull = (...values: string[]): Schema => ({ type: ['string', 'null'], enum: [...values, null] });
const list = (items: Schema): Schema => ({ type: 'array', items });

/** Every field of T and no other, all required: the compiler finds the field that was forgotten. */
function object<T>(properties: Record<keyof T & string, Schema>): Schema {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

const shareView = object<Share>({ numerator: count, denominator: count, share: orNull(share) });

const serviceLevel = object<ServiceLevelView>({
  numerator: count,
  denominator: count,
  share: { ...orNull(share), description: 'null when the denominator is 0' },
  formula: { ...text, description: 'name of the formula, see the glossary' },
  withinMs: lengthMs,
  target: share,
});

const queueCounts = object<QueueCounts>({
  offered: count,
  answered: count,
  answeredInTime: count,
  abandoned: count,
  abandonedInTime: count,
  shortAbandoned: count,
  flowedOut: count,
  flowedOutInTime: count,
  timedOut: count,
  exitedByKey: count,
  calledBack: count,
  calledBackInTime: count,
  waiting: count,
  waitingLate: count,
  blocked: count,
  sumWaitAnsweredMs: lengthMs,
  sumTalkMs: lengthMs,
  sumHoldMs: lengthMs,
  sumWrapUpMs: lengthMs,
  longestWaitMs: lengthMs,
});

const agentCounts = object<AgentCounts>({
  signedIn: count,
  idle: count,
  ringing: count,
  talking: count,
  wrapUp: count,
  notReady: count,
});

const waitingCall = object<WaitingCallView>({
  callId: text,
  lane: text,
  priority: { type: 'number' },
  enteredAtMs: moment,
  ani: { ...text, description: 'number calling, masked' },
  tier: text,
});

const spanFields = {
  ...{ fromMs: moment, numerator: count, denominator: count, share: orNull(share) },
  ...{ offered: count, answered: count, abandoned: count },
};
const spanView = object<SpanView>(spanFields);

export const queueView = object<QueueView>({
  queueId: text,
  title: { type: 'object', additionalProperties: text },
  today: queueCounts,
  serviceLevel,
  waiting: count,
  longestWaitSinceMs: orNull(moment),
  callers: list(waitingCall),
  asaMs: orNull({ type: 'number', minimum: 0 }),
  ahtMs: orNull({ type: 'number', minimum: 0 }),
  abandonRate: shareView,
  answerRate: shareView,
  sure: {
    type: ['object', 'null'],
    description: 'bounds of the true level, 19 times in 20',
    properties: { low: share, high: share },
    required: ['low', 'high'],
    additionalProperties: false,
  },
  recent: object<QueueView['recent']>({ m5: spanView, m15: spanView, m30: spanView }),
  interval: object<QueueView['interval']>({ ...spanFields, lengthMs }),
  trend: list({
    type: 'array',
    items: count,
    minItems: 2,
    maxItems: 2,
    description: 'numerator and denominator of five minutes',
  }),
  waits: object<QueueView['waits']>({ p50Ms: orNull(lengthMs), p95Ms: orNull(lengthMs), p99Ms: orNull(lengthMs) }),
  outlook: object<OutlookView>({
    saveable: count,
    goodInARow: orNull(count),
    expectedRest: orNull({ type: 'number', minimum: 0 }),
    restShare: orNull({ type: 'number' }),
    callsPerHour: { type: 'number', minimum: 0 },
    ahtMs: lengthMs,
    patienceMs: lengthMs,
    agentsPresent: count,
    agentsNeeded: count,
  }),
  estimateError: {
    type: ['object', 'null'],
    properties: { calls: count, meanAbsMs: lengthMs, biasMs: { type: 'integer' } },
    required: ['calls', 'meanAbsMs', 'biasMs'],
    additionalProperties: false,
  },
  ronaToday: count,
  agents: agentCounts,
});

export const agentView = object<AgentView>({
  agentId: text,
  name: text,
  team: text,
  phone: orNull(text),
  status: oneOf('loggedOut', 'notReady', 'ready'),
  reason: orNull(text),
  state: oneOf('idle', 'ringing', 'talking', 'onHold', 'wrapUp', 'outbound'),
  sinceMs: moment,
  callId: orNull(text),
  answeredToday: count,
  ronaToday: count,
  signInsToday: count,
  busyTodayMs: lengthMs,
  idleTodayMs: lengthMs,
  notReadyTodayMs: lengthMs,
  signedInTodayMs: lengthMs,
});

export const callView = object<CallView>({
  callId: text,
  ani: { ...text, description: 'number calling, masked' },
  dnis: text,
  tier: text,
  language: orNull(text),
  arrivedAtMs: moment,
  phase: oneOf('flow', 'waiting', 'ringing', 'talking', 'ended'),
  node: orNull(text),
  queueId: orNull(text),
  agentId: orNull(text),
  offerId: orNull(text),
  waitMs: orNull(lengthMs),
  talkMs: orNull(lengthMs),
  outcome: oneOfOrNull(
    'answered',
    'abandonedInQueue',
    'abandonedInFlow',
    'contained',
    'flowedOut',
    'timedOut',
    'exitedByKey',
    'calledBack',
    'blocked',
    'switchLost',
    'failed',
    'notReached',
  ),
  endedAtMs: orNull(moment),
  recordings: list(text),
});

const comeBack = object<NonNullable<AbandonedView['back']>>({ callId: text, atMs: moment, answered: flag });

export const abandonedView = object<AbandonedView>({
  callId: text,
  queueId: text,
  ani: { ...text, description: 'number calling, masked' },
  tier: text,
  lane: text,
  waitMs: lengthMs,
  leftAtMs: moment,
  back: { ...orNull(comeBack), description: 'the latest call of this number since, and whether it was answered' },
});

export const recordingView = object<RecordingView>({
  recordingId: text,
  callId: text,
  queueId: orNull(text),
  agentId: orNull(text),
  startedAtMs: moment,
  state: oneOf('recording', 'ended', 'sealed', 'partial', 'missing'),
  durationMs: orNull(lengthMs),
  bytes: orNull(count),
  sha256: orNull(text),
});

export const callbackView = object<CallbackView>({
  callbackId: text,
  callId: { ...text, description: 'the call in which it was asked for' },
  queueId: text,
  number: { ...text, description: 'masked' },
  mode: oneOf('agent-first', 'caller-first'),
  requestedAtMs: moment,
  enteredAtMs: { ...moment, description: 'the kept place' },
  expiresAtMs: moment,
  attempts: count,
  lastResult: oneOfOrNull(
    'connected',
    'busy',
    'declined',
    'noAnswer',
    'unreachable',
    'hungUp',
    'error',
    'lost',
    'denied',
    'calledOff',
  ),
  outcome: { ...oneOfOrNull('reached', 'gaveUp', 'expired', 'merged', 'cancelled'), description: 'null while it is open' },
  endedAtMs: orNull(moment),
  waitMs: orNull(lengthMs),
  agentId: orNull(text),
  by: orNull(text),
});

const switchView = object<SwitchView>({ switchId: text, up: flag, detail: text, sinceMs: moment });

const toldAlarm = object<Omit<AlarmView, 'title' | 'sound'>>({
  alarmId: text,
  rule: text,
  queueId: orNull(text),
  metric: text,
  severity: oneOf('warning', 'critical'),
  value: { type: 'number' },
  bound: { type: 'number' },
  raisedAtMs: moment,
  clearedAtMs: orNull(moment),
  acknowledgedBy: orNull(text),
  acknowledgedAtMs: orNull(moment),
  note: text,
  mutedUntilMs: orNull(moment),
});
export const alarmView: Schema = {
  ...toldAlarm,
  properties: {
    ...(toldAlarm.properties as Schema),
    title: {
      type: 'object',
      additionalProperties: text,
      description: 'of its rule, by language; absent where the rule is no more',
    },
    sound: { ...flag, description: 'pages sound once' },
  },
};

export const alarmRuleView = object<AlarmRuleView>({
  rule: text,
  title: { type: 'object', additionalProperties: text },
  metric: text,
  unit: oneOf('share', 'count', 'duration'),
  of: oneOf('queue', 'site'),
  queues: { ...orNull(list(text)), description: 'null: each of them, or of a metric of the site' },
  side: oneOf('below', 'above'),
  bound: { type: 'number', description: 'a share of 1, a count, or milliseconds, by unit' },
  forMs: lengthMs,
  until: { type: 'number' },
  untilForMs: lengthMs,
  severity: oneOf('warning', 'critical'),
  leastCases: count,
  sound: flag,
  webhooks: list(text),
  mail: { ...list(text), description: 'groups' },
  calendar: orNull(text),
  mutes: list(object<AlarmRuleView['mutes'][number]>({ queueId: orNull(text), untilMs: moment })),
});

export const boardView = object<Board>({
  seq: count,
  atMs: moment,
  queues: list(queueView),
  agents: list(agentView),
  switches: list(switchView),
  callsNow: count,
  alarms: list(alarmView),
});

const explanationLine = object<ExplanationLine>({
  atMs: moment,
  at: { ...text, description: "time of day in the site's zone" },
  text,
  details: list(text),
});

export const explanationView: Record<string, Schema> = {
  callId: text,
  language: oneOf('zh', 'en'),
  parts: list(object<ExplanationPart>({ atMs: moment, heading: text, lines: list(explanationLine) })),
  text,
};

export const factView: Schema = {
  type: 'object',
  properties: { seq: count, atMs: moment, kind: text },
  required: ['seq', 'atMs', 'kind'],
  additionalProperties: true,
};

/** An answer with the snapshot number that its figures share. */
export function answer(description: string, properties: Record<string, Schema>): Schema {
  const all = {
    seq: { ...count, description: 'number of the last fact in these figures' },
    atMs: { ...moment, description: 'moment of these figures' },
    ...properties,
  };
  return { description, type: 'object', properties: all, required: Object.keys(all), additionalProperties: false };
}

export const rows = list;

const refusal: Schema = {
  type: 'object',
  properties: { id: { ...text, description: 'stable, for programs' }, message: { ...text, description: 'for people' } },
  required: ['id', 'message'],
  additionalProperties: false,
};

/** The answers that any route may give besides its own. */
export function refusals(...descriptions: ReadonlyArray<readonly [status: number, description: string]>): Record<number, Schema> {
  return Object.fromEntries(descriptions.map(([status, description]) => [status, { ...refusal, description }]));
}

export const readRefusals = refusals([401, 'unauthorized: a token is needed'], [421, 'wrong-host']);

/** An id in a path: see base/ids.ts isPlainId. */
export const idParams: Schema = {
  type: 'object',
  properties: { id: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$' } },
  required: ['id'],
};

export const checksView: Schema = {
  type: 'object',
  properties: {
    ok: flag,
    checks: list({
      type: 'object',
      properties: { name: text, ok: flag, detail: { ...text, description: 'only for those who may read' } },
      required: ['name', 'ok'],
      additionalProperties: false,
    }),
  },
  required: ['ok', 'checks'],
  additionalProperties: false,
};
