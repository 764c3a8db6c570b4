import type { FlowProgram, FlowValue } from './contract.js';
import type { Expression, ValueType } from './expression.js';
import type { Finding } from './finding.js';
import type { BranchNode } from './nodes/branch.js';
import type { CallbackNode } from './nodes/callback.js';
import type { CollectNode } from './nodes/collect.js';
import type { EmergencyNode } from './nodes/emergency.js';
import type { SubFlowNode } from './nodes/flow.js';
import type { GotoNode, NextNode } from './nodes/goto.js';
import type { HangUpNode } from './nodes/hangup.js';
import type { HoursNode } from './nodes/hours.js';
import type { IdentifyNode } from './nodes/identify.js';
import type { LanguageNode } from './nodes/language.js';
import type { LookUpNode } from './nodes/lookup.js';
import type { MenuNode } from './nodes/menu.js';
import type { PlayNode } from './nodes/play.js';
import type { QueueNode } from './nodes/queue.js';
import type { ReturnNode } from './nodes/return.js';
import type { SayNode } from './nodes/say.js';
import type { SendNode } from './nodes/send.js';
import type { SetNode } from './nodes/set.js';
import type { SurveyNode } from './nodes/survey.js';
import type { TransferNode } from './nodes/transfer.js';
import type { VoicemailNode } from './nodes/voicemail.js';
import type { Way } from './ways.js';

/** The inside of a checked flow: what the interpreter runs. Names are resolved, times are milliseconds, each target exists. */

/** A prompt by its full id; `language` null: the caller's. */
export interface PromptPart {
  readonly prompt: string;
  readonly language: string | null;
}

/** Where a value comes from when a node needs it. A secret is in the memory of the controller only, and may be gone. */
export type ValueSource =
  | { readonly from: 'fixed'; readonly value: FlowValue }
  | { readonly from: 'expression'; readonly expression: Expression; readonly type: ValueType }
  | { readonly from: 'secret'; readonly name: string };

/** A parameter of a flow. Without a default the caller of the flow must give it. */
export interface ParameterShape {
  readonly type: ValueType;
  readonly default?: FlowValue;
}

/** What a flow looks like to one that calls it. */
export interface FlowShape {
  readonly params: ReadonlyMap<string, ParameterShape>;
  /** Names of what it may give back. */
  readonly results: ReadonlySet<string>;
}

export type FlowNode =
  | PlayNode
  | MenuNode
  | SetNode
  | BranchNode
  | IdentifyNode
  | HoursNode
  | QueueNode
  | CallbackNode
  | SubFlowNode
  | ReturnNode
  | HangUpNode
  | NextNode
  | GotoNode
  | CollectNode
  | LanguageNode
  | EmergencyNode
  | SayNode
  | LookUpNode
  | SendNode
  | SurveyNode
  | VoicemailNode
  | TransferNode;
export type FlowNodeOf<K extends FlowNode['kind']> = Extract<FlowNode, { kind: K }>;

export interface CheckedFlow extends FlowProgram {
  /** By id. A node written inside another one is called `outer/label`. */
  readonly nodes: ReadonlyMap<string, FlowNode>;
  /** Texts of the flow's own prompts: full id (`credit-card/welcome`) -> language -> text. For the prompt builder. */
  readonly prompts: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Every prompt that the flow can ask for, `system/...` included. */
  readonly promptsUsed: ReadonlySet<string>;
  readonly warnings: readonly Finding[];
  /** What it takes and gives back. */
  readonly shape: FlowShape;
  /** Variable of secure entry -> the nodes that ask for it. */
  readonly secrets: ReadonlyMap<string, readonly string[]>;
  /** Flows that it may go on in. */
  readonly leadsTo: readonly string[];
  /** Every way from node to node that is written in the file. */
  readonly ways: readonly Way[];
  /** Where each node stands in the file, counted from 1. */
  readonly lines: ReadonlyMap<string, number>;
}

/** Nodes that every flow has, for callers who would otherwise be left with nothing. Authors cannot write an id with `@`. */
export const SORRY_NODE = '@sorry-busy';
export const GOODBYE_NODE = '@goodbye';
/** Where a call begins while an emergency announcement is on for the number it dialled. */
export const EMERGENCY_NODE = '@emergency';
const leave = (prompt: string): FlowNode => ({
  kind: 'play',
  prompts: [{ prompt, language: null }],
  onKey: 'ignore',
  serves: false,
  next: null,
  hangup: true,
});
export const BUILT_IN_NODES: ReadonlyMap<string, FlowNode> = new Map<string, FlowNode>([
  [SORRY_NODE, leave('system/sorry-busy')],
  [GOODBYE_NODE, leave('system/goodbye')],
  [EMERGENCY_NODE, { kind: 'emergency' }],
]);
