import type { FlowId } from '../base/ids.js';
import type { Ms } from '../base/time.js';

/**
 * What was live when: texts of all flow versions that have ever been live, the log of who put them there, the releases that calls in progress began
 * with, and how the emergency announcements are switched. The folder of flow files says what is live; this only remembers. Contract:
 * - An archive that is away or damaged stops nothing: whoever writes keeps what could not be kept and tries again.
 * - `load` rejects when the archive is away; what in it cannot be read is left out and told in the log. Everything else never rejects.
 * - Writing needs the newest fencing number, as a commit does. Writing the same again changes nothing.
 */
export interface FlowArchive {
  load(): Promise<ArchivedFlows>;
  /** Null: never kept, or away. Its version is the hash of it: who reads it checks that. */
  text(flowId: FlowId, version: string): Promise<string | null>;
  /** Whether the release is kept; null: away. Tells an archive that has lost what it had. */
  has(release: number): Promise<boolean | null>;
  /** A release with the publications that led to it. */
  record(fence: number, release: ReleaseRecord, publications: readonly Publication[]): Promise<ArchiveAnswer>;
  /** Forgets all releases but these. */
  forgetReleases(fence: number, kept: readonly number[]): Promise<ArchiveAnswer>;
  switchEmergency(fence: number, announcement: string, state: EmergencyState): Promise<ArchiveAnswer>;
}

/** `fenced`: somebody else is the writer. `unavailable`: try again later. */
export type ArchiveAnswer = 'kept' | 'fenced' | 'unavailable';

/** Name of the file in the folder of flows, and the version that was live. */
export interface ReleasedFlow {
  readonly version: string;
  readonly file: string;
}

export interface ReleaseRecord {
  readonly release: number;
  readonly flows: ReadonlyMap<FlowId, ReleasedFlow>;
}

/** One version going live. */
export interface Publication {
  readonly flowId: FlowId;
  readonly version: string;
  readonly atMs: Ms;
  readonly by: string;
  readonly source: 'start' | 'file' | 'page' | 'rollback';
  readonly note: string;
  readonly text: string;
}

export type LoggedVersion = Omit<Publication, 'text'>;

export interface EmergencyState {
  readonly on: boolean;
  /** Null: all numbers. */
  readonly numbers: readonly string[] | null;
  readonly sinceMs: Ms;
  readonly by: string;
}

export interface ArchivedFlows {
  /** Oldest first. */
  readonly log: readonly LoggedVersion[];
  readonly releases: readonly ReleaseRecord[];
  readonly emergency: ReadonlyMap<string, EmergencyState>;
}
