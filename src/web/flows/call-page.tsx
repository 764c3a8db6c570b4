import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { FlowDetail, FlowWalkView } from '../../flow/views.js';
import { serverNowMs } from '../api.js';
import { formatClock } from '../format.js';
import { Mark } from '../icons.js';
import { CallFacts } from '../numbers/call-facts.js';
import { flowUrl } from '../router.js';
import { language } from '../settings.js';
import { detailUrl } from './flow-api.js';
import { formatTime, howName, outcomeName, titleOf } from './flow-formats.js';
import { FlowGraph } from './flow-graph.js';
import { Trouble } from './page-parts.js';
import { usePoll } from './poll.js';
import { SPEEDS, spanOf, stepAt, walkedUntil } from './replay.js';
import { FLOW_WORDS } from './words.js';

/** One call's walk over the drawings of its flows, step by step or played. */
export function CallPage({ callId }: { callId: string }) {
  const words = FLOW_WORDS[language.value];
  const [hasEnded, setEnded] = useState(false);
  const path = `/api/v1/calls/${encodeURIComponent(callId)}/walk`;
  const { value: walk, refusal } = usePoll<FlowWalkView>(path, hasEnded ? null : 2_000);
  const [kept, setKept] = useState<FlowWalkView | null>(null);
  if (walk !== null && walk !== kept) setKept(walk);
  useEffect(() => setEnded(kept !== null && kept.endedAtMs !== null), [kept]);
  return (
    <main class="sheet">
      <div class="heading">
        <p class="crumb">
          <a href="/flows">{words.flows}</a>
        </p>
        <h1>{words.walkTitle}</h1>
        <p class="label">
          {words.call} <code>{callId}</code>
          {kept !== null && ` · ${outcomeText(kept)}`}
        </p>
      </div>
      {refusal?.status !== 404 && <Trouble refusal={refusal} />}
      {kept !== null && kept.steps.length > 0 && <Replay walk={kept} />}
      <CallFacts callId={callId} isOver={hasEnded} ifNothing={kept?.steps.length ? null : words.noSuchCall} />
    </main>
  );
}

function outcomeText({ outcome, endedAtMs }: FlowWalkView): string {
  const words = FLOW_WORDS[language.value];
  if (endedAtMs === null) return words.inProgress;
  const ended = words.endedAt(formatTime(endedAtMs));
  return outcome === null ? ended : `${outcomeName(outcome, language.value)} · ${ended}`;
}

function Replay({ walk }: { walk: FlowWalkView }) {
  const { fromMs, toMs } = spanOf(walk, serverNowMs());
  const [atMs, setAtMs] = useState(fromMs);
  const [speed, setSpeed] = useState<number>(5);
  const [isPlaying, setPlaying] = useState(false);
  usePlaying(isPlaying, speed, (passedMs) => setAtMs((now) => Math.min(toMs, now + passedMs)));
  useEffect(() => {
    if (isPlaying && atMs >= toMs) setPlaying(false);
  }, [isPlaying, atMs, toMs]);
  const current = stepAt(walk.steps, atMs);
  const step = walk.steps[current];
  const goTo = (index: number): void => {
    setPlaying(false);
    const target = walk.steps[Math.min(walk.steps.length - 1, Math.max(0, index))];
    if (target !== undefined) setAtMs(target.atMs);
  };
  const toggle = (): void => {
    if (!isPlaying && atMs >= toMs) setAtMs(fromMs);
    setPlaying(!isPlaying);
  };
  // Two steps in the same millisecond cannot be told apart by time: a step back goes to the one before in time.
  const before = walk.steps.findLastIndex((one) => one.atMs < (step?.atMs ?? 0));
  return (
    <>
      <Player
        {...{ fromMs, toMs, atMs, speed, isPlaying, toggle, setSpeed }}
        setAtMs={(value) => {
          setPlaying(false);
          setAtMs(value);
        }}
        back={before === -1 ? null : () => goTo(before)}
        on={current + 1 >= walk.steps.length ? null : () => goTo(current + 1)}
      />
      <div class="graph-and-panel">
        <StepDrawing walk={walk} current={current} onPick={goTo} />
        <Steps walk={walk} current={current} onPick={goTo} />
      </div>
    </>
  );
}

/** Calls `advance` with the time of the call that has passed, some ten times a second while playing. */
function usePlaying(isPlaying: boolean, speed: number, advance: (passedMs: number) => void): void {
  const latest = useRef(advance);
  latest.current = advance;
  useEffect(() => {
    if (!isPlaying) return;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      latest.current((now - last) * speed);
      last = now;
    }, 100);
    return () => clearInterval(timer);
  }, [isPlaying, speed]);
}

