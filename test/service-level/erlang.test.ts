import t, { type Test } from 'tap';
import { MINUTE, SECOND } from '../../src/base/time.js';
import { agentsNeeded, erlangA, erlangB, erlangC, erlangCWaitMs, type Load } from '../../src/service-level/erlang.js';

const WITHIN_20_S = { share: 0.8, withinMs: 20 * SECOND };
const near = (t: Test, found: number, wanted: number, digits: number, what: string): void => {
  t.equal(found.toFixed(digits), wanted.toFixed(digits), what);
};

t.test('Erlang C, the worked example of pyworkforce and of the CRAN package ErlangC, to the printed digits', async (t) => {
  const load: Load = { calls: 100, perMs: 30 * MINUTE, ahtMs: 180 * SECOND };
  const found = erlangC(load, 14, 20 * SECOND);
  t.ok(found);
  near(t, found?.serviceLevel ?? 0, 0.8883500191794669, 15, 'service level');
  near(t, found?.waitShare ?? 0, 0.1741319335950498, 15, 'P(wait)');
  near(t, found?.occupancy ?? 0, 0.7142857142857143, 15, 'occupancy');
  near(t, (found?.meanWaitMs ?? 0) / SECOND, 7.83593701177724, 13, 'ASA');
  t.equal(agentsNeeded(load, WITHIN_20_S), 14, 'the least number for 80/20');
});

t.test('probabilities of waiting that are in the books', async (t) => {
  const waits = (work: number, agents: number) => erlangC({ calls: work, perMs: 1_000, ahtMs: 1_000 }, agents, 0)?.waitShare ?? 0;
  near(t, waits(10, 12), 0.4494, 4, '10 erlang, 12 agents');
  near(t, waits(50, 55), 0.3845, 4, '50 erlang, 55 agents');
  near(t, erlangB(2, 3), 4 / 19, 12, 'Erlang B by hand');
});

t.test('Erlang C against Erlang A (Gans, Koole and Mandelbaum 2003)', async (t) => {
  const load: Load = { calls: 48, perMs: MINUTE, ahtMs: MINUTE };
  const c = erlangC(load, 50, 20 * SECOND);
  near(t, (c?.meanWaitMs ?? 0) / SECOND, 20.8, 1, 'C: ASA');
  near(t, (erlangCWaitMs(load, 50, 0.9) ?? 0) / SECOND, 58.1, 1, 'C: 90th percentile');
  near(t, c?.waiting ?? 0, 17, 0, 'C: queue');
  near(t, c?.occupancy ?? 0, 0.96, 2, 'C: occupancy');
  const a = erlangA(load, 120 * SECOND, 50, 20 * SECOND);
  near(t, a.abandonShare * 100, 3.1, 1, 'A: abandon');
  near(t, a.meanWaitMs / SECOND, 3.7, 1, 'A: wait');
  near(t, a.waiting, 3, 0, 'A: queue');
  near(t, a.occupancy, 0.93, 2, 'A: occupancy');
});

t.test('staffing for 80/20 at a handle time of 240 s', async (t) => {
  const printed = [
    [40, 46, 41, 43],
    [150, 159, 143, 151],
    [400, 411, 368, 391],
    [600, 612, 545, 582],
  ] as const;
  for (const [work, c, impatient, patient] of printed) {
    const load: Load = { calls: work, perMs: 240 * SECOND, ahtMs: 240 * SECOND };
    t.equal(agentsNeeded(load, WITHIN_20_S), c, `${work} erlang by C`);
    t.equal(agentsNeeded(load, WITHIN_20_S, 120 * SECOND), impatient, `${work} erlang by A, patience 120 s`);
    t.equal(agentsNeeded(load, WITHIN_20_S, 300 * SECOND), patient, `${work} erlang by A, patience 300 s`);
  }
});

t.test('the edges: no calls, no agents, too few agents, far too much work', async (t) => {
  const none: Load = { calls: 0, perMs: MINUTE, ahtMs: MINUTE };
  const some: Load = { calls: 10, perMs: MINUTE, ahtMs: MINUTE };
  t.equal(agentsNeeded(none, WITHIN_20_S), 0);
  t.equal(erlangC(none, 0, 0)?.serviceLevel, 1);
  t.equal(erlangC(some, 10, 20 * SECOND), null, 'as much work as agents: the queue grows for ever');
  t.equal(erlangA(some, MINUTE, 0, 20 * SECOND).abandonShare, 1);
  const overrun = erlangA({ calls: 10_000, perMs: MINUTE, ahtMs: 4 * MINUTE }, 5 * MINUTE, 100, 20 * SECOND);
  t.ok(
    overrun.abandonShare > 0.99 && overrun.abandonShare < 1 && overrun.occupancy <= 1,
    'stays finite under a hundred times the work',
  );
  t.ok(agentsNeeded(some, { share: 1, withinMs: 0 }) < 250, 'a goal of 100 % ends the search');
});

t.test('more agents never lower the level, and abandoning never leaves more waiting than patience allows', async (t) => {
  for (const calls of [1, 7, 60, 500]) {
    const load: Load = { calls, perMs: MINUTE, ahtMs: 3 * MINUTE };
    let last = -1;
    for (let agents = 0; agents <= calls * 4; agents += Math.max(1, Math.floor(calls / 8))) {
      const { serviceLevel, meanWaitMs } = erlangA(load, 2 * MINUTE, agents, 20 * SECOND);
      t.ok(serviceLevel >= last - 1e-9, `${calls} calls a minute, ${agents} agents`);
      t.ok(meanWaitMs <= 2 * MINUTE + 1);
      last = serviceLevel;
    }
  }
});
