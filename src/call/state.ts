import type { AcdConfig } from '../acd/config.js';
import type { AcdEngine } from '../acd/engine.js';
import type { AcdAction, AcdEvent, TimerChange } from '../acd/events.js';
import type { FactBody } from '../base/facts.js';
import { asId, type CallId, type FlowId, type LegId, type OfferId, type SwitchId, type TimerId } from '../base/ids.js';
import type { Refusal } from '../base/result.js';
import type { Ms } from '../base/time.js';
import type { Customer, EmergencyView, FlowProgram, FlowValue, Secrets } from '../flow/contract.js';
import type { SwitchCommand } from './commands.js';
import { DialMeter, type DialOutPolicy } from './dial-out.js';
import type { CallRecord } from './entities.js';

/** What the site is: everything the calls of one routing domain need to know. Frozen; a new one comes with a reload. */
export interface HotlineConfig {
  readonly acd: AcdConfig;
  /** Number dialled -> flow. */
  readonly numbers: Readonly<Record<string, FlowId>>;
  /** `version` null: the one that is live. A version that is not known any more: null. */
  readonly flow: (flowId: FlowId, version: string | null) => FlowProgram | null;
  /** Number of the present set of live flows; a call keeps the set that it began with. Absent: there is only one. */
  readonly release?: number;
  /** A flow as it was in a release; one that is not known any more: as it is now. Absent: as it is now. */
  readonly flowInRelease?: (flowId: FlowId, release: number) => FlowProgram | null;
  readonly customerByAccount?: (account: string) => Customer | null;
  readonly emergency?: (dnis: string) => EmergencyView | null;
  readonly customerByNumber: (ani: string) => Customer | null;
  readonly isOpen: (calendar: string, atMs: Ms) => boolean | null;
  readonly defaultLanguage: string;
  /** Whom we may dial outside; absent: nobody. */
  readonly dialOut?: DialOutPolicy | undefined;
}

/** Long work outside the call. It is kept in Redis until it is done, so it never holds secure digits. */
export type Job =
  | { readonly kind: 'sealRecording'; readonly callId: CallId; readonly recordingId: string; readonly file: string }
  /** A message to an endpoint of the configuration. `messageId` names it for good: a receiver that gets it twice can tell. */
  | {
      readonly kind: 'sendMessage';
      readonly callId: CallId;
      readonly messageId: string;
      readonly endpoint: string;
      readonly message: Readonly<Record<string, FlowValue>>;
    };

/** A question to an endpoint, to be asked once the commit is through; answered with the event `lookupEnded`. In memory only. */
export interface LookUpRequest {
  readonly callId: CallId;
  readonly turn: number;
  readonly endpoint: string;
  readonly send: Readonly<Record<string, FlowValue>>;
  readonly timeoutMs: Ms;
  /** Secure digits are in `send`. Absent: taken for true. */
  readonly hasSecrets?: boolean;
}

export interface Addressed {
  readonly switchId: SwitchId;
  readonly command: SwitchCommand;
}

/** What the parts of the call floor share: the calls, the engine, and what the event at hand has brought about so far. */
export class CallState {
  nowMs: Ms = 0;
  config: HotlineConfig;
  engine: AcdEngine;
  readonly calls = new Map<CallId, CallRecord>();
  readonly callers = new Map<LegId, CallId>();
  readonly agentLegs = new Map<LegId, CallId>();
  /** Legs of persons outside whom a caller is transferred to. */
  readonly outsideLegs = new Map<LegId, CallId>();
  /** Phones that dialled a feature code; they hear a confirmation and are hung up. Not worth keeping over a restart. */
  readonly deskLegs = new Map<LegId, SwitchId>();
  /** Switches that have been resynced and are not down since. */
  readonly connected = new Set<SwitchId>();

  readonly dialMeter = new DialMeter();

