import type { BridgeId, CallId, LegId, OfferId, PlaybackId, RecordingId, SwitchId } from '../base/ids.js';
import type { Ms } from '../base/time.js';

/** What a switch reports, parsed from its own words by an adapter; what could not be parsed was dropped and counted there. */

/**
 * Why a leg ended, from the phone's side: `busy` 486, `declined` 603, `noAnswer` rang to the end (480/408 after ringing, our timeout),
 * `unreachable` 404/480/503/nobody there, `hungUp` ended after an answer or by us, `lost` found missing at a resync.
 */
export type LegEndCause = 'hungUp' | 'busy' | 'declined' | 'noAnswer' | 'unreachable' | 'error' | 'lost';

export type SwitchEvent =
  /** A caller's leg came in and waits for us, unanswered. `note` is what `remember` left there, for legs found at a resync. */
  | { kind: 'legArrived'; switchId: SwitchId; legId: LegId; ani: string; aniName: string; dnis: string; note: string | null }
  /** An agent's phone dialled a feature code. */
  | { kind: 'phoneDialled'; switchId: SwitchId; legId: LegId; address: string; digits: string }
  | { kind: 'legRinging'; switchId: SwitchId; legId: LegId }
  /** A leg that we dialled was picked up and is ours. */
  | { kind: 'legAnswered'; switchId: SwitchId; legId: LegId }
  /** A leg is gone; said once per leg. */
  | { kind: 'legEnded'; switchId: SwitchId; legId: LegId; cause: LegEndCause }
  | { kind: 'legHeld' | 'legUnheld'; switchId: SwitchId; legId: LegId }
  /** A key, at key-up. */
  | { kind: 'keyPressed'; switchId: SwitchId; legId: LegId; key: string; durationMs: Ms }
  /** `played` false: the file was missing or could not be played. A playback that was stopped ends too, with `played` true. */
  | { kind: 'playbackEnded'; switchId: SwitchId; legId: LegId; playbackId: PlaybackId; played: boolean }
  | { kind: 'connected'; switchId: SwitchId; bridgeId: BridgeId; offerId: OfferId }
  /** `missing` says which leg was gone; null when neither could be blamed. */
  | {
      kind: 'connectFailed';
      switchId: SwitchId;
      bridgeId: BridgeId;
      offerId: OfferId;
      missing: 'caller' | 'agent' | null;
      detail: string;
    }
  | { kind: 'recordingStarted'; switchId: SwitchId; recordingId: RecordingId }
  /**
   * `durationMs` as the switch tells it; `failed` when it told of a fault or ended without having started. `soundMs`: how much of a message was not
   * silence; absent when the switch does not say.
   */
  | {
      kind: 'recordingEnded';
      switchId: SwitchId;
      recordingId: RecordingId;
      durationMs: Ms;
      soundMs?: Ms;
      failed: boolean;
      detail: string;
    }
  | { kind: 'switchUp'; switchId: SwitchId; detail: string; snapshot: SwitchSnapshot }
  | { kind: 'switchDown'; switchId: SwitchId; detail: string }
  /** A command could not be carried out; `subject` is the id it was about (leg, playback, recording ...). */
  | { kind: 'commandFailed'; switchId: SwitchId; command: string; callId: CallId | null; subject: string; detail: string };

/** What is there on a switch, of all that is ours. */
export interface SwitchSnapshot {
  /** The switch itself has been restarted since we last saw it: legs that are missing were lost with it, nobody hung up. */
  readonly restarted?: boolean;
  readonly legs: readonly LegSnapshot[];
  readonly bridges: ReadonlyArray<{ readonly bridgeId: BridgeId; readonly legs: readonly LegId[] }>;
  /** Of the recordings and playbacks that the state thinks are running (given to `Switch.snapshot`), those that really run. */
  readonly recordings: readonly RecordingId[];
  readonly playbacks: readonly PlaybackId[];
}

export interface LegSnapshot {
  readonly legId: LegId;
  readonly direction: 'inbound' | 'outbound';
  readonly state: 'ringing' | 'up';
  readonly ani: string;
  readonly aniName: string;
  readonly dnis: string;
  readonly note: string | null;
}
