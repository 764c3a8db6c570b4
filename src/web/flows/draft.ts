/** Text that was not saved yet. It stays in this tab, over a reload and a walk through other pages, and goes with it. */
export interface Draft {
  readonly text: string;
  /** The version that it was made from. */
  readonly basedOn: string;
}

const keyOf = (flowId: string): string => `hotline.draft.${flowId}`;

export function readDraft(flowId: string): Draft | null {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(keyOf(flowId)) ?? 'null');
    if (typeof value !== 'object' || value === null || !('text' in value) || !('basedOn' in value)) return null;
    const { text, basedOn } = value;
    return typeof text === 'string' && typeof basedOn === 'string' ? { text, basedOn } : null;
  } catch {
    return null; // Storage may be forbidden, or hold what another program wrote.
  }
}

export function keepDraft(flowId: string, draft: Draft): void {
  try {
    sessionStorage.setItem(keyOf(flowId), JSON.stringify(draft));
  } catch {
    // As above; the question at leaving is still asked.
  }
}

export function dropDraft(flowId: string): void {
  try {
    sessionStorage.removeItem(keyOf(flowId));
  } catch {
    // As above.
  }
}
