import t from 'tap';
import { type Calendar, dayStartMs, daysBetween, isDay, isOpen, isTimeZone, localTime } from '../../src/base/calendar.js';
import { DAY, HOUR, MINUTE } from '../../src/base/time.js';

const at = (iso: string): number => Date.parse(iso);
const nine = { fromMinute: 9 * 60, untilMinute: 17 * 60 + 30 };
const office: Calendar = {
  timeZone: 'Asia/Shanghai',
  always: false,
  week: [[nine], [nine], [nine], [nine], [nine], [], []],
  days: { '2026-10-01': [], '2026-10-10': [nine] },
};

t.test('opening hours: from is inside, until is outside, holidays and make-up days win', async (t) => {
  const open = (iso: string): boolean => isOpen(office, at(`${iso}+08:00`));
  t.notOk(open('2026-11-20T08:59:59.999'));
  t.ok(open('2026-11-20T09:00:00'));
  t.ok(open('2026-11-20T17:29:59.999'));
  t.notOk(open('2026-11-20T17:30:00'));
  t.notOk(open('2026-11-21T10:00:00'), 'a Saturday');
  t.notOk(open('2026-10-01T10:00:00'), 'a holiday on a Thursday');
  t.ok(open('2026-10-10T10:00:00'), 'a Saturday that is worked');
  t.ok(isOpen({ ...office, always: true }, at('2026-10-01T03:00:00+08:00')));
  t.ok(
    isOpen(
      { ...office, week: [[{ fromMinute: 0, untilMinute: 1440 }], [], [], [], [], [], []] },
      at('2026-11-23T23:59:59+08:00'),
    ),
  );
});

t.test('local time, also before 1970 and at half-hour offsets', async (t) => {
  t.same(localTime('Asia/Shanghai', at('2026-11-20T16:30:00Z')), { day: '2026-11-21', weekday: 5, msOfDay: 30 * MINUTE });
  t.same(localTime('Asia/Kolkata', at('2026-11-20T18:30:00Z')), { day: '2026-11-21', weekday: 5, msOfDay: 0 });
  t.same(localTime('UTC', -1), { day: '1969-12-31', weekday: 2, msOfDay: DAY - 1 });
  t.same(localTime('UTC', at('2024-02-29T12:00:00.250Z')), { day: '2024-02-29', weekday: 3, msOfDay: 12 * HOUR + 250 });
});

t.test('the day begins at local midnight, on days of 23 and 25 hours and where midnight is skipped', async (t) => {
  const start = (zone: string, iso: string): string => new Date(dayStartMs(zone, at(iso))).toISOString();
  t.equal(start('Asia/Shanghai', '2026-11-20T15:59:59.999Z'), '2026-11-19T16:00:00.000Z');
  t.equal(start('Asia/Shanghai', '2026-11-20T16:00:00Z'), '2026-11-20T16:00:00.000Z');
  t.equal(start('Europe/Berlin', '2026-03-29T20:00:00Z'), '2026-03-28T23:00:00.000Z', '23 hours');
  t.equal(start('Europe/Berlin', '2026-10-25T22:30:00Z'), '2026-10-24T22:00:00.000Z', '25 hours');
  t.equal(start('America/Sao_Paulo', '2018-11-04T12:00:00Z'), '2018-11-04T03:00:00.000Z', 'midnight was skipped');
  t.equal(start('America/Sao_Paulo', '2018-11-04T02:59:00Z'), '2018-11-03T03:00:00.000Z');
  t.equal(start('America/Sao_Paulo', '2018-02-18T02:30:00Z'), '2018-02-17T02:00:00.000Z', '23:30, for the second time');
});

t.test('every moment of two years lies in the day that its start begins', async (t) => {
  for (const zone of ['Asia/Shanghai', 'America/New_York', 'America/Sao_Paulo', 'Australia/Lord_Howe', 'Pacific/Apia']) {
    let wrong = 0;
    for (let ms = at('2017-12-30T00:00:00Z'); ms < at('2019-12-30T00:00:00Z'); ms += 7 * HOUR + 11 * MINUTE) {
      const start = dayStartMs(zone, ms);
      const same = localTime(zone, start).day === localTime(zone, ms).day;
      const first = localTime(zone, start - 1).day !== localTime(zone, ms).day;
      if (start > ms || !same || !first) wrong += 1;
    }
    t.equal(wrong, 0, zone);
  }
});

t.test('days and zones that do not exist', async (t) => {
  for (const day of ['2026-02-30', '2027-02-29', '2026-13-01', '2026-00-10', '2026-1-1', '']) t.notOk(isDay(day), day);
  for (const day of ['2024-02-29', '2026-12-31']) t.ok(isDay(day), day);
  t.same(daysBetween('2024-02-28', '2024-03-01'), ['2024-02-28', '2024-02-29', '2024-03-01']);
  t.same(daysBetween('2024-03-01', '2024-02-28'), []);
  t.ok(isTimeZone('Asia/Shanghai'));
  t.notOk(isTimeZone('Asia/Beijing'));
  t.notOk(isTimeZone(''));
});
