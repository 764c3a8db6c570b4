import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import t from 'tap';
import type { Fact } from '../../src/base/facts.js';
import { asId } from '../../src/base/ids.js';
import { seededRandom } from '../../src/base/random.js';
import { HOUR, MINUTE, SECOND } from '../../src/base/time.js';
import { readScenario } from '../../src/cli/simulate/read-scenario.js';
import { addSimulateCommand } from '../../src/cli/simulate.js';
import { formatFinding } from '../../src/flow/finding.js';
import { callersOf } from '../../src/simulation/scenario/callers.js';
import {
  constant,
  type Distribution,
  exponential,
  gamma,
  lognormal,
  measured,
} from '../../src/simulation/scenario/distribution.js';
import { differenceOfRatios, meanOf, ratioOf, student975 } from '../../src/simulation/scenario/estimates.js';
import { EventHeap } from '../../src/simulation/scenario/event-heap.js';
import { recordedDay } from '../../src/simulation/scenario/recorded-day.js';
import { compare, resultOf } from '../../src/simulation/scenario/result.js';
import type { Scenario } from '../../src/simulation/scenario/scenario.js';
import { simulate } from '../../src/simulation/scenario/simulate.js';
import { WaitHistogram } from '../../src/simulation/scenario/wait-histogram.js';
import { scenarioNamed } from '../bench/published-variants.js';

const folder = mkdtempSync(join(tmpdir(), 'scenario-'));
const written = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
const read = async (text: string, name = 'scenario.yaml'): Promise<Scenario> => {
  const scenario = await readScenario(written(name, text));
  if (!scenario.ok) throw new Error(scenario.error.map(formatFinding).join('\n'));
  return scenario.value;
};
const close = (
  test: { ok(value: unknown, message: string): unknown },
  found: number,
  wanted: number,
  within: number,
  what: string,
): void => void test.ok(Math.abs(found - wanted) <= within, `${what}: ${found} is within ${within} of ${wanted}`);

/** Twelve agents for about eleven erlang, two queues, VIPs, phones that are sometimes not heard. */
const SMALL = `
scenario: small
day: { from: "08:00", periods: [1h, 1h] }
days: 6
seed: 7
groups:
  desk: { agents: [9, 12], skills: { service: 2, cards: 1 }, picksUp: { lognormal: { mean: 3s, cv: 0.5 } }, overhears: 2%, backAfter: 30s }
  cards: { agents: 3, skills: { cards: 3 } }
calls:
  questions: { queue: general, perHour: [150, 200], service: { exponential: 3m }, patience: { exponential: 2m }, vip: 20% }
  lost: { queue: cards, perMinute: 0.5, service: { gamma: { mean: 2m, shape: 3 } }, wrapUp: { exponential: 10s } }
queues:
  general: { require: { service: 1 }, callers: { order: vip-first, waitsAtMost: 60s }, agents: { wrapUp: 10s } }
  cards: { require: { cards: 1 }, agents: { choose: best-skill, wrapUp: 20s } }
`;

t.test('distributions have the mean and the spread that they name', async (t) => {
  const moments = (distribution: Distribution): [number, number] => {
    const random = seededRandom('moments');
    const drawn = Array.from({ length: 40_000 }, () => distribution.draw(random));
    const mean = drawn.reduce((sum, x) => sum + x, 0) / drawn.length;
    return [mean, Math.sqrt(drawn.reduce((sum, x) => sum + (x - mean) ** 2, 0) / drawn.length) / mean];
  };
  for (const [distribution, mean, cv] of [
    [exponential(240_000), 240_000, 1],
    [gamma(180_000, 4), 180_000, 0.5],
    [gamma(60_000, 0.5), 60_000, Math.SQRT2],
    [lognormal(200_000, 0.8), 200_000, 0.8],
    [constant(5_000), 5_000, 0],
    [measured([1_000, 3_000]), 2_000, 0.5],
  ] as const) {
    const [foundMean, foundCv] = moments(distribution);
    close(t, foundMean / mean, 1, 0.03, `mean of ${distribution.text}`);
    close(t, foundCv, cv, 0.05, `spread of ${distribution.text}`);
    t.equal(distribution.meanMs, mean);
  }
});

