import type { CallOutcome, Fact, FactOf } from '../base/facts.js';
import type { CallId, FlowId } from '../base/ids.js';
import { MINUTE, type Ms } from '../base/time.js';
import { share } from './formulas.js';
import type { FlowDayView } from './views.js';

export interface FlowFoldOptions {
  /** Name of the site's day that a moment lies in. Pure; days begin at whole minutes. */
  readonly dayName: (atMs: Ms) => string;
  /** Days that are remembered; 8 unless told: today and a week. */
  readonly days?: number;
}

/** Different paths that are told apart in a flow and day; what comes beyond is counted together. */
const PATHS = 500;
const PATHS_SHOWN = 20;
/** A caller who walks in circles makes one path of this length. */
const PATH_LENGTH = 60;
const NODES = 2_000;
const EDGES = 5_000;
const FLOWS_PER_DAY = 500;
/** A call whose end is never told must not stay for ever: beyond this the oldest is given up as `other`. */
const CALLS = 50_000;

/** `left`: in another flow now, and may come back; counted under `other` meanwhile. */
type Standing = 'in' | 'left' | 'contained' | 'gaveUp' | 'toQueue' | 'other';
type Ending = Exclude<Standing, 'in' | 'left'>;

interface NodeCount {
  entered: number;
  now: number;
  gaveUp: number;
  sumStayMs: Ms;
}

interface EdgeCount {
  readonly from: string;
  readonly to: string;
  count: number;
}

interface PathCount {
  readonly nodes: readonly string[];
  readonly outcome: Ending;
  count: number;
}

interface DayCount {
  readonly standing: Record<Standing, number>;
  readonly nodes: Map<string, NodeCount>;
  readonly edges: Map<string, EdgeCount>;
  readonly paths: Map<string, PathCount>;
  otherPaths: number;
}

/** One call in one flow, on the day on which it entered it. */
interface Stay {
  readonly flowId: FlowId;
  readonly day: DayCount;
  standing: Standing;
  /** The last node entered. */
  node: string | null;
  /** Since when the caller stands at `node`; null: not there any more. */
  sinceMs: Ms | null;
  readonly path: string[];
}

interface Walker {
  readonly stays: Map<FlowId, Stay>;
  current: Stay | null;
}

/**
 * What callers did in each flow, day by day. A call counts once in each flow that it enters, on the day on which it first entered it, also when
 * a sub-flow leads back there. Law: entered = contained + gaveUp + toQueue + other + now. Who has reached a queue stays counted under
 * `toQueue`, whatever comes after; who waits in a queue still stands at its node, until an agent answers.
 */
export class FlowFold {
  readonly #dayName: (atMs: Ms) => string;
  readonly #daysKept: number;
  /** Day -> flow -> counts, in the order in which the days began. */
  readonly #days = new Map<string, Map<FlowId, DayCount>>();
  readonly #calls = new Map<CallId, Walker>();
  #minute: { readonly number: number; readonly day: string } | null = null;

  constructor({ dayName, days = 8 }: FlowFoldOptions) {
    this.#dayName = dayName;
    this.#daysKept = days;
  }

  add(fact: Fact): void {
    switch (fact.kind) {
      case 'flowEntered':
        this.#enterFlow(fact);
        return;
      case 'nodeEntered':
        this.#enterNode(fact);
        return;
      case 'callQueued':
        this.#settle(this.#calls.get(fact.callId)?.current, 'toQueue');
        return;
      case 'callTransferred':
        if (fact.result === 'talked') this.#settle(this.#calls.get(fact.callId)?.current, 'other');
        return;
      case 'callAnswered':
        leaveNode(this.#calls.get(fact.callId)?.current, fact.atMs);
        return;
      case 'callEnded':
        this.#end(fact.callId, fact.atMs, endingOf(fact.outcome));
        return;
      default:
        return;
    }
  }

  /** Null: nobody has entered the flow on that day, or the day is forgotten. */
  view(flowId: string, day: string, seq: number): FlowDayView | null {
    const count = this.#days.get(day)?.get(flowId as FlowId);
    return count === undefined ? null : viewOf(count, flowId as FlowId, day, seq);
  }

  #enterFlow(fact: FactOf<'flowEntered'>): void {
    const walker = this.#walker(fact.callId, fact.atMs);
    const before = walker.current;
    const stay = walker.stays.get(fact.flowId) ?? this.#open(walker, fact.flowId, fact.atMs);
    if (before === stay) return;
    if (before) {
      leaveNode(before, fact.atMs);
      if (before.standing === 'in') stand(before, 'left');
    }
    if (stay.standing === 'left') stand(stay, 'in');
    walker.current = stay;
  }

  #walker(callId: CallId, atMs: Ms): Walker {
    const known = this.#calls.get(callId);
    if (known) return known;
    if (this.#calls.size >= CALLS) this.#end(this.#calls.keys().next().value as CallId, atMs, 'other');
    const walker: Walker = { stays: new Map(), current: null };
    this.#calls.set(callId, walker);
    return walker;
  }

