import type { QueueConfig } from '../../acd/config.js';
import type { AgentState, FactBody } from '../../base/facts.js';
import type { AgentId, CallId, QueueId } from '../../base/ids.js';
import { MINUTE, type Ms } from '../../base/time.js';
import { countAnswer, countEntry, countExit, emptyTally, type Tally } from '../../service-level/tally.js';
import { dayEndMs, type Scenario } from './scenario.js';
import { WaitHistogram } from './wait-histogram.js';

/** The picture and the tables over the day are drawn in steps of this. */
export const BIN_MS = 30 * MINUTE;

export interface QueueDay {
  readonly config: QueueConfig;
  /** By the half hour of entry. */
  readonly bins: Tally[];
  /** Of all callers who entered, whether answered or not. */
  readonly waits: WaitHistogram;
}

/** Agents' time in milliseconds. */
export interface GroupTime {
  workMs: number;
  idleMs: number;
}

interface Stay {
  readonly queue: QueueDay;
  readonly bin: number;
}

interface Seat {
  readonly group: number;
  state: AgentState;
  ready: boolean;
  sinceMs: Ms;
}

/** A day's counters, from nothing but the engine's facts. A caller is counted in the half hour of entry. */
export class DayCounts {
  readonly queues: QueueDay[];
  readonly waitsByBin: WaitHistogram[];
  /** Within the opening hours, and until the last caller has gone. */
  readonly openTime: GroupTime[];
  readonly wholeTime: GroupTime[];
  offers = 0;
  ronas = 0;

  readonly #byId: Map<QueueId, QueueDay>;
  readonly #seats = new Map<AgentId, Seat>();
  readonly #stays = new Map<CallId, Stay>();
  /** What an agent answered last: wrap-up belongs to that stay. */
  readonly #lastOf = new Map<AgentId, Tally>();
  readonly #fromMs: Ms;
  readonly #untilMs: Ms;

  constructor(scenario: Scenario) {
    this.#fromMs = scenario.warmUpMs;
    this.#untilMs = dayEndMs(scenario.day);
    const bins = Math.ceil(this.#untilMs / BIN_MS);
    this.queues = scenario.acd.queues.map((config) => ({
      config,
      bins: Array.from({ length: bins }, emptyTally),
      waits: new WaitHistogram(),
    }));
    this.waitsByBin = Array.from({ length: bins }, () => new WaitHistogram());
    this.#byId = new Map(this.queues.map((queue) => [queue.config.id, queue]));
    this.openTime = scenario.groups.map(() => ({ workMs: 0, idleMs: 0 }));
    this.wholeTime = scenario.groups.map(() => ({ workMs: 0, idleMs: 0 }));
    for (const [group, { agentIds }] of scenario.groups.entries()) {
      for (const id of agentIds) this.#seats.set(id, { group, state: 'idle', ready: false, sinceMs: 0 });
    }
  }

  take(atMs: Ms, fact: FactBody): void {
    switch (fact.kind) {
      case 'callQueued':
        return this.#queued(atMs, fact.callId, fact.queueId);
      case 'callBlocked': {
        const queue = this.#byId.get(fact.queueId);
        if (queue && atMs >= this.#fromMs) (queue.bins[this.#bin(atMs)] as Tally).blocked++;
        return;
      }
      case 'callOffered':
        this.offers++;
        return;
      case 'callAnswered': {
        const stay = this.#leave(fact.callId, fact.waitMs);
        if (!stay) return;
        const tally = stay.queue.bins[stay.bin] as Tally;
        countAnswer(tally, fact.waitMs, stay.queue.config.target);
        this.#lastOf.set(fact.agentId, tally);
        return;
      }
      case 'callLeftQueue': {
        const stay = this.#leave(fact.callId, fact.waitMs);
        if (stay) countExit(stay.queue.bins[stay.bin] as Tally, fact.exit, fact.waitMs, stay.queue.config.target);
        return;
      }
      case 'talkEnded': {
        const tally = this.#lastOf.get(fact.agentId);
        if (tally) tally.sumTalkMs += fact.talkMs;
        return;
      }
      case 'wrapUpEnded': {
        const tally = this.#lastOf.get(fact.agentId);
        if (tally) tally.sumWrapUpMs += fact.wrapUpMs;
        return;
      }
      case 'agentStateChanged': {
        const seat = this.#settled(fact.agentId, atMs);
        if (seat) seat.state = fact.to;
        return;
      }
      case 'agentStatusChanged': {
        const seat = this.#settled(fact.agentId, atMs);
        if (seat) seat.ready = fact.status === 'ready';
        if (fact.reason === 'rona') this.ronas++;
        return;
      }
    }
  }

  /** The last caller has gone: the agents' time up to now is counted too. */
  close(atMs: Ms): void {
    const end = Math.max(atMs, this.#untilMs);
    for (const id of this.#seats.keys()) this.#settled(id, end);
  }

  #queued(atMs: Ms, callId: CallId, queueId: QueueId): void {
    const queue = this.#byId.get(queueId);
    if (!queue || atMs < this.#fromMs) return;
    const bin = this.#bin(atMs);
    countEntry(queue.bins[bin] as Tally);
    this.#stays.set(callId, { queue, bin });
  }

  #leave(callId: CallId, waitMs: Ms): Stay | undefined {
    const stay = this.#stays.get(callId);
    if (!stay) return undefined;
    this.#stays.delete(callId);
    stay.queue.waits.add(waitMs);
    (this.waitsByBin[stay.bin] as WaitHistogram).add(waitMs);
    return stay;
  }

  /** Callers who overflow after the end of the day are counted in its last half hour. */
  #bin(atMs: Ms): number {
    return Math.min(this.waitsByBin.length - 1, Math.floor(atMs / BIN_MS));
  }

  /** Occupancy is work / (work + idle and ready); ringing and time off duty are in neither. */
  #settled(agentId: AgentId, atMs: Ms): Seat | undefined {
    const seat = this.#seats.get(agentId);
    if (!seat) return undefined;
    const working = seat.state === 'talking' || seat.state === 'onHold' || seat.state === 'wrapUp';
    if (working || (seat.ready && seat.state === 'idle')) {
      const from = Math.max(seat.sinceMs, this.#fromMs);
      const key = working ? 'workMs' : 'idleMs';
      if (atMs > from) (this.wholeTime[seat.group] as GroupTime)[key] += atMs - from;
      const until = Math.min(atMs, this.#untilMs);
      if (until > from) (this.openTime[seat.group] as GroupTime)[key] += until - from;
    }
    seat.sinceMs = atMs;
    return seat;
  }
}
