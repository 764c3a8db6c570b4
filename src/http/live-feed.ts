import type { WebSocket } from 'ws';
import type { Ms } from '../base/time.js';
import { diffBoards, type LiveFrame } from '../service-level/live-frames.js';
import type { Board } from '../service-level/views.js';
import type { LiveLimits } from './deps.js';

export const LIVE_LIMITS: LiveLimits = {
  clients: 500,
  frameEveryMs: 250,
  beatEveryMs: 1_000,
  pingEveryMs: 10_000,
  slowBytes: 1_048_576,
  slowForMs: 60_000,
  messagesPerMinute: 60,
};

/** Close codes of our own; a page that sees 4401 asks for a token instead of trying again. */
export const CLOSE = { notAllowed: 4401, tooMany: 4429, badMessage: 1008, goingAway: 1001 } as const;

export interface LiveSource {
  board(): Board;
  onBoardChange(listener: () => void): () => void;
  nowMs(): Ms;
  readonly version: string;
}

interface Client {
  readonly socket: WebSocket;
  readonly mayStay: () => boolean;
  /** Missed frames because it did not read; gets a snapshot when it has caught up. */
  behindSinceMs: Ms | null;
  lastPongMs: Ms;
  messagesLeft: number;
}

/**
 * One stream of numbered frames for everybody: a delta is made and written out once, however many look at it. A client that
 * joins or asks again gets the snapshot with the number of the stream's last frame. Memory for a client that does not read is bounded.
 */
export class LiveFeed {
  private readonly limits: LiveLimits;
  private readonly clients = new Set<Client>();
  /** What the stream's last frame showed; null before anybody looked. */
  private board: Board | null = null;
  private n = 0;
  private snapshotBytes: Buffer | null = null;
  private lastFrameMs = Number.NEGATIVE_INFINITY;
  private pendingFrame: NodeJS.Timeout | null = null;
  private beatTimer: NodeJS.Timeout | null = null;
  private lastPingMs: Ms;
  private messagesRefilledMs: Ms;
  private readonly stopListening: () => void;

  constructor(
    private readonly source: LiveSource,
    limits: Partial<LiveLimits> = {},
  ) {
    this.limits = { ...LIVE_LIMITS, ...limits };
    this.lastPingMs = source.nowMs();
    this.messagesRefilledMs = this.lastPingMs;
    this.stopListening = source.onBoardChange(() => this.frameSoon());
  }

  get size(): number {
    return this.clients.size;
  }

  /** Takes a socket in. `mayStay` is asked at each beat, so that a token that was taken away ends the feed too. */
  join(socket: WebSocket, mayStay: () => boolean): void {
    if (this.clients.size >= this.limits.clients) {
      socket.close(CLOSE.tooMany, 'too many clients');
      return;
    }
    const client: Client = {
      socket,
      mayStay,
      behindSinceMs: null,
      lastPongMs: this.source.nowMs(),
      messagesLeft: this.limits.messagesPerMinute,
    };
    socket.on('message', (data, isBinary) => this.hear(client, isBinary ? '' : String(data)));
    socket.on('pong', () => {
      client.lastPongMs = this.source.nowMs();
    });
    socket.on('close', () => this.leave(client));
    if (this.clients.size === 0) this.wake();
    this.clients.add(client);
    this.sendSnapshot(client);
  }

  /** Says goodbye to everybody; who does not answer is cut. */
  async close(): Promise<void> {
    this.stopListening();
    this.sleep();
    const sockets = [...this.clients].map((client) => client.socket);
    for (const socket of sockets) socket.close(CLOSE.goingAway, 'going away');
    const gone = Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    let cut: NodeJS.Timeout | undefined;
    const patience = new Promise((resolve) => {
      cut = setTimeout(resolve, 250);
    });
    await Promise.race([gone, patience]);
    clearTimeout(cut);
    for (const socket of sockets) socket.terminate();
  }

  /** The first client is here: bring the stream up to now and start to beat. */
  private wake(): void {
    this.publish();
    this.lastPingMs = this.source.nowMs();
    this.beatTimer = setInterval(() => this.beat(), this.limits.beatEveryMs);
    this.beatTimer.unref();
  }

  private sleep(): void {
    if (this.beatTimer !== null) clearInterval(this.beatTimer);
    if (this.pendingFrame !== null) clearTimeout(this.pendingFrame);
    this.beatTimer = null;
    this.pendingFrame = null;
  }

