import { dayStartMs } from '../base/calendar.js';
import type { Ms } from '../base/time.js';
import type { NumbersReading } from '../http/deps.js';
import { Spans } from '../service-level/history/spans.js';
import type { CountingLedger } from '../service-level/ledger.js';
import { type SiteDays, weekdayOf } from '../service-level/staffing-day.js';
import type { Settings } from './config/environment.js';

/** For the API: the ledger's longer figures, and the rules that they are judged by. */
export function numbersReading(settings: Settings, ledger: CountingLedger, nowMs: () => Ms): NumbersReading {
  const { queues, notReadyLimitMs = {} } = settings.acd;
  const wrapUps = queues.map(({ agents }) => Math.max(agents.wrapUpMs, agents.wrapUpAtMostMs ?? 0));
  const longest = Math.max(0, ...wrapUps);
  return {
    details: (queueId) => ledger.details(queueId, nowMs()),
    agentDays: () => ledger.agentDays(nowMs()),
    targets: new Map(queues.map(({ id, target }) => [id, target])),
    limits: { notReadyMs: notReadyLimitMs, wrapUpMs: longest === 0 ? null : longest },
    kindOfDay: siteDays(settings).kindOf,
  };
}

/** The site's days: where they begin, and which of them are not like others of their weekday. */
export function siteDays({ site, calendars }: Pick<Settings, 'site' | 'calendars'>): SiteDays {
  const spans = new Spans((atMs) => dayStartMs(site.timeZone, atMs));
  return {
    timeZone: site.timeZone,
    dayOf: (atMs) => spans.dayOf(atMs),
    kindOf: (day) => {
      for (const { days } of Object.values(calendars)) {
        if (!Object.hasOwn(days, day)) continue;
        if ((days[day] ?? []).length === 0) return 'holiday';
        if (weekdayOf(day) >= 5) return 'makeUp';
      }
      return 'ordinary';
    },
  };
}
