import t from 'tap';
import type { QueueConfig, ServiceLevelFormula } from '../../src/acd/config.js';
import { explainCall, explanationText } from '../../src/acd/explanation.js';
import { verdictOf } from '../../src/acd/explanation-level.js';
import { RedisStore } from '../../src/adapters/redis/redis-store.js';
import type { Decision, EligibleAgents, Fact, FactBody, QueueExit } from '../../src/base/facts.js';
import { type AgentId, asId, type CallId, type OfferId, type QueueId } from '../../src/base/ids.js';
import { explain } from '../../src/cli/explain.js';
import { buildApp } from '../../src/http/app.js';
import { explanationOf } from '../../src/main/explanation.js';
import { readSite } from '../../src/main/site.js';
import { FORMULAS } from '../../src/service-level/formulas.js';
import { createLedger } from '../../src/service-level/ledger.js';
import { aHouse, TOKENS } from '../http/house.js';
import { SILENT } from '../support/domain-world.js';
import { sampleQueue } from '../support/sample-site.js';
import { startTestStack } from '../support/stack.js';

const CALL = asId<CallId>('7f3c');
const queueId = asId<QueueId>('general');
const callId = CALL;
/** 10:02:11.204 in Shanghai. */
const ENTRY = Date.UTC(2026, 10, 21, 2, 2, 11, 204);
const general = sampleQueue('general');
const none: EligibleAgents = { idle: 0, ringing: 0, talking: 0, wrapUp: 0, notReady: 0, resting: 0 };
const agent = (id: string): AgentId => asId<AgentId>(id);

/** Facts `[milliseconds after the entry, body]`. */
const story = (...bodies: [number, FactBody][]): Fact[] =>
  bodies.map(([afterMs, body], i) => ({ ...body, seq: i + 1, atMs: ENTRY + afterMs }) as Fact);

const told = (language: 'zh' | 'en', facts: Fact[], queues: QueueConfig[] = [general]): string =>
  explanationText(
    explainCall(CALL, facts, { language, timeZone: 'Asia/Shanghai', queue: (id) => queues.find((queue) => queue.id === id) }),
  );

const queued = (change: Partial<Extract<FactBody, { kind: 'callQueued' }>> = {}): FactBody => ({
  kind: 'callQueued',
  callId,
  queueId,
  lane: 'vip',
  priority: 0,
  requirement: 'service>=1',
  language: 'zh',
  eligible: { ...none, talking: 11, wrapUp: 2, ringing: 1 },
  ...change,
});
const offered = (n: number, agentId: string, waitedMs: number, why: Decision): FactBody => ({
  kind: 'callOffered',
  callId,
  queueId,
  offerId: asId<OfferId>(`7f3c-a${n}`),
  agentId: agent(agentId),
  waitedMs,
  why,
});
const offerEnded = (
  n: number,
  agentId: string,
  cause: Extract<FactBody, { kind: 'offerEnded' }>['cause'],
  ringMs: number,
): FactBody => ({
  kind: 'offerEnded',
  callId,
  queueId,
  offerId: asId<OfferId>(`7f3c-a${n}`),
  agentId: agent(agentId),
  outcome: 'failed',
  cause,
  ringMs,
});
const answered = (n: number, agentId: string, waitMs: number): FactBody => ({
  kind: 'callAnswered',
  callId,
  queueId,
  offerId: asId<OfferId>(`7f3c-a${n}`),
  agentId: agent(agentId),
  waitMs,
});

const HEADS: Decision = {
  trigger: 'agentFreed',
  rule: 'vip-first',
  considered: 2,
  candidates: [
    { id: '7f3c', key: [1, 0, 0, 0, 13_666, 13_666], note: 'vip in general, waited 13666 ms' },
    { id: '91d0', key: [1, 0, 1, 0, 88_200, 88_200], note: 'ordinary in general, waited 88200 ms' },
  ],
};
const LONGEST_IDLE: Decision = {
  trigger: 'callerCame',
  rule: 'longest-idle',
  considered: 7,
  candidates: [
    { id: '1003', key: [37_000] },
    { id: '1009', key: [12_500] },
  ],
};

