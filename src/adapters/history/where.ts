import type { Range } from '../../ports/history.js';
import type { SqlValue } from './sql-store.js';

/** Conditions joined by AND, with their values in order. */
export class Where {
  readonly #parts: string[] = [];
  readonly values: SqlValue[] = [];

  and(sql: string, ...values: SqlValue[]): this {
    this.#parts.push(sql);
    this.values.push(...values);
    return this;
  }

  /** Left out when there is nothing to ask for. */
  is(name: string, value: string | undefined): this {
    return value === undefined ? this : this.and(`${name} = ?`, value);
  }

  isOneOf(name: string, values: readonly SqlValue[]): this {
    return this.and(`${name} IN (${values.map(() => '?').join(', ')})`, ...values);
  }

  toString(): string {
    return this.#parts.join(' AND ');
  }
}

export const between = (name: string, { fromMs, toMs }: Range): Where =>
  new Where().and(`${name} >= ? AND ${name} < ?`, fromMs, toMs);