t.test('the heap gives events by time, then in the order of planning, without those called off', async (t) => {
  const random = seededRandom('heap');
  const heap = new EventHeap<number>();
  const wanted: { atMs: number; n: number }[] = [];
  for (let n = 0; n < 5_000; n++) {
    const atMs = random.below(500);
    const event = heap.plan(atMs, n);
    if (random.next() < 0.6) heap.callOff(event);
    else wanted.push({ atMs, n });
  }
  t.equal(heap.size, wanted.length);
  wanted.sort((a, b) => a.atMs - b.atMs || a.n - b.n);
  const found: number[] = [];
  for (let event = heap.next(); event; event = heap.next()) found.push(event.what);
  t.same(
    found,
    wanted.map(({ n }) => n),
  );
});

t.test('percentiles of waits are right to one part in a hundred, the longest exactly', async (t) => {
  const random = seededRandom('waits');
  const waits = Array.from({ length: 10_000 }, () => Math.floor(exponential(20_000).draw(random)));
  const [left, right] = [new WaitHistogram(), new WaitHistogram()];
  for (const [i, wait] of waits.entries()) (i % 3 === 0 ? left : right).add(wait);
  left.addAll(right);
  waits.sort((a, b) => a - b);
  for (const share of [0.01, 0.5, 0.95, 0.99]) {
    const exact = waits[Math.ceil(share * waits.length) - 1] as number;
    close(t, left.percentile(share) as number, exact, 0.01 * exact + 1, `p${100 * share}`);
  }
  t.equal(left.longestMs, waits.at(-1));
  t.equal(left.count, waits.length);
  t.equal(new WaitHistogram().percentile(0.5), null, 'nobody waited');
});

t.test('intervals: Student and the delta method', async (t) => {
  for (const [degrees, wanted] of [
    [1, 12.7062],
    [10, 2.2281],
    [11, 2.201],
    [30, 2.0423],
    [999, 1.9623],
  ] as const) {
    close(t, student975(degrees), wanted, 0.0006, `t of ${degrees}`);
  }
  const mean = meanOf([1, 2, 3, 4, 5]);
  t.equal(mean.value, 3);
  close(t, (mean.high as number) - 3, (2.7764 * Math.sqrt(2.5)) / Math.sqrt(5), 1e-9, 'half width');
  t.same(meanOf([4]), { value: 4, low: null, high: null }, 'one day has no interval');
  t.same(ratioOf([0, 0], [0, 0]), { value: null, low: null, high: null }, 'an empty denominator is not 0 %');
  const ratio = ratioOf([8, 18], [10, 20]);
  close(t, ratio.value as number, 26 / 30, 1e-12, 'sums are divided, not shares averaged');
  const shares = { numerators: [8, 9, 4], denominators: [10, 10, 8] };
  t.same(differenceOfRatios(shares, shares), { value: 0, low: 0, high: 0 }, 'the same days differ by nothing');
});

t.test('the same seed gives the same result, another seed another', async (t) => {
  const scenario = await read(SMALL);
  const first = resultOf(simulate(scenario));
  t.same(resultOf(simulate(scenario)), first);
  t.not(resultOf(simulate({ ...scenario, seed: 8 })).all.level.value, first.all.level.value);
});

