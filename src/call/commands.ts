import type { BridgeId, CallId, LegId, OfferId, PlaybackId, RecordingId } from '../base/ids.js';
import type { PromptRef } from '../base/prompts.js';
import type { Ms } from '../base/time.js';

export type { PromptRef } from '../base/prompts.js';

/**
 * What a switch is told, in the domain's words. Every command is idempotent as far as a switch allows: ids are ours,
 * so a command that is repeated after a crash finds what the first one made.
 */

/** Why a leg is hung up by us, as a switch can say it to a phone. */
export type HangUpCause = 'normal' | 'busy' | 'declined' | 'congestion' | 'noAnswer' | 'unallocated';

export type SwitchCommand =
  /** Pick up an inbound leg (200 OK). */
  | { kind: 'answer'; callId: CallId; legId: LegId }
  /** Play prompts one after the other to one leg. Ends with one `playbackEnded`. Works for a waiting leg too: the music steps back and returns. */
  | { kind: 'play'; callId: CallId; legId: LegId; playbackId: PlaybackId; prompts: readonly PromptRef[] }
  /** Cut a playback now. A playback that has already ended is no error. */
  | { kind: 'stopPlayback'; callId: CallId; legId: LegId; playbackId: PlaybackId }
  /** Put a caller in the waiting room: music, announcements possible. Repeating it is harmless. */
  | { kind: 'wait'; callId: CallId; legId: LegId; music: string }
  /**
   * Dial an agent's phone. `address` comes from our own tables only. The new leg is named `legId`. Ends with `legAnswered` or `legEnded`;
   * the switch gives up by itself a little after `ringTimeoutMs` in case we are dead (our own timer is the rule).
   */
  | {
      kind: 'ringAgent';
      callId: CallId;
      offerId: OfferId;
      legId: LegId;
      address: string;
      ringTimeoutMs: Ms;
      callerNumber: string;
      callerName: string;
      /** The phone is asked to pick up by itself. */
      autoAnswer?: true;
    }
  /**
   * Dial a person outside, who asked to be called back, by the switch's own trunk. `number` is digits, a plus before them at most; anything
   * else, and a number that the configuration does not allow, is not dialled. The new leg is named `legId` and is a caller's leg from its
   * answer on. Ends with `legAnswered` or `legEnded`; the switch gives up by itself a little after `ringTimeoutMs`.
   */
  | { kind: 'dialOut'; callId: CallId; legId: LegId; number: string; ringTimeoutMs: Ms; callerId: string }
  | { kind: 'hangUp'; callId: CallId | null; legId: LegId; cause: HangUpCause }
  /**
   * Connect caller and agent in a bridge named `bridgeId`, out of the waiting room or a menu; any playback in
   * `stopPlaybacks` is cut in the same breath. Ends with `connected` or `connectFailed`. Repeating it is harmless.
   */
  | {
      kind: 'connect';
      callId: CallId;
      offerId: OfferId;
      bridgeId: BridgeId;
      callerLegId: LegId;
      agentLegId: LegId;
      stopPlaybacks: readonly PlaybackId[];
    }
  /** Take a bridge away; its legs stay up, in silence, until the next command. An unknown bridge is no error. */
  | { kind: 'dissolve'; callId: CallId | null; bridgeId: BridgeId }
  /** Record a bridge into `<recordings>/<file>.wav`. Answers with `recordingStarted`, later `recordingEnded`. */
  | { kind: 'startRecording'; callId: CallId; recordingId: RecordingId; bridgeId: BridgeId; callerLegId: LegId; file: string }
  /**
   * After a beep, record what this leg alone says into `<recordings>/<file>.wav`, until `maxMs`, a silence of `silenceMs`, or stopRecording. Answers with
   * `recordingStarted`, later `recordingEnded`. The leg is in no bridge; a waiting or menu leg is taken out of it.
   */
  | {
      kind: 'recordMessage';
      callId: CallId;
      recordingId: RecordingId;
      legId: LegId;
      file: string;
      maxMs: Ms;
      silenceMs: Ms;
    }
  | { kind: 'stopRecording'; callId: CallId; recordingId: RecordingId }
  /** Leave a note on the leg itself (a channel variable), so that the call can be found again if Redis is empty. At most 1,000 characters. */
  | { kind: 'remember'; callId: CallId; legId: LegId; note: string };

export type SwitchCommandOf<K extends SwitchCommand['kind']> = Extract<SwitchCommand, { kind: K }>;
