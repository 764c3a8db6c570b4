import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Child } from '../../src/cli/stack/child.js';
import { projectFolder } from '../../src/cli/stack/places.js';
import { freePorts } from '../../src/cli/stack/ports.js';
import { createPhone, type Phone } from '../support/phone/phone.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { percentile, rounded } from './percentiles.js';

/**
 * Time from an agent becoming free until that agent's phone is dialled again, seen from the phones: from the BYE that a phone sends to the next
 * INVITE that it gets. 20 agents, 200 callers who all wait, 2 s of talk, no wrap-up. First hotline (commit to Redis before each act), then Asterisk's own
 * app_queue on the same Asterisk with the same phones. Agents begin one after the other over one talk, as in a centre at work (`ours`, `appQueue`), and then
 * once more all in the same moment, so that all twenty become free at once every two seconds (`burst`).
 */
const AGENTS = 20;
const CALLERS = 200;
const TALK_MS = 2_000;
const OUR_NUMBER = '95588';
const QUEUE_NUMBER = '4008';

const AGENT_NAMES = Array.from({ length: AGENTS }, (_, i) => String(2001 + i));

export async function handover(say: (line: string) => void): Promise<object> {
  const clean: (() => Promise<void>)[] = [];
  try {
    // Two ports a leg, and callers keep theirs while they wait.
    const from = await freePorts(1_200);
    const stack = await startTestStack(
      { teardown: (step) => clean.push(step), passing: () => true },
      {
        redis: true,
        phones: AGENT_NAMES,
        asterisk: {
          bench: { number: QUEUE_NUMBER, members: AGENT_NAMES, wrapUpS: 0 },
          rtp: { from, to: from + 1_199 },
          ownNumbers: [OUR_NUMBER],
        },
      },
    );
    const agents = await Promise.all(
      AGENT_NAMES.map((name) =>
        createPhone({
          name,
          port: stack.phonePort(name),
          media: 'off',
          behaviour: { answerAfterMs: 20, hangUpAfterMs: TALK_MS },
        }),
      ),
    );
    clean.push(async () => void (await Promise.all(agents.map((agent) => agent.close()))));
    say(`Asterisk ${stack.asterisk.version}; ${AGENTS} agents, ${CALLERS} callers waiting, ${TALK_MS} ms talk`);
    const house = await startHotline(stack);
    clean.push(() => house.child.stop());
    for (const name of AGENT_NAMES) await house.post(`/api/v1/agents/${name}/sign-in`, {});
    const both = async (label: string, apartMs: number): Promise<{ ours: Figures; appQueue: Figures }> => {
      const ours = await measureOurs(stack, house, agents, apartMs);
      say(`${label}  hotline    ${JSON.stringify(ours)}`);
      const appQueue = await measureAppQueue(stack, agents, apartMs);
      say(`${label}  app_queue  ${JSON.stringify(appQueue)}`);
      return { ours, appQueue };
    };
    const steady = await both('one after the other', TALK_MS / AGENTS);
    const burst = await both('all at once        ', 0);
    return { ...steady, ratioP50: rounded((steady.appQueue.p50Ms ?? 0) / (steady.ours.p50Ms ?? 1), 0), burst };
  } finally {
    for (const step of clean.reverse()) await step();
  }
}

interface Figures {
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
  readonly drainS: number | null;
  readonly handovers: number;
  readonly answered: number;
}

async function measureOurs(stack: TestStack, house: House, agents: Phone[], apartMs: number): Promise<Figures> {
  for (const agent of agents) agent.calls.length = 0;
  const callers = await placeCalls(stack, OUR_NUMBER, async () => (await house.waiting()) >= CALLERS);
  await oneByOne(apartMs, (name) => house.post(`/api/v1/agents/${name}/status`, { status: 'ready' }));
  const figures = await drain(agents, callers);
  await Promise.all(AGENT_NAMES.map((name) => house.post(`/api/v1/agents/${name}/status`, { status: 'notReady' })));
  await callers.close();
  return figures;
}

async function measureAppQueue(stack: TestStack, agents: Phone[], apartMs: number): Promise<Figures> {
  const { asterisk } = stack;
  for (const agent of agents) agent.calls.length = 0;
  for (const name of AGENT_NAMES) await asterisk.console(`queue pause member PJSIP/${name} queue bench`);
  const callers = await placeCalls(stack, QUEUE_NUMBER, async () => {
    const shown = await asterisk.console('queue show bench');
    return Number(/has (\d+) calls/.exec(shown)?.[1] ?? 0) >= CALLERS;
  });
  await oneByOne(apartMs, async (name) => void (await asterisk.console(`queue unpause member PJSIP/${name} queue bench`)));
  const figures = await drain(agents, callers);
  await callers.close();
  return figures;
}

async function oneByOne(apartMs: number, start: (name: string) => Promise<void>): Promise<void> {
  const begun: Promise<void>[] = [];
  for (const name of AGENT_NAMES) {
    begun.push(start(name));
    if (apartMs > 0) await pause(apartMs);
  }
  await Promise.all(begun);
}

