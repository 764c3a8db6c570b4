import { asId, type RecordingId } from '../base/ids.js';
import type { Job } from '../call/state.js';
import type { Domain } from '../control/domain.js';
import type { Log } from '../ports/log.js';
import type { RecordingStore } from '../ports/recording-store.js';

/** A file that is not there at once may still be on its way from the switch; after this many tries it is missing. */
const TRIES = 5;
const PAUSE_MS = 1_000;

type SealJob = Extract<Job, { kind: 'sealRecording' }>;

/** Measures and sums a finished recording and tells the history. Done twice, it tells the same thing twice, which changes nothing. */
export async function sealRecording(job: SealJob, recordings: RecordingStore, domain: Domain, log: Log): Promise<void> {
  const { callId, file } = job;
  const recordingId = asId<RecordingId>(job.recordingId);
  let sealed = await recordings.seal(file);
  for (let tries = 1; !sealed.ok && tries < TRIES; tries++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    sealed = await recordings.seal(file);
  }
  if (!sealed.ok) log.error({ recordingId, reason: sealed.error }, 'a recording is missing');
  const refusal = await domain.submit({
    kind: 'happened',
    fact: sealed.ok
      ? { kind: 'recordingSealed', callId, recordingId, file, ...sealed.value }
      : { kind: 'recordingMissing', callId, recordingId, reason: sealed.error },
  });
  if (refusal) throw new Error(refusal.message);
}
