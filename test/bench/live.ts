import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { RedisStore } from '../../src/adapters/redis/redis-store.js';
import { freePorts } from '../../src/cli/stack/ports.js';
import type { Board } from '../../src/service-level/views.js';
import { SILENT } from '../support/domain-world.js';
import { buildHotline, HotlineProcess } from '../support/house-process.js';
import { startTestStack } from '../support/stack.js';
import type { FromPages, ToPages } from './live-pages.js';
import { writeLiveSite } from './live-site.js';
import { rounded } from './percentiles.js';

/**
 * From an event to 500 pages: `hotline serve` with the simulated switch, its own Redis and history, 20 calls a second, the pages in processes of their
 * own on the same machine. An event's time is the moment of its fact, which is before the commit; its end is the arrival of the frame that
 * has it. Up to 250 ms of it are the feed's own pause between two frames. Then the same with one more page that has stopped reading.
 */
const PAGES = Number(process.env.LIVE_PAGES ?? 500);
const SECONDS = Number(process.env.LIVE_SECONDS ?? 15);
const PROCESSES = 2;
const WARM_UP_S = 20;
const DOMAIN = 'bench-live';

interface Span {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly bytesPerPageS: number;
  readonly callsPerS: number;
  readonly factsPerS: number;
  readonly serverCpu: number;
  readonly pagesCpu: number;
  readonly lost: number;
}

export async function liveBench(say: (line: string) => void): Promise<object> {
  const clean: (() => Promise<void>)[] = [];
  try {
    return await run(say, clean);
  } finally {
    for (const step of clean.reverse()) await step();
  }
}

async function run(say: (line: string) => void, clean: (() => Promise<void>)[]): Promise<object> {
  const stack = await startTestStack({ teardown: (step) => clean.push(step), passing: () => true }, { redis: true });
  const folder = join(stack.folder, 'live');
  mkdirSync(folder, { recursive: true });
  const program = await buildHotline(folder);
  const config = writeLiveSite(folder, DOMAIN);
  const url = `http://127.0.0.1:${await freePorts(1)}`;
  const env = {
    PATH: process.env.PATH,
    HOTLINE_REDIS_URL: stack.redis.url,
    HOTLINE_HTTP: url.slice(7),
    HOTLINE_LOG_LEVEL: 'warn',
  };
  const hotline = new HotlineProcess({ program, config, url, env, logFile: join(folder, 'hotline.log') });
  clean.push(async () => void (await hotline.stop()));
  await hotline.start();
  const store = await RedisStore.connect({ url: stack.redis.url, domain: DOMAIN, log: SILENT });
  clean.push(() => store.close());
  const server = new ServerProcess(hotline.child.pid as number);
  const crowd = new Crowd(clean);
  const live = url.replace('http', 'ws');
  await pause(WARM_UP_S * 500);
  // The server takes 500 pages at most: the slow one is one of them.
  const opening = performance.now();
  await crowd.open(`${live}/api/v1/live`, PAGES);
  say(`${PAGES} pages connected in ${((performance.now() - opening) / 1_000).toFixed(1)} s`);
  await pause(WARM_UP_S * 500);

  const alone = await measure(crowd, server, store);
  tell(say, 'all pages read', alone);
  await crowd.stopReading();
  await pause(1_000);
  const besideSlow = await measure(crowd, server, store);
  tell(say, 'one page has stopped reading', besideSlow);
  const slow = await crowd.readAgain();
  say(
    `when it reads again: ${slow.leftOut} frames were left out for it, ${slow.snapshots} snapshots came, ${slow.inStep ? 'in step' : 'NOT in step'} with the others`,
  );
  const boards = await crowd.boards();
  const figures = await compare(url, boards.boards);
  say(`${boards.boards.length} pages kept their boards: ${figures}`);
  const { lost, ...first } = alone;
  return {
    pages: PAGES,
    ...first,
    rssMb: rounded(server.mostMb, 0),
    besideSlow: { p50Ms: besideSlow.p50Ms, p95Ms: besideSlow.p95Ms, p99Ms: besideSlow.p99Ms },
    slow,
    lost: lost + besideSlow.lost,
    gaps: boards.gaps,
    load: rounded(loadavg()[0] as number, 1),
  };
}

