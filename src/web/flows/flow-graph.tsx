import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { DrawnEdge, DrawnNode, FlowDrawing } from '../../flow/views.js';
import { language } from '../settings.js';
import { useGestures } from './graph-gestures.js';
import {
  DIRECTIONS,
  type Direction,
  edgeKey,
  fitted,
  type GraphView,
  moved,
  neighbour,
  opened,
  pathOf,
  revealed,
  type WindowSize,
  zoomed,
} from './graph-view.js';
import { FLOW_WORDS } from './words.js';

/** What is known of a node beside its drawing; every part may be missing. */
export interface NodeMarks {
  readonly now?: number;
  readonly entered?: number;
  readonly gaveUp?: number;
  /** 0 to 5: how much of the day's traffic came by. */
  readonly heat?: number;
  /** The checker warns of something here. */
  readonly isWarned?: boolean;
}

interface GraphProps {
  readonly drawing: FlowDrawing;
  readonly marks?: ReadonlyMap<string, NodeMarks>;
  /** `from to` -> how many calls went that way. */
  readonly edgeCounts?: ReadonlyMap<string, number>;
  readonly selected: string | null;
  readonly onSelect: (node: string) => void;
  /** Ways already walked, for a replay. */
  readonly walked?: ReadonlySet<string>;
  readonly isOld?: boolean;
  /** Below this scale the drawing is not fitted whole, because nobody could read it. */
  readonly leastScale?: number;
}

const STEP = 60;
const PLAIN_FONT = 14;

/** Big screens are read from further away: the page's font grows with them, and so does the drawing. */
const screenScale = (): number =>
  Math.max(1, Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / PLAIN_FONT);

/** The drawing of a flow. One stop of the Tab key: arrows go from node to node, Shift and arrows move the picture, + - 0 zoom. */
export function FlowGraph(props: GraphProps) {
  const { drawing, selected, onSelect, leastScale = 0.7 } = props;
  const words = FLOW_WORDS[language.value];
  const canvas = useRef<SVGSVGElement>(null);
  const [size, setSize] = useState<WindowSize | null>(null);
  const [view, setView] = useState<GraphView>({ x: 0, y: 0, scale: 1 });
  const isUntouched = useRef(true);
  const touch = (change: (view: GraphView) => GraphView): void => {
    isUntouched.current = false;
    setView(change);
  };

  useLayoutEffect(() => {
    const element = canvas.current as SVGSVGElement;
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    isUntouched.current = true;
  }, [drawing.flowId]);
  useLayoutEffect(() => {
    if (size !== null && isUntouched.current) setView(opened(drawing, size, leastScale * screenScale()));
  }, [drawing, size]);
  useLayoutEffect(() => {
    const node = drawing.nodes.find((one) => one.id === selected);
    if (node !== undefined && size !== null) setView((now) => revealed(now, node, size));
  }, [selected, size, drawing]);
  const dragged = useGestures(canvas, touch);

  const middle = { x: (size?.width ?? 0) / 2, y: (size?.height ?? 0) / 2 };
  const zoom = (factor: number) => touch((now) => zoomed(now, factor, middle.x, middle.y));
  const fit = () => size !== null && touch(() => fitted(drawing, size));
  const onKeyDown = (event: KeyboardEvent): void => {
    const done = keyStep(event, props, { zoom, fit, move: (x, y) => touch((now) => moved(now, x, y)) });
    if (done) event.preventDefault();
  };
  const reachable = drawing.nodes.some((node) => node.id === selected)
    ? selected
    : (drawing.nodes.find((node) => node.isStart)?.id ?? drawing.nodes[0]?.id);
  return (
    <div class="graph" data-old={props.isOld === true} data-version={drawing.version}>
      <svg ref={canvas} class="canvas" role="application" aria-label={words.graphHelp} onKeyDown={onKeyDown}>
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 10 10"
            refX="9"
            refY="5"
            markerWidth="8"
            markerHeight="8"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path class="arrow" d="M0 0.5 10 5 0 9.5Z" />
          </marker>
        </defs>
        <g transform={`translate(${view.x} ${view.y}) scale(${view.scale})`}>
          {drawing.edges.map((edge) => (
            <Edge key={edgeKey(edge.from, edge.to)} edge={edge} {...props} />
          ))}
          {drawing.nodes.map((node) => (
            <Node
              key={node.id}
              node={node}
              marks={props.marks?.get(node.id) ?? {}}
              isSelected={node.id === selected}
              isStop={node.id === reachable}
              onSelect={() => !dragged.current && onSelect(node.id)}
            />
          ))}
        </g>
      </svg>
      <div class="graph-tools">
        <button type="button" onClick={() => zoom(1.25)} aria-label={words.zoomIn} title={words.zoomIn}>
          +
        </button>
        <button type="button" onClick={() => zoom(0.8)} aria-label={words.zoomOut} title={words.zoomOut}>
          −
        </button>
        <button type="button" data-do="fit" onClick={fit}>
          {words.fit}
        </button>
      </div>
    </div>
  );
}

interface KeySteps {
  zoom(factor: number): void;
  fit(): unknown;
  move(x: number, y: number): void;
}

