import type { FactBody } from '../base/facts.js';
import { asId, type FlowId } from '../base/ids.js';
import type { PromptRef } from '../base/prompts.js';
import type { FlowEffect, FlowInput, FlowOutcome, FlowProgram, FlowState, FlowWorld } from '../flow/contract.js';
import { startFlow, stepFlow } from '../flow/interpreter.js';
import { mergePromise, requestCallback } from './callback.js';
import type { CallRecord } from './entities.js';
import { leave } from './goodbye.js';
import { endMessage, recordMessage } from './message.js';
import { play, stopPlaying } from './playing.js';
import { sendMessage } from './sending.js';
import type { CallState } from './state.js';
import { transferOutside } from './transfer.js';

/** Walks the caller through the flow: the interpreter's effects become commands, timers and a place in a queue. */

export function beginFlow(state: CallState, call: CallRecord, program: FlowProgram): void {
  call.phase = 'flow';
  obey(state, call, startFlow(program, worldOf(state, call)));
}

/**
 * Gives the flow its next input. A version that nobody knows any more goes on as the live one; without a flow (found again after a loss of state, or
 * taken away) there is nothing left to do but say goodbye.
 */
export function walk(state: CallState, call: CallRecord, input: FlowInput): void {
  const { flow } = call;
  const program = flow && (state.config.flow(flow.flowId, flow.version) ?? state.config.flow(flow.flowId, null));
  if (!flow || !program) {
    leave(state, call, 'normal');
    return;
  }
  const from = program.version === flow.version ? flow : { ...flow, version: program.version };
  obey(state, call, stepFlow(program, from, input, worldOf(state, call)));
}

function worldOf(state: CallState, call: CallRecord): FlowWorld {
  const { config } = state;
  const { flowInRelease, customerByAccount, emergency } = config;
  const { release } = call;
  const secrets = state.secrets.get(call.callId);
  return {
    atMs: state.nowMs,
    ani: call.ani,
    dnis: call.dnis,
    customerByNumber: config.customerByNumber,
    ...(customerByAccount && { customerByAccount }),
    ...(emergency && { emergency }),
    ...(secrets && { secrets }),
    lastTalk: call.lastTalk ?? null,
    isOpen: config.isOpen,
    flow: (flowId) => (flowInRelease && release !== undefined ? flowInRelease(flowId, release) : config.flow(flowId, null)),
  };
}

function obey(state: CallState, call: CallRecord, outcome: FlowOutcome): void {
  call.flow = outcome.state;
  if (outcome.state.served) call.served = true;
  if (outcome.secrets) state.secrets.set(call.callId, outcome.secrets);
  state.touch(call);
  for (const effect of outcome.effects) {
    switch (effect.kind) {
      case 'play':
        play(state, call, asInVersion(state, outcome.state, effect.prompts), effect.turn);
        break;
      case 'stopPlay':
        stopPlaying(state, call);
        break;
      case 'startTimer':
        call.flowTimerTurn = effect.turn;
        state.startTimer(call, 'flow', effect.afterMs);
        break;
      case 'stopTimer':
        state.stopTimer(call, 'flow');
        break;
      case 'enterQueue':
        enterQueue(state, call, effect);
        break;
      case 'requestCallback':
        walk(state, call, { kind: 'callbackDecided', refusal: requestCallback(state, call, effect) });
        break;
      case 'lookup':
        lookUp(state, call, effect);
        break;
      case 'send':
        sendMessage(state, call, effect.endpoint, effect.message);
        break;
      case 'recordMessage':
        recordMessage(state, call, effect);
        break;
      case 'endMessage':
        endMessage(state, call, effect.turn);
        break;
      case 'transferOutside':
        transferOutside(state, call, effect);
        break;
      case 'hangUp':
        leave(state, call, 'normal');
        break;
      case 'fact':
        state.facts.push({ ...effect.fact, callId: call.callId } as FactBody);
        break;
    }
  }
}

