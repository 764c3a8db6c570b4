import { type Random, seededRandom } from '../../base/random.js';
import type { Ms } from '../../base/time.js';
import { standardGamma } from './distribution.js';
import { type CallType, dayEndMs, type PlannedCall, periodAt, type RecordedDay, type Scenario } from './scenario.js';

/**
 * Who calls on one day. Each call type draws its arrivals, service, patience, lane and wrap-up from streams of its own, named by seed, day
 * and type, and draws all of them for each caller whatever becomes of the call. So two scenarios with the same seed have the same
 * callers (common random numbers), and a difference between them is not chance.
 */
export interface CallerSource {
  /** The next caller, in order of arrival; null when no more come. */
  next(): PlannedCall | null;
}

export function callersOf(scenario: Scenario, dayIndex: number): CallerSource[] {
  const stream = `${scenario.seed}/day-${dayIndex}`;
  if (scenario.recorded) return [recordedCallers(scenario.recorded, seededRandom(`${stream}/recorded`))];
  const shape = scenario.busynessShape;
  const busyness = shape === null ? 1 : standardGamma(shape, seededRandom(`${stream}/busyness`)) / shape;
  return scenario.calls.map((type) => drawnCallers(scenario, type, busyness, seededRandom(`${stream}/${type.name}`)));
}

/** A Poisson stream with a rate that is constant within each period: unit steps of cumulated rate, turned back into time. */
function drawnCallers(scenario: Scenario, type: CallType, busyness: number, random: Random): CallerSource {
  const gaps = random.fork('gaps');
  const service = random.fork('service');
  const patience = random.fork('patience');
  const wrapUp = random.fork('wrapUp');
  const lane = random.fork('lane');
  const ends = scenario.day.periodEndsMs;
  let period = 0;
  let atMs = 0;
  const advance = (): boolean => {
    let step = -Math.log(1 - gaps.next());
    while (period < ends.length) {
      const rate = (type.ratePerMs[period] as number) * busyness;
      const left = ((ends[period] as number) - atMs) * rate;
      if (step < left) {
        atMs += step / rate;
        return true;
      }
      step -= left;
      atMs = ends[period] as number;
      period++;
    }
    return false;
  };
  return {
    next: () => {
      if (!advance()) return null;
      const patienceOf = type.patience[period] as CallType['patience'][number];
      return {
        atMs: Math.floor(atMs),
        queueId: type.queueId,
        lane: type.vipShare > 0 && lane.next() < type.vipShare ? 'vip' : 'ordinary',
        priority: type.priority,
        skills: type.skills,
        serviceMs: whole((type.service[period] as CallType['service'][number]).draw(service)),
        patienceMs: patienceOf ? whole(patienceOf.draw(patience)) : Number.POSITIVE_INFINITY,
        wrapUpMs: type.wrapUp ? whole(type.wrapUp.draw(wrapUp)) : null,
      };
    },
  };
}

/** The same callers each day; what the record does not know (service of those who left, patience of those who were answered) is drawn. */
function recordedCallers(day: RecordedDay, random: Random): CallerSource {
  const service = random.fork('service');
  const patience = random.fork('patience');
  let i = 0;
  return {
    next: () => {
      const call = day.arrivals[i++];
      if (!call) return null;
      const extraMs =
        call.beyond === 'never' ? Number.POSITIVE_INFINITY : call.beyond === null ? 0 : whole(call.beyond.draw(patience));
      return {
        atMs: call.atMs,
        queueId: call.queueId,
        lane: call.lane,
        priority: call.priority,
        skills: call.skills,
        serviceMs: typeof call.service === 'number' ? call.service : whole(call.service.draw(service)),
        patienceMs: call.waitedMs + extraMs,
        wrapUpMs: null,
      };
    },
  };
}

const whole = (ms: number): Ms => Math.round(ms);

/** How many callers a day brings on average, of this type. */
export function expectedCallers(scenario: Scenario, type: CallType): number {
  let from = 0;
  let sum = 0;
  for (const [period, until] of scenario.day.periodEndsMs.entries()) {
    sum += (type.ratePerMs[period] as number) * (until - from);
    from = until;
  }
  return sum;
}

/** Work that comes in, in erlang, averaged over the day. Of drawn callers only. */
export const offeredErlang = (scenario: Scenario): number =>
  scenario.calls.reduce((sum, type) => {
    let from = 0;
    for (const [period, until] of scenario.day.periodEndsMs.entries()) {
      const meanMs = type.service[periodAt(scenario.day, from)]?.meanMs ?? 0;
      sum += ((type.ratePerMs[period] as number) * (until - from) * meanMs) / dayEndMs(scenario.day);
      from = until;
    }
    return sum;
  }, 0);
