import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type PromptManifest, type PromptSound, readManifest, writeAtomically, writeManifest } from './prompt-manifest.js';
import { DEFAULT_SPEECH, SoundFault, type SpeechConfig, shape, speak, wavLengthMs } from './prompt-sound.js';
import type { PromptTexts } from './prompt-sources.js';

/**
 * Makes every prompt once. A sound is named by what went into it (text, voice, format), so a text that has not changed costs nothing, a
 * text that has changed gets a new file, and a switch that still plays the old one is not disturbed.
 */

/** Raised when the shaping of sounds changes, so that all are made anew. */
const FORMAT_VERSION = 1;

export interface BuildOptions {
  readonly texts: PromptTexts;
  /** Where sounds and manifest go; made if it is not there. */
  readonly folder: string;
  readonly speech?: SpeechConfig;
  /** A folder of recorded prompts that go before spoken ones: `<folder>/<flow>/<name>.<language>.wav`. */
  readonly recorded?: string | null;
  /** How many at a time. */
  readonly parallel?: number;
  /** Of the list as it is, these stay in it though `texts` has them not. */
  readonly keep?: (prompt: string) => boolean;
  /** What has not been begun then is left as it is. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: BuildProgress) => void;
}

export interface BuildProgress {
  readonly done: number;
  readonly of: number;
  readonly prompt: string;
  readonly language: string;
}

export interface BuildReport {
  readonly built: number;
  readonly unchanged: number;
  readonly recorded: number;
  readonly failed: readonly BuildFailure[];
}

export interface BuildFailure {
  readonly prompt: string;
  readonly language: string;
  readonly reason: string;
}

interface Job {
  readonly prompt: string;
  readonly language: string;
  readonly text: string;
}

const PROMPT_ID = /^[a-z][a-z0-9-]{0,63}\/[a-z][a-z0-9-]{0,63}$/;
const LANGUAGE = /^[a-z]{2,3}(-[A-Z]{2})?$/;

/**
 * Builds what is missing, and writes the manifest. One that fails is told and does not stop the others; its older sound, if there is one,
 * stays in the manifest, because an old sentence is better than silence. Throws only when the folder cannot be written.
 */
export async function buildPrompts(options: BuildOptions): Promise<BuildReport> {
  const before = await readManifest(options.folder);
  const old: PromptManifest = before.ok ? before.value : {};
  const { sounds, report } = await buildSounds(options);
  const made: Record<string, Record<string, PromptSound>> = {};
  for (const [prompt, kept] of Object.entries(old)) if (options.keep?.(prompt)) made[prompt] = { ...kept };
  for (const [prompt, words] of options.texts) {
    for (const language of Object.keys(words)) {
      const sound = sounds[prompt]?.[language] ?? (Object.hasOwn(old, prompt) ? old[prompt]?.[language] : undefined);
      if (sound !== undefined) made[prompt] = { ...made[prompt], [language]: sound };
    }
  }
  await writeManifest(options.folder, made);
  await copyForDialplan(options.folder, made);
  return report;
}

/** Builds what is missing of these texts and leaves the manifest alone: for a version of a flow that is not live (yet, or any more). */
export async function buildSounds(options: BuildOptions): Promise<{ sounds: PromptManifest; report: BuildReport }> {
  await mkdir(options.folder, { recursive: true });
  const jobs = Array.from(options.texts).flatMap(([prompt, words]) =>
    Object.entries(words).map(([language, text]): Job => ({ prompt, language, text })),
  );
  const sounds: Record<string, Record<string, PromptSound>> = {};
  const failed: BuildFailure[] = [];
  const counts = { built: 0, unchanged: 0, recorded: 0 };
  let done = 0;
  const one = async (job: Job): Promise<void> => {
    const { prompt, language } = job;
    try {
      const { sound, isNew, isRecorded } = await buildOne(job, options);
      counts[isNew ? 'built' : 'unchanged']++;
      if (isRecorded) counts.recorded++;
      sounds[prompt] = { ...sounds[prompt], [language]: sound };
    } catch (error) {
      failed.push({ prompt, language, reason: error instanceof Error ? error.message : String(error) });
    }
    done++;
    options.onProgress?.({ done, of: jobs.length, prompt, language });
  };
  const open = jobs.values();
  const worker = async (): Promise<void> => {
    for (const job of open) {
      if (options.signal?.aborted) return;
      await one(job);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, options.parallel ?? 2) }, worker));
  failed.sort((a, b) => (`${a.prompt}.${a.language}` < `${b.prompt}.${b.language}` ? -1 : 1));
  return { sounds, report: { ...counts, failed } };
}

