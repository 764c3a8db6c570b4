import { type QueueStay, STAY_FIGURES, type StayFigure } from '../../service-level/queue-stays.js';
import { usePoll } from '../flows/poll.js';
import { DASH, formatMean } from '../format.js';
import { callUrl, figureUrl, navigate, query, queueUrl } from '../router.js';
import { useNames } from './names.js';
import { type Column, Sheet, type Stamp, siteTime, Table, Trouble, useWords } from './parts.js';

type Row = QueueStay & { readonly ani: string; readonly tier: string };
interface Stays extends Stamp {
  readonly found: number;
  /** Calls of other teams or agents: counted, not told. */
  readonly hidden: number;
  readonly isWhole: boolean;
  readonly stays: readonly Row[];
}

/** The calls that one figure of the day counts: as many as the figure says. */
export function QueueCallsPage({ queueId }: { queueId: string }) {
  const words = useWords();
  const names = useNames();
  const wanted = query.value.get('figure');
  const figure = STAY_FIGURES.find((one) => one === wanted) ?? 'offered';
  const path = `/api/v1/queues/${encodeURIComponent(queueId)}/stays?figure=${figure}&limit=500`;
  const { value, refusal } = usePoll<Stays>(path, 5_000);
  const columns: Column<Row>[] = [
    { name: words.entered, isText: true, cell: (row) => <a href={callUrl(row.callId)}>{siteTime(row.enteredAtMs, true)}</a> },
    { name: words.caller, isText: true, cell: (row) => row.ani || DASH },
    { name: words.tier, isText: true, cell: (row) => row.tier || DASH },
    { name: words.lane, isText: true, cell: (row) => words.lanes[row.lane] ?? row.lane },
    { name: words.wait, cell: (row) => formatMean(row.waitMs) },
    { name: words.exit, isText: true, cell: (row) => (row.exit === null ? words.stillWaiting : words.figures[row.exit]) },
    { name: words.agent, isText: true, cell: (row) => (row.agentId === null ? DASH : names.agent(row.agentId)) },
    { name: words.call, isText: true, cell: (row) => <code>{row.callId}</code> },
  ];
  return (
    <Sheet
      title={`${words.callsOf} · ${names.queue(queueId)} · ${words.figures[figure]}`}
      back={{ url: queueUrl(queueId), name: names.queue(queueId) }}
      {...(value === null ? {} : { note: words.found(value.found) })}
      stamp={value}
      isOld={refusal !== null}
    >
      <div class="choices">
        <label>
          {words.figure}
          <select value={figure} onChange={(event) => void navigate(figureUrl(queueId, event.currentTarget.value as StayFigure))}>
            {STAY_FIGURES.map((one) => (
              <option key={one} value={one}>
                {words.figures[one]}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Trouble refusal={refusal} />
      {value !== null && value.hidden > 0 && <p class="label">{words.hidden(value.hidden)}</p>}
      {value !== null && !value.isWhole && (
        <p class="label">
          {words.onlyLatest}: <a href={`/reports?report=calls&queue=${encodeURIComponent(queueId)}`}>{words.reports.calls}</a>
        </p>
      )}
      {value !== null && <Table columns={columns} rows={value.stays} label={words.figures[figure]} ifNone={words.noCalls} />}
    </Sheet>
  );
}
