import { z } from 'zod';
import { asId, type FlowId } from '../../base/ids.js';
import { didYouMean, quoted } from '../finding.js';
import { type FlowShape, type ParameterShape, SORRY_NODE, type ValueSource } from '../program.js';
import { target, value } from '../shapes.js';
import type { Build, NodeKind } from './kind.js';

export interface SubFlowNode {
  readonly kind: 'flow';
  readonly flow: string;
  /** Parameter of the other flow -> its value. */
  readonly params: ReadonlyArray<readonly [string, ValueSource]>;
  /** Variable -> name of a result of the other flow. */
  readonly take: Readonly<Record<string, string>>;
  /** Null: a jump, nobody comes back. */
  readonly next: string | null;
}

const RESULT = /^result\.([a-z][A-Za-z0-9_]{0,31})$/;

const call = z.strictObject({
  to: z.string(),
  with: z.record(z.string(), value).optional(),
  take: z.record(z.string(), z.string().regex(RESULT, 'a result is written result.NAME')).optional(),
  secure: z.array(z.string()).min(1).max(10).optional().describe('Secure variables that the other flow asks the caller for'),
});
const shape = z.strictObject({
  flow: z.union([z.string(), call], {
    error: 'the name of a flow is expected here, or { to: NAME, with: { ... }, take: { ... } }',
  }),
  next: target.optional(),
});
type Call = z.output<typeof call>;

export const flowKind: NodeKind<'flow', z.output<typeof shape>> = {
  name: 'flow',
  about:
    'Goes on in another flow. With next the other flow may come back (return), without it the call stays there. with: its parameters; take: variables from what it returns.',
  shape,
  waits: true, // The other flow may ask the caller; a loop through two flows is caught while it runs.
  compile(raw, build) {
    const isPlain = typeof raw.flow === 'string';
    const asked: Call = typeof raw.flow === 'string' ? { to: raw.flow } : raw.flow;
    build.known('flow', isPlain ? ['flow'] : ['flow', 'to'], asked.to);
    const params = Object.entries(asked.with ?? {}).map(
      ([name, written]) => [name, build.value(['flow', 'with', name], written)] as const,
    );
    const known = build.shapeOf(asked.to);
    if (known !== null) checkParameters(asked, params, known, build);
    for (const [index, name] of (asked.secure ?? []).entries()) build.variable(['flow', 'secure', index], name, 'secure');
    for (const field of ['take', 'secure'] as const) {
      if (asked[field] !== undefined && raw.next === undefined)
        build.errorAtKey('contradiction', ['flow', field], 'nobody comes back from a jump: give this node next');
    }
    return {
      kind: 'flow',
      flow: asked.to,
      params,
      take: taken(asked, known, build),
      next: raw.next === undefined ? null : build.target(['next'], raw.next, 'next', ''),
    };
  },
  isEnd: () => true,
  enter(node, walk) {
    const given = Object.fromEntries(node.params.map(([name, source]) => [name, walk.valueOf(source) ?? null]));
    const entered = walk.enterFlow(asId<FlowId>(node.flow), node.next, given, node.take);
    if (entered !== null) return entered;
    // The other flow has gone since this one was checked, or flows call each other without end.
    for (const variable of Object.keys(node.take)) walk.setVariable(variable, null);
    return node.next ?? SORRY_NODE;
  },
};

function checkParameters(asked: Call, given: SubFlowNode['params'], { params }: FlowShape, build: Build): void {
  const missing = [...params].filter(
    ([name, { default: orElse }]) => orElse === undefined && !Object.hasOwn(asked.with ?? {}, name),
  );
  const at = asked.with === undefined ? ['flow'] : ['flow', 'with'];
  for (const [name, { type }] of missing)
    build.errorAtKey('missing-parameter', at, `${quoted(asked.to)} needs ${name} (${type}): with: { ${name}: ... }`);
  for (const [name, source] of given) {
    const parameter: ParameterShape | undefined = params.get(name);
    const type = build.typeOf(source);
    if (parameter === undefined)
      build.errorAtKey(
        'unknown-parameter',
        ['flow', 'with', name],
        `${quoted(asked.to)} has no parameter ${quoted(name)}${didYouMean(name, params.keys())}`,
      );
    else if (type !== 'any' && parameter.type !== 'any' && type !== parameter.type)
      build.error(
        'type-mismatch',
        ['flow', 'with', name],
        `${name} is a ${parameter.type} in ${quoted(asked.to)}, and this is a ${type}`,
      );
  }
}

function taken(asked: Call, known: FlowShape | null, build: Build): Record<string, string> {
  const made: Record<string, string> = {};
  for (const [variable, written] of Object.entries(asked.take ?? {})) {
    const path = ['flow', 'take', variable];
    const result = RESULT.exec(written)?.[1] ?? '';
    build.variable(path, variable, 'any');
    if (known !== null && !known.results.has(result))
      build.error('unknown-result', path, `${quoted(asked.to)} returns no ${quoted(result)}${didYouMean(result, known.results)}`);
    made[variable] = result;
  }
  return made;
}