t.test('a wait, an agent who does not answer, another who does: in both languages', async (t) => {
  const facts = story(
    [0, queued()],
    [13_666, offered(1, '1007', 13_666, HEADS)],
    [28_667, offerEnded(1, '1007', 'noAnswer', 15_001)],
    [28_908, offered(2, '1003', 28_908, LONGEST_IDLE)],
    [32_186, offerEnded(2, '1003', 'answered', 3_278)],
    [32_186, answered(2, '1003', 32_186)],
  );
  t.equal(
    told('en', facts),
    `call 7f3c entered "general" at 10:02:11.204 (lane vip, needs service>=1)
  10:02:11.204  no eligible agent was idle (14 eligible: 11 talking, 2 in wrap-up, 1 ringing)
  10:02:24.870  agent 1007 became idle. Callers at the heads: vip 7f3c in "general" waited 13.7 s; ordinary 91d0 in "general" waited 88.2 s, guard at 90 s not reached
                chosen 7f3c by vip-first: the lane or class that goes first
                offered to 1007
  10:02:39.871  not answered in 15 s: 1007 not ready (rona); place kept
  10:02:40.112  offered to 1003 (longest idle of 7)
                candidates: 1003 (idle 37 s), 1009 (idle 12.5 s) and 5 more
  10:02:43.390  answered by 1003 after 32.2 s: past 20 s, counts against the level from 10:02:31.204 (answered-of-offered)
`,
  );
  t.equal(
    told('zh', facts),
    `呼叫 7f3c 于 10:02:11.204 进入队列“general”（VIP通道，要求 service>=1）
  10:02:11.204  没有合格坐席空闲（合格 14 人：通话中 11，话后处理 2，振铃中 1）
  10:02:24.870  坐席 1007 变为空闲。各队首的来电者：VIP 7f3c（“general”）已等待 13.7 秒；普通 91d0（“general”）已等待 88.2 秒，保护时限 90 秒未到
                按“VIP 优先”选中 7f3c：通道或类别优先
                派给 1007
  10:02:39.871  15 秒内无人接听：1007 转为示忙（rona）；位置保留
  10:02:40.112  派给 1003（7 人中空闲最久）
                候选坐席：1003（空闲 37 秒），1009（空闲 12.5 秒），另有 5 个
  10:02:43.390  1003 接听，等待 32.2 秒：超过 20 秒，自 10:02:31.204 起计为未达标（answered-of-offered）
`,
  );
});

