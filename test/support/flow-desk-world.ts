import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FlowFolderFiles } from '../../src/adapters/files/flow-folder.js';
import type { Fact, FactBody } from '../../src/base/facts.js';
import { asId, type FlowId } from '../../src/base/ids.js';
import type { WalkingCall } from '../../src/call/flow-library.js';
import type { HotlineEvent } from '../../src/call/hotline.js';
import type { CheckedFlow } from '../../src/flow/program.js';
import type { EmergencyDesk as EmergencyForHttp, FlowDesk as FlowsForHttp } from '../../src/http/deps.js';
import type { EmergencyAnnouncement } from '../../src/main/config/emergency.js';
import { EmergencyDesk } from '../../src/main/flows/emergency-desk.js';
import { FlowDesk, type FlowDeskParts, type FlowFiles } from '../../src/main/flows/flow-desk.js';
import { emergencyForHttp, flowsForHttp } from '../../src/main/flows/for-http.js';
import type {
  ArchiveAnswer,
  ArchivedFlows,
  EmergencyState,
  FlowArchive,
  LoggedVersion,
  Publication,
  ReleaseRecord,
} from '../../src/ports/flow-archive.js';
import { createLedger } from '../../src/service-level/ledger.js';

/** An archive in memory that can be away, and can lose what it had. */
export class MemoryFlowArchive implements FlowArchive {
  readonly texts = new Map<string, string>();
  readonly releases = new Map<number, ReleaseRecord>();
  readonly emergency = new Map<string, EmergencyState>();
  log: LoggedVersion[] = [];
  isAway = false;
  newestFence = 0;

  async load(): Promise<ArchivedFlows> {
    if (this.isAway) throw new Error('away');
    return { log: [...this.log], releases: [...this.releases.values()], emergency: new Map(this.emergency) };
  }

  async text(flowId: FlowId, version: string): Promise<string | null> {
    return this.isAway ? null : (this.texts.get(`${flowId}@${version}`) ?? null);
  }

  async has(release: number): Promise<boolean | null> {
    return this.isAway ? null : this.releases.has(release);
  }

  async record(fence: number, release: ReleaseRecord, publications: readonly Publication[]): Promise<ArchiveAnswer> {
    return this.#write(fence, () => {
      for (const { text, ...entry } of publications) {
        this.texts.set(`${entry.flowId}@${entry.version}`, text);
        this.log.push(entry);
      }
      this.releases.set(release.release, release);
    });
  }

  async forgetReleases(fence: number, kept: readonly number[]): Promise<ArchiveAnswer> {
    return this.#write(fence, () => {
      for (const number of [...this.releases.keys()]) if (!kept.includes(number)) this.releases.delete(number);
    });
  }

  async switchEmergency(fence: number, announcement: string, state: EmergencyState): Promise<ArchiveAnswer> {
    return this.#write(fence, () => this.emergency.set(announcement, state));
  }

  lose(): void {
    this.texts.clear();
    this.releases.clear();
    this.emergency.clear();
    this.log = [];
  }

  #write(fence: number, change: () => void): ArchiveAnswer {
    if (this.isAway) return 'unavailable';
    if (fence < this.newestFence) return 'fenced';
    change();
    return 'kept';
  }
}

export const CARD = `flow: card
title: { zh: 信用卡, en: Credit card }
languages: [zh, en]
start: welcome
prompts:
  welcome: { zh: 欢迎致电, en: Welcome }
  main: { zh: 人工服务请按零, en: 'For an agent, press 0' }
nodes:
  welcome: { play: welcome, next: main }
  main:
    menu: { prompt: main, firstDigit: 5s, tries: 2 }
    keys: { "0": agent }
    failed: bye
  agent: { queue: { to: general } }
  bye: { play: goodbye, hangup: true }
`;
export const NIGHT = `flow: night
languages: [zh, en]
start: closed
nodes:
  closed: { play: sorry-closed, hangup: true }
`;
/** Another wording of the same flow. */
export const CARD_2 = CARD.replace('欢迎致电', '您好，欢迎');
export const CARD_3 = CARD.replace('tries: 2', 'tries: 3');
/** Line 14 leads nowhere. */
export const CARD_BROKEN = CARD.replace('keys: { "0": agent }', 'keys: { "0": agnet }');

const announcement = (zh: string, en: string, after: 'continue' | 'hangUp') => {
  const words = { zh, en };
  return Object.fromEntries([
    ['title', words],
    ['text', words],
    ['then', after],
  ]) as unknown as EmergencyAnnouncement;
};
const ANNOUNCEMENTS = {
  flood: announcement('因水灾暂停服务', 'Closed by flood', 'hangUp'),
  outage: announcement('系统故障', 'Out of order', 'continue'),
};
const NOW_MS = Date.UTC(2026, 10, 22, 2);

