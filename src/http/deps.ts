import type { Readable } from 'node:stream';
import type { FastifyBaseLogger } from 'fastify';
import type { ServiceTarget } from '../acd/config.js';
import type { ExplanationPart } from '../acd/explanation.js';
import type { AgentId, CallId, QueueId, RecordingId } from '../base/ids.js';
import type { Refusal, Result } from '../base/result.js';
import type { Ms } from '../base/time.js';
import type { Finding } from '../flow/finding.js';
import type {
  EmergencyAnnouncementView,
  FlowCheckView,
  FlowDetail,
  FlowDiffView,
  FlowVersionView,
  FlowView,
  FlowWalkView,
  RefusedFileView,
} from '../flow/views.js';
import type { HistoryReader } from '../ports/history.js';
import type { ReplayFrame } from '../service-level/replay-frames.js';
import type { AgentDayView, Board, FlowDayView, HouseTotals, Ledger, QueueDetails } from '../service-level/views.js';
import type { AlarmDesk } from './alarm-desk.js';

/** What the HTTP side needs from the rest of the house. It decides nothing about calls: it reads boards and passes commands on. */
export interface HttpDeps {
  readonly site: Site;
  readonly version: string;
  /** Where the server listens. Reads need no token only when this is loopback and the request came for a loopback name, not through a proxy. */
  readonly bind: { readonly host: string; readonly port: number };
  /** Further names that a Host header may carry (without port), for a proxy in front. */
  readonly allowedHosts?: readonly string[];
  /** Further origins (`https://wall.example`) that may open the live feed or write. A page of our own origin always may. */
  readonly allowedOrigins?: readonly string[];
  /** Asked at each request, so that a token that was taken away stops working at once. */
  tokens(): readonly AccessToken[];
  /** People and walls that are signed in. */
  readonly signIns: SignIns;
  /** Notes who was let do what. Resolves when it is noted as well as can be; never rejects. */
  audit(entry: AuditEntry): Promise<void>;
  nowMs(): Ms;
  /** The one source of every figure. */
  board(): Board;
  /** Calls back after facts were added; may come as often as it likes. Returns the function that ends it. */
  onBoardChange(listener: () => void): () => void;
  /** Teams, and who serves which queue, by the configuration: who may see what is cut by it. */
  readonly roster: readonly RosterEntry[];
  readonly ledger: Pick<Ledger, 'callbacks' | 'seq' | 'calls' | 'call' | 'factsOf' | 'abandoned' | 'recordings'>;
  /** Why a call went as it went, in words; null when there is no such call (any more). */
  explanation(callId: CallId, language: 'zh' | 'en'): CallExplanation | null;
  /** Resolves when the command was committed and the board shows it. Rejects only on a defect. */
  agentCommand(command: AgentCommand): Promise<Result<unknown, Refusal>>;
  /** A supervisor takes a promise to call back away. As `agentCommand`. */
  callCommand(command: CallCommand): Promise<Result<unknown, Refusal>>;
  callbackCommand(command: CallbackCommand): Promise<Result<unknown, Refusal>>;
  /** Flows and their versions; absent: their routes are not served. */
  readonly flows?: FlowDesk;
  /** The switch of emergency announcements; absent: its routes are not served. */
  readonly emergency?: EmergencyDesk;
  /** What is kept for years; absent: reports and history are not served. */
  readonly history?: HistoryReading;
  /** What lies behind the board's figures; absent: not served. */
  readonly numbers?: NumbersReading;
  /** Rules of alarms, who has seen one, what is muted; absent: not served. */
  readonly alarms?: AlarmDesk;
  /** The past as boards; absent: not served. */
  readonly replay?: ReplayReading;
  /** Opens the sound of a recording by its id; null when there is none (any more). `by` is who listens, for the audit. */
  recordingFile(recordingId: RecordingId, by: string): Promise<RecordingFile | null>;
  ready(): Readiness | Promise<Readiness>;
  health(): Health;
  /** Counts since the ledger began, for Prometheus; absent: no counters of queues. */
  totals?(): HouseTotals;
  /** Further metrics in Prometheus' text format; those of queues, agents and the process are added here. */
  metricsText?(): string | Promise<string>;
  /** Folder of the built pages; null serves the API alone. */
  readonly webRoot: string | null;
  readonly log?: FastifyBaseLogger;
  /** Told of every defect of ours (an answer with status 500), with the route; for a log that is not fastify's. */
  readonly onFault?: (error: Error, route: string) => void;
  readonly live?: Partial<LiveLimits>;
  readonly tokenTries?: Partial<TokenTryLimits>;
}

export interface RosterEntry {
  readonly agentId: string;
  readonly team: string;
  /** Queues whose basic requirement the agent meets. */
  readonly queueIds: readonly string[];
}

/** History, and what the configuration says of the queues and agents in it today. */
export interface HistoryReading {
  readonly reader: HistoryReader;
  readonly queues: ReadonlyArray<{
    readonly queueId: string;
    readonly title: Readonly<Record<string, string>>;
    readonly target: ServiceTarget;
  }>;
  readonly agents: ReadonlyArray<{ readonly agentId: string; readonly name: string; readonly team: string }>;
  /** Calls in one CSV file at most; 200,000 unless told. */
  readonly csvCalls?: number;
}

