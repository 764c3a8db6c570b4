import { setTimeout as pause } from 'node:timers/promises';
import { isPlainId, type LegId, type RecordingId } from '../../base/ids.js';
import type { HangUpCause, PromptRef, SwitchCommand, SwitchCommandOf } from '../../call/commands.js';
import { AriHttpError } from './ari-http.js';
import type { AriRest } from './ari-rest.js';
import { LEG_VARIABLE, NOTE_VARIABLE, RECORDING_VARIABLE } from './channel-notes.js';
import { connectLegs } from './connect-legs.js';
import { type Desk, endLeg, isQuiet } from './desk.js';
import { callerIdField, hasControl, isRecordingFile, phoneEndpoint, soundMedia, trunkEndpoint } from './hostile-text.js';
import type { Leg } from './leg-book.js';
import { recordMessage } from './record-message.js';
import { soundCut, soundTaken } from './sound-watch.js';

/** Q.850 causes; Asterisk turns them into 486, 603, 503, 480 and 404 for a leg that was not answered. */
const REASON_CODES: Record<HangUpCause, number> = {
  normal: 16,
  busy: 17,
  declined: 21,
  congestion: 34,
  noAnswer: 19,
  unallocated: 1,
};
/** Our own timer is the rule; Asterisk's whole seconds are for the case that we are dead. */
const RING_GRACE_S = 2;
const LONGEST_NOTE = 1_000;
/** How long an event may be behind an answer to a request. */
const EVENT_LAG_MS = 500;

/** What a new leg is to Asterisk. `endpoint` null: it must not be made. */
interface Dialling {
  readonly kind: 'agent' | 'outside';
  readonly endpoint: string | null;
  readonly refusal: string;
  readonly args: string;
  readonly callerId: string;
  readonly variables?: Readonly<Record<string, string>>;
}

/** Asks a phone to pick up by itself, in the two ways that phones know. */
const AUTO_ANSWER = {
  'PJSIP_HEADER(add,Call-Info)': '<sip:hotline>;answer-after=0',
  'PJSIP_HEADER(add,Alert-Info)': '<http://localhost>;info=alert-autoanswer',
};

export interface CommandOptions {
  readonly resolvePrompt: (ref: PromptRef) => string | null;
  readonly promptMs?: ((ref: PromptRef) => number | null) | undefined;
  /** Absent: nobody outside is dialled. */
  readonly outside?: { readonly trunk: string; readonly mayDial: (number: string) => boolean } | undefined;
}

/** Carries out commands. Whatever happens, each one settles and tells its failure as the contract of the port says. */
export class CommandCarrier {
  readonly #desk: Desk;
  readonly #options: CommandOptions;

  constructor(desk: Desk, options: CommandOptions) {
    this.#desk = desk;
    this.#options = options;
  }

