import type { Fact, FactBody } from '../../src/base/facts.js';
import type { CallId, LegId } from '../../src/base/ids.js';
import { Hotline, type HotlineEvent, type HotlineOutcome } from '../../src/call/hotline.js';
import { Domain } from '../../src/control/domain.js';
import type { OpenController } from '../../src/simulation/trial/controller.js';

/**
 * Defects that somebody could build into this house one day, planted at its edges: between the loop and the machine, or between the loop and
 * its store. The simulation must find each of them.
 */
export interface Planted {
  readonly name: string;
  readonly open: OpenController;
  /** Puts the saboteur between the loop and the machine; absent when it sits elsewhere. */
  readonly meddle?: Meddler;
  /** Only where flows ask endpoints, take messages and transfer. */
  readonly services?: true;
}

type Apply = (event: HotlineEvent) => HotlineOutcome;
type Meddler = (event: HotlineEvent, apply: Apply, hotline: Hotline, atMs: number) => HotlineOutcome;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const open: OpenController = (options, signal) => Domain.open(options, signal);
const withFacts = (outcome: HotlineOutcome, change: (fact: FactBody) => FactBody[]): HotlineOutcome => ({
  ...outcome,
  facts: outcome.facts.flatMap(change),
});
const withCommands = (
  outcome: HotlineOutcome,
  keep: (command: HotlineOutcome['commands'][number]) => boolean,
): HotlineOutcome => ({
  ...outcome,
  commands: outcome.commands.filter(keep),
});
const callOf = (legId: string): CallId => legId.replace(/-(q\d+)?a\d+$/, '') as CallId;
const offersOf = (hotline: Hotline, callId: CallId) => hotline.engine.call(callId)?.offers ?? [];
const isLive = (hotline: Hotline, legId: string): boolean =>
  offersOf(hotline, callOf(legId)).some(({ offerId }) => (offerId as string) === legId);

