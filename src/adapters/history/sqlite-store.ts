import { QuestionLine } from './question-line.js';
import {
  type Asked,
  recordsOf,
  type SqlRecord,
  type SqlStore,
  type SqlValue,
  type Statement,
  type ValueCount,
  type Write,
} from './sql-store.js';
import { SqliteThread } from './sqlite-thread.js';
import type { Request, SqliteAnswer, SqliteWrite } from './sqlite-worker.js';

/**
 * One SQLite file behind three threads: one writes; one answers short questions and one those that look at each call of a range, and neither can
 * write. By WAL each reads the last commit while the others work: a long report delays no row and no short question, a nightly removal no report.
 */
export class SqliteStore implements SqlStore {
  readonly #writer: SqliteThread;
  readonly #short: Reader;
  readonly #long: Reader;

  constructor(file: string) {
    this.#writer = new SqliteThread({ file, mayWrite: true });
    const reader = (waitAtMost: number): Reader => ({
      thread: new SqliteThread({ file, mayWrite: false }),
      line: new QuestionLine(1, waitAtMost),
    });
    this.#short = reader(SHORT_AT_MOST);
    this.#long = reader(LONG_AT_MOST);
  }

  async prepare(statements: readonly string[]): Promise<void> {
    await this.#writer.ask({ kind: 'prepare', statements });
  }

  upgrade(guard: Statement, statements: readonly string[]): Promise<boolean> {
    return this.write(
      guard,
      statements.map((sql) => ({ sql, rows: [[]] })),
    );
  }

  /** Rejects while there is no file: reading makes none. */
  all(sql: string, values: readonly SqlValue[], asked: Asked = {}): Promise<SqlRecord[]> {
    return this.#ask({ kind: 'all', statement: { sql, values } }, asked);
  }

  countValues(question: ValueCount, asked: Asked = {}): Promise<SqlRecord[]> {
    return this.#ask({ kind: 'countValues', question }, asked);
  }

  async #ask(request: Request, { long, givenUp }: Asked): Promise<SqlRecord[]> {
    const { thread, line } = long ? this.#long : this.#short;
    const { columns, json } = await line.ask(() => thread.ask(request) as Promise<SqliteAnswer>, givenUp);
    return recordsOf(columns, JSON.parse(json) as unknown[][]);
  }

  async write(guard: Statement, writes: readonly Write[]): Promise<boolean> {
    return (await this.#writer.ask({ kind: 'write', guard, writes: writes.map(sqliteWrite) })) as boolean;
  }

  async run(statement: Statement): Promise<number> {
    return (await this.#writer.ask({ kind: 'run', statement })) as number;
  }

  /** The writer last: whoever closes a file last tidies up its log. */
  async close(): Promise<void> {
    await Promise.all([this.#short.thread.close(), this.#long.thread.close()]);
    await this.#writer.close();
  }
}

interface Reader {
  readonly thread: SqliteThread;
  readonly line: QuestionLine;
}

/** Pages ask many short questions at once; of long ones, each takes up to seconds. */
const SHORT_AT_MOST = 500;
const LONG_AT_MOST = 8;
const ROWS_AT_ONCE = 32;

const sqliteWrite = ({ sql, rows, many }: Write): SqliteWrite => ({
  sql,
  rows,
  chunk: many && rows.length >= ROWS_AT_ONCE ? { rows: ROWS_AT_ONCE, sql: many(ROWS_AT_ONCE) } : null,
});