  async perform(command: SwitchCommand): Promise<void> {
    const rest = this.#desk.rest();
    if (rest === null) return this.#failed(command, 'the switch is down');
    const bad = idsOf(command).find((id) => !isPlainId(id));
    if (bad !== undefined) return this.#failed(command, 'an id holds characters that no id of ours has');
    const work = async (): Promise<void> => {
      // The connection that this was meant for is gone; the resync asks again for what is still needed.
      if (this.#desk.rest() === null) return this.#failed(command, 'the switch went down');
      try {
        await this.#carry(rest, command);
      } catch (error) {
        this.#restFailed(command, error);
      }
    };
    if (command.callId === null) return work();
    // Dialling a phone needs nothing that the call's earlier commands do, and every millisecond counts. What follows waits for it.
    if (command.kind === 'ringAgent' || command.kind === 'dialOut') return this.#desk.chains.overtake(command.callId, work);
    return this.#desk.chains.run(command.callId, work);
  }

  async #carry(rest: AriRest, command: SwitchCommand): Promise<void> {
    switch (command.kind) {
      case 'answer':
        return this.#whenQuiet(command, 'answer', async () => {
          await rest.answer(command.legId);
          this.#markAnswered(command.legId);
        });
      case 'play':
        return this.#play(rest, command);
      case 'stopPlayback':
        await forgiving404(rest.stopPlayback(command.playbackId));
        return soundCut(this.#desk, command.playbackId);
      case 'wait':
        return this.#whenQuiet(command, 'wait', () => this.#enterRoom(rest, command));
      case 'ringAgent':
        return this.#ringAgent(rest, command);
      case 'dialOut':
        return this.#dialOut(rest, command);
      case 'hangUp':
        return this.#hangUp(rest, command);
      case 'connect':
        return connectLegs(this.#desk, rest, command);
      case 'dissolve':
        return this.#dissolve(rest, command);
      case 'startRecording':
        return this.#startRecording(rest, command);
      case 'recordMessage':
        return recordMessage(this.#desk, rest, command);
      case 'stopRecording':
        return this.#stopRecording(rest, command);
      case 'remember':
        if (command.note.length > LONGEST_NOTE || hasControl(command.note))
          return this.#failed(command, 'the note is too long or has control characters');
        return this.#whenQuiet(command, 'remember', () => rest.setVariable(command.legId, NOTE_VARIABLE, command.note));
    }
  }

  /**
   * Asterisk holds these requests back until a running playback has ended, 20 s long if need be, and everything behind them in
   * the call. So they are kept here and sent when it is quiet. The latest of each kind counts.
   */
  async #whenQuiet(
    command: SwitchCommandOf<'answer' | 'wait' | 'remember'>,
    kind: 'answer' | 'wait' | 'remember',
    work: () => Promise<void>,
  ): Promise<void> {
    const leg = this.#legOf(command.legId, command.callId);
    if (leg === null) return this.#failed(command, 'the leg is gone');
    if (isQuiet(leg)) return work();
    leg.afterPlayback.set(kind, async () => {
      if (this.#desk.rest() === null) return this.#failed(command, 'the switch went down');
      await work().catch((error) => this.#restFailed(command, error));
    });
  }

  #legOf(legId: LegId, callId: Leg['callId']): Leg | null {
    const leg = this.#desk.book.leg(legId);
    if (leg !== null) leg.callId = callId;
    return leg;
  }

  #markAnswered(legId: LegId): void {
    const leg = this.#desk.book.leg(legId);
    if (leg !== null) leg.answered = true;
  }

  async #play(rest: AriRest, command: SwitchCommandOf<'play'>): Promise<void> {
    const { legId, playbackId } = command;
    const { book } = this.#desk;
    const leg = this.#legOf(legId, command.callId);
    if (leg === null) return this.#failed(command, 'the leg is gone');
    // Asterisk would queue a second playback of the same name.
    if (book.playback(playbackId) !== null) return;
    const media = command.prompts.map((ref) => soundMedia(this.#options.resolvePrompt(ref) ?? ''));
    const sounds = media.filter((sound) => sound !== null);
    const playback = book.addPlayback(leg, playbackId, { lengthMs: this.#lengthOf(command.prompts), hasStarted: false });
    if (sounds.length < media.length || sounds.length === 0) {
      const missing = command.prompts
        .filter((_, i) => media[i] === null)
        .map(({ prompt, language }) => `${prompt} (${language})`);
      this.#desk.faults.count('prompt.missing');
      this.#desk.log.warn({ switchId: this.#desk.switchId, missing }, 'prompt missing');
      return this.#notPlayed(command);
    }
    try {
      await rest.play(legId, playbackId, sounds);
      soundTaken(this.#desk, playback);
    } catch (error) {
      this.#count(error);
      this.#notPlayed(command);
    }
  }

  #lengthOf(prompts: readonly PromptRef[]): number | null {
    const lengths = prompts.map((ref) => this.#options.promptMs?.(ref) ?? null);
    return lengths.every((ms) => ms !== null) ? lengths.reduce((sum, ms) => sum + ms, 0) : null;
  }

  #notPlayed({ legId, playbackId }: SwitchCommandOf<'play'>): void {
    if (this.#desk.book.endPlayback(playbackId) === null) return;
    this.#desk.emit({ kind: 'playbackEnded', switchId: this.#desk.switchId, legId, playbackId, played: false });
  }

  async #enterRoom(rest: AriRest, command: SwitchCommandOf<'wait'>): Promise<void> {
    const { rooms } = this.#desk;
    const leg = this.#desk.book.leg(command.legId);
    // Adding a channel to the bridge that it is in takes it out and in again: the music would stumble.
    if (leg === null || leg.bridgeId === rooms.room(command.music)) return;
    const room = await rooms.ensure(rest, command.music);
    try {
      await rest.addChannels(room, [command.legId]);
    } catch (error) {
      if (!(error instanceof AriHttpError) || error.status !== 404) throw error;
      rooms.forget(room); // somebody took the room away
      await rest.addChannels(await rooms.ensure(rest, command.music), [command.legId]);
    }
    leg.bridgeId = room;
  }

  #ringAgent(rest: AriRest, command: SwitchCommandOf<'ringAgent'>): Promise<void> {
    return this.#originate(rest, command, {
      kind: 'agent',
      endpoint: phoneEndpoint(command.address),
      refusal: 'the address is not a phone of ours',
      args: `agent,${command.offerId}`,
      callerId: callerIdField(command.callerNumber, command.callerName),
      ...(command.autoAnswer && { variables: AUTO_ANSWER }),
    });
  }

