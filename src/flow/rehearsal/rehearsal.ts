import type { CallOutcome } from '../../base/facts.js';
import { type AgentId, asId, type QueueId } from '../../base/ids.js';
import type { LookUpResult } from '../../base/look-up.js';
import { err, ok, type Result } from '../../base/result.js';
import { type Ms, SECOND } from '../../base/time.js';
import type { FlowEffect, FlowFact, FlowInput, FlowOutcome, FlowState, FlowWorld, Secrets } from '../contract.js';
import { startFlow, stepFlow } from '../interpreter.js';
import type { CheckedFlow, FlowNode } from '../program.js';
import { heardOf, playMsOf } from './hearing.js';
import type { Action, RehearsalEvent, Scene } from './scene.js';
import { WayTracker } from './way-tracker.js';

type Effect<K extends FlowEffect['kind']> = Extract<FlowEffect, { kind: K }>;
/** `RehearsalEvent` without its time. */
type WithoutTime<E> = E extends unknown ? Omit<E, 'atMs'> : never;

/** What is due by itself, under the turn that it was asked with. */
interface Due {
  readonly atMs: Ms;
  readonly turn: number;
}

const KEY_EVERY_MS = 300;
const ANSWER_AFTER_MS = 200;
const MAX_STEPS = 10_000;
const REHEARSAL_AGENT = 'agent';

/** One call through flows without a switch: the clock, the keys, the agents and the systems are played by who holds it. Pure. */
export class Rehearsal {
  readonly events: RehearsalEvent[] = [];
  private readonly ways: WayTracker;
  private readonly first: CheckedFlow;
  private outcome: FlowOutcome;
  private secrets: Secrets = {};
  private nowMs: Ms;
  private playEnds: Due | null = null;
  private timer: Due | null = null;
  private asking: Effect<'lookup'> | null = null;
  private recordingSince: Ms | null = null;
  private talking: { readonly agentId: AgentId; readonly queueId: QueueId | null } | null = null;
  private lastTalk: { readonly agentId: AgentId; readonly queueId: QueueId | null } | null = null;
  private queueId: QueueId | null = null;
  private exit: CallOutcome | null = null;
  private isServed = false;
  private wasAnswered = false;
  private isOver = false;

  constructor(private readonly scene: Scene) {
    this.nowMs = scene.atMs;
    this.first = spokenIn(scene.flow, scene.language);
    this.ways = new WayTracker((flowId) => this.flow(flowId), scene.isOpen);
    this.outcome = startFlow(this.first, this.world());
    this.obey(null);
  }

  get state(): FlowState {
    return this.outcome.state;
  }
  get atMs(): Ms {
    return this.nowMs;
  }
  get ended(): boolean {
    return this.isOver;
  }
  get inTalk(): boolean {
    return this.talking !== null;
  }
  get askedEndpoint(): string | null {
    return this.asking?.endpoint ?? null;
  }
  get node(): FlowNode | null {
    return this.flow(this.state.flowId)?.nodes.get(this.state.node) ?? null;
  }
  /** Digits that are keyed now are secret. */
  get isSecret(): boolean {
    const { node } = this;
    return node !== null && 'secure' in node && node.secure === true;
  }

  /** The outcome of the call; null while it goes on. */
  get callOutcome(): CallOutcome | null {
    const last = this.events.at(-1);
    return last?.kind === 'ended' ? last.outcome : null;
  }

  /** Does what can be done now; else says why it cannot, in a sentence for people. */
  act(action: Action): Result<void, string> {
    if (this.isOver) return err('the call is over');
    switch (action.kind) {
      case 'press':
        return this.pressAll(action.keys, action.now);
      case 'listen':
        this.listen();
        return ok(undefined);
      case 'wait':
        this.listen();
        this.hearOut();
        this.note({ kind: 'silence', forMs: action.forMs });
        this.advance(this.nowMs + action.forMs);
        return ok(undefined);
      case 'clock':
        this.nowMs = Math.max(0, action.atMs);
        this.playEnds = this.playEnds && { ...this.playEnds, atMs: this.nowMs };
        return ok(undefined);
      case 'takeOver':
        this.takeOver();
        return ok(undefined);
      case 'hangUp':
        this.end('caller');
        return ok(undefined);
      case 'lookUp':
        return this.answerLookUp(action.result);
      case 'agentAnswers':
      case 'agentLeaves':
      case 'queueLeaves':
        return this.actInQueue(action);
      case 'speak':
        return this.speak(action.forMs);
      case 'transfer':
        this.listen();
        if (this.state.waitingFor !== 'transfer') return err(`nobody is being dialled: ${this.standing()}`);
        this.isServed ||= action.result === 'talked';
        this.note({ kind: 'acted', what: `transfer ${action.result}` });
        this.give({ kind: 'transferEnded', turn: this.state.turn, result: action.result });
        return ok(undefined);
    }
  }

