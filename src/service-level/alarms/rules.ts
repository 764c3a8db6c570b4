import type { QueueId } from '../../base/ids.js';
import type { Ms } from '../../base/time.js';
import type { Board, QueueView } from '../views.js';

/** What an alarm may watch. Shares are 0 to 1, lengths of time milliseconds. */
export type AlarmUnit = 'share' | 'count' | 'duration';

/** What a metric says at one moment. `value` null: there is nothing to say, which neither raises nor clears. `cases`: calls or agents that it rests on. */
export interface Reading {
  readonly value: number | null;
  readonly cases: number;
}

/** What stands beside the board: conditions of the house. */
export interface HouseState {
  readonly storeDegraded: boolean;
  /** Facts that the history has not got yet. */
  readonly historyBehind: number;
  /** Messages of flows that could not be handed over in the last hour. */
  readonly messagesGivenUp: number;
  /** Files in the folder of flows that are not live as they stand there, because they have errors. */
  readonly flowsRefused: number;
}

interface QueueMetric {
  readonly of: 'queue';
  readonly unit: AlarmUnit;
  readonly read: (queue: QueueView, nowMs: Ms) => Reading;
}
interface SiteMetric {
  readonly of: 'site';
  readonly unit: AlarmUnit;
  readonly read: (board: Board, house: HouseState) => Reading;
}

const share = ({ share: value, denominator }: { share: number | null; denominator: number }): Reading => ({
  value,
  cases: denominator,
});
const count = (value: number): Reading => ({ value, cases: value });

/** Everything that a rule can be about. Each says its numerator and denominator in views.ts. */
export const METRICS = {
  serviceLevel: { of: 'queue', unit: 'share', read: (queue) => share(queue.serviceLevel) },
  serviceLevel15m: { of: 'queue', unit: 'share', read: (queue) => share(queue.recent.m15) },
  abandonRate: { of: 'queue', unit: 'share', read: (queue) => share(queue.abandonRate) },
  answerRate: { of: 'queue', unit: 'share', read: (queue) => share(queue.answerRate) },
  waiting: { of: 'queue', unit: 'count', read: (queue) => count(queue.waiting) },
  waitingLate: { of: 'queue', unit: 'count', read: (queue) => count(queue.waiting - queue.outlook.saveable) },
  longestWait: {
    of: 'queue',
    unit: 'duration',
    read: (queue, nowMs) => ({
      value: queue.longestWaitSinceMs === null ? 0 : Math.max(0, nowMs - queue.longestWaitSinceMs),
      cases: queue.waiting,
    }),
  },
  averageWait: { of: 'queue', unit: 'duration', read: (queue) => ({ value: queue.asaMs, cases: queue.today.answered }) },
  /** How far, on average, the wait told at entry lay from the wait that came. */
  estimateError: {
    of: 'queue',
    unit: 'duration',
    read: ({ estimateError }) => ({ value: estimateError?.meanAbsMs ?? null, cases: estimateError?.calls ?? 0 }),
  },
  agentsReady: { of: 'queue', unit: 'count', read: (queue) => count(queue.agents.idle) },
  agentsPresent: { of: 'queue', unit: 'count', read: (queue) => count(queue.outlook.agentsPresent) },
  agentsShort: {
    of: 'queue',
    unit: 'count',
    read: (queue) => count(Math.max(0, queue.outlook.agentsNeeded - queue.outlook.agentsPresent)),
  },
  notReadyShare: {
    of: 'queue',
    unit: 'share',
    read: ({ agents: { notReady, signedIn } }) => ({ value: signedIn === 0 ? null : notReady / signedIn, cases: signedIn }),
  },
  rona: { of: 'queue', unit: 'count', read: (queue) => count(queue.ronaToday) },
  blocked: { of: 'queue', unit: 'count', read: (queue) => count(queue.today.blocked) },
  switchesDown: { of: 'site', unit: 'count', read: (board) => count(board.switches.filter(({ up }) => !up).length) },
  callsNow: { of: 'site', unit: 'count', read: (board) => count(board.callsNow) },
  storeDegraded: { of: 'site', unit: 'count', read: (_board, house) => count(house.storeDegraded ? 1 : 0) },
  historyBehind: { of: 'site', unit: 'count', read: (_board, house) => count(house.historyBehind) },
  messagesGivenUp: { of: 'site', unit: 'count', read: (_board, house) => count(house.messagesGivenUp) },
  flowsRefused: { of: 'site', unit: 'count', read: (_board, house) => count(house.flowsRefused) },
} as const satisfies Record<string, QueueMetric | SiteMetric>;

export type MetricName = keyof typeof METRICS;

export interface AlarmRule {
  /** Name in the configuration. */
  readonly rule: string;
  readonly title: Readonly<Record<string, string>>;
  readonly metric: MetricName;
  /** Queues that it is about; null: each of them. Of a metric of the site: null. */
  readonly queues: readonly QueueId[] | null;
  readonly side: 'below' | 'above';
  /** Raised past this, for so long ... */
  readonly bound: number;
  readonly forMs: Ms;
  /** ... and cleared when it is back past this, for so long: on the good side of `bound`, so that it does not flap. */
  readonly until: number;
  readonly untilForMs: Ms;
  readonly severity: 'warning' | 'critical';
  /** Raised only when it rests on so many cases. */
  readonly leastCases: number;
  readonly sound: boolean;
  /** Endpoints that are told, and groups of people who are written to. */
  readonly webhooks: readonly string[];
  readonly mail: readonly string[];
  /** Watched while this calendar is open; null: always. */
  readonly calendar: string | null;
}

/** One thing that a rule watches: itself, or itself for one queue. */
export interface Watched {
  readonly rule: AlarmRule;
  readonly queueId: QueueId | null;
  readonly reading: Reading;
}

export function readAll(rules: readonly AlarmRule[], board: Board, house: HouseState): Watched[] {
  return rules.flatMap((rule): Watched[] => {
    const metric: QueueMetric | SiteMetric = METRICS[rule.metric];
    if (metric.of === 'site') return [{ rule, queueId: null, reading: metric.read(board, house) }];
    return board.queues
      .filter(({ queueId }) => rule.queues === null || rule.queues.includes(queueId))
      .map((queue) => ({ rule, queueId: queue.queueId, reading: metric.read(queue, board.atMs) }));
  });
}