  /** The state has looked at the number before; a second look here, because whatever passes this line costs money. */
  #dialOut(rest: AriRest, command: SwitchCommandOf<'dialOut'>): Promise<void> {
    const { outside } = this.#options;
    const mayDial = outside?.mayDial(command.number) ?? false;
    return this.#originate(rest, command, {
      kind: 'outside',
      endpoint: outside && mayDial ? trunkEndpoint(command.number, outside.trunk) : null,
      refusal: 'the number must not be dialled',
      args: `outside,${command.callId}`,
      callerId: callerIdField(command.callerId, ''),
    });
  }

  async #originate(rest: AriRest, command: SwitchCommandOf<'ringAgent' | 'dialOut'>, leg: Dialling): Promise<void> {
    const { book, app } = this.#desk;
    const { legId } = command;
    if (book.leg(legId) !== null) return; // dialled already
    // Named before it is made: its first events may come before the answer to our request.
    book.add(legId, leg.kind, { callId: command.callId });
    if (leg.endpoint === null) {
      endLeg(this.#desk, legId, 'error');
      return this.#failed(command, leg.refusal);
    }
    try {
      await rest.originate({
        channelId: legId,
        endpoint: leg.endpoint,
        app,
        appArgs: leg.args,
        callerId: leg.callerId,
        timeout: Math.ceil(command.ringTimeoutMs / 1000) + RING_GRACE_S,
        variables: { [LEG_VARIABLE]: leg.args, ...leg.variables },
      });
    } catch (error) {
      const status = this.#count(error);
      if (status === 409) return; // made by us before a crash; it rings
      // A phone that is not registered, and a name that Asterisk does not know, end the same way.
      const unreachable = status === 500 && error instanceof Error && error.message.includes('Allocation failed');
      endLeg(this.#desk, legId, unreachable ? 'unreachable' : 'error');
      if (unreachable) return;
      this.#failed(command, error instanceof Error ? error.message : String(error));
      // Without an answer it may have been made all the same.
      if (status === null) rest.hangUp(legId, REASON_CODES.normal).catch(() => {});
    }
  }

  async #hangUp(rest: AriRest, command: SwitchCommandOf<'hangUp'>): Promise<void> {
    const leg = this.#desk.book.leg(command.legId);
    if (leg !== null) leg.hungUpByUs = true;
    await forgiving404(rest.hangUp(command.legId, REASON_CODES[command.cause]));
  }

  async #startRecording(rest: AriRest, command: SwitchCommandOf<'startRecording'>): Promise<void> {
    const { book, emit, switchId } = this.#desk;
    const { recordingId, file } = command;
    if (book.recording(recordingId) !== null) return;
    const failed = (detail: string): void =>
      emit({ kind: 'recordingEnded', switchId, recordingId, durationMs: 0, failed: true, detail });
    if (!isRecordingFile(file)) return failed('the file name is not one of ours');
    const recording = book.addRecording(recordingId, file, { bridgeId: command.bridgeId });
    const note = this.#noteRecording(rest, command);
    try {
      await rest.record(command.bridgeId, file);
    } catch (error) {
      const status = this.#count(error);
      if (status === 409 && (await rest.isRecording(file).catch(() => false))) {
        recording.startedAtMs = performance.now();
        emit({ kind: 'recordingStarted', switchId, recordingId }); // started by us before a crash
      } else if (book.endRecording(recording)) {
        failed(error instanceof Error ? error.message : String(error));
      }
    }
    await note;
  }

  /** Without it a later process could not find the recording: Asterisk lists none, and knows it by its file only. */
  async #noteRecording(
    rest: AriRest,
    { callId, callerLegId, recordingId, file }: SwitchCommandOf<'startRecording'>,
  ): Promise<void> {
    const leg = this.#legOf(callerLegId, callId);
    if (leg === null) return;
    const work = (): Promise<void> =>
      rest
        .setVariable(callerLegId, RECORDING_VARIABLE, `${recordingId} ${file}`)
        .catch(() => this.#desk.faults.count('recording.notNoted'));
    if (isQuiet(leg)) await work();
    else leg.afterPlayback.set('recordingNote', work);
  }

  /** A bridge that is taken away under its recording often takes the event of the recording's end with it: so that is ended first. */
  async #dissolve(rest: AriRest, { bridgeId }: SwitchCommandOf<'dissolve'>): Promise<void> {
    const running = [...this.#desk.book.recordingsOf(bridgeId)];
    // Whatever becomes of the recording, the bridge has to go.
    await Promise.all(running.map((recording) => this.#stopRecording(rest, recording).catch((error) => this.#count(error))));
    // Its end is told within a few milliseconds, unless the bridge goes first.
    const untilMs = performance.now() + EVENT_LAG_MS;
    const isEnding = (): boolean => running.some((recording) => this.#desk.book.recording(recording.recordingId) === recording);
    while (isEnding() && performance.now() < untilMs) await pause(5);
    try {
      await forgiving404(rest.destroyBridge(bridgeId));
    } catch (error) {
      // A bridge that is just being taken away is "not in Stasis application".
      if (!(error instanceof AriHttpError) || error.status !== 409) throw error;
    }
    // The channels leave after the answer. A sound that is asked for while one of them is still on its way out is never played, and its end never told.
    const leaveByMs = performance.now() + EVENT_LAG_MS;
    while (this.#desk.book.callersIn(bridgeId).length > 0 && performance.now() < leaveByMs) await pause(5);
  }

  async #stopRecording(rest: AriRest, command: Pick<SwitchCommandOf<'stopRecording'>, 'recordingId'>): Promise<void> {
    const { book, emit, switchId } = this.#desk;
    const recording = book.recording(command.recordingId);
    if (recording === null) return; // ended already, and said so
    recording.stopAsked = true;
    try {
      await rest.stopRecording(recording.file);
    } catch (error) {
      if (!(error instanceof AriHttpError) || error.status !== 404) throw error;
      // It has ended. Its event is on the way; if not, it never comes.
      setTimeout(() => {
        if (!book.endRecording(recording)) return;
        const recordingId: RecordingId = recording.recordingId;
        emit({ kind: 'recordingEnded', switchId, recordingId, durationMs: 0, failed: true, detail: 'ended unseen' });
      }, EVENT_LAG_MS).unref();
    }
  }

  #failed(command: SwitchCommand, detail: string): void {
    const { switchId, emit, faults } = this.#desk;
    faults.count(`command.${command.kind}`);
    emit({ kind: 'commandFailed', switchId, command: command.kind, callId: command.callId, subject: subjectOf(command), detail });
  }

  #restFailed(command: SwitchCommand, error: unknown): void {
    this.#count(error);
    this.#failed(command, error instanceof Error ? error.message : String(error));
  }

  /** Counts a request's failure and returns its HTTP status. */
  #count(error: unknown): number | null {
    const fault = error instanceof AriHttpError ? error : null;
    this.#desk.faults.count(
      fault === null ? 'rest.defect' : fault.status === null ? `rest.${fault.fault}` : `rest.${fault.status}`,
    );
    return fault?.status ?? null;
  }
}

