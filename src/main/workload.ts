import type { AgentId } from '../base/ids.js';
import { seededRandom } from '../base/random.js';
import type { Domain } from '../control/domain.js';
import type { Clock } from '../ports/clock.js';
import type { SimulatedCaller } from '../simulation/simulated-caller.js';
import type { SimulatedSwitch } from '../simulation/simulated-switch.js';
import type { Settings } from './config/environment.js';

const TALK_MS = { least: 10_000, mean: 25_000 };
const PATIENCE_MS = 120_000;
/** Offered work per agent who is there; a little under one keeps the queues alive and the waits short. */
const BUSYNESS = 0.85;

/** Callers and agents for `hotline serve --switch simulated`: a machine without a telephone shows a living wallboard. */
export function startWorkload(on: SimulatedSwitch, domain: Domain, settings: Settings, clock: Clock): () => Promise<void> {
  const random = seededRandom(settings.version);
  const agents = settings.acd.agents;
  const exponential = (meanMs: number): number => Math.round(-Math.log(1 - random.next()) * meanMs);
  const known = ['13800000001', '13800000002'];
  let stopped = false;
  let cancel = (): void => {};
  const callers = new Set<SimulatedCaller>();
  const keys = new Set<() => void>();
  const ring = (phone: string): void =>
    on.phone(phone, { afterMs: 500 + random.below(3_000), talkMs: TALK_MS.least + exponential(TALK_MS.mean - TALK_MS.least) });
  const numbers = Object.keys(settings.numbers);
  const everyMs = (TALK_MS.mean + 12_000) / (agents.length * BUSYNESS);

  const arrive = (): void => {
    if (stopped) return;
    const ani =
      random.next() < 0.15 ? (known[random.below(known.length)] as string) : `139${String(random.below(1e8)).padStart(8, '0')}`;
    const caller = on.placeCall({ ani, dnis: numbers[random.below(numbers.length)] as string });
    for (const each of callers) if (!each.isThere) callers.delete(each);
    callers.add(caller);
    behave(caller);
    for (const { phone } of agents) ring(phone);
    cancel = clock.alarm(clock.nowMs() + exponential(everyMs), arrive);
  };
  const behave = (caller: SimulatedCaller): void => {
    caller.givesUpAt(clock.nowMs() + exponential(PATIENCE_MS));
    const press = (afterMs: number, key: string): void =>
      void keys.add(clock.alarm(clock.nowMs() + afterMs, () => caller.press(key)));
    press(3_000 + random.below(2_000), random.next() < 0.8 ? '1' : '2');
    press(8_000 + random.below(4_000), random.next() < 0.2 ? '1' : random.next() < 0.1 ? '2' : '0');
  };

  void (async () => {
    for (const { id, phone } of agents) {
      ring(phone);
      await domain.submit({ kind: 'signIn', agentId: id as AgentId, phone: null, by: 'simulation' });
      await domain.submit({ kind: 'setStatus', agentId: id as AgentId, status: 'ready', reason: null, by: 'simulation' });
    }
    arrive();
  })();
  return async () => {
    stopped = true;
    cancel();
    for (const cancelKey of keys) cancelKey();
    for (const caller of callers) if (caller.isThere) caller.hangUp();
  };
}