t.test('callers, phones and agents are all accounted for', async (t) => {
  const played = simulate(await read(SMALL));
  for (const { byDay } of played.queues) {
    for (const tally of byDay) {
      t.equal(tally.waiting, 0, 'nobody is left waiting');
      const out = tally.answered + tally.abandoned + tally.flowedOut + tally.timedOut + tally.exitedByKey + tally.calledBack;
      t.equal(tally.offered, out, 'who entered has left by one way');
    }
  }
  const result = resultOf(played);
  t.ok(result.engine.ronas > 0, 'some phones were not heard');
  t.ok(result.engine.offers > (result.all.answered.value as number) * played.days, 'and those callers were offered again');
  for (const { occupancy } of result.groups) t.ok((occupancy.value as number) > 0.3 && (occupancy.value as number) < 1);
  close(t, result.all.offered.value as number, 150 + 200 + 60, 30, 'callers a day');
  const callers = callersOf(played.scenario, 0).map((source) => {
    const all = [];
    for (let call = source.next(); call; call = source.next()) all.push(call);
    return all;
  });
  t.ok(
    callers.flat().every(({ atMs }) => atMs >= 0 && atMs < 2 * HOUR),
    'nobody comes after the end of the day',
  );
  const vips = callers[0]?.filter(({ lane }) => lane === 'vip').length ?? 0;
  close(t, vips / (callers[0]?.length ?? 1), 0.2, 0.08, 'share of VIPs');
});

t.test('talk is occupancy: one agent, constant service, no chance in it', async (t) => {
  const played = simulate(
    await read(`
scenario: one
day: { periods: [1h] }
days: 2
groups: { desk: { agents: 1, picksUp: { constant: 5s } } }
calls: { caller: { queue: desk, perHour: 1000, service: { constant: 45s }, patience: { constant: 2m } } }
queues: { desk: { agents: { wrapUp: 10s }, limits: { waiting: 3, wait: 5m } } }
`),
  );
  const { all, groups } = resultOf(played);
  // Each call takes 5 s of ringing, 45 s of talk and 10 s of wrap-up: one a minute, as fast as one agent can.
  close(t, all.answered.value as number, 61, 2, 'answered in an hour and what was waiting then');
  close(t, groups[0]?.occupancy.value as number, 1, 0.003, 'never idle once the first has come; ringing is in neither part');
  t.ok((all.blocked.value as number) > 500, 'the line is full');
  t.ok((all.abandoned.value as number) > 10, 'the third in line loses patience after two minutes');
});

t.test('staff leaves by the period: idle first, talks are finished', async (t) => {
  const scenario = await read(`
scenario: shrinking
day: { periods: [1h, 1h] }
days: 3
groups: { desk: { agents: [20, 2] } }
calls: { caller: { queue: desk, perHour: [200, 30], service: { exponential: 3m } } }
queues: { desk: { agents: { wrapUp: 0s }, limits: { waiting: 1000, wait: 2h } } }
`);
  const { all, groups, overDay } = resultOf(simulate(scenario));
  t.equal(all.answered.value, all.offered.value, 'nobody is cut off');
  t.ok((overDay[0]?.meanWaitMs ?? 1) < 100, 'twenty agents: no wait');
  t.ok((overDay[3]?.meanWaitMs ?? 0) > 5 * SECOND, 'two agents: waiting');
  close(t, groups[0]?.occupancy.value as number, 0.52, 0.1, 'work by time on duty');
});

t.test('two scenarios have the same callers, so that their difference is sharper than either', async (t) => {
  const base = await read(SMALL);
  const more = await read(SMALL.replace('[9, 12]', '[10, 13]'));
  const [a, b] = [simulate(base), simulate(more)];
  const difference = compare(a, b).all.level;
  const [levelA, levelB] = [resultOf(a).all.level, resultOf(b).all.level];
  t.equal(resultOf(a).all.offered.value, resultOf(b).all.offered.value, 'the same callers');
  t.ok((difference.low as number) > 0, 'one more agent helps, beyond chance');
  const half = (each: { low: number | null; high: number | null }): number => ((each.high as number) - (each.low as number)) / 2;
  t.ok(half(difference) < Math.hypot(half(levelA), half(levelB)), 'paired days say more than separate ones');
});