/** The ledger's figures of the day that are too long for a board, and what of the configuration is needed to judge them. */
export interface NumbersReading {
  details(queueId: string): QueueDetails | null;
  agentDays(): readonly AgentDayView[];
  readonly targets: ReadonlyMap<string, ServiceTarget>;
  readonly limits: AgentLimits;
  /** `ordinary`, `holiday` or `makeUp` (a working day on a weekend), by the calendars. */
  readonly kindOfDay: (day: string) => string;
}

/** How long agents may be at something. */
export interface AgentLimits {
  /** By reason; none: as long as they like. */
  readonly notReadyMs: Readonly<Record<string, Ms>>;
  /** The longest wrap-up of any queue, extensions included; null: no queue has one. */
  readonly wrapUpMs: Ms | null;
}

export interface ReplayReading {
  /** From `begin` to `end`. Rejects when the facts cannot be read, or `signal` says that nobody waits any more. */
  frames(range: { readonly fromMs: Ms; readonly toMs: Ms }, stepMs: Ms, signal: AbortSignal): AsyncGenerator<ReplayFrame, void>;
}

/** One part per stay in a queue, and the same as it is printed. */
export interface CallExplanation {
  readonly parts: readonly ExplanationPart[];
  readonly text: string;
}

export interface Site {
  readonly name: string;
  readonly timeZone: string;
  /** Languages of the pages, the first one is used when a browser asks for none of them. */
  readonly languages: readonly string[];
}

/** viewer: reads. agent: reads, and changes the one agent that the token is for. supervisor: changes any agent, listens. admin: everything. */
export type Role = 'viewer' | 'agent' | 'supervisor' | 'admin';
export const ROLES: readonly Role[] = ['viewer', 'agent', 'supervisor', 'admin'];

export interface AccessToken {
  /** Names the holder in the audit; not secret. */
  readonly name: string;
  readonly role: Role;
  /** The agent of an `agent` token, else null. */
  readonly agentId: AgentId | null;
  /** At least 16 characters of A-Z a-z 0-9 . _ ~ - */
  readonly secret: string;
}

/** One who may sign in: a person of the users file, or the holder of a token. */
export interface Holder {
  readonly kind: 'user' | 'token';
  /** For facts and the audit. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  readonly role: Role;
  /** Teams whose agents a supervisor may change; null: all. */
  readonly teams: readonly string[] | null;
  readonly agentId: AgentId | null;
}

/** A sign-in that stands. `sessionId` is not secret. */
export interface HeldSession {
  readonly sessionId: string;
  readonly holder: Holder;
  readonly createdMs: Ms;
  readonly lastSeenMs: Ms;
  /** When it ends at the latest. */
  readonly expiresMs: Ms;
  readonly address: string;
}

/** `too-many-tries` says when to try again. */
export interface SignInRefusal extends Refusal {
  readonly retryAfterMs?: Ms;
}

/** Sign-ins of people and walls, kept outside the process. None of these rejects. */
export interface SignIns {
  /** Whether there is anybody who could sign in with a password. */
  hasUsers(): boolean;
  /** Refusals: wrong-sign-in (nothing tells whether the name exists), too-many-tries, unavailable-sign-in. */
  withPassword(asked: {
    readonly user: string;
    readonly password: string;
    readonly address: string;
  }): Promise<Result<NewSession, SignInRefusal>>;
  /** As `withPassword`. */
  withToken(asked: { readonly token: string; readonly address: string }): Promise<Result<NewSession, SignInRefusal>>;
  /** The session of a cookie as it stands now. `unavailable`: it cannot be asked for now, and was not lately. */
  find(secret: string): Promise<HeldSession | null | 'unavailable'>;
  /** As `find`, of what was known a moment ago, for feeds that ask each second: an ended session is told within three seconds. */
  stands(sessionId: string): boolean;
  /** Newest first. */
  all(): Promise<readonly HeldSession[] | 'unavailable'>;
  end(sessionId: string): Promise<'ended' | 'unavailable'>;
}

/** `secret` is what the cookie carries; it is known to nobody else. */
export interface NewSession extends HeldSession {
  readonly secret: string;
}

/** `action` is the route in words, like `agents/force-status`; `subject` what it was done to. */
export interface AuditEntry {
  readonly by: string;
  readonly role: string;
  readonly via: string;
  readonly action: string;
  readonly subject: string | null;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
  readonly address: string;
}

/** What a supervisor changes about a waiting call. `by` is the name of the token, for the facts. */
export type CallCommand =
  | {
      readonly kind: 'reprioritise';
      readonly callId: CallId;
      readonly by: string;
      readonly lane?: 'ordinary' | 'vip';
      readonly priority?: number;
      readonly queueId?: QueueId;
      readonly skills?: Readonly<Record<string, number>>;
    }
  | { readonly kind: 'assign'; readonly callId: CallId; readonly agentId: AgentId; readonly by: string };

