import type { FlowValue } from '../flow/contract.js';
import type { CallRecord } from './entities.js';
import type { CallState } from './state.js';

/** Hands a message to an endpoint over. Its id is made of the call's, so that a receiver that gets it twice can tell. */
export function sendMessage(
  state: CallState,
  call: CallRecord,
  endpoint: string,
  message: Readonly<Record<string, FlowValue>>,
): void {
  call.sendCount = (call.sendCount ?? 0) + 1;
  state.touch(call);
  const { callId } = call;
  const messageId = `${callId}-m${call.sendCount}`;
  state.facts.push({ kind: 'messageQueued', callId, messageId, endpoint });
  state.jobs.push({ kind: 'sendMessage', callId, messageId, endpoint, message });
}
