import type { SqlRecord, SqlStore, SqlValue, Statement, Write } from './sql-store.js';
import { SqliteThread } from './sqlite-thread.js';
import type { SqliteAnswer, SqliteWrite } from './sqlite-worker.js';

/**
 * One SQLite file behind two threads: one writes, one reads and cannot write. By WAL each reads the last commit while the other works, so that a
 * long report delays no row, and a nightly removal no report.
 */
export class SqliteStore implements SqlStore {
  readonly #writer: SqliteThread;
  readonly #reader: SqliteThread;

  constructor(file: string) {
    this.#writer = new SqliteThread({ file, mayWrite: true });
    this.#reader = new SqliteThread({ file, mayWrite: false });
  }

  async prepare(statements: readonly string[]): Promise<void> {
    await this.#writer.ask({ kind: 'prepare', statements });
  }

  /** Rejects while there is no file: reading makes none. */
  async all(sql: string, values: readonly SqlValue[]): Promise<SqlRecord[]> {
    const { columns, json } = (await this.#reader.ask({ kind: 'all', statement: { sql, values } })) as SqliteAnswer;
    return (JSON.parse(json) as unknown[][]).map((row) => {
      const record: Record<string, unknown> = {};
      for (let at = 0; at < columns.length; at++) record[columns[at] as string] = row[at];
      return record;
    });
  }

  async write(guard: Statement, writes: readonly Write[]): Promise<boolean> {
    return (await this.#writer.ask({ kind: 'write', guard, writes: writes.map(sqliteWrite) })) as boolean;
  }

  async run(statement: Statement): Promise<number> {
    return (await this.#writer.ask({ kind: 'run', statement })) as number;
  }

  /** The writer last: whoever closes a file last tidies up its log. */
  async close(): Promise<void> {
    await this.#reader.close();
    await this.#writer.close();
  }
}

const ROWS_AT_ONCE = 32;

const sqliteWrite = ({ sql, rows, many }: Write): SqliteWrite => ({
  sql,
  rows,
  chunk: many && rows.length >= ROWS_AT_ONCE ? { rows: ROWS_AT_ONCE, sql: many(ROWS_AT_ONCE) } : null,
});
