import { z } from 'zod';
import { conditionKey, constantTruth, UNREADABLE } from '../conditions.js';
import { type Expression, isTrue } from '../expression.js';
import { said } from '../finding.js';
import { target } from '../shapes.js';
import type { Build, NodeKind } from './kind.js';

export interface BranchNode {
  readonly kind: 'branch';
  /** The first whose condition is true is taken; the last has none. */
  readonly ways: ReadonlyArray<{ readonly when: Expression | null; readonly next: string }>;
}

const shape = z.strictObject({
  branch: z
    .array(z.strictObject({ when: z.string().optional(), next: target }))
    .min(1)
    .max(50),
});

export const branchKind: NodeKind<'branch', z.output<typeof shape>> = {
  name: 'branch',
  about: 'Goes where the first true condition points; the last way has no condition.',
  shape,
  waits: false,
  compile(raw, build) {
    const open = raw.branch.findIndex((way) => way.when === undefined);
    if (open === -1)
      build.errorAtKey(
        'dead-end',
        ['branch'],
        said(
          'when no condition is true this leads nowhere: end with { next: NODE }',
          '没有条件成立时无处可去：最后请写 { next: NODE }',
        ),
      );
    const ways = raw.branch.map((way, index) => {
      if (open !== -1 && index > open) {
        build.error(
          'unreachable-branch',
          ['branch', index],
          said('never reached: the way before it has no condition', '永远到不了：前面的分支没有条件'),
        );
      }
      return {
        when: way.when === undefined ? null : build.condition(['branch', index, 'when'], way.when),
        next: build.target(['branch', index, 'next'], way.next, `${index + 1}`),
      };
    });
    checkConditions(ways, build);
    return { kind: 'branch', ways };
  },
  isEnd: () => false,
  enter(node, walk) {
    const way = node.ways.find(({ when }) => when === null || isTrue(when, walk.lookup));
    return way === undefined ? walk.end() : way.next;
  },
};

/** A way whose condition is decided before the call, or was asked before, is a slip of the pen. */
function checkConditions(ways: BranchNode['ways'], build: Build): void {
  const asked = new Map<string, number>();
  for (const [index, { when }] of ways.entries()) {
    if (when === null || when === UNREADABLE) continue;
    const path = ['branch', index, 'when'];
    const constant = constantTruth(when);
    const key = conditionKey(when);
    const before = asked.get(key);
    if (constant !== null) {
      const told = constant
        ? said(
            'this is always true: what stands after it is never reached; leave out when',
            '这里永远为真：后面的分支永远到不了；请去掉 when',
          )
        : said('this is always false: this way is never taken', '这里永远为假：这条分支永远不走');
      build.error('constant-condition', path, told);
    } else if (before !== undefined) {
      build.error(
        'unreachable-branch',
        path,
        said(`never reached: way ${before + 1} has the same condition`, `永远到不了：第 ${before + 1} 条分支的条件与它相同`),
      );
    } else asked.set(key, index);
  }
}
