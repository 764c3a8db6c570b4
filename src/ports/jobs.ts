import type { Job } from '../call/state.js';

/**
 * Long work outside the calls. Contract: a job is kept until it is done, also over the death of a process; it may run more than once and
 * must then do no harm. `add` never rejects: a job that cannot be kept is told in the log, and found again at the next start.
 */
export interface Jobs {
  add(job: Job): Promise<void>;
  close(): Promise<void>;
}
