import { type FlowTexts, flowVersion } from '../../adapters/files/flow-files.js';
import type { Fact, FactOf } from '../../base/facts.js';
import type { FlowId } from '../../base/ids.js';
import { err, ok, type Refusal, type Result, refuse } from '../../base/result.js';
import type { Ms } from '../../base/time.js';
import { FlowLibrary } from '../../call/flow-library.js';
import type { HotlineEvent } from '../../call/hotline.js';
import type { Finding } from '../../flow/finding.js';
import type { CheckedFlow } from '../../flow/program.js';
import type { FlowDetail } from '../../flow/views.js';
import type { FlowPublish, FlowRefusal, FlowRollback } from '../../http/deps.js';
import type { FlowArchive, Publication } from '../../ports/flow-archive.js';
import type { Log } from '../../ports/log.js';
import { CheckThread } from './check-thread.js';
import { FlowHistory } from './flow-history.js';
import { FlowReader, type FlowReaderParts, noSuchFlow, noSuchVersion } from './flow-reader.js';
import { FlowShelf, type Refused } from './flow-shelf.js';
import { type CallInFlow, restoreReleases } from './restore-releases.js';
import type { CheckTexts, FlowTextSet, Settled } from './settle-changes.js';
import { type Stock, sameTexts, settle, snapshotOf, takeStock, WrongFlows, withUnreadable } from './take-stock.js';

/** The folder of flow files. `adapters/files/flow-folder.ts` is one. */
export interface FlowFiles {
  read(): Promise<Result<FlowTexts, readonly Finding[]>>;
  write(name: string, text: string): Promise<Result<null, string>>;
  putAside(name: string): Promise<void>;
  whyReadOnly(): Promise<string | null>;
  watch(look: () => void, everyMs: Ms): () => void;
}

/** How flows get their sound. None of these rejects: a prompt that cannot be made is told in the log. */
export interface FlowVoice {
  /** Makes the sounds of a version and keeps them for the calls that walk it. */
  prepare(flow: CheckedFlow): Promise<void>;
  /** These are live. Of the others, versions that are not in `kept` are forgotten. */
  goLive(flows: readonly CheckedFlow[], kept: ReadonlySet<string>): Promise<void>;
}

/** The running writer, as far as flows need it. */
export interface FlowWriter {
  readonly fence: number;
  submit(event: HotlineEvent): Promise<Refusal | null>;
  calls(): Iterable<CallInFlow>;
}

export interface FlowDeskParts extends Omit<FlowReaderParts, 'whyReadOnly' | 'thread'> {
  readonly files: FlowFiles;
  readonly archive: FlowArchive;
  /** Tells the calls of `forCalls()` as it is now, in the one event `reconfigured`. */
  readonly reconfigure: () => Promise<void>;
  /** After each look at the folder: the time to try again what the archive has not taken. True: it had lost all that it was given. */
  readonly onLook?: (archiveWasLost: boolean) => void;
  readonly log: Log;
  /** How long a file must be still before it is taken; how often the folder is looked at besides. */
  readonly stillMs?: Ms;
  readonly lookEveryMs?: Ms;
}

export { WrongFlows } from './take-stock.js';

type Origin = Pick<Publication, 'source' | 'by' | 'note'>;

const FROM_FILE: Origin = { source: 'file', by: 'file', note: '' };
const STILL_MS = 200;
const LOOK_EVERY_MS = 2_000;
/** A file that does not come to rest is looked at again later. */
const STILL_TRIES = 25;

/**
 * The one place where flows go live: from the folder, which it watches, and from the pages. What is live is always free of errors, stands in the
 * folder, and is known to the archive with who and when; one change at a time. Calls keep what they began with (`FlowLibrary`).
 */
export class FlowDesk {
  readonly reader: FlowReader;
  readonly #parts: FlowDeskParts;
  readonly #shelf: FlowShelf;
  readonly #thread = new CheckThread();
  #voice: FlowVoice | null = null;
  #writer: FlowWriter | null = null;
  /** Flow -> when it last went live, as far as facts tell. */
  readonly #told = new Map<string, FactOf<'flowPublished'>>();
  /** What the folder held when it was last taken in. */
  #seen: FlowTextSet;
  #line: Promise<unknown> = Promise.resolve();
  #lookWaits = false;
  #stopWatching: () => void = () => {};