interface PlayerProps {
  readonly fromMs: number;
  readonly toMs: number;
  readonly atMs: number;
  readonly speed: number;
  readonly isPlaying: boolean;
  readonly toggle: () => void;
  readonly setSpeed: (speed: number) => void;
  readonly setAtMs: (atMs: number) => void;
  /** Null: there is no step that way. */
  readonly back: (() => void) | null;
  readonly on: (() => void) | null;
}

function Player(props: PlayerProps) {
  const words = FLOW_WORDS[language.value];
  const { fromMs, toMs, atMs } = props;
  return (
    <div class="player" data-playing={props.isPlaying}>
      <button type="button" data-do="back" disabled={props.back === null} onClick={() => props.back?.()}>
        {words.previous}
      </button>
      <button type="button" class="primary" data-do="play" onClick={props.toggle}>
        <Mark name={props.isPlaying ? 'pause' : 'play'} /> {props.isPlaying ? words.pause : words.play}
      </button>
      <button type="button" data-do="on" disabled={props.on === null} onClick={() => props.on?.()}>
        {words.next}
      </button>
      <label class="speed">
        {words.speed}
        <select value={String(props.speed)} onChange={(event) => props.setSpeed(Number(event.currentTarget.value))}>
          {SPEEDS.map((speed) => (
            <option key={speed} value={String(speed)}>
              {speed}×
            </option>
          ))}
        </select>
      </label>
      <input
        type="range"
        aria-label={words.position}
        aria-valuetext={formatTime(atMs)}
        min={0}
        max={toMs - fromMs}
        step={100}
        value={atMs - fromMs}
        onInput={(event) => props.setAtMs(fromMs + Number(event.currentTarget.value))}
      />
      <span class="clockface" data-figure="position">
        {formatTime(atMs)} <small>{`${formatClock(atMs - fromMs)} / ${formatClock(toMs - fromMs)}`}</small>
      </span>
    </div>
  );
}

interface StepsProps {
  readonly walk: FlowWalkView;
  readonly current: number;
  readonly onPick: (step: number) => void;
}

/** The drawing of the flow, and of the version, in which the current step is. */
function StepDrawing({ walk, current, onPick }: StepsProps) {
  const words = FLOW_WORDS[language.value];
  const step = walk.steps[current];
  const path = step === undefined ? null : detailUrl(step.flowId, step.version, language.value);
  const details = useRef(new Map<string, FlowDetail>());
  const known = path === null ? undefined : details.current.get(path);
  const asked = usePoll<FlowDetail>(known === undefined ? path : null, null);
  if (path !== null && asked.value !== null) details.current.set(path, asked.value);
  const detail = known ?? asked.value;
  const walked = useMemo(() => walkedUntil(walk.steps, current), [walk, current]);
  const pickNode = (node: string): void => {
    const index = walk.steps.findIndex((one) => one.flowId === step?.flowId && one.node === node);
    if (index !== -1) onPick(index);
  };
  return (
    <div class="drawing-of-step">
      <p class="label">
        {step !== undefined && (
          <a href={flowUrl(step.flowId)}>{detail === null ? step.flowId : titleOf(detail.title, language.value, step.flowId)}</a>
        )}{' '}
        · {words.version} <code>{step?.version}</code>
      </p>
      {detail === null ? (
        <div class="graph">{asked.refusal !== null && <p class="empty">{words.noDrawing}</p>}</div>
      ) : (
        <FlowGraph drawing={detail.drawing} selected={step?.node ?? null} onSelect={pickNode} walked={walked} />
      )}
    </div>
  );
}

function Steps({ walk, current, onPick }: StepsProps) {
  const words = FLOW_WORDS[language.value];
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const [own, item] = [list.current, list.current?.children[current] as HTMLElement | undefined];
    if (own === null || item === undefined) return;
    // Only the list scrolls, never the page.
    if (item.offsetTop < own.scrollTop) own.scrollTop = item.offsetTop;
    else if (item.offsetTop + item.offsetHeight > own.scrollTop + own.clientHeight)
      own.scrollTop = item.offsetTop + item.offsetHeight - own.clientHeight;
  }, [current]);
  return (
    <aside class="panel">
      <h2>{words.steps}</h2>
      <ol class="steps" ref={list}>
        {walk.steps.map((step, at) => (
          <li
            key={at}
            data-step={at}
            data-node={step.node}
            aria-current={at === current ? 'step' : undefined}
            data-past={at <= current}
          >
            <button type="button" onClick={() => onPick(at)}>
              <time>{formatTime(step.atMs)}</time>
              <b>{step.node}</b>
              {step.how !== null && <span class="how">{howName(step.how, language.value)}</span>}
              {step.flowId !== walk.steps[at - 1]?.flowId && <code>{step.flowId}</code>}
            </button>
          </li>
        ))}
      </ol>
    </aside>
  );
}
