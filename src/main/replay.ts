import { setImmediate } from 'node:timers/promises';
import type { Fact } from '../base/facts.js';
import { HOUR, type Ms } from '../base/time.js';
import type { ReplayReading } from '../http/deps.js';
import type { StateStore } from '../ports/state-store.js';
import type { CountingLedger } from '../service-level/ledger.js';
import { diffBoards } from '../service-level/live-frames.js';
import type { ReplayFrame } from '../service-level/replay-frames.js';
import type { Board } from '../service-level/views.js';

/** Small pages: folding one holds the calls of now up for some milliseconds only. */
const PAGE = 1_000;
/** So long before the day its shifts began; who signed in earlier is seen from the next change on. */
const SHIFT_MS: Ms = 12 * HOUR;

export interface ReplayParts {
  readonly store: Pick<StateStore, 'facts' | 'seqBefore'>;
  readonly newLedger: () => CountingLedger;
  readonly dayStartMs: (atMs: Ms) => Ms;
}

/** Folds the facts from before the day of `fromMs` anew, and tells the boards from `fromMs` to `toMs`, every `stepMs`. Memory: one ledger and one page. */
export function replaying({ store, newLedger, dayStartMs }: ReplayParts): ReplayReading {
  async function* factsFrom(atMs: Ms, signal: AbortSignal): AsyncGenerator<Fact> {
    let after = await store.seqBefore(atMs);
    for (let page = await store.facts(after, PAGE); page.length > 0; page = await store.facts(after, PAGE)) {
      signal.throwIfAborted();
      yield* page;
      after = (page.at(-1) as Fact).seq;
      await setImmediate();
    }
  }
  async function* frames(
    { fromMs, toMs }: { fromMs: Ms; toMs: Ms },
    stepMs: Ms,
    signal: AbortSignal,
  ): AsyncGenerator<ReplayFrame, void> {
    const ledger = newLedger();
    let atMs = fromMs;
    let shown: Board | null = null;
    const frameNow = (): ReplayFrame | null => {
      const board = ledger.board(atMs);
      const frame: ReplayFrame | null =
        shown === null ? { type: 'begin', fromMs, toMs, stepMs, board } : withType(diffBoards(shown, board));
      if (frame !== null) shown = board;
      return frame;
    };
    let last = 0;
    for await (const fact of factsFrom(dayStartMs(fromMs) - SHIFT_MS, signal)) {
      for (; fact.atMs > atMs && atMs <= toMs; atMs += stepMs) {
        const frame = frameNow();
        if (frame !== null) yield frame;
        signal.throwIfAborted();
        await setImmediate();
      }
      if (atMs > toMs) break;
      if (last !== 0 && fact.seq > last + 1) {
        // A store that was emptied between: what lies behind the hole would be counted wrong.
        yield { type: 'end', atMs, isCut: true };
        return;
      }
      ledger.add(fact);
      last = fact.seq;
    }
    for (; atMs <= toMs; atMs += stepMs) {
      const frame = frameNow();
      if (frame !== null) yield frame;
      signal.throwIfAborted();
      await setImmediate();
    }
    yield { type: 'end', atMs: toMs, isCut: false };
  }
  return { frames };
}

const withType = (delta: ReturnType<typeof diffBoards>): ReplayFrame | null =>
  delta === null ? null : { type: 'delta', ...delta };