t.test(
  'every policy of a queue is played: ring-all, credit, overflow, borrowed groups, relaxation, phones that pick up',
  async (t) => {
    const played = simulate(
      await read(`
scenario: policies
day: { from: "08:00", periods: [1h, 1h] }
days: 5
seed: 3
groups:
  desk: { agents: [8, 9], skills: { service: 2 }, picksUp: { lognormal: { mean: 3s, cv: 0.5 } }, overhears: 5%, backAfter: 30s }
  cards: { agents: 4, skills: { cards: 3 } }
calls:
  questions: { queue: general, perHour: 200, service: { exponential: 3m }, patience: { exponential: 4m }, vip: 20% }
  lost: { queue: cards, perHour: 40, service: { exponential: 2m }, patience: { exponential: 4m } }
queues:
  general: { require: { service: 1 }, callers: { order: credit, credit: { vip: 60s } }, agents: { choose: ring-all, atOnce: 3, wrapUp: 10s }, overflow: [ { wait: 30s, to: { queue: cards } } ], borrow: [ { groups: [cards], when: { waiting: 8 }, until: { waiting: 2 } } ] }
  cards: { require: { cards: 1 }, agents: { choose: least-occupied, wrapUp: 20s, autoAnswer: true }, relax: [ { after: 20s, lower: { cards: 1 } } ], overflow: [ { wait: 45s, to: { exit: voicemail } } ] }
`),
    );
    for (const { config, byDay } of played.queues) {
      for (const tally of byDay) {
        const out = tally.answered + tally.abandoned + tally.flowedOut + tally.timedOut;
        t.equal(tally.offered, out, `${config.id}: everybody left by one way, and once`);
      }
    }
    const { queues, all, engine } = resultOf(played);
    t.ok((queues[0]?.flowedOut.value as number) > 20, 'some flowed over to the other queue');
    t.ok((all.waits.longestMs as number) <= 45_000, 'nobody waits past the last overflow');
    t.ok(engine.offers > 1.3 * (all.answered.value as number) * played.days, 'several phones rang for one caller');
    t.match(await readScenario(written('hours.yaml', SMALL.replace('general: {', 'general: { hours: { calendar: service },'))), {
      ok: false,
      error: [{ rule: 'not-simulated', message: /hours/ }],
    });
  },
);

const fact = (body: Record<string, unknown>, seq: number): Fact => ({ seq, ...body }) as unknown as Fact;

