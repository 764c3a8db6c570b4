import t from 'tap';
import type { AgentConfig, QueueConfig } from '../../src/acd/config.js';
import { AcdEngine } from '../../src/acd/engine.js';
import type { QueueEntity } from '../../src/acd/entities.js';
import type { AcdAction, AcdEvent } from '../../src/acd/events.js';
import type { Calendar } from '../../src/base/calendar.js';
import type { FactBody, FactKind } from '../../src/base/facts.js';
import { type AgentId, asId, type CallId, type OfferId, type QueueId, type TimerId } from '../../src/base/ids.js';
import { HOUR, MINUTE, type Ms, SECOND } from '../../src/base/time.js';
import { sampleAcd, sampleAgent, sampleQueue } from '../support/sample-site.js';

/** An engine with its timers, and nothing else: time passes when the test says so. */
class Line {
  // A Monday, 08:00 in UTC.
  now: Ms = Date.UTC(2026, 10, 23, 8);
  engine: AcdEngine;
  facts: (FactBody & { atMs: Ms })[] = [];
  actions: AcdAction[] = [];
  readonly timers = new Map<TimerId, Ms>();
  readonly #queues: QueueConfig[];
  readonly #agents: AgentConfig[];

  constructor(queues: QueueConfig[], agents: AgentConfig[]) {
    this.#queues = queues;
    this.#agents = agents;
    this.engine = new AcdEngine(sampleAcd(queues, agents));
  }

  do(event: AcdEvent): void {
    const { actions, facts, timers, refusal } = this.engine.apply(this.now, event);
    if (refusal) throw new Error(refusal.message);
    this.actions.push(...actions);
    this.facts.push(...facts.map((fact) => ({ ...fact, atMs: this.now })));
    for (const change of timers) {
      if (change.kind === 'startTimer') this.timers.set(change.timerId, change.atMs);
      else this.timers.delete(change.timerId);
    }
  }

  pass(ms: Ms): void {
    const until = this.now + ms;
    for (;;) {
      const due = [...this.timers].filter(([, atMs]) => atMs <= until).sort((a, b) => a[1] - b[1])[0];
      if (!due) break;
      this.timers.delete(due[0]);
      this.now = Math.max(this.now, due[1]);
      this.do({ kind: 'timer', timerId: due[0] });
    }
    this.now = until;
  }

