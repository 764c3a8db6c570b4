import t from 'tap';
import type { Fact } from '../../src/base/facts.js';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/base/time.js';
import { agentReport, percentiles, withOpenTimes } from '../../src/service-level/history/reports.js';
import type { HistoryBatch, HistoryRows, HistoryTable } from '../../src/service-level/history/rows.js';
import { placeOf, positionOf } from '../../src/service-level/history/rows.js';
import { Spans, waitStepS } from '../../src/service-level/history/spans.js';
import { DAY_START, foldFrom, siteDay } from '../support/history-world.js';
import { sampleQueue } from '../support/sample-site.js';

const queues = [sampleQueue('general')];
type Body = Record<string, unknown> & { kind: string };

/** Facts at seconds after the day began. */
const facts = (...bodies: readonly (readonly [seconds: number, body: Body])[]): Fact[] =>
  bodies.map(([seconds, body], index) => ({
    ...body,
    seq: index + 1,
    atMs: DAY_START + seconds * SECOND,
  })) as unknown as Fact[];

const rowsOf = <T extends HistoryTable>(batch: HistoryBatch | null, table: T): readonly HistoryRows[T][] =>
  (batch?.rows[table] ?? []) as readonly HistoryRows[T][];

const call = { callId: 'c1' };
const offer = { ...call, queueId: 'general', agentId: '1001', offerId: 'c1-a1' };
const LIFE: readonly (readonly [number, Body])[] = [
  [0, { kind: 'callArrived', ...call, switchId: 's', legId: 'l1', ani: '+86 138 0000 0001', dnis: '95588', flowId: null }],
  [0, { kind: 'flowEntered', ...call, flowId: 'main', version: 'abc' }],
  [1, { kind: 'nodeEntered', ...call, flowId: 'main', node: 'menu' }],
  [3, { kind: 'languageChosen', ...call, language: 'en' }],
  [4, { kind: 'callerIdentified', ...call, customerId: 'cu1', tier: 'vip', by: 'ani' }],
  [5, { kind: 'nodeEntered', ...call, flowId: 'main', node: 'queue' }],
  [10, { kind: 'callQueued', ...call, queueId: 'general', lane: 'vip', priority: 1, requirement: '', language: 'en' }],
  [
    12,
    {
      kind: 'callOffered',
      ...offer,
      waitedMs: 2_000,
      why: { rule: 'longest-idle', candidates: [], considered: 1, trigger: 'callerCame' },
    },
  ],
  [27, { kind: 'offerEnded', ...offer, outcome: 'noAnswer', cause: 'noAnswer', ringMs: 15_000 }],
  [
    27,
    {
      kind: 'callOffered',
      ...offer,
      agentId: '1002',
      offerId: 'c1-a2',
      waitedMs: 17_000,
      why: { rule: 'longest-idle', candidates: [], considered: 1, trigger: 'callerCame' },
    },
  ],
  [
    30,
    { kind: 'offerEnded', ...offer, agentId: '1002', offerId: 'c1-a2', outcome: 'accepted', cause: 'answered', ringMs: 3_000 },
  ],
  [30, { kind: 'callAnswered', ...offer, agentId: '1002', offerId: 'c1-a2', waitMs: 20_000 }],
  [30, { kind: 'recordingStarted', ...call, recordingId: 'r1', agentId: '1002', queueId: 'general' }],
  [90, { kind: 'talkEnded', ...call, queueId: 'general', agentId: '1002', talkMs: 50_000, holdMs: 10_000, endedBy: 'agent' }],
  [90, { kind: 'wrapUpStarted', ...call, queueId: 'general', agentId: '1002', untilMs: null }],
  [92, { kind: 'surveyAnswered', ...call, flowId: 'main', node: 'ask', agentId: '1002', queueId: 'general', score: 5, scale: 5 }],
  [93, { kind: 'callEnded', ...call, outcome: 'answered', durationMs: 93_000, endedBy: 'caller' }],
  [100, { kind: 'wrapUpEnded', ...call, queueId: 'general', agentId: '1002', wrapUpMs: 10_000, endedBy: 'agent' }],
];

