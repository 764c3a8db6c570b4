import type { EligibleAgents } from '../base/facts.js';
import type { AgentId } from '../base/ids.js';
import type { Profile } from './eligibility.js';
import type { Agent } from './entities.js';

/**
 * What the agents who may serve a call are doing, for the record of an entry into a queue. One set of counters per profile, kept up when an agent is
 * looked at again after a change: that costs one step per profile of the agent, whatever the number of agents. A profile that is asked for the first time
 * (or after agents were lent) is counted out once.
 */
const DOINGS = [
  'idle',
  'ringing',
  'talking',
  'wrapUp',
  'notReady',
  'resting',
] as const satisfies readonly (keyof EligibleAgents)[];
const SIGNED_OUT = -1;

export class EligibleCounts {
  readonly #profilesOf: (agentId: AgentId) => readonly Profile[];
  readonly #agents: ReadonlyMap<AgentId, Agent>;
  readonly #doing = new Map<AgentId, number>();
  readonly #counters = new Map<Profile, Int32Array>();

  constructor(agents: ReadonlyMap<AgentId, Agent>, profilesOf: (agentId: AgentId) => readonly Profile[]) {
    this.#agents = agents;
    this.#profilesOf = profilesOf;
    for (const agent of agents.values()) this.#doing.set(agent.agentId, doingOf(agent));
  }

  /** Looks again at agents who may have changed. */
  look(changed: Iterable<AgentId>): void {
    for (const agentId of changed) {
      const agent = this.#agents.get(agentId);
      const now = agent ? doingOf(agent) : SIGNED_OUT;
      const before = this.#doing.get(agentId) ?? SIGNED_OUT;
      if (now === before) continue;
      this.#doing.set(agentId, now);
      for (const profile of this.#profilesOf(agentId)) {
        const counters = this.#counters.get(profile);
        if (!counters) continue;
        if (before !== SIGNED_OUT) counters[before] = (counters[before] as number) - 1;
        if (now !== SIGNED_OUT) counters[now] = (counters[now] as number) + 1;
      }
    }
  }

  of(profile: Profile): EligibleAgents {
    const counters = this.#counters.get(profile) ?? this.#count(profile);
    const [idle, ringing, talking, wrapUp, notReady, resting] = counters as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    return { idle, ringing, talking, wrapUp, notReady, resting };
  }

  /** Who may serve what has changed: everything is counted out again when it is next asked for. */
  forget(): void {
    this.#counters.clear();
  }

  #count(profile: Profile): Int32Array {
    const counters = new Int32Array(DOINGS.length);
    for (const agentId of profile.members) {
      const doing = this.#doing.get(agentId) ?? SIGNED_OUT;
      if (doing !== SIGNED_OUT) counters[doing] = (counters[doing] as number) + 1;
    }
    this.#counters.set(profile, counters);
    return counters;
  }
}

function doingOf(agent: Agent): number {
  if (agent.status === 'loggedOut') return SIGNED_OUT;
  const at = (doing: (typeof DOINGS)[number]): number => DOINGS.indexOf(doing);
  switch (agent.state) {
    case 'ringing':
      return at('ringing');
    case 'talking':
    case 'onHold':
    case 'outbound':
      return at('talking');
    case 'wrapUp':
      return at('wrapUp');
    case 'idle':
      if (agent.status === 'notReady') return at('notReady');
      return agent.legOf !== null || agent.backOffUntilMs !== null || agent.phone === null ? at('resting') : at('idle');
  }
}

/** The agents whose entities have changed since they were last written, and those whose doings have not been counted since. */
export class TouchedAgents extends Set<AgentId> {
  #fresh = new Set<AgentId>();

  override add(agentId: AgentId): this {
    this.#fresh?.add(agentId);
    return super.add(agentId);
  }

  takeFresh(): Iterable<AgentId> {
    const fresh = this.#fresh;
    this.#fresh = new Set();
    return fresh;
  }
}
