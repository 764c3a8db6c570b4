import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type AsteriskConfigInput,
  type AsteriskPhone,
  type AsteriskTrunk,
  readAsteriskTemplates,
  renderAsteriskConfig,
} from '../../adapters/asterisk/render-config.js';
import { Child, canGiveOwnHostName, type Identity } from './child.js';
import { type AsteriskProgram, findAsterisk } from './find-asterisk.js';
import { cacheFolder, giveFolders, isReachableByAll, projectFolder } from './places.js';
import { canBindUdp, freePorts } from './ports.js';

export interface AsteriskOptions {
  /** Configuration, state and logs of this one; made when it is not there. */
  readonly folder: string;
  /** Recordings land in `<data>/recording`. `folder`/data when absent. */
  readonly data?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A program or an unpacked folder; see `findAsterisk`. */
  readonly program?: string | undefined;
  readonly sipHost?: string;
  /** Found free when absent. */
  readonly sipPort?: number;
  readonly ariPort?: number;
  readonly rtp?: { readonly from: number; readonly to: number };
  readonly ariUser?: string;
  readonly ariPassword?: string;
  readonly phones: readonly AsteriskPhone[];
  readonly trunks?: readonly AsteriskTrunk[];
  readonly ownNumbers?: readonly string[];
  readonly fallback?: Partial<AsteriskConfigInput['fallback']>;
  readonly bench?: AsteriskConfigInput['bench'];
  /** Folder of hold music. The one that set-up made when absent. */
  readonly music?: string;
}

export interface RunningAsterisk {
  /** `http://127.0.0.1:PORT/ari` */
  readonly ariUrl: string;
  readonly ariUser: string;
  readonly ariPassword: string;
  readonly sipHost: string;
  readonly sipPort: number;
  readonly rtp: { readonly from: number; readonly to: number };
  readonly version: string;
  readonly origin: string;
  readonly folders: { readonly etc: string; readonly recordings: string; readonly log: string };
  /** Of the run that is on now. */
  readonly child: Child;
  /** Starts it again with the same ports and configuration; resolves when ARI answers. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** As a crash would: kill -9. */
  kill(): Promise<void>;
  /** Runs one console command and returns what it prints. */
  console(command: string): Promise<string>;
}

const START_LIMIT_MS = 30_000;
const NAME_LOOKUP_LIMIT_MS = 1_500;
const RTP_PORTS = 400;

/** A private Asterisk on ports and folders of its own; resolves when ARI answers and SIP is bound. */
export async function startAsterisk(options: AsteriskOptions): Promise<RunningAsterisk> {
  const program = findAsterisk(options.env, options.program);
  const data = options.data ?? join(options.folder, 'data');
  const ports = await choosePorts(options);
  const ari = {
    host: '127.0.0.1',
    port: ports.ari,
    user: options.ariUser ?? 'hotline',
    password: options.ariPassword ?? randomBytes(24).toString('base64url'),
  };
  const folders = {
    etc: join(options.folder, 'etc'),
    modules: program.modules,
    data: program.data,
    state: join(options.folder, 'state'),
    spool: data,
    run: join(options.folder, 'run'),
    log: join(options.folder, 'log'),
    music: options.music ?? musicFolder(options.env),
  };
  const sip = { host: options.sipHost ?? '127.0.0.1', port: ports.sip };
  const input: AsteriskConfigInput = {
    folders,
    sip,
    rtp: ports.rtp,
    ari,
    phones: options.phones,
    trunks: options.trunks ?? [{ name: 'trunk', match: '127.0.0.1' }],
    ownNumbers: options.ownNumbers ?? [],
    fallback: {
      announcements: options.fallback?.announcements ?? [],
      goodbye: options.fallback?.goodbye ?? join(data, 'no-such-prompt'),
      members: options.fallback?.members ?? [],
      waitS: options.fallback?.waitS ?? 300,
    },
    bench: options.bench,
  };
  const identity = chooseIdentity([program.root, options.folder, data, folders.music]);
  const instance = new PrivateAsterisk(program, input, identity, options);
  await instance.start();
  return instance;
}