t.test('a recorded day: arrivals and talks as they were, waits anew', async (t) => {
  const nine: number = Date.UTC(2026, 10, 20, 1);
  const facts: Fact[] = [];
  const call = (n: number, atMs: number, queueId: string, end: Record<string, unknown>, talkMs?: number): void => {
    const ids = { callId: `c${n}`, queueId };
    facts.push(
      fact({ kind: 'callQueued', atMs, ...ids, lane: n % 2 ? 'vip' : 'ordinary', priority: 0, requirement: 'service>=2' }, n),
    );
    facts.push(fact({ atMs: atMs + (end.waitMs as number), ...ids, ...end }, n));
    if (talkMs) facts.push(fact({ kind: 'talkEnded', atMs: atMs + 99_999, ...ids, talkMs, holdMs: 1_000 }, n));
  };
  call(1, nine, 'general', { kind: 'callAnswered', waitMs: 2_000 }, 60_000);
  call(2, nine + MINUTE, 'general', { kind: 'callLeftQueue', exit: 'abandoned', waitMs: 10_000 });
  call(3, nine + 2 * MINUTE, 'unknown', { kind: 'callAnswered', waitMs: 0 }, 1_000);
  call(4, nine + 3 * HOUR, 'general', { kind: 'callAnswered', waitMs: 0 }, 1_000);
  call(5, nine + 24 * HOUR, 'general', { kind: 'callAnswered', waitMs: 0 }, 1_000);
  const day = recordedDay(facts, {
    timeZone: 'Asia/Shanghai',
    day: null,
    queues: new Set([asId('general')]),
    clock: { fromMs: 9 * HOUR, periodEndsMs: [2 * HOUR] },
  });
  t.same(day.leftOut, { unknownQueue: 1, outsideTheDay: 1, otherDays: 1 });
  t.equal(day.arrivals.length, 2);
  const [answered, left] = day.arrivals;
  t.match(answered, { atMs: 0, lane: 'vip', service: 61_000, waitedMs: 2_000, skills: { service: 2 } });
  t.match(answered?.beyond, { meanMs: 12_000 }, 'patience: all time waited by the number who left');
  t.match(left, { atMs: MINUTE, lane: 'ordinary', waitedMs: 10_000, beyond: null });
  t.match(left?.service, { meanMs: 61_000 }, 'the talk of one who left is drawn from the others');

  written(
    'facts.jsonl',
    `${facts.map((each) => JSON.stringify(each)).join('\n')}\n{"kind":"configLoaded","atMs":1,"seq":9,"version":"x"}\n`,
  );
  const text = (agents: number): string => `
scenario: replay
day: { from: "09:00", periods: [2h] }
days: 3
groups: { desk: { agents: ${agents}, skills: { service: 3 } } }
recorded: { facts: facts.jsonl, timeZone: Asia/Shanghai }
queues: { general: { require: { service: 1 }, agents: { wrapUp: 0s } } }
`;
  const served = resultOf(simulate(await read(text(1))));
  t.equal(served.all.answered.value, 2, 'with an agent who is there, nobody leaves');
  t.equal(served.all.waits.longestMs, 1_000, 'the second comes a second before the first talk is over');
  t.same(served.leftOut, day.leftOut);
  const alone = resultOf(simulate(await read(text(0))));
  t.equal(alone.all.answered.value, 0);
  written('bad.jsonl', '{"kind":"callQueued","atMs":"x"}\n');
  const bad = await readScenario(written('bad.yaml', text(1).replace('facts.jsonl', 'bad.jsonl')));
  t.match(bad, { ok: false, error: [{ rule: 'bad-file', line: 6, message: /line 1 is not a fact/ }] });
});

t.test('a wrong scenario is refused with file, line and column of each mistake', async (t) => {
  const file = written(
    'wrong.yaml',
    `scenario: wrong
day: { periods: [1h, 2h] }
groups:
  desk: { agents: [1, 2, 3], queueRank: { nowhere: 1 } }
calls:
  one: { queue: desc, perHour: 10, perMinute: 3, service: { exponential: 3m }, patience: [{ constant: 9s }, never] }
  two: { queue: desk, perHour: 10, service: { file: no-such.txt } }
queues:
  desk: { require: { service: 1 } }
`,
  );
  const scenario = await readScenario(file);
  const told = scenario.ok ? [] : scenario.error.map(formatFinding);
  t.same(told, [
    `${file}:4:19  error  wrong-count  3 values for 2 periods`,
    `${file}:4:43  error  unknown-queue  there is no queue "nowhere"`,
    `${file}:6:8  error  contradiction  exactly one of perMinute, perHour, perPeriod is needed`,
    `${file}:6:17  error  unknown-queue  there is no queue "desc"; did you mean "desk"?`,
    `${file}:7:53  error  bad-file  "no-such.txt" cannot be read (ENOENT)`,
  ]);
  const shapes = await readScenario(
    written(
      'shapes.yaml',
      `scenario: shapes
day: { periods: [1h] }
busines: { shape: 3 }
groups:
  desk: { agents: 2 }
calls:
  one: { queue: desk, perHour: -1, service: { exponentail: 3m } }
  two: { queue: desk, perHour: 1, service: [{ exponential: 3 }] }
  three: { queue: desk, perHour: 1, service: { exponential: 3m, constant: 1s } }
queues:
  desk: { agents: { choose: loudest } }
`,
    ),
  );
  const found = shapes.ok ? [] : shapes.error.map(({ line, column, rule }) => `${line}:${column} ${rule}`);
  t.same(found, [
    '3:1 unknown-key',
    '7:32 out-of-range',
    '7:45 unknown-key',
    '8:60 unquoted-number',
    '9:46 bad-distribution',
    '11:29 unknown-value',
  ]);
  t.match(await readScenario(join(folder, 'missing.yaml')), { ok: false, error: [{ rule: 'no-file' }] });
});

