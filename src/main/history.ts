import { type HistoryPlace, openHistory } from '../adapters/history/open-history.js';
import { dayStartMs } from '../base/calendar.js';
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
