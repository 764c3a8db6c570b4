import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { LAYOUT } from '../../src/adapters/history/layouts.js';
import { type HistoryPlace, openHistory } from '../../src/adapters/history/open-history.js';
import { PostgresStore } from '../../src/adapters/history/postgres-store.js';
import { SqlHistory } from '../../src/adapters/history/sql-history.js';
import type { SqlStore } from '../../src/adapters/history/sql-store.js';
import { SqliteStore } from '../../src/adapters/history/sqlite-store.js';
import { TABLES } from '../../src/adapters/history/tables.js';
import type { Fact } from '../../src/base/facts.js';
import { seededRandom } from '../../src/base/random.js';
import { DAY, HOUR } from '../../src/base/time.js';
import { type History, HistoryBusy } from '../../src/ports/history.js';
import { percentiles } from '../../src/service-level/history/reports.js';
import type { HistoryBatch, StayRow } from '../../src/service-level/history/rows.js';
import { Spans, waitStepS } from '../../src/service-level/history/spans.js';
import { recount } from '../../src/service-level/recount.js';
import { emptyTally } from '../../src/service-level/tally.js';
import { DAY_START, foldFrom, siteDay, smallDay } from '../support/history-world.js';
import { buildHotline } from '../support/house-process.js';
import { findPostgres, type RunningPostgres, startPostgres } from '../support/postgres.js';

/** One suite for both kinds of SQL: what `ports/history.ts` promises. */

t.setTimeout(180_000);

const day = await smallDay();
const RANGE = { fromMs: DAY_START, toMs: DAY_START + DAY };

interface Kind {
  readonly name: string;
  /** An empty store of its own. */
  fresh(): Promise<{ readonly place: HistoryPlace; readonly store: SqlStore }>;
}

/** Cuts the facts at random, or into pages. */
function cuts(facts: readonly Fact[], seed: string | null, page = 500): Fact[][] {
  const random = seed === null ? null : seededRandom(seed);
  const pages: Fact[][] = [];
  for (let at = 0; at < facts.length; ) {
    const size = random ? 1 + Math.floor(random.next() ** 3 * 900) : page;
    pages.push(facts.slice(at, at + size));
    at += size;
  }
  return pages;
}

async function writeAll(history: History, pages: readonly (readonly Fact[])[]): Promise<void> {
  const fold = foldFrom(day.queues, await history.begin());
  for (const page of pages) {
    const batch = fold.take(page);
    if (batch && (await history.write(batch)) !== 'written') throw new Error('not written');
  }
}

/** Every row of every table, and what stands beside them. */
async function dump(store: SqlStore): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for (const { name } of Object.values(TABLES)) {
    const rows = await store.all(`SELECT * FROM ${name}`, []);
    all[name] = rows.map((row) => JSON.stringify(row)).sort();
  }
  const open = await store.all('SELECT kind, id, json FROM open_entities', []);
  all.open = open.map((row) => JSON.stringify(row)).sort();
  all.position = await store.all('SELECT place FROM position', []);
  return all;
}

/** What a queue's stays add up to, by hand. */
function tallies(stays: readonly StayRow[]): object[] {
  const queueIds = [...new Set(stays.map(({ queueId }) => queueId))].sort();
  return queueIds.map((queueId) => {
    const own = stays.filter((stay) => stay.queueId === queueId);
    const left = (exit: string, inTime?: 1): number =>
      own.filter((stay) => stay.exit === exit && (inTime === undefined || stay.inTime === 1)).length;
    const total = (name: 'talkMs' | 'holdMs' | 'wrapUpMs'): number => own.reduce((sum, stay) => sum + stay[name], 0);
    const waits = own.map(({ waitMs }) => waitMs ?? 0);
    const answered = own.filter(({ exit }) => exit === 'answered');
    return {
      ...{ queueId, offered: own.length, answered: answered.length, answeredInTime: left('answered', 1) },
      ...{ abandoned: left('abandoned'), abandonedInTime: left('abandoned', 1) },
      ...{ shortAbandoned: own.filter(({ short }) => short === 1).length },
      ...{ flowedOut: left('flowedOut'), flowedOutInTime: left('flowedOut', 1), timedOut: left('timedOut') },
      ...{ exitedByKey: left('exitedByKey'), calledBack: left('calledBack'), calledBackInTime: left('calledBack', 1) },
      ...{ waiting: own.filter(({ exit }) => exit === null).length, blocked: 0 },
      sumWaitAnsweredMs: answered.reduce((sum, { waitMs }) => sum + (waitMs ?? 0), 0),
      ...{ sumTalkMs: total('talkMs'), sumHoldMs: total('holdMs'), sumWrapUpMs: total('wrapUpMs') },
      longestWaitMs: Math.max(0, ...waits),
    };
  });
}