function tell(say: (line: string) => void, what: string, span: Span): void {
  say(
    `${what}: event to page p50 ${span.p50Ms} ms, p95 ${span.p95Ms} ms, p99 ${span.p99Ms} ms at ${span.callsPerS} calls/s (${span.factsPerS} facts/s); ` +
      `${span.bytesPerPageS} bytes per page and second; server ${span.serverCpu} of a core, all pages ${span.pagesCpu}`,
  );
}

async function measure(crowd: Crowd, server: ServerProcess, store: RedisStore): Promise<Span> {
  await crowd.measure();
  server.begin();
  const began = performance.now();
  const fromMs = Date.now();
  for (let second = 0; second < SECONDS; second++) {
    await pause(1_000);
    server.look();
  }
  const seconds = (performance.now() - began) / 1_000;
  const serverCpu = server.cpuMs() / seconds / 1_000;
  const { frames, bytes, lost, cpuMs } = await crowd.report();
  const moments = new Map<number, number>();
  let calls = 0;
  // From a little before, since a frame tells of what has just been.
  for (let after = await store.seqBefore(fromMs - 5_000); ; ) {
    const facts = await store.facts(after, 5_000);
    for (const fact of facts) {
      moments.set(fact.seq, fact.atMs);
      if (fact.kind === 'callArrived' && fact.atMs >= fromMs && fact.atMs < fromMs + seconds * 1_000) calls += 1;
    }
    if (facts.length === 0) break;
    after = facts.at(-1)?.seq ?? after;
  }
  const delays = new Delays();
  for (let i = 0; i < frames.length; i += 3) {
    const [from, to, atMs] = [frames[i] as number, frames[i + 1] as number, frames[i + 2] as number];
    for (let seq = from + 1; seq <= to; seq++) {
      const moment = moments.get(seq);
      if (moment !== undefined) delays.add(atMs - moment);
    }
  }
  return {
    p50Ms: delays.percentile(0.5),
    p95Ms: delays.percentile(0.95),
    p99Ms: delays.percentile(0.99),
    bytesPerPageS: Math.round(bytes / PAGES / seconds),
    callsPerS: rounded(calls / seconds, 1) as number,
    factsPerS: Math.round(delays.count / PAGES / seconds),
    serverCpu: rounded(serverCpu, 2) as number,
    pagesCpu: rounded(cpuMs / seconds / 1_000, 2) as number,
    lost,
  };
}

/** Every page that keeps its board must show, of the same fact, what the others show, and the server's own figures at the end. */
async function compare(url: string, boards: readonly Board[]): Promise<string> {
  const told = (board: Board): string => JSON.stringify({ ...board, atMs: 0 });
  const [first] = boards;
  if (!first) return 'none';
  const different = boards.filter((board) => board.seq === first.seq && told(board) !== told(first)).length;
  if (different > 0) throw new Error(`${different} pages show something else of the same fact`);
  const now = (await (await fetch(`${url}/api/v1/board`)).json()) as Board;
  const rows = (board: Board): number => board.queues.length + board.agents.length;
  if (rows(now) !== rows(first)) throw new Error('the pages have lost rows');
  return `equal at fact ${first.seq}`;
}

class Delays {
  readonly #byMs = new Uint32Array(60_001);
  count = 0;

