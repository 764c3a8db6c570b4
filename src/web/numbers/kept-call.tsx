import type { KeptCallWhole } from '../../ports/history.js';
import { outcomeName } from '../flows/flow-formats.js';
import { DASH, formatMean } from '../format.js';
import { queueUrl } from '../router.js';
import { language } from '../settings.js';
import { valueWord } from './fact-details.js';
import type { Names } from './names.js';
import { type Column, siteMoment, siteTime, Table, useWords } from './parts.js';

/** A call whose facts are remembered no more: its record, its stays in queues, its offers to agents. */
export function KeptCallParts({ kept: { call, stays, offers }, names }: { kept: KeptCallWhole; names: Names }) {
  const words = useWords();
  const stayColumns: Column<(typeof stays)[number]>[] = [
    { name: words.entered, isText: true, cell: ({ enteredMs }) => siteTime(enteredMs, true) },
    { name: words.queue, isText: true, cell: ({ queueId }) => <a href={queueUrl(queueId)}>{names.queue(queueId)}</a> },
    { name: words.lane, isText: true, cell: ({ lane }) => words.lanes[lane] ?? lane },
    { name: words.exit, isText: true, cell: ({ exit }) => (exit === null ? words.stillWaiting : words.figures[exit]) },
    { name: words.wait, cell: ({ waitMs }) => formatMean(waitMs) },
    { name: words.agent, isText: true, cell: ({ agentId }) => (agentId === null ? DASH : names.agent(agentId)) },
    { name: words.talk, cell: ({ talkMs }) => formatMean(talkMs) },
    { name: words.hold, cell: ({ holdMs }) => formatMean(holdMs) },
    { name: words.wrapUp, cell: ({ wrapUpMs }) => formatMean(wrapUpMs) },
  ];
  const offerColumns: Column<(typeof offers)[number]>[] = [
    { name: words.time, isText: true, cell: ({ offeredMs }) => siteTime(offeredMs, true) },
    { name: words.agent, isText: true, cell: ({ agentId }) => names.agent(agentId) },
    { name: words.queue, isText: true, cell: ({ queueId }) => names.queue(queueId) },
    { name: words.rang, cell: ({ ringMs }) => formatMean(ringMs) },
    {
      name: words.outcome,
      isText: true,
      cell: ({ outcome }) => (outcome === null ? DASH : valueWord(outcome, language.value)),
    },
    { name: words.cause, isText: true, cell: ({ cause }) => (cause === null ? DASH : valueWord(cause, language.value)) },
  ];
  const outcome = call.outcome === null ? words.stillGoing : outcomeName(call.outcome, language.value);
  return (
    <div class="call-facts numbers" data-part="kept">
      <p class="label from">
        {words.fromHistory} · {words.arrived} {siteMoment(call.arrivedMs, true)} · {words.caller} {call.ani || DASH} ·{' '}
        {words.outcome} {outcome} · {words.wholeLength} {formatMean(call.durationMs)}
      </p>
      <section>
        <h2>{words.stays}</h2>
        <Table columns={stayColumns} rows={stays} label={words.stays} />
      </section>
      <section>
        <h2>{words.offers}</h2>
        <Table columns={offerColumns} rows={offers} label={words.offers} />
      </section>
    </div>
  );
}
