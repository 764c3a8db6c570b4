import { fieldName } from './tables.js';

/** What the two kinds of SQL have in common. `?` stands for a value; texts come from here alone, values from anywhere. */
export interface SqlStore {
  /** Statements that may be repeated, one after the other, while nobody else does the same. They may take long. */
  prepare(statements: readonly string[]): Promise<void>;
  /** As `prepare`, in one transaction with `guard`: false, and nothing is changed, when that changes no row. */
  upgrade(guard: Statement, statements: readonly string[]): Promise<boolean>;
  /** Fields are named as the house names them. */
  all(sql: string, values: readonly SqlValue[], asked?: Asked): Promise<SqlRecord[]>;
  /** How often each value comes within each group: `groups`, `value` and `calls`. Millions of rows are counted without being sorted. */
  countValues(question: ValueCount, asked?: Asked): Promise<SqlRecord[]>;
  /** One transaction. When `guard` changes no row, nothing is written and the answer is false. */
  write(guard: Statement, writes: readonly Write[]): Promise<boolean>;
  /** Answers how many rows were changed. */
  run(statement: Statement): Promise<number>;
  close(): Promise<void>;
}

export type SqlValue = string | number | null;
export type SqlRecord = Readonly<Record<string, unknown>>;

/** How a question is asked. */
export interface Asked {
  /** It looks at each call of a range: it waits with others like it, so that no short question waits behind it. */
  readonly long?: boolean;
  /** Nobody waits for the answer any more. */
  readonly givenUp?: AbortSignal;
}

export interface ValueCount {
  readonly groups: readonly string[];
  /** An expression whose values are whole numbers, and its name. */
  readonly value: readonly [expression: string, name: string];
  /** Table and condition. */
  readonly from: string;
  readonly values: readonly SqlValue[];
}

export interface Statement {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** One statement for many rows of values; `many` is the same for so many rows at once, where that is quicker. */
export interface Write {
  readonly sql: string;
  readonly rows: readonly (readonly SqlValue[])[];
  readonly many?: (rows: number) => string;
}

/** Rows as the house names their fields. Copies of one blank record: ten times quicker than records that grow field by field. */
export function recordsOf(columns: readonly string[], rows: readonly (readonly unknown[])[]): SqlRecord[] {
  const names = columns.map(fieldName);
  const blank: Record<string, unknown> = Object.fromEntries(names.map((name) => [name, null]));
  return rows.map((row) => {
    const record = { ...blank };
    for (let at = 0; at < names.length; at++) record[names[at] as string] = row[at];
    return record;
  });
}
