import type { FlowId } from '../base/ids.js';
import type { PromptRef } from '../base/prompts.js';
import type { Ms } from '../base/time.js';
import type { FlowEffect, FlowFact, FlowOutcome, FlowState, FlowValue, FlowWorld, Secrets } from './contract.js';
import { evaluate } from './expression.js';
import { parametersFor } from './parameters.js';
import type { CheckedFlow, PromptPart, ValueSource } from './program.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Keys that are kept at most; a phone that is stuck on a key fills no memory. */
export const MAX_DIGITS = 32;
/** Flows that call each other; deeper is a loop. */
export const MAX_STACK = 8;
/** Where keys lie that may turn out to be secure digits; no variable can be called so. */
const KEYS_IN_MEMORY = '@keys';

/** One step through a flow: a draft of the new state, and the effects so far. Lives for one call of startFlow or stepFlow. */
export class Walk {
  readonly effects: FlowEffect[] = [];
  private readonly draft: Mutable<FlowState>;
  private secrets: Secrets;
  /** True when a secure entry may follow: what the caller keys ahead may be for it, so keys are kept in memory only. */
  private readonly isGuarded: boolean;

  constructor(
    public program: CheckedFlow,
    state: FlowState,
    readonly world: FlowWorld,
    /** What was running when the step began; a playback or timer that has just ended by itself is not running. */
    private playing: boolean,
    private timing: boolean,
  ) {
    this.draft = { ...state };
    if (!playing) delete this.draft.beside;
    this.secrets = world.secrets ?? {};
    this.isGuarded = [program.flowId, ...state.stack.map((frame) => frame.flowId)].some((id) => this.mayAskSecurely(id));
  }

  get state(): FlowState {
    return this.draft;
  }

  outcome(): FlowOutcome {
    const { state, effects, secrets } = this;
    return secrets === this.world.secrets || (this.world.secrets === undefined && isNothing(secrets))
      ? { state, effects }
      : { state, effects, secrets };
  }

  change(fields: Partial<FlowState>): void {
    Object.assign(this.draft, fields);
  }

  /** Plays prompts and waits for their end. What was playing before is replaced. */
  play(parts: readonly PromptPart[], waitingFor: 'play' | 'prompt'): void {
    this.draft.turn++;
    this.effects.push({ kind: 'play', turn: this.draft.turn, prompts: this.promptsOf(parts) });
    this.playing = true;
    this.draft.waitingFor = waitingFor;
  }

  private promptsOf(parts: readonly PromptPart[]): PromptRef[] {
    const { language } = this.draft;
    return parts.map((part): PromptRef => ({ prompt: part.prompt, language: part.language ?? language }));
  }

  /** Starts the flow's one timer under a turn of its own. */
  waitForKey(afterMs: Ms): void {
    this.draft.turn++;
    this.draft.waitingFor = 'key';
    this.startTimer(afterMs);
  }

  /** Starts the timer under the present turn: beside a prompt. */
  startTimer(afterMs: Ms): void {
    this.timing = true;
    this.effects.push({ kind: 'startTimer', turn: this.draft.turn, afterMs: Math.max(1, afterMs) });
  }

  /**
   * Waits for an answer from outside under a turn of its own, which is returned. `guardMs` bounds the wait: then the node gets input `timer`, should the
   * answer be lost. Keys meanwhile come as input; `keepKey` keeps them for later.
   */
  wait(kind: 'lookup' | 'message' | 'transfer', guardMs: Ms): number {
    this.draft.turn++;
    this.draft.waitingFor = kind;
    this.startTimer(guardMs);
    return this.draft.turn;
  }

  /** Plays prompts beside a wait, under its turn. Their end comes as input `playEnded`; the end of the wait cuts them. */
  playBeside(parts: readonly PromptPart[]): void {
    this.effects.push({ kind: 'play', turn: this.draft.turn, prompts: this.promptsOf(parts) });
    this.playing = true;
    this.draft.beside = true;
  }

  /** Cuts what plays and stops the timer; answers that are under way become stale. */
  cut(): void {
    if (this.playing) this.effects.push({ kind: 'stopPlay' });
    if (this.timing) this.effects.push({ kind: 'stopTimer' });
    if (this.playing || this.timing) this.draft.turn++;
    this.playing = false;
    this.timing = false;
    delete this.draft.beside;
  }

  /** Keys that nobody has taken yet: a choice that goes on, or what was keyed ahead. In the state, or in memory only where a secure entry may follow. */
  get keys(): string {
    return this.draft.digits + (this.secret(KEYS_IN_MEMORY) ?? '');
  }

  /** Replaces the keys that nobody has taken. `secure`: whatever follows, they stay out of the state. */
  setKeys(keys: string, secure = false): void {
    const inMemory = this.isGuarded || secure;
    this.draft.digits = inMemory ? '' : keys;
    this.setSecret(KEYS_IN_MEMORY, inMemory && keys !== '' ? keys : null);
  }

  keepKey(key: string, secure = false): void {
    const { keys } = this;
    if (keys.length < MAX_DIGITS) this.setKeys(keys + key, secure);
  }

  /** Secure digits by the name of their variable; null: none were entered, or another controller had them. */
  secret(name: string): string | null {
    return Object.hasOwn(this.secrets, name) ? (this.secrets[name] as string) : null;
  }

