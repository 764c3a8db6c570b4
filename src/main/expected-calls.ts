import { localTime } from '../base/calendar.js';
import type { QueueId } from '../base/ids.js';
import { DAY, HOUR, MINUTE, type Ms } from '../base/time.js';
import type { HistoryReader } from '../ports/history.js';
import type { Log } from '../ports/log.js';
import { type DayForecast, forecastDay } from '../service-level/forecast.js';
import { expectedAfter, pastDays, type SiteDays, weekdayOf } from '../service-level/staffing-day.js';

const EVERY_MS = 15 * MINUTE;
/** The history makes its tables in its first seconds; one that is away is asked again soon. */
const FIRST_MS = 5_000;
const AGAIN_MS = 30_000;
const WEEKS_BACK = 8;

export interface ExpectedCallsParts {
  readonly reader: Pick<HistoryReader, 'queueSums'>;
  readonly queues: readonly QueueId[];
  readonly days: SiteDays;
  readonly nowMs: () => Ms;
  readonly log: Log;
}

/** How many calls are still to come today, by the days that were like it: asked of the history each quarter of an hour, for the outlook of the board. */
export class ExpectedCalls {
  #parts: ExpectedCallsParts | null = null;
  #day = '';
  #forecasts = new Map<QueueId, DayForecast>();
  #timer: NodeJS.Timeout | null = null;

  /** Null until the history has been asked, and where it knows too little. Changes at whole minutes, so that boards need not change with each look. */
  rest(queueId: QueueId, nowMs: Ms): number | null {
    const forecast = this.#forecasts.get(queueId);
    if (forecast === undefined || this.#parts === null) return null;
    const { day, msOfDay } = localTime(this.#parts.days.timeZone, Math.floor(nowMs / MINUTE) * MINUTE);
    return day === this.#day ? expectedAfter(forecast, msOfDay) : null;
  }

  start(parts: ExpectedCallsParts): void {
    this.#parts = parts;
    this.#lookAfter(FIRST_MS);
  }

  stop(): void {
    this.#parts = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #lookAfter(ms: Ms): void {
    this.#timer = setTimeout(async () => {
      const looked = await this.look();
      if (this.#parts !== null) this.#lookAfter(looked ? EVERY_MS : AGAIN_MS);
    }, ms);
    this.#timer.unref();
  }

  /** Asks now; false when there was no answer. While the history is away the last forecast stands. */
  async look(): Promise<boolean> {
    if (this.#parts === null) return false;
    const { reader, queues, days, nowMs, log } = this.#parts;
    const today = days.dayOf(nowMs());
    const { day } = localTime(days.timeZone, today);
    const forecasts = new Map<QueueId, DayForecast>();
    try {
      for (const queueId of queues) {
        const fromMs = days.dayOf(today - WEEKS_BACK * 7 * DAY + 12 * HOUR);
        const rows = await reader.queueSums({ fromMs, toMs: today, spanMin: 15, perInterval: true, queueId });
        const counted = rows.map(({ startMs, offered, answered, sumTalkMs, sumHoldMs, sumWrapUpMs }) => ({
          ...{ startMs: startMs ?? 0, offered, answered, handleMs: sumTalkMs + sumHoldMs + sumWrapUpMs },
        }));
        forecasts.set(queueId, forecastDay(pastDays(counted, day, days), { weekday: weekdayOf(day), kind: days.kindOf(day) }));
      }
    } catch (error) {
      log.warn({ error: String(error) }, 'the history could not be asked for a forecast');
      return false;
    }
    this.#forecasts = forecasts;
    this.#day = day;
    return true;
  }
}
