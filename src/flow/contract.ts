import type { CallbackRefusal, FactBody } from '../base/facts.js';
import type { AgentId, CustomerId, FlowId, QueueId } from '../base/ids.js';
import type { LookUpResult } from '../base/look-up.js';
import type { PromptRef } from '../base/prompts.js';
import type { Ms } from '../base/time.js';

/**
 * How a call talks to its flow. The interpreter is pure: `stepFlow(program, state, input, world)` returns a new state and effects.
 * It knows no switch and no clock; the call's state machine (call/) turns effects into commands and events into inputs.
 */

export type FlowValue = string | number | boolean | null;

/** Plain JSON, kept in Redis with the call. Secure digits are never in it. */
export interface FlowState {
  readonly flowId: FlowId;
  readonly version: string;
  readonly node: string;
  readonly language: string;
  /** Tries used at this node. */
  readonly tries: number;
  /** What an effect that is under way is called; an input for another name is stale and ignored. Rises, never repeats within a call. */
  readonly turn: number;
  /** What the node waits for. `digits` holds what was keyed so far at a menu. */
  readonly waitingFor: 'play' | 'prompt' | 'key' | 'queue' | 'callback' | 'lookup' | 'message' | 'transfer' | 'ended';
  readonly digits: string;
  readonly vars: Readonly<Record<string, FlowValue>>;
  /** Nodes entered without a caller's input in between; the loop guard ends a flow that runs away. */
  readonly hops: number;
  /** How often a node was entered that counts it (goto with `atMost`); absent: none yet. */
  readonly counts?: Readonly<Record<string, number>>;
  /** A prompt plays beside a wait that is not for it (a look-up). */
  readonly beside?: true;
  /** The keys of this entry came before its prompt, which has not been heard. */
  readonly early?: true;
  /** The caller has got what the call was for (a `say` was heard, a `play` that serves): hanging up from now on is no giving up. Absent: not yet. */
  readonly served?: true;
  /** When the overall time of the menu is up; null without one. */
  readonly deadlineMs: Ms | null;
  /** Flows to return to. */
  readonly stack: ReadonlyArray<{
    readonly flowId: FlowId;
    readonly version: string;
    readonly node: string;
    /** What `params` was in the flow that called; absent: nothing. */
    readonly params?: Readonly<Record<string, FlowValue>>;
    /** Variable -> name of a result of the flow that was called; absent: none. */
    readonly take?: Readonly<Record<string, string>>;
  }>;
  /** What this flow was called with; absent: nothing. */
  readonly params?: Readonly<Record<string, FlowValue>>;
}

/**
 * Digits of secure entry, by variable. In the memory of the controller alone: never in a state, fact, log, event that is kept, or answer of the API. A
 * controller that takes over has none: the node that needs one asks again, or takes its `failed`.
 */
export type Secrets = Readonly<Record<string, string>>;

export type FlowInput =
  | { readonly kind: 'started' }
  /** A playback that was asked for under `turn` has ended. */
  | { readonly kind: 'playEnded'; readonly turn: number }
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'timer'; readonly turn: number }
  /** The queue let the caller go without an agent. */
  /** `branch` is the exit of the queue node that the queue asks for by name; one that the node does not have is as if not asked for. */
  | {
      readonly kind: 'queueLeft';
      readonly exit: 'timedOut' | 'blocked' | 'exitedByKey' | 'flowedOut';
      readonly branch?: string | null;
    }
  /** An agent has talked with the caller and gone; the caller is still there. */
  | { readonly kind: 'talkEnded'; readonly agentId?: AgentId | null; readonly queueId?: QueueId | null }
  /** The look-up that was asked for under `turn` has an answer, or has failed. Always comes, at the latest after its time-out. */
  | { readonly kind: 'lookupEnded'; readonly turn: number; readonly result: LookUpResult }
  /** The caller's message is over (silence, longest time, `endMessage`). `kept` false: nothing worth keeping was recorded, or it failed. */
  | { readonly kind: 'messageEnded'; readonly turn: number; readonly durationMs: Ms; readonly kept: boolean }
  /** The transfer to the outside is over: `talked` when the two were connected, else why not. */
  | { readonly kind: 'transferEnded'; readonly turn: number; readonly result: TransferResult }
  /** The request for a callback has been decided: promised, or refused for this reason. */
  | { readonly kind: 'callbackDecided'; readonly refusal: CallbackRefusal | null }
  /** A controller has taken over: ask again for what the node needs (prompt or timer). */
  | { readonly kind: 'resumed' };

/** `denied`: the allow-list or a limit forbids the number; it was not dialled. */
export type TransferResult = 'talked' | 'busy' | 'noAnswer' | 'unreachable' | 'denied' | 'failed';

/** What a call needs of an agent: all entries of it, each a skill with its least level, or `all` or `any` with a list of further ones. */
export interface SkillExpression {
  readonly [skill: string]: number | readonly SkillExpression[];
}

