import { parentPort } from 'node:worker_threads';
import { flowVersion } from '../../adapters/files/flow-files.js';
import type { KnownNames } from '../../flow/parse-flow.js';
import type { FlowCheckView, FlowDrawing } from '../../flow/views.js';
import { checkOneText, drawingOf, flowOfOther, pastFlow } from './text-checks.js';

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

parentPort?.on('message', ({ id, request }: { id: number; request: CheckRequest | DrawRequest }) => {
  try {
    parentPort?.postMessage({ id, value: request.kind === 'check' ? check(request) : draw(request) });
  } catch (error) {
    parentPort?.postMessage({ id, error: String(error) });
  }
});
