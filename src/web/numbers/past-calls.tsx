import { useEffect, useState } from 'preact/hooks';
import type { KeptCall } from '../../ports/history.js';
import { type Refused, read } from '../api.js';
import { outcomeName } from '../flows/flow-formats.js';
import { DASH, formatMean } from '../format.js';
import { callUrl, queueUrl } from '../router.js';
import { language } from '../settings.js';
import { type Names, useNames } from './names.js';
import { type Column, type Stamp, siteMoment, Table, Trouble, useWords } from './parts.js';
import type { NumberWords } from './words.js';

interface Page extends Stamp {
  readonly calls: readonly KeptCall[];
  readonly next: string | null;
}

const PAGE_LENGTH = 200;

/** Calls of the past, newest first, a page at a time. `path` asks the history, without `limit` and `cursor`. */
export function PastCalls({ path, onStamp }: { path: string; onStamp: (stamp: Stamp | null) => void }) {
  const words = useWords();
  const names = useNames();
  const [pages, setPages] = useState<readonly Page[]>([]);
  const [refusal, setRefusal] = useState<Refused | null>(null);
  const [isAsking, setAsking] = useState(false);
  const ask = async (cursor: string | null, before: readonly Page[], stop?: AbortSignal): Promise<void> => {
    setAsking(true);
    const answer = await read<Page>(`${path}&limit=${PAGE_LENGTH}${cursor === null ? '' : `&cursor=${cursor}`}`, stop);
    if (stop?.aborted === true) return;
    setAsking(false);
    setRefusal(answer.ok ? null : answer.refusal);
    if (!answer.ok) return;
    setPages([...before, answer.value]);
    onStamp(answer.value);
  };
  useEffect(() => {
    const stop = new AbortController();
    setPages([]);
    void ask(null, [], stop.signal);
    return () => stop.abort();
  }, [path]);
  const calls = pages.flatMap((page) => page.calls);
  const next = pages.at(-1)?.next ?? null;
  return (
    <>
      <p class="label">{words.pastCallsRule}</p>
      <Trouble refusal={refusal} />
      {pages.length > 0 && (
        <>
          <p class="label" data-figure="shown">
            {words.shownCalls(calls.length)}
          </p>
          <Table columns={columnsOf(words, names)} rows={calls} label={words.reports.calls ?? ''} ifNone={words.noCalls} />
        </>
      )}
      {next !== null && (
        <button type="button" data-do="more" disabled={isAsking} onClick={() => void ask(next, pages)}>
          {words.moreCalls}
        </button>
      )}
    </>
  );
}

function columnsOf(words: NumberWords, names: Names): Column<KeptCall>[] {
  const orDash = (text: string | null) => (text === null || text === '' ? DASH : text);
  return [
    {
      name: words.arrived,
      isText: true,
      cell: (call) => <a href={callUrl(call.callId)}>{siteMoment(call.arrivedMs, true)}</a>,
    },
    { name: words.caller, isText: true, cell: (call) => orDash(call.ani) },
    { name: words.tier, isText: true, cell: (call) => orDash(call.tier) },
    {
      name: words.queue,
      isText: true,
      cell: ({ queueId }) => (queueId === null ? DASH : <a href={queueUrl(queueId)}>{names.queue(queueId)}</a>),
    },
    { name: words.agent, isText: true, cell: ({ agentId }) => (agentId === null ? DASH : names.agent(agentId)) },
    {
      name: words.outcome,
      isText: true,
      cell: ({ outcome }) => (outcome === null ? words.stillGoing : outcomeName(outcome, language.value)),
    },
    { name: words.wait, cell: (call) => formatMean(call.waitMs) },
    { name: words.talked, cell: (call) => formatMean(call.talkMs) },
    { name: words.wholeLength, cell: (call) => formatMean(call.durationMs) },
    { name: words.call, isText: true, cell: (call) => <code>{call.callId}</code> },
  ];
}
