import type { BridgeId, LegId, OfferId, PlaybackId, RecordingId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
import type { PromptRef } from '../call/commands.js';

export interface SimulatedLeg {
  readonly legId: LegId;
  readonly direction: 'inbound' | 'outbound';
  readonly ani: string;
  readonly aniName: string;
  readonly dnis: string;
  state: 'ringing' | 'up';
  note: string | null;
  /** The waiting room, a bridge, or nowhere. */
  place: { kind: 'nowhere' } | { kind: 'waiting'; music: string } | { kind: 'bridge'; bridgeId: BridgeId };
  playing: { playbackId: PlaybackId; prompts: readonly PromptRef[]; cancel: () => void } | null;
  offerId: OfferId | null;
  /** The message that it is saying. */
  saying: RecordingId | null;
  /** How long the person here speaks after a beep; null: on and on. */
  speaksMs: Ms | null;
  /** Alarms of the phone behind this leg. */
  alarms: (() => void)[];
}
