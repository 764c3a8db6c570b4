import type { RecordingId } from '../../../base/ids.js';
import type { Ms } from '../../../base/time.js';
import type { Checker } from '../checker.js';
import type { World } from '../world.js';

/** What a recording may be short of its talk and still be whole; the switch's frames and our own delays. */
const SHORT_BY_MS = 1_500;

/** I7: each recording is told to end once; `complete` only if the switch really recorded the whole talk; none is forgotten by the sealing. */
export function recordingsChecker(world: World): Checker {
  const begun = new Map<RecordingId, Ms>();
  const ran = new Map<RecordingId, Ms>();
  const started = new Set<RecordingId>();
  const ended = new Map<RecordingId, boolean>();
  const wrong = (what: string): void => world.violated('recordings', what);
  const look = (): void => {
    const running = world.switch.recordings;
    for (const id of running.ids()) if (!begun.has(id)) begun.set(id, world.clock.nowMs());
    for (const [id, atMs] of begun) if (!running.has(id) && !ran.has(id)) ran.set(id, world.clock.nowMs() - atMs);
  };
  return {
    obeyed: look,
    delivered: look,
    cut: look,
    sample: look,
    facts(facts) {
      look();
      for (const fact of facts) {
        if (fact.kind === 'recordingStarted') started.add(fact.recordingId);
        if (fact.kind !== 'recordingEnded') continue;
        const { recordingId, complete, durationMs } = fact;
        const again = world.degradedDeath || world.storeLostSomething;
        if (ended.has(recordingId) && !again) wrong(`${recordingId} ended twice`);
        ended.set(recordingId, complete);
        const truth = ran.get(recordingId);
        if (complete && truth === undefined) wrong(`${recordingId} is told to be complete, and still runs or never ran`);
        else if (complete && Math.abs(durationMs - (truth as Ms)) > SHORT_BY_MS)
          wrong(`${recordingId} is told to have ${durationMs} ms, the switch wrote ${truth}`);
      }
    },
    settled() {
      look();
      if (world.degradedDeath || world.storeLostSomething) return;
      for (const recordingId of started) {
        if (!ended.has(recordingId)) wrong(`${recordingId} was never told to end`);
      }
      for (const recordingId of begun.keys()) {
        if (!ended.has(recordingId)) wrong(`${recordingId} ran on the switch, and no fact tells of its end`);
      }
    },
  };
}
