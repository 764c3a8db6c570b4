import type { Refusal } from '../../src/base/result.js';
import type { Ms } from '../../src/base/time.js';
import { type AlarmWriter, RunningAlarms } from '../../src/main/alarms/running-alarms.js';
import type { AlarmJob } from '../../src/ports/jobs.js';
import type { AlarmRule } from '../../src/service-level/alarms/rules.js';
import { type CountingLedger, createLedger } from '../../src/service-level/ledger.js';
import { DomainWorld, SILENT } from './domain-world.js';
import { sampleAgent, sampleQueue } from './sample-site.js';

export const LINE_LONG: AlarmRule = {
  rule: 'line-long',
  title: { zh: '排队过长', en: 'The line is long' },
  metric: 'waiting',
  queues: null,
  side: 'above',
  bound: 1,
  forMs: 5_000,
  until: 0,
  untilForMs: 0,
  severity: 'warning',
  leastCases: 0,
  sound: true,
  webhooks: ['ops-desk'],
  mail: ['ops'],
  calendar: null,
};
export const SWITCH_DOWN: AlarmRule = {
  ...LINE_LONG,
  ...{ rule: 'switch-down', metric: 'switchesDown', bound: 0, severity: 'critical', mail: [], forMs: 0 },
};

/** A domain in virtual time with nobody to answer, and alarms that watch it. `jobs` is what would be told, by the names of jobs. */
export class AlarmWorld {
  readonly queues = [sampleQueue('general'), sampleQueue('lost-card', { require: { 'lost-card': 1 } })];
  readonly world = new DomainWorld(this.queues, [sampleAgent('1001')]);
  readonly jobs: AlarmJob[] = [];
  readonly told: AlarmJob[] = [];
  rules: readonly AlarmRule[] = [LINE_LONG, SWITCH_DOWN];
  open = true;
  degraded = false;
  house = { historyBehind: 0, messagesGivenUp: 0, flowsRefused: 0 };
  /** Facts are committed, and the fold does not get them. */
  foldStands = false;
  /** What the store says to the next facts of alarms. */
  refusal: Refusal | null = null;
  ledger!: CountingLedger;
  alarms!: RunningAlarms;
  #folded = 0;

  async start(node = 'node-1'): Promise<void> {
    await this.world.start(node);
    this.#newLedger();
    const here = this;
    const writer: AlarmWriter = {
      submit: (event) => (here.refusal ? Promise.resolve(here.refusal) : here.world.domain.submit(event)),
      get seq() {
        return here.world.domain.seq;
      },
      get degraded() {
        return here.degraded;
      },
    };
    this.alarms = new RunningAlarms({
      rules: this.rules,
      queues: this.queues.map(({ id }) => id),
      isOpen: (calendar) => (calendar === 'service' ? this.open : null),
      ledger: {
        get seq() {
          here.#fold();
          return here.ledger.seq;
        },
        get alarms() {
          here.#fold();
          return here.ledger.alarms;
        },
        board: (nowMs) => this.ledger.board(nowMs),
      },
      house: () => this.house,
      clock: this.world.clock,
      jobs: { add: async (job) => void this.jobs.push(job) },
      outgoing: {
        deliver: async (job) => {
          this.told.push(job);
          return 'told';
        },
        counts: () => ({ webhook: { told: 1, muted: 0, givenUp: 2 }, mail: { told: 0, muted: 0, givenUp: 0 } }),
      },
      log: SILENT,
    });
    this.alarms.start(writer);
  }

  /** As by kill -9; a new controller folds the facts anew. */
  async restart(): Promise<void> {
    await this.alarms.stop();
    this.world.kill();
    this.world.store.owner = null;
    await this.start('node-2');
  }

  pass(ms: Ms): Promise<void> {
    return this.world.pass(ms);
  }

  names(): string[] {
    return this.jobs.map(({ alarm, event, via, to }) => `${event} ${alarm.rule}/${alarm.queueId} ${via} ${to}`);
  }

  kinds(): string[] {
    return this.world.facts.flatMap(({ kind }) => (kind.startsWith('alarm') ? [kind] : []));
  }

  #newLedger(): void {
    this.ledger = createLedger({ queues: this.queues, agents: [], dayStartMs: () => 0, alarmRules: this.rules });
    this.#folded = 0;
    this.#fold();
  }

  #fold(): void {
    if (this.foldStands) return;
    for (const fact of this.world.facts.slice(this.#folded)) this.ledger.add(fact);
    this.#folded = this.world.facts.length;
  }
}
