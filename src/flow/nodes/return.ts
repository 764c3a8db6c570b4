import { z } from 'zod';
import { said } from '../finding.js';
import type { ValueSource } from '../program.js';
import { SHAPE_WORDS } from '../shape-words.js';
import { value } from '../shapes.js';
import { wrongVariableName } from '../variables.js';
import type { NodeKind } from './kind.js';

export interface ReturnNode {
  readonly kind: 'return';
  /** What the flow that called may take, by name. */
  readonly results: ReadonlyArray<readonly [string, ValueSource]>;
}

const shape = z.strictObject({
  return: z.union([z.literal(true), z.record(z.string(), value)], {
    error: SHAPE_WORDS.returned.en,
  }),
});

export const returnKind: NodeKind<'return', z.output<typeof shape>> = {
  name: 'return',
  about: 'Goes back to the flow that called this one, with results if there are any; in a flow that nobody called it hangs up.',
  shape,
  waits: false,
  compile(raw, build) {
    const written = raw.return === true ? [] : Object.entries(raw.return);
    if (written.length > 20)
      build.errorAtKey('out-of-range', ['return'], said('at most 20 results are allowed', '最多 20 个返回值'));
    const results = written.map(([name, each]) => {
      const wrong = wrongVariableName(name);
      if (wrong !== null) build.errorAtKey('bad-name', ['return', name], wrong);
      return [name, build.value(['return', name], each)] as const;
    });
    return { kind: 'return', results };
  },
  isEnd: () => true,
  enter(node, walk) {
    const results = Object.fromEntries(node.results.map(([name, source]) => [name, walk.valueOf(source) ?? null]));
    return walk.leaveFlow(results) ?? walk.end();
  },
};
