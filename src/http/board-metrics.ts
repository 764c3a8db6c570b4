import client from 'prom-client';
import type { AgentView, Board, QueueCounts } from '../service-level/views.js';

export interface BoardMetrics {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Counters of the day: each goes back to zero with the site's new day, which Prometheus takes for a restart. */
const COUNTERS: ReadonlyArray<readonly [field: keyof QueueCounts, name: string, help: string]> = [
  ['offered', 'offered_total', 'Calls that entered the queue today'],
  ['answered', 'answered_total', 'Calls of today that were answered'],
  ['answeredInTime', 'answered_in_time_total', 'Calls of today answered within the threshold, boundary included'],
  ['abandoned', 'abandoned_total', 'Calls of today whose caller left before an answer'],
  ['abandonedInTime', 'abandoned_in_time_total', 'Abandoned within the threshold'],
  ['shortAbandoned', 'short_abandoned_total', 'Abandoned within the short limit'],
  ['flowedOut', 'flowed_out_total', 'Calls of today sent elsewhere'],
  ['timedOut', 'timed_out_total', 'Calls of today that waited the longest allowed wait'],
  ['exitedByKey', 'exited_by_key_total', 'Calls of today whose caller pressed the exit key'],
  ['calledBack', 'called_back_total', 'Calls of today that became a callback'],
  ['blocked', 'blocked_total', 'Calls of today refused at entry'],
];
const SECONDS: ReadonlyArray<readonly [field: keyof QueueCounts, name: string, help: string]> = [
  ['sumWaitAnsweredMs', 'answered_wait_seconds_total', 'Waits of the answered; over answered_total it is the ASA'],
  ['sumTalkMs', 'talk_seconds_total', 'Talk time'],
  ['sumHoldMs', 'hold_seconds_total', 'Hold time'],
  ['sumWrapUpMs', 'wrap_up_seconds_total', 'Wrap-up time; talk + hold + wrap-up over answered_total is the AHT'],
];

/** Metrics of the board, made from it at each scrape: numerators and denominators, never a ready percentage. */
export function boardMetrics(board: () => Board, version: string): BoardMetrics {
  const registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry, prefix: 'hotline_' });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new client.Gauge({ name: `hotline_${name}`, help, labelNames, registers: [registry] });
  const counter = (name: string, help: string) =>
    new client.Counter({ name: `hotline_queue_${name}`, help, labelNames: ['queue'], registers: [registry] });

  gauge('info', 'Version of the service', ['version']).set({ version }, 1);
  const counters = COUNTERS.map(([field, name, help]) => ({ field, per: 1, metric: counter(name, help) }));
  const seconds = SECONDS.map(([field, name, help]) => ({ field, per: 1_000, metric: counter(name, help) }));
  const levelNumerator = gauge('queue_service_level_numerator', 'Numerator of the service level of today', ['queue', 'formula']);
  const levelDenominator = gauge('queue_service_level_denominator', 'Its denominator', ['queue', 'formula']);
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
    for (const { metric } of [...counters, ...seconds]) metric.reset();
    for (const queue of now.queues) {
      const label = { queue: queue.queueId };
      for (const { field, per, metric } of [...counters, ...seconds]) metric.inc(label, queue.today[field] / per);
      const formula = { ...label, formula: queue.serviceLevel.formula };
      levelNumerator.set(formula, queue.serviceLevel.numerator);
      levelDenominator.set(formula, queue.serviceLevel.denominator);
      levelTarget.set(formula, queue.serviceLevel.target);
      waiting.set(label, queue.waiting);
      waitingLate.set(label, queue.today.waitingLate);
      longest.set(label, queue.longestWaitSinceMs === null ? 0 : Math.max(0, now.atMs - queue.longestWaitSinceMs) / 1_000);
      for (const [state, number] of Object.entries(queue.agents)) queueAgents.set({ ...label, state }, number as number);
    }
    for (const agent of now.agents) agents.inc({ state: doing(agent) });
    for (const one of now.switches) switches.set({ switch: one.switchId }, one.up ? 1 : 0);
    calls.set(now.callsNow);
    seq.set(now.seq);
  };
  return {
    contentType: registry.contentType,
    text: () => {
      fill(board());
      return registry.metrics();
    },
  };
}

/** A call in hand counts before a status that was chosen for after it. */
function doing(agent: AgentView): string {
  if (agent.status === 'loggedOut' || agent.state !== 'idle') return agent.state === 'idle' ? 'loggedOut' : agent.state;
  return agent.status === 'ready' ? 'idle' : 'notReady';
}