  private constructor(parts: FlowDeskParts, settled: Settled, seen: FlowTextSet) {
    this.#parts = parts;
    this.#seen = seen;
    const history = new FlowHistory(parts.archive, parts.log);
    this.#shelf = new FlowShelf(FlowLibrary.of(settled.flows.values()), settled.texts, history);
    this.reader = new FlowReader(this.#shelf, { ...parts, thread: this.#thread, whyReadOnly: () => parts.files.whyReadOnly() });
  }

  /**
   * Reads the folder. A file with errors is started with as it was when it was last live, if the archive knows that, and told loudly. Throws
   * `WrongFlows` when there is nothing to start with.
   */
  static async open(parts: FlowDeskParts): Promise<FlowDesk> {
    const stock = await takeStock(parts);
    const desk = new FlowDesk(parts, stock.settled, snapshotOf(stock.found));
    desk.#tellWrong(stock);
    return desk;
  }

  liveFlows(): readonly CheckedFlow[] {
    return this.#shelf.library.liveFlows();
  }

  forCalls() {
    return this.#shelf.library.forCalls();
  }

  /** From the facts, in their order: what was told of flows so far. */
  heard(fact: Fact): void {
    if (fact.kind === 'flowPublished') this.#told.set(fact.flowId, fact);
  }

  /** Before this node becomes the writer: brings back the releases and versions that the calls it finds are in. */
  async takeOver(calls: readonly CallInFlow[], voice: FlowVoice): Promise<void> {
    const { history } = this.#shelf;
    this.#voice = voice;
    await this.#catchUp();
    await history.load();
    const live = this.#shelf.library;
    const { release, flows, releases, texts } = await restoreReleases(live.liveSet, calls, history, this.#parts.log);
    for (const flow of [...live.liveFlows(), ...flows]) await voice.prepare(flow);
    this.#shelf.library = FlowLibrary.of(live.liveFlows(), release).remember(flows, releases);
    history.remember(texts);
  }

  /** This node is the writer: what is new in the folder is recorded, and the folder watched. */
  async begin(writer: FlowWriter): Promise<void> {
    const { history } = this.#shelf;
    await this.#exclusive(async () => {
      this.#writer = writer;
      this.#shelf.follow(() => writer.calls());
      // A node may have died between what it did and what it wrote down of it.
      const lastTold = (flowId: FlowId) => this.#told.get(flowId) ?? history.lastOf(flowId);
      const untold = this.liveFlows().filter(({ flowId, version }) => lastTold(flowId)?.version !== version);
      const unrecorded = this.liveFlows().filter(({ flowId, version }) => history.lastOf(flowId)?.version !== version);
      const publications = unrecorded.map((flow) => this.#unrecorded(flow));
      const told = this.#tell(
        untold.map((flow) => this.#unrecorded(flow)),
        (flowId) => lastTold(flowId)?.version ?? null,
      );
      history.note(publications);
      await told;
      for (const refused of this.#shelf.refused.values()) await this.#tellRefused(refused, 'file');
      await this.#record(publications);
    });
    const { files, lookEveryMs = LOOK_EVERY_MS } = this.#parts;
    this.#stopWatching = files.watch(() => this.#lookSoon(), lookEveryMs);
    this.#lookSoon();
  }

  async stop(): Promise<void> {
    this.#stopWatching();
    this.#writer = null;
    await this.#line;
    await this.#thread.close();
  }

  /** Resolves when new calls get the version. */
  publish({ flowId, text, note, basedOn, by }: FlowPublish): Promise<Result<FlowDetail, FlowRefusal>> {
    return this.#exclusive(() => this.#publish(flowId, text, { source: 'page', by, note }, basedOn));
  }

  rollBack({ flowId, version, note, by }: FlowRollback): Promise<Result<FlowDetail, FlowRefusal>> {
    return this.#exclusive(async () => {
      const { library, history } = this.#shelf;
      const live = library.live(flowId);
      if (live === null) return noSuchFlow(flowId);
      const wasLive = history.of(live.flowId).some((entry) => entry.version === version);
      const text = wasLive ? await history.text(live.flowId, version) : null;
      if (text === null) return noSuchVersion(flowId, version);
      return this.#publish(flowId, text, { source: 'rollback', by, note }, null);
    });
  }

