import { Worker } from 'node:worker_threads';
import { notChecked } from '../../flow/finding.js';
import type { KnownNames } from '../../flow/parse-flow.js';
import type { CheckedFlow } from '../../flow/program.js';
import type { FlowCheckView, FlowDrawing } from '../../flow/views.js';
import type { CheckRequest, CheckSetRequest, DrawRequest, SetAnswer, ThreadRequest } from './check-worker.js';
import type { FlowTextSet } from './settle-changes.js';
import type { CheckedBefore, CheckedText } from './text-checks.js';

/** A text that takes longer is not one that a person has written. */
const ANSWER_WITHIN_MS = 8_000;
const WAITING_AT_MOST = 16;
const DRAWINGS_KEPT = 64;

interface Waiting {
  readonly done: (value: unknown) => void;
  readonly failed: (error: Error) => void;
}

/**
 * Checks and draws texts beside the calls: a large text takes a second, in which no key of a caller would be heard. One at a time; a thread that hangs is
 * ended, and the next request gets a new one.
 */
export class CheckThread {
  #worker: Worker | null = null;
  readonly #waiting = new Map<number, Waiting>();
  readonly #drawings = new Map<string, FlowDrawing>();
  /** What came of the latest set; most of its texts are the same in the next one. */
  #results: CheckedBefore = new Map();
  #last = 0;

  /** A text that cannot be checked in time is told as a finding. */
  async check(request: Omit<CheckRequest, 'kind'>, version: string): Promise<FlowCheckView> {
    try {
      return (await this.#ask({ kind: 'check', ...request })) as FlowCheckView;
    } catch (error) {
      const finding = notChecked(request.file, (error as Error).message);
      return { ok: false, version, findings: [finding], drawing: null };
    }
  }

  /** All texts of a folder together. A thread that fails is given a second try, because another text may have hung it; then this rejects. */
  async checkSet(texts: FlowTextSet, known: KnownNames): Promise<ReadonlyMap<string, CheckedText['result']>> {
    const request: CheckSetRequest = { kind: 'checkSet', texts, known, have: new Set(this.#results.keys()) };
    const answer = (await this.#ask(request).catch(() => this.#ask(request))) as SetAnswer;
    const results: CheckedBefore = new Map();
    const checked = Array.from(answer, ([file, { key, result }]): [string, CheckedText['result']] => {
      const found = result ?? (this.#results.get(key ?? '') as CheckedText['result']);
      if (key !== null) results.set(key, found);
      return [file, found];
    });
    this.#results = results;
    return new Map(checked);
  }

  /** A version of the past as a program, names unchecked; null: the text is not of that version, or cannot be read any more. */
  async past(text: string, version: string): Promise<CheckedFlow | null> {
    return (await this.#ask({ kind: 'past', text, version }).catch(() => null)) as CheckedFlow | null;
  }

  /** Null: it cannot be drawn. A version is its text, so a drawing is made once. */
  async draw(request: Omit<DrawRequest, 'kind'>): Promise<FlowDrawing | null> {
    const key = `${request.version}/${request.language}`;
    const known = this.#drawings.get(key);
    if (known) return known;
    const drawing = (await this.#ask({ kind: 'draw', ...request }).catch(() => null)) as FlowDrawing | null;
    if (drawing === null) return null;
    this.#drawings.set(key, drawing);
    if (this.#drawings.size > DRAWINGS_KEPT) this.#drawings.delete(this.#drawings.keys().next().value as string);
    return drawing;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }

  #ask(request: ThreadRequest): Promise<unknown> {
    if (this.#waiting.size >= WAITING_AT_MOST && request.kind !== 'checkSet')
      return Promise.reject(new Error('too many at once, try again'));
    const id = ++this.#last;
    const worker = this.#started();
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => this.#fail(worker, new Error('it took too long')), ANSWER_WITHIN_MS);
      const over = (): void => {
        clearTimeout(limit);
        this.#waiting.delete(id);
      };
      this.#waiting.set(id, {
        done: (value) => {
          over();
          resolve(value);
        },
        failed: (error) => {
          over();
          reject(error);
        },
      });
      worker.postMessage({ id, request });
    });
  }

  #started(): Worker {
    if (this.#worker) return this.#worker;
    const worker = startThread();
    worker.unref();
    worker.on('message', ({ id, value, error }: { id: number; value?: unknown; error?: string }) => {
      const waiting = this.#waiting.get(id);
      if (error === undefined) waiting?.done(value);
      else waiting?.failed(new Error(error));
    });
    worker.on('error', (error) => this.#fail(worker, error));
    worker.on('exit', () => this.#fail(worker, new Error('the thread ended')));
    this.#worker = worker;
    return worker;
  }

  /** All that wait for this thread wait in vain. */
  #fail(worker: Worker, error: Error): void {
    if (this.#worker !== worker && this.#worker !== null) return;
    this.#worker = null;
    for (const waiting of [...this.#waiting.values()]) waiting.failed(error);
    void worker.terminate();
  }
}

/** From the sources (tests), the thread needs the loader that takes the types out. */
function startThread(): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./check-worker.js', import.meta.url));
  const source = JSON.stringify(new URL('./check-worker.ts', import.meta.url).href);
  return new Worker(`import('tsx/esm/api').then(({ register }) => { register(); return import(${source}); })`, { eval: true });
}
