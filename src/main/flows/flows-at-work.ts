import { FlowFolderFiles } from '../../adapters/files/flow-folder.js';
import { collectTexts } from '../../adapters/files/prompt-sources.js';
import { RedisFlowArchive } from '../../adapters/redis/redis-flow-archive.js';
import type { Fact } from '../../base/facts.js';
import type { Ms } from '../../base/time.js';
import type { HotlineConfig } from '../../call/state.js';
import type { Domain } from '../../control/domain.js';
import type { EmergencyDesk as EmergencyForHttp, FlowDesk as FlowsForHttp } from '../../http/deps.js';
import type { Log } from '../../ports/log.js';
import type { StoredState } from '../../ports/state-store.js';
import type { Ledger } from '../../service-level/views.js';
import { howToBuild, type Site } from '../site.js';
import type { SpokenPrompts } from '../spoken-prompts.js';
import { EmergencyDesk } from './emergency-desk.js';
import { FlowDesk, type FlowWriter } from './flow-desk.js';
import { SpokenFlows } from './flow-voice.js';
import { emergencyForHttp, flowsForHttp } from './for-http.js';
import { callsInFlows } from './restore-releases.js';

export interface FlowsAtWorkOptions {
  /** Read with `wrongFlows: 'told'`: files with errors are replaced by what was live before, where that is known. */
  readonly site: Site;
  readonly ledger: Pick<Ledger, 'seq' | 'flowDay' | 'factsOf'>;
  readonly nowMs: () => Ms;
  readonly log: Log;
}

/** Flows and emergency announcements of the running house: folder, archive, sounds and calls brought together. */
export class FlowsAtWork {
  readonly emergency: EmergencyForHttp;
  readonly flows: FlowsForHttp;
  readonly #site: Site;
  readonly #log: Log;
  readonly #archive: RedisFlowArchive;
  readonly #desk: FlowDesk;
  readonly #emergencies: EmergencyDesk;
  #domain: Domain | null = null;
  /** All that the calls are told besides flows and emergencies. */
  #base: HotlineConfig | null = null;

  private constructor(
    { site, log }: FlowsAtWorkOptions,
    archive: RedisFlowArchive,
    desk: FlowDesk,
    emergencies: EmergencyDesk,
    reconfigure: { run: () => Promise<void> },
  ) {
    this.#site = site;
    this.#log = log;
    this.#archive = archive;
    this.#desk = desk;
    this.#emergencies = emergencies;
    this.emergency = emergencyForHttp(emergencies);
    this.flows = flowsForHttp(desk);
    reconfigure.run = () => this.#reconfigure();
  }

  /** Throws `WrongFlows` when there is nothing to start with. */
  static async open(options: FlowsAtWorkOptions): Promise<FlowsAtWork> {
    const { site, ledger, nowMs, log } = options;
    const { settings, known } = site;
    const archive = await RedisFlowArchive.connect({ ...settings.redis, log });
    const reconfigure = { run: async () => {} };
    const emergencies = new EmergencyDesk({
      announcements: settings.emergency,
      numbers: Object.keys(settings.numbers),
      archive,
      nowMs,
      reconfigure: () => reconfigure.run(),
      log,
    });
    try {
      const desk = await FlowDesk.open({
        files: new FlowFolderFiles(settings.folders.flows),
        archive,
        known,
        numbers: settings.numbers,
        language: settings.site.languages[0] ?? 'zh',
        timeZone: settings.site.timeZone,
        ledger,
        nowMs,
        reconfigure: () => reconfigure.run(),
        onLook: (archiveWasLost) => void emergencies.keep(archiveWasLost),
        log,
      });
      return new FlowsAtWork(options, archive, desk, emergencies, reconfigure);
    } catch (error) {
      await archive.close();
      throw error;
    }
  }

  /** The site with the flows that it starts with. */
  site(): Site {
    const flows = this.#desk.liveFlows();
    const texts = collectTexts(this.#site.standingTexts, flows);
    return { ...this.#site, flows: new Map(flows.map((flow) => [flow.flowId, flow])), texts };
  }

  /** All facts, in their order. */
  heard(fact: Fact): void {
    this.#desk.heard(fact);
  }

  /** What the calls are told by a writer that begins with these. */
  async configFor(stored: StoredState, base: HotlineConfig, prompts: SpokenPrompts): Promise<HotlineConfig> {
    this.#base = base;
    const voice = new SpokenFlows(howToBuild(this.#site), prompts.catalogue, this.#log, (...word) => prompts.isOnItsWay(...word));
    await Promise.all([this.#desk.takeOver(callsInFlows(stored.calls.values()), voice), this.#emergencies.takeOver()]);
    return this.#config(base);
  }

  /** `domain` is the writer now. */
  async begin(domain: Domain): Promise<void> {
    this.#domain = domain;
    const writer: FlowWriter = {
      fence: domain.fence,
      submit: (event) => domain.submit(event),
      calls: () => domain.hotline.calls(),
    };
    this.#emergencies.begin(writer);
    await this.#desk.begin(writer);
  }

  async close(): Promise<void> {
    await this.#desk.stop();
    await this.#archive.close();
  }

  #config(base: HotlineConfig): HotlineConfig {
    return { ...base, ...this.#desk.forCalls(), ...this.#emergencies.forCalls() };
  }

  async #reconfigure(): Promise<void> {
    if (this.#base && this.#domain) await this.#domain.submit({ kind: 'reconfigured', config: this.#config(this.#base) });
  }
}
