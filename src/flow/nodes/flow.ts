import { z } from 'zod';
import { asId, type FlowId } from '../../base/ids.js';
import { SORRY_NODE } from '../program.js';
import { target } from '../shapes.js';
import type { NodeKind } from './kind.js';

export interface SubFlowNode {
  readonly kind: 'flow';
  readonly flow: string;
  /** Null: a jump, nobody comes back. */
  readonly next: string | null;
}

const shape = z.strictObject({ flow: z.string(), next: target.optional() });

export const flowKind: NodeKind<'flow', z.output<typeof shape>> = {
  name: 'flow',
  about: 'Goes on in another flow. With next the other flow may come back (return: true), without it the call stays there.',
  shape,
  waits: true, // The other flow may ask the caller; a loop through two flows is caught while it runs.
  compile(raw, build) {
    build.known('flow', ['flow'], raw.flow);
    return { kind: 'flow', flow: raw.flow, next: raw.next === undefined ? null : build.target(['next'], raw.next, 'next', '') };
  },
  isEnd: () => true,
  enter(node, walk) {
    const entered = walk.enterFlow(asId<FlowId>(node.flow), node.next);
    // The other flow has gone since this one was checked, or flows call each other without end.
    return entered ?? node.next ?? SORRY_NODE;
  },
};
