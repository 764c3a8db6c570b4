import { Worker } from 'node:worker_threads';
import type { SqlRecord, SqlStore, SqlValue, Statement, Write } from './sql-store.js';
import type { Request, SqliteWrite } from './sqlite-worker.js';

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One SQLite file behind its own thread. A thread that dies is started again by the next question. */
export class SqliteStore implements SqlStore {
  readonly #file: string;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #id = 0;

  constructor(file: string) {
    this.#file = file;
  }

  async prepare(statements: readonly string[]): Promise<void> {
    await this.#ask({ kind: 'prepare', statements });
  }

  async all(sql: string, values: readonly SqlValue[]): Promise<SqlRecord[]> {
    return (await this.#ask({ kind: 'all', statement: { sql, values } })) as SqlRecord[];
  }

  async write(guard: Statement, writes: readonly Write[]): Promise<boolean> {
    return (await this.#ask({ kind: 'write', guard, writes: writes.map(sqliteWrite) })) as boolean;
  }

  async run(statement: Statement): Promise<number> {
    return (await this.#ask({ kind: 'run', statement })) as number;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    await this.#ask({ kind: 'close' }).catch(() => {});
    this.#worker = null;
    await worker.terminate();
  }

  #ask(request: Request): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#id;
      this.#waiting.set(id, { resolve, reject });
      this.#thread().postMessage({ id, ...request });
    });
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker;
    const worker = startThread({ file: this.#file });
    worker.unref();
    worker.on('message', ({ id, value, error }: { id: number; value?: unknown; error?: string }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(error));
    });
    const fail = (error: Error): void => {
      if (this.#worker === worker) this.#worker = null;
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    worker.on('error', fail);
    worker.on('exit', () => fail(new Error('the thread of the history ended')));
    this.#worker = worker;
    return worker;
  }
}

/** Sources are run as they are in tests and while developing; a thread knows nothing of the loader that reads them, and gets it first. */
function startThread(workerData: { readonly file: string }): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./sqlite-worker.js', import.meta.url), { workerData });
  const source = JSON.stringify(new URL('./sqlite-worker.ts', import.meta.url).href);
  return new Worker(`import('tsx/esm/api').then(({ register }) => { register(); return import(${source}); })`, {
    eval: true,
    workerData,
  });
}

const ROWS_AT_ONCE = 32;

const sqliteWrite = ({ sql, rows, many }: Write): SqliteWrite => ({
  sql,
  rows,
  chunk: many && rows.length >= ROWS_AT_ONCE ? { rows: ROWS_AT_ONCE, sql: many(ROWS_AT_ONCE) } : null,
});
