import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type RunningAsterisk, startAsterisk } from './asterisk.js';
import { Child, type ChildExit, isAlive } from './child.js';
import { type Demo, startDemo } from './demo.js';
import { type DemoUsers, openDemoUsers, signInRows } from './demo-users.js';
import { projectFolder } from './places.js';
import { freePortFrom, freePorts, isPortFree } from './ports.js';
import { type RunningRedis, startRedis } from './redis.js';
import { removeRunningHouse, writeRunningHouse } from './running-house.js';
import { openSecrets, type Secrets } from './secrets.js';
import type { House, UpOptions } from './up-options.js';

/** Prompts are spoken at the first start, which takes a while on a slow machine. */
const READY_LIMIT_MS = 180_000;
/** hotline is started again after a death; so many deaths in a row, each sooner than this after its start, are a mistake and not bad luck. */
const EARLY_DEATH_MS = 10_000;
const EARLY_DEATHS_ALLOWED = 5;

/**
 * Starts everything, says where to dial and look, and stays until it is told to end. Resolves with the exit code: 0 ended as asked, 1 something
 * could not be started or kept, 130 ended by force.
 */
export async function runUp(options: UpOptions, house: House): Promise<number> {
  const stack = new Stack(options, house);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  let asked = 0;
  const onSignal = (): void => {
    asked += 1;
    if (asked > 1) {
      stack.killAll();
      process.exit(130);
    }
    say('\nEnding ... (once more to force) / 正在停止，再按一次强制结束');
    stack.ask(0);
  };
  for (const signal of signals) process.on(signal, onSignal);
  try {
    await stack.start();
  } catch (error) {
    if (!stack.isAsked) {
      say(`hotline: ${(error as Error).message}`);
      stack.ask(1);
    }
  }
  const code = await stack.asked;
  await stack.stop();
  for (const signal of signals) process.off(signal, onSignal);
  return code;
}

class Stack {
  readonly asked: Promise<number>;
  #resolveAsked: (code: number) => void = () => undefined;
  #isAsked = false;
  readonly #options: UpOptions;
  readonly #house: House;
  #redis: RunningRedis | null = null;
  #asterisk: RunningAsterisk | null = null;
  #hotline: Child | null = null;
  #demo: Demo | null = null;
  #demoUsers: DemoUsers | null = null;
  #lockFile: string | null = null;

  constructor(options: UpOptions, house: House) {
    this.#options = options;
    this.#house = house;
    this.asked = new Promise((resolve) => {
      this.#resolveAsked = resolve;
    });
  }

  get isAsked(): boolean {
    return this.#isAsked;
  }

  ask(code: number): void {
    this.#isAsked = true;
    this.#resolveAsked(code);
  }

  async start(): Promise<void> {
    const options = this.#options;
    mkdirSync(options.data, { recursive: true, mode: 0o755 });
    this.#lock();
    const secrets = openSecrets(options.data);
    if (options.demo) this.#demoUsers = await openDemoUsers(options, this.#house);
    const httpPort = await this.#port('http', options.httpPort, options.httpHost);
    const phones = options.demo ? this.#demoPhones() : new Map<string, number>();
    // One more than there are phones: the trunk leads there.
    const customersPort = options.demo ? await freePorts((phones.size + 1) * 2) : 0;
    for (const [index, name] of [...phones.keys()].entries()) phones.set(name, customersPort + (index + 1) * 2);
    const trunkContact = options.demo ? `sip:127.0.0.1:${customersPort}` : null;
    await Promise.all([this.#startRedis(), options.simulated ? undefined : this.#startAsterisk(secrets, phones, trunkContact)]);
    this.#refuseIfAsked();
    const url = `http://${options.httpHost}:${httpPort}`;
    await this.#startHotline(secrets, url);
    this.#refuseIfAsked();
    this.#summary(secrets, url);
    if (options.demo && this.#asterisk) {
      this.#demo = await startDemo({
        options,
        house: this.#house,
        asterisk: this.#asterisk,
        phones,
        customersPort,
        apiUrl: localUrl(url),
        token: secrets.apiToken,
        onDeath: say,
      });
      say(`Demonstration: ${phones.size} agents, ${options.demoCallsPerMinute} calls a minute / 演示已开始`);
      if (options.overlay !== null) say(`What is different for it: ${join(options.config, `${options.overlay}.yaml`)}`);
      say('');
    }
  }

