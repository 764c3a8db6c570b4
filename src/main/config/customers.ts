import { createHash } from 'node:crypto';
import { type AgentId, asId, type CustomerId } from '../../base/ids.js';
import type { Customer } from '../../flow/contract.js';
import type { CustomersFile } from './shapes.js';

/** Who is who by number and by account. A later source (a bank's own directory) takes the place of this file behind the same questions. */
export interface CustomerDirectory {
  readonly size: number;
  /** As they stand in the file. */
  readonly numbers: readonly string[];
  byNumber(ani: string): Customer | null;
  /** By a card or an account that the caller has keyed. Only their SHA-256 is kept in memory. */
  byAccount(account: string): Customer | null;
}

export function customerDirectory(file: CustomersFile, countryCode: string): CustomerDirectory {
  const byKey = new Map<string, Customer>();
  const byAccount = new Map<string, Customer>();
  for (const [id, { name, tier, language, agent, numbers, accounts }] of Object.entries(file.customers)) {
    const customer: Customer = Object.freeze({
      id: asId<CustomerId>(id),
      name,
      tier,
      language: language ?? null,
      agent: agent === undefined ? null : asId<AgentId>(agent),
    });
    for (const number of numbers) byKey.set(numberKey(number, countryCode), customer);
    for (const account of accounts) byAccount.set(accountKey(account), customer);
  }
  return {
    size: Object.keys(file.customers).length,
    numbers: Object.values(file.customers).flatMap(({ numbers }) => numbers),
    byNumber: (ani) => byKey.get(numberKey(ani, countryCode)) ?? null,
    byAccount: (account) => byAccount.get(accountKey(account)) ?? null,
  };
}

/**
 * `6222 0212-3456`, `622202123456` and `sha256:` with the SHA-256 of the latter are one account. What stands in a file as a digest keeps the
 * number from being read off a screen; who has the file can still try all numbers.
 */
export function accountKey(account: string): string {
  if (account.startsWith('sha256:')) return account.slice('sha256:'.length).toLowerCase();
  const plain = account.slice(0, 64).replace(/[ -]/g, '').toUpperCase();
  return createHash('sha256').update(plain).digest('hex');
}

/**
 * One key for the ways in which a trunk writes a number: `13800000001`, `+8613800000001`, `008613800000001` and `013800000001` are one
 * caller. What a caller sends is hostile: only the digits of the first 32 characters are looked at.
 */
export function numberKey(number: string, countryCode: string): string {
  const text = number.slice(0, 32).trim();
  let digits = text.replace(/\D/g, '');
  const international = text.startsWith('+') || digits.startsWith('00');
  digits = digits.replace(/^0+/, '');
  return international && digits.startsWith(countryCode) ? digits.slice(countryCode.length).replace(/^0+/, '') : digits;
}
