import type { FactOf } from '../../base/facts.js';
import type { QueueId } from '../../base/ids.js';
import type { Ms } from '../../base/time.js';
import type { AlarmRule } from './rules.js';

/** An alarm, up or over. */
export interface AlarmView {
  /** `level-low/general/1800000000000` */
  readonly alarmId: string;
  readonly rule: string;
  /** Null: of the whole site. */
  readonly queueId: QueueId | null;
  readonly metric: string;
  readonly severity: 'warning' | 'critical';
  /** As it was when the alarm was raised: a share of 1, a count, or milliseconds. */
  readonly value: number;
  readonly bound: number;
  readonly raisedAtMs: Ms;
  readonly clearedAtMs: Ms | null;
  readonly acknowledgedBy: string | null;
  readonly acknowledgedAtMs: Ms | null;
  readonly note: string;
  /** Nothing sounds and nothing is sent until then; null: it is heard. */
  readonly mutedUntilMs: Ms | null;
  /** Of its rule, and whether pages sound once; absent where the rule is no more. */
  readonly title?: Readonly<Record<string, string>>;
  readonly sound?: boolean;
}

/** What of a rule is shown with its alarms. */
export type ShownRule = Pick<AlarmRule, 'rule' | 'title' | 'sound'>;

const ENDED_KEPT = 200;
const keyOf = (rule: string, queueId: QueueId | null): string => `${rule}/${queueId ?? ''}`;

/** Which alarms are up, folded from facts: the same after any restart. */
export class AlarmFold {
  readonly #up = new Map<string, AlarmView>();
  readonly #ended: AlarmView[] = [];
  /** By rule and queue, `rule/` for all queues of a rule. */
  readonly #muted = new Map<string, Ms>();
  readonly #shown: ReadonlyMap<string, Pick<AlarmRule, 'title' | 'sound'>>;

  constructor(rules: readonly ShownRule[] = []) {
    this.#shown = new Map(rules.map(({ rule, title, sound }) => [rule, { title, sound }]));
  }

  raised({ atMs, alarmId, rule, queueId, metric, severity, value, bound }: FactOf<'alarmRaised'>): void {
    const blank = { clearedAtMs: null, acknowledgedBy: null, acknowledgedAtMs: null, note: '', mutedUntilMs: null };
    this.#up.set(keyOf(rule, queueId), {
      ...{ alarmId, rule, queueId, metric, severity, value, bound },
      raisedAtMs: atMs,
      ...blank,
    });
  }

  cleared({ alarmId, atMs }: FactOf<'alarmCleared'>): void {
    const found = this.#byId(alarmId);
    if (!found) return;
    this.#up.delete(keyOf(found.rule, found.queueId));
    this.#ended.unshift({ ...found, clearedAtMs: atMs });
    if (this.#ended.length > ENDED_KEPT) this.#ended.pop();
  }

  acknowledged({ alarmId, atMs, by, note }: FactOf<'alarmAcknowledged'>): void {
    const found = this.#byId(alarmId);
    // The first who says so has it.
    if (!found || found.acknowledgedBy !== null) return;
    this.#up.set(keyOf(found.rule, found.queueId), { ...found, acknowledgedBy: by, acknowledgedAtMs: atMs, note });
  }

  muted({ rule, queueId, untilMs }: FactOf<'alarmMuted'>): void {
    if (untilMs === null) this.#muted.delete(keyOf(rule, queueId));
    else this.#muted.set(keyOf(rule, queueId), untilMs);
  }

  /** Until when nothing is heard of a rule and queue; null: it is heard. */
  mutedUntil(rule: string, queueId: QueueId | null, nowMs: Ms): Ms | null {
    const until = Math.max(this.#muted.get(keyOf(rule, queueId)) ?? 0, this.#muted.get(keyOf(rule, null)) ?? 0);
    return until > nowMs ? until : null;
  }

  /** The alarm that is up for this rule and queue. */
  upFor(rule: string, queueId: QueueId | null): AlarmView | null {
    return this.#up.get(keyOf(rule, queueId)) ?? null;
  }

  /** Those that are up: critical ones first, then the oldest. */
  up(nowMs: Ms): AlarmView[] {
    return [...this.#up.values()]
      .map((alarm) => ({ ...this.#withRule(alarm), mutedUntilMs: this.mutedUntil(alarm.rule, alarm.queueId, nowMs) }))
      .sort((a, b) => rank(a) - rank(b) || a.raisedAtMs - b.raisedAtMs || (a.alarmId < b.alarmId ? -1 : 1));
  }

  /** The last that are over, newest first. */
  ended(): readonly AlarmView[] {
    return this.#ended.map((alarm) => this.#withRule(alarm));
  }

  /** What is muted now. */
  mutes(nowMs: Ms): { readonly rule: string; readonly queueId: string | null; readonly untilMs: Ms }[] {
    return [...this.#muted].flatMap(([key, untilMs]) => {
      const [rule = '', queueId = ''] = key.split('/');
      return untilMs > nowMs ? [{ rule, queueId: queueId === '' ? null : queueId, untilMs }] : [];
    });
  }

  #withRule(alarm: AlarmView): AlarmView {
    return { ...alarm, ...this.#shown.get(alarm.rule) };
  }

  #byId(alarmId: string): AlarmView | undefined {
    for (const alarm of this.#up.values()) if (alarm.alarmId === alarmId) return alarm;
    return undefined;
  }
}

const rank = ({ severity }: AlarmView): number => (severity === 'critical' ? 0 : 1);
