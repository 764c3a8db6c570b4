import type { Ms } from '../../base/time.js';
import type { FlowWalkView } from '../../flow/views.js';
import { edgeKey } from './graph-view.js';

/** A walk as a stretch of time that can be played. Pure. */

export const SPEEDS = [1, 2, 5, 10, 30, 60] as const;

type Step = FlowWalkView['steps'][number];

/** From the first step to the end of the call; of a call in progress to `nowMs`. */
export function spanOf(walk: FlowWalkView, nowMs: Ms): { fromMs: Ms; toMs: Ms } {
  const fromMs = walk.steps[0]?.atMs ?? 0;
  const last = walk.steps.at(-1)?.atMs ?? 0;
  return { fromMs, toMs: Math.max(last, walk.endedAtMs ?? nowMs, fromMs + 1) };
}

/** Index of the step at which the call stood at `atMs`; the first one before it began, -1 without steps. */
export function stepAt(steps: readonly Step[], atMs: Ms): number {
  let found = Math.min(0, steps.length - 1);
  steps.forEach((step, at) => {
    if (step.atMs <= atMs) found = at;
  });
  return found;
}

/** Ways walked up to and with step `at`, of the flow in which that step is. */
export function walkedUntil(steps: readonly Step[], at: number): Set<string> {
  const made = new Set<string>();
  const here = steps[at];
  for (let next = 1; next <= at; next++) {
    const [before, after] = [steps[next - 1], steps[next]] as [Step, Step];
    if (before.flowId === here?.flowId && after.flowId === here.flowId) made.add(edgeKey(before.node, after.node));
  }
  return made;
}
