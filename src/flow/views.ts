import type { FlowId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
import type { Finding } from './finding.js';

/** What people are shown of flows: the shapes that the API answers with and the pages read. Times are moments. */

/** The drawing of a flow: nodes and ways, placed. Units are those of the SVG's view box. */
export interface FlowDrawing {
  readonly flowId: FlowId;
  readonly version: string;
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly DrawnEdge[];
}

export interface DrawnNode {
  readonly id: string;
  /** Kind of the node (`menu`, `queue` ...). */
  readonly kind: string;
  /** What stands under the id: a queue's name, a prompt's first words. May be empty. */
  readonly label: string;
  /** Line in the file, counted from 1; null for a node that every flow has. */
  readonly line: number | null;
  readonly isStart: boolean;
  /** The walk may end here. */
  readonly isEnd: boolean;
  /** Middle of the box, and its size. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface DrawnEdge {
  readonly from: string;
  readonly to: string;
  /** What leads there: a key, `failed`, `closed`, a condition. Several ways between the same two nodes are one edge: `1, 2`. */
  readonly label: string;
  readonly points: ReadonlyArray<{ readonly x: number; readonly y: number }>;
  readonly labelAt: { readonly x: number; readonly y: number } | null;
  /** The line ends in the open, before words around `labelAt` that say where it leads: `label → to`. */
  readonly isStub: boolean;
}

/** A flow in the list. */
export interface FlowView {
  readonly flowId: FlowId;
  readonly title: Readonly<Record<string, string>>;
  readonly version: string;
  readonly publishedAtMs: Ms | null;
  readonly publishedBy: string | null;
  readonly numbers: readonly string[];
  readonly warnings: number;
  /** A changed file that was refused and waits for a mend; null: none. */
  readonly refused: { readonly atMs: Ms; readonly by: string; readonly findings: readonly Finding[] } | null;
}

/** A file in the folder of flows that is not taken as it stands there. `flowId` null: it is of no live flow. */
export interface RefusedFileView {
  readonly file: string;
  readonly flowId: FlowId | null;
  readonly atMs: Ms;
  readonly findings: readonly Finding[];
}

/** One flow with its text. */
export interface FlowDetail extends FlowView {
  readonly text: string;
  readonly findings: readonly Finding[];
  readonly drawing: FlowDrawing;
  /** Whether a new version can be saved here; else why not. */
  readonly readOnly: string | null;
}

export interface FlowVersionView {
  readonly version: string;
  readonly atMs: Ms;
  readonly by: string;
  readonly source: 'start' | 'file' | 'page' | 'rollback';
  readonly note: string;
  readonly live: boolean;
  /** Calls in progress that began with it. */
  readonly callsNow: number;
}

/** What a check of a text says: its findings, and how it would be drawn when it holds no error. */
export interface FlowCheckView {
  readonly ok: boolean;
  readonly version: string;
  readonly findings: readonly Finding[];
  readonly drawing: FlowDrawing | null;
}

/** What changed between two versions, as an admin thinks of it. */
export interface FlowDiffView {
  readonly a: string;
  readonly b: string;
  readonly nodes: ReadonlyArray<{
    readonly node: string;
    readonly change: 'added' | 'removed' | 'changed';
    readonly what: readonly string[];
  }>;
  readonly prompts: ReadonlyArray<{
    readonly prompt: string;
    readonly language: string;
    readonly before: string | null;
    readonly after: string | null;
  }>;
  /** Start, languages, title. */
  readonly other: readonly string[];
  /** Line by line: ` ` both, `-` only in a, `+` only in b. */
  readonly lines: ReadonlyArray<{ readonly sign: ' ' | '-' | '+'; readonly text: string }>;
}

/** One call's walk over the graph. */
export interface FlowWalkView {
  readonly callId: string;
  readonly steps: ReadonlyArray<{
    readonly atMs: Ms;
    readonly flowId: FlowId;
    readonly version: string;
    readonly node: string;
    /** What led on from here, as far as facts tell: `key 1`, `noInput`, `fault timeout`; null: nothing of note. */
    readonly how: string | null;
  }>;
  readonly outcome: string | null;
  readonly endedAtMs: Ms | null;
}

export interface EmergencyAnnouncementView {
  /** Name in the configuration. */
  readonly announcement: string;
  readonly title: Readonly<Record<string, string>>;
  readonly text: Readonly<Record<string, string>>;
  readonly then: 'continue' | 'closed' | 'hangUp';
  readonly on: boolean;
  /** Null: for all numbers. */
  readonly numbers: readonly string[] | null;
  readonly sinceMs: Ms | null;
  readonly by: string | null;
}
