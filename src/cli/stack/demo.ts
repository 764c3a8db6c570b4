import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RunningAsterisk } from './asterisk.js';
import { Child } from './child.js';
import { startDemoBank } from './demo-bank.js';
import { CALLER_KINDS, type CallerKind, RUSH, rowsOf, scenarioOf } from './demo-callers.js';
import { onPath, projectFolder } from './places.js';
import { freePorts } from './ports.js';
import type { House, UpOptions } from './up-options.js';

export interface DemoSetting {
  readonly options: UpOptions;
  readonly house: House;
  readonly asterisk: RunningAsterisk;
  /** Phone -> its SIP port on 127.0.0.1. */
  readonly phones: ReadonlyMap<string, number>;
  /** Where the trunk leads: who is called back answers there. */
  readonly customersPort: number;
  readonly apiUrl: string;
  readonly token: string;
  /** Told when a played phone dies although nobody asked. */
  readonly onDeath: (what: string) => void;
}

export interface Demo {
  stop(): Promise<void>;
  kill(): void;
}

/** How often the played agents are looked after: one who missed a call becomes ready again. */
const ROUND_MS = 5_000;
/** SIPp takes a port for the sound of each call, from this many. */
const MEDIA_PORTS = 100;

/** Plays agents and callers by SIPp over real SIP, and signs the agents in by the public API. */
export async function startDemo(setting: DemoSetting): Promise<Demo> {
  const sipp = onPath(setting.options.env, ['sipp']);
  if (sipp === null) throw new Error('the demonstration needs SIPp: apt-get install sip-tester');
  const folder = join(setting.options.data, 'demo');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  makeSound(setting.options, folder);
  const bank = await startDemoBank(setting.house.endpoints ?? [], join(folder, 'messages.log'));
  for (const url of bank.missing) setting.onDeath(`The port of ${url} is in use: look-ups and messages there are not answered.`);
  const phones: Child[] = [];
  const place: SippPlace = { sipp, folder, rtp: setting.asterisk.rtp };
  const agentScenario = readFileSync(join(scenarios, 'demo-agent.xml'), 'utf8');
  writeFileSync(join(folder, 'demo-agent.xml'), agentScenario);
  writeFileSync(
    join(folder, 'demo-customer.xml'),
    agentScenario.replace('agent.alaw', 'caller.alaw').replace('max="10000"', 'max="20000"'),
  );
  for (const [phone, port] of setting.phones) phones.push(await startSipp(place, `agent-${phone}`, 'demo-agent.xml', port, []));
  phones.push(await startSipp(place, 'customers', 'demo-customer.xml', setting.customersPort, []));
  const rounds = new AbortController();
  const agents = setting.house.agents.filter(({ phone }) => setting.phones.has(phone));
  await lookAfter(setting, agents, true);
  const watch = keepLookingAfter(setting, agents, rounds.signal);
  const callers = await startCallers(setting, place);
  const rushes = keepRushing(setting, place, rounds.signal);
  const all = [...phones, ...callers];
  let isEnding = false;
  for (const child of all) {
    void child.exited.then(({ code, signal }) => {
      if (!isEnding) setting.onDeath(`${child.name} ended unexpectedly (${signal ?? `exit code ${code}`}), see ${folder}`);
    });
  }
  return {
    async stop() {
      isEnding = true;
      bank.stop();
      rounds.abort();
      await Promise.all([watch, rushes.over, ...[...callers, ...rushes.running].map(hangUp)]);
      // What is signed in stays signed in over a restart; nobody would answer these phones then.
      await signOut(setting, agents);
      await Promise.all(phones.map((child) => child.stop(1_000)));
    },
    kill() {
      isEnding = true;
      for (const child of [...all, ...rushes.running]) child.signal('SIGKILL');
    },
  };
}

/** SIPp takes no new call at the first SIGUSR1 and hangs up what is open at the second. */
async function hangUp(child: Child): Promise<void> {
  child.signal('SIGUSR1');
  await pause(100);
  child.signal('SIGUSR1');
  await Promise.race([child.exited, pause(1_500, undefined, { ref: false })]);
  await child.stop(500);
}

const scenarios = join(projectFolder, 'scripts', 'sipp');

async function startCallers(setting: DemoSetting, place: SippPlace): Promise<Child[]> {
  if (setting.house.numbers.length === 0) throw new Error('the configuration has no number to dial');
  const started: Child[] = [];
  for (const kind of CALLER_KINDS) {
    writeCallers(setting, place, kind);
    if (kind.share === null) continue;
    const oneEveryMs = Math.round(60_000 / (setting.options.demoCallsPerMinute * kind.share));
    started.push(await startKind(setting, place, kind.name, oneEveryMs, []));
  }
  return started;
}

function writeCallers({ house }: DemoSetting, { folder }: SippPlace, kind: CallerKind): void {
  writeFileSync(join(folder, `callers-${kind.name}.csv`), rowsOf(kind, house));
  const template = readFileSync(join(scenarios, 'demo-caller.xml'), 'utf8');
  writeFileSync(join(folder, `callers-${kind.name}.xml`), scenarioOf(kind, template));
}

/** SIPp's rate is a whole number per period: one call every so many milliseconds. */
function startKind(
  { asterisk }: DemoSetting,
  place: SippPlace,
  name: string,
  oneEveryMs: number,
  more: string[],
): Promise<Child> {
  const host = asterisk.sipHost === '0.0.0.0' ? '127.0.0.1' : asterisk.sipHost;
  const rate = ['-r', '1', '-rp', String(oneEveryMs), '-l', '200'];
  const flags = ['-inf', `callers-${name}.csv`, ...rate, ...more, `${host}:${asterisk.sipPort}`];
  return startSipp(place, `callers-${name}`, `callers-${name}.xml`, null, flags);
}

