import fc from 'fast-check';
import t from 'tap';
import type { AcdConfig, AgentConfig, CallerOrder, QueueConfig, RequirementExpression } from '../../src/acd/config.js';
import { AcdEngine } from '../../src/acd/engine.js';
import type { AcdEvent } from '../../src/acd/events.js';
import type { OfferCause } from '../../src/base/facts.js';
import { type AgentId, asId, type CallId, type OfferId, type QueueId, type TimerId } from '../../src/base/ids.js';
import { sampleAcd, sampleAgent, sampleQueue } from '../support/sample-site.js';
import { NaiveModel } from './naive-model.js';

/**
 * Random sites, random stories: after each event the engine has chosen as the naive model has, everything that both know is equal, the invariants hold, and
 * an engine that is built anew from the entities as JSON goes on in the same way. Runs of a longer search: `SAME_CHOICES_RUNS=20000`.
 */
const RUNS = Number(process.env.SAME_CHOICES_RUNS ?? 300);

const ORDERS = ['longest-idle', 'best-skill', 'fewest-calls', 'least-occupied', 'round-robin', 'random'] as const;
const POLICIES = ['first-come', 'vip-first', 'priority', 'credit', 'ageing', 'time-left'] as const;
const RULES = [...ORDERS, ...POLICIES, 'wait-guard'];

const SKILLS = ['service', 'english', 'loans'] as const;
const GROUPS = ['north', 'south'] as const;
const skillName = fc.constantFrom(...SKILLS);
const plain = fc.dictionary(skillName, fc.integer({ min: 1, max: 3 }), { maxKeys: 2 });
const anyOf = fc.record({ any: fc.array(plain, { minLength: 1, maxLength: 3 }) });
const expression: fc.Arbitrary<RequirementExpression> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  { weight: 4, arbitrary: plain },
  { weight: 1, arbitrary: anyOf },
  {
    weight: 1,
    arbitrary: fc.record({ service: fc.integer({ min: 1, max: 2 }), all: fc.array(fc.oneof(plain, anyOf), { maxLength: 2 }) }),
  },
);
const groups = fc.subarray([...GROUPS]);

const relax = (require: fc.Arbitrary<RequirementExpression>) =>
  fc
    .array(
      fc.record({
        afterMs: fc.constantFrom(5_000, 20_000, 40_000),
        require,
        groups,
        drop: fc.subarray([...SKILLS], { maxLength: 1 }),
        lower: fc.dictionary(skillName, fc.integer({ min: 0, max: 2 }), { maxKeys: 1 }),
      }),
      { maxLength: 2 },
    )
    .map((steps) => [...steps].sort((a, b) => a.afterMs - b.afterMs));

const queueOf = (i: number): fc.Arbitrary<QueueConfig> =>
  fc.constantFrom(...ORDERS).chain((choose) => {
    // With `any`, what best-skill sums up depends on which alternatives are left out as covered by others.
    const require = choose === 'best-skill' ? (plain as fc.Arbitrary<RequirementExpression>) : expression;
    return fc
      .record({
        require,
        relax: relax(require),
        order: fc.constantFrom<CallerOrder>(...POLICIES),
        waitsAtMostMs: fc.constantFrom(15_000, 60_000, 600_000),
        withinMs: fc.constantFrom(5_000, 20_000),
        wrapUpMs: fc.constantFrom(0, 7_000),
        waiting: fc.constantFrom(2, 50),
        waitMs: fc.constantFrom(45_000, 600_000),
      })
      .map((drawn) => {
        const base = sampleQueue(`q${i}`);
        return sampleQueue(`q${i}`, {
          target: { ...base.target, withinMs: drawn.withinMs },
          require: drawn.require,
          relax: drawn.relax,
          agents: { choose, ringMs: 12_000, wrapUpMs: drawn.wrapUpMs },
          callers: {
            order: drawn.order,
            waitsAtMostMs: drawn.waitsAtMostMs,
            credit: { vipMs: 9_000, perPriorityMs: 4_000, tiersMs: { gold: 13_000 } },
            ageingMs: 6_000,
          },
          limits: { waiting: drawn.waiting, waitMs: drawn.waitMs },
          announce: { positionEveryMs: 0, positionFirstMs: 0, comfort: [] },
        });
      });
  });

