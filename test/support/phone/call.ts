import { Hearing, type Span, type ToneHeard } from './hearing.js';
import { RtpSession } from './rtp.js';
import { type Direction, mirrored, readSdp, writeSdp } from './sdp.js';
import type { ClientTransaction, ServerTransaction, SipEndpoint, Way } from './sip-endpoint.js';
import {
  cseqOf,
  digestAnswer,
  displayOf,
  type HeaderLine,
  type HostPort,
  hostPortOf,
  newBranch,
  type SipRequest,
  type SipResponse,
  tagOf,
  token,
  uriOf,
  userOf,
} from './sip-message.js';
import { OneShot } from './waiting.js';

export const ALLOW = 'INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, NOTIFY, MESSAGE';

export interface Account {
  readonly user: string;
  readonly password: string;
}
export interface DialOptions {
  /** Number calling. Default: the phone's name. */
  readonly from?: string;
  readonly fromName?: string;
  readonly account?: Account;
  readonly headers?: readonly HeaderLine[];
}
export interface CallTrace {
  readonly atMs: number;
  readonly way: Way;
  /** `INVITE`, `180 INVITE`, `BYE` ... */
  readonly what: string;
}
export type CallState = 'trying' | 'ringing' | 'up' | 'ending' | 'ended';

/** What a call needs of its phone. */
export interface CallHome {
  readonly endpoint: SipEndpoint;
  readonly name: string;
  /** 0 sends silence; null makes no sound at all and takes no port (for load). */
  readonly toneHz: number | null;
  /** Before the INVITE is on the wire. */
  onStarted(call: PhoneCall): void;
  onAnswered(call: PhoneCall): void;
  onEnded(call: PhoneCall): void;
}

/** A port where nobody listens: calls without sound name it in their SDP. */
const DISCARD_PORT = 9;

/** One call on a measuring phone, in either direction. All times are `performance.now()`. */
export class PhoneCall {
  /** SIP status that the INVITE ended with; null while it has not, 408 when nobody answered it. */
  status: number | null = null;
  state: CallState = 'trying';
  endedBy: 'us' | 'them' | null = null;
  /** When the INVITE was sent or came. */
  invitedAt = performance.now();
  ringingAt: number | null = null;
  answeredAt: number | null = null;
  /** When the ACK came or went. */
  confirmedAt: number | null = null;
  byeAt: number | null = null;
  endedAt: number | null = null;
  /** Digits that came by INFO. */
  readonly infoKeys: string[] = [];
  /** Whether the other side has put us on hold. */
  heldByThem = false;
  readonly trace: CallTrace[] = [];
  /** Headers of the INVITE (theirs) or of the newest response (theirs), for checks. */
  lastHeaders: ReadonlyArray<readonly [string, string]> = [];

  readonly #rung = new OneShot<PhoneCall>('ringing');
  readonly #answered = new OneShot<PhoneCall>('an answer');
  readonly #confirmed = new OneShot<PhoneCall>('the ACK');
  readonly #ended = new OneShot<PhoneCall>('the end of the call');
  /** There from the start, so that a test can wait for a tone before the call is picked up. */
  readonly #hearing = new Hearing();
  #rtp: RtpSession | null = null;
  readonly #session = { id: Math.floor(performance.timeOrigin + performance.now() * 1000) % 1_000_000_000, version: 1 };
  #direction: Direction = 'sendrecv';
  #eventType = 101;
  #invite: ServerTransaction | null = null;
  #outgoing: ClientTransaction | null = null;
  #cancelWanted = false;
  #answering = false;
  #cseq = 1;
  #ack: { bytes: Buffer; to: HostPort } | null = null;
  #remoteTag: string | null = null;
  #remoteTarget = '';
  #routes: readonly string[] = [];
  readonly #localTag = token();

  private constructor(
    readonly home: CallHome,
    readonly direction: 'inbound' | 'outbound',
    readonly callId: string,
    /** Number calling and number dialled, as the From and the Request-URI tell. */
    readonly from: string,
    readonly fromName: string,
    readonly to: string,
    readonly localAddress: string,
    readonly remoteAddress: string,
    readonly peer: HostPort,
  ) {}

