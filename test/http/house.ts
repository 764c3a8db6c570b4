import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Fact } from '../../src/base/facts.js';
import { err, ok, type Refusal, type Result } from '../../src/base/result.js';
import type { AccessToken, AgentCommand, CallCommand, HttpDeps } from '../../src/http/app.js';
import type { AuditEntry } from '../../src/http/deps.js';
import type { User } from '../../src/main/config/users.js';
import { holderOfUser, SignInDesk } from '../../src/main/sign-in.js';
import type {
  AbandonedView,
  AgentView,
  Board,
  CallbackView,
  CallView,
  QueueCounts,
  QueueView,
  RecordingView,
  WaitingCallView,
} from '../../src/service-level/views.js';

import { MemorySessions } from '../support/memory-sessions.js';

/** A house without calls: a board that a test writes, tokens of every role, and a note of what was asked of it. */

const noCounts: QueueCounts = {
  offered: 0,
  answered: 0,
  answeredInTime: 0,
  abandoned: 0,
  abandonedInTime: 0,
  shortAbandoned: 0,
  flowedOut: 0,
  flowedOutInTime: 0,
  timedOut: 0,
  exitedByKey: 0,
  calledBack: 0,
  calledBackInTime: 0,
  waiting: 0,
  waitingLate: 0,
  blocked: 0,
  sumWaitAnsweredMs: 0,
  sumTalkMs: 0,
  sumHoldMs: 0,
  sumWrapUpMs: 0,
  longestWaitMs: 0,
};

const share = (numerator: number, denominator: number) => ({
  numerator,
  denominator,
  share: denominator === 0 ? null : numerator / denominator,
});

const aSpan = ({ offered, answered, abandoned, answeredInTime }: QueueCounts) => ({
  fromMs: 0,
  ...share(answeredInTime, answered + abandoned),
  offered,
  answered,
  abandoned,
});

export function aQueue(
  id: string,
  title: Record<string, string>,
  today: Partial<QueueCounts> = {},
  callers: readonly WaitingCallView[] = [],
  target = 0.8,
): QueueView {
  const counts = { ...noCounts, ...today, waiting: callers.length };
  const { answered, abandoned } = counts;
  return {
    queueId: id as QueueView['queueId'],
    title,
    today: counts,
    serviceLevel: {
      ...share(counts.answeredInTime, answered + abandoned + counts.waitingLate),
      formula: 'answered-of-offered',
      withinMs: 20_000,
      target,
    },
    waiting: callers.length,
    longestWaitSinceMs: callers.length === 0 ? null : Math.min(...callers.map((caller) => caller.enteredAtMs)),
    callers,
    asaMs: answered === 0 ? null : counts.sumWaitAnsweredMs / answered,
    ahtMs: answered === 0 ? null : (counts.sumTalkMs + counts.sumHoldMs + counts.sumWrapUpMs) / answered,
    abandonRate: share(abandoned, counts.offered - counts.waiting),
    answerRate: share(answered, counts.offered - counts.waiting),
    sure: null,
    recent: { m5: aSpan(counts), m15: aSpan(counts), m30: aSpan(counts) },
    interval: { ...aSpan(counts), lengthMs: 1_800_000 },
    trend: Array.from({ length: 12 }, (_, step): [number, number] => (step < 11 ? [0, 0] : [counts.answeredInTime, answered])),
    waits: { p50Ms: null, p95Ms: null, p99Ms: null },
    outlook: {
      saveable: counts.waiting - counts.waitingLate,
      goodInARow: 0,
      expectedRest: null,
      restShare: null,
      callsPerHour: 0,
      ahtMs: 180_000,
      patienceMs: 180_000,
      agentsPresent: 0,
      agentsNeeded: 0,
    },
    estimateError: null,
    ronaToday: 0,
    agents: { signedIn: 0, idle: 0, ringing: 0, talking: 0, wrapUp: 0, notReady: 0 },
  };
}

export function aCaller(n: number, enteredAtMs: number, vip = false): WaitingCallView {
  return {
    callId: `call-${n}` as WaitingCallView['callId'],
    lane: vip ? 'vip' : 'ordinary',
    priority: vip ? 10 : 0,
    enteredAtMs,
    ani: `***${String(1000 + n).slice(-4)}`,
    tier: vip ? 'vip' : 'standard',
  };
}

