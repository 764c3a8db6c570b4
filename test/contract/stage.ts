import {
  asId,
  type BridgeId,
  type CallId,
  type LegId,
  type OfferId,
  type PlaybackId,
  type RecordingId,
} from '../../src/base/ids.js';
import type { PromptRef } from '../../src/base/prompts.js';
import type { HangUpCause, SwitchCommand, SwitchCommandOf } from '../../src/call/commands.js';
import type { SwitchEvent } from '../../src/call/switch-events.js';
import type { SwitchWorld, WorldCaller, WorldPhone } from './switch-world.js';

/** The event of a kind, also where one shape serves several kinds (`legHeld`, `legUnheld`). */
export type EventOf<K extends SwitchEvent['kind']> = SwitchEvent extends infer E
  ? E extends { kind: infer Kinds }
    ? K extends Kinds
      ? E & { readonly kind: K }
      : never
    : never
  : never;

/** One caller's call as the engine would know it. */
export interface StagedCall {
  readonly callId: CallId;
  readonly legId: LegId;
  readonly caller: WorldCaller;
}
/** An agent's leg that was asked for. */
export interface StagedOffer {
  readonly offerId: OfferId;
  readonly legId: LegId;
  readonly bridgeId: BridgeId;
  readonly phone: WorldPhone;
}

/**
 * The engine's seat: gives commands, keeps every event, waits for events, and knows the laws that hold for any run.
 */
export class Stage {
  readonly events: SwitchEvent[] = [];
  readonly #taken = new Set<SwitchEvent>();
  readonly #playbacks = new Map<PlaybackId, LegId>();
  readonly #recordings = new Set<RecordingId>();
  readonly #legs = new Map<LegId, CallId | null>();
  #ids = 0;

  constructor(readonly world: SwitchWorld) {}

