import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { projectFolder } from '../../src/cli/stack/places.js';
import { writeToneWav } from './tone.js';

/**
 * The configuration of a house under test: the shipped flows and system prompts, with a tone of its own for every sentence, so that a phone
 * knows what it hears; two flows of its own; short times.
 */

/** What is heard where. Multiples of 50 that a frame of 20 ms can tell apart. */
export const HZ = {
  music: 350,
  menu: 600,
  vip: 400,
  position: 800,
  goodbye: 900,
  spoken: 700,
  left: 750,
  signedIn: 450,
  ready: 550,
  notReady: 650,
  signedOut: 950,
  refused: 1000,
  caller: 1100,
  minutes: 850,
  comfort: 500,
  /** Where a queue of `HouseRules` lets its callers go. */
  late: 750,
  notLetIn: 1050,
  full: 1150,
  closed: 1250,
  empty: 1350,
  help: 1450,
  /** A person at the other end of the trunk. */
  outside: 1900,
  /** 1001 sends 1500, 1002 1600 ... */
  agent: 1500,
} as const;

/** How long each prompt sounds, in seconds; the menu's is there three times. */
const PROMPT_S = '1.2';
const SYSTEM_HZ: Record<string, number> = {
  goodbye: HZ.goodbye,
  'position-{n}': HZ.position,
  'position-more': HZ.position,
  'wait-minutes-{n}': HZ.minutes,
  'wait-minutes-1': HZ.minutes,
  'wait-more': HZ.minutes,
  'thanks-for-waiting': HZ.comfort,
  'agent-signed-in': HZ.signedIn,
  'agent-ready': HZ.ready,
  'agent-not-ready': HZ.notReady,
  'agent-signed-out': HZ.signedOut,
  'agent-refused': HZ.refused,
};

export const AGENTS = ['1001', '1002', '1003', '1004', '1005', '1006'] as const;
export const agentHz = (name: string): number => HZ.agent + (Number(name) - 1001) * 100;
/** Serve `lost-card`; the others serve `general`. */
const LOST_CARD_AGENTS: readonly string[] = ['1005', '1006'];

export const VIP_NUMBER = '13800000001';
/** A menu (0 `general`, 1 `lost-card`, 2 goodbye), with a VIP lane by number. */
export const MENU = '95588';
/** The shipped flow for cards. */
export const CARD = '95589';
/** Into `desk`, a queue with rules: an exit key, overflow to `general`, kept places. Served by the agents of `lost-card`. */
export const DESK = '95502';
/** Straight into `general`. */
export const STRAIGHT = '95500';

const TEST_MENU = {
  flow: 'test-menu',
  languages: ['zh', 'en'],
  start: 'identify',
  prompts: { main: tone(HZ.menu), vip: tone(HZ.vip) },
  nodes: {
    identify: { identify: { by: 'ani', directory: 'customers' }, next: 'vip-or-main' },
    'vip-or-main': { branch: [{ when: 'caller.tier == "vip"', next: 'say-vip' }, { next: 'main' }] },
    main: {
      menu: { prompt: ['main', 'main', 'main'], firstDigit: '5s', tries: 2 },
      keys: { '0': 'agent', '1': 'lost', '2': 'bye' },
      failed: 'bye',
    },
    'say-vip': { play: 'vip', next: 'vip' },
    vip: { queue: { to: 'general', lane: 'vip' }, answered: 'bye' },
    agent: { queue: { to: 'general' }, answered: 'bye' },
    lost: { queue: { to: 'lost-card', priority: 100 }, answered: 'bye' },
    bye: { play: 'goodbye', hangup: true },
  },
};
const STRAIGHT_FLOW = {
  flow: 'straight',
  languages: ['zh', 'en'],
  start: 'agent',
  nodes: { agent: { queue: { to: 'general' }, answered: 'bye' }, bye: { play: 'goodbye', hangup: true } },
};