/** Where set-up puts the hold music. */
export function musicFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(cacheFolder(env), 'music');
}

class PrivateAsterisk implements RunningAsterisk {
  readonly ariUrl: string;
  readonly ariUser: string;
  readonly ariPassword: string;
  readonly sipHost: string;
  readonly sipPort: number;
  readonly rtp: { readonly from: number; readonly to: number };
  readonly version: string;
  readonly origin: string;
  readonly folders: RunningAsterisk['folders'];
  #child: Child | null = null;

  constructor(
    private readonly program: AsteriskProgram,
    private readonly input: AsteriskConfigInput,
    private readonly identity: Identity | undefined,
    private readonly options: AsteriskOptions,
  ) {
    this.ariUrl = `http://${input.ari.host}:${input.ari.port}/ari`;
    this.ariUser = input.ari.user;
    this.ariPassword = input.ari.password;
    this.sipHost = input.sip.host;
    this.sipPort = input.sip.port;
    this.rtp = input.rtp;
    this.version = program.version;
    this.origin = program.origin;
    this.folders = { etc: input.folders.etc, recordings: join(input.folders.spool, 'recording'), log: input.folders.log };
  }

  get child(): Child {
    if (this.#child === null) throw new Error('Asterisk was not started');
    return this.#child;
  }

  async start(): Promise<void> {
    if (this.#child?.isRunning) return;
    this.#prepareFolders();
    this.#writeConfiguration();
    this.#child = Child.start({
      name: 'Asterisk',
      command: this.program.command,
      args: [...this.program.prefix, '-f', '-n', '-C', join(this.input.folders.etc, 'asterisk.conf')],
      logFile: join(this.input.folders.log, 'console.log'),
      cwd: this.input.folders.run,
      env: { PATH: this.options.env.PATH, HOME: this.input.folders.state, TZ: this.options.env.TZ, TERM: 'dumb' },
      identity: this.identity,
      ownHostName: await needsOwnHostName(),
    });
    await this.#untilReady();
  }

  async stop(): Promise<void> {
    await this.#child?.stop();
  }

  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  async console(command: string): Promise<string> {
    const { execFile } = await import('node:child_process');
    const args = [...this.program.prefix, '-C', join(this.input.folders.etc, 'asterisk.conf'), '-rx', command];
    return new Promise((resolve, reject) => {
      execFile(this.program.command, args, { timeout: 10_000 }, (error, stdout) => (error ? reject(error) : resolve(stdout)));
    });
  }

