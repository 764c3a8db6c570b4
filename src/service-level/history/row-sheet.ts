import { emptyTally, type Tally } from '../tally.js';
import type {
  AgentIntervalRow,
  HistoryBatch,
  HistoryRows,
  HistoryTable,
  QueueIntervalRow,
  ReasonIntervalRow,
  SpanMin,
} from './rows.js';

/** The rows that one batch changes, each once. `place` is that of the fact being folded. */
export class RowSheet {
  place = 0;
  readonly #tables = new Map<HistoryTable, Map<string, HistoryRows[HistoryTable]>>();

  /** The row as it is now takes the place of the older one. */
  put<T extends HistoryTable>(table: T, key: string, row: HistoryRows[T]): void {
    row.place = this.place;
    this.#table(table).set(key, row);
  }

  /** Finds the sums of this batch, or begins them. */
  sums<T extends HistoryTable>(table: T, key: string, begin: () => HistoryRows[T]): HistoryRows[T] {
    const rows = this.#table(table);
    let row = rows.get(key) as HistoryRows[T] | undefined;
    if (!row) {
      row = begin();
      rows.set(key, row);
    }
    row.place = this.place;
    return row;
  }

  queue(queueId: string, spanMin: SpanMin, startMs: number, change: Tally): void {
    const row = this.sums('queueIntervals', `${queueId}/${spanMin}/${startMs}`, () => ({
      queueId,
      spanMin,
      startMs,
      place: 0,
      ...emptyTally(),
    })) as QueueIntervalRow;
    for (const key of Object.keys(change) as (keyof Tally)[]) {
      row[key] = key === 'longestWaitMs' ? Math.max(row[key], change[key]) : row[key] + change[key];
    }
  }

  agent(agentId: string, spanMin: SpanMin, startMs: number): AgentIntervalRow {
    return this.sums('agentIntervals', `${agentId}/${spanMin}/${startMs}`, () => noAgentSums(agentId, spanMin, startMs));
  }

  reason(agentId: string, spanMin: SpanMin, startMs: number, reason: string): ReasonIntervalRow {
    return this.sums('reasonIntervals', `${agentId}/${spanMin}/${startMs}/${reason}`, () => ({
      agentId,
      spanMin,
      startMs,
      reason,
      times: 0,
      lengthMs: 0,
      place: 0,
    }));
  }

  /** Hands the rows over and begins a new sheet. */
  takeRows(): HistoryBatch['rows'] {
    const rows = Object.fromEntries(
      [...this.#tables].map(([table, each]) => [table, [...each.values()].map((row) => ({ ...row }))]),
    );
    this.#tables.clear();
    return rows;
  }

  #table<T extends HistoryTable>(table: T): Map<string, HistoryRows[T]> {
    let rows = this.#tables.get(table);
    if (!rows) {
      rows = new Map();
      this.#tables.set(table, rows);
    }
    return rows as Map<string, HistoryRows[T]>;
  }
}

export const noAgentSums = (agentId: string, spanMin: SpanMin, startMs: number): AgentIntervalRow => ({
  agentId,
  spanMin,
  startMs,
  signIns: 0,
  notReadyMs: 0,
  idleMs: 0,
  ringingMs: 0,
  talkingMs: 0,
  onHoldMs: 0,
  wrapUpMs: 0,
  outboundMs: 0,
  offers: 0,
  answered: 0,
  noAnswer: 0,
  declined: 0,
  failed: 0,
  withdrawn: 0,
  sumTalkMs: 0,
  sumHoldMs: 0,
  sumWrapUpMs: 0,
  place: 0,
});
