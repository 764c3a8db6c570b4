import type { Random } from '../../base/random.js';
import type { Ms } from '../../base/time.js';
import { between, chance } from './random-site.js';

/**
 * What will go wrong in one trial, drawn before it begins. Everything stops at `healAtMs`; from then on the house must settle.
 * All times are counted from the start of the trial.
 */
export interface FaultPlan {
  readonly name: string;
  readonly healAtMs: Ms;
  readonly line: LineFaults;
  readonly store: StoreFaults;
  readonly nodes: readonly NodeFault[];
  readonly switchFaults: readonly SwitchFault[];
  /** A second node stands by for the lease all the time. */
  readonly standby: boolean;
  /** How far the wall clocks of later nodes are from the first one's. */
  readonly skewsMs: readonly Ms[];
}

export interface LineFaults {
  /** Shares of events that are lost, said twice, held back, or let past later ones of the same leg. */
  readonly lost: number;
  readonly doubled: number;
  readonly late: number;
  readonly reordered: number;
  readonly latestMs: Ms;
  /** From a command until the switch obeys, at most. */
  readonly commandDelayMs: Ms;
}

export interface StoreFaults {
  /** From a commit until its answer, at most, on a good day. */
  readonly answerMs: Ms;
  readonly spells: readonly StoreSpell[];
}

export interface StoreSpell {
  readonly kind: 'unavailable' | 'answersLost' | 'slow' | 'emptied' | 'olderCopy' | 'gap';
  readonly atMs: Ms;
  readonly forMs: Ms;
}

/**
 * `n` counts the commits or commands of the trial; the node that reaches it dies. No process is back so soon that a command which the
 * old one had under way arrives after it: `backAfterMs` is at least 100.
 */
export type NodeFault =
  | { readonly kind: 'kill'; readonly atMs: Ms; readonly backAfterMs: Ms }
  | {
      readonly kind: 'killAt';
      readonly point: 'beforeCommit' | 'afterCommit' | 'beforeCommand' | 'afterCommand';
      readonly n: number;
      readonly backAfterMs: Ms;
    }
  | { readonly kind: 'freeze'; readonly atMs: Ms; readonly forMs: Ms };

export type SwitchFault =
  | { readonly kind: 'cut'; readonly atMs: Ms; readonly forMs: Ms }
  | { readonly kind: 'crash'; readonly atMs: Ms; readonly forMs: Ms };

const QUIET_LINE: LineFaults = { lost: 0, doubled: 0, late: 0, reordered: 0, latestMs: 0, commandDelayMs: 0 };

/** One in six trials knows no fault at all, one in ten only doubled events; there the strictest demands hold. */
export function drawPlan(random: Random): FaultPlan {
  const healAtMs = between(random, 25_000, 60_000);
  const quiet: FaultPlan = {
    name: 'calm',
    healAtMs,
    line: QUIET_LINE,
    store: { answerMs: 0, spells: [] },
    nodes: [],
    switchFaults: [],
    standby: false,
    skewsMs: [],
  };
  const kind = random.next();
  if (kind < 0.16) return quiet;
  if (kind < 0.26) return { ...quiet, name: 'doubled', line: { ...QUIET_LINE, doubled: 0.3 } };
  const has = {
    line: chance(random, 0.45),
    store: chance(random, 0.45),
    nodes: chance(random, 0.6),
    switch: chance(random, 0.35),
  };
  const name = Object.entries(has)
    .filter(([, is]) => is)
    .map(([part]) => part)
    .join('+');
  return {
    name: name || 'delays',
    healAtMs,
    line: has.line ? drawLine(random.fork('line')) : { ...QUIET_LINE, commandDelayMs: between(random, 0, 30) },
    store: drawStore(random.fork('store'), has.store, healAtMs),
    nodes: has.nodes ? drawNodes(random.fork('nodes'), healAtMs) : [],
    switchFaults: has.switch ? drawSwitch(random.fork('switch'), healAtMs) : [],
    standby: has.nodes && chance(random, 0.4),
    skewsMs: Array.from({ length: 4 }, () => (chance(random, 0.5) ? 0 : between(random, -60_000, 60_000))),
  };
}

function drawLine(random: Random): LineFaults {
  const share = (): number => (chance(random, 0.5) ? random.next() * 0.15 : 0);
  return {
    lost: share(),
    doubled: share(),
    late: share(),
    reordered: share(),
    latestMs: between(random, 5, 2_500),
    commandDelayMs: chance(random, 0.5) ? between(random, 0, 40) : 0,
  };
}

function drawStore(random: Random, faulty: boolean, healAtMs: Ms): StoreFaults {
  const answerMs = chance(random, 0.6) ? between(random, 0, 60) : 0;
  if (!faulty) return { answerMs, spells: [] };
  const kinds = ['unavailable', 'answersLost', 'slow', 'emptied', 'olderCopy', 'gap'] as const;
  const spells = Array.from({ length: between(random, 1, 3) }, () => ({
    kind: kinds[random.below(kinds.length)] as StoreSpell['kind'],
    atMs: random.below(healAtMs),
    forMs: between(random, 50, 8_000),
  }));
  return { answerMs, spells: spells.sort((a, b) => a.atMs - b.atMs) };
}

function drawNodes(random: Random, healAtMs: Ms): NodeFault[] {
  const points = ['beforeCommit', 'afterCommit', 'beforeCommand', 'afterCommand'] as const;
  return Array.from({ length: between(random, 1, 4) }, (): NodeFault => {
    const backAfterMs = chance(random, 0.7) ? between(random, 100, 1_000) : between(random, 1_000, 9_000);
    const kind = random.next();
    if (kind < 0.6)
      return { kind: 'killAt', point: points[random.below(4)] as (typeof points)[number], n: 1 + random.below(150), backAfterMs };
    if (kind < 0.75) return { kind: 'kill', atMs: random.below(healAtMs), backAfterMs };
    return { kind: 'freeze', atMs: random.below(healAtMs), forMs: between(random, 100, 12_000) };
  });
}

function drawSwitch(random: Random, healAtMs: Ms): SwitchFault[] {
  return Array.from({ length: between(random, 1, 3) }, () => ({
    kind: chance(random, 0.7) ? ('cut' as const) : ('crash' as const),
    atMs: random.below(healAtMs),
    forMs: between(random, 1, 5_000),
  }));
}