async function forgiving404(request: Promise<void>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof AriHttpError) || error.status !== 404) throw error;
  }
}

/** The id that a failed command is about. */
function subjectOf(command: SwitchCommand): string {
  switch (command.kind) {
    case 'play':
    case 'stopPlayback':
      return command.playbackId;
    case 'connect':
    case 'dissolve':
      return command.bridgeId;
    case 'startRecording':
    case 'recordMessage':
    case 'stopRecording':
      return command.recordingId;
    default:
      return command.legId;
  }
}

/** Every id that will stand in a request. */
function idsOf(command: SwitchCommand): readonly string[] {
  switch (command.kind) {
    case 'play':
    case 'stopPlayback':
      return [command.legId, command.playbackId];
    case 'ringAgent':
      return [command.legId, command.offerId];
    case 'dialOut':
      return [command.legId, command.callId];
    case 'connect':
      return [command.bridgeId, command.callerLegId, command.agentLegId, ...command.stopPlaybacks];
    case 'dissolve':
      return [command.bridgeId];
    case 'startRecording':
      return [command.bridgeId, command.callerLegId, command.recordingId];
    case 'recordMessage':
      return [command.legId, command.recordingId];
    case 'stopRecording':
      return [command.recordingId];
    default:
      return [command.legId];
  }
}
