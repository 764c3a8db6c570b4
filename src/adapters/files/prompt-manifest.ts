import { open, readFile, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { PromptRef } from '../../base/prompts.js';
import { ok, type Refusal, type Result, refuse } from '../../base/result.js';

/** What the builder has made: `manifest.json` in the folder of prompts, beside `<hash>.wav` and `<hash>.wav16`. */

export interface PromptSound {
  /** Names the files; 32 hex digits, made of the text, the voice and the format. */
  readonly hash: string;
  readonly ms: number;
  readonly text: string;
}
/** Prompt id -> language -> sound. */
export type PromptManifest = Readonly<Record<string, Readonly<Record<string, PromptSound>>>>;

const MANIFEST = 'manifest.json';
const sound = z.object({ hash: z.string().regex(/^[0-9a-f]{32}$/), ms: z.int().min(0), text: z.string() });
const shape = z.object({ format: z.literal(1), prompts: z.record(z.string(), z.record(z.string(), sound)) });

/** Reads a manifest. Refuses with `no-prompts` when there is none, `bad-prompt-manifest` when it is not ours. */
export async function readManifest(folder: string): Promise<Result<PromptManifest, Refusal>> {
  const path = join(folder, MANIFEST);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'run "hotline prompts build"' : (error as Error).message;
    return refuse('no-prompts', `no prompts have been built in ${folder}: ${reason}`);
  }
  try {
    return ok(shape.parse(JSON.parse(text)).prompts);
  } catch {
    return refuse('bad-prompt-manifest', `${path} cannot be read; delete it and run "hotline prompts build"`);
  }
}

/** Replaces the manifest whole: a reader sees the old one or the new one. */
export async function writeManifest(folder: string, prompts: PromptManifest): Promise<void> {
  const sorted = Object.fromEntries(Object.entries(prompts).sort(([a], [b]) => (a < b ? -1 : 1)));
  await writeAtomically(join(folder, MANIFEST), `${JSON.stringify({ format: 1, prompts: sorted }, null, 1)}\n`);
}

export async function writeAtomically(path: string, content: string | Buffer): Promise<void> {
  const half = `${path}.${process.pid}.new`;
  const file = await open(half, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(half, path);
}

/**
 * Finds the file of a prompt. A language without its own sound falls back: zh-TW to zh, then to the languages in order. A prompt of a version of a
 * flow sounds as it did then, as long as the version is known here; else as it does now.
 */
export class PromptCatalogue {
  #prompts: PromptManifest;
  readonly #versions = new Map<string, PromptManifest>();

  constructor(
    private readonly folder: string,
    prompts: PromptManifest,
    private readonly fallback: readonly string[] = ['zh', 'en'],
  ) {
    this.#prompts = prompts;
  }

  /** Absolute path without its ending (the switch chooses .wav or .wav16), or null when the prompt was never built. */
  resolve(ref: PromptRef): string | null {
    const found = this.#find(ref);
    return found === null ? null : join(this.folder, found.hash);
  }

  /** How long it sounds; null when it was never built. */
  lengthMs(ref: PromptRef): number | null {
    return this.#find(ref)?.ms ?? null;
  }

  ids(): readonly string[] {
    return Object.keys(this.#prompts);
  }

  /** What sounds from now on where no version is asked for, or one that is not known. */
  replace(prompts: PromptManifest): void {
    this.#prompts = prompts;
  }

  /** How the prompts of a version of a flow sound. */
  addVersion(version: string, prompts: PromptManifest): void {
    this.#versions.set(version, prompts);
  }

  hasVersion(version: string): boolean {
    return this.#versions.has(version);
  }

  soundsOf(version: string): PromptManifest {
    return this.#versions.get(version) ?? {};
  }

  /** Forgets all versions but these. */
  keepVersions(versions: ReadonlySet<string>): void {
    for (const version of this.#versions.keys()) if (!versions.has(version)) this.#versions.delete(version);
  }

  #find({ prompt, language, version }: PromptRef): PromptSound | null {
    const ofVersion = version === undefined ? undefined : this.#versions.get(version);
    for (const prompts of ofVersion === undefined ? [this.#prompts] : [ofVersion, this.#prompts]) {
      const sound = this.#inLanguage(prompts, prompt, language);
      if (sound !== null) return sound;
    }
    return null;
  }

  #inLanguage(prompts: PromptManifest, prompt: string, language: string): PromptSound | null {
    const sounds = Object.hasOwn(prompts, prompt) ? prompts[prompt] : undefined;
    if (sounds === undefined) return null;
    for (const name of [language, language.split('-')[0] as string, ...this.fallback, ...Object.keys(sounds).sort()]) {
      const sound = Object.hasOwn(sounds, name) ? sounds[name] : undefined;
      if (sound !== undefined) return sound;
    }
    return null;
  }
}

/** The catalogue of a folder of prompts, for the adapters of switches. */
export async function loadPromptManifest(
  folder: string,
  fallback?: readonly string[],
): Promise<Result<PromptCatalogue, Refusal>> {
  const manifest = await readManifest(folder);
  return manifest.ok ? ok(new PromptCatalogue(resolve(folder), manifest.value, fallback)) : manifest;
}
