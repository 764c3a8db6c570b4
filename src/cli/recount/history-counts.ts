import type { QueueConfig } from '../../acd/config.js';
import { type Ms, SECOND } from '../../base/time.js';
import type { HistoryReader, Range } from '../../ports/history.js';
import type { ShownCounts } from '../../service-level/recount-day.js';
import { emptyTally, type Tally } from '../../service-level/tally.js';

const NAMES = Object.keys(emptyTally()) as (keyof Tally)[];
/** Waits are exact by the second up to here. */
const EXACT_S = 600;

/** A running hotline writes on while it is asked; between two writes there is time enough for all questions, as a rule. */
const TRIES = 50;

export interface HistoryCounts {
  readonly seq: number;
  readonly counts: readonly ShownCounts[];
}

/**
 * What the history says of a day: by its minutes, quarters, half hours, hours, its day, its stays one by one, and its waits by the second, all of one moment. Null:
 * it was written to again and again while it was asked.
 */
export async function historyCounts(
  history: HistoryReader,
  queues: readonly QueueConfig[],
  range: Range,
): Promise<HistoryCounts | null> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const stand = await history.stand();
    const found = await readCounts(history, queues, range, stand.position.seq, stand.atMs);
    if ((await history.stand()).position.seq === found.seq) return found;
  }
  return null;
}

async function readCounts(
  history: HistoryReader,
  queues: readonly QueueConfig[],
  range: Range,
  seq: number,
  atMs: Ms,
): Promise<HistoryCounts> {
  const counts: ShownCounts[] = [];
  for (const spanMin of [1, 15, 30, 60, 1440, null] as const) {
    const source = spanMin === null ? 'history by stays' : `history by ${spanMin} min`;
    const sums = await history.queueSums({ ...range, spanMin, perInterval: false });
    for (const { id } of queues) {
      const tally: Tally = sums.find(({ queueId }) => queueId === id) ?? emptyTally();
      // Who was refused at entry has no stay.
      const names = spanMin === null ? NAMES.filter((name) => name !== 'blocked') : NAMES;
      const shown = Object.fromEntries(names.map((name) => [name, tally[name]]));
      // The longest wait of who still waits is of the moment, not of the sums.
      if (tally.waiting > 0) delete shown.longestWaitMs;
      counts.push({ source, queueId: id, seq, atMs, counts: shown });
    }
  }
  for (const spanMin of [15, 1440] as const) {
    const steps = await history.waitSteps({ ...range, spanMin, perInterval: false });
    for (const { id, target } of queues) {
      const own = steps.filter(({ queueId }) => queueId === id);
      const of = (exit: string, mostS = Number.POSITIVE_INFINITY): number =>
        own.filter((step) => step.exit === exit && step.upToS <= mostS).reduce((sum, { calls }) => sum + calls, 0);
      const shown: Partial<Record<keyof Tally, number>> = { answered: of('answered'), abandoned: of('abandoned') };
      for (const exit of ['flowedOut', 'timedOut', 'exitedByKey', 'calledBack'] as const) shown[exit] = of(exit);
      const thresholdS = target.withinMs / SECOND;
      if (Number.isInteger(thresholdS) && thresholdS <= EXACT_S) {
        shown.answeredInTime = of('answered', thresholdS);
        shown.abandonedInTime = of('abandoned', thresholdS);
        shown.flowedOutInTime = of('flowedOut', thresholdS);
        shown.calledBackInTime = of('calledBack', thresholdS);
      }
      counts.push({ source: `history by seconds of waiting, ${spanMin} min`, queueId: id, seq, atMs, counts: shown });
    }
  }
  return { seq, counts };
}
