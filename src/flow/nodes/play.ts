import { z } from 'zod';
import { said } from '../finding.js';
import type { PromptPart } from '../program.js';
import { prompts, target } from '../shapes.js';
import type { NodeKind } from './kind.js';

export interface PlayNode {
  readonly kind: 'play';
  readonly prompts: readonly PromptPart[];
  /** A key pressed meanwhile is kept for the next menu, kept and cuts the prompt, or is thrown away. */
  readonly onKey: 'keep' | 'skip' | 'ignore';
  /** The caller's purpose is served once this has been heard. */
  readonly serves: boolean;
  readonly next: string | null;
  readonly hangup: boolean;
}

const shape = z.strictObject({
  play: prompts,
  onKey: z.enum(['keep', 'skip', 'ignore']).optional(),
  serves: z.boolean().optional(),
  next: target.optional(),
  hangup: z.literal(true).optional(),
});

export const playKind: NodeKind<'play', z.output<typeof shape>> = {
  name: 'play',
  about:
    'Plays prompts, then goes on (next) or hangs up (hangup: true). serves: true: it tells what the caller came for, so that hanging up afterwards is no giving up.',
  shape,
  waits: false,
  compile(raw, build) {
    if (raw.hangup === true && raw.next !== undefined) {
      build.errorAtKey('contradiction', ['next'], said('a node that hangs up has no next', '挂机的节点没有 next'));
    }
    return {
      kind: 'play',
      prompts: build.prompts(['play'], raw.play),
      onKey: raw.onKey ?? 'keep',
      serves: raw.serves ?? false,
      hangup: raw.hangup === true,
      next:
        raw.hangup === true
          ? null
          : build.target(['next'], raw.next, 'next', said('give it next, or hangup: true', '请写上 next 或 hangup: true')),
    };
  },
  isEnd: (node) => node.hangup,
  enter(node, walk) {
    walk.play(node.prompts, 'play');
    return null;
  },
  input(node, walk, input) {
    if (input.kind === 'playEnded') {
      if (node.serves) walk.serve();
      return node.next ?? walk.end();
    }
    if (input.kind === 'resumed') walk.play(node.prompts, 'play');
    if (input.kind !== 'key' || node.onKey === 'ignore') return null;
    walk.keepKey(input.key);
    if (node.onKey === 'keep') return null;
    walk.cut();
    if (node.serves) walk.serve();
    return node.next ?? walk.end();
  },
};
