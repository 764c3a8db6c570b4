import type { KnownNames } from '../flow/parse-flow.js';
import type { LoadedConfig } from './config/load.js';

/** What flows may name, of a configuration that was found right. `prompts`: full ids of those that are not of a flow; undefined: not checked. */
export const knownNames = (config: LoadedConfig, prompts: Iterable<string> | undefined): KnownNames => ({
  queues: config.acd.queues.map((queue) => queue.id),
  skills: config.skills,
  calendars: Object.keys(config.calendars),
  tiers: config.tiers,
  agents: config.acd.agents.map((agent) => agent.id),
  endpoints: endpointsOf(config, 'lookup'),
  receivers: endpointsOf(config, 'message'),
  announcements: Object.keys(config.acd.announcePlans ?? {}),
  prompts: prompts && [...prompts],
});

/** As the files of a configuration say it, though something else in them may be wrong. A name list that cannot be read is left unchecked. */
export function namesInFiles(files: ConfigValues): KnownNames {
  return {
    queues: keysAt(files.queues, 'queues'),
    skills: textsAt(files.hotline, 'skills'),
    calendars: keysAt(files.hotline, 'calendars'),
    // Left out they are those of the site's shape.
    tiers: files.hotline === null ? undefined : (textsAt(files.hotline, 'tiers') ?? ['ordinary', 'vip']),
    announcements: files.queues === null ? undefined : (keysAt(files.queues, 'announcePlans') ?? []),
    agents: keysAt(files.agents, 'agents'),
    endpoints: endpointsIn(files.endpoints, 'lookup'),
    receivers: endpointsIn(files.endpoints, 'message'),
  };
}

/** Plain values of `hotline.yaml`, `queues.yaml`, `agents.yaml` and `endpoints.yaml`; null: not there, or not to be read. */
export interface ConfigValues {
  readonly hotline: unknown;
  readonly queues: unknown;
  readonly agents: unknown;
  readonly endpoints: unknown;
}

const endpointsOf = ({ endpoints }: LoadedConfig, kind: 'lookup' | 'message'): string[] =>
  Object.keys(endpoints).filter((name) => endpoints[name]?.kind === kind);

function endpointsIn(file: unknown, kind: 'lookup' | 'message'): string[] | undefined {
  const endpoints = valueAt(file, 'endpoints');
  return keysAt(file, 'endpoints')?.filter((name) => valueAt(valueAt(endpoints, name), 'kind') === kind);
}

function valueAt(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : null;
}

function keysAt(value: unknown, key: string): string[] | undefined {
  const at = valueAt(value, key);
  return typeof at === 'object' && at !== null && !Array.isArray(at) ? Object.keys(at) : undefined;
}

function textsAt(value: unknown, key: string): string[] | undefined {
  const at = valueAt(value, key);
  return Array.isArray(at) ? at.filter((item) => typeof item === 'string') : undefined;
}
