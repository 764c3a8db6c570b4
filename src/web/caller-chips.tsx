import type { QueueView, WaitingCallView } from '../service-level/views.js';
import { secondsLeft } from './format.js';
import { Mark } from './icons.js';
import { callUrl, figureUrl } from './router.js';
import { useScene } from './scene.js';
import { language } from './settings.js';
import { WORDS } from './words.js';

/** A card that shares the wall with many others has room for the first few of a line only. */
const chipsBeside = (queues: number): number => (queues <= 4 ? 10 : queues <= 8 ? 3 : 2);

/** Who waits, in the order of the line: seconds left to the threshold, or seconds past it; how many can still be met. */
export function CallerChips({ queue }: { queue: QueueView }) {
  const words = WORDS[language.value];
  const { board, nowMs, isLinked } = useScene();
  const { withinMs } = queue.serviceLevel;
  const shown = queue.callers.slice(0, chipsBeside(board.value?.queues.length ?? 0));
  // Who is not told one by one (the line is long, or somebody may not see who waits) is counted by the server.
  const isCounted = queue.callers.length < queue.waiting;
  const late = isCounted
    ? queue.today.waitingLate
    : queue.callers.filter((caller) => secondsLeft(caller.enteredAtMs, withinMs, nowMs.value).isLate).length;
  const unseen = queue.waiting - shown.length;
  return (
    <div class="line">
      <p class="label">
        {queue.waiting === 0 ? words.nobodyWaits : `${words.stillInTime(queue.waiting - late)} · ${words.late(late)}`}
      </p>
      <ol>
        {shown.map((caller) => (
          <Chip key={caller.callId} caller={caller} withinMs={withinMs} />
        ))}
        {unseen > 0 && (
          <li class="chip more">
            {isLinked ? <a href={figureUrl(queue.queueId, 'waiting')}>{words.more(unseen)}</a> : words.more(unseen)}
          </li>
        )}
      </ol>
    </div>
  );
}

function Chip({ caller, withinMs }: { caller: WaitingCallView; withinMs: number }) {
  const words = WORDS[language.value];
  const { nowMs, isLinked } = useScene();
  const { left, isLate } = secondsLeft(caller.enteredAtMs, withinMs, nowMs.value);
  const isVip = caller.lane === 'vip';
  const share = isLate ? 1 : Math.min(1, Math.max(0, (caller.enteredAtMs + withinMs - nowMs.value) / withinMs));
  const inside = (
    <>
      {isVip && (
        <b class="vip">
          <Mark name="star" />
          {words.vip}
        </b>
      )}
      <span class="time">{isLate ? words.overS(left) : words.leftS(left)}</span>
      <i class="rest" style={{ width: `${share * 100}%` }} />
    </>
  );
  return (
    <li class="chip" data-late={isLate} data-vip={isVip} title={`${caller.tier} ${caller.ani}`}>
      {isLinked ? <a href={callUrl(caller.callId)}>{inside}</a> : inside}
    </li>
  );
}