t.test('one call: the record, its stay, offers, legs and walk', (t) => {
  const batch = foldFrom(queues).take(facts(...LIFE));
  const [row] = rowsOf(batch, 'calls');
  t.match(row, {
    ...{ direction: 'inbound', arrivedMs: DAY_START, endedMs: DAY_START + 93_000, dnis: '95588', ani: '***0001', aniEnd: '0001' },
    ...{
      language: 'en',
      tier: 'vip',
      customerId: 'cu1',
      flowId: 'main',
      flowVersion: 'abc',
      lastNode: 'queue',
      queueId: 'general',
    },
    ...{ lane: 'vip', agentId: '1002', stays: 1, offers: 2, waitMs: 20_000, talkMs: 50_000, holdMs: 10_000, wrapUpMs: 10_000 },
    ...{ durationMs: 93_000, outcome: 'answered', endedBy: 'caller', recordings: '["r1"]', surveyScore: 5, surveyScale: 5 },
  });
  t.equal(row?.disposition, null);
  t.match(rowsOf(batch, 'stays'), [
    { n: 1, exit: 'answered', waitMs: 20_000, inTime: 1, short: 0, agentId: '1002', talkMs: 50_000, wrapUpMs: 10_000 },
  ]);
  t.match(rowsOf(batch, 'offers'), [
    { offerId: 'c1-a1', outcome: 'noAnswer', ringMs: 15_000 },
    { offerId: 'c1-a2', outcome: 'accepted', rule: 'longest-idle' },
  ]);
  t.match(rowsOf(batch, 'legs'), [
    { kind: 'caller', fromMs: DAY_START, untilMs: DAY_START + 93_000 },
    { kind: 'agent', agentId: '1002', fromMs: DAY_START + 30_000, untilMs: DAY_START + 90_000 },
  ]);
  t.match(rowsOf(batch, 'visits'), [{ flowId: 'main', version: 'abc', leftMs: DAY_START + 93_000, nodes: '["menu","queue"]' }]);
  t.match(rowsOf(batch, 'surveys'), [{ agentId: '1002', score: 5 }]);
  const [interval] = rowsOf(batch, 'queueIntervals').filter(({ spanMin }) => spanMin === 15);
  t.match(interval, {
    startMs: DAY_START,
    offered: 1,
    answered: 1,
    answeredInTime: 1,
    waiting: 0,
    sumTalkMs: 50_000,
    sumWrapUpMs: 10_000,
  });
  t.match(rowsOf(batch, 'waits'), [
    { exit: 'answered', upToS: 20, calls: 1 },
    { spanMin: 1440, upToS: 20, calls: 1 },
  ]);
  t.notMatch(JSON.stringify(batch), '13800000001', 'the whole number is nowhere but under its key');
  t.end();
});

t.test('the caller number is kept whole only where the site says so', (t) => {
  const [row] = rowsOf(foldFrom(queues, undefined, true).take(facts(...LIFE)), 'calls');
  t.equal(row?.ani, '+86 138 0000 0001');
  t.end();
});

t.test('who still waits when the call ends is abandoned; a call is done with when nothing is owed any more', (t) => {
  const fold = foldFrom(queues);
  const first = fold.take(
    facts(
      [0, { kind: 'callQueued', ...call, queueId: 'general', lane: 'ordinary', priority: 0, requirement: '', language: '' }],
      [4, { kind: 'callEnded', ...call, outcome: 'switchLost', durationMs: 4_000, endedBy: 'system' }],
    ),
  );
  t.match(rowsOf(first, 'stays'), [{ exit: 'abandoned', waitMs: 4_000, short: 1, inTime: 1 }]);
  t.match(first?.open, [{ kind: 'call', id: 'c1', json: /"callId":"c1"/ }]);
  const [later] = facts([70, { kind: 'controllerStopped', node: 'n' }]);
  t.same(fold.take([{ ...(later as Fact), seq: 3 }])?.open, [{ kind: 'call', id: 'c1', json: null }]);
  t.end();
});

t.test('a recording or wrap-up that comes late finds its call; one that comes to a forgotten call raises none', (t) => {
  const fold = foldFrom(queues);
  fold.take(facts(...LIFE.slice(0, -1)));
  const late = { kind: 'wrapUpEnded', ...call, queueId: 'general', agentId: '1002', wrapUpMs: 3_600_000, endedBy: 'agent' };
  const batch = fold.take([{ ...late, seq: 18, atMs: DAY_START + 2 * HOUR } as unknown as Fact]);
  t.equal(rowsOf(batch, 'calls')[0]?.wrapUpMs, 3_600_000, 'an hour of work after the call');
  t.match(
    rowsOf(batch, 'queueIntervals').find(({ spanMin }) => spanMin === 1440),
    { sumWrapUpMs: 3_600_000, offered: 0 },
  );
  const stray = { kind: 'recordingSealed', callId: 'gone', recordingId: 'r', file: 'f', bytes: 1, durationMs: 1, sha256: '' };
  t.same(rowsOf(fold.take([{ ...stray, seq: 19, atMs: DAY_START + DAY } as unknown as Fact]), 'calls'), []);
  t.end();
});

