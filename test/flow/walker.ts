import { type AgentId, asId, type CustomerId } from '../../src/base/ids.js';
import type { Customer, FlowEffect, FlowInput, FlowOutcome, FlowState, FlowWorld, Secrets } from '../../src/flow/contract.js';
import { formatFinding } from '../../src/flow/finding.js';
import { startFlow, stepFlow } from '../../src/flow/interpreter.js';
import { type KnownNames, parseFlow } from '../../src/flow/parse-flow.js';
import type { CheckedFlow } from '../../src/flow/program.js';

/** Callers who walk through flows, for tests: everything goes through JSON, as it would through Redis; secure digits go beside it. */

/** `body` follows the languages; prompts p, q and r are there. */
export const flowText = (name: string, body: string, languages = '[zh, en]'): string => `flow: ${name}
languages: ${languages}
${body}
prompts: ${languages.includes('en') ? '{ p: { zh: 一, en: one }, q: { zh: 二, en: two }, r: { zh: 三, en: three } }' : '{ p: { zh: 一 }, q: { zh: 二 }, r: { zh: 三 } }'}
`;

export function flowOf(text: string, known: KnownNames = {}): CheckedFlow {
  const parsed = parseFlow(text, { file: 'f.yaml', known, version: 'v1' });
  if (!parsed.ok) throw new Error(parsed.error.map(formatFinding).join('\n'));
  return parsed.value;
}

/** All that the checker says, unused prompts aside. */
export function findingsOf(text: string, known: KnownNames = {}): string[] {
  const parsed = parseFlow(text, { file: 'f.yaml', known });
  const found = parsed.ok ? parsed.value.warnings : parsed.error;
  return found.filter(({ rule }) => rule !== 'unused-prompt').map((finding) => formatFinding(finding).replace('f.yaml:', ''));
}

export const VIP: Customer = { id: asId<CustomerId>('c1'), tier: 'vip', language: 'en', name: 'W', agent: asId<AgentId>('1001') };

export const worldOf = (fields: Partial<FlowWorld> = {}): FlowWorld => ({
  atMs: 1_000_000,
  ani: '13900000000',
  dnis: '95588',
  customerByNumber: () => null,
  isOpen: () => true,
  flow: () => null,
  ...fields,
});

export const worldWith = (...flows: readonly CheckedFlow[]): FlowWorld =>
  worldOf({ flow: (id) => flows.find(({ flowId }) => flowId === id) ?? null });

export class Walker {
  outcome: FlowOutcome;
  secrets: Secrets = {};
  atMs: number;
  /** Every state and effect so far, as text: what would be stored or told. */
  told = '';
  /** Called after each input, with the state before it. */
  onStep: (before: FlowState) => void = () => {};

  constructor(
    readonly program: CheckedFlow,
    public world: FlowWorld = worldOf(),
  ) {
    this.atMs = world.atMs;
    this.outcome = startFlow(program, { ...world, secrets: this.secrets });
    this.#note();
  }

  get state(): FlowState {
    return this.outcome.state;
  }

  get vars(): FlowState['vars'] {
    return this.state.vars;
  }

  give(input: FlowInput, afterMs = 0): this {
    this.atMs += afterMs;
    const before = this.state;
    const state = JSON.parse(JSON.stringify(before)) as FlowState;
    this.outcome = stepFlow(this.program, state, input, { ...this.world, atMs: this.atMs, secrets: this.secrets });
    this.#note();
    this.onStep(before);
    return this;
  }

  heard(afterMs = 0): this {
    return this.give({ kind: 'playEnded', turn: this.state.turn }, afterMs);
  }

  press(keys: string): this {
    for (const key of keys) this.give({ kind: 'key', key });
    return this;
  }

  timer(afterMs = 0): this {
    return this.give({ kind: 'timer', turn: this.state.turn }, afterMs);
  }

  /** Another controller goes on with the call; it has no secrets. */
  takeOver(afterMs = 0): this {
    this.secrets = {};
    return this.give({ kind: 'resumed' }, afterMs);
  }

  /** The last effects as short words. */
  get did(): string[] {
    return this.outcome.effects.map(word);
  }

  #note(): void {
    this.secrets = this.outcome.secrets ?? this.secrets;
    this.told += JSON.stringify([this.outcome.state, this.outcome.effects]);
  }
}

export function word(effect: FlowEffect): string {
  switch (effect.kind) {
    case 'play':
      return `play ${effect.prompts.map((p) => `${p.prompt.replace(/^.*\//, '')}.${p.language}`).join(' ')}`;
    case 'startTimer':
      return `timer ${effect.afterMs}`;
    case 'enterQueue':
      return `queue ${effect.queueId}`;
    case 'fact': {
      const { fact } = effect;
      if (fact.kind === 'nodeEntered') return `at ${fact.node}`;
      if (fact.kind === 'menuEnded') return `menu ${fact.key} ${fact.result}`;
      if (fact.kind === 'digitsCollected') return `${fact.result} ${fact.length}${fact.secure ? ' secure' : ''}`;
      if (fact.kind === 'languageChosen') return `language ${fact.language}`;
      if (fact.kind === 'callerIdentified') return `${fact.tier} by ${fact.by}`;
      if (fact.kind === 'flowEntered') return `flow ${fact.flowId}`;
      return fact.kind;
    }
    default:
      return effect.kind;
  }
}
