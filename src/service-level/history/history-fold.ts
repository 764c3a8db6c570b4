import type { QueueConfig } from '../../acd/config.js';
import type { Fact } from '../../base/facts.js';
import { invariant } from '../../base/result.js';
import type { Ms } from '../../base/time.js';
import { maskNumber } from '../mask.js';
import { AgentRecords } from './agent-records.js';
import { CallRecords } from './call-records.js';
import { RowSheet } from './row-sheet.js';
import { type HistoryBatch, type OpenEntity, type Position, placeOf } from './rows.js';
import { Spans } from './spans.js';

export interface HistoryFoldOptions {
  readonly queues: readonly QueueConfig[];
  /** Start of the site's day that a moment lies in. Pure; days begin at whole minutes. */
  readonly dayStartMs: (atMs: Ms) => Ms;
  /** A keyed hash of a caller's number, or null when it has none: the same caller is known again, the number is not. */
  readonly callerKey: (number: string) => string | null;
  /** Keep whole numbers; else the last four digits. */
  readonly wholeNumbers: boolean;
  /** Where the store stands, and what was open there. */
  readonly start: { readonly position: Position; readonly open: readonly { kind: OpenEntity['kind']; json: string }[] };
}

/**
 * The fold of facts into the rows of history. Pure: the same facts from the same start give the same rows, however they are cut into batches.
 * A batch that could not be written leaves the fold ahead of the store: begin again with a new one.
 */
export class HistoryFold {
  readonly #sheet = new RowSheet();
  readonly #calls: CallRecords;
  readonly #agents: AgentRecords;
  #position: Position;

  constructor(options: HistoryFoldOptions) {
    const spans = new Spans(options.dayStartMs);
    const targets = new Map<string, QueueConfig['target']>(options.queues.map(({ id, target }) => [id, target]));
    const openOf = (kind: OpenEntity['kind']) => options.start.open.filter((each) => each.kind === kind).map(({ json }) => json);
    const sheet = this.#sheet;
    this.#position = options.start.position;
    const agents = new AgentRecords(sheet, spans, openOf('agent'));
    this.#agents = agents;
    this.#calls = new CallRecords(
      {
        targetOf: (queueId) => targets.get(queueId) ?? null,
        spans,
        sheet,
        shownNumber: options.wholeNumbers ? (number) => number.slice(0, 32) : maskNumber,
        callerKey: options.callerKey,
        answeredBy: (agentId) => agents.answeredBy(agentId),
        setAnswered: (agentId, stay) => agents.setAnswered(agentId, stay),
      },
      openOf('call'),
    );
  }

  get position(): Position {
    return this.#position;
  }

  /** Folds facts in order; those that are in already are passed over. Null when none was new. */
  take(facts: readonly Fact[]): HistoryBatch | null {
    const from = this.#position;
    const sheet = this.#sheet;
    let atMs: Ms = 0;
    for (const fact of facts) {
      if (fact.seq <= this.#position.seq) continue;
      this.#position = { life: from.life, seq: fact.seq };
      atMs = fact.atMs;
      sheet.place = placeOf(this.#position);
      if ('callId' in fact) this.#calls.add(fact);
      this.#agents.add(fact);
      this.#note(fact, sheet);
    }
    if (this.#position === from) return null;
    const open = [...this.#calls.settle(atMs), ...this.#agents.settle()];
    invariant(placeOf(this.#position) > placeOf(from), 'history went back');
    return { from, to: this.#position, atMs, rows: sheet.takeRows(), open };
  }

  /** Who changed what, and what was alarming. */
  #note(fact: Fact, sheet: RowSheet): void {
    const { atMs, kind } = fact;
    const isAlarm = ALARMING.has(kind) || kind.startsWith('alarm');
    const by = 'by' in fact && fact.kind !== 'callerIdentified' ? fact.by : null;
    if (fact.kind === 'audited') {
      const { action, subject, role, via, address, detail } = fact;
      const said = JSON.stringify({ ...detail, role, via, address });
      sheet.put('audit', String(sheet.place), { atMs, kind: action, by: fact.by, subject, detail: said, place: 0 });
      return;
    }
    if (!isAlarm && by === null) return;
    const subject = subjectOf(fact);
    const detail = detailOf(fact);
    const key = String(sheet.place);
    if (isAlarm) sheet.put('alarms', key, { atMs, kind, subject, detail, place: 0 });
    if (by !== null) sheet.put('audit', key, { atMs, kind, by, subject, detail, place: 0 });
  }
}

const ALARMING: ReadonlySet<string> = new Set(['notReadyLimitExceeded', 'switchDown', 'switchUp']);
const SUBJECTS = ['agentId', 'callId', 'queueId', 'flowId', 'switchId', 'announcement', 'alarmId'] as const;
/** Said elsewhere in the row, or nothing that may be kept here. */
const LEFT_OUT: ReadonlySet<string> = new Set(['seq', 'atMs', 'kind', 'by', 'ani', 'number', 'file']);

function subjectOf(fact: Fact): string | null {
  const fields = fact as unknown as Record<string, unknown>;
  const name = SUBJECTS.find((each) => typeof fields[each] === 'string');
  return name === undefined ? null : (fields[name] as string);
}

const detailOf = (fact: Fact): string =>
  JSON.stringify(Object.fromEntries(Object.entries(fact).filter(([name]) => !LEFT_OUT.has(name))));
