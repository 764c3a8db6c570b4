import { readFileSync } from 'node:fs';

/** The trimmed text of a file of secrets, or null when it cannot be read. */
export function readSecretFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

const READ_AGAIN_MS = 5_000;

/** What a file of secrets says, read again after a while, so that a key can be changed while we run. A file that is gone for a moment is as it was. */
export function secretReader(path: string): () => string | null {
  let secret: string | null = null;
  let readMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = performance.now();
    if (nowMs - readMs >= READ_AGAIN_MS) {
      readMs = nowMs;
      secret = readSecretFile(path) || secret;
    }
    return secret;
  };
}
