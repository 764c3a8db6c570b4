import t from 'tap';
import type { Fact } from '../../src/base/facts.js';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/base/time.js';
import { HistoryWriter } from '../../src/main/history-writer.js';
import type { History, HistoryStart, KeptFrom } from '../../src/ports/history.js';
import { type HistoryBatch, type Position, placeOf } from '../../src/service-level/history/rows.js';
import { MemoryStore } from '../../src/simulation/memory-store.js';
import { VirtualClock } from '../../src/simulation/virtual-clock.js';
import { DAY_START, foldFrom, siteDay, smallDay } from '../support/history-world.js';

/** F25: the store of the history is away for an hour. A history in memory, away when it is told to; a store of facts; time that is passed on. */

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

class HistoryInMemory {
  position: Position = { life: 0, seq: 0 };
  readonly open = new Map<string, HistoryStart['open'][number]>();
  readonly batches: HistoryBatch[] = [];
  readonly gaps: Array<readonly [from: Position, to: Position]> = [];
  readonly purges: KeptFrom[] = [];
  away = false;
  /** The next batch lands, and its answer is lost. */
  losesAnswer = false;
  asked = 0;

  async begin(): Promise<HistoryStart> {
    this.#answer();
    return { position: this.position, open: [...this.open.values()] };
  }

  async write(batch: HistoryBatch): Promise<'written' | 'elsewhere'> {
    this.#answer();
    if (placeOf(batch.from) !== placeOf(this.position)) return 'elsewhere';
    this.batches.push(structuredClone(batch));
    this.position = batch.to;
    for (const { kind, id, json } of batch.open) {
      if (json === null) this.open.delete(`${kind}/${id}`);
      else this.open.set(`${kind}/${id}`, { kind, id, json });
    }
    if (this.losesAnswer) {
      this.losesAnswer = false;
      throw new Error('connection lost');
    }
    return 'written';
  }

  async skip(from: Position, to: Position): Promise<'written' | 'elsewhere'> {
    this.#answer();
    if (placeOf(from) !== placeOf(this.position)) return 'elsewhere';
    this.gaps.push([from, to]);
    this.position = to;
    return 'written';
  }

  async purge(before: KeptFrom): Promise<number> {
    this.purges.push(before);
    return this.purges.length % 3 === 0 ? 0 : 5;
  }

  /** Sums of all batches: what a store would hold. */
  offered(): number {
    const rows = this.batches.flatMap(({ rows }) => rows.queueIntervals ?? []);
    return rows.filter(({ spanMin }) => spanMin === 1440).reduce((sum, { offered }) => sum + offered, 0);
  }

  #answer(): void {
    this.asked += 1;
    if (this.away) throw new Error('connect ECONNREFUSED postgres://hotline:secret-word@10.0.0.1/x');
  }
}

const day = await smallDay();
const offeredIn = (facts: readonly Fact[]): number => facts.filter(({ kind }) => kind === 'callQueued').length;
const KEEP: KeptFrom = { calls: 400 * DAY, intervals: 1_826 * DAY, agentTimes: 400 * DAY, audit: 1_826 * DAY };

function aWriter(startMs = DAY_START) {
  const clock = new VirtualClock(startMs);
  const store = new MemoryStore();
  const history = new HistoryInMemory();
  const open = () =>
    new HistoryWriter({
      history: history as unknown as History,
      store,
      clock,
      log: SILENT,
      queues: day.queues,
      dayStartMs: siteDay,
      callerKey: () => null,
      wholeNumbers: false,
      keep: KEEP,
    });
  const come = (writer: HistoryWriter, facts: readonly Fact[]): void => {
    store.stream.push(...facts);
    store.lastSeq = facts.at(-1)?.seq ?? store.lastSeq;
    writer.known(store.lastSeq);
  };
  return { clock, store, history, open, come };
}

