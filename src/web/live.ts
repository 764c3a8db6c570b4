import { computed, signal } from '@preact/signals';
import { applyDelta, type LiveFrame } from '../service-level/live-frames.js';
import type { Board } from '../service-level/views.js';
import { mayRead, readSession } from './session.js';

/** The page's end of the live feed: keeps the board, knows how old it is, connects again by itself for ever. */

type Link = 'connecting' | 'up' | 'lost';

const STALE_AFTER_MS = 3_000;
const SILENT_AFTER_MS = 6_000;
const RETRY_MS = [300, 700, 1_500, 3_000, 5_000];
const NOT_ALLOWED = 4401;

export const link = signal<Link>('connecting');
const newest = signal<Board | null>(null);
/** `frameMs`: monotonic time at which the board that is held came. */
const frozen = signal<{ board: Board; atMs: number; frameMs: number } | null>(null);
/** Monotonic time of the page, moved twice a second: everything that counts seconds hangs on it. */
const tickMs = signal(performance.now());
/** When the board last became, or was told to be, as the server has it: a frame that does not fit makes no figure younger. */
const lastFrameMs = signal(performance.now());
/** Server's clock minus the page's monotonic one: a page with a wrong clock still counts right. */
const offsetMs = signal(0);

/** What is drawn: the newest board, or the one at which the page was paused. */
export const board = computed(() => frozen.value?.board ?? newest.value);
export const isPaused = computed(() => frozen.value !== null);
/** Of what is drawn: on a paused page it grows. */
export const ageMs = computed(() => Math.max(0, tickMs.value - (frozen.value?.frameMs ?? lastFrameMs.value)));
/** Whether the feed has fallen silent. */
export const isStale = computed(() => newest.value !== null && tickMs.value - lastFrameMs.value > STALE_AFTER_MS);
/** The server's time; when nothing comes any more it stops, because nobody knows how long the callers really wait. */
export const nowMs = computed(
  () => frozen.value?.atMs ?? offsetMs.value + Math.min(tickMs.value, lastFrameMs.value + STALE_AFTER_MS),
);
/** The wall clock runs on whatever happens to the feed. */
export const clockMs = computed(() => (offsetMs.value === 0 ? Date.now() + 0 * tickMs.value : offsetMs.value + tickMs.value));

export function togglePause(): void {
  const now = newest.value;
  frozen.value = frozen.value === null && now !== null ? { board: now, atMs: nowMs.value, frameMs: lastFrameMs.value } : null;
}

let socket: WebSocket | null = null;
let failures = 0;
let lastN = -1;
/** When a whole board was asked for because a frame did not fit; null: nothing is asked. */
let askedMs: number | null = null;
/** When this connection last said anything, or was begun. */
let heardMs = 0;

/** Raised by each start and end: what an earlier start has begun and not finished is let go. */
let turn = 0;

/** Begins to listen; returns the function that ends it. */
export function start(): () => void {
  turn += 1;
  const ticking = setInterval(tick, 500);
  addEventListener('online', onOnline);
  link.value = 'connecting';
  void connect();
  return () => {
    turn += 1;
    clearInterval(ticking);
    clearTimeout(retryTimer);
    removeEventListener('online', onOnline);
    const left = socket;
    socket = null;
    left?.close();
    newest.value = null;
    frozen.value = null;
  };
}

function tick(): void {
  tickMs.value = performance.now();
  const isSilent = performance.now() - heardMs > SILENT_AFTER_MS;
  const isUnanswered = askedMs !== null && performance.now() - askedMs > SILENT_AFTER_MS;
  // A cut network says nothing: the socket looks open for minutes. And who is asked for a board and sends none will not.
  if (socket?.readyState === WebSocket.OPEN && (isSilent || isUnanswered)) drop();
}

function onOnline(): void {
  if (link.value === 'lost') drop();
}

async function connect(): Promise<void> {
  const ours = turn;
  try {
    const session = await readSession();
    // Without the right to read the page asks for a token, and starts anew when it was given.
    if (ours !== turn || !session.mayRead) return;
  } catch {
    if (ours === turn) retry();
    return;
  }
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const own = new WebSocket(`${scheme}://${location.host}/api/v1/live`);
  socket = own;
  heardMs = performance.now();
  askedMs = null;
  const patience = setTimeout(() => own.readyState === WebSocket.CONNECTING && own.close(), 5_000);
  own.onmessage = (event) => {
    if (own === socket) hear(own, JSON.parse(String(event.data)) as LiveFrame);
  };
  own.onclose = (event) => {
    clearTimeout(patience);
    if (own !== socket) return;
    socket = null;
    if (event.code === NOT_ALLOWED) mayRead.value = false;
    else retry();
  };
}

/** Leaves a connection that does not speak any more, without waiting for its end. */
function drop(): void {
  const dead = socket;
  socket = null;
  dead?.close();
  retry();
}

let retryTimer: ReturnType<typeof setTimeout> | undefined;
function retry(): void {
  link.value = 'lost';
  const pauseMs = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] as number;
  failures += 1;
  clearTimeout(retryTimer);
  // Jitter, so that a hall full of walls does not come back in the same breath.
  retryTimer = setTimeout(() => void connect(), pauseMs * (0.75 + Math.random() / 2));
}

function hear(own: WebSocket, frame: LiveFrame): void {
  heardMs = performance.now();
  if (frame.type === 'snapshot') {
    reloadForNewVersion(frame.version);
    fresh(frame.atMs);
    newest.value = frame.board;
    lastN = frame.n;
    askedMs = null;
    failures = 0;
    link.value = 'up';
    return;
  }
  const fits = frame.type === 'delta' ? frame.n === lastN + 1 : frame.n === lastN;
  if (!fits || newest.value === null) {
    if (askedMs === null) own.send('{"type":"resync"}');
    askedMs ??= heardMs;
    return;
  }
  fresh(frame.atMs);
  if (frame.type === 'beat') return;
  newest.value = applyDelta(newest.value, frame);
  lastN = frame.n;
}

function fresh(serverMs: number): void {
  lastFrameMs.value = heardMs;
  tickMs.value = heardMs;
  offsetMs.value = serverMs - heardMs;
}

let versionSeen: string | null = null;
/** A wall that hangs for months takes the new page after an upgrade by itself. */
function reloadForNewVersion(version: string): void {
  if (versionSeen !== null && versionSeen !== version) location.reload();
  versionSeen = version;
}
