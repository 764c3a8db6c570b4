import fc from 'fast-check';
import t from 'tap';
import type { AgentConfig, QueueConfig } from '../../src/acd/config.js';
import type { Fact } from '../../src/base/facts.js';
import { asId } from '../../src/base/ids.js';
import { DAY, HOUR, MINUTE, type Ms, SECOND } from '../../src/base/time.js';
import { type CountingLedger, createLedger } from '../../src/service-level/ledger.js';
import { sureBounds } from '../../src/service-level/outlook.js';
import type { QueueView } from '../../src/service-level/views.js';
import { HISTOGRAM_SECONDS, percentileMs } from '../../src/service-level/wait-histogram.js';

const T0 = Math.ceil(1_800_000_000_000 / DAY) * DAY;
const dayStartMs = (atMs: Ms): Ms => Math.floor(atMs / DAY) * DAY;

const QUEUE: QueueConfig = {
  id: asId('general'),
  title: { zh: '综合', en: 'General' },
  target: { share: 0.8, withinMs: 20_000, formula: 'answered-of-offered', shortAbandonMs: 5_000 },
  require: { service: 1 },
  relax: [],
  agents: { choose: 'longest-idle', ringMs: 15_000, wrapUpMs: 10_000 },
  callers: { order: 'vip-first', waitsAtMostMs: 90_000 },
  limits: { waiting: 100, waitMs: 600_000 },
  announce: { positionEveryMs: 0, positionFirstMs: 0, comfort: [] },
  music: 'default',
  record: { share: 1, keepMs: DAY },
};
const AGENTS: AgentConfig[] = ['1001', '1002', '1003'].map((id, n) => ({
  id: asId(id),
  name: id,
  team: n === 0 ? 'north' : 'south',
  groups: [],
  phone: `sip:${id}`,
  skills: { service: 5 },
  queueRank: {},
}));

class Book {
  readonly facts: Fact[] = [];
  readonly ledger: CountingLedger;
  constructor(expectedRest?: (queueId: string, nowMs: Ms) => number | null) {
    this.ledger = createLedger({ queues: [QUEUE], agents: AGENTS, dayStartMs, ...(expectedRest && { expectedRest }) });
  }
  write(atMs: Ms, body: object): this {
    const fact = { ...body, seq: this.facts.length + 1, atMs } as Fact;
    this.facts.push(fact);
    this.ledger.add(fact);
    return this;
  }
  queued(atMs: Ms, callId: string, more: object = {}): this {
    return this.write(atMs, {
      ...{ kind: 'callQueued', callId, queueId: 'general', lane: 'ordinary', priority: 0, requirement: '', language: 'zh' },
      ...more,
    });
  }
  answered(atMs: Ms, callId: string, waitMs: Ms, agentId = '1001'): this {
    return this.write(atMs, { kind: 'callAnswered', callId, queueId: 'general', offerId: `${callId}-1`, agentId, waitMs });
  }
  abandoned(atMs: Ms, callId: string, waitMs: Ms): this {
    return this.write(atMs, { kind: 'callLeftQueue', callId, queueId: 'general', exit: 'abandoned', waitMs });
  }
  view(nowMs: Ms): QueueView {
    return this.ledger.board(nowMs).queues[0] as QueueView;
  }
}

t.test('rolling spans are whole minutes of entry, the present one included', async (t) => {
  const book = new Book();
  const now = T0 + 10 * HOUR + 7 * MINUTE + 30 * SECOND;
  for (const [n, minutesAgo] of [0, 4, 5, 14, 15, 29, 30].entries()) {
    const at = now - minutesAgo * MINUTE - 25 * SECOND;
    book.queued(at, `c${n}`).answered(at + 1_000, `c${n}`, 1_000);
  }
  const { recent, interval, today } = book.view(now);
  t.match(recent, { m5: { offered: 2, numerator: 2, denominator: 2 }, m15: { offered: 4 }, m30: { offered: 6 } });
  t.equal(recent.m5.fromMs, T0 + 10 * HOUR + 3 * MINUTE);
  t.match(interval, { fromMs: T0 + 10 * HOUR, lengthMs: 30 * MINUTE, offered: 3 }, 'the half hour that it is now');
  t.equal(today.offered, 7);
  const { trend } = book.view(now);
  t.equal(trend.length, 12);
  t.equal(
    trend.reduce((sum, [, denominator]) => sum + denominator, 0),
    7,
    'the trend holds the same calls',
  );
});

