import type { ReadonlySignal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Board } from '../service-level/views.js';
import * as live from './live.js';

/** What the pieces of a wall are drawn of: the live feed, or a moment of the past. */
export interface Scene {
  readonly board: ReadonlySignal<Board | null>;
  /** The moment that waits are counted to. */
  readonly nowMs: ReadonlySignal<number>;
  /** Whether a figure leads to its calls: not on a wall that nobody touches, and not in the past. */
  readonly isLinked: boolean;
}

export const SceneContext = createContext<Scene>({ board: live.board, nowMs: live.nowMs, isLinked: true });
export const useScene = (): Scene => useContext(SceneContext);
