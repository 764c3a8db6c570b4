import { join } from 'node:path';
import t from 'tap';
import type { QueueConfig } from '../../src/acd/config.js';
import type { Fact } from '../../src/base/facts.js';
import { seededRandom } from '../../src/base/random.js';
import { DAY, HOUR, MINUTE, type Ms, SECOND } from '../../src/base/time.js';
import { readScenario } from '../../src/cli/simulate/read-scenario.js';
import { serviceLevel } from '../../src/service-level/formulas.js';
import { createLedger } from '../../src/service-level/ledger.js';
import { recount } from '../../src/service-level/recount.js';
import { dayFacts } from '../../src/simulation/scenario/day-facts.js';
import { DAY_START, siteDay } from '../support/history-world.js';

/** What the ledger shows beside the counts of the day, over a recorded day of 50,000 calls: held against counts made another way, call by call. */
t.setTimeout(240_000);
const MOMENTS = 10;
const scenario = await readScenario(join(import.meta.dirname, '../../config/scenarios/busy-day.yaml'));
if (!scenario.ok) throw new Error('the scenario is refused');
const { queues, agents } = scenario.value.acd;
const facts = dayFacts(scenario.value, 0, DAY_START);
const teams = new Map(agents.map(({ id, team }) => [id as string, team]));
const newLedger = () => createLedger({ queues, agents, dayStartMs: siteDay });

t.test('rolling spans and the interval, at random moments of the day', async (t) => {
  const random = seededRandom('moments of a day');
  const ledger = newLedger();
  const moments = new Set(Array.from({ length: MOMENTS }, () => Math.floor(facts.length * (0.05 + 0.9 * random.next()))));
  let compared = 0;
  for (const [i, fact] of facts.entries()) {
    ledger.add(fact);
    if (!moments.has(i)) continue;
    // Between two facts, where time alone has changed the figures.
    const nowMs = Math.max(fact.atMs, (facts[i + 1] as Fact).atMs - 1);
    const since = facts.findIndex(({ atMs }) => atMs >= nowMs - 3 * HOUR);
    const recent = facts.slice(Math.max(0, since), i + 1);
    for (const view of ledger.board(nowMs).queues) {
      const queue = queues.find(({ id }) => id === view.queueId) as QueueConfig;
      const toMs = Math.floor(nowMs / MINUTE) * MINUTE + MINUTE;
      for (const span of [view.recent.m5, view.recent.m15, view.recent.m30, view.interval]) {
        const again = recount(recent, queue, span.fromMs, toMs, nowMs);
        const { offered, answered, abandoned } = again;
        const { fromMs } = span;
        const level = serviceLevel(queue.target.formula, again);
        t.match(span, { offered, answered, abandoned, ...level }, `${view.queueId} since ${(toMs - fromMs) / MINUTE} min`);
        compared += 1;
      }
      const fromMs = toMs - (1 + random.below(90)) * MINUTE;
      const untilMs = toMs - random.below(3) * MINUTE;
      const again = recount(recent, queue, fromMs, untilMs, nowMs);
      t.same(ledger.counts(queue.id, fromMs, untilMs, nowMs), again, `${queue.id}: any span`);
    }
  }
  t.equal(compared, moments.size * queues.length * 4);
});

interface Part {
  offered: number;
  answered: number;
  answeredInTime: number;
  abandoned: number;
  sumWaitAnsweredMs: Ms;
}

t.test('lanes, agents and teams of a queue, and its waits by the second', async (t) => {
  const ledger = newLedger();
  for (const fact of facts) ledger.add(fact);
  const nowMs = DAY_START + DAY - 1;
  for (const queue of queues) {
    const parts = new Map<string, Part>();
    const part = (name: string): Part => {
      const found = parts.get(name) ?? { offered: 0, answered: 0, answeredInTime: 0, abandoned: 0, sumWaitAnsweredMs: 0 };
      parts.set(name, found);
      return found;
    };
    const waits = { answered: [] as number[], abandoned: [] as number[] };
    /** Lane of each call that stands in this queue and entered today. */
    const lanes = new Map<string, string>();
    for (const fact of facts) {
      if (!('queueId' in fact) || fact.queueId !== queue.id) continue;
      if (fact.kind === 'callQueued' && siteDay(fact.atMs) === DAY_START) {
        lanes.set(fact.callId, fact.lane);
        part(`lane:${fact.lane}`).offered += 1;
      } else if (fact.kind === 'callAnswered' && lanes.has(fact.callId)) {
        const team = teams.get(fact.agentId) ?? '';
        const own = [part(`agent:${fact.agentId}`), ...(team ? [part(`team:${team}`)] : [])];
        for (const each of own) each.offered += 1;
        for (const each of [part(`lane:${lanes.get(fact.callId)}`), ...own]) {
          each.answered += 1;
          each.sumWaitAnsweredMs += fact.waitMs;
          if (fact.waitMs <= queue.target.withinMs) each.answeredInTime += 1;
        }
        countSecond(waits.answered, fact.waitMs);
        lanes.delete(fact.callId);
      } else if (fact.kind === 'callLeftQueue' && lanes.has(fact.callId)) {
        if (fact.exit === 'abandoned') {
          part(`lane:${lanes.get(fact.callId)}`).abandoned += 1;
          countSecond(waits.abandoned, fact.waitMs);
        }
        lanes.delete(fact.callId);
      }
    }
    const details = ledger.details(queue.id, nowMs);
    const shown = (details?.parts ?? []).map(({ part: name, counts }) => {
      const { offered, answered, answeredInTime, abandoned, sumWaitAnsweredMs } = counts;
      return [name, { offered, answered, answeredInTime, abandoned, sumWaitAnsweredMs }];
    });
    t.same(
      shown,
      [...parts].sort(([a], [b]) => (a < b ? -1 : 1)),
      `${queue.id}: ${parts.size} parts`,
    );
    t.same(details?.waits, waits, `${queue.id}: waits by the second`);
    t.ok(parts.size > 10);
  }
});

