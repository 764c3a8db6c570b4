import type { FlowView } from '../../flow/views.js';
import { usePoll } from './poll.js';

/** The flow as it is live now; null until known. Tells a writer early that somebody else was faster. */
export function useNewestVersion(flowId: string): FlowView | null {
  const { value } = usePoll<{ flows: readonly FlowView[] }>('/api/v1/flows', 4_000);
  return value?.flows.find((flow) => flow.flowId === flowId) ?? null;
}
