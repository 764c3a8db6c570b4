import type { AgentId, CallId, QueueId } from '../base/ids.js';
import { OrderedSet } from '../base/ordered-set.js';
import { type Available, availableAs, byAgentOrder } from './agent-order.js';
import { byEntry, type EngineTime, Standing } from './caller-order.js';
import type { AgentConfig, AgentOrder, QueueConfig, RequirementExpression } from './config.js';
import type { Agent, QueuedCall } from './entities.js';
import { type Alternative, alternativesOf, requirementText, satisfies } from './requirement.js';

export { type Alternative, alternativesOf, requirementText, satisfies } from './requirement.js';

/** Distinct wordings of a requirement that are remembered; there are as many as queues, flows and relaxation steps make. */
const REMEMBERED = 10_000;

/** What an available agent can be asked for by one distinct requirement: who may serve, in which order, and who waits for it. */
export interface Profile {
  readonly key: string;
  readonly alternatives: readonly Alternative[];
  readonly order: AgentOrder;
  readonly available: OrderedSet<Available>;
  readonly entries: Map<AgentId, Available>;
  readonly lines: Map<string, Line>;
  /** All agents who serve it, available or not. */
  readonly members: Set<AgentId>;
  /** The queue that this profile is for alone, as it may borrow agents; null: shared by all queues that ask for the same. */
  readonly borrower: QueueId | null;
}

/** Callers of one queue and profile, VIPs apart. `inOrder` is how they are served, `byEntry` shows who has waited longest, for the guard. */
export interface Line {
  readonly key: string;
  readonly queue: QueueConfig;
  readonly profile: Profile;
  readonly inOrder: Standing;
  readonly byEntry: OrderedSet<QueuedCall>;
  /** Phones ring for these callers already, and more may: `ring-all`. They come after everybody else. */
  readonly ringing: boolean;
}

const byWish = (a: QueuedCall, b: QueuedCall): number => {
  const assigned = (call: QueuedCall): number => (call.waitsFor?.because === 'assigned' ? 0 : 1);
  return assigned(a) - assigned(b) || byEntry(a, b);
};

/** The index of who may serve what. Choosing costs one look at the head of a set; an agent's change costs one entry per profile. */
export class Eligibility {
  readonly #profiles = new Map<string, Profile>();
  /** What was asked for in these words before, so that it need not be written out again. */
  readonly #asked = new Map<string, Profile>();
  readonly #profilesOf = new Map<AgentId, Profile[]>();
  readonly #agents = new Map<AgentId, AgentConfig>();
  readonly #available = new Map<AgentId, Agent>();
  /** What a queue has borrowed. */
  readonly #lent = new Map<QueueId, readonly Alternative[]>();
  /** Callers who wait for a certain agent. */
  readonly #ownLines = new Map<AgentId, OrderedSet<QueuedCall>>();
  readonly #standsIn = new Map<CallId, Line | OrderedSet<QueuedCall>>();
  readonly #time: EngineTime;

  constructor(agents: Iterable<AgentConfig>, time: EngineTime) {
    this.#time = time;
    for (const agent of agents) {
      this.#agents.set(agent.id, agent);
      this.#profilesOf.set(agent.id, []);
    }
  }

  profile(queue: QueueConfig, skills: RequirementExpression, step: number, guests: readonly string[] = []): Profile {
    const asked = `${queue.id} ${step} ${guests.join('/')} ${JSON.stringify(skills)}`;
    const known = this.#asked.get(asked);
    if (known) return known;
    const profile = this.#profile(queue, alternativesOf(queue, skills, step, guests));
    if (this.#asked.size >= REMEMBERED) this.#asked.clear();
    this.#asked.set(asked, profile);
    return profile;
  }

  #profile(queue: QueueConfig, alternatives: readonly Alternative[]): Profile {
    const order = queue.agents.choose;
    const borrower = queue.borrow ? queue.id : null;
    const key = `${borrower ?? ''} ${order}: ${requirementText(alternatives)}`;
    const known = this.#profiles.get(key);
    if (known) return known;
    const profile: Profile = {
      key,
      alternatives,
      order,
      available: new OrderedSet(byAgentOrder),
      entries: new Map(),
      lines: new Map(),
      members: new Set(),
      borrower,
    };
    this.#profiles.set(key, profile);
    const lent = borrower === null ? [] : (this.#lent.get(borrower) ?? []);
    for (const config of this.#agents.values()) {
      if (satisfies(config, alternatives) || satisfies(config, lent)) this.#join(profile, config);
    }
    return profile;
  }

  /** Whether any agent of the configuration could ever serve such a call. */
  isPossible(queue: QueueConfig, skills: RequirementExpression): boolean {
    return this.profile(queue, skills, 0).members.size > 0 || this.profile(queue, skills, queue.relax.length).members.size > 0;
  }

  /** Sets who is lent to a queue that borrows. Returns the agents who serve it from now on; those who no longer do are taken off its lists. */
  lend(queueId: QueueId, lent: readonly Alternative[]): AgentId[] {
    this.#lent.set(queueId, lent);
    const joined = new Set<AgentId>();
    for (const profile of this.#profiles.values()) {
      if (profile.borrower !== queueId) continue;
      for (const config of this.#agents.values()) {
        const serves = satisfies(config, profile.alternatives) || satisfies(config, lent);
        if (serves === profile.members.has(config.id)) continue;
        if (serves) this.#join(profile, config);
        else this.#part(profile, config.id);
        if (serves) joined.add(config.id);
      }
    }
    return [...joined];
  }

  #join(profile: Profile, config: AgentConfig): void {
    profile.members.add(config.id);
    this.#profilesOf.get(config.id)?.push(profile);
    const agent = this.#available.get(config.id);
    if (agent) enter(profile, agent, config);
  }