  async #publish(flowId: string, text: string, origin: Origin, basedOn: string | null): Promise<Result<FlowDetail, FlowRefusal>> {
    const { files, nowMs } = this.#parts;
    if (this.#writer === null) return refuse('standing-by', 'this node stands by; another one is the writer');
    // What somebody has put into the folder meanwhile goes first, so that it is not overwritten unseen.
    await this.#look();
    const live = this.#shelf.library.live(flowId);
    if (live === null) return noSuchFlow(flowId);
    if (basedOn !== null && basedOn !== live.version) {
      return refuse('outdated', `version ${live.version} went live meanwhile; this text was made from ${basedOn}`);
    }
    if (flowVersion(text) === live.version) return refuse('unchanged', 'this is the version that is live already');
    const readOnly = await files.whyReadOnly();
    if (readOnly !== null) return refuse('read-only', readOnly);
    const file = this.#shelf.fileOf(flowId);
    const alone = await this.reader.check(text, flowId, null);
    const settled = alone.ok ? await this.#settle(new Map(this.#shelf.texts).set(file, text), flowId) : null;
    const findings = alone.ok ? (settled?.refused.get(file) ?? []) : alone.findings;
    if (settled === null || findings.length > 0) {
      await this.#tellRefused({ file, flowId: live.flowId, atMs: nowMs(), by: origin.by, findings, text }, 'page');
      return err({
        id: 'flow-refused',
        message: `the checker found ${findings.length} mistake(s); nothing has changed`,
        findings,
      });
    }
    await this.#prepare(settled);
    // Speaking may have taken a while.
    const again = await files.read();
    if (!again.ok || snapshotOf(again.value).get(file) !== this.#seen.get(file)) {
      return refuse('outdated', 'the file of the flow was changed meanwhile');
    }
    await this.#saveRefused(file);
    const written = await files.write(file, text);
    if (!written.ok) return refuse('not-written', `the file could not be written (${written.error}); nothing has changed`);
    this.#shelf.mended(file);
    await this.#goLive(settled, origin);
    return ok((await this.reader.detail(flowId, null, null)) as FlowDetail);
  }

  /** Resolves when what stands in the folder at this moment is taken in, or refused. */
  looked(): Promise<void> {
    return this.#exclusive(() => this.#look());
  }

