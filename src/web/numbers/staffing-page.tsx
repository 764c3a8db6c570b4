import type { ForecastInterval, StaffingInterval } from '../../service-level/forecast.js';
import { serverNowMs } from '../api.js';
import { usePoll } from '../flows/poll.js';
import { DASH, formatMean, formatShare } from '../format.js';
import { navigate, query } from '../router.js';
import { Chart } from './chart.js';
import { useNames } from './names.js';
import { type Column, Sheet, type Stamp, siteDay, siteTime, Table, Trouble, useWords } from './parts.js';

type Interval = StaffingInterval & ForecastInterval & { readonly startMs: number; readonly came: number | null };
interface StaffingDay extends Stamp {
  readonly basis: readonly string[];
  readonly trendPerWeek: number;
  readonly goal: { readonly share: number; readonly withinMs: number };
  readonly intervals: readonly Interval[];
}

/** What a day will bring, and how many agents that takes: Erlang C and A side by side. */
export function StaffingPage() {
  const words = useWords();
  const names = useNames();
  const text = (name: string, shape: RegExp) => {
    const given = query.value.get(name) ?? '';
    return shape.test(given) ? given : '';
  };
  const queue = text('queue', /^[A-Za-z0-9._-]{1,96}$/) || (names.queueIds[0] ?? '');
  const day = text('day', /^\d{4}-\d{2}-\d{2}$/) || siteDay(serverNowMs());
  const shrinkage = text('shrinkage', /^\d{1,2}$/) || '30';
  const patience = text('patience', /^\d{1,4}$/) || '180';
  const path = `/api/v1/staffing?queue=${encodeURIComponent(queue)}&day=${day}&shrinkage=${Number(shrinkage) / 100}&patienceS=${patience}`;
  const { value, refusal } = usePoll<StaffingDay>(queue === '' ? null : path, null);
  const change = (next: Readonly<Record<string, string>>) =>
    void navigate(`/staffing?${new URLSearchParams({ queue, day, shrinkage, patience, ...next })}`);
  const number = (name: 'shrinkage' | 'patience', shown: string, max: number) => (
    <label>
      {words[name]}
      <input
        type="number"
        name={name}
        min={name === 'shrinkage' ? 0 : 1}
        max={max}
        value={shown}
        onChange={(event) => change({ [name]: event.currentTarget.value })}
      />
    </label>
  );
  return (
    <Sheet title={words.staffing} {...(value === null ? {} : { note: noteOf(value, words), stamp: value })}>
      <div class="choices">
        <label>
          {words.queue}
          <select data-do="queue" value={queue} onChange={(event) => change({ queue: event.currentTarget.value })}>
            {names.queueIds.map((queueId) => (
              <option key={queueId} value={queueId}>
                {names.queue(queueId)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {words.day}
          <input
            type="date"
            value={day}
            onChange={(event) => event.currentTarget.value !== '' && change({ day: event.currentTarget.value })}
          />
        </label>
        {number('shrinkage', shrinkage, 90)}
        {number('patience', patience, 3_600)}
      </div>
      <Trouble refusal={refusal} />
      {value !== null && value.intervals.length === 0 && <p class="empty">{words.noBasis}</p>}
      {value !== null && value.intervals.length > 0 && (
        <>
          <Pictures intervals={value.intervals} />
          <Table
            columns={columnsOf(words)}
            rows={value.intervals.filter(({ calls, came }) => calls > 0.05 || (came ?? 0) > 0)}
            label={words.staffing}
          />
        </>
      )}
    </Sheet>
  );
}

function noteOf({ basis, trendPerWeek, goal, intervals }: StaffingDay, words: ReturnType<typeof useWords>): string {
  const trend = `${trendPerWeek >= 1 ? '+' : ''}${((trendPerWeek - 1) * 100).toFixed(1)}%`;
  const total = Math.round(intervals.reduce((sum, { calls }) => sum + calls, 0));
  return [
    words.goal(formatShare({ share: goal.share }), goal.withinMs / 1_000),
    `${words.total} ${total}`,
    ...(basis.length > 0 ? [words.basis(basis.join(', ')), words.trendPerWeek(trend)] : []),
  ].join(' · ');
}

function columnsOf(words: ReturnType<typeof useWords>): Column<Interval>[] {
  return [
    { name: words.interval, isText: true, cell: ({ startMs }) => siteTime(startMs) },
    { name: words.expected, cell: ({ calls }) => calls.toFixed(1) },
    { name: words.range, cell: ({ low, high }) => `${low.toFixed(0)}–${high.toFixed(0)}` },
    { name: words.came, cell: ({ came }) => came ?? DASH },
    { name: words.aht, cell: ({ ahtMs }) => formatMean(ahtMs) },
    { name: words.agentsC, cell: ({ agentsC }) => agentsC },
    { name: words.agentsA, cell: ({ agentsA }) => agentsA ?? DASH },
    { name: words.scheduled, cell: ({ scheduled }) => <b>{scheduled}</b> },
    { name: words.reached, cell: ({ serviceLevel }) => formatShare({ share: serviceLevel }) },
    { name: words.occupancy, cell: ({ occupancy }) => formatShare({ share: occupancy }) },
    { name: words.agentsIfHigh, cell: ({ agentsIfHigh }) => agentsIfHigh },
  ];
}

function Pictures({ intervals }: { intervals: readonly Interval[] }) {
  const words = useWords();
  const xs = intervals.map(({ startMs }) => startMs / 1_000);
  return (
    <div class="pictures">
      <section>
        <h2>{words.expected}</h2>
        <Chart
          {...{ xs, isTime: true, label: words.expected }}
          lines={[
            { name: words.expected, color: '--info', values: intervals.map(({ calls }) => calls) },
            { name: words.upper, color: '--soft', dash: [3, 3], values: intervals.map(({ high }) => high) },
            { name: words.lower, color: '--soft', dash: [1, 3], values: intervals.map(({ low }) => low) },
            { name: words.came, color: '--warn', dash: [8, 3], values: intervals.map(({ came }) => came) },
          ]}
        />
      </section>
      <section>
        <h2>
          {words.agentsC} / {words.agentsA}
        </h2>
        <Chart
          {...{ xs, isTime: true, label: `${words.agentsC} / ${words.agentsA}` }}
          lines={[
            { name: words.agentsC, color: '--rest', dash: [6, 3], values: intervals.map(({ agentsC }) => agentsC) },
            { name: words.agentsA, color: '--good', values: intervals.map(({ agentsA }) => agentsA) },
            { name: words.scheduled, color: '--soft', dash: [2, 3], values: intervals.map(({ scheduled }) => scheduled) },
          ]}
        />
      </section>
    </div>
  );
}
