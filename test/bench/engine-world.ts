import { performance } from 'node:perf_hooks';
import type { AcdConfig, AgentConfig, QueueConfig } from '../../src/acd/config.js';
import { AcdEngine } from '../../src/acd/engine.js';
import type { AcdAction, AcdEvent } from '../../src/acd/events.js';
import { type AgentId, asId, type CallId, type OfferId, type TimerId } from '../../src/base/ids.js';
import { type Random, seededRandom } from '../../src/base/random.js';
import type { Ms } from '../../src/base/time.js';
import { sampleAcd, sampleAgent, sampleQueue } from '../support/sample-site.js';
import { Agenda } from './agenda.js';

/**
 * A hotline under full load for timing the engine alone: callers come, are offered, answered, talk, end; agents wrap up, take breaks, miss a
 * call now and then; callers give up. Whenever fewer callers than wanted wait, the next ones call. Lengths that would change the mix of events with the
 * size of the site (patience, announcements, relaxation) are set against the wait that this size brings, so that all sizes do the same work per call.
 */
export interface Size {
  readonly agents: number;
  /** Kept at this level. 0: callers come by themselves, to keep 80 % of the agents busy, so that agents wait for callers. */
  readonly waiting: number;
  /** Distinct requirements: five kinds of call need per ten profiles, in as many queues as it takes. */
  readonly profiles: number;
}

const TALK_MS = 180_000;
const WRAP_UP_MS = 15_000;
const RING_MS = 15_000;
const NEEDS: readonly Record<string, number>[] = [{}, { english: 1 }, { english: 3 }, { senior: 2 }, { english: 1, senior: 1 }];

export function siteOf(size: Size, seed: number): AcdConfig {
  const chance = seededRandom(`site/${seed}`);
  const waitMs = expectedWaitMs(size);
  const queues = Array.from({ length: queueCount(size) }, (_, i) => benchQueue(i, waitMs));
  const agents = Array.from({ length: size.agents }, (_, i) => benchAgent(i, queues.length, chance));
  return sampleAcd(queues, agents);
}

const queueCount = ({ profiles }: Size): number => (profiles <= 5 ? profiles : Math.ceil(profiles / NEEDS.length));
const expectedWaitMs = ({ agents, waiting }: Size): Ms =>
  Math.max(1_000, Math.round(((TALK_MS + WRAP_UP_MS) * waiting) / agents));

function benchQueue(i: number, waitMs: Ms): QueueConfig {
  return sampleQueue(`q${i}`, {
    require: { [`s${i}`]: i % 2 === 0 ? 1 : 2 },
    agents: {
      ...sampleQueue('x').agents,
      ringMs: RING_MS,
      wrapUpMs: WRAP_UP_MS,
      choose: i % 3 === 0 ? 'best-skill' : 'longest-idle',
    },
    callers: { ...sampleQueue('x').callers, order: i % 2 === 0 ? 'vip-first' : 'first-come', waitsAtMostMs: 3 * waitMs },
    limits: { ...sampleQueue('x').limits, waiting: 1_000_000, waitMs: 1_000 * waitMs },
    announce: { positionEveryMs: waitMs, positionFirstMs: Math.round(waitMs / 2), comfort: [] },
    relax: [],
  });
}

/** A third serve two queues, a third half of them, a third all: agents with many profiles are what an index must stand. */
function benchAgent(i: number, queues: number, chance: Random): AgentConfig {
  const serves = i % 3 === 0 ? Math.min(2, queues) : i % 3 === 1 ? Math.ceil(queues / 2) : queues;
  const first = chance.below(queues);
  const skills: Record<string, number> = {};
  for (let k = 0; k < serves; k++) skills[`s${(first + k) % queues}`] = 2 + chance.below(4);
  if (chance.next() < 0.6) skills.english = 1 + chance.below(5);
  if (chance.next() < 0.4) skills.senior = 1 + chance.below(3);
  return sampleAgent(`a${String(i).padStart(5, '0')}`, skills);
}

export class EngineWorld {
  readonly engine: AcdEngine;
  /** Milliseconds of each `apply` with its `takeChanges`, of what was run with `measured`. */
  readonly took: number[] = [];
  readonly kinds = new Map<string, number>();
  readonly #size: Size;
  readonly #config: AcdConfig;
  readonly #chance: Random;
  readonly #agenda = new Agenda<AcdEvent>();
  readonly #stopped = new Set<TimerId>();
  readonly #patienceMs: Ms;
  readonly #waiting = new Set<CallId>();
  #calls = 0;
  #nowMs: Ms = 1_000_000;