const DESK_FLOW = {
  flow: 'at-the-desk',
  languages: ['zh', 'en'],
  start: 'agent',
  prompts: { left: tone(HZ.left) },
  nodes: {
    agent: { queue: { to: 'desk' }, answered: 'bye', exits: { left: { play: 'left', hangup: true } } },
    bye: { play: 'goodbye', hangup: true },
  },
};

/** The "text" of a prompt is its frequency; numbers, units and days, which have words of their own, sound all alike. */
const TONE_SCRIPT = `case "$2" in
  *[!0-9]* | "") hz=${HZ.spoken} ;;
  *) hz="$2" ;;
esac
exec sox -n -r 8000 "$1" synth ${PROMPT_S} sine "$hz"
`;

/** What the shipped flows ask; port 9 answers nobody. */
const NOBODY_THERE = {
  'core-banking': { kind: 'lookup', url: 'http://127.0.0.1:9/', network: 'loopback' },
  'sms-gateway': { kind: 'message', url: 'http://127.0.0.1:9/', network: 'loopback', attempts: 1 },
};

/** What the prompts behind the exits of a line are called, and their tones. */
const EXITS = { late: HZ.late, refused: HZ.notLetIn, full: HZ.full, closed: HZ.closed, empty: HZ.empty, help: HZ.help } as const;
export type ExitPrompt = keyof typeof EXITS;

/** A number that leads straight into a queue. Without `exits` a caller whom the queue lets go hears the system's "sorry, goodbye". */
export interface HouseLine {
  readonly to: string;
  readonly lane?: 'vip';
  readonly priority?: number;
  readonly skills?: Readonly<Record<string, number>>;
  /** What is heard behind the exits of the queue node that every queue has. */
  readonly timedOut?: ExitPrompt;
  readonly blocked?: ExitPrompt;
  readonly exit?: ExitPrompt;
  /** And behind those that are asked for by name. */
  readonly exits?: Readonly<Record<string, ExitPrompt>>;
}

interface AgentRules {
  readonly skills?: Readonly<Record<string, number>>;
  readonly groups?: readonly string[];
  readonly queueRank?: Readonly<Record<string, number>>;
  readonly sipp?: boolean;
}

/** Queues, agents and lines of a house of its own, in place of the usual ones, all in the words of the configuration files. */
export interface HouseRules {
  /** Id of the queue -> what differs from a plain one: `require` is the skill of the queue's own name unless told. */
  readonly queues: Readonly<Record<string, object>>;
  /** Id -> skills, and groups, queueRank ... A phone on a port of SIPp (`sipp: true`) is served by a scenario of test/sipp. */
  readonly agents: Readonly<Record<string, AgentRules>>;
  /** Number dialled -> where it leads. */
  readonly lines: Readonly<Record<string, HouseLine>>;
  readonly skills?: readonly string[];
  /** Id -> what customers.yaml says. */
  readonly customers?: Readonly<Record<string, object>>;
  /** Laid over hotline.yaml. */
  readonly hotline?: object;
  /** Number dialled -> the rest of a flow called `flow-<number>`. */
  readonly flows?: Readonly<Record<string, object>>;
}

/** The agents of a house and who has a phone that measures. */
export const agentsOf = (rules?: HouseRules): readonly string[] => (rules ? Object.keys(rules.agents) : AGENTS);
export const isServedBySipp = (name: string, rules?: HouseRules): boolean => rules?.agents[name]?.sipp === true;

export interface HouseSite {
  /** For `--config`. */
  readonly config: string;
  readonly music: string;
  readonly apiToken: string;
}

