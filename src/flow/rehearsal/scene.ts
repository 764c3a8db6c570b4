import type { CallbackRefusal, CallOutcome } from '../../base/facts.js';
import type { AgentId, FlowId, QueueId } from '../../base/ids.js';
import type { LookUpResult } from '../../base/look-up.js';
import type { PromptRef } from '../../base/prompts.js';
import type { Ms } from '../../base/time.js';
import type { Customer, EmergencyView, FlowEffect, FlowValue, TransferResult } from '../contract.js';
import type { CheckedFlow } from '../program.js';

/** What surrounds a rehearsed call: who calls when, who is known, which flows there are, what systems answer. */
export interface Scene {
  readonly flow: CheckedFlow;
  readonly atMs: Ms;
  readonly ani: string;
  readonly dnis: string;
  /** Spoken until the caller chooses; null: the flow's first. */
  readonly language: string | null;
  flowNamed(flowId: FlowId): CheckedFlow | null;
  customerByNumber(ani: string): Customer | null;
  customerByAccount(account: string): Customer | null;
  isOpen(calendar: string, atMs: Ms): boolean | null;
  readonly emergency: EmergencyView | null;
  /** What is spoken for a prompt that is no flow's own; null: not known here. */
  promptText(prompt: string, language: string): string | null;
  /** The answer of an endpoint; null: nobody has said, the call waits for it. */
  answerOf(endpoint: string, send: Readonly<Record<string, FlowValue>>): LookUpResult | null;
  /** Null: callbacks are promised. */
  readonly callback: CallbackRefusal | null;
}

/** What the caller, an agent or a system does. */
export type Action =
  /** Hears what plays until the flow asks something; then presses. `now`: at once, whatever plays. */
  | { readonly kind: 'press'; readonly keys: string; readonly now: boolean }
  /** Hears out what plays, then is silent for so long. */
  | { readonly kind: 'wait'; readonly forMs: Ms }
  /** Hears what plays until the flow waits for somebody. */
  | { readonly kind: 'listen' }
  | { readonly kind: 'agentAnswers'; readonly agent: string | null }
  | { readonly kind: 'agentLeaves' }
  | { readonly kind: 'queueLeaves'; readonly exit: QueueExitName; readonly branch: string | null }
  | { readonly kind: 'lookUp'; readonly result: LookUpResult }
  /** Speaks after the beep; null: says nothing. */
  | { readonly kind: 'speak'; readonly forMs: Ms | null }
  | { readonly kind: 'transfer'; readonly result: TransferResult }
  | { readonly kind: 'clock'; readonly atMs: Ms }
  /** Another controller takes over: what was in memory only is gone. */
  | { readonly kind: 'takeOver' }
  | { readonly kind: 'hangUp' };

export const QUEUE_EXITS = ['timedOut', 'blocked', 'exitedByKey', 'flowedOut'] as const;
export type QueueExitName = (typeof QUEUE_EXITS)[number];

/** One prompt as it is heard; the fragments of a value are one, with the words that they make together. */
export interface Heard {
  /** Full id (`credit-card/welcome`), or null for a value in words. */
  readonly prompt: string | null;
  readonly language: string;
  readonly words: string;
}

type EnterQueue = Extract<FlowEffect, { kind: 'enterQueue' }>;

/** What happened, in order. */
export type RehearsalEvent = { readonly atMs: Ms } & (
  | { readonly kind: 'entered'; readonly flowId: FlowId; readonly node: string }
  /** A written way was taken. */
  | { readonly kind: 'wayTaken'; readonly flowId: FlowId; readonly from: string; readonly to: string; readonly label: string }
  | { readonly kind: 'heard'; readonly heard: readonly Heard[]; readonly prompts: readonly PromptRef[] }
  /** `key` is • where digits are secret. */
  | { readonly kind: 'pressed'; readonly key: string }
  | { readonly kind: 'silence'; readonly forMs: Ms }
  | { readonly kind: 'languageChosen'; readonly language: string }
  | { readonly kind: 'queued'; readonly effect: EnterQueue }
  | { readonly kind: 'asked'; readonly endpoint: string; readonly send: Readonly<Record<string, FlowValue>> }
  | { readonly kind: 'lookUpAnswered'; readonly endpoint: string; readonly fault: string | null }
  | { readonly kind: 'sent'; readonly endpoint: string; readonly message: Readonly<Record<string, FlowValue>> }
  | { readonly kind: 'recording'; readonly box: string }
  | { readonly kind: 'dialled'; readonly number: string }
  | { readonly kind: 'callbackDecided'; readonly refusal: CallbackRefusal | null }
  | {
      readonly kind: 'surveyAnswered';
      readonly score: number | null;
      readonly agentId: AgentId | null;
      readonly queueId: QueueId | null;
    }
  | { readonly kind: 'acted'; readonly what: string }
  | { readonly kind: 'ended'; readonly by: 'caller' | 'flow'; readonly outcome: CallOutcome }
);