  setSecret(name: string, digits: string | null): void {
    if (this.secret(name) === digits) return;
    const { [name]: _, ...others } = this.secrets;
    this.secrets = digits === null ? others : { ...others, [name]: digits };
  }

  /** Marks that the keys of this entry came before its prompt was played. */
  setEarly(isEarly: boolean): void {
    if (isEarly) this.draft.early = true;
    else delete this.draft.early;
  }

  isSecret(name: string): boolean {
    return this.program.secrets.has(name);
  }

  /** The node that asks for secure digits that are gone, when there is exactly one. */
  askAgainFor(name: string): string | null {
    const nodes = this.program.secrets.get(name) ?? [];
    return nodes.length === 1 ? (nodes[0] as string) : null;
  }

  private mayAskSecurely(flowId: FlowId): boolean {
    const seen = new Set<string>();
    const open: string[] = [flowId];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      const flow = id === this.program.flowId ? this.program : (this.world.flow(id as FlowId) as CheckedFlow | null);
      if (flow === null) continue;
      if (flow.secrets.size > 0) return true;
      open.push(...flow.leadsTo);
    }
    return false;
  }

  /** A value as a node was written to use it; undefined: secure digits that are gone (see `askAgainFor`). */
  valueOf(source: ValueSource): FlowValue | undefined {
    if (source.from === 'fixed') return source.value;
    if (source.from === 'expression') return evaluate(source.expression, this.lookup);
    return this.secret(source.name) ?? undefined;
  }

  setLanguage(language: string): void {
    this.draft.language = language;
    this.fact({ kind: 'languageChosen', language });
  }

  setVariable(name: string, value: FlowValue): void {
    this.draft.vars = { ...this.draft.vars, [name]: value };
  }

  /** What a condition sees under a name. */
  lookup = (name: string): FlowValue => {
    if (name === 'caller.language') return this.draft.language;
    if (name === 'call.dnis') return this.world.dnis;
    if (name === 'call.ani' || name === 'caller.number') return this.world.ani;
    if (name.startsWith('params.')) {
      const { params = {} } = this.draft;
      const own = name.slice('params.'.length);
      return Object.hasOwn(params, own) ? (params[own] as FlowValue) : null;
    }
    const key = name.startsWith('vars.') ? name.slice(5) : name;
    return Object.hasOwn(this.draft.vars, key) ? (this.draft.vars[key] as FlowValue) : null;
  };

  /** Counts that this node was entered, and says how often it has been in this call. */
  count(): number {
    const { counts = {}, flowId, node } = this.draft;
    const name = `${flowId}/${node}`;
    const count = (Object.hasOwn(counts, name) ? (counts[name] as number) : 0) + 1;
    this.draft.counts = { ...counts, [name]: count };
    return count;
  }

  /**
   * Goes on in another flow with what it is given; with `returnTo` it may come back to that node, and `take` says which variable gets which of its
   * results. The first node there, or null when that cannot be.
   */
  enterFlow(
    flowId: FlowId,
    returnTo: string | null,
    given: Readonly<Record<string, FlowValue>> = {},
    take: Readonly<Record<string, string>> = {},
  ): string | null {
    const program = this.world.flow(flowId) as CheckedFlow | null;
    const { stack, params } = this.draft;
    if (program === null || (returnTo !== null && stack.length >= MAX_STACK)) return null;
    if (returnTo !== null) {
      const { flowId: from, version } = this.draft;
      const kept = { ...(params !== undefined && { params }), ...(Object.keys(take).length > 0 && { take }) };
      this.draft.stack = [...stack, { flowId: from, version, node: returnTo, ...kept }];
    }
    return this.switchTo(program, parametersFor(program.shape.params, given)).start;
  }

  /** Back to the flow that called this one: the node to go on with, or null when nobody did. */
  leaveFlow(results: Readonly<Record<string, FlowValue>> = {}): string | null {
    const frame = this.draft.stack.at(-1);
    if (frame === undefined) return null;
    this.draft.stack = this.draft.stack.slice(0, -1);
    const program = this.world.flow(frame.flowId) as CheckedFlow | null;
    if (program === null) return this.leaveFlow();
    this.switchTo(program, frame.params ?? {});
    for (const [variable, result] of Object.entries(frame.take ?? {}))
      this.setVariable(variable, Object.hasOwn(results, result) ? (results[result] as FlowValue) : null);
    return program.nodes.has(frame.node) ? frame.node : program.start;
  }

  private switchTo(program: CheckedFlow, params: Readonly<Record<string, FlowValue>>): CheckedFlow {
    this.program = program;
    this.change({ flowId: program.flowId, version: program.version });
    if (Object.keys(params).length > 0) this.draft.params = params;
    else delete this.draft.params;
    this.fact({ kind: 'flowEntered', flowId: program.flowId, version: program.version });
    return program;
  }

  fact(fact: FlowFact): void {
    this.effects.push({ kind: 'fact', fact });
  }

  /** The caller has got what the call was for. */
  serve(): void {
    this.draft.served = true;
  }

  end(): null {
    this.cut();
    this.change({ waitingFor: 'ended', digits: '', deadlineMs: null });
    this.secrets = isNothing(this.secrets) ? this.secrets : {};
    this.effects.push({ kind: 'hangUp' });
    return null;
  }
}

const isNothing = (secrets: Secrets): boolean => Object.keys(secrets).length === 0;
