import type { TransferOutcome } from '../base/facts.js';
import { asId, type BridgeId, type LegId, type OfferId } from '../base/ids.js';
import { SECOND } from '../base/time.js';
import type { FlowEffect, TransferResult } from '../flow/contract.js';
import { dissolve } from './agent-side.js';
import { dialable, isAllowed } from './dial-out.js';
import type { CallRecord, OutsideTransfer } from './entities.js';
import { wait, walk } from './flow-walk.js';
import { settle } from './goodbye.js';
import { stopPlaying } from './playing.js';
import type { CallState } from './state.js';
import type { LegEndCause, LegSnapshot, SwitchEvent, SwitchSnapshot } from './switch-events.js';

/** The caller is taken to a person outside: dialled by our own trunk while the caller hears music, connected, and taken back when that person goes. */

const CONNECT_WITHIN_MS = 5 * SECOND;

export function transferOutside(
  state: CallState,
  call: CallRecord,
  { turn, number, ringMs }: Extract<FlowEffect, { kind: 'transferOutside' }>,
): void {
  const { dialOut } = state.config;
  const { callId, switchId } = call;
  if (
    !dialOut ||
    dialable(number) === null ||
    !isAllowed(dialOut, number) ||
    !state.dialMeter.take(dialOut, number, state.nowMs)
  ) {
    state.facts.push({ kind: 'callTransferred', callId, to: 'outside', number: null, result: 'denied', talkMs: 0 });
    walk(state, call, { kind: 'transferEnded', turn, result: 'denied' });
    return;
  }
  if (call.transfer) state.outsideLegs.delete(call.transfer.legId);
  call.transferCount = (call.transferCount ?? 0) + 1;
  const legId = asId<LegId>(`${callId}-x${call.transferCount}`);
  call.transfer = { turn, legId, number, state: 'dialling', connectedAtMs: null };
  state.outsideLegs.set(legId, callId);
  stopPlaying(state, call);
  wait(state, call);
  state.tell(switchId, { kind: 'dialOut', callId, legId, number, ringTimeoutMs: ringMs, callerId: dialOut.callerId });
  state.startTimer(call, 'transfer', ringMs);
}

export function outsideLegAnswered(state: CallState, event: Extract<SwitchEvent, { kind: 'legAnswered' }>): void {
  const call = callOf(state, event.legId);
  const transfer = call?.transfer;
  if (!call || transfer?.state !== 'dialling') {
    state.stale++;
    if (transfer?.state === 'ending') hangUpOutside(state, call as CallRecord, transfer, 'normal');
    return;
  }
  transfer.state = 'connecting';
  state.startTimer(call, 'transfer', CONNECT_WITHIN_MS);
  connect(state, call, transfer);
}

function connect(state: CallState, call: CallRecord, { legId }: OutsideTransfer): void {
  const bridgeId = asId<BridgeId>(`${legId}-b`);
  // A connection is asked for by the name of an offer; here the leg stands for it.
  const offerId = asId<OfferId>(legId);
  call.bridge = { bridgeId, offerId };
  state.touch(call);
  const legs = { callerLegId: call.legId, agentLegId: legId };
  state.tell(call.switchId, { kind: 'connect', callId: call.callId, offerId, bridgeId, ...legs, stopPlaybacks: [] });
}

/** True when the connection was one with a person outside. */
export function outsideConnected(state: CallState, event: Extract<SwitchEvent, { kind: 'connected' }>): boolean {
  const call = callOf(state, asId<LegId>(event.offerId));
  if (!call) return false;
  const { transfer } = call;
  if (transfer?.state === 'connecting') {
    transfer.state = 'talking';
    transfer.connectedAtMs = state.nowMs;
    call.served = true;
    state.stopTimer(call, 'transfer');
    state.touch(call);
  } else if (transfer?.state !== 'talking') {
    state.stale++;
    state.tell(event.switchId, { kind: 'dissolve', callId: null, bridgeId: event.bridgeId });
  }
  return true;
}

export function outsideConnectFailed(state: CallState, event: Extract<SwitchEvent, { kind: 'connectFailed' }>): boolean {
  const call = callOf(state, asId<LegId>(event.offerId));
  if (!call) return false;
  if (call.transfer?.state !== 'connecting') state.stale++;
  // A caller who is gone ends by the `legEnded` of that leg.
  else if (event.missing !== 'caller') goOn(state, call, 'failed', 'normal');
  return true;
}