/** Puts sounds into the list of the folder, in the place of older ones, and returns the list. */
export async function addSounds(folder: string, sounds: PromptManifest): Promise<PromptManifest> {
  const read = await readManifest(folder);
  const merged: Record<string, PromptManifest[string]> = read.ok ? { ...read.value } : {};
  for (const [prompt, made] of Object.entries(sounds)) merged[prompt] = { ...merged[prompt], ...made };
  await writeManifest(folder, merged);
  return merged;
}

interface Built {
  readonly sound: PromptSound;
  readonly isNew: boolean;
  readonly isRecorded: boolean;
}

async function buildOne(job: Job, options: BuildOptions): Promise<Built> {
  if (!PROMPT_ID.test(job.prompt) || !LANGUAGE.test(job.language)) throw new SoundFault('its name is not one that can be a file');
  const speech = options.speech ?? DEFAULT_SPEECH;
  const voice = Object.hasOwn(speech.voices, job.language) ? (speech.voices[job.language] as string) : job.language;
  const recording = await readRecorded(job, options.recorded ?? null);
  const source = recording === null ? ['spoken', job.text, voice, ...speech.command] : ['recorded', sha256(recording.content)];
  const hash = sha256(JSON.stringify([FORMAT_VERSION, ...source])).slice(0, 32);
  const target = { wav: join(options.folder, `${hash}.wav`), wav16: join(options.folder, `${hash}.wav16`) };
  const isRecorded = recording !== null;
  const present = await existingLengthMs(target);
  if (present !== null) return { sound: { hash, ms: present, text: job.text }, isNew: false, isRecorded };
  const work = await mkdtemp(join(options.folder, '.work-'));
  try {
    const raw = recording?.path ?? (await speak(speech, { text: job.text, language: job.language, voice }, work));
    const half = { wav: join(work, 'done.wav'), wav16: join(work, 'done.wav16') };
    const ms = await shape(raw, half, work);
    await rename(half.wav16, target.wav16);
    await rename(half.wav, target.wav);
    return { sound: { hash, ms, text: job.text }, isNew: true, isRecorded };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A recorded file goes before a voice. The path is made of a checked id, so it stays inside the folder. */
async function readRecorded(job: Job, folder: string | null): Promise<{ path: string; content: Buffer } | null> {
  if (folder === null) return null;
  const path = join(folder, `${job.prompt}.${job.language}.wav`);
  try {
    return { path, content: await readFile(path) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function existingLengthMs(target: { wav: string; wav16: string }): Promise<number | null> {
  const lengths = await Promise.all([target.wav, target.wav16].map(async (path) => readFile(path).then(wavLengthMs, () => 0)));
  return lengths.every((ms) => ms > 0) ? (lengths[0] as number) : null;
}

/** The prompts that the dialplan plays by itself when no controller is there need names that never change. */
export const DIALPLAN_PROMPTS: Readonly<Record<string, string>> = { fallback: 'system/fallback', goodbye: 'system/goodbye' };

async function copyForDialplan(folder: string, prompts: PromptManifest): Promise<void> {
  for (const [name, prompt] of Object.entries(DIALPLAN_PROMPTS)) {
    for (const [language, { hash }] of Object.entries(prompts[prompt] ?? {})) {
      for (const ending of ['wav', 'wav16']) {
        await writeAtomically(join(folder, `${name}-${language}.${ending}`), await readFile(join(folder, `${hash}.${ending}`)));
      }
    }
  }
}

/** Prompts and languages that have a text but no sound made of it, `never` built or built from an `old` text. */
export async function missingPrompts(
  texts: PromptTexts,
  folder: string,
): Promise<ReadonlyArray<{ prompt: string; language: string; why: 'never' | 'old' | 'lost' }>> {
  const manifest = await readManifest(folder);
  const prompts = manifest.ok ? manifest.value : {};
  const missing: Array<{ prompt: string; language: string; why: 'never' | 'old' | 'lost' }> = [];
  for (const [prompt, words] of texts) {
    for (const [language, text] of Object.entries(words)) {
      const sound = prompts[prompt]?.[language];
      if (sound === undefined) missing.push({ prompt, language, why: 'never' });
      else if (sound.text !== text) missing.push({ prompt, language, why: 'old' });
      else {
        const target = { wav: join(folder, `${sound.hash}.wav`), wav16: join(folder, `${sound.hash}.wav16`) };
        if ((await existingLengthMs(target)) === null) missing.push({ prompt, language, why: 'lost' });
      }
    }
  }
  return missing;
}

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
