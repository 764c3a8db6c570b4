import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Database from 'libsql';
import t from 'tap';
import { openHistory } from '../../src/adapters/history/open-history.js';
import { column, TABLES } from '../../src/adapters/history/tables.js';
import type { Fact, FactKind, FactOf } from '../../src/base/facts.js';
import type { QueueId } from '../../src/base/ids.js';
import { seededRandom } from '../../src/base/random.js';
import { DAY, HOUR, MINUTE, type Ms, SECOND } from '../../src/base/time.js';
import { historyCounts } from '../../src/cli/recount/history-counts.js';
import type { AlarmRule } from '../../src/service-level/alarms/rules.js';
import { HistoryFold } from '../../src/service-level/history/history-fold.js';
import { compareDay, type ShownCounts } from '../../src/service-level/recount-day.js';
import { VirtualClock } from '../../src/simulation/virtual-clock.js';
import { DAY_START, siteDay } from '../support/history-world.js';
import { type DeathPoint, MortalHouse, MortalWorld } from '../support/mortal-house.js';
import { sampleAcd, sampleAgent, sampleQueue } from '../support/sample-site.js';

/**
 * A whole day of calls in virtual time. Thirty times the process is killed, at a random moment or at a point between deciding, committing, telling
 * and acting, and another one starts from what is left: the store, the file of the history, the legs on the switch.
 */
t.setTimeout(240_000);
const SEED = 'restarts-of-a-day';
const KILLS = 30;
const POINTS: readonly (DeathPoint | 'anywhere')[] = ['anywhere', 'afterCommit', 'beforeCommit', 'beforeCommand', 'afterCommand'];
const folder = mkdtempSync(join(tmpdir(), 'restarts-'));
t.teardown(async () => {
  // One that was killed while it opened its file may have opened it afterwards.
  for (const history of world.histories) await history.close();
  rmSync(folder, { recursive: true, force: true });
});

const queues = [
  sampleQueue('general', { callers: { order: 'vip-first', waitsAtMostMs: 90_000 }, limits: { waiting: 12, waitMs: 240_000 } }),
  sampleQueue('lost-card', { require: { cards: 1 } }),
];
const agents = Array.from({ length: 7 }, (_, i) => sampleAgent(`100${i}`, i < 5 ? { service: 3 } : { service: 1, cards: 3 }));
const aRule = (rule: string, more: Partial<AlarmRule>): AlarmRule => ({
  ...{ rule, title: {}, metric: 'waiting', queues: null, side: 'above', bound: 2, forMs: 30 * SECOND, until: 1, untilForMs: 0 },
  ...{ severity: 'warning', leastCases: 0, sound: true, webhooks: [], mail: [], calendar: null },
  ...more,
});
const rules = [
  aRule('many-wait', {}),
  aRule('level-low', {
    ...{ metric: 'serviceLevel15m', side: 'below', bound: 0.78, until: 0.8, leastCases: 10, queues: ['general' as QueueId] },
  }),
];

interface Day {
  readonly world: MortalWorld;
  readonly last: MortalHouse;
  readonly deaths: Record<string, number>;
  readonly placed: readonly string[];
  /** What the board showed just before midnight. */
  readonly shown: readonly ShownCounts[];
}