/** Rushes come and end by themselves, so their end is nobody's death. */
function keepRushing(
  setting: DemoSetting,
  place: SippPlace,
  signal: AbortSignal,
): { readonly running: Set<Child>; over: Promise<void> } {
  const running = new Set<Child>();
  const rush = async (): Promise<void> => {
    await pause(RUSH.firstAfterMs, undefined, { signal });
    for (;;) {
      const child = await startKind(setting, place, RUSH.kind, RUSH.oneEveryMs, ['-m', String(RUSH.calls)]);
      running.add(child);
      void child.exited.then(() => running.delete(child));
      await pause(RUSH.everyMs, undefined, { signal });
    }
  };
  const over = rush().catch((error: unknown) => {
    if (!signal.aborted) setting.onDeath(`the rush of the demonstration could not be played: ${(error as Error).message}`);
  });
  return { running, over };
}

interface SippPlace {
  readonly sipp: string;
  readonly folder: string;
  /** Asterisk's ports for sound, to stay away from. */
  readonly rtp: { readonly from: number; readonly to: number };
}

async function startSipp(
  { sipp, folder, rtp }: SippPlace,
  name: string,
  scenario: string,
  port: number | null,
  flags: string[],
): Promise<Child> {
  const file = join(folder, scenario);
  const media = await freePorts(MEDIA_PORTS, '127.0.0.1', rtp);
  const place = ['-i', '127.0.0.1', '-mi', '127.0.0.1', '-p', String(port ?? (await freePorts(1))), '-mp', String(media)];
  // Its screen is drawn once an hour, so that the log stays small.
  const quiet = [
    '-nostdin',
    '-f',
    '3600',
    '-trace_err',
    '-error_file',
    join(folder, `${name}.errors`),
    '-ringbuffer_size',
    '1000000',
    // It would end by itself on a machine that is busy with something else now and then.
    '-watchdog_interval',
    '0',
  ];
  return Child.start({
    name: `SIPp ${name}`,
    command: sipp,
    args: ['-sf', file, '-aa', ...place, ...quiet, ...flags],
    logFile: join(folder, `${name}.log`),
    cwd: folder,
  });
}

/** What agents and callers say, spoken once; without a speech program they hum. */
function makeSound(options: UpOptions, folder: string): void {
  const words = {
    agent: ['cmn-latn-pinyin', '您好，很高兴为您服务。请问有什么可以帮您？好的，我马上为您查询。'],
    caller: ['cmn-latn-pinyin', '你好，我想问一下我的信用卡账单。'],
  } as const;
  for (const [who, [voice, text]] of Object.entries(words)) {
    const wav = join(folder, `${who}.wav`);
    const alaw = join(folder, `${who}.alaw`);
    try {
      execFileSync('espeak-ng', ['-v', voice, '-w', wav, text], { env: { ...options.env }, stdio: 'ignore' });
      execFileSync('sox', [wav, '-r', '8000', '-c', '1', '-e', 'a-law', '-t', 'al', alaw, 'pad', '0', '1.5'], {
        stdio: 'ignore',
      });
    } catch {
      // 0xd5 is silence in A-law; one second of it, since SIPp refuses to run without the file.
      writeFileSync(alaw, Buffer.alloc(8_000, 0xd5));
    }
  }
}

async function keepLookingAfter(setting: DemoSetting, agents: House['agents'], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pause(ROUND_MS, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await lookAfter(setting, agents, false).catch(() => undefined);
  }
}

interface AgentSeen {
  readonly agentId: string;
  readonly status: string;
}

/** Signs in who is not, and makes ready who is not ready. `strict`: a refusal is an error, as at the start. */
async function lookAfter(setting: DemoSetting, agents: House['agents'], strict: boolean): Promise<void> {
  const answer = (await callApi(setting, 'agents', undefined, strict)) as { agents?: AgentSeen[] } | null;
  // A busy machine that does not answer in time has not signed anybody out.
  if (!answer?.agents) return;
  const seen = new Map(answer.agents.map(({ agentId, status }) => [agentId, status]));
  for (const { id, phone } of agents) {
    const status = seen.get(id) ?? 'loggedOut';
    if (status === 'ready') continue;
    if (status === 'loggedOut')
      await callApi(setting, `agents/${encodeURIComponent(id)}/sign-in`, { phone: `sip:${phone}` }, strict);
    await callApi(setting, `agents/${encodeURIComponent(id)}/status`, { status: 'ready' }, strict);
  }
}

async function signOut(setting: DemoSetting, agents: House['agents']): Promise<void> {
  await Promise.allSettled(agents.map(({ id }) => callApi(setting, `agents/${encodeURIComponent(id)}/sign-out`, {}, false)));
}

async function callApi({ apiUrl, token }: DemoSetting, path: string, body: unknown, strict: boolean): Promise<unknown> {
  const response = await fetch(`${apiUrl}/api/v1/${path}`, {
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    signal: AbortSignal.timeout(5_000),
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  // 409: busy with a call of before a restart; the next round looks again.
  if (!response.ok && strict && response.status !== 409)
    throw new Error(`the API refused ${path}: ${response.status} ${(await response.text()).slice(0, 300)}`);
  return response.json().catch(() => null);
}
