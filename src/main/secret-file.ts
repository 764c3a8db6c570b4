import { readFileSync } from 'node:fs';

/** The trimmed text of a file of secrets, or null when it cannot be read. */
export function readSecretFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}
