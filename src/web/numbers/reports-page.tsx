import { useState } from 'preact/hooks';
import { outcomeName } from '../flows/flow-formats.js';
import { usePoll } from '../flows/poll.js';
import { navigate } from '../router.js';
import { language } from '../settings.js';
import { WORDS } from '../words.js';
import { Chart } from './chart.js';
import { type Names, useNames } from './names.js';
import { dayAfter, Sheet, type Stamp, siteMoment, Table, Trouble, useWords } from './parts.js';
import { PastCalls } from './past-calls.js';
import { columnsOf, type Row, Terms, valueAt } from './report-cells.js';
import { addressOf, BY, dayOf, OF_QUEUES, type Question, readQuestion, reportUrl } from './report-question.js';

const OUTCOMES = [
  ...['answered', 'abandonedInQueue', 'abandonedInFlow', 'contained', 'flowedOut', 'timedOut', 'exitedByKey', 'calledBack'],
  ...['blocked', 'switchLost', 'failed', 'notReached'],
] as const;

/** Reports over what is kept for years: one address for each question, so that it can be sent to somebody. */
export function ReportsPage() {
  const words = useWords();
  const asked = readQuestion(words);
  const names = useNames();
  const isCalls = asked.report === 'calls';
  const path = addressOf(asked);
  const { value, refusal } = usePoll<Stamp & { rows: readonly Row[] }>(isCalls ? null : path, null);
  const [callsStamp, setCallsStamp] = useState<Stamp | null>(null);
  const change = (next: Partial<Question>) => void navigate(reportUrl({ ...asked, ...next }));
  return (
    <Sheet
      title={`${WORDS[language.value].reportsPage} · ${words.reports[asked.report] ?? asked.report}`}
      stamp={isCalls ? callsStamp : value}
    >
      <nav class="tabs" aria-label={words.show}>
        {Object.entries(words.reports).map(([name, title]) => (
          <a
            key={name}
            href={reportUrl({ ...asked, report: name, by: BY[name]?.[0] ?? '', agent: '', outcome: '' })}
            aria-current={name === asked.report ? 'page' : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
      <Choices asked={asked} change={change} names={names} />
      <Trouble refusal={refusal} />
      {isCalls && <PastCalls path={path} onStamp={setCallsStamp} />}
      {value !== null && asked.report === 'intervals' && <IntervalPicture rows={value.rows} names={names} />}
      {value !== null && <Terms rows={value.rows} names={names} />}
      {value !== null && (
        <Table
          columns={columnsOf(value.rows, words, { asked, names })}
          rows={value.rows}
          label={words.reports[asked.report] ?? asked.report}
        />
      )}
    </Sheet>
  );
}

interface ChoicesProps {
  readonly asked: Question;
  readonly change: (next: Partial<Question>) => void;
  readonly names: Names;
}

function Choices({ asked, change, names }: ChoicesProps) {
  const words = useWords();
  return (
    <div class="choices">
      <label>
        {words.from}
        <input
          type="date"
          value={dayOf(asked.from)}
          onChange={({ currentTarget: { value } }) => {
            if (value !== '') change({ from: value, to: dayOf(asked.to) > value ? dayOf(asked.to) : dayAfter(value) });
          }}
        />
      </label>
      <label>
        {words.to}
        <input
          type="date"
          value={dayOf(asked.to)}
          onChange={({ currentTarget: { value } }) => value !== '' && change({ from: dayOf(asked.from), to: value })}
        />
      </label>
      {BY[asked.report] !== undefined && (
        <label>
          {words.by}
          <select data-do="by" value={asked.by} onChange={(event) => change({ by: event.currentTarget.value })}>
            {BY[asked.report]?.map((by) => (
              <option key={by} value={by}>
                {by === '' ? words.whole : words.bys[by]}
              </option>
            ))}
          </select>
        </label>
      )}
      {OF_QUEUES.has(asked.report) && (
        <label>
          {words.queue}
          <select data-do="queue" value={asked.queue} onChange={(event) => change({ queue: event.currentTarget.value })}>
            <option value="">{words.allQueues}</option>
            {names.queueIds.map((queueId) => (
              <option key={queueId} value={queueId}>
                {names.queue(queueId)}
              </option>
            ))}
          </select>
        </label>
      )}
      {asked.report === 'calls' && (
        <label>
          {words.outcome}
          <select data-do="outcome" value={asked.outcome} onChange={(event) => change({ outcome: event.currentTarget.value })}>
            <option value="">{words.allOutcomes}</option>
            {OUTCOMES.map((outcome) => (
              <option key={outcome} value={outcome}>
                {outcomeName(outcome, language.value)}
              </option>
            ))}
          </select>
        </label>
      )}
      {asked.agent !== '' && (
        <button type="button" data-do="all-agents" onClick={() => change({ agent: '' })}>
          {names.agent(asked.agent)} × {words.allAgents}
        </button>
      )}
      {/\d{6}/.test(asked.from) && (
        <p class="label" data-figure="between">
          {siteMoment(Number(asked.from))} – {siteMoment(Number(asked.to))}
        </p>
      )}
      <a class="button" href={addressOf(asked, 'csv')} download data-do="csv">
        {words.csv}
      </a>
    </div>
  );
}

/** Offered calls and the level of each interval, all queues of the answer together: sums of parts, as the server gave them. */
function IntervalPicture({ rows, names }: { rows: readonly Row[]; names: Names }) {
  const words = useWords();
  const starts = [...new Set(rows.map((row) => row.startMs as number))].sort((a, b) => a - b);
  if (starts.length < 2) return null;
  const queues = [...new Set(rows.map((row) => row.queueId as string))];
  const at = (queueId: string, startMs: number) => rows.find((row) => row.queueId === queueId && row.startMs === startMs);
  const [colors, dashes] = [['--info', '--warn', '--rest', '--good'] as const, [[], [6, 4], [2, 3], [10, 3, 2, 3]]];
  const shown = queues.slice(0, 4);
  return (
    <div class="pictures">
      {queues.length > shown.length && <p class="label">{words.pictureOfFirst(shown.length, queues.length)}</p>}
      <section>
        <h2>{words.figures.offered}</h2>
        <Chart
          xs={starts.map((ms) => ms / 1_000)}
          isTime={true}
          label={words.figures.offered}
          lines={shown.map((queueId, n) => ({
            name: names.queue(queueId),
            color: colors[n % 4] ?? '--info',
            dash: dashes[n % 4] ?? [],
            values: starts.map((ms) => (valueAt(at(queueId, ms) ?? {}, 'counts.offered') as number | undefined) ?? 0),
          }))}
        />
      </section>
      <section>
        <h2>{words.level}</h2>
        <Chart
          xs={starts.map((ms) => ms / 1_000)}
          isTime={true}
          label={words.level}
          say={(value) => `${Math.round(value * 100)}%`}
          lines={shown.map((queueId, n) => ({
            name: names.queue(queueId),
            color: colors[n % 4] ?? '--info',
            dash: dashes[n % 4] ?? [],
            values: starts.map(
              (ms) => (valueAt(at(queueId, ms) ?? {}, 'serviceLevel.share') as number | null | undefined) ?? null,
            ),
          }))}
        />
      </section>
    </div>
  );
}
