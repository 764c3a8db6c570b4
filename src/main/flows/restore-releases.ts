import { z } from 'zod';
import { asId, type FlowId } from '../../base/ids.js';
import { type LiveSet, versionsOf, type WalkingCall } from '../../call/flow-library.js';
import type { CheckedFlow } from '../../flow/program.js';
import type { Log } from '../../ports/log.js';
import type { FlowHistory } from './flow-history.js';
import { pastFlow } from './text-checks.js';

export type CallInFlow = WalkingCall;

const place = z.object({ flowId: z.string(), version: z.string() });
const storedCall = z.object({
  life: z.object({
    flow: place.extend({ stack: z.array(place.extend({ node: z.string() })) }).nullable(),
    release: z.int().min(0).optional(),
  }),
});

/** Where the calls that were left behind stand in their flows. One that cannot be read is told by whoever restores it, and left out here. */
export function callsInFlows(stored: Iterable<string>): CallInFlow[] {
  return Array.from(stored).flatMap((json): CallInFlow[] => {
    try {
      const { flow, release } = storedCall.parse(JSON.parse(json)).life;
      const ids = (at: z.output<typeof place>) => ({ ...at, flowId: asId<FlowId>(at.flowId) });
      const where = flow && { ...ids(flow), stack: flow.stack.map((frame) => ({ ...ids(frame), node: frame.node })) };
      return [{ flow: where, ...(release !== undefined && { release }) }];
    } catch {
      return [];
    }
  });
}

export interface RestoredReleases {
  /** Number of what is live now. */
  readonly release: number;
  /** Older versions that calls are in, or may come to. */
  readonly flows: readonly CheckedFlow[];
  readonly releases: ReadonlyArray<readonly [number, LiveSet]>;
  /** `flow@version` -> text, of those. */
  readonly texts: ReadonlyMap<string, string>;
}

/** What the calls of before need of the archive. A version that it does not have is told; its calls go on in the live one. */
export async function restoreReleases(
  live: LiveSet,
  calls: readonly CallInFlow[],
  history: FlowHistory,
  log: Log,
): Promise<RestoredReleases> {
  const latest = history.latestRelease();
  const isSame =
    latest !== null &&
    latest.flows.size === live.size &&
    [...live].every(([id, version]) => latest.flows.get(id)?.version === version);
  const begun = new Set(calls.flatMap(({ release }) => release ?? []));
  const release = isSame ? latest.release : Math.max(0, latest?.release ?? 0, ...begun) + 1;
  const releases = history.releases
    .filter((each) => begun.has(each.release))
    .map(({ release: number, flows }): [number, LiveSet] => [
      number,
      new Map(Array.from(flows, ([flowId, { version }]) => [flowId, version])),
    ]);
  const needed = new Set([
    ...calls.flatMap(versionsOf),
    ...releases.flatMap(([, set]) => Array.from(set, ([flowId, version]) => `${flowId}@${version}`)),
  ]);
  for (const [flowId, version] of live) needed.delete(`${flowId}@${version}`);
  const flows: CheckedFlow[] = [];
  const texts = new Map<string, string>();
  for (const key of needed) {
    const [flowId = '', version = ''] = key.split('@');
    const text = await history.text(asId<FlowId>(flowId), version);
    const flow = text === null ? null : pastFlow(text, version);
    if (text !== null && flow?.flowId === flowId) {
      flows.push(flow);
      texts.set(key, text);
    } else
      log.error(
        { flowId, version },
        'calls are in a version of a flow that the archive does not have; they go on in the live one',
      );
  }
  return { release, flows, releases, texts };
}
