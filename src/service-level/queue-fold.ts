import type { QueueConfig } from '../acd/config.js';
import type { FactOf, QueueExit } from '../base/facts.js';
import type { AgentId, CallId, QueueId } from '../base/ids.js';
import { DAY, MINUTE, type Ms } from '../base/time.js';
import { addTally, countAnswer, countEntry, countExit, countsAt, emptyTally, type Tally } from './tally.js';
import type { QueueCounts } from './views.js';
import { type WaitCounts, WaitHistogram, WaitSteps } from './wait-histogram.js';

/** One call's stay in one queue, from its entry on. A call that comes back later makes a new stay; an unanswered offer does not. */
export interface Stay {
  readonly callId: CallId;
  readonly queueId: QueueId;
  readonly enteredAtMs: Ms;
  /** The entry that the order goes by; earlier for a caller who overflowed or redialled. */
  readonly placeFromMs: Ms;
  lane: string;
  priority: number;
  /** Where this stay is counted: its minute and its day of entry. */
  readonly minute: Tally;
  readonly day: Tally;
  readonly more: DayMore;
  /** Where else it is counted: the day's counts of the caller's tier and lane, and those since the first fact. */
  readonly parts: readonly Tally[];
  readonly estimateMs: Ms | null;
}

/** What else is counted of one queue on one day. */
export interface DayMore {
  readonly waits: WaitHistogram;
  /** `tier:vip`, `lane:ordinary`, `agent:1001`, `team:north` -> the same counts; of an agent and a team only what they answered. */
  readonly parts: Map<string, Tally>;
  sumWaitAbandonedMs: Ms;
  /** Of today's entries, talks that are over: a handle time can be had from these. */
  talks: number;
  rona: number;
  /** Of the answered calls for which a wait was foretold. */
  estimates: { calls: number; sumAbsMs: Ms; sumMs: Ms };
}

const blankMore = (): DayMore => ({
  waits: new WaitHistogram(),
  parts: new Map(),
  sumWaitAbandonedMs: 0,
  talks: 0,
  rona: 0,
  estimates: { calls: 0, sumAbsMs: 0, sumMs: 0 },
});

interface Line {
  readonly config: QueueConfig;
  /** By minute of entry, and by start of the day of entry. */
  readonly minutes: Map<Ms, Tally>;
  readonly days: Map<Ms, Tally>;
  readonly more: Map<Ms, DayMore>;
  /** In order of entry. */
  readonly waiting: Map<CallId, Stay>;
  /** Since the first fact, over all days. */
  readonly total: Tally;
  readonly totalWaits: WaitSteps;
  /** Rises with each change of any count. */
  changes: number;
}

const MINUTES_KEPT = (2 * DAY) / MINUTE;
const DAYS_KEPT = 8;

/** Counts what happens in queues. Each stay is counted in the minute and the day in which it entered, whenever it ends. */
export class QueueFold {
  readonly #lines = new Map<QueueId, Line>();
  readonly #stays = new Map<CallId, Stay>();
  /** What an agent answered last: talk and wrap-up belong to that stay, even after the call is forgotten. */
  readonly #answered = new Map<AgentId, Stay>();
  readonly #dayStartMs: (atMs: Ms) => Ms;
  #cachedMinute = Number.NaN;
  #cachedDay = 0;

