import { join } from 'node:path';
import { didYouMean, quoted } from '../../flow/finding.js';
import { type Path, type Place, readSource, type Source } from '../../flow/source.js';
import { readText } from './files.js';
import type { SourceFile } from './names.js';
import type { ConfigFinding } from './shape-findings.js';

/**
 * A file of the configuration that is laid over the others when it is asked for by name (HOTLINE_OVERLAY=demo: `config/demo.yaml`), for what a demonstration or
 * a trial needs to be different. It names a file, a place in it and what stands there instead: `hotline: { calendars.service: { always: open } }`. What it says is
 * checked like the rest, together with the rest; a mistake in it is told at its own line.
 */
export interface Overlay {
  /** The file of this name with what is laid over it; unchanged when nothing is. */
  over(name: string, base: SourceFile | null): SourceFile | null;
  /** Null: there is no such file, or it cannot be read; a finding says why. */
  readonly text: string | null;
}

const PLAIN_NAME = /^[a-z][a-z0-9-]{0,39}$/;
const NOTHING: Overlay = { over: (_, base) => base, text: null };

export async function readOverlay(
  folder: string,
  name: string | null,
  files: readonly string[],
  findings: ConfigFinding[],
): Promise<Overlay> {
  if (name === null) return NOTHING;
  const file = join(folder, `${name}.yaml`);
  const refuse = (rule: string, message: string, place: Place = { line: 1, column: 1 }): void => {
    findings.push({ file, ...place, level: 'error', rule, message });
  };
  if (!PLAIN_NAME.test(name) || files.includes(name)) {
    findings.push({
      ...{ file: 'HOTLINE_OVERLAY', line: 0, column: 0, level: 'error', rule: 'bad-name' },
      message: `${quoted(name)} is no overlay: the name of a file beside hotline.yaml, in small letters, without its ending`,
    });
    return NOTHING;
  }
  const text = await readText(file, findings);
  if (text === null) return NOTHING;
  const read = readSource(text, file);
  findings.push(...(read.ok ? read.value.findings : read.error));
  if (!read.ok) return NOTHING;
  const { value } = read.value;
  if (!isMap(value)) {
    refuse('wrong-type', 'names of files are needed, and under each what stands there instead');
    return NOTHING;
  }
  for (const [part, places] of Object.entries(value)) {
    if (!files.includes(part)) {
      const hint = didYouMean(part, files) || `; known are ${files.join(', ')}`;
      refuse('unknown-key', `${quoted(part)} is no file of the configuration${hint}`, read.value.atKey([part]));
    } else if (!isMap(places)) {
      refuse(
        'wrong-type',
        `${part}: places are needed, like calendars.service, and what stands there instead`,
        read.value.at([part]),
      );
    }
  }
  return {
    text,
    over: (part, base) => (base && isMap(value[part]) ? laidOver(base, part, value[part], { file, source: read.value }) : base),
  };
}

/** Where a laid-over place is asked for, the answer names the overlay's file too, which takes the place of the base's in a finding. */
function laidOver(base: SourceFile, part: string, places: Readonly<Record<string, unknown>>, overlay: SourceFile): SourceFile {
  const value = structuredClone(base.source.value);
  const laid = Object.entries(places).map(([key, instead]) => {
    const path = key.split('.');
    put(value, path, instead);
    return { key, path };
  });
  const isWithin = (inner: Path, outer: Path): boolean => outer.every((step, nth) => step === inner[nth]);
  const inOverlay = (path: Path): Path | null => {
    const found = laid.find((each) => isWithin(path, each.path));
    if (found) return [part, found.key, ...path.slice(found.path.length)];
    // A place on the way there that the base does not have.
    const beyond = laid.find((each) => path.length > 0 && isWithin(each.path, path));
    return beyond && !isThere(base.source.value, path) ? [part, beyond.key] : null;
  };
  const either = <T>(path: Path, ask: (source: Source, path: Path) => T): T => {
    const there = inOverlay(path);
    return there === null ? ask(base.source, path) : ask(overlay.source, there);
  };
  const placed = (path: Path, ask: (source: Source, path: Path) => Place): Place =>
    inOverlay(path) === null ? ask(base.source, path) : { ...either(path, ask), ...{ file: overlay.file } };
  return {
    file: base.file,
    source: {
      value,
      findings: base.source.findings,
      at: (path) => placed(path, (source, at) => source.at(at)),
      atKey: (path) => placed(path, (source, at) => source.atKey(at)),
      inText: (path, index) => placed(path, (source, at) => source.inText(at, index)),
      written: (path) => either(path, (source, at) => source.written(at)),
    },
  };
}

/** What does not lead on is replaced by what does; hostile names are plain keys of plain objects. */
function put(value: unknown, path: readonly string[], instead: unknown): void {
  let at = value;
  for (const [nth, step] of path.entries()) {
    if (!isMap(at)) return;
    const isLast = nth === path.length - 1;
    if (isLast || !Object.hasOwn(at, step) || !isMap(at[step]))
      Object.defineProperty(at, step, { value: isLast ? instead : {}, enumerable: true, writable: true, configurable: true });
    at = at[step];
  }
}

function isThere(value: unknown, path: Path): boolean {
  let at = value;
  for (const step of path) {
    if (!isMap(at) || !Object.hasOwn(at, step)) return false;
    at = at[step];
  }
  return true;
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
