import type { PlaybackId, RecordingId, SwitchId } from '../base/ids.js';
import type { SwitchCommand } from '../call/commands.js';
import type { SwitchEvent } from '../call/switch-events.js';

/**
 * A switch carries SIP and sound; we decide. Contract (test/contract/switch-contract.ts runs it against every adapter):
 *
 * - `start` resolves at once and keeps connecting for ever, with growing pauses. Every (re)connect is a resync: the adapter first
 *   subscribes, then lists what is there, then delivers `switchUp` with that snapshot, and only then any event that came meanwhile.
 * - Events of one leg arrive in order. After `legEnded` nothing more comes for that leg.
 * - `perform` never throws and never rejects. Commands of one call are carried out in the order given, different calls side by side.
 *   What fails in a way that the engine must know is an event (`legEnded`, `connectFailed`, `recordingEnded{failed}`, `playbackEnded{played:false}`,
 *   else `commandFailed`). A command for a leg that is gone yields no second `legEnded`.
 * - While down, commands fail at once with `commandFailed`; nothing is queued, because the resync will ask again for what is needed.
 * - People outside (`dialOut`) are dialled by the trunk that the adapter was configured with, which no command can name, and only if the
 *   configuration allows the number: the adapter asks for itself, and ends the leg with `error` otherwise.
 * - No value of the domain is ever put where the switch would interpret it (dial strings, expressions); a value with control
 *   characters is refused.
 */
export interface Switch {
  readonly id: SwitchId;
  readonly kind: 'asterisk' | 'freeswitch' | 'simulated';
  start(options: SwitchStart): Promise<void>;
  perform(command: SwitchCommand): Promise<void>;
  /** True between `switchUp` and `switchDown`. */
  isUp(): boolean;
  /** For `hotline doctor` and /readyz: version and health in one line each. */
  describe(): Promise<SwitchDescription>;
  stop(): Promise<void>;
}

export interface SwitchStart {
  readonly onEvent: (event: SwitchEvent) => void;
  /** What the state believes is running on this switch; asked at each (re)connect, because playbacks and recordings cannot be listed. */
  readonly expected: () => { playbacks: readonly PlaybackId[]; recordings: readonly RecordingId[] };
}

export interface SwitchDescription {
  readonly up: boolean;
  readonly version: string | null;
  readonly detail: string;
}
