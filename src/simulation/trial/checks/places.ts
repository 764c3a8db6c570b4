import type { AgentConfig, QueueConfig } from '../../../acd/config.js';
import type { Fact, FactOf } from '../../../base/facts.js';
import type { Ms } from '../../../base/time.js';
import type { Checker } from '../checker.js';
import type { World } from '../world.js';

interface Place {
  readonly queue: QueueConfig;
  readonly enteredAtMs: Ms;
  lane: string;
  priority: number;
  requirement: string;
  waiting: boolean;
}

/**
 * I4: time of entry, priority, lane and queue survive everything; the wait that is told is the wait that was; and whoever is offered to an
 * agent is the one whose turn it was. Kept from the facts alone.
 */
export function placesChecker(world: World): Checker {
  const places = new Map<string, Place>();
  let lost = false;
  const wrong = (what: string): void => world.violated('places', what);

  const waited = (fact: FactOf<'callAnswered'> | FactOf<'callLeftQueue'> | FactOf<'callOffered'>, waitMs: Ms): void => {
    const place = places.get(fact.callId);
    if (!place && lost) return;
    if (!place) wrong(`${fact.kind} of ${fact.callId}, who is in no queue`);
    else if (waitMs !== fact.atMs - place.enteredAtMs)
      wrong(`${fact.kind} of ${fact.callId} tells a wait of ${waitMs} ms, it was ${fact.atMs - place.enteredAtMs}`);
  };

  const hear = (fact: Fact): void => {
    switch (fact.kind) {
      case 'callQueued': {
        const queue = world.site.queues.find(({ id }) => id === fact.queueId);
        if (!queue) return wrong(`callQueued in unknown queue ${fact.queueId}`);
        if (places.has(fact.callId)) wrong(`${fact.callId} enters ${fact.queueId} without having left`);
        const { lane, priority, requirement, atMs } = fact;
        const enteredAtMs = (lost && (fact.placeFromMs ?? placeOnLeg(world, fact))) || atMs;
        places.set(fact.callId, { queue, enteredAtMs, lane, priority, requirement, waiting: true });
        return;
      }
      case 'callReprioritised': {
        const place = places.get(fact.callId);
        if (place) Object.assign(place, { lane: fact.lane, priority: fact.priority, requirement: fact.requirement });
        return;
      }
      case 'callOffered': {
        waited(fact, fact.waitedMs);
        turn(fact);
        const place = places.get(fact.callId);
        if (place) place.waiting = false;
        return;
      }
      case 'offerEnded': {
        const place = places.get(fact.callId);
        if (place && fact.outcome !== 'accepted') place.waiting = true;
        return;
      }
      case 'callAnswered':
      case 'callLeftQueue':
        waited(fact, fact.waitMs);
        places.delete(fact.callId);
        return;
      case 'callEnded':
        if (places.delete(fact.callId) && fact.outcome !== 'switchLost')
          wrong(`${fact.callId} ended in a queue that it had not left`);
        return;
    }
  };

  /** Nobody who could have had this agent, in the same queue, had a better claim. */
  const turn = (fact: FactOf<'callOffered'>): void => {
    const chosen = places.get(fact.callId);
    const agent = world.site.agents.find(({ id }) => id === fact.agentId);
    if (!chosen || !agent) return;
    if (!mayServe(agent, chosen.requirement)) wrong(`agent ${agent.id} may not serve ${fact.callId} (${chosen.requirement})`);
    for (const [callId, other] of places) {
      if (other === chosen || !other.waiting || !mayServe(agent, other.requirement)) continue;
      const claim = betterClaim(other, callId, chosen, fact.callId, agent, fact.atMs);
      if (claim) wrong(`agent ${agent.id} was offered ${fact.callId}, but ${callId} ${claim}`);
    }
  };

  return {
    facts: (facts) => facts.forEach(hear),
    commanded(command, node) {
      // Who cannot write acts before telling.
      if (node.controller?.degraded) return;
      const place = command.kind === 'hangUp' && command.callId !== null && places.get(command.callId);
      const isCaller = place && !/-((q\d+)?a|x)\d+$/.test(command.legId);
      if (isCaller) wrong(`${command.callId} is hung up by us while waiting in ${place.queue.id}`);
    },
    forgotten() {
      places.clear();
      lost = true;
    },
    sample() {
      for (const call of world.working?.controller?.hotline.engine.calls() ?? []) {
        const place = places.get(call.callId);
        if (!place || !world.calm || call.phase === 'talking') continue;
        if (place.enteredAtMs !== call.enteredAtMs)
          wrong(`${call.callId} entered at ${place.enteredAtMs}, now ${call.enteredAtMs}`);
        if (place.priority !== call.priority || place.lane !== call.lane || place.queue.id !== call.queueId)
          wrong(`${call.callId} has lost its lane, priority or queue`);
      }
    },
  };
}

/** After a loss of memory the caller's own leg knows since when they wait. */
function placeOnLeg(world: World, fact: FactOf<'callQueued'>): Ms | null {
  for (const { note } of world.switch.legs.values()) {
    if (!note?.includes(`"${fact.callId}"`)) continue;
    const { q, e } = JSON.parse(note) as { q?: string; e?: Ms };
    // A clock that is behind the one by which it was written cuts it off.
    return q === fact.queueId && e !== undefined ? Math.min(e, fact.atMs) : null;
  }
  return null;
}

/** Reads a requirement as it is told to people: `cards>=2 service>=1 | in back`, or `anyone`. */
export function mayServe(agent: AgentConfig, requirement: string): boolean {
  return requirement.split(' | ').some((alternative) => {
    const [, skills = '', groups] = /^(.*?)(?:\s*\bin (\S+))?$/.exec(alternative) ?? [];
    if (groups && !groups.split('/').some((group) => agent.groups.includes(group))) return false;
    return skills
      .split(' ')
      .filter((each) => each.includes('>='))
      .every((each) => {
        const [skill, level] = each.split('>=') as [string, string];
        return (agent.skills[skill] ?? 0) >= Number(level);
      });
  });
}

function betterClaim(a: Place, aId: string, b: Place, bId: string, agent: AgentConfig, atMs: Ms): string | null {
  const guarded = (place: Place): boolean => atMs - place.enteredAtMs >= place.queue.callers.waitsAtMostMs;
  const earlier = a.enteredAtMs < b.enteredAtMs || (a.enteredAtMs === b.enteredAtMs && aId < bId);
  if (guarded(a) !== guarded(b)) return guarded(a) ? 'has waited past the guard' : null;
  if (guarded(a)) return earlier ? 'has waited past the guard, and longer' : null;
  const rank = (place: Place): number => agent.queueRank[place.queue.id] ?? 0;
  if (rank(a) !== rank(b)) return rank(a) < rank(b) ? 'is in a queue of better rank' : null;
  const vip = (place: Place): boolean => place.queue.callers.order === 'vip-first' && place.lane === 'vip';
  if (vip(a) !== vip(b)) return vip(a) ? 'is a VIP' : null;
  const priority = (place: Place): number => (place.queue.callers.order === 'first-come' ? 0 : place.priority);
  if (priority(a) !== priority(b)) return priority(a) > priority(b) ? 'has a higher priority' : null;
  return earlier ? 'came earlier' : null;
}
