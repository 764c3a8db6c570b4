import { resolve } from 'node:path';
import { z } from 'zod';
import { DAY, type Ms } from '../../base/time.js';
import { duration, path } from './values.js';

/** What stands under `history:` in hotline.yaml. The database of PostgreSQL is named by DATABASE_URL alone, because it holds a password. */
export const historyShape = z
  .strictObject({
    file: path.default('history/history.db').describe('SQLite file; relative to data. DATABASE_URL goes before it'),
    keyFile: path
      .default('history/caller.key')
      .describe('key of the hashes of numbers; relative to data; made when it is missing'),
    wholeNumbers: z
      .boolean()
      .default(false)
      .describe('keep whole numbers of callers; else the last four digits and a keyed hash'),
    keepCalls: duration(7 * DAY, 3_650 * DAY).default(400 * DAY),
    keepIntervals: duration(7 * DAY, 7_300 * DAY).default(1_826 * DAY),
    keepAgentTimes: duration(7 * DAY, 3_650 * DAY).default(400 * DAY),
    keepAudit: duration(7 * DAY, 7_300 * DAY).default(1_826 * DAY),
  })
  .prefault({})
  .describe('calls, intervals, agents’ times and audit for years; how long each is kept');

export interface HistorySettings {
  /** Absolute. */
  readonly file: string;
  readonly keyFile: string;
  /** Null: SQLite. Holds a password; never logged. */
  readonly databaseUrl: string | null;
  readonly wholeNumbers: boolean;
  readonly countryCode: string;
  readonly keep: { readonly calls: Ms; readonly intervals: Ms; readonly agentTimes: Ms; readonly audit: Ms };
}

interface Written {
  readonly countryCode: string;
  readonly history: z.output<typeof historyShape>;
}

/** Without what the environment says; `data` is the folder that paths start from. */
export const buildHistory = ({ countryCode, history }: Written, data: string): HistorySettings => ({
  file: resolve(data, history.file),
  keyFile: resolve(data, history.keyFile),
  databaseUrl: null,
  wholeNumbers: history.wholeNumbers,
  countryCode,
  keep: {
    calls: history.keepCalls,
    intervals: history.keepIntervals,
    agentTimes: history.keepAgentTimes,
    audit: history.keepAudit,
  },
});
