import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readFileSync, readSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Who a child runs as, when we are root. `bare` keeps the user and takes every capability away. */
export type Identity = { readonly kind: 'user'; readonly uid: number; readonly gid: number } | { readonly kind: 'bare' };

export interface ChildOptions {
  /** For messages: "Asterisk", "Redis", "hotline". */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Absent: as we are. */
  readonly identity?: Identity | undefined;
  /** Give the child a host name of its own that needs no look-up (see `needsOwnHostName`). */
  readonly ownHostName?: boolean;
}

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** True when `stop` or `kill` was called before. */
  readonly asked: boolean;
}

const LOG_LIMIT_BYTES = 10 * 1024 * 1024;
/** As long as we wait for an end after SIGKILL; longer than that is the kernel's business. */
const KILL_WAIT_MS = 5_000;

/**
 * One child process: its output goes to a log file, it has a process group of its own (so that Ctrl-C reaches us alone and we end
 * things in order), and the kernel ends it when we die, however we die.
 */
export class Child {
  readonly exited: Promise<ChildExit>;
  #asked = false;
  #ended = false;

  private constructor(
    readonly name: string,
    readonly logFile: string,
    private readonly process: ChildProcess,
    private readonly logStart: number,
  ) {
    this.exited = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#ended = true;
        resolve({ code, signal, asked: this.#asked });
      };
      process.once('exit', end);
      process.once('error', () => end(127, null));
    });
  }

  static start(options: ChildOptions): Child {
    mkdirSync(dirname(options.logFile), { recursive: true });
    if (existsSync(options.logFile) && statSync(options.logFile).size > LOG_LIMIT_BYTES) {
      renameSync(options.logFile, `${options.logFile}.1`);
    }
    const log = openSync(options.logFile, 'a', 0o640);
    try {
      const logStart = fstatSync(log).size;
      const [command, ...args] = wrapped(options);
      const child = spawn(command, args, {
        cwd: options.cwd,
        env: options.env === undefined ? undefined : { ...options.env },
        stdio: ['ignore', log, log],
        detached: true,
      });
      return new Child(options.name, options.logFile, child, logStart);
    } finally {
      closeSync(log);
    }
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  get isRunning(): boolean {
    return !this.#ended;
  }

  /** SIGTERM, and SIGKILL when it has not ended after `graceMs`. Harmless when it has ended already. */
  async stop(graceMs = 5_000): Promise<void> {
    this.#asked = true;
    this.#signal('SIGTERM');
    if (await this.#endsWithin(graceMs)) return;
    await this.kill();
  }

  /** SIGKILL, for it and whatever it started. */
  async kill(): Promise<void> {
    this.#asked = true;
    this.#signal('SIGKILL');
    await this.#endsWithin(KILL_WAIT_MS);
  }

  signal(signal: NodeJS.Signals): void {
    this.#signal(signal);
  }

  /** The last lines that this run of the child wrote, for a message. */
  tail(lines = 15): string {
    return tailOf(this.logFile, lines, this.logStart);
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.process.pid;
    if (pid === undefined || this.#ended) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // It ended between the look and the signal.
    }
  }

  async #endsWithin(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), ms);
    });
    const inTime = await Promise.race([this.exited.then(() => true), late]);
    clearTimeout(timer);
    return inTime;
  }
}

/** The last `lines` lines of a log file; "" when it is not there. */
export function tailOf(file: string, lines = 15, fromByte = 0): string {
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const size = fstatSync(handle).size;
    const from = Math.max(fromByte, size - 64 * 1024);
    const bytes = Buffer.alloc(Math.max(0, size - from));
    readSync(handle, bytes, 0, bytes.length, from);
    return bytes.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } finally {
    closeSync(handle);
  }
}

function wrapped(options: ChildOptions): [string, ...string[]] {
  const plain: [string, ...string[]] = [options.command, ...options.args];
  const tool = setpriv();
  if (tool === null) return plain;
  // The death signal is the last thing set before the command: a change of user would clear it again.
  const kept: [string, ...string[]] = [
    tool,
    '--no-new-privs',
    ...identityFlags(options.identity),
    '--pdeathsig',
    'TERM',
    '--',
    ...plain,
  ];
  if (options.ownHostName !== true) return kept;
  return [...ownHostNamePrefix(), ...kept];
}

function identityFlags(identity: Identity | undefined): string[] {
  if (identity === undefined) return [];
  if (identity.kind === 'bare') return ['--bounding-set', '-all', '--inh-caps', '-all'];
  return ['--reuid', String(identity.uid), '--regid', String(identity.gid), '--clear-groups'];
}

let setprivPath: string | null | undefined;
/** util-linux is essential in Debian; elsewhere a child simply lives without the extra care. */
function setpriv(): string | null {
  setprivPath ??= ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path)) ?? null;
  return setprivPath;
}

/** An address as the name: it is never looked up, while `localhost` may be asked of a DNS server for its IPv6 address. */
function ownHostNamePrefix(): [string, ...string[]] {
  const space = process.getuid?.() === 0 ? ['--uts'] : ['--map-root-user', '--uts'];
  return ['unshare', ...space, 'sh', '-c', 'hostname 127.0.0.1 && exec "$@"', 'sh'];
}

/** Whether this machine lets us give a child a host name of its own. */
export function canGiveOwnHostName(): boolean {
  const [command, ...args] = ownHostNamePrefix();
  return setpriv() !== null && spawnSync(command, [...args, 'true'], { stdio: 'ignore', timeout: 5_000 }).status === 0;
}

/** True while a process of this id runs (one of another user counts too). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie answers signals, but nobody is at home.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
