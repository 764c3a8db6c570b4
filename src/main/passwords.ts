import { hash, verify } from '@node-rs/argon2';
import { ok, type Refusal, type Result, refuse } from '../base/result.js';

/** Argon2id at the cost that OWASP names first: 19 MiB, two passes, one lane. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const LEAST = 10;
export const LONGEST_PASSWORD = 200;

const COMMON = new Set(
  [
    'password',
    'passw0rd',
    'hotline',
    'administrator',
    'supervisor',
    'callcenter',
    'qwertyuiop',
    'asdfghjkl',
    'iloveyou',
    'letmein',
    'welcome',
    'changeme',
    'woaini',
    'mima',
    'kefu',
    'admin',
    '1q2w3e4r5t',
    'qazwsxedc',
    'abcdefghij',
    'abc',
  ].map(bare),
);

/** Letters alone, so that "Password2026!" is seen as what it is. */
function bare(text: string): string {
  return text.toLowerCase().replace(/[\d\W_]/gu, '') || text;
}

/** One way of writing for what looks the same, whatever keyboard it came from. */
const written = (password: string): string => password.normalize('NFKC');

/** Refuses what would be among the first guesses. */
export function checkNewPassword(password: string, user: string): Result<string, Refusal> {
  const text = written(password);
  const letters = [...text];
  if (letters.length < LEAST) return refuse('weak-password', `a password has ${LEAST} characters or more`);
  if (letters.length > LONGEST_PASSWORD) return refuse('weak-password', `a password has at most ${LONGEST_PASSWORD} characters`);
  const plain = text.toLowerCase();
  if (plain.replaceAll(user.toLowerCase(), '').length < LEAST / 2) return refuse('weak-password', 'a password is not the name');
  if (new Set(letters).size < 5) return refuse('weak-password', 'a password is more than a few characters again and again');
  if ('0123456789012345678901234567890'.includes(text) || '98765432109876543210'.includes(text) || COMMON.has(bare(text))) {
    return refuse('weak-password', 'this password is one of the first that anybody tries');
  }
  return ok(text);
}

/** In the PHC format, salted. */
export const hashPassword = (password: string): Promise<string> => hash(written(password), COST);

/** False also for what cannot be read. */
export const isPassword = (hashed: string, password: string): Promise<boolean> =>
  verify(hashed, written(password)).catch(() => false);