/**
 * The flows that are live, their versions and what callers did in them. A flow is named by its id as the library has it: a name that it does
 * not have is null here and never part of a path.
 */
export interface FlowDesk {
  list(): readonly FlowView[];
  /** Files of the folder that were refused, those of no live flow among them. */
  refusedFiles(): readonly RefusedFileView[];
  /** `version` null: the live one. A known older version is shown as it was. `language`: of the words in the drawing; null: the site's first. */
  detail(flowId: string, version: string | null, language: string | null): Promise<FlowDetail | null>;
  /** What has been live, newest first; one that was live twice stands there twice. */
  versions(flowId: string): readonly FlowVersionView[] | null;
  /** Refusals: no-such-flow, no-such-version. */
  difference(flowId: string, a: string, b: string): Promise<Result<FlowDiffView, Refusal>>;
  /** `day` is `2026-11-22` or `today`. Null: no such flow, or a day that is not remembered. */
  day(flowId: string, day: string): FlowDayView | null;
  walk(callId: string): FlowWalkView | null;
  /** `flowId` is the flow that the text is meant for; null: any. */
  check(text: string, flowId: string | null, language: string | null): Promise<FlowCheckView>;
  /** Resolves when new calls get the version. */
  publish(request: FlowPublish): Promise<Result<FlowDetail, FlowRefusal>>;
  rollBack(request: FlowRollback): Promise<Result<FlowDetail, FlowRefusal>>;
}

export interface FlowPublish {
  readonly flowId: string;
  readonly text: string;
  readonly note: string;
  /** The version that the text was made from: when another one is live, the request is refused as `outdated`. */
  readonly basedOn: string;
  readonly by: string;
}

export interface FlowRollback {
  readonly flowId: string;
  readonly version: string;
  readonly note: string;
  readonly by: string;
}

/** `flow-refused` carries what the checker found. */
export interface FlowRefusal extends Refusal {
  readonly findings?: readonly Finding[];
}

export interface EmergencyDesk {
  list(): readonly EmergencyAnnouncementView[];
  /** `numbers` null: all numbers. Refusals: no-such-announcement, bad-numbers. Resolves when new calls hear it, or no longer do. */
  turn(request: EmergencyTurn): Promise<Result<EmergencyAnnouncementView, Refusal>>;
}

export interface EmergencyTurn {
  readonly announcement: string;
  readonly on: boolean;
  readonly numbers: readonly string[] | null;
  readonly by: string;
}

/** `by` is the name of the token, for the facts. */
export type AgentCommand =
  | { readonly kind: 'signIn'; readonly agentId: AgentId; readonly phone: string | null; readonly by: string }
  | { readonly kind: 'signOut'; readonly agentId: AgentId; readonly by: string }
  | {
      readonly kind: 'setStatus';
      readonly agentId: AgentId;
      readonly status: 'ready' | 'notReady';
      readonly reason: string | null;
      readonly by: string;
    }
  | { readonly kind: 'finishWrapUp'; readonly agentId: AgentId; readonly by: string }
  | { readonly kind: 'extendWrapUp'; readonly agentId: AgentId; readonly forMs: Ms; readonly by: string };

export interface CallbackCommand {
  readonly kind: 'cancelCallback';
  readonly callbackId: CallId;
  readonly by: string;
}

/** An opened file. Exactly one of `read` and `close` is called, once; a stream that ends or is destroyed closes the file. */
export interface RecordingFile {
  readonly bytes: number;
  readonly contentType: string;
  /** Bytes `start` to `end`, both included. */
  read(start: number, end: number): Readable;
  close(): Promise<void>;
}

export interface Readiness {
  readonly ok: boolean;
  readonly checks: ReadonlyArray<{ readonly name: string; readonly ok: boolean; readonly detail: string }>;
}

/** `ok` false tells the supervisor of the process to restart it: only for what a restart mends. */
export interface Health {
  readonly ok: boolean;
  readonly detail: string;
}

/** How wrong tokens are slowed down. */
export interface TokenTryLimits {
  /** Wrong ones of one address that are answered at once, until there were none for `forgetMs`. */
  readonly free: number;
  readonly forgetMs: Ms;
  /** Wrong ones of all addresses in a minute that are answered at once. */
  readonly freePerMinute: number;
  /** How long the answer to any other one is held. */
  readonly heldMs: Ms;
  /** Held at once: of one address, and in all; more are refused unheard. */
  readonly heldOfOne: number;
  readonly heldInAll: number;
}

export interface LiveLimits {
  readonly clients: number;
  /** Least time between two deltas: 250 ms are four frames a second. */
  readonly frameEveryMs: Ms;
  readonly beatEveryMs: Ms;
  /** A connection that has not answered a ping for two of these is cut. */
  readonly pingEveryMs: Ms;
  /** Bytes waiting in a connection above which it gets no deltas, and a snapshot when it has caught up. */
  readonly slowBytes: number;
  /** A connection that stays slow this long is cut. */
  readonly slowForMs: Ms;
  /** Messages of one client a minute. */
  readonly messagesPerMinute: number;
}
