import type { AgentDayView, Share } from '../../service-level/views.js';
import { usePoll } from '../flows/poll.js';
import { formatClock, formatShare } from '../format.js';
import { language } from '../settings.js';
import { WORDS } from '../words.js';
import { type Column, Sheet, type Stamp, Table, TimeShareCell, Trouble, useWords } from './parts.js';

type NamedShare = Share & { readonly formula: string };
interface Row extends AgentDayView {
  readonly name: string;
  readonly team: string;
  readonly occupancy: NamedShare;
  readonly utilisation: NamedShare;
  readonly notReadyShares: ReadonlyArray<Share & { readonly reason: string }>;
}

/** How each agent has spent the day. */
export function AgentsPage() {
  const words = useWords();
  const { reasons } = WORDS[language.value];
  const { value, refusal } = usePoll<Stamp & { days: readonly Row[] }>('/api/v1/agents/days', 5_000);
  const here = (value?.days ?? []).filter(({ signedInMs }) => signedInMs > 0);
  const clock = (name: string, ms: (row: Row) => number): Column<Row> => ({ name, cell: (row) => formatClock(ms(row)) });
  const columns: Column<Row>[] = [
    { name: words.agent, isText: true, cell: (row) => <b>{row.name}</b> },
    { name: words.team, isText: true, cell: (row) => row.team },
    clock(words.signedIn, (row) => row.signedInMs),
    {
      name: words.occupancy,
      formula: WORDS[language.value].formulas.occupancy,
      help: here[0]?.occupancy.formula,
      cell: (row) => <TimeShareCell share={row.occupancy} />,
    },
    {
      name: words.utilisation,
      formula: words.utilisationFormula,
      help: here[0]?.utilisation.formula,
      cell: (row) => <TimeShareCell share={row.utilisation} />,
    },
    { name: words.answered, cell: (row) => row.answered },
    { name: words.rona, cell: (row) => row.rona },
    clock(words.talk, (row) => row.talkMs),
    clock(words.hold, (row) => row.holdMs),
    clock(words.wrapUp, (row) => row.wrapUpMs),
    clock(words.idle, (row) => row.idleMs),
    {
      name: words.notReady,
      isText: true,
      cell: (row) =>
        row.notReadyShares.map((one) => (
          <span key={one.reason} class="reason">
            {reasons[one.reason] ?? one.reason} {formatClock(one.numerator)} <small>{formatShare(one)}</small>
          </span>
        )),
    },
  ];
  return (
    <Sheet title={words.agentsTitle} stamp={value} isOld={refusal !== null}>
      <Trouble refusal={refusal} />
      {value !== null && <Table columns={columns} rows={here} label={words.agentsTitle} ifNone={words.nobodyToday} />}
    </Sheet>
  );
}