export function anAgent(id: string, more: Partial<AgentView> = {}): AgentView {
  return {
    agentId: id as AgentView['agentId'],
    name: `Agent ${id}`,
    team: 'north',
    phone: `sip:${id}`,
    status: 'ready',
    reason: null,
    state: 'idle',
    sinceMs: 1_000,
    callId: null,
    answeredToday: 0,
    ronaToday: 0,
    signInsToday: 1,
    busyTodayMs: 0,
    idleTodayMs: 0,
    notReadyTodayMs: 0,
    signedInTodayMs: 0,
    ...more,
  };
}

export const aCall: CallView = {
  callId: 'call-1' as CallView['callId'],
  ani: '***1234',
  dnis: '95555',
  tier: 'vip',
  language: 'zh',
  arrivedAtMs: 500,
  phase: 'talking',
  node: null,
  queueId: 'general' as NonNullable<CallView['queueId']>,
  agentId: '1001' as NonNullable<CallView['agentId']>,
  offerId: null,
  waitMs: 1_200,
  talkMs: null,
  outcome: null,
  endedAtMs: null,
  recordings: ['rec-1' as RecordingView['recordingId']],
};

export const anAbandoned: AbandonedView = {
  callId: 'call-0' as CallView['callId'],
  queueId: 'general' as NonNullable<CallView['queueId']>,
  ani: '***1234',
  tier: 'vip',
  lane: 'ordinary',
  waitMs: 30_000,
  leftAtMs: 400,
  back: { callId: 'call-1' as CallView['callId'], atMs: 500, answered: true },
};

export const aRecording: RecordingView = {
  recordingId: 'rec-1' as RecordingView['recordingId'],
  callId: aCall.callId,
  queueId: aCall.queueId,
  agentId: aCall.agentId,
  startedAtMs: 600,
  state: 'sealed',
  durationMs: 12_000,
  bytes: 10,
  sha256: 'ab'.repeat(32),
};

export const aCallback: CallbackView = {
  callbackId: 'call-1-cb' as CallbackView['callbackId'],
  callId: aCall.callId,
  queueId: 'general' as CallbackView['queueId'],
  number: '***1234',
  mode: 'agent-first',
  requestedAtMs: 900,
  enteredAtMs: 600,
  expiresAtMs: 3_600_900,
  attempts: 1,
  lastResult: 'busy',
  outcome: null,
  endedAtMs: null,
  waitMs: null,
  agentId: null,
  by: null,
};

export const facts = [
  {
    seq: 1,
    atMs: 500,
    kind: 'callArrived',
    callId: 'call-1',
    switchId: 's',
    legId: 'l',
    ani: '13800001234',
    dnis: '95555',
    flowId: null,
  },
  { seq: 2, atMs: 600, kind: 'languageChosen', callId: 'call-1', language: 'zh' },
  { seq: 3, atMs: 700, kind: 'recordingSealed', callId: 'call-1', recordingId: 'rec-1', file: 'somewhere/rec-1.wav', bytes: 10 },
] as unknown as readonly Fact[];

export const TOKENS: Record<'viewer' | 'agent' | 'other' | 'supervisor' | 'admin', AccessToken> = {
  viewer: { name: 'wall', role: 'viewer', agentId: null, secret: 'viewer-secret-0123456789' },
  agent: { name: 'anna', role: 'agent', agentId: '1001' as AgentView['agentId'], secret: 'agent-secret-0123456789' },
  other: { name: 'bert', role: 'agent', agentId: '1002' as AgentView['agentId'], secret: 'other-secret-0123456789' },
  supervisor: { name: 'sue', role: 'supervisor', agentId: null, secret: 'super-secret-0123456789' },
  admin: { name: 'root', role: 'admin', agentId: null, secret: 'admin-secret-0123456789' },
};

export interface House extends HttpDeps {
  board(): Board;
  /** Puts another board up and tells the listeners. */
  show(change: Partial<Board>): void;
  readonly commands: AgentCommand[];
  readonly callCommands: CallCommand[];
  readonly listeners: Set<() => void>;
  readonly tokenList: AccessToken[];
  /** Who may sign in with a password; nobody unless a test says so. */
  readonly users: Map<string, User>;
  readonly sessions: MemorySessions;
  readonly audits: AuditEntry[];
  /** The refusal of the next commands, or null. */
  refusal: Refusal | null;
  isReady: boolean;
  readonly opened: string[];
}