export interface FlowDeskWorld {
  readonly folder: string;
  readonly archive: MemoryFlowArchive;
  readonly desk: FlowDesk;
  readonly flows: FlowsForHttp;
  readonly emergency: EmergencyForHttp;
  readonly emergencies: EmergencyDesk;
  readonly facts: FactBody[];
  /** Versions whose prompts were made, in order; with what was live at that moment for the calls. */
  readonly spoken: string[];
  readonly logged: string[];
  /** What the calls were told last, and how often. */
  readonly told: { release: number | null; times: number };
  calls: WalkingCall[];
  nowMs: number;
  write(file: string, text: string): void;
  text(file: string): string;
  remove(file: string): void;
  /** Resolves when the look after this moment is over. */
  looked(): Promise<void>;
  /** `heard`: what the writer before has told. */
  becomeWriter(fence: number, heard?: readonly FactBody[]): Promise<void>;
  stop(): Promise<void>;
}

export interface FlowDeskWorldOptions {
  /** Name of the file -> text; `card.yaml` and `night.yaml` unless told. */
  readonly files?: Readonly<Record<string, string>>;
  /** Of a world before. */
  readonly archive?: MemoryFlowArchive;
  readonly folder?: string;
  readonly calls?: WalkingCall[];
  readonly fence?: number;
  readonly change?: (files: FlowFiles) => FlowFiles;
  readonly parts?: Partial<FlowDeskParts>;
  /** False: stands by. */
  readonly isWriter?: boolean;
}

/** The desk of flows over a folder of its own, with a writer that only takes notes. */
export async function flowDeskWorld(
  t: { teardown(work: () => unknown): unknown },
  options: FlowDeskWorldOptions = {},
): Promise<FlowDeskWorld> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'hotline-flows-'));
  if (options.folder === undefined || options.files) {
    for (const [file, text] of Object.entries(options.files ?? { 'card.yaml': CARD, 'night.yaml': NIGHT }))
      writeFileSync(join(folder, file), text);
  }
  const archive = options.archive ?? new MemoryFlowArchive();
  const facts: FactBody[] = [];
  const spoken: string[] = [];
  const logged: string[] = [];
  const told: { release: number | null; times: number } = { release: null, times: 0 };
  const note = (level: string) => (fields: object, sentence: string) => {
    logged.push(`${level} ${sentence} ${JSON.stringify(fields)}`);
  };
  const log = { debug: () => {}, info: note('info'), warn: note('warn'), error: note('error') };
  const ledger = createLedger({ queues: [], agents: [], dayStartMs: () => 0, dayName: () => '2026-11-22' });
  let seq = 0;
  const submit = async (event: HotlineEvent): Promise<null> => {
    if (event.kind !== 'happened') return null;
    facts.push(event.fact);
    const fact = { ...event.fact, seq: ++seq, atMs: world.nowMs } as Fact;
    ledger.add(fact);
    world.desk.heard(fact);
    return null;
  };
  const reconfigure = async (): Promise<void> => {
    told.release = world.desk.forCalls().release;
    told.times++;
  };
  const numbers = { '95588': asId<FlowId>('card') };
  let started: FlowDeskWorld | null = null;
  const nowMs = (): number => started?.nowMs ?? NOW_MS;
  const files = new FlowFolderFiles(folder);
  const desk = await FlowDesk.open({
    files: options.change?.(files) ?? files,
    archive,
    known: { queues: ['general'], prompts: ['system/goodbye', 'system/sorry-closed'], calendars: ['main'] },
    numbers,
    language: 'zh',
    timeZone: 'Asia/Shanghai',
    ledger,
    nowMs,
    reconfigure,
    log,
    stillMs: 30,
    lookEveryMs: 40,
    ...options.parts,
  }).catch((error: unknown) => {
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    throw error;
  });
  const emergencies = new EmergencyDesk({
    announcements: ANNOUNCEMENTS,
    numbers: [...Object.keys(numbers), '95589'],
    archive,
    nowMs,
    reconfigure,
    log,
  });
  const voice = {
    prepare: async ({ flowId, version }: CheckedFlow) => {
      if (!spoken.includes(`${flowId}@${version}`)) spoken.push(`${flowId}@${version}`);
    },
    goLive: async () => {},
  };
  const world: FlowDeskWorld = {
    folder,
    archive,
    desk,
    emergencies,
    facts,
    spoken,
    logged,
    told,
    calls: options.calls ?? [],
    nowMs: NOW_MS,
    flows: flowsForHttp(desk),
    emergency: emergencyForHttp(emergencies),
    write: (file, text) => writeFileSync(join(folder, file), text),
    text: (file) => readFileSync(join(folder, file), 'utf8'),
    remove: (file) => rmSync(join(folder, file)),
    looked: () => desk.looked(),
    becomeWriter: async (fence, heard = []) => {
      for (const fact of heard) desk.heard({ ...fact, seq: ++seq, atMs: NOW_MS } as Fact);
      await desk.takeOver(world.calls, voice);
      await emergencies.takeOver();
      const writer = { fence, submit, calls: () => world.calls };
      archive.newestFence = Math.max(archive.newestFence, fence);
      emergencies.begin(writer);
      await desk.begin(writer);
      await desk.looked();
    },
    stop: () => desk.stop(),
  };
  started = world;
  if (options.isWriter !== false) await world.becomeWriter(options.fence ?? 1);
  t.teardown(async () => {
    await desk.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return world;
}