const agentOf = (i: number): fc.Arbitrary<AgentConfig> =>
  fc
    .record({
      skills: fc.dictionary(skillName, fc.integer({ min: 1, max: 3 }), { minKeys: 1, maxKeys: 3 }),
      groups,
      queueRank: fc.dictionary(fc.constantFrom('q0', 'q1', 'q2'), fc.integer({ min: 0, max: 2 }), { maxKeys: 2 }),
    })
    .map(({ skills, groups, queueRank }) => sampleAgent(`a${i}`, skills, { groups, queueRank }));

const site: fc.Arbitrary<AcdConfig> = fc
  .record({ queues: fc.integer({ min: 1, max: 3 }), agents: fc.integer({ min: 1, max: 6 }) })
  .chain(({ queues, agents }) =>
    fc.tuple(
      fc.tuple(...Array.from({ length: queues }, (_, i) => queueOf(i))),
      fc.tuple(...Array.from({ length: agents }, (_, i) => agentOf(i))),
    ),
  )
  .map(([queues, agents]) => ({ ...sampleAcd(queues, agents), seed: 'same' }));

/** A step of a story: what is meant is picked among what is there when its turn comes. */
interface Step {
  readonly verb: (typeof VERBS)[number];
  readonly pick: number;
  readonly afterMs: number;
  readonly call: {
    readonly lane: 'vip' | 'ordinary';
    readonly priority: number;
    readonly skills: RequirementExpression;
    readonly gold: boolean;
  };
  readonly cause: OfferCause;
}
const VERBS = [
  ...([
    'call',
    'call',
    'call',
    'answer',
    'answer',
    'answer',
    'connect',
    'connect',
    'hangUp',
    'hangUp',
    'gone',
    'gone',
    'gone',
  ] as const),
  ...([
    'timer',
    'timer',
    'timer',
    'ready',
    'ready',
    'break',
    'signOut',
    'fail',
    'abandon',
    'finish',
    'stale',
    'off',
    'on',
    'restore',
  ] as const),
] as const;
const step: fc.Arbitrary<Step> = fc.record({
  verb: fc.constantFrom(...VERBS),
  pick: fc.nat({ max: 1_000 }),
  // Whole steps of 2.5 s, so that moments often fall on a bound.
  afterMs: fc.constantFrom(0, 0, 1, 2_500, 2_500, 5_000, 10_000),
  call: fc.record({
    lane: fc.constantFrom('vip' as const, 'ordinary' as const, 'ordinary' as const),
    priority: fc.constantFrom(0, 0, 1, 3),
    skills: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: plain }),
    gold: fc.boolean(),
  }),
  cause: fc.constantFrom<OfferCause>('busy', 'declined', 'unreachable', 'legLost', 'switchError'),
});

/** Engine and model side by side. */
class Pair {
  engine: AcdEngine;
  readonly model: NaiveModel;
  readonly #config: AcdConfig;
  #nowMs = 1_000_000;
  #calls = 0;
  /** Rule -> how often it decided. */
  readonly rules = new Map<string, number>();

  constructor(config: AcdConfig) {
    this.#config = config;
    this.engine = new AcdEngine(config);
    this.model = new NaiveModel(config);
    for (const { id } of config.agents) {
      this.#apply({ kind: 'signIn', agentId: id, phone: null, by: 'test' });
      this.#apply({ kind: 'setStatus', agentId: id, status: 'ready', reason: null, by: 'test' });
      this.#nowMs += 2_500;
    }
  }

  take(step: Step): void {
    this.#until(this.#nowMs + step.afterMs);
    if (step.verb === 'restore') return this.#restore();
    const event = this.#eventOf(step);
    if (event) this.#apply(event);
  }