  /** Secure digits by call. Here and nowhere else: never in a record, so never in the store, a fact or a view. */
  readonly secrets = new Map<CallId, Secrets>();
  /** Turns of the look-ups that this process has asked and not heard of. */
  readonly asking = new Map<CallId, number>();
  /** Calls that were begun by another process, until they have been asked what they need now. */
  readonly inherited = new Set<CallId>();

  commands: Addressed[] = [];
  facts: FactBody[] = [];
  timers: TimerChange[] = [];
  jobs: Job[] = [];
  lookUps: LookUpRequest[] = [];
  refusal: Refusal | null = null;
  readonly touched = new Set<CallId>();
  stale = 0;

  /** Obeys what the engine asks for; set once by the parts that know how. */
  onAction: (action: AcdAction) => void = () => {};

  constructor(config: HotlineConfig, engine: AcdEngine) {
    this.config = config;
    this.engine = engine;
  }

  /** Lets the engine decide; its facts come before those of the actions that follow. */
  decide(event: AcdEvent): void {
    const outcome = this.engine.apply(this.nowMs, event);
    this.facts.push(...outcome.facts);
    this.timers.push(...outcome.timers);
    if (outcome.refusal) this.refusal = outcome.refusal;
    for (const action of outcome.actions) this.onAction(action);
  }

  tell(switchId: SwitchId, command: SwitchCommand): void {
    this.commands.push({ switchId, command });
  }

  touch(call: CallRecord): void {
    this.touched.add(call.callId);
  }

  add(call: CallRecord): void {
    this.calls.set(call.callId, call);
    this.callers.set(call.legId, call.callId);
    for (const offerId of call.agentLegs) this.agentLegs.set(offerId as string as LegId, call.callId);
    if (call.transfer) this.outsideLegs.set(call.transfer.legId, call.callId);
    this.touch(call);
  }

  /** The caller of a promise is dialled anew: from now on this is the caller's leg. */
  renameCallerLeg(call: CallRecord, legId: LegId): void {
    this.callers.delete(call.legId);
    call.legId = legId;
    this.callers.set(legId, call.callId);
    this.touch(call);
  }

  forget(call: CallRecord): void {
    for (const purpose of Object.keys(call.timers)) this.stopTimer(call, purpose);
    this.calls.delete(call.callId);
    this.callers.delete(call.legId);
    for (const offerId of call.agentLegs) this.agentLegs.delete(offerId as string as LegId);
    if (call.transfer) this.outsideLegs.delete(call.transfer.legId);
    this.dropUnstored(call);
    this.touch(call);
  }

  /** What is known of a call in this memory alone goes with its end. */
  dropUnstored(call: CallRecord): void {
    this.secrets.delete(call.callId);
    this.asking.delete(call.callId);
    this.inherited.delete(call.callId);
  }

  addAgentLeg(call: CallRecord, offerId: OfferId): void {
    call.agentLegs.push(offerId);
    this.agentLegs.set(offerId as string as LegId, call.callId);
    this.touch(call);
  }

  removeAgentLeg(call: CallRecord, offerId: OfferId): void {
    call.agentLegs = call.agentLegs.filter((each) => each !== offerId);
    this.agentLegs.delete(offerId as string as LegId);
    this.touch(call);
  }

  startTimer(call: CallRecord, purpose: string, afterMs: Ms): void {
    this.stopTimer(call, purpose);
    const id = asId<TimerId>(`c/${call.callId}/${purpose}/${++call.timerCount}`);
    const atMs = this.nowMs + afterMs;
    call.timers[purpose] = { id, atMs };
    this.timers.push({ kind: 'startTimer', timerId: id, atMs });
    this.touch(call);
  }

  stopTimer(call: CallRecord, purpose: string): void {
    const timer = call.timers[purpose];
    if (!timer) return;
    delete call.timers[purpose];
    this.timers.push({ kind: 'stopTimer', timerId: timer.id });
    this.touch(call);
  }
}
