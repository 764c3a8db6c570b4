import { type AgentId, asId, type CustomerId } from '../../base/ids.js';
import type { Customer } from '../../flow/contract.js';
import type { CustomersFile } from './shapes.js';

/** Who is who by number. A later source (a bank's own directory) takes the place of this file behind the same two questions. */
export interface CustomerDirectory {
  readonly size: number;
  /** As they stand in the file. */
  readonly numbers: readonly string[];
  byNumber(ani: string): Customer | null;
}

export function customerDirectory(file: CustomersFile, countryCode: string): CustomerDirectory {
  const byKey = new Map<string, Customer>();
  for (const [id, { name, tier, language, agent, numbers }] of Object.entries(file.customers)) {
    const customer: Customer = Object.freeze({
      id: asId<CustomerId>(id),
      name,
      tier,
      language: language ?? null,
      agent: agent === undefined ? null : asId<AgentId>(agent),
    });
    for (const number of numbers) byKey.set(numberKey(number, countryCode), customer);
  }
  return {
    size: Object.keys(file.customers).length,
    numbers: Object.values(file.customers).flatMap(({ numbers }) => numbers),
    byNumber: (ani) => byKey.get(numberKey(ani, countryCode)) ?? null,
  };
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
