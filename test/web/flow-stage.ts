import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FlowFolderFiles } from '../../src/adapters/files/flow-folder.js';
import { localTime } from '../../src/base/calendar.js';
import type { Fact } from '../../src/base/facts.js';
import type { FlowId } from '../../src/base/ids.js';
import type { HttpDeps } from '../../src/http/app.js';
import { EmergencyDesk } from '../../src/main/flows/emergency-desk.js';
import { FlowDesk } from '../../src/main/flows/flow-desk.js';
import { emergencyForHttp, flowsForHttp } from '../../src/main/flows/for-http.js';
import type { ArchivedFlows, FlowArchive, Publication, ReleaseRecord } from '../../src/ports/flow-archive.js';
import type { Log } from '../../src/ports/log.js';
import { createLedger } from '../../src/service-level/ledger.js';

/** The real desks of flows and emergency announcements over a folder of its own, and a ledger that a test feeds with facts. */

const sample = fileURLToPath(new URL('flows', import.meta.url));
const timeZone = 'Asia/Shanghai';
const silent: Log = { child: () => silent, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} } as unknown as Log;

/** Remembers as Redis does, for as long as the test. */
class MemoryArchive implements FlowArchive {
  readonly publications: Publication[] = [];
  readonly releases = new Map<number, ReleaseRecord>();
  readonly emergency = new Map<string, never>();
  async load(): Promise<ArchivedFlows> {
    return { log: this.publications, releases: [...this.releases.values()], emergency: this.emergency };
  }
  async text(flowId: FlowId, version: string) {
    return this.publications.find((one) => one.flowId === flowId && one.version === version)?.text ?? null;
  }
  async has(release: number) {
    return this.releases.has(release);
  }
  async record(_fence: number, release: ReleaseRecord, publications: readonly Publication[]) {
    this.releases.set(release.release, release);
    this.publications.push(...publications);
    return 'kept' as const;
  }
  async forgetReleases() {
    return 'kept' as const;
  }
  async switchEmergency() {
    return 'kept' as const;
  }
}

/** A fact without the number and moment that the stage gives it. */
type Told = { kind: Fact['kind'] } & Readonly<Record<string, unknown>>;

export class FlowStage {
  readonly #ledger = createLedger({
    queues: [],
    agents: [],
    dayStartMs: (atMs) => Date.parse(`${localTime(timeZone, atMs).day}T00:00:00+08:00`),
    dayName: (atMs) => localTime(timeZone, atMs).day,
  });
  #seq = 0;

  private constructor(
    readonly folder: string,
    readonly desk: FlowDesk,
    readonly emergency: EmergencyDesk,
    private readonly ledgerOf: { of: FlowStage | null },
  ) {
    ledgerOf.of = this;
  }

  /** The flows beside this file, in a folder of their own; `change` may write other texts before they are read. */
  static async open(change: (folder: string) => void = () => {}): Promise<FlowStage> {
    const folder = mkdtempSync(join(tmpdir(), 'hotline-flows-'));
    for (const id of ['credit-card', 'transport-card']) cpSync(join(sample, `${id}.yaml`), join(folder, `${id}.yaml`));
    change(folder);
    const archive = new MemoryArchive();
    const numbers = { '95588': 'credit-card', '95589': 'transport-card' } as unknown as Record<string, FlowId>;
    const late: { of: FlowStage | null } = { of: null };
    const nowMs = () => Date.now();
    const reconfigure = async () => {};
    const desk = await FlowDesk.open({
      files: new FlowFolderFiles(folder),
      archive,
      reconfigure,
      log: silent,
      stillMs: 20,
      lookEveryMs: 100,
      known: {},
      numbers,
      language: 'zh',
      timeZone,
      nowMs,
      ledger: {
        get seq() {
          return late.of?.ledger.seq ?? 0;
        },
        flowDay: (flowId, day) => late.of?.ledger.flowDay(flowId, day) ?? null,
        factsOf: (callId) => late.of?.ledger.factsOf(callId) ?? [],
      },
    });
    const announcements = {
      outage: {
        title: { zh: '系统故障', en: 'System outage' },
        text: { zh: '抱歉，系统暂时无法查询余额。', en: 'Sorry, balances cannot be told just now.' },
        // biome-ignore lint/suspicious/noThenProperty: a word of the configuration
        then: 'continue',
      },
      storm: {
        title: { zh: '台风停业', en: 'Typhoon' },
        text: { zh: '因台风暂停服务，请明天再拨。', en: 'Closed because of the typhoon. Please call again tomorrow.' },
        // biome-ignore lint/suspicious/noThenProperty: as above
        then: 'hangUp',
      },
    } as const;
    const emergency = new EmergencyDesk({
      announcements,
      numbers: Object.keys(numbers),
      archive,
      nowMs,
      reconfigure,
      log: silent,
    });
    const writer = { fence: 1, submit: async () => null, calls: () => [] };
    await desk.takeOver([], { prepare: async () => {}, goLive: async () => {} });
    await desk.begin(writer);
    emergency.begin(writer);
    return new FlowStage(folder, desk, emergency, late);
  }

  get ledger() {
    return this.#ledger;
  }

  async close(): Promise<void> {
    await this.desk.stop();
    this.ledgerOf.of = null;
    rmSync(this.folder, { recursive: true, force: true });
  }

  deps(): Pick<HttpDeps, 'flows' | 'emergency' | 'ledger'> {
    const { desk, emergency } = this;
    return {
      flows: flowsForHttp(desk),
      emergency: emergencyForHttp(emergency),
      ledger: this.#ledger,
    };
  }

  text(flowId: string): string {
    return readFileSync(join(this.folder, `${flowId}.yaml`), 'utf8');
  }

  write(flowId: string, text: string): void {
    writeFileSync(join(this.folder, `${flowId}.yaml`), text);
  }

  version(flowId: string): string {
    return this.desk.reader.list().find((flow) => flow.flowId === flowId)?.version ?? '';
  }

  tell(atMs: number, fact: Told): void {
    this.#seq += 1;
    this.#ledger.add({ ...fact, seq: this.#seq, atMs } as unknown as Fact);
  }

  /** A call that walks these nodes, one a second, and stays at the last one; `end` says how it ended there. */
  walk(callId: string, fromMs: number, nodes: readonly string[], end: string | null = null, dnis = '95588'): void {
    const flowId = dnis === '95588' ? 'credit-card' : 'transport-card';
    const ani = `1380000${String(1_000 + this.#seq).slice(-4)}`;
    this.tell(fromMs, { kind: 'callArrived', callId, switchId: 'sim', legId: `${callId}-leg`, ani, dnis, flowId });
    this.tell(fromMs, { kind: 'flowEntered', callId, flowId, version: this.version(flowId) });
    nodes.forEach((node, at) => {
      this.tell(fromMs + at * 1_000, { kind: 'nodeEntered', callId, flowId, node });
      if (node === 'language') {
        this.tell(fromMs + at * 1_000 + 500, { kind: 'menuEnded', callId, flowId, node, key: '2', result: 'chosen' });
        this.tell(fromMs + at * 1_000 + 500, { kind: 'languageChosen', callId, language: 'en' });
      }
    });
    const endMs = fromMs + nodes.length * 1_000;
    if (end !== null)
      this.tell(endMs, { kind: 'callEnded', callId, outcome: end, durationMs: endMs - fromMs, endedBy: 'caller' });
  }
}
