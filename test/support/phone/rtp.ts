import { createSocket, type Socket } from 'node:dgram';
import { toneSamples } from '../tone.js';
import { ALAW_SILENCE, encodeAlaw } from './g711.js';
import type { Hearing } from './hearing.js';
import type { HostPort } from './sip-message.js';

const FRAME = 160;
const FRAME_MS = 20;
const PCMA = 8;
const KEYS = '0123456789*#ABCD';

/** One timer for all sessions of the process; it runs only while there are some, and catches up after a pause of the event loop. */
class Pacer {
  readonly #sessions = new Set<RtpSession>();
  #timer: NodeJS.Timeout | null = null;
  #nextMs = 0;

  add(session: RtpSession): void {
    this.#sessions.add(session);
    if (this.#timer !== null) return;
    this.#nextMs = performance.now();
    this.#tick();
  }
  remove(session: RtpSession): void {
    this.#sessions.delete(session);
    if (this.#sessions.size > 0 || this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
  }
  #tick(): void {
    const now = performance.now();
    // After a stall of more than 200 ms nobody wants the lost frames any more.
    if (now - this.#nextMs > 200) this.#nextMs = now;
    while (this.#nextMs <= now) {
      for (const session of this.#sessions) session.sendFrame();
      this.#nextMs += FRAME_MS;
    }
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, this.#nextMs - performance.now()));
  }
}
const pacer = new Pacer();

/** A second of A-law per frequency: any whole number of hertz closes its circle in it. */
const tones = new Map<number, Buffer>();
function toneSecond(hz: number): Buffer {
  let second = tones.get(hz);
  if (second === undefined) {
    second = hz === 0 ? Buffer.alloc(8000, ALAW_SILENCE) : encodeAlaw(toneSamples(hz, 1));
    tones.set(hz, second);
  }
  return second;
}

/** A key being sent: `sentMs` so far, then end packets, then a pause before the next. */
interface KeyPress {
  readonly event: number;
  readonly keyMs: number;
  readonly gapMs: number;
  readonly done: () => void;
  sentMs: number;
  pausedMs: number;
  startTimestamp: number;
}

/**
 * The sound of one call: sends 20 ms frames of PCMA with one tone, and keys by RFC 4733 from the same port (the tone steps back while
 * a key is down, as on a real phone); what comes goes to `hearing`.
 */
export class RtpSession {
  /** Frames sent and packets received, for checks of the phone itself. */
  framesSent = 0;
  packetsReceived = 0;
  #remote: HostPort | null = null;
  #eventType: number | null = null;
  #tone: Buffer;
  #paused = false;
  #closed = false;
  #sequence = Math.floor(Math.random() * 0x8000);
  #timestamp = Math.floor(Math.random() * 0x7fffffff);
  readonly #ssrc = Math.floor(Math.random() * 0xffffffff);
  #frame = 0;
  #marker = true;
  readonly #keys: KeyPress[] = [];
  #lastKeyTimestamp = -1;

  private constructor(
    readonly socket: Socket,
    readonly port: number,
    toneHz: number,
    readonly hearing: Hearing,
  ) {
    this.#tone = toneSecond(toneHz);
    socket.on('message', (packet) => this.#receive(packet));
    // A port that nobody listens on answers with ICMP; it must not end the process.
    socket.on('error', () => undefined);
  }

  /** Binds a free port. `toneHz` 0 sends silence. */
  static open(host: string, toneHz: number, hearing: Hearing): Promise<RtpSession> {
    const socket = createSocket('udp4');
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, host, () => {
        socket.removeListener('error', reject);
        resolve(new RtpSession(socket, socket.address().port, toneHz, hearing));
      });
    });
  }
  /** Where to send, as SDP said; `eventType` is the payload type of telephone-event there, null when it has none. */
  sendTo(remote: HostPort, eventType: number | null): void {
    this.#remote = remote;
    this.#eventType = eventType;
    if (!this.#closed) pacer.add(this);
  }
  setTone(toneHz: number): void {
    this.#tone = toneSecond(toneHz);
  }
  /** A second of sound, 8,000 samples of 16 bits, over and over. */
  setSound(second: Int16Array): void {
    this.#tone = encodeAlaw(second);
  }
  /** Stops or resumes sending (hold). */
  pause(paused: boolean): void {
    if (this.#paused && !paused) this.#marker = true;
    this.#paused = paused;
  }
  /** Sends keys one after the other; resolves when the last one and the pause after it are over. Asterisk doubles keys with gaps under 50 ms. */
  async press(keys: string, keyMs: number, gapMs: number): Promise<void> {
    if (this.#eventType === null) throw new Error('the other side did not offer telephone-event');
    await Promise.all(
      [...keys].map((key) => {
        const event = KEYS.indexOf(key.toUpperCase());
        if (event < 0) throw new Error(`"${key}" is not a key`);
        return new Promise<void>((done) => {
          this.#keys.push({ event, keyMs, gapMs, done, sentMs: 0, pausedMs: 0, startTimestamp: 0 });
        });
      }),
    );
  }
  /** Called by the pacer every 20 ms. */
  sendFrame(): void {
    this.#timestamp = (this.#timestamp + FRAME) >>> 0;
    const key = this.#keys[0];
    if (key !== undefined && key.sentMs < key.keyMs) {
      this.#sendKey(key);
      return;
    }
    if (key !== undefined) {
      key.pausedMs += FRAME_MS;
      if (key.pausedMs >= key.gapMs) {
        this.#keys.shift();
        key.done();
      }
    }
    if (this.#paused) return;
    const from = (this.#frame++ % 50) * FRAME;
    this.#send(PCMA, this.#marker, this.#timestamp, this.#tone.subarray(from, from + FRAME));
    this.#marker = false;
    this.framesSent += 1;
  }
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    pacer.remove(this);
    for (const key of this.#keys.splice(0)) key.done();
    this.socket.close();
  }

  #sendKey(key: KeyPress): void {
    const first = key.sentMs === 0;
    if (first) key.startTimestamp = this.#timestamp;
    key.sentMs += FRAME_MS;
    const isEnd = key.sentMs >= key.keyMs;
    const payload = Buffer.alloc(4);
    payload[0] = key.event;
    payload[1] = (isEnd ? 0x80 : 0) | 10;
    payload.writeUInt16BE(key.sentMs * 8, 2);
    // The end is said three times, because a lost end would make an endless key.
    for (let i = 0; i < (isEnd ? 3 : 1); i++)
      this.#send(this.#eventType as number, first && i === 0, key.startTimestamp, payload);
    if (isEnd) this.#marker = true;
  }
  #send(type: number, marker: boolean, timestamp: number, payload: Uint8Array): void {
    if (this.#remote === null || this.#closed) return;
    const head = Buffer.alloc(12);
    head[0] = 0x80;
    head[1] = (marker ? 0x80 : 0) | type;
    this.#sequence = (this.#sequence + 1) & 0xffff;
    head.writeUInt16BE(this.#sequence, 2);
    head.writeUInt32BE(timestamp, 4);
    head.writeUInt32BE(this.#ssrc, 8);
    this.socket.send([head, payload], this.#remote.port, this.#remote.host);
  }
  #receive(packet: Buffer): void {
    const atMs = performance.now();
    if (packet.length < 12 || ((packet[0] as number) & 0xc0) !== 0x80) return;
    const type = (packet[1] as number) & 0x7f;
    let at = 12 + ((packet[0] as number) & 0x0f) * 4;
    if ((packet[0] as number) & 0x10) at += 4 + (packet.length >= at + 4 ? packet.readUInt16BE(at + 2) * 4 : 0);
    if (at > packet.length) return;
    if (type === PCMA) {
      this.packetsReceived += 1;
      this.hearing.add(atMs, packet.subarray(at));
    } else if (type === this.#eventType && packet.length >= at + 4) {
      const timestamp = packet.readUInt32BE(4);
      const isEnd = ((packet[at + 1] as number) & 0x80) !== 0;
      if (!isEnd || timestamp === this.#lastKeyTimestamp) return;
      this.#lastKeyTimestamp = timestamp;
      const key = KEYS[packet[at] as number];
      if (key !== undefined) this.hearing.addKey({ key, atMs, durationMs: packet.readUInt16BE(at + 2) / 8 });
    }
  }
}