function secondsOf(stays: readonly StayRow[]) {
  const counted = new Map<string, { queueId: string; exit: unknown; upToS: number; calls: number }>();
  for (const { queueId, exit, waitMs } of stays) {
    if (exit === null || waitMs === null) continue;
    const upToS = Math.ceil(waitMs / 1_000);
    const step = counted.get(`${queueId} ${exit} ${upToS}`) ?? { queueId, exit, upToS, calls: 0 };
    counted.set(`${queueId} ${exit} ${upToS}`, { ...step, calls: step.calls + 1 });
  }
  return [...counted.values()];
}

/** As the first layout had left it. */
async function toLayoutOne(store: SqlStore): Promise<void> {
  for (const sql of [
    ...['stays_summed', 'stays_open', 'calls_repeated', 'calls_filed', 'agent_times_open'].map((name) => `DROP INDEX ${name}`),
    'CREATE INDEX stays_by_queue_id_entered_ms ON stays (queue_id, entered_ms)',
    'DELETE FROM queue_intervals WHERE span_min = 30',
    ...['p50_s', 'p95_s', 'p99_s'].map((name) => `ALTER TABLE queue_intervals DROP COLUMN ${name}`),
    'UPDATE position SET layout = 1',
  ])
    await store.run({ sql, values: [] });
}

const batchesOf = (pages: readonly (readonly Fact[])[]): HistoryBatch[] => {
  const fold = foldFrom(day.queues);
  return pages.map((page) => fold.take(page)).filter((batch) => batch !== null);
};