  /** In reverse order; every step runs though one fails. */
  async stop(): Promise<void> {
    const steps = [
      () => this.#demo?.stop(),
      () => this.#hotline?.stop(10_000),
      () => this.#asterisk?.stop(),
      () => this.#redis?.stop(),
    ];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        say(`hotline: while ending: ${(error as Error).message}`);
      }
    }
    this.#unlock();
  }

  killAll(): void {
    this.#demo?.kill();
    for (const child of [this.#hotline, this.#asterisk?.child, this.#redis?.child]) child?.signal('SIGKILL');
    this.#unlock();
  }

  #refuseIfAsked(): void {
    if (this.#isAsked) throw new Error('ended while starting');
  }

  /** Two starts on one data folder would share one Redis file and one set of ports. */
  #lock(): void {
    const file = join(this.#options.data, 'up.pid');
    const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
    if (Number.isInteger(pid) && pid > 1 && pid !== process.pid && isAlive(pid) && isOurs(pid)) {
      throw new Error(`it runs already with this data folder (process ${pid}): end that one, or give another folder by --data`);
    }
    writeFileSync(file, `${process.pid}\n`);
    this.#lockFile = file;
  }

  #unlock(): void {
    if (this.#lockFile === null) return;
    removeRunningHouse(this.#options.data);
    rmSync(this.#lockFile, { force: true });
  }

  async #port(which: 'http' | 'sip', wanted: number, host: string): Promise<number> {
    const { fixed } = this.#options;
    if (await isPortFree(wanted, host)) return wanted;
    if (fixed[which])
      throw new Error(`port ${wanted} on ${host} is in use: end what uses it, or give another one by --${which}-port`);
    const port = await freePortFrom(wanted + 1, host);
    say(`Port ${wanted} is in use; ${port} is taken instead.`);
    return port;
  }

  #demoPhones(): Map<string, number> {
    return new Map(this.#house.agents.filter(({ phone }) => phone !== this.#options.ownPhone).map(({ phone }) => [phone, 0]));
  }

  async #startRedis(): Promise<void> {
    this.#redis = await startRedis({
      folder: join(this.#options.data, 'redis'),
      env: this.#options.env,
      url: this.#options.redisUrl,
    });
    say(`Redis: ${this.#redis.origin}`);
    this.#keep(
      'Redis',
      () => this.#redis?.child ?? null,
      () => this.#redis?.start(),
    );
  }

  async #startAsterisk(secrets: Secrets, demoPhones: ReadonlyMap<string, number>, trunkContact: string | null): Promise<void> {
    const options = this.#options;
    const names = [...new Set([...this.#house.agents.map(({ phone }) => phone), options.ownPhone])];
    const sipPort = await this.#port('sip', options.sipPort, options.sipHost);
    const rtp = options.fixed.rtp || (await isPortFree(options.rtp.from, options.sipHost)) ? options.rtp : await this.#otherRtp();
    this.#asterisk = await startAsterisk({
      folder: join(options.data, 'asterisk'),
      data: options.data,
      env: options.env,
      program: options.asterisk,
      sipHost: options.sipHost,
      sipPort,
      rtp,
      ariPassword: secrets.ariPassword,
      phones: names.map((name) => {
        const port = demoPhones.get(name);
        if (port === undefined) return { name, password: secrets.phonePassword(name), contact: null };
        return { name, password: null, contact: `sip:${name}@127.0.0.1:${port}` };
      }),
      trunks: [{ name: 'trunk', match: '127.0.0.1', contact: trunkContact }],
      ownNumbers: this.#house.numbers,
      fallback: {
        announcements: this.#house.fallbackAnnouncements ?? [],
        ...(this.#house.goodbyePrompt === undefined ? {} : { goodbye: this.#house.goodbyePrompt }),
        members: names,
      },
    });
    say(`Asterisk ${this.#asterisk.version}: ${this.#asterisk.origin}`);
    this.#keep(
      'Asterisk',
      () => this.#asterisk?.child ?? null,
      () => this.#asterisk?.start(),
    );
  }

  async #otherRtp(): Promise<{ from: number; to: number }> {
    const from = await freePorts(1_000, this.#options.sipHost);
    return { from, to: from + 999 };
  }

  async #startHotline(secrets: Secrets, url: string): Promise<void> {
    const first = this.#spawnHotline(secrets, url);
    this.#hotline = first;
    const started = performance.now();
    let said = started;
    while (!(await isReady(localUrl(url)))) {
      if (this.#isAsked) return;
      if (!first.isRunning) {
        const { code } = await first.exited;
        throw new Error(
          `the service ended while starting (exit code ${code ?? 'none'}). Its last words:\n${indented(first.tail())}`,
        );
      }
      if (performance.now() - started > READY_LIMIT_MS) {
        throw new Error(
          `the service was not ready after ${READY_LIMIT_MS / 1000} s. Its last words:\n${indented(first.tail())}\nThe whole log: ${first.logFile}`,
        );
      }
      if (performance.now() - said > 5_000) {
        said = performance.now();
        say(`  hotline is starting${spokenSoFar(first.tail())} ... ${Math.round((said - started) / 1000)} s`);
      }
      await pause(100);
    }
    let early = 0;
    let startedAt = performance.now();
    this.#keep(
      'hotline',
      () => this.#hotline,
      async () => {
        early = performance.now() - startedAt < EARLY_DEATH_MS ? early + 1 : 0;
        if (early >= EARLY_DEATHS_ALLOWED) throw new Error(`it died ${early} times in a row soon after its start`);
        await pause(Math.min(5_000, 250 * 2 ** early));
        startedAt = performance.now();
        if (!this.#isAsked) this.#hotline = this.#spawnHotline(secrets, url);
      },
    );
  }

  #spawnHotline(secrets: Secrets, url: string): Child {
    const { data } = this.#options;
    const env = this.#hotlineEnvironment(secrets, url);
    writeRunningHouse(data, env);
    return Child.start({
      name: 'hotline',
      command: process.execPath,
      args: [join(projectFolder, 'dist', 'cli', 'hotline.js'), 'serve'],
      logFile: join(data, 'log', 'hotline.log'),
      cwd: projectFolder,
      env,
    });
  }

  #hotlineEnvironment(secrets: Secrets, url: string): Record<string, string | undefined> {
    const { env, config, overlay, data, simulated } = this.#options;
    return {
      ...env,
      HOTLINE_CONFIG: config,
      HOTLINE_OVERLAY: overlay ?? undefined,
      HOTLINE_DATA: data,
      HOTLINE_SWITCH: simulated ? 'simulated' : env.HOTLINE_SWITCH,
      HOTLINE_REDIS_URL: this.#redis?.url,
      HOTLINE_HTTP: new URL(url).host,
      HOTLINE_API_TOKEN_FILE: secrets.apiTokenFile,
      ...(this.#demoUsers && { HOTLINE_USERS_FILE: this.#demoUsers.usersFile }),
      HOTLINE_RECORDINGS: this.#asterisk?.folders.recordings,
      HOTLINE_ARI_URL: this.#asterisk?.ariUrl,
      HOTLINE_ARI_USER: this.#asterisk?.ariUser,
      HOTLINE_ARI_PASSWORD: this.#asterisk?.ariPassword,
    };
  }

  /** Watches a child: a death that nobody asked for is told with its last words, and it is started again. */
  #keep(name: string, current: () => Child | null, restart: () => Promise<void> | undefined): void {
    const child = current();
    if (child === null) return;
    void child.exited.then(async (exit) => {
      if (exit.asked || this.#isAsked) return;
      say(
        `\n${name} ended unexpectedly (${howItEnded(exit)}). Its last words:\n${indented(child.tail())}\nThe whole log: ${child.logFile}`,
      );
      try {
        await restart();
        if (this.#isAsked) return;
        say(`${name} was started again.`);
        this.#keep(name, current, restart);
      } catch (error) {
        say(`${name} could not be started again: ${(error as Error).message}`);
        this.ask(1);
      }
    });
  }

  #summary(secrets: Secrets, url: string): void {
    const { ownPhone, data, simulated } = this.#options;
    const asterisk = this.#asterisk;
    const rows: Array<[string, string]> = [];
    if (asterisk) {
      const server = `${asterisk.sipHost === '0.0.0.0' ? '<this machine>' : asterisk.sipHost}:${asterisk.sipPort}`;
      rows.push([
        'Dial / 拨打',
        `${this.#house.numbers.join(', ')}   (sip:${this.#house.numbers[0] ?? ''}@${server}, from this machine without an account)`,
      ]);
      rows.push([
        'SIP account / 话机',
        `user ${ownPhone}, password ${secrets.phonePassword(ownPhone)}, server ${server} (UDP or TCP)`,
      ]);
    } else if (simulated) {
      rows.push(['Switch / 交换机', 'simulated: no phones, the wallboard lives by itself']);
    }
    rows.push(['Page / 页面', `${localUrl(url)}/`]);
    if (this.#demoUsers) rows.push(...signInRows(this.#demoUsers));
    rows.push(['API', `${localUrl(url)}/docs   token in ${secrets.apiTokenFile}`]);
    rows.push([
      'Logs / 日志',
      `${join(data, 'log', 'hotline.log')}${asterisk ? `, ${join(asterisk.folders.log, 'messages.log')}` : ''}`,
    ]);
    say(`\nhotline is ready / 热线已就绪\n`);
    for (const [label, text] of rows) say(`  ${label.padEnd(label.length + Math.max(0, 22 - width(label)))}${text}`);
    say('\n  Ctrl-C ends everything / 按 Ctrl-C 结束\n');
  }
}

/** At the first start the prompts are spoken; how far that is, from the last lines of the log. */
export function spokenSoFar(log: string): string {
  const last = [...log.matchAll(/"done":(\d+),"of":(\d+),[^\n]*prompts are being spoken/g)].at(-1);
  return last ? ` (at the first start it speaks its prompts: ${last[1]} of ${last[2]})` : '';
}

/** Chinese letters are two columns wide. */
const width = (text: string): number => [...text].reduce((sum, letter) => sum + (letter > '\u2e80' ? 2 : 1), 0);

const indented = (text: string): string => text.replace(/^/gm, '    | ');

function howItEnded({ code, signal }: ChildExit): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}

function localUrl(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}

/** Whether process `pid` is a start like this one; a process id is soon somebody else's. */
function isOurs(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('hotline');
  } catch {
    return true;
  }
}

async function isReady(url: string): Promise<boolean> {
  // A refused connection is quicker told by the socket than by fetch, which waits and throws.
  if (!(await accepts(new URL(url)))) return false;
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })).status === 200;
  } catch {
    return false;
  }
}

function accepts({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''));
    const done = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.setTimeout(1_000, () => done(false));
    socket.once('error', () => done(false));
    socket.once('connect', () => done(true));
  });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
