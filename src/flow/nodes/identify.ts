import { z } from 'zod';
import { target } from '../shapes.js';
import type { NodeKind } from './kind.js';

export interface IdentifyNode {
  readonly kind: 'identify';
  readonly next: string;
}

/** Who is not in the directory. */
export const ORDINARY_TIER = 'ordinary';

const shape = z.strictObject({
  identify: z.strictObject({ by: z.enum(['ani']), directory: z.enum(['customers']).optional() }),
  next: target.optional(),
});

/** A number may raise a caller's tier, never their authority: anybody can pretend to call from it. */
export const identifyKind: NodeKind<'identify', z.output<typeof shape>> = {
  name: 'identify',
  about: 'Looks the caller up by number in the customer directory; afterwards caller.tier and caller.known are right.',
  shape,
  waits: false,
  compile: (raw, build) => ({ kind: 'identify', next: build.target(['next'], raw.next, 'next', 'give it next') }),
  isEnd: () => false,
  enter(node, walk) {
    const customer = walk.world.customerByNumber(walk.world.ani);
    const tier = customer?.tier ?? ORDINARY_TIER;
    walk.setVariable('caller.tier', tier);
    walk.setVariable('caller.known', customer !== null);
    walk.fact({ kind: 'callerIdentified', customerId: customer?.id ?? null, tier, by: 'ani' });
    return node.next;
  },
};
