import type { AcdConfig, AgentConfig, QueueConfig, RelaxStep } from '../../acd/config.js';
import { type AgentId, asId, type CustomerId, type FlowId, type QueueId } from '../../base/ids.js';
import type { Random } from '../../base/random.js';
import { invariant } from '../../base/result.js';
import type { HotlineConfig } from '../../call/state.js';
import { parseFlow } from '../../flow/parse-flow.js';

/** A small site drawn by chance: few agents and short times, so that everything that can meet does meet within a minute. */
export interface RandomSite {
  readonly config: HotlineConfig;
  readonly queues: readonly QueueConfig[];
  readonly agents: readonly AgentConfig[];
  /** The number that leads straight into a queue. */
  readonly numberOf: (queue: QueueConfig) => string;
  /** The number with the menu. */
  readonly menuNumber: string;
  /** The number of a flow with secure entry, look-ups, messages and transfers; null: this site has none. */
  readonly servicesNumber: string | null;
}

export const VIP_NUMBER = '13800000001';
/** A person outside to whom the services flow transfers. */
export const OUTSIDE_NUMBER = '13700000001';
/** What callers of the services flow key as their card; it may be nowhere but in look-ups. */
export const SECRET_DIGITS = '47162580';
export const MENU_KEYS = ['1', '2', '3', '9', '0', '#'] as const;

const QUEUES = ['alpha', 'beta', 'gamma'] as const;

/** From `least` to `most`, both included. */
export const between = (random: Random, least: number, most: number): number => least + random.below(most - least + 1);
export const chance = (random: Random, share: number): boolean => random.next() < share;
export function pick<T>(random: Random, from: readonly T[]): T {
  invariant(from.length > 0, 'nothing to pick from');
  return from[random.below(from.length)] as T;
}

export function randomSite(random: Random, withServices: boolean): RandomSite {
  const queues = QUEUES.slice(0, between(random, 1, 3)).map((name) => randomQueue(random.fork(name), name));
  const agents = Array.from({ length: between(random, 1, 5) }, (_, i) => randomAgent(random.fork(`agent-${i}`), i, queues));
  const acd: AcdConfig = {
    queues,
    agents,
    notReadyReasons: ['break'],
    phoneFailuresAllowed: between(random, 2, 4),
    backOffMs: { busy: between(random, 0, 3_000), declined: between(random, 0, 3_000), unreachable: between(random, 500, 4_000) },
  };
  const numberOf = (queue: QueueConfig): string => `100${queues.indexOf(queue) + 1}`;
  const menuNumber = '2000';
  const servicesNumber = withServices ? '3000' : null;
  const texts = [
    [menuNumber, menuFlow(random.fork('menu'), queues)],
    ...queues.map((queue) => [numberOf(queue), straight(queue)]),
    ...(servicesNumber === null ? [] : [[servicesNumber, servicesFlow(queues)]]),
  ];
  const programs = texts.map(([dnis, text]) => {
    const parsed = parseFlow(text as string, { file: `${dnis}.yaml`, known: {}, version: 'v1' });
    invariant(parsed.ok, parsed.ok ? '' : JSON.stringify(parsed.error));
    return [dnis as string, parsed.value] as const;
  });
  const config: HotlineConfig = {
    acd,
    numbers: Object.fromEntries(programs.map(([dnis, flow]) => [dnis, flow.flowId])),
    flow: (flowId: FlowId) => programs.find(([, flow]) => flow.flowId === flowId)?.[1] ?? null,
    customerByNumber: (ani) =>
      ani === VIP_NUMBER ? { id: asId<CustomerId>('c-1'), tier: 'vip', language: 'zh', name: 'Wang' } : null,
    isOpen: () => true,
    defaultLanguage: 'zh',
    ...(withServices && {
      dialOut: { allow: ['137'], deny: [], perHour: 1_000, perNumberPerHour: 1_000, callerId: '95588', countryCode: '86' },
    }),
  };
  return { config, queues, agents, numberOf, menuNumber, servicesNumber };
}

function randomQueue(random: Random, name: string): QueueConfig {
  const relax: RelaxStep[] = [];
  if (chance(random, 0.5)) relax.push({ afterMs: between(random, 1_000, 6_000), require: { service: 1 }, groups: [] });
  if (chance(random, 0.4)) relax.push({ afterMs: between(random, 7_000, 12_000), require: {}, groups: ['back'] });
  const announced = chance(random, 0.6);
  return {
    id: asId<QueueId>(name),
    title: { zh: name, en: name },
    target: { share: 0.8, withinMs: between(random, 2_000, 8_000), formula: 'answered-of-offered', shortAbandonMs: 1_000 },
    require: pick(random, [{}, { service: 1 }, { service: 3 }, { cards: 2 }, { service: 2, cards: 1 }]),
    relax,
    agents: {
      choose: pick(random, ['longest-idle', 'best-skill'] as const),
      ringMs: between(random, 1_500, 5_000),
      wrapUpMs: chance(random, 0.3) ? 0 : between(random, 200, 4_000),
    },
    callers: {
      order: pick(random, ['first-come', 'vip-first', 'vip-first'] as const),
      waitsAtMostMs: between(random, 2_000, 15_000),
    },
    limits: { waiting: chance(random, 0.2) ? between(random, 1, 3) : 50, waitMs: between(random, 4_000, 40_000) },
    announce: {
      positionEveryMs: announced ? between(random, 2_000, 8_000) : 0,
      positionFirstMs: between(random, 0, 4_000),
      comfort: chance(random, 0.5) ? ['comfort'] : [],
    },
    music: 'hotline',
    record: { share: pick(random, [1, 1, 1, 0.5, 0]), keepMs: 1_000 },
  };
}

