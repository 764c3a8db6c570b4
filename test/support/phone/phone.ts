import { type Account, ALLOW, type CallHome, type DialOptions, PhoneCall } from './call.js';
import { type Lossy, type ServerTransaction, SipEndpoint } from './sip-endpoint.js';
import { digestAnswer, type HeaderLine, hostPortOf, type SipResponse, tagOf, token } from './sip-message.js';
import { Line } from './waiting.js';

export { PhoneCall } from './call.js';
export { until } from './waiting.js';

/** What the phone does with a call that comes in. Times run from the INVITE unless said otherwise. */
export interface PhoneBehaviour {
  /** When to send 180; null never. Default 0. */
  readonly ringAfterMs?: number | null;
  /** 183 with our tone in place of 180. */
  readonly earlyMedia?: boolean;
  /** When to pick up (or to send `respond`); null never: a test does it by hand. Default 20. */
  readonly answerAfterMs?: number | null;
  /** A final status in place of 200: 486 busy, 603 declined, 480, 404, 503 ... */
  readonly respond?: number;
  /** When to hang up, from the ACK on; null never. Default null. */
  readonly hangUpAfterMs?: number | null;
  /** No reaction to anything at all, as if nobody were there. */
  readonly silent?: boolean;
}
export interface PhoneOptions {
  /** User part of its address, and number calling when it dials. */
  readonly name: string;
  /** 0 takes a free one. */
  readonly port?: number;
  readonly host?: string;
  /** Frequency that it sends all the time, a whole number of hertz; 0 sends silence. Default 1000. */
  readonly toneHz?: number;
  /** `off`: no RTP, no port for it; for load. Keys then go by INFO. */
  readonly media?: 'on' | 'off';
  readonly behaviour?: PhoneBehaviour;
  /** Loses messages on purpose. */
  readonly lossy?: Lossy;
}

/** Opens a measuring phone on loopback. Close it, or the process does not end. */
export async function createPhone(options: PhoneOptions): Promise<Phone> {
  return new Phone(options, await SipEndpoint.open(options.host ?? '127.0.0.1', options.port ?? 0));
}

/** A SIP phone that sends a tone of its own and measures what it hears. Takes any number of calls at a time. */
export class Phone implements CallHome {
  readonly name: string;
  readonly toneHz: number | null;
  /** Every call of this phone, oldest first. */
  readonly calls: PhoneCall[] = [];
  #behaviour: PhoneBehaviour;
  readonly #open = new Map<string, PhoneCall>();
  readonly #invited = new Line<PhoneCall>('an INVITE');
  readonly #answered = new Line<PhoneCall>('an answer');
  readonly #ended = new Line<PhoneCall>('the end of a call');
  #registrations = 0;

  constructor(
    options: PhoneOptions,
    readonly endpoint: SipEndpoint,
  ) {
    this.name = options.name;
    this.toneHz = options.media === 'off' ? null : (options.toneHz ?? 1000);
    this.#behaviour = options.behaviour ?? {};
    endpoint.deaf = this.#behaviour.silent ?? false;
    endpoint.lossy = options.lossy ?? null;
    endpoint.onRequest = (transaction) => this.#receive(transaction);
    endpoint.onAck = (request) => this.#open.get(request.headers.get('call-id'))?.acknowledged(request);
    endpoint.watch = ({ atMs, way, what, callId }) => this.#open.get(callId)?.trace.push({ atMs, way, what });
  }

