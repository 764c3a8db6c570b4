import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { applyDelta, type LiveFrame } from '../../src/service-level/live-frames.js';
import type { Board } from '../../src/service-level/views.js';

/**
 * Many pages in one process, as far as the server can tell. Each notes when a frame came and which fact was the last in it; reading that from the
 * frame's beginning leaves the processor to the server, since real pages have one each. Every fiftieth page keeps its board as a page does.
 */
export type ToPages =
  | { readonly kind: 'open'; readonly url: string; readonly pages: number; readonly slow: boolean }
  | { readonly kind: 'measure' }
  | { readonly kind: 'report' }
  | { readonly kind: 'stopReading' }
  | { readonly kind: 'readAgain' }
  | { readonly kind: 'boards' };

export type FromPages =
  | { readonly kind: 'opened' }
  | { readonly kind: 'done' }
  | {
      readonly kind: 'report';
      readonly frames: Float64Array;
      readonly bytes: number;
      readonly lost: number;
      readonly cpuMs: number;
    }
  | { readonly kind: 'slow'; readonly leftOut: number; readonly snapshots: number; readonly inStep: boolean }
  | { readonly kind: 'boards'; readonly boards: readonly Board[]; readonly gaps: number };

const KEEPS_ITS_BOARD = 50;
const RESYNCS = 50;

class Page {
  readonly socket: WebSocket;
  board: Board | null = null;
  n = -1;
  seq = -1;
  gaps = 0;
  /** Frames of the stream that a later snapshot has made up for. */
  leftOut = 0;
  snapshots = 0;
  lost = false;

  constructor(
    url: string,
    private readonly keeps: boolean,
    private readonly note: (page: Page, bytes: number, fromSeq: number, seq: number, atMs: number) => void,
  ) {
    this.socket = new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true });
    this.socket.on('message', (data: Buffer) => this.hear(data));
    this.socket.on('close', () => {
      this.lost = true;
    });
    this.socket.on('error', () => {});
  }

  private hear(data: Buffer): void {
    const atMs = performance.timeOrigin + performance.now();
    const head = data.toString('latin1', 0, 160);
    const type = /^\{"type":"(\w+)"/.exec(head)?.[1];
    const n = Number(/"n":(\d+)/.exec(head)?.[1]);
    const seq = Number(/"seq":(\d+)/.exec(head)?.[1]);
    if (type === 'delta' && n !== this.n + 1) this.gaps += 1;
    if (type === 'snapshot') {
      this.snapshots += 1;
      if (this.n >= 0) this.leftOut += n - this.n;
    }
    // A snapshot tells the past: only what comes after it is news.
    this.note(this, data.length, type === 'delta' ? this.seq : seq, seq, atMs);
    this.n = n;
    this.seq = seq;
    if (!this.keeps || type === 'beat') return;
    const frame = JSON.parse(data.toString('utf8')) as LiveFrame;
    if (frame.type === 'snapshot') this.board = frame.board;
    else if (frame.type === 'delta' && this.board) this.board = applyDelta(this.board, frame);
  }
}

const pages: Page[] = [];
let slow: Page | null = null;
let measuring = false;
/** Triples: last fact before, last fact in it, moment of arrival. */
let frames: number[] = [];
let bytes = 0;
let cpuFrom = process.cpuUsage();
let slowFrom = { leftOut: 0, snapshots: 0 };

const say = (message: FromPages): void => void process.send?.(message);

function note(page: Page, length: number, fromSeq: number, seq: number, atMs: number): void {
  if (!measuring || page === slow) return;
  bytes += length;
  if (seq > fromSeq) frames.push(fromSeq, seq, atMs);
}

async function open(url: string, count: number, withSlow: boolean): Promise<void> {
  for (let i = 0; i < count; i++) {
    const page = new Page(url, i % KEEPS_ITS_BOARD === 0, note);
    pages.push(page);
    // Some at a time, as pages come.
    if (i % 20 === 19) await new Promise((resolve) => page.socket.once('message', resolve));
  }
  if (withSlow) slow = new Page(url, false, note);
  while (pages.some((page) => page.n < 0) || (slow && slow.n < 0)) await new Promise((resolve) => setTimeout(resolve, 20));
}

const under = (page: Page): Socket => (page.socket as unknown as { _socket: Socket })._socket;

process.on('message', (message: ToPages) => {
  switch (message.kind) {
    case 'open':
      void open(message.url, message.pages, message.slow).then(() => say({ kind: 'opened' }));
      return;
    case 'measure':
      frames = [];
      bytes = 0;
      cpuFrom = process.cpuUsage();
      measuring = true;
      return say({ kind: 'done' });
    case 'report': {
      measuring = false;
      const { user, system } = process.cpuUsage(cpuFrom);
      const lost = pages.filter((page) => page.lost).length;
      return say({ kind: 'report', frames: Float64Array.from(frames), bytes, lost, cpuMs: (user + system) / 1_000 });
    }
    case 'stopReading': {
      if (!slow) return;
      slowFrom = { leftOut: slow.leftOut, snapshots: slow.snapshots };
      under(slow).pause();
      // It asks for snapshots and takes none: more than the buffers of a connection hold.
      for (let i = 0; i < RESYNCS; i++) slow.socket.send('{"type":"resync"}');
      return say({ kind: 'done' });
    }
    case 'readAgain': {
      if (!slow) return;
      under(slow).resume();
      const page = slow;
      setTimeout(() => {
        const inStep = !page.lost && Math.abs(page.n - (pages[0]?.n ?? 0)) <= 1;
        const { leftOut, snapshots } = slowFrom;
        say({ kind: 'slow', leftOut: page.leftOut - leftOut, snapshots: page.snapshots - snapshots, inStep });
      }, 3_000);
      return;
    }
    case 'boards': {
      const kept = pages.flatMap(({ board }) => (board ? [board] : []));
      return say({ kind: 'boards', boards: kept, gaps: pages.reduce((sum, page) => sum + page.gaps, 0) });
    }
  }
});
process.on('disconnect', () => process.exit(0));
