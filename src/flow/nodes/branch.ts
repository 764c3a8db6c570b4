import { z } from 'zod';
import { conditionKey, constantTruth, UNREADABLE } from '../conditions.js';
import { type Expression, isTrue } from '../expression.js';
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
      build.errorAtKey('dead-end', ['branch'], 'when no condition is true this leads nowhere: end with { next: NODE }');
    const ways = raw.branch.map((way, index) => {
      if (open !== -1 && index > open) {
        build.error('unreachable-branch', ['branch', index], 'never reached: the way before it has no condition');
      }
      return {
        when: way.when === undefined ? null : build.condition(['branch', index, 'when'], way.when),
        next: build.target(['branch', index, 'next'], way.next, `${index + 1}`, ''),
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
      const why = constant ? 'what stands after it is never reached; leave out when' : 'this way is never taken';
      build.error('constant-condition', path, `this is always ${constant}: ${why}`);
    } else if (before !== undefined) {
      build.error('unreachable-branch', path, `never reached: way ${before + 1} has the same condition`);
    } else asked.set(key, index);
  }
}