t.test('why nobody was rung, what was changed, where an agent went instead, how it ended', async (t) => {
  const other: Decision = { ...HEADS, candidates: [...HEADS.candidates].reverse(), rule: 'wait-guard', considered: 3 };
  const facts = story(
    [0, queued({ lane: 'ordinary', priority: 5, eligible: { ...none, idle: 1, notReady: 1 } })],
    [9_000, { ...offered(1, '1009', 9_000, other), callId: asId<CallId>('91d0') } as FactBody],
    [
      30_000,
      {
        kind: 'callReprioritised',
        callId,
        queueId,
        lane: 'ordinary',
        priority: 5,
        requirement: 'anyone',
        by: 'relax step 1',
        eligible: none,
      },
    ],
    [31_000, { kind: 'callReprioritised', callId, queueId, lane: 'vip', priority: 9, requirement: 'anyone', by: 'sue' }],
    [40_000, { kind: 'callLeftQueue', callId, queueId, exit: 'abandoned', waitMs: 40_000 }],
  );
  t.equal(
    told('en', facts),
    `call 7f3c entered "general" at 10:02:11.204 (lane ordinary, priority 5, needs service>=1)
  10:02:11.204  nobody was rung at once (2 eligible: 1 idle, 1 not ready)
  10:02:20.204  agent 1009 became idle and was given to 91d0 (wait-guard: the lane or class that goes first); this caller, vip 7f3c in "general" waited 13.7 s, stood 2 of 3
  10:02:41.204  after 30 s of waiting relaxation step 1 let in more agents: lane ordinary, priority 5, anyone may serve
  10:02:41.204  no agent who may serve this call was signed in
  10:02:42.204  changed by sue: lane vip, priority 9, anyone may serve
  10:02:51.204  the caller hung up after 40 s: past 20 s, counts against the level from 10:02:31.204 (answered-of-offered)
`,
  );
  t.match(told('zh', facts), /坐席 1009 变为空闲，派给了 91d0/);
  const blocked = story([0, { kind: 'callBlocked', callId, queueId, reason: 'queueFull' }]);
  t.equal(told('en', blocked), 'call 7f3c was refused by "general" at 10:02:11.204: the queue was full\n');
  t.equal(told('zh', blocked), '呼叫 7f3c 于 10:02:11.204 被队列“general”拒绝：队列已满\n');
  const promised = story(
    [0, queued({ requirement: 'anyone' })],
    [
      9_000,
      {
        kind: 'callbackRequested',
        callId,
        queueId,
        callbackId: asId<CallId>('7f3c-cb'),
        number: '13800001234',
        mode: 'agent-first',
        enteredAtMs: ENTRY,
        expiresAtMs: ENTRY + 3_600_000,
      },
    ],
    [9_000, { kind: 'callLeftQueue', callId, queueId, exit: 'calledBack', waitMs: 9_000 }],
  );
  t.equal(
    told('en', promised),
    `call 7f3c entered "general" at 10:02:11.204 (lane vip, anyone may serve)
  10:02:11.204  no eligible agent was idle (14 eligible: 11 talking, 2 in wrap-up, 1 ringing)
  10:02:20.204  promised a callback to ***1234 (an agent is taken first): the place of 10:02:11.204 goes on as call 7f3c-cb, until 11:02:11.204
  10:02:20.204  the caller chose to be called back after 9 s: within 20 s, counts against the level from 10:02:20.204 (answered-of-offered)
`,
  );
  t.match(told('zh', promised), /已承诺回呼 \*\*\*1234（先占用坐席）：10:02:11.204 的位置由呼叫 7f3c-cb 保留，至 11:02:11.204/);
  const never = story([500, { kind: 'callEnded', callId, outcome: 'contained', durationMs: 500, endedBy: 'caller' }]);
  t.equal(told('en', never), 'call 7f3c never entered a queue\n  10:02:11.704  the call ended: contained\n');
});