/** All callers dial in, ten at a time, and wait. */
async function placeCalls(stack: TestStack, number: string, allWait: () => Promise<boolean>): Promise<Phone> {
  const callers = await createPhone({ name: 'callers', media: 'off' });
  for (let i = 0; i < CALLERS; i++) {
    await callers.dial(`sip:${number}@127.0.0.1:${stack.asterisk.sipPort}`, { from: `139${String(i).padStart(8, '0')}` });
    if (i % 10 === 9) await pause(50);
  }
  await bounded(allWait, 30_000, 'all callers wait');
  return callers;
}

async function drain(agents: readonly Phone[], callers: Phone): Promise<Figures> {
  const served = (): number => agents.reduce((sum, agent) => sum + agent.calls.filter((call) => call.byeAt !== null).length, 0);
  await bounded(async () => served() >= CALLERS, 120_000, 'all callers are served');
  await bounded(async () => callers.openCalls.length === 0, 10_000, 'all callers are gone');
  const gaps = agents.flatMap((agent) => {
    const calls = [...agent.calls].sort((a, b) => a.invitedAt - b.invitedAt);
    return calls.slice(1).map((call, i) => call.invitedAt - (calls[i]?.byeAt ?? call.invitedAt));
  });
  const invites = agents.flatMap((agent) => agent.calls.map((call) => call.invitedAt));
  const byes = agents.flatMap((agent) => agent.calls.map((call) => call.byeAt ?? 0));
  return {
    p50Ms: rounded(percentile(gaps, 0.5)),
    p90Ms: rounded(percentile(gaps, 0.9)),
    p99Ms: rounded(percentile(gaps, 0.99)),
    drainS: rounded((Math.max(...byes) - Math.min(...invites)) / 1000),
    handovers: gaps.length,
    answered: served(),
  };
}

interface House {
  readonly child: Child;
  post(path: string, body: object): Promise<void>;
  waiting(): Promise<number>;
}

async function startHotline(stack: TestStack): Promise<House> {
  const config = writeConfig(stack.folder);
  const { asterisk, redis } = stack;
  const token = 'bench-token-0123456789abcdef';
  const tokenFile = join(stack.folder, 'api-token');
  writeFileSync(tokenFile, token, { mode: 0o600 });
  const port = await freePorts(1);
  const child = Child.start({
    name: 'hotline',
    command: process.execPath,
    args: [join(projectFolder, 'dist', 'cli', 'hotline.js'), 'serve'],
    logFile: join(stack.folder, 'hotline.log'),
    cwd: projectFolder,
    env: {
      ...process.env,
      HOTLINE_CONFIG: config,
      HOTLINE_DATA: join(stack.folder, 'data'),
      HOTLINE_REDIS_URL: redis.url,
      HOTLINE_HTTP: `127.0.0.1:${port}`,
      HOTLINE_API_TOKEN_FILE: tokenFile,
      HOTLINE_RECORDINGS: asterisk.folders.recordings,
      HOTLINE_ARI_URL: asterisk.ariUrl,
      HOTLINE_ARI_USER: asterisk.ariUser,
      HOTLINE_ARI_PASSWORD: asterisk.ariPassword,
    },
  });
  const url = `http://127.0.0.1:${port}`;
  const ready = async (): Promise<boolean> => {
    if (!child.isRunning) throw new Error(`hotline ended: ${child.tail()}`);
    return fetch(`${url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
  };
  await bounded(ready, 60_000, 'hotline is ready');
  return {
    child,
    post: async (path, body) => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
      const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    },
    waiting: async () => {
      const { queues } = (await (await fetch(`${url}/api/v1/queues`)).json()) as { queues: { waiting: number }[] };
      return queues.reduce((sum, queue) => sum + queue.waiting, 0);
    },
  };
}

/** Recording as in the shipped configuration: every call. */
function writeConfig(folder: string): string {
  const config = join(folder, 'config');
  const flows = join(folder, 'ivr-flows');
  mkdirSync(config, { recursive: true });
  mkdirSync(flows, { recursive: true });
  const agents = AGENT_NAMES.map(
    (name) => `  "${name}": { name: Agent ${name}, team: all, phone: sip:${name}, skills: { service: 1 } }`,
  );
  const files = {
    'hotline.yaml': `site: bench\ntimeZone: Asia/Shanghai\nlanguages: [zh, en]\nnumbers: { "${OUR_NUMBER}": straight }\ncalendars: { service: { always: open } }\nskills: [ service ]\nswitch: { kind: asterisk, id: bench, url: "http://127.0.0.1:8088/ari", user: hotline }\n`,
    'queues.yaml':
      'queues:\n  general:\n    title: { zh: 综合, en: General }\n    require: { service: 1 }\n    agents: { choose: longest-idle, ring: 15s, wrapUp: 0s }\n    limits: { waiting: 1000, wait: 30m }\n',
    'agents.yaml': `agents:\n${agents.join('\n')}\n`,
    'customers.yaml': 'customers: {}\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(config, name), text);
  copyFileSync(join(projectFolder, 'config', 'prompts.yaml'), join(config, 'prompts.yaml'));
  writeFileSync(
    join(flows, 'straight.yaml'),
    'flow: straight\nlanguages: [zh]\nstart: agent\nnodes:\n  agent: { queue: { to: general } }\n',
  );
  return config;
}

async function bounded(condition: () => Promise<boolean>, withinMs: number, what: string): Promise<void> {
  const until = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > until) throw new Error(`not within ${withinMs} ms: ${what}`);
    await pause(50);
  }
}