t.test('waits by the second, and their percentiles', async (t) => {
  const book = new Book();
  for (let n = 0; n < 100; n++) book.queued(T0 + n, `c${n}`).answered(T0 + n + n * 1_000, `c${n}`, n * 1_000);
  book.queued(T0, 'gone').abandoned(T0 + 200_500, 'gone', 12_900);
  const { waits } = book.view(T0 + HOUR);
  t.same(waits, { p50Ms: 50_000, p95Ms: 95_000, p99Ms: 99_000 }, 'to the second above');
  const details = book.ledger.details('general', T0 + HOUR);
  t.equal(details?.waits.abandoned[12], 1);
  t.equal(details?.waits.answered.length, 100);
  t.equal(percentileMs([], 0.5), null, 'nobody was answered');
  t.equal(percentileMs([...Array(HISTOGRAM_SECONDS).fill(0), 3], 0.5), null, 'beyond the bound nothing is known but that');
});

t.test('the day by tier, lane, agent and team', async (t) => {
  const book = new Book();
  book.write(T0, { kind: 'callerIdentified', callId: 'c1', customerId: 'k', tier: 'vip', by: 'ani' });
  book.queued(T0, 'c1', { lane: 'vip' }).answered(T0 + 30_000, 'c1', 30_000, '1001');
  book.write(T0 + 90_000, {
    ...{ kind: 'talkEnded', callId: 'c1', queueId: 'general', agentId: '1001', talkMs: 50_000, holdMs: 10_000, endedBy: 'agent' },
  });
  book.write(T0 + 95_000, {
    ...{ kind: 'wrapUpEnded', callId: 'c1', queueId: 'general', agentId: '1001', wrapUpMs: 5_000, endedBy: 'agent' },
  });
  book.queued(T0, 'c2').answered(T0 + 10_000, 'c2', 10_000, '1002');
  book.queued(T0 + 1, 'c3');
  const parts = Object.fromEntries(
    (book.ledger.details('general', T0 + 60_000)?.parts ?? []).map(({ part, counts, level }) => [part, { ...counts, level }]),
  );
  t.same(Object.keys(parts), ['agent:1001', 'agent:1002', 'lane:ordinary', 'lane:vip', 'team:north', 'team:south', 'tier:vip']);
  t.match(parts['tier:vip'], { offered: 1, answered: 1, answeredInTime: 0, sumTalkMs: 50_000, level: { share: 0 } });
  t.match(parts['agent:1001'], { offered: 1, answered: 1, sumTalkMs: 50_000, sumHoldMs: 10_000, sumWrapUpMs: 5_000 });
  t.match(parts['team:south'], { answered: 1, answeredInTime: 1, sumTalkMs: 0 });
  t.match(parts['lane:ordinary'], { offered: 2, waiting: 1, waitingLate: 1, level: { numerator: 1, denominator: 2 } });
  t.equal(book.ledger.details('no-such-queue', T0), null);
});