  /** Where the call is, for a sentence: `the caller is at "main", asked for a key`. */
  standing(): string {
    if (this.isOver) return 'the call is over';
    const { node, waitingFor } = this.state;
    const what: Readonly<Record<FlowState['waitingFor'], string>> = {
      play: 'hearing a prompt',
      prompt: 'being asked',
      key: 'asked for a key',
      queue: this.talking ? 'talking with an agent' : 'waiting in a queue',
      callback: 'waiting for a promise',
      lookup: 'waiting for a look-up',
      message: 'leaving a message',
      transfer: 'being connected outside',
      ended: 'gone',
    };
    return `the caller is at "${node}", ${what[waitingFor]}`;
  }

  /** Lets time pass until somebody has to do something: a question, a queue, an unanswered look-up, the end. */
  listen(): void {
    for (let step = 0; step < MAX_STEPS && !this.isOver; step++) {
      const { waitingFor } = this.state;
      // What is said before a message is recorded is no question either.
      const isHeard = waitingFor === 'play' || (waitingFor === 'prompt' && this.node?.kind === 'voicemail');
      if (isHeard && this.playEnds !== null) this.advance(this.playEnds.atMs);
      else if (waitingFor !== 'lookup' || this.asking === null || !this.askScene()) return;
    }
  }

  /** Also hears the question to its end. */
  private hearOut(): void {
    for (let step = 0; step < MAX_STEPS && !this.isOver; step++) {
      if (this.state.waitingFor !== 'prompt' || this.playEnds === null) return;
      this.advance(this.playEnds.atMs);
    }
  }

  private pressAll(keys: string, now: boolean): Result<void, string> {
    if (!now) this.listen();
    for (const key of keys) {
      if (this.isOver) return err(`the call was over before ${this.isSecret ? '•' : key} was pressed`);
      if (this.state.waitingFor === 'queue') return err(`${this.standing()}: its keys are the queue's; write queue exitedByKey`);
      this.note({ kind: 'pressed', key: this.isSecret ? '•' : key });
      this.give({ kind: 'key', key });
      this.advance(this.nowMs + KEY_EVERY_MS);
    }
    // A question that cannot be cut weighs the keys when it has been heard.
    if (this.state.waitingFor === 'prompt' && this.node !== null && 'bargeIn' in this.node && this.node.bargeIn === false)
      this.hearOut();
    if (!now) this.listen();
    return ok(undefined);
  }

  private actInQueue(action: Extract<Action, { kind: 'agentAnswers' | 'agentLeaves' | 'queueLeaves' }>): Result<void, string> {
    this.listen();
    if (this.isOver || this.state.waitingFor !== 'queue') return err(`no agent can answer or leave: ${this.standing()}`);
    if (action.kind === 'agentAnswers') {
      if (this.talking) return err('an agent is talking with the caller already');
      this.talking = { agentId: asId<AgentId>(action.agent ?? REHEARSAL_AGENT), queueId: this.queueId };
      this.lastTalk = this.talking;
      this.wasAnswered = true;
      this.note({ kind: 'acted', what: 'agent answers' });
      return ok(undefined);
    }
    if (action.kind === 'agentLeaves') {
      if (!this.talking) return err('no agent is talking with the caller');
      const { agentId, queueId } = this.talking;
      this.talking = null;
      this.note({ kind: 'acted', what: 'agent leaves' });
      this.give({ kind: 'talkEnded', agentId, queueId });
      return ok(undefined);
    }
    if (this.talking) return err('the caller has left the queue: an agent is talking');
    this.exit = action.exit;
    this.note({ kind: 'acted', what: `queue ${action.exit}${action.branch === null ? '' : ` ${action.branch}`}` });
    this.give({ kind: 'queueLeft', exit: action.exit, branch: action.branch });
    return ok(undefined);
  }