export function aHouse(more: Partial<HttpDeps> = {}): House {
  let board: Board = {
    seq: 2,
    atMs: 10_000,
    queues: [
      aQueue('general', { zh: '综合服务', en: 'General service' }, { offered: 3, answered: 2, answeredInTime: 1 }, [
        aCaller(1, 9_000),
      ]),
    ],
    agents: [anAgent('1001'), anAgent('1002')],
    switches: [{ switchId: 'sim', up: true, detail: 'simulated', sinceMs: 0 }],
    callsNow: 1,
    alarms: [],
  };
  const listeners = new Set<() => void>();
  const users = new Map<string, User>();
  const sessions = new MemorySessions();
  const audits: AuditEntry[] = [];
  const audit = async (entry: AuditEntry): Promise<void> => void audits.push(entry);
  const quiet = () => {};
  const signIns = new SignInDesk({
    ...{ store: sessions, users: () => users, tokens: () => house.tokenList, nowMs: () => house.nowMs(), audit },
    ...{ log: { debug: quiet, info: quiet, warn: quiet, error: quiet }, failureTakesMs: 20 },
  });
  const house: House = {
    users,
    sessions,
    audits,
    signIns,
    audit,
    site: { name: 'Test site', timeZone: 'Asia/Shanghai', languages: ['zh', 'en'] },
    version: '0.0.0-test',
    bind: { host: '127.0.0.1', port: 0 },
    roster: ['1001', '1002'].map((agentId) => ({ agentId, team: 'north', queueIds: ['general'] })),
    tokens: () => house.tokenList,
    nowMs: () => Date.now(),
    board: () => board,
    onBoardChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    show: (change) => {
      board = { ...board, seq: board.seq + 1, ...change };
      for (const listener of listeners) listener();
    },
    ledger: {
      get seq() {
        return board.seq;
      },
      calls: (limit) => [aCall].slice(0, limit),
      call: (id) => (id === aCall.callId ? aCall : null),
      factsOf: (id) => (id === aCall.callId ? facts : []),
      callbacks: (limit) => [aCallback].slice(0, limit),
      abandoned: (limit) => [anAbandoned].slice(0, limit),
      recordings: (limit) =>
        [aRecording, { ...aRecording, recordingId: 'rec-2' as never, state: 'recording' as const }].slice(0, limit),
    },
    explanation: (callId, language) =>
      callId === aCall.callId
        ? {
            parts: [
              { atMs: 500, heading: `in ${language}`, lines: [{ atMs: 500, at: '08:00:00.500', text: 'came', details: [] }] },
            ],
            text: `in ${language}\n`,
          }
        : null,
    callCommand: async (command): Promise<Result<unknown, Refusal>> => {
      house.callCommands.push(command);
      return house.refusal === null ? ok(null) : err(house.refusal);
    },
    agentCommand: async (command): Promise<Result<unknown, Refusal>> => {
      house.commands.push(command);
      return house.refusal === null ? ok(null) : err(house.refusal);
    },
    callbackCommand: async (command): Promise<Result<unknown, Refusal>> => {
      house.opened.push(`${command.kind} ${command.callbackId} by ${command.by}`);
      return house.refusal === null ? ok(null) : err(house.refusal);
    },
    recordingFile: async (id, by) => {
      house.opened.push(`${id} by ${by}`);
      const sound = Buffer.from('0123456789');
      return {
        bytes: sound.length,
        contentType: 'audio/wav',
        read: (start, end) => Readable.from([sound.subarray(start, end + 1)]),
        close: async () => {},
      };
    },
    ready: () => ({ ok: house.isReady, checks: [{ name: 'redis', ok: house.isReady, detail: 'redis 7.0 at a secret place' }] }),
    health: () => ({ ok: true, detail: 'fine' }),
    webRoot: null,
    commands: [],
    callCommands: [],
    listeners,
    tokenList: Object.values(TOKENS),
    refusal: null,
    isReady: true,
    opened: [],
    ...more,
  };
  return house;
}

/** A session of a user, without the work of a password; returns the cookie. */
export async function signedIn({ users, sessions, nowMs }: House, name: string, at = nowMs()): Promise<string> {
  const user = users.get(name);
  if (!user) throw new Error(`there is no user ${name}`);
  const secret = randomBytes(32).toString('base64url');
  const { mark } = holderOfUser(user);
  const id = createHash('sha256').update(secret).digest('hex');
  const { role, teams } = user;
  const times = { createdMs: at, lastSeenMs: at, expiresMs: at + 43_200_000, idleMs: 28_800_000 };
  await sessions.keep({ id, kind: 'user', name, role, teams, mark, address: '127.0.0.1', ...times }, 20);
  return `hotline_session=${secret}`;
}
