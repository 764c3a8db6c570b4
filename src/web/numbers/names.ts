import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { read } from '../api.js';
import { language } from '../settings.js';

/** What queues and agents are called, for pages that know them by their ids. One that is there no more is told by its id. */

type Title = Readonly<Record<string, string>>;
interface NamedQueue {
  readonly queueId: string;
  readonly title: Title;
}
interface NamedAgent {
  readonly agentId: string;
  readonly name: string;
}

const queues = signal<readonly NamedQueue[]>([]);
const agents = signal<ReadonlyMap<string, string>>(new Map());

export interface Names {
  /** In the order of the configuration. */
  readonly queueIds: readonly string[];
  queue(queueId: string): string;
  agent(agentId: string): string;
}

/** Asks once for each page that is opened; until the answer comes ids are told. */
export function useNames(): Names {
  useEffect(() => {
    void read<{ queues: readonly NamedQueue[] }>('/api/v1/queues').then((answer) => {
      if (answer.ok) queues.value = answer.value.queues.map(({ queueId, title }) => ({ queueId, title }));
    });
    void read<{ agents: readonly NamedAgent[] }>('/api/v1/agents').then((answer) => {
      if (answer.ok) agents.value = new Map(answer.value.agents.map(({ agentId, name }) => [agentId, name]));
    });
  }, []);
  return {
    queueIds: queues.value.map(({ queueId }) => queueId),
    queue: (queueId) => {
      const title = queues.value.find((one) => one.queueId === queueId)?.title ?? {};
      return title[language.value] ?? Object.values(title)[0] ?? queueId;
    },
    agent: (agentId) => agents.value.get(agentId) ?? agentId,
  };
}
