import type { CallId, RecordingId } from '../../../base/ids.js';
import type { Checker } from '../checker.js';
import { SECRET_DIGITS } from '../random-site.js';
import type { World } from '../world.js';

/**
 * What flows ask for beside menus and queues: secure digits are written nowhere, nobody is told twice of one message, each message and each
 * recording has its job though nodes die, a transfer ends once, and nobody outside is connected who was not dialled for this caller.
 */
export function servicesChecker(world: World): Checker {
  const left = new Set<RecordingId>();
  const queued = new Map<string, CallId>();
  const recorded = new Set<RecordingId>();
  const dialled = new Map<string, CallId>();
  const transferred = new Map<string, number>();
  const wrong = (what: string): void => world.violated('services', what);
  const holdsSecret = (what: object): boolean => JSON.stringify(what).includes(SECRET_DIGITS);
  return {
    committed(_node, commit) {
      if (holdsSecret(commit.changes) || holdsSecret(commit.facts)) wrong(`commit ${commit.position} holds secure digits`);
    },
    commanded(command) {
      if (holdsSecret(command)) wrong(`${command.kind} holds secure digits`);
      if (command.kind === 'dialOut') dialled.set(command.legId, command.callId);
      if (command.kind === 'connect' && /-x\d+$/.test(command.agentLegId) && dialled.get(command.agentLegId) !== command.callId)
        wrong(`${command.agentLegId} was not dialled for ${command.callId}`);
    },
    facts(facts) {
      const again = world.degradedDeath || world.storeLostSomething;
      for (const fact of facts) {
        if (fact.kind === 'voicemailLeft') {
          if (left.has(fact.recordingId) && !again) wrong(`${fact.recordingId} was left twice`);
          left.add(fact.recordingId);
        } else if (fact.kind === 'messageQueued') {
          if (queued.has(fact.messageId) && !again) wrong(`${fact.messageId} was queued twice`);
          queued.set(fact.messageId, fact.callId);
        } else if (fact.kind === 'recordingEnded') recorded.add(fact.recordingId);
        else if (fact.kind === 'callTransferred') transferred.set(fact.callId, (transferred.get(fact.callId) ?? 0) + 1);
      }
    },
    settled() {
      if (holdsSecret(world.jobs) || holdsSecret(world.facts)) wrong('a job or a fact holds secure digits');
      if (world.degradedDeath || world.storeLostSomething) return;
      const handedOver = new Set(world.jobs.map((job) => (job.kind === 'sealRecording' ? job.recordingId : job.messageId)));
      for (const id of [...queued.keys(), ...recorded]) if (!handedOver.has(id)) wrong(`${id} was never handed over`);
      const calls = [...dialled.values()];
      for (const callId of new Set(calls)) {
        const legs = calls.filter((each) => each === callId).length;
        const ends = transferred.get(callId) ?? 0;
        if (ends !== legs) wrong(`${callId} dialled ${legs} persons outside, and ${ends} ends are told`);
      }
    },
  };
}
