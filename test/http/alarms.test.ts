import type { FastifyInstance, InjectOptions } from 'fastify';
import t, { type Test } from 'tap';
import { HOUR } from '../../src/base/time.js';
import { buildApp } from '../../src/http/app.js';
import { AlarmWorld, LINE_LONG } from '../support/alarm-world.js';
import { aHouse, TOKENS } from './house.js';

/** The routes of alarms over a real desk and a real domain in virtual time. */

const as = (role: keyof typeof TOKENS) => ({ authorization: `Bearer ${TOKENS[role].secret}` });

async function anApp(t: Test, change: (world: AlarmWorld) => void = () => {}) {
  const w = new AlarmWorld();
  change(w);
  await w.start();
  const callers = [w.world.call('13900000001'), w.world.call('13900000002')];
  await w.pass(8_000);
  const house = aHouse({
    alarms: w.alarms,
    nowMs: () => w.world.clock.nowMs(),
    board: () => w.ledger.board(w.world.clock.nowMs()),
  });
  const app = buildApp(house);
  t.teardown(() => app.close());
  await app.ready();
  const [alarm] = w.alarms.up();
  if (!alarm) throw new Error('no alarm is up');
  return { w, house, app, alarm, callers };
}

const acknowledge = (alarmId: string, payload?: object, headers: Record<string, string> = as('supervisor')): InjectOptions => ({
  ...{ method: 'POST', url: `/api/v1/alarms/${encodeURIComponent(alarmId)}/acknowledge`, headers },
  ...(payload === undefined ? {} : { payload }),
});
const mute = (rule: string, payload: object, headers: Record<string, string> = as('supervisor')): InjectOptions => ({
  ...{ method: 'PUT', url: `/api/v1/alarms/rules/${rule}/mute`, headers, payload },
});

/** Holds an answer of 200 against the schema that OpenAPI shows for it. */
async function described(t: Test, app: FastifyInstance, method: string, path: string, body: unknown) {
  const openapi = (await app.inject('/docs/json')).json();
  const schema = openapi.paths[path][method].responses['200'].content['application/json'].schema;
  const { default: Ajv } = await import('ajv/dist/2020.js');
  const ajv = new (Ajv as unknown as new (o: object) => { validate(s: object, d: unknown): boolean; errors: unknown })({
    strict: false,
  });
  t.ok(ajv.validate(schema, body), `${method} ${path} is as described ${JSON.stringify(ajv.errors)}`);
}

t.test('reading: those that are up, those that are over, the rules', async (t) => {
  const { w, app, callers } = await anApp(t);
  const up = (await app.inject('/api/v1/alarms')).json();
  t.match(up.alarms, [
    { rule: 'line-long', queueId: 'general', clearedAtMs: null, value: 2, title: { zh: '排队过长' }, sound: true, note: '' },
  ]);
  await described(t, app, 'get', '/api/v1/alarms', up);
  const board = (await app.inject('/api/v1/board')).json();
  t.match(
    board.alarms,
    [{ alarmId: up.alarms[0].alarmId, title: { en: 'The line is long' } }],
    'the board and so the live feed has them',
  );
  await described(t, app, 'get', '/api/v1/board', board);
  for (const caller of callers) caller.hangUp();
  await w.pass(2_000);
  const over = (await app.inject('/api/v1/alarms')).json();
  t.match(over.alarms, [{ alarmId: up.alarms[0].alarmId, clearedAtMs: Number }]);
  t.equal(over.alarms.length, 1);
  await described(t, app, 'get', '/api/v1/alarms', over);
  const rules = (await app.inject('/api/v1/alarms/rules')).json();
  t.match(rules.rules, [
    { rule: 'line-long', unit: 'count', of: 'queue', side: 'above', bound: 1, forMs: 5_000, until: 0, mail: ['ops'], mutes: [] },
    { rule: 'switch-down', unit: 'count', of: 'site', severity: 'critical' },
  ]);
  await described(t, app, 'get', '/api/v1/alarms/rules', rules);
});

