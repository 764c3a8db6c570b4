import type { AgentStatus, QueueExit } from '../base/facts.js';
import { type AgentId, asId, type CallId, type TimerId } from '../base/ids.js';
import { OrderedSet } from '../base/ordered-set.js';
import { MINUTE, type Ms } from '../base/time.js';
import type { AgentConfig, QueueConfig } from './config.js';
import type { Agent, KeptPlace, QueuedCall, QueueRecord } from './entities.js';
import { HANDLE_MS, LEVEL_MINUTES, type Presence } from './queue-rules.js';
import { alternativesIn, alternativesOf, satisfies } from './requirement.js';

/** Samples that a running mean remembers, about. */
const SAMPLES = 100;

interface Crew {
  readonly members: Set<AgentId>;
  signedIn: number;
  ready: number;
}

/** The agents of the domain, as configured and as they are. */
export interface People {
  readonly config: { readonly agents: readonly AgentConfig[] };
  readonly agents: ReadonlyMap<AgentId, Agent>;
}

/**
 * What the engine keeps of one queue beside its lines: who stands in it by entry, who could serve it, how long a call takes, how the
 * last half hour went, whose place is kept. Everything is counted as it happens, so that a rule that asks costs no walk over callers or agents.
 */
export class Room {
  config: QueueConfig;
  readonly record: QueueRecord;
  /** Callers who are not yet answered, by their entry into this queue. */
  readonly entries = new OrderedSet<QueuedCall>(byQueued);
  /** Agents who have what the queue requires (or are lent to it), and those who have it at any step of relaxation. Null until somebody asks. */
  #crew: { readonly core: Crew; readonly reach: Crew } | null = null;
  readonly #people: People;
  /** By caller, in the order in which they are forgotten. */
  readonly places = new Map<string, KeptPlace>();
  openAt: { minute: number; open: boolean } | null = null;

  constructor(config: QueueConfig, record: QueueRecord | undefined, people: People) {
    this.config = config;
    this.#people = people;
    this.record = record ?? {
      kind: 'queue',
      queueId: config.id,
      handle: { talks: 0, talkMs: 0, wrapUps: 0, wrapUpMs: 0 },
      level: [],
      borrowed: [],
      timerCount: 0,
      timers: {},
    };
  }

  /** Counted over all agents once, then kept by `statusChanged`. */
  get crew(): { readonly core: Crew; readonly reach: Crew } {
    this.#crew ??= this.#muster();
    return this.#crew;
  }

  /** What is lent has changed: the crew is counted anew when somebody asks. */
  forgetCrew(): void {
    this.#crew = null;
  }

