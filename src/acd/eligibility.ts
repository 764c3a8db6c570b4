import type { AgentId } from '../base/ids.js';
import { OrderedSet } from '../base/ordered-set.js';
import type { AgentConfig, AgentOrder, QueueConfig, Requirement } from './config.js';
import type { Agent, QueuedCall } from './entities.js';

/** One way to be eligible: these skills at these levels, and one of these groups when any are named. */
export interface Alternative {
  readonly require: Requirement;
  readonly groups: readonly string[];
}

/** An agent in the order in which a profile hands agents out. Keys are fixed when the agent becomes available. */
export interface Available {
  readonly agentId: AgentId;
  /** Larger is better. */
  readonly proficiency: number;
  readonly idleSinceMs: number;
}

/** What an available agent can be asked for by one distinct requirement: who may serve, in which order, and who waits for it. */
export interface Profile {
  readonly key: string;
  readonly alternatives: readonly Alternative[];
  readonly order: AgentOrder;
  readonly available: OrderedSet<Available>;
  readonly entries: Map<AgentId, Available>;
  readonly lines: Map<string, Line>;
}

/** Callers of one queue, lane and profile. `inOrder` is how they are served, `byEntry` shows who has waited longest, for the guard. */
export interface Line {
  readonly key: string;
  readonly queue: QueueConfig;
  readonly profile: Profile;
  readonly inOrder: OrderedSet<QueuedCall>;
  readonly byEntry: OrderedSet<QueuedCall>;
}

const byId = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const ORDERS: Record<AgentOrder, (a: Available, b: Available) => number> = {
  'longest-idle': (a, b) => a.idleSinceMs - b.idleSinceMs || byId(a.agentId, b.agentId),
  'best-skill': (a, b) => b.proficiency - a.proficiency || a.idleSinceMs - b.idleSinceMs || byId(a.agentId, b.agentId),
};

/** Higher priority first, then earlier entry, then id. */
export const byPriority = (a: QueuedCall, b: QueuedCall): number => b.priority - a.priority || byEntry(a, b);
export const byEntry = (a: QueuedCall, b: QueuedCall): number => a.enteredAtMs - b.enteredAtMs || byId(a.callId, b.callId);

export function satisfies(agent: AgentConfig, alternatives: readonly Alternative[]): boolean {
  return alternatives.some(
    ({ require, groups }) =>
      Object.entries(require).every(([skill, level]) => (agent.skills[skill] ?? 0) >= level) &&
      (groups.length === 0 || groups.some((group) => agent.groups.includes(group))),
  );
}

/**
 * Who may serve a call of this queue that has reached relaxation step `step` (0: none). A step without groups replaces what is
 * required; a step with groups lets these groups in beside those who were eligible before.
 */
export function alternativesOf(queue: QueueConfig, skills: Requirement, step: number): readonly Alternative[] {
  let alternatives: Alternative[] = [{ require: mergeRequirements(queue.require, skills), groups: [] }];
  for (const relax of queue.relax.slice(0, step)) {
    const next = { require: relax.require, groups: relax.groups };
    alternatives = relax.groups.length === 0 ? [next] : [...alternatives, next];
  }
  return alternatives;
}

function mergeRequirements(base: Requirement, extra: Requirement): Requirement {
  const merged: Record<string, number> = { ...base };
  for (const [skill, level] of Object.entries(extra)) merged[skill] = Math.max(merged[skill] ?? 0, level);
  return merged;
}

/** `instalments>=2 service>=1`, or `anyone`; alternatives joined by ` | `. Sorted, so that equal requirements have equal texts. */
export function requirementText(alternatives: readonly Alternative[]): string {
  const texts = alternatives.map(({ require, groups }) => {
    const skills = Object.entries(require)
      .filter(([, level]) => level > 0)
      .map(([skill, level]) => `${skill}>=${level}`)
      .sort();
    const group = groups.length > 0 ? [`in ${[...groups].sort().join('/')}`] : [];
    return [...skills, ...group].join(' ') || 'anyone';
  });
  return [...new Set(texts)].join(' | ');
}

/** The index of who may serve what. Choosing costs one look at the head of a set; an agent's change costs one entry per profile. */
export class Eligibility {
  readonly #profiles = new Map<string, Profile>();
  readonly #profilesOf = new Map<AgentId, Profile[]>();
  readonly #agents = new Map<AgentId, AgentConfig>();
  readonly #available = new Map<AgentId, Agent>();

  constructor(agents: Iterable<AgentConfig>) {
    for (const agent of agents) {
      this.#agents.set(agent.id, agent);
      this.#profilesOf.set(agent.id, []);
    }
  }

  profile(queue: QueueConfig, skills: Requirement, step: number): Profile {
    const alternatives = alternativesOf(queue, skills, step);
    const key = `${queue.agents.choose}: ${requirementText(alternatives)}`;
    const known = this.#profiles.get(key);
    if (known) return known;
    const order = queue.agents.choose;
    const profile: Profile = {
      key,
      alternatives,
      order,
      available: new OrderedSet(ORDERS[order]),
      entries: new Map(),
      lines: new Map(),
    };
    this.#profiles.set(key, profile);
    for (const config of this.#agents.values()) {
      if (!satisfies(config, alternatives)) continue;
      this.#profilesOf.get(config.id)?.push(profile);
      const agent = this.#available.get(config.id);
      if (agent) enter(profile, agent, config);
    }
    return profile;
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
    for (const profile of this.profilesOf(agent.agentId)) enter(profile, agent, config);
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

  addCall(queue: QueueConfig, call: QueuedCall): void {
    const line = this.#line(queue, call);
    line.inOrder.add(call);
    line.byEntry.add(call);
  }

  removeCall(queue: QueueConfig, call: QueuedCall): void {
    const line = this.#line(queue, call);
    line.inOrder.delete(call);
    line.byEntry.delete(call);
    if (line.inOrder.size === 0) line.profile.lines.delete(line.key);
  }

  #line(queue: QueueConfig, call: QueuedCall): Line {
    const profile = this.profile(queue, call.skills, call.relaxStep);
    const key = `${queue.id}/${call.lane}`;
    const known = profile.lines.get(key);
    if (known) return known;
    const line: Line = { key, queue, profile, inOrder: new OrderedSet(byPriority), byEntry: new OrderedSet(byEntry) };
    profile.lines.set(key, line);
    return line;
  }
}

function enter(profile: Profile, agent: Agent, config: AgentConfig): void {
  const skills = Object.keys(profile.alternatives[0]?.require ?? {});
  const proficiency = skills.reduce((sum, skill) => sum + (config.skills[skill] ?? 0), 0);
  const entry: Available = { agentId: agent.agentId, proficiency, idleSinceMs: agent.idleSinceMs };
  profile.entries.set(agent.agentId, entry);
  profile.available.add(entry);
}
