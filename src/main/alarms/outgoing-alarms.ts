import { createHash } from 'node:crypto';
import { type Attempt, nameOf } from '../../adapters/jobs/bull-jobs.js';
import { SmtpMail } from '../../adapters/mail/smtp-mail.js';
import type { QueueId } from '../../base/ids.js';
import type { Clock } from '../../ports/clock.js';
import type { AlarmJob } from '../../ports/jobs.js';
import type { Log } from '../../ports/log.js';
import type { AlarmFold } from '../../service-level/alarms/alarm-fold.js';
import { METRICS } from '../../service-level/alarms/rules.js';
import type { Settings } from '../config/environment.js';
import type { MailSettings } from '../config/mail.js';
import type { OutgoingMessages } from '../messages.js';
import { secretReader } from '../secret-file.js';
import { type AlarmSite, wordsOf } from './alarm-words.js';

export interface OutgoingAlarmsOptions {
  readonly site: AlarmSite;
  readonly messages: Pick<OutgoingMessages, 'post' | 'triesOf'>;
  /** Null: nobody can be written to. */
  readonly mail: MailSettings | null;
  /** Nothing is sent of what is muted, whenever it was raised. */
  readonly isMuted: (rule: string, queueId: QueueId | null) => boolean;
  readonly log: Log;
}

export type Told = 'told' | 'muted' | 'givenUp';

/** What came of one try. */
type Tried =
  | { readonly done: true; readonly refused: number }
  | { readonly done: false; readonly again: boolean; readonly detail: string };

/**
 * Tells receivers outside of alarms. Webhook: POST to an endpoint of kind `message`, signed like every message, `{messageId, event, alarm, rule, queue, metric,
 * unit, value, bound, severity, since, cleared, now, title: {zh, en}, text: {zh, en}}`; moments in ISO 8601. Mail: both languages, plain text. A receiver may be
 * told twice, always under the same id, and of the end before the beginning when the beginning had to be tried again.
 */
export class OutgoingAlarms {
  readonly #options: OutgoingAlarmsOptions;
  readonly #mail: SmtpMail | null;
  readonly #counts: Record<AlarmJob['via'], Record<Told, number>> = {
    webhook: { told: 0, muted: 0, givenUp: 0 },
    mail: { told: 0, muted: 0, givenUp: 0 },
  };

  constructor(options: OutgoingAlarmsOptions) {
    this.#options = options;
    this.#mail = options.mail === null ? null : openMail(options.mail);
  }

  attemptsOf({ via, to }: AlarmJob): number {
    return via === 'mail' ? (this.#options.mail?.attempts ?? 1) : this.#options.messages.triesOf(to);
  }

  /** How many receivers were told, spared, given up, since this process began. */
  counts(): Readonly<Record<AlarmJob['via'], Readonly<Record<Told, number>>>> {
    return this.#counts;
  }

  /** Tries once. Rejects when it is to be tried again; the reason holds no address. */
  async deliver(job: AlarmJob, { number }: Pick<Attempt, 'number'>): Promise<Told> {
    const { alarm, via, to, event } = job;
    const count = (told: Told): Told => {
      this.#counts[via][told] += 1;
      return told;
    };
    if (this.#options.isMuted(alarm.rule, alarm.queueId)) return count('muted');
    const tried = await (via === 'mail' ? this.#write(job) : this.#post(job));
    const about = { alarm: alarm.alarmId, event, via, to };
    if (tried.done) {
      if (tried.refused > 0) this.#options.log.warn({ ...about, refused: tried.refused }, 'some of a group cannot be written to');
      return count('told');
    }
    if (tried.again && number < this.attemptsOf(job)) throw new Error(`${via} ${to}: ${tried.detail}`);
    this.#options.log.error({ ...about, attempts: number, detail: tried.detail }, 'an alarm could not be told');
    return count('givenUp');
  }

  async #post(job: AlarmJob): Promise<Tried> {
    const { alarm, event, to, value } = job;
    const { alarmId, rule, queueId, metric, bound, severity, raisedAtMs, clearedAtMs } = alarm;
    const messageId = nameOf(job);
    const reply = await this.#options.messages.post(to, messageId, {
      ...{
        messageId,
        event,
        alarm: alarmId,
        rule,
        queue: queueId,
        metric,
        unit: unitOf(metric),
        value: alarm.value,
        bound,
        severity,
      },
      since: new Date(raisedAtMs).toISOString(),
      cleared: clearedAtMs === null ? null : new Date(clearedAtMs).toISOString(),
      now: value,
      ...wordsOf(job, this.#options.site),
    });
    if (reply.ok) return { done: true, refused: 0 };
    return { done: false, again: reply.fault !== 'noEndpoint', detail: `${reply.fault}: ${reply.detail}` };
  }

  async #write(job: AlarmJob): Promise<Tried> {
    const { mail, site } = this.#options;
    const people = mail !== null && Object.hasOwn(mail.groups, job.to) ? mail.groups[job.to] : undefined;
    if (this.#mail === null || people === undefined) return { done: false, again: false, detail: 'no such group' };
    const { title, text } = wordsOf(job, site);
    const mailed = await this.#mail.send({
      to: people,
      subject: `[${site.name}] ${title.zh} / ${title.en}`,
      text: `${text.zh}\n\n${text.en}\n\n${job.alarm.alarmId}\n`,
      id: createHash('sha256').update(nameOf(job)).digest('hex').slice(0, 32),
    });
    return mailed.ok ? { done: true, refused: mailed.refused } : { done: false, again: mailed.again, detail: mailed.detail };
  }
}

/** As the site is configured. */
export function outgoingAlarms(
  { site, alarms: rules, acd, mail }: Settings,
  messages: OutgoingMessages,
  ledger: { readonly alarms: AlarmFold },
  clock: Clock,
  log: Log,
): OutgoingAlarms {
  const queueTitles = new Map(acd.queues.map(({ id, title }) => [id as string, title]));
  return new OutgoingAlarms({
    ...{ site: { ...site, rules, queueTitles }, messages, mail, log },
    isMuted: (rule, queueId) => ledger.alarms.mutedUntil(rule, queueId, clock.nowMs()) !== null,
  });
}

/** The mail server of the settings. */
export function openMail({ login, ...server }: MailSettings): SmtpMail {
  const password = login === null ? null : secretReader(login.passwordFile);
  return new SmtpMail({
    ...server,
    login: () => (login === null ? null : { user: login.user, password: password?.() ?? '' }),
  });
}

const unitOf = (metric: string): string | null =>
  Object.hasOwn(METRICS, metric) ? METRICS[metric as keyof typeof METRICS].unit : null;