export type FlowEffect =
  /** Replaces a playback that is running. Ends with input playEnded of the same turn. */
  | { readonly kind: 'play'; readonly turn: number; readonly prompts: readonly PromptRef[] }
  | { readonly kind: 'stopPlay' }
  /** One timer per flow; a new one replaces it. */
  | { readonly kind: 'startTimer'; readonly turn: number; readonly afterMs: Ms }
  | { readonly kind: 'stopTimer' }
  | {
      readonly kind: 'enterQueue';
      readonly queueId: QueueId;
      readonly lane: 'ordinary' | 'vip';
      readonly priority: number;
      readonly skills: SkillExpression;
      /** Goes before the tier of the customer directory; absent: that one. */
      readonly tier?: string;
      /** Kept for this agent for so long (null: until that agent signs out), then as the queue chooses. */
      readonly agent?: { readonly agentId: AgentId; readonly graceMs: Ms | null };
      /** Goes before the queue's own plan of announcements; `none` says nothing while waiting. Absent: the queue's. */
      readonly announce?: 'none' | { readonly plan: string };
    }
  /** Ask a configured endpoint. Ends with input lookupEnded of the same turn. `send` may hold secure digits: it is never stored or logged. */
  | {
      readonly kind: 'lookup';
      readonly turn: number;
      readonly endpoint: string;
      readonly send: Readonly<Record<string, FlowValue>>;
      readonly timeoutMs: Ms;
      /** Secure digits are in `send`. Absent: it is not known, and taken for true. */
      readonly hasSecrets?: boolean;
    }
  /** Hand a message to a configured endpoint; nobody waits for it. Never holds secure digits: the checker refuses it. */
  | { readonly kind: 'send'; readonly endpoint: string; readonly message: Readonly<Record<string, FlowValue>> }
  /** After a beep, record the caller into a message for `box`. Ends with input messageEnded of the same turn. */
  | {
      readonly kind: 'recordMessage';
      readonly turn: number;
      readonly box: string;
      readonly maxMs: Ms;
      readonly silenceMs: Ms;
      /** Endpoint that is told of the message; null: nobody. */
      readonly notify: string | null;
    }
  /** The caller has pressed the key that ends the message. Answered with messageEnded. */
  | { readonly kind: 'endMessage'; readonly turn: number }
  /** Dial a person outside and connect the caller. `number` is checked against the allow-list of the site. Ends with transferEnded of the same turn. */
  | { readonly kind: 'transferOutside'; readonly turn: number; readonly number: string; readonly ringMs: Ms }
  /** Promise the caller to call back. Null: as the call asked of the queue that it was in last. Answered at once with callbackDecided. */
  | {
      readonly kind: 'requestCallback';
      readonly queueId: QueueId | null;
      readonly lane: 'ordinary' | 'vip' | null;
      readonly priority: number | null;
      readonly skills: Readonly<Record<string, number>> | null;
    }
  | { readonly kind: 'hangUp' }
  /** A fact about the walk, without the call's id. */
  | { readonly kind: 'fact'; readonly fact: FlowFact };

type WithoutCall<F> = F extends unknown ? Omit<F, 'callId'> : never;
export type FlowFact = WithoutCall<
  Extract<
    FactBody,
    {
      kind:
        | 'flowEntered'
        | 'nodeEntered'
        | 'menuEnded'
        | 'digitsCollected'
        | 'lookUpEnded'
        | 'languageChosen'
        | 'callerIdentified'
        | 'surveyAnswered'
        | 'emergencyHeard';
    }
  >
>;

/** A customer as the directory knows one. */
export interface Customer {
  readonly id: CustomerId;
  readonly tier: string;
  readonly language: string | null;
  readonly name: string;
  /** The agent who looks after this customer. */
  readonly agent?: AgentId | null;
}

/** What a flow may look at. All synchronous and deterministic for a given time. */
export interface FlowWorld {
  readonly atMs: Ms;
  readonly ani: string;
  readonly dnis: string;
  customerByNumber(ani: string): Customer | null;
  customerByAccount?(account: string): Customer | null;
  /** The emergency announcement that is on for this number; null: none. */
  emergency?(dnis: string): EmergencyView | null;
  /** Secure digits of this call. */
  readonly secrets?: Secrets;
  /** The agent who talked with the caller last in this call, for a survey. */
  readonly lastTalk?: { readonly agentId: AgentId; readonly queueId: QueueId | null } | null;
  /** Null: no such calendar (the checker refuses it before). */
  isOpen(calendar: string, atMs: Ms): boolean | null;
  flow(flowId: FlowId): FlowProgram | null;
}

/** An announcement that goes before everything. `continue`: the flow goes on; `closed`: every `hours` node says closed; `hangUp`: goodbye. */
export interface EmergencyView {
  readonly prompt: string;
  readonly then: 'continue' | 'closed' | 'hangUp';
}

/** A checked flow, ready to run. Its inside belongs to flow/program.ts. */
export interface FlowProgram {
  readonly flowId: FlowId;
  /** First 12 hex digits of the SHA-256 of the file: a version is its content. Given by who reads the file. */
  readonly version: string;
  readonly title: Readonly<Record<string, string>>;
  readonly languages: readonly string[];
  readonly start: string;
}

export interface FlowOutcome {
  readonly state: FlowState;
  readonly effects: readonly FlowEffect[];
  /** The call's secure digits after this step; absent: unchanged. Kept in memory only. */
  readonly secrets?: Secrets;
}
