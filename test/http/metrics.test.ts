import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import type { QueueConfig } from '../../src/acd/config.js';
import type { Fact } from '../../src/base/facts.js';
import { DAY, HOUR, SECOND } from '../../src/base/time.js';
import { freePorts } from '../../src/cli/stack/ports.js';
import { buildApp } from '../../src/http/app.js';
import { serve } from '../../src/main/serve.js';
import { readSite } from '../../src/main/site.js';
import { createLedger } from '../../src/service-level/ledger.js';
import { smallDay } from '../support/history-world.js';
import { type MetricFamily, readPrometheusText } from '../support/prometheus-text.js';
import { sampleAgent, sampleQueue } from '../support/sample-site.js';
import { sharePrompts } from '../support/shared-prompts.js';
import { startTestStack } from '../support/stack.js';
import { aHouse } from './house.js';

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

t.setTimeout(120_000);

/** An app over a real ledger, at a time that the test sets. */
function scraped(t: { teardown(fn: () => unknown): unknown }, queues: readonly QueueConfig[], before: readonly Fact[] = []) {
  const ledger = createLedger({ queues, agents: [sampleAgent('1001')], dayStartMs: (atMs) => Math.floor(atMs / DAY) * DAY });
  for (const fact of before) ledger.add(fact);
  let nowMs = 0;
  const house = aHouse({ ledger, board: () => ledger.board(nowMs), totals: () => ledger.totals(nowMs), nowMs: () => nowMs });
  const app = buildApp(house);
  t.teardown(() => app.close());
  let seq = before.length;
  return {
    ledger,
    say: (atMs: number, body: object) => ledger.add({ ...body, seq: ++seq, atMs } as Fact),
    at: async (atMs: number) => {
      nowMs = atMs;
      return readPrometheusText((await app.inject('/metrics')).body);
    },
  };
}

