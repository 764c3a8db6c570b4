import { type HistoryPlace, openHistory } from '../adapters/history/open-history.js';
import { dayStartMs } from '../base/calendar.js';
import type { HistoryReading } from '../http/deps.js';
import type { Clock } from '../ports/clock.js';
import type { History } from '../ports/history.js';
import type { Log } from '../ports/log.js';
import type { StateStore } from '../ports/state-store.js';
import { callerKeyOf, readCallerKey } from './caller-key.js';
import type { Settings } from './config/environment.js';
import type { HistorySettings } from './config/history.js';
import { HistoryWriter } from './history-writer.js';

export const historyPlace = ({ databaseUrl, file }: HistorySettings): HistoryPlace =>
  databaseUrl === null ? { kind: 'sqlite', file } : { kind: 'postgres', url: databaseUrl };

export interface RunningHistory {
  readonly history: History;
  readonly writer: HistoryWriter;
  close(): Promise<void>;
}

/** Opens the history and prepares its writer, which begins when it is told. Needs no store to be there yet. */
export function startHistory(
  { history: settings, acd, site }: Settings,
  store: StateStore,
  clock: Clock,
  log: Log,
): RunningHistory {
  const history = openHistory(historyPlace(settings));
  const writer = new HistoryWriter({
    history,
    store,
    clock,
    log,
    queues: acd.queues,
    dayStartMs: (atMs) => dayStartMs(site.timeZone, atMs),
    callerKey: callerKeyOf(readCallerKey(settings.keyFile), settings.countryCode),
    wholeNumbers: settings.wholeNumbers,
    keep: settings.keep,
  });
  return {
    history,
    writer,
    close: async () => {
      await writer.stop();
      await history.close();
    },
  };
}

/** For the API. */
export const historyReading = ({ acd }: Settings, { history }: RunningHistory): HistoryReading => ({
  reader: history,
  queues: acd.queues.map(({ id, title, target }) => ({ queueId: id, title, target })),
  agents: acd.agents.map(({ id, name, team }) => ({ agentId: id, name, team })),
});

/** For /readyz. Calls are served without a history, so this is said but makes nobody send the callers elsewhere. */
export function historyCheck({ writer }: RunningHistory): { name: string; ok: boolean; detail: string } {
  const { seq, facts, seconds, fault, missing } = writer.lag();
  const behind = `${facts} facts wait since ${seconds} s`;
  const lost = missing > 0 ? `; ${missing} facts were gone before they were written` : '';
  const detail = fault !== null ? `away: ${behind} (${fault})` : seq === null ? 'opening' : facts > 0 ? behind : 'in step';
  return { name: 'history', ok: true, detail: detail + lost };
}

export function historyMetrics({ writer }: RunningHistory): string[] {
  const lag = writer.lag();
  const metric = (name: string, type: 'gauge' | 'counter', help: string, value: number): string[] => [
    `# HELP hotline_history_${name} ${help}`,
    `# TYPE hotline_history_${name} ${type}`,
    `hotline_history_${name} ${value}`,
  ];
  return [
    ...metric('lag_facts', 'gauge', 'Facts that are not in the history yet.', lag.facts),
    ...metric('lag_seconds', 'gauge', 'Seconds since a fact has been waiting for the history; 0 when none does.', lag.seconds),
    ...metric('away', 'gauge', '1 while the history cannot be written.', lag.fault === null ? 0 : 1),
    ...metric('written_facts_total', 'counter', 'Facts that this process has brought into the history.', lag.written),
    ...metric('failures_total', 'counter', 'Attempts to write the history that failed.', lag.failures),
    ...metric('missing_facts_total', 'counter', 'Facts that were gone before they could be written.', lag.missing),
  ];
}
