import { flowVersion } from '../../adapters/files/flow-files.js';
import type { FlowId } from '../../base/ids.js';
import type { Ms } from '../../base/time.js';
import type { FlowLibrary } from '../../call/flow-library.js';
import type { Finding } from '../../flow/finding.js';
import type { KnownNames } from '../../flow/parse-flow.js';
import type { CheckedFlow } from '../../flow/program.js';
import type { RefusedFileView } from '../../flow/views.js';
import type { FlowHistory } from './flow-history.js';
import type { CallInFlow } from './restore-releases.js';
import type { FlowTextSet, Settled } from './settle-changes.js';

export interface Refused extends RefusedFileView {
  readonly by: string;
  /** What was refused; null: the file cannot be read, or was deleted. */
  readonly text: string | null;
}

/** What lies on the desk of flows: the files as they are live, what was refused, and the library that calls use. */
export class FlowShelf {
  library: FlowLibrary;
  /** The live text of each file. */
  texts: FlowTextSet;
  #refused = new Map<string, Refused>();
  #calls: () => Iterable<CallInFlow> = () => [];

  constructor(
    library: FlowLibrary,
    texts: FlowTextSet,
    readonly history: FlowHistory,
  ) {
    this.library = library;
    this.texts = texts;
  }

  get refused(): ReadonlyMap<string, Refused> {
    return this.#refused;
  }

  mended(file: string): void {
    this.#refused.delete(file);
  }

  /** Keeps what is refused now in place of what was before, and gives what is new of it. */
  noteRefused(
    refused: Settled['refused'],
    texts: FlowTextSet,
    unreadable: ReadonlyMap<string, readonly Finding[]>,
    atMs: Ms,
  ): readonly Refused[] {
    const before = this.#refused;
    const flowOf = new Map(Array.from(this.#homes(), ([flowId, file]) => [file, flowId]));
    const entries = Array.from(new Map([...refused, ...unreadable]), ([file, findings]): [string, Refused] => {
      const text = texts.get(file) ?? null;
      const known = before.get(file);
      if (known && known.text === text) return [file, { ...known, findings }];
      return [file, { file, flowId: flowOf.get(file) ?? null, atMs, by: 'file', findings, text }];
    });
    this.#refused = new Map(entries);
    return entries.flatMap(([file, entry]) => (before.get(file)?.atMs === entry.atMs ? [] : [entry]));
  }

  /** Never made of what a request names: a flow that is not live has no file, and gets a name that is only for findings. */
  fileOf(flowId: string): string {
    return this.#homes().get(flowId as FlowId) ?? 'flow.yaml';
  }

  /** What a text may name that is to be the flow `flowId`; null: a flow of its own. */
  known(names: KnownNames, flowId: string | null): KnownNames {
    const others = this.library.liveFlows().filter((flow) => flow.flowId !== flowId);
    const flowShapes = new Map(others.map((flow) => [flow.flowId as string, flow.shape]));
    return { ...names, flows: others.map((flow) => flow.flowId), flowShapes };
  }

  async textOf({ flowId, version }: CheckedFlow): Promise<string | null> {
    const text = this.texts.get(this.fileOf(flowId));
    return text !== undefined && flowVersion(text) === version ? text : this.history.text(flowId, version);
  }

  /** From now on these are the calls in progress. */
  follow(calls: () => Iterable<CallInFlow>): void {
    this.#calls = calls;
  }

  calls(): Iterable<CallInFlow> {
    return this.#calls();
  }

  /** Flow -> file that it lives in. */
  #homes(): ReadonlyMap<FlowId, string> {
    const byVersion = new Map(Array.from(this.texts, ([file, text]) => [flowVersion(text), file]));
    return new Map(
      this.library.liveFlows().flatMap(({ flowId, version }): [FlowId, string][] => {
        const file = byVersion.get(version);
        return file === undefined ? [] : [[flowId, file]];
      }),
    );
  }
}
