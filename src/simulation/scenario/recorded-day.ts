import type { Lane } from '../../acd/events.js';
import { localTime } from '../../base/calendar.js';
import type { Fact } from '../../base/facts.js';
import type { CallId, QueueId } from '../../base/ids.js';
import type { Ms } from '../../base/time.js';
import { exponential, measured } from './distribution.js';
import { dayEndMs, type RecordedArrival, type RecordedDay, type ScenarioDay } from './scenario.js';

/**
 * A day as it was, from its facts. Arrivals, lanes, priorities and talk times are taken as they were; waits are not: they come anew from the
 * engine. What the facts cannot know is drawn: the talk of a caller who left from the talks of the same queue, and how long an answered
 * caller would have waited on from the queue's patience.
 */
export interface RecordedOptions {
  readonly timeZone: string;
  /** `2026-11-21`; null: the day of the first caller. */
  readonly day: string | null;
  readonly queues: ReadonlySet<QueueId>;
  readonly clock: ScenarioDay;
}

interface Stay {
  readonly day: string;
  readonly atMs: Ms;
  readonly queueId: QueueId;
  readonly lane: Lane;
  readonly priority: number;
  readonly skills: Record<string, number>;
  waitMs: Ms | null;
  answered: boolean;
  abandoned: boolean;
  talkMs: Ms | null;
}

export function recordedDay(facts: Iterable<Fact>, options: RecordedOptions): RecordedDay {
  const stays = readStays(facts, options.timeZone);
  const wanted = options.day ?? stays[0]?.day;
  const ofDay = stays.filter((stay) => stay.day === wanted);
  const known = ofDay.filter((stay) => options.queues.has(stay.queueId));
  const endMs = dayEndMs(options.clock);
  const played = known.filter((stay) => within(stay.atMs - options.clock.fromMs, endMs));
  const models = new Map([...options.queues].map((id) => [id, modelOf(played.filter((stay) => stay.queueId === id))]));
  return {
    arrivals: played
      .sort((a, b) => a.atMs - b.atMs)
      .map((stay) => arrival(stay, options.clock.fromMs, models.get(stay.queueId) as Model)),
    leftOut: {
      unknownQueue: ofDay.length - known.length,
      outsideTheDay: known.length - played.length,
      otherDays: stays.length - ofDay.length,
    },
  };
}

const within = (atMs: Ms, endMs: Ms): boolean => atMs >= 0 && atMs < endMs;

/** One entry per call: where it first entered a queue. An overflow is the engine's doing and happens anew. */
function readStays(facts: Iterable<Fact>, timeZone: string): Stay[] {
  const stays = new Map<CallId, Stay>();
  for (const fact of facts) {
    if (fact.kind === 'callQueued') {
      if (stays.has(fact.callId)) continue;
      const local = localTime(timeZone, fact.atMs);
      stays.set(fact.callId, {
        day: local.day,
        atMs: local.msOfDay,
        queueId: fact.queueId,
        lane: fact.lane === 'vip' ? 'vip' : 'ordinary',
        priority: fact.priority,
        skills: skillsOf(fact.requirement),
        waitMs: null,
        answered: false,
        abandoned: false,
        talkMs: null,
      });
    } else if (fact.kind === 'callAnswered' || fact.kind === 'callLeftQueue') {
      const stay = stays.get(fact.callId);
      if (!stay || stay.answered) continue;
      stay.waitMs = (stay.waitMs ?? 0) + fact.waitMs;
      stay.answered = fact.kind === 'callAnswered';
      stay.abandoned = fact.kind === 'callLeftQueue' && fact.exit === 'abandoned';
    } else if (fact.kind === 'talkEnded') {
      const stay = stays.get(fact.callId);
      if (stay) stay.talkMs = fact.talkMs + fact.holdMs;
    }
  }
  return [...stays.values()];
}

/** `service>=1 instalments>=2` back into skills. A requirement with alternatives is the queue's own and stands in the scenario. */
function skillsOf(requirement: string): Record<string, number> {
  const skills: Record<string, number> = {};
  for (const term of requirement.split(' ')) {
    const match = /^([a-z][a-z0-9-]*)>=(\d+)$/.exec(term);
    if (!match) return {};
    skills[match[1] as string] = Number(match[2]);
  }
  return skills;
}

interface Model {
  readonly service: ReturnType<typeof measured>;
  /** Null: nobody left, so nothing is known of their patience. */
  readonly patience: ReturnType<typeof exponential> | null;
}

const UNKNOWN_TALK_MS: Ms = 180_000;

/** Mean patience is all time waited divided by the number who left (the estimator for censored exponential times). */
function modelOf(stays: readonly Stay[]): Model {
  const talks = stays.flatMap(({ talkMs }) => (talkMs === null ? [] : [talkMs]));
  const left = stays.filter(({ abandoned }) => abandoned).length;
  const waited = stays.reduce((sum, { waitMs }) => sum + (waitMs ?? 0), 0);
  return {
    service: measured(talks.length > 0 ? talks : [UNKNOWN_TALK_MS]),
    patience: left > 0 && waited > 0 ? exponential(waited / left) : null,
  };
}

function arrival(stay: Stay, fromMs: Ms, model: Model): RecordedArrival {
  return {
    atMs: stay.atMs - fromMs,
    queueId: stay.queueId,
    lane: stay.lane,
    priority: stay.priority,
    skills: stay.skills,
    service: stay.talkMs ?? model.service,
    waitedMs: stay.waitMs ?? 0,
    // Exponential patience has no memory: beyond the wait that is known it is drawn afresh.
    beyond: stay.abandoned ? null : (model.patience ?? 'never'),
  };
}
