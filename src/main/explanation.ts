import { type ExplanationLanguage, type ExplanationPart, explainCall, explanationText } from '../acd/explanation.js';
import type { Fact } from '../base/facts.js';
import type { CallId } from '../base/ids.js';
import type { Settings } from './config/environment.js';

/** The story of a call against the site's configuration as it stands now. Null when there are no facts of the call. */
export function explanationOf(
  settings: Pick<Settings, 'acd' | 'site'>,
  facts: readonly Fact[],
  callId: CallId,
  language: ExplanationLanguage,
): { parts: readonly ExplanationPart[]; text: string } | null {
  if (!facts.some((fact) => 'callId' in fact && fact.callId === callId)) return null;
  const queues = new Map(settings.acd.queues.map((queue) => [queue.id as string, queue]));
  const parts = explainCall(callId, facts, {
    language,
    timeZone: settings.site.timeZone,
    rona: settings.acd.rona ?? 'notReady',
    queue: (id) => queues.get(id),
  });
  return { parts, text: explanationText(parts) };
}
