import { type BuildOptions, buildSounds } from '../../adapters/files/prompt-builder.js';
import { type PromptCatalogue, type PromptManifest, readManifest, writeManifest } from '../../adapters/files/prompt-manifest.js';
import { type PromptTexts, textsOf } from '../../adapters/files/prompt-sources.js';
import type { CheckedFlow } from '../../flow/program.js';
import type { Log } from '../../ports/log.js';
import type { FlowVoice } from './flow-desk.js';

/** Prompts made between two lines of the log. */
const PROGRESS_EVERY = 20;

/** Makes the sounds of flow versions and hangs them into the catalogue that the switch plays from. Sounds are named by content and never deleted here. */
export class SpokenFlows implements FlowVoice {
  constructor(
    private readonly build: Omit<BuildOptions, 'texts'>,
    private readonly catalogue: PromptCatalogue,
    private readonly log: Log,
    /** What somebody else is making already need not be waited for. */
    private readonly isOnItsWay: (prompt: string, language: string, text: string) => boolean = () => false,
  ) {}

  async prepare(flow: CheckedFlow): Promise<void> {
    const { flowId, version } = flow;
    if (this.catalogue.hasVersion(version)) return;
    const { log } = this;
    try {
      const { sounds, report } = await buildSounds({
        ...this.build,
        // With the words of the values that it says.
        texts: this.#textsToMake(flow),
        onProgress: ({ done, of }) => {
          if (done % PROGRESS_EVERY === 0 && done < of)
            log.info({ flowId, version, done, of }, 'prompts of a flow are being made');
        },
      });
      this.catalogue.addVersion(version, sounds);
      log.info({ flowId, version, built: report.built, failed: report.failed.length }, 'prompts of a flow are ready');
      for (const failure of report.failed) log.error({ flowId, version, ...failure }, 'a prompt could not be made');
    } catch (error) {
      log.error({ flowId, version, error: String(error) }, 'the prompts of a flow could not be made; what there is is played');
    }
  }

  #textsToMake(flow: CheckedFlow): PromptTexts {
    const left = Array.from(textsOf(flow)).map(([prompt, words]) => {
      const open = Object.entries(words).filter(([language, text]) => !this.isOnItsWay(prompt, language, text));
      return [prompt, Object.fromEntries(open)] as const;
    });
    return new Map(left.filter(([, words]) => Object.keys(words).length > 0));
  }

  async goLive(flows: readonly CheckedFlow[], kept: ReadonlySet<string>): Promise<void> {
    const { folder } = this.build;
    try {
      const read = await readManifest(folder);
      const prompts = mergeFlows(read.ok ? read.value : {}, flows, this.catalogue);
      this.catalogue.replace(prompts);
      this.catalogue.keepVersions(kept);
      await writeManifest(folder, prompts);
    } catch (error) {
      this.log.error({ error: String(error) }, 'the list of prompts could not be written; it is made again at the next start');
    }
  }
}

/** The manifest with the prompts of these flows as they sound now; what could not be made keeps its older sound. */
function mergeFlows(before: PromptManifest, flows: readonly CheckedFlow[], catalogue: PromptCatalogue): PromptManifest {
  const merged: Record<string, PromptManifest[string]> = { ...before };
  for (const flow of flows) {
    const sounds = catalogue.soundsOf(flow.version);
    for (const prompt of textsOf(flow).keys()) {
      const made = Object.hasOwn(sounds, prompt) ? sounds[prompt] : undefined;
      if (made) merged[prompt] = { ...merged[prompt], ...made };
    }
  }
  return merged;
}