  constructor(queues: readonly QueueConfig[], dayStartMs: (atMs: Ms) => Ms) {
    this.#dayStartMs = dayStartMs;
    for (const config of queues)
      this.#lines.set(config.id, {
        config,
        minutes: new Map(),
        days: new Map(),
        more: new Map(),
        waiting: new Map(),
        total: emptyTally(),
        totalWaits: new WaitSteps(),
        changes: 0,
      });
  }

  /** The queue of a call that waits, else null. */
  stayOf(callId: CallId): Stay | null {
    return this.#stays.get(callId) ?? null;
  }

  queued(fact: FactOf<'callQueued'>, tier: string): void {
    const current = this.#stays.get(fact.callId);
    if (current?.queueId === fact.queueId) {
      // Nobody enters a queue twice without leaving it: the place and the clock are kept.
      current.lane = fact.lane;
      current.priority = fact.priority;
      return;
    }
    if (current) this.#leave(current, 'flowedOut', fact.atMs - current.enteredAtMs);
    this.#enter(fact, tier);
  }

  reprioritised(fact: FactOf<'callReprioritised'>): void {
    const stay = this.#stays.get(fact.callId);
    if (!stay || stay.queueId !== fact.queueId) return;
    stay.lane = fact.lane;
    stay.priority = fact.priority;
  }

  blocked(fact: FactOf<'callBlocked'>): void {
    const line = this.#lines.get(fact.queueId);
    if (!line) return;
    line.changes += 1;
    const { minute, day } = this.#tallies(line, fact.atMs);
    minute.blocked += 1;
    day.blocked += 1;
    line.total.blocked += 1;
  }

  /** A phone rang for a call of this queue and nobody picked up. */
  notAnswered(queueId: QueueId, atMs: Ms): void {
    const line = this.#lines.get(queueId);
    if (line) keyed(line.more, this.#dayOf(atMs), DAYS_KEPT, blankMore).rona += 1;
  }

  answered(fact: FactOf<'callAnswered'>, team: string): void {
    const stay = this.#stayFor(fact.callId, fact.queueId, fact.atMs, fact.waitMs);
    const line = stay && this.#lines.get(stay.queueId);
    if (!line) return;
    this.#forget(stay, line);
    const { target } = line.config;
    for (const tally of [stay.minute, stay.day, ...stay.parts]) countAnswer(tally, fact.waitMs, target);
    stay.more.waits.add('answered', fact.waitMs);
    line.totalWaits.add(fact.waitMs);
    countEstimate(stay, fact.waitMs);
    const own = [`agent:${fact.agentId}`, ...(team === '' ? [] : [`team:${team}`])].map((key) => partOf(stay.more, key));
    for (const tally of own) {
      countEntry(tally);
      countAnswer(tally, fact.waitMs, target);
    }
    this.#answered.set(fact.agentId, { ...stay, parts: [...stay.parts, ...own] });
  }

  left(fact: FactOf<'callLeftQueue'>): void {
    const stay = this.#stayFor(fact.callId, fact.queueId, fact.atMs, fact.waitMs);
    if (stay) this.#leave(stay, fact.exit, fact.waitMs);
  }

  /** A call that ends while it is still in a queue (its switch is lost) has left unanswered: for the caller that is an abandon. */
  ended(fact: FactOf<'callEnded'>): void {
    const stay = this.#stays.get(fact.callId);
    if (stay) this.#leave(stay, 'abandoned', fact.atMs - stay.enteredAtMs);
  }

  talkEnded(fact: FactOf<'talkEnded'>): void {
    const stay = this.#answered.get(fact.agentId);
    if (!stay || stay.callId !== fact.callId) return;
    stay.more.talks += 1;
    this.#changed(stay.queueId);
    for (const tally of [stay.minute, stay.day, ...stay.parts]) {
      tally.sumTalkMs += fact.talkMs;
      tally.sumHoldMs += fact.holdMs;
    }
  }

  wrapUpEnded(fact: FactOf<'wrapUpEnded'>): void {
    const stay = this.#answered.get(fact.agentId);
    if (!stay || stay.callId !== fact.callId) return;
    this.#changed(stay.queueId);
    for (const tally of [stay.minute, stay.day, ...stay.parts]) tally.sumWrapUpMs += fact.wrapUpMs;
  }

  /** Who waits in a queue, in order of entry. */
  waiting(queueId: QueueId): Iterable<Stay> & { readonly size: number } {
    const waiting = this.#lines.get(queueId)?.waiting;
    return { size: waiting?.size ?? 0, [Symbol.iterator]: () => (waiting ?? new Map<CallId, Stay>()).values() };
  }

  /** Counts of the site's day of `nowMs`, as they stand at `nowMs`. */
  today(queueId: QueueId, nowMs: Ms): QueueCounts {
    const line = this.#lines.get(queueId);
    const day = line?.days.get(this.#dayOf(nowMs));
    if (!line || !day) return countsAt(emptyTally(), 0, 0);
    return this.#counts(line, day, nowMs, (stay) => stay.day === day);
  }

  /** Counts of the calls that entered within [fromMs, toMs), by whole minutes, as they stand at `nowMs`. Two days back at most. */
  span(queueId: QueueId, fromMs: Ms, toMs: Ms, nowMs: Ms): QueueCounts {
    const sum = emptyTally();
    const line = this.#lines.get(queueId);
    if (!line) return countsAt(sum, 0, 0);
    if ((toMs - fromMs) / MINUTE < line.minutes.size) {
      for (let minute = Math.ceil(fromMs / MINUTE) * MINUTE; minute < toMs; minute += MINUTE) {
        const tally = line.minutes.get(minute);
        if (tally) addTally(sum, tally);
      }
    } else for (const [minute, tally] of line.minutes) if (minute >= fromMs && minute < toMs) addTally(sum, tally);
    return this.#counts(line, sum, nowMs, (stay) => {
      const minute = minuteOf(stay.enteredAtMs);
      return minute >= fromMs && minute < toMs;
    });
  }

  /**
   * Two moments with the same stamp give the same counts for any span of whole minutes: nothing was counted between them, the minute is the same, and nobody
   * has passed the threshold.
   */
  stamp(queueId: QueueId, nowMs: Ms): string {
    const line = this.#lines.get(queueId);
    if (!line) return '';
    let late = 0;
    for (const stay of line.waiting.values()) if (nowMs - stay.enteredAtMs > line.config.target.withinMs) late += 1;
    return `${line.changes}/${minuteOf(nowMs)}/${late}`;
  }

  /** What else was counted on the day of `nowMs`. */
  more(queueId: QueueId, nowMs: Ms): DayMore {
    return this.#lines.get(queueId)?.more.get(this.#dayOf(nowMs)) ?? blankMore();
  }

  /** The day's counts by tier, lane, agent and team, as they stand at `nowMs`. */
  parts(queueId: QueueId, nowMs: Ms): Map<string, QueueCounts> {
    const line = this.#lines.get(queueId);
    const found = new Map<string, QueueCounts>();
    for (const [key, tally] of line?.more.get(this.#dayOf(nowMs))?.parts ?? []) {
      found.set(
        key,
        this.#counts(line as Line, tally, nowMs, (stay) => stay.parts.includes(tally)),
      );
    }
    return found;
  }

  /** All calls since the first fact, as they stand at `nowMs`, and how long the answered ones had waited. */
  totals(queueId: QueueId, nowMs: Ms): { readonly counts: QueueCounts; readonly waits: readonly number[] } {
    const line = this.#lines.get(queueId);
    if (!line) return { counts: countsAt(emptyTally(), 0, 0), waits: new WaitSteps().view() };
    return { counts: this.#counts(line, line.total, nowMs, () => true), waits: line.totalWaits.view() };
  }

  waits(queueId: QueueId, nowMs: Ms): WaitCounts {
    return this.more(queueId, nowMs).waits.view();
  }

  /** Start of the site's day, remembered per minute because a time zone is dear to ask. */
  dayOf(atMs: Ms): Ms {
    return this.#dayOf(atMs);
  }

  #counts(line: Line, tally: Tally, nowMs: Ms, counted: (stay: Stay) => boolean): QueueCounts {
    let late = 0;
    let longestMs = 0;
    for (const stay of line.waiting.values()) {
      if (!counted(stay)) continue;
      const waitedMs = nowMs - stay.enteredAtMs;
      if (waitedMs > line.config.target.withinMs) late += 1;
      longestMs = Math.max(longestMs, waitedMs);
    }
    return countsAt(tally, late, longestMs);
  }

  #enter(entry: Entry, tier: string): Stay | null {
    const { callId, queueId, atMs, lane, priority } = entry;
    const line = this.#lines.get(queueId);
    if (!line) return null;
    const more = keyed(line.more, this.#dayOf(atMs), DAYS_KEPT, blankMore);
    const stay: Stay = {
      callId,
      queueId,
      enteredAtMs: atMs,
      placeFromMs: entry.placeFromMs ?? atMs,
      lane,
      priority,
      ...this.#tallies(line, atMs),
      more,
      parts: [line.total, partOf(more, `lane:${lane}`), ...(tier === '' ? [] : [partOf(more, `tier:${tier}`)])],
      estimateMs: entry.estimateMs ?? null,
    };
    for (const tally of [stay.minute, stay.day, ...stay.parts]) countEntry(tally);
    line.waiting.set(callId, stay);
    line.changes += 1;
    this.#stays.set(callId, stay);
    return stay;
  }

  /** The stay that a fact speaks of. One that began before our first fact is entered now, at the moment that its wait tells. */
  #stayFor(callId: CallId, queueId: QueueId, atMs: Ms, waitMs: Ms): Stay | null {
    const current = this.#stays.get(callId);
    if (current?.queueId === queueId) return current;
    if (current) this.#leave(current, 'flowedOut', atMs - current.enteredAtMs);
    return this.#enter({ callId, queueId, atMs: atMs - waitMs, lane: 'ordinary', priority: 0 }, '');
  }

  #leave(stay: Stay, exit: QueueExit, waitMs: Ms): void {
    const line = this.#lines.get(stay.queueId);
    if (!line) return;
    this.#forget(stay, line);
    for (const tally of [stay.minute, stay.day, ...stay.parts]) countExit(tally, exit, waitMs, line.config.target);
    if (exit !== 'abandoned') return;
    stay.more.waits.add('abandoned', waitMs);
    stay.more.sumWaitAbandonedMs += waitMs;
  }

  #changed(queueId: QueueId): void {
    const line = this.#lines.get(queueId);
    if (line) line.changes += 1;
  }

  #forget(stay: Stay, line: Line): void {
    line.changes += 1;
    line.waiting.delete(stay.callId);
    this.#stays.delete(stay.callId);
  }

  #tallies(line: Line, atMs: Ms): { minute: Tally; day: Tally } {
    return {
      minute: keyed(line.minutes, minuteOf(atMs), MINUTES_KEPT, emptyTally),
      day: keyed(line.days, this.#dayOf(atMs), DAYS_KEPT, emptyTally),
    };
  }

  #dayOf(atMs: Ms): Ms {
    const minute = minuteOf(atMs);
    if (minute !== this.#cachedMinute) {
      this.#cachedMinute = minute;
      this.#cachedDay = this.#dayStartMs(minute);
    }
    return this.#cachedDay;
  }
}

const minuteOf = (atMs: Ms): Ms => Math.floor(atMs / MINUTE) * MINUTE;

interface Entry {
  readonly callId: CallId;
  readonly queueId: QueueId;
  readonly atMs: Ms;
  readonly lane: string;
  readonly priority: number;
  readonly placeFromMs?: Ms;
  readonly estimateMs?: Ms | null;
}

const partOf = ({ parts }: DayMore, key: string): Tally => keyed(parts, key, Number.POSITIVE_INFINITY, emptyTally);

function countEstimate({ estimateMs, more: { estimates } }: Stay, waitMs: Ms): void {
  if (estimateMs === null) return;
  estimates.calls += 1;
  estimates.sumAbsMs += Math.abs(estimateMs - waitMs);
  estimates.sumMs += estimateMs - waitMs;
}

/** Finds or makes an entry; the oldest made goes when there are too many. */
function keyed<K, V>(entries: Map<K, V>, key: K, kept: number, make: () => V): V {
  const found = entries.get(key);
  if (found) return found;
  const made = make();
  entries.set(key, made);
  if (entries.size > kept) entries.delete(entries.keys().next().value as K);
  return made;
}