  /** A call that came in. The phone then lets it ring, answers or refuses. */
  static inbound(home: CallHome, invite: ServerTransaction): PhoneCall {
    const { headers, uri } = invite.request;
    const from = headers.get('from');
    const call = new PhoneCall(
      home,
      'inbound',
      headers.get('call-id'),
      userOf(uriOf(from)),
      displayOf(from),
      userOf(uri),
      headers.get('to'),
      from,
      invite.from,
    );
    call.#invite = invite;
    call.#remoteTag = tagOf(from);
    call.#remoteTarget = uriOf(headers.get('contact'));
    call.#routes = headers.all('record-route');
    call.lastHeaders = headers.lines();
    return call;
  }
  /** Sends an INVITE. */
  static async outbound(home: CallHome, uri: string, options: DialOptions): Promise<PhoneCall> {
    const peer = hostPortOf(uri);
    if (peer === null) throw new Error(`"${uri}" is not a SIP address`);
    const from = options.from ?? home.name;
    const { host, port } = home.endpoint;
    const display = options.fromName === undefined ? '' : `"${options.fromName.replace(/(["\\])/g, '\\$1')}" `;
    const local = `${display}<sip:${from}@${host}:${port}>`;
    const callId = `${token()}@${host}`;
    const call = new PhoneCall(home, 'outbound', callId, from, options.fromName ?? '', userOf(uri), local, `<${uri}>`, peer);
    call.#remoteTarget = uri;
    if (home.toneHz !== null) call.#rtp = await RtpSession.open(host, home.toneHz, call.#hearing);
    call.invitedAt = performance.now();
    home.onStarted(call);
    call.#sendInvite(options, null);
    return call;
  }

  /** What this call hears. */
  get hearing(): Hearing {
    if (this.home.toneHz === null) throw new Error(`call of ${this.home.name} carries no sound`);
    return this.#hearing;
  }
  get rtp(): RtpSession | null {
    return this.#rtp;
  }
  heard(tone: { hz: number } & Span): ToneHeard {
    return this.hearing.heard(tone.hz, tone);
  }
  waitForTone(hz: number, options: { withinMs: number; sinceMs?: number; forMs?: number }): Promise<number> {
    return this.hearing.waitForTone(hz, options);
  }
  silenceMs(span: Span = {}): number {
    return this.hearing.silenceMs(span);
  }
  ringing(withinMs = 5000): Promise<PhoneCall> {
    return this.#rung.wait(withinMs, () => this.describe());
  }
  /** The 200 OK is there (came, or was sent). Rejects when the call ends without one. */
  answered(withinMs = 5000): Promise<PhoneCall> {
    return this.#answered.wait(withinMs, () => this.describe());
  }
  /** The ACK is there. */
  confirmed(withinMs = 5000): Promise<PhoneCall> {
    return this.#confirmed.wait(withinMs, () => this.describe());
  }
  ended(withinMs = 5000): Promise<PhoneCall> {
    return this.#ended.wait(withinMs, () => this.describe());
  }
  get isOver(): boolean {
    return this.state === 'ended';
  }
  /** The call in a line, for messages of failed tests. */
  describe(): string {
    const steps = this.trace.map(
      ({ atMs, way, what }) => `${way === 'in' ? '<' : '>'}${what}@${Math.round(atMs - this.invitedAt)}`,
    );
    const sound = this.home.toneHz === null ? '' : `; heard: ${this.#hearing.summary()}`;
    return `${this.direction} call ${this.from}->${this.to} on ${this.home.name} is ${this.state}: ${steps.join(' ')}${sound}`;
  }
  /** Takes the sound's frequency of this call (0 is silence). */
  setTone(toneHz: number): void {
    this.#rtp?.setTone(toneHz);
  }
  /** In place of the tone: a second of sound, 8,000 samples of 16 bits, over and over. */
  setSound(second: Int16Array): void {
    this.#rtp?.setSound(second);
  }

