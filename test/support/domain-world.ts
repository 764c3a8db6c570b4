import type { AgentConfig, QueueConfig } from '../../src/acd/config.js';
import type { Fact, FactKind, FactOf } from '../../src/base/facts.js';
import { type AgentId, asId, type CallId } from '../../src/base/ids.js';
import type { Ms } from '../../src/base/time.js';
import type { HotlineConfig, Job } from '../../src/call/state.js';
import { Domain } from '../../src/control/domain.js';
import type { Log } from '../../src/ports/log.js';
import type { LookUps } from '../../src/ports/look-ups.js';
import { MemoryStore } from '../../src/simulation/memory-store.js';
import type { SimulatedCaller } from '../../src/simulation/simulated-caller.js';
import { SimulatedSwitch } from '../../src/simulation/simulated-switch.js';
import { VirtualClock } from '../../src/simulation/virtual-clock.js';
import { sampleAcd, sampleConfig } from './sample-site.js';

export const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A whole domain in virtual time: simulated switch, store in memory, controllers that can be killed. */
export class DomainWorld {
  readonly clock = new VirtualClock();
  readonly store = new MemoryStore();
  readonly switch: SimulatedSwitch;
  readonly facts: Fact[] = [];
  readonly jobs: Job[] = [];
  readonly fatal: string[] = [];
  domain!: Domain;
  /** Whether a calendar is open; a test may set another one. */
  open: (calendar: string, atMs: Ms) => boolean = () => true;
  /** What else the site is; looked at when a controller starts. */
  change: (config: HotlineConfig) => HotlineConfig = (config) => config;
  lookUps: LookUps | null = null;
  /** Resolves when a job is kept elsewhere. */
  takeJob: (job: Job) => Promise<void> = async (job) => void this.jobs.push(job);
  log: Log = SILENT;
  readonly #queues: QueueConfig[];
  readonly #agents: AgentConfig[];

  constructor(queues: QueueConfig[], agents: AgentConfig[]) {
    this.#queues = queues;
    this.#agents = agents;
    this.switch = new SimulatedSwitch({ clock: this.clock });
  }

  async start(node = 'node-1'): Promise<void> {
    const opening = Domain.open({
      node,
      clock: this.clock,
      store: this.store,
      switches: [this.switch],
      jobs: { add: (job) => this.takeJob(job), close: async () => {} },
      config: this.config(),
      ...(this.lookUps && { lookUps: this.lookUps }),
      log: this.log,
      leaseMs: 3_000,
      onFacts: (facts) => this.facts.push(...facts),
      onFatal: (reason, cause) => this.fatal.push(`${reason}: ${cause instanceof Error ? cause.stack : ''}`),
    });
    this.domain = await opening;
    await this.pass(10);
  }

  config(): HotlineConfig {
    const config = sampleConfig(sampleAcd(this.#queues, this.#agents));
    return this.change({ ...config, isOpen: (calendar, atMs) => this.open(calendar, atMs) });
  }

  /** As by kill -9: the controller is gone in the middle of whatever it did; the switch lives on. */
  kill(): void {
    this.domain.abandon();
    void this.switch.stop();
  }

  pass(ms: Ms): Promise<void> {
    return this.clock.pass(ms);
  }

  async ready(...agents: string[]): Promise<void> {
    for (const id of agents) {
      const agentId = asId<AgentId>(id);
      await this.domain.submit({ kind: 'signIn', agentId, phone: null, by: 'test' });
      await this.domain.submit({ kind: 'setStatus', agentId, status: 'ready', reason: null, by: 'test' });
      await this.pass(1);
    }
  }

  call(ani = '13911112222', dnis = '95500'): SimulatedCaller {
    return this.switch.placeCall({ ani, dnis });
  }

  of<K extends FactKind>(kind: K): FactOf<K>[] {
    return this.facts.filter((fact) => fact.kind === kind) as FactOf<K>[];
  }

  callIdOf(caller: SimulatedCaller): CallId {
    const arrived = this.of('callArrived').find((fact) => fact.legId === caller.legId);
    if (!arrived) throw new Error('the call has not arrived');
    return arrived.callId;
  }

  agent(id: string) {
    const agent = this.domain.hotline.engine.agent(asId<AgentId>(id));
    if (!agent) throw new Error(`no agent ${id}`);
    return agent;
  }

  /** Everything has settled: nothing on the switch, nothing in the state, one outcome per call. Empty when all is well. */
  leftOvers(): string[] {
    const found: string[] = [...this.fatal];
    for (const leg of this.switch.legs.values()) found.push(`leg ${leg.legId} is still there`);
    for (const [bridgeId, legs] of this.switch.bridges) if (legs.size > 0) found.push(`bridge ${bridgeId} is still there`);
    for (const recording of this.switch.recordings.ids()) found.push(`recording ${recording} still runs`);
    for (const call of this.domain.hotline.calls()) found.push(`call ${call.callId} is still ${call.phase}`);
    for (const call of this.domain.hotline.engine.calls()) found.push(`call ${call.callId} is still queued`);
    for (const agent of this.domain.hotline.engine.agents()) {
      if (agent.state !== 'idle' && agent.state !== 'wrapUp') found.push(`agent ${agent.agentId} is still ${agent.state}`);
      if (agent.legOf) found.push(`agent ${agent.agentId} still has a leg`);
    }
    for (const { callId } of this.of('callArrived')) {
      const outcomes = this.of('callEnded').filter((fact) => fact.callId === callId).length;
      if (outcomes !== 1) found.push(`call ${callId} has ${outcomes} outcomes`);
    }
    return found;
  }
}
