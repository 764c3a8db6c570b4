import { useEffect } from 'preact/hooks';
import { AgentGrid } from './agent-grid.js';
import { Header } from './header.js';
import { Mark } from './icons.js';
import { ageMs, board, isPaused, isStale, link, start } from './live.js';
import { QueueCard } from './queue-card.js';
import { language } from './settings.js';
import { WORDS } from './words.js';

/** The whole page: what the state of the link allows to show. Old figures stay, grey and named as old: better than an empty wall. */
export function Wallboard() {
  const words = WORDS[language.value];
  const now = board.value;
  useEffect(start, []);
  const isOld = isStale.value || (link.value === 'lost' && now !== null) || isPaused.value;
  return (
    <div class="wall" data-stale={isOld} data-link={link.value} data-queues={sizeOf(now?.queues.length ?? 0)}>
      <Header />
      <Banner />
      {now === null ? (
        <p class="empty">{words.connecting}…</p>
      ) : (
        <main>
          <section class="queues" aria-label={words.waiting}>
            {now.queues.map((queue) => (
              <QueueCard key={queue.queueId} queue={queue} />
            ))}
            {now.queues.length === 0 && <p class="empty">{words.noQueues}</p>}
          </section>
          <AgentGrid agents={now.agents} />
        </main>
      )}
    </div>
  );
}

/** How many cards share the wall decides how big each may be. */
const sizeOf = (queues: number): string => (queues <= 4 ? 'few' : queues <= 8 ? 'some' : 'many');

/** Why the figures below must not be trusted as of now. One line, said to screen readers once. */
function Banner() {
  const words = WORDS[language.value];
  const text =
    link.value === 'lost'
      ? board.value === null
        ? `${words.connecting}…`
        : words.lost
      : isStale.value
        ? words.stale(Math.floor(ageMs.value / 1_000))
        : isPaused.value
          ? words.paused
          : null;
  return (
    <div class="banner" role="status" data-shown={text !== null}>
      {text !== null && (
        <>
          <Mark name="alert" /> <span>{text}</span>
        </>
      )}
    </div>
  );
}
