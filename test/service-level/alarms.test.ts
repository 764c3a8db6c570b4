import fc from 'fast-check';
import t from 'tap';
import type { Fact, FactBody } from '../../src/base/facts.js';
import { asId, type QueueId } from '../../src/base/ids.js';
import { MINUTE, type Ms, SECOND } from '../../src/base/time.js';
import { AlarmFold } from '../../src/service-level/alarms/alarm-fold.js';
import { AlarmWatch } from '../../src/service-level/alarms/alarm-watch.js';
import { type AlarmRule, METRICS, readAll, type Watched } from '../../src/service-level/alarms/rules.js';
import { aCaller, aQueue } from '../http/house.js';

const T0 = 1_800_000_000_000;
const GENERAL = asId<QueueId>('general');
const LOW: AlarmRule = {
  rule: 'level-low',
  title: { zh: '服务水平低', en: 'Level low' },
  metric: 'serviceLevel',
  queues: null,
  side: 'below',
  bound: 0.78,
  forMs: 30 * SECOND,
  until: 0.8,
  untilForMs: 0,
  severity: 'warning',
  leastCases: 20,
  sound: true,
  webhooks: [],
  mail: [],
  calendar: null,
};

class Desk {
  readonly facts: Fact[] = [];
  fold = new AlarmFold();
  watch = new AlarmWatch();
  say(atMs: Ms, body: FactBody): void {
    const fact = { ...body, atMs, seq: this.facts.length + 1 } as Fact;
    this.facts.push(fact);
    take(this.fold, fact);
  }
  look(atMs: Ms, value: number | null, cases = 100, rule: AlarmRule | null = LOW, isOpen = true): string[] {
    const watched: Watched[] = rule === null ? [] : [{ rule, queueId: GENERAL, reading: { value, cases } }];
    const facts = this.watch.look(atMs, watched, this.fold, () => isOpen);
    for (const fact of facts) this.say(atMs, fact);
    return facts.map(({ kind }) => kind);
  }
  /** A new controller: what it knows it knows from the facts. */
  restart(): void {
    this.fold = new AlarmFold();
    this.watch = new AlarmWatch();
    for (const fact of this.facts) take(this.fold, fact);
  }
}

function take(fold: AlarmFold, fact: Fact): void {
  if (fact.kind === 'alarmRaised') fold.raised(fact);
  if (fact.kind === 'alarmCleared') fold.cleared(fact);
  if (fact.kind === 'alarmAcknowledged') fold.acknowledged(fact);
  if (fact.kind === 'alarmMuted') fold.muted(fact);
}

t.test('below 78 % for 30 s in, above 80 % out', async (t) => {
  const desk = new Desk();
  t.same(desk.look(T0, 0.7), [], 'not at once');
  t.same(desk.look(T0 + 29_999, 0.7), []);
  t.same(desk.look(T0 + 30_000, 0.7), ['alarmRaised']);
  t.same(desk.look(T0 + 31_000, 0.7), [], 'once');
  t.match(desk.fold.up(T0 + 31_000), [
    { alarmId: `level-low/general/${T0 + 30_000}`, value: 0.7, bound: 0.78, queueId: 'general' },
  ]);
  t.same(desk.look(T0 + 60_000, 0.79), [], 'between the bounds it stays up');
  t.same(desk.look(T0 + 90_000, null), [], 'no figure is no news');
  t.same(desk.look(T0 + 91_000, 0.8), ['alarmCleared']);
  t.match(desk.fold.ended(), [{ clearedAtMs: T0 + 91_000 }]);
  t.same(desk.look(T0 + 92_000, 0.7), []);
  t.same(desk.look(T0 + 100_000, 0.9), [], 'good in between begins the 30 s anew');
  t.same(desk.look(T0 + 123_000, 0.7), []);
  t.same(desk.look(T0 + 152_999, 0.7), []);
  t.same(desk.look(T0 + 153_000, 0.7), ['alarmRaised']);
});

t.test('a figure from few calls raises nothing', async (t) => {
  const desk = new Desk();
  desk.look(T0, 0, 19);
  t.same(desk.look(T0 + MINUTE, 0, 19), []);
  desk.look(T0 + MINUTE, 0, 20);
  t.same(desk.look(T0 + 2 * MINUTE, 0, 20), ['alarmRaised']);
});

t.test('over a restart: what is up stays up, nothing is raised twice, what was muted stays muted', async (t) => {
  const desk = new Desk();
  desk.look(T0, 0.5);
  desk.look(T0 + 30_000, 0.5);
  const [{ alarmId } = { alarmId: '' }] = desk.fold.up(T0 + 30_000);
  desk.say(T0 + 31_000, { kind: 'alarmAcknowledged', alarmId, by: '王芳', note: '已通知班长' });
  desk.say(T0 + 32_000, { kind: 'alarmAcknowledged', alarmId, by: 'later', note: '' });
  desk.say(T0 + 33_000, { kind: 'alarmMuted', rule: 'level-low', queueId: null, untilMs: T0 + 10 * MINUTE, by: '王芳' });
  const before = desk.fold.up(T0 + MINUTE);
  desk.restart();
  t.same(desk.fold.up(T0 + MINUTE), before);
  t.match(before, [{ acknowledgedBy: '王芳', note: '已通知班长', mutedUntilMs: T0 + 10 * MINUTE }], 'the first who said so');
  t.same(desk.look(T0 + MINUTE, 0.5), []);
  t.same(desk.look(T0 + 5 * MINUTE, 0.5), []);
  t.equal(desk.fold.mutedUntil('level-low', GENERAL, T0 + 10 * MINUTE), null, 'heard again when the time is over');
  desk.say(T0 + 6 * MINUTE, { kind: 'alarmMuted', rule: 'level-low', queueId: null, untilMs: null, by: '王芳' });
  t.equal(desk.fold.mutedUntil('level-low', GENERAL, T0 + 7 * MINUTE), null);
  t.same(desk.fold.mutes(T0 + 7 * MINUTE), []);
  t.same(desk.look(T0 + 8 * MINUTE, 0.9), ['alarmCleared'], 'cleared by the successor');
});