async function live(): Promise<Day> {
  const random = seededRandom(SEED);
  const clock = new VirtualClock(DAY_START);
  const world = new MortalWorld(clock, sampleAcd(queues, agents), join(folder, 'killed.db'), rules);
  const deaths: Record<string, number> = {};
  const placed: string[] = [];
  let house = new MortalHouse(world);
  await house.start();
  const exponential = (meanMs: Ms): Ms => Math.round(-Math.log(1 - random.next()) * meanMs);
  const later = (afterMs: Ms, act: () => void): void => void clock.alarm(clock.nowMs() + afterMs, act);

  const restart = (): void =>
    later(500 + random.below(15_000), () => {
      house = new MortalHouse(world);
      void house.start();
    });
  for (let i = 0; i < KILLS; i++) {
    const point = POINTS[i % POINTS.length] as (typeof POINTS)[number];
    later(Math.floor(((i + random.next()) / KILLS) * (DAY - HOUR)), () => {
      const died = (): void => {
        deaths[point] = (deaths[point] ?? 0) + 1;
        restart();
      };
      if (point !== 'anywhere') world.armed = { point, died };
      else if (house.isAlive) {
        house.die();
        died();
      }
    });
  }

  // Agents: who is not ready comes back within minutes; now and then one signs out and in again.
  for (const { phone } of agents) world.switch.phone(phone, { afterMs: 2_000, talkMs: 100_000 });
  const attend = (): void => {
    for (const { id, phone } of agents) {
      const chance = random.next();
      const refuse = chance > 0.9 ? ({ refuse: 'declined' } as const) : {};
      const silent = chance < 0.05;
      world.switch.phone(phone, { afterMs: 500 + random.below(6_000), talkMs: 10_000 + exponential(130_000), silent, ...refuse });
      const { domain } = house;
      const agent = domain?.hotline.engine.agent(id);
      if (agent?.status === 'loggedOut') house.submit({ kind: 'signIn', agentId: id, phone: null, by: 'day' });
      else if (random.next() < 0.01 && agent?.state === 'idle') house.submit({ kind: 'signOut', agentId: id, by: 'day' });
      if (agent?.status === 'notReady')
        house.submit({ kind: 'setStatus', agentId: id, status: 'ready', reason: null, by: 'day' });
    }
    later(MINUTE, attend);
  };
  attend();

  const arrive = (): void => {
    const hour = Math.floor((clock.nowMs() - DAY_START) / HOUR);
    if (hour >= 24) return;
    const ani = random.next() < 0.15 ? '13800000001' : `139${String(random.below(2_000)).padStart(8, '0')}`;
    const caller = world.switch.placeCall({ ani, dnis: random.next() < 0.6 ? '95500' : '95588' });
    placed.push(caller.legId);
    caller.givesUpAt(clock.nowMs() + 20 * SECOND + exponential(100_000));
    const key = ['0', '0', '1', '2'][random.below(4)] as string;
    later(3_000 + random.below(3_000), () => caller.press(key));
    later(exponential(HOUR / (hour >= 8 && hour < 20 ? 130 : 20)), arrive);
  };
  later(2 * MINUTE, arrive);

  await clock.pass(DAY - 1);
  const { seq, atMs, queues: rows } = house.ledger.board(clock.nowMs());
  const shown = rows.map(({ queueId, today }) => ({ source: 'live', queueId, seq, atMs, counts: today }));
  await clock.pass(30 * MINUTE);
  // The history is written by a thread of its own, which knows nothing of virtual time.
  for (let tries = 0; house.historySeq < world.store.lastSeq && tries < 400; tries++) {
    await pause(10);
    await clock.pass(SECOND);
  }
  return { world, last: house, deaths, placed, shown };
}

const day = await live();
const { world, last, shown } = day;
const facts: readonly Fact[] = world.store.stream;
const of = <K extends FactKind>(kind: K): FactOf<K>[] => facts.filter((fact) => fact.kind === kind) as FactOf<K>[];

t.test('it was killed at every kind of point, with calls in all phases', async (t) => {
  t.comment(`${facts.length} facts, ${day.placed.length} calls, ${JSON.stringify(day.deaths)}`);
  t.equal(
    Object.values(day.deaths).reduce((sum, n) => sum + n, 0),
    KILLS,
  );
  t.same(Object.keys(day.deaths).sort(), [...POINTS].sort());
  t.same(world.fatal, []);
  t.ok(day.placed.length > 1_200, `${day.placed.length} calls`);
  const starts = of('controllerStarted');
  t.equal(starts.length, KILLS + 1);
  t.ok(starts.filter(({ restoredCalls }) => restoredCalls > 0).length > KILLS / 2, 'most deaths were in the middle of calls');
});

t.test('no fact is lost', async (t) => {
  t.same(
    facts.filter(({ seq }, i) => seq !== i + 1),
    [],
    'the facts have no hole',
  );
  t.same(
    facts.filter(({ atMs }, i) => i > 0 && atMs < (facts[i - 1] as Fact).atMs),
    [],
    'and time never goes back in them',
  );
  const differing = world.told.filter((fact) => JSON.stringify(facts[fact.seq - 1]) !== JSON.stringify(fact));
  t.same(differing, [], 'what was told is what was kept');
  t.ok(world.told.length <= facts.length && world.told.length > facts.length * 0.95, 'each was told once at most');
});

