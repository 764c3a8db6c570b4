import { Worker } from 'node:worker_threads';
import type { Request, ThreadPlace } from './sqlite-worker.js';

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One connection to a SQLite file, behind a thread of its own. It starts with the first question, and again after it has died. */
export class SqliteThread {
  readonly #place: ThreadPlace;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #id = 0;

  constructor(place: ThreadPlace) {
    this.#place = place;
  }

  ask(request: Request): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#id;
      this.#waiting.set(id, { resolve, reject });
      this.#running().postMessage({ id, ...request });
    });
  }

  /** Resolves when everything that was asked before is answered and the file is closed. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    await this.ask({ kind: 'close' }).catch(() => {});
    if (this.#worker === worker) this.#worker = null;
    await worker.terminate();
  }

  #running(): Worker {
    if (this.#worker) return this.#worker;
    const worker = startThread(this.#place);
    worker.unref();
    worker.on('message', ({ id, value, error }: { id: number; value?: unknown; error?: string }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(error));
    });
    const fail = (error: Error): void => {
      // The end of a thread that was replaced already says nothing about the questions to its successor.
      if (this.#worker !== worker) return;
      this.#worker = null;
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
function startThread(workerData: ThreadPlace): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./sqlite-worker.js', import.meta.url), { workerData });
  const source = JSON.stringify(new URL('./sqlite-worker.ts', import.meta.url).href);
  return new Worker(`import('tsx/esm/api').then(({ register }) => { register(); return import(${source}); })`, {
    eval: true,
    workerData,
  });
}
