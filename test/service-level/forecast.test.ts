import t from 'tap';
import { HOUR, MINUTE, SECOND } from '../../src/base/time.js';
import { forecastDay, type PastDay, staffingTable } from '../../src/service-level/forecast.js';

const MONDAY = { weekday: 0, kind: 'ordinary' };
const past = (daysAgo: number, calls: readonly number[], kind = 'ordinary'): PastDay => ({
  day: `day-${daysAgo}`,
  weekday: (((0 - daysAgo) % 7) + 7) % 7,
  kind,
  daysAgo,
  intervals: calls.map((offered) => ({ offered, answered: offered, handleMs: offered * 180 * SECOND })),
});

t.test('the same weekday is what counts: four equal Mondays give that Monday again', async (t) => {
  const days = [7, 14, 21, 28].map((ago) => past(ago, [10, 40, 20]));
  const others = [1, 2, 3, 4, 5, 6].map((ago) => past(ago, [99, 99, 99]));
  const found = forecastDay([...others, ...days], MONDAY);
  t.equal(found.rule, 'weekday');
  t.same(found.basis, ['day-7', 'day-14', 'day-21', 'day-28'], 'newest first');
  t.same(
    found.intervals.map(({ calls }) => Math.round(calls)),
    [10, 40, 20],
  );
  t.equal(found.trendPerWeek, 1);
  t.equal(found.intervals[0]?.ahtMs, 180 * SECOND);
  t.ok((found.intervals[1]?.low as number) < 34 && (found.intervals[1]?.high as number) > 46, 'never surer than chance allows');
});

t.test('what grows is expected to go on growing, within bounds', async (t) => {
  const growing = [7, 14, 21, 28].map((ago) => past(ago, [Math.round(1_000 * 1.05 ** (-ago / 7))]));
  const found = forecastDay(growing, MONDAY);
  t.ok(Math.abs(found.trendPerWeek - 1.05) < 0.002, `${found.trendPerWeek}`);
  t.ok(Math.abs((found.intervals[0]?.calls ?? 0) - 1_000) < 3, 'the next week is one step further');
  const wild = [7, 14, 21].map((ago) => past(ago, [10 ** (4 - ago / 7)]));
  t.equal(forecastDay(wild, MONDAY).trendPerWeek, 1.1, 'a few odd days do not run away with it');
});

t.test('holidays are judged by holidays, and do not spoil ordinary days', async (t) => {
  const days = [past(7, [100]), past(14, [100]), past(21, [5], 'holiday'), past(50, [7], 'holiday')];
  t.equal(Math.round(forecastDay(days, MONDAY).intervals[0]?.calls ?? 0), 100);
  const holiday = forecastDay(days, { weekday: 2, kind: 'holiday' });
  t.equal(holiday.rule, 'kind');
  t.ok((holiday.intervals[0]?.calls ?? 0) < 8);
  const first = forecastDay([past(1, [30]), past(2, [80])], { weekday: 2, kind: 'holiday' });
  t.equal(first.rule, 'any', 'the first holiday of all goes by Sundays');
  t.equal(Math.round(first.intervals[0]?.calls ?? 0), 30);
});

t.test('with nothing to go by there is no forecast', async (t) => {
  t.same(forecastDay([], MONDAY), { intervals: [], basis: [], rule: 'none', trendPerWeek: 1 });
  t.equal(forecastDay([past(0, [10])], MONDAY).rule, 'none', 'the day itself is no past');
});

t.test('the staffing table of a day', async (t) => {
  // 100 calls in half an hour at 180 s: 14 agents by Erlang C (pyworkforce's example).
  const forecast = forecastDay([past(7, [100, 0]), past(14, [100, 0])], MONDAY);
  const rules = {
    goal: { share: 0.8, withinMs: 20 * SECOND },
    intervalMs: 30 * MINUTE,
    ahtMs: HOUR,
    patienceMs: null,
    shrinkage: 0.3,
  };
  const [busy, quiet] = staffingTable(forecast, rules);
  t.equal(busy?.agentsC, 14);
  t.equal(busy?.agentsA, null);
  t.equal(busy?.scheduled, 20, 'a third is away');
  t.equal(busy?.serviceLevel?.toFixed(6), '0.888350');
  t.ok((busy?.agentsIfHigh ?? 0) > 14);
  t.match(quiet, { agentsC: 0, scheduled: 0, serviceLevel: null }, 'no calls, nobody, and no level');
  const impatient = staffingTable(forecast, { ...rules, patienceMs: 2 * MINUTE })[0];
  t.ok((impatient?.agentsA ?? 99) < 14, 'fewer where callers hang up');
  t.ok((impatient?.serviceLevel ?? 0) >= 0.8);
});
