import t from 'tap';
import { asId, type QueueId } from '../../src/base/ids.js';
import { DAY, HOUR, MINUTE } from '../../src/base/time.js';
import { AlarmWorld, LINE_LONG, SWITCH_DOWN } from '../support/alarm-world.js';

/** Alarms of a domain in virtual time: what becomes a fact, and who would be told. */

const GENERAL = asId<QueueId>('general');

/** A world in which two callers wait and the alarm of the line is up. */
async function upWorld(): Promise<AlarmWorld> {
  const w = new AlarmWorld();
  await w.start();
  w.world.call('13900000001');
  w.world.call('13900000002');
  await w.pass(8_000);
  return w;
}

t.test('raised after its time and told to each receiver once; cleared and told when the line is gone', async (t) => {
  const w = new AlarmWorld();
  await w.start();
  const callers = [w.world.call('13900000001'), w.world.call('13900000002')];
  await w.pass(4_500);
  t.same(w.kinds(), [], 'not before it has been so for 5 s');
  await w.pass(3_500);
  t.same(w.kinds(), ['alarmRaised']);
  t.same(w.names(), ['raised line-long/general webhook ops-desk', 'raised line-long/general mail ops']);
  t.match(w.alarms.up(), [
    { rule: 'line-long', queueId: 'general', value: 2, bound: 1, title: { en: 'The line is long' }, sound: true },
  ]);
  await w.pass(30_000);
  t.equal(w.names().length, 2, 'once');
  for (const caller of callers) caller.hangUp();
  await w.pass(2_000);
  t.same(w.kinds(), ['alarmRaised', 'alarmCleared']);
  t.same(w.names().slice(2), ['cleared line-long/general webhook ops-desk', 'cleared line-long/general mail ops']);
  const last = w.jobs.at(-1);
  t.equal(last?.value, 0);
  t.ok((last?.alarm.clearedAtMs ?? 0) > (last?.alarm.raisedAtMs ?? 0));
  t.match(w.alarms.ended(), [{ rule: 'line-long', clearedAtMs: Number }]);
  await w.alarms.stop();
  await w.pass(5_000);
  t.equal(w.kinds().length, 2);
});

t.test('a restart raises nothing twice, and names the same jobs, which the queue of jobs knows', async (t) => {
  const w = await upWorld();
  const first = w.jobs.map(({ alarm, event, to }) => `${alarm.alarmId} ${event} ${to}`);
  await w.restart();
  await w.pass(30_000);
  t.same(w.kinds(), ['alarmRaised'], 'still the one');
  t.same(
    w.jobs.slice(2).map(({ alarm, event, to }) => `${alarm.alarmId} ${event} ${to}`),
    first,
  );
  await w.pass(2 * HOUR);
  await w.restart();
  await w.pass(5_000);
  t.notOk(
    w
      .names()
      .slice(4)
      .some((name) => name.startsWith('raised line-long')),
    'what is old is not told again',
  );
});

t.test('while the fold has not got the fact, nothing is raised again', async (t) => {
  const w = new AlarmWorld();
  await w.start();
  w.world.call('13900000001');
  w.world.call('13900000002');
  await w.pass(4_000);
  w.alarms.up();
  w.foldStands = true;
  await w.pass(30_000);
  t.same(w.kinds(), ['alarmRaised']);
  w.foldStands = false;
  await w.pass(3_000);
  t.same(w.kinds(), ['alarmRaised']);
  t.equal(w.alarms.up().length, 1);
});

t.test('what cannot be committed is told to nobody, and raised when it can', async (t) => {
  const w = new AlarmWorld();
  await w.start();
  w.refusal = { id: 'stopping', message: 'this node is stopping' };
  w.world.call('13900000001');
  w.world.call('13900000002');
  await w.pass(10_000);
  t.same([w.kinds(), w.jobs], [[], []]);
  w.refusal = null;
  await w.pass(10_000);
  t.same(w.kinds(), ['alarmRaised']);
  t.equal(w.jobs.length, 2);
});

t.test('without Redis an alarm is told at once and not by a job', async (t) => {
  const w = new AlarmWorld();
  w.rules = [{ ...SWITCH_DOWN, rule: 'store-away', metric: 'storeDegraded' }];
  await w.start();
  w.degraded = true;
  await w.pass(2_000);
  t.same(w.kinds(), ['alarmRaised']);
  t.match(w.told, [{ event: 'raised', via: 'webhook', to: 'ops-desk', alarm: { rule: 'store-away', queueId: null, value: 1 } }]);
  t.same(w.jobs, []);
  w.degraded = false;
  await w.pass(2_000);
  t.same(w.kinds(), ['alarmRaised', 'alarmCleared']);
  t.match(w.jobs, [{ event: 'cleared' }]);
});

