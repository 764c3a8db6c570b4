import type { RecordingId } from '../../src/base/ids.js';
import type { PromptRef } from '../../src/base/prompts.js';
import type { HangUpCause } from '../../src/call/commands.js';
import type { Switch } from '../../src/ports/switch.js';

/**
 * A switch with people at its ends: what the contract suite needs to drive any adapter. The real world has SIP phones that measure
 * what they hear, the simulated one asks the simulated switch; the suite cannot tell them apart.
 */
export interface SwitchWorld {
  readonly kind: Switch['kind'];
  /** Not started yet. The suite starts it once and stops it in the end. */
  readonly switch: Switch;
  readonly prompts: {
    /** About a second. */
    readonly short: PromptRef;
    /** 20 seconds. */
    readonly long: PromptRef;
    /** No such file. */
    readonly missing: PromptRef;
  };
  /** Name of the waiting room's music. */
  readonly music: string;
  /** Number that callers dial. */
  readonly dnis: string;
  /** Address of a phone that is not there. */
  readonly absentPhone: string;
  /** Two agents' phones; they answer by themselves unless told otherwise. */
  readonly phones: readonly [WorldPhone, WorldPhone];
  /** A person outside; `address` is the number that the trunk is given, and sounds `outside`. */
  readonly outside: WorldPhone;
  /** A caller dials in and is not answered yet. */
  placeCall(from: string, fromName?: string): Promise<WorldCaller>;
  /** Cuts the adapter's connection; calls on the switch go on. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** The switch dies with everything on it, and starts again empty. */
  crash(): Promise<void>;
  restart(): Promise<void>;
  /** Looks until there is something other than null, undefined or false; throws after `withinMs` (default 5000) of this world's time. */
  until<T>(what: string, look: () => T | Promise<T>, withinMs?: number): Promise<NonNullable<Exclude<T, false>>>;
  /** Lets this world's time go by. */
  pass(ms: number): Promise<void>;
  nowMs(): number;
  /** What is left on the switch that is a call's: legs and bridges, waiting rooms not counted. From the switch itself, not from the adapter. */
  leftovers(): Promise<{ legs: readonly string[]; bridges: readonly string[] }>;
  /** Whether the switch is still recording this. From the switch itself. */
  isRecording(recording: { readonly recordingId: RecordingId; readonly file: string }): Promise<boolean>;
  /** Seconds of a sound in a finished recording; null where there is no file to listen to. */
  recorded(file: string, sound: Sound): Promise<number | null>;
  close(): Promise<void>;
}

export type Sound = 'short' | 'long' | 'music' | 'caller' | 'phone1' | 'phone2' | 'outside';

export interface PhoneManner {
  /** Null: never rings (no 180). Default 0. */
  readonly ringAfterMs?: number | null;
  /** Null: rings for ever. Default 20. */
  readonly answerAfterMs?: number | null;
  /** Refuses with this SIP status in place of answering. */
  readonly respond?: number;
  /** Nobody there. */
  readonly silent?: boolean;
}

interface WorldParty {
  /** Whether this sound is being heard now (within the last tenth of a second). */
  hears(sound: Sound): boolean;
  press(key: string): Promise<void>;
  hangUp(): void;
}
export interface WorldCaller extends WorldParty {
  /** From now on this caller says nothing, or speaks again. */
  speak(on: boolean): void;
  state(): 'trying' | 'up' | 'ended';
  /** How an unanswered call was refused; null when it was not, or the world cannot tell. */
  refusedWith(): HangUpCause | null;
}
export interface WorldPhone extends WorldParty {
  /** What `ringAgent` is told. */
  readonly address: string;
  readonly sound: Sound;
  behave(manner: PhoneManner): void;
  state(): 'idle' | 'ringing' | 'up';
  /** How many times it was called, ever. */
  timesCalled(): number;
  /** Number and name that it showed at the last call. */
  shown(): { number: string; name: string } | null;
  /** Picks up by hand (answerAfterMs null). */
  answer(): void;
  hold(): Promise<void>;
  unhold(): Promise<void>;
  dial(digits: string): Promise<void>;
}
