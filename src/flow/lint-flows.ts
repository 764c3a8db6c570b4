import type { Finding } from './finding.js';
import { kindOf } from './nodes/kinds.js';
import type { CheckedFlow } from './program.js';

/** What is wrong with flows that are each right: they lead into each other in a circle in which nobody waits for the caller. By the flow where it is told. */
export function lintFlows(
  flows: ReadonlyMap<string, CheckedFlow>,
  fileOf: (flow: string) => string,
): ReadonlyMap<string, Finding> {
  const calls = new Map(Array.from(flows, ([id, flow]) => [id, hotCalls(flow)]));
  const told = new Map<string, Finding>();
  const done = new Set<string>();
  for (const first of flows.keys()) {
    const circle = circleFrom(first, calls, done);
    if (circle === null) continue;
    const [flow = first, next = first] = circle;
    const node = calls.get(flow)?.get(next) ?? '';
    told.set(flow, {
      file: fileOf(flow),
      line: flows.get(flow)?.lines.get(node) ?? 1,
      column: 1,
      level: 'error',
      rule: 'endless-loop',
      message: `flows lead into each other without waiting for the caller: ${[...circle, flow].join(' -> ')}`,
      messageZh: `几个流程互相跳转，却不等来电者：${[...circle, flow].join(' -> ')}`,
    });
  }
  return told;
}

/** Other flows that a call can get into from the start without being asked anything, each with the node that leads there. */
function hotCalls(flow: CheckedFlow): ReadonlyMap<string, string> {
  const ahead = new Map<string, string[]>();
  for (const { from, to } of flow.ways) ahead.set(from, [...(ahead.get(from) ?? []), to]);
  const seen = new Set([flow.start]);
  const open = [flow.start];
  const calls = new Map<string, string>();
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const node = flow.nodes.get(id);
    if (node === undefined) continue;
    if (node.kind === 'flow' && node.flow !== flow.flowId && !calls.has(node.flow)) calls.set(node.flow, id);
    const kind = kindOf(node.kind);
    if (kind.waits || kind.isBounded?.(node) === true) continue;
    for (const next of ahead.get(id) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return calls;
}

/** The first circle that can be reached, as flows in its order; null: none that was not looked at before. */
function circleFrom(first: string, calls: ReadonlyMap<string, ReadonlyMap<string, string>>, done: Set<string>): string[] | null {
  if (done.has(first)) return null;
  const trail = [{ id: first, ahead: [...(calls.get(first)?.keys() ?? [])] }];
  for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
    const next = top.ahead.pop();
    if (next === undefined) {
      done.add(top.id);
      trail.pop();
      continue;
    }
    const at = trail.findIndex(({ id }) => id === next);
    if (at !== -1) {
      for (const { id } of trail) done.add(id);
      return trail.slice(at).map(({ id }) => id);
    }
    if (!done.has(next) && calls.has(next)) trail.push({ id: next, ahead: [...(calls.get(next)?.keys() ?? [])] });
  }
  return null;
}