/** Writes the whole site below `folder`. `prompts` is shared by all houses: a sound is made once for all runs. */
export function writeHouseSite(options: { folder: string; prompts: string; httpPort: number; rules?: HouseRules }): HouseSite {
  const { folder, prompts, httpPort, rules } = options;
  const config = join(folder, 'config');
  const flows = join(folder, 'flows');
  const music = join(folder, 'music');
  for (const path of [config, flows, music, prompts]) mkdirSync(path, { recursive: true, mode: 0o755 });
  writeToneWav(join(music, 'music.wav'), HZ.music, 30);
  writeFileSync(join(prompts, 'tone.sh'), TONE_SCRIPT);
  const apiToken = 'a-token-for-tests-only-0123456789';
  writeFileSync(join(config, 'api-token'), `${apiToken}\n`, { mode: 0o600 });
  const write = (name: string, content: unknown): void => writeFileSync(join(config, `${name}.yaml`), yaml(content));
  const hotline = hotlineYaml({ data: join(folder, 'data'), flows, prompts, httpPort, tokenFile: join(config, 'api-token') });
  write('hotline', rules ? withRules(hotline, rules) : hotline);
  write('queues', rules ? ownQueues(rules) : queuesYaml());
  write('agents', rules ? ownAgents(rules) : agentsYaml());
  write('customers', {
    customers: {
      C1: { name: '王女士', tier: 'vip', language: 'zh', numbers: [VIP_NUMBER] },
      C2: { name: '李先生', tier: 'vip', language: 'zh', numbers: ['13800000002'] },
      ...rules?.customers,
    },
  });
  writeFileSync(join(config, 'prompts.yaml'), withTones(readFileSync(join(projectFolder, 'config', 'prompts.yaml'), 'utf8')));
  for (const [number, line] of Object.entries(rules?.lines ?? {})) {
    writeFileSync(join(flows, `line-${number}.yaml`), yaml(lineFlow(number, line)));
  }
  for (const [number, flow] of Object.entries(rules?.flows ?? {})) {
    const id = `flow-${number}`;
    writeFileSync(join(flows, `${id}.yaml`), yaml({ flow: id, languages: ['zh', 'en'], ...flow }));
  }
  if (rules) return { config, music, apiToken };
  write('endpoints', { endpoints: NOBODY_THERE });
  const shipped = join(projectFolder, 'ivr-flows');
  for (const name of readdirSync(shipped).filter((file) => /(?<!\.test)\.yaml$/.test(file))) {
    writeFileSync(join(flows, name), withTones(readFileSync(join(shipped, name), 'utf8')));
  }
  writeFileSync(join(flows, 'test-menu.yaml'), yaml(TEST_MENU));
  writeFileSync(join(flows, 'straight.yaml'), yaml(STRAIGHT_FLOW));
  writeFileSync(join(flows, 'at-the-desk.yaml'), yaml(DESK_FLOW));
  return { config, music, apiToken };
}

function hotlineYaml(places: { data: string; flows: string; prompts: string; httpPort: number; tokenFile: string }): object {
  const { data, flows, prompts, httpPort, tokenFile } = places;
  return {
    site: 'House of tests',
    timeZone: 'Asia/Shanghai',
    languages: ['zh', 'en'],
    countryCode: '86',
    redis: { domain: 'house' },
    http: { host: '127.0.0.1', port: httpPort, tokenFile },
    switch: { kind: 'asterisk', id: 'pbx-1', app: 'hotline', user: 'hotline' },
    folders: { data, flows, prompts, recordings: join(data, 'recording') },
    numbers: {
      [MENU]: 'test-menu',
      [CARD]: 'credit-card',
      [STRAIGHT]: 'straight',
      [DESK]: 'at-the-desk',
      '95501': 'transport-card',
    },
    calendars: { service: { always: 'open' } },
    prompts: { command: ['/bin/sh', join(prompts, 'tone.sh'), '{file}', '{text}'] },
    skills: ['service', 'lost-card', 'instalments', 'transport', 'english'],
    phones: { failuresAllowed: 3, backOff: { busy: '1s', declined: '1s', unreachable: '1s' } },
  };
}