t.test('what is needed: what can still be saved, good calls in a row, the share of the rest, agents', async (t) => {
  const book = new Book(() => 50);
  for (const id of ['1001', '1002']) {
    book.write(T0, { kind: 'agentSignedIn', agentId: id, phone: 'sip:1', by: id });
    book.write(T0, { kind: 'agentStatusChanged', agentId: id, status: 'ready', reason: null, by: id });
  }
  // 40 counted, 30 of them good; 80 % needs 10 good ones in a row.
  for (let n = 0; n < 40; n++) {
    const waitMs = n < 30 ? 10_000 : 30_000;
    book.queued(T0 + n * 1_000, `c${n}`).answered(T0 + n * 1_000 + waitMs, `c${n}`, waitMs);
  }
  const now = T0 + 10 * MINUTE;
  book.queued(now - 5_000, 'w1').queued(now - 25_000, 'w2');
  const { outlook } = book.view(now);
  t.equal(outlook.saveable, 1, 'the other one is past 20 s');
  t.equal(outlook.goodInARow, 14, '30 of 41 (the late one counts already): 0.8 * 41 - 30 = 2.8, over 0.2');
  t.equal(outlook.restShare?.toFixed(4), ((0.8 * 91 - 30) / 50).toFixed(4));
  t.equal(outlook.callsPerHour, 168);
  t.equal(outlook.agentsPresent, 2);
  t.ok(outlook.agentsNeeded > 2, 'forty calls in a quarter of an hour are too many for two');
  t.equal(outlook.patienceMs, 180_000, 'nobody gave up: the usual patience');
});

t.test('few calls say little, and the bounds say so', async (t) => {
  t.equal(sureBounds(0, 0), null);
  const few = sureBounds(4, 5);
  const many = sureBounds(4_000, 5_000);
  t.ok(few && few.low < 0.4 && few.high > 0.95, 'four of five');
  t.ok(many && many.low > 0.78 && many.high < 0.82, 'four thousand of five thousand');
  // Wilson's interval for 8 of 10 as printed in the literature: 0.4902 to 0.9433.
  const eight = sureBounds(8, 10);
  t.equal(eight?.low.toFixed(4), '0.4902');
  t.equal(eight?.high.toFixed(4), '0.9433');
});

t.test('an estimate is told with how wrong estimates were', async (t) => {
  const book = new Book();
  t.equal(book.view(T0).estimateError, null);
  book.queued(T0, 'c1', { estimateMs: 30_000 }).answered(T0 + 20_000, 'c1', 20_000);
  book.queued(T0, 'c2', { estimateMs: 10_000 }).answered(T0 + 40_000, 'c2', 40_000);
  book.queued(T0, 'c3', { estimateMs: null }).answered(T0 + 40_000, 'c3', 40_000, '1002');
  t.same(book.view(T0 + MINUTE).estimateError, { calls: 2, meanAbsMs: 20_000, biasMs: -10_000 });
});

t.test('an agent’s day: every moment signed in is in exactly one drawer, split at midnight', async (t) => {
  const book = new Book();
  const at = (ms: Ms, body: object) => book.write(T0 + DAY - HOUR + ms, { agentId: '1001', by: 'x', ...body });
  at(0, { kind: 'agentSignedIn', phone: 'sip:1001' });
  at(0, { kind: 'agentStatusChanged', status: 'ready', reason: null });
  at(10_000, { kind: 'agentStateChanged', from: 'idle', to: 'ringing', callId: 'c1' });
  at(15_000, { kind: 'agentStateChanged', from: 'ringing', to: 'talking', callId: 'c1' });
  at(45_000, { kind: 'agentStateChanged', from: 'talking', to: 'onHold', callId: 'c1' });
  at(50_000, { kind: 'agentStateChanged', from: 'onHold', to: 'talking', callId: 'c1' });
  at(60_000, { kind: 'agentStatusChanged', status: 'notReady', reason: 'break' });
  at(80_000, { kind: 'agentStateChanged', from: 'talking', to: 'wrapUp', callId: 'c1' });
  at(90_000, { kind: 'agentStateChanged', from: 'wrapUp', to: 'idle', callId: null });
  const before = book.ledger.agentDays(T0 + DAY - 1).find(({ agentId }) => agentId === '1001');
  t.match(before, {
    ...{ signIns: 1, idleMs: 10_000, ringMs: 5_000, talkMs: 60_000, holdMs: 5_000, wrapUpMs: 10_000 },
    ...{ signedInMs: HOUR - 1, notReadyMs: { break: HOUR - 90_000 - 1 } },
  });
  at(HOUR + 30_000, { kind: 'agentSignedOut' });
  const after = book.ledger.agentDays(T0 + DAY + HOUR).find(({ agentId }) => agentId === '1001');
  t.match(after, { signIns: 0, signedInMs: 30_000, notReadyMs: { break: 30_000 } }, 'the new day has what lies in it');
  const [shown] = book.ledger.board(T0 + DAY + HOUR).agents;
  t.match(shown, { status: 'loggedOut', signInsToday: 0, notReadyTodayMs: 30_000, signedInTodayMs: 30_000, busyTodayMs: 0 });
});