t.test('hours, the lag of the history, and a switch that goes away', async (t) => {
  const w = new AlarmWorld();
  w.rules = [
    { ...LINE_LONG, calendar: 'service' },
    SWITCH_DOWN,
    { ...SWITCH_DOWN, rule: 'behind', metric: 'historyBehind', bound: 10, until: 10 },
    { ...LINE_LONG, rule: 'no-hours', calendar: 'gone' },
  ];
  await w.start();
  w.open = false;
  w.house.historyBehind = 11;
  w.world.call('13900000001');
  w.world.call('13900000002');
  await w.pass(20_000);
  t.same(
    w.alarms.up().map(({ rule }) => rule),
    ['behind'],
    'closed, and a calendar that is not there is never open',
  );
  w.open = true;
  w.house.historyBehind = 10;
  await w.pass(10_000);
  t.same(
    w.alarms.up().map(({ rule }) => rule),
    ['line-long'],
  );
  w.open = false;
  await w.pass(2_000);
  t.same(w.alarms.up(), [], 'over with the hours');
  await w.world.domain.submit({ kind: 'switchDown', switchId: w.world.switch.id, detail: 'cut' });
  await w.pass(2_000);
  t.match(w.alarms.up(), [{ rule: 'switch-down', queueId: null, severity: 'critical' }]);
});

t.test('acknowledged by the first; a later one is told who was not', async (t) => {
  const w = await upWorld();
  const alarmId = w.alarms.up()[0]?.alarmId ?? '';
  const say = (by: string, note = '') => w.alarms.acknowledge({ alarmId, note, by });
  t.match(await w.alarms.acknowledge({ alarmId: 'line-long/general/1', note: '', by: 'sue' }), {
    error: { id: 'no-such-alarm' },
  });
  t.match(await say('sue', 'calling the second floor'), {
    ok: true,
    value: { acknowledgedBy: 'sue', note: 'calling the second floor', acknowledgedAtMs: Number },
  });
  t.match(await say('sue'), { ok: true, value: { note: 'calling the second floor' } }, 'said twice is said once');
  t.match(await say('bob'), { error: { id: 'already-acknowledged' } });
  t.same(w.kinds(), ['alarmRaised', 'alarmAcknowledged']);
  w.refusal = { id: 'stopping', message: '' };
  t.match(await w.alarms.mute({ rule: 'line-long', queueId: null, untilMs: null, by: 'sue' }), { error: { id: 'stopping' } });
  await w.alarms.stop();
  t.match(await w.alarms.mute({ rule: 'line-long', queueId: null, untilMs: null, by: 'sue' }), { error: { id: 'standing-by' } });
});

t.test('two at the same moment: one has it, the other hears so', async (t) => {
  const w = await upWorld();
  const alarmId = w.alarms.up()[0]?.alarmId ?? '';
  const both = await Promise.all(['sue', 'bob'].map((by) => w.alarms.acknowledge({ alarmId, note: '', by })));
  t.match(both, [
    { ok: true, value: { acknowledgedBy: 'sue' } },
    { ok: false, error: { id: 'already-acknowledged' } },
  ]);
});

t.test('muted until a moment, for one queue or all, and heard again', async (t) => {
  const w = await upWorld();
  const nowMs = w.world.clock.nowMs();
  const mute = (rule: string, queueId: QueueId | null, untilMs: number | null) =>
    w.alarms.mute({ rule, queueId, untilMs, by: 'sue' });
  t.match(await mute('gone', null, null), { error: { id: 'no-such-rule' } });
  t.match(await mute('line-long', asId<QueueId>('gone'), null), { error: { id: 'no-such-queue' } });
  t.match(await mute('switch-down', GENERAL, null), { error: { id: 'no-such-queue' } }, 'it is of the whole site');
  for (const moment of [nowMs, nowMs - 1, nowMs + 32 * DAY]) {
    t.match(await mute('line-long', null, moment), { error: { id: 'bad-moment' } });
  }
  t.match(await mute('line-long', GENERAL, nowMs + MINUTE), {
    value: { mutes: [{ queueId: 'general', untilMs: nowMs + MINUTE }] },
  });
  t.match(w.alarms.up(), [{ mutedUntilMs: nowMs + MINUTE }]);
  await w.restart();
  t.match(w.alarms.up(), [{ mutedUntilMs: nowMs + MINUTE }], 'over a restart');
  await w.pass(MINUTE);
  t.match(w.alarms.up(), [{ mutedUntilMs: null }]);
  t.match(await mute('line-long', null, w.world.clock.nowMs() + HOUR), { ok: true });
  t.type(w.alarms.up()[0]?.mutedUntilMs, 'number');
  t.match(await mute('line-long', null, null), { value: { mutes: [] } });
  t.equal(w.alarms.up()[0]?.mutedUntilMs, null);
});

t.test('metrics have a row for each rule and queue, up or not', async (t) => {
  const w = await upWorld();
  const text = w.alarms.metrics().join('\n');
  t.match(text, 'hotline_alarms_up{rule="line-long",queue="general",severity="warning"} 1');
  t.match(text, 'hotline_alarms_up{rule="line-long",queue="lost-card",severity="warning"} 0');
  t.match(text, 'hotline_alarms_up{rule="switch-down",queue="",severity="critical"} 0');
  t.match(text, 'hotline_alarm_notices_total{via="webhook",result="givenUp"} 2');
});
