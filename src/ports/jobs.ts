import type { Job } from '../call/state.js';
import type { AlarmView } from '../service-level/alarms/alarm-fold.js';

/** One receiver is told that an alarm is up, or over. */
export interface AlarmJob {
  readonly kind: 'tellAlarm';
  readonly event: 'raised' | 'cleared';
  readonly alarm: AlarmView;
  /** What the metric says now; null: not known. */
  readonly value: number | null;
  /** An endpoint of the configuration, or a group of people who are written to. */
  readonly via: 'webhook' | 'mail';
  readonly to: string;
}

/** What calls ask for, and what the house asks for by itself. */
export type HouseJob = Job | AlarmJob;

/**
 * Long work outside the calls. Contract: a job is kept until it is done, also over the death of a process; it may run more than once and
 * must then do no harm. `add` resolves when the job is kept, however long that takes, and never rejects: while it cannot be kept, that is told in
 * the log and tried again. Who must not lose it keeps it until then.
 */
export interface Jobs {
  add(job: Job): Promise<void>;
  close(): Promise<void>;
}
