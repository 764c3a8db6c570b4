import type { Ms } from '../base/time.js';
import type { BoardDelta } from './live-frames.js';
import type { Board } from './views.js';

/** A stretch of the past as boards, one line of JSON each: how it began, what changed from step to step, where it ends. */
export type ReplayFrame =
  | { readonly type: 'begin'; readonly fromMs: Ms; readonly toMs: Ms; readonly stepMs: Ms; readonly board: Board }
  | ({ readonly type: 'delta' } & BoardDelta)
  /** `isCut`: more would not have fitted, or facts are missing from there on. */
  | { readonly type: 'end'; readonly atMs: Ms; readonly isCut: boolean };

export const REPLAY_AT_MOST_MS: Ms = 7_200_000;

/** Seconds up to a quarter of an hour, then coarser, so that an hour is a few megabytes and not a hundred. */
export const replayStepMs = (lengthMs: Ms): Ms => (lengthMs <= 900_000 ? 1_000 : lengthMs <= 3_600_000 ? 2_000 : 5_000);
