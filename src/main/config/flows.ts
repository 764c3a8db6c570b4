import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { err, ok, type Result } from '../../base/result.js';
import { parseFlow } from '../../flow/parse-flow.js';
import type { CheckedFlow } from '../../flow/program.js';
import { byFileAndPlace, flowNames, readText } from './files.js';
import type { LoadedConfig } from './load.js';
import type { ConfigFinding } from './shape-findings.js';

export interface LoadedFlows {
  readonly flows: ReadonlyMap<string, CheckedFlow>;
  readonly warnings: readonly ConfigFinding[];
}

export interface FlowOptions {
  /** Full ids of prompts that are not a flow's own (`system/goodbye`); not checked when left out. */
  readonly prompts?: readonly string[];
}

/**
 * Reads all flows of the flows folder and checks them against the configuration. One run finds the mistakes of all of them. A flow is
 * named as its file is, because the numbers of the configuration name the file.
 */
export async function loadFlows(config: LoadedConfig, options: FlowOptions = {}): Promise<Result<LoadedFlows, ConfigFinding[]>> {
  const findings: ConfigFinding[] = [];
  const flows = new Map<string, CheckedFlow>();
  const names = await flowNames(config.folders.flows);
  const known = {
    queues: config.acd.queues.map((queue) => queue.id),
    skills: config.skills,
    calendars: Object.keys(config.calendars),
    flows: names,
    prompts: options.prompts,
  };
  for (const name of names) {
    const file = join(config.folders.flows, `${name}.yaml`);
    const text = await readText(file, findings);
    if (text === null) continue;
    const parsed = parseFlow(text, { file, known, version: createHash('sha256').update(text).digest('hex').slice(0, 12) });
    if (!parsed.ok) {
      findings.push(...parsed.error);
      continue;
    }
    findings.push(...parsed.value.warnings);
    if (parsed.value.flowId !== name) {
      const message = `the file is called ${name}.yaml and its flow "${parsed.value.flowId}"; give both the same name`;
      findings.push({ file, line: 1, column: 1, level: 'error', rule: 'other-name', message });
    }
    flows.set(parsed.value.flowId, parsed.value);
  }
  findings.sort(byFileAndPlace);
  if (findings.some((finding) => finding.level === 'error')) return err(findings);
  return ok({ flows, warnings: findings });
}
