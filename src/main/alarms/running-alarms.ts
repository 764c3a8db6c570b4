import type { FactBody } from '../../base/facts.js';
import type { QueueId } from '../../base/ids.js';
import { err, ok, type Refusal, type Result } from '../../base/result.js';
import { DAY, HOUR, type Ms, SECOND } from '../../base/time.js';
import type { AlarmAcknowledgement, AlarmDesk, AlarmMute, AlarmRuleView } from '../../http/alarm-desk.js';
import type { Clock } from '../../ports/clock.js';
import type { AlarmJob } from '../../ports/jobs.js';
import type { Log } from '../../ports/log.js';
import type { AlarmFold, AlarmView } from '../../service-level/alarms/alarm-fold.js';
import { AlarmWatch } from '../../service-level/alarms/alarm-watch.js';
import { type AlarmRule, type HouseState, METRICS, readAll } from '../../service-level/alarms/rules.js';
import type { Board } from '../../service-level/views.js';
import type { OutgoingAlarms } from './outgoing-alarms.js';

const LOOK_EVERY_MS = SECOND;
/** So far back a new writer asks again that everybody is told: what was told already is not told twice. */
const TOLD_AGAIN_WITHIN_MS = HOUR;
const LONGEST_MUTE_MS = 31 * DAY;
const STANDING_BY: Refusal = { id: 'standing-by', message: 'this node stands by; another one is the writer' };

/** The writer, as far as alarms need it. */
export interface AlarmWriter {
  submit(event: { readonly kind: 'happened'; readonly fact: FactBody }): Promise<Refusal | null>;
  readonly seq: number;
  readonly degraded: boolean;
}

export interface RunningAlarmsOptions {
  readonly rules: readonly AlarmRule[];
  readonly queues: readonly QueueId[];
  /** Whether a calendar is open; null: there is none of that name. */
  readonly isOpen: (calendar: string, atMs: Ms) => boolean | null;
  readonly ledger: { readonly seq: number; readonly alarms: AlarmFold; board(nowMs: Ms): Board };
  /** What stands beside the board; whether the store is away the writer knows. */
  readonly house: (nowMs: Ms) => Omit<HouseState, 'storeDegraded'>;
  readonly clock: Clock;
  readonly jobs: { add(job: AlarmJob): Promise<void> };
  readonly outgoing: Pick<OutgoingAlarms, 'deliver' | 'counts'>;
  readonly log: Log;
}

/** Looks at the board once a second while this node is the writer, makes facts of what begins and ends, and has everybody told. */
export class RunningAlarms implements AlarmDesk {
  readonly #options: RunningAlarmsOptions;
  readonly #watch = new AlarmWatch();
  #writer: AlarmWriter | null = null;
  /** The fold must have come so far before it is asked again what is up. */
  #awaitedSeq = 0;
  #cancel: () => void = () => {};
  #looking: Promise<void> | null = null;
  #isBroken = false;

  constructor(options: RunningAlarmsOptions) {
    this.#options = options;
  }

  /** This node has become the writer. */
  start(writer: AlarmWriter): void {
    this.#writer = writer;
    this.#awaitedSeq = writer.seq;
    this.#tellAgain();
    this.#plan();
  }

  /** Resolves when the look that is under way has ended. */
  async stop(): Promise<void> {
    this.#writer = null;
    this.#cancel();
    await this.#looking;
  }

  up(): readonly AlarmView[] {
    const { ledger, clock } = this.#options;
    return ledger.alarms.up(clock.nowMs());
  }

  ended(): readonly AlarmView[] {
    return this.#options.ledger.alarms.ended();
  }

  rules(): readonly AlarmRuleView[] {
    const { rules, ledger, clock } = this.#options;
    const mutes = ledger.alarms.mutes(clock.nowMs());
    return rules.map((rule) => ({
      ...rule,
      unit: METRICS[rule.metric].unit,
      of: METRICS[rule.metric].of,
      mutes: mutes.filter((mute) => mute.rule === rule.rule).map(({ queueId, untilMs }) => ({ queueId, untilMs })),
    }));
  }