const value = (families: Map<string, MetricFamily>, series: string): number | undefined => {
  const name = series.replace(/\{.*/, '');
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
  return family?.samples.get(series);
};
const GENERAL = '{queue="general"}';
const FORMULA = '{queue="general",formula="answered-of-offered"}';
const call = (callId: string) => ({ callId, queueId: 'general' });
const queued = (callId: string) => ({
  ...{ kind: 'callQueued', ...call(callId), lane: 'ordinary', priority: 0, requirement: '', language: 'zh' },
});
const answered = (callId: string, waitMs: number) => ({
  ...{ kind: 'callAnswered', ...call(callId), offerId: `${callId}/1`, agentId: '1001', waitMs },
});

t.test('counters rise over midnight, good and counted calls by the formula of the queue', async (t) => {
  const { say, at } = scraped(t, [sampleQueue('general')]);
  const first = await at(0);
  t.equal(value(first, `hotline_queue_offered_total${GENERAL}`), 0, 'there from the start, so that a first call is a rise');
  const evening = DAY - 40 * SECOND;
  say(evening, queued('c1'));
  say(evening + 15_000, answered('c1', 15_000));
  say(evening + 16_000, queued('c2'));
  say(evening + 20_000, { kind: 'callLeftQueue', ...call('c2'), exit: 'abandoned', waitMs: 4_000 });
  say(evening + 20_000, queued('c3'));
  const before = await at(evening + 30_000);
  t.equal(value(before, `hotline_queue_service_level_good_total${FORMULA}`), 1);
  t.equal(
    value(before, `hotline_queue_service_level_counted_total${FORMULA}`),
    1,
    'short abandons and who may still be in time are not in it',
  );
  const late = await at(DAY + 10_000);
  t.equal(value(late, `hotline_queue_service_level_counted_total${FORMULA}`), 2, 'who has waited past the threshold is');
  t.equal(value(late, `hotline_queue_waiting_late${GENERAL}`), 1);
  say(DAY + 20_000, answered('c3', 40_000));
  say(DAY + 50_000, { kind: 'talkEnded', ...call('c3'), agentId: '1001', talkMs: 30_500, holdMs: 0, endedBy: 'caller' });
  say(DAY + 60_000, queued('c4'));
  say(DAY + 65_000, answered('c4', 5_000));
  const after = await at(DAY + 70_000);
  for (const [name, expected] of [
    ['offered_total', 4],
    ['answered_total', 3],
    ['answered_in_time_total', 2],
    ['abandoned_total', 1],
    ['short_abandoned_total', 1],
    ['talk_seconds_total', 30.5],
    ['answer_wait_seconds_bucket{le="5"}', 1],
    ['answer_wait_seconds_bucket{le="10"}', 1],
    ['answer_wait_seconds_bucket{le="15"}', 2],
    ['answer_wait_seconds_bucket{le="30"}', 2],
    ['answer_wait_seconds_bucket{le="45"}', 3],
    ['answer_wait_seconds_bucket{le="+Inf"}', 3],
    ['answer_wait_seconds_sum', 60],
    ['answer_wait_seconds_count', 3],
  ] as const) {
    const [bare, le] = name.split('{');
    const series = `hotline_queue_${bare}${le ? `{queue="general",${le}` : GENERAL}`;
    t.equal(value(after, series), expected, series);
  }
  t.equal(value(after, `hotline_queue_service_level_numerator${FORMULA}`), 1, 'the gauge is of the day');
  t.equal(value(after, `hotline_queue_service_level_good_total${FORMULA}`), 2, 'the counter is not');
});

t.test('what the facts had before this process began is not counted again', async (t) => {
  const facts = [queued('c1'), answered('c1', 5_000)].map(
    (body, i) => ({ ...body, seq: i + 1, atMs: i * 5_000 }) as unknown as Fact,
  );
  const { say, at } = scraped(t, [sampleQueue('general')], facts);
  t.equal(value(await at(6_000), `hotline_queue_answered_total${GENERAL}`), 0);
  say(7_000, queued('c2'));
  say(9_000, answered('c2', 2_000));
  const families = await at(10_000);
  t.equal(value(families, `hotline_queue_answered_total${GENERAL}`), 1);
  t.equal(value(families, 'hotline_queue_answer_wait_seconds_bucket{queue="general",le="5"}'), 1);
  t.equal(value(families, `hotline_queue_service_level_numerator${FORMULA}`), 2, 'the day knows both');
});

t.test('a counter does not go back though a formula leaves a call out afterwards', async (t) => {
  const target = { share: 0.8, withinMs: 2_000, formula: 'answered-of-offered', shortAbandonMs: 5_000 } as const;
  const { say, at } = scraped(t, [sampleQueue('general', { target })]);
  say(0, queued('c1'));
  t.equal(value(await at(3_000), `hotline_queue_service_level_counted_total${FORMULA}`), 1);
  say(4_000, { kind: 'callLeftQueue', ...call('c1'), exit: 'abandoned', waitMs: 4_000 });
  t.equal(value(await at(5_000), `hotline_queue_service_level_counted_total${FORMULA}`), 1);
});

t.test('look-ups by endpoint and what came of them; names from outside cannot break the text', async (t) => {
  const { say, at } = scraped(t, [sampleQueue('general'), sampleQueue('a"b\\c\nd')]);
  const lookUp = { kind: 'lookUpEnded', callId: 'c1', flowId: 'card', node: 'bill', endpoint: 'billing' };
  say(1, { ...lookUp, fault: null, tookMs: 120 });
  say(2, { ...lookUp, fault: 'timeout', tookMs: 2_000 });
  say(3, { ...lookUp, fault: null, tookMs: 80 });
  const families = await at(10);
  t.equal(value(families, 'hotline_look_ups_total{endpoint="billing",result="answered"}'), 2);
  t.equal(value(families, 'hotline_look_ups_total{endpoint="billing",result="timeout"}'), 1);
  t.equal(value(families, 'hotline_look_up_seconds_total{endpoint="billing",result="answered"}'), 0.2);
  t.equal(value(families, 'hotline_queue_offered_total{queue="a\\"b\\\\c\\nd"}'), 0);
});

t.test('over a whole day every counter only rises, and the totals are the sums of the days', async (t) => {
  const { queues, facts, endMs } = await smallDay();
  const { ledger, at } = scraped(t, queues, facts.slice(0, 1));
  let last = await at((facts[0] as Fact).atMs);
  for (const [i, fact] of facts.entries()) {
    if (i > 0) ledger.add(fact);
    if (i % 500 !== 499 && i !== facts.length - 1) continue;
    const now = await at(fact.atMs);
    const fallen = [...now.values()]
      .filter(({ type }) => type === 'counter' || type === 'histogram')
      .flatMap(({ samples }) =>
        [...samples].filter(([series, shown]) => shown < (value(last, series) ?? 0)).map(([series]) => series),
      );
    t.same(fallen, [], `nothing has fallen up to fact ${fact.seq}`);
    last = now;
  }
  for (const { id } of queues) {
    const counts = ledger.counts(id, 0, endMs + DAY, endMs);
    const label = `{queue="${id}"}`;
    t.equal(value(last, `hotline_queue_offered_total${label}`), counts.offered);
    t.equal(value(last, `hotline_queue_answer_wait_seconds_count${label}`), counts.answered);
    t.equal(value(last, `hotline_queue_answer_wait_seconds_sum${label}`), counts.sumWaitAnsweredMs / 1_000);
    const inTime = value(last, `hotline_queue_answer_wait_seconds_bucket{queue="${id}",le="20"}`);
    t.equal(inTime, counts.answeredInTime, 'the bucket of the threshold is what is in time');
  }
});

t.test('messages are counted by what came of them; those given up within an hour call somebody', async (t) => {
  const { ledger, say, at } = scraped(t, [sampleQueue('general')]);
  const series = (result: string) => `hotline_messages_total{endpoint="sms",result="${result}"}`;
  const message = (kind: string, n: number) => ({
    kind,
    callId: 'c1',
    messageId: `m${n}`,
    endpoint: 'sms',
    attempts: 8,
    detail: '503',
  });
  say(1_000, message('messageDelivered', 1));
  say(2_000, message('messageGivenUp', 2));
  say(3_000, message('messageGivenUp', 3));
  const families = await at(4_000);
  t.equal(value(families, series('delivered')), 1);
  t.equal(value(families, series('givenUp')), 2);
  t.equal(ledger.messagesGivenUp(4_000), 2);
  t.equal(ledger.messagesGivenUp(2_000 + HOUR), 1, 'an hour after the first of them');
  t.equal(ledger.messagesGivenUp(3_000 + HOUR), 0);
  t.equal(value(await at(3 * HOUR), series('givenUp')), 2, 'a counter never goes back');
});

t.test('a running hotline: the text is sound, and the dashboard asks for nothing that is not there', async (t) => {
  const stack = await startTestStack(t, { redis: true });
  sharePrompts(join(stack.folder, 'data'));
  const env = {
    HOTLINE_SWITCH: 'simulated',
    HOTLINE_OVERLAY: 'demo',
    HOTLINE_DATA: join(stack.folder, 'data'),
    HOTLINE_HTTP: `127.0.0.1:${await freePorts(1)}`,
    HOTLINE_REDIS_URL: stack.redis.url,
    PATH: '/nowhere',
  };
  const site = await readSite({ env, config: join(import.meta.dirname, '../../config') });
  if (!site.ok) throw new Error(JSON.stringify(site.error));
  const running = await serve({ site: site.value, log: SILENT, onFatal: (reason) => void t.fail(reason) });
  const text = await (await fetch(`http://${env.HOTLINE_HTTP}/metrics`)).text();
  // Before its Redis goes.
  await running.stop();
  const families = readPrometheusText(text);
  for (const { name, type, help } of families.values()) {
    t.ok(help.length > 5, `${name} says what it is`);
    t.match(name, /^hotline_[a-z0-9_]+$/);
    if (!/^hotline_(process|nodejs)_/.test(name)) t.equal(name.endsWith('_total'), type === 'counter', `${name} is a ${type}`);
    if (/(wait|talk|hold|wrap_up|lag)/.test(name) && type === 'counter') t.match(name, /_seconds_total$/, `${name} has its unit`);
  }
  t.equal(value(families, 'hotline_flow_files_refused'), 0);
  for (const { flowId, version } of site.value.flows.values()) {
    t.equal(value(families, `hotline_flow_info{flow="${flowId}",version="${version}"}`), 1);
    t.ok(
      (value(families, `hotline_flow_published_timestamp_seconds{flow="${flowId}"}`) ?? 0) > 1.7e9,
      'live since its first start',
    );
    t.ok(families.get('hotline_flow_calls')?.samples.has(`hotline_flow_calls{flow="${flowId}",outcome="contained"}`));
  }
  const told = [...families.values()].flatMap(({ name, type }) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name],
  );
  const docker = join(import.meta.dirname, '../../docker/grafana');
  const dashboard = JSON.parse(readFileSync(join(docker, 'dashboards/hotline.json'), 'utf8')) as {
    panels: { id: number; type: string; title: string; gridPos: { x: number; w: number }; targets?: { expr: string }[] }[];
    templating: { list: { definition: string }[] };
  };
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  const expressions = [
    ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...dashboard.templating.list.map((each) => each.definition),
  ];
  for (const expr of expressions) {
    const names = expr.match(/hotline_[a-z0-9_]+/g) ?? [];
    t.ok(names.length > 0, expr);
    for (const name of names) t.ok(told.includes(name), `${name} is told`);
    for (const [, name] of expr.matchAll(/(?:rate|increase)\((hotline_[a-z0-9_]+)/g))
      t.match(name, /_(total|bucket|sum|count)$/, `${name} rises`);
    t.equal(expr.split('(').length, expr.split(')').length, 'brackets are closed');
  }
  for (const { title, gridPos } of panels) {
    t.match(title, /^[^A-Za-z]*\p{Script=Han}.* · [A-Z]/u, `${title}: in Chinese and English`);
    t.ok(gridPos.x + gridPos.w <= 24);
  }
  t.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
  const source = parse(readFileSync(join(docker, 'provisioning/datasources/prometheus.yaml'), 'utf8')) as {
    datasources: { uid: string }[];
  };
  t.ok(
    JSON.stringify(dashboard).includes(`"uid":"${source.datasources[0]?.uid}"`),
    'the panels ask the source that is provisioned',
  );
});
