import type { WebSocket } from 'ws';
import type { Ms } from '../base/time.js';
import type { Board } from '../service-level/views.js';
import type { LiveLimits } from './deps.js';
import { LiveStream, type Onlooker } from './live-stream.js';
import type { Sight } from './sight.js';

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

/**
 * One stream for all who see the same (`sight.ts`): most look at the whole, and supervisors and agents at their part of it. A stream is there while
 * somebody looks at it.
 */
export class LiveFeed {
  private readonly limits: LiveLimits;
  private readonly streams = new Map<string, LiveStream>();
  private onlookers = 0;
  /** What the last frames showed; null before anybody looked. */
  private board: Board | null = null;
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
    return this.onlookers;
  }

  /** Takes a socket in. `mayStay` is asked at each beat, so that a token that was taken away ends the feed too. */
  join(socket: WebSocket, sight: Sight, mayStay: () => boolean): void {
    if (this.onlookers >= this.limits.clients) {
      socket.close(CLOSE.tooMany, 'too many clients');
      return;
    }
    if (this.onlookers === 0) this.wake();
    const stream = this.streamOf(sight);
    const onlooker: Onlooker = {
      socket,
      mayStay,
      behindSinceMs: null,
      lastPongMs: this.source.nowMs(),
      messagesLeft: this.limits.messagesPerMinute,
    };
    socket.on('message', (data, isBinary) => this.hear(stream, onlooker, isBinary ? '' : String(data)));
    socket.on('pong', () => {
      onlooker.lastPongMs = this.source.nowMs();
    });
    socket.on('close', () => this.leave(sight.key, stream, onlooker));
    stream.onlookers.add(onlooker);
    this.onlookers += 1;
    stream.sendSnapshot(onlooker);
  }

  private streamOf(sight: Sight): LiveStream {
    const known = this.streams.get(sight.key);
    if (known !== undefined) return known;
    this.board ??= this.source.board();
    const { source, limits } = this;
    const stream = new LiveStream(sight, this.board, source.version, limits, () => source.nowMs());
    this.streams.set(sight.key, stream);
    return stream;
  }

  /** Says goodbye to everybody; who does not answer is cut. */
  async close(): Promise<void> {
    this.stopListening();
    this.sleep();
    const sockets = [...this.streams.values()].flatMap((stream) => [...stream.onlookers].map(({ socket }) => socket));
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

  private leave(key: string, stream: LiveStream, onlooker: Onlooker): void {
    if (!stream.onlookers.delete(onlooker)) return;
    this.onlookers -= 1;
    if (stream.onlookers.size === 0) this.streams.delete(key);
    if (this.onlookers === 0) this.sleep();
  }

  private frameSoon(): void {
    if (this.pendingFrame !== null || this.onlookers === 0) return;
    const waitMs = Math.max(0, this.lastFrameMs + this.limits.frameEveryMs - this.source.nowMs());
    this.pendingFrame = setTimeout(() => {
      this.pendingFrame = null;
      this.publish();
    }, waitMs);
    this.pendingFrame.unref();
  }

  /** Makes the next frames, where anything changed. */
  private publish(): void {
    const next = this.source.board();
    this.board = next;
    let isNews = false;
    for (const stream of this.streams.values()) isNews = stream.advance(next) || isNews;
    if (isNews) this.lastFrameMs = this.source.nowMs();
  }

  /** Each second: figures that change by time alone (a caller passes the threshold), the age of the data, who is still there. */
  private beat(): void {
    if (this.pendingFrame === null) this.publish();
    const now = this.source.nowMs();
    const isPingDue = now - this.lastPingMs >= this.limits.pingEveryMs;
    if (isPingDue) this.lastPingMs = now;
    const isRefillDue = now - this.messagesRefilledMs >= 60_000;
    if (isRefillDue) this.messagesRefilledMs = now;
    for (const [key, stream] of [...this.streams]) {
      const frame = stream.beatFrame();
      for (const onlooker of [...stream.onlookers]) {
        if (isRefillDue) onlooker.messagesLeft = this.limits.messagesPerMinute;
        if (this.isLost(onlooker, now)) {
          this.leave(key, stream, onlooker);
          continue;
        }
        if (isPingDue && onlooker.behindSinceMs === null) onlooker.socket.ping();
        stream.send(onlooker, frame);
      }
    }
  }

  /** Ends the connection of one who may look no more, or who is not there any more. */
  private isLost({ socket, mayStay, lastPongMs, behindSinceMs }: Onlooker, now: Ms): boolean {
    if (!mayStay()) {
      socket.close(CLOSE.notAllowed, 'not allowed any more');
      return true;
    }
    const slowMs = behindSinceMs === null ? 0 : now - behindSinceMs;
    const isDeaf = behindSinceMs === null && now - lastPongMs > 2 * this.limits.pingEveryMs + this.limits.beatEveryMs;
    if (!isDeaf && slowMs <= this.limits.slowForMs) return false;
    socket.terminate();
    return true;
  }

  private hear(stream: LiveStream, onlooker: Onlooker, text: string): void {
    onlooker.messagesLeft -= 1;
    if (onlooker.messagesLeft < 0 || !isResync(text)) {
      onlooker.socket.close(CLOSE.badMessage, onlooker.messagesLeft < 0 ? 'too many messages' : 'not understood');
      return;
    }
    stream.resync(onlooker);
  }
}

function isResync(text: string): boolean {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' && message !== null && (message as { type?: unknown }).type === 'resync';
  } catch {
    return false;
  }
}
