import { createSocket, type Socket } from 'node:dgram';
import {
  branchOf,
  cseqOf,
  formatResponse,
  formatSip,
  type HeaderLine,
  type HostPort,
  newBranch,
  parseSip,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from './sip-message.js';

/** RFC 3261: first retransmission, longest pause between two, and when a transaction gives up. */
const T1_MS = 500;
const T2_MS = 4000;
const GIVE_UP_MS = 64 * T1_MS;

/** A request before Via is put on it. */
export interface OutgoingRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers: readonly HeaderLine[];
  readonly body?: string;
}
export type Way = 'in' | 'out';
/** Called for each message of the wire, before anything else happens with it. */
export type Watcher = (entry: { atMs: number; way: Way; what: string; callId: string }) => void;
/** Lets a test lose messages: true throws this one away. */
export type Lossy = (way: Way, what: string) => boolean;

/** `INVITE`, `180 INVITE`, `200 BYE`: what a message is, in a word or two. */
const nameOf = (message: SipMessage): string =>
  message.kind === 'request' ? message.method : `${message.status} ${cseqOf(message).method}`;

/** The UDP socket of a phone with the transactions on it: retransmission, matching, and nothing of calls. */
export class SipEndpoint {
  onRequest: (transaction: ServerTransaction) => void = () => undefined;
  /** An ACK for a 2xx: it is a transaction of its own and belongs to the call. */
  onAck: (request: SipRequest) => void = () => undefined;
  watch: Watcher = () => undefined;
  lossy: Lossy | null = null;
  /** While true nothing that comes is looked at, as if nobody were there. */
  deaf = false;
  #closed = false;
  readonly #clients = new Map<string, ClientTransaction>();
  readonly #servers = new Map<string, ServerTransaction>();
  readonly #timers = new Set<NodeJS.Timeout>();

  private constructor(
    readonly socket: Socket,
    readonly host: string,
    readonly port: number,
  ) {
    socket.on('message', (datagram, from) => this.#receive(datagram, { host: from.address, port: from.port }));
    socket.on('error', () => undefined);
  }

  static open(host: string, port: number): Promise<SipEndpoint> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
    return new Promise((resolve, reject) => {
      // Without a listener a port that is taken would leave this promise hanging for ever.
      socket.once('error', reject);
      socket.bind(port, host, () => {
        socket.removeListener('error', reject);
        resolve(new SipEndpoint(socket, host, socket.address().port));
      });
    });
  }

  /** Sends a request in a transaction of its own. `onResponse` gets each new response, every 2xx of an INVITE, and null when nobody answered. */
  request(request: OutgoingRequest, to: HostPort, onResponse: (response: SipResponse | null) => void): ClientTransaction {
    const branch = newBranch();
    const transaction = new ClientTransaction(this, request, branch, to, onResponse);
    this.#remember(this.#clients, `${branch} ${request.method}`, transaction);
    transaction.start();
    return transaction;
  }
  /** CANCEL for an INVITE that has had a provisional response. */
  cancel(invite: ClientTransaction): void {
    const cseq = Number.parseInt(headerOf(invite.request.headers, 'cseq'), 10);
    const headers = invite.request.headers.filter(([name]) => ['from', 'to', 'call-id', 'max-forwards', 'route'].includes(name));
    const request = {
      method: 'CANCEL',
      uri: invite.request.uri,
      headers: [...headers, ['cseq', `${cseq} CANCEL`]] as HeaderLine[],
    };
    const transaction = new ClientTransaction(this, request, invite.branch, invite.to, () => undefined);
    this.#remember(this.#clients, `${invite.branch} CANCEL`, transaction);
    transaction.start();
  }
  /** The INVITE that a CANCEL is about. */
  inviteOf(cancel: SipRequest): ServerTransaction | null {
    return this.#servers.get(serverKey(cancel, 'INVITE')) ?? null;
  }
  /** Writes a request with Via; for ACK and for transactions. */
  format(request: OutgoingRequest, branch: string): Buffer {
    const via: HeaderLine = ['via', `SIP/2.0/UDP ${this.host}:${this.port};branch=${branch};rport`];
    return formatSip(`${request.method} ${request.uri} SIP/2.0`, [via, ...request.headers], request.body);
  }
  send(datagram: Buffer, to: HostPort, what: string, callId: string): void {
    if (this.#closed) return;
    this.watch({ atMs: performance.now(), way: 'out', what, callId });
    if (this.lossy?.('out', what)) return;
    this.socket.send(datagram, to.port, to.host);
  }
  /** A timer that ends with the endpoint. */
  later(ms: number, act: () => void): () => void {
    if (this.#closed) return () => undefined;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
  }
  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    return new Promise((resolve) => this.socket.close(() => resolve()));
  }

  #receive(datagram: Buffer, from: HostPort): void {
    if (this.#closed || this.deaf) return;
    const message = parseSip(datagram);
    if (message === null) return;
    const what = nameOf(message);
    if (this.lossy?.('in', what)) return;
    this.watch({ atMs: performance.now(), way: 'in', what, callId: message.headers.get('call-id') });
    if (message.kind === 'response') {
      this.#clients.get(`${branchOf(message)} ${cseqOf(message).method}`)?.receive(message);
      return;
    }
    if (message.method === 'ACK') {
      const server = this.#servers.get(serverKey(message, 'INVITE'));
      if (server !== undefined) server.acknowledged();
      else this.onAck(message);
      return;
    }
    const key = serverKey(message, message.method);
    const known = this.#servers.get(key);
    if (known !== undefined) {
      known.repeated();
      return;
    }
    const transaction = new ServerTransaction(this, message, from);
    this.#remember(this.#servers, key, transaction);
    this.onRequest(transaction);
  }
  /** Keeps a transaction, and forgets those that are older than any retransmission: no timer per message. */
  #remember<T extends { readonly bornMs: number }>(into: Map<string, T>, key: string, transaction: T): void {
    for (const [old, { bornMs }] of into) {
      // A call may ring for minutes; its INVITE is kept ten of them.
      if (transaction.bornMs - bornMs < (old.endsWith('INVITE') ? 600_000 : 2 * GIVE_UP_MS)) break;
      into.delete(old);
    }
    into.set(key, transaction);
  }
}

