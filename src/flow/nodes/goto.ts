import { z } from 'zod';
import { target } from '../shapes.js';
import type { NodeKind } from './kind.js';

export interface GotoNode {
  readonly kind: 'next';
  readonly next: string;
}

const shape = z.strictObject({ next: target });

export const gotoKind: NodeKind<'next', z.output<typeof shape>> = {
  name: 'next',
  about: 'Goes to another node, and nothing else.',
  shape,
  waits: false,
  compile: (raw, build) => ({ kind: 'next', next: build.target(['next'], raw.next, 'next', '') }),
  isEnd: () => false,
  enter: (node) => node.next,
};