t.test('away for an hour: the facts wait, are told, and are written once when it is back', async (t) => {
  const { clock, history, open, come } = aWriter();
  const writer = open();
  writer.start();
  const [early, late] = [day.facts.slice(0, 1_000), day.facts.slice(1_000)];
  come(writer, early);
  await clock.pass(MINUTE);
  t.match(writer.lag(), { facts: 0, seconds: 0, fault: null, seq: 1_000 });
  history.away = true;
  const askedBefore = history.asked;
  for (let minute = 0; minute < 60; minute++) {
    come(writer, late.slice(minute * 50, (minute + 1) * 50));
    await clock.pass(MINUTE);
  }
  const lag = writer.lag();
  t.equal(lag.facts, 3_000);
  t.ok(lag.seconds >= 3_500 && lag.seconds <= 3_600, `${lag.seconds} s behind`);
  t.match(lag.fault, /ECONNREFUSED/);
  t.notMatch(lag.fault, /secret-word/, 'no password in what is told');
  t.ok(history.asked - askedBefore < 200, `asked again ${history.asked - askedBefore} times in an hour, not in a circle`);
  history.away = false;
  come(writer, late.slice(3_000));
  await clock.pass(MINUTE);
  t.match(writer.lag(), { facts: 0, seconds: 0, fault: null, seq: day.facts.length });
  t.equal(history.offered(), offeredIn(day.facts), 'each call once');
  const places = history.batches.map(({ from, to }) => [from.seq, to.seq]);
  t.ok(
    places.every(([from], index) => from === (places[index - 1]?.[1] ?? 0)),
    'each batch begins where the last one ended',
  );
  await writer.stop();
});

t.test('a batch that landed and whose answer was lost is not written again', async (t) => {
  const { clock, history, open, come } = aWriter();
  const writer = open();
  writer.start();
  history.losesAnswer = true;
  come(writer, day.facts);
  await clock.pass(MINUTE);
  t.equal(writer.lag().failures, 1);
  t.equal(history.offered(), offeredIn(day.facts));
  await writer.stop();
});

t.test('a new writer goes on where the store stands, with what was open there', async (t) => {
  const { clock, history, open, come } = aWriter();
  const whole =
    foldFrom(day.queues)
      .take(day.facts)
      ?.rows.queueIntervals?.filter(({ spanMin }) => spanMin === 1440) ?? [];
  for (let at = 0; at < day.facts.length; at += 900) {
    const writer = open();
    writer.start();
    come(writer, day.facts.slice(at, at + 900));
    await clock.pass(10 * SECOND);
    await writer.stop();
  }
  const talk = (rows: readonly { sumTalkMs: number; sumWrapUpMs: number }[]) =>
    rows.reduce((sum, { sumTalkMs, sumWrapUpMs }) => sum + sumTalkMs + sumWrapUpMs, 0);
  const rows = history.batches.flatMap(({ rows }) => rows.queueIntervals ?? []).filter(({ spanMin }) => spanMin === 1440);
  t.equal(talk(rows), talk(whole), 'talk and wrap-up of calls that were in progress at each change are in');
  t.ok(history.open.size < 60, `${history.open.size} calls and agents are open in the end`);
});

t.test('facts that are gone are skipped and counted; a store that was emptied begins a new life', async (t) => {
  const { clock, store, history, open, come } = aWriter();
  const writer = open();
  writer.start();
  come(writer, day.facts.slice(0, 100));
  await clock.pass(10 * SECOND);
  come(writer, day.facts.slice(150, 200));
  await clock.pass(10 * SECOND);
  t.same(history.gaps, [
    [
      { life: 0, seq: 100 },
      { life: 0, seq: 150 },
    ],
  ]);
  t.match(writer.lag(), { missing: 50, facts: 0, seq: 200 });
  await writer.stop();
  store.empty();
  const next = open();
  next.start();
  await clock.pass(10 * SECOND);
  come(next, day.facts.slice(0, 20));
  await clock.pass(10 * SECOND);
  t.same(history.position, { life: 1, seq: 20 });
  await next.stop();
});

t.test('another writer on the same history: this one reads the state again and goes on behind it', async (t) => {
  const { clock, history, open, come } = aWriter();
  const [one, other] = [open(), open()];
  one.start();
  other.start();
  for (let at = 0; at < day.facts.length; at += 500) {
    come(one, day.facts.slice(at, at + 500));
    other.known(at + 500);
    await clock.pass(3 * SECOND);
  }
  await clock.pass(MINUTE);
  t.equal(history.offered(), offeredIn(day.facts), 'each call once, whoever wrote it');
  await Promise.all([one.stop(), other.stop()]);
});

t.test('once a night, in steps, what is past its time is removed', async (t) => {
  const { clock, history, open } = aWriter(DAY_START + HOUR);
  const writer = open();
  writer.start();
  await clock.pass(2 * HOUR);
  t.equal(history.purges.length, 0, 'not yet');
  await clock.pass(HOUR);
  t.equal(history.purges.length, 3, 'until nothing is left');
  const [first] = history.purges as [KeptFrom];
  t.equal(Math.round((clock.nowMs() - first.calls) / DAY), 400);
  await clock.pass(DAY);
  t.equal(history.purges.length, 6, 'and again the next night');
  await writer.stop();
});
