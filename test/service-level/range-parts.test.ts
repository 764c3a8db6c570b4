import t from 'tap';
import { dayStartMs } from '../../src/base/calendar.js';
import { seededRandom } from '../../src/base/random.js';
import { DAY, HOUR, MINUTE } from '../../src/base/time.js';
import { rangeParts } from '../../src/service-level/history/range-parts.js';
import { SPANS } from '../../src/service-level/history/rows.js';
import { Spans } from '../../src/service-level/history/spans.js';

/** Clocks that change at night, by half an hour, at midnight itself; a zone three quarters of an hour off. */
const ZONES = [
  ['Asia/Shanghai', '2026-11-20T16:00:00Z'],
  ['Europe/Berlin', '2026-10-24T22:00:00Z'],
  ['Australia/Lord_Howe', '2026-10-02T14:00:00Z'],
  ['America/Sao_Paulo', '2018-11-03T03:00:00Z'],
  ['Asia/Kathmandu', '2026-11-20T18:15:00Z'],
] as const;

t.test('a range is cut into the longest intervals that fit, without a gap', (t) => {
  const random = seededRandom('ranges');
  const below = (n: number): number => Math.floor(random.next() * n);
  for (const [zone, around] of ZONES) {
    const spans = new Spans((atMs) => dayStartMs(zone, atMs));
    for (let round = 0; round < 200; round++) {
      const fromMs = Date.parse(around) - 2 * DAY + below(3 * 1440) * MINUTE;
      const toMs = fromMs + (1 + below(round % 2 === 0 ? 6 * 1440 : 200)) * MINUTE;
      const longest = SPANS[below(SPANS.length)] as (typeof SPANS)[number];
      const parts = rangeParts(fromMs, toMs, spans, longest);
      const said = `${zone} ${fromMs} ${toMs} ${longest}`;
      t.equal(parts[0]?.fromMs, fromMs, said);
      t.equal(parts.at(-1)?.toMs, toMs, said);
      const isWhole = parts.every(
        (part, at) =>
          part.fromMs < part.toMs &&
          part.spanMin <= longest &&
          (at === 0 || parts[at - 1]?.toMs === part.fromMs) &&
          spans.startOf(part.spanMin, part.fromMs) === part.fromMs &&
          spans.startOf(part.spanMin, part.toMs) === part.toMs,
      );
      t.ok(isWhole, `${said}: ${JSON.stringify(parts)}`);
      t.ok(parts.length <= 7, 'a few questions');
    }
  }
  const spans = new Spans((atMs) => dayStartMs('Asia/Shanghai', atMs));
  const day = Date.parse('2026-11-20T16:00:00Z');
  t.same(rangeParts(day, day + DAY, spans), [{ fromMs: day, toMs: day + DAY, spanMin: 1440 }]);
  t.same(
    rangeParts(day - 2 * HOUR, day + DAY + 16 * MINUTE, spans).map(({ spanMin }) => spanMin),
    [60, 1440, 15, 1],
  );
  t.same(rangeParts(day, day, spans), []);
  t.end();
});

t.test('the start of a day is found again however it was asked before', (t) => {
  const random = seededRandom('days');
  for (const [zone, around] of ZONES) {
    const spans = new Spans((atMs) => dayStartMs(zone, atMs));
    for (let round = 0; round < 300; round++) {
      const atMs = Date.parse(around) - 3 * DAY + Math.floor(random.next() * 6 * DAY);
      t.equal(spans.dayOf(atMs), dayStartMs(zone, atMs), `${zone} ${atMs}`);
    }
  }
  t.end();
});
