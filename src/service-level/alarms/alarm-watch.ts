import type { FactBody } from '../../base/facts.js';
import type { Ms } from '../../base/time.js';
import type { AlarmFold } from './alarm-fold.js';
import type { AlarmRule, Watched } from './rules.js';

type AlarmFact = Extract<FactBody, { kind: 'alarmRaised' | 'alarmCleared' }>;

/**
 * Looks at readings again and again and says when an alarm begins and ends. Which are up it reads from the fold of facts, so a restart raises nothing twice;
 * of its own it only remembers since when a reading is past its bound. A restart begins that anew: an alarm may come later by `for`, never twice.
 */
export class AlarmWatch {
  /** Since when the reading has been past the bound that would change the alarm's state. */
  readonly #since = new Map<string, Ms>();

  /** `isWatched` false: outside the rule's hours, where nothing is raised; what is up is cleared. */
  look(
    atMs: Ms,
    watched: readonly Watched[],
    fold: AlarmFold,
    isWatched: (rule: AlarmRule) => boolean = () => true,
  ): AlarmFact[] {
    const facts: AlarmFact[] = [];
    const seen = new Set<string>();
    for (const each of watched) {
      const { rule, queueId } = each;
      const key = `${rule.rule}/${queueId ?? ''}`;
      const up = fold.upFor(rule.rule, queueId);
      if (up) seen.add(up.alarmId);
      if (!isWatched(rule)) {
        this.#since.delete(key);
        if (up) facts.push({ kind: 'alarmCleared', alarmId: up.alarmId, value: each.reading.value });
        continue;
      }
      const due = this.#isDue(key, atMs, each, up !== null);
      if (!due) continue;
      this.#since.delete(key);
      const { value } = each.reading;
      if (up) facts.push({ kind: 'alarmCleared', alarmId: up.alarmId, value });
      else {
        const { metric, bound, severity } = rule;
        const alarmId = `${rule.rule}/${queueId ?? 'site'}/${atMs}`;
        facts.push({ kind: 'alarmRaised', alarmId, rule: rule.rule, queueId, metric, value: value as number, bound, severity });
      }
    }
    // A rule or a queue that the configuration has no longer cannot clear by itself.
    for (const { alarmId } of fold.up(atMs)) if (!seen.has(alarmId)) facts.push({ kind: 'alarmCleared', alarmId, value: null });
    return facts;
  }

  /** Has the reading been past the bound that counts now, without a break, for as long as is asked? */
  #isDue(key: string, atMs: Ms, { rule, reading }: Watched, isUp: boolean): boolean {
    if (!(isUp ? isGood(rule, reading.value) : isBad(rule, reading))) {
      this.#since.delete(key);
      return false;
    }
    const since = this.#since.get(key) ?? atMs;
    this.#since.set(key, since);
    return atMs - since >= (isUp ? rule.untilForMs : rule.forMs);
  }
}

function isBad({ side, bound, leastCases }: AlarmRule, { value, cases }: Watched['reading']): boolean {
  if (value === null || cases < leastCases) return false;
  return side === 'below' ? value < bound : value > bound;
}

/** Nothing to say is no news: an alarm stays up until a figure says that it is over. */
function isGood({ side, until }: AlarmRule, value: number | null): boolean {
  if (value === null) return false;
  return side === 'below' ? value >= until : value <= until;
}