  add(ms: number): void {
    const at = Math.min(this.#byMs.length - 1, Math.max(0, Math.ceil(ms)));
    this.#byMs[at] = (this.#byMs[at] as number) + 1;
    this.count += 1;
  }

  percentile(p: number): number {
    let left = Math.ceil(p * this.count);
    for (let ms = 0; ms < this.#byMs.length; ms++) {
      left -= this.#byMs[ms] as number;
      if (left <= 0) return ms;
    }
    return this.#byMs.length;
  }
}

/** What Linux says of a process. */
class ServerProcess {
  mostMb = 0;
  #cpuFrom = 0;

  constructor(private readonly pid: number) {}

  begin(): void {
    this.#cpuFrom = this.#cpu();
    this.look();
  }

  look(): void {
    const kb = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1]);
    this.mostMb = Math.max(this.mostMb, kb / 1_024);
  }

  cpuMs(): number {
    return this.#cpu() - this.#cpuFrom;
  }

  /** In clock ticks of 10 ms, user and system, all threads. */
  #cpu(): number {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }
}

/** The processes with the pages. */
class Crowd {
  readonly #processes: ChildProcess[];

  constructor(clean: (() => Promise<void>)[]) {
    const file = join(import.meta.dirname, 'live-pages.ts');
    this.#processes = Array.from({ length: PROCESSES }, () =>
      fork(file, { execArgv: ['--import', 'tsx'], serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
    );
    clean.push(async () => {
      for (const each of this.#processes) each.kill();
    });
  }

  async open(url: string, pages: number): Promise<void> {
    const share = Math.ceil(pages / PROCESSES);
    await Promise.all(
      this.#processes.map((each, i) => {
        const slow = i === 0;
        const count = Math.min(share, pages - i * share) - (slow ? 1 : 0);
        return ask(each, { kind: 'open', url, pages: count, slow }, 'opened');
      }),
    );
  }

  async measure(): Promise<void> {
    await Promise.all(this.#processes.map((each) => ask(each, { kind: 'measure' }, 'done')));
  }

  async report(): Promise<{ frames: Float64Array; bytes: number; lost: number; cpuMs: number }> {
    const reports = await Promise.all(this.#processes.map((each) => ask(each, { kind: 'report' }, 'report')));
    const frames = new Float64Array(reports.reduce((sum, each) => sum + each.frames.length, 0));
    let at = 0;
    for (const each of reports) {
      frames.set(each.frames, at);
      at += each.frames.length;
    }
    const sum = (of: (each: (typeof reports)[number]) => number): number => reports.reduce((total, each) => total + of(each), 0);
    return { frames, bytes: sum((each) => each.bytes), lost: sum((each) => each.lost), cpuMs: sum((each) => each.cpuMs) };
  }

  async stopReading(): Promise<void> {
    await ask(this.#first, { kind: 'stopReading' }, 'done');
  }

  async readAgain(): Promise<{ leftOut: number; snapshots: number; inStep: boolean }> {
    const { leftOut, snapshots, inStep } = await ask(this.#first, { kind: 'readAgain' }, 'slow');
    return { leftOut, snapshots, inStep };
  }

  async boards(): Promise<{ boards: Board[]; gaps: number }> {
    const answers = await Promise.all(this.#processes.map((each) => ask(each, { kind: 'boards' }, 'boards')));
    return { boards: answers.flatMap((each) => [...each.boards]), gaps: answers.reduce((sum, each) => sum + each.gaps, 0) };
  }

  get #first(): ChildProcess {
    return this.#processes[0] as ChildProcess;
  }
}

function ask<K extends FromPages['kind']>(
  child: ChildProcess,
  message: ToPages,
  kind: K,
): Promise<Extract<FromPages, { kind: K }>> {
  return new Promise((resolve, reject) => {
    const hear = (answer: FromPages): void => {
      if (answer.kind !== kind) return;
      child.off('message', hear);
      resolve(answer as Extract<FromPages, { kind: K }>);
    };
    child.on('message', hear);
    child.once('exit', (code) => reject(new Error(`the pages ended: ${code}`)));
    child.send(message);
  });
}
