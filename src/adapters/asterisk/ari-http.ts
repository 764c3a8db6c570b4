import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** Why a request to Asterisk failed. `http`: it answered with an error status; everything else: no usable answer. */
export type AriFault = 'http' | 'timeout' | 'network' | 'badAnswer' | 'tooLarge' | 'badRequest';

/** The one error that leaves this folder's REST code. `status` is null when there was no answer. */
export class AriHttpError extends Error {
  constructor(
    readonly operation: string,
    readonly fault: AriFault,
    readonly status: number | null,
    detail: string,
  ) {
    super(`${operation}: ${status === null ? fault : `${status}`} ${detail}`.trimEnd());
    this.name = 'AriHttpError';
  }
}

export interface AriHttpOptions {
  /** `http://127.0.0.1:8088`; https works too. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly requestTimeoutMs: number;
}

export interface AriAnswer {
  readonly status: number;
  readonly body: string;
}

/** A list of 10,000 channels is about 6 MB. */
const LARGEST_ANSWER = 32 * 1024 * 1024;
const LONGEST_DETAIL = 200;

/**
 * Requests to Asterisk's HTTP server over kept connections. Every request settles: with an answer below 400, or with an
 * {@link AriHttpError} after `requestTimeoutMs` at the latest.
 */
export class AriHttp {
  readonly #base: URL;
  readonly #authorization: string;
  readonly #agent: HttpAgent;
  readonly #timeoutMs: number;

  constructor(options: AriHttpOptions) {
    this.#base = new URL(options.url);
    this.#authorization = `Basic ${Buffer.from(`${options.username}:${options.password}`).toString('base64')}`;
    this.#timeoutMs = options.requestTimeoutMs;
    // Asterisk closes a kept connection after 15 s and serves 100 sessions by default; we close first, and keep well below.
    const kept = { keepAlive: true, maxSockets: 48, maxFreeSockets: 16, timeout: 10_000 };
    this.#agent = this.#base.protocol === 'https:' ? new HttpsAgent(kept) : new HttpAgent(kept);
  }

  get authorization(): string {
    return this.#authorization;
  }

  /** `body` goes as JSON. `operation` names the request in errors. */
  async request(operation: string, method: string, path: string, body?: unknown): Promise<AriAnswer> {
    try {
      return await this.#once(operation, method, path, body);
    } catch (error) {
      // A kept connection may be closed by the server in the moment we use it. The request was not read then, and ours are idempotent.
      if (error instanceof StaleConnection) return await this.#once(operation, method, path, body);
      throw error;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #once(operation: string, method: string, path: string, body: unknown): Promise<AriAnswer> {
    return new Promise((resolve, reject) => {
      const payload = body === undefined ? null : Buffer.from(JSON.stringify(body));
      const options: RequestOptions = {
        method,
        host: this.#base.hostname.replace(/^\[|\]$/g, ''),
        port: this.#base.port,
        path,
        agent: this.#agent,
        headers: {
          authorization: this.#authorization,
          accept: 'application/json',
          ...(payload === null ? {} : { 'content-type': 'application/json', 'content-length': payload.length }),
        },
      };
      const send = this.#base.protocol === 'https:' ? httpsRequest : httpRequest;
      const request = send(options);
      const deadline = setTimeout(() => {
        fail(new AriHttpError(operation, 'timeout', null, `no answer in ${this.#timeoutMs} ms`));
        request.destroy();
      }, this.#timeoutMs);
      const fail = (error: Error): void => {
        clearTimeout(deadline);
        reject(error);
      };
      request.on('error', (error: NodeJS.ErrnoException) => {
        const stale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        fail(stale ? new StaleConnection() : new AriHttpError(operation, 'network', null, error.code ?? 'failed'));
      });
      request.on('response', (response) => {
        readAnswer(operation, response).then((answer) => {
          clearTimeout(deadline);
          resolve(answer);
        }, fail);
      });
      request.end(payload ?? undefined);
    });
  }
}

class StaleConnection extends Error {}

function readAnswer(operation: string, response: IncomingMessage): Promise<AriAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > LARGEST_ANSWER) {
        reject(new AriHttpError(operation, 'tooLarge', null, `more than ${LARGEST_ANSWER} bytes`));
        response.destroy();
        return;
      }
      chunks.push(chunk);
    });
    response.on('error', () => reject(new AriHttpError(operation, 'network', null, 'the answer broke off')));
    response.on('close', () => reject(new AriHttpError(operation, 'network', null, 'the answer broke off')));
    response.on('end', () => {
      const status = response.statusCode ?? 0;
      const body = Buffer.concat(chunks).toString('utf8');
      if (status >= 200 && status < 300) resolve({ status, body });
      else reject(new AriHttpError(operation, 'http', status, explain(body)));
    });
  });
}

/** Asterisk says why as `{"message": ...}` or `{"error": ...}`. */
function explain(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null) {
      const { message, error } = parsed as { message?: unknown; error?: unknown };
      if (typeof message === 'string') return message.slice(0, LONGEST_DETAIL);
      if (typeof error === 'string') return error.slice(0, LONGEST_DETAIL);
    }
  } catch {
    // Not JSON: a proxy's page, or a cut answer. The status says enough.
  }
  return '';
}
