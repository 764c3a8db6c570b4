import type { RequirementExpression } from '../acd/config.js';
import type { Timers } from '../acd/entities.js';
import type { Lane } from '../acd/events.js';
import type { CallbackOutcome, CallOutcome, QueueExit } from '../base/facts.js';
import type { AgentId, BridgeId, CallId, LegId, OfferId, PlaybackId, QueueId, RecordingId, SwitchId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
import type { FlowState } from '../flow/contract.js';

/**
 * One call's life, from arrival to the last goodbye. Plain JSON; lives in Redis as it is.
 *
 * - `flow`: the caller is with the IVR · `queued`: waits, or an agent's phone rings · `talking` · `leaving`: we have asked for the hang-up
 * - `promised`: nobody is on the line, or we are dialling; the caller will be called back
 * - `settling`: the caller is gone, the outcome is told; an agent's leg or the recording still has to end.
 */
export interface CallRecord {
  readonly callId: CallId;
  readonly switchId: SwitchId;
  /** Changes only while a promise to call back is kept: each attempt dials a new leg. */
  legId: LegId;
  readonly ani: string;
  readonly aniName: string;
  readonly dnis: string;
  readonly arrivedAtMs: Ms;
  phase: 'flow' | 'promised' | 'queued' | 'talking' | 'leaving' | 'settling';
  flow: FlowState | null;
  /** The set of live flows that the call began with; absent: there was only one. */
  readonly release?: number;
  /** A playback under way; `turn` null for announcements, which the flow does not wait for. */
  playback: { readonly playbackId: PlaybackId; readonly turn: number | null } | null;
  playCount: number;
  queueId: QueueId | null;
  /** How often it has entered a queue; absent: never. */
  stays?: number;
  /** What the call asked its last queue for, and since when: a callback keeps it. */
  asked?: Asked;
  /** Only for a call that is the promise to call somebody back. */
  callback?: CallbackLife;
  /** Agents' legs made for this call that still stand on the switch. A leg is named by its offer. */
  agentLegs: OfferId[];
  bridge: { readonly bridgeId: BridgeId; readonly offerId: OfferId } | null;
  recording: Recording | null;
  recordingCount: number;
  /** What the caller says into a box, until its end is told. Absent: nothing. */
  message?: Message;
  /** How many messages the caller has left or begun, and how many were handed over to endpoints; absent: none. */
  messageCount?: number;
  sendCount?: number;
  /** The person outside whom the caller is being or was connected with, until that leg is gone. Absent: nobody. */
  transfer?: OutsideTransfer;
  transferCount?: number;
  /** The agent who talked with the caller last. */
  lastTalk?: { readonly agentId: AgentId; readonly queueId: QueueId | null };
  /** The flow has done what the caller wanted (a message was left, somebody outside has talked): hanging up now gives nothing up. */
  served?: true;
  /** An agent has talked with the caller. */
  answered: boolean;
  /** The last way out of a queue, for the outcome. */
  exit: QueueExit | 'blocked' | null;
  /** The outcome that was decided when we asked for the hang-up. */
  outcome: CallOutcome | null;
  flowTimerTurn: number | null;
  timerCount: number;
  timers: Timers;
}

export interface Asked {
  readonly queueId: QueueId;
  readonly lane: Lane;
  readonly priority: number;
  readonly skills: RequirementExpression;
  readonly enteredAtMs: Ms;
}

export interface CallbackLife {
  /** The call in which the caller asked for it. */
  readonly requestedBy: CallId;
  readonly language: string;
  /** The kept place. */
  readonly enteredAtMs: Ms;
  readonly expiresAtMs: Ms;
  attempts: number;
  leg: 'none' | 'dialling' | 'up';
  /** When the attempt under way began. */
  dialledAtMs: Ms | null;
  outcome: CallbackOutcome | null;
}

export interface Recording {
  readonly recordingId: RecordingId;
  readonly file: string;
  startedAtMs: Ms | null;
  stoppedAtMs: Ms | null;
}

/** A message is in the language of recordings what a talk is: begun, stopped, ended. */
export interface Message extends Recording {
  readonly turn: number;
  readonly box: string;
  readonly maxMs: Ms;
  /** Endpoint that is told of it; null: nobody. */
  readonly notify: string | null;
}

/**
 * `dialling` · `connecting`: picked up, the bridge is asked for · `talking` · `ending`: over for the call; the leg still stands on the switch.
 */
export interface OutsideTransfer {
  readonly turn: number;
  readonly legId: LegId;
  readonly number: string;
  state: 'dialling' | 'connecting' | 'talking' | 'ending';
  connectedAtMs: Ms | null;
}

/** An agent's leg is named by its offer. */
export const legOfOffer = (offerId: OfferId): LegId => offerId as string as LegId;
export const offerOfLeg = (legId: LegId): OfferId => legId as string as OfferId;