  #muster(): { core: Crew; reach: Crew } {
    const core: Crew = { members: new Set(), signedIn: 0, ready: 0 };
    const reach: Crew = { members: new Set(), signedIn: 0, ready: 0 };
    const steps = this.config.relax.map((_, step) => alternativesOf(this.config, {}, step + 1));
    const own = [...alternativesOf(this.config, {}, 0), ...this.lentAlternatives()];
    for (const agent of this.#people.config.agents) {
      const isCore = satisfies(agent, own);
      if (!isCore && !steps.some((step) => satisfies(agent, step))) continue;
      const status = this.#people.agents.get(agent.id)?.status ?? 'loggedOut';
      for (const crew of isCore ? [core, reach] : [reach]) {
        crew.members.add(agent.id);
        count(crew, status, 1);
      }
    }
    return { core, reach };
  }

  lentAlternatives() {
    const rules = this.config.borrow ?? [];
    return rules
      .filter((_, place) => this.record.borrowed[place]?.lent)
      .flatMap(({ require, groups }) => alternativesIn(require).map((each) => ({ require: each, groups })));
  }

  statusChanged(agentId: AgentId, from: AgentStatus, to: AgentStatus): void {
    if (!this.#crew) return;
    for (const crew of [this.#crew.core, this.#crew.reach]) {
      if (!crew.members.has(agentId)) continue;
      count(crew, from, -1);
      count(crew, to, 1);
    }
  }

  isAttended(presence: Presence): boolean {
    if (presence === 'nobody') return true;
    return (presence === 'signedIn' ? this.crew.reach.signedIn : this.crew.reach.ready) > 0;
  }

  longestWaitMs(nowMs: Ms): Ms {
    const first = this.entries.first();
    return first ? nowMs - first.queuedAtMs : 0;
  }

  /** Answered in time of offered, of the calls that entered within the last half hour, as the formula `answered-of-offered` has it; null: none to count. */
  level(nowMs: Ms): number | null {
    const since = Math.floor(nowMs / MINUTE) - LEVEL_MINUTES;
    let offered = 0;
    let inTime = 0;
    let short = 0;
    for (const bucket of this.record.level) {
      if (bucket.minute <= since) continue;
      offered += bucket.offered;
      inTime += bucket.inTime;
      short += bucket.short;
    }
    // A wait of exactly T is still in time.
    const late = this.entries.rank({ queuedAtMs: nowMs - this.config.target.withinMs, callId: '' as CallId } as QueuedCall);
    const counted = offered - short - (this.entries.size - late);
    return counted > 0 ? inTime / counted : null;
  }

  /** Something has to be looked at when callers or agents come and go. */
  get isWatched(): boolean {
    const { borrow, empty, hours } = this.config;
    return borrow !== undefined || empty !== undefined || hours?.atClosing === 'letGo';
  }

  get looksAtLevel(): boolean {
    const { overflow = [], borrow = [] } = this.config;
    return (
      overflow.some(({ when }) => when.kind === 'level') ||
      borrow.some(({ when, until }) => when.level !== undefined || until.level !== undefined)
    );
  }

  countEntry(atMs: Ms): void {
    if (!this.looksAtLevel) return;
    const minute = Math.floor(atMs / MINUTE);
    const { level } = this.record;
    while (level[0] && level[0].minute <= minute - LEVEL_MINUTES) level.shift();
    let bucket = this.#bucket(atMs);
    if (!bucket) {
      bucket = { minute, offered: 0, answered: 0, inTime: 0, short: 0, gone: 0 };
      level.push(bucket);
    }
    bucket.offered++;
  }

  /** Once per entry: how it ended. */
  countEnd(queuedAtMs: Ms, waitMs: Ms, end: QueueExit | 'answered'): void {
    const bucket = this.#bucket(queuedAtMs);
    if (!bucket) return;
    const { withinMs, shortAbandonMs } = this.config.target;
    if (end === 'answered') bucket.answered++;
    else bucket.gone++;
    if (end === 'answered' && waitMs <= withinMs) bucket.inTime++;
    if (end === 'abandoned' && waitMs <= shortAbandonMs) bucket.short++;
  }

  /** A stay that ended unanswered and is not to be counted after all. */
  uncount(queuedAtMs: Ms): void {
    const bucket = this.looksAtLevel ? this.#bucket(queuedAtMs) : undefined;
    if (!bucket) return;
    bucket.offered--;
    bucket.gone--;
  }

  learnTalk(ms: Ms): void {
    const { handle } = this.record;
    handle.talks = Math.min(handle.talks + 1, SAMPLES);
    handle.talkMs += (ms - handle.talkMs) / handle.talks;
  }

  learnWrapUp(ms: Ms): void {
    const { handle } = this.record;
    handle.wrapUps = Math.min(handle.wrapUps + 1, SAMPLES);
    handle.wrapUpMs += (ms - handle.wrapUpMs) / handle.wrapUps;
  }

  /** What one call takes an agent. */
  get handleMs(): Ms {
    const { handle } = this.record;
    return handle.talks === 0 ? (this.config.handleMs ?? HANDLE_MS) : handle.talkMs + handle.wrapUpMs;
  }

  startTimer(purpose: string, atMs: Ms): TimerId {
    const id = asId<TimerId>(`w/${this.config.id}/${purpose}/${++this.record.timerCount}`);
    this.record.timers[purpose] = { id, atMs };
    return id;
  }

  #bucket(atMs: Ms) {
    const minute = Math.floor(atMs / MINUTE);
    return this.record.level.findLast((bucket) => bucket.minute === minute);
  }
}

function byQueued(a: QueuedCall, b: QueuedCall): number {
  return a.queuedAtMs - b.queuedAtMs || (a.callId < b.callId ? -1 : a.callId > b.callId ? 1 : 0);
}

function count(crew: Crew, status: AgentStatus, by: 1 | -1): void {
  if (status !== 'loggedOut') crew.signedIn += by;
  if (status === 'ready') crew.ready += by;
}
