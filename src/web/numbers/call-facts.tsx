import { usePoll } from '../flows/poll.js';
import { language } from '../settings.js';
import { factWord } from './fact-words.js';
import { siteTime, useWords } from './parts.js';

interface Fact {
  readonly seq: number;
  readonly atMs: number;
  readonly kind: string;
}
interface Part {
  readonly heading: string;
  readonly lines: ReadonlyArray<{ readonly at: string; readonly text: string; readonly details: readonly string[] }>;
}

/** All that happened to one call, in order, and why it went so. `ifNothing` is said where nothing is known of it. */
export function CallFacts({ callId, isOver, ifNothing }: { callId: string; isOver: boolean; ifNothing: string | null }) {
  const words = useWords();
  const path = `/api/v1/calls/${encodeURIComponent(callId)}`;
  const every = isOver ? null : 3_000;
  const asked = usePoll<{ facts: readonly Fact[] }>(`${path}/facts`, every);
  const facts = asked.value?.facts ?? [];
  const parts = usePoll<{ parts: readonly Part[] }>(`${path}/explanation?lang=${language.value}`, every).value?.parts ?? [];
  if (facts.length === 0) return asked.refusal !== null && ifNothing !== null ? <p class="empty">{ifNothing}</p> : null;
  return (
    <div class="call-facts">
      {parts.length > 0 && (
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
      )}
      <section data-part="facts">
        <h2>{words.facts}</h2>
        <ol>
          {facts.map((fact) => (
            <li key={fact.seq} data-fact={fact.kind}>
              <time>{siteTime(fact.atMs, true)}</time> <b>{factWord(language.value, fact.kind)}</b>{' '}
              <small>
                <code>{fact.kind}</code> {restOf(fact)}
              </small>
            </li>
          ))}
        </ol>
      </section>
    </div>
  );
}

/** The rest of the fact, as it is; long inner parts are cut. */
function restOf({ seq: _, atMs: __, kind: ___, ...rest }: Fact): string {
  return Object.entries(rest)
    .filter(([name]) => name !== 'callId')
    .map(([name, value]) => `${name}: ${(typeof value === 'object' ? JSON.stringify(value) : String(value)).slice(0, 120)}`)
    .join(' · ');
}
