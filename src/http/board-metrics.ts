import client from 'prom-client';
import { FORMULAS } from '../service-level/formulas.js';
import type { AgentView, Board, HouseTotals, QueueCounts, QueueTotals } from '../service-level/views.js';
import { WAIT_STEPS_S } from '../service-level/wait-histogram.js';

export interface BoardMetrics {
  readonly contentType: string;
  text(): Promise<string>;
}

/** What a counter counts, of the totals of one queue. */
type Of = (totals: QueueTotals) => number;
const count =
  (field: keyof QueueCounts): Of =>
  ({ counts }) =>
    counts[field];
const seconds =
  (field: keyof QueueCounts): Of =>
  ({ counts }) =>
    counts[field] / 1_000;

const COUNTERS: ReadonlyArray<readonly [name: string, help: string, of: Of]> = [
  ['offered_total', 'Calls that entered the queue', count('offered')],
  ['answered_total', 'Calls that were answered', count('answered')],
  ['answered_in_time_total', 'Calls answered within the threshold, boundary included', count('answeredInTime')],
  ['abandoned_total', 'Calls whose caller left before an answer', count('abandoned')],
  ['abandoned_in_time_total', 'Abandoned within the threshold', count('abandonedInTime')],
  ['short_abandoned_total', 'Abandoned within the short limit', count('shortAbandoned')],
  ['flowed_out_total', 'Calls sent elsewhere', count('flowedOut')],
  ['timed_out_total', 'Calls that waited the longest allowed wait', count('timedOut')],
  ['exited_by_key_total', 'Calls whose caller pressed the exit key', count('exitedByKey')],
  ['called_back_total', 'Calls that became a callback', count('calledBack')],
  ['blocked_total', 'Calls refused at entry', count('blocked')],
  ['talk_seconds_total', 'Talk time of answered calls', seconds('sumTalkMs')],
  ['hold_seconds_total', 'Hold time of answered calls', seconds('sumHoldMs')],
  [
    'wrap_up_seconds_total',
    'Wrap-up time; talk, hold and wrap-up over answered_total are the average handle time',
    seconds('sumWrapUpMs'),
  ],
];

/**
 * Metrics of the board and the ledger's totals, made from them at each scrape: numerators and denominators, never a ready percentage. Counters begin at
 * 0 with this process and never go back in it, midnight or not: the facts that the ledger read at its start were counted by the process before.
 */
export function boardMetrics(board: () => Board, totals: () => HouseTotals, version: string): BoardMetrics {
  const registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry, prefix: 'hotline_' });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new client.Gauge({ name: `hotline_${name}`, help, labelNames, registers: [registry] });

  gauge('info', 'Version of the service', ['version']).set({ version }, 1);
  const levelNumerator = gauge('queue_service_level_numerator', 'Numerator of the service level of today', ['queue', 'formula']);
  const levelDenominator = gauge('queue_service_level_denominator', 'Denominator of the service level of today', [
    'queue',
    'formula',
  ]);
  const levelTarget = gauge('queue_service_level_target_ratio', 'The share that is aimed at', ['queue', 'formula']);
  const waiting = gauge('queue_waiting', 'Callers waiting now', ['queue']);
  const waitingLate = gauge('queue_waiting_late', 'Callers waiting now past the threshold', ['queue']);
  const longest = gauge('queue_longest_wait_seconds', 'Wait of the caller who waits longest now; 0 when nobody waits', ['queue']);
  const agents = gauge('agents', 'Agents by what they do now', ['state']);
  const queueAgents = gauge('queue_agents', 'Agents who can serve the queue, by what they do now', ['queue', 'state']);
  const calls = gauge('calls', 'Calls in progress');
  const switches = gauge('switch_up', 'Whether the switch is connected', ['switch']);
  const seq = gauge('board_seq', 'Number of the last fact in these figures');
  const every = [levelNumerator, levelDenominator, levelTarget, waiting, waitingLate, longest, agents, queueAgents, switches];

  const fill = (now: Board): void => {
    for (const metric of every) metric.reset();
    for (const queue of now.queues) {
      const label = { queue: queue.queueId };
      const formula = { ...label, formula: queue.serviceLevel.formula };
      levelNumerator.set(formula, queue.serviceLevel.numerator);
      levelDenominator.set(formula, queue.serviceLevel.denominator);
      levelTarget.set(formula, queue.serviceLevel.target);
      waiting.set(label, queue.waiting);
      waitingLate.set(label, queue.waiting - queue.outlook.saveable);
      longest.set(label, queue.longestWaitSinceMs === null ? 0 : Math.max(0, now.atMs - queue.longestWaitSinceMs) / 1_000);
      for (const [state, number] of Object.entries(queue.agents)) queueAgents.set({ ...label, state }, number as number);
    }
    for (const agent of now.agents) agents.inc({ state: doing(agent) });
    for (const one of now.switches) switches.set({ switch: one.switchId }, one.up ? 1 : 0);
    calls.set(now.callsNow);
    seq.set(now.seq);
  };
  const rising = new RisingCounters(totals());
  return {
    contentType: registry.contentType,
    text: async () => {
      fill(board());
      return `${await registry.metrics()}\n${rising.text(totals())}`;
    },
  };
}