function queuesYaml(): unknown {
  const common = {
    agents: { choose: 'longest-idle', ring: '3s', wrapUp: '1s' },
    callers: { order: 'vip-first', waitsAtMost: '90s' },
    limits: { waiting: 50, wait: '2m' },
    announce: { position: 'every 10s', first: '2s' },
  };
  const queue = (title: string, skill: string): object => ({
    title: { zh: title, en: title },
    require: { [skill]: 1 },
    ...common,
  });
  // Rings on over a restart of hotline.
  const patient = { ...common, agents: { ...common.agents, ring: '20s' } };
  return {
    queues: {
      general: queue('General', 'service'),
      'lost-card': { ...queue('Lost card', 'lost-card'), ...patient },
      transport: queue('Transport', 'transport'),
      desk: {
        ...queue('Desk', 'lost-card'),
        announce: { position: 'every 60s', first: '2s', estimate: 'every 60s', estimateFirst: '2s' },
        overflow: [{ wait: '12s', to: { queue: 'general' } }],
        keys: { '*': 'left' },
        redial: { within: '60s' },
        handle: '2m',
      },
    },
  };
}

function withRules(hotline: object, rules: HouseRules): object {
  return {
    ...hotline,
    numbers: Object.fromEntries([
      ...Object.keys(rules.lines).map((number) => [number, `line-${number}`]),
      ...Object.keys(rules.flows ?? {}).map((number) => [number, `flow-${number}`]),
    ]),
    skills: [...new Set([...Object.keys(rules.queues), ...(rules.skills ?? [])])],
    ...rules.hotline,
  };
}

function ownQueues({ queues }: HouseRules): unknown {
  const plain = (id: string) => ({
    title: { zh: id, en: id },
    require: { [id]: 1 },
    limits: { wait: '2m' },
    announce: { position: 'never' },
  });
  const own = ([id, { agents, ...rest }]: [string, { agents?: object }]) => [
    id,
    { ...plain(id), agents: { ring: '5s', wrapUp: '0s', ...agents }, ...rest },
  ];
  return { queues: Object.fromEntries(Object.entries(queues).map(own)) };
}

function ownAgents({ agents }: HouseRules): unknown {
  const own = ([id, { sipp: _sipp, ...rest }]: [string, { sipp?: boolean }]) => [
    id,
    { name: `Agent ${id}`, team: 'north', phone: `sip:${id}`, ...rest },
  ];
  return { agents: Object.fromEntries(Object.entries(agents).map(own)) };
}

function lineFlow(number: string, { exits = {}, timedOut, blocked, exit, ...queue }: HouseLine): unknown {
  const ways = Object.entries({ timedOut, blocked, exit }).flatMap(([way, prompt]) => (prompt ? [[way, prompt] as const] : []));
  const used = [...new Set([...ways.map(([, prompt]) => prompt), ...Object.values(exits)])];
  return {
    flow: `line-${number}`,
    languages: ['zh', 'en'],
    start: 'agent',
    ...(used.length > 0 && { prompts: Object.fromEntries(used.map((name) => [name, tone(EXITS[name])])) }),
    nodes: {
      agent: { queue, ...Object.fromEntries(ways), ...(Object.keys(exits).length > 0 && { exits }) },
      ...Object.fromEntries(used.map((name) => [name, { play: name, hangup: true }])),
    },
  };
}

function agentsYaml(): unknown {
  const agents = AGENTS.map((name) => {
    const skills = LOST_CARD_AGENTS.includes(name) ? { 'lost-card': 3 } : { service: 3 };
    return [name, { name: `Agent ${name}`, team: 'north', phone: `sip:${name}`, skills }];
  });
  return { agents: Object.fromEntries(agents) };
}

function tone(hz: number): Record<string, string> {
  return { zh: String(hz), en: String(hz) };
}

/** A shipped file with a tone in place of each sentence. */
function withTones(text: string): string {
  const file = parse(text) as { prompts?: Record<string, Record<string, unknown>> };
  for (const [name, words] of Object.entries(file.prompts ?? {})) {
    const hz = SYSTEM_HZ[name] ?? (name === 'main' ? HZ.menu : HZ.spoken);
    for (const language of ['zh', 'en']) if (language in words) words[language] = String(hz);
  }
  return yaml(file);
}

/** Without anchors, which the configuration does not know. */
const yaml = (content: unknown): string => stringify(content, { aliasDuplicateObjects: false });