  async acknowledge({ alarmId, note, by }: AlarmAcknowledgement): Promise<Result<AlarmView, Refusal>> {
    const found = this.up().find((alarm) => alarm.alarmId === alarmId);
    if (!found) return err({ id: 'no-such-alarm', message: 'no alarm is up under this id' });
    const taken = (alarm: AlarmView): Result<AlarmView, Refusal> =>
      alarm.acknowledgedBy === by ? ok(alarm) : err({ id: 'already-acknowledged', message: 'somebody else was first' });
    if (found.acknowledgedBy !== null) return taken(found);
    const refusal = await this.#happened({ kind: 'alarmAcknowledged', alarmId, by, note });
    if (refusal) return err(refusal);
    const after = [...this.up(), ...this.ended()].find((alarm) => alarm.alarmId === alarmId);
    // The fold may be behind, or the alarm over by now; the fact stands.
    if (!after || after.acknowledgedBy === null) {
      return ok({ ...(after ?? found), acknowledgedBy: by, acknowledgedAtMs: this.#options.clock.nowMs(), note });
    }
    return taken(after);
  }

  async mute({ rule, queueId, untilMs, by }: AlarmMute): Promise<Result<AlarmRuleView, Refusal>> {
    const { rules, queues, clock } = this.#options;
    const found = rules.find((each) => each.rule === rule);
    if (!found) return err({ id: 'no-such-rule', message: 'there is no rule of this name' });
    const watched = METRICS[found.metric].of === 'site' ? [] : (found.queues ?? queues);
    if (queueId !== null && !watched.includes(queueId)) {
      return err({ id: 'no-such-queue', message: 'the rule watches no queue of this name' });
    }
    const nowMs = clock.nowMs();
    if (untilMs !== null && (untilMs <= nowMs || untilMs > nowMs + LONGEST_MUTE_MS)) {
      return err({ id: 'bad-moment', message: 'a moment to come is needed, within 31 days' });
    }
    const refusal = await this.#happened({ kind: 'alarmMuted', rule, queueId, untilMs, by });
    if (refusal) return err(refusal);
    return ok(this.rules().find((each) => each.rule === rule) as AlarmRuleView);
  }

  /** In the text format of Prometheus: every rule with every queue that it watches, so that an alarm that is over is a 0. */
  metrics(): string[] {
    const { rules, queues, outgoing } = this.#options;
    const up = new Set(this.up().map((alarm) => `${alarm.rule}/${alarm.queueId ?? ''}`));
    const rows = rules.flatMap(({ rule, metric, severity, queues: own }) => {
      const watched = METRICS[metric].of === 'site' ? [''] : (own ?? queues);
      return watched.map((queue) => {
        const value = up.has(`${rule}/${queue}`) ? 1 : 0;
        return `hotline_alarms_up{rule="${rule}",queue="${queue}",severity="${severity}"} ${value}`;
      });
    });
    const told = Object.entries(outgoing.counts()).flatMap(([via, counts]) =>
      Object.entries(counts).map(([result, count]) => `hotline_alarm_notices_total{via="${via}",result="${result}"} ${count}`),
    );
    return [
      '# HELP hotline_alarms_up 1 while the alarm of the rule and queue is up; no queue: of the whole site.',
      '# TYPE hotline_alarms_up gauge',
      ...rows,
      '# HELP hotline_alarm_notices_total Receivers outside that were told of an alarm, were not because it is muted, or could not be.',
      '# TYPE hotline_alarm_notices_total counter',
      ...told,
    ];
  }

  #plan(): void {
    const { clock, log } = this.#options;
    this.#cancel = clock.alarm(clock.nowMs() + LOOK_EVERY_MS, () => {
      this.#looking = this.#look()
        .then(() => {
          this.#isBroken = false;
        })
        .catch((error: unknown) => {
          if (!this.#isBroken) log.error({ error: String(error) }, 'alarms cannot be watched');
          this.#isBroken = true;
        })
        .finally(() => {
          if (this.#writer) this.#plan();
        });
    });
  }

  async #look(): Promise<void> {
    const { rules, ledger, isOpen, clock, house } = this.#options;
    const writer = this.#writer;
    if (!writer || ledger.seq < this.#awaitedSeq) return;
    const atMs = clock.nowMs();
    const watched = readAll(rules, ledger.board(atMs), { ...house(atMs), storeDegraded: writer.degraded });
    const before = ledger.alarms.up(atMs);
    const isWatched = ({ calendar }: AlarmRule): boolean => calendar === null || isOpen(calendar, atMs) === true;
    for (const fact of this.#watch.look(atMs, watched, ledger.alarms, isWatched)) {
      const refusal = await this.#happened(fact);
      if (refusal) return;
      this.#awaitedSeq = writer.seq;
      if (fact.kind === 'alarmRaised') this.#tell('raised', { ...blankOf(fact), raisedAtMs: atMs }, fact.value);
      else {
        const alarm = before.find(({ alarmId }) => alarmId === fact.alarmId);
        if (alarm) this.#tell('cleared', { ...alarm, clearedAtMs: atMs }, fact.value);
      }
    }
  }

  async #happened(fact: FactBody): Promise<Refusal | null> {
    return this.#writer === null ? STANDING_BY : this.#writer.submit({ kind: 'happened', fact });
  }

  /** A writer that died between a fact and its jobs has told nobody. Jobs have names, so what was told is not told again. */
  #tellAgain(): void {
    const { clock } = this.#options;
    const fromMs = clock.nowMs() - TOLD_AGAIN_WITHIN_MS;
    for (const alarm of [...this.ended()].reverse().concat(this.up())) {
      if (alarm.raisedAtMs >= fromMs) this.#tell('raised', { ...alarm, clearedAtMs: null }, alarm.value);
      if (alarm.clearedAtMs !== null && alarm.clearedAtMs >= fromMs) this.#tell('cleared', alarm, null);
    }
  }

  #tell(event: AlarmJob['event'], alarm: AlarmView, value: number | null): void {
    const rule = this.#options.rules.find((each) => each.rule === alarm.rule);
    if (!rule) return;
    const receivers = [
      ...rule.webhooks.map((to) => ({ via: 'webhook', to }) as const),
      ...rule.mail.map((to) => ({ via: 'mail', to }) as const),
    ];
    for (const receiver of receivers) void this.#hand({ kind: 'tellAlarm', event, alarm, value, ...receiver });
  }

  /** Jobs are kept in Redis: that it is away must be told without it. What cannot be told so waits for it. */
  async #hand(job: AlarmJob): Promise<void> {
    const { jobs, outgoing } = this.#options;
    if (this.#writer?.degraded) {
      const told = await outgoing.deliver(job, { number: 1 }).catch(() => null);
      if (told !== null) return;
    }
    await jobs.add(job);
  }
}

const blankOf = ({ alarmId, rule, queueId, metric, severity, value, bound }: Extract<FactBody, { kind: 'alarmRaised' }>) => ({
  ...{ alarmId, rule, queueId, metric, severity, value, bound },
  ...{ clearedAtMs: null, acknowledgedBy: null, acknowledgedAtMs: null, note: '', mutedUntilMs: null },
});
