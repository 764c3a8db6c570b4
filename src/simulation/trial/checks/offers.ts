import type { FactOf } from '../../../base/facts.js';
import type { Ms } from '../../../base/time.js';
import type { Checker } from '../checker.js';
import type { World } from '../world.js';

const CONNECT_MS = 5_000;
const LEG_GONE_MS = 5_000;
const SLACK_MS = 2_000;

/** I3: no agent stays reserved or ringing beyond the offer's limit, and no phone is thought to be in use for ever. Only undisturbed time counts. */
export function offersChecker(world: World): Checker {
  const since = new Map<string, Ms>();
  const offers = new Set<string>();
  const silent = new Set<string>();
  const early = (fact: FactOf<'offerEnded'>): void => {
    const limitMs = world.site.queues.find(({ id }) => id === fact.queueId)?.agents.ringMs ?? 0;
    if (fact.ringMs < limitMs && !silent.has(fact.offerId))
      world.violated('offers', `${fact.offerId} was given up after ${fact.ringMs} of ${limitMs} ms, and the phone had not`);
  };
  return {
    delivered(event) {
      // A phone may say by itself that nobody answers.
      if (event.kind === 'legEnded' && event.cause === 'noAnswer') silent.add(event.legId);
    },
    facts(facts) {
      for (const fact of facts) {
        if (fact.kind === 'offerEnded' && fact.cause === 'noAnswer') early(fact);
        if (fact.kind !== 'callOffered') continue;
        // An answer to the one would be taken for an answer to the other.
        if (offers.has(fact.offerId)) world.violated('offers', `${fact.offerId} is the name of two offers`);
        offers.add(fact.offerId);
      }
    },
    // Names that were given out by a node that could not write may be given out again.
    forgotten: () => offers.clear(),
    sample() {
      const { working, calm, clock, site } = world;
      if (!working || !calm) return since.clear();
      const engine = working.controller?.hotline.engine;
      const seen = new Set<string>();
      const lasts = (key: string, limitMs: Ms, what: string): void => {
        seen.add(key);
        const begun = since.get(key) ?? clock.nowMs();
        since.set(key, begun);
        if (clock.nowMs() - begun <= limitMs) return;
        world.violated('offers', `${what} for ${clock.nowMs() - begun} ms`);
        since.set(key, Number.POSITIVE_INFINITY);
      };
      for (const agent of engine?.agents() ?? []) {
        const ringMs = site.queues.find(({ id }) => id === agent.queueId)?.agents.ringMs ?? 0;
        if (agent.state === 'ringing')
          lasts(`${agent.agentId} ${agent.offerId}`, ringMs + CONNECT_MS + SLACK_MS, `agent ${agent.agentId} is reserved`);
        if (agent.legOf && agent.offerId === null)
          lasts(`${agent.agentId} ${agent.legOf} gone`, LEG_GONE_MS + SLACK_MS, `the phone of ${agent.agentId} is not freed`);
        if (agent.state === 'wrapUp')
          lasts(`${agent.agentId} ${agent.wrapUp?.callId} wrapUp`, 4_000 + SLACK_MS, `agent ${agent.agentId} is in wrap-up`);
      }
      for (const key of since.keys()) if (!seen.has(key)) since.delete(key);
    },
  };
}
