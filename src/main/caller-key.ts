import { createHmac, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { numberKey } from './config/customers.js';

const KEY_BYTES = 32;

/**
 * What stands for a caller's number where calls are compared: a hash with a key that lies beside the history and not in it, because all numbers
 * of a country are tried in minutes when the key is known. The ways in which a trunk writes a number give the same hash.
 */
export function callerKeyOf(key: Buffer, countryCode: string): (number: string) => string | null {
  return (number) => {
    const digits = numberKey(number, countryCode);
    return digits === '' ? null : createHmac('sha256', key).update(digits).digest('hex').slice(0, 24);
  };
}

/** Reads the key, or makes one that only this user can read. Two nodes of a site need the same file. Throws when it is no key. */
export function readCallerKey(file: string): Buffer {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, `${randomBytes(KEY_BYTES).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'hex');
  if (key.length !== KEY_BYTES) throw new Error(`${file} does not hold a key of ${KEY_BYTES} bytes in hex`);
  return key;
}
