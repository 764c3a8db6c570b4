import type { AgentState, AgentStatus } from '../base/facts.js';
import type { AgentId } from '../base/ids.js';
import type { Ms } from '../base/time.js';

/** How an agent's time of one day was spent. Every moment signed in lies in exactly one of: ring, talk, hold, outbound, wrapUp, idle, one reason of notReady. */
export interface AgentDayView {
  readonly agentId: AgentId;
  readonly dayStartMs: Ms;
  readonly signIns: number;
  readonly signedInMs: Ms;
  readonly ringMs: Ms;
  readonly talkMs: Ms;
  readonly holdMs: Ms;
  readonly outboundMs: Ms;
  readonly wrapUpMs: Ms;
  /** Ready and nothing to do. */
  readonly idleMs: Ms;
  readonly notReadyMs: Readonly<Record<string, Ms>>;
  readonly answered: number;
  readonly declined: number;
  readonly rona: number;
}

export interface AgentMoment {
  readonly status: AgentStatus;
  readonly reason: string | null;
  readonly state: AgentState;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Day = Mutable<Omit<AgentDayView, 'notReadyMs'>> & { notReadyMs: Record<string, Ms> };

const DAYS_KEPT = 2;

/** The clock of one agent: what has passed since the last change is booked to what the agent was doing, split at midnight. */
export class AgentDays {
  readonly #days: Day[] = [];
  #now: AgentMoment = { status: 'loggedOut', reason: null, state: 'idle' };
  #bookedToMs: Ms | null = null;

  constructor(
    private readonly agentId: AgentId,
    private readonly dayStartMs: (atMs: Ms) => Ms,
  ) {}

  /** The agent does something else from now on. */
  change(atMs: Ms, next: AgentMoment): void {
    this.#book(atMs);
    const { status, reason, state } = next;
    this.#now = { status, reason, state };
    this.#bookedToMs = atMs;
  }

  count(what: 'signIns' | 'answered' | 'declined' | 'rona', atMs: Ms): void {
    this.#day(this.dayStartMs(atMs))[what] += 1;
  }

  /** The day that `nowMs` lies in, booked up to `nowMs`. Asking changes nothing. */
  view(nowMs: Ms): AgentDayView {
    const start = this.dayStartMs(nowMs);
    const found = this.#days.find((day) => day.dayStartMs === start) ?? blank(this.agentId, start);
    const day: Day = { ...found, notReadyMs: { ...found.notReadyMs } };
    if (this.#bookedToMs !== null) spend(day, this.#now, nowMs - Math.max(start, this.#bookedToMs));
    return day;
  }

  /** Booked times of the day that `nowMs` lies in, up to the last change: the page adds what has passed since. */
  booked(dayStart: Ms): AgentDayView {
    return this.#days.find((day) => day.dayStartMs === dayStart) ?? blank(this.agentId, dayStart);
  }

  #book(toMs: Ms): void {
    if (this.#bookedToMs === null || this.#now.status === 'loggedOut') return;
    let from = this.#bookedToMs;
    const last = this.dayStartMs(toMs);
    // A shift over midnight: what lies before it belongs to the day before. Nobody is signed in over more than a day in one state unheard of.
    if (from < last) {
      spend(this.#day(this.dayStartMs(from)), this.#now, last - from);
      from = last;
    }
    spend(this.#day(last), this.#now, toMs - from);
  }

  #day(start: Ms): Day {
    const found = this.#days.find((day) => day.dayStartMs === start);
    if (found) return found;
    const day = blank(this.agentId, start);
    this.#days.push(day);
    if (this.#days.length > DAYS_KEPT) this.#days.shift();
    return day;
  }
}

function spend(day: Day, { status, reason, state }: AgentMoment, ms: Ms): void {
  if (status === 'loggedOut' || ms <= 0) return;
  day.signedInMs += ms;
  switch (state) {
    case 'ringing':
      day.ringMs += ms;
      return;
    case 'talking':
      day.talkMs += ms;
      return;
    case 'onHold':
      day.holdMs += ms;
      return;
    case 'outbound':
      day.outboundMs += ms;
      return;
    case 'wrapUp':
      day.wrapUpMs += ms;
      return;
    case 'idle':
      if (status === 'ready') day.idleMs += ms;
      else day.notReadyMs[reason ?? 'none'] = (day.notReadyMs[reason ?? 'none'] ?? 0) + ms;
  }
}

const blank = (agentId: AgentId, dayStartMs: Ms): Day => ({
  agentId,
  dayStartMs,
  signIns: 0,
  signedInMs: 0,
  ringMs: 0,
  talkMs: 0,
  holdMs: 0,
  outboundMs: 0,
  wrapUpMs: 0,
  idleMs: 0,
  notReadyMs: {},
  answered: 0,
  declined: 0,
  rona: 0,
});

/** Busy of busy and idle; null when neither. */
export const occupancyParts = (day: AgentDayView): { readonly busyMs: Ms; readonly idleMs: Ms } => ({
  busyMs: day.talkMs + day.holdMs + day.wrapUpMs + day.outboundMs,
  idleMs: day.idleMs,
});
