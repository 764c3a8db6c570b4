import type { AcdConfig, AgentConfig, QueueConfig } from '../../src/acd/config.js';
import { type AgentId, asId, type CustomerId, type FlowId, type QueueId } from '../../src/base/ids.js';
import type { HotlineConfig } from '../../src/call/state.js';
import { parseFlow } from '../../src/flow/parse-flow.js';

/** A small site for tests: queues `general` (VIP first) and `lost-card`, a flow that queues by key, agents by need. */

export function sampleQueue(id: string, change: Partial<QueueConfig> = {}): QueueConfig {
  return {
    id: asId<QueueId>(id),
    title: { zh: id, en: id },
    target: { share: 0.8, withinMs: 20_000, formula: 'answered-of-offered', shortAbandonMs: 5_000 },
    require: { service: 1 },
    relax: [],
    agents: { choose: 'longest-idle', ringMs: 15_000, wrapUpMs: 10_000 },
    callers: { order: 'vip-first', waitsAtMostMs: 90_000 },
    limits: { waiting: 200, waitMs: 600_000 },
    announce: { positionEveryMs: 45_000, positionFirstMs: 5_000, comfort: [] },
    music: 'hotline',
    record: { share: 1, keepMs: 90 * 86_400_000 },
    ...change,
  };
}

export function sampleAgent(
  id: string,
  skills: Record<string, number> = { service: 3 },
  change: Partial<AgentConfig> = {},
): AgentConfig {
  return {
    id: asId<AgentId>(id),
    name: `Agent ${id}`,
    team: 'north',
    groups: [],
    phone: `sip:${id}`,
    skills,
    queueRank: {},
    ...change,
  };
}

export function sampleAcd(queues: QueueConfig[], agents: AgentConfig[]): AcdConfig {
  return {
    queues,
    agents,
    notReadyReasons: ['break', 'training'],
    phoneFailuresAllowed: 3,
    backOffMs: { busy: 10_000, declined: 5_000, unreachable: 30_000 },
  };
}

/** `95507` promises a callback into `general`; `95588` has a menu (0 agent, 1 lost card, 2 goodbye) and puts the VIP 13800000001 in the VIP lane; `95500` queues at once. */
const FLOWS = {
  '95588': `
flow: test-menu
languages: [zh, en]
start: identify
prompts:
  main: { zh: 主菜单, en: Main menu }
  rate: { zh: 再见, en: Goodbye }
nodes:
  identify: { identify: { by: ani, directory: customers }, next: vip-or-main }
  vip-or-main:
    branch:
      - { when: caller.tier == "vip", next: vip }
      - { next: main }
  main:
    menu: { prompt: main, firstDigit: 5s, tries: 2 }
    keys: { "0": agent, "1": lost, "2": bye }
    failed: bye
  agent: { queue: { to: general } }
  vip: { queue: { to: general, lane: vip } }
  lost: { queue: { to: lost-card, priority: 100 } }
  bye: { play: rate, hangup: true }
`,
  '95500': `
flow: straight
languages: [zh]
start: agent
nodes:
  agent: { queue: { to: general } }
`,
  '95511': `
flow: ways-out
languages: [zh]
start: agent
prompts:
  note: { zh: 请留言 }
  shut: { zh: 已下班 }
  later: { zh: 请稍后再拨 }
  left: { zh: 您已离开队列 }
nodes:
  agent:
    queue: { to: general }
    exit: { play: left, hangup: true }
    blocked: { play: later, hangup: true }
    exits:
      voicemail: { play: note, hangup: true }
      closed: { play: shut, hangup: true }
`,
  '95507': `
flow: call-me-back
languages: [zh, en]
start: callback
prompts: { bye: { zh: 再见, en: Goodbye } }
nodes:
  callback: { callback: { to: general }, next: bye, declined: agent, refused: bye }
  agent: { queue: { to: general }, timedOut: callback-kept, exit: callback-kept }
  callback-kept: { callback: { confirm: false }, next: bye }
  bye: { play: bye, hangup: true }
`,
};

export function sampleConfig(acd: AcdConfig): HotlineConfig {
  const programs = Object.entries(FLOWS).map(([dnis, text]) => {
    const parsed = parseFlow(text, { file: `${dnis}.yaml`, known: {}, version: 'v1' });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    return [dnis, parsed.value] as const;
  });
  return {
    acd,
    numbers: Object.fromEntries(programs.map(([dnis, flow]) => [dnis, flow.flowId])),
    flow: (flowId: FlowId) => programs.find(([, flow]) => flow.flowId === flowId)?.[1] ?? null,
    customerByNumber: (ani) =>
      ani === '13800000001' ? { id: asId<CustomerId>('c-1'), tier: 'vip', language: 'zh', name: 'Wang' } : null,
    isOpen: () => true,
    defaultLanguage: 'zh',
    dialOut: { allow: ['1', '021'], deny: ['1900'], perHour: 100, perNumberPerHour: 10, callerId: '95588', countryCode: '86' },
  };
}