/** The first agent can serve everybody, so that no queue is without hope. */
function randomAgent(random: Random, i: number, queues: readonly QueueConfig[]): AgentConfig {
  const skills: Record<string, number> = i === 0 || chance(random, 0.3) ? { service: 5, cards: 5 } : {};
  if (i > 0 && chance(random, 0.8)) skills.service = between(random, 1, 5);
  if (i > 0 && chance(random, 0.5)) skills.cards = between(random, 1, 5);
  const queueRank: Record<string, number> = {};
  if (chance(random, 0.4)) for (const { id } of queues) queueRank[id] = between(random, 0, 2);
  return {
    id: asId<AgentId>(`${101 + i}`),
    name: `Agent ${i + 1}`,
    team: 'north',
    groups: chance(random, 0.4) ? ['back'] : [],
    phone: `sip:${101 + i}`,
    skills,
    queueRank,
  };
}

const straight = (queue: QueueConfig): string => `
flow: straight-${queue.id}
languages: [zh]
start: agent
nodes:
  agent: { queue: { to: ${queue.id} } }
`;

function menuFlow(random: Random, queues: readonly QueueConfig[]): string {
  const nodes = queues.map((queue, i) => {
    const next = queues[i + 1];
    const timedOut = next && chance(random, 0.5) ? `, timedOut: to-${next.id}` : '';
    const blocked = next && chance(random, 0.3) ? `, blocked: to-${next.id}` : '';
    const answered = chance(random, 0.4) ? ', answered: bye' : '';
    const lane = chance(random, 0.3) ? ', lane: vip' : '';
    const skills = chance(random, 0.2) ? ', skills: { service: 2 }' : '';
    const priority = chance(random, 0.4) ? `, priority: ${between(random, 1, 3) * 10}` : '';
    return `  to-${queue.id}: { queue: { to: ${queue.id}${lane}${priority}${skills} }${timedOut}${blocked}${answered} }`;
  });
  const keys = queues.map((queue, i) => `"${i + 1}": to-${queue.id}`).join(', ');
  return `
flow: menu
languages: [zh]
start: identify
prompts:
  main: { zh: 主菜单 }
  bye: { zh: 再见 }
nodes:
  identify: { identify: { by: ani, directory: customers }, next: split }
  split:
    branch:
      - { when: caller.tier == "vip", next: vip }
      - { next: main }
  main:
    menu: { prompt: main, firstDigit: 2s, tries: 2 }
    keys: { ${keys}, "9": main, "0": bye }
    failed: bye
  vip: { queue: { to: ${queues[0]?.id}, lane: vip } }
${nodes.join('\n')}
  bye: { play: bye, hangup: true }
`;
}

const servicesFlow = (queues: readonly QueueConfig[]): string => `
flow: services
languages: [zh]
start: main
prompts: { main: { zh: 主菜单 }, ask: { zh: 请输入卡号 }, due: { zh: 应还 }, leave: { zh: 请留言 }, bye: { zh: 再见 } }
nodes:
  main:
    menu: { prompt: main, firstDigit: 2s, tries: 2 }
    keys: { "0": agent, "1": card, "2": leave, "3": out, "9": balance }
    failed: leave
  card:
    collect: { into: card, prompt: ask, secure: true, min: 8, max: 8, end: none, firstDigit: 2s, interDigit: 1s, tries: 2 }
    next: owed
    failed: leave
  owed:
    lookup: { endpoint: bank, send: { card: card }, take: { due: answer.due }, timeout: 1500ms, prompt: main }
    next: balance
    failed: out
  balance:
    lookup: { endpoint: bank, take: { due: answer.due }, timeout: 1s }
    next: say
    failed: leave
  say: { play: due, next: out }
  leave:
    voicemail: { box: service, prompt: leave, max: 8s, silence: 2s, notify: tickets, thanks: bye }
    next: note
    failed: bye
  note: { send: { to: tickets, message: { what: left } }, next: bye }
  out:
    transfer: { outside: "${OUTSIDE_NUMBER}", ring: 4s }
    answered: leave
    busy: agent
    noAnswer: agent
    failed: leave
  agent: { queue: { to: ${queues[0]?.id} }, answered: rate, timedOut: leave, blocked: leave }
  rate: { survey: { prompt: ask, scale: 5, tries: 1, firstDigit: 2s, thanks: bye }, next: bye }
  bye: { play: bye, hangup: true }
`;