  #lookSoon(): void {
    if (this.#lookWaits || this.#writer === null) return;
    this.#lookWaits = true;
    void this.#exclusive(async () => {
      this.#lookWaits = false;
      await this.#look();
      const lost = this.#writer !== null && (await this.#shelf.history.keep(this.#writer.fence));
      this.#parts.onLook?.(lost);
    }).catch((error: unknown) => this.#parts.log.error({ err: error }, 'the folder of flows could not be taken in'));
  }

  /** Takes in what has changed in the folder, once it is still. */
  async #look(): Promise<void> {
    const { files, log, stillMs = STILL_MS } = this.#parts;
    if (this.#writer === null) return;
    let read = await files.read();
    for (let tries = 0; tries < STILL_TRIES; tries++) {
      if (!read.ok) {
        log.warn({ first: read.error[0]?.message }, 'the folder of flows cannot be read; what is live stays');
        return;
      }
      const now = snapshotOf(read.value);
      if (tries === 0 && sameTexts(now, this.#seen)) return;
      await new Promise((resolve) => setTimeout(resolve, stillMs));
      read = await files.read();
      if (read.ok && sameTexts(snapshotOf(read.value), now)) return this.#takeIn(read.value);
    }
  }

  async #takeIn(found: FlowTexts): Promise<void> {
    const { log, nowMs } = this.#parts;
    this.#seen = snapshotOf(found);
    const settled = await this.#settle(withUnreadable(found, this.#shelf.texts));
    if (settled === null) {
      log.error({}, 'the flows that are live do not hold any more; what is live stays');
      return;
    }
    const news = this.#shelf.noteRefused(settled.refused, found.texts, found.unreadable, nowMs());
    for (const refused of news) await this.#tellRefused(refused, 'file');
    await this.#prepare(settled);
    await this.#goLive(settled, FROM_FILE);
  }

  /** Beside the calls: nothing is compiled in this thread. */
  #settle(wanted: FlowTextSet, only?: string): Promise<Settled | null> {
    const check: CheckTexts = (texts) => this.#thread.checkSet(texts, this.#parts.known);
    return settle(this.#parts, check, this.#shelf.texts, wanted, only);
  }

  /** Sounds come first: a version whose words are not spoken yet is not one that a caller should meet. */
  async #prepare(settled: Settled): Promise<void> {
    for (const flow of settled.flows.values()) {
      if (this.#shelf.library.version(flow.flowId, flow.version) === null) await this.#voice?.prepare(flow);
    }
  }

  /** What is overwritten here was somebody's work that has not been live. */
  async #saveRefused(file: string): Promise<void> {
    if (!this.#shelf.refused.has(file)) return;
    try {
      await this.#parts.files.putAside(file);
    } catch (error) {
      this.#parts.log.warn({ file, error: String(error) }, 'a refused file could not be put aside');
    }
  }

  async #goLive(settled: Settled, origin: Origin): Promise<void> {
    const before = this.#shelf.library;
    const library = before.publish(settled.flows.values());
    this.#shelf.texts = settled.texts;
    if (library === before) return;
    // Calls that come in before the event is committed begin with the release of before, so that one stays too.
    this.#shelf.library = library.forgetUnused([...this.#shelf.calls(), { flow: null, release: before.release }]);
    const changed = library.liveFlows().filter(({ flowId, version }) => before.live(flowId)?.version !== version);
    const publications = changed.map((flow) => this.#publication(flow, origin));
    this.#shelf.history.note(publications);
    const told = this.#tell(publications, (flowId) => before.live(flowId)?.version ?? null);
    await Promise.all([told, this.#parts.reconfigure()]);
    const kept = new Set(this.#shelf.library.versions().map(({ version }) => version));
    await this.#voice?.goLive(library.liveFlows(), kept);
    await this.#record(publications);
    const { log } = this.#parts;
    for (const { flowId, version, source, by } of publications)
      log.info({ flowId, version, source, by }, 'a version of a flow is live');
    const gone = before.liveFlows().filter(({ flowId }) => library.live(flowId) === null);
    for (const { flowId } of gone) log.info({ flowId }, 'a flow is no longer live');
  }

  /** While this node stood by, another one may have let flows go live. */
  async #catchUp(): Promise<void> {
    const { files, log } = this.#parts;
    const read = await files.read();
    if (!read.ok || sameTexts(snapshotOf(read.value), this.#seen)) return;
    try {
      const stock = await takeStock(this.#parts);
      this.#seen = snapshotOf(stock.found);
      this.#shelf.texts = stock.settled.texts;
      this.#shelf.library = FlowLibrary.of(stock.settled.flows.values());
      this.#tellWrong(stock);
    } catch (error) {
      if (!(error instanceof WrongFlows)) throw error;
      const { length: errors, 0: first } = error.findings;
      log.error({ errors, first }, 'flows have errors, and no version that was live is known; going on with those of the start');
    }
  }

  #tellWrong({ settled, found: { texts, unreadable } }: Stock): void {
    for (const { file, findings } of this.#shelf.noteRefused(settled.refused, texts, unreadable, this.#parts.nowMs())) {
      this.#parts.log.error(
        { file, errors: findings.length, first: findings[0] },
        'a flow has errors; starting with its last good version',
      );
    }
  }

  /** Found live at the start, and the archive does not know of it. Who and when is in the facts, if it was told. */
  #unrecorded(flow: CheckedFlow): Publication {
    const told = this.#told.get(flow.flowId);
    if (told?.version === flow.version) {
      const { source, by, note, atMs } = told;
      return { ...this.#publication(flow, { source, by, note }), atMs };
    }
    const isFirst = told === undefined && this.#shelf.history.lastOf(flow.flowId) === null;
    return this.#publication(flow, isFirst ? { source: 'start', by: 'start', note: '' } : FROM_FILE);
  }

  #publication(flow: CheckedFlow, origin: Origin): Publication {
    const text = this.#shelf.texts.get(this.#shelf.fileOf(flow.flowId)) ?? '';
    return { flowId: flow.flowId, version: flow.version, atMs: this.#parts.nowMs(), ...origin, text };
  }

  async #tell(publications: readonly Publication[], before: (flowId: FlowId) => string | null): Promise<void> {
    const sent = publications.map(({ flowId, version, source, by, note }) => {
      const fact = { kind: 'flowPublished', flowId, version, from: before(flowId), source, by, note } as const;
      return this.#writer?.submit({ kind: 'happened', fact });
    });
    await Promise.all(sent);
  }

  async #tellRefused({ file, flowId, by, findings }: Refused, source: 'file' | 'page'): Promise<void> {
    const errors = findings.filter(({ level }) => level === 'error');
    const worst = errors[0] ?? findings[0];
    const first = worst ? `${worst.line}:${worst.column} ${worst.rule} ${worst.message}`.slice(0, 500) : '';
    this.#parts.log.warn({ file, by, errors: errors.length, first }, 'a change of a flow is refused');
    const fact = { kind: 'flowRefused', flowId, file, source, by, errors: errors.length, first } as const;
    await this.#writer?.submit({ kind: 'happened', fact });
  }

  async #record(publications: readonly Publication[]): Promise<void> {
    const { library, history } = this.#shelf;
    const record = {
      release: library.release,
      flows: new Map(
        library.liveFlows().map(({ flowId, version }) => [flowId, { version, file: this.#shelf.fileOf(flowId) }] as const),
      ),
    };
    const walked = new Set(library.versions().map(({ flowId, version }) => `${flowId}@${version}`));
    await history.record(this.#writer?.fence ?? 0, record, publications, library.releases, walked);
  }

  /** One after the other, whatever comes of the one before. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#line.then(work);
    this.#line = done.catch(() => {});
    return done;
  }
}
