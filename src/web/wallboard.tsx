import { useEffect, useMemo } from 'preact/hooks';
import type { Board } from '../service-level/views.js';
import { AgentGrid } from './agent-grid.js';
import { AlarmBar } from './alarm-bar.js';
import { Header } from './header.js';
import { Mark } from './icons.js';
import { followLimits } from './limits.js';
import { ageMs, board, isPaused, isStale, link, nowMs, start } from './live.js';
import { QueueCard } from './queue-card.js';
import { query } from './router.js';
import { SceneContext } from './scene.js';
import { language } from './settings.js';
import { stayAwake } from './wake-lock.js';
import { WORDS } from './words.js';

/** The whole page: what the state of the link allows to show. Old figures stay, grey and named as old: better than an empty wall. */
export function Wallboard({ isKiosk = false }: { isKiosk?: boolean }) {
  const words = WORDS[language.value];
  const now = board.value;
  useEffect(start, []);
  useEffect(followLimits, []);
  useEffect(() => (isKiosk ? stayAwake() : undefined), [isKiosk]);
  const scene = useMemo(() => ({ board, nowMs, isLinked: !isKiosk }), [isKiosk]);
  const wanted = query.value.get('queues');
  const shown = now === null || wanted === null ? now : only(now, wanted.split(','));
  const isOld = isStale.value || (link.value === 'lost' && now !== null) || isPaused.value;
  return (
    <SceneContext.Provider value={scene}>
      <div
        class="wall"
        data-kiosk={isKiosk}
        data-stale={isOld}
        data-link={link.value}
        data-queues={sizeOf(shown?.queues.length ?? 0)}
      >
        <Header isKiosk={isKiosk} />
        <Banner />
        <AlarmBar alarms={shown?.alarms ?? []} isKiosk={isKiosk} />
        {shown === null ? <p class="empty">{words.connecting}…</p> : <BoardView board={shown} />}
      </div>
    </SceneContext.Provider>
  );
}

/** Queues and agents of one board, live or past. */
export function BoardView({ board: { queues, agents } }: { board: Board }) {
  const words = WORDS[language.value];
  return (
    <main>
      <section class="queues" aria-label={words.waiting}>
        {queues.map((queue) => (
          <QueueCard key={queue.queueId} queue={queue} />
        ))}
        {queues.length === 0 && <p class="empty">{words.noQueues}</p>}
      </section>
      <AgentGrid agents={agents} />
    </main>
  );
}

/** The wanted queues in the wanted order, and the alarms that are theirs or the whole site's. */
function only(whole: Board, wanted: readonly string[]): Board {
  const queues = wanted.flatMap((id) => whole.queues.find(({ queueId }) => queueId === id) ?? []);
  return { ...whole, queues, alarms: whole.alarms.filter(({ queueId }) => queueId === null || wanted.includes(queueId)) };
}

/** How many cards share the wall decides how big each may be. */
export const sizeOf = (queues: number): string => (queues <= 4 ? 'few' : queues <= 8 ? 'some' : 'many');

/** Why the figures below must not be trusted as of now. One line; said to screen readers once, without the seconds that count on. */
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
    <>
      <p class="unseen" role="status">
        {text === null ? '' : isStale.value && link.value !== 'lost' ? words.silent : text}
      </p>
      <div class="banner" aria-hidden="true" data-shown={text !== null}>
        {text !== null && (
          <>
            <Mark name="alert" /> <span>{text}</span>
          </>
        )}
      </div>
    </>
  );
}
