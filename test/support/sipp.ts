import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeAlaw } from './phone/g711.js';
import { toneSamples } from './tone.js';

/** Runs SIPp (Debian: sip-tester) on a scenario of test/sipp, with a limit of time, free ports and a folder for its logs. */

export const SIPP_SCENARIOS = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../sipp');

export interface SippOptions {
  /** File name in test/sipp, without `.xml`. */
  readonly scenario: string;
  /** Gets the scenario as it was run, logs and statistics; made when it is not there. */
  readonly folder: string;
  /** The SIP server, for callers. Agents take what comes and need none. */
  readonly remote?: { readonly host: string; readonly port: number };
  /** Number dialled (`[service]`). */
  readonly service?: string;
  /** Numbers calling, used in turn. */
  readonly callers?: readonly string[];
  /** Calls in all; without it an agent serves until it is stopped. Default for callers: one per number. */
  readonly calls?: number;
  readonly ratePerSecond?: number;
  readonly atOnce?: number;
  /** Local SIP port; free by default. */
  readonly port?: number;
  /** Values of `[name]` in the messages: `key1`, `key2`. */
  readonly keys?: Readonly<Record<string, string>>;
  /** Milliseconds of the steps that carry `display="name"`: `stayMs`, `ringMs`, `talkMs`, `beforeKeyMs`. */
  readonly pauses?: Readonly<Record<string, number>>;
  /** Frequency of `tone.alaw`, which the scenarios stream. */
  readonly toneHz?: number;
  /** SIPp is stopped after this. Default 60 s. */
  readonly withinMs?: number;
  readonly binary?: string;
}
export interface SippResult {
  /** 0: all calls went as written; 1: some did not; null: ended by a signal. */
  readonly exitCode: number | null;
  /** It did not end within its time. */
  readonly late: boolean;
  readonly created: number;
  readonly successful: number;
  readonly failed: number;
  /** What SIPp says went wrong; empty when nothing did. */
  readonly errors: string;
  /** All columns of the last line of its statistics. */
  readonly statistics: Readonly<Record<string, string>>;
}
export interface RunningSipp {
  readonly pid: number;
  readonly port: number;
  readonly folder: string;
  readonly done: Promise<SippResult>;
  /** Counts so far (SIPp writes them once a second). */
  counts(): Pick<SippResult, 'created' | 'successful' | 'failed'>;
  /** Takes no new call, lets open calls end for up to `graceMs`, then kills. */
  stop(graceMs?: number): Promise<SippResult>;
}

/** A UDP port of loopback that is free now. Even ports only, since RTP takes the next one for RTCP. */
export async function freeUdpPort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((resolve, reject) => {
      const socket = createSocket('udp4');
      socket.once('error', reject);
      socket.bind(0, host, () => {
        const { port: given } = socket.address();
        socket.close(() => resolve(given));
      });
    });
    if (port % 2 === 0) return port;
  }
}

/** Starts SIPp and returns as soon as it runs. */
export async function startSipp(options: SippOptions): Promise<RunningSipp> {
  const folder = path.resolve(options.folder);
  mkdirSync(folder, { recursive: true });
  // SIPp appends; what an earlier run left here would be read as this one's.
  for (const old of readdirSync(folder))
    if (/^(errors.*\.log|statistics\.csv|said\.log)$/.test(old)) rmSync(path.join(folder, old));
  const port = options.port ?? (await freeUdpPort());
  const mediaPort = await freeUdpPort();
  const scenario = path.join(folder, `${options.scenario}.xml`);
  const source = readFileSync(path.join(SIPP_SCENARIOS, `${options.scenario}.xml`), 'utf8');
  writeFileSync(scenario, withPauses(source, options.pauses ?? {}));
  writeFileSync(path.join(folder, 'tone.alaw'), encodeAlaw(toneSamples(options.toneHz ?? 1000, 2)));
  const callers = options.callers ?? ['13800000001'];
  for (const caller of callers)
    if (!/^[\w+*#.-]+$/.test(caller)) throw new Error(`"${caller}" is not a number that SIPp can carry`);
  writeFileSync(path.join(folder, 'callers.csv'), `SEQUENTIAL\n${callers.join('\n')}\n`);
  const calls = options.calls ?? (options.remote === undefined ? null : callers.length);
  const withinMs = options.withinMs ?? 60_000;
  const args = [
    ...(options.remote === undefined ? [] : [`${options.remote.host}:${options.remote.port}`]),
    ...['-sf', scenario, '-inf', path.join(folder, 'callers.csv')],
    ...['-i', '127.0.0.1', '-mi', '127.0.0.1', '-p', `${port}`, '-mp', `${mediaPort}`],
    ...['-nostdin', '-aa', '-trace_err', '-error_file', path.join(folder, 'errors.log')],
    ...['-trace_stat', '-stf', path.join(folder, 'statistics.csv'), '-fd', '1'],
    // What the scenario says of itself.
    ...(source.includes('<log ') ? ['-trace_logs', '-log_file', path.join(folder, 'said.log')] : []),
    ...['-timeout', `${Math.ceil(withinMs / 1000)}s`],
    ...(options.service === undefined ? [] : ['-s', options.service]),
    ...(calls === null ? [] : ['-m', `${calls}`]),
    ...(options.ratePerSecond === undefined ? [] : ['-r', `${options.ratePerSecond}`]),
    ...(options.atOnce === undefined ? [] : ['-l', `${options.atOnce}`]),
    ...Object.entries(options.keys ?? {}).flatMap(([name, value]) => ['-key', name, value]),
  ];
  const screen = openSync(path.join(folder, 'screen.log'), 'w');
  // It runs in its folder, because the scenarios name tone.alaw without a path.
  const child = spawn(options.binary ?? 'sipp', args, { cwd: folder, stdio: ['ignore', screen, screen] });
  closeSync(screen);
  const running = follow(child, folder, withinMs);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new Error(`SIPp cannot be started (Debian package sip-tester): ${error.message}`)));
  });
  return { pid: child.pid as number, port, folder, ...running };
}