async function run(...args: string[]): Promise<{ out: string; code: number }> {
  let out = '';
  let code = -1;
  const program = new Command().exitOverride();
  addSimulateCommand(program, {
    env: {},
    nodeVersion: process.versions.node,
    write: (text) => {
      out += text;
    },
    setExitCode: (given) => {
      code = given;
    },
  });
  await program.parseAsync(['simulate', ...args], { from: 'user' });
  return { out, code };
}

t.test('hotline simulate: text in two languages, JSON, comparison, picture', async (t) => {
  const a = written(
    'a.yaml',
    SMALL.replace('scenario: small', 'scenario: small\ntitle: { en: "<b>Small & plain</b>", zh: 小方案 }'),
  );
  const b = written('b.yaml', SMALL.replace('[9, 12]', '[12, 15]').replace('scenario: small', 'scenario: large'));
  const svg = join(folder, 'out.svg');
  const english = await run(a, b, '--days', '3', '--picture', svg);
  t.equal(english.code, 0);
  t.match(
    english.out,
    /service level = answered-of-offered, A_T \/ \(O - S\), within 20s/,
    'the formula stands beside the number',
  );
  t.match(english.out, /difference \(second - first\)/);
  t.match(english.out, /desk\s+9 \/ 12/);
  const drawing = readFileSync(svg, 'utf8');
  t.match(drawing, /^<svg [^>]*viewBox/);
  t.match(drawing, /&lt;b&gt;Small &amp; plain/, 'texts of a file stay texts');
  t.notMatch(drawing, /<b>|<script|NaN|href/);
  t.equal(drawing.match(/<path /g)?.length, 8, 'level, mean, p95 and callers of both');

  const chinese = await run(a, '--days', '2', '--lang', 'zh');
  t.match(chinese.out, /小方案/);
  t.match(chinese.out, /服务水平 = answered-of-offered/);

  const json = await run(a, b, '--days', '3', '--seed', '5', '--json');
  const value = JSON.parse(json.out);
  t.match(value.scenarios[0], {
    scenario: 'small',
    days: 3,
    seed: 5,
    queues: [{ queueId: 'general', formula: 'answered-of-offered' }],
  });
  t.equal(value.scenarios[1].seed, 5);
  t.type(value.difference.all.level.value, 'number');
  t.type(value.scenarios[0].groups[0].occupancy.low, 'number');

  const refused = await run(written('c.yaml', 'scenario: 3\n'));
  t.equal(refused.code, 1);
  t.match(refused.out, /c\.yaml:1:11 {2}error/);
  await t.rejects(run(a, '--days', '0'), /whole number/);
});

t.test('a day of 50,000 callers and 700 agents takes less than 20 seconds', async (t) => {
  const scenario = await scenarioNamed('busy-day');
  t.equal(
    Math.max(...scenario.day.periodEndsMs.map((_, p) => scenario.groups.reduce((sum, { onDuty }) => sum + (onDuty[p] ?? 0), 0))),
    700,
  );
  // Time on the processor: what others do on a shared machine is not ours to promise.
  const before = process.cpuUsage();
  const { all, engine } = resultOf(simulate(scenario));
  const { user, system } = process.cpuUsage(before);
  const took = (user + system) / 1_000;
  t.ok((all.offered.value as number) > 49_000, `${all.offered.value} callers, ${engine.events} events`);
  t.ok(took < 20_000, `${Math.round(took)} ms`);
});