  async start(): Promise<void> {
    await this.world.switch.start({
      onEvent: (event) => this.#see(event),
      expected: () => ({ playbacks: [...this.#playbacks.keys()], recordings: [...this.#recordings] }),
    });
  }
  id<T extends string>(prefix: string): T {
    this.#ids += 1;
    return asId<T>(`${prefix}-${this.#ids}`);
  }
  do(command: SwitchCommand): Promise<void> {
    if (command.kind === 'play') this.#playbacks.set(command.playbackId, command.legId);
    else if (command.kind === 'startRecording' || command.kind === 'recordMessage') this.#recordings.add(command.recordingId);
    else if (command.kind === 'ringAgent' || command.kind === 'dialOut') this.#legs.set(command.legId, command.callId);
    return this.world.switch.perform(command);
  }
  /** A position in the events, for `since`. */
  mark(): number {
    return this.events.length;
  }
  since(mark: number): readonly SwitchEvent[] {
    return this.events.slice(mark);
  }
  of<K extends SwitchEvent['kind']>(kind: K, match: Partial<EventOf<K>> = {}): Array<EventOf<K>> {
    return this.events.filter((event): event is EventOf<K> => event.kind === kind && matches(event, match));
  }
  /** The next event of a kind that nobody has waited for before, whether it has come or is to come. */
  next<K extends SwitchEvent['kind']>(kind: K, match: Partial<EventOf<K>> = {}, withinMs = 5000): Promise<EventOf<K>> {
    const what = `${kind} ${JSON.stringify(match)}`;
    const look = (): EventOf<K> | null => this.of(kind, match).find((event) => !this.#taken.has(event)) ?? null;
    return this.world.until(what, look, withinMs).then(
      (event) => {
        this.#taken.add(event as EventOf<K>);
        return event as EventOf<K>;
      },
      (error: Error) => {
        const last = this.events.slice(-12).map((event) => JSON.stringify(event));
        throw new Error(`${error.message}\nlast events:\n${last.join('\n')}`);
      },
    );
  }

  /** A caller comes in; the switch has told of it. */
  async callComes(from = '13800000001', fromName = ''): Promise<StagedCall> {
    const caller = await this.world.placeCall(from, fromName);
    const { legId } = await this.next('legArrived');
    const callId = this.id<CallId>('call');
    this.#legs.set(legId, callId);
    return { callId, legId, caller };
  }
  /** A caller who is answered. */
  async callUp(): Promise<StagedCall> {
    const call = await this.callComes();
    await this.do({ kind: 'answer', callId: call.callId, legId: call.legId });
    await this.world.until('the caller is up', () => call.caller.state() === 'up');
    return call;
  }
  /** A caller who hears the waiting room's music. */
  async callWaits(): Promise<StagedCall> {
    const call = await this.callUp();
    await this.do({ kind: 'wait', callId: call.callId, legId: call.legId, music: this.world.music });
    await this.world.until('music is heard', () => call.caller.hears('music'));
    return call;
  }
  play(call: Pick<StagedCall, 'callId' | 'legId'>, ...prompts: PromptRef[]): PlaybackId {
    const playbackId = this.id<PlaybackId>('playback');
    void this.do({ kind: 'play', callId: call.callId, legId: call.legId, playbackId, prompts });
    return playbackId;
  }
  /** An offer that is not rung yet. */
  offer(phone: WorldPhone = this.world.phones[0]): StagedOffer {
    return { offerId: this.id('offer'), legId: this.id('leg'), bridgeId: this.id('bridge'), phone };
  }
  ringCommand(
    call: Pick<StagedCall, 'callId'>,
    offer: StagedOffer,
    more: Partial<SwitchCommandOf<'ringAgent'>> = {},
  ): SwitchCommandOf<'ringAgent'> {
    return {
      kind: 'ringAgent',
      callId: call.callId,
      offerId: offer.offerId,
      legId: offer.legId,
      address: offer.phone.address,
      ringTimeoutMs: 20_000,
      callerNumber: '13800000001',
      callerName: 'Zhang San',
      ...more,
    };
  }
  async ring(
    call: Pick<StagedCall, 'callId'>,
    phone?: WorldPhone,
    more: Partial<SwitchCommandOf<'ringAgent'>> = {},
  ): Promise<StagedOffer> {
    const offer = this.offer(phone);
    await this.do(this.ringCommand(call, offer, more));
    return offer;
  }
  /** An agent's leg that was picked up. */
  async agentUp(call: Pick<StagedCall, 'callId'>, phone?: WorldPhone): Promise<StagedOffer> {
    const offer = await this.ring(call, phone);
    await this.next('legAnswered', { legId: offer.legId });
    return offer;
  }
  connect(
    call: Pick<StagedCall, 'callId' | 'legId'>,
    offer: StagedOffer,
    stopPlaybacks: readonly PlaybackId[] = [],
  ): Promise<void> {
    return this.do({
      kind: 'connect',
      callId: call.callId,
      offerId: offer.offerId,
      bridgeId: offer.bridgeId,
      callerLegId: call.legId,
      agentLegId: offer.legId,
      stopPlaybacks,
    });
  }
  /** Caller and agent in a call, proven by what each hears. */
  async talk(phone?: WorldPhone): Promise<StagedCall & { offer: StagedOffer }> {
    const call = await this.callWaits();
    const offer = await this.agentUp(call, phone);
    await this.connect(call, offer);
    await this.next('connected', { bridgeId: offer.bridgeId });
    await this.hearEachOther(call, offer);
    return { ...call, offer };
  }
  async hearEachOther(call: StagedCall, offer: StagedOffer): Promise<void> {
    await this.world.until('the caller hears the agent', () => call.caller.hears(offer.phone.sound));
    await this.world.until('the agent hears the caller', () => offer.phone.hears('caller'));
  }
  hangUp(callId: CallId | null, legId: LegId, cause: HangUpCause = 'normal'): Promise<void> {
    return this.do({ kind: 'hangUp', callId, legId, cause });
  }

  /** Ends all that is still there and waits until the switch itself says that nothing is left. */
  async clear(): Promise<void> {
    for (const bridgeId of new Set(this.of('connected').map((event) => event.bridgeId))) {
      void this.do({ kind: 'dissolve', callId: null, bridgeId });
    }
    for (const [legId, callId] of this.#legs) void this.hangUp(callId, legId);
    await this.world.until(
      'a switch without leftovers',
      async () => {
        const { legs, bridges } = await this.world.leftovers();
        return legs.length === 0 && bridges.length === 0;
      },
      8000,
    );
    await this.world.until('the end of every leg', () => this.#legs.size === 0);
    this.#playbacks.clear();
    this.#recordings.clear();
    for (const phone of [...this.world.phones, this.world.outside]) phone.behave({});
  }
  /** Breaches of what holds for any run, in words. Looks at the events since `mark`. */
  breaches(mark: number): string[] {
    const found: string[] = [];
    const over = new Set<string>();
    const once = new Set<string>();
    for (const event of this.since(mark)) {
      if (event.switchId !== this.world.switch.id) found.push(`${event.kind} tells of switch ${event.switchId}`);
      if ('legId' in event && over.has(event.legId)) found.push(`${event.kind} of ${event.legId} after its legEnded`);
      if (event.kind === 'legEnded') over.add(event.legId);
      const key = onlyOnce(event);
      if (key === null) continue;
      if (once.has(key)) found.push(`${key} came twice`);
      once.add(key);
    }
    return found;
  }

  #see(event: SwitchEvent): void {
    this.events.push(event);
    if (event.kind === 'playbackEnded') this.#playbacks.delete(event.playbackId);
    else if (event.kind === 'recordingEnded') this.#recordings.delete(event.recordingId);
    else if (event.kind === 'legArrived' || event.kind === 'phoneDialled') this.#legs.set(event.legId, null);
    else if (event.kind === 'legEnded') this.#forget(event.legId);
    // What a resync does not list is gone without a word.
    else if (event.kind === 'switchUp') {
      const there = new Set(event.snapshot.legs.map(({ legId }) => legId));
      for (const legId of this.#legs.keys()) if (!there.has(legId)) this.#forget(legId);
    }
  }
  #forget(legId: LegId): void {
    this.#legs.delete(legId);
    for (const [playbackId, on] of this.#playbacks) if (on === legId) this.#playbacks.delete(playbackId);
  }
}

/** What may be said once only, as a text. */
function onlyOnce(event: SwitchEvent): string | null {
  switch (event.kind) {
    case 'legArrived':
    case 'legRinging':
    case 'legAnswered':
      return `${event.kind} ${event.legId}`;
    case 'playbackEnded':
      return `${event.kind} ${event.playbackId}`;
    case 'recordingStarted':
    case 'recordingEnded':
      return `${event.kind} ${event.recordingId}`;
    default:
      return null;
  }
}

const matches = (event: object, match: object): boolean =>
  Object.entries(match).every(([name, value]) => (event as Record<string, unknown>)[name] === value);
