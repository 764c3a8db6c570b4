import type { FlowId } from '../base/ids.js';
import type { FlowState } from '../flow/contract.js';
import type { CheckedFlow } from '../flow/program.js';
import type { HotlineConfig } from './state.js';

/** Flow -> version that is (or was) live. */
export type LiveSet = ReadonlyMap<FlowId, string>;

/** What of a call tells which versions it still needs. */
export interface WalkingCall {
  readonly flow: Pick<FlowState, 'flowId' | 'version' | 'stack'> | null;
  readonly release?: number;
}

interface Contents {
  readonly release: number;
  readonly live: LiveSet;
  readonly versions: ReadonlyMap<string, CheckedFlow>;
  readonly releases: ReadonlyMap<number, LiveSet>;
}

/**
 * The flows that calls may be in: which version of each is live, the older ones that calls still walk, and the releases (numbered sets of live
 * versions) that they began with. Frozen: every change is a new library, so that an event that carries one means the same for ever.
 */
export class FlowLibrary {
  readonly #contents: Contents;

  private constructor(contents: Contents) {
    this.#contents = contents;
  }

  /** `release` is the number of this set. */
  static of(flows: Iterable<CheckedFlow>, release = 1): FlowLibrary {
    const all = [...flows];
    const live: LiveSet = new Map(all.map(({ flowId, version }) => [flowId, version]));
    const versions = new Map(all.map((flow) => [keyOf(flow.flowId, flow.version), flow]));
    return new FlowLibrary({ release, live, versions, releases: new Map([[release, live]]) });
  }

  get release(): number {
    return this.#contents.release;
  }

  get liveSet(): LiveSet {
    return this.#contents.live;
  }

  /** Numbers of the releases that are remembered, rising. */
  get releases(): readonly number[] {
    return [...this.#contents.releases.keys()].sort((a, b) => a - b);
  }

  live(flowId: string): CheckedFlow | null {
    const version = this.#contents.live.get(flowId as FlowId);
    return version === undefined ? null : this.version(flowId, version);
  }

  liveFlows(): CheckedFlow[] {
    return [...this.#contents.live].map(([flowId, version]) => this.version(flowId, version) as CheckedFlow);
  }

  version(flowId: string, version: string): CheckedFlow | null {
    return this.#contents.versions.get(keyOf(flowId, version)) ?? null;
  }

  /** All versions in memory. */
  versions(): readonly CheckedFlow[] {
    return [...this.#contents.versions.values()];
  }

  /** These are live from now on, and no others: the next release. The same library when nothing differs. */
  publish(flows: Iterable<CheckedFlow>): FlowLibrary {
    const next = FlowLibrary.of(flows, this.release + 1).#contents;
    if (sameSet(next.live, this.#contents.live)) return this;
    return new FlowLibrary({
      ...next,
      versions: new Map([...this.#contents.versions, ...next.versions]),
      releases: new Map([...this.#contents.releases, ...next.releases]),
    });
  }

  /** Takes in what was live before: versions that calls are still in, and the releases that they began with. */
  remember(flows: Iterable<CheckedFlow>, releases: Iterable<readonly [number, LiveSet]>): FlowLibrary {
    const { live } = this.#contents;
    const versions = new Map(this.#contents.versions);
    for (const flow of flows) versions.set(keyOf(flow.flowId, flow.version), flow);
    const known = new Map([...releases, ...this.#contents.releases]);
    return new FlowLibrary({ release: this.release, live, versions, releases: known });
  }

  /** Forgets releases and versions that none of these calls can come to and that are not live. The same library when there are none. */
  forgetUnused(calls: Iterable<WalkingCall>): FlowLibrary {
    const { release, live } = this.#contents;
    const begun = new Set([release]);
    const needed = new Set([...live].map(([flowId, version]) => keyOf(flowId, version)));
    for (const call of calls) {
      if (call.release !== undefined) begun.add(call.release);
      for (const key of versionsOf(call)) needed.add(key);
    }
    const releases = new Map([...this.#contents.releases].filter(([number]) => begun.has(number)));
    for (const set of releases.values()) for (const [flowId, version] of set) needed.add(keyOf(flowId, version));
    const versions = new Map([...this.#contents.versions].filter(([key]) => needed.has(key)));
    if (releases.size === this.#contents.releases.size && versions.size === this.#contents.versions.size) return this;
    return new FlowLibrary({ release, live, versions, releases });
  }

  /** What the calls are told. */
  forCalls(): Required<Pick<HotlineConfig, 'flow' | 'release' | 'flowInRelease'>> {
    return {
      release: this.release,
      flow: (flowId, version) => (version === null ? this.live(flowId) : this.version(flowId, version)),
      flowInRelease: (flowId, release) => {
        const version = this.#contents.releases.get(release)?.get(flowId);
        return (version === undefined ? null : this.version(flowId, version)) ?? this.live(flowId);
      },
    };
  }
}

/** `flow@version` of everything that a call stands in or returns to. */
export function versionsOf({ flow }: WalkingCall): string[] {
  return flow === null ? [] : [flow, ...flow.stack].map(({ flowId, version }) => keyOf(flowId, version));
}

const keyOf = (flowId: string, version: string): string => `${flowId}@${version}`;

const sameSet = (a: LiveSet, b: LiveSet): boolean =>
  a.size === b.size && [...a].every(([flowId, version]) => b.get(flowId) === version);