/** Whether the key meant something here. */
function keyStep(event: KeyboardEvent, { drawing, selected, onSelect }: GraphProps, steps: KeySteps): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === '+' || event.key === '=') steps.zoom(1.25);
  else if (event.key === '-') steps.zoom(0.8);
  else if (event.key === '0') steps.fit();
  else if (DIRECTIONS.includes(event.key as Direction)) {
    const x = event.key === 'ArrowLeft' ? 1 : event.key === 'ArrowRight' ? -1 : 0;
    const y = event.key === 'ArrowUp' ? 1 : event.key === 'ArrowDown' ? -1 : 0;
    if (event.shiftKey) steps.move(x * STEP, y * STEP);
    else {
      const focused = (event.target as Element).closest('[data-node]')?.getAttribute('data-node') ?? selected;
      const from = drawing.nodes.find((node) => node.id === focused) ?? drawing.nodes.find((node) => node.isStart);
      const next = from === undefined ? null : neighbour(drawing, from, event.key as Direction);
      if (next !== null) {
        onSelect(next.id);
        focusNode(event.currentTarget as Element, next.id);
      }
    }
  } else return false;
  return true;
}

function focusNode(canvas: Element, id: string): void {
  const element = Array.from(canvas.querySelectorAll<SVGGElement>('[data-node]')).find((one) => one.dataset.node === id);
  element?.focus({ preventScroll: true });
}

function Edge({ edge, edgeCounts, walked, selected }: GraphProps & { edge: DrawnEdge }) {
  const key = edgeKey(edge.from, edge.to);
  const count = edgeCounts?.get(key) ?? 0;
  const end = edge.points.at(-1);
  const at = edge.labelAt ?? edge.points[Math.floor(edge.points.length / 2)] ?? end;
  const most = Math.max(1, ...(edgeCounts?.values() ?? [1]));
  const text = edge.isStub ? `${edge.label} → ${edge.to}`.trim() : edge.label;
  return (
    <g
      class="edge"
      data-edge={key}
      data-walked={walked?.has(key) === true}
      data-near={selected !== null && (edge.from === selected || edge.to === selected)}
    >
      <path
        d={pathOf(edge.points)}
        stroke-width={edgeCounts === undefined ? 1.5 : 1.25 + 3.5 * (count / most)}
        marker-end="url(#arrow)"
      />
      {at !== undefined && (text !== '' || count > 0) && (
        <text
          x={edge.isStub && end !== undefined ? end.x + 4 : at.x}
          y={at.y}
          text-anchor={edge.isStub ? 'start' : 'middle'}
          dominant-baseline="central"
        >
          {text}
          {count > 0 && (
            <tspan class="count">
              {text === '' ? '' : ' · '}
              {count}
            </tspan>
          )}
        </text>
      )}
    </g>
  );
}

interface NodeProps {
  readonly node: DrawnNode;
  readonly marks: NodeMarks;
  readonly isSelected: boolean;
  readonly isStop: boolean;
  readonly onSelect: () => void;
}

function Node({ node, marks, isSelected, isStop, onSelect }: NodeProps) {
  const words = FLOW_WORDS[language.value];
  const { x, y, width, height } = node;
  const lines = [node.id, words.kinds[node.kind] ?? node.kind, ...(node.label === '' ? [] : [node.label])];
  const top = y - ((lines.length - 1) * 16) / 2;
  const said = [
    ...lines,
    ...(marks.now === undefined ? [] : [`${words.now} ${marks.now}`]),
    ...(marks.entered === undefined ? [] : [`${words.entered} ${marks.entered}`]),
    ...(marks.gaveUp === undefined ? [] : [`${words.gaveUp} ${marks.gaveUp}`]),
  ].join(', ');
  return (
    // biome-ignore lint/a11y/useSemanticElements: there is no button in a drawing
    <g
      class="node"
      role="button"
      tabindex={isStop ? 0 : -1}
      aria-label={said}
      aria-pressed={isSelected}
      data-node={node.id}
      data-kind={node.kind}
      data-heat={marks.heat ?? 0}
      data-warned={marks.isWarned === true}
      data-start={node.isStart}
      data-end={node.isEnd}
      onClick={onSelect}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onSelect();
      }}
    >
      <rect class="box" x={x - width / 2} y={y - height / 2} width={width} height={height} rx={node.isStart ? 22 : 9} />
      {lines.map((line, at) => (
        <text
          key={at}
          class={at === 0 ? 'id' : at === 1 ? 'kind' : 'label'}
          x={x}
          y={top + at * 16}
          text-anchor="middle"
          dominant-baseline="central"
        >
          {line}
        </text>
      ))}
      {(marks.entered ?? 0) > 0 && (
        <Badge kind="entered" text={String(marks.entered)} x={x - width / 2 + 6} y={y + height / 2 + 6} from="left" />
      )}
      {(marks.gaveUp ?? 0) > 0 && (
        <Badge kind="gave-up" text={`✕ ${marks.gaveUp}`} x={x + width / 2 - 6} y={y + height / 2 + 6} from="right" />
      )}
      {(marks.now ?? 0) > 0 && (
        <Badge kind="now" text={`● ${marks.now}`} x={x + width / 2 - 6} y={y - height / 2 - 4} from="right" />
      )}
    </g>
  );
}

/** A small figure on the rim of a node. */
function Badge({ kind, text, x, y, from }: { kind: string; text: string; x: number; y: number; from: 'left' | 'right' }) {
  const width = text.length * 8 + 12;
  const left = from === 'left' ? x : x - width;
  return (
    <g class="badge" data-badge={kind}>
      <rect x={left} y={y - 10} width={width} height={20} rx={10} />
      <text x={left + width / 2} y={y} text-anchor="middle" dominant-baseline="central">
        {text}
      </text>
    </g>
  );
}