t.test('no call is counted twice, each has one outcome', async (t) => {
  const times = (list: readonly string[]): Map<string, number> =>
    list.reduce((counts, each) => counts.set(each, (counts.get(each) ?? 0) + 1), new Map<string, number>());
  const arrivals = times(of('callArrived').map(({ legId }) => legId));
  t.same(
    day.placed.filter((legId) => arrivals.get(legId) !== 1),
    [],
    'each caller on the switch has arrived once',
  );
  t.equal(arrivals.size, day.placed.length, 'and nobody else');
  const ends = times(of('callEnded').map(({ callId }) => callId));
  t.same(
    of('callArrived').filter(({ callId }) => ends.get(callId) !== 1),
    [],
    'one outcome per call',
  );
  t.equal(ends.size, arrivals.size);
  const queued = of('callQueued').length;
  const out = of('callAnswered').length + of('callLeftQueue').length;
  t.equal(queued, out, 'each stay in a queue ended once');
  const talks = times(of('talkEnded').map(({ callId }) => callId));
  t.same(
    of('callAnswered').filter(({ callId }) => talks.get(callId) !== 1),
    [],
    'each talk ended once',
  );
  t.equal(world.switch.legs.size, 0, 'nothing is left on the switch');
  t.equal([...(last.domain?.hotline.calls() ?? [])].length, 0, 'nor in the state');
});

t.test('the counters equal a recount, and a ledger that has never died', async (t) => {
  const range = { fromMs: DAY_START, toMs: DAY_START + DAY };
  const nowMs = world.clock.nowMs();
  const { seq } = last.ledger;
  const ended = queues.map(({ id }) => ({
    ...{ source: 'ledger', queueId: id, seq, atMs: nowMs },
    counts: last.ledger.counts(id, range.fromMs, range.toMs, nowMs),
  }));
  t.equal(seq, facts.length);
  const { compared, differences } = compareDay(facts, queues, range, [...shown, ...ended]);
  t.same(differences, []);
  t.ok(compared > 100, `${compared} figures`);
  const offered = ended.reduce((sum, { counts }) => sum + counts.offered, 0);
  t.equal(offered, of('callQueued').length, 'all that entered a queue are in them');
  const whole = world.newLedger();
  for (const fact of facts) whole.add(fact);
  t.same(last.ledger.board(nowMs), whole.board(nowMs));
  t.same(last.ledger.agentDays(nowMs), whole.agentDays(nowMs));
  t.same(last.ledger.calls(5_000), whole.calls(5_000));
});

t.test('alarms: none is raised while it is up, none is forgotten', async (t) => {
  const up = new Set<string>();
  let raised = 0;
  for (const fact of facts) {
    if (fact.kind === 'alarmRaised') {
      const key = `${fact.rule}/${fact.queueId}`;
      if (up.has(key)) t.fail(`${key} is raised twice`);
      up.add(key);
      raised += 1;
    } else if (fact.kind === 'alarmCleared') {
      const key = fact.alarmId.replace(/\/\d+$/, '');
      if (!up.delete(key)) t.fail(`${key} is cleared and was not up`);
    }
  }
  t.ok(raised > 3, `${raised} alarms`);
  const shownUp = last.ledger.alarms.up(world.clock.nowMs()).map(({ rule, queueId }) => `${rule}/${queueId}`);
  t.same(shownUp.sort(), [...up].sort());
});

t.test('the history equals one fold of all facts in one go', async (t) => {
  await last.stop();
  const history = openHistory({ kind: 'sqlite', file: join(folder, 'whole.db') });
  const fold = new HistoryFold({
    ...{ queues, dayStartMs: siteDay, wholeNumbers: false, start: await history.begin() },
    callerKey: (number) => `key-${number}`,
  });
  const kept = facts.slice(0, last.historySeq);
  const batch = fold.take(kept);
  if (batch) t.equal(await history.write(batch), 'written');
  const range = { fromMs: DAY_START, toMs: DAY_START + DAY };
  const counted = await historyCounts(history, queues, range);
  if (counted === null) throw new Error('nobody writes here');
  t.same(compareDay(facts, queues, range, counted.counts).differences, []);
  await history.close();
  t.ok(kept.length > facts.length - 10, `${facts.length - kept.length} facts came with the last stop`);
  const dump = (file: string, name: string, columns: readonly string[], key: readonly string[]): unknown[] => {
    const db = new Database(file);
    const rows = db.prepare(`SELECT ${columns.map(column)} FROM ${name} ORDER BY ${key.map(column)}`).all();
    db.close();
    return rows;
  };
  for (const { name, key, columns, sums = [], own = {} } of Object.values(TABLES)) {
    // Sums name the last fact of the batch that touched them, and the batches were others.
    const compared = [...Object.keys(columns), ...Object.keys(own)].filter((each) => each !== 'place' || sums.length === 0);
    const killed = dump(join(folder, 'killed.db'), name, compared, key);
    t.same(killed, dump(join(folder, 'whole.db'), name, compared, key), `${name}: ${killed.length} rows`);
    if (name === 'calls') t.equal(killed.length, day.placed.length, 'each call once');
  }
});