/** A call hears the words of the version that it walks, also when a newer one is live. */
function asInVersion(state: CallState, { flowId, version }: FlowState, prompts: readonly PromptRef[]): readonly PromptRef[] {
  if (state.config.release === undefined) return prompts;
  const belongs = ({ prompt }: PromptRef): boolean => prompt.startsWith(`${flowId}/`) || prompt.startsWith('say/');
  return prompts.map((ref) => (belongs(ref) ? { ...ref, version } : ref));
}

function lookUp(state: CallState, call: CallRecord, effect: Extract<FlowEffect, { kind: 'lookup' }>): void {
  const { kind: _, ...question } = effect;
  state.asking.set(call.callId, effect.turn);
  state.lookUps.push({ callId: call.callId, ...question });
}

function enterQueue(state: CallState, call: CallRecord, effect: Extract<FlowEffect, { kind: 'enterQueue' }>): void {
  stopPlaying(state, call);
  state.stopTimer(call, 'flow');
  call.phase = 'queued';
  call.queueId = effect.queueId;
  call.exit = null;
  const enteredAtMs = mergePromise(state, call, effect.queueId);
  const { queueId, lane, priority, skills } = effect;
  call.asked = { queueId, lane, priority, skills, enteredAtMs: enteredAtMs ?? state.nowMs };
  const customer = state.config.customerByNumber(call.ani);
  const tier = effect.tier ?? customer?.tier;
  wait(state, call);
  state.decide({
    kind: 'enqueue',
    callId: call.callId,
    queueId: effect.queueId,
    lane: effect.lane,
    priority: effect.priority,
    skills: effect.skills,
    language: call.flow?.language ?? state.config.defaultLanguage,
    caller: callerKey(call.ani),
    ...(tier !== undefined && { tier }),
    ...(customer?.agent && { preferred: customer.agent }),
    ...(effect.agent && { keptFor: effect.agent }),
    ...(effect.announce && { announce: effect.announce }),
    stay: nextStay(call),
    // The order goes by the place that is taken up again, the wait by this call's own entry.
    ...(enteredAtMs !== null && { enteredAtMs, queuedAtMs: state.nowMs }),
  });
  // A caller who redialled has the place of then.
  const queued = state.engine.call(call.callId);
  if (queued && call.asked) call.asked = { ...call.asked, enteredAtMs: queued.enteredAtMs };
  remember(state, call);
}

/** An answer or an expiry from an earlier stay must never be taken for one of this. */
export function nextStay(call: CallRecord): number {
  call.stays = (call.stays ?? 0) + 1;
  return call.stays;
}

/** The number by which a caller who redials is known; a caller without one is nobody in particular. */
export const callerKey = (ani: string): string | null => (/^\+?[0-9]{5,20}$/.test(ani) ? ani : null);

/** Puts the caller into the waiting room of the queue's music. */
export function wait(state: CallState, call: CallRecord): void {
  const queue = state.config.acd.queues.find((each) => each.id === call.queueId);
  state.tell(call.switchId, { kind: 'wait', callId: call.callId, legId: call.legId, music: queue?.music ?? 'default' });
}

/** What a caller's own leg says about the call, should Redis be empty when a controller finds it. */
export function remember(state: CallState, call: CallRecord): void {
  const queued = state.engine.call(call.callId);
  const { queueId: q, enteredAtMs: e, queuedAtMs: w, lane: l, priority: p, skills: s } = queued ?? {};
  const place = queued && { q, e, w, l, p, s };
  const note = JSON.stringify({
    v: 1,
    c: call.callId,
    a: call.arrivedAtMs,
    f: call.flow?.flowId ?? null,
    g: call.flow?.language ?? null,
    ...place,
    ...(call.stays !== undefined && { n: call.stays }),
  });
  state.tell(call.switchId, { kind: 'remember', callId: call.callId, legId: call.legId, note: note.slice(0, 1_000) });
}

export const flowForNumber = (state: CallState, dnis: string): FlowProgram | null => {
  const flowId = Object.hasOwn(state.config.numbers, dnis) ? (state.config.numbers[dnis] as FlowId) : null;
  return flowId === null ? null : state.config.flow(asId<FlowId>(flowId), null);
};
