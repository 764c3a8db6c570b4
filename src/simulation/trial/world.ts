import type { Fact } from '../../base/facts.js';
import { type Random, seededRandom } from '../../base/random.js';
import type { Ms } from '../../base/time.js';
import type { SwitchCommand } from '../../call/commands.js';
import type { HotlineEvent } from '../../call/hotline.js';
import type { Job } from '../../call/state.js';
import type { SwitchEvent } from '../../call/switch-events.js';
import type { Commit, CommitResult } from '../../ports/state-store.js';
import { MemoryStore } from '../memory-store.js';
import { SimulatedSwitch } from '../simulated-switch.js';
import { VirtualClock } from '../virtual-clock.js';
import type { Checker } from './checker.js';
import type { OpenController } from './controller.js';
import { drawPlan, type FaultPlan, type LineFaults, type NodeFault, type StoreSpell } from './fault-plan.js';
import { type FaultyLine, told } from './faulty-line.js';
import { LEASE_MS, SimulatedNode } from './node.js';
import { between, chance, type RandomSite, randomSite } from './random-site.js';
import { Story } from './story.js';

export type CrashPoint = Extract<NodeFault, { kind: 'killAt' }>['point'];

/** Seeds from here on have callers of a flow with look-ups, messages and transfers; the stories of those below stay what they were. */
export const FIRST_WITH_SERVICES = 100_000;

export interface WorldOptions {
  readonly seed: number;
  readonly openController: OpenController;
  readonly keepStory: boolean;
  /** The same trial without doubled events: its facts must be the same. */
  readonly neverDouble?: boolean;
}

const QUIET: LineFaults = { lost: 0, doubled: 0, late: 0, reordered: 0, latestMs: 0, commandDelayMs: 0 };
/** Until a disturbance has worn off: the next resync, the next answer. */
const WEARS_OFF_MS = 1_500;
const REPLACED_PAUSE_MS = 10_000;
const RESTARTED_BY_KEEPER_MS = 1_000;

/** One trial's world: the switch with its own truth, the store, the nodes, and what goes wrong between them. Everybody in it knows only this. */
export class World {
  readonly clock = new VirtualClock();
  readonly store = new MemoryStore();
  readonly switch: SimulatedSwitch;
  readonly site: RandomSite;
  readonly plan: FaultPlan;
  readonly story: Story;
  readonly random: Random;
  /** How the systems behave that look-ups ask. */
  readonly endpoints: Random;
  readonly startMs: Ms;
  readonly openController: OpenController;
  readonly jobs: Job[] = [];
  /** All facts that any node has told, in the order of telling. */
  readonly facts: Fact[] = [];
  readonly violations: string[] = [];
  readonly checkers: Checker[] = [];
  readonly nodes: SimulatedNode[] = [];
  readonly lease = {
    untilMs: 0,
    expire: (): void => {
      if (this.clock.nowMs() >= this.lease.untilMs) this.store.owner = null;
    },
    extend: (ttlMs: Ms): void => {
      this.lease.untilMs = this.clock.nowMs() + ttlMs;
    },
  };
  /** Facts or entities may be missing in the store for good. */
  storeLostSomething = false;
  /** A node went down while it could not write. */
  degradedDeath = false;
  healed = false;
  owner: SimulatedNode | null = null;
  newestFence = 0;
  leaseTakenMs: Ms = 0;
  #attached: FaultyLine | null = null;
  #connected = true;
  #heardSeq = 0;
  #storeAwayUntilMs: Ms = 0;
  #disturbedUntilMs: Ms = 0;
  #reconnectPlanned = false;
  #spell: StoreSpell | null = null;
  #olderCopy: Partial<MemoryStore> | null = null;
  readonly #reached: Record<CrashPoint, number> = { beforeCommit: 0, afterCommit: 0, beforeCommand: 0, afterCommand: 0 };
  readonly #neverDouble: boolean;

