import type { AcdEvent } from '../acd/events.js';
import { type AgentId, asId, type PlaybackId } from '../base/ids.js';
import type { CallState } from './state.js';
import type { SwitchEvent } from './switch-events.js';

/** Feature codes that agents dial from their phone: sign in, ready, not ready, sign out, wrap-up done. Each is confirmed by a prompt. */

type Request = (agentId: AgentId, phone: string) => AcdEvent;

const CODES: Record<string, { readonly request: Request; readonly prompt: string }> = {
  '*50': { request: (agentId, phone) => ({ kind: 'signIn', agentId, phone, by: 'phone' }), prompt: 'agent-signed-in' },
  '*51': {
    request: (agentId) => ({ kind: 'setStatus', agentId, status: 'ready', reason: null, by: 'phone' }),
    prompt: 'agent-ready',
  },
  '*52': {
    request: (agentId) => ({ kind: 'setStatus', agentId, status: 'notReady', reason: null, by: 'phone' }),
    prompt: 'agent-not-ready',
  },
  '*53': { request: (agentId) => ({ kind: 'signOut', agentId, by: 'phone' }), prompt: 'agent-signed-out' },
  '*54': { request: (agentId) => ({ kind: 'finishWrapUp', agentId, by: 'phone' }), prompt: 'agent-wrap-up-done' },
};

export function phoneDialled(state: CallState, event: Extract<SwitchEvent, { kind: 'phoneDialled' }>): void {
  if (state.deskLegs.has(event.legId)) return;
  state.deskLegs.set(event.legId, event.switchId);
  const { prompt, event: request } = understand(state, event.address, event.digits);
  if (request) state.decide(request);
  const spoken = state.refusal ? 'agent-refused' : prompt;
  const { legId, switchId } = event;
  const callId = asId<never>(`desk-${legId}`);
  state.tell(switchId, { kind: 'answer', callId, legId });
  state.tell(switchId, {
    kind: 'play',
    callId,
    legId,
    playbackId: asId<PlaybackId>(`desk-${legId}-p1`),
    prompts: [{ prompt: `system/${spoken}`, language: state.config.defaultLanguage }],
  });
}

function understand(state: CallState, address: string, digits: string): { prompt: string; event: AcdEvent | null } {
  const code = Object.hasOwn(CODES, digits) ? CODES[digits] : undefined;
  if (!code) return { prompt: 'agent-unknown-code', event: null };
  const agentId = agentOnPhone(state, address);
  if (!agentId) return { prompt: 'agent-refused', event: null };
  return { prompt: code.prompt, event: code.request(agentId, address) };
}

/** Who is signed in on this phone, else whose phone it is by configuration. */
function agentOnPhone(state: CallState, address: string): AgentId | null {
  for (const agent of state.engine.agents()) if (agent.phone === address) return agent.agentId;
  return state.config.acd.agents.find((agent) => agent.phone === address)?.id ?? null;
}
