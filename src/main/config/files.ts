import { readFile, stat } from 'node:fs/promises';
import { byPlace } from '../../flow/finding.js';
import { MAX_TEXT } from '../../flow/source.js';
import type { ConfigFinding } from './shape-findings.js';

/** The text of a file, or null and a finding. */
export const readText = (path: string, findings: ConfigFinding[]): Promise<string | null> => read(path, findings, false);

/** As `readText`, but a file that is not there is no finding. */
export const readOptionalText = (path: string, findings: ConfigFinding[]): Promise<string | null> => read(path, findings, true);

async function read(path: string, findings: ConfigFinding[], mayBeMissing: boolean): Promise<string | null> {
  const refuse = (rule: string, message: string): null => {
    findings.push({ file: path, line: 1, column: 1, level: 'error', rule, message });
    return null;
  };
  try {
    // Looked at before it is read: a file of gigabytes must not be taken into memory to be refused.
    if ((await stat(path)).size > MAX_TEXT * 4) return refuse('too-big', `the file is larger than ${MAX_TEXT * 4} bytes`);
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    if (code === 'ENOENT' && mayBeMissing) return null;
    return code === 'ENOENT'
      ? refuse('no-file', 'this file is missing')
      : refuse('unreadable', `the file cannot be read (${code})`);
  }
}

export const byFileAndPlace = (a: ConfigFinding, b: ConfigFinding): number =>
  a.file < b.file ? -1 : a.file > b.file ? 1 : byPlace(a, b);