  /** As a controller that died and was started again, with what the store would have. */
  restart(): void {
    const copy = <T>(of: Iterable<T>): T[] => JSON.parse(JSON.stringify([...of])) as T[];
    const queues = copy([...this.engine.queueEntities()].map(([, entity]): QueueEntity => entity));
    const { engine } = this;
    this.engine = AcdEngine.restore(
      sampleAcd(this.#queues, this.#agents),
      copy(engine.calls()) as never,
      copy(engine.agents()) as never,
      queues,
    );
    this.timers.clear();
    for (const { timerId, atMs } of this.engine.pendingTimers()) this.timers.set(timerId, atMs);
    this.do({ kind: 'dispatch', on: true });
  }

  ready(...ids: string[]): void {
    for (const id of ids) {
      this.do({ kind: 'signIn', agentId: asId(id), phone: null, by: 'test' });
      this.status(id, 'ready');
    }
  }

  status(id: string, status: 'ready' | 'notReady'): void {
    this.do({ kind: 'setStatus', agentId: asId<AgentId>(id), status, reason: status === 'ready' ? null : 'break', by: 'test' });
  }

  enter(callId: string, queue = 'general', more: Partial<Extract<AcdEvent, { kind: 'enqueue' }>> = {}): void {
    this.do({
      kind: 'enqueue',
      callId: asId<CallId>(callId),
      queueId: asId<QueueId>(queue),
      lane: 'ordinary',
      priority: 0,
      skills: {},
      language: 'zh',
      ...more,
    });
  }

  hangUp(callId: string): void {
    this.do({ kind: 'leave', callId: asId(callId), exit: 'abandoned' });
  }

  /** Whoever rings for the call picks up. */
  answer(callId: string): void {
    const ring = this.actions.findLast((each) => each.kind === 'ring' && each.callId === callId) as { offerId: OfferId };
    this.do({ kind: 'offerPickedUp', offerId: ring.offerId });
    this.do({ kind: 'offerConnected', offerId: ring.offerId });
  }

  endTalk(callId: string): void {
    const ring = this.actions.findLast((each) => each.kind === 'ring' && each.callId === callId) as { offerId: OfferId };
    this.do({ kind: 'talkEnded', callId: asId(callId), endedBy: 'caller' });
    this.do({ kind: 'agentLegGone', offerId: ring.offerId });
  }

  of<K extends FactKind>(kind: K) {
    return this.facts.filter((fact) => fact.kind === kind) as (Extract<FactBody, { kind: K }> & { atMs: Ms })[];
  }

  did<K extends AcdAction['kind']>(kind: K) {
    return this.actions.filter((action) => action.kind === kind) as Extract<AcdAction, { kind: K }>[];
  }

  queueOf(callId: string): string | undefined {
    return this.engine.call(asId(callId))?.queueId;
  }

  /** Which call rings at this agent's phone. */
  rings(agentId: string): string | null {
    const agent = this.engine.agent(asId(agentId));
    return agent?.state === 'ringing' ? agent.callId : null;
  }

  /** offered = answered + left + waiting, per queue. */
  lawOf(queueId: string): { offered: number; accounted: number } {
    const is = (fact: { queueId: QueueId }): boolean => fact.queueId === queueId;
    const waiting = [...this.engine.calls()].filter((call) => is(call) && call.phase !== 'talking').length;
    const offered = this.of('callQueued').filter(is).length;
    return {
      offered,
      accounted: this.of('callAnswered').filter(is).length + this.of('callLeftQueue').filter(is).length + waiting,
    };
  }
}

const quiet = { positionEveryMs: 0, positionFirstMs: 0, comfort: [] };
const queue = (id: string, change: Partial<QueueConfig> = {}): QueueConfig =>
  sampleQueue(id, { announce: quiet, callers: { order: 'first-come', waitsAtMostMs: HOUR }, ...change });
const agents = (...ids: string[]): AgentConfig[] => ids.map((id) => sampleAgent(id));

/** Weekdays 09:00 to 17:00, and a special Saturday. */
const OFFICE: Calendar = {
  timeZone: 'UTC',
  always: false,
  week: [0, 1, 2, 3, 4, 5, 6].map((day) => (day < 5 ? [{ fromMinute: 540, untilMinute: 1020 }] : [])),
  days: { '2026-11-24': [], '2026-11-28': [{ fromMinute: 600, untilMinute: 720 }] },
};

t.test('opening hours: closed at entry, holidays and special days, and what closing time does', (t) => {
  const line = new Line([queue('general', { hours: { calendar: OFFICE, atClosing: 'keep' } })], agents('1001'));
  line.enter('early');
  t.match(line.did('released'), [{ callId: 'early', exit: 'blocked', blocked: 'queueClosed', branch: 'closed' }]);
  line.pass(HOUR);
  line.enter('open');
  t.equal(line.did('released').length, 1, 'nine o clock is open');
  line.pass(8 * HOUR);
  t.equal(line.queueOf('open'), undefined, 'waited too long, the limit of the queue');
  line.enter('late');
  t.match(line.of('callBlocked').at(-1), { callId: 'late', reason: 'queueClosed' });
  line.now = Date.UTC(2026, 10, 24, 10);
  line.enter('holiday');
  line.now = Date.UTC(2026, 10, 28, 11);
  line.enter('special');
  t.same(
    line.of('callBlocked').map((fact) => fact.callId),
    ['early', 'late', 'holiday'],
  );
  for (const atClosing of ['keep', 'letGo'] as const) {
    const evening = new Line([queue('general', { hours: { calendar: OFFICE, atClosing } })], agents('1001'));
    evening.now = Date.UTC(2026, 10, 23, 16, 58, 30);
    evening.enter('last');
    evening.pass(5 * MINUTE);
    if (atClosing === 'keep') t.equal(evening.queueOf('last'), 'general', 'kept: served to the last one');
    else {
      t.match(evening.did('released'), [{ callId: 'last', exit: 'flowedOut', branch: 'closed' }]);
      t.equal(evening.of('callLeftQueue')[0]?.atMs, Date.UTC(2026, 10, 23, 17), 'at five sharp');
      t.equal(evening.timers.size, 0, 'no timer is left');
    }
  }
  t.end();
});

t.test('empty queues: who may join, and who is let go when the agents are gone', (t) => {
  const rule = (join: 'nobody' | 'signedIn' | 'ready', leave: 'nobody' | 'signedIn' | 'ready') => ({
    join,
    leave,
    graceMs: 10_000,
  });
  const line = new Line([queue('general', { empty: rule('signedIn', 'ready') })], agents('1001', '1002'));
  line.enter('nobody');
  t.match(line.did('released'), [{ callId: 'nobody', blocked: 'noAgents', branch: 'no-agents' }]);
  line.ready('1001', '1002');
  line.enter('talks');
  line.answer('talks');
  line.status('1002', 'notReady');
  line.enter('waits');
  t.equal(line.queueOf('waits'), 'general', 'an agent who talks is there');
  line.status('1001', 'notReady');
  line.pass(9_000);
  t.equal(line.queueOf('waits'), 'general', 'the grace holds');
  line.status('1002', 'notReady');
  line.pass(500);
  t.equal(line.queueOf('waits'), 'general');
  line.pass(600);
  t.match(line.did('released').at(-1), { callId: 'waits', exit: 'flowedOut', branch: 'no-agents' });
  t.equal(line.of('callLeftQueue')[0]?.waitMs, 10_000);
  line.enter('joins');
  t.equal(line.queueOf('joins'), 'general', 'signed in is enough to join');
  line.pass(5_000);
  line.do({ kind: 'setStatus', agentId: asId('1002'), status: 'ready', reason: null, by: 'test' });
  line.pass(6_000);
  t.equal(line.rings('1002'), 'joins', 'an agent came back within the grace');
  const strict = new Line([queue('general', { empty: rule('ready', 'nobody') })], agents('1001'));
  strict.do({ kind: 'signIn', agentId: asId('1001'), phone: null, by: 'test' });
  strict.enter('on-break');
  t.match(strict.of('callBlocked'), [{ reason: 'noAgents' }]);
  strict.status('1001', 'ready');
  strict.enter('now');
  t.equal(strict.rings('1001'), 'now');
  t.end();
});

t.test(
  'overflow by wait: to a queue with the time of entry, then to groups, then to an exit; the law holds in each queue',
  (t) => {
    const line = new Line(
      [
        queue('general', {
          overflow: [
            { when: { kind: 'wait', afterMs: 90_000 }, to: { kind: 'exit', name: 'voicemail' } },
            { when: { kind: 'wait', afterMs: 30_000 }, to: { kind: 'queue', queueId: asId('second') } },
          ],
        }),
        queue('second', {
          require: { other: 1 },
          overflow: [
            { when: { kind: 'wait', afterMs: 20_000 }, to: { kind: 'queue', queueId: asId('general') } },
            { when: { kind: 'wait', afterMs: 20_000 }, to: { kind: 'groups', groups: ['helpers'] } },
            { when: { kind: 'wait', afterMs: 60_000 }, to: { kind: 'exit', name: 'callback' } },
          ],
        }),
      ],
      [sampleAgent('1001'), sampleAgent('2001', { other: 1 }), sampleAgent('3001', { none: 1 }, { groups: ['helpers'] })],
    );
    const entered = line.now;
    line.enter('a');
    line.pass(25_000);
    line.enter('own', 'second');
    line.pass(5_000);
    t.equal(line.queueOf('a'), 'second');
    t.match(line.of('callOverflowed'), [{ callId: 'a', queueId: 'general', to: 'queue second', rule: 'wait', value: 30_000 }]);
    t.match(line.of('callLeftQueue'), [{ callId: 'a', queueId: 'general', exit: 'flowedOut', waitMs: 30_000 }]);
    t.match(line.of('callQueued').at(-1), { callId: 'a', queueId: 'second', placeFromMs: entered });
    t.match(line.did('moved'), [{ callId: 'a', queueId: 'second' }]);
    line.ready('2001');
    t.equal(line.rings('2001'), 'a', 'it entered before the second queue’s own caller');
    line.do({ kind: 'offerFailed', offerId: line.did('ring')[0]?.offerId as OfferId, cause: 'noAnswer' });
    line.do({ kind: 'agentLegGone', offerId: line.did('ring')[0]?.offerId as OfferId });
    line.pass(20_000);
    t.equal(line.queueOf('a'), 'second', 'never back to where it came from: that rule was passed over');
    line.ready('3001');
    t.equal(line.rings('3001'), 'a', 'the helpers were let in');
    line.answer('a');
    t.match(line.of('callAnswered'), [{ callId: 'a', queueId: 'second', waitMs: 20_000 }], 'the wait in this queue');
    t.match(line.did('moved').at(-1), { callId: 'own', queueId: 'general' });
    line.pass(84_000);
    t.same(line.did('released'), []);
    line.pass(1_000);
    t.match(line.did('released'), [{ callId: 'own', exit: 'flowedOut', branch: 'voicemail' }]);
    for (const id of ['general', 'second']) {
      const { offered, accounted } = line.lawOf(id);
      t.equal(offered, accounted, `the law in ${id}`);
    }
    t.end();
  },
);

t.test('overflow by wait leaves a caller alone for whom a phone rings', (t) => {
  const line = new Line(
    [queue('general', { overflow: [{ when: { kind: 'wait', afterMs: 10_000 }, to: { kind: 'exit', name: 'voicemail' } }] })],
    agents('1001', '1002'),
  );
  line.enter('a');
  line.pass(5_000);
  line.ready('1001');
  line.pass(10_000);
  t.equal(line.rings('1001'), 'a');
  t.same(line.did('released'), []);
  line.pass(6_000);
  t.match(line.did('released'), [{ callId: 'a', branch: 'voicemail' }], 'nobody picked up: now it goes');
  t.end();
});

t.test('overflow at entry: estimated wait, callers per agent, service level; never when somebody is free', (t) => {
  const to = { kind: 'exit', name: 'busy' } as const;
  // Two agents, 3 minutes a call: the n-th in line waits n * 90 s.
  const byEstimate = new Line(
    [queue('general', { overflow: [{ when: { kind: 'estimate', aboveMs: 200_000 }, to }] })],
    agents('1', '2'),
  );
  byEstimate.ready('1', '2');
  for (const id of ['a', 'b', 'c', 'd', 'e']) byEstimate.enter(id);
  t.match(byEstimate.did('released'), [{ callId: 'e', exit: 'flowedOut', branch: 'busy' }]);
  t.match(byEstimate.of('callOverflowed'), [{ rule: 'estimate', bound: 200_000 }]);
  t.match(byEstimate.of('callLeftQueue'), [{ callId: 'e', waitMs: 0, exit: 'flowedOut' }]);
  t.match(byEstimate.lawOf('general'), { offered: 5, accounted: 5 });

  const perAgent = new Line([queue('general', { overflow: [{ when: { kind: 'perAgent', above: 1.5 }, to }] })], agents('1', '2'));
  perAgent.enter('nobody-there');
  t.match(perAgent.did('released'), [{ callId: 'nobody-there' }], 'without an agent any number is too many');
  perAgent.ready('1', '2');
  for (const id of ['a', 'b', 'c', 'd', 'e']) perAgent.enter(id);
  t.match(
    perAgent.did('released').map((each) => each.callId),
    ['nobody-there', 'd', 'e'],
    'two ring, one waits: the fourth is one too many',
  );
  t.match(perAgent.of('callOverflowed').at(-1), { rule: 'perAgent', value: 2, bound: 1.5 });

  const byLevel = new Line(
    [queue('general', { limits: { waiting: 100, waitMs: HOUR }, overflow: [{ when: { kind: 'level', below: 0.8 }, to }] })],
    agents('1'),
  );
  byLevel.ready('1');
  byLevel.enter('in-time');
  byLevel.answer('in-time');
  for (const id of ['late-1', 'late-2']) byLevel.enter(id);
  t.same(byLevel.did('released'), [], 'one of one in time; who waits within the target is not counted');
  byLevel.pass(20_000);
  byLevel.enter('exact');
  t.same(byLevel.did('released'), [], 'a wait of exactly the target is in time');
  byLevel.pass(1);
  byLevel.enter('after');
  t.match(byLevel.of('callOverflowed'), [{ callId: 'after', rule: 'level', value: 1 / 3 }], 'one in time of three');
  byLevel.endTalk('in-time');
  byLevel.pass(10_000);
  byLevel.answer('late-1');
  byLevel.pass(31 * MINUTE);
  for (const id of ['late-2', 'exact']) byLevel.hangUp(id);
  byLevel.pass(1);
  byLevel.enter('next-half-hour');
  t.not(byLevel.did('released').at(-1)?.callId, 'next-half-hour', 'nothing of the last half hour is bad');
  t.end();
});

t.test('borrowed groups: need and ease must hold, agents come and go back once', (t) => {
  const line = new Line(
    [
      queue('general', {
        agents: { choose: 'longest-idle', ringMs: 15_000, wrapUpMs: 0 },
        borrow: [
          {
            groups: ['office'],
            require: { polite: 1 },
            when: { waiting: 3 },
            forMs: 5_000,
            until: { waiting: 1 },
            untilForMs: 20_000,
          },
        ],
      }),
    ],
    [
      sampleAgent('1'),
      sampleAgent('8', { polite: 1 }, { groups: ['office'] }),
      sampleAgent('9', { rude: 1 }, { groups: ['office'] }),
    ],
  );
  line.ready('8', '9');
  for (const id of ['a', 'b', 'c']) line.enter(id);
  line.pass(4_000);
  line.hangUp('c');
  line.pass(3_000);
  t.same(line.of('groupBorrowed'), [], 'the need did not last');
  line.enter('c2');
  line.pass(5_000);
  t.match(line.of('groupBorrowed'), [{ queueId: 'general', groups: ['office'], waiting: 3 }]);
  t.equal(line.rings('8'), 'a', 'who was idle is asked at once');
  t.equal(line.rings('9'), null, 'without the skill that is asked for nobody is lent');
  line.answer('a');
  line.endTalk('a');
  t.equal(line.rings('8'), 'b');
  line.restart();
  t.equal(line.engine.agent(asId('8'))?.callId, 'b', 'what is lent is kept over a restart');
  line.answer('b');
  line.pass(19_000);
  t.same(line.of('groupReturned'), [], 'one waits: at ease, but not yet for long enough');
  line.pass(2_000);
  t.equal(line.of('groupReturned').length, 1);
  line.endTalk('b');
  line.pass(2_000);
  t.equal(line.rings('8'), null, 'given back');
  t.equal(line.queueOf('c2'), 'general');
  line.ready('1');
  t.equal(line.rings('1'), 'c2');
  line.hangUp('c2');
  line.pass(5_000);
  t.equal(line.timers.size, 0, 'nothing is left to look at');
  t.equal(line.of('groupBorrowed').length, 1, 'borrowed once, no to and fro');
  t.end();
});

t.test('announcements: each kind first and every, what falls due together is told together', (t) => {
  const line = new Line(
    [
      sampleQueue('general', {
        announce: { positionEveryMs: 45_000, positionFirstMs: 5_000, comfort: ['one', 'two'] },
        estimate: { firstMs: 6_000, everyMs: 60_000 },
        comfortEvery: { firstMs: 20_000, everyMs: 40_000 },
      }),
    ],
    agents('1', '2'),
  );
  line.ready('1', '2');
  for (const id of ['x', 'y']) {
    line.enter(id);
    line.answer(id);
  }
  line.enter('first');
  line.enter('second');
  const from = line.now;
  const told = (): unknown[] => line.did('announce').filter((each) => each.callId === 'second');
  line.pass(4_999);
  t.same(told(), []);
  line.pass(1);
  t.match(
    told(),
    [{ position: 2, minutes: 3, comfort: null }],
    'the estimate is near enough to be told with it: 2 * 180 s / 2 agents',
  );
  line.pass(15_000);
  t.match(told().at(-1), { position: null, minutes: null, comfort: 'one' });
  line.hangUp('first');
  line.pass(30_000);
  t.match(told().at(-1), { position: 1, minutes: null, comfort: null });
  line.pass(10_000);
  t.match(told().at(-1), { position: null, comfort: 'two' });
  line.pass(5_000);
  t.match(told().at(-1), { position: null, minutes: 2, comfort: null }, 'a minute and a half is told as two');
  t.equal(line.now - from, 65_000);
  line.endTalk('x');
  line.pass(10_000);
  t.equal(line.rings('1'), 'second');
  const before = told().length;
  line.pass(14_000);
  t.equal(told().length, before, 'silent while a phone rings');
  t.end();
});

t.test('the estimate learns from what calls take, and keeps it over a restart', (t) => {
  const line = new Line([queue('general', { handleMs: 60_000 })], agents('1'));
  line.ready('1');
  line.enter('a');
  line.answer('a');
  line.enter('b');
  t.equal(line.engine.estimateMs(asId('b')), 60_000);
  line.pass(100_000);
  line.endTalk('a');
  line.pass(10_000);
  line.answer('b');
  line.pass(200_000);
  line.endTalk('b');
  line.pass(10_000);
  line.enter('c');
  line.answer('c');
  line.enter('d');
  // Talks of 100 s and 200 s, wrap-up of 10 s each.
  t.equal(line.engine.estimateMs(asId('d')), 160_000);
  line.restart();
  t.equal(line.engine.estimateMs(asId('d')), 160_000);
  line.status('1', 'notReady');
  t.equal(line.engine.estimateMs(asId('d')), null, 'nobody is there: nothing to tell');
  t.end();
});

t.test('the exit key takes a waiting caller out, by its name; other keys do nothing', (t) => {
  const line = new Line([queue('general', { keys: { '*': 'exit', '1': 'callback' } })], agents('1'));
  line.enter('a');
  line.enter('b');
  line.pass(7_000);
  line.do({ kind: 'keyPressed', callId: asId('a'), key: '5' });
  t.same(line.did('released'), []);
  line.do({ kind: 'keyPressed', callId: asId('a'), key: '1' });
  t.match(line.did('released'), [{ callId: 'a', exit: 'exitedByKey', branch: 'callback' }]);
  t.match(line.of('callLeftQueue'), [{ exit: 'exitedByKey', waitMs: 7_000 }]);
  line.ready('1');
  line.do({ kind: 'keyPressed', callId: asId('b'), key: '*' });
  t.match(line.did('withdraw').length, 1, 'the phone that rang for the caller is quiet again');
  t.equal(line.engine.agent(asId('1'))?.status, 'ready', 'and nobody is blamed');
  t.end();
});

t.test('redial: the old place, a wait of its own; once, within the limit, for this caller and queue only', (t) => {
  const redial = { withinMs: 60_000, callers: 2 };
  const line = new Line([queue('general', { redial }), queue('other', { redial })], agents('1'));
  const entered = line.now;
  line.enter('a', 'general', { caller: '13900000001' });
  line.pass(10_000);
  line.enter('b', 'general', { caller: '13900000002' });
  line.pass(10_000);
  line.hangUp('a');
  line.restart();
  line.pass(30_000);
  line.enter('a-elsewhere', 'other', { caller: '13900000001' });
  line.enter('a2', 'general', { caller: '13900000001' });
  t.match(line.of('placeRestored'), [
    { callId: 'a2', queueId: 'general', previousCallId: 'a', enteredAtMs: entered, awayMs: 30_000 },
  ]);
  t.equal(line.of('placeRestored').length, 1);
  line.enter('a3', 'general', { caller: '13900000001' });
  t.equal(line.of('placeRestored').length, 1, 'a place is given back once');
  line.hangUp('a-elsewhere');
  line.ready('1');
  t.equal(line.rings('1'), 'a2', 'before the one who entered in between');
  line.pass(1_000);
  line.answer('a2');
  t.match(line.of('callAnswered'), [{ callId: 'a2', waitMs: 1_000 }], 'the wait of the second call alone');
  t.match(line.of('callLeftQueue')[0], { callId: 'a', exit: 'abandoned', waitMs: 20_000 });
  t.match(line.lawOf('general'), { offered: 4, accounted: 4 }, 'each call is offered once');
  line.hangUp('b');
  line.pass(60_001);
  line.enter('b2', 'general', { caller: '13900000002' });
  t.equal(line.of('placeRestored').length, 1, 'too late');
  line.enter('nobody', 'general', { caller: null });
  line.hangUp('nobody');
  line.enter('nobody2', 'general', { caller: null });
  t.equal(line.of('placeRestored').length, 1, 'a caller without a number has no place');
  t.end();
});

t.test('redial: the memory is bounded, and forgets numbers in time', (t) => {
  const line = new Line([queue('general', { redial: { withinMs: 60_000, callers: 2 } })], agents('1'));
  const kept = (): string[] => [...line.engine.queueEntities()].map(([id]) => id).filter((id) => id.startsWith('place/'));
  for (const n of [1, 2, 3]) {
    line.enter(`c${n}`, 'general', { caller: `1390000000${n}` });
    line.hangUp(`c${n}`);
    line.pass(1_000);
  }
  t.same(kept(), ['place/general/13900000002', 'place/general/13900000003']);
  line.engine.takeChanges();
  line.pass(58_500);
  t.same(kept(), ['place/general/13900000003'], 'forgotten without anybody calling');
  t.match(
    line.engine.takeChanges().queues.filter(([id]) => id.startsWith('place/')),
    [['place/general/13900000002', null]],
    'and taken out of the store',
  );
  line.pass(5_000);
  t.same(kept(), []);
  t.equal(line.timers.size, 0);
  t.end();
});

t.test('length limit and longest wait; a redialled place does not shorten the limit', (t) => {
  const line = new Line(
    [queue('general', { limits: { waiting: 1, waitMs: 60_000 }, redial: { withinMs: 60_000, callers: 9 } })],
    agents('1'),
  );
  line.enter('a', 'general', { caller: '13900000001' });
  line.enter('b');
  t.match(line.did('released'), [{ callId: 'b', blocked: 'queueFull', branch: 'full' }]);
  line.pass(50_000);
  line.hangUp('a');
  line.enter('a2', 'general', { caller: '13900000001' });
  line.pass(59_999);
  t.equal(line.queueOf('a2'), 'general');
  line.pass(1);
  t.match(line.did('released').at(-1), { callId: 'a2', exit: 'timedOut' });
  t.equal(line.now % SECOND, 0);
  t.end();
});

t.test('a caller who left and is then promised a callback is counted once in the level that rules look at', (t) => {
  const overflow = [{ when: { kind: 'level', below: 0.1 }, to: { kind: 'exit', name: 'busy' } }] as const;
  const line = new Line([queue('general', { overflow, keys: { '1': 'callback' } })], agents('1'));
  line.enter('a');
  line.pass(2_000);
  const before = line.now;
  line.do({ kind: 'keyPressed', callId: asId('a'), key: '1' });
  line.pass(3_000);
  const general = { queueId: asId<QueueId>('general'), lane: 'ordinary', priority: 0, skills: {}, language: 'zh' } as const;
  line.do({
    kind: 'promise',
    callId: asId('a-callback'),
    from: asId('a'),
    ...general,
    enteredAtMs: before - 2_000,
    notBeforeMs: line.now + HOUR,
  });
  const record = [...line.engine.queueEntities()].find(([id]) => id === 'general')?.[1];
  t.match(record, { kind: 'queue', level: [{ offered: 1, answered: 0, gone: 1 }] });
  t.equal(line.of('callQueued').length, 1);
  t.end();
});

t.test('rules that come with a new configuration hold for those who wait already', (t) => {
  const line = new Line([queue('general')], agents('1'));
  line.enter('a');
  line.pass(5_000);
  const empty = { join: 'nobody', leave: 'signedIn', graceMs: 10_000 } as const;
  line.do({ kind: 'configure', config: sampleAcd([queue('general', { empty })], agents('1')) });
  line.pass(9_999);
  t.equal(line.queueOf('a'), 'general');
  line.pass(1);
  t.match(line.did('released'), [{ callId: 'a', branch: 'no-agents' }]);
  t.end();
});