t.test('overflow, a restored place, a wish, an assignment, the time left', async (t) => {
  const lines = (language: 'zh' | 'en', ...bodies: [number, FactBody][]): string[] =>
    told(language, story([0, queued({ requirement: 'anyone' })], ...bodies)).split('\n');
  const overflowed: [number, FactBody][] = [
    [30_000, { kind: 'callOverflowed', callId, queueId, to: 'queue back-office', rule: 'wait', value: 30_000, bound: 30_000 }],
    [30_000, { kind: 'callLeftQueue', callId, queueId, exit: 'flowedOut', waitMs: 30_000 }],
    [30_000, { ...queued({ eligible: none }), queueId: asId<QueueId>('back-office'), placeFromMs: ENTRY } as FactBody],
    [
      30_500,
      { kind: 'placeRestored', callId, queueId, previousCallId: asId<CallId>('6e2b'), enteredAtMs: ENTRY - 5_000, awayMs: 9_000 },
    ],
    [
      30_600,
      {
        kind: 'callWaitsForAgent',
        callId,
        queueId,
        agentId: agent('1003'),
        because: 'lastAgent',
        untilMs: ENTRY + 40_000,
        by: null,
      },
    ],
    [
      30_700,
      { kind: 'callWaitsForAgent', callId, queueId, agentId: agent('1004'), because: 'assigned', untilMs: null, by: 'sue' },
    ],
  ];
  t.same(lines('en', ...overflowed).slice(2), [
    '  10:02:41.204  overflow to queue back-office: waited 30 s, bound 30 s',
    '  10:02:41.204  the caller went on elsewhere after 30 s: past 20 s, counts against the level from 10:02:31.204 (answered-of-offered)',
    'call 7f3c entered "back-office" at 10:02:41.204 (lane vip, needs service>=1), in the place of 10:02:11.204',
    '  10:02:41.204  no agent who may serve this call was signed in',
    '  10:02:41.704  back after 9 s: stands again in the place of call 6e2b, entered at 10:02:06.204',
    '  10:02:41.804  kept for 1003, the last agent of this caller, until 10:02:51.204',
    '  10:02:41.904  kept for 1004, assigned by sue',
    '',
  ]);
  t.same(lines('zh', ...overflowed).slice(6), [
    '  10:02:41.704  9 秒 后重拨：恢复呼叫 6e2b 的位置（10:02:06.204 进入）',
    '  10:02:41.804  为此来电者上次的坐席 1003 保留至 10:02:51.204',
    '  10:02:41.904  由 sue 指派，为坐席 1004 保留',
    '',
  ]);
  const meant: Decision = {
    trigger: 'agentFreed',
    rule: 'assigned',
    considered: 1,
    keys: [],
    candidates: [{ id: '7f3c', key: [], note: 'vip in general, waited 40000 ms, assigned by sue' }],
  };
  t.same(lines('en', [40_000, offered(1, '1004', 40_000, meant)]).slice(2), [
    '  10:02:51.204  agent 1004 became idle. Callers at the heads: vip 7f3c in "general" waited 40 s',
    '                chosen 7f3c: assigned to this agent',
    '                offered to 1004',
    '',
  ]);
  const last: Decision = {
    trigger: 'callerCame',
    rule: 'last-agent',
    considered: 1,
    keys: [],
    candidates: [{ id: '1003', key: [] }],
    passedOver: [{ id: '1009', why: 'last-agent' }],
  };
  t.same(lines('en', [0, offered(1, '1003', 0, last)]).slice(1), [
    '  10:02:11.204  offered to 1003 (last agent of this caller)',
    '                passed over: 1009 (the call is meant for the last agent of this caller)',
    '',
  ]);
  const left: Decision = {
    trigger: 'agentFreed',
    rule: 'time-left',
    considered: 2,
    keys: ['guard', 'rank', 'class', 'priority', 'standsMs', 'waitedMs'],
    candidates: [
      { id: '7f3c', key: [1, 0, 1, 0, -4_000, 16_000], note: 'vip in general, waited 16000 ms, 4000 ms left' },
      { id: '91d0', key: [1, 0, 2, 0, 31_000, 31_000], note: 'vip in general, waited 31000 ms, late by 11000 ms' },
    ],
  };
  t.match(
    lines('en', [16_000, offered(1, '1003', 16_000, left)])[2],
    /vip 7f3c in "general" waited 16 s, 4 s left to the target; vip 91d0 in "general" waited 31 s, past the target$/,
  );
});

t.test('a rule without words is listed as it is', async (t) => {
  const why: Decision = {
    trigger: 'callerCame',
    rule: 'moon-phase',
    considered: 2,
    keys: ['moonMs', 'tide'],
    candidates: [
      { id: '1003', key: [2_000, 'high'] },
      { id: '1009', key: [2_000, 'low'] },
    ],
    passedOver: [{ id: '1001', why: 'resting' }],
  };
  const facts = story(
    [0, queued({ requirement: 'anyone' })],
    [0, offered(1, '1003', 0, why)],
    [2_000, answered(1, '1003', 2_000)],
  );
  t.equal(
    told('en', facts, []),
    `call 7f3c entered "general" at 10:02:11.204 (lane vip, anyone may serve)
  10:02:11.204  offered to 1003 (moon-phase, of 2)
                candidates: 1003 (moonMs 2 s, tide high), 1009 (moonMs 2 s, tide low)
                equal at first; tide
                passed over: 1001 (resting)
  10:02:13.204  answered by 1003 after 2 s
`,
  );
});

t.test('what a call did to the level is what the formulas count', async (t) => {
  const ends: ('answered' | QueueExit)[] = ['answered', 'abandoned', 'flowedOut', 'timedOut', 'exitedByKey', 'calledBack'];
  for (const formula of Object.keys(FORMULAS) as ServiceLevelFormula[]) {
    const queue = { ...general, target: { ...general.target, formula } };
    for (const end of ends) {
      for (const waitMs of [0, 5_000, 5_001, 20_000, 20_001, 90_000]) {
        const ledger = createLedger({ queues: [queue], agents: [], dayStartMs: () => 0 });
        const leaving: FactBody =
          end === 'answered' ? answered(1, '1003', waitMs) : { kind: 'callLeftQueue', callId, queueId, exit: end, waitMs };
        for (const fact of story([0, queued()], [waitMs, leaving])) ledger.add(fact);
        const level = ledger.board(ENTRY + waitMs).queues[0]?.serviceLevel;
        const verdict = verdictOf(queue.target, end, waitMs);
        const counted = { for: [1, 1], against: [0, 1], out: [0, 0] }[verdict.kind];
        t.same([level?.numerator, level?.denominator], counted, `${formula}: ${end} after ${waitMs} ms`);
      }
    }
  }
});

