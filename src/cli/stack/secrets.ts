import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Passwords of one installation: made once, kept in its data folder, readable by its owner only. */
export interface Secrets {
  readonly ariPassword: string;
  readonly apiToken: string;
  /** Holds the API token and nothing else. */
  readonly apiTokenFile: string;
  /** Digest password of a phone; made when it is asked for the first time. */
  phonePassword(name: string): string;
}

interface Stored {
  ariPassword: string;
  phones: Record<string, string>;
}

export function openSecrets(dataFolder: string): Secrets {
  mkdirSync(dataFolder, { recursive: true, mode: 0o755 });
  const file = join(dataFolder, 'secrets.json');
  const stored: Stored = existsSync(file) ? parse(file) : { ariPassword: secret(24), phones: {} };
  const save = (): void => writePrivately(file, `${JSON.stringify(stored, null, 2)}\n`);
  save();
  const apiTokenFile = join(dataFolder, 'api-token');
  if (!existsSync(apiTokenFile)) writePrivately(apiTokenFile, `${secret(24)}\n`);
  return {
    ariPassword: stored.ariPassword,
    apiToken: readFileSync(apiTokenFile, 'utf8').trim(),
    apiTokenFile,
    phonePassword(name) {
      if (!Object.hasOwn(stored.phones, name)) {
        stored.phones[name] = secret(12);
        save();
      }
      return stored.phones[name] as string;
    },
  };
}

function parse(file: string): Stored {
  try {
    const { ariPassword, phones } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Stored>;
    if (typeof ariPassword === 'string' && typeof phones === 'object' && phones !== null) return { ariPassword, phones };
  } catch {
    // Told below, with what to do.
  }
  throw new Error(`${file} cannot be read as JSON with ariPassword and phones; take it away and new passwords are made`);
}

const secret = (bytes: number): string => randomBytes(bytes).toString('base64url');

function writePrivately(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 });
  chmodSync(file, 0o600);
}
