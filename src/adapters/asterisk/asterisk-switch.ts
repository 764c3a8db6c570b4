import { asId, isPlainId, type SwitchId } from '../../base/ids.js';
import type { PromptRef, SwitchCommand } from '../../call/commands.js';
import type { SwitchEvent } from '../../call/switch-events.js';
import type { Switch, SwitchDescription, SwitchStart } from '../../ports/switch.js';
import { AriConnection, type ConnectionTiming } from './ari-connection.js';
import { type AriEvent, parseMessage } from './ari-events.js';
import { AriHttp } from './ari-http.js';
import type { AriRest } from './ari-rest.js';
import { CallChains } from './call-chains.js';
import { CommandCarrier } from './command-carrier.js';
import type { Desk, SwitchLog } from './desk.js';
import { translate, turnAway } from './event-translator.js';
import { FaultCounter } from './fault-counter.js';
import { isEndpointName } from './hostile-text.js';
import { LegBook } from './leg-book.js';
import { resync } from './resync.js';
import { SOUND_TIMING, type SoundTiming, SoundWatch } from './sound-watch.js';
import { WaitingRooms } from './waiting-rooms.js';

export interface AsteriskOptions {
  readonly id: SwitchId;
  /** Base address of Asterisk's HTTP server: `http://127.0.0.1:8088`. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Stasis application, as the dialplan names it. Default `hotline`. */
  readonly app?: string;
  /** Absolute path of a prompt's sound file as Asterisk sees it, without extension; null if there is none. */
  readonly resolvePrompt: (ref: PromptRef) => string | null;
  /** How long a prompt sounds. Absent or null: not known, and Asterisk is asked more often whether it still plays. */
  readonly promptMs?: (ref: PromptRef) => number | null;
  /** Classes of musiconhold.conf that `wait` may name; the first is used for any other name. */
  readonly musicClasses: readonly [string, ...string[]];
  /** The trunk (an endpoint of our own configuration) by which people outside are called back, and which numbers may be. Absent: nobody is. */
  readonly outside?: { readonly trunk: string; readonly mayDial: (number: string) => boolean } | undefined;
  readonly log: SwitchLog;
  readonly timing?: Partial<Timing>;
}

type Timing = ConnectionTiming & SoundTiming & { readonly requestMs: number };

export interface AsteriskSwitch extends Switch {
  /** What was dropped or went wrong since the start, by kind. */
  faults(): Record<string, number>;
}

const TIMING: Timing = {
  ...SOUND_TIMING,
  firstRetryMs: 100,
  longestRetryMs: 5_000,
  handshakeMs: 5_000,
  pingMs: 5_000,
  deadMs: 12_000,
  replacedPauseMs: 10_000,
  requestMs: 5_000,
};
/** Passwords of manuals and images, and what people type first. */
const DEFAULT_PASSWORDS = new Set([
  'asterisk',
  'admin',
  'password',
  'passwd',
  'secret',
  'ari',
  'changeme',
  'hotline',
  '1234',
  '12345678',
  'test',
  'default',
]);
const SHORTEST_PASSWORD = 8;
/** Events held back during a resync; a switch of 1,000 calls makes some thousands in the longest one. */
const MOST_HELD = 50_000;

/** An Asterisk behind the port `Switch`, by way of ARI. Throws at once if the options could never work or are not safe. */
export function createAsteriskSwitch(options: AsteriskOptions): AsteriskSwitch {
  checkOptions(options);
  return new Asterisk(options);
}

function checkOptions({ url, username, password, app, musicClasses, outside }: AsteriskOptions): void {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol))
    throw new Error('the Asterisk address must begin with http:// or https://');
  if (parsed.username !== '' || parsed.password !== '')
    throw new Error('the Asterisk address must not hold a password; give it apart');
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(username)) throw new Error('the ARI user name is empty or has unusual characters');
  if (password === '') throw new Error('the ARI password is empty');
  const weak = password.length < SHORTEST_PASSWORD || DEFAULT_PASSWORDS.has(password.toLowerCase()) || password === username;
  if (weak) throw new Error(`the ARI password is a default or shorter than ${SHORTEST_PASSWORD} characters`);
  if (app !== undefined && !/^[A-Za-z0-9_-]{1,40}$/.test(app))
    throw new Error('the application name may hold letters, digits, _ and - only');
  if (outside !== undefined && !isEndpointName(outside.trunk)) throw new Error('the trunk must be a plain endpoint name');
  const badClass = musicClasses.find((music) => !isPlainId(music) || music.length > 40);
  if (musicClasses.length === 0 || badClass !== undefined) throw new Error('music classes must be plain names, at least one');
}

class Asterisk implements AsteriskSwitch {
  readonly kind = 'asterisk';
  readonly id: SwitchId;
  readonly #log: SwitchLog;
  readonly #faults = new FaultCounter();
  readonly #chains = new CallChains();
  readonly #book = new LegBook();
  readonly #desk: Desk;
  readonly #carrier: CommandCarrier;
  readonly #sounds: SoundWatch;
  readonly #http: AriHttp;
  readonly #connection: AriConnection;
  #start: SwitchStart | null = null;
  #stopped = false;
  #up = false;
  #rest: AriRest | null = null;
  /** Events held back while a resync lists what is there; null when it is over. */
  #held: AriEvent[] | null = [];
  #version: string | null = null;
  /** When the Asterisk that we saw last was started. */
  #startedAt: string | null = null;
  #detail = 'not started';

