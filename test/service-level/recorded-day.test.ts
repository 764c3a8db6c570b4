import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { openHistory } from '../../src/adapters/history/open-history.js';
import type { Fact } from '../../src/base/facts.js';
import { DAY } from '../../src/base/time.js';
import { historyCounts } from '../../src/cli/recount/history-counts.js';
import { recountDay } from '../../src/cli/recount.js';
import { readScenario } from '../../src/cli/simulate/read-scenario.js';
import { readSite } from '../../src/main/site.js';
import { HistoryFold } from '../../src/service-level/history/history-fold.js';
import { createLedger } from '../../src/service-level/ledger.js';
import { compareDay, type ShownCounts } from '../../src/service-level/recount-day.js';
import { dayFacts } from '../../src/simulation/scenario/day-facts.js';
import { DAY_START, siteDay, smallDay } from '../support/history-world.js';

/** A recorded day of some 50,000 calls, made by the simulator: the live counters and the history against a recount from the facts. */

t.setTimeout(240_000);
const folder = mkdtempSync(join(tmpdir(), 'recorded-day-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const RANGE = { fromMs: DAY_START, toMs: DAY_START + DAY };
const FORMULAS = 8;

t.test('50,000 calls: live counters and history equal the recount, for every formula', async (t) => {
  const scenario = await readScenario(join(import.meta.dirname, '../../config/scenarios/busy-day.yaml'));
  if (!scenario.ok) throw new Error('the scenario is refused');
  const facts = dayFacts(scenario.value, 0, DAY_START);
  const { queues, agents } = scenario.value.acd;
  const calls = facts.filter(({ kind }) => kind === 'callArrived').length;
  t.ok(calls > 50_000, `${calls} calls, ${facts.length} facts`);

  const ledger = createLedger({ queues, agents, dayStartMs: siteDay });
  const history = openHistory({ kind: 'sqlite', file: join(folder, 'day.db') });
  const start = await history.begin();
  const fold = new HistoryFold({ queues, dayStartMs: siteDay, callerKey: () => null, wholeNumbers: false, start });
  const shown: ShownCounts[] = [];
  const look = (fact: Fact): void => {
    for (const { queueId, today } of ledger.board(fact.atMs).queues) {
      shown.push({ source: 'live', queueId, seq: fact.seq, atMs: fact.atMs, counts: today });
    }
  };
  // In the middle of the day callers wait; just before midnight is the last that the board shows of it.
  const moments = new Set([
    Math.floor(facts.length / 3),
    Math.floor(facts.length / 2),
    facts.findLast(({ atMs }) => atMs < RANGE.toMs)?.seq,
  ]);
  const written: Promise<unknown>[] = [];
  for (let at = 0; at < facts.length; at += 20_000) {
    const page = facts.slice(at, at + 20_000);
    const batch = fold.take(page);
    if (batch) written.push(history.write(batch));
    for (const fact of page) {
      ledger.add(fact);
      if (moments.has(fact.seq)) look(fact);
    }
  }
  for (const { id } of queues) {
    const { seq, atMs } = facts.at(-1) as Fact;
    shown.push({ source: 'fold', queueId: id, seq, atMs, counts: ledger.counts(id, RANGE.fromMs, RANGE.toMs, atMs) });
  }
  t.ok((await Promise.all(written)).every((answer) => answer === 'written'));
  const kept = await historyCounts(history, queues, RANGE);
  if (kept === null) throw new Error('nobody writes here');
  t.equal(kept.seq, facts.length);
  const { compared, differences } = compareDay(facts, queues, RANGE, [...shown, ...kept.counts]);
  t.same(differences, [], 'nothing differs');
  t.ok(compared > queues.length * 2 * FORMULAS * 10, `${compared} figures were compared`);
  const waiting = shown.filter(({ counts }) => (counts.waiting ?? 0) > 0);
  t.ok(waiting.length > 0, 'callers were waiting when it was looked at');

  const [first] = shown as [ShownCounts];
  const wrong = [{ ...first, counts: { ...first.counts, abandoned: (first.counts.abandoned as number) + 1 } }];
  const found = compareDay(facts, queues, RANGE, wrong).differences;
  t.ok(
    found.some(({ what }) => what === 'abandoned'),
    'one call too many is found',
  );
  t.ok(
    found.some(({ what }) => what === 'answered-of-handled, denominator'),
    'and by which formula it is seen',
  );
  await history.close();
});

t.test('hotline recount: exit code and sentences', async (t) => {
  const { facts } = await smallDay();
  const config = join(import.meta.dirname, '../../config');
  const env = { HOTLINE_SWITCH: 'simulated', HOTLINE_DATA: join(folder, 'data'), HOTLINE_HTTP: '127.0.0.1:1' };
  const site = await readSite({ env, config });
  if (!site.ok) throw new Error('the configuration is refused');
  const { settings } = site.value;
  const [one, two] = settings.acd.queues.map(({ id }) => id);
  const named = facts.map((fact) =>
    'queueId' in fact ? { ...fact, queueId: fact.queueId === 'general' ? one : two } : fact,
  ) as Fact[];
  const file = join(folder, 'facts.jsonl');
  writeFileSync(file, named.map((fact) => JSON.stringify(fact)).join('\n'));
  const history = openHistory({ kind: 'sqlite', file: settings.history.file });
  const fold = new HistoryFold({
    queues: settings.acd.queues,
    dayStartMs: siteDay,
    callerKey: () => null,
    wholeNumbers: false,
    start: await history.begin(),
  });
  const batch = fold.take(named);
  if (batch) await history.write(batch);
  const flags = { day: '2026-11-21', facts: file, live: true, history: true, config };

  const right = await recountDay({ ...flags, lang: 'en' }, env);
  t.equal(right.code, 0, right.text);
  t.match(right.text, /2026-11-21: \d+ facts, \d+ figures compared \(fold, history by 1 min, .*\), 0 differ/);
  t.match(right.text, '! no running hotline answered');
  t.match((await recountDay(flags, env)).text, /0 项不同/);

  const damaged = batch && { ...batch, from: batch.to, to: { life: 0, seq: batch.to.seq + 1 }, open: [] };
  const interval = damaged?.rows.queueIntervals?.find(({ spanMin, queueId }) => spanMin === 15 && queueId === one);
  if (!damaged || !interval) throw new Error('there is an interval');
  await history.write({ ...damaged, rows: { queueIntervals: [{ ...interval, place: damaged.to.seq }] } });
  const wrong = await recountDay({ ...flags, json: true }, env);
  t.equal(wrong.code, 1);
  const { differences } = JSON.parse(wrong.text) as { differences: { source: string; what: string }[] };
  t.ok(differences.some(({ what }) => what === 'offered'));
  t.ok(
    differences.every(({ source }) => source === 'history by 15 min'),
    'only what was damaged differs',
  );
  await history.close();

  t.equal((await recountDay({ ...flags, day: '2026-11-31' }, env)).code, 64);
  t.equal((await recountDay({ ...flags, day: '2026-12-24' }, env)).code, 69, 'a day without facts');
  writeFileSync(file, '{"kind":"callQueued"}');
  t.match(await recountDay(flags, env), { code: 69, text: 'the facts cannot be read: line 1 is not a fact' });
  writeFileSync(file, `${JSON.stringify(named[0])}\n${JSON.stringify(named[5])}`);
  t.match(await recountDay(flags, env), { code: 69, text: /facts are missing/ });
});