t.test('a promise to call back is a call of its own, not offered by the leg that we dial', (t) => {
  const queued = {
    kind: 'callQueued',
    ...call,
    queueId: 'general',
    lane: 'ordinary',
    priority: 0,
    requirement: '',
    language: '',
  };
  const promise = {
    kind: 'callbackRequested',
    ...call,
    callbackId: 'c1-cb',
    queueId: 'general',
    number: '13800000002',
    mode: 'agent-first',
  };
  const batch = foldFrom(queues).take(
    facts(
      [0, queued],
      [60, { kind: 'callLeftQueue', ...call, queueId: 'general', exit: 'calledBack', waitMs: 60_000 }],
      [60, { ...promise, enteredAtMs: DAY_START, expiresAtMs: DAY_START + HOUR * 1_000 }],
      [62, { kind: 'callEnded', ...call, outcome: 'calledBack', durationMs: 62_000, endedBy: 'system' }],
      [
        600,
        {
          kind: 'callbackEnded',
          callId: 'c1-cb',
          queueId: 'general',
          outcome: 'reached',
          attempts: 1,
          waitMs: 600_000,
          agentId: '1001',
          by: null,
        },
      ],
      [
        700,
        { kind: 'talkEnded', callId: 'c1-cb', queueId: 'general', agentId: '1001', talkMs: 100_000, holdMs: 0, endedBy: 'agent' },
      ],
      [700, { kind: 'callEnded', callId: 'c1-cb', outcome: 'answered', durationMs: 640_000, endedBy: 'agent' }],
    ),
  );
  const back = rowsOf(batch, 'calls').find(({ callId }) => callId === 'c1-cb');
  t.match(back, {
    direction: 'callback',
    ani: '***0002',
    agentId: '1001',
    talkMs: 100_000,
    waitMs: 600_000,
    outcome: 'answered',
  });
  const [day] = rowsOf(batch, 'queueIntervals').filter(({ spanMin }) => spanMin === 1440);
  t.match(day, { offered: 1, calledBack: 1, answered: 0, sumTalkMs: 0 });
  t.end();
});

t.test('agents: time by what was done, cut at the hours; a change within the same millisecond leaves one row', (t) => {
  const agent = { agentId: '1001' };
  const status = (status: string, reason: string | null): Body => ({
    kind: 'agentStatusChanged',
    ...agent,
    status,
    reason,
    by: '1001',
  });
  const state = (from: string, to: string): Body => ({
    kind: 'agentStateChanged',
    ...agent,
    from,
    to,
    callId: to === 'idle' ? null : 'c1',
  });
  const batch = foldFrom(queues).take(
    facts(
      [1800, { kind: 'agentSignedIn', ...agent, phone: 'sip:1001', by: '1001' }],
      [1800, status('ready', null)],
      [3600 + 600, state('idle', 'talking')],
      [3600 + 700, status('notReady', 'meal')],
      [3600 + 900, state('talking', 'wrapUp')],
      [3600 + 1000, state('wrapUp', 'idle')],
      [3600 + 1600, { kind: 'agentSignedOut', ...agent, by: '1001' }],
    ),
  );
  t.match(
    rowsOf(batch, 'agentTimes').map(({ activity, reason, fromMs, untilMs }) => [
      activity,
      reason,
      ((untilMs ?? 0) - fromMs) / SECOND,
    ]),
    [
      ['idle', null, 2400],
      ['talking', null, 300],
      ['wrapUp', null, 100],
      ['notReady', 'meal', 600],
    ],
    'what is done wins over what was chosen',
  );
  const hours = rowsOf(batch, 'agentIntervals').filter(({ spanMin }) => spanMin === 60);
  t.match(hours, [
    { startMs: DAY_START, idleMs: 1_800_000, signIns: 1 },
    { startMs: DAY_START + HOUR, idleMs: 600_000, talkingMs: 300_000, wrapUpMs: 100_000, notReadyMs: 600_000 },
  ]);
  const [day] = rowsOf(batch, 'agentIntervals').filter(({ spanMin }) => spanMin === 1440);
  const report = agentReport({ ...(day as HistoryRows['agentIntervals']), startMs: null });
  t.equal(report.signedInMs, 3_400_000);
  t.match(report.occupancy, { numerator: 400_000, denominator: 2_800_000, share: 1 / 7 });
  t.match(report.notReadyShare, { numerator: 600_000, denominator: 3_400_000, formula: 'not ready / signed in' });
  t.match(
    rowsOf(batch, 'reasonIntervals').filter(({ reason }) => reason === 'meal'),
    [
      { times: 1, lengthMs: 600_000 },
      { times: 1, lengthMs: 600_000 },
    ],
  );
  t.end();
});

