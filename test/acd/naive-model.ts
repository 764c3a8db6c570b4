import type { AcdConfig, AgentConfig, QueueConfig, RelaxStep, RequirementExpression } from '../../src/acd/config.js';
import type { AcdEvent } from '../../src/acd/events.js';
import type { AgentState, AgentStatus, EligibleAgents, OfferCause } from '../../src/base/facts.js';
import { seededRandom } from '../../src/base/random.js';
import type { Ms } from '../../src/base/time.js';

/**
 * The rules of choice once more, slow and plain: no index, every choice looks at everybody. Written from src/acd/README.md and the tables at the head of
 * agent-order.ts and caller-order.ts, for holding the engine against it.
 */
export interface NaiveAgent {
  readonly config: AgentConfig;
  status: AgentStatus;
  reason: string | null;
  state: AgentState;
  idleSinceMs: Ms;
  /** The offer whose leg stands on the switch. */
  leg: string | null;
  offer: string | null;
  resting: boolean;
  failures: number;
  answered: number;
  busyMs: Ms;
  freeMs: Ms;
  accountedMs: Ms;
  turn: number;
}

export interface NaiveCall {
  readonly id: string;
  readonly queue: QueueConfig;
  readonly lane: string;
  readonly priority: number;
  readonly tier: string | null;
  readonly skills: RequirementExpression;
  readonly enteredMs: Ms;
  step: number;
  phase: 'waiting' | 'offered' | 'connecting' | 'talking';
  offers: number;
  offer: { id: string; agent: NaiveAgent } | null;
}

/** One choice: which call to which agent, by which rule. `considered` of an agent's choice only. */
export interface Choice {
  readonly callId: string;
  readonly agentId: string;
  readonly rule: string;
  readonly considered: number | null;
}

const CONNECT_MS = 5_000;
const LEG_GONE_MS = 5_000;

export class NaiveModel {
  nowMs: Ms = 0;
  dispatching = true;
  readonly agents: NaiveAgent[];
  readonly calls: NaiveCall[] = [];
  /** What runs: `q/<call>/<purpose>` or `a/<agent>/<purpose>` -> when it is due. */
  readonly timers = new Map<string, Ms>();
  /** Of the event at hand. */
  choices: Choice[] = [];
  entered: EligibleAgents[] = [];
  refused = false;
  readonly #config: AcdConfig;
  #turn = 0;

  constructor(config: AcdConfig) {
    this.#config = config;
    this.agents = config.agents.map((agent) => ({
      config: agent,
      status: 'loggedOut',
      reason: null,
      state: 'idle',
      idleSinceMs: 0,
      leg: null,
      offer: null,
      resting: false,
      failures: 0,
      answered: 0,
      busyMs: 0,
      freeMs: 0,
      accountedMs: 0,
      turn: 0,
    }));
  }

  apply(atMs: Ms, event: AcdEvent): void {
    this.nowMs = Math.max(this.nowMs, atMs);
    this.choices = [];
    this.entered = [];
    this.refused = false;
    switch (event.kind) {
      case 'enqueue':
        return this.#enqueue(event);
      case 'leave':
        return this.#leave(event.callId);
      case 'offerPickedUp':
        return this.#pickedUp(event.offerId);
      case 'offerConnected':
        return this.#connected(event.offerId);
      case 'offerFailed':
        return this.#failed(event.offerId, event.cause);
      case 'agentLegGone':
        return this.#legGone(event.offerId);
      case 'talkEnded':
        return this.#talkEnded(event.callId, event.endedBy);
      case 'signIn':
        return this.#signIn(this.#agent(event.agentId));
      case 'signOut':
        return this.#signOut(this.#agent(event.agentId));
      case 'setStatus':
        return this.#setStatus(this.#agent(event.agentId), event.status, event.reason);
      case 'finishWrapUp':
        return this.#finishWrapUp(this.#agent(event.agentId));
      case 'timer':
        return this.#timer(event.timerId);
      case 'dispatch':
        return this.#dispatch(event.on);
      default:
        throw new Error(`the model knows no ${event.kind}`);
    }
  }

  // --- who may serve whom ---

