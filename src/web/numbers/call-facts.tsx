import type { KeptCallWhole } from '../../ports/history.js';
import { usePoll } from '../flows/poll.js';
import { usePageTitle } from '../page-title.js';
import { queueUrl } from '../router.js';
import { language } from '../settings.js';
import { factDetails } from './fact-details.js';
import { factWord } from './fact-words.js';
import { KeptCallParts } from './kept-call.js';
import { type Names, useNames } from './names.js';
import { siteDay, siteTime, Trouble, useWords, zone } from './parts.js';

interface Fact {
  readonly seq: number;
  readonly atMs: number;
  readonly kind: string;
  readonly queueId?: string | null;
}
interface Part {
  readonly heading: string;
  readonly lines: ReadonlyArray<{ readonly at: string; readonly text: string; readonly details: readonly string[] }>;
}

/** All that happened to one call, in order, and why it went so; of a call of long ago what the history has. `ifNothing` is said where nothing is known. */
export function CallFacts({ callId, isOver, ifNothing }: { callId: string; isOver: boolean; ifNothing: string | null }) {
  const words = useWords();
  const names = useNames();
  usePageTitle(`${words.call} ${callId}`);
  const path = `/api/v1/calls/${encodeURIComponent(callId)}`;
  const every = isOver ? null : 3_000;
  const asked = usePoll<{ facts: readonly Fact[] }>(`${path}/facts`, every);
  const facts = asked.value?.facts ?? [];
  const parts = usePoll<{ parts: readonly Part[] }>(`${path}/explanation?lang=${language.value}`, every).value?.parts ?? [];
  const isForgotten = asked.refusal?.status === 404;
  const kept = usePoll<KeptCallWhole>(isForgotten ? `/api/v1/history/calls/${encodeURIComponent(callId)}` : null, null);
  if (facts.length > 0) return <Told facts={facts} parts={parts} names={names} />;
  if (asked.refusal !== null && !isForgotten) return <Trouble refusal={asked.refusal} />;
  if (kept.value !== null) return <KeptCallParts kept={kept.value} names={names} />;
  if (kept.refusal !== null && kept.refusal.status !== 404) return <Trouble refusal={kept.refusal} />;
  return kept.refusal !== null && ifNothing !== null ? <p class="empty">{ifNothing}</p> : null;
}

function Told({ facts, parts, names }: { facts: readonly Fact[]; parts: readonly Part[]; names: Names }) {
  const words = useWords();
  const queues = [...new Set(facts.flatMap(({ queueId }) => (typeof queueId === 'string' ? [queueId] : [])))];
  return (
    <>
      <p class="label" data-part="where">
        {siteDay(facts[0]?.atMs ?? 0)} ({zone()})
        {queues.map((queueId) => (
          <span key={queueId}>
            {' · '}
            {words.queue} <a href={queueUrl(queueId)}>{names.queue(queueId)}</a>
          </span>
        ))}
      </p>
      <div class="call-facts">
        {parts.length > 0 && <Explanation parts={parts} />}
        <section data-part="facts">
          <h2>{words.facts}</h2>
          <ol>
            {facts.map((fact) => (
              <li key={fact.seq} data-fact={fact.kind}>
                <time>{siteTime(fact.atMs, true)}</time> <b>{factWord(language.value, fact.kind)}</b>{' '}
                <small>
                  {factDetails(fact, language.value, names)} <code>{fact.kind}</code>
                </small>
              </li>
            ))}
          </ol>
        </section>
      </div>
    </>
  );
}

function Explanation({ parts }: { parts: readonly Part[] }) {
  const words = useWords();
  return (
    <section data-part="explanation">
      <h2>{words.explanation}</h2>
      {parts.map((part, at) => (
        <div key={at}>
          <h3>{part.heading}</h3>
          <ol>
            {part.lines.map((line, n) => (
              <li key={n}>
                <time>{line.at}</time> {line.text}
                {line.details.length > 0 && (
                  <ul>
                    {line.details.map((detail, m) => (
                      <li key={m}>{detail}</li>
                    ))}
                  </ul>
                )}
              </li>
            ))}
          </ol>
        </div>
      ))}
    </section>
  );
}