  /** 180, or 183 with our tone as early media. */
  async ring(earlyMedia = false): Promise<void> {
    if (this.#invite === null || this.#invite.final > 0 || this.state === 'ended') return;
    if (earlyMedia) {
      const body = await this.#localSdp();
      this.#hearRemote(this.#invite.request.body);
      this.#invite.respond(183, this.#localTag, [...this.#ours(), ['content-type', 'application/sdp']], body);
    } else this.#invite.respond(180, this.#localTag, this.#ours());
    this.#nowRinging();
  }
  /** Picks up: 200 OK. */
  async answer(): Promise<void> {
    const invite = this.#invite;
    if (invite === null || invite.final > 0 || this.#answering || this.state === 'ended') return;
    this.#answering = true;
    const theirs = readSdp(invite.request.body);
    if (theirs !== null && !theirs.hasPcma) {
      this.reject(488);
      return;
    }
    if (theirs !== null) this.#direction = mirrored(theirs.direction);
    if (theirs?.eventType) this.#eventType = theirs.eventType;
    const body = await this.#localSdp();
    // The caller may have left while the port was bound.
    if (invite.final > 0 || this.isOver) return;
    this.#hearRemote(invite.request.body);
    invite.respond(200, this.#localTag, [...this.#ours(), ['content-type', 'application/sdp']], body);
    this.status = 200;
    this.state = 'up';
    this.answeredAt = performance.now();
    this.#answered.fire(this);
    this.home.onAnswered(this);
  }
  /** Refuses an inbound call. */
  reject(status: number): void {
    if (this.#invite === null || this.#invite.final > 0) return;
    this.#invite.respond(status, this.#localTag);
    this.status = status;
    this.#end('us');
  }
  /** Ends the call as its state asks for: CANCEL, 603 or BYE. Does not wait; see `ended()`. */
  hangUp(): void {
    if (this.state === 'ended' || this.state === 'ending') return;
    if (this.state === 'up') {
      this.#bye();
      return;
    }
    if (this.direction === 'inbound') {
      this.reject(603);
      return;
    }
    this.#cancelWanted = true;
    this.endedBy = 'us';
    this.byeAt = performance.now();
    // A CANCEL before any provisional response may overtake its INVITE; it waits for one.
    if (this.#outgoing?.provisional) this.home.endpoint.cancel(this.#outgoing);
  }
  /** Sends keys: by RFC 4733 beside the tone, or by SIP INFO when the call has no sound or `by` says so. Resolves when they are sent. */
  async press(keys: string, options: { keyMs?: number; gapMs?: number; by?: 'rtp' | 'info' } = {}): Promise<void> {
    const { keyMs = 120, gapMs = 120, by = this.#rtp === null ? 'info' : 'rtp' } = options;
    if (by === 'rtp') {
      if (this.#rtp === null) throw new Error('this call carries no sound; press by info');
      await this.#rtp.press(keys, keyMs, gapMs);
      return;
    }
    for (const key of keys) {
      const body = `Signal=${key}\r\nDuration=${keyMs}\r\n`;
      const response = await this.request('INFO', [['content-type', 'application/dtmf-relay']], body);
      if (response === null || response.status >= 300) throw new Error(`INFO was answered ${response?.status ?? 'never'}`);
    }
  }
  /** re-INVITE: they are to hear us no more (sendonly), or again. */
  async hold(): Promise<void> {
    await this.#reinvite('sendonly');
  }
  async unhold(): Promise<void> {
    await this.#reinvite('sendrecv');
  }
  /** Any request within the call; resolves with the final response, null when nobody answered. */
  request(method: string, headers: readonly HeaderLine[] = [], body = ''): Promise<SipResponse | null> {
    return new Promise((resolve) => {
      this.home.endpoint.request(this.#inDialog(method, ++this.#cseq, headers, body), this.#nextHop(), (response) => {
        if (response === null || response.status >= 200) resolve(response);
      });
    });
  }

  /** From the phone: a request of the other side within this call. */
  receive(transaction: ServerTransaction): void {
    const { method, body, headers } = transaction.request;
    if (method === 'BYE') {
      this.byeAt = performance.now();
      transaction.respond(200, this.#localTag);
      this.#end('them');
    } else if (this.state === 'ended') transaction.respond(481, this.#localTag);
    else if (method === 'INVITE') void this.#reinvited(transaction);
    else if (method === 'INFO') {
      const key = /^\s*Signal\s*=\s*(\S)/im.exec(body)?.[1];
      if (key !== undefined) this.infoKeys.push(key);
      transaction.respond(200, this.#localTag);
    } else if (['OPTIONS', 'NOTIFY', 'MESSAGE', 'UPDATE'].includes(method)) {
      transaction.respond(method === 'UPDATE' ? 501 : 200, this.#localTag, [['allow', ALLOW]]);
    } else transaction.respond(501, this.#localTag, [['allow', ALLOW]]);
    this.lastHeaders = headers.lines();
  }
  /** From the phone: CANCEL for the INVITE that we have not answered. */
  cancelled(): void {
    if (this.#invite === null || this.#invite.final > 0) return;
    this.byeAt = performance.now();
    this.#invite.respond(487, this.#localTag);
    this.status = 487;
    this.#end('them');
  }
  /** From the phone: the ACK for our 200. */
  acknowledged(ack: SipRequest): void {
    this.#invite?.acknowledged();
    if (this.confirmedAt !== null) return;
    this.confirmedAt = performance.now();
    // An INVITE without SDP gets our offer in the 200 and its answer here.
    if (ack.body !== '') this.#hearRemote(ack.body);
    this.#confirmed.fire(this);
  }
  /** Lets go of everything without a word to the other side. */
  drop(): void {
    this.#end('us');
  }

  #sendInvite(options: DialOptions, authorization: HeaderLine | null): void {
    const body = writeSdp(this.home.endpoint.host, this.#rtp?.port ?? DISCARD_PORT, this.#direction, this.#session);
    const extra: HeaderLine[] = [...this.#ours(), ['content-type', 'application/sdp'], ...(options.headers ?? [])];
    if (authorization !== null) extra.push(authorization);
    const request = this.#inDialog('INVITE', this.#cseq, extra, body);
    this.#outgoing = this.home.endpoint.request(request, this.peer, (response) => this.#inviteAnswered(response, options));
  }
  #inviteAnswered(response: SipResponse | null, options: DialOptions): void {
    if (response === null) {
      this.status = 408;
      this.#end('them');
      return;
    }
    this.lastHeaders = response.headers.lines();
    const { status } = response;
    if (status < 200) {
      if (this.#cancelWanted && this.#outgoing !== null) this.home.endpoint.cancel(this.#outgoing);
      if (status > 100) {
        this.#hearRemote(response.body);
        this.#nowRinging();
      }
    } else if (status < 300) this.#inviteAccepted(response);
    else if ((status === 401 || status === 407) && options.account !== undefined && this.#cseq === 1) {
      const challenge = response.headers.get(status === 401 ? 'www-authenticate' : 'proxy-authenticate');
      const answer = digestAnswer(challenge, { method: 'INVITE', uri: this.#remoteTarget }, options.account);
      this.#cseq += 1;
      if (answer !== null) this.#sendInvite(options, [status === 401 ? 'authorization' : 'proxy-authorization', answer]);
      else this.#refused(status);
    } else this.#refused(status);
  }
  #refused(status: number): void {
    this.status = status;
    this.#end(this.#cancelWanted ? 'us' : 'them');
  }
  #inviteAccepted(response: SipResponse): void {
    if (this.#ack !== null) {
      // The 200 came again: our ACK was lost.
      this.home.endpoint.send(this.#ack.bytes, this.#ack.to, 'ACK', this.callId);
      return;
    }
    this.#remoteTag = tagOf(response.headers.get('to'));
    this.#remoteTarget = uriOf(response.headers.get('contact')) || this.#remoteTarget;
    this.#routes = response.headers.all('record-route').reverse();
    this.#hearRemote(response.body);
    this.#sendAck(cseqOf(response).number);
    this.status = response.status;
    this.state = 'up';
    this.answeredAt = performance.now();
    this.confirmedAt = this.answeredAt;
    if (this.#cancelWanted) {
      // The 200 crossed our CANCEL.
      this.#bye();
      return;
    }
    this.#answered.fire(this);
    this.#confirmed.fire(this);
    this.home.onAnswered(this);
  }
  #sendAck(cseq: number): void {
    const to = this.#nextHop();
    const bytes = this.home.endpoint.format(this.#inDialog('ACK', cseq, [], ''), newBranch());
    this.#ack = { bytes, to };
    this.home.endpoint.send(bytes, to, 'ACK', this.callId);
  }
  async #reinvite(direction: Direction): Promise<void> {
    this.#direction = direction;
    this.#session.version += 1;
    const body = await this.#localSdp();
    const cseq = ++this.#cseq;
    const request = this.#inDialog('INVITE', cseq, [...this.#ours(), ['content-type', 'application/sdp']], body);
    await new Promise<void>((resolve, reject) => {
      this.home.endpoint.request(request, this.#nextHop(), (response) => {
        if (response !== null && response.status < 200) return;
        if (response === null || response.status >= 300)
          reject(new Error(`re-INVITE was answered ${response?.status ?? 'never'}`));
        else {
          this.#hearRemote(response.body);
          this.#sendAck(cseq);
          resolve();
        }
      });
    });
  }
  async #reinvited(transaction: ServerTransaction): Promise<void> {
    const theirs = readSdp(transaction.request.body);
    if (theirs !== null) {
      this.#direction = mirrored(theirs.direction);
      this.heldByThem = theirs.direction === 'sendonly' || theirs.direction === 'inactive';
    }
    this.#invite = transaction;
    this.#session.version += 1;
    const body = await this.#localSdp();
    this.#hearRemote(transaction.request.body);
    transaction.respond(200, this.#localTag, [...this.#ours(), ['content-type', 'application/sdp']], body);
  }
  #bye(): void {
    this.state = 'ending';
    this.endedBy = 'us';
    this.byeAt = performance.now();
    this.#rtp?.close();
    void this.request('BYE').then(() => this.#end('us'));
  }
  #nowRinging(): void {
    if (this.state === 'trying') this.state = 'ringing';
    this.ringingAt ??= performance.now();
    this.#rung.fire(this);
  }
  #end(by: 'us' | 'them'): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.endedBy ??= by;
    this.endedAt = performance.now();
    this.#rtp?.close();
    // A 200 whose ACK never came must not be repeated for a call that is over.
    if (this.#invite !== null && this.#invite.final < 300) this.#invite.acknowledged();
    const why = new Error(`the call ended with status ${this.status ?? 'none'}: ${this.describe()}`);
    for (const waiting of [this.#rung, this.#answered, this.#confirmed]) waiting.fail(why);
    this.#ended.fire(this);
    this.home.onEnded(this);
  }
  async #localSdp(): Promise<string> {
    const { endpoint, toneHz } = this.home;
    if (this.#rtp === null && toneHz !== null) this.#rtp = await RtpSession.open(endpoint.host, toneHz, this.#hearing);
    if (this.isOver) this.#rtp?.close();
    return writeSdp(endpoint.host, this.#rtp?.port ?? DISCARD_PORT, this.#direction, this.#session, this.#eventType);
  }
  #hearRemote(body: string): void {
    const theirs = body === '' ? null : readSdp(body);
    if (theirs === null) return;
    this.#rtp?.sendTo(theirs.address, theirs.eventType);
    const weSend = this.#direction === 'sendrecv' || this.#direction === 'sendonly';
    this.#rtp?.pause(!weSend || theirs.direction === 'sendonly' || theirs.direction === 'inactive');
  }
  #ours(): HeaderLine[] {
    const { host, port } = this.home.endpoint;
    return [
      ['contact', `<sip:${this.home.name}@${host}:${port}>`],
      ['allow', ALLOW],
    ];
  }
  #inDialog(method: string, cseq: number, extra: readonly HeaderLine[], body: string) {
    const remote = this.#remoteTag === null || tagOf(this.remoteAddress) !== null ? '' : `;tag=${this.#remoteTag}`;
    const headers: HeaderLine[] = [
      ['max-forwards', '70'],
      ...this.#routes.map((route): HeaderLine => ['route', route]),
      ['from', `${this.localAddress};tag=${this.#localTag}`],
      ['to', `${this.remoteAddress}${remote}`],
      ['call-id', this.callId],
      ['cseq', `${cseq} ${method}`],
      ...extra,
    ];
    return { method, uri: this.#remoteTarget, headers, body };
  }
  /** First route, else their Contact; a name or an address outside loopback means: back to where they sent from. */
  #nextHop(): HostPort {
    const hop = hostPortOf(uriOf(this.#routes[0] ?? this.#remoteTarget));
    return hop !== null && /^127\./.test(hop.host) ? hop : this.peer;
  }
}
