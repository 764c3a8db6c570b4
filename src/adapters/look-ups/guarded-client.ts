import { lookup as systemLookup } from 'node:dns/promises';
import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { LookUpFault } from '../../base/look-up.js';
import type { Ms } from '../../base/time.js';
import { type Network, networkOf } from './addresses.js';

/** Addresses of a name. May reject, and may take longer than anybody waits for it. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

export interface GuardedTarget {
  readonly url: string;
  readonly network: Network;
  /** Requests under way at once; one more is refused. */
  readonly atOnce: number;
}

export interface GuardedRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  /** Put into the address. */
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For all of it: name, connection, answer to its last byte. */
  readonly timeoutMs: Ms;
  /** Null: the status is enough, and whatever comes after it is not read. */
  readonly maxBytes: number | null;
}

export type GuardedReply =
  /** The status is 2xx and the body whole. */
  | { readonly ok: true; readonly status: number; readonly body: Buffer }
  /** `detail` is a status or the code of an error: nothing of what was sent, nothing of what came back. */
  | { readonly ok: false; readonly fault: LookUpFault; readonly detail: string };

const MAX_HEADER_BYTES = 16 * 1024;
const IDLE_SOCKETS = 10;
const IDLE_MS = 30_000;

/**
 * Asks one address of the configuration and trusts nothing on the way: the name is looked up here and only an address of the network that
 * the configuration says is connected to, no redirect is followed, and time and size are bounded.
 */
export class GuardedClient {
  readonly #url: URL;
  readonly #target: GuardedTarget;
  readonly #agent: HttpAgent;
  readonly #resolve: Resolve;
  readonly #underWay = new Set<(reply: GuardedReply) => void>();
  #resolving: Promise<readonly string[]> | null = null;
  #closed = false;

  constructor(target: GuardedTarget, resolve: Resolve = resolveBySystem) {
    this.#url = new URL(target.url);
    this.#target = target;
    this.#resolve = resolve;
    const settings = { keepAlive: true, maxSockets: target.atOnce, maxFreeSockets: IDLE_SOCKETS, timeout: IDLE_MS };
    this.#agent = this.#url.protocol === 'https:' ? new HttpsAgent(settings) : new HttpAgent(settings);
  }

