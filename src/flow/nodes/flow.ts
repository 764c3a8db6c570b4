import { z } from 'zod';
import { asId, type FlowId } from '../../base/ids.js';
import { nearest, quoted, said } from '../finding.js';
import { type FlowShape, type ParameterShape, SORRY_NODE, type ValueSource } from '../program.js';
import { SHAPE_WORDS } from '../shape-words.js';
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
  take: z.record(z.string(), z.string().regex(RESULT, SHAPE_WORDS.result.en)).optional(),
  secure: z.array(z.string()).min(1).max(10).optional().describe('Secure variables that the other flow asks the caller for'),
});
const shape = z.strictObject({
  flow: z.union([z.string(), call], {
    error: SHAPE_WORDS.call.en,
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
        build.errorAtKey(
          'contradiction',
          ['flow', field],
          said('nobody comes back from a jump: give this node next', '跳转之后不会回来：请给这个节点写上 next'),
        );
    }
    return {
      kind: 'flow',
      flow: asked.to,
      params,
      take: taken(asked, known, build),
      next: raw.next === undefined ? null : build.target(['next'], raw.next, 'next'),
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
    build.errorAtKey(
      'missing-parameter',
      at,
      said(
        `${quoted(asked.to)} needs ${name} (${type}): with: { ${name}: ... }`,
        `${quoted(asked.to)} 需要 ${name}（${type}）：with: { ${name}: ... }`,
      ),
    );
  for (const [name, source] of given) {
    const near = nearest(name, params.keys());
    const parameter: ParameterShape | undefined = params.get(name);
    const type = build.typeOf(source);
    if (parameter === undefined)
      build.errorAtKey(
        'unknown-parameter',
        ['flow', 'with', name],
        said(
          `${quoted(asked.to)} has no parameter ${quoted(name)}${near.en}`,
          `${quoted(asked.to)} 没有参数 ${quoted(name)}${near.zh}`,
        ),
      );
    else if (type !== 'any' && parameter.type !== 'any' && type !== parameter.type)
      build.error(
        'type-mismatch',
        ['flow', 'with', name],
        said(
          `${name} is a ${parameter.type} in ${quoted(asked.to)}, and this is a ${type}`,
          `${name} 在 ${quoted(asked.to)} 里是 ${parameter.type}，而这里是 ${type}`,
        ),
      );
  }
}

function taken(asked: Call, known: FlowShape | null, build: Build): Record<string, string> {
  const made: Record<string, string> = {};
  for (const [variable, written] of Object.entries(asked.take ?? {})) {
    const path = ['flow', 'take', variable];
    const result = RESULT.exec(written)?.[1] ?? '';
    build.variable(path, variable, 'any');
    if (known !== null && !known.results.has(result)) {
      const near = nearest(result, known.results);
      const told = said(
        `${quoted(asked.to)} returns no ${quoted(result)}${near.en}`,
        `${quoted(asked.to)} 不返回 ${quoted(result)}${near.zh}`,
      );
      build.error('unknown-result', path, told);
    }
    made[variable] = result;
  }
  return made;
}