  #canServe(agent: NaiveAgent): boolean {
    return agent.status === 'ready' && agent.state === 'idle' && agent.leg === null && !agent.resting;
  }

  #mayServe({ config }: NaiveAgent, call: NaiveCall): boolean {
    return layersOf(call.queue, call.skills, call.step).some(
      ({ need, groups }) =>
        need.every((each) => meets(config, each)) &&
        (groups.length === 0 || groups.some((group) => config.groups.includes(group))),
    );
  }

  // --- the two choices ---

  /** The best of all agents who can serve and may serve. */
  #agentFor(call: NaiveCall): { agent: NaiveAgent; considered: number } | null {
    const able = this.agents.filter((agent) => this.#canServe(agent) && this.#mayServe(agent, call));
    if (able.length === 0) return null;
    const order = call.queue.agents.choose;
    if (order === 'random') {
      able.sort((a, b) => (a.config.id < b.config.id ? -1 : 1));
      const place = seededRandom(`${this.#config.seed ?? ''}/${call.id}/${call.offers}`).below(able.length);
      return { agent: able[place] as NaiveAgent, considered: able.length };
    }
    const number = (agent: NaiveAgent): number => {
      switch (order) {
        case 'best-skill':
          return -skillsOf(call).reduce((sum, skill) => sum + (agent.config.skills[skill] ?? 0), 0);
        case 'fewest-calls':
          return agent.answered;
        case 'least-occupied':
          return agent.busyMs === 0 ? 0 : agent.busyMs / (agent.busyMs + agent.freeMs);
        case 'round-robin':
          return agent.turn;
        default:
          return 0;
      }
    };
    able.sort((a, b) => number(a) - number(b) || a.idleSinceMs - b.idleSinceMs || (a.config.id < b.config.id ? -1 : 1));
    return { agent: able[0] as NaiveAgent, considered: able.length };
  }

  /** The best of all callers who wait and whom the agent may serve. */
  #callFor(agent: NaiveAgent): { call: NaiveCall; rule: string } | null {
    const waiting = this.calls.filter((call) => call.phase === 'waiting' && this.#mayServe(agent, call));
    const key = (call: NaiveCall): (number | string)[] => {
      const { queue } = call;
      if (this.nowMs - call.enteredMs >= queue.callers.waitsAtMostMs) return [0, 0, 0, 0, 0, call.enteredMs, call.id];
      const rank = agent.config.queueRank[queue.id] ?? 0;
      return [1, rank, ...this.#standing(call), call.enteredMs, call.id];
    };
    waiting.sort((a, b) => compare(key(a), key(b)));
    const [call] = waiting;
    if (!call) return null;
    return { call, rule: key(call)[0] === 0 ? 'wait-guard' : call.queue.callers.order };
  }

  /** Class, priority, and since when the caller stands, by the policy of the queue. */
  #standing({ queue, lane, priority, tier, enteredMs }: NaiveCall): [number, number, number] {
    const { order, credit, ageingMs = 0 } = queue.callers;
    switch (order) {
      case 'first-come':
        return [1, 0, enteredMs];
      case 'vip-first':
        return [lane === 'vip' ? 0 : 1, -priority, enteredMs];
      case 'priority':
        return [1, -priority, enteredMs];
      case 'ageing':
        return [1, 0, enteredMs - priority * ageingMs];
      case 'credit': {
        if (!credit) return [1, 0, enteredMs];
        const worth =
          (lane === 'vip' ? credit.vipMs : 0) +
          priority * credit.perPriorityMs +
          (tier === null ? 0 : (credit.tiersMs[tier] ?? 0));
        return [1, 0, enteredMs - worth];
      }
      case 'time-left': {
        const late = this.nowMs - enteredMs > queue.target.withinMs;
        return late ? [2, 0, enteredMs] : [1, 0, enteredMs + queue.target.withinMs];
      }
    }
  }

  #placeCall(call: NaiveCall): void {
    call.phase = 'waiting';
    call.offer = null;
    const found = this.dispatching ? this.#agentFor(call) : null;
    if (found) this.#offer(call, found.agent, call.queue.agents.choose, found.considered);
  }

  #placeAgent(agent: NaiveAgent): void {
    if (!this.#canServe(agent) || !this.dispatching) return;
    const found = this.#callFor(agent);
    if (found) this.#offer(found.call, agent, found.rule, null);
  }

  #offer(call: NaiveCall, agent: NaiveAgent, rule: string, considered: number | null): void {
    const id = `${call.id}-a${++call.offers}`;
    call.phase = 'offered';
    call.offer = { id, agent };
    agent.offer = id;
    agent.leg = id;
    agent.turn = ++this.#turn;
    this.#become(agent, 'ringing');
    this.timers.set(`q/${call.id}/ring-a${call.offers}`, this.nowMs + call.queue.agents.ringMs);
    this.choices.push({ callId: call.id, agentId: agent.config.id, rule, considered });
  }

  // --- callers ---

  #enqueue(event: Extract<AcdEvent, { kind: 'enqueue' }>): void {
    const queue = this.#config.queues.find((each) => each.id === event.queueId);
    if (!queue || this.calls.some((call) => call.id === event.callId)) return;
    const inLine = this.calls.filter((call) => call.queue === queue && call.phase !== 'talking').length;
    const call: NaiveCall = {
      id: event.callId,
      queue,
      lane: event.lane,
      priority: event.priority,
      tier: event.tier ?? null,
      skills: event.skills,
      enteredMs: this.nowMs,
      step: 0,
      phase: 'waiting',
      offers: 0,
      offer: null,
    };
    const last = { ...call, step: queue.relax.length };
    if (
      inLine >= queue.limits.waiting ||
      !this.agents.some((agent) => this.#mayServe(agent, call) || this.#mayServe(agent, last))
    )
      return;
    this.calls.push(call);
    this.entered.push(this.#eligible(call));
    this.timers.set(`q/${call.id}/maxWait`, this.nowMs + queue.limits.waitMs);
    this.#planRelax(call);
    this.#placeCall(call);
  }

  #planRelax(call: NaiveCall): void {
    const step = call.queue.relax[call.step];
    if (step) this.timers.set(`q/${call.id}/relax`, call.enteredMs + step.afterMs);
  }

  #eligible(call: NaiveCall): EligibleAgents {
    const able = this.agents.filter((agent) => agent.status !== 'loggedOut' && this.#mayServe(agent, call));
    const count = (state: AgentState): number => able.filter((agent) => agent.state === state).length;
    const idle = able.filter((agent) => agent.state === 'idle');
    const ready = idle.filter((agent) => agent.status === 'ready');
    return {
      idle: ready.filter((agent) => this.#canServe(agent)).length,
      ringing: count('ringing'),
      talking: count('talking'),
      wrapUp: count('wrapUp'),
      notReady: idle.length - ready.length,
      resting: ready.filter((agent) => !this.#canServe(agent)).length,
    };
  }

  #leave(callId: string): void {
    const call = this.calls.find((each) => each.id === callId);
    if (!call || call.phase === 'talking') return;
    const agent = call.offer?.agent;
    if (call.offer) this.#endOffer(call, call.offer, 'callerLeft');
    this.#forget(call);
    if (agent) this.#placeAgent(agent);
  }

  #forget(call: NaiveCall): void {
    for (const key of [...this.timers.keys()]) if (key.startsWith(`q/${call.id}/`)) this.timers.delete(key);
    this.calls.splice(this.calls.indexOf(call), 1);
  }

  // --- offers ---

  #live(offerId: string): { call: NaiveCall; offer: { id: string; agent: NaiveAgent } } | null {
    const call = this.calls.find((each) => each.offer?.id === offerId);
    return call?.offer ? { call, offer: call.offer } : null;
  }

  #pickedUp(offerId: string): void {
    const live = this.#live(offerId);
    if (live?.call.phase !== 'offered') return;
    live.call.phase = 'connecting';
    live.offer.agent.failures = 0;
    this.timers.delete(`q/${live.call.id}/ring-a${live.call.offers}`);
    this.timers.set(`q/${live.call.id}/connect`, this.nowMs + CONNECT_MS);
  }

  #connected(offerId: string): void {
    const live = this.#live(offerId);
    if (live?.call.phase !== 'connecting') return;
    for (const key of [...this.timers.keys()]) if (key.startsWith(`q/${live.call.id}/`)) this.timers.delete(key);
    live.call.phase = 'talking';
    live.offer.agent.answered++;
    this.#become(live.offer.agent, 'talking');
  }

  #failed(offerId: string, cause: OfferCause): void {
    const live = this.#live(offerId);
    if (!live || live.call.phase === 'talking') return;
    this.#endOffer(live.call, live.offer, cause);
    // The caller first: who waits longest is not passed by whom the agent could have instead.
    this.#placeCall(live.call);
    this.#placeAgent(live.offer.agent);
  }

  #endOffer(call: NaiveCall, { id, agent }: { id: string; agent: NaiveAgent }, cause: OfferCause): void {
    this.timers.delete(`q/${call.id}/ring-a${call.offers}`);
    this.timers.delete(`q/${call.id}/connect`);
    call.offer = null;
    agent.offer = null;
    this.#judge(agent, cause);
    this.#become(agent, 'idle');
    if (agent.leg === id) this.timers.set(`a/${agent.config.id}/legGone`, this.nowMs + LEG_GONE_MS);
  }

  #judge(agent: NaiveAgent, cause: OfferCause): void {
    const { backOffMs, phoneFailuresAllowed } = this.#config;
    if (cause === 'noAnswer') {
      if (agent.status === 'ready') this.#chooses(agent, 'notReady', 'rona');
      return;
    }
    const fault = cause === 'busy' || cause === 'unreachable' || cause === 'switchError';
    if (!fault && cause !== 'declined') return;
    if (fault && ++agent.failures >= phoneFailuresAllowed && agent.status === 'ready') {
      agent.failures = 0;
      this.#chooses(agent, 'notReady', 'phoneFailed');
      return;
    }
    agent.resting = true;
    const rest = cause === 'busy' ? backOffMs.busy : cause === 'declined' ? backOffMs.declined : backOffMs.unreachable;
    this.timers.set(`a/${agent.config.id}/backOff`, this.nowMs + rest);
  }

  #legGone(offerId: string): void {
    const agent = this.agents.find((each) => each.leg === offerId);
    if (!agent) return;
    agent.leg = null;
    this.timers.delete(`a/${agent.config.id}/legGone`);
    this.#placeAgent(agent);
  }

  #talkEnded(callId: string, endedBy: string): void {
    const call = this.calls.find((each) => each.id === callId);
    if (call?.phase !== 'talking' || !call.offer) return;
    const { id, agent } = call.offer;
    this.#forget(call);
    agent.offer = null;
    if (endedBy !== 'agent' && agent.leg === id) this.timers.set(`a/${agent.config.id}/legGone`, this.nowMs + LEG_GONE_MS);
    if (call.queue.agents.wrapUpMs === 0) return this.#idle(agent);
    this.#become(agent, 'wrapUp');
    this.timers.set(`a/${agent.config.id}/wrapUp`, this.nowMs + call.queue.agents.wrapUpMs);
  }

  // --- agents ---

  #agent(id: string): NaiveAgent {
    return this.agents.find((each) => each.config.id === id) as NaiveAgent;
  }

  #account(agent: NaiveAgent): void {
    const sinceMs = this.nowMs - agent.accountedMs;
    if (agent.state === 'talking' || agent.state === 'wrapUp') agent.busyMs += sinceMs;
    else if (agent.status === 'ready') agent.freeMs += sinceMs;
    agent.accountedMs = this.nowMs;
  }

  #become(agent: NaiveAgent, state: AgentState): void {
    if (agent.state === state) return;
    this.#account(agent);
    agent.state = state;
  }

  #chooses(agent: NaiveAgent, status: AgentStatus, reason: string | null): void {
    if (agent.status === status && agent.reason === reason) return;
    this.#account(agent);
    agent.status = status;
    agent.reason = reason;
  }

  #idle(agent: NaiveAgent): void {
    agent.idleSinceMs = this.nowMs;
    this.#become(agent, 'idle');
    this.#placeAgent(agent);
  }

  #signIn(agent: NaiveAgent): void {
    if (agent.status !== 'loggedOut') return;
    if (agent.state !== 'idle' || agent.leg !== null) {
      this.refused = true;
      return;
    }
    this.#rested(agent);
    agent.failures = 0;
    Object.assign(agent, { answered: 0, busyMs: 0, freeMs: 0, accountedMs: this.nowMs, idleSinceMs: this.nowMs });
    this.#chooses(agent, 'notReady', 'signedIn');
  }

  #rested(agent: NaiveAgent): void {
    agent.resting = false;
    this.timers.delete(`a/${agent.config.id}/backOff`);
  }

  #signOut(agent: NaiveAgent): void {
    if (agent.status === 'loggedOut') return;
    this.#outOfService(agent, 'loggedOut', null);
    if (agent.state === 'wrapUp') this.#finishWrapUp(agent);
  }

  #setStatus(agent: NaiveAgent, status: 'ready' | 'notReady', reason: string | null): void {
    if (agent.status === 'loggedOut') {
      this.refused = true;
      return;
    }
    if (status === 'notReady') return this.#outOfService(agent, status, reason);
    this.#chooses(agent, 'ready', null);
    this.#rested(agent);
    this.#placeAgent(agent);
  }

  /** A talk or wrap-up goes on; a phone that rings is let go, and its caller goes back to the place. */
  #outOfService(agent: NaiveAgent, status: AgentStatus, reason: string | null): void {
    this.#chooses(agent, status, reason);
    if (agent.state === 'ringing' && agent.offer) this.#failed(agent.offer, 'agentLeft');
  }

  #finishWrapUp(agent: NaiveAgent): void {
    if (agent.state !== 'wrapUp') {
      this.refused = true;
      return;
    }
    this.timers.delete(`a/${agent.config.id}/wrapUp`);
    this.#idle(agent);
  }

  // --- time ---

  #timer(timerId: string): void {
    const [owner, id, purpose] = timerId.split('/') as [string, string, string];
    const due = this.timers.get(`${owner}/${id}/${purpose}`);
    if (due === undefined) throw new Error(`the engine has a timer ${timerId} that the model has not`);
    this.timers.delete(`${owner}/${id}/${purpose}`);
    if (owner === 'a') return this.#agentTimer(this.#agent(id), purpose);
    const call = this.calls.find((each) => each.id === id) as NaiveCall;
    if (!this.dispatching && (purpose.startsWith('ring') || purpose === 'connect')) {
      // Nobody is judged while the switch is away.
      this.timers.set(`q/${id}/${purpose}`, this.nowMs + call.queue.agents.ringMs);
      return;
    }
    if (purpose.startsWith('ring')) return this.#failed(call.offer?.id ?? '', 'noAnswer');
    if (purpose === 'connect') return this.#failed(call.offer?.id ?? '', 'switchError');
    if (purpose === 'maxWait') return call.phase === 'connecting' ? undefined : this.#leave(call.id);
    if (purpose !== 'relax') throw new Error(`the model knows no timer ${purpose}`);
    call.step++;
    this.entered.push(this.#eligible(call));
    this.#planRelax(call);
    if (call.phase === 'waiting') this.#placeCall(call);
  }

  #agentTimer(agent: NaiveAgent, purpose: string): void {
    if (purpose === 'wrapUp') return this.#idle(agent);
    if (purpose === 'backOff') agent.resting = false;
    else agent.leg = null;
    this.#placeAgent(agent);
  }

  /** Everybody who can be matched is matched: the longest idle agent first. */
  #dispatch(on: boolean): void {
    this.dispatching = on;
    if (!on) return;
    const free = this.agents.filter((agent) => this.#canServe(agent));
    free.sort((a, b) => a.idleSinceMs - b.idleSinceMs || (a.config.id < b.config.id ? -1 : 1));
    for (const agent of free) this.#placeAgent(agent);
  }
}

