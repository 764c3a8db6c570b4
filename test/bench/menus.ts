import { monitorEventLoopDelay } from 'node:perf_hooks';
import { seededRandom } from '../../src/base/random.js';
import type { Ms } from '../../src/base/time.js';
import { Domain } from '../../src/control/domain.js';
import { parseFlow } from '../../src/flow/parse-flow.js';
import type { Clock } from '../../src/ports/clock.js';
import { MemoryStore } from '../../src/simulation/memory-store.js';
import { SimulatedSwitch } from '../../src/simulation/simulated-switch.js';
import { SILENT } from '../support/domain-world.js';
import { sampleAcd, sampleConfig, sampleQueue } from '../support/sample-site.js';

/**
 * Callers in menus at once on the simulated switch, in real time: each hears a prompt, presses a key now and then, enters digits, waits for an answer
 * of 100 ms, and goes around. The event loop is watched from outside; the entities are serialised as for Redis, but not sent.
 */

const CALLERS = 500;
const WARM_UP_MS: Ms = 3_000;
const MEASURE_MS: Ms = 20_000;
const ANSWER_MS: Ms = 100;
const KEY_EVERY_MS: Ms = 1_500;

const FLOW = `
flow: around
languages: [zh]
start: main
prompts: { main: { zh: 主菜单 }, ask: { zh: 请输入卡号 }, due: { zh: 应还 }, bye: { zh: 再见 } }
nodes:
  main:
    menu: { prompt: [main, main], firstDigit: 5s, tries: 20 }
    keys: { "1": due, "2": card, "3": main, "4": balance, "5": due, "6": card, "7": due, "8": main, "9": balance, "0": due, "*": main, "#": main }
    failed: bye
  card:
    collect: { into: card, prompt: ask, secure: true, min: 4, max: 6, tries: 1 }
    next: ask
    failed: balance
  ask: { lookup: { endpoint: bank, send: { card: card }, take: { due: answer.due } }, next: due, failed: due }
  balance: { lookup: { endpoint: bank, take: { due: answer.due } }, next: due, failed: due }
  due: { play: due, onKey: skip, next: main }
  bye: { play: bye, hangup: true }
`;

const clock: Clock = {
  nowMs: () => Date.now(),
  alarm(atMs, ring) {
    const timer = setTimeout(ring, Math.max(0, atMs - Date.now()));
    return () => clearTimeout(timer);
  },
};
const pause = (ms: Ms): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function menus(say: (line: string) => void): Promise<object> {
  const parsed = parseFlow(FLOW, { file: 'around.yaml', known: {}, version: 'v1' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  const flow = parsed.value;
  const on = new SimulatedSwitch({ clock });
  let events = 0;
  let facts = 0;
  const start = on.start.bind(on);
  on.start = (options) =>
    start({
      ...options,
      onEvent: (event) => {
        events++;
        options.onEvent(event);
      },
    });
  const domain = await Domain.open({
    node: 'bench',
    clock,
    store: new MemoryStore(),
    switches: [on],
    jobs: { add: async () => {}, close: async () => {} },
    lookUps: { ask: () => pause(ANSWER_MS).then(() => ({ ok: true, answer: { due: 12 } })), close: async () => {} },
    config: {
      ...sampleConfig(sampleAcd([sampleQueue('general')], [])),
      numbers: { '1000': flow.flowId },
      flow: (flowId) => (flowId === flow.flowId ? flow : null),
    },
    log: SILENT,
    leaseMs: 30_000,
    onFacts: (told) => {
      facts += told.length;
    },
    onFatal: (reason, cause) => {
      throw new Error(reason, { cause });
    },
  });
  const random = seededRandom('menus');
  let going = true;
  const callers = Array.from({ length: CALLERS }, (_, i) => {
    const caller = on.placeCall({ ani: `1390000${1000 + i}`, dnis: '1000' });
    const press = (): void => {
      if (!going) return;
      caller.press('0123456789*#'[random.below(12)] as string);
      setTimeout(press, random.below(2 * KEY_EVERY_MS));
    };
    setTimeout(press, random.below(2 * KEY_EVERY_MS));
    return caller;
  });
  await pause(WARM_UP_MS);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const before = { events, facts, cpu: process.cpuUsage() };
  delay.enable();
  await pause(MEASURE_MS);
  delay.disable();
  const cpu = process.cpuUsage(before.cpu);
  const there = [...domain.hotline.calls()].filter(({ phase }) => phase === 'flow').length;
  going = false;
  for (const caller of callers) caller.hangUp();
  await pause(200);
  await domain.stop();
  // The histogram counts from the timer's own resolution of a millisecond.
  const ms = (ns: number): number => Math.round(ns / 10_000) / 100;
  const [p50Ms, p99Ms, maxMs] = [delay.percentile(50), delay.percentile(99), delay.max].map(ms);
  const perS = (count: number): number => Math.round(count / (MEASURE_MS / 1_000));
  const figures = {
    callers: there,
    p50Ms,
    p99Ms,
    maxMs,
    eventsPerS: perS(events - before.events),
    factsPerS: perS(facts - before.facts),
    cpuShare: Math.round((cpu.user + cpu.system) / (MEASURE_MS * 10)) / 100,
  };
  say(`${there} callers in menus: event loop late by p50 ${p50Ms}, p99 ${p99Ms}, at most ${maxMs} ms`);
  say(`${figures.eventsPerS} events and ${figures.factsPerS} facts a second with ${figures.cpuShare} of a core`);
  return figures;
}
