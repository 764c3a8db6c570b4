import type { Timers } from '../acd/entities.js';
import type { CallOutcome, QueueExit } from '../base/facts.js';
import type { BridgeId, CallId, LegId, OfferId, PlaybackId, QueueId, RecordingId, SwitchId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
import type { FlowState } from '../flow/contract.js';

/**
 * One call's life, from arrival to the last goodbye. Plain JSON; lives in Redis as it is.
 *
 * - `flow`: the caller is with the IVR · `queued`: waits, or an agent's phone rings · `talking` · `leaving`: we have asked for the hang-up
 * - `settling`: the caller is gone, the outcome is told; an agent's leg or the recording still has to end.
 */
export interface CallRecord {
  readonly callId: CallId;
  readonly switchId: SwitchId;
  readonly legId: LegId;
  readonly ani: string;
  readonly aniName: string;
  readonly dnis: string;
  readonly arrivedAtMs: Ms;
  phase: 'flow' | 'queued' | 'talking' | 'leaving' | 'settling';
  flow: FlowState | null;
  /** A playback under way; `turn` null for announcements, which the flow does not wait for. */
  playback: { readonly playbackId: PlaybackId; readonly turn: number | null } | null;
  playCount: number;
  queueId: QueueId | null;
  /** Agents' legs made for this call that still stand on the switch. A leg is named by its offer. */
  agentLegs: OfferId[];
  bridge: { readonly bridgeId: BridgeId; readonly offerId: OfferId } | null;
  recording: Recording | null;
  recordingCount: number;
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

export interface Recording {
  readonly recordingId: RecordingId;
  readonly file: string;
  startedAtMs: Ms | null;
  stoppedAtMs: Ms | null;
}

/** An agent's leg is named by its offer. */
export const legOfOffer = (offerId: OfferId): LegId => offerId as string as LegId;
export const offerOfLeg = (legId: LegId): OfferId => legId as string as OfferId;