  #open(walker: Walker, flowId: FlowId, atMs: Ms): Stay {
    const day = this.#dayOf(flowId, atMs);
    const stay: Stay = { flowId, day, standing: 'in', node: null, sinceMs: null, path: [] };
    day.standing.in++;
    walker.stays.set(flowId, stay);
    return stay;
  }

  #enterNode(fact: FactOf<'nodeEntered'>): void {
    const stay = this.#calls.get(fact.callId)?.current;
    if (!stay || stay.flowId !== fact.flowId) return;
    leaveNode(stay, fact.atMs);
    const { day, node: from } = stay;
    const node = nodeOf(day, fact.node);
    if (node) {
      node.entered++;
      node.now++;
    }
    if (from !== null) countEdge(day, from, fact.node);
    if (!isSettled(stay) && stay.path.length < PATH_LENGTH) stay.path.push(fact.node);
    stay.node = fact.node;
    stay.sinceMs = fact.atMs;
  }

  #settle(stay: Stay | null | undefined, ending: Ending): void {
    if (!stay || isSettled(stay)) return;
    stand(stay, ending);
    countPath(stay.day, stay.path, ending);
  }

  #end(callId: CallId, atMs: Ms, ending: Ending): void {
    const walker = this.#calls.get(callId);
    if (!walker) return;
    const { current } = walker;
    if (current?.standing === 'in' && ending === 'gaveUp' && current.node !== null) {
      const node = current.day.nodes.get(current.node);
      if (node) node.gaveUp++;
    }
    leaveNode(current, atMs);
    for (const stay of walker.stays.values()) this.#settle(stay, stay === current ? ending : 'other');
    this.#calls.delete(callId);
  }

  #dayOf(flowId: FlowId, atMs: Ms): DayCount {
    const number = Math.floor(atMs / MINUTE);
    if (this.#minute?.number !== number) this.#minute = { number, day: this.#dayName(atMs) };
    const name = this.#minute.day;
    let flows = this.#days.get(name);
    if (!flows) {
      flows = new Map();
      this.#days.set(name, flows);
      if (this.#days.size > this.#daysKept) this.#days.delete(this.#days.keys().next().value as string);
    }
    const known = flows.get(flowId);
    if (known) return known;
    const made: DayCount = {
      standing: { in: 0, left: 0, contained: 0, gaveUp: 0, toQueue: 0, other: 0 },
      nodes: new Map(),
      edges: new Map(),
      paths: new Map(),
      otherPaths: 0,
    };
    if (flows.size < FLOWS_PER_DAY) flows.set(flowId, made);
    return made;
  }
}

const isSettled = ({ standing }: Stay): boolean => standing !== 'in' && standing !== 'left';

function stand(stay: Stay, standing: Standing): void {
  stay.day.standing[stay.standing]--;
  stay.day.standing[standing]++;
  stay.standing = standing;
}

function leaveNode(stay: Stay | null | undefined, atMs: Ms): void {
  if (!stay || stay.node === null || stay.sinceMs === null) return;
  const node = stay.day.nodes.get(stay.node);
  if (node) {
    node.now--;
    node.sumStayMs += atMs - stay.sinceMs;
  }
  stay.sinceMs = null;
}

function nodeOf(day: DayCount, name: string): NodeCount | null {
  const known = day.nodes.get(name);
  if (known) return known;
  if (day.nodes.size >= NODES) return null;
  const made: NodeCount = { entered: 0, now: 0, gaveUp: 0, sumStayMs: 0 };
  day.nodes.set(name, made);
  return made;
}

function countEdge(day: DayCount, from: string, to: string): void {
  const key = JSON.stringify([from, to]);
  const known = day.edges.get(key);
  if (known) known.count++;
  else if (day.edges.size < EDGES) day.edges.set(key, { from, to, count: 1 });
}

function countPath(day: DayCount, nodes: readonly string[], outcome: Ending): void {
  const key = JSON.stringify([outcome, ...nodes]);
  const known = day.paths.get(key);
  if (known) known.count++;
  else if (day.paths.size < PATHS) day.paths.set(key, { nodes: [...nodes], outcome, count: 1 });
  else day.otherPaths++;
}

function endingOf(outcome: CallOutcome): Ending {
  if (outcome === 'contained') return 'contained';
  return outcome === 'abandonedInFlow' ? 'gaveUp' : 'other';
}

function viewOf(day: DayCount, flowId: FlowId, name: string, seq: number): FlowDayView {
  const { in: now, left, contained, gaveUp, toQueue } = day.standing;
  const other = day.standing.other + left;
  const over = contained + gaveUp + toQueue + other;
  const byCount = (a: { count: number }, b: { count: number }): number => b.count - a.count;
  const paths = [...day.paths.values()].sort(byCount);
  const shown = paths.slice(0, PATHS_SHOWN);
  return {
    flowId,
    day: name,
    seq,
    entered: over + now,
    contained,
    gaveUp,
    toQueue,
    other,
    now,
    containment: share(contained, over),
    nodes: [...day.nodes].map(([node, count]) => ({ node, ...count })),
    edges: [...day.edges.values()].map((edge) => ({ ...edge })),
    paths: shown.map(({ nodes, count, outcome }) => ({ nodes, count, outcome })),
    otherPaths: paths.slice(PATHS_SHOWN).reduce((sum, { count }) => sum + count, day.otherPaths),
  };
}

/** A day on which nobody has entered the flow. */
export const emptyFlowDay = (flowId: FlowId, day: string, seq: number): FlowDayView => ({
  flowId,
  day,
  seq,
  entered: 0,
  contained: 0,
  gaveUp: 0,
  toQueue: 0,
  other: 0,
  now: 0,
  containment: share(0, 0),
  nodes: [],
  edges: [],
  paths: [],
  otherPaths: 0,
});