  #part(profile: Profile, agentId: AgentId): void {
    profile.members.delete(agentId);
    const profiles = this.#profilesOf.get(agentId) ?? [];
    const place = profiles.indexOf(profile);
    if (place >= 0) profiles.splice(place, 1);
    const entry = profile.entries.get(agentId);
    if (!entry) return;
    profile.available.delete(entry);
    profile.entries.delete(agentId);
  }

  profilesOf(agentId: AgentId): readonly Profile[] {
    return this.#profilesOf.get(agentId) ?? [];
  }

  isAvailable(agentId: AgentId): boolean {
    return this.#available.has(agentId);
  }

  add(agent: Agent): void {
    const config = this.#agents.get(agent.agentId);
    if (!config || this.#available.has(agent.agentId)) return;
    this.#available.set(agent.agentId, agent);
    // The same entry in all profiles of one order, but for the order that looks at what the profile requires.
    const shared = new Map<AgentOrder, Available>();
    for (const profile of this.profilesOf(agent.agentId)) {
      let entry = shared.get(profile.order) ?? null;
      if (!entry) {
        entry = availableAs(profile.order, agent, config, profile.alternatives);
        if (profile.order !== 'best-skill') shared.set(profile.order, entry);
      }
      list(profile, entry);
    }
  }

  remove(agentId: AgentId): void {
    if (!this.#available.delete(agentId)) return;
    for (const profile of this.profilesOf(agentId)) {
      const entry = profile.entries.get(agentId);
      if (!entry) continue;
      profile.available.delete(entry);
      profile.entries.delete(agentId);
    }
  }

  /** A caller who waits for a certain agent stands in that agent's own line and is seen by nobody else. */
  addCall(queue: QueueConfig, call: QueuedCall): void {
    if (call.waitsFor && call.phase === 'waiting') {
      const own = this.#ownLines.get(call.waitsFor.agentId) ?? new OrderedSet(byWish);
      this.#ownLines.set(call.waitsFor.agentId, own);
      own.add(call);
      this.#standsIn.set(call.callId, own);
      return;
    }
    const line = this.#line(queue, call);
    this.#standsIn.set(call.callId, line);
    line.inOrder.add(call);
    line.byEntry.add(call);
  }

  removeCall(_queue: QueueConfig, call: QueuedCall): void {
    const line = this.#standsIn.get(call.callId);
    if (!line) return;
    this.#standsIn.delete(call.callId);
    if (line instanceof OrderedSet) {
      line.delete(call);
      return;
    }
    line.inOrder.delete(call);
    line.byEntry.delete(call);
    if (line.inOrder.size === 0) line.profile.lines.delete(line.key);
  }

  /** Who waits for this agent and nobody else: assigned ones first, then by entry. */
  waitingFor(agentId: AgentId): readonly QueuedCall[] {
    return [...(this.#ownLines.get(agentId) ?? [])];
  }

  firstWaitingFor(agentId: AgentId): QueuedCall | undefined {
    return this.#ownLines.get(agentId)?.first();
  }

  isWaitedFor(agentId: AgentId): boolean {
    return (this.#ownLines.get(agentId)?.size ?? 0) > 0;
  }

  /** An available agent whom a caller could be offered to: there is one only after offers had to be held back. */
  somebodyWithWork(): AgentId | undefined {
    for (const [agentId, own] of this.#ownLines) if (own.size > 0 && this.#available.has(agentId)) return agentId;
    for (const { lines, available } of this.#profiles.values())
      if (lines.size > 0 && available.size > 0) return available.first()?.agentId;
    return undefined;
  }

  #line(queue: QueueConfig, call: QueuedCall): Line {
    const profile = this.profile(queue, call.skills, call.relaxStep, call.groups);
    const ringing = call.phase === 'offered';
    const lane = queue.callers.order === 'vip-first' ? `${queue.id}/${call.lane}` : queue.id;
    const key = ringing ? `${lane}/ringing` : lane;
    const known = profile.lines.get(key);
    if (known) return known;
    const inOrder = new Standing(queue, this.#time);
    const line: Line = { key, queue, profile, inOrder, byEntry: new OrderedSet<QueuedCall>(byEntry), ringing };
    profile.lines.set(key, line);
    return line;
  }
}

function enter(profile: Profile, agent: Agent, config: AgentConfig): void {
  list(profile, availableAs(profile.order, agent, config, profile.alternatives));
}

function list(profile: Profile, entry: Available): void {
  profile.entries.set(entry.agentId, entry);
  profile.available.add(entry);
}