  private speak(forMs: Ms | null): Result<void, string> {
    this.listen();
    if (this.state.waitingFor !== 'message') return err(`nothing is being recorded: ${this.standing()}`);
    const node = this.node as unknown as { readonly maxMs?: Ms } | null;
    const durationMs = Math.min(forMs ?? 0, node?.maxMs ?? Number.POSITIVE_INFINITY);
    this.note({ kind: 'acted', what: forMs === null ? 'speak nothing' : `speak ${durationMs / SECOND}s` });
    this.nowMs += durationMs;
    this.endMessage(durationMs, forMs !== null);
    return ok(undefined);
  }

  private endMessage(durationMs: Ms, kept: boolean): void {
    this.recordingSince = null;
    this.isServed ||= kept;
    this.give({ kind: 'messageEnded', turn: this.state.turn, durationMs, kept });
  }

  private answerLookUp(result: LookUpResult): Result<void, string> {
    for (let step = 0; step < MAX_STEPS && this.state.waitingFor === 'play' && this.playEnds !== null; step++) {
      this.advance(this.playEnds.atMs);
    }
    if (this.asking === null) return err(`nothing is being looked up: ${this.standing()}`);
    const { turn, endpoint, timeoutMs } = this.asking;
    this.asking = null;
    this.nowMs += !result.ok && result.fault === 'timeout' ? timeoutMs : ANSWER_AFTER_MS;
    this.note({ kind: 'lookUpAnswered', endpoint, fault: result.ok ? null : result.fault });
    this.give({ kind: 'lookupEnded', turn, result });
    return ok(undefined);
  }

  /** False: the scene has no answer. */
  private askScene(): boolean {
    const { asking } = this;
    const result = asking === null ? null : this.scene.answerOf(asking.endpoint, asking.send);
    return result !== null && this.answerLookUp(result).ok;
  }

  private takeOver(): void {
    this.secrets = {};
    this.note({ kind: 'acted', what: 'another controller takes over' });
    this.playEnds = null;
    this.timer = null;
    this.asking = null;
    this.give({ kind: 'resumed' });
  }

  /** Moves the clock, and gives what falls due on the way. */
  private advance(untilMs: Ms): void {
    for (let step = 0; step < MAX_STEPS && !this.isOver; step++) {
      const { playEnds, timer } = this;
      const due = playEnds !== null && (timer === null || playEnds.atMs <= timer.atMs) ? playEnds : timer;
      if (due === null || due.atMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, due.atMs);
      if (due === playEnds) this.playEnds = null;
      else this.timer = null;
      this.give({ kind: due === playEnds ? 'playEnded' : 'timer', turn: due.turn });
    }
    if (!this.isOver) this.nowMs = Math.max(this.nowMs, untilMs);
  }

  private give(input: FlowInput): void {
    if (this.isOver) return;
    const { state } = this;
    const program = this.flow(state.flowId) ?? this.first;
    this.outcome = stepFlow(program, state, input, this.world());
    this.obey(input);
  }

  private world(): FlowWorld {
    const { scene } = this;
    return {
      atMs: this.nowMs,
      ani: scene.ani,
      dnis: scene.dnis,
      customerByNumber: (ani) => scene.customerByNumber(ani),
      customerByAccount: (account) => scene.customerByAccount(account),
      emergency: () => scene.emergency,
      secrets: this.secrets,
      lastTalk: this.lastTalk,
      isOpen: (calendar, atMs) => scene.isOpen(calendar, atMs),
      flow: (flowId) => this.flow(flowId),
    };
  }

  private flow = (flowId: string): CheckedFlow | null =>
    flowId === this.first.flowId ? this.first : this.scene.flowNamed(asId(flowId));

  private obey(input: FlowInput | null): void {
    const { effects, secrets } = this.outcome;
    if (secrets !== undefined) this.secrets = secrets;
    for (const effect of effects) this.carryOut(effect, input);
  }

