import type { AgentState, AgentStatus } from '../base/facts.js';
import type { AgentId, CallId, OfferId, QueueId, TimerId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
import type { RequirementExpression } from './config.js';
import type { Lane } from './events.js';

/** Timers by purpose. An expiry whose id is not the one that stands here is stale. */
export type Timers = Record<string, { readonly id: TimerId; readonly atMs: Ms }>;

/** A call from its entry into a queue until the talk is over. Plain JSON; lives in Redis as it is. */
export interface QueuedCall {
  readonly callId: CallId;
  /** Changes when the call overflows into another queue. */
  queueId: QueueId;
  lane: Lane;
  priority: number;
  readonly tier: string | null;
  skills: RequirementExpression;
  readonly language: string;
  /** What the order goes by. Never changes, also not by rona or by overflow; a caller who dropped and redialled has the one of the first call. */
  readonly enteredAtMs: Ms;
  /** When this call entered the queue that it is in: all waits that are told, limited or counted start here. */
  queuedAtMs: Ms;
  /** The number calling, for the place of a caller who redials; null when there is none to know the caller by. */
  readonly caller: string | null;
  /** Groups whose agents may serve this call too, by overflow. */
  groups: readonly string[];
  /** Rules of overflow by wait that have been looked at in this queue, and the queues that the call has overflowed from. */
  overflowStep: number;
  readonly cameFrom: QueueId[];
  /** When the next announcement of each kind is due. */
  due: { position?: Ms; estimate?: Ms; comfort?: Ms };
  relaxStep: number;
  /** `resting`: keeps the place and is offered to nobody; a promised callback between two attempts, or before its time. */
  phase: 'waiting' | 'resting' | 'offered' | 'connecting' | 'talking';
  /** A promise to call back: nobody is on the line, or we have dialled the caller. Such a call has been counted before and is not again. */
  callback?: KeptPromise;
  /** The how manieth stay of this call in a queue; absent for the first. */
  readonly stay?: number;
  offerCount: number;
  timerCount: number;
  announceCount: number;
  /** What the flow asked for in place of the queue's own announcements; absent: these. */
  readonly announce?: 'none' | { readonly plan: string };
  /** Under way, or picked up. Several only while phones ring for `ring-all`; the one that is picked up is then the only one. */
  offers: Offer[];
  /** The agent whom this call is meant for, while nobody else is to have it. See wishes.ts. */
  waitsFor: Wish | null;
  talk: { readonly answeredAtMs: Ms; holdMs: Ms; heldSinceMs: Ms | null } | null;
  timers: Timers;
}

export interface Offer {
  readonly offerId: OfferId;
  readonly agentId: AgentId;
  readonly offeredAtMs: Ms;
}

export interface Wish {
  readonly agentId: AgentId;
  readonly because: 'preferred' | 'lastAgent' | 'assigned';
  /** Null: for as long as the agent is signed in. */
  readonly untilMs: Ms | null;
  /** Who assigned it. */
  readonly by: string | null;
  /** That the call waits for the agent has become a fact. */
  readonly told?: boolean;
}

/** The offer that was picked up, or the first that is under way. */
export const offerOf = (call: Pick<QueuedCall, 'offers'> | undefined): Offer | undefined => call?.offers[0];

export const findOffer = (call: Pick<QueuedCall, 'offers'> | undefined, offerId: OfferId): Offer | undefined =>
  call?.offers.find((each) => each.offerId === offerId);

export interface KeptPromise {
  readonly mode: 'agent-first' | 'caller-first';
  /** What it takes at most to get the caller on the line once an agent is; 0 when the caller is there. */
  dialMs: Ms;
}

/** An agent as the engine sees one. Plain JSON. */
export interface Agent {
  readonly agentId: AgentId;
  status: AgentStatus;
  reason: string | null;
  state: AgentState;
  statusSinceMs: Ms;
  stateSinceMs: Ms;
  phone: string | null;
  /** When the agent last stopped working; the order of longest idle. A rejected or failed offer does not reset it. */
  idleSinceMs: Ms;
  offerId: OfferId | null;
  callId: CallId | null;
  queueId: QueueId | null;
  /** The offer whose leg still stands on the switch; the phone is not rung again before it is gone. */
  legOf: OfferId | null;
  wrapUp: { readonly callId: CallId; readonly queueId: QueueId; readonly startedAtMs: Ms } | null;
  backOffUntilMs: Ms | null;
  /** Calls answered since sign-in. */
  answered: number;
  /** Talk, hold and wrap-up since sign-in, and ready time without work, up to `accountedAtMs`. */
  busyMs: Ms;
  freeMs: Ms;
  accountedAtMs: Ms;
  /** Callers whom this agent talked with last, by a hash of their number, oldest first. */
  lastCallers: Record<string, Ms>;
  /** The turn of the last offer, counted over the whole domain; 0: none yet. */
  offerTurn: number;
  phoneFailures: number;
  timerCount: number;
  timers: Timers;
}

/** What is kept of a queue beside its callers: how long a call takes, how the last half hour went, what it has borrowed. Plain JSON. */
export interface QueueRecord {
  readonly kind: 'queue';
  readonly queueId: QueueId;
  /** Running means; `talks` and `wrapUps` count the samples, up to a bound. */
  handle: { talks: number; talkMs: number; wrapUps: number; wrapUpMs: number };
  /** By minute of entry, the latest half hour; only kept when a rule looks at the service level. */
  level: { minute: number; offered: number; answered: number; inTime: number; short: number; gone: number }[];
  /** By place of the rule. */
  borrowed: { lent: boolean; needSinceMs: Ms | null; easeSinceMs: Ms | null }[];
  timerCount: number;
  timers: Timers;
}

/** A caller who dropped while waiting and may come back to the place. */
export interface KeptPlace {
  readonly kind: 'place';
  readonly queueId: QueueId;
  readonly caller: string;
  readonly callId: CallId;
  readonly enteredAtMs: Ms;
  readonly leftAtMs: Ms;
}

export type QueueEntity = QueueRecord | KeptPlace;
