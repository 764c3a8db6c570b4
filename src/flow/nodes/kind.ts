import type { z } from 'zod';
import type { FlowInput } from '../contract.js';
import type { Expression, ValueType } from '../expression.js';
import type { Said } from '../finding.js';
import type { FlowNode, FlowNodeOf, FlowShape, PromptPart, ValueSource } from '../program.js';
import type { RawNamedValue, RawPrompts, RawTarget, RawValue } from '../shapes.js';
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
  /** True when this node ends a loop by itself, although it does not wait. */
  isBounded?(node: FlowNodeOf<K>): boolean;
  compile(raw: Raw, build: Build): FlowNodeOf<K>;
  /** True when the call's walk may end here. */
  isEnd(node: FlowNodeOf<K>): boolean;
  enter(node: FlowNodeOf<K>, walk: Walk): Next;
  /** Only for inputs that are not stale. Without it the kind never waits. */
  input?(node: FlowNodeOf<K>, walk: Walk, input: FlowInput): Next;
}

/** What a kind may ask while it compiles a node. Paths are seen from the node. */
export interface Build {
  /** Resolves a target; a missing one is a dead end, told in the words of `what`, else as `give it LABEL`. */
  target(path: Path, raw: RawTarget | undefined, label: string, what?: Said): string;
  prompts(path: Path, raw: RawPrompts): readonly PromptPart[];
  /** Notes fragments of values (`say/...`) that the node may play, so that they are built. */
  fragments(prompts: Iterable<string>): void;
  /** The languages of this flow. */
  readonly languages: readonly string[];
  condition(path: Path, text: string): Expression;
  /**
   * Declares a variable that this node sets, and what it holds; `secure`: digits that live in memory only. A kind that sets variables must declare
   * each of them, else no condition can ask for them.
   */
  variable(path: Path, name: string, type: ValueType | 'secure'): void;
  /** True for a variable of secure entry. Right wherever in the file it is declared. */
  secretOf(name: string): boolean;
  /** A value: a text, number, true, false or null as it stands, or `{ value: EXPRESSION }`. Never secure. */
  value(path: Path, raw: RawValue): ValueSource;
  /**
   * A value that is asked for by name: a plain text is the name of a variable (`due`) or a name as in conditions (`params.due`, `caller.number`).
   * `{ value: EXPRESSION }` and `{ text: "as it stands" }` are allowed too; numbers, true, false and null are themselves. A secure variable is an
   * error unless `secure` is `allowed`.
   */
  named(path: Path, raw: RawNamedValue, secure: 'allowed' | 'refused'): ValueSource;
  /** What a source is known to hold before the call. */
  typeOf(source: ValueSource): ValueType;
  /** Checks a name against the rest of the configuration. */
  known(what: KnownKind, path: Path, name: string): void;
  /** What another flow takes and gives back; null: not known here. */
  shapeOf(flow: string): FlowShape | null;
  language(path: Path, name: string): void;
  error(rule: string, path: Path, message: Said): void;
  warn(rule: string, path: Path, message: Said): void;
  /** As `error`, but at the key instead of the value. */
  errorAtKey(rule: string, path: Path, message: Said): void;
}

/** Kinds of names that the rest of the configuration offers. `endpoint` may be asked, `receiver` takes messages; `announcement` is a plan of announcements for a waiting caller, `box` one for messages. */
export type KnownKind =
  | 'queue'
  | 'skill'
  | 'calendar'
  | 'flow'
  | 'endpoint'
  | 'receiver'
  | 'agent'
  | 'box'
  | 'announcement'
  | 'tier';