const RESULT_OF: Record<LegEndCause, TransferResult> = {
  busy: 'busy',
  declined: 'busy',
  noAnswer: 'noAnswer',
  unreachable: 'unreachable',
  hungUp: 'failed',
  error: 'failed',
  lost: 'failed',
};

/** The leg of the person outside is gone. */
export function outsideLegEnded(state: CallState, call: CallRecord, legId: LegId, cause: LegEndCause): void {
  state.outsideLegs.delete(legId);
  const { transfer } = call;
  if (transfer?.legId !== legId) {
    state.stale++;
    return;
  }
  if (transfer.state === 'ending') {
    delete call.transfer;
    state.touch(call);
    settle(state, call);
    return;
  }
  const result = transfer.state === 'talking' ? 'talked' : transfer.state === 'dialling' ? RESULT_OF[cause] : 'failed';
  tell(state, call, transfer, result);
  delete call.transfer;
  if (call.phase === 'flow') walk(state, call, { kind: 'transferEnded', turn: transfer.turn, result });
  settle(state, call);
}

export function transferTimeOver(state: CallState, call: CallRecord): void {
  if (call.transfer?.state === 'dialling') goOn(state, call, 'noAnswer', 'noAnswer');
  else if (call.transfer?.state === 'connecting') goOn(state, call, 'failed', 'normal');
}

/** The caller has gone: whoever was dialled for them is let go. */
export function callerLeftTransfer(state: CallState, call: CallRecord): void {
  const { transfer } = call;
  if (!transfer || transfer.state === 'ending') return;
  tell(state, call, transfer, transfer.state === 'talking' ? 'talked' : 'callerLeft');
  hangUpOutside(state, call, transfer, 'normal');
}

/** It has come to nothing, and the flow decides what now. */
function goOn(state: CallState, call: CallRecord, result: TransferResult, cause: 'normal' | 'noAnswer'): void {
  const { transfer } = call;
  if (!transfer) return;
  tell(state, call, transfer, result);
  hangUpOutside(state, call, transfer, cause);
  if (call.phase === 'flow') walk(state, call, { kind: 'transferEnded', turn: transfer.turn, result });
}

function tell(state: CallState, call: CallRecord, transfer: OutsideTransfer, result: TransferOutcome): void {
  const { number, connectedAtMs } = transfer;
  state.stopTimer(call, 'transfer');
  dissolve(state, call);
  state.touch(call);
  const talkMs = connectedAtMs === null ? 0 : state.nowMs - connectedAtMs;
  state.facts.push({ kind: 'callTransferred', callId: call.callId, to: 'outside', number, result, talkMs });
}

/** The call waits for the end of this leg before it is forgotten. */
export function hangUpOutside(state: CallState, call: CallRecord, transfer: OutsideTransfer, cause: 'normal' | 'noAnswer'): void {
  transfer.state = 'ending';
  state.touch(call);
  state.tell(call.switchId, { kind: 'hangUp', callId: call.callId, legId: transfer.legId, cause });
}

/** After a (re)connect: what the switch did while nobody heard. The leg is there; one that is not has been mourned. */
export function reassertTransfer(
  state: CallState,
  call: CallRecord,
  transfer: OutsideTransfer,
  legs: ReadonlyMap<LegId, LegSnapshot>,
  snapshot: SwitchSnapshot,
): void {
  switch (transfer.state) {
    case 'dialling':
      wait(state, call);
      if (legs.get(transfer.legId)?.state !== 'up') return;
      return outsideLegAnswered(state, { kind: 'legAnswered', switchId: call.switchId, legId: transfer.legId });
    case 'connecting':
      return connect(state, call, transfer);
    case 'talking': {
      const bridge = snapshot.bridges.find((each) => each.bridgeId === call.bridge?.bridgeId);
      if (!bridge || ![call.legId, transfer.legId].every((each) => bridge.legs.includes(each))) connect(state, call, transfer);
      return;
    }
    case 'ending':
      return hangUpOutside(state, call, transfer, 'normal');
  }
}

function callOf(state: CallState, legId: LegId): CallRecord | undefined {
  const callId = state.outsideLegs.get(legId);
  return callId && state.calls.get(callId);
}
