import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { RecordingFiles } from '../adapters/files/recording-files.js';
import { BullJobs } from '../adapters/jobs/bull-jobs.js';
import { RedisStore } from '../adapters/redis/redis-store.js';
import { dayStartMs, localTime } from '../base/calendar.js';
import { Domain } from '../control/domain.js';
import type { Log } from '../ports/log.js';
import { type CountingLedger, createLedger, type LedgerOptions } from '../service-level/ledger.js';
import type { Ledger } from '../service-level/views.js';
import { outgoingAlarms } from './alarms/outgoing-alarms.js';
import { RunningAlarms } from './alarms/running-alarms.js';
import { openEndpoints } from './endpoints.js';
import { ExpectedCalls } from './expected-calls.js';
import { FactFollower } from './fact-follower.js';
import { FlowsAtWork } from './flows/flows-at-work.js';
import { startHistory } from './history.js';
import { siteDays } from './numbers.js';
import { openHttp } from './open-http.js';
import { replaying } from './replay.js';
import { sealRecording } from './sealing.js';
import { hotlineConfig, type Site } from './site.js';
import { SpokenPrompts } from './spoken-prompts.js';
import { chooseSwitch } from './switches.js';
import { SystemClock } from './system-clock.js';
import { startWorkload } from './workload.js';

/** First after 1 s, then doubling: about two hours in all. */
const SEALING_ATTEMPTS = 13;
/** The writer's lease: a node that is silent this long may be taken over from. */
const LEASE_MS = 5_000;

export interface ServeOptions {
  readonly site: Site;
  readonly log: Log;
  /** The controller cannot go on: the process should end and be started again. */
  readonly onFatal: (reason: string, cause?: unknown) => void;
}

export interface RunningHotline {
  readonly address: string;
  readonly domain: Domain;
  readonly ledger: Ledger;
  stop(): Promise<void>;
}