  constructor(options: WorldOptions) {
    const random = seededRandom(`trial-${options.seed}`);
    this.openController = options.openController;
    this.#neverDouble = options.neverDouble === true;
    this.startMs = this.clock.nowMs();
    this.story = new Story(this.startMs, options.keepStory);
    this.site = randomSite(random.fork('site'), options.seed >= FIRST_WITH_SERVICES);
    this.plan = drawPlan(random.fork('plan'));
    this.random = random.fork('world');
    this.endpoints = random.fork('endpoints');
    const lengths = random.fork('prompts');
    const promptMs = between(lengths, 100, 1_200);
    this.switch = new SimulatedSwitch({
      clock: this.clock,
      latencyMs: between(lengths, 0, 5),
      // The comfort prompt is sometimes a file that is not there.
      promptMs: ({ prompt }) => (prompt === 'system/comfort' && promptMs % 5 === 0 ? null : promptMs),
    });
    this.tell('trial', `seed ${options.seed}, ${this.plan.name}: ${JSON.stringify(this.plan)}`);
  }

  readonly tell = (who: string, what: string): void => this.story.tell(this.clock.nowMs(), who, what);

  /** Found by a checker: told once, with the moment. */
  violated(checker: string, what: string): void {
    const text = `${checker}: ${what} (at ${((this.clock.nowMs() - this.startMs) / 1_000).toFixed(3)})`;
    if (this.violations.length < 20) this.violations.push(text);
    this.tell('CHECK', text);
  }