const serverKey = (request: SipRequest, method: string): string => `${branchOf(request)} ${method}`;
const headerOf = (headers: readonly HeaderLine[], name: string): string => headers.find(([known]) => known === name)?.[1] ?? '';

/** A request of ours on its way to a final response. */
export class ClientTransaction {
  readonly bornMs = performance.now();
  provisional = false;
  #final = 0;
  #stopTimers: Array<() => void> = [];
  readonly #bytes: Buffer;
  readonly #callId: string;

  constructor(
    readonly endpoint: SipEndpoint,
    readonly request: OutgoingRequest,
    readonly branch: string,
    readonly to: HostPort,
    readonly onResponse: (response: SipResponse | null) => void,
  ) {
    this.#bytes = endpoint.format(request, branch);
    this.#callId = headerOf(request.headers, 'call-id');
  }
  start(): void {
    this.#send();
    this.#repeat(T1_MS);
    this.#stopTimers.push(
      this.endpoint.later(GIVE_UP_MS, () => {
        if (this.#final > 0 || (this.provisional && this.request.method === 'INVITE')) return;
        this.#finish(408);
        this.onResponse(null);
      }),
    );
  }
  receive(response: SipResponse): void {
    const isInvite = this.request.method === 'INVITE';
    if (this.#final > 0) {
      if (isInvite && this.#final < 300 && response.status < 300 && response.status >= 200) this.onResponse(response);
      else if (isInvite && response.status >= 300) this.#acknowledge(response);
      return;
    }
    if (response.status < 200) {
      this.provisional = true;
      this.onResponse(response);
      return;
    }
    this.#finish(response.status);
    if (isInvite && response.status >= 300) this.#acknowledge(response);
    this.onResponse(response);
  }
  #finish(status: number): void {
    this.#final = status;
    for (const stop of this.#stopTimers.splice(0)) stop();
  }
  #repeat(afterMs: number): void {
    const stop = this.endpoint.later(afterMs, () => {
      if (this.#final > 0 || (this.provisional && this.request.method === 'INVITE')) return;
      this.#send();
      this.#repeat(this.request.method === 'INVITE' ? afterMs * 2 : Math.min(afterMs * 2, T2_MS));
    });
    this.#stopTimers.push(stop);
  }
  #send(): void {
    this.endpoint.send(this.#bytes, this.to, this.request.method, this.#callId);
  }
  /** ACK for a refusal goes hop by hop, with the branch of the INVITE. */
  #acknowledge(response: SipResponse): void {
    const headers: HeaderLine[] = this.request.headers
      .filter(([name]) => ['from', 'call-id', 'max-forwards', 'route'].includes(name))
      .concat([
        ['to', response.headers.get('to')],
        ['cseq', `${cseqOf(response).number} ACK`],
      ]);
    const bytes = this.endpoint.format({ method: 'ACK', uri: this.request.uri, headers }, this.branch);
    this.endpoint.send(bytes, this.to, 'ACK', this.#callId);
  }
}

/** A request of theirs that we answer. */
export class ServerTransaction {
  readonly bornMs = performance.now();
  /** The final status that we sent; 0 before. */
  final = 0;
  #last: { bytes: Buffer; what: string } | null = null;
  #stopRepeating: () => void = () => undefined;
  readonly #callId: string;

  constructor(
    readonly endpoint: SipEndpoint,
    readonly request: SipRequest,
    readonly from: HostPort,
  ) {
    this.#callId = request.headers.get('call-id');
  }
  respond(status: number, toTag: string | null, extra: readonly HeaderLine[] = [], body = ''): void {
    if (this.final > 0) return;
    this.#last = { bytes: formatResponse(this.request, status, toTag, extra, body), what: `${status} ${this.request.method}` };
    this.#send();
    if (status < 200) return;
    this.final = status;
    if (this.request.method === 'INVITE') this.#repeat(T1_MS, performance.now() + GIVE_UP_MS);
  }
  /** They sent it again: so do we. */
  repeated(): void {
    this.#send();
  }
  acknowledged(): void {
    this.#stopRepeating();
  }
  #send(): void {
    if (this.#last !== null) this.endpoint.send(this.#last.bytes, this.from, this.#last.what, this.#callId);
  }
  #repeat(afterMs: number, untilMs: number): void {
    if (performance.now() > untilMs) return;
    this.#stopRepeating = this.endpoint.later(afterMs, () => {
      this.#send();
      this.#repeat(Math.min(afterMs * 2, T2_MS), untilMs);
    });
  }
}
