import { asId, type BridgeId, type LegId, type SwitchId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
import type { PromptRef, SwitchCommand, SwitchCommandOf } from '../call/commands.js';
import type { LegEndCause, LegSnapshot, SwitchEvent, SwitchSnapshot } from '../call/switch-events.js';
import type { Clock } from '../ports/clock.js';
import type { Switch, SwitchDescription, SwitchStart } from '../ports/switch.js';
import { SimulatedCaller } from './simulated-caller.js';
import type { SimulatedLeg } from './simulated-leg.js';
import { type PhoneBehaviour, PICKS_UP } from './simulated-phone.js';
import { SimulatedRecordings } from './simulated-recordings.js';

export interface SimulatedSwitchOptions {
  readonly id?: SwitchId;
  readonly clock: Clock;
  /** From what happens on the switch until it is reported, and from a command until it takes effect. */
  readonly latencyMs?: Ms;
  /** How long a prompt lasts; null: there is no such prompt. */
  readonly promptMs?: (ref: PromptRef) => Ms | null;
}

/** Digits, a plus before them at most: what a trunk is given to dial. */
const OUTSIDE_NUMBER = /^\+?[0-9]{7,15}$/;
const PHONE_ADDRESS = /^sip:[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * A switch in memory that keeps its own truth about legs, bridges and recordings. It obeys the contract of `ports/switch.ts`, and its phones and
 * callers are driven by whoever made it: tests, workloads, `hotline serve --switch simulated`.
 */
export class SimulatedSwitch implements Switch {
  readonly id: SwitchId;
  readonly kind = 'simulated';
  readonly legs = new Map<LegId, SimulatedLeg>();
  readonly bridges = new Map<BridgeId, Set<LegId>>();
  readonly recordings: SimulatedRecordings;
  readonly #clock: Clock;
  readonly #latencyMs: Ms;
  readonly #promptMs: (ref: PromptRef) => Ms | null;
  readonly #phones = new Map<string, PhoneBehaviour>();
  #listener: SwitchStart | null = null;
  #up = false;
  #restarted = false;
  #calls = 0;
  #line = 0;

  constructor(options: SimulatedSwitchOptions) {
    this.id = options.id ?? asId<SwitchId>('simulated');
    this.#clock = options.clock;
    this.recordings = new SimulatedRecordings(this.id, options.clock, (event) => this.#report(event));
    this.#latencyMs = options.latencyMs ?? 1;
    this.#promptMs = options.promptMs ?? (() => 1_500);
  }

  async start(options: SwitchStart): Promise<void> {
    this.#listener = options;
    this.reconnect();
  }

  async stop(): Promise<void> {
    this.#up = false;
    this.#line++;
    this.#listener = null;
  }

  isUp(): boolean {
    return this.#up;
  }

  async describe(): Promise<SwitchDescription> {
    return { up: this.#up, version: 'simulated', detail: `${this.legs.size} legs` };
  }

  /** How the phone at this address behaves from its next ring on. */
  phone(address: string, behaviour: PhoneBehaviour): void {
    this.#phones.set(address, behaviour);
  }

  /** How the phone of a person outside behaves when we dial this number. */
  outside(number: string, behaviour: PhoneBehaviour): void {
    this.#phones.set(`tel:${number}`, behaviour);
  }

  /** The person outside at the other end of a leg that we dialled; null when there is no such leg. */
  outsideParty(legId: LegId): SimulatedCaller | null {
    const leg = this.legs.get(legId);
    return leg ? new SimulatedCaller(this, leg, this.#clock) : null;
  }

  /** A caller dials in. */
  placeCall(from: { ani: string; aniName?: string; dnis: string }): SimulatedCaller {
    const leg = this.#addLeg(asId<LegId>(`${this.id}-${++this.#calls}`), 'inbound', {
      ani: from.ani,
      aniName: from.aniName ?? '',
      dnis: from.dnis,
    });
    const { legId, ani, aniName, dnis } = leg;
    this.#report({ kind: 'legArrived', switchId: this.id, legId, ani, aniName, dnis, note: null });
    return new SimulatedCaller(this, leg, this.#clock);
  }

  /** An agent's phone dials a feature code. */
  dialFeature(address: string, digits: string): LegId {
    const leg = this.#addLeg(asId<LegId>(`${this.id}-${++this.#calls}`), 'inbound', { ani: address, aniName: '', dnis: digits });
    this.#report({ kind: 'phoneDialled', switchId: this.id, legId: leg.legId, address, digits });
    return leg.legId;
  }

  press(legId: LegId, key: string): void {
    if (this.legs.has(legId)) this.#report({ kind: 'keyPressed', switchId: this.id, legId, key, durationMs: 100 });
  }

  /** Whoever speaks after a beep says no more from now on. */
  fallSilent(legId: LegId): void {
    const leg = this.legs.get(legId);
    if (leg) this.recordings.fallSilent(leg);
  }

  hold(legId: LegId, held: boolean): void {
    if (this.legs.has(legId)) this.#report({ kind: held ? 'legHeld' : 'legUnheld', switchId: this.id, legId });
  }

  /** Takes a leg away and reports it, as a phone that hangs up or answers with a refusal does. */
  endLeg(legId: LegId, cause: LegEndCause): void {
    const leg = this.legs.get(legId);
    if (!leg) return;
    this.legs.delete(legId);
    for (const cancel of leg.alarms) cancel();
    leg.playing?.cancel();
    this.#leavePlace(leg);
    if (leg.saying) this.recordings.end(leg.saying);
    this.#report({ kind: 'legEnded', switchId: this.id, legId, cause });
  }

  /** Cuts the control connection; sound and legs go on, events of the gap are lost. */
  cutConnection(): void {
    if (!this.#up) return;
    this.#up = false;
    this.#line++;
    this.#listener?.onEvent({ kind: 'switchDown', switchId: this.id, detail: 'connection cut' });
  }

  reconnect(): void {
    const listener = this.#listener;
    if (!listener || this.#up) return;
    this.#up = true;
    const snapshot = this.#snapshot(listener);
    this.#restarted = false;
    listener.onEvent({ kind: 'switchUp', switchId: this.id, detail: 'simulated', snapshot });
  }

  /** Every leg, bridge and recording is gone, and nobody tells. */
  crash(): void {
    this.cutConnection();
    for (const leg of this.legs.values()) {
      for (const cancel of leg.alarms) cancel();
      leg.playing?.cancel();
    }
    this.legs.clear();
    this.bridges.clear();
    this.recordings.forgetAll();
    this.#restarted = true;
  }

  async perform(command: SwitchCommand): Promise<void> {
    if (!this.#up) {
      const subject = 'legId' in command ? command.legId : '';
      this.#listener?.onEvent({
        kind: 'commandFailed',
        switchId: this.id,
        command: command.kind,
        callId: command.callId,
        subject,
        detail: 'not connected',
      });
      return;
    }
    this.#obey(command);
  }

  #obey(command: SwitchCommand): void {
    switch (command.kind) {
      case 'answer': {
        const leg = this.legs.get(command.legId);
        if (leg) leg.state = 'up';
        return;
      }
      case 'play':
        return this.#play(command);
      case 'stopPlayback': {
        const leg = this.legs.get(command.legId);
        if (leg?.playing?.playbackId === command.playbackId) this.#endPlayback(leg, true);
        return;
      }
      case 'wait': {
        const leg = this.legs.get(command.legId);
        if (!leg) return;
        this.#leavePlace(leg);
        leg.place = { kind: 'waiting', music: command.music };
        return;
      }
      case 'ringAgent':
        return this.#ring(command);
      case 'dialOut':
        return this.#dialOut(command);
      case 'hangUp':
        return this.endLeg(command.legId, 'hungUp');
      case 'connect':
        return this.#connect(command);
      case 'dissolve':
        return this.#dissolve(command.bridgeId);
      case 'startRecording':
        return this.recordings.start(command, this.bridges.has(command.bridgeId));
      case 'recordMessage': {
        const leg = this.legs.get(command.legId);
        if (!this.recordings.mayBegin(command, leg)) return;
        if (leg.playing) this.#endPlayback(leg, true);
        this.#leavePlace(leg);
        return this.recordings.message(command, leg);
      }
      case 'stopRecording':
        return this.recordings.end(command.recordingId);
      case 'remember': {
        const leg = this.legs.get(command.legId);
        if (command.note.length > 1_000 || CONTROL.test(command.note)) {
          const { kind, callId, legId } = command;
          const detail = 'the note is too long or has control characters';
          this.#report({ kind: 'commandFailed', switchId: this.id, command: kind, callId, subject: legId, detail });
        } else if (leg) leg.note = command.note;
        return;
      }
    }
  }

  #play(command: SwitchCommandOf<'play'>): void {
    const leg = this.legs.get(command.legId);
    const { legId, playbackId, prompts } = command;
    const lengths = prompts.map((ref) => this.#promptMs(ref));
    if (!leg || lengths.some((ms) => ms === null)) {
      if (leg) this.#report({ kind: 'playbackEnded', switchId: this.id, legId, playbackId, played: false });
      return;
    }
    if (leg.playing) this.#endPlayback(leg, true);
    const totalMs = lengths.reduce<Ms>((sum, ms) => sum + (ms ?? 0), 0);
    const cancel = this.#clock.alarm(this.#clock.nowMs() + totalMs, () => this.#endPlayback(leg, true));
    leg.playing = { playbackId, prompts, cancel };
  }

  #endPlayback(leg: SimulatedLeg, played: boolean): void {
    if (!leg.playing) return;
    const { playbackId, cancel } = leg.playing;
    cancel();
    leg.playing = null;
    this.#report({ kind: 'playbackEnded', switchId: this.id, legId: leg.legId, playbackId, played });
  }

  #ring(command: SwitchCommandOf<'ringAgent'>): void {
    const { legId, address, offerId, callerNumber, callerName, ringTimeoutMs } = command;
    if (this.legs.has(legId)) return;
    const leg = this.#addLeg(legId, 'outbound', { ani: callerNumber, aniName: callerName, dnis: address });
    leg.offerId = offerId;
    // As every switch does: an address is one plain phone of ours, or nothing is dialled.
    if (!PHONE_ADDRESS.test(address)) return this.endLeg(legId, 'error');
    this.#dial(leg, this.#phones.get(address) ?? PICKS_UP, ringTimeoutMs);
  }

  #dialOut({ legId, number, callerId, ringTimeoutMs }: SwitchCommandOf<'dialOut'>): void {
    if (this.legs.has(legId)) return;
    const leg = this.#addLeg(legId, 'outbound', { ani: callerId, aniName: '', dnis: number });
    if (!OUTSIDE_NUMBER.test(number)) return this.endLeg(legId, 'error');
    this.#dial(leg, this.#phones.get(`tel:${number}`) ?? PICKS_UP, ringTimeoutMs);
  }

  #dial(leg: SimulatedLeg, phone: PhoneBehaviour, ringTimeoutMs: Ms): void {
    const { legId } = leg;
    const later = (afterMs: Ms, act: () => void): void => {
      leg.alarms.push(this.#clock.alarm(this.#clock.nowMs() + afterMs, () => this.legs.get(legId) === leg && act()));
    };
    if (phone.refuse) {
      const cause = phone.refuse;
      later(phone.afterMs, () => this.endLeg(legId, cause));
      return;
    }
    this.#report({ kind: 'legRinging', switchId: this.id, legId });
    later(ringTimeoutMs + 2_000, () => leg.state === 'ringing' && this.endLeg(legId, 'noAnswer'));
    if (phone.silent) return;
    later(phone.afterMs, () => {
      leg.state = 'up';
      this.#report({ kind: 'legAnswered', switchId: this.id, legId });
      const { talkMs } = phone;
      if (talkMs !== null) later(talkMs, () => this.endLeg(legId, 'hungUp'));
    });
  }

  #connect(command: SwitchCommandOf<'connect'>): void {
    const { bridgeId, offerId, callerLegId, agentLegId } = command;
    const caller = this.legs.get(callerLegId);
    const agent = this.legs.get(agentLegId);
    if (!caller || !agent) {
      const missing = caller ? 'agent' : 'caller';
      this.#report({ kind: 'connectFailed', switchId: this.id, bridgeId, offerId, missing, detail: 'no such leg' });
      return;
    }
    if (caller.playing) this.#endPlayback(caller, true);
    const legs = this.bridges.get(bridgeId) ?? new Set();
    this.bridges.set(bridgeId, legs);
    for (const leg of [caller, agent]) {
      if (leg.place.kind === 'bridge' && leg.place.bridgeId === bridgeId) continue;
      this.#leavePlace(leg);
      leg.place = { kind: 'bridge', bridgeId };
      legs.add(leg.legId);
    }
    this.#report({ kind: 'connected', switchId: this.id, bridgeId, offerId });
  }

  #dissolve(bridgeId: BridgeId): void {
    for (const legId of this.bridges.get(bridgeId) ?? []) {
      const leg = this.legs.get(legId);
      if (leg) leg.place = { kind: 'nowhere' };
    }
    this.bridges.delete(bridgeId);
    this.recordings.endOfBridge(bridgeId);
  }

  #leavePlace(leg: SimulatedLeg): void {
    if (leg.place.kind === 'bridge') this.bridges.get(leg.place.bridgeId)?.delete(leg.legId);
    leg.place = { kind: 'nowhere' };
  }

  #addLeg(
    legId: LegId,
    direction: SimulatedLeg['direction'],
    from: { ani: string; aniName: string; dnis: string },
  ): SimulatedLeg {
    const leg: SimulatedLeg = {
      legId,
      direction,
      ...from,
      state: 'ringing',
      note: null,
      place: { kind: 'nowhere' },
      playing: null,
      offerId: null,
      saying: null,
      speaksMs: null,
      alarms: [],
    };
    this.legs.set(legId, leg);
    return leg;
  }

  /** Reports after the latency, in order; what is on its way when the connection is cut is lost. */
  #report(event: SwitchEvent): void {
    if (!this.#up) return;
    const line = this.#line;
    this.#clock.alarm(this.#clock.nowMs() + this.#latencyMs, () => {
      if (line === this.#line) this.#listener?.onEvent(event);
    });
  }

  #snapshot(listener: SwitchStart): SwitchSnapshot {
    const expected = listener.expected();
    const playing = new Set([...this.legs.values()].flatMap((leg) => (leg.playing ? [leg.playing.playbackId] : [])));
    return {
      restarted: this.#restarted,
      legs: [...this.legs.values()].map(
        ({ legId, direction, state, ani, aniName, dnis, note }): LegSnapshot => ({
          legId,
          direction,
          state,
          ani,
          aniName,
          dnis,
          note,
        }),
      ),
      bridges: [...this.bridges].map(([bridgeId, legs]) => ({ bridgeId, legs: [...legs] })),
      recordings: expected.recordings.filter((id) => this.recordings.has(id)),
      playbacks: expected.playbacks.filter((id) => playing.has(id)),
    };
  }
}
