import t from 'tap';
import { FORMULAS, goodCallsNeeded, neededShareOfRest, serviceLevel } from '../../src/service-level/formulas.js';
import { maskNumber } from '../../src/service-level/mask.js';
import { countsAt, emptyTally } from '../../src/service-level/tally.js';

const percent = (share: number | null): string => (share === null ? '-' : (share * 100).toFixed(2));

t.test("ICMI's worked example, to the printed digits", async (t) => {
  const day = countsAt(
    {
      ...emptyTally(),
      offered: 1060,
      answered: 1000,
      abandoned: 60,
      answeredInTime: 860,
      abandonedInTime: 20,
      shortAbandoned: 10,
    },
    0,
    0,
  );
  t.equal(percent(serviceLevel('abandons-in-time-met', day).share), '83.02');
  t.equal(percent(serviceLevel('answered-of-answered', day).share), '86.00');
  t.equal(percent(serviceLevel('answered-of-handled', day).share), '81.13');
  t.equal(percent(serviceLevel('late-abandons-only', day).share), '82.69');
  t.equal(percent(serviceLevel('short-abandons-met', day).share), '82.08');
  // The three that ICMI does not print, worked by hand: 860/1050, 860/1050, 880/1060.
  t.same(serviceLevel('answered-of-offered', day), { numerator: 860, denominator: 1050, share: 860 / 1050 });
  t.same(serviceLevel('short-abandons-excluded', day), { numerator: 860, denominator: 1050, share: 860 / 1050 });
  t.same(serviceLevel('removed-of-queued', day), { numerator: 880, denominator: 1060, share: 880 / 1060 });
});

t.test('the default formula counts a waiting caller as missed once the wait is past T, and not before', async (t) => {
  const tally = { ...emptyTally(), offered: 10, answered: 7, answeredInTime: 7, waiting: 3 };
  t.same(serviceLevel('answered-of-offered', countsAt(tally, 0, 0)), { numerator: 7, denominator: 7, share: 1 });
  t.same(serviceLevel('answered-of-offered', countsAt(tally, 2, 0)), { numerator: 7, denominator: 9, share: 7 / 9 });
});

t.test('flowed out and called back in time count for removed-of-queued only', async (t) => {
  const tally = { ...emptyTally(), offered: 4, flowedOut: 2, flowedOutInTime: 1, calledBack: 2, calledBackInTime: 2 };
  t.equal(serviceLevel('removed-of-queued', countsAt(tally, 0, 0)).numerator, 3);
  t.equal(serviceLevel('answered-of-offered', countsAt(tally, 0, 0)).share, 0);
});

t.test('an empty denominator is null for every formula, never 0 % or 100 %', async (t) => {
  for (const [name, formula] of Object.entries(FORMULAS)) {
    t.equal(formula.name, name);
    t.same(serviceLevel(formula.name, countsAt(emptyTally(), 0, 0)), { numerator: 0, denominator: 0, share: null }, name);
  }
});

t.test('what is needed to reach the target', async (t) => {
  t.equal(goodCallsNeeded(400, 300, 0.8), 100);
  t.equal(goodCallsNeeded(400, 320, 0.8), 0);
  t.equal(goodCallsNeeded(0, 0, 0.8), 0);
  t.equal(goodCallsNeeded(3, 2, 0.8), 2, '4 of 5 is 80 %');
  t.equal(goodCallsNeeded(3, 2, 1), null, 'one miss can never be made good');
  t.equal(goodCallsNeeded(3, 3, 1), 0);
  t.equal(neededShareOfRest(400, 300, 0.8, 100), 1);
  t.ok((neededShareOfRest(400, 300, 0.8, 50) as number) > 1, 'out of reach');
  t.ok((neededShareOfRest(100, 100, 0.8, 20) as number) < 0, 'already safe');
  t.equal(neededShareOfRest(400, 300, 0.8, 0), null);
});

t.test('a number is masked to its last four digits', async (t) => {
  t.equal(maskNumber('13800000001'), '***0001');
  t.equal(maskNumber('+86 138-0000-0002'), '***0002');
  t.equal(maskNumber('anonymous'), '');
  t.equal(maskNumber(''), '');
  t.equal(maskNumber(`${'9'.repeat(1_000_000)}1234`), '***1234');
  t.equal(maskNumber('<b>1</b>'), '***1');
});