  private carryOut(effect: FlowEffect, input: FlowInput | null): void {
    switch (effect.kind) {
      case 'play': {
        const heard = heardOf(effect.prompts, (prompt, language) => this.wordsOf(prompt, language));
        this.note({ kind: 'heard', heard, prompts: effect.prompts });
        this.playEnds = { atMs: this.nowMs + playMsOf(heard), turn: effect.turn };
        return;
      }
      case 'stopPlay':
        this.playEnds = null;
        return;
      case 'startTimer':
        this.timer = { atMs: this.nowMs + effect.afterMs, turn: effect.turn };
        return;
      case 'stopTimer':
        this.timer = null;
        return;
      case 'enterQueue':
        this.queueId = effect.queueId;
        this.exit = null;
        this.playEnds = null;
        this.timer = null;
        this.note({ kind: 'queued', effect });
        return;
      case 'lookup':
        this.asking = effect;
        this.note({ kind: 'asked', endpoint: effect.endpoint, send: this.withoutSecrets(effect.send) });
        return;
      case 'send':
        this.note({ kind: 'sent', endpoint: effect.endpoint, message: effect.message });
        return;
      case 'recordMessage':
        this.recordingSince = this.nowMs;
        this.note({ kind: 'recording', box: effect.box });
        return;
      case 'endMessage':
        this.endMessage(this.nowMs - (this.recordingSince ?? this.nowMs), true);
        return;
      case 'transferOutside':
        this.note({ kind: 'dialled', number: effect.number });
        return;
      case 'requestCallback': {
        const refusal = this.scene.callback;
        if (refusal === null) this.exit = 'calledBack' as CallOutcome;
        this.note({ kind: 'callbackDecided', refusal });
        this.give({ kind: 'callbackDecided', refusal });
        return;
      }
      case 'hangUp':
        this.end('flow');
        return;
      case 'fact':
        this.noteFact(effect.fact, input);
    }
  }

  private noteFact(fact: FlowFact, input: FlowInput | null): void {
    if (fact.kind === 'nodeEntered') {
      const way = this.ways.entered(fact.flowId, fact.node, this.state, input, this.world());
      if (way !== null) this.note({ kind: 'wayTaken', flowId: fact.flowId, ...way });
      this.note({ kind: 'entered', flowId: fact.flowId, node: fact.node });
    } else if (fact.kind === 'languageChosen') {
      this.note({ kind: 'languageChosen', language: fact.language });
    } else if (fact.kind === 'surveyAnswered') {
      const { score, agentId, queueId } = fact;
      this.note({ kind: 'surveyAnswered', score, agentId, queueId });
    } else this.ways.told(fact);
  }

  /** What was entered securely is shown to nobody, whatever it is sent as. */
  private withoutSecrets<V>(send: Readonly<Record<string, V>>): Record<string, V | string> {
    const secret = new Set<unknown>(Object.values(this.secrets));
    return Object.fromEntries(Object.entries(send).map(([name, value]) => [name, secret.has(value) ? '•••' : value]));
  }

  private wordsOf(prompt: string, language: string): string | null {
    const folder = prompt.slice(0, prompt.indexOf('/'));
    const own = this.flow(folder)?.prompts.get(prompt);
    return own?.[language] ?? this.scene.promptText(prompt, language);
  }

  private end(by: 'caller' | 'flow'): void {
    if (this.isOver) return;
    this.isOver = true;
    this.playEnds = null;
    this.timer = null;
    this.note({ kind: 'ended', by, outcome: this.outcomeOf(by) });
  }

  /** The outcome that the call's record would have. */
  private outcomeOf(by: 'caller' | 'flow'): CallOutcome {
    if (this.wasAnswered) return 'answered';
    if (by === 'caller' && this.state.waitingFor === 'queue') return 'abandonedInQueue';
    if (this.exit !== null) return this.exit;
    const isLeavingMessage = this.state.waitingFor === 'message';
    return this.isServed || this.state.served || isLeavingMessage || by === 'flow' ? 'contained' : 'abandonedInFlow';
  }

  private note(event: WithoutTime<RehearsalEvent>): void {
    this.events.push({ atMs: this.nowMs, ...event } as RehearsalEvent);
  }
}

/** The flow as it is for a caller who is spoken to in `language` from the first word. */
function spokenIn(flow: CheckedFlow, language: string | null): CheckedFlow {
  if (language === null || !flow.languages.includes(language)) return flow;
  return { ...flow, languages: [language, ...flow.languages.filter((other) => other !== language)] };
}