  get port(): number {
    return this.endpoint.port;
  }
  /** `sip:1001@127.0.0.1:40123` */
  get uri(): string {
    return `sip:${this.name}@${this.endpoint.host}:${this.port}`;
  }
  /** How it takes calls from now on. */
  behave(behaviour: PhoneBehaviour): void {
    this.#behaviour = behaviour;
    this.endpoint.deaf = behaviour.silent ?? false;
  }
  /** The next call that comes in and that nobody has taken here yet. */
  invited(withinMs = 5000): Promise<PhoneCall> {
    return this.#invited.next(withinMs, () => this.describe());
  }
  /** The next call, in either direction, that is picked up. */
  answered(withinMs = 5000): Promise<PhoneCall> {
    return this.#answered.next(withinMs, () => this.describe());
  }
  ended(withinMs = 5000): Promise<PhoneCall> {
    return this.#ended.next(withinMs, () => this.describe());
  }
  /** The newest call that is not over. */
  get call(): PhoneCall | null {
    return this.calls.findLast((call) => !call.isOver) ?? null;
  }
  get openCalls(): PhoneCall[] {
    return [...this.#open.values()];
  }
  /** Sends an INVITE; wait with `answered()`, `ringing()`, `ended()` of the call. */
  async dial(uri: string, options: DialOptions = {}): Promise<PhoneCall> {
    return PhoneCall.outbound(this, uri, options);
  }
  /** Hangs up every open call. */
  hangUp(): void {
    for (const call of this.openCalls) call.hangUp();
  }
  /** REGISTER; 0 seconds takes the registration back. Returns the final status. */
  async register(registrar: string, options: { account?: Account; expiresS?: number } = {}): Promise<number> {
    const to = hostPortOf(registrar);
    if (to === null) throw new Error(`"${registrar}" is not a SIP address`);
    const uri = `sip:${to.host}:${to.port}`;
    const callId = token();
    const send = (authorization: HeaderLine | null): Promise<SipResponse | null> => {
      const aor = `<sip:${this.name}@${to.host}:${to.port}>`;
      const headers: HeaderLine[] = [
        ['max-forwards', '70'],
        ['from', `${aor};tag=${token()}`],
        ['to', aor],
        ['call-id', callId],
        ['cseq', `${++this.#registrations} REGISTER`],
        ['contact', `<${this.uri}>`],
        ['expires', `${options.expiresS ?? 300}`],
        ...(authorization === null ? [] : [authorization]),
      ];
      return new Promise((resolve) => {
        this.endpoint.request({ method: 'REGISTER', uri, headers }, to, (response) => {
          if (response === null || response.status >= 200) resolve(response);
        });
      });
    };
    let response = await send(null);
    if (response?.status === 401 && options.account !== undefined) {
      const answer = digestAnswer(response.headers.get('www-authenticate'), { method: 'REGISTER', uri }, options.account);
      if (answer !== null) response = await send(['authorization', answer]);
    }
    return response?.status ?? 408;
  }
  describe(): string {
    return this.calls.length === 0 ? `${this.name} had no call` : this.calls.map((call) => call.describe()).join('\n');
  }
  /** Hangs up what is open, waits a moment for the other side to say yes, and lets go of every port and timer. */
  async close(): Promise<void> {
    const open = this.openCalls;
    for (const call of open) call.hangUp();
    await Promise.allSettled(open.map((call) => call.ended(500)));
    for (const call of this.openCalls) call.drop();
    await this.endpoint.close();
  }

  onStarted(call: PhoneCall): void {
    this.#add(call);
  }
  onAnswered(call: PhoneCall): void {
    this.#answered.put(call);
  }
  onEnded(call: PhoneCall): void {
    this.#open.delete(call.callId);
    this.#ended.put(call);
  }

  #receive(transaction: ServerTransaction): void {
    const { request } = transaction;
    const known = this.#open.get(request.headers.get('call-id'));
    if (request.method === 'CANCEL') {
      transaction.respond(this.endpoint.inviteOf(request) === null ? 481 : 200, token());
      known?.cancelled();
    } else if (known !== undefined && tagOf(request.headers.get('to')) !== null) known.receive(transaction);
    else if (tagOf(request.headers.get('to')) !== null) transaction.respond(481, null);
    else if (request.method === 'INVITE') this.#take(transaction);
    else if (['OPTIONS', 'NOTIFY', 'MESSAGE'].includes(request.method)) transaction.respond(200, token(), [['allow', ALLOW]]);
    else transaction.respond(501, token(), [['allow', ALLOW]]);
  }
  #take(invite: ServerTransaction): void {
    const call = PhoneCall.inbound(this, invite);
    call.trace.push({ atMs: call.invitedAt, way: 'in', what: 'INVITE' });
    this.#add(call);
    const { ringAfterMs = 0, earlyMedia = false, answerAfterMs = 20, respond, hangUpAfterMs = null } = this.#behaviour;
    const soon = (ms: number, act: () => void): void => {
      if (ms <= 0) act();
      else this.endpoint.later(ms, act);
    };
    if (ringAfterMs === null || ringAfterMs > 0) invite.respond(100, null);
    if (ringAfterMs !== null) soon(ringAfterMs, () => void call.ring(earlyMedia));
    if (answerAfterMs !== null) soon(answerAfterMs, () => (respond === undefined ? void call.answer() : call.reject(respond)));
    if (hangUpAfterMs !== null) {
      // The ACK may come much later than any limit here, or never when the call is refused.
      void call.confirmed(3_600_000).then(
        () => soon(hangUpAfterMs, () => call.hangUp()),
        () => undefined,
      );
    }
    this.#invited.put(call);
  }
  #add(call: PhoneCall): void {
    this.calls.push(call);
    this.#open.set(call.callId, call);
  }
}