  /** Lets the plan's faults come at their times. */
  setOut(): void {
    const { plan } = this;
    const at = (atMs: Ms, act: () => void): void => void this.clock.alarm(this.startMs + atMs, act);
    this.startNode('node-a', plan.skewsMs[3] ?? 0);
    // Before the first commit, so that its clock may be behind all that the first one will write.
    if (plan.standby) this.startNode('node-b', plan.skewsMs[0] ?? 0);
    for (const spell of plan.store.spells) this.#planSpell(spell, at);
    for (const fault of plan.nodes) {
      if (fault.kind === 'kill') at(fault.atMs, () => this.owner && this.#kill(this.owner, fault.backAfterMs));
      if (fault.kind === 'freeze') at(fault.atMs, () => this.#freeze(fault.forMs));
    }
    for (const fault of plan.switchFaults) {
      at(fault.atMs, () => this.#disconnect(fault.forMs, fault.kind === 'crash'));
    }
  }

  /** From here on nothing goes wrong any more. Whatever was lost before is found by one last resync. */
  heal(): void {
    this.healed = true;
    this.tell('world', 'heals');
    this.#spell = null;
    for (const node of this.nodes) node.thaw();
    if (!this.nodes.some((node) => node.state === 'alive')) this.startNode('node-z', 0);
    if (this.#reconnectPlanned || !this.#connected) this.#disconnect(1, false);
  }

  /** The node that is connected to the switch and works. */
  get working(): SimulatedNode | null {
    const { owner } = this;
    return owner?.state === 'alive' && owner.controller && owner.line.isUp() ? owner : null;
  }

  /** Nothing is going wrong, or has just gone wrong: what is promised must be kept at once. */
  get calm(): boolean {
    return (
      this.working !== null && !this.#reconnectPlanned && this.#spell === null && this.clock.nowMs() >= this.#disturbedUntilMs
    );
  }

  /** So lately that nobody has got an answer since. */
  get storeWasAway(): boolean {
    return this.clock.nowMs() < this.#storeAwayUntilMs;
  }

  disturb(forMs: Ms = WEARS_OFF_MS): void {
    this.#disturbedUntilMs = Math.max(this.#disturbedUntilMs, this.clock.nowMs() + forMs);
  }

  startNode(name: string, skewMs: Ms): void {
    const node = new SimulatedNode(this, name, skewMs);
    this.nodes.push(node);
    this.disturb();
    node.start();
  }

  /** Hands a request of an agent or supervisor to whoever works; lost when nobody does. */
  submit(event: HotlineEvent): void {
    const node = this.owner;
    if (!node?.controller || node.state === 'dead') return;
    const { controller } = node;
    node.run(() => {
      this.tell(node.name, `<- ${JSON.stringify(event)}`);
      void controller.submit(event);
    });
  }

  // --- what the nodes' surroundings report

  leaseTaken(node: SimulatedNode, fence: number): void {
    this.tell(node.name, `holds the lease, fence ${fence}`);
    // What it could not write nobody will ever read.
    if (this.owner !== node && this.owner?.controller?.degraded) this.degradedDeath = true;
    this.owner = node;
    this.newestFence = fence;
    this.leaseTakenMs = this.clock.nowMs();
    this.#heardSeq = this.store.lastSeq;
    if (this.storeLostSomething || this.degradedDeath) for (const checker of this.checkers) checker.forgotten?.();
    this.disturb();
  }

  attach(line: FaultyLine): void {
    const replaced = this.#attached;
    this.#attached = line;
    // Whoever connects last gets the switch; the other one tries again after a while.
    if (replaced && replaced !== line) this.clock.alarm(this.clock.nowMs() + REPLACED_PAUSE_MS, () => replaced.tryAgain());
    this.switch.cutConnection();
    const { listener } = line;
    if (!this.#connected || !listener) return;
    this.#reconnectPlanned = false;
    void this.switch.start(listener);
  }

  detach(line: FaultyLine): void {
    if (this.#attached !== line) return;
    this.#attached = null;
    void this.switch.stop();
  }

  obey(command: SwitchCommand): void {
    void this.switch.perform(command);
    for (const checker of this.checkers) checker.obeyed?.(command);
  }

  delivered(node: SimulatedNode, event: SwitchEvent): void {
    this.tell(node.name, `<- ${told(event)}`);
    if (event.kind === 'switchUp' || event.kind === 'switchDown') this.disturb();
    for (const checker of this.checkers) checker.delivered?.(event, node);
  }

  commanded(node: SimulatedNode, command: SwitchCommand): void {
    this.tell(node.name, `-> ${JSON.stringify(command)}`);
    for (const checker of this.checkers) checker.commanded?.(command, node);
  }

  committed(node: SimulatedNode, commit: Commit, result: CommitResult, inTime: boolean): void {
    if (result !== 'committed') this.tell(node.name, `commit ${commit.position}: ${result}`);
    else this.#happened(node, commit.facts);
    for (const checker of this.checkers) checker.committed?.(node, commit, result, inTime);
  }

  factsTold(node: SimulatedNode, facts: readonly Fact[]): void {
    for (const fact of facts) this.tell(node.name, `** ${JSON.stringify(fact)}`);
    this.facts.push(...facts);
    this.#happened(node, facts);
  }

  /** Facts count from the moment when they are written, or told by a node that cannot write; each once. */
  #happened(node: SimulatedNode, facts: readonly Fact[]): void {
    // What a writer tells who has been replaced without knowing it is not part of what the next one begins with.
    if (node !== this.owner && (this.storeLostSomething || this.degradedDeath)) return;
    const news = facts.filter(({ seq }) => seq > this.#heardSeq);
    if (news.length === 0) return;
    this.#heardSeq = news.at(-1)?.seq ?? this.#heardSeq;
    for (const checker of this.checkers) checker.facts?.(news);
  }

  fatal(node: SimulatedNode, reason: string, cause?: unknown): void {
    this.tell(node.name, `fatal: ${reason}`);
    if (cause !== undefined) this.violated('machine', `${reason}: ${cause instanceof Error ? cause.stack : cause}`);
    this.#kill(node, RESTARTED_BY_KEEPER_MS);
  }

  /** Counts the ways past a point; true when the node has just died there. */
  reached(point: CrashPoint, node: SimulatedNode): boolean {
    if (this.healed || node.state === 'dead') return node.state === 'dead';
    const n = ++this.#reached[point];
    const fault = this.plan.nodes.find((each) => each.kind === 'killAt' && each.point === point && each.n === n);
    if (fault?.kind !== 'killAt') return false;
    this.tell('world', `${point} ${n}`);
    this.#kill(node, fault.backAfterMs);
    return true;
  }

  lineFaults(): LineFaults {
    if (this.healed) return { ...QUIET, commandDelayMs: this.plan.line.commandDelayMs };
    return this.#neverDouble ? { ...this.plan.line, doubled: 0 } : this.plan.line;
  }

  storeMood(): { kind: 'ok' | 'unavailable' | 'answersLost'; delayMs: Ms } {
    const { answerMs } = this.plan.store;
    const delayMs = answerMs > 0 ? this.random.below(answerMs + 1) : 0;
    const kind = this.#spell?.kind;
    if (kind === 'slow') return { kind: 'ok', delayMs: between(this.random, 50, 900) };
    return { kind: kind === 'unavailable' || kind === 'answersLost' ? kind : 'ok', delayMs };
  }

  lateUntil(atMs: Ms): void {
    this.disturb(atMs - this.clock.nowMs() + WEARS_OFF_MS);
  }

  /** Something was lost that only a resync brings back: one will come. */
  mustReconnect(): void {
    if (this.#reconnectPlanned) return;
    this.#reconnectPlanned = true;
    this.clock.alarm(this.clock.nowMs() + between(this.random, 200, 4_000), () => {
      if (this.#reconnectPlanned) this.#disconnect(between(this.random, 1, 800), false);
    });
  }

  // --- the faults

  #kill(node: SimulatedNode, backAfterMs: Ms): void {
    if (node.state === 'dead') return;
    this.tell('world', `kills ${node.name}`);
    if (node.controller?.degraded) this.degradedDeath = true;
    node.kill();
    this.disturb();
    const { skewsMs } = this.plan;
    const skewMs = skewsMs.length === 0 ? 0 : (skewsMs[this.nodes.length % skewsMs.length] as Ms);
    // The same machine gets its own lease back at once; another one waits for its end.
    const name = chance(this.random, 0.7) ? node.name : `node-${this.nodes.length}`;
    this.clock.alarm(this.clock.nowMs() + backAfterMs, () => this.startNode(name, skewMs));
  }

  #freeze(forMs: Ms): void {
    const node = this.owner;
    if (node?.state !== 'alive' || this.healed) return;
    this.tell('world', `freezes ${node.name} for ${forMs} ms`);
    node.freeze();
    this.clock.alarm(this.clock.nowMs() + forMs, () => {
      this.tell('world', `thaws ${node.name}`);
      this.disturb();
      node.thaw();
    });
  }

  #disconnect(forMs: Ms, crash: boolean): void {
    this.tell('world', crash ? 'the switch crashes' : 'the switch is cut off');
    this.#connected = false;
    if (crash) this.switch.crash();
    else this.switch.cutConnection();
    for (const checker of this.checkers) checker.cut?.(crash);
    this.clock.alarm(this.clock.nowMs() + forMs, () => {
      this.#connected = true;
      this.disturb();
      const listener = this.#attached?.listener;
      if (!listener || this.switch.isUp()) return;
      this.tell('world', 'the switch is connected again');
      this.#reconnectPlanned = false;
      void this.switch.start(listener);
    });
  }

  #planSpell(spell: StoreSpell, at: (atMs: Ms, act: () => void) => void): void {
    at(Math.max(0, spell.atMs - spell.forMs), () => {
      if (spell.kind === 'olderCopy') this.#olderCopy = copyOf(this.store);
    });
    at(spell.atMs, () => {
      if (this.healed) return;
      this.tell('store', spell.kind);
      this.disturb();
      if (spell.kind === 'emptied') {
        this.storeLostSomething = true;
        this.store.empty();
      } else if (spell.kind === 'olderCopy') {
        this.storeLostSomething = true;
        Object.assign(this.store, this.#olderCopy);
      } else if (spell.kind === 'gap') this.store.position -= 1;
      else {
        this.#spell = spell;
        this.#storeAwayUntilMs = this.clock.nowMs() + spell.forMs + LEASE_MS;
      }
    });
    at(spell.atMs + spell.forMs, () => {
      if (this.#spell === spell) this.#spell = null;
      this.disturb();
    });
  }
}

/** What a replica that lags behind would have. */
function copyOf(store: MemoryStore): Partial<MemoryStore> {
  const { owner, fence, position, lastSeq, atMs, calls, agents, queues, stream } = store;
  return {
    owner,
    fence,
    position,
    lastSeq,
    atMs,
    calls: new Map(calls),
    agents: new Map(agents),
    queues: new Map(queues),
    stream: [...stream],
  };
}
