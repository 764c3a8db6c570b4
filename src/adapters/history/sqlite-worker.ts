import { existsSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'libsql';
import type { Statement, ValueCount, Write } from './sql-store.js';

/**
 * A thread that SQLite runs in, so that a report over a million calls holds up no caller. Messages `{id, ...}` are answered `{id, value}` or
 * `{id, error}`, in order.
 */
export interface SqliteWrite extends Omit<Write, 'many'> {
  /** The same for so many rows at once. */
  readonly chunk: { readonly rows: number; readonly sql: string } | null;
}

export type Request =
  | { readonly kind: 'prepare'; readonly statements: readonly string[] }
  | { readonly kind: 'all'; readonly statement: Statement }
  | { readonly kind: 'countValues'; readonly question: ValueCount }
  | { readonly kind: 'run'; readonly statement: Statement }
  | { readonly kind: 'write'; readonly guard: Statement; readonly writes: readonly SqliteWrite[] }
  | { readonly kind: 'close' };

export interface ThreadPlace {
  readonly file: string;
  /** False: the connection refuses every statement that would change something. */
  readonly mayWrite: boolean;
}

/**
 * The rows as one text: a list of lists of values, in the order of the columns. Each value for itself would cost more to move than to find.
 * Whole numbers are exact, others to 15 digits.
 */
export interface SqliteAnswer {
  readonly columns: readonly string[];
  readonly json: string;
}

const { file, mayWrite } = workerData as ThreadPlace;
if (!mayWrite && !existsSync(file)) throw new Error('there is no history yet');
/** libsql: better-sqlite3's interface, its binary inside npm packages, so that a bare machine needs no compiler. */
const database = new Database(file);
// A commit is not forced to the disk: after a loss of power the last ones are gone together with their position, and come again from the facts.
const PRAGMAS = mayWrite ? ['journal_mode = WAL', 'synchronous = NORMAL'] : ['query_only = ON'];
for (const pragma of [...PRAGMAS, 'busy_timeout = 5000', 'cache_size = -65536', 'temp_store = MEMORY']) database.pragma(pragma);

type Prepared = Database.Statement<unknown[]>;
const STATEMENTS_KEPT = 200;

function remembered<T>(make: (sql: string) => T): (sql: string) => T {
  const kept = new Map<string, T>();
  return (sql) => {
    let found = kept.get(sql);
    if (found === undefined) {
      if (kept.size >= STATEMENTS_KEPT) kept.clear();
      found = make(sql);
      kept.set(sql, found);
    }
    return found;
  };
}

const statement = remembered((sql): Prepared => database.prepare<unknown[]>(sql));

interface Question {
  readonly columns: readonly string[];
  readonly rows: Prepared;
}

const question = remembered((sql): Question => {
  const columns = statement(sql)
    .columns()
    .map(({ name }) => name);
  const list = columns.map((name) => `"${name}"`).join(', ');
  return { columns, rows: database.prepare<unknown[]>(`SELECT json_group_array(json_array(${list})) AS json FROM (${sql})`) };
});

function read({ sql, values }: Statement): SqliteAnswer {
  const { columns, rows } = question(sql);
  const { json } = rows.get(...values) as { json: string };
  return { columns, json };
}

/** Groups and their values as lists; counted here, because SQLite sorts whatever it counts by an expression: a second and more for a million rows. */
function countValues({ groups, value: [expression, name], from, values }: ValueCount): SqliteAnswer {
  const list = groups.join(', ');
  const sql = `SELECT ${list}, json_group_array(${expression}) AS list FROM ${from} GROUP BY ${list}`;
  const counted: unknown[][] = [];
  for (const row of statement(sql)
    .raw(true)
    .iterate(...values) as Iterable<unknown[]>) {
    const each = new Map<number, number>();
    for (const value of JSON.parse(row[groups.length] as string) as number[]) each.set(value, (each.get(value) ?? 0) + 1);
    for (const [value, calls] of each) counted.push([...row.slice(0, groups.length), value, calls]);
  }
  return { columns: [...groups, name, 'calls'], json: JSON.stringify(counted) };
}

/** Each call into the library costs more than a row: many rows go in at once, the rest one by one. */
function writeRows({ sql, rows, chunk }: SqliteWrite): void {
  let at = 0;
  if (chunk) {
    const many = statement(chunk.sql);
    for (; at + chunk.rows <= rows.length; at += chunk.rows) many.run(...rows.slice(at, at + chunk.rows).flat());
  }
  const one = statement(sql);
  for (; at < rows.length; at++) one.run(...(rows[at] as unknown[]));
}

function write(guard: Statement, writes: readonly SqliteWrite[]): boolean {
  database.exec('BEGIN IMMEDIATE');
  try {
    const isOurs = statement(guard.sql).run(...guard.values).changes === 1;
    for (const each of isOurs ? writes : []) writeRows(each);
    database.exec(isOurs ? 'COMMIT' : 'ROLLBACK');
    return isOurs;
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function answer(request: Request): unknown {
  switch (request.kind) {
    case 'prepare':
      for (const sql of request.statements) database.exec(sql);
      return null;
    case 'all':
      return read(request.statement);
    case 'countValues':
      return countValues(request.question);
    case 'run':
      return statement(request.statement.sql).run(...request.statement.values).changes;
    case 'write':
      return write(request.guard, request.writes);
    case 'close':
      database.close();
      return null;
  }
}

parentPort?.on('message', ({ id, ...request }: Request & { id: number }) => {
  try {
    parentPort?.postMessage({ id, value: answer(request) });
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
});
