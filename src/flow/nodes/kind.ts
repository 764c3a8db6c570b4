import type { z } from 'zod';
import type { FlowInput } from '../contract.js';
import type { Expression } from '../expression.js';
import type { FlowNode, FlowNodeOf, PromptPart } from '../program.js';
import type { RawPrompts, RawTarget } from '../shapes.js';
import type { Path } from '../source.js';
import type { Walk } from '../walk.js';

/** The next node's id, or null: the call stays here and waits (or has ended). */
export type Next = string | null;

/**
 * One kind of node: its shape in YAML, how it is checked, how it runs. A new kind is a file with one of these and a line in
 * kinds.ts. `enter` and `input` are pure apart from the walk that they are given.
 */
export interface NodeKind<K extends FlowNode['kind'], Raw> {
  readonly name: K;
  /** One sentence for the editor. */
  readonly about: string;
  readonly shape: z.ZodType<Raw>;
  /** True when a loop through it waits for the caller or for an agent, so that it cannot run hot. */
  readonly waits: boolean;
  compile(raw: Raw, build: Build): FlowNodeOf<K>;
  /** True when the call's walk may end here. */
  isEnd(node: FlowNodeOf<K>): boolean;
  enter(node: FlowNodeOf<K>, walk: Walk): Next;
  /** Only for inputs that are not stale. Without it the kind never waits. */
  input?(node: FlowNodeOf<K>, walk: Walk, input: FlowInput): Next;
}

/** What a kind may ask while it compiles a node. Paths are seen from the node. */
export interface Build {
  /** Resolves a target; a missing one is a dead end, told in the words of `what`. */
  target(path: Path, raw: RawTarget | undefined, label: string, what: string): string;
  prompts(path: Path, raw: RawPrompts): readonly PromptPart[];
  condition(path: Path, text: string): Expression;
  /** Checks a name against the rest of the configuration. */
  known(what: 'queue' | 'skill' | 'calendar' | 'flow', path: Path, name: string): void;
  language(path: Path, name: string): void;
  error(rule: string, path: Path, message: string): void;
  warn(rule: string, path: Path, message: string): void;
  /** As `error`, but at the key instead of the value. */
  errorAtKey(rule: string, path: Path, message: string): void;
}