  private leave(client: Client): void {
    this.clients.delete(client);
    if (this.clients.size === 0) this.sleep();
  }

  private frameSoon(): void {
    if (this.pendingFrame !== null || this.clients.size === 0) return;
    const waitMs = Math.max(0, this.lastFrameMs + this.limits.frameEveryMs - this.source.nowMs());
    this.pendingFrame = setTimeout(() => {
      this.pendingFrame = null;
      this.publish();
    }, waitMs);
    this.pendingFrame.unref();
  }

  /** Makes the next frame of the stream, if anything changed. */
  private publish(): void {
    const next = this.source.board();
    const delta = this.board === null ? null : diffBoards(this.board, next);
    this.board = next;
    this.snapshotBytes = null;
    if (delta === null) return;
    this.n += 1;
    this.lastFrameMs = this.source.nowMs();
    if (this.clients.size === 0) return;
    const frame = write({ type: 'delta', n: this.n, ...delta });
    for (const client of this.clients) this.sendInStep(client, frame);
  }

  /** The figures of the last frame; the first one is made when somebody asks. */
  private shown(): Board {
    this.board ??= this.source.board();
    return this.board;
  }

  /** Each second: figures that change by time alone (a caller passes the threshold), the age of the data, who is still there. */
  private beat(): void {
    if (this.pendingFrame === null) this.publish();
    const now = this.source.nowMs();
    const isPingDue = now - this.lastPingMs >= this.limits.pingEveryMs;
    if (isPingDue) this.lastPingMs = now;
    const isRefillDue = now - this.messagesRefilledMs >= 60_000;
    if (isRefillDue) this.messagesRefilledMs = now;
    const shown = this.shown();
    const frame = write({ type: 'beat', n: this.n, seq: shown.seq, atMs: shown.atMs });
    for (const client of [...this.clients]) {
      if (isRefillDue) client.messagesLeft = this.limits.messagesPerMinute;
      if (this.cutIfLost(client, now)) continue;
      if (isPingDue && client.behindSinceMs === null) client.socket.ping();
      this.sendInStep(client, frame);
    }
  }

  private cutIfLost(client: Client, now: Ms): boolean {
    if (!client.mayStay()) {
      client.socket.close(CLOSE.notAllowed, 'not allowed any more');
      this.leave(client);
      return true;
    }
    const silentMs = now - client.lastPongMs;
    const slowMs = client.behindSinceMs === null ? 0 : now - client.behindSinceMs;
    const isDeaf = client.behindSinceMs === null && silentMs > 2 * this.limits.pingEveryMs + this.limits.beatEveryMs;
    if (!isDeaf && slowMs <= this.limits.slowForMs) return false;
    client.socket.terminate();
    this.leave(client);
    return true;
  }

  /** Sends the stream's frame, or nothing while the client is behind, or a snapshot when it has just caught up. */
  private sendInStep(client: Client, frame: Buffer): void {
    const queued = client.socket.bufferedAmount;
    if (client.behindSinceMs !== null) {
      if (queued > this.limits.slowBytes / 2) return;
      client.behindSinceMs = null;
      client.lastPongMs = this.source.nowMs();
      this.sendSnapshot(client);
      return;
    }
    if (queued > this.limits.slowBytes) {
      client.behindSinceMs = this.source.nowMs();
      return;
    }
    client.socket.send(frame, AS_TEXT);
  }

  private sendSnapshot(client: Client): void {
    const board = this.shown();
    const { n } = this;
    this.snapshotBytes ??= write({ type: 'snapshot', n, version: this.source.version, seq: board.seq, atMs: board.atMs, board });
    client.socket.send(this.snapshotBytes, AS_TEXT);
  }

  private hear(client: Client, text: string): void {
    client.messagesLeft -= 1;
    if (client.messagesLeft < 0 || !isResync(text)) {
      client.socket.close(CLOSE.badMessage, client.messagesLeft < 0 ? 'too many messages' : 'not understood');
      return;
    }
    if (client.behindSinceMs === null && client.socket.bufferedAmount <= this.limits.slowBytes) this.sendSnapshot(client);
  }
}

/** The bytes that all clients are sent; written out as text for each of them they would be made five hundred times. */
const write = (frame: LiveFrame): Buffer => Buffer.from(JSON.stringify(frame));
const AS_TEXT = { binary: false } as const;

function isResync(text: string): boolean {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' && message !== null && (message as { type?: unknown }).type === 'resync';
  } catch {
    return false;
  }
}
