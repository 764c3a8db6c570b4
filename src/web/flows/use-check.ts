import { useEffect, useState } from 'preact/hooks';
import type { Finding } from '../../flow/finding.js';
import type { FlowCheckView, FlowDrawing } from '../../flow/views.js';
import { question } from '../api.js';

const PAUSE_MS = 400;
const RETRY_MS = 3_000;

export interface Checked {
  readonly findings: readonly Finding[];
  /** Of the newest text that could be drawn. */
  readonly drawing: FlowDrawing;
  /** Whether that is the text as it was last checked. */
  readonly isDrawn: boolean;
  readonly isChecking: boolean;
  readonly hasFailed: boolean;
}

interface Known {
  readonly findings: readonly Finding[];
  readonly drawing: FlowDrawing;
  readonly text: string;
}

/** What the checker says about the text, asked when the writer pauses. It begins with what is `known` of a text already. */
export function useCheck(flowId: string, text: string, known: Known): Checked {
  const [state, setState] = useState({ ...known, isDrawn: true, hasFailed: false });
  useEffect(() => {
    if (text === state.text && !state.hasFailed) return;
    const stop = new AbortController();
    const ask = async () => {
      const answer = await question<FlowCheckView>('/api/v1/flows/check', { text, flowId }, stop.signal);
      if (stop.signal.aborted) return;
      if (!answer.ok) return setState((before) => ({ ...before, hasFailed: true }));
      const { findings, drawing } = answer.value;
      setState((before) => ({ text, findings, drawing: drawing ?? before.drawing, isDrawn: drawing !== null, hasFailed: false }));
    };
    const timer = setTimeout(() => void ask(), state.hasFailed ? RETRY_MS : PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [flowId, text, state]);
  const { text: checkedText, ...shown } = state;
  return { ...shown, isChecking: checkedText !== text };
}