interface Layer {
  readonly need: readonly RequirementExpression[];
  readonly groups: readonly string[];
}

/** What is required after `step` relaxations: any one of these will do. */
function layersOf(queue: QueueConfig, skills: RequirementExpression, step: number): readonly Layer[] {
  let layers: readonly Layer[] = [{ need: [queue.require, skills], groups: [] }];
  for (const relax of queue.relax.slice(0, step)) {
    const softens = (relax.drop ?? []).length > 0 || Object.keys(relax.lower ?? {}).length > 0;
    const instead: Layer = { need: [relax.require], groups: relax.groups };
    const soft = layers.map(({ need, groups }) => ({ need: need.map((each) => softened(each, relax)), groups }));
    if (softens) layers = relax.groups.length > 0 ? [...soft, instead] : soft;
    else layers = relax.groups.length > 0 ? [...layers, instead] : [instead];
  }
  return layers;
}

function softened(expression: RequirementExpression, { drop = [], lower = {} }: RelaxStep): RequirementExpression {
  return Object.fromEntries(
    Object.entries(expression).flatMap(([name, entry]): [string, number | readonly RequirementExpression[]][] => {
      if (typeof entry !== 'number')
        return [[name, entry.map((each) => softened(each, { drop, lower } as unknown as RelaxStep))]];
      return drop.includes(name) ? [] : [[name, Math.min(entry, lower[name] ?? entry)]];
    }),
  );
}

function meets(agent: AgentConfig, expression: RequirementExpression): boolean {
  return Object.entries(expression).every(([name, entry]) => {
    if (typeof entry === 'number') return (agent.skills[name] ?? 0) >= entry;
    return name === 'any' ? entry.some((each) => meets(agent, each)) : entry.every((each) => meets(agent, each));
  });
}

/** Skills that the requirement names, wherever it does. */
function skillsOf({ queue, skills, step }: NaiveCall): string[] {
  const named = (expression: RequirementExpression): string[] =>
    Object.entries(expression).flatMap(([name, entry]) => (typeof entry === 'number' ? [name] : entry.flatMap(named)));
  return [...new Set(layersOf(queue, skills, step).flatMap(({ need }) => need.flatMap(named)))];
}

function compare(a: (number | string)[], b: (number | string)[]): number {
  for (const [i, value] of a.entries()) {
    const other = b[i] as number | string;
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}