t.test('acknowledged by the name of who asks; the longest names fit into the address', async (t) => {
  const long = `a${'b'.repeat(47)}`;
  const { w, house, app, alarm } = await anApp(t, (world) => {
    world.rules = [{ ...LINE_LONG, rule: long }];
  });
  t.equal(alarm.rule, long);
  const done = await app.inject(acknowledge(alarm.alarmId, { note: '我来处理' }));
  t.equal(done.statusCode, 200, done.body);
  t.match(done.json().alarm, { acknowledgedBy: 'sue', note: '我来处理' });
  await described(t, app, 'post', '/api/v1/alarms/{id}/acknowledge', done.json());
  t.match(w.alarms.up(), [{ acknowledgedBy: 'sue' }]);
  t.match(house.audits, [{ by: 'sue', role: 'supervisor', action: 'alarms/acknowledge', subject: alarm.alarmId }]);
  const second = await app.inject(acknowledge(alarm.alarmId, undefined, as('admin')));
  t.same([second.statusCode, second.json().id], [409, 'already-acknowledged']);
  t.equal((await app.inject(acknowledge(alarm.alarmId))).statusCode, 200, 'by the same one, without a body');
});

t.test('muted until a moment and heard again', async (t) => {
  const { w, house, app } = await anApp(t);
  const untilMs = w.world.clock.nowMs() + HOUR;
  const done = await app.inject(mute('line-long', { queueId: 'general', untilMs }));
  t.match(done.json().rule, { rule: 'line-long', mutes: [{ queueId: 'general', untilMs }] });
  await described(t, app, 'put', '/api/v1/alarms/rules/{rule}/mute', done.json());
  t.match((await app.inject('/api/v1/alarms')).json().alarms, [{ mutedUntilMs: untilMs }]);
  t.match(house.audits, [
    { by: 'sue', action: 'alarms/rules/mute/set', subject: 'line-long', detail: { queueId: 'general', untilMs } },
  ]);
  t.match((await app.inject(mute('line-long', { queueId: 'general', untilMs: null }))).json().rule.mutes, []);
  t.match((await app.inject('/api/v1/alarms')).json().alarms, [{ mutedUntilMs: null }]);
});

t.test('who may, and what is refused before the desk is asked', async (t) => {
  const { w, app, alarm } = await anApp(t);
  const untilMs = w.world.clock.nowMs() + HOUR;
  const refused = async (request: InjectOptions) => {
    const { statusCode, body } = await app.inject(request);
    return `${statusCode} ${JSON.parse(body).id}`;
  };
  for (const role of ['viewer', 'agent'] as const) {
    t.equal(await refused(acknowledge(alarm.alarmId, {}, as(role))), '403 forbidden', role);
    t.equal(await refused(mute('line-long', { queueId: null, untilMs }, as(role))), '403 forbidden', role);
  }
  t.equal(await refused(acknowledge(alarm.alarmId, {}, {})), '401 unauthorized', 'this machine may only read');
  t.equal(await refused(acknowledge('line-long/general/17')), '404 no-such-alarm');
  for (const id of [
    'line-long',
    'line-long/general/1x',
    '../../etc/passwd',
    `line-long/general/${'1'.repeat(17)}`,
    '__proto__',
  ]) {
    t.equal(await refused(acknowledge(id)), '400 bad-request', id);
  }
  t.equal(await refused(acknowledge(`${'a'.repeat(200)}/general/1`)), '400 bad-request', 'longer than any id');
  for (const note of ['x'.repeat(201), 'a\nb', '\u0000', 5]) {
    t.equal(await refused(acknowledge(alarm.alarmId, { note })), '400 bad-request', JSON.stringify(note));
  }
  t.equal(await refused(acknowledge(alarm.alarmId, { note: '', by: 'root' })), '400 bad-request', 'nobody says who one is');
  t.equal(await refused(mute('no-rule', { queueId: null, untilMs })), '404 no-such-rule');
  t.equal(await refused(mute('line-long', { queueId: 'no-queue', untilMs })), '404 no-such-queue');
  t.equal(await refused(mute('line-long', { queueId: null, untilMs: 5 })), '400 bad-moment');
  for (const body of [
    {},
    { queueId: null },
    { queueId: '../x', untilMs },
    { queueId: null, untilMs: '5' },
    { queueId: null, untilMs: 1.5 },
  ]) {
    t.equal(await refused(mute('line-long', body)), '400 bad-request', JSON.stringify(body));
  }
  t.same(w.kinds(), ['alarmRaised'], 'none of it became a fact');
  await w.alarms.stop();
  t.equal(await refused(mute('line-long', { queueId: null, untilMs })), '503 standing-by');
  const without = buildApp(aHouse());
  t.teardown(() => without.close());
  t.equal((await without.inject('/api/v1/alarms')).statusCode, 404, 'a house without alarms');
});
