import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Making and shaping sound by outside programs (espeak-ng or another voice, sox). Nothing here ever passes through a shell. */

/** How texts become sound. */
export interface SpeechConfig {
  /**
   * Program and arguments. `{text}` is the text as one argument, `{textFile}` a UTF-8 file with it; it is on standard input too.
   * `{language}` the language, `{voice}` the voice for it, `{out}` (or `{file}`) the WAV file to write.
   */
  readonly command: readonly string[];
  /** Language -> voice; a language that is not named has its own name as voice. */
  readonly voices: Readonly<Record<string, string>>;
}

export const DEFAULT_SPEECH: SpeechConfig = {
  command: ['espeak-ng', '-v', '{voice}', '-s', '155', '-w', '{out}', '--stdin'],
  voices: { zh: 'cmn-latn-pinyin', en: 'en-us' },
};

/** The loudness that prompts are brought to, and what is still let through (RMS, dBFS). */
const TARGET_DB = -20.5;
const QUIETEST_DB = -23;
const LOUDEST_DB = -18;
const HIGHEST_PEAK_DB = -0.3;
const RUN_TIMEOUT_MS = 60_000;
const MAX_OUTPUT = 64 * 1024;

/** A prompt could not be made; the message says which program failed and what it said. */
export class SoundFault extends Error {}

export interface Spoken {
  readonly text: string;
  readonly language: string;
  readonly voice: string;
}

/** Speaks a text into `<folder>/spoken.wav` and returns its path. */
export async function speak(speech: SpeechConfig, spoken: Spoken, folder: string): Promise<string> {
  const out = join(folder, 'spoken.wav');
  const textFile = join(folder, 'text.txt');
  await writeFile(textFile, spoken.text);
  const values: Readonly<Record<string, string>> = {
    // A text that begins with a dash is no option of the program.
    text: spoken.text.startsWith('-') ? ` ${spoken.text}` : spoken.text,
    textFile,
    language: spoken.language,
    voice: spoken.voice,
    out,
    file: out,
  };
  // One pass with a function: a text that contains "{out}" or "$&" stays what it is.
  const [program, ...args] = speech.command.map((part) =>
    part.replace(/\{([a-zA-Z]+)\}/g, (whole, name: string) => values[name] ?? whole),
  );
  if (program === undefined) throw new SoundFault('no command for speech is configured');
  await run(program, args, spoken.text);
  return out;
}

/**
 * Brings a sound into the two forms that a switch plays: 8 kHz and 16 kHz, 16 bit, mono. Returns its length. Programs are what it costs, so each pass of sox
 * measures what it writes.
 */
export async function shape(raw: string, out: { readonly wav: string; readonly wav16: string }, folder: string): Promise<number> {
  const trimmed = join(folder, 'trimmed.wav');
  const cut = ['silence', '1', '0.02', '-50d', 'reverse'];
  const float = ['-e', 'float', '-b', '32', '-t', 'wav'];
  const saidWide = await sox([raw, ...float, trimmed, 'channels', '1', ...cut, ...cut, 'rate', '16000', 'stats']);
  if (wavLengthMs(await readFile(trimmed)) < 20) throw new SoundFault('there is no sound in it');
  const narrow = join(folder, 'narrow.wav');
  const saidNarrow = await sox([trimmed, ...float, narrow, 'rate', '8000', 'stats']);
  await level(narrow, out.wav, loudnessIn(saidNarrow));
  await level(trimmed, out.wav16, loudnessIn(saidWide));
  return wavLengthMs(await readFile(out.wav));
}

/** RMS and peak in dB below full scale. */
interface Loudness {
  readonly rmsDb: number;
  readonly peakDb: number;
}

/** Evens the loudness; a limiter takes the peaks. The measure of the result decides whether it was right, not that of the source. */
async function level(from: string, to: string, source: Loudness): Promise<void> {
  let gain = TARGET_DB - source.rmsDb;
  for (let attempt = 0; attempt < 4; attempt++) {
    const shaping = ['gain', '-l', gain.toFixed(2), 'gain', '-0.5', 'fade', 't', '0.01', '-0', '0.03', 'pad', '0.02', '0.08'];
    const said = await sox(['-D', from, '-b', '16', '-e', 'signed-integer', '-t', 'wav', to, ...shaping, 'stats']);
    const { rmsDb, peakDb } = loudnessIn(said);
    if (rmsDb >= QUIETEST_DB && rmsDb <= LOUDEST_DB && peakDb <= HIGHEST_PEAK_DB) return;
    gain += TARGET_DB - rmsDb;
  }
  throw new SoundFault(`its loudness cannot be brought between ${QUIETEST_DB} and ${LOUDEST_DB} dBFS`);
}

export const measure = async (file: string): Promise<Loudness> => loudnessIn(await sox(['-t', 'wav', file, '-n', 'stats']));

/** From what `stats` says. */
function loudnessIn(said: string): Loudness {
  const number = (name: string): number => Number(new RegExp(`^${name}\\s+(-?[\\d.]+|-inf)`, 'm').exec(said)?.[1]);
  const rmsDb = number('RMS lev dB');
  const peakDb = number('Pk lev dB');
  if (!Number.isFinite(rmsDb) || !Number.isFinite(peakDb)) throw new SoundFault('there is no sound in it');
  return { rmsDb, peakDb };
}

const sox = (args: readonly string[]): Promise<string> => run('sox', ['-V2', ...args], '');

/** Runs a program and returns what it said on standard error. */
function run(program: string, args: readonly string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'], shell: false });
    // Not spawn's own timeout: Node 20 leaves that timer running when the program cannot be started.
    const timer = setTimeout(() => child.kill('SIGKILL'), RUN_TIMEOUT_MS);
    let said = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (chunk: string) => {
      if (said.length < MAX_OUTPUT) said += chunk;
    });
    child.stdin.on('error', () => {}); // A program that does not read its input closes it; that is its right.
    child.stdin.end(input);
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(
        new SoundFault(error.code === 'ENOENT' ? `${program} is not installed` : `${program} cannot be run: ${error.message}`),
      );
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve(said);
      const why = signal === null ? `ended with ${code}` : `was ended after ${RUN_TIMEOUT_MS / 1_000} s`;
      reject(new SoundFault(`${program} ${why}: ${said.trim().split('\n').slice(-2).join(' ').slice(0, 300)}`));
    });
  });
}

/** Length of a PCM WAV file by its own header; 0 for what is none. Chunks may stand in any order. */
export function wavLengthMs(file: Buffer): number {
  if (file.length < 12 || file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') return 0;
  let bytesPerSecond = 0;
  for (let at = 12; at + 8 <= file.length; ) {
    const size = file.readUInt32LE(at + 4);
    const name = file.toString('latin1', at, at + 4);
    if (name === 'fmt ' && at + 20 <= file.length) bytesPerSecond = file.readUInt32LE(at + 16);
    if (name === 'data') {
      if (bytesPerSecond === 0) return 0;
      return Math.round((Math.min(size, file.length - at - 8) / bytesPerSecond) * 1_000);
    }
    at += 8 + size + (size % 2);
  }
  return 0;
}