/** Composes the parts and starts them; what fails ends what was started, in reverse. */
export async function serve({ site, log, onFatal }: ServeOptions): Promise<RunningHotline> {
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) {
      await step().catch((error: unknown) => log.error({ error: String(error) }, 'a step of the shutdown failed'));
    }
  };
  try {
    return await compose(site, log, onFatal, closing, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function compose(
  site: Site,
  log: Log,
  onFatal: ServeOptions['onFatal'],
  closing: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<RunningHotline> {
  const { settings } = site;
  const { url, domain: domainName } = settings.redis;
  await mkdir(settings.folders.recordings, { recursive: true });
  const store = await RedisStore.connect({ url, domain: domainName, log });
  closing.push(() => store.close());

  const clock = new SystemClock((await store.load()).atMs);
  const expected = new ExpectedCalls();
  const ledger = newLedger(site, (queueId, nowMs) => expected.rest(queueId, nowMs));
  const flows = await FlowsAtWork.open({ site, ledger, nowMs: () => clock.nowMs(), log });
  closing.push(() => flows.close());
  const prompts = await SpokenPrompts.open(flows.site(), log);
  closing.push(() => prompts.close());

  const changed = new Set<() => void>();
  const follower = new FactFollower({
    store,
    log,
    add: (fact) => {
      ledger.add(fact);
      flows.heard(fact);
    },
    added: () => {
      for (const listener of changed) listener();
    },
  });
  log.info({ facts: await follower.replay() }, 'history is read');

  const chosen = chooseSwitch(settings, prompts.catalogue, clock, log);
  const recordings = new RecordingFiles(settings.folders.recordings);
  let running: Domain | null = null;
  const outside = openEndpoints(settings.endpoints, log);
  closing.push(() => outside.close());
  const told = outgoingAlarms(settings, outside.messages, ledger, clock, log);
  const jobs = await BullJobs.connect({
    url,
    domain: domainName,
    log,
    attemptsOf: (job) => {
      if (job.kind === 'tellAlarm') return told.attemptsOf(job);
      return job.kind === 'sendMessage' ? outside.messages.attemptsOf(job.endpoint) : SEALING_ATTEMPTS;
    },
    work: async (job, attempt) => {
      const domain = running;
      if (!domain) throw new Error('not started yet');
      if (job.kind === 'sealRecording') await sealRecording(job, recordings, domain, log);
      else if (job.kind === 'tellAlarm') await told.deliver(job, attempt);
      else await outside.messages.deliver(job, attempt, (fact) => domain.submit({ kind: 'happened', fact }));
    },
  });
  closing.push(() => jobs.close());
  const kept = startHistory(settings, store, clock, log);
  closing.push(() => kept.close());
  const alarms = new RunningAlarms({
    ...{ rules: settings.alarms, queues: settings.acd.queues.map(({ id }) => id), isOpen: hotlineConfig(site).isOpen },
    ...{ ledger, clock, jobs, outgoing: told, log },
    house: (nowMs) => ({
      historyBehind: kept.writer.lag().facts,
      messagesGivenUp: ledger.messagesGivenUp(nowMs),
      flowsRefused: flows.flows.refusedFiles().length,
    }),
  });
  const http = await openHttp({
    site,
    log,
    ledger,
    history: kept,
    alarms,
    replay: replaying({
      store,
      newLedger: () => newLedger(site),
      dayStartMs: (atMs) => dayStartMs(settings.site.timeZone, atMs),
    }),
    recordings,
    flows,
    nowMs: () => clock.nowMs(),
    onChange: (listener) => {
      changed.add(listener);
      return () => changed.delete(listener);
    },
    domain: () => running,
    switches: [chosen.switch],
    prompts,
    faults: chosen.faults,
    webRoot: fileURLToPath(new URL('../web/', import.meta.url)),
  });
  closing.push(() => http.close());

  const standby = new AbortController();
  closing.push(async () => standby.abort());
  running = await Domain.open(
    {
      node: settings.node,
      clock,
      store,
      switches: [chosen.switch],
      jobs,
      lookUps: outside.lookUps,
      config: async (stored) => {
        // While this node stood by, another one was the writer.
        await follower.replay();
        return flows.configFor(stored, withoutSoundless(hotlineConfig(site), chosen.simulated !== null), prompts);
      },
      log,
      leaseMs: LEASE_MS,
      onFacts: (facts) => {
        follower.accept(facts);
        kept.writer.known(facts.at(-1)?.seq ?? 0);
      },
      onFatal,
    },
    standby.signal,
  );
  const domain = running;
  closing.push(() => domain.stop());
  await flows.begin(domain);
  prompts.speakWords();
  jobs.startWork();
  kept.writer.start();
  alarms.start(domain);
  closing.push(() => alarms.stop());
  expected.start({
    reader: kept.history,
    queues: settings.acd.queues.map(({ id }) => id),
    days: siteDays(settings),
    nowMs: () => clock.nowMs(),
    log,
  });
  closing.push(async () => expected.stop());
  if (chosen.simulated) closing.push(startWorkload(chosen.simulated, domain, settings, clock));
  log.info({ address: http.address, fence: domain.fence, version: settings.version }, 'hotline is serving');
  return { address: http.address, domain, ledger, stop: close };
}

function newLedger({ settings }: Site, expectedRest?: NonNullable<LedgerOptions['expectedRest']>): CountingLedger {
  const { queues, agents } = settings.acd;
  const { timeZone } = settings.site;
  return createLedger({
    queues,
    agents,
    dayStartMs: (atMs) => dayStartMs(timeZone, atMs),
    dayName: (atMs) => localTime(timeZone, atMs).day,
    alarmRules: settings.alarms,
    ...(expectedRest === undefined ? {} : { expectedRest }),
  });
}

/** The simulated switch has no sound, so there is nothing to record. */
function withoutSoundless<C extends ReturnType<typeof hotlineConfig>>(config: C, simulated: boolean): C {
  if (!simulated) return config;
  const queues = config.acd.queues.map((queue) => ({ ...queue, record: { ...queue.record, share: 0 } }));
  return { ...config, acd: { ...config.acd, queues } };
}