t.test('for any story of an agent the drawers add up to the time signed in, and equal a slow recount', async (t) => {
  const step = fc.record({
    afterMs: fc.integer({ min: 0, max: 20 * HOUR }),
    what: fc.constantFrom('in', 'out', 'ready', 'break', 'meal', 'ringing', 'talking', 'onHold', 'wrapUp', 'idle'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const book = new Book();
      let now = T0;
      const slow = new Map<string, number>();
      let doing: string | null = null;
      let status = 'loggedOut';
      let state = 'idle';
      const drawer = () => (status === 'loggedOut' ? null : state !== 'idle' ? state : status);
      for (const { afterMs, what } of steps) {
        const next = now + afterMs;
        // Second by second would be slower still; day by day is exact.
        for (let from = now; from < next; ) {
          const to = Math.min(next, dayStartMs(from) + DAY);
          if (doing !== null) {
            const key = `${dayStartMs(from)}/${doing}`;
            slow.set(key, (slow.get(key) ?? 0) + (to - from));
          }
          from = to;
        }
        now = next;
        if (what === 'in') {
          if (status === 'loggedOut') [status, state] = ['signedIn', 'idle'];
          book.write(now, { kind: 'agentSignedIn', agentId: '1001', phone: 'p', by: 'x' });
        } else if (what === 'out') {
          [status, state] = ['loggedOut', 'idle'];
          book.write(now, { kind: 'agentSignedOut', agentId: '1001', by: 'x' });
        } else if (status === 'loggedOut') continue;
        else if (what === 'ready' || what === 'break' || what === 'meal') {
          status = what;
          const to = what === 'ready' ? { status: 'ready', reason: null } : { status: 'notReady', reason: what };
          book.write(now, { kind: 'agentStatusChanged', agentId: '1001', by: 'x', ...to });
        } else {
          book.write(now, { kind: 'agentStateChanged', agentId: '1001', from: state, to: what, callId: 'c' });
          state = what;
        }
        doing = drawer();
      }
      const day = book.ledger.agentDays(now).find(({ agentId }) => agentId === '1001');
      if (!day) throw new Error('no agent');
      const found: Record<string, number> = {
        ...day.notReadyMs,
        ready: day.idleMs,
        ringing: day.ringMs,
        talking: day.talkMs,
        onHold: day.holdMs,
        wrapUp: day.wrapUpMs,
      };
      let sum = 0;
      for (const ms of Object.values(found)) sum += ms;
      const today = [...slow].filter(([key]) => key.startsWith(`${dayStartMs(now)}/`));
      for (const [key, ms] of today) {
        const name = key.split('/')[1] as string;
        if ((found[name] ?? 0) !== ms) throw new Error(`${name}: ${found[name]} instead of ${ms}`);
      }
      return sum === day.signedInMs && sum === today.reduce((total, [, ms]) => total + ms, 0);
    }),
    { numRuns: 300 },
  );
  t.pass('300 stories');
});