  constructor(options: AsteriskOptions) {
    const app = options.app ?? 'hotline';
    const timing = { ...TIMING, ...options.timing };
    this.id = options.id;
    this.#log = options.log;
    this.#desk = {
      switchId: options.id,
      app,
      log: options.log,
      faults: this.#faults,
      book: this.#book,
      chains: this.#chains,
      rooms: new WaitingRooms(app, options.musicClasses),
      soundTiming: timing,
      emit: (event) => this.#emit(event),
      rest: () => (this.#up ? this.#rest : null),
    };
    this.#sounds = new SoundWatch(this.#desk);
    const { resolvePrompt, promptMs, outside } = options;
    this.#carrier = new CommandCarrier(this.#desk, { resolvePrompt, promptMs, outside });
    const { url, username, password } = options;
    this.#http = new AriHttp({ url, username, password, requestTimeoutMs: timing.requestMs });
    this.#connection = new AriConnection({
      url,
      app,
      http: this.#http,
      timing,
      handlers: {
        opened: (rest, isOpen) => this.#opened(rest, isOpen),
        message: (text) => this.#message(text),
        closed: (detail) => this.#closed(detail),
        failed: (detail, attempt) => this.#attemptFailed(detail, attempt),
      },
    });
  }

  async start(options: SwitchStart): Promise<void> {
    if (this.#start !== null) throw new Error('this switch was started before');
    this.#start = options;
    this.#sounds.start();
    this.#connection.start();
  }

  perform(command: SwitchCommand): Promise<void> {
    return this.#carrier.perform(command);
  }

  isUp(): boolean {
    return this.#up;
  }

  async describe(): Promise<SwitchDescription> {
    return { up: this.#up, version: this.#version, detail: this.#detail };
  }

  faults(): Record<string, number> {
    return this.#faults.read();
  }

  /** Final. Lets commands that are under way finish (each has a time limit), then closes. Calls stay up. */
  async stop(): Promise<void> {
    await this.#chains.idle();
    this.#stopped = true;
    this.#sounds.stop();
    await this.#connection.stop();
    this.#http.close();
  }

  async #opened(rest: AriRest, isOpen: () => boolean): Promise<void> {
    this.#held = [];
    const { expected } = this.#start as SwitchStart;
    const { snapshot, version, startedAt, strangers } = await resync(this.#desk, rest, expected);
    if (!isOpen()) throw new Error('closed while listing');
    const restarted = this.#startedAt !== null && this.#startedAt !== startedAt;
    this.#startedAt = startedAt;
    this.#version = version;
    this.#detail = `Asterisk ${version}`;
    this.#rest = rest;
    this.#up = true;
    this.#log.info(
      { switchId: this.id, version, legs: snapshot.legs.length, bridges: snapshot.bridges.length, strangers: strangers.length },
      'switch up',
    );
    this.#emit({ kind: 'switchUp', switchId: this.id, detail: this.#detail, snapshot: { ...snapshot, restarted } });
    const held = this.#held;
    this.#held = null;
    for (const event of held) this.#deliver(event);
    for (const legId of strangers) turnAway(this.#desk, asId(legId), 'leg.stranger');
  }

  #message(text: string): void {
    const parsed = parseMessage(text);
    if ('fault' in parsed) this.#faults.count(parsed.fault);
    else if ('event' in parsed) this.#event(parsed.event);
  }

  #event(event: AriEvent): void {
    if (event.type === 'ApplicationReplaced') {
      this.#faults.count('connection.replaced');
      this.#log.error({ switchId: this.id }, 'another controller took the application');
      this.#connection.giveWay();
    } else if (this.#held === null) this.#deliver(event);
    else if (this.#held.length < MOST_HELD) this.#held.push(event);
    else this.#connection.drop('too many events during a resync');
  }

  #deliver(event: AriEvent): void {
    if (event.type === 'ApplicationReplaced') return;
    try {
      translate(this.#desk, event);
    } catch (error) {
      this.#faults.count('event.defect');
      this.#log.error({ switchId: this.id, type: event.type, err: error }, 'event could not be handled');
    }
  }

  #closed(detail: string): void {
    const wasUp = this.#up;
    this.#up = false;
    this.#rest = null;
    this.#held = [];
    this.#detail = detail;
    if (this.#stopped) return;
    this.#faults.count('connection.lost');
    this.#log.warn({ switchId: this.id, detail }, wasUp ? 'switch down' : 'switch did not come up');
    if (wasUp) this.#emit({ kind: 'switchDown', switchId: this.id, detail });
  }

  #attemptFailed(detail: string, attempt: number): void {
    this.#faults.count('connection.failed');
    this.#detail = detail;
    // Once at first, then about once a minute.
    if (attempt % 12 === 1) this.#log.warn({ switchId: this.id, detail, attempt }, 'switch not reached');
  }

  #emit(event: SwitchEvent): void {
    if (this.#stopped) return;
    try {
      (this.#start as SwitchStart).onEvent(event);
    } catch (error) {
      this.#faults.count('event.listenerThrew');
      this.#log.error({ switchId: this.id, kind: event.kind, err: error }, 'listener threw');
    }
  }
}
