import { useEffect, useState } from 'preact/hooks';
import type { Finding } from '../../flow/finding.js';
import type { FlowCheckView, FlowDetail, FlowDrawing } from '../../flow/views.js';
import { question } from '../api.js';
import type { Language } from '../words.js';

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

/** What the checker says about the text, asked when the writer pauses. It begins with what is known of the text of `base`. */
export function useCheck(
  flowId: string,
  text: string,
  language: Language,
  base: Pick<FlowDetail, 'findings' | 'drawing' | 'text'>,
): Checked {
  const [state, setState] = useState(() => ({
    findings: base.findings,
    drawing: base.drawing,
    isDrawn: true,
    hasFailed: false,
    text: base.text,
    language,
  }));
  useEffect(() => {
    if (text === state.text && language === state.language && !state.hasFailed) return;
    const stop = new AbortController();
    const ask = async () => {
      const answer = await question<FlowCheckView>('/api/v1/flows/check', { text, flowId, lang: language }, stop.signal);
      if (stop.signal.aborted) return;
      if (!answer.ok) return setState((before) => ({ ...before, hasFailed: true }));
      const { findings, drawing } = answer.value;
      setState((before) => ({
        findings,
        drawing: drawing ?? before.drawing,
        isDrawn: drawing !== null,
        hasFailed: false,
        text,
        language,
      }));
    };
    const timer = setTimeout(() => void ask(), state.hasFailed ? RETRY_MS : PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [flowId, text, language, state]);
  const { findings, drawing, isDrawn, hasFailed } = state;
  return { findings, drawing, isDrawn, hasFailed, isChecking: state.text !== text };
}