function contract(kind: Kind): void {
  t.test(`${kind.name}: the rows are those of the facts, however they were cut, and over any number of restarts`, async (t) => {
    const [whole, cut, restarted] = await Promise.all([kind.fresh(), kind.fresh(), kind.fresh()]);
    await writeAll(new SqlHistory(whole.store), cuts(day.facts, null));
    await writeAll(new SqlHistory(cut.store), cuts(day.facts, 'cut'));
    const history = new SqlHistory(restarted.store);
    for (const page of cuts(day.facts, 'restarts', 700)) await writeAll(history, [page]);
    const wanted = await dump(whole.store);
    t.ok((wanted.calls as unknown[]).length > 300, 'it is a day of some hundred calls');
    t.same(await dump(cut.store), wanted, 'cut otherwise');
    t.same(await dump(restarted.store), wanted, 'begun again before each page');
    const reader = new SqlHistory(whole.store);
    for (const queue of day.queues) {
      const counted = recount(day.facts, queue, RANGE.fromMs, RANGE.toMs, day.endMs);
      for (const spanMin of [1, 15, 30, 60, 1440, null] as const) {
        const [sum] = await reader.queueSums({ ...RANGE, spanMin, perInterval: false, queueId: queue.id });
        const shown = Object.fromEntries(Object.keys(emptyTally()).map((name) => [name, sum?.[name as keyof typeof sum]]));
        const { waitingLate: _, ...tally } = counted;
        t.same(shown, tally, `${queue.id} by ${spanMin ?? 'stays'} is as recounted from the facts`);
      }
    }
    await Promise.all([whole.store.close(), cut.store.close(), restarted.store.close()]);
  });

  t.test(`${kind.name}: a batch lands once and only where the store stands, each row only when it is newer`, async (t) => {
    const { store } = await kind.fresh();
    const history = new SqlHistory(store);
    await history.begin();
    const batches = batchesOf(cuts(day.facts, null));
    const [first, second] = batches as [HistoryBatch, HistoryBatch];
    t.equal(await history.write(second), 'elsewhere', 'not before the first');
    t.same((await history.stand()).position, { life: 0, seq: 0 });
    t.equal(await history.write(first), 'written');
    const before = await dump(store);
    t.equal(await history.write(first), 'elsewhere', 'not twice');
    t.same(await dump(store), before);
    // As if the position had been lost: the rows keep themselves from being counted twice.
    await store.run({ sql: 'UPDATE position SET place = 0', values: [] });
    t.equal(await history.write(first), 'written');
    t.same(await dump(store), before, 'rows of the same place change nothing');
    const two = await Promise.all([history.write(second), history.write(second)]);
    t.same([...two].sort(), ['elsewhere', 'written'], 'of two writers at once one finds itself elsewhere');
    await store.close();
  });

  t.test(`${kind.name}: a batch that breaks in its middle leaves nothing behind`, async (t) => {
    const { store } = await kind.fresh();
    const history = new SqlHistory(store);
    await history.begin();
    const [first] = batchesOf(cuts(day.facts, null)) as [HistoryBatch];
    const broken = { ...first, open: [...first.open, { kind: 'call' as const, id: null as never, json: '{}' }] };
    await t.rejects(history.write(broken));
    t.same((await history.stand()).position, { life: 0, seq: 0 });
    t.equal((await history.calls({ ...RANGE, limit: 10 })).length, 0);
    t.equal(await history.write(first), 'written', 'and the store can still be used');
    await store.close();
  });

  t.test(`${kind.name}: missing facts are skipped and told; a new life goes on from its own first fact`, async (t) => {
    const { store } = await kind.fresh();
    const history = new SqlHistory(store);
    await history.begin();
    t.equal(await history.skip({ life: 0, seq: 0 }, { life: 0, seq: 40 }, 5), 'written');
    t.equal((await history.stand()).missing, 40);
    t.equal(await history.skip({ life: 0, seq: 0 }, { life: 0, seq: 60 }, 5), 'elsewhere');
    t.equal(await history.skip({ life: 0, seq: 40 }, { life: 1, seq: 3 }, 5), 'written');
    t.same((await history.begin()).position, { life: 1, seq: 3 });
    t.equal((await history.stand()).missing, 40, 'a new life misses nothing');
    await store.close();
  });

  t.test(`${kind.name}: calls are found page by page and by what is asked; hostile texts are texts`, async (t) => {
    const { store } = await kind.fresh();
    const history = new SqlHistory(store);
    await writeAll(history, cuts(day.facts, null));
    const arrived = day.facts.filter((fact) => fact.kind === 'callArrived');
    const found: string[] = [];
    let after: { arrivedMs: number; callId: string } | undefined;
    for (;;) {
      const page = await history.calls({ ...RANGE, limit: 37, ...(after && { after }) });
      found.push(...page.map(({ callId }) => callId));
      after = page.at(-1);
      if (page.length < 37) break;
    }
    t.same(
      found,
      [...arrived].reverse().map(({ callId }) => callId),
      'each once, newest first',
    );
    const [one] = arrived;
    const aniEnd = one?.ani.slice(-4) as string;
    const same = await history.calls({ ...RANGE, aniEnd, limit: 100 });
    t.ok(
      same.some(({ callId }) => callId === one?.callId),
      'found by the last four digits',
    );
    t.ok(
      same.every(({ ani }) => ani === `***${aniEnd}`),
      'the number is kept masked',
    );
    t.same(await history.calls({ ...RANGE, queueId: "x' OR 1=1 --", limit: 10 }), []);
    t.equal(await history.call("'; DROP TABLE calls; --"), null);
    const whole = await history.call(found[100] as string);
    t.equal(whole?.call.callId, found[100]);
    t.ok((whole?.stays.length ?? 0) >= 1 && (whole?.offers.length ?? 0) >= 1 && (whole?.legs.length ?? 0) >= 2);
    t.equal(whole?.stays.at(-1)?.waitMs, whole?.call.waitMs);
    const outcomes = await history.outcomeSums({ ...RANGE, spanMin: 1440, perInterval: false });
    t.equal(
      outcomes.reduce((sum, { calls }) => sum + calls, 0),
      arrived.length,
    );
    await store.close();
  });

  t.test(
    `${kind.name}: stays one by one, filtered or not, and percentiles of intervals are as counted from the rows`,
    async (t) => {
      const { store } = await kind.fresh();
      const history = new SqlHistory(store);
      await writeAll(history, cuts(day.facts, 'percentiles'));
      const kept = async () => (await store.all('SELECT * FROM stays', [])) as unknown as StayRow[];
      const before = await kept();
      const spans = new Spans(siteDay);
      for (const spanMin of [15, 30, 60, 1440] as const) {
        const sums = await history.queueSums({ ...RANGE, spanMin, perInterval: true });
        for (const { queueId, startMs, waits } of sums) {
          const answered = before.filter(
            (stay) => stay.queueId === queueId && spans.startOf(spanMin, stay.enteredMs) === startMs && stay.exit === 'answered',
          );
          const wanted = percentiles(
            answered.map(({ waitMs }) => ({ exit: 'answered', upToS: waitStepS(waitMs as number), calls: 1 })),
          );
          t.same(waits, wanted, `${queueId} ${spanMin} ${startMs}`);
        }
      }
      const [minute] = await history.queueSums({ ...RANGE, spanMin: 1, perInterval: true });
      t.equal(minute?.waits, null, 'minutes have none');
      // Every way out, and stays that are not over.
      for (const change of [
        "exit = 'flowedOut', short = 0 WHERE exit = 'abandoned' AND wait_ms % 4 = 0",
        "exit = 'calledBack', short = 0 WHERE exit = 'abandoned' AND wait_ms % 4 = 1",
        "exit = 'timedOut' WHERE exit = 'answered' AND wait_ms % 7 = 0",
        "exit = 'exitedByKey' WHERE exit = 'answered' AND wait_ms % 7 = 1",
        "exit = NULL, wait_ms = NULL, in_time = 0 WHERE exit = 'answered' AND wait_ms % 7 = 2",
      ])
        t.ok((await store.run({ sql: `UPDATE stays SET ${change}`, values: [] })) > 0, change);
      const stays = await kept();
      for (const filter of [{}, { lane: 'vip' }, { lane: 'ordinary', language: 'zh' }, { tier: 'none' }]) {
        const asked = { ...RANGE, toMs: RANGE.fromMs + HOUR + 17_001, spanMin: null, perInterval: false, filter };
        const own = stays.filter(
          (stay) =>
            stay.enteredMs < asked.toMs && Object.entries(filter).every(([name, value]) => stay[name as keyof StayRow] === value),
        );
        const sums = await history.queueSums(asked);
        const wanted = tallies(own);
        t.same(
          sums.map(({ waits: _, startMs: __, ...sum }) => sum),
          wanted,
          JSON.stringify(filter),
        );
        const steps = await history.waitSteps(asked);
        const inOrder = (list: readonly { queueId: string; exit: unknown; upToS: number; calls: number }[]) =>
          list.map(({ queueId, exit, upToS, calls }) => `${queueId} ${exit} ${upToS} ${calls}`).sort();
        t.same(inOrder(steps), inOrder(secondsOf(own)), `waits of ${JSON.stringify(filter)}`);
      }
      const open = stays.filter(({ exit }) => exit === null).map(({ queueId, enteredMs }) => `${queueId} ${enteredMs}`);
      t.same((await history.openStays(RANGE)).map(({ queueId, enteredMs }) => `${queueId} ${enteredMs}`).sort(), open.sort());
      await store.close();
    },
  );

  t.test(
    `${kind.name}: a history of the layout before is brought up to date, once, and goes on as if it had always been`,
    async (t) => {
      const { store } = await kind.fresh();
      const whole = await kind.fresh();
      const pages = cuts(day.facts, null);
      await writeAll(new SqlHistory(whole.store), pages);
      await writeAll(new SqlHistory(store), pages.slice(0, 3));
      await toLayoutOne(store);
      const [one, other] = [new SqlHistory(store), new SqlHistory(store)];
      const starts = await Promise.all([one.begin(), other.begin()]);
      t.same(starts[0], starts[1], 'two nodes that start at once');
      await writeAll(one, [day.facts]);
      t.same(await dump(store), await dump(whole.store));
      const [{ layout }] = (await store.all('SELECT layout FROM position', [])) as unknown as [{ layout: number }];
      t.equal(layout, LAYOUT);
      await store.run({ sql: 'UPDATE position SET layout = 99', values: [] });
      await t.rejects(other.begin(), /another version \(layout 99/);
      await Promise.all([store.close(), whole.store.close()]);
    },
  );

  t.test(
    `${kind.name}: too many long reports are refused at once, short questions and rows go on, one given up is not begun`,
    async (t) => {
      const { store } = await kind.fresh();
      const history = new SqlHistory(store);
      await writeAll(history, cuts(day.facts, null));
      const gone = new AbortController();
      const raw = { ...RANGE, spanMin: null, perInterval: false, queueId: 'general' } as const;
      const reports = Promise.allSettled(Array.from({ length: 40 }, () => history.waitSteps(raw)));
      const left = t.rejects(history.asking(AbortSignal.abort(new Error('gone'))).waitSteps(raw), /gone/);
      const short = await history.queueSums({ ...RANGE, spanMin: 60, perInterval: true });
      t.ok(short.length > 0);
      const settled = await reports;
      const refused = settled.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
      t.ok(refused.length > 0 && refused.length < 40, `${refused.length} of 40 refused`);
      t.ok(refused.every(({ reason }) => reason instanceof HistoryBusy));
      await left;
      t.ok((await history.asking(gone.signal).waitSteps(raw)).length > 0, 'and later ones are answered');
      await store.close();
    },
  );

  t.test(`${kind.name}: repeat callers are those whose number has called within the time before`, async (t) => {
    const { store } = await kind.fresh();
    const history = new SqlHistory(store);
    const call = (callId: string, ani: string, atMs: number): object[] => [
      { kind: 'callArrived', callId, switchId: 's', legId: `l-${callId}`, ani, dnis: '95588', flowId: null, atMs },
      { kind: 'callEnded', callId, outcome: 'contained', durationMs: 1_000, endedBy: 'caller', atMs: atMs + 1_000 },
    ];
    const facts = [
      ...call('a1', '111', 0),
      ...call('b1', '222', HOUR),
      ...call('a2', '111', 2 * HOUR),
      ...call('a3', '111', 3 * DAY),
      ...call('n1', '', 4 * DAY),
      ...call('n2', '', 4 * DAY + HOUR),
      ...call('b2', '222', 9 * DAY),
    ].map((fact, index) => ({ ...fact, seq: index + 1 })) as unknown as Fact[];
    await writeAll(history, [facts]);
    const [sum] = await history.repeatSums({ fromMs: 0, toMs: 10 * DAY });
    t.match(sum, { queueId: null, calls: 5, within1Day: 1, within7Days: 2 });
    await store.close();
  });

  t.test(`${kind.name}: what is past its time is removed in steps, and nothing else`, async (t) => {
    const { store } = await kind.fresh();
    const history = new SqlHistory(store);
    await writeAll(history, cuts(day.facts, null));
    const wanted = await dump(store);
    const never = { calls: 0, intervals: 0, agentTimes: 0, audit: 0 };
    t.equal(await history.purge(never, 50), 0);
    t.same(await dump(store), wanted);
    const mid = DAY_START + HOUR;
    let steps = 0;
    for (let removed = 1; removed > 0; steps++) {
      removed = await history.purge({ ...never, calls: mid }, 50);
      t.ok(removed <= 50 * Object.keys(TABLES).length, 'a step is small');
    }
    t.ok(steps > 3, 'several steps');
    const left = await history.calls({ ...RANGE, limit: 1_000 });
    t.ok(left.length > 50 && left.every(({ arrivedMs }) => arrivedMs >= mid), 'later calls are kept');
    const sums = async () => await history.queueSums({ ...RANGE, spanMin: 15, perInterval: true });
    t.ok(
      (await sums()).some(({ startMs }) => (startMs as number) < mid),
      'intervals are kept longer',
    );
    const all = DAY_START + 2 * DAY;
    while ((await history.purge({ calls: all, intervals: all, agentTimes: all, audit: all }, 1_000)) > 0);
    t.equal((await sums()).length, 0);
    await store.close();
  });

  t.test(`${kind.name}: killed at twenty moments while it writes, it loses nothing and doubles nothing`, async (t) => {
    const { place, store } = await kind.fresh();
    const wanted = await kind.fresh();
    await writeAll(new SqlHistory(wanted.store), cuts(day.facts, null));
    const history = new SqlHistory(store);
    await history.begin();
    const random = seededRandom(`kills of ${kind.name}`);
    const last = day.facts.length;
    let kills = 0;
    const reached: number[] = [];
    while (kills < 20) {
      const { seq } = (await history.stand()).position;
      // The later kills begin anew at a place that is not the end, so that each one hits a writer at work.
      if (seq >= last) break;
      const child = spawn(process.execPath, [writerProgram, JSON.stringify(place), factsFile], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const gone = new Promise((resolve) => child.once('exit', resolve));
      await new Promise((resolve) => child.stdout.once('data', resolve));
      await pause(random.next() * 60);
      child.kill('SIGKILL');
      await gone;
      kills += 1;
      reached.push((await history.stand()).position.seq);
    }
    t.equal(kills, 20, `it was at work each time: ${reached.join(' ')}`);
    await writeAll(history, [day.facts]);
    t.same(await dump(store), await dump(wanted.store), 'as if nothing had happened');
    await Promise.all([store.close(), wanted.store.close()]);
  });
}

/** Writes a few facts at a time, for ever slowly enough that twenty kills find it at work. */
const WRITER = `
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { openHistory } from './dist/adapters/history/open-history.js';
import { HistoryFold } from './dist/service-level/history/history-fold.js';
import { dayStartMs } from './dist/base/calendar.js';
const { facts, queues } = JSON.parse(readFileSync(process.argv[3], 'utf8'));
const history = openHistory(JSON.parse(process.argv[2]));
const start = await history.begin();
const fold = new HistoryFold({
  queues, start, wholeNumbers: false,
  callerKey: (number) => (number === '' ? null : 'key-' + number),
  dayStartMs: (atMs) => dayStartMs('Asia/Shanghai', atMs),
});
process.stdout.write('at work\\n');
for (let at = start.position.seq; at < facts.length; at += 4) {
  const batch = fold.take(facts.slice(at, at + 4));
  if (batch && (await history.write(batch)) !== 'written') throw new Error('not written');
  await pause(1);
}
await new Promise(() => {});
`;

const folder = mkdtempSync(join(tmpdir(), 'history-'));
const factsFile = join(folder, 'facts.json');
const writerProgram = join(folder, 'writer.mjs');
writeFileSync(factsFile, JSON.stringify({ facts: day.facts, queues: day.queues }));
writeFileSync(writerProgram, WRITER);
await buildHotline(folder);

let files = 0;
contract({
  name: 'SQLite',
  fresh: async () => {
    const file = join(folder, `${++files}`, 'history.db');
    await openHistory({ kind: 'sqlite', file }).close();
    return { place: { kind: 'sqlite', file }, store: new SqliteStore(file) };
  },
});

t.test('SQLite: a thread that dies is told, and started again by the next question', async (t) => {
  const file = join(folder, 'thread.db');
  const store = new SqliteStore(file);
  await store.prepare(['CREATE TABLE x (n INTEGER)']);
  await t.rejects(store.all('SELECT 1 FROM nowhere', []), /nowhere/);
  t.same(await store.all('SELECT COUNT(*) AS n FROM x', []), [{ n: 0 }]);
  await store.close();
  t.same(await store.all('SELECT COUNT(*) AS n FROM x', []), [{ n: 0 }]);
  await store.close();
  const unusable = new SqliteStore(join(folder, 'no', 'such', 'folder', 'x.db'));
  await t.rejects(unusable.all('SELECT 1', []));
});

t.test('SQLite: a long report delays no row and no short question, and a connection that reads cannot write', async (t) => {
  const store = new SqliteStore(join(folder, 'threads.db'));
  await t.rejects(store.all('SELECT 1 AS n', []), /no history yet/, 'reading makes no file');
  await store.prepare(['CREATE TABLE x (n INTEGER)']);
  const order: string[] = [];
  const long = 'WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3000000) SELECT COUNT(*) AS n FROM c';
  // Asked once before, so that the threads are there.
  await store.all('SELECT 1 AS n', []);
  await store.all('SELECT 1 AS n', [], { long: true });
  const report = store.all(long, [], { long: true }).then(() => order.push('report'));
  await store.run({ sql: 'INSERT INTO x (n) VALUES (?)', values: [1] });
  order.push('row');
  await store.all('SELECT n FROM x', []);
  order.push('short');
  await report;
  t.same(order, ['row', 'short', 'report']);
  t.same(await store.all('SELECT n FROM x', []), [{ n: 1 }]);
  await t.rejects(store.all('INSERT INTO x (n) VALUES (2) RETURNING n', []));
  t.same(await store.all('SELECT n FROM x', []), [{ n: 1 }]);
  await store.close();
});

t.test('SQLite: values come back as they were written', async (t) => {
  const store = new SqliteStore(join(folder, 'values.db'));
  await store.prepare(['CREATE TABLE x (id INTEGER, a TEXT, w BIGINT, n DOUBLE PRECISION)']);
  const texts = ['', 'a"b\\c', '\u0000\u0001\n\r', '中文 \u{1f600}', "'; DROP TABLE x; --", '{"a":[1]}', '\u2028'];
  const whole = [0, -1, 1, 2, 9_007_199_254_740_991, -9_007_199_254_740_991, 1_795_000_000_123];
  const numbers = [0, -1, 0.1, 1.5, 1e-7, 1e15, 20];
  for (const [id, text] of texts.entries())
    await store.run({ sql: 'INSERT INTO x VALUES (?, ?, ?, ?)', values: [id, text, whole[id] as number, numbers[id] as number] });
  await store.run({ sql: 'INSERT INTO x VALUES (?, ?, ?, ?)', values: [99, null, null, null] });
  const rows = await store.all('SELECT a, w, n FROM x ORDER BY id', []);
  t.same(rows, [...texts.map((a, id) => ({ a, w: whole[id], n: numbers[id] })), { a: null, w: null, n: null }]);
  t.same(await store.all('SELECT a FROM x WHERE id = ?', [1_000]), []);
  t.same(await store.all('SELECT id FROM x ORDER BY id DESC LIMIT 3', []), [{ id: 99 }, { id: 6 }, { id: 5 }]);
  await store.close();
});

const bin = findPostgres();
if (bin === null) {
  t.test('PostgreSQL', { skip: 'no PostgreSQL server is installed (Debian: apt-get install postgresql)' }, () => {});
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
} else {
  const server: RunningPostgres = await startPostgres(bin);
  t.teardown(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  let databases = 0;
  contract({
    name: 'PostgreSQL',
    fresh: async () => {
      const name = `history_${++databases}`;
      const admin = new PostgresStore(server.url);
      await admin.run({ sql: `CREATE DATABASE ${name}`, values: [] });
      await admin.close();
      const url = server.url.replace(/postgres$/, name);
      return { place: { kind: 'postgres', url }, store: new PostgresStore(url) };
    },
  });

  t.test('PostgreSQL: a server that goes away is told by each question, and used again when it is back', async (t) => {
    const history = openHistory({ kind: 'postgres', url: server.url });
    await history.begin();
    const [first, second] = batchesOf(cuts(day.facts, null)) as [HistoryBatch, HistoryBatch];
    t.equal(await history.write(first), 'written');
    await server.crash();
    await t.rejects(history.write(second));
    await t.rejects(history.stand());
    await server.restart();
    t.same((await history.stand()).position, first.to, 'what was written is there');
    t.equal(await history.write(second), 'written');
    await history.close();
  });
}
