import type { WebSocket } from 'ws';
import { type AriClient, loadAriClient, openEventSocket } from './ari-client-shim.js';
import type { AriHttp } from './ari-http.js';
import { AriRest } from './ari-rest.js';

export interface ConnectionTiming {
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
  readonly handshakeMs: number;
  readonly pingMs: number;
  /** Silence after which the connection counts as dead. */
  readonly deadMs: number;
  /** Pause after another controller took the application, long enough to find out that we are no longer the owner. */
  readonly replacedPauseMs: number;
}

export interface ConnectionHandlers {
  /** The event stream is open: resync. A rejection closes the connection and tries again. `isOpen` tells whether it still is. */
  readonly opened: (rest: AriRest, isOpen: () => boolean) => Promise<void>;
  readonly message: (text: string) => void;
  /** Told once for every `opened`. */
  readonly closed: (detail: string) => void;
  /** An attempt failed before `opened`. */
  readonly failed: (detail: string, attempt: number) => void;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly app: string;
  readonly http: AriHttp;
  readonly timing: ConnectionTiming;
  readonly handlers: ConnectionHandlers;
}

/** How finely the silence is measured. */
const LOOKS_PER_PING = 5;

/** One event stream after the other, for ever: each is a session of its own, and nothing of an older one is ever heard again. */
export class AriConnection {
  readonly #options: ConnectionOptions;
  #client: AriClient | null = null;
  #rest: AriRest | null = null;
  #socket: WebSocket | null = null;
  #stopped = false;
  #wake: (() => void) | null = null;
  #replaced = false;
  #closeDetail: string | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Final. Resolves when the last session is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    this.drop('stopped');
    await this.#running;
  }

  /** Another controller registered our application name; this stream is deaf from now on. */
  giveWay(): void {
    this.#replaced = true;
    this.drop('another controller took the application');
  }

  /** Ends the present session; the next one begins after a pause. */
  drop(detail: string): void {
    this.#closeDetail ??= detail;
    this.#socket?.terminate();
  }

  async #run(): Promise<void> {
    let attempt = 0;
    while (!this.#stopped) {
      attempt++;
      this.#replaced = false;
      this.#closeDetail = null;
      if (await this.#session(attempt)) attempt = 0;
      if (this.#stopped) return;
      await this.#pause(this.#replaced ? this.#options.timing.replacedPauseMs : this.#backOff(attempt));
    }
  }

  /** 100 ms doubling to 5 s, each time between half and all of it, so that many controllers do not come back in step. */
  #backOff(attempt: number): number {
    const { firstRetryMs, longestRetryMs } = this.#options.timing;
    const longest = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(attempt, 10));
    return longest / 2 + (Math.random() * longest) / 2;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** True if it came as far as a completed resync. */
  async #session(attempt: number): Promise<boolean> {
    const { handlers } = this.#options;
    let socket: WebSocket;
    let rest: AriRest;
    try {
      ({ socket, rest } = await this.#connect());
    } catch (error) {
      handlers.failed(error instanceof Error ? error.message : String(error), attempt);
      return false;
    }
    let synced = false;
    const opening = handlers
      .opened(rest, () => socket.readyState === socket.OPEN)
      .then(
        () => {
          synced = true;
        },
        (error: unknown) => this.drop(`resync failed: ${error instanceof Error ? error.message : String(error)}`),
      );
    await this.#untilClosed(socket);
    await opening;
    this.#socket = null;
    handlers.closed(this.#closeDetail ?? 'connection closed');
    return synced;
  }

  async #connect(): Promise<{ socket: WebSocket; rest: AriRest }> {
    const { url, http, app, timing, handlers } = this.#options;
    if (this.#client === null || this.#rest === null) {
      const client = await loadAriClient(url, http);
      this.#rest = new AriRest(client);
      this.#client = client;
    }
    if (this.#stopped) throw new Error('stopped');
    const socket = openEventSocket(this.#client, app, {
      authorization: http.authorization,
      handshakeTimeoutMs: timing.handshakeMs,
    });
    this.#socket = socket;
    await new Promise<void>((resolve, reject) => {
      // Stays for the socket's whole life: an error is always followed by a close, which is what counts.
      socket.on('error', (error) => {
        this.#closeDetail ??= error.message;
        reject(error);
      });
      socket.once('open', resolve);
      socket.once('close', () => reject(new Error('closed before it opened')));
      socket.on('message', (data, isBinary) => {
        // The socket of an older session may still hold messages.
        if (this.#socket === socket && !isBinary) handlers.message(data.toString());
      });
    });
    return { socket, rest: this.#rest };
  }

  #untilClosed(socket: WebSocket): Promise<void> {
    const { pingMs, deadMs } = this.#options.timing;
    return new Promise((resolve) => {
      let heardAt = performance.now();
      let lookedAt = heardAt;
      let pingedAt = heardAt;
      const heard = (): void => {
        heardAt = performance.now();
      };
      socket.on('pong', heard);
      socket.on('ping', heard);
      socket.on('message', heard);
      const health = setInterval(() => {
        const now = performance.now();
        // After a freeze of ours the silence proves nothing: what came meanwhile (perhaps "another controller took over") is read first.
        if (now - lookedAt > pingMs) heardAt = now;
        lookedAt = now;
        if (now - heardAt > deadMs) this.drop(`nothing heard for ${Math.round(now - heardAt)} ms`);
        else if (now - pingedAt >= pingMs) {
          pingedAt = now;
          socket.ping();
        }
      }, pingMs / LOOKS_PER_PING);
      const over = (): void => {
        clearInterval(health);
        resolve();
      };
      if (socket.readyState === socket.CLOSED) over();
      else socket.once('close', over);
    });
  }
}
