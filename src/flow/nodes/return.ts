import { z } from 'zod';
import type { NodeKind } from './kind.js';

export interface ReturnNode {
  readonly kind: 'return';
}

const shape = z.strictObject({ return: z.literal(true) });

export const returnKind: NodeKind<'return', z.output<typeof shape>> = {
  name: 'return',
  about: 'Goes back to the flow that called this one; in a flow that nobody called it hangs up.',
  shape,
  waits: false,
  compile: () => ({ kind: 'return' }),
  isEnd: () => true,
  enter: (_node, walk) => walk.leaveFlow() ?? walk.end(),
};