t.test('outside its hours, and when the rule is gone, an alarm does not stay up for ever', async (t) => {
  const desk = new Desk();
  desk.look(T0, 0.5);
  desk.look(T0 + 30_000, 0.5);
  t.same(desk.look(T0 + MINUTE, 0.5, 100, LOW, false), ['alarmCleared'], 'closed');
  t.same(desk.look(T0 + 3 * MINUTE, 0.5, 100, LOW, false), []);
  desk.look(T0 + 4 * MINUTE, 0.5);
  desk.look(T0 + 5 * MINUTE, 0.5);
  t.equal(desk.fold.up(T0).length, 1);
  t.same(desk.look(T0 + 6 * MINUTE, 0.5, 100, null), ['alarmCleared']);
});

t.test('metrics of queues and of the site are read from the board', async (t) => {
  const board = {
    ...{ seq: 1, atMs: 100_000, agents: [], callsNow: 3, alarms: [] },
    switches: [{ switchId: 'a', up: false, detail: '', sinceMs: 0 }],
    queues: [
      aQueue('general', {}, { offered: 10, answered: 8, answeredInTime: 6 }, [aCaller(1, 40_000)]),
      aQueue('other', {}, {}, []),
    ],
  };
  const rule = (metric: AlarmRule['metric'], queues: AlarmRule['queues'] = null): AlarmRule => ({ ...LOW, metric, queues });
  const house = { storeDegraded: true, historyBehind: 7, messagesGivenUp: 2, flowsRefused: 1 };
  const read = (metric: AlarmRule['metric']) =>
    readAll([rule(metric, METRICS[metric].of === 'queue' ? [GENERAL] : null)], board, house).map(({ reading }) => reading.value);
  t.same(read('serviceLevel'), [0.75]);
  t.same(read('longestWait'), [60_000]);
  t.same(read('waiting'), [1]);
  t.same(read('notReadyShare'), [null], 'nobody signed in: no share');
  t.same(read('switchesDown'), [1]);
  t.same(read('storeDegraded'), [1]);
  t.same(read('historyBehind'), [7]);
  t.same(read('messagesGivenUp'), [2]);
  t.same(read('flowsRefused'), [1]);
  t.same(read('estimateError'), [null], 'nobody was told a wait');
  t.equal(readAll([rule('waiting')], board, house).length, 2, 'each queue');
  for (const metric of Object.keys(METRICS) as AlarmRule['metric'][]) {
    t.ok(readAll([rule(metric)], board, house).length > 0, metric);
  }
});

t.test('for any course of a figure the alarm is up exactly when a slow look back says so', async (t) => {
  const course = fc.array(
    fc.record({
      afterMs: fc.integer({ min: 1, max: 20_000 }),
      value: fc.option(fc.integer({ min: 0, max: 100 }), { nil: null }),
      restart: fc.boolean(),
    }),
    { maxLength: 60 },
  );
  const rules = fc.record({
    forMs: fc.integer({ min: 0, max: 40_000 }),
    untilForMs: fc.integer({ min: 0, max: 20_000 }),
    side: fc.constantFrom('below', 'above'),
  });
  fc.assert(
    fc.property(course, rules, (steps, { forMs, untilForMs, side }) => {
      const rule: AlarmRule = {
        ...LOW,
        ...{
          forMs,
          untilForMs,
          side: side as 'below',
          leastCases: 0,
          bound: side === 'below' ? 40 : 60,
          until: side === 'below' ? 60 : 40,
        },
      };
      const desk = new Desk();
      let atMs = T0;
      // The slow way: the whole past since the last change or restart, looked through from its end.
      let past: { atMs: Ms; value: number | null }[] = [];
      let up = false;
      let raised = 0;
      let cleared = 0;
      for (const { afterMs, value, restart } of steps) {
        atMs += afterMs;
        if (restart) {
          desk.restart();
          past = [];
        }
        past.push({ atMs, value });
        const wants = (each: number | null): boolean => {
          if (each === null) return false;
          if (up) return side === 'below' ? each >= rule.until : each <= rule.until;
          return side === 'below' ? each < rule.bound : each > rule.bound;
        };
        const lastOther = past.findLastIndex((each) => !wants(each.value));
        const since = past[lastOther + 1]?.atMs;
        if (since !== undefined && atMs - since >= (up ? untilForMs : forMs)) {
          up = !up;
          past = [];
          if (up) raised += 1;
          else cleared += 1;
        }
        desk.look(atMs, value, 100, rule);
        if ((desk.fold.upFor('level-low', GENERAL) !== null) !== up) return false;
      }
      const count = (kind: string) => desk.facts.filter((fact) => fact.kind === kind).length;
      return count('alarmRaised') === raised && count('alarmCleared') === cleared;
    }),
    { numRuns: 1_000 },
  );
  t.pass('1,000 courses');
});
