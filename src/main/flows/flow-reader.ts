import { flowVersion } from '../../adapters/files/flow-files.js';
import type { FlowId } from '../../base/ids.js';
import { type Refusal, type Result, refuse } from '../../base/result.js';
import type { Ms } from '../../base/time.js';
import { differenceOf, type FlowText } from '../../flow/difference.js';
import type { KnownNames } from '../../flow/parse-flow.js';
import type { CheckedFlow } from '../../flow/program.js';
import type {
  FlowCheckView,
  FlowDetail,
  FlowDiffView,
  FlowVersionView,
  FlowView,
  FlowWalkView,
  RefusedFileView,
} from '../../flow/views.js';
import type { FlowDayView, Ledger } from '../../service-level/views.js';
import type { CheckThread } from './check-thread.js';
import type { FlowShelf } from './flow-shelf.js';
import { dayOf, walkOf } from './walks.js';

export interface FlowReaderParts {
  readonly known: KnownNames;
  /** Number dialled -> flow. */
  readonly numbers: Readonly<Record<string, FlowId>>;
  /** The site's first language. */
  readonly language: string;
  readonly timeZone: string;
  readonly ledger: Pick<Ledger, 'seq' | 'flowDay' | 'factsOf'>;
  readonly nowMs: () => Ms;
  readonly thread: CheckThread;
  /** Null: a new version can be written; else why not. */
  readonly whyReadOnly: () => Promise<string | null>;
}

/** What people are shown of flows. Changes nothing. */
export class FlowReader {
  constructor(
    private readonly shelf: FlowShelf,
    private readonly parts: FlowReaderParts,
  ) {}

  list(): readonly FlowView[] {
    return this.shelf.library.liveFlows().map((flow) => this.#view(flow));
  }

  refusedFiles(): readonly RefusedFileView[] {
    return Array.from(this.shelf.refused.values(), ({ file, flowId, atMs, findings }) => ({ file, flowId, atMs, findings }));
  }

  async detail(flowId: string, version: string | null, language: string | null): Promise<FlowDetail | null> {
    const { shelf, parts } = this;
    const live = shelf.library.live(flowId);
    const flow = live && (await this.#version(live, version ?? live.version));
    const text = flow && (await shelf.textOf(flow));
    if (live === null || flow === null || text === null) return null;
    const drawing = await parts.thread.draw({ text, version: flow.version, language: language ?? parts.language });
    if (drawing === null) return null;
    const { findings } = flow === live ? { findings: live.warnings } : await this.check(text, flowId, language);
    return { ...this.#view(flow), text, findings, drawing, readOnly: await parts.whyReadOnly() };
  }

  versions(flowId: string): readonly FlowVersionView[] | null {
    const live = this.shelf.library.live(flowId);
    if (live === null) return null;
    const calls = this.#callsByVersion(flowId);
    const seen = new Set<string>();
    return this.shelf.history.of(live.flowId).map(({ version, atMs, by, source, note }) => {
      const isLatest = !seen.has(version);
      seen.add(version);
      const callsNow = isLatest ? (calls.get(version) ?? 0) : 0;
      return { version, atMs, by, source, note, live: isLatest && version === live.version, callsNow };
    });
  }

  async difference(flowId: string, a: string, b: string): Promise<Result<FlowDiffView, Refusal>> {
    const live = this.shelf.library.live(flowId);
    if (live === null) return noSuchFlow(flowId);
    const [before, after] = [await this.#flowText(live, a), await this.#flowText(live, b)];
    if (before === null || after === null) return noSuchVersion(flowId, before === null ? a : b);
    return { ok: true, value: differenceOf(before, after) };
  }

  day(flowId: string, day: string): FlowDayView | null {
    const { ledger, nowMs, timeZone } = this.parts;
    const live = this.shelf.library.live(flowId);
    return live && dayOf(ledger, live.flowId, day, timeZone, nowMs());
  }

  walk(callId: string): FlowWalkView | null {
    return walkOf(callId, this.parts.ledger.factsOf(callId));
  }

  check(text: string, flowId: string | null, language: string | null): Promise<FlowCheckView> {
    const { shelf, parts } = this;
    const request = {
      text,
      file: shelf.fileOf(flowId ?? ''),
      known: shelf.known(parts.known, flowId),
      flowId,
      language: language ?? parts.language,
    };
    return parts.thread.check(request, flowVersion(text));
  }

  #view(flow: CheckedFlow): FlowView {
    const { flowId, version, title, warnings } = flow;
    const { shelf, parts } = this;
    const entry = shelf.history.entryOf(flowId, version);
    const refused = shelf.refused.get(shelf.fileOf(flowId));
    return {
      flowId,
      title,
      version,
      publishedAtMs: entry?.atMs ?? null,
      publishedBy: entry?.by ?? null,
      numbers: Object.keys(parts.numbers).filter((number) => parts.numbers[number] === flowId),
      warnings: warnings.length,
      refused: refused ? { atMs: refused.atMs, by: refused.by, findings: refused.findings } : null,
    };
  }

  /** Only what has been live has a version; the name that a request gives is looked for there. */
  async #version(live: CheckedFlow, version: string): Promise<CheckedFlow | null> {
    const { library, history } = this.shelf;
    if (version === live.version) return live;
    if (!history.of(live.flowId).some((entry) => entry.version === version)) return null;
    const known = library.version(live.flowId, version);
    if (known) return known;
    const text = await history.text(live.flowId, version);
    return text === null ? null : this.parts.thread.past(text, version);
  }

  async #flowText(live: CheckedFlow, version: string): Promise<FlowText | null> {
    const flow = await this.#version(live, version);
    const text = flow && (await this.shelf.textOf(flow));
    return flow && text !== null ? { flow, text } : null;
  }

  #callsByVersion(flowId: string): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { flow } of this.shelf.calls()) {
      const all = flow ? [flow, ...flow.stack] : [];
      const versions = new Set(all.filter((each) => each.flowId === flowId).map(({ version }) => version));
      for (const version of versions) counts.set(version, (counts.get(version) ?? 0) + 1);
    }
    return counts;
  }
}

export const noSuchFlow = (flowId: string): Result<never, Refusal> => refuse('no-such-flow', `There is no flow "${flowId}".`);
export const noSuchVersion = (flowId: string, version: string): Result<never, Refusal> =>
  refuse('no-such-version', `The flow "${flowId}" has no version "${version}" here.`);