  #prepareFolders(): void {
    const { etc, state, run, log, spool } = this.input.folders;
    // The data folder itself stays ours: hotline keeps its prompts and Redis there too.
    mkdirSync(spool, { recursive: true, mode: 0o755 });
    giveFolders([etc, state, run, log, join(spool, 'recording'), join(spool, 'monitor')], this.identity);
    // Left behind by a kill -9, it would keep the next one from opening its console.
    for (const name of readdirSync(run)) rmSync(join(run, name), { force: true });
  }

  #writeConfiguration(): void {
    const { etc } = this.input.folders;
    const rendered = renderAsteriskConfig(this.input, readAsteriskTemplates(join(projectFolder, 'dialplan', 'asterisk')));
    for (const old of readdirSync(etc)) if (!rendered.has(old)) rmSync(join(etc, old), { recursive: true });
    for (const [name, text] of rendered) {
      const file = join(etc, name);
      writeFileSync(file, text, { mode: 0o640 });
      if (this.identity?.kind === 'user') chownSync(file, this.identity.uid, this.identity.gid);
    }
  }

  async #untilReady(): Promise<void> {
    const child = this.child;
    const deadline = performance.now() + START_LIMIT_MS;
    const lastWords = (): string => {
      const file = join(this.input.folders.log, 'messages.log');
      const messages = existsSync(file)
        ? readFileSync(file, 'utf8')
            .split('\n')
            .filter((line) => /ERROR|WARNING/.test(line))
        : [];
      return [child.tail(8), ...messages.slice(-8)].join('\n');
    };
    // The port opens a good while before ARI works, so the port alone proves nothing.
    while (!(await this.#answersPing())) {
      if (!child.isRunning) throw new Error(`Asterisk ended at once. Its last words:\n${lastWords()}`);
      if (performance.now() > deadline) {
        await child.kill();
        throw new Error(
          `Asterisk did not answer on ${this.ariUrl} within ${START_LIMIT_MS / 1000} s. Its last words:\n${lastWords()}`,
        );
      }
      await pause(20);
    }
    // A SIP port that somebody else holds is only a line in Asterisk's log; it would run on, deaf.
    const bound = (await this.console('pjsip show transports').catch(() => '')).includes(`:${this.sipPort}`);
    if (!bound || (await canBindUdp(this.sipPort, this.sipHost))) {
      await child.kill();
      throw new Error(`Asterisk could not take SIP port ${this.sipPort} on ${this.sipHost}. Its last words:\n${lastWords()}`);
    }
  }

  #answersPing(): Promise<boolean> {
    const auth = `${this.ariUser}:${this.ariPassword}`;
    return new Promise((resolve) => {
      const ping = request(`${this.ariUrl}/asterisk/ping`, { auth, timeout: 1_000, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      });
      ping.once('timeout', () => ping.destroy());
      ping.once('error', () => resolve(false));
      ping.end();
    });
  }
}

async function choosePorts(options: AsteriskOptions): Promise<{ sip: number; ari: number; rtp: { from: number; to: number } }> {
  const host = options.sipHost ?? '127.0.0.1';
  const sip = options.sipPort ?? (await freePorts(1, host));
  const ari = options.ariPort ?? (await freePorts(1));
  if (options.rtp) return { sip, ari, rtp: options.rtp };
  const from = await freePorts(RTP_PORTS, host);
  return { sip, ari, rtp: { from, to: from + RTP_PORTS - 1 } };
}

/**
 * As root we do not let a program that talks to the network be root too. It becomes `asterisk`, else `nobody`; where those cannot
 * reach the folders (a clone below /root), it stays root without any capability.
 */
function chooseIdentity(mustReach: readonly string[]): Identity | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const folder of mustReach) mkdirSync(folder, { recursive: true, mode: 0o755 });
  if (!mustReach.every(isReachableByAll)) return { kind: 'bare' };
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'asterisk') ?? users.find(([name]) => name === 'nobody');
  if (user === undefined) return { kind: 'bare' };
  return { kind: 'user', uid: Number(user[2]), gid: Number(user[3]) };
}

let ownHostNameNeeded: Promise<boolean> | undefined;
/**
 * Asterisk's SIP stack looks this machine's own name up, for IPv4 and for IPv6, when it starts and at calls. Where the name is unknown and the
 * DNS server silent, that takes 20 s; a host name of its own that needs no look-up avoids it without touching the machine.
 */
function needsOwnHostName(): Promise<boolean> {
  ownHostNameNeeded ??= (async () => {
    if (await ownNameIsKnownSoon()) return false;
    if (canGiveOwnHostName()) return true;
    process.stderr.write(
      `hotline: the name of this machine, ${hostname()}, cannot be looked up; calls may wait 20 s. Put "127.0.0.1 ${hostname()}" into /etc/hosts.\n`,
    );
    return false;
  })();
  return ownHostNameNeeded;
}

async function ownNameIsKnownSoon(): Promise<boolean> {
  const found = (family: 4 | 6): Promise<boolean> =>
    lookup(hostname(), { family }).then(
      () => true,
      () => false,
    );
  // No IPv6 address is fine; being told so late is not.
  const answered = Promise.all([found(4), found(6)]).then(([known]) => known);
  return Promise.race([answered, pause(NAME_LOOKUP_LIMIT_MS, false, { ref: false })]);
}
