import { z } from 'zod';
import type { NodeKind } from './kind.js';

export interface HangUpNode {
  readonly kind: 'hangup';
}

const shape = z.strictObject({ hangup: z.literal(true) });

export const hangupKind: NodeKind<'hangup', z.output<typeof shape>> = {
  name: 'hangup',
  about: 'Hangs up.',
  shape,
  waits: false,
  compile: () => ({ kind: 'hangup' }),
  isEnd: () => true,
  enter: (_node, walk) => walk.end(),
};
