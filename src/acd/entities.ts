import type { AgentState, AgentStatus } from '../base/facts.js';
import type { AgentId, CallId, OfferId, QueueId, TimerId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
import type { Lane } from './events.js';

/** Timers by purpose. An expiry whose id is not the one that stands here is stale. */
export type Timers = Record<string, { readonly id: TimerId; readonly atMs: Ms }>;

/** A call from its entry into a queue until the talk is over. Plain JSON; lives in Redis as it is. */
export interface QueuedCall {
  readonly callId: CallId;
  readonly queueId: QueueId;
  lane: Lane;
  priority: number;
  readonly skills: Readonly<Record<string, number>>;
  readonly language: string;
  /** Never changes, also not by rona. */
  readonly enteredAtMs: Ms;
  relaxStep: number;
  phase: 'waiting' | 'offered' | 'connecting' | 'talking';
  offerCount: number;
  timerCount: number;
  announceCount: number;
  offer: { readonly offerId: OfferId; readonly agentId: AgentId; readonly offeredAtMs: Ms } | null;
  talk: { readonly answeredAtMs: Ms; holdMs: Ms; heldSinceMs: Ms | null } | null;
  timers: Timers;
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
  phoneFailures: number;
  timerCount: number;
  timers: Timers;
}