export const PLANTED: readonly Planted[] = [
  {
    name: 'a stale answer is taken for one to the offer that rings now',
    open,
    meddle(event, apply, hotline) {
      if (event.kind !== 'legAnswered' || isLive(hotline, event.legId)) return apply(event);
      const [now] = offersOf(hotline, callOf(event.legId));
      return apply(now ? { ...event, legId: now.offerId as string as LegId } : event);
    },
  },
  {
    name: 'a ring timer is neither stopped nor compared',
    open,
    meddle(event, apply, hotline) {
      let meant = event;
      if (event.kind === 'timer' && /^q\/.*\/ring/.test(event.timerId)) {
        const timers = Object.entries(hotline.engine.call(event.timerId.split('/')[1] as CallId)?.timers ?? {});
        const ring = timers.find(([purpose]) => purpose.startsWith('ring'))?.[1];
        if (ring) meant = { ...event, timerId: ring.id };
      }
      const outcome = apply(meant);
      const timers = outcome.timers.filter(({ kind, timerId }) => !(kind === 'stopTimer' && /^q\/.*\/ring/.test(timerId)));
      return { ...outcome, timers };
    },
  },
  {
    name: 'a reserved agent is taken for a free one',
    open,
    meddle(event, apply, hotline) {
      const outcome = apply(event);
      const offered = outcome.facts.find((fact) => fact.kind === 'callOffered');
      if (offered?.kind !== 'callOffered') return outcome;
      const agent = hotline.engine.agent(offered.agentId) as Writable<NonNullable<ReturnType<typeof hotline.engine.agent>>>;
      Object.assign(agent, { state: 'idle', offerId: null, callId: null, legOf: null });
      const more = apply({ kind: 'setStatus', agentId: offered.agentId, status: 'ready', reason: null, by: 'saboteur' });
      return {
        ...outcome,
        commands: [...outcome.commands, ...more.commands],
        facts: [...outcome.facts, ...more.facts],
        timers: [...outcome.timers, ...more.timers],
      };
    },
  },
  {
    name: 'the place is lost when an offer is not answered',
    open,
    meddle(event, apply, hotline, atMs) {
      const outcome = apply(event);
      for (const fact of outcome.facts) {
        const call = fact.kind === 'offerEnded' && fact.outcome === 'noAnswer' ? hotline.engine.call(fact.callId) : undefined;
        if (call) Object.assign(call, { enteredAtMs: atMs, queuedAtMs: atMs });
      }
      return outcome;
    },
  },
  {
    name: 'the wait is counted twice after an unanswered offer',
    open,
    meddle: (event, apply) =>
      withFacts(apply(event), (fact) => [
        fact.kind === 'callAnswered' && !/-a1$/.test(fact.offerId) ? { ...fact, waitMs: 2 * fact.waitMs } : fact,
      ]),
  },
  {
    name: 'commands are carried out before the commit',
    open: (options, signal) => {
      const { store, clock } = options;
      return Domain.open(
        {
          ...options,
          store: {
            acquire: (node, ttlMs) => store.acquire(node, ttlMs),
            renew: (node, fence, ttlMs) => store.renew(node, fence, ttlMs),
            release: (node, fence) => store.release(node, fence),
            load: () => store.load(),
            facts: (after, limit) => store.facts(after, limit),
            seqBefore: (atMs) => store.seqBefore(atMs),
            ping: () => store.ping(),
            close: () => store.close(),
            commit: async (commit) => {
              clock.alarm(clock.nowMs() + 5, () => void store.commit(commit));
              return 'committed';
            },
          },
        },
        signal,
      );
    },
  },
  {
    name: 'the caller is dropped when the agent’s leg fails',
    open,
    meddle(event, apply, hotline) {
      const outcome = apply(event);
      const failed = outcome.facts.flatMap((fact) =>
        fact.kind === 'offerEnded' && fact.outcome === 'failed' ? [fact.callId] : [],
      );
      const legs = [...hotline.calls()].filter(({ callId }) => failed.includes(callId));
      const drops = legs.map(({ callId, legId, switchId }) => ({
        switchId,
        command: { kind: 'hangUp', callId, legId, cause: 'normal' } as const,
      }));
      return { ...outcome, commands: [...outcome.commands, ...drops] };
    },
  },
  {
    name: 'the agent is never freed after a withdrawn offer',
    open,
    meddle(event, apply, hotline) {
      const forgets =
        event.kind === 'legEnded' && callOf(event.legId) !== (event.legId as string) && !isLive(hotline, event.legId);
      const outcome = forgets ? { commands: [], facts: [], timers: [], jobs: [], lookUps: [], refusal: null } : apply(event);
      return {
        ...outcome,
        timers: outcome.timers.filter(({ kind, timerId }) => kind === 'stopTimer' || !timerId.includes('/legGone/')),
      };
    },
  },
  {
    name: 'the outcome of an abandoned call is told twice',
    open,
    meddle: (event, apply) =>
      withFacts(apply(event), (fact) =>
        fact.kind === 'callEnded' && fact.outcome === 'abandonedInQueue' ? [fact, fact] : [fact],
      ),
  },
  {
    name: 'a recording is left running when the caller hangs up',
    open,
    meddle: (event, apply, hotline) =>
      withCommands(apply(event), ({ command }) => {
        if (event.kind !== 'legEnded' || callOf(event.legId) !== (event.legId as string)) return true;
        const recorded = [...hotline.calls()].some((call) => call.callId === command.callId && call.recording);
        return !(recorded && (command.kind === 'stopRecording' || command.kind === 'dissolve'));
      }),
  },
  {
    name: 'VIPs starve the ordinary lane',
    open: (options, signal) => {
      const queues = options.config.acd.queues.map((queue) => ({
        ...queue,
        callers: { ...queue.callers, waitsAtMostMs: Number.MAX_SAFE_INTEGER },
      }));
      return Domain.open({ ...options, config: { ...options.config, acd: { ...options.config.acd, queues } } }, signal);
    },
  },
  {
    name: 'a resync forgets a leg',
    open,
    meddle(event, apply) {
      if (event.kind !== 'switchUp') return apply(event);
      const last = event.snapshot.legs.findLast((leg) => leg.direction === 'inbound');
      const legs = event.snapshot.legs.filter((leg) => leg !== last);
      return apply({ ...event, snapshot: { ...event.snapshot, legs } });
    },
  },
  {
    name: 'the end of a playback is taken for that of the one that plays now',
    open,
    meddle(event, apply, hotline) {
      if (event.kind !== 'playbackEnded') return apply(event);
      const playing = [...hotline.calls()].find(({ legId }) => legId === event.legId)?.playback;
      return apply(playing ? { ...event, playbackId: playing.playbackId } : event);
    },
  },
  {
    name: 'what became of an agent is not written',
    open: async (options, signal) => {
      const domain = await Domain.open(options, signal);
      const { hotline } = domain;
      const take = hotline.takeChanges.bind(hotline);
      hotline.takeChanges = () => ({ ...take(), agents: [] });
      return domain;
    },
  },
  {
    name: 'a writer that was fenced off goes on',
    open: (options, signal) => {
      const { store } = options;
      const mine = Object.create(store) as typeof store;
      mine.acquire = (node, ttlMs) => store.acquire(node, ttlMs);
      mine.load = () => store.load();
      mine.ping = () => store.ping();
      mine.renew = async (node, fence, ttlMs) => {
        await store.renew(node, fence, ttlMs);
        return true;
      };
      mine.commit = async (commit) => {
        const result = await store.commit(commit);
        return result === 'fenced' ? 'committed' : result;
      };
      return Domain.open({ ...options, store: mine }, signal);
    },
  },
  {
    name: 'time goes back when the next node’s clock is behind',
    open: (options, signal) => {
      const { store } = options;
      const mine = Object.create(store) as typeof store;
      mine.acquire = (node, ttlMs) => store.acquire(node, ttlMs);
      mine.renew = (node, fence, ttlMs) => store.renew(node, fence, ttlMs);
      mine.commit = (commit) => store.commit(commit);
      mine.ping = () => store.ping();
      mine.load = async () => ({ ...(await store.load()), atMs: 0 });
      return Domain.open({ ...options, store: mine }, signal);
    },
  },
  {
    name: 'a fact is left out',
    open: (options, signal) => {
      const { store } = options;
      const mine = Object.create(store) as typeof store;
      mine.acquire = (node, ttlMs) => store.acquire(node, ttlMs);
      mine.renew = (node, fence, ttlMs) => store.renew(node, fence, ttlMs);
      mine.load = () => store.load();
      mine.ping = () => store.ping();
      const told = (fact: Fact): boolean => fact.kind !== 'wrapUpEnded';
      mine.commit = (commit) => store.commit({ ...commit, facts: commit.facts.filter(told) });
      return Domain.open({ ...options, store: mine }, signal);
    },
  },
  {
    name: 'secure digits get into what is kept',
    open,
    services: true,
    meddle(event, apply) {
      const outcome = apply(event);
      const jobs = outcome.lookUps.map(({ callId, endpoint, send }) => {
        return { kind: 'sendMessage', callId, messageId: `${callId}-m0`, endpoint, message: send } as const;
      });
      return { ...outcome, jobs: [...outcome.jobs, ...jobs] };
    },
  },
  {
    name: 'the end of a message is heard by nobody',
    open,
    services: true,
    meddle: (event, apply) =>
      withFacts(apply(event), (fact) => (fact.kind === 'recordingEnded' && /-v\d+$/.test(fact.recordingId) ? [] : [fact])),
  },
  {
    name: 'whoever was dialled for a caller is not hung up',
    open,
    services: true,
    meddle: (event, apply) =>
      withCommands(apply(event), ({ command }) => !(command.kind === 'hangUp' && /-x\d+$/.test(command.legId))),
  },
  {
    name: 'the end of a transfer is told twice',
    open,
    services: true,
    meddle: (event, apply) => withFacts(apply(event), (fact) => (fact.kind === 'callTransferred' ? [fact, fact] : [fact])),
  },
];

/** Puts the saboteur to work; the answer takes him away again. */
export function plant({ meddle }: Planted): () => void {
  const { apply } = Hotline.prototype;
  if (meddle) {
    Hotline.prototype.apply = function (this: Hotline, atMs: number, event: HotlineEvent) {
      return meddle(event, (each) => apply.call(this, atMs, each), this, atMs);
    };
  }
  return () => {
    Hotline.prototype.apply = apply;
  };
}
