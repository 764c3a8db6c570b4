import type { WebSocket } from 'ws';
import type { Ms } from '../base/time.js';
import { diffBoards, type LiveFrame } from '../service-level/live-frames.js';
import type { Board } from '../service-level/views.js';
import type { LiveLimits } from './deps.js';
import type { Sight } from './sight.js';

export interface Onlooker {
  readonly socket: WebSocket;
  readonly mayStay: () => boolean;
  /** Missed frames because it did not read; gets a snapshot when it has caught up. */
  behindSinceMs: Ms | null;
  lastPongMs: Ms;
  messagesLeft: number;
}

/**
 * Numbered frames for all who see the same: a delta is made and written out once, however many look at it. Who joins or asks again gets the
 * snapshot with the number of the stream's last frame. Memory for one who does not read is bounded.
 */
export class LiveStream {
  readonly onlookers = new Set<Onlooker>();
  #board: Board;
  #n = 0;
  #snapshotBytes: Buffer | null = null;

  constructor(
    private readonly sight: Sight,
    whole: Board,
    private readonly version: string,
    private readonly limits: Pick<LiveLimits, 'slowBytes'>,
    private readonly nowMs: () => Ms,
  ) {
    this.#board = sight.board(whole);
  }

  /** Tells what has changed; false: nothing that is seen here. */
  advance(whole: Board): boolean {
    const next = this.sight.board(whole);
    const delta = diffBoards(this.#board, next);
    this.#board = next;
    this.#snapshotBytes = null;
    if (delta === null) return false;
    this.#n += 1;
    const frame = write({ type: 'delta', n: this.#n, ...delta });
    for (const onlooker of this.onlookers) this.send(onlooker, frame);
    return true;
  }

  beatFrame(): Buffer {
    const { seq, atMs } = this.#board;
    return write({ type: 'beat', n: this.#n, seq, atMs });
  }

  /** Sends the stream's frame, or nothing while the onlooker is behind, or a snapshot when it has just caught up. */
  send(onlooker: Onlooker, frame: Buffer): void {
    const queued = onlooker.socket.bufferedAmount;
    if (onlooker.behindSinceMs !== null) {
      if (queued > this.limits.slowBytes / 2) return;
      onlooker.behindSinceMs = null;
      onlooker.lastPongMs = this.nowMs();
      this.sendSnapshot(onlooker);
      return;
    }
    if (queued > this.limits.slowBytes) {
      onlooker.behindSinceMs = this.nowMs();
      return;
    }
    onlooker.socket.send(frame, AS_TEXT);
  }

  sendSnapshot({ socket }: Onlooker): void {
    const board = this.#board;
    const { seq, atMs } = board;
    this.#snapshotBytes ??= write({ type: 'snapshot', n: this.#n, version: this.version, seq, atMs, board });
    socket.send(this.#snapshotBytes, AS_TEXT);
  }

  /** Answers one who has seen a gap; one who does not read gets a snapshot anyway. */
  resync(onlooker: Onlooker): void {
    if (onlooker.behindSinceMs === null && onlooker.socket.bufferedAmount <= this.limits.slowBytes) this.sendSnapshot(onlooker);
  }
}

/** The bytes that all onlookers are sent; written out as text for each of them they would be made five hundred times. */
const write = (frame: LiveFrame): Buffer => Buffer.from(JSON.stringify(frame));
const AS_TEXT = { binary: false } as const;
