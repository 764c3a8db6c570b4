import { computed, signal } from '@preact/signals';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { applyDelta } from '../../service-level/live-frames.js';
import type { ReplayFrame } from '../../service-level/replay-frames.js';
import type { Board } from '../../service-level/views.js';
import { type Refused, serverNowMs } from '../api.js';
import { SPEEDS } from '../flows/replay.js';
import { formatClock } from '../format.js';
import { Mark } from '../icons.js';
import { followLimits } from '../limits.js';
import { navigate, query } from '../router.js';
import { SceneContext } from '../scene.js';
import { BoardView, sizeOf } from '../wallboard.js';
import { momentOf, Sheet, siteDay, siteMoment, siteTime, Trouble, useWords, zone } from './parts.js';
import { readFrames } from './read-frames.js';

const LENGTHS_MIN = [15, 30, 60, 120] as const;

/** Any past hour on the same wall, played; plainly marked as past. */
export function ReplayPage() {
  const words = useWords();
  const at = Number(query.value.get('at') ?? Number.NaN);
  const minutes = LENGTHS_MIN.find((one) => String(one) === query.value.get('minutes')) ?? 60;
  const fromMs = Number.isSafeInteger(at) ? at : null;
  useEffect(followLimits, []);
  return (
    <Sheet title={words.replay}>
      <Choice fromMs={fromMs} minutes={minutes} />
      <p class="label" data-part="configuration">
        {words.oldConfiguration}
      </p>
      {fromMs !== null && <Player key={`${fromMs}/${minutes}`} fromMs={fromMs} toMs={fromMs + minutes * 60_000} />}
    </Sheet>
  );
}

function Choice({ fromMs, minutes }: { fromMs: number | null; minutes: number }) {
  const words = useWords();
  const shown = fromMs ?? Math.floor((serverNowMs() - 3_600_000) / 900_000) * 900_000;
  const [day, setDay] = useState(siteDay(shown));
  const [time, setTime] = useState(siteTime(shown));
  const [length, setLength] = useState(minutes);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const moment = momentOf(day, `${time}:00`);
    if (moment !== null) void navigate(`/replay?at=${moment}&minutes=${length}`);
  };
  return (
    <form class="choices" onSubmit={submit}>
      <label>
        {words.day}
        <input type="date" name="day" required value={day} onInput={(event) => setDay(event.currentTarget.value)} />
      </label>
      <label>
        {words.time}
        <input
          type="time"
          name="time"
          required
          value={time}
          onInput={(event) => setTime(event.currentTarget.value.slice(0, 5))}
        />
      </label>
      <label>
        {words.length}
        <select value={String(length)} onChange={(event) => setLength(Number(event.currentTarget.value) as typeof minutes)}>
          {LENGTHS_MIN.map((one) => (
            <option key={one} value={String(one)}>
              {words.minutes(one)}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" class="primary" data-do="show">
        {words.show}
      </button>
    </form>
  );
}

/** Boards share the rows that did not change, so that an hour of them is a few megabytes. */
function Player({ fromMs, toMs }: { fromMs: number; toMs: number }) {
  const words = useWords();
  const [refusal, setRefusal] = useState<Refused | null>(null);
  const [isCut, setCut] = useState(false);
  const past = useMemo(() => {
    const boards = signal<readonly Board[]>([]);
    const atMs = signal(fromMs);
    const end = signal<number | null>(null);
    return { boards, atMs, end, board: computed(() => boardAt(boards.value, atMs.value)) };
  }, []);
  useEffect(() => {
    const stop = new AbortController();
    const boards: Board[] = [];
    const hear = (frames: readonly ReplayFrame[]): void => {
      for (const frame of frames) {
        if (frame.type === 'begin') boards.push(frame.board);
        else if (frame.type === 'delta') boards.push(applyDelta(boards.at(-1) as Board, frame));
        else {
          past.end.value = frame.atMs;
          setCut(frame.isCut);
        }
      }
      past.boards.value = [...boards];
    };
    void readFrames(`/api/v1/replay?from=${fromMs}&to=${toMs}`, hear, stop.signal).then(
      (refused) => stop.signal.aborted || setRefusal(refused),
    );
    return () => stop.abort();
  }, []);
  const scene = useMemo(() => ({ board: past.board, nowMs: past.atMs, isLinked: false }), []);
  const board = past.board.value;
  const known = past.end.value ?? past.boards.value.at(-1)?.atMs ?? fromMs;
  return (
    <SceneContext.Provider value={scene}>
      <Trouble refusal={refusal} />
      <Controls atMs={past.atMs} fromMs={fromMs} knownMs={known} />
      {past.end.value === null && refusal === null && (
        <p class="label" role="status">
          {words.loadingPast(`${Math.round(((known - fromMs) / (toMs - fromMs)) * 100)}%`)}
        </p>
      )}
      {isCut && <p class="label">{words.isCut}</p>}
      {board !== null && (
        <section class="wall past" data-queues={sizeOf(board.queues.length)} aria-label={words.past}>
          <p class="past-mark">
            <Mark name="over" /> <b>{words.past}</b>{' '}
            <span data-figure="past">
              {siteMoment(past.atMs.value, true)} ({zone()})
            </span>{' '}
            <small data-figure="seq">{words.snapshotOf(board.seq)}</small>
          </p>
          <BoardView board={board} />
        </section>
      )}
    </SceneContext.Provider>
  );
}

/** The newest board that is not later. */
export function boardAt(boards: readonly Board[], atMs: number): Board | null {
  let [low, high] = [0, boards.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((boards[middle] as Board).atMs <= atMs) low = middle;
    else high = middle - 1;
  }
  return boards[low] ?? null;
}

function Controls({ atMs, fromMs, knownMs }: { atMs: { value: number }; fromMs: number; knownMs: number }) {
  const words = useWords();
  const [isPlaying, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(10);
  useEffect(() => {
    if (!isPlaying) return;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      atMs.value = Math.min(knownMs, atMs.value + (now - last) * speed);
      last = now;
    }, 100);
    return () => clearInterval(timer);
  }, [isPlaying, speed, knownMs]);
  const isAtEnd = atMs.value >= knownMs;
  return (
    <div class="player" data-playing={isPlaying}>
      <button
        type="button"
        class="primary"
        data-do="play"
        onClick={() => {
          if (!isPlaying && isAtEnd) atMs.value = fromMs;
          setPlaying(!isPlaying);
        }}
      >
        <Mark name={isPlaying ? 'pause' : 'play'} /> {isPlaying ? words.pause : words.play}
      </button>
      <label class="speed">
        {words.speed}
        <select data-do="speed" value={String(speed)} onChange={(event) => setSpeed(Number(event.currentTarget.value))}>
          {SPEEDS.map((one) => (
            <option key={one} value={String(one)}>
              {one}×
            </option>
          ))}
        </select>
      </label>
      <input
        type="range"
        aria-label={words.position}
        aria-valuetext={siteTime(atMs.value, true)}
        min={0}
        max={Math.max(1, knownMs - fromMs)}
        step={1_000}
        value={atMs.value - fromMs}
        onInput={(event) => {
          setPlaying(false);
          atMs.value = fromMs + Number(event.currentTarget.value);
        }}
      />
      <span class="clockface" data-figure="position">
        {siteTime(atMs.value, true)} <small>{`${formatClock(atMs.value - fromMs)} / ${formatClock(knownMs - fromMs)}`}</small>
      </span>
    </div>
  );
}
