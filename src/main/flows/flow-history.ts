import { flowVersion } from '../../adapters/files/flow-files.js';
import type { FlowId } from '../../base/ids.js';
import type { FlowArchive, LoggedVersion, Publication, ReleaseRecord } from '../../ports/flow-archive.js';
import type { Log } from '../../ports/log.js';
import type { FlowTextSet } from './settle-changes.js';

/** Records that wait for an archive that is away; the oldest goes first. */
const WAITING_AT_MOST = 100;
/** An archive that seems to be well is asked every so often whether it still has what it was given. */
const ASK_EVERY = 5;

interface Waiting {
  readonly record: ReleaseRecord;
  readonly publications: readonly Publication[];
}

/** What was live when, in memory, and in the archive as soon as that takes it. */
export class FlowHistory {
  readonly #archive: FlowArchive;
  readonly #log: Log;
  /** Oldest first. */
  #entries: LoggedVersion[] = [];
  #releases: readonly ReleaseRecord[] = [];
  /** `flow@version` -> text, of what is live or walked. */
  #texts = new Map<string, string>();
  #waiting: Waiting[] = [];
  #latest: ReleaseRecord | null = null;
  #kept: readonly number[] = [];
  #rounds = 0;

  constructor(archive: FlowArchive, log: Log) {
    this.#archive = archive;
    this.#log = log;
  }

  /** The files of the latest release as they were; null: the archive does not know. */
  static async lastLive(archive: FlowArchive, log: Log): Promise<FlowTextSet | null> {
    const history = new FlowHistory(archive, log);
    await history.load();
    const latest = history.latestRelease();
    if (latest === null) return null;
    const files = Array.from(latest.flows, async ([flowId, { version, file }]): Promise<[string, string][]> => {
      const text = await history.text(flowId, version);
      return text === null ? [] : [[file, text]];
    });
    return new Map((await Promise.all(files)).flat().sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** An archive that is away has no history; calls and flows go on. */
  async load(): Promise<void> {
    try {
      const { log, releases } = await this.#archive.load();
      this.#entries = [...log];
      this.#releases = releases;
    } catch (error) {
      this.#log.error(
        { error: String(error) },
        'the archive of flows is away: older versions and who changed them are not known',
      );
    }
  }

  get releases(): readonly ReleaseRecord[] {
    return this.#releases;
  }

  latestRelease(): ReleaseRecord | null {
    return this.#releases.reduce<ReleaseRecord | null>(
      (latest, each) => (latest === null || each.release > latest.release ? each : latest),
      null,
    );
  }

  /** Newest first. */
  of(flowId: FlowId): readonly LoggedVersion[] {
    return this.#entries.filter((entry) => entry.flowId === flowId).reverse();
  }

  lastOf(flowId: FlowId): LoggedVersion | null {
    return this.#entries.findLast((entry) => entry.flowId === flowId) ?? null;
  }

  /** The last time that the version went live. */
  entryOf(flowId: FlowId, version: string): LoggedVersion | null {
    return this.#entries.findLast((entry) => entry.flowId === flowId && entry.version === version) ?? null;
  }

  /** Null: not known, or the archive is away, or what it has is not that version. */
  async text(flowId: FlowId, version: string): Promise<string | null> {
    const text = this.#texts.get(`${flowId}@${version}`) ?? (await this.#archive.text(flowId, version));
    if (text === null) return null;
    if (flowVersion(text) === version) return text;
    this.#log.error({ flowId, version }, 'the archive has another text under this version; it is not used');
    return null;
  }

  remember(texts: ReadonlyMap<string, string>): void {
    for (const [key, text] of texts) this.#texts.set(key, text);
  }

  /** These are live from this moment, whenever the archive takes them. */
  note(publications: readonly Publication[]): void {
    this.#entries.push(...publications.map(({ text: _, ...entry }) => entry));
    for (const { flowId, version, text } of publications) this.#texts.set(`${flowId}@${version}`, text);
  }

  /** What was noted is given to the archive. `walked`: `flow@version` of what is live or in use. `kept`: the releases that calls still need. */
  async record(
    fence: number,
    record: ReleaseRecord,
    publications: readonly Publication[],
    kept: readonly number[],
    walked: ReadonlySet<string>,
  ): Promise<void> {
    this.#texts = new Map([...this.#texts].filter(([key]) => walked.has(key)));
    this.#latest = record;
    this.#kept = kept;
    this.#waiting.push({ record, publications });
    if (this.#waiting.length > WAITING_AT_MOST) this.#waiting.shift();
    await this.#flush(fence);
  }

  /** Tries again what the archive has not taken yet, and gives it again what it has lost. True: it had lost it. */
  async keep(fence: number): Promise<boolean> {
    if (this.#waiting.length > 0) await this.#flush(fence);
    this.#rounds++;
    if (this.#latest === null || this.#waiting.length > 0 || this.#rounds % ASK_EVERY !== 0) return false;
    if ((await this.#archive.has(this.#latest.release)) !== false) return false;
    this.#log.warn({ release: this.#latest.release }, 'the archive of flows has lost what it had; giving it again');
    const publications = this.#entries.flatMap((entry) => {
      const text = this.#texts.get(`${entry.flowId}@${entry.version}`);
      return text === undefined ? [] : [{ ...entry, text }];
    });
    this.#waiting.push({ record: this.#latest, publications });
    await this.#flush(fence);
    return true;
  }

  async #flush(fence: number): Promise<void> {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const answer = await this.#archive.record(fence, next.record, next.publications);
      if (answer === 'unavailable') return;
      // Somebody else is the writer: it is theirs to record, and we are about to be told.
      this.#waiting.shift();
    }
    await this.#archive.forgetReleases(fence, this.#kept);
  }
}