  /** Timers ring at their time, in the order of time and id. */
  #until(atMs: number): void {
    for (;;) {
      const [next] = this.engine.pendingTimers().sort((a, b) => a.atMs - b.atMs || (a.timerId < b.timerId ? -1 : 1));
      if (!next || next.atMs > atMs) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.#apply({ kind: 'timer', timerId: next.timerId });
    }
    this.#nowMs = atMs;
  }

  #eventOf({ verb, pick, call, cause }: Step): AcdEvent | null {
    const one = <T>(all: readonly T[]): T | undefined => all[pick % Math.max(1, all.length)];
    const calls = [...this.engine.calls()];
    const offers = (phase: string): OfferId[] =>
      calls.filter((each) => each.phase === phase).flatMap((each) => each.offers.map((offer) => offer.offerId));
    const agentId = one(this.#config.agents)?.id as AgentId;
    const by = 'test';
    const offered = (kind: 'offerPickedUp' | 'offerConnected', phase: string): AcdEvent | null => {
      const offerId = one(offers(phase));
      return offerId ? { kind, offerId } : null;
    };
    switch (verb) {
      case 'call': {
        const queue = one(this.#config.queues) as QueueConfig;
        const callId = asId<CallId>(`c${String(++this.#calls).padStart(4, '0')}`);
        const { lane, priority, skills, gold } = call;
        return {
          kind: 'enqueue',
          callId,
          queueId: queue.id as QueueId,
          lane,
          priority,
          skills,
          language: 'zh',
          ...(gold && { tier: 'gold' }),
        };
      }
      case 'answer':
        return offered('offerPickedUp', 'offered');
      case 'connect':
        return offered('offerConnected', 'connecting');
      case 'fail': {
        const offerId = one([...offers('offered'), ...offers('connecting'), ...offers('talking')]);
        return offerId ? { kind: 'offerFailed', offerId, cause } : null;
      }
      case 'hangUp': {
        const talk = one(calls.filter((each) => each.phase === 'talking'));
        return talk ? { kind: 'talkEnded', callId: talk.callId, endedBy: pick % 2 === 0 ? 'caller' : 'agent' } : null;
      }
      case 'gone': {
        const free = [...this.engine.agents()].filter((agent) => agent.legOf !== null && agent.offerId === null);
        const offerId = one(free)?.legOf;
        return offerId ? { kind: 'agentLegGone', offerId } : null;
      }
      case 'abandon': {
        const queued = one(calls.filter((each) => each.phase !== 'talking'));
        return queued ? { kind: 'leave', callId: queued.callId, exit: 'abandoned' } : null;
      }
      case 'timer': {
        const [next] = this.engine.pendingTimers().sort((a, b) => a.atMs - b.atMs || (a.timerId < b.timerId ? -1 : 1));
        if (next) this.#nowMs = Math.max(this.#nowMs, next.atMs);
        return next ? { kind: 'timer', timerId: next.timerId } : null;
      }
      case 'ready':
        return this.engine.agent(agentId)?.status === 'loggedOut'
          ? { kind: 'signIn', agentId, phone: null, by }
          : { kind: 'setStatus', agentId, status: 'ready', reason: null, by };
      case 'break':
        return { kind: 'setStatus', agentId, status: 'notReady', reason: 'break', by };
      case 'signOut':
        return { kind: 'signOut', agentId, by };
      case 'finish':
        return { kind: 'finishWrapUp', agentId, by };
      case 'stale':
        return pick % 2 === 0
          ? { kind: 'offerPickedUp', offerId: asId<OfferId>(`c${String(1 + (pick % 7)).padStart(4, '0')}-a9`) }
          : { kind: 'talkEnded', callId: asId<CallId>('c9999'), endedBy: 'caller' };
      case 'off':
      case 'on':
        return { kind: 'dispatch', on: verb === 'on' || pick % 3 !== 0 };
      case 'restore':
        return null;
    }
  }

  /** A controller dies and another takes over: from the entities as they are stored. */
  #restore(): void {
    const stored = JSON.stringify({
      calls: [...this.engine.calls()],
      agents: [...this.engine.agents()],
      queues: [...this.engine.queueEntities()],
    });
    const { calls, agents, queues } = JSON.parse(stored);
    this.engine = AcdEngine.restore(
      this.#config,
      calls,
      agents,
      queues.map(([, entity]: [string, never]) => entity),
    );
    same(
      JSON.stringify({
        calls: [...this.engine.calls()],
        agents: [...this.engine.agents()],
        queues: [...this.engine.queueEntities()],
      }),
      stored,
      'what was stored is what is there',
    );
    this.model.dispatching = false;
    this.#apply({ kind: 'dispatch', on: true });
  }

  #apply(event: AcdEvent): void {
    const outcome = this.engine.apply(this.#nowMs, event);
    this.model.apply(this.#nowMs, event);
    const what = JSON.stringify(event);
    const choices = outcome.facts.flatMap((fact) =>
      fact.kind === 'callOffered'
        ? [
            {
              callId: fact.callId,
              agentId: fact.agentId,
              rule: fact.why.rule,
              considered: fact.why.trigger === 'callerCame' ? fact.why.considered : null,
            },
          ]
        : [],
    );
    same(choices, this.model.choices, `choices at ${what}`);
    for (const { rule } of choices) this.rules.set(rule, (this.rules.get(rule) ?? 0) + 1);
    const entered = outcome.facts.flatMap((fact) =>
      fact.kind === 'callQueued' || fact.kind === 'callReprioritised' ? [fact.eligible] : [],
    );
    same(entered, this.model.entered, `eligible agents at ${what}`);
    same(outcome.refusal !== null, this.model.refused, `refusal at ${what}`);
    this.#compare(what);
    this.#invariants(what);
    if (this.#calls % 3 === 0) this.engine.takeChanges();
  }

  #compare(what: string): void {
    const agents = [...this.engine.agents()].map((agent) => {
      const { agentId, status, reason, state, idleSinceMs, legOf, offerId, backOffUntilMs, answered, busyMs, freeMs } = agent;
      return [agentId, status, reason, state, idleSinceMs, legOf, offerId, backOffUntilMs !== null, answered, busyMs, freeMs];
    });
    const modelAgents = this.model.agents.map((agent) => {
      const { config, status, reason, state, idleSinceMs, leg, offer, resting, answered, busyMs, freeMs } = agent;
      return [
        config.id,
        status,
        reason,
        state,
        idleSinceMs === 0 ? 0 : idleSinceMs,
        leg,
        offer,
        resting,
        answered,
        busyMs,
        freeMs,
      ];
    });
    same(agents, modelAgents, `agents after ${what}`);
    const calls = [...this.engine.calls()].map((call) => [
      call.callId,
      call.phase,
      call.relaxStep,
      call.offers.map((offer) => offer.agentId),
    ]);
    const modelCalls = this.model.calls.map((call) => [
      call.id,
      call.phase,
      call.step,
      call.offer ? [call.offer.agent.config.id] : [],
    ]);
    same(calls.sort(), modelCalls.sort(), `calls after ${what}`);
    const timers = this.engine.pendingTimers().map(({ timerId, atMs }): [string, number] => [withoutCount(timerId), atMs]);
    same(timers.sort(), [...this.model.timers].sort(), `timers after ${what}`);
  }

  #invariants(what: string): void {
    const calls = [...this.engine.calls()];
    const reserved = calls.flatMap((call) => call.offers.map((offer) => offer.agentId));
    same(new Set(reserved).size, reserved.length, `no agent is in two offers after ${what}`);
    for (const call of calls) {
      same(call.offers.length > 0, call.phase !== 'waiting', `${call.callId} has an offer unless it waits, after ${what}`);
      for (const { agentId, offerId } of call.offers)
        same(this.engine.agent(agentId)?.offerId, offerId, `${agentId} knows the offer after ${what}`);
    }
  }
}

const withoutCount = (timerId: TimerId): string => timerId.split('/').slice(0, 3).join('/');

function same(got: unknown, wanted: unknown, what: string): void {
  const a = JSON.stringify(got);
  const b = JSON.stringify(wanted);
  if (a !== b) throw new Error(`${what}\nengine ${a}\nmodel  ${b}`);
}

t.test('the engine chooses as the naive model does', async (t) => {
  const rules = new Map<string, number>();
  fc.assert(
    fc.property(site, fc.array(step, { minLength: 40, maxLength: 200, size: 'max' }), (config, steps) => {
      const pair = new Pair(config);
      for (const each of steps) pair.take(each);
      for (const [rule, count] of pair.rules) rules.set(rule, (rules.get(rule) ?? 0) + count);
    }),
    { numRuns: RUNS, ...(process.env.SAME_CHOICES_SEED ? { seed: Number(process.env.SAME_CHOICES_SEED) } : {}) },
  );
  const choices = [...rules.values()].reduce((sum, count) => sum + count, 0);
  t.ok(choices > 5 * RUNS, `${choices} choices in ${RUNS} stories`);
  for (const rule of RULES) t.ok((rules.get(rule) ?? 0) > 0, `${rule} decided ${rules.get(rule)} times`);
});
