import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { addSounds, buildPrompts, buildSounds } from '../adapters/files/prompt-builder.js';
import { loadPromptManifest, PromptCatalogue } from '../adapters/files/prompt-manifest.js';
import type { PromptTexts } from '../adapters/files/prompt-sources.js';
import { SAY_FOLDER } from '../flow/say/say.js';
import type { Log } from '../ports/log.js';
import { howToBuild, type Site } from './site.js';

/** Prompts made between two lines of the log. */
const PROGRESS_EVERY = 20;

/**
 * The sounds of a house that starts. First, before anybody is served, what each call may need at once: the prompts of the system and of the flows. Then, beside
 * the calls and one at a time, the words of numbers, amounts and days: more than half of all, and heard by few. A word that is not there yet is as any prompt
 * that could not be made; what was spoken before sounds meanwhile.
 */
export class SpokenPrompts {
  readonly catalogue: PromptCatalogue;
  /** Words that are made beside the calls; empty when they are there. */
  #open: PromptTexts;
  #making: Promise<void> = Promise.resolve();
  readonly #ending = new AbortController();

  private constructor(
    private readonly site: Site,
    private readonly log: Log,
    catalogue: PromptCatalogue,
    words: PromptTexts,
  ) {
    this.catalogue = catalogue;
    this.#open = words;
  }

  static async open(site: Site, log: Log): Promise<SpokenPrompts> {
    const { folders, site: place } = site.settings;
    await mkdir(folders.prompts, { recursive: true });
    const entries = [...site.texts];
    const { built, unchanged, failed } = await buildPrompts({
      ...howToBuild(site),
      texts: new Map(entries.filter(([prompt]) => !isWord(prompt))),
      keep: isWord,
      onProgress: ({ done, of }) => {
        if (done % PROGRESS_EVERY === 0 && done < of) log.info({ done, of }, 'prompts are being spoken');
      },
    });
    log.info({ built, unchanged, failed: failed.length }, 'prompts are ready');
    for (const failure of failed) log.error(failure, 'a prompt could not be made');
    const read = await loadPromptManifest(folders.prompts, place.languages);
    // Without a list of prompts nothing sounds, until the flows have built theirs.
    const catalogue = read.ok ? read.value : new PromptCatalogue(resolve(folders.prompts), {}, place.languages);
    return new SpokenPrompts(site, log, catalogue, new Map(entries.filter(([prompt]) => isWord(prompt))));
  }

  /** Calls are served from now on. */
  speakWords(): void {
    this.#making = this.#speakWords().catch((error: unknown) => {
      this.log.error({ error: String(error) }, 'the words of values could not be made; they are made at the next start');
    });
  }

  isWhole(): boolean {
    return this.#open.size === 0;
  }

  /** Whether this text is being made here, so that nobody else need do it. */
  isOnItsWay(prompt: string, language: string, text: string): boolean {
    return this.#open.get(prompt)?.[language] === text;
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#making;
  }

  async #speakWords(): Promise<void> {
    const { signal } = this.#ending;
    const { sounds, report } = await buildSounds({ ...howToBuild(this.site), texts: this.#open, parallel: 1, signal });
    this.catalogue.replace(await addSounds(this.site.settings.folders.prompts, sounds));
    if (signal.aborted) return;
    this.#open = new Map();
    this.log.info(
      { built: report.built, unchanged: report.unchanged, failed: report.failed.length },
      'the words of values are ready',
    );
    for (const failure of report.failed) this.log.error(failure, 'a prompt could not be made');
  }
}

const isWord = (prompt: string): boolean => prompt.startsWith(`${SAY_FOLDER}/`);
