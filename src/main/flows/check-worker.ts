import { parentPort } from 'node:worker_threads';
import { flowVersion } from '../../adapters/files/flow-files.js';
import type { KnownNames } from '../../flow/parse-flow.js';
import type { CheckedFlow } from '../../flow/program.js';
import type { FlowCheckView, FlowDrawing } from '../../flow/views.js';
import {
  type CheckedBefore,
  type CheckedText,
  checkOneText,
  checkTextSet,
  drawingOf,
  flowOfOther,
  pastFlow,
} from './text-checks.js';

/** The thread in which texts of strangers are checked and drawn. Start reading at check-thread.ts. */

export interface CheckRequest {
  readonly kind: 'check';
  readonly text: string;
  /** Name for the findings. */
  readonly file: string;
  readonly known: KnownNames;
  /** The flow that the text is meant for; null: any. */
  readonly flowId: string | null;
  readonly language: string;
}

export interface DrawRequest {
  readonly kind: 'draw';
  readonly text: string;
  readonly version: string;
  readonly language: string;
}

export interface CheckSetRequest {
  readonly kind: 'checkSet';
  readonly texts: ReadonlyMap<string, string>;
  readonly known: KnownNames;
  /** Keys of results that who asks has already. */
  readonly have: ReadonlySet<string>;
}

export interface PastRequest {
  readonly kind: 'past';
  readonly text: string;
  readonly version: string;
}

export type ThreadRequest = CheckRequest | DrawRequest | CheckSetRequest | PastRequest;

/** `result` null: who asks has it. */
export type SetAnswer = ReadonlyMap<string, { readonly key: string | null; readonly result: CheckedText['result'] | null }>;

const checkedBefore: CheckedBefore = new Map();

function checkSet({ texts, known, have }: CheckSetRequest): SetAnswer {
  const checked = checkTextSet(texts, known, checkedBefore);
  return new Map(
    Array.from(
      checked,
      ([file, { key, result }]) => [file, { key, result: key !== null && have.has(key) ? null : result }] as const,
    ),
  );
}

const past = ({ text, version }: PastRequest): CheckedFlow | null => pastFlow(text, version);

function answer(request: ThreadRequest): unknown {
  if (request.kind === 'check') return check(request);
  if (request.kind === 'draw') return draw(request);
  return request.kind === 'past' ? past(request) : checkSet(request);
}

function check({ text, file, known, flowId, language }: CheckRequest): FlowCheckView {
  const { flow, findings: found } = checkOneText(text, file, known);
  const findings = [...found, ...(flow && flowId !== null ? flowOfOther(flow, text, flowId, file) : [])];
  const ok = !findings.some(({ level }) => level === 'error');
  return { ok, version: flowVersion(text), findings, drawing: ok && flow ? drawingOf(flow, language) : null };
}

function draw({ text, version, language }: DrawRequest): FlowDrawing | null {
  const flow = pastFlow(text, version);
  return flow && drawingOf(flow, language);
}

parentPort?.on('message', ({ id, request }: { id: number; request: ThreadRequest }) => {
  try {
    parentPort?.postMessage({ id, value: answer(request) });
  } catch (error) {
    parentPort?.postMessage({ id, error: String(error) });
  }
});