  constructor(size: Size, seed = 1) {
    this.#size = size;
    this.#chance = seededRandom(`world/${seed}`);
    this.#config = siteOf(size, seed);
    this.#patienceMs = 20 * expectedWaitMs(size);
    this.engine = new AcdEngine(this.#config);
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Everybody signs in, the line fills up, and the mix of events settles. */
  warmUp(events: number): void {
    for (const { id: agentId } of this.#config.agents) {
      this.#apply({ kind: 'signIn', agentId, phone: null, by: 'bench' });
      this.#apply({ kind: 'setStatus', agentId, status: 'ready', reason: null, by: 'bench' });
    }
    if (this.#size.waiting === 0) this.#plan(0, this.#nextCaller());
    this.#fill();
    this.run(events);
    this.took.length = 0;
    this.kinds.clear();
  }

  run(events: number): void {
    for (let done = 0; done < events; ) {
      const due = this.#agenda.pop();
      if (!due) throw new Error('nothing happens any more');
      if (due.event.kind === 'timer' && this.#stopped.delete(due.event.timerId)) continue;
      if (due.event.kind === 'leave' && !this.#waiting.has(due.event.callId)) continue;
      this.#nowMs = due.atMs;
      this.#apply(due.event);
      if (due.event.kind === 'enqueue')
        this.#plan(this.#after((TALK_MS + WRAP_UP_MS) / (0.8 * this.#size.agents)), this.#nextCaller());
      done += 1 + this.#fill();
    }
  }

  #nextCaller(): Extract<AcdEvent, { kind: 'enqueue' }> {
    const callId = asId<CallId>(`20261121-${String(this.#calls++).padStart(9, '0')}`);
    const queue = this.#config.queues[this.#chance.below(this.#config.queues.length)] as QueueConfig;
    const skills = this.#size.profiles <= 5 ? {} : (NEEDS[this.#chance.below(NEEDS.length)] as Record<string, number>);
    const lane = this.#chance.next() < 0.1 ? 'vip' : 'ordinary';
    const priority = this.#chance.next() < 0.05 ? 100 : 0;
    return { kind: 'enqueue', callId, queueId: queue.id, lane, priority, skills, language: 'zh' };
  }

  #fill(): number {
    let came = 0;
    // More than are needed would come only where nearly everybody finds an idle agent at once.
    for (; this.#waiting.size < this.#size.waiting && came < 20 + this.#size.agents + this.#size.waiting; came++) {
      const event = this.#nextCaller();
      this.#waiting.add(event.callId);
      this.#apply(event);
      this.#plan(this.#after(this.#patienceMs), { kind: 'leave', callId: event.callId, exit: 'abandoned' });
    }
    return came;
  }

  #apply(event: AcdEvent): void {
    const from = performance.now();
    const { actions, timers, refusal } = this.engine.apply(this.#nowMs, event);
    this.engine.takeChanges();
    this.took.push(performance.now() - from);
    this.kinds.set(event.kind, (this.kinds.get(event.kind) ?? 0) + 1);
    if (refusal) throw new Error(refusal.message);
    for (const change of timers) {
      if (change.kind === 'stopTimer') this.#stopped.add(change.timerId);
      else this.#plan(change.atMs - this.#nowMs, { kind: 'timer', timerId: change.timerId });
    }
    for (const action of actions) this.#obey(action);
    if (event.kind === 'leave') this.#waiting.delete(event.callId);
    if (event.kind === 'talkEnded') this.#plan(20, { kind: 'agentLegGone', offerId: this.#offerOf.get(event.callId) as OfferId });
    if (event.kind === 'talkEnded') this.#offerOf.delete(event.callId);
  }

  readonly #offerOf = new Map<CallId, OfferId>();

  #obey(action: AcdAction): void {
    switch (action.kind) {
      case 'ring': {
        this.#waiting.delete(action.callId);
        const missed = this.#chance.next() < 0.01;
        if (missed) this.#comesBack(action.agentId);
        else this.#plan(1_000 + this.#chance.below(4_000), { kind: 'offerPickedUp', offerId: action.offerId });
        return;
      }
      case 'connect':
        this.#offerOf.set(action.callId, action.offerId);
        this.#plan(5, { kind: 'offerConnected', offerId: action.offerId });
        this.#plan(5 + this.#after(TALK_MS), { kind: 'talkEnded', callId: action.callId, endedBy: 'caller' });
        return;
      case 'withdraw':
        if (this.engine.call(action.callId)?.phase === 'waiting') this.#waiting.add(action.callId);
        this.#plan(20, { kind: 'agentLegGone', offerId: action.offerId });
        return;
      default:
    }
  }

  /** After a call that was not answered in time. */
  #comesBack(agentId: AgentId): void {
    this.#plan(RING_MS + 30_000, { kind: 'setStatus', agentId, status: 'ready', reason: null, by: 'bench' });
  }

  #after(meanMs: Ms): Ms {
    return Math.ceil(-Math.log(1 - this.#chance.next()) * meanMs) + 1;
  }

  #plan(afterMs: Ms, event: AcdEvent): void {
    this.#agenda.push(this.#nowMs + afterMs, event);
  }
}