/** A call in hand counts before a status that was chosen for after it. */
function doing(agent: AgentView): string {
  if (agent.status === 'loggedOut' || agent.state !== 'idle') return agent.state === 'idle' ? 'loggedOut' : agent.state;
  return agent.status === 'ready' ? 'idle' : 'notReady';
}

/** Counters as differences to how the totals stood when this process began. */
class RisingCounters {
  /** Series -> where it began, and the most that was shown. */
  readonly #begin = new Map<string, number>();
  readonly #most = new Map<string, number>();

  constructor(begin: HouseTotals) {
    for (const { series, value } of families(begin).flatMap(({ samples }) => samples)) this.#begin.set(series, value);
  }

  text(totals: HouseTotals): string {
    const lines = families(totals).flatMap(({ name, type, help, samples }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(({ series, value }) => `${series} ${this.#since(series, value)}`),
    ]);
    return `${lines.join('\n')}\n`;
  }

  /** What was shown once is not taken back: a threshold below the short limit lets a call be counted and left out later. */
  #since(series: string, value: number): number {
    const since = Math.max(this.#most.get(series) ?? 0, value - (this.#begin.get(series) ?? 0));
    // Sums of milliseconds, as seconds: no more digits than they have.
    const shown = Math.round(since * 1_000) / 1_000;
    this.#most.set(series, shown);
    return shown;
  }
}

interface Family {
  readonly name: string;
  readonly type: 'counter' | 'histogram';
  readonly help: string;
  readonly samples: ReadonlyArray<{ readonly series: string; readonly value: number }>;
}

function families({ queues, lookUps, messages }: HouseTotals): Family[] {
  const counter = (name: string, help: string, samples: Family['samples']): Family => ({
    name: `hotline_${name}`,
    type: 'counter',
    help,
    samples: samples.map(({ series, value }) => ({ series: `hotline_${name}${series}`, value })),
  });
  const ofQueue = (of: Of) => queues.map((each) => ({ series: labels({ queue: each.queueId }), value: of(each) }));
  const ofFormula = (of: Of) =>
    queues.map((each) => ({ series: labels({ queue: each.queueId, formula: FORMULAS[each.formula].name }), value: of(each) }));
  const ofLookUps = (of: (each: HouseTotals['lookUps'][number]) => number) =>
    lookUps.map((each) => ({ series: labels({ endpoint: each.endpoint, result: each.result }), value: of(each) }));
  return [
    ...COUNTERS.map(([name, help, of]) => counter(`queue_${name}`, help, ofQueue(of))),
    counter(
      'queue_service_level_good_total',
      "Numerator of the service level by the queue's formula",
      ofFormula(({ level }) => level.numerator),
    ),
    counter(
      'queue_service_level_counted_total',
      'Denominator of it; a caller who waits past the threshold is in it from that moment',
      ofFormula(({ level }) => level.denominator),
    ),
    waitFamily(queues),
    counter(
      'look_ups_total',
      'Look-ups that flows made, by what came of them',
      ofLookUps((each) => each.count),
    ),
    counter(
      'look_up_seconds_total',
      'Time that they took',
      ofLookUps((each) => each.sumMs / 1_000),
    ),
    counter(
      'messages_total',
      'Messages of flows that were handed over to their endpoint, or given up after the last try',
      messages.map(({ endpoint, result, count: value }) => ({ series: labels({ endpoint, result }), value })),
    ),
  ];
}

function waitFamily(queues: readonly QueueTotals[]): Family {
  const name = 'hotline_queue_answer_wait_seconds';
  const bounds = [...WAIT_STEPS_S.map(String), '+Inf'];
  const samples = queues.flatMap(({ queueId: queue, counts, waits }) => [
    ...bounds.map((le, i) => ({ series: `${name}_bucket${labels({ queue, le })}`, value: waits[i] as number })),
    { series: `${name}_sum${labels({ queue })}`, value: counts.sumWaitAnsweredMs / 1_000 },
    { series: `${name}_count${labels({ queue })}`, value: counts.answered },
  ]);
  return { name, type: 'histogram', help: 'Waits of answered callers; sum over count is the average speed of answer', samples };
}

const labels = (named: Readonly<Record<string, string>>): string =>
  `{${Object.entries(named)
    .map(([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`)
    .join(',')}}`;
