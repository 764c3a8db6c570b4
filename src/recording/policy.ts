import { hashText } from '../base/random.js';
import type { Ms } from '../base/time.js';

/** What is recorded and what counts as complete. Pausing, consent and retention join here later. */

/** Which share of calls is recorded, decided by the call's id, so that the same call always gets the same answer. */
export function isRecorded(callId: string, share: number): boolean {
  return share >= 1 || (share > 0 && hashText(callId) / 2 ** 32 < share);
}

/** A switch writes in frames and starts a moment late; more than this missing is a hole. */
const SHORT_BY_AT_MOST_MS = 1_500;

/** A recording is complete when the switch told of no fault and wrote what the call was long. */
export function isComplete(writtenMs: Ms, expectedMs: Ms, failed: boolean): boolean {
  return !failed && writtenMs > 0 && writtenMs + SHORT_BY_AT_MOST_MS >= expectedMs;
}