t.test('who is doing something now is in the report up to now, within the range', (t) => {
  const spans = new Spans(siteDay);
  const open = [
    { agentId: '1001', fromMs: DAY_START - HOUR, untilMs: null, activity: 'idle', reason: null, callId: null, place: 1 },
  ] as const;
  const range = { fromMs: DAY_START, toMs: DAY_START + 2 * HOUR };
  const [row] = withOpenTimes([], open, range, DAY_START + 30 * MINUTE, spans, () => null);
  t.equal(row?.idleMs, 30 * MINUTE);
  const rows = withOpenTimes([], open, range, DAY_START + DAY, spans, (atMs) => spans.startOf(60, atMs));
  t.same(
    rows.map(({ startMs, idleMs }) => [startMs, idleMs]),
    [
      [DAY_START, HOUR],
      [DAY_START + HOUR, HOUR],
    ],
  );
  t.end();
});

t.test('audit: who changed what, without numbers; alarms', (t) => {
  const batch = foldFrom(queues).take(
    facts(
      [1, { kind: 'agentStatusChanged', agentId: '1001', status: 'notReady', reason: 'meal', by: 'sue' }],
      [2, { kind: 'callerIdentified', ...call, customerId: null, tier: 'vip', by: 'ani' }],
      [3, { kind: 'switchDown', switchId: 'pbx-1', detail: 'gone' }],
      [
        4,
        {
          kind: 'callbackEnded',
          callId: 'c9',
          queueId: 'general',
          outcome: 'expired',
          attempts: 0,
          waitMs: 1,
          agentId: null,
          by: null,
        },
      ],
    ),
  );
  t.match(rowsOf(batch, 'audit'), [
    { kind: 'agentStatusChanged', by: 'sue', subject: '1001', detail: '{"agentId":"1001","status":"notReady","reason":"meal"}' },
  ]);
  t.equal(rowsOf(batch, 'audit').length, 1);
  t.match(rowsOf(batch, 'alarms'), [{ kind: 'switchDown', subject: 'pbx-1' }]);
  t.end();
});

t.test('steps of waits: T is inclusive to the second; percentiles are bounds, and of the answered', (t) => {
  t.same(
    [0, 1, 1_000, 20_000, 20_001, 600_000, 600_001, 7_200_000, 7_200_001].map(waitStepS),
    [0, 1, 1, 20, 21, 600, 660, 7_200, 7_201],
  );
  t.same(percentiles([]), { p50Ms: null, p95Ms: null, p99Ms: null });
  const steps = [
    { exit: 'answered', upToS: 40, calls: 5 },
    { exit: 'answered', upToS: 1, calls: 50 },
    { exit: 'answered', upToS: 20, calls: 45 },
    { exit: 'abandoned', upToS: 600, calls: 500 },
  ];
  t.same(percentiles(steps), { p50Ms: 1_000, p95Ms: 20_000, p99Ms: 40_000 });
  t.end();
});

t.test('places: a new life stands behind every fact of the one before', (t) => {
  t.equal(placeOf({ life: 0, seq: 7 }), 7);
  t.ok(placeOf({ life: 1, seq: 0 }) > placeOf({ life: 0, seq: 999_999_999_999 }));
  t.same(positionOf(placeOf({ life: 3, seq: 12 })), { life: 3, seq: 12 });
  t.ok(Number.isSafeInteger(placeOf({ life: 9_000, seq: 999_999_999_999 })));
  t.end();
});
