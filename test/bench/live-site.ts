import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../../src/cli/stack/places.js';

/** Eight queues, two of them with too few agents, so that lines of waiting callers are shown too. */
const QUEUES = 8;
const SHORT_OF_AGENTS = 2;
/** `hotline serve --switch simulated` sends callers by the number of agents: so many make some 20 calls a second. */
const AGENTS = 990;
const SHORT_AGENTS = 75;

/** Writes a site for the bench below `folder`; returns the folder of its configuration. */
export function writeLiveSite(folder: string, domain: string): string {
  const config = join(folder, 'config');
  const flows = join(folder, 'ivr-flows');
  for (const path of [config, flows]) mkdirSync(path, { recursive: true });
  const ids = Array.from({ length: QUEUES }, (_, i) => `line-${i + 1}`);
  const write = (name: string, content: unknown): void => writeFileSync(join(config, name), JSON.stringify(content));
  write('hotline.yaml', {
    site: 'bench',
    timeZone: 'Asia/Shanghai',
    languages: ['zh', 'en'],
    redis: { domain },
    numbers: Object.fromEntries(ids.map((id, i) => [`9550${i + 1}`, id])),
    calendars: { service: { always: 'open' } },
    // Nobody hears anything on a simulated switch.
    prompts: { command: ['/bin/false', '{file}', '{text}'] },
    skills: ids,
    folders: { data: join(folder, 'data'), flows },
    switch: { kind: 'simulated', id: 'bench' },
  });
  const queue = (id: string) => ({
    title: { zh: `综合服务 ${id}`, en: `General service ${id}` },
    require: { [id]: 1 },
    agents: { choose: 'longest-idle', ring: '15s', wrapUp: '5s' },
    limits: { waiting: 1_000, wait: '30m' },
    announce: { position: 'every 30s' },
  });
  write('queues.yaml', { queues: Object.fromEntries(ids.map((id) => [id, queue(id)])) });
  write('agents.yaml', { agents: Object.fromEntries(agentsOf(ids)) });
  write('customers.yaml', { customers: {} });
  copyFileSync(join(projectFolder, 'config', 'prompts.yaml'), join(config, 'prompts.yaml'));
  for (const id of ids) {
    const flow = { flow: id, languages: ['zh', 'en'], start: 'agent', nodes: { agent: { queue: { to: id } } } };
    writeFileSync(join(flows, `${id}.yaml`), JSON.stringify(flow));
  }
  return config;
}

function agentsOf(queues: readonly string[]): [string, object][] {
  const others = (AGENTS - SHORT_OF_AGENTS * SHORT_AGENTS) / (queues.length - SHORT_OF_AGENTS);
  let n = 10_000;
  return queues.flatMap((skill, i) =>
    Array.from({ length: i < SHORT_OF_AGENTS ? SHORT_AGENTS : others }, (): [string, object] => {
      n += 1;
      return [`${n}`, { name: `坐席 ${n}`, team: `team-${i + 1}`, phone: `sip:${n}`, skills: { [skill]: 3 } }];
    }),
  );
}
