/** What the two kinds of SQL have in common. `?` stands for a value; texts come from here alone, values from anywhere. */
export interface SqlStore {
  /** Statements that may be repeated, one after the other, while nobody else does the same. */
  prepare(statements: readonly string[]): Promise<void>;
  all(sql: string, values: readonly SqlValue[]): Promise<SqlRecord[]>;
  /** One transaction. When `guard` changes no row, nothing is written and the answer is false. */
  write(guard: Statement, writes: readonly Write[]): Promise<boolean>;
  /** Answers how many rows were changed. */
  run(statement: Statement): Promise<number>;
  close(): Promise<void>;
}

export type SqlValue = string | number | null;
export type SqlRecord = Readonly<Record<string, unknown>>;

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
