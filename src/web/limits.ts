import { signal } from '@preact/signals';
import type { AgentView } from '../service-level/views.js';
import { read } from './api.js';

/** How long agents may be at something, as the configuration says. */
interface Limits {
  readonly notReadyMs: Readonly<Record<string, number>>;
  readonly wrapUpMs: number | null;
}

export const limits = signal<Limits>({ notReadyMs: {}, wrapUpMs: null });
const AGAIN_MS = 600_000;

/** Asks now and each ten minutes; without an answer nobody is over a limit. Returns the function that ends it. */
export function followLimits(): () => void {
  const stop = new AbortController();
  const ask = async (): Promise<void> => {
    const answer = await read<Limits>('/api/v1/limits', stop.signal);
    if (answer.ok && !stop.signal.aborted) limits.value = answer.value;
  };
  void ask();
  const timer = setInterval(() => void ask(), AGAIN_MS);
  return () => {
    stop.abort();
    clearInterval(timer);
  };
}

/** By how much the agent is over; null: within the limit, or there is none. */
export function overLimitMs(agent: AgentView, nowMs: number, { notReadyMs, wrapUpMs }: Limits): number | null {
  const reason = agent.reason ?? '';
  const limit =
    agent.state === 'wrapUp'
      ? wrapUpMs
      : agent.state === 'idle' && agent.status === 'notReady' && Object.hasOwn(notReadyMs, reason)
        ? (notReadyMs[reason] as number)
        : null;
  if (limit === null) return null;
  const over = nowMs - agent.sinceMs - limit;
  return over > 0 ? over : null;
}

/** Busy of busy and ready, today up to `nowMs`; null when neither. The server says it up to `sinceMs`, what has passed since is added. */
export function occupancyOf(agent: AgentView, nowMs: number): number | null {
  const passed = agent.status === 'loggedOut' ? 0 : Math.max(0, nowMs - agent.sinceMs);
  const isBusy = ['talking', 'onHold', 'outbound', 'wrapUp'].includes(agent.state);
  const isIdle = agent.state === 'idle' && agent.status === 'ready';
  const busy = agent.busyTodayMs + (isBusy ? passed : 0);
  const all = busy + agent.idleTodayMs + (isIdle ? passed : 0);
  return all > 0 ? busy / all : null;
}