function countSecond(counts: number[], waitMs: Ms): void {
  const second = Math.min(600, Math.floor(waitMs / SECOND));
  while (counts.length <= second) counts.push(0);
  counts[second] = (counts[second] as number) + 1;
}

t.test('the day of every agent: each moment signed in is in one place', async (t) => {
  const ledger = newLedger();
  const endMs = DAY_START + DAY - 1;
  for (const fact of facts) if (fact.atMs <= endMs) ledger.add(fact);
  const shown = new Map(ledger.agentDays(endMs).map((day) => [day.agentId as string, day]));
  const changes = new Map<string, { atMs: Ms; kind: string; to: string; reason: string }[]>();
  const answers = new Map<string, number>();
  for (const fact of facts) {
    if (fact.atMs > endMs || !('agentId' in fact) || fact.agentId === null) continue;
    const own = changes.get(fact.agentId) ?? [];
    changes.set(fact.agentId, own);
    const at = { atMs: fact.atMs, kind: fact.kind, reason: '' };
    if (fact.kind === 'agentSignedIn' || fact.kind === 'agentSignedOut') own.push({ ...at, to: '' });
    if (fact.kind === 'agentStatusChanged') own.push({ ...at, to: fact.status, reason: fact.reason ?? 'none' });
    if (fact.kind === 'agentStateChanged') own.push({ ...at, to: fact.to });
    if (fact.kind === 'callAnswered') answers.set(fact.agentId, (answers.get(fact.agentId) ?? 0) + 1);
  }
  const wrong: unknown[] = [];
  for (const { id } of agents) {
    const day = shown.get(id);
    const spent = spentBy(changes.get(id) ?? [], endMs);
    const { ringMs = 0, talkMs = 0, holdMs = 0, wrapUpMs = 0, idleMs = 0, signedInMs = 0, notReadyMs = {} } = day ?? {};
    const places = { ringing: ringMs, talking: talkMs, onHold: holdMs, wrapUp: wrapUpMs, idle: idleMs, ...notReadyMs };
    const sum = Object.values(places).reduce((total, ms) => total + ms, 0);
    const same = Object.entries(places).every(([place, ms]) => ms === (spent.get(place) ?? 0));
    if (!same || sum !== signedInMs || day?.answered !== (answers.get(id) ?? 0)) wrong.push({ id, places, spent: [...spent] });
  }
  t.same(wrong, []);
  t.ok(agents.length > 500 && shown.size === agents.length, `${agents.length} agents`);
});

/** Where an agent's time went: a state of a call, `idle`, or the reason of not being ready. */
function spentBy(changes: readonly { atMs: Ms; kind: string; to: string; reason: string }[], endMs: Ms): Map<string, Ms> {
  const spent = new Map<string, Ms>();
  let [signedIn, status, reason, state] = [false, 'notReady', 'none', 'idle'];
  for (const [i, change] of changes.entries()) {
    if (change.kind === 'agentSignedIn') [signedIn, status, reason] = [true, 'notReady', 'none'];
    if (change.kind === 'agentSignedOut') signedIn = false;
    if (change.kind === 'agentStatusChanged') [status, reason] = [change.to, change.reason];
    if (change.kind === 'agentStateChanged') state = change.to;
    const place = state !== 'idle' ? state : status === 'ready' ? 'idle' : reason;
    const ms = (changes[i + 1]?.atMs ?? endMs) - change.atMs;
    if (signedIn) spent.set(place, (spent.get(place) ?? 0) + ms);
  }
  return spent;
}