  /** Never rejects; resolves within `timeoutMs`. */
  send(request: GuardedRequest): Promise<GuardedReply> {
    if (this.#closed) return Promise.resolve(faulty('notReached', 'closed'));
    if (this.#underWay.size >= this.#target.atOnce) return Promise.resolve(faulty('busy', `${this.#target.atOnce} under way`));
    // No name, nothing to look up: Node connects to an address that is written out without asking.
    const literal = this.#url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(literal) !== 0 && networkOf(literal) !== this.#target.network) {
      return Promise.resolve(faulty('forbidden', 'address'));
    }
    return new Promise((resolve) => {
      let outgoing: ClientRequest | null = null;
      const done = (reply: GuardedReply): void => {
        if (!this.#underWay.delete(done)) return;
        clearTimeout(timer);
        // What was answered whole goes back to the agent; everything else is cut.
        if (!reply.ok) outgoing?.destroy();
        resolve(reply);
      };
      this.#underWay.add(done);
      const timer = setTimeout(() => done(faulty('timeout', `${request.timeoutMs} ms`)), request.timeoutMs);
      const begin = (again: boolean): void => {
        try {
          outgoing = this.#begin(request, again, done, () => begin(true));
        } catch (error) {
          done(faultOf(error));
        }
      };
      begin(false);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const done of [...this.#underWay]) done(faulty('notReached', 'closed'));
    this.#agent.destroy();
  }

  #begin(request: GuardedRequest, again: boolean, done: (reply: GuardedReply) => void, askAgain: () => void): ClientRequest {
    const url = new URL(this.#url);
    for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.append(name, value);
    const { body } = request;
    const outgoing = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
      method: request.method,
      // A second try goes by a connection of its own.
      agent: again ? false : this.#agent,
      lookup: this.#lookup,
      maxHeaderSize: MAX_HEADER_BYTES,
      headers: {
        ...request.headers,
        'accept-encoding': 'identity',
        ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
      },
    });
    let answered = false;
    let failed = false;
    outgoing.on('error', (error) => {
      failed = true;
      // The other side closed an idle connection in the moment in which it was taken: nothing was heard, so nothing is lost by asking anew.
      const { code } = error as NodeJS.ErrnoException;
      if (outgoing.reusedSocket && !answered && !again && (code === 'ECONNRESET' || code === 'EPIPE')) askAgain();
      else done(faultOf(error));
    });
    outgoing.on('response', (incoming) => {
      answered = true;
      receive(incoming, request.maxBytes, done);
    });
    outgoing.on('close', () => {
      if (!answered && !failed) done(faulty('notReached', 'closed by the other side'));
    });
    outgoing.end(body);
    return outgoing;
  }

  /** Node's own place for names: what is handed back here is what is connected to. */
  readonly #lookup: LookupFunction = (hostname, options, callback) => {
    // One at a time: a name server that hangs must not take all the threads that files are read with.
    this.#resolving ??= this.#resolve(hostname).finally(() => {
      this.#resolving = null;
    });
    this.#resolving.then(
      (addresses) => {
        const allowed = addresses.filter((address) => networkOf(address) === this.#target.network);
        const [first] = allowed;
        if (first === undefined) return callback(codedError(addresses.length > 0 ? FORBIDDEN : 'ENOTFOUND'), '', 0);
        if (options.all)
          callback(
            null,
            allowed.map((address) => ({ address, family: isIP(address) })),
          );
        else callback(null, first, isIP(first));
      },
      (error: unknown) => callback(codedError(codeOf(error)), '', 0),
    );
  };
}

function receive(incoming: IncomingMessage, maxBytes: number | null, done: (reply: GuardedReply) => void): void {
  const status = incoming.statusCode ?? 0;
  if (status < 200 || status > 299) return done(faulty('status', String(status)));
  if (maxBytes === null) {
    done({ ok: true, status, body: Buffer.alloc(0) });
    incoming.destroy();
    return;
  }
  if ((incoming.headers['content-encoding'] ?? 'identity') !== 'identity') return done(faulty('badAnswer', 'encoded'));
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) return done(faulty('tooLarge', `more than ${maxBytes} bytes`));
  const parts: Buffer[] = [];
  let size = 0;
  incoming.on('data', (part: Buffer) => {
    size += part.length;
    if (size > maxBytes) return done(faulty('tooLarge', `more than ${maxBytes} bytes`));
    parts.push(part);
  });
  incoming.on('end', () =>
    done(incoming.complete ? { ok: true, status, body: Buffer.concat(parts) } : faulty('notReached', 'cut')),
  );
  incoming.on('error', (error) => done(faultOf(error)));
  incoming.on('close', () => done(faulty('notReached', 'cut')));
}

const FORBIDDEN = 'EFORBIDDEN';

const faulty = (fault: LookUpFault, detail: string): GuardedReply => ({ ok: false, fault, detail });

/** The text of an error may hold the address that was asked, with what stands in it; its code does not. */
function faultOf(error: unknown): GuardedReply {
  const code = codeOf(error);
  if (code === FORBIDDEN) return faulty('forbidden', 'address');
  if (code === 'HPE_HEADER_OVERFLOW') return faulty('tooLarge', code);
  return faulty(code.startsWith('HPE_') ? 'badAnswer' : 'notReached', code);
}

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(code) ? code : 'EUNKNOWN';
}

const codedError = (code: string): NodeJS.ErrnoException => Object.assign(new Error(code), { code });

export const resolveBySystem: Resolve = async (hostname) =>
  (await systemLookup(hostname, { all: true, verbatim: true })).map(({ address }) => address);
