import type { FlowId } from '../base/ids.js';
import type { PromptRef } from '../base/prompts.js';
import type { Ms } from '../base/time.js';
import type { FlowEffect, FlowFact, FlowOutcome, FlowState, FlowValue, FlowWorld } from './contract.js';
import type { CheckedFlow, PromptPart } from './program.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Keys that are kept at most; a phone that is stuck on a key fills no memory. */
export const MAX_DIGITS = 32;
/** Flows that call each other; deeper is a loop. */
export const MAX_STACK = 8;

/** One step through a flow: a draft of the new state, and the effects so far. Lives for one call of startFlow or stepFlow. */
export class Walk {
  readonly effects: FlowEffect[] = [];
  private readonly draft: Mutable<FlowState>;

  constructor(
    public program: CheckedFlow,
    state: FlowState,
    readonly world: FlowWorld,
    /** What was running when the step began; a playback or timer that has just ended by itself is not running. */
    private playing: boolean,
    private timing: boolean,
  ) {
    this.draft = { ...state };
  }

  get state(): FlowState {
    return this.draft;
  }

  outcome(): FlowOutcome {
    return { state: this.draft, effects: this.effects };
  }

  change(fields: Partial<FlowState>): void {
    Object.assign(this.draft, fields);
  }

  /** Plays prompts and waits for their end. What was playing before is replaced. */
  play(parts: readonly PromptPart[], waitingFor: 'play' | 'prompt'): void {
    const { language } = this.draft;
    const prompts = parts.map((part): PromptRef => ({ prompt: part.prompt, language: part.language ?? language }));
    this.draft.turn++;
    this.effects.push({ kind: 'play', turn: this.draft.turn, prompts });
    this.playing = true;
    this.draft.waitingFor = waitingFor;
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

  /** Cuts what plays and stops the timer; answers that are under way become stale. */
  cut(): void {
    if (this.playing) this.effects.push({ kind: 'stopPlay' });
    if (this.timing) this.effects.push({ kind: 'stopTimer' });
    if (this.playing || this.timing) this.draft.turn++;
    this.playing = false;
    this.timing = false;
  }

  keepKey(key: string): void {
    if (this.draft.digits.length < MAX_DIGITS) this.draft.digits += key;
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
    const key = name.startsWith('vars.') ? name.slice(5) : name;
    return Object.hasOwn(this.draft.vars, key) ? (this.draft.vars[key] as FlowValue) : null;
  };

  /** Goes on in another flow; with `returnTo` it may come back to that node. The first node there, or null when that cannot be. */
  enterFlow(flowId: FlowId, returnTo: string | null): string | null {
    const program = this.world.flow(flowId) as CheckedFlow | null;
    const { stack } = this.draft;
    if (program === null || (returnTo !== null && stack.length >= MAX_STACK)) return null;
    if (returnTo !== null) {
      const { flowId: from, version } = this.draft;
      this.draft.stack = [...stack, { flowId: from, version, node: returnTo }];
    }
    return this.switchTo(program).start;
  }

  /** Back to the flow that called this one: the node to go on with, or null when nobody did. */
  leaveFlow(): string | null {
    const frame = this.draft.stack.at(-1);
    if (frame === undefined) return null;
    this.draft.stack = this.draft.stack.slice(0, -1);
    const program = this.world.flow(frame.flowId) as CheckedFlow | null;
    if (program === null) return this.leaveFlow();
    this.switchTo(program);
    return program.nodes.has(frame.node) ? frame.node : program.start;
  }

  private switchTo(program: CheckedFlow): CheckedFlow {
    this.program = program;
    this.change({ flowId: program.flowId, version: program.version });
    this.fact({ kind: 'flowEntered', flowId: program.flowId, version: program.version });
    return program;
  }

  fact(fact: FlowFact): void {
    this.effects.push({ kind: 'fact', fact });
  }

  end(): null {
    this.cut();
    this.change({ waitingFor: 'ended', digits: '', deadlineMs: null });
    this.effects.push({ kind: 'hangUp' });
    return null;
  }
}
