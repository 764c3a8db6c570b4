import pg from 'pg';
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

/** Counts and milliseconds are far below 2^53: numbers, not texts. */
const NUMBERS = new Set([pg.types.builtins.INT8, pg.types.builtins.NUMERIC]);
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text') =>
    NUMBERS.has(oid) ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};
const SCHEMA = 'hotline';
/** A statement takes at most 65,535 values. */
const VALUES_AT_ONCE = 20_000;
const ROWS_AT_ONCE = 500;
/** Two nodes that start at once must not make the same table at once. */
const TABLES_LOCK = 471_100;
/** A connection is left for the writer, and some for short questions, whatever reports run. */
const SHORT_AT_ONCE = 2;
const LONG_AT_ONCE = 2;
const SHORT_AT_MOST = 500;
const LONG_AT_MOST = 8;
/** A table of years may take minutes to change. */
const NO_HURRY = 'SET LOCAL statement_timeout = 0';

/** pg: PostgreSQL by the URL of a database; tables live in its schema `hotline`. */
export class PostgresStore implements SqlStore {
  readonly #pool: pg.Pool;
  readonly #short = new QuestionLine(SHORT_AT_ONCE, SHORT_AT_MOST);
  readonly #long = new QuestionLine(LONG_AT_ONCE, LONG_AT_MOST);

  constructor(url: string) {
    this.#pool = new pg.Pool({
      connectionString: url,
      max: 1 + SHORT_AT_ONCE + LONG_AT_ONCE,
      connectionTimeoutMillis: 5_000,
      statement_timeout: 30_000,
      idle_in_transaction_session_timeout: 30_000,
      application_name: 'hotline',
      options: `-c search_path=${SCHEMA}`,
      types,
      allowExitOnIdle: true,
    });
    // An idle connection that breaks is replaced; without a listener it would end the process.
    this.#pool.on('error', () => {});
  }

  async prepare(statements: readonly string[]): Promise<void> {
    await this.#transaction(async (client) => {
      await client.query(NO_HURRY);
      await client.query('SELECT pg_advisory_xact_lock($1)', [TABLES_LOCK]);
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
      for (const sql of statements) await client.query(sql);
      return true;
    });
  }

  upgrade(guard: Statement, statements: readonly string[]): Promise<boolean> {
    return this.#transaction(async (client) => {
      await client.query(NO_HURRY);
      const { rowCount } = await client.query(numbered(guard.sql), [...guard.values]);
      if (rowCount !== 1) return false;
      for (const sql of statements) await client.query(sql);
      return true;
    });
  }

  async all(sql: string, values: readonly SqlValue[], { long, givenUp }: Asked = {}): Promise<SqlRecord[]> {
    const line = long ? this.#long : this.#short;
    const text = numbered(sql);
    const ask = () => this.#pool.query<unknown[]>({ text, values: [...values], rowMode: 'array' });
    const { fields, rows } = await line.ask(ask, givenUp);
    return recordsOf(
      fields.map(({ name }) => name),
      rows,
    );
  }

  countValues({ groups, value: [expression, name], from, values }: ValueCount, asked: Asked = {}): Promise<SqlRecord[]> {
    const list = groups.join(', ');
    const sql = `SELECT ${list}, ${expression} AS ${name}, COUNT(*) AS calls FROM ${from} GROUP BY ${list}, ${expression}`;
    return this.all(sql, values, asked);
  }

  write(guard: Statement, writes: readonly Write[]): Promise<boolean> {
    return this.#transaction(async (client) => {
      const { rowCount } = await client.query(numbered(guard.sql), [...guard.values]);
      if (rowCount !== 1) return false;
      for (const each of writes) await writeRows(client, each);
      return true;
    });
  }

  async run({ sql, values }: Statement): Promise<number> {
    return (await this.#pool.query(numbered(sql), [...values])).rowCount ?? 0;
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  /** Committed when `work` answers true, else rolled back. A connection that failed is thrown away. */
  async #transaction(work: (client: pg.PoolClient) => Promise<boolean>): Promise<boolean> {
    const client = await this.#pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      const done = await work(client);
      await client.query(done ? 'COMMIT' : 'ROLLBACK');
      return done;
    } catch (error) {
      broken = error as Error;
      throw error;
    } finally {
      client.release(broken);
    }
  }
}

async function writeRows(client: pg.PoolClient, { sql, rows, many }: Write): Promise<void> {
  const width = rows[0]?.length ?? 1;
  const step = many ? Math.max(1, Math.min(ROWS_AT_ONCE, Math.floor(VALUES_AT_ONCE / width))) : 1;
  for (let at = 0; at < rows.length; at += step) {
    const some = rows.slice(at, at + step);
    await client.query(numbered(many ? many(some.length) : sql), some.flat());
  }
}

/** `?` in order as `$1`, `$2` ... None of our texts holds a question mark. */
function numbered(sql: string): string {
  let n = 0;
  return sql.replace(/\?/g, () => `$${++n}`);
}