t.test('asked of a running hotline, by the API and by the command', async (t) => {
  const ledger = createLedger({ queues: [general], agents: [], dayStartMs: () => 0 });
  const other = asId<CallId>('91d0');
  const arrived = (id: CallId): FactBody =>
    ({
      kind: 'callArrived',
      callId: id,
      switchId: 's',
      legId: `l-${id}`,
      ani: '13800001234',
      dnis: '95588',
      flowId: null,
    }) as unknown as FactBody;
  const facts = story(
    [-100, arrived(CALL)],
    [-50, arrived(other)],
    [0, queued()],
    [10, { ...queued({ lane: 'ordinary' }), callId: other } as FactBody],
    [13_666, offered(1, '1007', 13_666, HEADS)],
    [15_000, answered(1, '1007', 15_000)],
  );
  for (const fact of facts) ledger.add(fact);
  const settings = { acd: { queues: [general] }, site: { timeZone: 'Asia/Shanghai' } } as unknown as Parameters<
    typeof explanationOf
  >[0];
  const app = buildApp(
    aHouse({ ledger, explanation: (id, language) => explanationOf(settings, ledger.storyOf(id), id, language) }),
  );
  t.teardown(() => app.close());
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const asked = await app.inject('/api/v1/calls/7f3c/explanation?lang=en');
  t.equal(asked.statusCode, 200);
  const { text, parts, language } = asked.json();
  t.equal(language, 'en');
  t.equal(text, told('en', facts));
  t.equal(parts[0].lines.length, 3);
  t.notMatch(asked.body, /13800001234/);
  t.match(
    (await app.inject('/api/v1/calls/91d0/explanation')).json().text,
    /派给了 7f3c（VIP 优先：通道或类别优先）；本来电（普通 91d0/,
  );
  t.equal((await app.inject('/api/v1/calls/nobody/explanation')).json().id, 'no-such-call');
  t.equal((await app.inject('/api/v1/calls/7f3c/explanation?lang=fr')).json().id, 'bad-request');
  t.same(await explain('7f3c', { url, lang: 'en' }, {}), { code: 0, text });
  t.same(await explain('7f3c', { url, lang: 'en', token: TOKENS.viewer.secret }, {}), { code: 0, text });
  t.match(await explain('7f3c', { url, token: 'wrong-secret-0123456789' }, {}), { code: 1, text: /token/ });
  t.match(await explain('nobody', { url }, {}), { code: 1, text: /no call "nobody"/ });
  t.equal((await explain('../x', { url }, {})).code, 2);
  await app.close();
  t.match(await explain('7f3c', { url }, {}), { code: 69, text: /--redis/ });
});

t.test('read from Redis when no hotline runs', async (t) => {
  const { redis } = await startTestStack(t, { redis: true });
  const env = { HOTLINE_REDIS_URL: redis.url, HOTLINE_SWITCH: 'simulated' };
  const site = await readSite({ env, config: 'config' });
  if (!site.ok) throw new Error(JSON.stringify(site.error));
  const store = await RedisStore.connect({ ...site.value.settings.redis, log: SILENT });
  const lease = await store.acquire('test', 10_000);
  if (!lease.held) throw new Error('the lease is taken');
  const facts = story([0, queued()], [13_666, offered(1, '1007', 13_666, HEADS)], [15_000, answered(1, '1007', 15_000)]);
  t.equal(await store.commit({ fence: lease.fence, position: 1, atMs: ENTRY, changes: [], facts }), 'committed');
  await store.close();
  const said = await explain('7f3c', { redis: true, config: 'config', lang: 'en' }, env);
  t.match(said, { code: 0, text: /^call 7f3c entered "general" at 10:02:11.204/ });
  t.match(said.text, /counts for the level/);
  t.equal((await explain('nobody', { redis: true, config: 'config' }, env)).code, 1);
});