/** Runs SIPp to its end. */
export async function runSipp(options: SippOptions): Promise<SippResult> {
  return (await startSipp(options)).done;
}

function follow(child: ChildProcess, folder: string, withinMs: number): Pick<RunningSipp, 'done' | 'counts' | 'stop'> {
  let late = false;
  const done = new Promise<SippResult>((resolve) => {
    // SIPp's own limit comes first; this one is for a SIPp that hangs.
    const limit = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, withinMs + 3000);
    child.once('exit', (exitCode) => {
      clearTimeout(limit);
      const statistics = readStatistics(folder);
      const errors = readAll(folder, /errors.*\.log$/);
      resolve({ exitCode, late, ...countsOf(statistics), errors, statistics });
    });
  });
  const stop = async (graceMs = 1000): Promise<SippResult> => {
    // SIGUSR1 is SIPp's key `q`: no new calls, open ones may end.
    child.kill('SIGUSR1');
    const hard = setTimeout(() => child.kill('SIGKILL'), graceMs);
    const result = await done;
    clearTimeout(hard);
    return result;
  };
  return { done, stop, counts: () => countsOf(readStatistics(folder)) };
}

/** Puts the wanted milliseconds into the steps that carry `display="name"`. An unknown name is an error: the test would measure something else. */
function withPauses(xml: string, pauses: Readonly<Record<string, number>>): string {
  let text = xml;
  for (const [name, ms] of Object.entries(pauses)) {
    const step = new RegExp(`<(?:pause|recv)\\b[^>]*\\bdisplay="${name}"[^>]*>`, 'g');
    if (!step.test(text)) throw new Error(`the scenario has no step named ${name}`);
    text = text.replace(step, (found) => found.replace(/\b(milliseconds|timeout)="\d+"/, `$1="${Math.round(ms)}"`));
  }
  return text;
}

function readStatistics(folder: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(path.join(folder, 'statistics.csv'), 'utf8');
  } catch {
    return {};
  }
  const lines = text.trim().split('\n');
  const last = lines.length > 1 ? (lines.at(-1) as string).split(';') : [];
  return Object.fromEntries((lines[0] ?? '').split(';').map((name, i) => [name, last[i] ?? '']));
}
const countsOf = (statistics: Record<string, string>): Pick<SippResult, 'created' | 'successful' | 'failed'> => ({
  created: Number(statistics.TotalCallCreated ?? 0),
  successful: Number(statistics['SuccessfulCall(C)'] ?? 0),
  failed: Number(statistics['FailedCall(C)'] ?? 0),
});
function readAll(folder: string, name: RegExp): string {
  return (
    readdirSync(folder)
      .filter((file) => name.test(file))
      .map((file) => readFileSync(path.join(folder, file), 'utf8'))
      .join('\n')
      .split('\n')
      // A step whose time ran out and that says where to go on is no error, nor is the heading.
      .filter((line) => !/^The following events occurred|jumping to label|^\s*$/.test(line))
      .join('\n')
  );
}
